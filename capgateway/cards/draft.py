"""The draft of a card: what one alert gives to say, before identity, area and policy are known. All of it is personal data:
erasing an alert erases its draft, and a decision never reads one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

import msgspec

from capgateway import cap
from capgateway.cards import extract, traits
from capgateway.cards.area import DraftArea, draft_area, drawings, resolved
from capgateway.cards.card import Action, Content, EventCode, Label
from capgateway.cards.gist import Gist, reference_text
from capgateway.cards.pictures import Picture, pictures
from capgateway.cards.programmes import KNOWN_CODES, is_amber
from capgateway.cards.traits import Traits
from capgateway.places import ATLAS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from capgateway.cap import Alert, Info
    from capgateway.cards.policy import Policy
    from capgateway.places import Atlas

TEXTS = ("description", "headline", "instruction", "short", "long", "event")
NO_FACTS = extract.Facts()
PARAGRAPH = "\n\n"
DETAILS: Label = {"en": "Details", "es": "Detalles", "fr": "Détails"}
CALL: Label = {"en": "Call", "es": "Llame al", "fr": "Appelez le"}
NANP_NUMBER = re.compile(r"(?<![\d-])(?:\+?1[-. ]?)?\(?([2-9]\d{2})\)?[-. ]{0,2}([2-9]\d{2})[-. ]?(\d{4})(?![\d-])")


class Draft(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The issuer's words from the info blocks that are live, and what their area blocks say; ``actions`` are the calls to
    action that the alert itself asks for."""

    issuer: str
    content: dict[str, Content] = {}
    actions: tuple[Action, ...] = ()
    area: DraftArea = DraftArea()
    references: tuple[str, ...] = ()
    event_codes: tuple[EventCode, ...] = ()
    case_number: str | None = None
    traits: Traits = Traits()
    pictures: tuple[Picture, ...] = ()
    facts: extract.Facts = NO_FACTS


def draft(alert: Alert, gist: Gist, *, profile: str | None = None, atlas: Atlas = ATLAS) -> Draft:
    """The draft of an alert whose gist is known. ``profile`` is the one it is judged by, its own where none is given."""
    infos = [info for info, known in zip(alert.infos, gist.infos, strict=True) if known.is_live]
    content = _content(infos)
    codes = dict.fromkeys((pair.name, pair.value) for info in alert.infos for pair in info.event_codes)
    read = _facts(content, infos, gist, alert) if gist.codes or gist.said else NO_FACTS
    return Draft(
        issuer=next((info.sender_name for info in infos if info.sender_name), alert.sender),
        content=content,
        actions=_actions(infos, tuple(content), read.contacts),
        area=_area(infos, profile or cap.choose_profile(alert, "auto"), atlas, drawings(alert.infos)),
        references=tuple(map(reference_text, alert.references)),
        event_codes=tuple(EventCode(name=name, value=value) for name, value in codes),
        case_number=traits.case_number(alert),
        traits=_traits(alert, gist, read),
        facts=read,
        pictures=pictures(alert, gist),
    )


def _traits(alert: Alert, gist: Gist, read: extract.Facts) -> Traits:
    """What is sure of the persons sought, and the numbers of the case."""

    def sure(pointer: str) -> bool:
        return pointer in read.evidence and read.evidence[pointer].confidence != "medium"

    children = [(f"/children/{at}", person) for at, person in enumerate(read.children)][: traits.MOST]
    place = read.last_seen.place if read.last_seen and sure("/last_seen/place") else None
    return Traits(
        names=tuple(sorted(traits.name(person.name) for at, person in children if person.name and sure(f"{at}/name"))),
        ages=tuple(
            sorted(
                f"{person.age.value} {person.age.unit}" for at, person in children if person.age and sure(f"{at}/age")
            )
        ),
        sexes=tuple(sorted(person.sex for at, person in children if person.sex and sure(f"{at}/sex"))),
        plates=traits.plates(
            vehicle.plate
            for at, vehicle in enumerate(read.vehicles)
            if vehicle.plate and not vehicle.plate_partial and sure(f"/vehicles/{at}/plate")
        ),
        place=traits.place(place) if place else "",
        numbers=traits.numbers(alert),
        alerts=_alerts(gist),
    )


def _facts(content: Mapping[str, Content], infos: Sequence[Info], gist: Gist, alert: Alert) -> extract.Facts:
    """What the texts say, and the parameters that give facts by themselves. A fault in reading them must never keep an alert from
    being displayed: then the issuer's words are all there is."""
    parameters = dict.fromkeys(
        (language_tag(info.language), pair.name, pair.value) for info in infos for pair in info.parameters if pair.value
    )
    sent = extract.local(alert.sent.text, alert.sent.instant) if alert.sent else None
    texts, given = [*texts_of(content), *extract.spoken(parameters)], [extract.Given(*one) for one in parameters]
    try:
        return extract.facts(texts, given=given, is_amber=is_amber(gist.codes, gist.said), sent=sent)
    except Exception:  # noqa: BLE001  (whatever it is: the words are shown)
        return NO_FACTS


def texts_of(content: Mapping[str, Content]) -> list[extract.Text]:
    """The texts of each language, the most telling one first."""
    return [
        extract.Text(language, field, text)
        for language, one in content.items()
        for field in TEXTS
        if (text := getattr(one, field))
    ]


def _alerts(gist: Gist) -> tuple[str, ...]:
    """Its own name, and those that it refers to, other senders' among them: by these, cards of one incident are found."""
    names = dict.fromkeys([(gist.sender_key, gist.identifier_key), *gist.named()])
    return tuple("\n".join(name) for name in names)[: traits.MOST]


def may_display(gist: Gist, policy: Policy) -> bool:
    """Whether an alert may well make a card, so that its draft is worth keeping: it is of an enabled programme or one that is
    built in, or has no code. For others the draft is made when their programme is enabled."""
    codes = gist.codes
    is_known = not codes or any(code in KNOWN_CODES for code in codes) or policy.recognise(gist) is not None
    return gist.msg_type in ("Alert", "Update") and is_known


def _area(infos: Sequence[Info], profile: str | None, atlas: Atlas, count: int) -> DraftArea:
    found = [resolved(areas, profile, atlas, drawings=count) for areas in dict.fromkeys(info.areas for info in infos)]
    return draft_area(found, [area.area_desc for info in infos for area in info.areas if area.area_desc], atlas)


def _content(infos: Sequence[Info]) -> dict[str, Content]:
    """One entry per language, in the order of the message. Several blocks in one language are one sequence: a later one may add to
    what the first says, never override it (CAP 1.2 §3.2.2), and nothing of it is lost."""
    languages: dict[str, list[Info]] = {}
    for info in infos:
        languages.setdefault(language_tag(info.language), []).append(info)
    return {language: _texts(blocks) for language, blocks in languages.items()}


def _texts(blocks: Sequence[Info]) -> Content:
    def first(name: str) -> str | None:
        return next((text for block in blocks if (text := getattr(block, name))), None)

    def joined(texts: Iterable[str | None]) -> str | None:
        return PARAGRAPH.join(dict.fromkeys(text for text in texts if text)) or None

    headline, event = first("headline"), first("event") or ""
    told = (
        text for block in blocks for text in (block.headline if block.headline != headline else None, block.description)
    )
    descriptions = dict.fromkeys(area.area_desc for block in blocks for area in block.areas if area.area_desc)
    place = "; ".join(descriptions) or None
    spoken = [text.strip() for text in (headline or event, place, first("sender_name")) if text]
    return Content(
        event=event,
        headline=headline,
        description=joined(told),
        instruction=joined(block.instruction for block in blocks),
        area=place,
        short=joined(block.parameter("CMAMtext") for block in blocks),
        long=joined(block.parameter("CMAMlongtext") for block in blocks),
        accessibility=". ".join(spoken),
    )


def language_tag(text: str) -> str:
    """The tag in its usual letter case: ``zh-tw`` is ``zh-TW`` (RFC 5646 §2.1.1)."""
    first, *rest = text.split("-")
    region = len("US")
    return "-".join([first.lower(), *(part.upper() if len(part) == region else part for part in rest)])


def _actions(infos: Sequence[Info], languages: Sequence[str], contacts: Sequence[extract.Call]) -> tuple[Action, ...]:
    """The alert's own ``web`` addresses, the telephone numbers of its ``contact``, and what its texts ask to call or to open. Each
    once."""
    webs = dict.fromkeys(info.web.strip() for info in infos if info.web and _is_web(info.web))
    numbers = dict.fromkeys(
        "-".join(match.groups()) for info in infos for match in NANP_NUMBER.finditer(info.contact or "")
    )
    asked: dict[tuple[Literal["call", "open"], str], None] = {
        **{("open", web): None for web in webs},
        **{("call", number): None for number in numbers},
        **{(one.type, one.value): None for one in contacts},
    }
    return tuple(
        Action(
            type=kind,
            value=value,
            label=_label(CALL, languages, value) if kind == "call" else _label(DETAILS, languages),
            origin="cap",
        )
        for kind, value in asked
    )


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
