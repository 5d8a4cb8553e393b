"""The gist of an alert: all that later decisions need from it, made once, before anything is stored.

Chains read gists, never bytes. A gist has no text a person wrote: erasing an alert's texts leaves its gist as it is, and
so never changes a decision. It is stored with its version; a new version of this module can make it again from bytes that
still exist.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from capgateway import cap
from capgateway.cards import codes as event_codes
from capgateway.cards import words
from capgateway.cards.area import Meant, by_codes, drawings, meant, resolved
from capgateway.cards.codes import TEST_CODES, Code
from capgateway.cards.doubts import LANGUAGES, contradict
from capgateway.cards.programmes import BUILT_IN, KNOWN_CODES, PHRASES, is_amber, recognise
from capgateway.places import ATLAS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from capgateway.cap import Alert, Info, Reference
    from capgateway.places import Atlas

VERSION = 4
LONGEST_KEY = 300
"""Characters. Sender and identifier share an index row, of which PostgreSQL takes 2,704 bytes; a character may take four."""

ODD = re.compile(r"[ ,;]")
MOST_ODD = 100
"""Such names that one alert may give; real ones give one or two."""

LANGUAGE = re.compile(r"[A-Za-z0-9]{1,8}(?:-[A-Za-z0-9]{1,8}){0,8}")
KNOWN_WORDS = frozenset(
    [
        "Actual",
        "Exercise",
        "System",
        "Test",
        "Draft",
        "Alert",
        "Update",
        "Cancel",
        "Ack",
        "Error",
        "Public",
        "Restricted",
        "Private",
        "Shelter",
        "Evacuate",
        "Prepare",
        "Execute",
        "Avoid",
        "Monitor",
        "Assess",
        "AllClear",
        "None",
        "Immediate",
        "Expected",
        "Future",
        "Past",
        "Unknown",
    ]
)
ENDED_LOCATIONS = frozenset({"ended", "cancelled", "transitioned_out"})
"""What Environment Canada says of an area for which an alert is over, in the parameter ``…:Alert_Location_Status`` of its info
(C-26). One message may be live for one area and over for another."""
CONTROL = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]")
DIRECTING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Characters that change the direction of text: what is shown may then read otherwise than it is written."""
_SPELLED = {word.casefold(): word for word in KNOWN_WORDS}
OTHER = "other"
"""What replaces a code that is not the standard's: such a document may say anything there, a name too."""


class GistInfo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One info block. ``area`` is the place of what it means in :attr:`Gist.areas`."""

    language: str = ""
    codes: tuple[Code, ...] = ()
    response_types: tuple[str, ...] = ()
    urgency: str = ""
    expires: datetime | None = None
    area: int = 0
    has_ended: bool = False

    @property
    def is_live(self) -> bool:
        """Whether it still calls for action: neither ``AllClear`` nor urgency ``Past``, and not said to have ended."""
        return "AllClear" not in self.response_types and self.urgency != "Past" and not self.has_ended


class Gist(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``sender``, ``identifier``, ``sent`` and ``references`` are as received; ``sender_key`` and ``identifier_key`` are
    the same for comparison, by :func:`key`. ``sent_at`` is ``None`` only where ``sent`` is not a date. ``odd_names`` are
    identifiers of its sender, as keys, in triples that have blanks or commas in their names: the standard forbids these, and
    senders write them.

    ``said`` are the phrases of programmes that name it, where it carries no code at all; ``asked`` says which phrases were asked
    for then, by their fingerprint. ``doubts`` are what a person might want to look at before it is displayed: ``drill`` (its
    title says that it is one), ``control`` (control or bidirectional characters in what is displayed), ``languages`` (they
    contradict each other). ``is_test`` is a marker of its sender's software."""

    version: int = VERSION
    cap_version: str = "1.2"
    sender: str = ""
    identifier: str = ""
    sender_key: str = ""
    identifier_key: str = ""
    sent: str = ""
    sent_at: datetime | None = None
    status: str = ""
    msg_type: str = ""
    scope: str = ""
    references: str = ""
    odd_names: tuple[str, ...] = ()
    first_named_at: datetime | None = None
    is_blocked: bool = False
    said: tuple[str, ...] = ()
    asked: str = ""
    doubts: tuple[str, ...] = ()
    is_test: bool = False
    infos: tuple[GistInfo, ...] = ()
    areas: tuple[Meant, ...] = ()
    is_placed: bool = True

    @property
    def live_infos(self) -> tuple[GistInfo, ...]:
        """One message may be live for one area and over for another."""
        return tuple(info for info in self.infos if info.is_live)

    @property
    def is_over(self) -> bool:
        """Whether all that it says is over: ``AllClear`` or ``Past`` in each info."""
        return bool(self.infos) and not self.live_infos

    @property
    def codes(self) -> list[Code]:
        """The event codes of all infos together."""
        return event_codes.ruling(code for info in self.infos for code in info.codes)

    @property
    def is_public(self) -> bool:
        """Whether it speaks to the public by its own word (CAP 1.2 §3.2.1 scope). A Cancel counts whatever its scope."""
        if self.msg_type == "Cancel":
            return True
        return self.msg_type in ("Alert", "Update") and self.scope == "Public" and not self.is_blocked

    def named(self) -> list[tuple[str, str]]:
        """The messages that ``references`` names, as keys of sender and identifier."""
        if not self.references:
            return []
        found = cap.references(self.references, self.cap_version)
        return [(key(item.sender), key(item.identifier)) for item in found]

    def names_of_its_own(self) -> set[str]:
        """The identifiers of the same sender that it names, as keys."""
        return {identifier for sender, identifier in self.named() if sender == self.sender_key} | set(self.odd_names)

    def surely_named(self) -> set[str]:
        """Those of them that are in a whole triple (CAP 1.0 has no third part)."""
        if not self.references:
            return set()
        found = cap.references(self.references, self.cap_version)
        whole = (item for item in found if item.sent.instant or self.cap_version == "1.0")
        return {key(item.identifier) for item in whole if key(item.sender) == self.sender_key}

    def triples_named(self) -> set[tuple[str, datetime]]:
        """The same with the instants at which they were sent; only those in a whole triple."""
        found = cap.references(self.references, self.cap_version) if self.references else ()
        mine = (item for item in found if key(item.sender) == self.sender_key)
        return {(key(item.identifier), item.sent.instant) for item in mine if item.sent.instant}

    @property
    def speaks_only_of_others(self) -> bool:
        """Whether all that it names is other senders': nobody updates or cancels what is not theirs."""
        named = self.named()
        return bool(named) and not self.odd_names and all(sender != self.sender_key for sender, _ in named)


def key(text: str) -> str:
    """A sender or identifier for comparison: without regard to case and to the kind or number of blanks. Longer ones than
    an index takes are compared by their hash."""
    name = folded(text)
    return name if len(name) <= LONGEST_KEY else hashlib.sha256(name.encode()).hexdigest()


def folded(text: str) -> str:
    """A text without regard to case and to the kind or number of blanks."""
    return " ".join(text.split()).casefold()


def known_word(text: str, *, is_lenient: bool = False) -> str:
    """A code of the standard as it is, any other text as :data:`OTHER`; an empty one stays empty. Read leniently, in any
    case."""
    word = _SPELLED.get(text.casefold(), text) if is_lenient else text
    return word if word in KNOWN_WORDS or not word else OTHER


def says_cancel(alert: Alert) -> bool:
    """Whether it is a Cancel, in whatever case it is written: a take-down is read leniently, a display strictly."""
    return known_word(alert.msg_type, is_lenient=True) == "Cancel"


def gist(
    alert: Alert,
    phrases: Collection[str] = PHRASES,
    *,
    codes: Collection[Code] = KNOWN_CODES,
    profile: str | None = None,
    atlas: Atlas = ATLAS,
) -> Gist:
    """The gist of an alert. Takes time in proportion to the message, and depends on nothing but the message, the phrases and codes
    that name programmes, and the units that areas are made of. ``profile`` is the one it is judged by, its own where none is
    given."""
    areas: dict[Meant, int] = {}
    sent = alert.sent.instant if alert.sent else None
    is_cancel = says_cancel(alert)
    found = [event_codes.codes(info) for info in alert.infos]
    has_codes = any(found)
    is_placed = not has_codes or any(code in codes or code in KNOWN_CODES for some in found for code in some)
    profile = profile or cap.choose_profile(alert, "auto")
    count = drawings(alert.infos) if is_placed else 1
    placed = [_meant(info, profile, atlas, count) if is_placed else by_codes(info.areas) for info in alert.infos]
    phrases_said = () if has_codes else words.said(alert.infos, phrases, is_cancel=is_cancel)
    infos = tuple(
        _info(info, sent, each, areas.setdefault(where, len(areas)))
        for info, each, where in zip(alert.infos, found, placed, strict=True)
    )
    return Gist(
        cap_version=alert.version,
        sender=alert.sender,
        identifier=alert.identifier,
        sender_key=key(alert.sender),
        identifier_key=key(alert.identifier),
        sent=alert.sent.text if alert.sent and alert.sent.instant else "",
        sent_at=alert.sent.instant if alert.sent else None,
        status=known_word(alert.status, is_lenient=is_cancel),
        msg_type=known_word(alert.msg_type, is_lenient=is_cancel),
        scope=known_word(alert.scope, is_lenient=is_cancel),
        references=_references(alert),
        odd_names=_odd_names(alert),
        first_named_at=_first_named(alert),
        is_blocked=_is_blocked(alert.infos),
        said=phrases_said,
        asked="" if has_codes else words.fingerprint(phrases),
        doubts=_doubts(alert, infos, phrases_said, is_cancel=is_cancel),
        is_test=_is_test(alert.infos, {code for info in infos for code in info.codes}),
        infos=infos,
        areas=tuple(areas),
        is_placed=is_placed,
    )


def _meant(info: Info, profile: str | None, atlas: Atlas, count: int) -> Meant:
    return meant(resolved(info.areas, profile, atlas, drawings=count))


def _info(info: Info, sent: datetime | None, codes: tuple[Code, ...], area: int) -> GistInfo:
    return GistInfo(
        language=info.language if LANGUAGE.fullmatch(info.language) else "",
        codes=codes,
        response_types=tuple(word for word in info.response_types if word in KNOWN_WORDS),
        urgency=info.urgency if info.urgency in KNOWN_WORDS else "",
        expires=_expiry(info, sent),
        area=area,
        has_ended=any(
            pair.name.casefold().endswith("alert_location_status") and pair.value.strip().casefold() in ENDED_LOCATIONS
            for pair in info.parameters
        ),
    )


def _expiry(info: Info, sent: datetime | None) -> datetime | None:
    """When the block ends. A time at or before ``sent`` is a slip, not an expiry: the policy's lifetime applies."""
    ends = info.expires.instant if info.expires else None
    return None if ends and sent and ends <= sent else ends


def _references(alert: Alert) -> str:
    """Of a Cancel as received: it is read leniently. Of others the triples alone, without words that somebody wrote between
    them."""
    if alert.references_text is not None and (says_cancel(alert) or alert.version == "1.0"):
        return alert.references_text
    return " ".join(map(reference_text, alert.references))


def _odd_names(alert: Alert) -> tuple[str, ...]:
    """Of a Cancel none: it is read leniently as a whole."""
    text, sender = alert.references_text, folded(alert.sender)
    if not text or not sender or alert.msg_type == "Cancel":
        return ()
    found = triples_of(folded(text), sender)
    return tuple(sorted({key(name) for name in found if ODD.search(sender) or ODD.search(name)}))[:MOST_ODD]


def triples_of(text: str, sender: str) -> list[str]:
    """The identifiers of a sender's triples in a folded text, also those with blanks and commas in them."""
    return re.findall(triple_pattern(sender), text)


def triple_pattern(sender: str) -> str:
    """What a sender's triple looks like, up to the hour; its group is the identifier."""
    return re.escape(sender) + rf" ?, ?(.{{1,{LONGEST_KEY}}}?) ?, ?\d{{4}}-\d\d-\d\dt"


def reference_text(item: Reference) -> str:
    """A reference as CAP 1.2 writes it."""
    return f"{item.sender},{item.identifier},{item.sent.text}"


def _first_named(alert: Alert) -> datetime | None:
    """When the first message that it names was sent: it may never have reached us."""
    mine = key(alert.sender)
    moments = (item.sent.instant for item in alert.references if key(item.sender) == mine)
    return min((moment for moment in moments if moment), default=None)


def _is_blocked(infos: Sequence[Info]) -> bool:
    return any(
        pair.name.casefold() == "blockchannel" and pair.value.strip().casefold() == "public"
        for info in infos
        for pair in info.parameters
    )


def _is_test(infos: Sequence[Info], codes: Collection[Code]) -> bool:
    """Whether its sender's software marks it as a test, while the status may say Actual (F-26): by a code of tests beside another
    code, or by the parameter that Luxembourg uses (A-163). A test's code alone belongs to no programme anyway."""
    is_mixed = any(code in TEST_CODES for code in codes) and any(code not in TEST_CODES for code in codes)
    return is_mixed or any(
        pair.name.casefold().endswith("cb-eu-level") and pair.value.strip().casefold() == "test"
        for info in infos
        for pair in info.parameters
    )


def _doubts(alert: Alert, infos: Sequence[GistInfo], said: tuple[str, ...], *, is_cancel: bool) -> tuple[str, ...]:
    """What a person might want to look at, by what the message says itself. Languages are compared only where it is of a
    programme that is built in, or known by its words."""
    codes = event_codes.ruling(code for info in infos for code in info.codes)
    known = None if is_cancel else recognise(codes, said, tuple(BUILT_IN.values()))
    live = [info for info, one in zip(alert.infos, infos, strict=True) if one.is_live]
    found = {
        "drill": words.says_drill(alert.infos),
        "control": any(map(_is_odd, _displayed(alert.infos))),
        LANGUAGES: (known is not None or bool(said and not is_cancel))
        and contradict(live, is_amber=is_amber(codes, said)),
    }
    return tuple(sorted(doubt for doubt, is_so in found.items() if is_so))


def _displayed(infos: Sequence[Info]) -> list[str]:
    """The texts of an alert that a card shows."""
    texts = [
        text
        for info in infos
        for text in (
            *(info.event, info.headline, info.description, info.instruction, info.sender_name),
            *(info.parameter(name) for name in ("CMAMtext", "CMAMlongtext")),
            *(area.area_desc for area in info.areas),
        )
    ]
    return [text for text in texts if text]


def _is_odd(text: str) -> bool:
    """Whether it has control characters, other than those that part words and lines, or such as change its direction."""
    return bool(DIRECTING.search(text)) or not text.isprintable() and bool(CONTROL.search(text))
