"""What several keys say together: each function checks one table and makes the value the gateway takes.

A key that was faulty by itself is here ``UNUSABLE``; nothing more is said about it.
"""

from __future__ import annotations

import os
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from capgateway import net
from capgateway.cards.policy import Policy, PolicyAction
from capgateway.clock import utc_now
from capgateway.config.expiring import expiring_files
from capgateway.config.settings import GatewaySettings
from capgateway.config.spot import UNUSABLE, Spot, Wrong
from capgateway.config.values import as_duration, url
from capgateway.errors import ConfigError, FetchError
from capgateway.webhooks.receiver import Receiver

Found = dict[str, Any]

PHONE = "0123456789+*#() -"
HIGHEST_PORT = 65535
AT_THE_ROOT = frozenset({"etc", "home", "mnt", "opt", "private", "root", "run", "srv", "tmp", "usr", "var", "Users"})
"""Where databases live on Linux and macOS, whether or not this machine has all of these directories."""


def gateway(found: Found, spot: Spot) -> Any:
    """``[gateway]``: the database address made absolute, ``listen`` on this machine only unless there are tokens."""
    if found.get("database") not in (None, UNUSABLE, ""):
        found = found | {"database": spot.at("database").read(_database, found["database"])}
    if found.get("listen") not in (None, UNUSABLE, ""):
        spot.at("listen").read(_loopback, found["listen"])
    return made(GatewaySettings, found)


def _database(address: str, spot: Spot) -> str:
    scheme, _, rest = address.partition("://")
    if scheme in {"postgresql", "postgresql+psycopg"}:
        if "@" in rest and ":" in rest.rpartition("@")[0]:
            spot.warn_literal("the password is written in this file")
        return address
    if scheme != "sqlite":
        raise Wrong("must start with sqlite:/// or postgresql://")  # not repeated: it may hold a password
    name = rest.removeprefix("/")
    if not name or ":memory:" in name:
        raise Wrong(
            "must name a file, such as sqlite:///capgateway.db; a database in memory loses undelivered messages"
        )
    path = spot.file.directory / Path(os.path.expanduser(name))
    if _looks_absolute(name, path):
        spot.warn(
            f"is the path {path}, relative to the configuration file; "
            f'for /{name} write "sqlite:////{name}" (four slashes), to keep the path "sqlite:///./{name}"'
        )
    return f"sqlite:///{path}"


def _looks_absolute(name: str, path: Path) -> bool:
    """Whether a relative path was probably meant from the root: ``var/lib/x.db``. The gateway makes the directory of its
    database, so that one exists says little."""
    first, slash, _ = name.partition("/")
    if not slash or first.startswith("."):
        return False
    return first in AT_THE_ROOT or (Path("/", name).parent.is_dir() and not path.parent.is_dir())


def _loopback(listen: str, spot: Spot) -> None:
    host, _, port = listen.rpartition(":")
    if int(port) > HIGHEST_PORT:
        raise Wrong(f"port {port} does not exist; the highest is {HIGHEST_PORT}")
    if host == "localhost" or spot.file.document.get("tokens"):
        return
    try:
        inside = ip_address(host.strip("[]")).is_loopback
    except ValueError:
        inside = False
    if not inside:
        raise Wrong(
            "without [[tokens]] the gateway serves this machine only: add a token, "
            "or listen at 127.0.0.1, localhost or [::1]"
        )


def action(found: Found, spot: Spot) -> Any:
    """One ``[[policy.actions]]``: a number to call, or an https page to open."""
    value, kind = found["value"], found["type"]
    if kind == "open" and value is not UNUSABLE:
        spot.at("value").read(url("https").read, value)
    if kind == "call" and value is not UNUSABLE and not (value and set(value) <= set(PHONE)):
        spot.at("value").fault("is not a telephone number")
    if found["label"] == {}:
        spot.at("label").fault("needs at least one language")
    return made(PolicyAction, found)


def policy(found: Found, spot: Spot) -> Any:
    """``[policy]``: an alert without an end must not outlive what every card may."""
    default, longest = (found.get(name) or getattr(Policy(), name) for name in ("default_lifetime", "max_lifetime"))
    if UNUSABLE not in (default, longest) and default > longest:
        spot.at("default_lifetime").fault(f"is longer than max_lifetime ({as_duration(longest)})")
    return made(Policy, found)


def address(found: Found, spot: Spot) -> None:
    """``url``, where there is one: the rule that applies when connecting, checked beforehand."""
    url, networks = found.get("url"), found.get("allow_networks", ())
    if url is not None and UNUSABLE not in (url, networks):
        reachable(url, networks, spot.at("url"))


def reachable(url: str, networks: net.Networks, spot: Spot) -> None:
    """A URL that we would ask."""
    try:
        net.check_url(url, allow_networks=networks)
    except FetchError as error:
        spot.fault(str(error))


def certificates(found: Found, spot: Spot) -> None:
    """``ca``, ``client_cert`` and ``client_key`` can be used together."""
    files: Found = {name: found[name] for name in ("ca", "client_cert", "client_key") if name in found}
    if not files or any(path is UNUSABLE for path in files.values()) or not spot.is_wanted:
        return
    if "client_key" in files and "client_cert" not in files:
        spot.at("client_key").fault("requires client_cert")
        return
    try:
        net.tls_context(**files)
    except ConfigError as error:
        spot.at(error.key or "ca").fault(error.message)
        return
    now = utc_now()
    for one in expiring_files(files.get("ca"), files.get("client_cert"), now):
        spot.at(one.key).warn(one.told(now))


def receiver(found: Found, spot: Spot) -> Any:
    """One ``[[receivers]]``: an address we may post to; ``secret`` becomes ``secrets``."""
    address(found, spot)
    if "#" in str(found.get("url")):
        spot.at("url").fault("must not contain a fragment (#…): it is never sent")
    certificates(found, spot)
    found = {("secrets" if name == "secret" else name): value for name, value in found.items()}
    return made(Receiver, found)


def made(make: Any, found: Found) -> Any:
    """The value, if every key of it was usable."""
    return UNUSABLE if any(value is UNUSABLE for value in found.values()) else make(**found)
