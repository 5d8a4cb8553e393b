"""How many files and connections this process may have open. The usual limit, 1,024, is from another century."""

from __future__ import annotations

try:
    import resource
except ImportError:  # not on Windows, which has no such limit
    resource = None  # type: ignore[assignment]

#: More than we will ever need. Some systems allow a thousand million, and then programs that are started close them all.
WANTED = 65_536


def descriptor_limit() -> int:
    """How many may be open now."""
    if resource is None:
        return WANTED
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return WANTED if soft == resource.RLIM_INFINITY else soft


def raise_descriptor_limit() -> int:
    """Allow ourselves as many as the system lets us, up to ``WANTED``; how many that are."""
    if resource is None:
        return WANTED
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = WANTED if hard == resource.RLIM_INFINITY else min(hard, WANTED)
    if soft != resource.RLIM_INFINITY and soft < most:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        except (OSError, ValueError):  # macOS names a hard limit above what it allows
            return soft
    return descriptor_limit()
