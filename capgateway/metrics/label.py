"""The form that every label has."""

from __future__ import annotations

import re

_LABEL = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")


def label(value: str) -> str:
    """A configured name or a word of the gateway as it is, anything else as ``other``."""
    return value if _LABEL.fullmatch(value) else "other"
