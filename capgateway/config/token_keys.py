"""``[[tokens]]``: who may use the API, and for what."""

from __future__ import annotations

import re
from typing import Any

from capgateway.config import checks
from capgateway.config.references import reference
from capgateway.config.settings import Settings, Token
from capgateway.config.spot import UNUSABLE, Spot, Wrong
from capgateway.config.values import Kind, many, suggestion

SHORTEST_TOKEN = 16  # characters; 96 bits if they are random, and too long to be somebody's password
LONGEST_TOKEN = 1000
SENDABLE = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # RFC 6750 §2.1, what an Authorization header can carry

Found = dict[str, Any]


def secret() -> Kind:
    """A token as a reference, or itself, with a warning."""

    def read(value: Any, spot: Spot) -> str:
        if not spot.is_wanted:
            return ""
        spot.warn_literal("the token is written in this file")
        found = str(reference().read(value, spot))
        if not SHORTEST_TOKEN <= len(found) <= LONGEST_TOKEN:
            raise Wrong(f"must have at least {SHORTEST_TOKEN} characters; `openssl rand -hex 32` generates a good one")
        if not SENDABLE.fullmatch(found):
            raise Wrong("may contain only A-Z, a-z, 0-9 and . _ ~ + / -, because it is sent in a header")
        return found

    return Kind(read, reference().form)


def some(item: Kind) -> Kind:
    """A list with at least one item."""
    several = many(item)

    def read(value: Any, spot: Spot) -> Any:
        if value == []:
            raise Wrong("must not be empty")
        return several.read(value, spot)

    return Kind(read, several.form | {"minItems": 1})


def token(found: Found, spot: Spot) -> Any:
    """One ``[[tokens]]``: receive cannot be combined, and names its receiver; submit may name push feeds."""
    scopes = found["scopes"]
    if scopes is not UNUSABLE:
        _check_receiver(found, scopes, spot)
        if "feeds" in found and "submit" not in scopes:
            spot.at("feeds").fault("applies to the scope submit only")
    feeds = found.get("feeds", ())
    for position, name in enumerate(() if feeds is UNUSABLE else feeds):
        _check_feed(name, spot.at("feeds").at(position))
    return checks.made(Token, found)


def _check_receiver(found: Found, scopes: tuple[str, ...], spot: Spot) -> None:
    if "receive" not in scopes:
        if "receiver" in found:
            spot.at("receiver").fault("applies to the scope receive only")
        return
    if len(scopes) > 1:
        spot.at("scopes").fault("the scope receive cannot be combined: it shows one receiver's cards and nothing else")
    if "receiver" not in found:
        spot.at("receiver").fault("is missing; the scope receive requires it")
    name, receivers = found.get("receiver"), _kinds("receivers", spot)
    if isinstance(name, str) and name not in receivers:
        spot.at("receiver").fault(f'there is no receiver "{name}"{suggestion(name, list(receivers))}')


def _check_feed(name: str, spot: Spot) -> None:
    feeds = _kinds("feeds", spot)
    if name not in feeds:
        spot.fault(f'there is no feed "{name}"{suggestion(name, list(feeds))}')
    elif feeds[name] != "push":
        spot.fault(f'feed "{name}" has the kind {feeds[name]}; the scope submit is for kind push, operate for any kind')


def _kinds(table: str, spot: Spot) -> dict[str, Any]:
    """The names in a list of tables, as written, with the kind of each."""
    tables = spot.file.document.get(table)
    named = [one for one in (tables if isinstance(tables, list) else ()) if isinstance(one, dict)]
    return {one["name"]: one.get("kind") for one in named if isinstance(one.get("name"), str)}


def check_distinct(settings: Settings, spot: Spot) -> None:
    """No two tokens are the same: nobody could tell who asked."""
    seen: dict[str, int] = {}
    for position, one in enumerate(settings.tokens):
        if not one.token:  # not read
            continue
        first = seen.setdefault(one.token, position)
        if first != position:
            spot.at(position).at("token").fault(f"is the same as the token of {spot.at(first).key}")
