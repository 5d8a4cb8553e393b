"""Files that ship with the package: the schemas and the boundaries. ``cap`` opens no file itself; callers hand it what this
module reads."""

from __future__ import annotations

import os

# Neither importlib.resources nor pathlib: they would cost the command line 10 and 3 ms.
SCHEMAS = os.path.join(os.path.dirname(__file__), "schemas")
BOUNDARIES = os.path.join(os.path.dirname(__file__), "places", "boundaries.bin")
CAP_VERSIONS = ("1.0", "1.1", "1.2")


def schema(path: str) -> bytes:
    """The bytes of one shipped schema, ``path`` as in ``cap/cap-1.2.xsd``."""
    with open(os.path.join(SCHEMAS, path), "rb") as file:
        return file.read()


def cap_schemas() -> dict[str, bytes]:
    """The CAP schemas by version, for :class:`capgateway.cap.Schemas`."""
    return {version: schema(f"cap/cap-{version}.xsd") for version in CAP_VERSIONS}


def boundaries() -> bytes:
    """The boundary file, as :mod:`capgateway.places.pack` packs it."""
    with open(BOUNDARIES, "rb") as file:
        return file.read()
