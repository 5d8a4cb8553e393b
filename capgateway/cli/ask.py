"""Asking a gateway: through its API if one answers; what only reads else from its database, read-only, and saying so."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine, Sequence
from http import HTTPStatus
from io import BytesIO
from typing import TYPE_CHECKING, Any, TypeVar

import aiohttp
import click
import msgspec

from capgateway import config
from capgateway.cli.output import cut, emit_json, fail, harmless
from capgateway.errors import CapgatewayError, ConfigError
from capgateway.store import Store

if TYPE_CHECKING:
    from capgateway.cli.output import Context

F = TypeVar("F", bound=Callable[..., Any])
ANSWER_SECONDS = 10.0
CHANGE_SECONDS = 300.0  # a poll follows hundreds of links, of a source that may be slow
LONGEST_CELL = 60
MOST_ROWS = 200  # the API gives no more a page


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the API answered; ``told`` is its JSON."""

    url: str
    status: int
    told: Any


FromStore = Callable[[Store], Coroutine[Any, Any, Any]]


def server_option(command: F) -> F:
    """``--server``: the address of a running gateway."""
    return click.option(
        "--server",
        envvar="CAPGATEWAY_SERVER",
        metavar="URL",
        help="Address of the running gateway. Default: $CAPGATEWAY_SERVER, else `listen` of the configuration.",
    )(command)


def limit_option(command: F) -> F:
    """``--limit``: how many rows to tell."""
    return click.option("--limit", type=click.IntRange(1, MOST_ROWS), default=50, show_default=True)(command)


def ask(context: Context, server: str | None, path: str, query: dict[str, Any], from_store: FromStore) -> Any:
    """The API's answer to ``GET /api/v1/{path}?{query}``, decoded; where no gateway answers, what ``from_store`` reads."""
    address = _address(context, server)
    asked = {name: str(value) for name, value in query.items() if value is not None}
    answer = asyncio.run(_send("GET", address, path, ANSWER_SECONDS, params=asked)) if address else None
    if answer is not None:
        return _good(answer).told
    if server:
        fail(f"no gateway answers at {server}")
    click.echo(f"capgateway: no gateway answers at {address or 'any address'}; reading its database instead", err=True)
    store = Store.open_read_only(settings(context).gateway.database)
    try:
        return msgspec.to_builtins(asyncio.run(from_store(store)))
    finally:
        store.close()


def change(context: Context, server: str | None, path: str, body: bytes = b"") -> Answer:
    """The API's answer to ``POST /api/v1/{path}``: a success, or a 422 that says what is wrong with what was sent.

    Ends the command with exit code 2 where no gateway answers: only a running one acts, so that every act has an actor.
    """
    address = _address(context, server)
    if address is None:
        fail('the configuration turns the API off (listen = ""); give the address of a running gateway with --server')
    answer = asyncio.run(_send("POST", address, path, CHANGE_SECONDS, data=BytesIO(body)))
    if answer is None:
        fail(
            f"no gateway answers at {address}; start it with `capgateway run`, or give another address with --server. "
            "Nothing was changed."
        )
    return answer if answer.status == HTTPStatus.UNPROCESSABLE_ENTITY else _good(answer)


def tell(page: Any, columns: Sequence[str], *, as_json: bool) -> None:
    """A page of rows: the whole page as one JSON document, or some columns as a table for people."""
    if as_json:
        emit_json(page)
        return
    rows = [[_cell(item.get(column)) for column in columns] for item in page["items"]]
    titles = [column.replace("_", " ") for column in columns]
    widths = [max(len(row[position]) for row in [titles, *rows]) for position in range(len(columns))]
    for row in [titles, *rows]:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    if page["next"]:
        click.echo(
            f"there are more; --limit shows up to {MOST_ROWS}, the API all of them (after={page['next']})", err=True
        )


def settings(context: Context) -> config.Settings:
    """The configuration, or the defaults where there is none and none was named."""
    try:
        path = config.find(context.config_path)
    except ConfigError:
        if context.config_path:
            raise
        return config.Settings()
    return config.load(path)


def _address(context: Context, server: str | None) -> str | None:
    """Where the gateway is. An address that is given needs no configuration, nor the secrets that one asks for."""
    if server:
        return server.rstrip("/")
    listen = settings(context).gateway.listen
    return f"http://{listen}" if listen else None


async def _send(method: str, address: str, path: str, seconds: float, **what: Any) -> Answer | None:
    """The answer; ``None`` when nobody is there. A refusal is the user's to read."""
    url = f"{address}/api/v1/{path}"
    headers = {"Authorization": f"Bearer {token}"} if (token := os.environ.get("CAPGATEWAY_TOKEN")) else {}
    timeout = aiohttp.ClientTimeout(total=seconds, connect=ANSWER_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, headers=headers) as session,
            session.request(method, url, allow_redirects=False, **what) as response,
        ):
            body = await response.read()
    except (aiohttp.ClientConnectorError, aiohttp.ServerDisconnectedError, aiohttp.ConnectionTimeoutError):
        return None
    except TimeoutError:
        raise CapgatewayError(f"{url} did not answer within {seconds:.0f} s") from None
    except (aiohttp.ClientError, ValueError) as error:
        raise CapgatewayError(f"cannot ask {url}: {error}") from error
    try:
        return Answer(url=url, status=response.status, told=msgspec.json.decode(body))
    except msgspec.DecodeError:
        raise CapgatewayError(f"{url} answered {response.status}, but not as a gateway does") from None


def _good(answer: Answer) -> Answer:
    if answer.status < HTTPStatus.BAD_REQUEST and isinstance(answer.told, dict):
        return answer
    told = answer.told if isinstance(answer.told, dict) else {}
    hint = "; put one into $CAPGATEWAY_TOKEN" if answer.status == HTTPStatus.UNAUTHORIZED else ""
    detail = told.get("detail") or told.get("title") or "not as a gateway does"
    raise CapgatewayError(f"{answer.url} answered {answer.status}: {detail}{hint}")


def _cell(value: Any) -> str:
    """A value as a table shows it: a stranger's text moves no cursor and opens no line."""
    text = "" if value is None else str(len(value)) if isinstance(value, list) else str(value)
    return cut(harmless(text), LONGEST_CELL)
