"""What several keys say together: each function checks one table and makes the value the gateway takes.

A key that was faulty by itself stands here as ``UNUSABLE``; nothing more is said about it.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from capgateway import net
from capgateway.cards.policy import Policy, PolicyAction
from capgateway.config.settings import GatewaySettings
from capgateway.config.spot import UNUSABLE, Spot, Wrong
from capgateway.config.values import as_duration, url
from capgateway.errors import ConfigError, FetchError
from capgateway.feeds.feed import Feed
from capgateway.feeds.pace import floor
from capgateway.webhooks.receiver import Receiver

Found = dict[str, Any]

PHONE = "0123456789+*#() -"
HIGHEST_PORT = 65535

_SECRET_HEADERS = ("authorization", "cookie", "key", "token", "secret")


def gateway(found: Found, spot: Spot) -> Any:
    """``[gateway]``: the database address made absolute, ``listen`` on this machine only."""
    if found.get("database") not in (None, UNUSABLE):
        found = found | {"database": spot.at("database").read(_database, found["database"])}
    if found.get("listen") not in (None, UNUSABLE, ""):
        spot.at("listen").read(_loopback, found["listen"])
    return _made(GatewaySettings, found)


def _database(address: str, spot: Spot) -> str:
    scheme, _, rest = address.partition("://")
    if scheme in {"postgresql", "postgresql+psycopg"}:
        if "@" in rest and ":" in rest.rpartition("@")[0]:
            spot.warn_literal("a password stands in the file")
        return address
    if scheme != "sqlite":
        raise Wrong("must start with sqlite:/// or postgresql://")  # not repeated: it may hold a password
    name = rest.removeprefix("/")
    if not name or ":memory:" in name:
        raise Wrong("must name a file, sqlite:///capgateway.db: memory forgets what is not delivered yet")
    return f"sqlite:///{spot.file.directory / name}"


def _loopback(listen: str, _spot: Spot) -> None:
    host, _, port = listen.rpartition(":")
    if int(port) > HIGHEST_PORT:
        raise Wrong(f"there is no port {port}")
    if host == "localhost":
        return
    try:
        inside = ip_address(host.strip("[]")).is_loopback
    except ValueError:
        inside = False
    if not inside:
        raise Wrong(
            "serving others needs [[tokens]], which are not available in this version yet; "
            'remove it or set it to its default ("127.0.0.1:8025")'
        )


def action(found: Found, spot: Spot) -> Any:
    """One ``[[policy.actions]]``: a number to call, or an https page to open."""
    value, kind = found["value"], found["type"]
    if kind == "open" and value is not UNUSABLE:
        spot.at("value").read(url("https").read, value)
    if kind == "call" and value is not UNUSABLE and not (value and set(value) <= set(PHONE)):
        spot.at("value").fault("is no number to call")
    if found["label"] == {}:
        spot.at("label").fault("needs at least one language")
    return _made(PolicyAction, found)


def policy(found: Found, spot: Spot) -> Any:
    """``[policy]``: an alert without an end must not outlive what every card may."""
    default, longest = (found.get(name) or getattr(Policy(), name) for name in ("default_lifetime", "max_lifetime"))
    if UNUSABLE not in (default, longest) and default > longest:
        spot.at("default_lifetime").fault(f"is longer than max_lifetime ({as_duration(longest)})")
    return _made(Policy, found)


def feed(found: Found, spot: Spot) -> Any:
    """One ``[[feeds]]``: an address we may ask, at a pace its host permits, with headers that can be sent."""
    if found["kind"] is not UNUSABLE and "url" not in found:
        spot.at("url").fault(f'is missing; kind "{found["kind"]}" needs it')
    _check_address(found, spot)
    _check_interval(found, spot)
    if found.get("headers") not in (None, UNUSABLE):
        _check_headers(found["headers"], spot.at("headers"))
    return _made(Feed, found)


def _check_address(found: Found, spot: Spot) -> None:
    """The same rule that holds when connecting, told before."""
    address, networks = found.get("url"), found.get("allow_networks", ())
    if address is not None and UNUSABLE not in (address, networks):
        try:
            net.check_url(address, allow_networks=networks)
        except FetchError as error:
            spot.at("url").fault(str(error))
    files: Found = {name: found[name] for name in ("ca", "client_cert", "client_key") if name in found}
    if files and not any(path is UNUSABLE for path in files.values()):
        _check_certificates(files, spot)


def _check_certificates(files: Found, spot: Spot) -> None:
    if "client_key" in files and "client_cert" not in files:
        spot.at("client_key").fault("needs client_cert beside it")
    try:
        net.tls_context(**files)
    except ConfigError as error:
        spot.at(next(iter(files))).fault(str(error))


def _check_interval(found: Found, spot: Spot) -> None:
    address, interval = found.get("url"), found.get("interval", Feed(name="", kind="cap").interval)
    if UNUSABLE in (address, interval):
        return
    slowest = floor(address or "")
    if interval < slowest:
        spot.at("interval").warn(
            f"this host asks for at least {as_duration(slowest)} between two polls, so that is kept"
        )


def _check_headers(headers: dict[str, str], spot: Spot) -> None:
    for name, value in headers.items():
        if not value.isprintable():
            spot.at(name).fault("must be one line")
        if any(word in name.lower() for word in _SECRET_HEADERS):
            spot.at(name).warn_literal("this sounds like a secret and stands in the file")


def receiver(found: Found, spot: Spot) -> Any:
    """One ``[[receivers]]``: an address we may post to; ``secret`` becomes ``secrets``."""
    _check_address(found, spot)
    found = {("secrets" if name == "secret" else name): value for name, value in found.items()}
    return _made(Receiver, found)


def _made(make: Any, found: Found) -> Any:
    return UNUSABLE if any(value is UNUSABLE for value in found.values()) else make(**found)
