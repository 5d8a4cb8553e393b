"""Which addresses we may connect to, and which URLs we would never ask. Pure."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

from yarl import URL

from capgateway.errors import Blocked, FetchError

Networks: TypeAlias = Sequence[IPv4Network | IPv6Network]

# What ``is_global`` lets through on some supported Python, but leads inside, into a tunnel, or nowhere.
_SPECIAL = [
    ip_network(text)
    for text in (
        "192.0.0.0/24",  # IETF protocol assignments, RFC 6890
        "192.88.99.0/24",  # 6to4 relays, RFC 7526
        "168.63.129.16/32",  # Azure's platform address, public only by its number
        "::/96",  # IPv4-compatible, RFC 4291
        "64:ff9b::/96",  # NAT64: an IPv4 address inside, RFC 6052
        "64:ff9b:1::/48",  # local NAT64, RFC 8215
        "100::/64",  # discard, RFC 6666
        "2001::/32",  # Teredo, RFC 4380
        "2002::/16",  # 6to4: an IPv4 address inside, RFC 3056
        "3fff::/20",  # documentation, RFC 9637
        "5f00::/16",  # segment routing, RFC 9602
        "fec0::/10",  # site-local, RFC 3879
    )
]

# Ports of protocols that would take our request for commands: the "bad ports" of the Fetch standard, as browsers have them.
_OTHER_PROTOCOLS = frozenset(
    int(port)
    for port in [
        "1",
        "7",
        "9",
        "11",
        "13",
        "15",
        "17",
        "19",
        "20",
        "21",
        "22",
        "23",
        "25",
        "37",
        "42",
        "43",
        "53",
        "69",
        "77",
        "79",
        "87",
        "95",
        "101",
        "102",
        "103",
        "104",
        "109",
        "110",
        "111",
        "113",
        "115",
        "117",
        "119",
        "123",
        "135",
        "137",
        "139",
        "143",
        "161",
        "179",
        "389",
        "427",
        "465",
        "512",
        "513",
        "514",
        "515",
        "526",
        "530",
        "531",
        "532",
        "540",
        "548",
        "554",
        "556",
        "563",
        "587",
        "601",
        "636",
        "989",
        "990",
        "993",
        "995",
        "1719",
        "1720",
        "1723",
        "2049",
        "3659",
        "4045",
        "4190",
        "5060",
        "5061",
        "6000",
        "6566",
        "6665",
        "6666",
        "6667",
        "6668",
        "6669",
        "6679",
        "6697",
        "10080",
    ]
)


@functools.lru_cache(maxsize=4096)
def read_address(text: str) -> IPv4Address | IPv6Address | None:
    """The address a text stands for, its zone dropped and IPv4 taken out of ``::ffff:…``; ``None`` for a name."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (address.version == 6 and address.ipv4_mapped) or address  # noqa: PLR2004


def lies_in(address: str, networks: Networks) -> bool:
    """Whether a textual IP address is in one of the networks. A name never is."""
    found = read_address(address)
    return found is not None and any(found in network for network in networks)


def is_allowed(address: str, allow_networks: Networks) -> bool:
    """Whether we may connect to a textual IP address: it is on the public internet or in ``allow_networks``."""
    found = read_address(address)
    if found is None:
        return False
    if any(found in network for network in allow_networks):
        return True
    if found.is_multicast or found.is_reserved or found.is_unspecified or not found.is_global:
        return False
    return not any(found in network for network in _SPECIAL)


def is_odd_number(host: str) -> bool:
    """``127.1``, ``2130706433``, ``0x7f.0.0.1``: no address as anyone writes it, but some libraries read one."""
    last = host.rstrip(".").rpartition(".")[2].lower()
    return last.isdigit() or last.startswith("0x")


def check_url(url: str | URL, *, allow_networks: Networks = ()) -> None:
    """Raise ``FetchError`` for a URL we would never ask: not http(s), no host, a login in it; plain http, or a port of another
    protocol, outside ``allow_networks``; ``Blocked`` for a literal address that is not allowed.

    A name is only looked up on connecting: there it is vetted again, for plain http too.
    """
    _check_url(url, tuple(allow_networks))


@functools.lru_cache(maxsize=1024)
def _check_url(url: str | URL, allow_networks: tuple[IPv4Network | IPv6Network, ...]) -> None:
    """A receiver's address is the same at each delivery; what is refused is not remembered."""
    try:
        url = URL(url)
    except ValueError as error:
        raise FetchError(f"not a URL: {error}", reason="url") from None
    host = url.host
    if url.scheme not in {"http", "https"} or not host:
        raise FetchError("only http and https URLs with a host are fetched", reason="url")
    if url.user is not None or url.password is not None:
        raise FetchError(f"the URL for {host} carries a login; use a header", reason="url")
    plain = url.scheme == "http"
    if plain and not allow_networks:
        raise FetchError(f"plain http to {host} is only allowed inside allow_networks", reason="scheme")
    if read_address(host):
        vet(host, [host], allow_networks, plain=plain)
    elif is_odd_number(host):
        raise Blocked(f"{host} is not an address in its usual form")
    if url.port in _OTHER_PROTOCOLS and not allow_networks:
        raise FetchError(f"port {url.port} of {host} is for another protocol than http", reason="url")


def vet(host: str, addresses: Sequence[str], allow_networks: Networks, *, plain: bool) -> None:
    """Raise ``Blocked`` unless every address of a host is allowed; with ``plain`` only those in ``allow_networks`` are.
    A name without any is a trouble of DNS."""
    if not addresses:
        raise FetchError(f"dns: no address of {host}", reason="dns")
    may = lies_in if plain else is_allowed
    refused = next((address for address in addresses if not may(address, allow_networks)), None)
    if refused is None:
        return
    if plain:
        told = host if refused == host else f"{host} ({refused})"
        raise Blocked(f"plain http to {told} is only allowed inside allow_networks")
    told = refused if refused == host else f"{host} has the address {refused}, which"
    raise Blocked(f"{told} is not public and not in allow_networks")
