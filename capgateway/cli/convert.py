"""``capgateway convert``: show the card that each alert would become, without a gateway, a database or a receiver."""

from __future__ import annotations

import hashlib
from datetime import datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import click
import msgspec

from capgateway import cap, cards, places, shipped
from capgateway.cap.place import local
from capgateway.cards.card import Evidence
from capgateway.cli import card_text, output, source_names, sources
from capgateway.clock import utc_now
from capgateway.errors import SourceError
from capgateway.feeds import enveloped, read_entries
from capgateway.feeds.read.judge import NOWHERE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from capgateway.feeds import FeedKind

#: How containers are read, by the name of their root; all others as what may hold alerts, a feed or one alert.
KINDS: dict[str, FeedKind] = {"rss": "rss", "RDF": "rss", "EDXLDistribution": "edxl"}
FEED = "convert"
#: Reasons that the document itself gives, so that its findings explain them.
FAULTY = frozenset({"unreadable", "schema", "unidentifiable", "signature"})


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of one alert; ``card`` is ``None`` when there is none."""

    source: str
    decision: str
    reason: str | None
    card: cards.Card | None
    evidence: dict[str, Evidence]


class Regions(click.ParamType[tuple[str, ...]]):
    """Codes of ISO 3166-1 or 3166-2, separated by commas."""

    name = "regions"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        codes = [code.strip().upper() for code in value.split(",") if code.strip()]
        for code in codes:
            if not places.is_region(code):
                close = get_close_matches(code, places.region_codes(), n=1)
                hint = f"; did you mean {close[0]}?" if close else "; write it like US, US-TX or CA-ON"
                self.fail(f"{code!r} is not a known region{hint}", param, ctx)
        return tuple(codes)


class Names(click.ParamType[tuple[str, ...]]):
    """Names, separated by commas."""

    name = "names"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        return tuple(name.strip().lower() for name in value.split(",") if name.strip())


@click.command()
@click.argument("names", metavar="SOURCE...", nargs=-1, required=True)
@click.option(
    "--at", type=output.Moment(), metavar="TIME", help="The time to use as now.  [default: `sent` of each alert]"
)
@click.option(
    "--regions", type=Regions(), multiple=True, metavar="CODES", help="Where cards are shown.  [default: everywhere]"
)
@click.option(
    "--programmes",
    type=Names(),
    multiple=True,
    metavar="NAMES",
    help="Which programmes become cards: amber, mep, or enabled ones of the file that --config names.  [default: amber]",
)
@click.option(
    "--format",
    "form",
    type=output.Choice(["json", "text"]),
    default="json",
    show_default=True,
    help="One JSON line per alert, or text to read.",
)
@click.option("--json", "form", flag_value="json", help="Same as --format json.")
@click.pass_context
def convert(
    context: click.Context,
    names: tuple[str, ...],
    at: datetime | None,
    regions: tuple[tuple[str, ...], ...],
    programmes: tuple[tuple[str, ...], ...],
    form: str,
) -> None:
    """Show the card that each alert would become.

    SOURCE is a file, a directory, a glob, a URL, or - for standard input.

    Exit code 0 when every alert of the programmes, usually every AMBER Alert, became a card; 1 when one did not, or an alert is
    unusable; 2 when a source cannot be read.
    """
    policy = cards.Policy(
        regions=tuple(dict.fromkeys(code for group in regions for code in group)),
        programmes=_programmes([name for group in programmes for name in group], context.find_object(output.Context)),
    )
    schemas = cap.Schemas(shipped.cap_schemas())
    exit_code = 0
    for name in sources.find(names):
        try:
            document = sources.read(name)
        except SourceError as error:
            output.say(f"capgateway: {error}")
            exit_code = 2
            continue
        is_faulty = False
        for message, envelope_status in _messages(name, document):
            parsed = _parsed(message, envelope_status)
            decision, card, evidence = _decided(parsed, schemas, policy, at)
            line = Line(
                source=source_names.shown(name),
                decision=decision.word,
                reason=decision.reason,
                card=card,
                evidence=evidence,
            )
            output.emit_json(line) if form == "json" else _print(line)
            is_faulty |= decision.reason in FAULTY
            if card is None and (decision.word == "quarantined" or _is_wanted(parsed.alert, policy)):
                exit_code = max(exit_code, 1)
        if is_faulty:
            output.say(f"capgateway: `capgateway validate {source_names.shown(name)}` shows what is wrong with it")
    context.exit(exit_code)


def _print(line: Line) -> None:
    """The alert's source, what becomes of it, and its card."""
    word = f"{line.decision}: {line.reason}" if line.reason else line.decision
    click.echo(output.harmless(f"{line.source}: {word}") + ("" if line.card else "; no card"))
    for text in card_text.card_lines(msgspec.to_builtins(line.card), "  ", line.evidence) if line.card else ():
        click.echo(text)


def _messages(name: str, document: bytes) -> Iterator[tuple[bytes, str | None]]:
    """Each alert that the document is or contains, with what an envelope says of its status."""
    root = cap.read_xml(document, limit=sources.MAX_BYTES).root
    kind: FeedKind = KINDS.get(local(root), "ipaws") if root is not None else "cap"
    index = read_entries(document, kind=kind, base_url=name if source_names.is_url(name) else NOWHERE)
    inside = [(entry.document, entry.envelope_status) for entry in index.entries if entry.document is not None]
    if not inside and not index.entries and any(finding.level == "error" for finding in index.findings):
        inside = [(document, None)]  # nothing we know: the line says that it is unreadable
    if not inside:
        linked = f"only {len(index.entries)} links" if index.entries else "and no links"
        output.say(f"capgateway: {source_names.shown(name)}: contains no alert, {linked}")
    yield from inside


def _parsed(message: bytes, envelope_status: str | None) -> cap.Parsed:
    """The message with the status that its envelope gives it."""
    parsed = cap.parse(message)
    alert = parsed.alert and enveloped(parsed.alert, envelope_status)
    return msgspec.structs.replace(parsed, alert=alert)


def _decided(
    parsed: cap.Parsed, schemas: cap.Schemas, policy: cards.Policy, at: datetime | None
) -> tuple[cards.Decision, cards.Card | None, dict[str, Evidence]]:
    """What a gateway that knows nothing else decides, the card it would show, and where its facts were read."""
    alert = parsed.alert
    sent = alert.sent.instant if alert and alert.sent else None
    now = at or sent or utc_now()
    report = cap.validate(parsed, schemas, now=now)
    gate = cards.unusable(alert, report, signature="verify")  # as for a feed where nothing is said
    if gate is not None or alert is None:
        return cards.Decision(word="quarantined", reason=gate), None, {}
    sha256, signature = hashlib.sha256(parsed.document).hexdigest(), report.signature
    gist = cards.gist(alert, policy.phrases, codes=policy.codes, profile=report.profile)
    member = cards.Member(
        alert_id=sha256,
        gist=gist,
        feed=FEED,
        received_at=now,
        sha256=sha256,
        profile=report.profile,
        signature=cards.SignatureNote(
            status=signature.status if signature else "absent", signer=signature.signer if signature else None
        ),
    )
    decision = cards.decide(cards.Situation(arrived=member, now=now), policy)
    shown = next((change for change in decision.changes if isinstance(change, cards.Display)), None)
    if shown is None:
        return decision, None, {}
    draft = cards.draft(alert, gist, profile=report.profile)
    card = cards.convert(shown, member, draft, policy)
    return decision, card, cards.evidence(card, draft.facts)


def _is_wanted(alert: cap.Alert | None, policy: cards.Policy) -> bool:
    """Whether this was to give a card; a Cancel ends one instead."""
    if alert is None or alert.msg_type == "Cancel":
        return False
    return policy.recognise(cards.gist(alert, policy.phrases)) is not None


def _programmes(names: Sequence[str], context: output.Context | None) -> tuple[cards.Programme, ...]:
    """The programmes of these names: those of the configuration that was named, and the built-in ones."""
    known = dict(cards.BUILT_IN)
    if context and context.config_path and not set(names) <= {"amber"}:
        from capgateway import config  # noqa: PLC0415  (only who names a file waits for it)

        given = config.load(context.config_path, secrets_of=())
        known |= {one.id: one for one in given.policy.programmes}
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else "name with --config a file that enables it"
            raise click.BadParameter(f"there is no programme {name!r}; {hint}", param_hint="'--programmes'")
    return tuple(known[name] for name in dict.fromkeys(names)) or (cards.AMBER,)
