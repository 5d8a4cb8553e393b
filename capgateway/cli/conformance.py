"""``capgateway receivers conformance``: does a receiver keep its rules? Exercise cards are sent to it, and taken down again."""

from __future__ import annotations

import asyncio
import signal
from importlib.metadata import version
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

import click
import msgspec
from yarl import URL

from capgateway.cli import ask, output
from capgateway.cli.keys import Secret, SigningSeed
from capgateway.cli.progress import Progress
from capgateway.cli.reach import settings
from capgateway.cli.source_names import is_url
from capgateway.conformance.run import COUNT, probe
from capgateway.masking import mask_query
from capgateway.webhooks import Receiver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgateway.conformance.check import Result
    from capgateway.conformance.run import Report

EVERYWHERE = (ip_network("0.0.0.0/0"), ip_network("::/0"))
"""An address that the user typed may be private, and plain http."""
WORDS = {True: "pass", False: "FAIL", None: "-"}
OBSERVED = {
    0: "nothing can be observed: the receiver does not accept a valid message",
    1: 'only level 1 can be observed: the receiver does not answer {"revision", "state"} to every message',
    2: "levels 1 and 2 were observed",
}
ADVICE = "docs/receivers.md#check-your-receiver describes each check"


@click.command()
@click.argument("target", metavar="NAME|URL")
@click.option(
    "--secret",
    "known",
    type=Secret(),
    multiple=True,
    help="whsec_…, env:NAME or file:PATH; newest first. Default for a NAME: the configured one.",
)
@click.option(
    "--signing-key",
    "seed",
    type=SigningSeed(),
    help="whsk_…, env:NAME or file:PATH: checks v1a too, of which the receiver has the public key.",
)
@click.option(
    "--format", "form", type=output.Choice(["text", "json", "junit"]), default="text", help="How the report is printed."
)
@click.option("--json", "form", flag_value="json", help="Same as --format json.")
@click.pass_context
def conformance(context: click.Context, target: str, known: tuple[bytes, ...], seed: bytes | None, form: str) -> None:
    """Check whether a receiver verifies, deduplicates and fences: send it exercise cards, right and wrong ones.

    TARGET is the NAME of a configured receiver, or the URL of any. Nothing goes out as card.*: the cards are exercises under ids
    of their own, and are taken down at the end. Level 1 looks at statuses. Level 2 needs a receiver that answers
    {"revision", "state"} to every message.

    Exit code 0 when nothing failed, 1 when something did.
    """
    receiver = _receiver(context.find_object(output.Context) or output.Context(), target, known, seed)
    shown = mask_query(target) if is_url(target) else target
    report = _probed(receiver, is_keyed=seed is not None)
    if form == "json":
        output.emit_json(_as_json(shown, report))
    else:
        for line in _junit(shown, report) if form == "junit" else _text(shown, report):
            click.echo(line)
    if report.left:
        output.say(
            f"capgateway: exercise cards that could not be taken down: {report.left}; each ends by itself within 10 minutes"
        )
    context.exit(0 if report.passed else 1)


def _receiver(context: output.Context, target: str, known: tuple[bytes, ...], seed: bytes | None) -> Receiver:
    """The receiver as it is configured, or as it was typed."""
    if is_url(target):
        if not known:
            raise click.UsageError(
                "a URL needs the secret that its receiver has: --secret whsec_…, env:NAME or file:PATH"
            )
        _check(target)
        return Receiver(name="conformance", url=target, secrets=known, signing_key=seed, allow_networks=EVERYWHERE)
    ask.check_name("receiver", target, [one.name for one in settings(context).receivers])
    every = settings(context, secrets_of=[f"receivers.{target}"]).receivers
    found = next(one for one in every if one.name == target)
    return msgspec.structs.replace(found, secrets=known or found.secrets, signing_key=seed or found.signing_key)


def _check(url: str) -> None:
    try:
        parts = URL(url)
        parts.origin()  # raises for one without a host
    except ValueError:
        raise click.UsageError(f"{mask_query(url)} is not a web address") from None
    if parts.user is not None or parts.password is not None:
        raise click.UsageError("the URL contains a login, which is never sent")


def _probed(receiver: Receiver, *, is_keyed: bool) -> Report:
    """Run all checks. The first Ctrl-C takes the exercise cards down, the second ends at once."""
    with Progress(COUNT, "checked") as progress:

        def note(_: Result) -> None:
            progress.done += 1

        async def run() -> Report:
            loop, task = asyncio.get_running_loop(), asyncio.current_task()

            def interrupted() -> None:
                for number in (signal.SIGINT, signal.SIGTERM):
                    loop.remove_signal_handler(number)
                    signal.signal(number, signal.SIG_DFL)
                output.say("capgateway: taking the exercise cards down; a second Ctrl-C ends this at once")
                if task:
                    task.cancel()

            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, interrupted)
            agent = f"capgateway/{version('capgateway')} (conformance)"
            return await probe(receiver, user_agent=agent, is_keyed=is_keyed, on_result=note)

        try:
            return asyncio.run(run())
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None


def _as_json(target: str, report: Report) -> dict[str, Any]:
    results = [msgspec.structs.asdict(one) for one in report.results]
    told = {"target": target, "passed": report.passed, "level": report.level, "left": report.left}
    return told | {"checks": results}


def _text(target: str, report: Report) -> Iterator[str]:
    """A line per check, and below it why it failed; then what could be observed."""
    widest = max(len(one.name) for one in report.results)
    for one in report.results:
        yield output.harmless(f"{WORDS[one.passed]:<4}  {one.level}  {one.name:<{widest}}  {one.title}")
        if one.passed is False and one.detail:
            yield output.harmless(f"{'':9}{one.detail}")
    failed = sum(one.passed is False for one in report.results)
    checked = sum(one.passed is not None for one in report.results)
    yield ""
    yield output.harmless(f"{target}: {failed} of {checked} checks failed; {OBSERVED[report.level]}")
    if failed:
        yield ADVICE


def _junit(target: str, report: Report) -> Iterator[str]:
    """One test suite."""
    failed = sum(one.passed is False for one in report.results)
    skipped = sum(one.passed is None for one in report.results)
    counts = f'tests="{len(report.results)}" failures="{failed}" errors="0" skipped="{skipped}"'
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f"<testsuite name={_attribute(f'capgateway receivers conformance {target}')} {counts}>"
    for one in report.results:
        case = f"  <testcase classname={_attribute(f'level{one.level}.{one.name}')} name={_attribute(one.title)}"
        if one.passed:
            yield f"{case}/>"
            continue
        yield f"{case}>"
        yield f"    <{'failure' if one.passed is False else 'skipped'} message={_attribute(one.detail or '')}/>"
        yield "  </testcase>"
    yield "</testsuite>"


def _attribute(text: str) -> str:
    return quoteattr(output.harmless(text))
