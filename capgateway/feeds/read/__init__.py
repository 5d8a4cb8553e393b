"""Readers of what sources send: entries out of bytes, and judgement on containers. Pure."""
