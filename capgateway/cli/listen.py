"""``capgateway listen``: a receiver on this machine, to see what a platform would get, or how it copes with trouble."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

import click
import msgspec

from capgateway import webhooks
from capgateway.cli import output, table
from capgateway.cli.keys import NEW_SECRET_BYTES, Public, Secret
from capgateway.simulate.receiver import CARDS, PATH, Arrival, Misbehaviour, ReceiverServer

F = TypeVar("F", bound=Callable[..., Any])
DEFAULT_PORT = 8026
"""The port after the gateway's own."""
MOST_SECONDS = 3600.0
"""Of a delay; a gateway gives up long before."""
CHANGES = frozenset({"displayed", "removed", "expired", "snapshot"})
"""After these the receiver may show other cards than before."""

EXAMPLE = """[[receivers]]
name = "listen"
url = "{url}"
secret = "{secret}"
messages = ["card.*", "exercise.card.*"]
allow_networks = ["127.0.0.0/8"]"""


class Failure(click.ParamType[tuple[int, float]]):
    """``STATUS:SHARE``, such as 500:0.3."""

    name = "status:share"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, float]:
        status, _, share = str(value).partition(":")
        try:
            failure = int(status), float(share or 1)
        except ValueError:
            self.fail(f"{value!r} is not of the form STATUS:SHARE, such as 500:0.3", param, ctx)
        if not (300 <= failure[0] <= 599 and 0 <= failure[1] <= 1):  # noqa: PLR2004
            self.fail(f"{value!r} needs a status of 300 to 599 and a share of 0 to 1", param, ctx)
        return failure


def share_option(name: str, kept: str, what: str) -> Callable[[F], F]:
    """``--name [SHARE]``."""
    return click.option(
        name, kept, type=output.Between(0, 1), is_flag=False, flag_value=1.0, default=0.0, metavar="[SHARE]", help=what
    )


@click.command()
@click.option(
    "--port", type=click.IntRange(0, 65535), default=DEFAULT_PORT, show_default=True, help="0 takes a free one."
)
@click.option(
    "--secret",
    "known",
    type=Secret(),
    multiple=True,
    help="whsec_…, env:NAME or file:PATH; may be repeated.  [default: a new one]",
)
@click.option(
    "--public-key",
    "public",
    type=Public(),
    multiple=True,
    help="whpk_…, env:NAME or file:PATH: accept its ed25519 signatures too; may be repeated.",
)
@click.option(
    "--fail",
    "failures",
    type=Failure(),
    multiple=True,
    help="Answer this share of requests with this status, as in 500:0.3; may be repeated.",
)
@click.option("--410", "is_gone", is_flag=True, help="Answer every request with 410, as a receiver that is gone.")
@click.option(
    "--retry-after",
    metavar="VALUE",
    help="Send this Retry-After with each failure; without --fail, every request fails with 503.",
)
@click.option(
    "--delay", type=output.Between(0, MOST_SECONDS), default=0, metavar="SECONDS", help="Wait before each answer."
)
@share_option("--hang", "hang", "Never answer this share of requests; all without a value.")
@share_option("--drop-after-headers", "drop", "Process them, and break the answer off after its headers.")
@share_option("--lose", "lose", "Answer them with 200 and forget them.")
@click.option("--no-fence", is_flag=True, help="Let an older message replace a newer one.")
@click.option("--seed", type=int, metavar="NUMBER", help="Let chance choose the same requests each time.")
@output.format_option
def listen(
    port: int,
    known: tuple[bytes, ...],
    public: tuple[webhooks.PublicKey, ...],
    as_json: bool = False,
    **switches: Any,
) -> None:
    """Receive webhooks on this machine: verify, deduplicate and fence them, print a line per request, and show the cards.

    Runs until Ctrl-C. With --format json it prints one JSON object per line. A SHARE is between 0 and 1; each request suffers
    at most one of --fail, --hang, --drop-after-headers and --lose.
    """
    held = known or (secrets.token_bytes(NEW_SECRET_BYTES),)
    arrived: asyncio.Queue[Arrival] = asyncio.Queue()
    server = ReceiverServer(
        secrets=held,
        public_keys=public,
        port=port,
        misbehaviour=_misbehaviour(**switches),
        on_arrival=arrived.put_nowait,
    )
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_listen(server, port, arrived, held[0] if not known else None, as_json=as_json))


def _misbehaviour(
    *,
    failures: tuple[tuple[int, float], ...],
    is_gone: bool,
    retry_after: str | None,
    delay: float,
    **others: Any,
) -> Misbehaviour:
    """What the switches ask for. All shares together are at most the whole."""
    fail = dict(failures) or ({503: 1.0} if retry_after is not None and not is_gone else {})
    if is_gone and failures:
        raise click.UsageError("--410 lets every request fail; leave out --fail")
    if len(fail) < len(failures):
        raise click.UsageError("a status is given twice; give each --fail one of its own")
    if retry_after is not None and not (retry_after.strip() and retry_after.isascii() and retry_after.isprintable()):
        raise click.UsageError("--retry-after is the value of a header, such as 120 or an HTTP date")
    found = Misbehaviour(
        fail={410: 1.0} if is_gone else fail, delay=timedelta(seconds=delay), retry_after=retry_after, **others
    )
    if (total := sum(found.shares.values())) > 1:
        raise click.UsageError(f"a request fails in one way at most, but the shares add up to {total:g}; the most is 1")
    return found


async def _listen(
    server: ReceiverServer, port: int, arrived: asyncio.Queue[Arrival], new: bytes | None, *, as_json: bool
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(server)
        except OSError as error:
            output.fail(f"cannot listen on port {port}: {error.strerror}; choose another with --port")
        _introduce(server.url, webhooks.encode_secret(new) if new else "env:YOUR_SECRET")
        while True:
            arrival = await arrived.get()
            if as_json:
                output.emit_json(msgspec.structs.asdict(arrival) | {"on_display": list(server.cards)})
                continue
            _print(arrival)
            if arrival.outcome in CHANGES:
                _print_cards(server.cards)


def _introduce(url: str, secret: str) -> None:
    cards = url.removesuffix(PATH) + CARDS
    click.echo(f"Listening on {url} until Ctrl-C; the cards on display are at {cards}.", err=True)
    click.echo("For the gateway's configuration:\n", err=True)
    click.echo(EXAMPLE.format(url=url, secret=secret) + "\n", err=True)


def _print_cards(cards: dict[str, dict[str, Any]]) -> None:
    """What the receiver shows now: for each card, until when, what it is, and its lines."""
    click.echo(f"          on display: {len(cards) or 'no'} {'card' if len(cards) == 1 else 'cards'}")
    for card_id, card in cards.items():
        until, headline = table.moment(card.get("expires_at")), _headline(card) or "(no headline)"
        mark = "EXERCISE  " if card.get("status") == "exercise" else ""
        click.echo(output.harmless(f"            {card_id}  until {until}  {mark}{headline}"))
        for role, text in _lines(card):
            click.echo(output.harmless(f"              {role.replace('_', ' ')}: {text}"))


def _print(arrival: Arrival) -> None:
    facts = {
        "revision": arrival.revision,
        "attempt": arrival.attempt,
        "status": arrival.status,
        "id": arrival.message_id,
        "reason": arrival.reason,
        "receiver": arrival.receiver,
        "feed": arrival.feed,
        "last answer": arrival.last_answer,
        "headline": _headline(arrival.card),
    }
    what = [arrival.request] if arrival.request else [arrival.type or "-", arrival.card_id or "-"]
    words = [f"{arrival.time:%H:%M:%S}", f"{arrival.outcome:10}", *what]
    click.echo(output.harmless("  ".join([*words, *(f"{name}={value}" for name, value in facts.items() if value)])))
    if arrival.advice:
        click.echo(output.harmless(f"          {arrival.advice}"))


def _headline(card: dict[str, Any] | None) -> str | None:
    """The first headline of a card, if it is one."""
    try:
        return next((str(words["headline"]) for words in (card or {})["content"].values()), None)
    except (KeyError, TypeError, AttributeError):
        return None


def _lines(card: dict[str, Any]) -> list[tuple[str, str]]:
    """The lines of a card in its first language, if it has any."""
    try:
        first = next(iter(card["content"].values()))
        return [(str(line["role"]), str(line["text"])) for line in first["lines"]]
    except (KeyError, TypeError, AttributeError, StopIteration):
        return []
