"""Alert → card: the issuer's words kept verbatim, put where the platform expects them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from capgateway.cap import Alert
from capgateway.cards.area import touches
from capgateway.cards.card import (
    Action,
    Card,
    CardArea,
    Content,
    EventCode,
    ExpiresFrom,
    Issuer,
    Label,
    SignatureNote,
    Source,
)

if TYPE_CHECKING:
    from capgateway.cap import Info
    from capgateway.cards.policy import Policy

DETAILS: Label = {"en": "Details", "es": "Detalles", "fr": "Détails"}
CALL: Label = {"en": "Call", "es": "Llame al", "fr": "Appelez le"}
NANP_NUMBER = re.compile(r"(?<![\d-])(?:\+?1[-. ]?)?\(?([2-9]\d{2})\)?[-. ]{0,2}([2-9]\d{2})[-. ]?(\d{4})(?![\d-])")


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """One alert as the gateway received it: the message and the facts about its coming in. ``jurisdiction`` and
    ``rehearsal`` are its feed's: for where it may speak, empty for anywhere, and whether its words are only practice."""

    alert_id: str
    alert: Alert
    feed: str
    received_at: datetime
    sha256: str
    profile: str | None = None
    signature: SignatureNote = SignatureNote(status="absent", signer=None)
    rehearsal: bool = False
    jurisdiction: tuple[str, ...] = ()

    @property
    def is_exercise(self) -> bool:
        """Whether it may leave only as ``exercise.*``: by its own status, or because its feed rehearses."""
        return self.rehearsal or self.alert.status != "Actual"

    @property
    def sent_at(self) -> datetime:
        """The instant of ``sent``; a member's alert is identifiable, so it has one."""
        sent = self.alert.sent
        return sent.instant if sent and sent.instant else self.received_at


def expiry(member: Member, policy: Policy) -> tuple[datetime, ExpiresFrom]:
    """When the alert ends, and who says so: its last live ``expires``, or the policy where it gives none.

    An alert none of whose info blocks says when it ends lives ``default_lifetime`` from ``sent``; none outlives
    ``max_lifetime`` (CAP 1.2 §3.2.2: without ``expires`` each recipient sets its own policy). What was sent "in the
    future" lives from when it was received: a sender's wrong year must not keep a child on display until then.
    """
    start = min(member.sent_at, member.received_at)
    latest = start + policy.max_lifetime
    given = [info.expires.instant for info in live_infos(member.alert) if info.expires and info.expires.instant]
    if not given:
        return min(start + policy.default_lifetime, latest), "default"
    return (max(given), "cap") if max(given) <= latest else (latest, "max")


def live_infos(alert: Alert) -> tuple[Info, ...]:
    """The info blocks that still call for action: neither ``AllClear`` nor urgency ``Past``. One message may be live
    for one area and over for another."""
    return tuple(info for info in alert.infos if "AllClear" not in info.response_types and info.urgency != "Past")


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """What a card is called and when its story began; given by the life cycle, not by the alert at hand."""

    card_id: str
    incident_id: str
    revision: int
    issued_at: datetime


def convert(member: Member, identity: Identity, area: CardArea, policy: Policy) -> Card:
    """The card of one alert. ``area`` is what :func:`capgateway.cards.area.area` read from its live info blocks."""
    alert, infos = member.alert, live_infos(member.alert)
    expires_at, expires_from = expiry(member, policy)
    content = _content(infos)
    return Card(
        card_id=identity.card_id,
        incident_id=identity.incident_id,
        revision=identity.revision,
        state="active",
        status="exercise" if member.is_exercise else "actual",
        issuer=_issuer(alert, infos, area),
        issued_at=identity.issued_at,
        updated_at=member.sent_at,
        expires_at=expires_at,
        expires_from=expires_from,
        content_order=tuple(content),
        content=content,
        actions=(*_policy_actions(policy, area), *_cap_actions(infos, tuple(content))),
        area=area,
        source=_source(member),
    )


def _issuer(alert: Alert, infos: Sequence[Info], area: CardArea) -> Issuer:
    name = next((info.sender_name for info in infos if info.sender_name), alert.sender)
    country = area.countries[0] if len(area.countries) == 1 else None
    return Issuer(name=name, sender=alert.sender, country=country)


def _content(infos: Sequence[Info]) -> dict[str, Content]:
    """One entry a language, in the order of the message. Of several blocks in one language the first one's texts
    stand; a later one may add what the first leaves out, never override it (CAP 1.2 §3.2.2)."""
    languages: dict[str, list[Info]] = {}
    for info in infos:
        languages.setdefault(language_tag(info.language), []).append(info)
    return {language: _texts(blocks) for language, blocks in languages.items()}


def _texts(blocks: Sequence[Info]) -> Content:
    def first(name: str) -> str | None:
        return next((text for block in blocks if (text := getattr(block, name))), None)

    def parameter(name: str) -> str | None:
        return next((text for block in blocks if (text := block.parameter(name))), None)

    headline, event = first("headline"), first("event") or ""
    descriptions = dict.fromkeys(area.area_desc for block in blocks for area in block.areas if area.area_desc)
    place = "; ".join(descriptions) or None
    spoken = [text.strip() for text in (headline or event, place, first("sender_name")) if text]
    return Content(
        event=event,
        headline=headline,
        description=first("description"),
        instruction=first("instruction"),
        area=place,
        short=parameter("CMAMtext"),
        long=parameter("CMAMlongtext"),
        accessibility=". ".join(spoken),
    )


def language_tag(text: str) -> str:
    """The tag in its usual letter case: ``zh-tw`` is ``zh-TW`` (RFC 5646 §2.1.1)."""
    first, *rest = text.split("-")
    region = len("US")
    return "-".join([first.lower(), *(part.upper() if len(part) == region else part for part in rest)])


def _policy_actions(policy: Policy, area: CardArea) -> list[Action]:
    return [
        Action(type=action.type, value=action.value, label=action.label, origin="policy")
        for action in policy.actions
        if touches(area, action.regions)
    ]


def _cap_actions(infos: Sequence[Info], languages: Sequence[str]) -> list[Action]:
    """The alert's own ``web`` addresses and the telephone numbers of its ``contact``."""
    webs = dict.fromkeys(info.web.strip() for info in infos if info.web and _is_web(info.web))
    numbers = dict.fromkeys(
        "-".join(match.groups()) for info in infos for match in NANP_NUMBER.finditer(info.contact or "")
    )
    return [
        *(Action(type="open", value=web, label=_label(DETAILS, languages), origin="cap") for web in webs),
        *(Action(type="call", value=number, label=_label(CALL, languages, number), origin="cap") for number in numbers),
    ]


def _label(words: Label, languages: Sequence[str], value: str = "") -> Label:
    spoken = [tag for tag in languages if tag[:2] in words] or ["en-US"]
    return {tag: f"{words[tag[:2]]} {value}".strip() for tag in spoken}


def _is_web(text: str) -> bool:
    """Only what a browser opens as a page: no ``javascript:``, no relative address (CAP 1.2 §3.2.2 web)."""
    try:
        parts = urlsplit(text.strip())
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _source(member: Member) -> Source:
    alert = member.alert
    codes = dict.fromkeys((pair.name, pair.value) for info in alert.infos for pair in info.event_codes)
    return Source(
        feed=member.feed,
        identifier=alert.identifier,
        sender=alert.sender,
        sent=alert.sent.text if alert.sent else "",
        msg_type=alert.msg_type,
        references=tuple(f"{item.sender},{item.identifier},{item.sent.text}" for item in alert.references),
        case_number=None,
        cap_version=alert.version,
        profile=member.profile,
        event_codes=tuple(EventCode(name=name, value=value) for name, value in codes),
        sha256=member.sha256,
        received_at=member.received_at,
        signature=member.signature,
    )
