"""How a question reaches a gateway: by its API; where no gateway answers, by its database, read-only. Who answered is said
on stderr, and whether that is the gateway of the configuration."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from capgateway import config
from capgateway.cli.access import explained
from capgateway.cli.gateway import SERVER, Answer, address_of, download, given_address, good, send
from capgateway.cli.output import fail, say
from capgateway.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from collections.abc import Collection

    from capgateway.cli.output import Context
    from capgateway.store import Store

ANSWER_SECONDS = 10.0
CHANGE_SECONDS = 300.0  # a poll follows hundreds of links, of a source that may be slow
LONG = {"report": 120.0}  # 20,000 cards at 10 receivers take 11 seconds on a small machine
DATABASE = ("gateway",)
"""The only secret that reading may need, and that only where no gateway answers: the database's address."""

#: Answers that say no to a request that was understood.
NOT_DONE = (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)

FromStore = Callable[["Store"], Coroutine[Any, Any, Any]]


def get(
    context: Context,
    path: str,
    query: dict[str, Any] | None = None,
    *,
    from_store: FromStore,
    without_store: Callable[[], Any] | None = None,
    may_be_missing: bool = False,
    tells_of_missing: bool = False,
    is_first: bool = True,
) -> Any:
    """The API's answer to ``GET /api/v1/{path}?{query}``, decoded; where no gateway answers, what ``from_store`` reads, and
    where there is no database yet, what is known ``without_store``. ``None`` for what does not exist, if it
    ``may_be_missing``; the gateway's refusal, if it ``tells_of_missing``. ``is_first``: say who answered."""
    given = given_address(context)
    address = given or address_of(settings(context).gateway.listen)
    asked = {name: str(value) for name, value in (query or {}).items() if value is not None}
    answer, about = asyncio.run(_asked(address, path, asked)) if address else (None, None)
    if answer is not None:
        is_missing = may_be_missing and answer.status == HTTPStatus.NOT_FOUND
        is_refusal = tells_of_missing and answer.status == HTTPStatus.NOT_FOUND
        told = None if is_missing else answer.told if is_refusal else good(answer).told
        if is_first and address:
            _tell_who(context, address, about)
        return told
    if given:
        fail(f"no gateway answers at {given}, the address in {'--server' if context.server else f'${SERVER}'}")
    if without_store and _is_new(context):
        say("capgateway: no gateway answers and there is no database yet; showing the configuration only")
        return msgspec.to_builtins(without_store())
    return _read(context, address, from_store, is_first=is_first)


def fetch(context: Context, path: str, *, from_store: FromStore) -> bytes:
    """The API's answer to ``GET /api/v1/{path}``, as bytes to be saved; where no gateway answers, what ``from_store`` gives."""
    given = given_address(context)
    address = given or address_of(settings(context).gateway.listen)
    if address and (found := asyncio.run(download(address, path, CHANGE_SECONDS))) is not None:
        return found
    if given:
        fail(f"no gateway answers at {given}, the address in {'--server' if context.server else f'${SERVER}'}")
    return bytes(_read(context, address, from_store, is_first=True, as_it_is=True))


def change(
    context: Context,
    path: str,
    body: bytes = b"",
    *,
    refusals: Collection[int] = (HTTPStatus.UNPROCESSABLE_ENTITY,),
) -> Answer:
    """The API's answer to ``POST /api/v1/{path}``: a success, or one of these refusals; a 422 says what is wrong with what was
    sent.

    Ends the command with exit code 2 where no gateway answers: only a running one acts, so that every act has an actor.
    """
    address = given_address(context) or address_of(settings(context).gateway.listen)
    if address is None:
        fail('the configuration turns the API off (listen = ""); give the address of a running gateway with --server')
    answer = asyncio.run(send("POST", address, path, CHANGE_SECONDS, data=BytesIO(body)))
    if answer is None:
        fail(
            f"no gateway answers at {address}; start it with `capgateway run`, or give another address with --server. "
            "Nothing was changed."
        )
    return answer if answer.status in refusals else good(answer)


def act(context: Context, path: str, said: dict[str, Any]) -> dict[str, Any]:
    """The API's answer to an act of the user, with what they say: their reason, and a card where it is about one.

    Ends the command with exit code 1 where that cannot be done: there is no such card or alert, or it has ended.
    """
    told = tried(context, path, said)
    return fail(told, code=1) if isinstance(told, str) else told


def tried(context: Context, path: str, said: dict[str, Any]) -> dict[str, Any] | str:
    """The same, but why it cannot be done is returned: the user has asked for more than this act."""
    body = msgspec.json.encode({name: value for name, value in said.items() if value is not None})
    answer = change(context, path, body, refusals=NOT_DONE)
    if answer.status in NOT_DONE:
        told = answer.told if isinstance(answer.told, dict) else {}
        return str(told.get("detail") or f"{answer.url} answered {answer.status}")
    return dict(answer.told)


def settings(context: Context, secrets_of: Collection[str] = ()) -> config.Settings:
    """The configuration with these secrets and no others, or the defaults where there is none and none was named."""
    try:
        path = config.find(context.config_path)
    except ConfigError:
        if context.config_path or os.environ.get(config.VARIABLE):
            raise
        return config.Settings()
    return config.load(path, secrets_of=secrets_of)


async def _asked(address: str, path: str, query: dict[str, str]) -> tuple[Answer | None, Answer | None]:
    """The answer, and what the gateway says of itself."""
    answer = await send("GET", address, path, LONG.get(path, ANSWER_SECONDS), params=query)
    about = await send("GET", address, "gateway", ANSWER_SECONDS) if answer else None
    return answer, about


def _read(
    context: Context, address: str | None, from_store: FromStore, *, is_first: bool, as_it_is: bool = False
) -> Any:
    from capgateway.store import Store, pause  # noqa: PLC0415  (only where no gateway answers)

    why = f"no gateway answers at {address}" if address else 'the configuration turns the API off (listen = "")'
    try:
        known = settings(context, DATABASE).gateway
    except ConfigError:
        say(f"capgateway: {why}, and the address of its database cannot be read:")
        raise
    with explained(known.database):
        try:
            store = Store.open_read_only(known.database)
        except StoreError as error:
            raise StoreError(f"{why}, and {error}") from error
        if is_first:
            say(f"capgateway: {why}; reading its database instead, read-only: {known.shown_database}")
        try:
            found = asyncio.run(from_store(store))
            found = found if as_it_is else msgspec.to_builtins(found)
            if is_first and (since := asyncio.run(store.read(pause.since))):
                say(paused(since.isoformat()))
            return found
        finally:
            store.close()


def paused(since: str) -> str:
    """That displays are paused, for those who read any list."""
    return f"capgateway: displays are paused since {since[:19]}Z: `capgateway resume` sends them again"


def _is_new(context: Context) -> bool:
    """Whether the gateway of the configuration has never run here."""
    try:
        database = settings(context, DATABASE).gateway.database
    except ConfigError:  # which the attempt to read it reports
        return False
    path = database.removeprefix("sqlite:///")
    with explained(database):
        return path != database and not Path(path).exists()


def _tell_who(context: Context, address: str, about: Answer | None) -> None:
    """Which gateway answered. What it says of itself is missing with a token that may not know, and from an older one."""
    told = about.told if about and about.status == HTTPStatus.OK and isinstance(about.told, dict) else {}
    database = str(told.get("database") or "")
    say(f"capgateway: answered by {address}" + (f", database {database}" if database else ""))
    if since := told.get("paused_since"):
        say(paused(str(since)))
    known = _configured(context)
    if known is None or not database or (known.gateway.shown_database == database and _is_near(address, database)):
        return
    say(
        f"capgateway: warning: this is not the gateway of {known.path}, whose database is {known.gateway.shown_database}"
    )


def _configured(context: Context) -> config.Settings | None:
    """The configuration, if there is one and it can be compared: nobody needs one who gives an address."""
    try:
        known = config.load(config.find(context.config_path), secrets_of=DATABASE)
    except ConfigError:
        return None
    return known if known.gateway.database else None


def _is_near(address: str, database: str) -> bool:
    """Whether the database may be the one of the same name here: a file on another machine is another."""
    host = urlsplit(address).hostname or ""
    return not database.startswith("/") or host in {"localhost", "::1"} or host.startswith("127.")
