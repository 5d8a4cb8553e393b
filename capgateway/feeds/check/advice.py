"""What a feed looks like and what is wrong with it, in sentences that an operator can forward to its issuer. Pure."""

from __future__ import annotations

from collections import Counter
from http import HTTPStatus
from typing import TYPE_CHECKING

from capgateway.feeds.health import newest
from capgateway.feeds.http.fetch import Fetched, FetchFailed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime, timedelta

    from capgateway.feeds.feed import Feed
    from capgateway.feeds.read.entry import Index

MAX_SHOWN = 20  # findings told one by one; the rest is counted

#: What an operator can do about each reason a fetch fails for.
ADVICE = {
    "blocked": "If the feed really lives there, name its network in allow_networks.",
    "connect": "Nothing answers at that port: check the address, and whether a firewall is in the way.",
    "disconnected": "The server ended the connection without an answer; if it persists, tell its operator.",
    "dns": "Check the spelling of the host, and this machine's name servers.",
    "encoding": "The body is packed in a way that was not asked for, or damaged: tell the server's operator.",
    "empty": "There is nothing at that address: where no alert is active this may be right, but check the address.",
    "forbidden": "The server requires a key, or a User-Agent with a contact: check `headers` of the feed and `contact` of [gateway].",
    "not_found": "The address is wrong or no longer in use: look for the feed's new address.",
    "page": "The address leads to a page for people: look for the address of the feed itself, or for one that needs no cookies.",
    "protocol": "What answers there is not a web server, or it requires https.",
    "proxy": "Check the proxy's URL and login, and that it may connect to the feed's addresses: it is not given the name.",
    "redirect": "Configure the address that the redirects lead to.",
    "scheme": "Use https; plain http is for networks named in allow_networks.",
    "server_error": "The server has a fault of its own: tell its operator if it persists.",
    "throttled": "The feed is polled too often: make the interval longer.",
    "timeout": "The server is too slow, or a firewall drops the connection.",
    "tls": "The certificate is expired, for another name, or from an authority that needs to be named in ca.",
    "status": "The address does not answer as a feed does: look for the address of the feed itself.",
    "too_large": "The document is larger than any real feed.",
    "truncated": "The body ended too early; if it persists, tell the server's operator.",
    "unreadable": "Open the address in a browser, and correct it or the feed's kind.",
    "url": "Correct the address.",
}
#: How a server without TLS looks to one who speaks TLS to it.
_PLAIN_PORT = (
    "wrong version number",
    "record layer failure",
    "packet length too long",
    "http request",
    "unexpected message",
)
_PLAIN_ADVICE = (
    "What answers at that port does not speak TLS: use the port that does, or, in a network named in allow_networks, an address "
    "that begins with http:// (for a stream tcp://)."
)
_FORBIDDEN = (
    "The server refuses the gateway: it requires a key or a User-Agent with a contact (check `headers` of the feed and `contact` of "
    "[gateway]), or it was polled too often (make the interval longer)."
)


def advise(reason: str, message: str, status: int | None = None) -> str:
    """What an operator can do about a fetch that failed; ``""`` where there is nothing to say."""
    if status == HTTPStatus.FORBIDDEN:
        return _FORBIDDEN
    if reason in {"tls", "protocol", "disconnected"} and any(words in message.lower() for words in _PLAIN_PORT):
        return _PLAIN_ADVICE
    return ADVICE.get(reason, "")


def describe(feed: Feed, found: Fetched | FetchFailed, index: Index | None, now: datetime) -> tuple[str, ...]:
    """One sentence a fact: what came back, what it announces, what is missing. ``index`` is what the body was read as."""
    if isinstance(found, FetchFailed):
        advice = advise(found.reason, found.message, found.status)
        return (f"{feed.name} could not be fetched: {found.message}. {advice}".strip(),)
    return (*_transport(found), *(_content(index, now) if index else ()))


def _transport(found: Fetched) -> Iterator[str]:
    yield f"{found.url} answered with {len(found.body):,} bytes of {found.media_type}."
    if found.moved_to:
        yield f"It has moved for good: change the address to {found.moved_to}."
    if not found.validators.etag and not found.validators.last_modified:
        yield "It sends neither ETag nor Last-Modified, so every poll carries the whole document."


def _content(index: Index, now: datetime) -> Iterator[str]:
    held = sum(entry.document is not None for entry in index.entries)
    usable = sum(entry.is_usable for entry in index.entries)
    total = sum(not entry.is_placeholder for entry in index.entries)
    yield f"It announces {_count(total, 'entry', 'entries')}: {held} with the message inside, {usable - held} linked."
    if index.unusable:
        yield f"{_count(index.unusable, 'entry is', 'entries are')} unusable."
    if total < len(index.entries):
        yield "An entry only says that there is nothing; it is not an alert."
    if usable > len(index.distinct):
        yield f"Some entries point to the same message; there are {len(index.distinct)} messages."
    latest = newest(index, now)
    if latest is not None:
        yield f"The newest entry is from {latest:%Y-%m-%d %H:%M} UTC, {_words(now - latest)} ago."
    yield from _findings(index)


def _findings(index: Index) -> Iterator[str]:
    for finding in index.findings[:MAX_SHOWN]:
        place = f" (line {finding.line})" if finding.line else ""
        yield f"{finding.level.capitalize()}{place}: {finding.message} [{finding.rule}]"
    rest = Counter(finding.rule for finding in index.findings[MAX_SHOWN:])
    for rule, count in rest.most_common():
        yield f"And {count} more of [{rule}]."


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _words(age: timedelta) -> str:
    minutes = max(0, int(age.total_seconds() // 60))
    if minutes < 120:  # noqa: PLR2004
        return _count(minutes, "minute", "minutes")
    return f"{minutes // 60} hours" if minutes < 2880 else f"{minutes // 1440} days"  # noqa: PLR2004
