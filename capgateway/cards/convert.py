"""Draft → card: the issuer's words kept verbatim, with the identity, area and calls to action that were decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from capgateway.cards import pictures
from capgateway.cards.area import card_area, touches
from capgateway.cards.card import Action, Card, CardArea, Issuer, Media, Source
from capgateway.cards.correct import without
from capgateway.cards.member import Member
from capgateway.cards.programmes import AMBER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from capgateway.cards.correct import Correction
    from capgateway.cards.decision import Display
    from capgateway.cards.draft import Draft
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
    media = pictures.media(ready, tuple(draft.content))
    facts = without({"actions": msgspec.to_builtins(draft.actions), "media": msgspec.to_builtins(media)}, corrections)
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
        content=draft.content,
        actions=(*_policy_actions(rules, area), *msgspec.convert(facts["actions"], tuple[Action, ...])),
        media=msgspec.convert(facts["media"], tuple[Media, ...]),
        area=area,
        source=_source(member, draft),
    )


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
