"""Files that ship with the package: the schemas. ``cap`` opens no file itself; callers hand it what this module reads."""

from __future__ import annotations

from pathlib import Path

SCHEMAS = Path(__file__).parent / "schemas"  # importlib.resources would cost the command line 10 ms
CAP_VERSIONS = ("1.0", "1.1", "1.2")


def schema(path: str) -> bytes:
    """The bytes of one shipped schema, ``path`` as in ``cap/cap-1.2.xsd``."""
    return (SCHEMAS / path).read_bytes()


def cap_schemas() -> dict[str, bytes]:
    """The CAP schemas by version, for :class:`capgateway.cap.Schemas`."""
    return {version: schema(f"cap/cap-{version}.xsd") for version in CAP_VERSIONS}
