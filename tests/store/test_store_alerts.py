"""Documents going in: once, twice, broken, in conflict, and tied into chains."""

from __future__ import annotations

from itertools import permutations

import pytest
from msgspec.structs import replace
from store_story import NOW, POLICY, chain, contents, states, take

from capgateway import cap
from capgateway.clock import utc_now
from capgateway.simulate import story
from capgateway.store import Store, again, chains, lists, retention

ALERT = story.amber(NOW)


def document(alert: cap.Alert, comment: str) -> bytes:
    """The same alert in other bytes."""
    return cap.write(alert).replace(b"</alert>", f"<!-- {comment} --></alert>".encode())


async def test_twice_is_once(store: Store) -> None:
    """Taking the same bytes in again is decided unchanged and alters no row of any table."""
    first = await take(store, ALERT)
    before = await contents(store)
    second = await take(store, ALERT)
    assert (first.decision.word, first.is_new, first.messages) == ("published", True, 1)
    assert (second.decision.word, second.is_new, second.messages) == ("unchanged", False, 0)
    assert (second.alert_id, await contents(store)) == (first.alert_id, before)


async def test_other_bytes_of_the_same_alert_are_a_sighting(store: Store) -> None:
    """Feeds wrap and re-indent: the same alert from another feed in other bytes only adds a sighting."""
    await take(store, ALERT)
    before = await contents(store)
    again = await take(store, document(ALERT, "wrapped"), feed="another")
    after = await contents(store)
    assert again.decision.word == "unchanged"
    assert len(after.pop("sightings")) == len(before.pop("sightings")) + 1
    assert after == before


async def test_a_conflict_keeps_the_first(store: Store) -> None:
    """The same sender, identifier and sent with other content is held back, and the card stays as it was."""
    first = await take(store, ALERT)
    other = replace(ALERT, infos=(replace(ALERT.infos[0], headline="Quite another child"),))
    second, third = await take(store, other), await take(store, other)
    assert (second.decision.word, second.decision.reason) == ("quarantined", "conflict")
    assert second.alert_id != first.alert_id
    assert (third.alert_id, third.decision.word, third.is_new) == (second.alert_id, "unchanged", False)
    assert [card.revision for card in (await store.read(lists.card_page)).items] == [1]
    assert (await store.read(lists.original, first.alert_id)) == cap.write(ALERT)


def altered(alert: cap.Alert = ALERT, **fields: object) -> cap.Alert:
    return replace(alert, infos=(replace(alert.infos[0], **fields),))


async def test_a_copy_that_made_no_card_gives_way(store: Store) -> None:
    """An alert is not lost because another feed brought something else under its name first, a storm or what is meant for
    another state; that is held back, and does not come back."""
    oklahoma = (cap.Area(area_desc="Bryan County, OK", geocodes=(cap.Named(name="SAME", value="040013"),)),)
    storm = altered(event="Thunderstorm", event_codes=(), headline="Hail")
    for number, copy in enumerate((storm, altered(areas=oklahoma))):
        other, alert = (replace(one, identifier=f"TX-{number}") for one in (copy, ALERT))
        first, second = await take(store, other, feed="another"), await take(store, alert)
        assert first.decision.word == "ignored"
        assert (second.decision.word, second.messages, second.alert_id) == ("published", 1, first.alert_id)
        again, once_more = await take(store, other, feed="another"), await take(store, alert)
        assert (again.decision.word, once_more.decision.word) == ("unchanged", "unchanged")
        assert await store.read(lists.original, again.alert_id) == cap.write(other)
        assert await store.read(lists.original, second.alert_id) == cap.write(alert)
        held = await store.read(lists.one_alert, again.alert_id)
        assert held is not None
        assert (held.decision, held.reason) == ("quarantined", "conflict")


async def test_what_may_end_something_else_does_not_give_way(store: Store) -> None:
    """Two updates under one name that speak of different alerts: the first is kept."""
    first, second = replace(ALERT, identifier="first"), replace(ALERT, identifier="second")
    storm = altered(story.update(NOW, first), event="Thunderstorm", event_codes=(), headline="Hail")
    assert (await take(store, storm)).decision.reason == "no_programme"
    taken = await take(store, replace(story.update(NOW, second), identifier=storm.identifier, sent=storm.sent))
    assert (taken.decision.word, taken.decision.reason) == ("quarantined", "conflict")


async def test_a_test_under_the_name_of_a_cancel_keeps_nothing_up(store: Store) -> None:
    """It takes part in nothing, whatever it refers to; the Cancel that comes after it ends what comes after that."""
    cancel = story.cancel(NOW, ALERT)
    await take(store, replace(cancel, status="Test", note="A drill."), feed="another")
    await take(store, cancel)
    await take(store, ALERT)
    assert not (await store.read(lists.card_page, state="active")).items
    before = await contents(store)
    for copy in (replace(cancel, status="Test", note="A drill."), cancel, ALERT):
        await take(store, copy)
    after = await contents(store)
    assert {name: after[name] for name in ("alerts", "cards")} == {name: before[name] for name in ("alerts", "cards")}


async def test_what_was_ever_shown_does_not_give_way(store: Store) -> None:
    """Also to what is signed: taking a card's ground away could leave it up for good."""
    first = await take(store, ALERT)
    second = await take(store, altered(headline="Quite another child"), signature="valid")
    assert (second.decision.word, second.decision.reason) == ("quarantined", "conflict")
    assert (await take(store, story.cancel(NOW, ALERT))).decision.word == "ended"
    assert (await take(store, ALERT)).alert_id == first.alert_id


async def test_a_broken_copy_does_not_stand_in_the_way(store: Store) -> None:
    """What breaks off is held under the hash of its bytes, twice the same; the whole copy that comes later counts."""
    whole = cap.write(ALERT)
    broken, again = await take(store, whole[:-200]), await take(store, whole[:-200])
    assert (broken.decision.word, broken.decision.reason) == ("quarantined", "unreadable")
    assert (again.alert_id, again.is_new) == (broken.alert_id, False)
    assert (await take(store, whole)).decision.word == "published"
    assert (await store.read(lists.original, broken.alert_id)) == whole[:-200]


async def test_a_stranger_does_not_take_the_place_of_a_sender(store: Store) -> None:
    """A copy refused for its sender on one feed neither blocks it on another feed, nor joins its chain."""
    refused = await take(store, ALERT, senders=["someone@else.example"])
    taken = await take(store, ALERT, feed="another")
    refused_cancel = await take(store, story.cancel(NOW, ALERT), senders=["someone@else.example"])
    assert (refused.decision.reason, taken.decision.word) == ("sender", "published")
    assert refused_cancel.decision.reason == "sender"
    assert [card.state for card in (await store.read(lists.card_page)).items] == ["active"]


@pytest.mark.parametrize("order", ["forwards", "backwards"])
async def test_a_chain_is_found_over_several_steps(store: Store, order: str) -> None:
    """Each message refers only to the one before it, and still the last to arrive is decided with all of them."""
    links = chain() if order == "forwards" else chain()[::-1]
    *_, last = [await take(store, link) for link in links]
    _, chain_id = await store.read(chains.one, last.alert_id)
    found = await store.read(chains.members, [chain_id], but=last.alert_id)
    assert {member.gist.identifier for member in found} == {link.identifier for link in links[:-1]}
    assert not (await store.read(lists.card_page, state="active")).items


async def test_references_of_others_tie_nothing(store: Store) -> None:
    """Another sender's Cancel that names our alert, and one of our numbers under another sender, are no part of it."""
    await take(store, ALERT)
    cancel = story.cancel(NOW, ALERT)
    hijack = await take(store, replace(cancel, sender="someone@else.example"))
    assert (hijack.decision.word, hijack.decision.reason) == ("quarantined", "cross_sender")
    namesake = replace(cancel.references[0], sender="someone@else.example")
    await take(store, replace(cancel, sender="someone@else.example", identifier="X", references=(namesake,)))
    assert [card.state for card in (await store.read(lists.card_page)).items] == ["active"]


async def test_erased_originals_still_hold_a_chain_together(store: Store) -> None:
    """Once the bytes of Alert and Updates are gone, a Cancel that names only the last still takes the card down."""
    *earlier, cancel = chain()
    for link in earlier:
        await take(store, link)
    everything = [alert.id for alert in (await store.read(lists.alert_page)).items]
    await store.write(retention.erase_alerts, everything)
    assert (await take(store, cancel)).decision.word == "ended"
    assert (await take(store, earlier[0])).decision.word == "unchanged"
    assert await states(store) == [
        "card.published superseded",
        "card.updated superseded",
        "card.updated superseded",
        "card.cancelled pending",
    ]


async def test_deciding_again_leaves_what_stands(store: Store) -> None:
    """A restart decides live alerts anew; under the same policy that alters no row."""
    for link in chain()[:3]:
        await take(store, link)
    before = await contents(store)
    for alert_id in await store.read(again.undecided_by_policy, utc_now(), POLICY):
        assert (await store.write_alone(again.decide_again, alert_id, POLICY)).messages == 0
    assert await contents(store) == before


async def test_deciding_again_under_other_regions(store: Store) -> None:
    """Narrowed regions take the card down as left; widened again they make a new card, the ended one stays ended."""
    taken = await take(store, ALERT)
    elsewhere = replace(POLICY, regions=("CA",))
    ended = await store.write_alone(again.decide_again, taken.alert_id, elsewhere)
    assert (ended.decision.word, ended.decision.reason) == ("ended", "left_region")
    assert await store.read(again.undecided_by_policy, utc_now(), POLICY) == [taken.alert_id]
    shown = await store.write_alone(again.decide_again, taken.alert_id, POLICY)
    assert shown.decision.word == "published"
    cards_now = (await store.read(lists.card_page)).items
    assert sorted(card.state for card in cards_now) == ["active", "ended"]
    assert len({card.card_id for card in cards_now}) == 2


@pytest.mark.parametrize(
    "name",
    [
        "TX-" + "9" * 250,
        "".join(chr(0x1F300 + number % 700) for number in range(500)),
        "\u202eRTL\u2066\ufeff\ufffd\u0301\x7f\U0010fffd",
        "';DROP/**/TABLE/**/alerts;--",
        "%s{}:name?",
    ],
)
async def test_hostile_names_fit(store: Store, name: str) -> None:
    """Whatever stands in identifier, sender, references, event and codes, the insert and the chain hold."""
    first = replace(ALERT, identifier=name, infos=tuple(replace(info, event=name * 9) for info in ALERT.infos))
    taken = await take(store, first)
    assert taken.alert_id
    await take(store, story.cancel(NOW, first))
    assert not (await store.read(lists.card_page, state="active")).items
    found = (await store.read(lists.alert_page, identifier=name)).items
    assert [(alert.identifier, alert.event) for alert in found] == [(name, name * 9)]


async def test_names_beyond_every_bound_are_held(store: Store) -> None:
    """An identifier no index takes is unidentifiable: quarantined with its first characters, its bytes kept."""
    monster = replace(ALERT, identifier="".join(chr(0x10000 + number) for number in range(30_000)))
    taken = await take(store, monster)
    assert (taken.decision.word, taken.decision.reason) == ("quarantined", "unidentifiable")
    assert await store.read(lists.original, taken.alert_id) == cap.write(monster)
    stored = await store.read(lists.one_alert, taken.alert_id)
    assert stored is not None
    assert stored.identifier
    assert monster.identifier.startswith(stored.identifier)


@pytest.mark.parametrize("linking", ["to all", "to the last"])
async def test_every_order_of_arrival_ends_down(sqlite_url: str, linking: str) -> None:
    """Alert, two Updates and a Cancel, in all 24 orders: no card is left, and every lane's last word is a take-down."""
    store = Store.open(sqlite_url)
    for number, order in enumerate(permutations(range(4))):
        links = chain(f"TX-{number}")
        if linking == "to all":
            links[3] = replace(links[3], references=tuple(story.cancel(NOW, *links[:3]).references))
        for position in order:
            await take(store, links[position])
    assert not (await store.read(lists.card_page, state="active")).items
    last: dict[str, str] = {}
    page = await store.read(lists.delivery_page, limit=1000)
    for each in sorted(page.items, key=lambda each: each.sequence):
        last[each.card_id or ""] = f"{each.action} {each.state}"
    assert set(last.values()) == {"take_down pending"}
    assert len(last) == len((await store.read(lists.card_page, limit=1000)).items)
    store.close()


async def test_every_order_of_arrival_shows_the_newest(store: Store) -> None:
    """Without a Cancel every order ends with one card of the chain on display, and it says what the last Update says."""
    for number, order in enumerate(permutations(range(3))):
        links = chain(f"TX-{number}")[:3]
        for position in order:
            await take(store, links[position])
    shown = [card.card for card in (await store.read(lists.card_page, state="active")).items]
    assert sorted(card.source.identifier for card in shown if card) == [f"TX-{number}-U2" for number in range(6)]
