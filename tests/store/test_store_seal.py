"""What is kept of receivers is sealed with a key that every gateway of a database has, and no copy of the database."""

from __future__ import annotations

from sqlalchemy import make_url

from capgateway.store import Store
from capgateway.store.seal import Seal


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
