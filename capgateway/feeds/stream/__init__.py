"""Listen to a stream: documents out of bytes, heartbeats, and the archives that fill gaps."""
