"""Asking a gateway: through its API if one answers, else read-only from its database, and saying so."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import aiohttp
import click
import msgspec

from capgateway import config
from capgateway.cli.output import emit_json, fail
from capgateway.errors import CapgatewayError, ConfigError
from capgateway.store import Store

if TYPE_CHECKING:
    from capgateway.cli.output import Context

F = TypeVar("F", bound=Callable[..., Any])
ANSWER_SECONDS = 10.0
LONGEST_CELL = 60
MOST_ROWS = 200  # the API gives no more a page
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
    settings = _settings(context)
    address = server or (f"http://{settings.gateway.listen}" if settings.gateway.listen else None)
    asked = {name: str(value) for name, value in query.items() if value is not None}
    answer = asyncio.run(_get(f"{address.rstrip('/')}/api/v1/{path}", asked)) if address else None
    if answer is not None:
        return answer
    if server:
        fail(f"no gateway answers at {server}")
    click.echo(f"capgateway: no gateway answers at {address or 'any address'}; reading its database instead", err=True)
    store = Store.open_read_only(settings.gateway.database)
    try:
        return msgspec.to_builtins(asyncio.run(from_store(store)))
    finally:
        store.close()


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


def _settings(context: Context) -> config.Settings:
    """The configuration, or the defaults where there is none and none was named."""
    try:
        path = config.find(context.config_path)
    except ConfigError:
        if context.config_path:
            raise
        return config.Settings()
    return config.load(path)


async def _get(url: str, query: dict[str, str]) -> Any:
    """The decoded answer; ``None`` when nobody answers there. A refusal is the user's to read."""
    headers = {"Authorization": f"Bearer {token}"} if (token := os.environ.get("CAPGATEWAY_TOKEN")) else {}
    timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, headers=headers) as session,
            session.get(url, params=query, allow_redirects=False) as response,
        ):
            body = await response.read()
    except (aiohttp.ClientConnectionError, TimeoutError):
        return None
    except (aiohttp.ClientError, ValueError) as error:
        raise CapgatewayError(f"cannot ask {url}: {error}") from error
    try:
        answer = msgspec.json.decode(body)
    except msgspec.DecodeError:
        raise CapgatewayError(f"{url} answered {response.status}, but not as a gateway does") from None
    if not response.ok:
        raise CapgatewayError(f"{url} answered {response.status}: {answer.get('detail') or answer.get('title')}")
    return answer


def _cell(value: Any) -> str:
    """A value as a table shows it: a stranger's text moves no cursor and opens no line."""
    text = "" if value is None else str(len(value)) if isinstance(value, list) else str(value)
    text = "".join(char if char.isprintable() else "?" for char in text)
    return text if len(text) <= LONGEST_CELL else f"{text[: LONGEST_CELL - 1]}…"
