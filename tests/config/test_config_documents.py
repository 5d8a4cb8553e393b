"""Starter file, examples, JSON Schema and documentation say the same as the tables of keys."""

from __future__ import annotations

import json
import re
import runpy
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import jsonschema
import msgspec
import pytest
import trustme

from capgateway import config
from capgateway.cards import meaning
from capgateway.cards.decision import EndReason, IgnoreReason, QuarantineReason, Word
from capgateway.cards.policy import Policy
from capgateway.config.keys import GROUPS
from capgateway.config.spot import File, Spot
from capgateway.feeds.feed import Feed, FeedKind
from capgateway.metrics import FeedGauge, Metrics, Queues, State
from capgateway.webhooks.ed25519 import encode_seed
from capgateway.webhooks.receiver import Receiver
from capgateway.webhooks.sign import encode_secret

ROOT = Path(__file__).parents[2]
STARTER = ROOT / "config/capgateway.toml"
SCHEMA = ROOT / "schemas/config/config.schema.json"
DOCS = ROOT / "docs"
DIVISIONS = ROOT / "examples/matches/divisions.geojson"
KEYS = [(group, name) for group, keys in GROUPS.items() for name in keys]

STATE = State(feeds=(FeedGauge(feed="x"),), queues=Queues())
NOW = datetime(2026, 11, 22, tzinfo=UTC)

EXAMPLES = sorted((ROOT / "config/examples").rglob("*.toml"))
SECRETS = {
    name: encode_secret(bytes(range(number, number + 32)))
    for number, name in enumerate(("FOR_YOU_FEED_SECRET", "PUERTO_RICO_SECRET", "SENIORS_SECRET"))
} | {
    "CAPGATEWAY_DATABASE": "postgresql://capgateway@db.internal.example/capgateway",
    "CAPGATEWAY_OPS_TOKEN": "0123456789abcdef",
    "CAPGATEWAY_METRICS_TOKEN": "1123456789abcdef",
    "CAPGATEWAY_PARTNER_TOKEN": "2123456789abcdef",
    "CAPGATEWAY_RECEIVER_TOKEN": "3123456789abcdef",
    "TEXAS_POLICE_AUTHORIZATION": "Bearer invented",
}


def sections(text: str) -> dict[str, str]:
    """The starter file cut at its table headers, commented ones too; tables of one name together."""
    parts = re.split(r"^(?:##? )?\[\[?([a-z.]+)\]\]?$", text, flags=re.MULTILINE)
    found: dict[str, str] = defaultdict(str)
    for name, part in zip(parts[1::2], parts[2::2], strict=True):
        found[name.replace(".mep", "")] += part
    return found


def documented(group: str) -> str:
    """The section of docs/configuration.md about a table."""
    header = {"programmes": "[programmes.NAME"}.get(
        group, f"{'[[' if '.' in group or group.endswith('s') else '['}{group}"
    )
    return (DOCS / "configuration.md").read_text().partition(f"\n## `{header}")[2].partition("\n## ")[0]


@pytest.mark.parametrize(("group", "name"), KEYS)
def test_every_key_stands_in_the_starter_file(group: str, name: str) -> None:
    """An operator finds every key, explained or shown, in the section where it belongs."""
    assert re.search(rf"(^|## .*)(# )?\b{name} = ", sections(STARTER.read_text())[group], re.MULTILINE) or (
        name == "actions" and group in {"policy", "programmes"}
    )


@pytest.mark.parametrize(("group", "name"), KEYS)
def test_every_key_is_documented(group: str, name: str) -> None:
    """docs/configuration.md has a row for each key."""
    assert re.search(rf"^\| `{name}` \|", documented(group), re.MULTILINE)


def test_the_starter_file_is_a_configuration() -> None:
    """As shipped: the public US feeds on, no receiver, no token, Texas."""
    settings = config.load(STARTER, {})
    assert [(feed.name, feed.kind) for feed in settings.feeds if feed.enabled] == [("ipaws", "ipaws"), ("nws", "nws")]
    assert settings.tokens == ()
    assert settings.receivers == ()
    assert settings.policy == Policy(regions=("US-TX",))


def test_every_commented_line_of_the_starter_file_is_right(tmp_path: Path) -> None:
    """Taking the "# " away from any line, even from all, leaves a configuration that loads."""
    authority = trustme.CA()
    ours = authority.issue_cert("gateway.example")
    authority.cert_pem.write_to_path(tmp_path / "feed-ca.pem")
    authority.cert_pem.write_to_path(tmp_path / "receiver-ca.pem")
    authority.cert_pem.write_to_path(tmp_path / "ipaws-ca.pem")
    (tmp_path / "ed25519.key").write_text(encode_seed(bytes(32)))
    (tmp_path / "incoming").mkdir()
    (tmp_path / "statcan-divisions.geojson").write_text(DIVISIONS.read_text())
    ours.cert_chain_pems[0].write_to_path(tmp_path / "client.pem")
    ours.private_key_pem.write_to_path(tmp_path / "client.key")
    text = re.sub(r"^# (?=\[|[a-z_]+ = )", "", STARTER.read_text(), flags=re.MULTILINE)
    (tmp_path / "all.toml").write_text(text)
    settings = config.load(tmp_path / "all.toml", SECRETS)
    assert settings.policy == Policy(regions=("US-TX",))
    assert (settings.receivers[0].name, settings.receivers[0].concurrency) == ("for-you-feed", 8)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_is_a_configuration(path: Path) -> None:
    """Each example loads without a warning, its secrets given, and fits the JSON Schema. Those of one feed alone have
    no receiver, and their folder is not there."""
    expected = {"receivers", "feeds[0].path"} if path.parent.name == "feeds" else set()
    assert {warning.key for warning in config.load(path, SECRETS).warnings} <= expected
    jsonschema.validate(tomllib.loads(path.read_text()), json.loads(SCHEMA.read_text()))


def test_an_example_has_a_programme_with_rules_of_its_own() -> None:
    """Three hours, a call of its own, everything erased at once; AMBER Alerts beside it keep the policy's."""
    settings = config.load(ROOT / "config/examples/silver.toml", SECRETS)
    policy, silver = settings.policy, settings.policy.of("silver")
    assert [one.id for one in policy.programmes] == ["amber", "silver"]
    assert (silver.max_lifetime, silver.default_lifetime) == (timedelta(hours=3), timedelta(hours=3))
    assert (silver.retention, silver.review) == (timedelta(0), "doubtful")
    assert [action.value for action in silver.actions] == ["555-0100"]
    assert policy.of("amber") == policy
    assert [receiver.programmes for receiver in settings.receivers] == [("amber",), ("silver",)]


def test_there_is_an_example_of_each_source() -> None:
    """Whoever starts finds a feed of nearly every kind to copy, and the rehearsal marked as one."""
    feeds = {path.stem: config.load(path, SECRETS).feeds[0] for path in EXAMPLES if path.parent.name == "feeds"}
    assert {feed.kind for feed in feeds.values()} == set(get_args(FeedKind)) - {"edxl"}
    assert [name for name, feed in feeds.items() if feed.rehearsal] == ["ipaws-staging"]


def test_every_kind_of_feed_is_documented(tmp_path: Path) -> None:
    """docs/feeds.md has a section for each kind, whose example is a configuration and of that kind."""
    documented = (ROOT / "docs/feeds.md").read_text()
    for kind in get_args(FeedKind):
        section = documented.partition(f"\n## `{kind}`\n")[2].partition("\n## ")[0]
        written = tmp_path / f"{kind}.toml"
        written.write_text(section.partition("```toml\n")[2].partition("```")[0])
        environ = SECRETS | {"STATE_POLICE_AUTHORIZATION": "Bearer invented"}
        assert [feed.kind for feed in config.load(written, environ).feeds] == [kind]
        for link in re.findall(r"\]\((\.\./[^)]+)\)", section):
            assert (ROOT / "docs" / link).exists()


def test_the_schema_is_current() -> None:
    """The file is what the keys say; `python -m capgateway.config.schema > schemas/config/config.schema.json` renews it."""
    assert json.loads(SCHEMA.read_text()) == config.json_schema()


def test_the_schema_knows_what_the_reader_knows() -> None:
    """The starter file fits; an unknown key, a bad duration and a wrong type do not."""
    check = jsonschema.Draft202012Validator(config.json_schema())
    check.check_schema(check.schema)
    assert check.is_valid(tomllib.loads(STARTER.read_text()))
    wrong_ones: list[Any] = [
        {"gatway": {}},
        {"policy": {"max_lifetime": "1 d"}},
        {"feeds": {}},
        {"feeds": [{"name": "x"}]},
    ]
    for wrong in wrong_ones:
        assert not check.is_valid(wrong)


def structs() -> Iterator[tuple[str, type[msgspec.Struct]]]:
    yield from (("gateway", config.GatewaySettings), ("policy", Policy), ("feeds", Feed), ("receivers", Receiver))
    yield ("tokens", config.Token)


def test_defaults_are_those_of_the_types() -> None:
    """What documentation and schema call the default is what a left-out key becomes."""
    nowhere = Spot(File(path="", directory=ROOT, environ={}, document={}, lines={}, faults=[], warnings=[]))
    for group, struct in structs():
        fields = {field.name: field for field in msgspec.structs.fields(struct)}
        for name, key in GROUPS[group].items():
            if key.default is not None:
                field = fields[name]
                default: Any = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
                if (group, name) == ("policy", "programmes"):
                    default = tuple(one.id for one in default)
                assert key.kind.read(key.default, nowhere) == default, f"{group}.{name}"


def test_every_metric_is_documented() -> None:
    """docs/metrics.md has a row for each metric, and each of its rows is a metric."""
    shown = Metrics().exposition(STATE, NOW).decode()
    part = (DOCS / "metrics.md").read_text().partition("\n## Metrics\n")[2].partition("\n## ")[0]
    assert sorted(re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE)) == sorted(
        re.findall(r"^# TYPE (\w+)(?<!_created) ", shown, re.MULTILINE)
    )


def test_the_receiver_on_call_gets_what_is_for_operators(tmp_path: Path) -> None:
    """Its lines in docs/on-call.md load, and it wants those messages only."""
    (lines,) = re.findall(r"```toml\n(\[\[receivers\]\].*?)```", (DOCS / "on-call.md").read_text(), re.DOTALL)
    (tmp_path / "x.toml").write_text(lines)
    (receiver,) = config.load(tmp_path / "x.toml", {"ON_CALL_SECRET": encode_secret(bytes(range(32)))}).receivers
    assert receiver.wants("operator.takedown_held")
    assert not receiver.wants("card.published")


def test_every_decision_and_reason_has_its_sentence() -> None:
    """docs/decisions.md says what each word means; `python docs/decisions.py` makes its tables of the sentences in the code."""
    made = runpy.run_path(str(ROOT / "docs/decisions.py"))
    assert (DOCS / "decisions.md").read_text() == made["page"]()
    for words, kind in (
        (meaning.WORDS, Word),
        (meaning.ENDED, EndReason),
        (meaning.IGNORED, IgnoreReason),
        (meaning.QUARANTINED, QuarantineReason),
    ):
        assert tuple(words) == get_args(kind)
        assert all(f"| `{word}` | {sentence} |" in made["tables"]() for word, sentence in words.items())
