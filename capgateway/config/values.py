"""The kinds of value a configuration key can have: how each is read, and its form in JSON Schema."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from difflib import get_close_matches
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any
from urllib.parse import urlsplit

import msgspec

from capgateway import places
from capgateway.config.spot import UNUSABLE, Spot, Wrong

MOST_NAMES = 20  # shown where none of them is near

_DURATION = re.compile(r"(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?")
_DURATION_FORM = r"^(?=.)(\d{1,6}d)?(\d{1,6}h)?(\d{1,6}m)?(\d{1,6}s)?$"
_RATE = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)/([smh])")
_SECONDS = {"s": 1, "m": 60, "h": 3600}


class Kind(msgspec.Struct, frozen=True):
    """``read`` returns the value or raises :class:`Wrong`; ``form`` is the value's JSON Schema."""

    read: Callable[[Any, Spot], Any]
    form: dict[str, Any]


def suggestion(word: str, known: list[str]) -> str:
    """``; did you mean "…"?`` where one of the known words is near, else nothing."""
    near = get_close_matches(word.lower(), known, n=1, cutoff=0.6)
    return f'; did you mean "{near[0]}"?' if near else ""


def unknown(what: str, name: str, known: Sequence[str]) -> str | None:
    """Why a name cannot be meant, with the nearest one or all there are; ``None`` for one that is configured."""
    if name in known:
        return None
    others = f"; configured: {', '.join(known[:MOST_NAMES])}" if known else "; none is configured"
    return f'there is no {what} "{name}"{suggestion(name, list(known)) or others}'


def text(*, pattern: str = "", what: str = "text", longest: int = 1000) -> Kind:
    """A string; with ``pattern``, one of that form, which ``what`` describes."""

    def read(value: Any, _: Spot) -> str:
        if not isinstance(value, str):
            raise Wrong(f"must be a string in quotes ({what}), not {shown(value)}")
        if len(value) > longest or not value.isprintable():
            raise Wrong(f"must be one line of at most {longest} characters")
        if pattern and not re.fullmatch(pattern, value):
            raise Wrong(f"{shown(value)} is not {what}")
        return value

    return Kind(read, {"type": "string"} | ({"pattern": f"^(?:{pattern})$"} if pattern else {}))


def flag() -> Kind:
    """``true`` or ``false``."""

    def read(value: Any, _: Spot) -> bool:
        if not isinstance(value, bool):
            raise Wrong(f"must be true or false, not {shown(value)}")
        return value

    return Kind(read, {"type": "boolean"})


def whole(low: int, high: int) -> Kind:
    """A whole number within bounds."""

    def read(value: Any, _: Spot) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise Wrong(f"must be a whole number from {low} to {high}, not {shown(value)}")
        return value

    return Kind(read, {"type": "integer", "minimum": low, "maximum": high})


def choice(*words: str) -> Kind:
    """One of a few words."""

    def read(value: Any, _: Spot) -> str:
        if value not in words:
            raise Wrong(f"{shown(value)} is not one of {', '.join(words)}{suggestion(str(value), list(words))}")
        return str(value)

    return Kind(read, {"enum": list(words)})


def duration(low: timedelta, high: timedelta) -> Kind:
    """``"90s"``, ``"2m"``, ``"24h"``, ``"7d"``, ``"1h30m"``."""

    def read(value: Any, _: Spot) -> timedelta:
        match = _DURATION.fullmatch(value) if isinstance(value, str) and value else None
        if not match:
            raise Wrong(f'{shown(value)} is not a duration; write "90s", "2m", "24h", "7d" or "1h30m"')
        days, hours, minutes, seconds = (int(number or 0) for number in match.groups())
        length = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        if not low <= length <= high:
            raise Wrong(f"must be from {as_duration(low)} to {as_duration(high)}, not {shown(value)}")
        return length

    return Kind(read, {"type": "string", "pattern": _DURATION_FORM})


def rate() -> Kind:
    """``"20/s"``, ``"600/m"``, ``"5000/h"``: read as a number a second."""

    def read(value: Any, _: Spot) -> float:
        match = _RATE.fullmatch(value) if isinstance(value, str) else None
        if not match or not float(match[1]):
            raise Wrong(f'{shown(value)} is not a rate; write "20/s", "600/m" or "5000/h"')
        return float(match[1]) / _SECONDS[match[2]]

    return Kind(read, {"type": "string", "pattern": f"^{_RATE.pattern}$"})


_HOST = r"(\*\.)?([A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9])?\.)*[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?|[0-9A-Fa-f]*:[0-9A-Fa-f:.]+"


def network() -> Kind:
    """A CIDR range of addresses, ``10.0.0.0/8`` or one address."""

    def read(value: Any, _: Spot) -> IPv4Network | IPv6Network:
        try:
            return ip_network(value if isinstance(value, str) else "")
        except ValueError as error:
            raise Wrong(f'{shown(value)} is not a network; write "10.1.2.0/24" or "fd00::/8" ({error})') from None

    return Kind(read, {"type": "string"})


def host() -> Kind:
    """A host by its name or address, without a port; ``*.example`` for all hosts below one."""

    def read(value: Any, _: Spot) -> str:
        if not isinstance(value, str) or not re.fullmatch(_HOST, value):
            raise Wrong(
                f'{shown(value)} is not a host; write a name without scheme, port or path, such as "photos.example.org" or'
                ' "*.example.org"'
            )
        return value.lower()

    return Kind(read, {"type": "string", "pattern": f"^({_HOST})$"})


def region() -> Kind:
    """A country of ISO 3166-1 or a subdivision of ISO 3166-2."""

    def read(value: Any, _: Spot) -> str:
        if isinstance(value, str) and places.is_region(value):
            return value
        hint = _near_region(str(value).upper())
        raise Wrong(f"unknown region {shown(value)}; {hint}")

    return Kind(read, {"type": "string", "pattern": "^[A-Z]{2}(-[A-Z]{2})?$"})


def _near_region(code: str) -> str:
    known = places.region_codes()
    near = [near for near in (code, f"US-{code}", f"CA-{code}") if near in known]
    if not near:  # of those that are equally near, the one that begins alike
        near = sorted(get_close_matches(code, known, n=5), key=lambda one: -len(os.path.commonprefix([one, code])))
    return f'did you mean "{near[0]}"?' if near else 'write a country ("US") or a state or province ("US-TX")'


def url(*schemes: str) -> Kind:
    """An absolute URL of one of the schemes, without user name or password in it."""

    def read(value: Any, _: Spot) -> str:
        if not isinstance(value, str) or not value.isprintable() or " " in value or "\\" in value:
            raise Wrong(f"{shown(value)} is not a URL")
        try:
            parts = urlsplit(value)
            usable = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
        except ValueError as error:
            raise Wrong(f"{shown(value)} is not a URL: {error}") from None
        if parts.username is not None or parts.password is not None:
            raise Wrong("a URL must not contain a user name or a password: others can often read this file")
        if not usable:
            raise Wrong(
                f"{shown(value)} is not a URL that starts with {' or '.join(f'{scheme}://' for scheme in schemes)} and names a host"
            )
        return value

    return Kind(read, {"type": "string", "pattern": f"^({'|'.join(schemes)})://"})


def stream() -> Kind:
    """``tls://host:port`` or ``tcp://host:port``."""
    form = url("tls", "tcp")

    def read(value: Any, spot: Spot) -> str:
        found = str(form.read(value, spot))
        parts = urlsplit(found)
        if parts.port is None or parts.path.strip("/") or parts.query or parts.fragment:
            raise Wrong(f"{shown(value)} is not an address of the form tls://host:port or tcp://host:port")
        return found

    return Kind(read, form.form)


def many(item: Kind) -> Kind:
    """A list, read as a tuple; the fault of each item is reported."""

    called = "of [[tables]]" if item.form.get("type") == "object" else "in [brackets]"

    def read(value: Any, spot: Spot) -> Any:
        if not isinstance(value, list):
            raise Wrong(f"must be a list {called}, not {shown(value)}")
        found = tuple(spot.at(position).read(item.read, one) for position, one in enumerate(value))
        return UNUSABLE if UNUSABLE in found else found

    return Kind(read, {"type": "array", "items": item.form})


def mapping(item: Kind, *, names: str, what: str) -> Kind:
    """A table of free keys of one form, which ``what`` describes."""

    def read(value: Any, spot: Spot) -> Any:
        if not isinstance(value, dict):
            raise Wrong(f"must be a table in {{braces}}, not {shown(value)}")
        for name in value:
            if not re.fullmatch(names, name):
                spot.at(name).fault(f"{shown(name)} is not {what}")
        found = {name: spot.at(name).read(item.read, one) for name, one in value.items()}
        return UNUSABLE if UNUSABLE in found.values() else found

    return Kind(read, {"type": "object", "additionalProperties": item.form})


def shown(value: Any) -> str:
    """A value as a fault quotes it: short, on one line."""
    written = msgspec.json.encode(value, enc_hook=str).decode()
    return written if len(written) <= 60 else written[:60] + "…"  # noqa: PLR2004


def as_duration(length: timedelta) -> str:
    """``"1h30m"``, the way a configuration file says it."""
    seconds = int(length.total_seconds())
    parts = []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        number, seconds = divmod(seconds, size)
        if number:
            parts.append(f"{number}{unit}")
    return "".join(parts) or "0s"
