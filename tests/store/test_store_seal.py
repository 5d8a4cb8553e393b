"""What is kept of receivers is sealed with a key that every gateway of a database has, and no copy of the database."""

from __future__ import annotations

from sqlalchemy import make_url
from store_story import take
from test_store_reissue import ALERT, CANCEL, claim, end

from capgateway.store import Store, removed
from capgateway.store.seal import Seal
from capgateway.webhooks import Delivered


def seal(url: str, password: str | None) -> Seal:
    """The seal of a gateway that reaches this database with that password."""
    store = Store.open(make_url(url).set(password=password).render_as_string(hide_password=False))
    try:
        return store.seal
    finally:
        store.close()


def test_gateways_of_a_postgresql_have_its_password_in_common(postgresql_url: str) -> None:
    """What one of them sealed, another one opens, for this name only; with another password, or without, nobody does."""
    sealed = seal(postgresql_url, "secret").close("app", b"kept")
    assert sealed is not None
    assert b"kept" not in sealed
    assert seal(postgresql_url, "secret").open("app", sealed) == b"kept"
    assert seal(postgresql_url, "secret").open("other", sealed) is None
    assert seal(postgresql_url, "changed").open("app", sealed) is None
    assert seal(postgresql_url, None).open("app", sealed) is None
    assert seal(postgresql_url, None).close("app", b"kept") is None


async def test_a_removed_receiver_is_reached_until_it_has_its_take_down(store: Store) -> None:
    """A restart between the take-down and its acknowledgement does not forget it."""
    await take(store, ALERT, "app")
    await end(store, await claim(store), Delivered())
    assert await store.read(removed.holding, []) == ["app"]
    await take(store, CANCEL, "app")
    assert await store.read(removed.holding, []) == ["app"]
    await end(store, await claim(store), Delivered())
    assert await store.read(removed.holding, []) == []
