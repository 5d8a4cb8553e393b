"""Text from outside: whatever a stranger writes is stored, on both databases, and what is looked up is found again."""

from __future__ import annotations

from hashlib import sha256

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from sqlalchemy import String, Text, TypeDecorator, bindparam, select
from store_story import LEASE, NOW, POLICY, arrival, attempt, chain, take

from capgateway.feeds.http.answer import Validators
from capgateway.store import Body, Finished, MissingEntry, Store, again, deliveries, feeds, lists
from capgateway.store.chains import Names
from capgateway.store.tables import Exact, Told, Word, metadata
from capgateway.webhooks import Delivered

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=40)
NASTY = [
    "\0",
    "a\0b",
    "a?b",
    "\ud800",
    "\udcff\0",
    "\x01",
    "\x01a",
    "\\x00",
    "é\0\N{FACE WITH TEARS OF JOY}",
    "",
    "x" * 3000,
]
OURS = {
    "gateway": {"deployment"},
    "addresses": {"feed", "address", "alert_id", "sha256"},
    "bodies": {"id", "feed", "sha256"},
    "entries": {"feed", "key", "state", "address"},  # a key that is not plain is hashed
    "alerts": {
        *("id", "identity", "chain_id", "feed", "sha256", "content_sha256", "profile", "signature", "verdict"),
        *("decision", "reason", "card_id", "handled", "published_as"),
        *("gist", "draft", "findings"),  # JSON escapes what no database keeps
    },
    "chain_names": {"chain_id"},
    "sightings": {"alert_id", "feed", "sha256"},
    "cards": {
        *("id", "incident_id", "programme", "state", "status", "alert_id", "feed", "chain_id", "target", "end_reason"),
        *("superseded_by", "ended_by"),
    },
    "pictures": {"id", "state", "finding", "mime_type", "sha256", "source_sha256"},
    "card_media": {"token", "card_id", "picture_id", "alert_id", "finding"},
    "alert_traits": {"trait", "alert_id"},
    "corrections": {"id", "card_id", "chain_id", "pointer", "value_sha256"},
    "tombstones": {"triple_sha256"},
    "audit": {"action", "card_id", "alert_id", "detail"},
    "card_revisions": {"card_id", "alert_id", "body"},
    "messages": {"id", "type", "action", "card_id", "sha256"},
    "deliveries": {"id", "message_id", "receiver", "subject", "card_id", "action", "state", "reason"},
    "held_take_downs": {"alert_id"},
    "attention": {"card_id", "alert_id"},
    "gaps": {"feed"},
    "lanes": {"receiver", "subject", "card_id", "delivery_id", "action", "in_flight"},
    "receivers": {"name", "last_outcome"},
    "feed_status": {"name", "lease_owner"},
    "attempts": {"delivery_id", "outcome", "remote", "tls"},
    "sealed_receivers": {"name"},
    "readiness": {"name", "fingerprint"},
    "receiver_troubles": {"receiver", "cause"},
}
"""Columns whose words are the gateway's own or the operator's. A new column is either of these or has a stranger's type."""


def test_every_column_of_text_says_whose_words_it_keeps() -> None:
    """What is not listed as ours takes whatever a stranger writes."""
    plain = {
        name: {column.name for column in table.columns if type(column.type) in (String, Text)}
        for name, table in metadata.tables.items()
    }
    assert {name: found - OURS.get(name, set()) for name, found in plain.items() if found - OURS.get(name, set())} == {}


async def kept(store: Store, kind: TypeDecorator[str], text: str) -> str:
    """The text after its way through the database."""
    found = await store.read(lambda connection: connection.scalar(select(bindparam("x", text, type_=kind))))
    assert isinstance(found, str)
    return found


async def test_nasty_text_is_kept(store: Store) -> None:
    """What is used again comes back as it was; what is only shown, and a word, in some form."""
    for text in NASTY:
        assert await kept(store, Exact(), text) == text
        assert len(await kept(store, Told(), text)) == len(text)
        assert len(await kept(store, Word(20), text)) == min(len(text), 20)


@given(one=ANY_TEXT, other=ANY_TEXT)
@settings(max_examples=300)
def test_no_two_texts_become_one(one: str, other: str) -> None:
    """Escaped or not, each text has a form of its own, which every database keeps."""
    exact, dialect = Exact(), None
    forms = [exact.process_bind_param(text, dialect) for text in (one, other)]  # type: ignore[arg-type]
    assert (forms[0] == forms[1]) is (one == other)
    for text, form in zip((one, other), forms, strict=True):
        assert form is not None
        assert "\0" not in form
        assert form.encode().decode() == form
        assert exact.process_result_value(form, dialect) == text  # type: ignore[arg-type]


async def test_a_feed_may_say_anything(store: Store) -> None:
    """Addresses, media types and tags of a hostile listing are stored, and its entries found again."""
    for number, text in enumerate(NASTY):
        name, said = f"f{number}", Validators(etag=text, last_modified=text)
        body = Body(url=text, status=200, media_type=text, content=b"x")
        await store.write(feeds.save_validators, name, "", said, [body])
        missed = MissingEntry(key=text, link=text, failures=1, retry_at=NOW, envelope_status=text)
        await store.write(feeds.entries_missing, name, [(missed, text)])
        assert (await store.read(feeds.validators))[name][""] == said
        assert await store.read(feeds.known_entries, name, [text, "else"]) == {text}
        assert [entry.link for entry in await store.read(feeds.missing_entries, name)] == [text]


async def test_an_alert_may_say_anything(store: Store) -> None:
    """No XML holds such names; a reader of another format may. Chains tie them, lists find them."""
    came = arrival(chain()[0])
    assert came.alert is not None
    assert came.gist is not None
    for number, text in enumerate(text for text in NASTY if text and "\ud800" > max(text) and len(text) < 200):
        alert = replace(came.alert, sender=text, identifier=text, status=text, scope=text)
        gist = replace(came.gist, sender=text, identifier=text, sender_key=text, identifier_key=text)
        names = Names(sure=((text, text[:40], text),))
        strange = replace(came, alert=alert, gist=gist, names=names, triple_sha256=sha256(bytes([number])).hexdigest())
        taken = await take(store, strange)
        assert taken.is_new
        (found,) = (await store.read(lists.alert_page, identifier=text)).items
        assert (found.sender, found.identifier) == (text, text)
        assert (await store.write_alone(again.decide_again, found.id, POLICY)).fault is None


async def test_a_receiver_may_say_anything(store: Store) -> None:
    """What it answers is stored with the attempt, and the delivery ends all the same."""
    await take(store, chain()[0], "app")
    (claim,) = await store.write(deliveries.claim, "app", room=1, lease=LEASE)
    ended = replace(attempt(1), error="".join(NASTY), response_excerpt="".join(NASTY))
    assert await store.write(deliveries.record, [Finished(claim, ended, Delivered())]) == [True]
    (delivery,) = (await store.read(lists.delivery_page)).items
    assert delivery.state == "delivered"
