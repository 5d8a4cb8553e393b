"""A feed and a receiver to try things on: for the demo, for tests, for developers."""
