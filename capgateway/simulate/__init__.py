"""Strangers to try the gateway on, over real HTTP on loopback: a feed that tells a story, a receiver that keeps the rules."""
