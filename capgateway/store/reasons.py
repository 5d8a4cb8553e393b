"""Reasons of decisions, by what they say of an alert."""

APART = frozenset({"status", "scope", "blocked"})
"""Why an alert takes no part in any chain: it is not said to the public."""
NOT_SHOWN = frozenset({"no_programme", "expired", "area", "region", "jurisdiction", "sender", "signature"})
"""Why an alert that takes part is not shown, for what it says itself."""
BARRED = frozenset({"jurisdiction", "sender", "signature"})
"""Why it may not say what it says: the way it came."""
