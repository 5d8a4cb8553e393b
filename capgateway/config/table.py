"""Tables of keys: what makes a key known, and how a whole table is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from capgateway.config.spot import UNUSABLE, Spot, Wrong
from capgateway.config.values import Kind, shown, suggestion

Build = Callable[[dict[str, Any], Spot], Any]


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """One key. ``default`` is written as in the file; ``None`` means that leaving the key out is a case of its own."""

    kind: Kind
    about: str
    default: Any = None
    required: bool = False


def table(keys: Mapping[str, Key], build: Build) -> Kind:
    """A table with these keys and no others. ``build`` gets the values given, faulty ones as :data:`UNUSABLE`, and
    checks what concerns several keys; its result counts only when every value was usable and none is missing.
    """

    def read(value: Any, spot: Spot) -> Any:
        if not isinstance(value, dict):
            raise Wrong(f"must be a table, not {shown(value)}")
        found = {name: _read_key(keys, name, one, spot.at(name)) for name, one in value.items()}
        missing = [name for name, key in keys.items() if key.required and name not in found]
        for name in missing:
            spot.at(name).fault(f"is missing, and required: {keys[name].about}")
        known = {name: one for name, one in found.items() if name in keys}
        if missing or any(one is UNUSABLE for one in known.values()):
            build(known | dict.fromkeys(missing, UNUSABLE), spot)
            return UNUSABLE
        return build(known, spot)

    return Kind(read, _form(keys))


def _read_key(keys: Mapping[str, Key], name: str, value: Any, spot: Spot) -> Any:
    if name in keys:
        return spot.read(keys[name].kind.read, value)
    spot.fault(f"unknown key{suggestion(name, list(keys))}")
    return UNUSABLE


def _form(keys: Mapping[str, Key]) -> dict[str, Any]:
    form = {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: _described(key) for name, key in keys.items()},
    }
    required = [name for name, key in keys.items() if key.required]
    return form | ({"required": required} if required else {})


def _described(key: Key) -> dict[str, Any]:
    return key.kind.form | {"description": key.about} | ({} if key.default is None else {"default": key.default})
