"""Every key of the configuration: what it holds, what it is when left out, and what it is for.

The reader, the JSON Schema and the tests of starter file and documentation all walk these tables; there is no other list.
A default is written as in the file. ``None`` means that leaving the key out is a case of its own.
"""

from __future__ import annotations

from datetime import timedelta
from typing import get_args

from capgateway.config import checks, feed_checks, token_keys
from capgateway.config.receiver_keys import patterns, secrets
from capgateway.config.settings import Scope
from capgateway.config.table import Key, table
from capgateway.config.values import (
    choice,
    duration,
    existing_file,
    flag,
    folder,
    key_file,
    many,
    mapping,
    network,
    rate,
    reference,
    region,
    stream,
    text,
    url,
    whole,
)

SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1))
YEAR = 366 * DAY
NAMES = "[a-z0-9][a-z0-9_-]{0,62}"
LANGUAGES = "[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*"
HEADER_NAMES = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"  # RFC 9110 §5.6.2, a token


def _name(of: str) -> Key:
    what = "a name of a-z, 0-9, _ and -"
    return Key(
        kind=text(pattern=NAMES, what=what), about=f"Names the {of} in logs, metrics and commands.", required=True
    )


def _networks(of: str) -> Key:
    about = f"Ranges this {of} may live in although they are private or loopback; plain http is allowed there too."
    return Key(kind=many(network()), about=about, default=[])


_TLS = {
    "ca": Key(kind=existing_file(), about="PEM file of the authorities to trust instead of the system's."),
    "client_cert": Key(kind=existing_file(), about="PEM file of our certificate, where the server asks for one."),
    "client_key": Key(kind=key_file(), about="PEM file of that certificate's key; may be in the same file."),
    "proxy": Key(kind=url("http", "https"), about="Forward proxy to go through."),
}

GATEWAY = {
    "database": Key(
        kind=reference(),
        about="sqlite:///FILE or postgresql://USER@HOST/NAME; left out: a file in the platform's data directory.",
    ),
    "listen": Key(
        kind=text(pattern=r"(?:(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):\d{1,5})?", what='"host:port" or ""'),
        about='Where API, health and metrics are served; "" turns them off.',
        default="127.0.0.1:8025",
    ),
    "public_url": Key(
        kind=url("http", "https"), about="How receivers reach this gateway, for links; left out: http://<listen>."
    ),
    "contact": Key(
        kind=text(longest=200), about="Whom a feed's operator may write to; sent in the User-Agent.", default=""
    ),
}

ACTION = {
    "type": Key(kind=choice("call", "open"), about="Call a number or open a page.", required=True),
    "value": Key(kind=text(), about="The number or the https address.", required=True),
    "label": Key(
        kind=mapping(text(longest=100), names=LANGUAGES, what="a language tag such as en-US"),
        about="What the button says, by language tag.",
        required=True,
    ),
    "regions": Key(kind=many(region()), about="Only on cards that touch these regions; [] on all.", default=[]),
}

POLICY = {
    "regions": Key(
        kind=many(region()),
        about='Where alerts become cards: "US-TX", "US" (with its territories); [] is everywhere.',
        default=[],
    ),
    "default_lifetime": Key(
        kind=duration(MINUTE, 31 * DAY), about="How long a card lives when the alert has no <expires>.", default="24h"
    ),
    "max_lifetime": Key(
        kind=duration(MINUTE, YEAR), about="No card lives longer, whatever the alert says.", default="7d"
    ),
    "retention": Key(
        kind=duration(HOUR, 10 * YEAR),
        about="Personal data of ended cards, and of alerts that became none, is erased after this.",
        default="72h",
    ),
    "exercises": Key(kind=flag(), about="Relay status Exercise too, as exercise.card.* messages.", default=False),
    "review": Key(
        kind=choice("none", "doubtful", "all"),
        about="Which cards wait for an operator; take-downs never do.",
        default="none",
    ),
    "review_timeout": Key(kind=duration(SECOND, DAY), about="How long they wait.", default="10m"),
    "review_default": Key(kind=choice("hold", "publish"), about="What happens when nobody answered.", default="hold"),
    "facts": Key(
        kind=many(choice("children", "suspects", "vehicles", "last_seen")),
        about="Which extracted facts cards may show.",
        default=["children", "suspects", "vehicles", "last_seen"],
    ),
    "actions": Key(
        kind=many(table(ACTION, checks.action)),
        about="Calls to action beside the alert's own; left out: Call 911 in the US and Canada; [] is none.",
    ),
}

TOKEN = {
    "name": _name("token"),
    "token": Key(kind=token_keys.secret(), about="The secret itself, as a reference.", required=True),
    "scopes": Key(
        kind=token_keys.some(choice(*get_args(Scope))),
        about="What it allows: read everything; operate; submit to push feeds; or receive, which stands alone.",
        required=True,
    ),
    "receiver": Key(kind=text(), about="With scope receive: whose cards and messages."),
    "feeds": Key(kind=many(text()), about="With scope submit: the push feeds it may speak for; [] is all.", default=[]),
}

FEED = {
    "name": _name("feed"),
    "kind": Key(
        kind=choice("atom", "rss", "cap", "ipaws", "nws", "naads", "edxl", "directory", "push"),
        about="What is found there, and how it is read: docs/feeds.md has a section for each.",
        required=True,
    ),
    "url": Key(kind=text(longest=2000), about="What is polled; with kind ipaws {since} stands for a moment."),
    "urls": Key(kind=many(stream()), about="With kind naads: the streams, tls://host:port or tcp://host:port."),
    "archives": Key(
        kind=many(text(longest=2000)), about="With kind naads: where missed messages are fetched.", default=[]
    ),
    "path": Key(kind=folder(), about="With kind directory: the directory that is watched."),
    "interval": Key(kind=duration(SECOND, DAY), about="How long between two polls.", default="2m"),
    "profile": Key(
        kind=choice("auto", "none", "ipaws", "cap-cp", "cap-au"),
        about="Whose additional rules apply; auto finds out.",
        default="auto",
    ),
    "signature": Key(
        kind=choice("ignore", "verify", "require"),
        about="XML signatures: ignore them; verify, and quarantine invalid ones; require a valid one.",
        default="verify",
    ),
    "trust": Key(kind=existing_file(), about="PEM file of the authorities that signers must lead to, or of signers."),
    "senders": Key(kind=many(text()), about="Only alerts of these <sender>s; [] is any.", default=[]),
    "jurisdiction": Key(kind=many(region()), about="Areas this feed may speak for; [] is any.", default=[]),
    "precedence": Key(kind=whole(0, 1000), about="Of copies of one incident the highest is displayed.", default=10),
    "rehearsal": Key(kind=flag(), about="Whatever the feed says leaves only as exercise.*.", default=False),
    "silent_after": Key(
        kind=duration(SECOND, 31 * DAY),
        about="The feed counts as silent after this long without a success.",
        default="15m",
    ),
    "media_hosts": Key(kind=many(text()), about="From where pictures may be fetched.", default=[]),
    "headers": Key(
        kind=mapping(reference(), names=HEADER_NAMES, what="a header name"),
        about="Additional request headers; values may be env:NAME or file:PATH.",
        default={},
    ),
    "allow_networks": _networks("feed"),
    **_TLS,
    "enabled": Key(kind=flag(), about="Whether it is polled.", default=True),
}

RECEIVER = {
    "name": _name("receiver"),
    "url": Key(kind=text(longest=2000), about="Where messages are posted.", required=True),
    "secret": Key(
        kind=secrets(),
        about="whsec_… as env:NAME or file:PATH; a list while rotating, newest first: all sign.",
        required=True,
    ),
    "signing_key": Key(kind=reference(), about="whsk_…: adds a v1a signature."),
    "messages": Key(
        kind=patterns(),
        about="Which message types are sent, of card.*, exercise.card.* and operator.*.",
        default=["card.*"],
    ),
    "regions": Key(kind=many(region()), about="Narrows [policy] regions for this receiver; [] does not.", default=[]),
    "allow_networks": _networks("receiver"),
    "rate": Key(kind=rate(), about="At most so many messages; take-downs are never held back.", default="20/s"),
    "concurrency": Key(kind=whole(1, 256), about="At most so many requests at a time.", default=8),
    "timeout": Key(kind=duration(SECOND, MINUTE), about="For one request, answer included.", default="15s"),
    "snapshot": Key(kind=duration(MINUTE, DAY), about="How often the list of live cards is sent.", default="5m"),
    "contact": Key(kind=text(longest=200), about="Whom our operator calls when this receiver fails.", default=""),
    **_TLS,
    "enabled": Key(kind=flag(), about="false: no more displays; take-downs go on until it holds none.", default=True),
}

GROUPS = {
    "gateway": GATEWAY,
    "policy": POLICY,
    "policy.actions": ACTION,
    "tokens": TOKEN,
    "feeds": FEED,
    "receivers": RECEIVER,
}
"""The tables by their names in the file; all but the first two are lists of tables."""

DOCUMENT = table(
    {
        "gateway": Key(kind=table(GATEWAY, checks.gateway), about="The gateway itself."),
        "policy": Key(kind=table(POLICY, checks.policy), about="Which alerts become cards, and what cards say."),
        "tokens": Key(kind=many(table(TOKEN, token_keys.token)), about="Who may use the API.", default=[]),
        "feeds": Key(kind=many(table(FEED, feed_checks.feed)), about="Where alerts come from."),
        "receivers": Key(kind=many(table(RECEIVER, checks.receiver)), about="Where cards go."),
    },
    lambda found, _: found,
)
"""The whole file."""
