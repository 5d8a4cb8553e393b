"""Draft → card: the issuer's words kept verbatim, with the identity, area and calls to action that were decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from capgateway.cards import pictures
from capgateway.cards.area import card_area, touches
from capgateway.cards.card import Action, Card, CardArea, Issuer, Media, Person, Source
from capgateway.cards.correct import without
from capgateway.cards.lines import is_adult
from capgateway.cards.member import Member
from capgateway.cards.programmes import AMBER
from capgateway.cards.telling import allowed, corrected, with_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from capgateway.cards.correct import Correction
    from capgateway.cards.decision import Display
    from capgateway.cards.draft import Draft
    from capgateway.cards.extract import Facts
    from capgateway.cards.pictures import Ready
    from capgateway.cards.policy import Policy


def convert(
    display: Display,
    member: Member,
    draft: Draft,
    policy: Policy,
    corrections: Sequence[Correction] = (),
    ready: Sequence[Ready] = (),
) -> Card:
    """The card that a decision puts on display: ``member`` and ``draft`` are those of the alert that it names, ``corrections``
    the facts that a person removed, and ``ready`` those of its pictures that can be shown."""
    area, rules = card_area(display.target, draft.area, policy.regions), policy.of(display.programme)
    programme = policy.programme(display.programme) or AMBER
    facts = corrected(allowed(draft.facts, rules.facts), corrections)
    only = _only(draft, facts)
    media = _media(ready, draft, facts, corrections, _sure_name(facts) if only else None)
    said = without({"actions": msgspec.to_builtins(draft.actions)}, corrections)["actions"]
    country = area.countries[0] if len(area.countries) == 1 else None
    return Card(
        card_id=display.card_id,
        incident_id=display.incident_id,
        revision=display.revision,
        state=display.state,
        kind=display.programme,
        related=display.related,
        program=programme.called(tuple(draft.content)),
        status="exercise" if member.is_exercise else "actual",
        issuer=Issuer(name=draft.issuer, sender=member.gist.sender, country=country),
        issued_at=display.issued_at,
        updated_at=member.sent_at,
        expires_at=display.expires_at,
        expires_from=display.expires_from,
        content_order=tuple(draft.content),
        content=with_lines(draft.content, facts),
        children=_with_photo(facts.children, media) if only else facts.children,
        suspects=facts.suspects,
        vehicles=facts.vehicles,
        last_seen=facts.last_seen,
        safety=facts.safety,
        actions=_actions(_policy_actions(rules, area), msgspec.convert(said, tuple[Action, ...])),
        media=media,
        area=area,
        source=_source(member, draft),
    )


def _only(draft: Draft, facts: Facts) -> bool:
    """Whether the card's only person is the alert's only one, and the alert has only one picture of such a person. A person or a
    picture that somebody removed from the card still counts: the picture that is left may show them."""
    sought = max(len(draft.facts.children), len(facts.children))
    return bool(facts.children) and pictures.is_of_the_only(draft.pictures, sought)


def _sure_name(facts: Facts) -> str | None:
    read = facts.evidence.get("/children/0/name")
    return facts.children[0].name if read and read.confidence != "medium" else None


def _media(
    ready: Sequence[Ready], draft: Draft, facts: Facts, corrections: Sequence[Correction], name: str | None
) -> tuple[Media, ...]:
    """The pictures that are left. ``name`` is said in the alternative text of the picture of a person sought."""
    is_of_adults = all(map(is_adult, facts.children)) and bool(facts.children)
    media = pictures.media(ready, tuple(draft.content), name=name, is_adult=is_of_adults)
    left = without({"media": msgspec.to_builtins(media)}, corrections)["media"]
    return msgspec.convert(left, tuple[Media, ...])


def _with_photo(sought: tuple[Person, ...], media: Sequence[Media]) -> tuple[Person, ...]:
    photo = pictures.photo(media)
    return tuple(msgspec.structs.replace(person, photo=photo) for person in sought)


def _actions(asked: Iterable[Action], said: Sequence[Action]) -> tuple[Action, ...]:
    """The operator's calls to action, then the alert's own. What both ask for is there once, as the alert's."""
    own = {(action.type, action.value): action for action in said}
    first = [own.pop((action.type, action.value), action) for action in asked]
    return (*first, *own.values())


def _policy_actions(policy: Policy, area: CardArea) -> list[Action]:
    return [
        Action(type=action.type, value=action.value, label=action.label, origin="policy")
        for action in policy.actions
        if touches(area, action.regions)
    ]


def _source(member: Member, draft: Draft) -> Source:
    gist = member.gist
    return Source(
        feed=member.feed,
        identifier=gist.identifier,
        sender=gist.sender,
        sent=gist.sent,
        msg_type=gist.msg_type,
        references=draft.references,
        case_number=draft.case_number,
        cap_version=gist.cap_version,
        profile=member.profile,
        event_codes=draft.event_codes,
        sha256=member.sha256,
        received_at=member.received_at,
        signature=member.signature,
    )
