"""What the keys of one ``[[feeds]]`` say together: where the feed is, how it may be asked, whom it trusts."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

from capgateway import net
from capgateway.config import checks
from capgateway.config.spot import UNUSABLE, Spot
from capgateway.config.values import as_duration
from capgateway.feeds.feed import Feed, FeedKind
from capgateway.feeds.pace import floor
from capgateway.feeds.read.ipaws import SINCE

Found = dict[str, Any]

_SECRET_HEADERS = ("authorization", "cookie", "key", "token", "secret")

#: The key that says where a feed of a kind is; kinds that are not here have a ``url``, a push feed comes by itself.
_PLACES: dict[FeedKind, str | None] = {"naads": "urls", "directory": "path", "push": None}
#: The kinds that have each of these keys.
_OWNERS: dict[str, tuple[FeedKind, ...]] = {
    "url": tuple(kind for kind in get_args(FeedKind) if kind not in _PLACES),
    "urls": ("naads",),
    "archives": ("naads",),
    "path": ("directory",),
}

PRECEDENCE_OF_PUSH = 5
"""Whatever a partner pushes gives way to the issuer's own feeds, unless the operator says otherwise."""


def feed(found: Found, spot: Spot) -> Any:
    """One ``[[feeds]]``: an address we may ask, at a pace its host permits, with headers that can be sent."""
    if found["kind"] is not UNUSABLE:
        _check_place(found, spot)
    _check_addresses(found, spot)
    checks.certificates(found, spot)
    _check_interval(found, spot)
    _check_trust(found, spot)
    if found.get("headers") not in (None, UNUSABLE):
        _check_headers(found["headers"], spot.at("headers"))
    if found["kind"] == "push":
        found = {"precedence": PRECEDENCE_OF_PUSH} | found
    return checks.made(Feed, found)


def _check_place(found: Found, spot: Spot) -> None:
    kind = found["kind"]
    place = _PLACES.get(kind, "url")
    if place and not found.get(place):
        spot.at(place).fault(f'is {"empty" if place in found else "missing"}; a feed of kind "{kind}" requires it')
    for key, owners in _OWNERS.items():
        if key in found and kind not in owners:
            spot.at(key).fault(f'is a key of kind {" or ".join(owners)}; a feed of kind "{kind}" does not have it')
    url = found.get("url", "")
    if kind != "ipaws" and url is not UNUSABLE and SINCE in url:
        spot.at("url").fault(f"{SINCE} can be used only in the URL of a feed of kind ipaws")


def _check_addresses(found: Found, spot: Spot) -> None:
    if isinstance(url := found.get("url"), str):
        found = found | {"url": url.replace(SINCE, "2026-01-01T00:00:00Z")}
    checks.address(found, spot)
    networks = found.get("allow_networks", ())
    if networks is UNUSABLE:
        return
    for key in ("archives", "urls"):
        addresses = found.get(key, ())
        for position, one in enumerate(() if addresses is UNUSABLE else addresses):
            at = spot.at(key).at(position)
            _check_stream(one, networks, at) if key == "urls" else checks.reachable(one, networks, at)


def _check_stream(address: str, networks: net.Networks, spot: Spot) -> None:
    scheme, _, rest = address.partition("://")
    checks.reachable(f"https://{rest.rpartition(':')[0]}", networks, spot)
    if scheme == "tcp" and not networks:
        spot.warn('is plain TCP: messages can be altered unnoticed on the way, unless signature = "require"')


def _check_interval(found: Found, spot: Spot) -> None:
    address, interval = found.get("url"), found.get("interval", Feed(name="", kind="cap").interval)
    if UNUSABLE in (address, interval):
        return
    try:
        slowest = floor(address or "")
    except ValueError:  # not a URL, which was reported already
        return
    if interval < slowest:
        spot.at("interval").warn(
            f"this host requires at least {as_duration(slowest)} between two polls; the gateway keeps to that"
        )


def _check_trust(found: Found, spot: Spot) -> None:
    trust, signature = found.get("trust"), found.get("signature")
    if signature == "require" and trust is None:
        spot.at("signature").fault("requires trust: without trust anchors no signature is valid, so all is quarantined")
    if trust in (None, UNUSABLE):
        return
    if not spot.is_wanted:
        found["trust"] = b""
        return
    if signature == "ignore":
        spot.at("trust").warn('has no effect while signature = "ignore"')
    from capgateway.cap.trust import anchors  # noqa: PLC0415  (cryptography takes 50 ms, few feeds have anchors)

    try:
        found["trust"] = Path(trust).read_bytes()
        anchors(found["trust"])
    except (OSError, ValueError) as error:
        spot.at("trust").fault(f"{trust} cannot be used: {error}")


def _check_headers(headers: dict[str, str], spot: Spot) -> None:
    for name, value in headers.items():
        if not value.isprintable():
            spot.at(name).fault("must be a single line")
        if any(word in name.lower() for word in _SECRET_HEADERS):
            spot.at(name).warn_literal("this looks like a secret, and it is written in this file")
