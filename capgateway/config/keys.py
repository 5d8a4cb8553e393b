"""Every key of the configuration: what it contains, what it is when left out, and what it is for.

The reader, the JSON Schema and the tests of starter file and documentation all walk these tables; there is no other list.
A default is written as in the file. ``None`` means that leaving the key out is a case of its own.
"""

from __future__ import annotations

from datetime import timedelta
from typing import get_args

from capgateway.config import checks, feed_checks, programme_keys, token_keys
from capgateway.config.place_keys import PLACES, layer
from capgateway.config.receiver_keys import patterns, secrets, signing_key
from capgateway.config.references import existing_file, folder, key_file, proxy, reference
from capgateway.config.settings import Scope
from capgateway.config.table import Key, table
from capgateway.config.values import (
    choice,
    duration,
    flag,
    host,
    many,
    mapping,
    network,
    rate,
    region,
    stream,
    text,
    url,
    whole,
)

SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1))
YEAR = 366 * DAY
NAMES = "[a-z0-9][a-z0-9_-]{0,62}"
PROGRAMMES = "[a-z0-9][a-z0-9_-]{0,39}"  # it is part of a table's row, and of every card
PROGRAMME_NAME = "a name made of a-z, 0-9, _ and -"
LANGUAGE = "a language tag such as en-US"
LANGUAGES = "[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*"
HEADER_NAMES = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"  # RFC 9110 §5.6.2, a token


def _name(of: str) -> Key:
    what = "a name made of a-z, 0-9, _ and -"
    return Key(
        kind=text(pattern=NAMES, what=what), about=f"Names the {of} in logs, metrics and commands.", required=True
    )


def _networks(of: str) -> Key:
    about = f"Private or loopback networks (CIDR) that this {of} may be in; plain http is allowed there too."
    return Key(kind=many(network()), about=about, default=[])


_TLS = {
    "ca": Key(kind=existing_file(), about="PEM file of the certificate authorities to trust instead of the system's."),
    "client_cert": Key(
        kind=existing_file(), about="PEM file of the client certificate, for a server that requires one."
    ),
    "client_key": Key(kind=key_file(), about="PEM file of its private key; may be the same file."),
    "proxy": Key(
        kind=proxy(),
        about="URL of the forward proxy to connect through, http://USER:PASSWORD@HOST:PORT, env:NAME or file:PATH.",
    ),
}

GATEWAY = {
    "database": Key(
        kind=reference(),
        about="sqlite:///FILE (relative to this file), sqlite:////FILE (absolute) or postgresql://USER@HOST/NAME; "
        "by default a file in the platform's data directory.",
    ),
    "listen": Key(
        kind=text(pattern=r"(?:(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):\d{1,5})?", what='"host:port" or ""'),
        about='Address of the API, health and metrics; "" turns them off.',
        default="127.0.0.1:8025",
    ),
    "public_url": Key(
        kind=url("http", "https"),
        about="URL at which receivers reach this gateway, for links; by default http://<listen>.",
    ),
    "contact": Key(
        kind=text(longest=200), about="Contact address for the operators of feeds; sent in the User-Agent.", default=""
    ),
}

ACTION = {
    "type": Key(
        kind=choice("call", "open"), about="What the button does: call a number or open a page.", required=True
    ),
    "value": Key(kind=text(), about="The number, or the https URL.", required=True),
    "label": Key(
        kind=mapping(text(longest=100), names=LANGUAGES, what=LANGUAGE),
        about="The text of the button, by language tag.",
        required=True,
    ),
    "regions": Key(
        kind=many(region()), about="Only on cards that touch these regions; [] means all cards.", default=[]
    ),
}

_RULES = {
    "default_lifetime": Key(
        kind=duration(MINUTE, 31 * DAY), about="How long a card lives if its alert has no <expires>.", default="24h"
    ),
    "max_lifetime": Key(
        kind=duration(MINUTE, YEAR), about="The longest that any card lives, whatever its alert says.", default="7d"
    ),
    "retention": Key(
        kind=duration(timedelta(0), 10 * YEAR),
        about="How long the personal data of ended cards, and of alerts that did not become cards, is kept.",
        default="72h",
    ),
    "review": Key(
        kind=choice("none", "doubtful", "all"),
        about="Which cards wait for an operator before they are displayed; take-downs never wait.",
        default="none",
    ),
    "review_timeout": Key(kind=duration(SECOND, DAY), about="How long they wait.", default="10m"),
    "review_default": Key(
        kind=choice("hold", "publish"), about="What happens if nobody answers in time.", default="hold"
    ),
    "facts": Key(
        kind=many(choice("children", "suspects", "vehicles", "last_seen", "race")),
        about="Which extracted facts may appear on cards; race only if it is listed.",
        default=["children", "suspects", "vehicles", "last_seen"],
    ),
    "actions": Key(
        kind=many(table(ACTION, checks.action)),
        about="Calls to action in addition to the alert's own; by default Call 911 in the US and Canada; [] means none.",
    ),
}
"""Keys of ``[policy]`` that each programme may have for itself."""

POLICY = {
    "regions": Key(
        kind=many(region()),
        about='Regions in which alerts become cards, such as "US-TX" or "US" (with its territories); [] means everywhere.',
        default=[],
    ),
    "programmes": Key(
        kind=many(text(pattern=PROGRAMMES, what=PROGRAMME_NAME)),
        about="Which programmes become cards: amber and mep are built in, others are in [programmes.NAME].",
        default=["amber"],
    ),
    "exercises": Key(
        kind=flag(), about="Also relay alerts of status Exercise, as exercise.card.* messages.", default=False
    ),
    **_RULES,
}

PROGRAMME = {
    "name": Key(
        kind=mapping(text(longest=100), names=LANGUAGES, what=LANGUAGE),
        about="The name that its cards show, by language tag; built-in programmes have one.",
    ),
    "codes": Key(
        kind=many(programme_keys.code()),
        about="Event codes, SCHEME:VALUE, of the schemes SAME, NWS, CAP-CP and OET; built-in programmes have theirs.",
    ),
    "words": Key(
        kind=many(programme_keys.phrase()),
        about="Phrases in event or headline that count where an alert has no code at all; [] means none.",
    ),
    **{
        name: Key(kind=key.kind, about=f"As in [policy], for this programme alone. {key.about}")
        for name, key in _RULES.items()
    },
}

TOKEN = {
    "name": _name("token"),
    "token": Key(kind=token_keys.secret(), about="The token, as env:NAME or file:PATH.", required=True),
    "scopes": Key(
        kind=token_keys.some(choice(*get_args(Scope))),
        about="What it allows: read, operate, submit (to push feeds); or receive, which cannot be combined.",
        required=True,
    ),
    "receiver": Key(kind=text(), about="With the scope receive: the receiver whose cards and messages it shows."),
    "feeds": Key(
        kind=many(text()), about="With the scope submit: the push feeds it may submit to; [] means all.", default=[]
    ),
}

FEED = {
    "name": _name("feed"),
    "kind": Key(
        kind=choice("atom", "rss", "cap", "ipaws", "nws", "naads", "edxl", "directory", "push"),
        about="The kind of source; docs/feeds.md has a section for each.",
        required=True,
    ),
    "url": Key(
        kind=text(longest=2000), about="URL that is polled; with kind ipaws, {since} in it is replaced by a time."
    ),
    "urls": Key(kind=many(stream()), about="With kind naads: the streams, each tls://host:port or tcp://host:port."),
    "archives": Key(
        kind=many(text(longest=2000)),
        about="With kind naads: URLs of the archives from which missed messages are fetched.",
        default=[],
    ),
    "path": Key(kind=folder(), about="With kind directory: the directory to watch."),
    "interval": Key(kind=duration(SECOND, DAY), about="Time between two polls.", default="2m"),
    "profile": Key(
        kind=choice("auto", "none", "ipaws", "cap-cp", "cap-au"),
        about="Profile whose additional rules apply; auto decides per message.",
        default="auto",
    ),
    "signature": Key(
        kind=choice("ignore", "verify", "require"),
        about="XML signatures: ignore them; verify them and quarantine invalid ones; or require a valid one.",
        default="verify",
    ),
    "trust": Key(
        kind=existing_file(),
        about="PEM file of the trust anchors for signatures: certificate authorities, or signers' certificates or keys.",
    ),
    "senders": Key(kind=many(text()), about="Accept alerts only from these <sender>s; [] means any.", default=[]),
    "jurisdiction": Key(
        kind=many(region()), about="Areas for which this feed may issue alerts; [] means any.", default=[]
    ),
    "precedence": Key(
        kind=whole(0, 1000),
        about="Of the cards of one incident, the one with the highest precedence is displayed; 5 for push feeds unless set.",
        default=10,
    ),
    "rehearsal": Key(kind=flag(), about="Send everything from this feed as exercise.* messages only.", default=False),
    "silent_after": Key(
        kind=duration(SECOND, 31 * DAY),
        about="The feed counts as silent after this time without a success.",
        default="15m",
    ),
    "media_hosts": Key(
        kind=many(host()),
        about='Hosts from which pictures may be fetched, such as "*.fema.gov"; [] means the feed\'s own host.',
        default=[],
    ),
    "headers": Key(
        kind=mapping(reference(), names=HEADER_NAMES, what="a header name"),
        about="Additional request headers; values may be env:NAME or file:PATH.",
        default={},
    ),
    "allow_networks": _networks("feed"),
    **_TLS,
    "enabled": Key(kind=flag(), about="Whether the feed is used.", default=True),
}

RECEIVER = {
    "name": _name("receiver"),
    "url": Key(kind=text(longest=2000), about="URL to which messages are posted.", required=True),
    "secret": Key(
        kind=secrets(),
        about="whsec_…, as env:NAME or file:PATH; a list, newest first, while you rotate it: each one signs.",
        required=True,
    ),
    "signing_key": Key(
        kind=signing_key(),
        about="whsk_…, as env:NAME or file:PATH; adds a v1a signature (ed25519), which the receiver verifies with a public key.",
    ),
    "messages": Key(
        kind=patterns(),
        about="Message types that are sent, of card.*, exercise.card.* and operator.*.",
        default=["card.*"],
    ),
    "programmes": Key(
        kind=many(text(pattern=rf"\*|{PROGRAMMES}", what=f'{PROGRAMME_NAME}, or "*"')),
        about='The programmes whose cards it gets; ["*"] means all.',
        default=["amber"],
    ),
    "regions": Key(
        kind=many(region()), about="Narrows [policy] regions for this receiver; [] means the same regions.", default=[]
    ),
    "allow_networks": _networks("receiver"),
    "rate": Key(kind=rate(), about="The highest rate of messages; take-downs are never held back.", default="20/s"),
    "concurrency": Key(kind=whole(1, 256), about="The most requests at a time.", default=8),
    "timeout": Key(kind=duration(SECOND, MINUTE), about="Time for one request and its answer.", default="15s"),
    "snapshot": Key(
        kind=duration(SECOND, DAY),
        about="Time between two snapshots: lists of the cards that it should display.",
        default="5m",
    ),
    "contact": Key(
        kind=text(longest=200),
        about="Contact address for the gateway's operators when this receiver fails.",
        default="",
    ),
    **_TLS,
    "enabled": Key(
        kind=flag(),
        about="false: it gets no more displays; its take-downs continue until it displays no card.",
        default=True,
    ),
}

GROUPS = {
    "gateway": GATEWAY,
    "policy": POLICY,
    "policy.actions": ACTION,
    "programmes": PROGRAMME,
    "places": PLACES,
    "tokens": TOKEN,
    "feeds": FEED,
    "receivers": RECEIVER,
}
"""The tables by their names in the file. ``programmes`` has one table for each name; the last four are lists of tables."""

DOCUMENT = table(
    {
        "gateway": Key(kind=table(GATEWAY, checks.gateway), about="The gateway itself."),
        "policy": Key(kind=table(POLICY, checks.policy), about="Which alerts become cards, and what the cards show."),
        "programmes": Key(
            kind=mapping(table(PROGRAMME, programme_keys.programme), names=PROGRAMMES, what=PROGRAMME_NAME),
            about="New programmes, and other values for built-in ones.",
        ),
        "places": Key(
            kind=many(table(PLACES, layer)),
            about="Units of your own, such as census divisions or another country's districts.",
            default=[],
        ),
        "tokens": Key(kind=many(table(TOKEN, token_keys.token)), about="Who may use the API.", default=[]),
        "feeds": Key(kind=many(table(FEED, feed_checks.feed)), about="Where alerts come from."),
        "receivers": Key(kind=many(table(RECEIVER, checks.receiver)), about="Where cards go."),
    },
    programme_keys.document,
)
"""The whole file."""
