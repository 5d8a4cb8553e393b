"""A card gets its pictures in its next revision, and they are gone when it ends."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta

import msgspec
import pytest
from media_gateway import APP, LOOPBACK, Gateway, walking
from picture_samples import amber, drawn, embedded, linked, opened, with_pictures

from capgateway.cards import Policy
from capgateway.clock import utc_now
from capgateway.feeds import Feed
from capgateway.simulate import story
from capgateway.simulate.feed import Fault, FeedServer
from capgateway.store import Store, corrections, hand, lists, media_rows, pause
from capgateway.store.audit import Act
from capgateway.webhooks import Outlets

TWO_CHILDREN = "Ada Testchild, 7 years old, and Ben Testchild, 9 years old, were last seen in Dallas, Texas."

NOW = utc_now().replace(microsecond=0) - timedelta(minutes=10)


@pytest.fixture
async def gateway(store: Store) -> AsyncIterator[Gateway]:
    async with FeedServer() as server:
        server.publish("ada.jpg", drawn())
        yield Gateway(store, server)


async def test_a_picture_comes_in_the_next_revision(gateway: Gateway) -> None:
    """The card is displayed at once without its picture; the next revision has it, with its size, hash and alternative text."""
    await gateway.take(amber(NOW, linked(gateway.server.url("ada.jpg"))))
    first = await gateway.card()
    assert (first.revision, first.media) == (1, ())
    async with walking(gateway):
        card = await gateway.shows(1)
    (shown,) = card.media
    content = await gateway.content(shown.url)
    assert (card.revision, shown.id, shown.role, shown.mime_type) == (2, "m1", "child", "image/jpeg")
    assert (shown.width, shown.height) == opened(content).size == (120, 150)
    assert shown.sha256 == hashlib.sha256(content).hexdigest()
    assert shown.alt == {"en-US": "Photo of Ada Testchild", "es-US": "Foto: Ada Testchild"}
    assert [person.photo for person in card.children] == ["m1"]
    sent = (await gateway.store.read(lists.delivery_page)).items
    assert [one.type for one in sent] == ["card.updated", "card.published"]


async def test_an_embedded_picture_never_leaves_as_base64(gateway: Gateway) -> None:
    """A picture that the alert contains is served at an address, and no message, card or draft contains its base64 (A-96)."""
    resource = embedded(drawn())
    await gateway.take(amber(NOW, resource))
    async with walking(gateway):
        card = await gateway.shows(1)
    assert opened(await gateway.content(card.media[0].url)).size == (120, 150)
    assert await gateway.rules() == []

    def everything(connection: object) -> str:
        from sqlalchemy import select  # noqa: PLC0415

        from capgateway.store.tables import alerts, card_revisions, messages  # noqa: PLC0415

        columns = (alerts.c.draft, alerts.c.gist, card_revisions.c.body, messages.c.body)
        return repr([list(connection.execute(select(column))) for column in columns])  # type: ignore[attr-defined]

    assert resource.deref_uri is not None
    assert resource.deref_uri[:40] not in await gateway.store.read(everything)


async def test_an_update_with_the_same_picture_has_it_at_once(gateway: Gateway) -> None:
    """An Update that names the same picture shows it in its own revision, at the same address, and it is not fetched again."""
    first = amber(NOW, linked(gateway.server.url("ada.jpg")))
    await gateway.take(first)
    async with walking(gateway):
        before = await gateway.shows(1)
        await gateway.take(story.update(NOW + timedelta(minutes=1), first))
        after = await gateway.card()
    assert (after.revision, after.media) == (3, before.media)
    assert len(gateway.server.requests_for("ada.jpg")) == 1


async def test_an_update_without_the_picture_deletes_it(gateway: Gateway) -> None:
    """What the issuer no longer shows is deleted, and its address does not answer any more."""
    first = amber(NOW, linked(gateway.server.url("ada.jpg")))
    await gateway.take(first)
    async with walking(gateway):
        before = await gateway.shows(1)
        await gateway.take(with_pictures(story.update(NOW + timedelta(minutes=1), first)))
    assert (await gateway.card()).media == ()
    assert await gateway.serve(before.media[0].url) is None
    assert await gateway.rows() == ([], [])


async def test_the_end_of_a_card_deletes_its_pictures(gateway: Gateway) -> None:
    """In the unit that ends the card, the bytes leave the database; the address says that they are gone."""
    first = amber(NOW, linked(gateway.server.url("ada.jpg")))
    await gateway.take(first)
    async with walking(gateway):
        shown = (await gateway.shows(1)).media[0]
        await gateway.take(story.cancel(NOW + timedelta(minutes=1), first))
    stored, rows = await gateway.rows()
    assert (stored, [row["gone_at"] is not None for row in rows]) == ([], [True])
    assert await gateway.serve(shown.url) == "gone"


async def test_what_a_person_removed_stays_away(gateway: Gateway) -> None:
    """A picture that a person took from the card is deleted, and does not come back with the next Update."""
    first = amber(NOW, linked(gateway.server.url("ada.jpg")))
    await gateway.take(first)
    async with walking(gateway):
        shown = (await gateway.shows(1)).media[0]
        assert await gateway.store.write_alone(media_rows.remove, (await gateway.card()).card_id, "m1")
        assert not await gateway.store.write_alone(media_rows.remove, (await gateway.card()).card_id, "m1")
        await gateway.take(story.update(NOW + timedelta(minutes=1), first))
        await gateway.settled()
    assert await gateway.serve(shown.url) is None
    assert ((await gateway.card()).media, (await gateway.rows())[0]) == ((), [])


async def test_a_correction_removes_a_picture_for_good(gateway: Gateway) -> None:
    """`cards correct` deletes the picture in the same unit, and neither an Update nor the same file at another address brings it
    back; the other pictures stay."""
    gateway.server.publish("again.jpg", drawn())
    gateway.server.publish("car.png", drawn("PNG", (80, 60)))
    car = linked(gateway.server.url("car.png"), "Suspect vehicle")
    first = amber(NOW, linked(gateway.server.url("ada.jpg")), car)
    await gateway.take(first)
    async with walking(gateway):
        before = await gateway.shows(2)
        act = Act(actor="test", reason="the wrong child")
        await gateway.store.write_alone(corrections.correct, before.card_id, ["/media/0"], gateway.policy, act)
        assert [one.id for one in (await gateway.card()).media] == ["m2"]
        assert await gateway.serve(before.media[0].url) is None
        update = story.update(NOW + timedelta(minutes=1), first)
        await gateway.take(with_pictures(update, linked(gateway.server.url("again.jpg")), *update.infos[0].resources))
        await gateway.settled()
    after = await gateway.card()
    assert (after.source.msg_type, after.media) == ("Update", before.media[1:])
    assert len((await gateway.rows())[0]) == 1


async def test_a_picture_that_is_ready_in_a_pause_is_shown_after_it(gateway: Gateway) -> None:
    """A pause holds back the revision that has the picture, and no more."""
    await gateway.take(amber(NOW, linked(gateway.server.url("ada.jpg"))))
    await gateway.store.write_alone(pause.pause, Act(actor="test", reason="a drill"))
    async with walking(gateway):
        card = await gateway.shows(1)
    assert (card.revision, (await gateway.rows())[0][0]["state"]) == (2, "ready")
    newest = (await gateway.store.read(lists.delivery_page)).items[0]
    assert (newest.type, newest.state) == ("card.updated", "pending")


async def test_a_picture_is_fetched_once_for_all_cards(gateway: Gateway) -> None:
    """Two cards with the same picture share it under different addresses; the end of one leaves it to the other."""
    picture = linked(gateway.server.url("ada.jpg"))
    cases = [with_pictures(story.amber(NOW, case), picture) for case in (1, 2)]
    for alert in cases:
        await gateway.take(alert)
    async with walking(gateway, gateway.walk()):
        await gateway.shows(1)
        one, other = [each.card.media[0].url for each in (await gateway.store.read(lists.card_page)).items if each.card]
        await gateway.take(story.cancel(NOW + timedelta(minutes=1), cases[0]))
    assert len(gateway.server.requests_for("ada.jpg")) == 1
    assert one != other
    assert await gateway.serve(other) == "gone"
    assert opened(await gateway.content(one)).size == (120, 150)


async def test_two_languages_announce_one_picture(gateway: Gateway) -> None:
    """What both languages announce is one picture; where their descriptions do not agree, it has no role."""
    alert = story.amber(NOW)
    each = [linked(gateway.server.url("ada.jpg"), text) for text in ("Missing child", "Sospechoso")]
    infos = tuple(msgspec.structs.replace(info, resources=(one,)) for info, one in zip(alert.infos, each, strict=True))
    await gateway.take(msgspec.structs.replace(alert, infos=infos))
    async with walking(gateway):
        card = await gateway.shows(1)
    assert [one.role for one in card.media] == ["other"]


async def test_a_failure_for_now_is_tried_again(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server in trouble is asked again while the card is live; until then the card says so in a finding."""
    monkeypatch.setattr("capgateway.media.walk.FIRST_PAUSE", 0.1)
    gateway.server.misbehave("ada.jpg", Fault(status=503), times=2)
    await gateway.take(amber(NOW, linked(gateway.server.url("ada.jpg"))))
    async with walking(gateway):
        await gateway.settled()
        finding = (await gateway.findings())[:1]
        card = await gateway.shows(1)
    assert [(one.rule, "tried again" in one.message) for one in finding] in ([], [("media.fetch", True)])
    assert (card.revision, await gateway.rules()) == (2, [])
    assert [one.status for one in gateway.server.requests_for("ada.jpg")] == [503, 503, 200]


@pytest.mark.parametrize(
    ("facts", "shown"),
    [
        (("children", "suspects", "vehicles"), ["child", "vehicle", "other"]),
        (("children",), ["child"]),
        (("vehicles", "last_seen"), ["vehicle"]),
        ((), []),
    ],
)
async def test_facts_decide_which_pictures_are_shown(store: Store, facts: tuple[str, ...], shown: list[str]) -> None:
    """A card shows no picture of what its policy does not let it show, and none is fetched; what a picture of nobody in
    particular shows must be allowed whatever it is."""
    async with FeedServer() as server:
        for name in ("a", "b", "c"):
            server.publish(name, drawn())
        gateway = Gateway(store, server, policy=Policy(regions=("US-TX",), facts=facts))  # type: ignore[arg-type]
        said = {"a": "Missing child", "b": "Suspect vehicle", "c": "Poster"}
        await gateway.take(amber(NOW, *(linked(server.url(name), text) for name, text in said.items())))
        async with walking(gateway):
            card = await gateway.shows(len(shown))
        assert [one.role for one in card.media] == shown
        assert len((await gateway.rows())[0]) == len(shown)


async def test_a_feed_gets_pictures_from_its_own_hosts_only(store: Store) -> None:
    """A picture that one feed may have is not shown on the card of another that may not have it, and the other way round."""
    async with FeedServer() as server:
        server.publish("ada.jpg", drawn())
        own = Feed(name="own", kind="atom", url=server.url("index.atom"), allow_networks=LOOPBACK)
        foreign = Feed(name="foreign", kind="push", allow_networks=LOOPBACK)
        gateway = Gateway(store, server, foreign, own)
        picture = linked(server.url("ada.jpg"))
        await gateway.take(with_pictures(story.amber(NOW, 1), picture), "foreign")
        async with walking(gateway):
            await gateway.settled()
            assert await gateway.rules() == ["media.fetch"]
            assert server.requests_for("ada.jpg") == []
            await gateway.take(with_pictures(story.amber(NOW, 2), picture), "own")
            await gateway.shows(1)  # that another feed could not have it costs this one nothing
        cards = [one.card for one in (await store.read(lists.card_page)).items]
        assert [len(card.media) for card in cards if card] == [1, 0]


async def test_a_card_that_takes_anothers_place_has_its_own_addresses(gateway: Gateway) -> None:
    """Where a receiver wants a card back that it has left, the new card shows the same picture at another address, and the old
    address is gone."""
    first = amber(NOW, linked(gateway.server.url("ada.jpg")))
    await gateway.take(first)
    async with walking(gateway):
        before = await gateway.shows(1)
        from capgateway.store import cards as card_rows  # noqa: PLC0415

        for regions in (("CA",), ()):
            here = msgspec.structs.replace(APP, regions=regions)
            gateway.store.outlets = Outlets(receivers=(here,), public_url="https://cap.example")
            await gateway.store.write_alone(card_rows.route_again)
    after = await gateway.card()
    assert after.card_id != before.card_id
    assert await gateway.serve(before.media[0].url) == "gone"
    assert opened(await gateway.content(after.media[0].url)).size == (120, 150)


async def test_a_restored_card_has_its_picture_again(gateway: Gateway) -> None:
    """Withdrawn, the picture is gone at once; restored, it is fetched anew and shown at another address."""
    await gateway.take(amber(NOW, linked(gateway.server.url("ada.jpg"))))
    act = Act(actor="test", reason="a mistake")
    async with walking(gateway):
        before = await gateway.shows(1)
        await gateway.store.write_alone(hand.withdraw, before.card_id, gateway.policy, act)
        assert (await gateway.serve(before.media[0].url), (await gateway.rows())[0]) == ("gone", [])
        await gateway.store.write_alone(hand.restore, before.card_id, gateway.policy, act)
        after = await gateway.shows(1)
    assert await gateway.serve(before.media[0].url) == "gone"
    assert opened(await gateway.content(after.media[0].url)).size == (120, 150)
    assert len(gateway.server.requests_for("ada.jpg")) == 2


async def test_an_identifier_is_never_given_twice(gateway: Gateway) -> None:
    """An Update drops the picture and the next one brings another: receivers that keep pictures by their ids must not show the
    first one for it."""
    gateway.server.publish("other.jpg", drawn(size=(60, 80)))
    first = amber(NOW, linked(gateway.server.url("ada.jpg")))
    await gateway.take(first)
    async with walking(gateway):
        before = (await gateway.shows(1)).media[0]
        without = with_pictures(story.update(NOW + timedelta(minutes=1), first))
        await gateway.take(without)
        assert (await gateway.card()).media == ()
        update = story.update(NOW + timedelta(minutes=2), without)
        await gateway.take(with_pictures(update, linked(gateway.server.url("other.jpg"))))
        after = (await gateway.shows(1)).media[0]
    assert (before.id, after.id, await gateway.serve(before.url)) == ("m1", "m2", None)


async def test_a_picture_is_named_only_where_no_other_could_be_meant(gateway: Gateway) -> None:
    """Of two pictures of a child, the one that can be shown may be the other child's: neither is named, nor is it a person's photo."""
    two = [linked(gateway.server.url(name), f"Photo of missing child {name}") for name in ("ada.jpg", "missing.jpg")]
    await gateway.take(amber(NOW, *two))
    async with walking(gateway):
        card = await gateway.shows(1)
    assert [one.photo for one in card.children] == [None]
    assert card.media[0].alt["en-US"] == "Photo of the child"


async def test_a_picture_is_not_named_after_the_child_that_is_left(gateway: Gateway) -> None:
    """A person removed one of two children from the card: the only picture may be that child's."""
    alert = amber(NOW, linked(gateway.server.url("ada.jpg")))
    infos = tuple(msgspec.structs.replace(info, description=TWO_CHILDREN) for info in alert.infos[:1])
    await gateway.take(msgspec.structs.replace(alert, infos=infos))
    act = Act(actor="test", reason="found")
    async with walking(gateway):
        card = await gateway.shows(1)
        assert [one.name for one in card.children] == ["Ada Testchild", "Ben Testchild"]
        await gateway.store.write_alone(corrections.correct, card.card_id, ["/children/0"], gateway.policy, act)
        card = await gateway.card()
    assert [(one.name, one.photo) for one in card.children] == [("Ben Testchild", None)]
    assert card.media[0].alt["en-US"] == "Photo of the child"
