"""A configuration file is read as a whole: settings, or every fault with its line."""

from __future__ import annotations

import os
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
import trustme

from capgateway import config
from capgateway.cards.policy import CALL_911
from capgateway.config.keys import GROUPS
from capgateway.errors import ConfigError, ConfigErrors
from capgateway.webhooks.sign import encode_secret

SECRET = encode_secret(bytes(range(32)))
OTHER = encode_secret(bytes(range(1, 33)))
ENVIRON = {"SECRET": SECRET, "OTHER": OTHER, "SHORT": "0123456789abcde", "BLANK": "correct horse battery staple"}

FEED = '[[feeds]]\nname = "nws"\nkind = "atom"\nurl = "https://alerts.example.org/feed"\n'
RECEIVER = '[[receivers]]\nname = "app"\nurl = "https://cards.example.org/"\nsecret = "env:SECRET"\n'
NAADS = '[[feeds]]\nkind = "naads"\nname = "n"\n'
TOKEN = '[[tokens]]\nname = "ops"\ntoken = "env:SECRET"\n'
READ = 'scopes = ["read"]\n'


def load(directory: Path, text: str) -> config.Settings:
    path = directory / "c.toml"
    path.write_text(text)
    return config.load(path, ENVIRON)


def faults(directory: Path, text: str) -> list[str]:
    with pytest.raises(ConfigErrors) as caught:
        load(directory, text)
    return [str(fault).removeprefix(f"{directory}/") for fault in caught.value.faults]


def warnings(directory: Path, text: str) -> list[str]:
    return [str(warning).removeprefix(f"{directory}/") for warning in load(directory, text).warnings]


def test_settings_are_made_of_the_stages_own_types(tmp_path: Path) -> None:
    """What stands in the file arrives in feeds, receivers and policy; the rest is as shown in the starter file."""
    settings = load(
        tmp_path,
        '[policy]\nregions = ["US-TX", "CA"]\nmax_lifetime = "1d12h"\n' + FEED + 'interval = "90s"\n'
        'headers = { X-Key = "env:OTHER" }\n' + RECEIVER + 'allow_networks = ["10.0.0.0/8"]\n',
    )
    assert settings.policy.regions == ("US-TX", "CA")
    assert settings.policy.max_lifetime == timedelta(hours=36)
    assert settings.policy.actions == (CALL_911,)
    assert (settings.feeds[0].interval, settings.feeds[0].headers) == (timedelta(seconds=90), {"X-Key": OTHER})
    assert settings.receivers[0].secrets == (bytes(range(32)),)
    assert settings.receivers[0].allow_networks == (ip_network("10.0.0.0/8"),)
    assert settings.gateway.address == ("127.0.0.1", 8025)


def test_an_empty_file_is_a_configuration(tmp_path: Path) -> None:
    """Nothing is required; that nothing comes in or goes out is a warning."""
    settings = load(tmp_path, "")
    assert settings.gateway.database.startswith("sqlite:////")
    assert [warning.key for warning in settings.warnings] == ["feeds", "receivers"]


def test_hosts_of_pictures_are_names_addresses_or_all_below_a_name(tmp_path: Path) -> None:
    """Without scheme or port, in lower case."""
    settings = load(tmp_path, FEED + 'media_hosts = ["*.Photos.example", "10.1.2.3", "::1", "a_b.example"]')
    assert settings.feeds[0].media_hosts == ("*.photos.example", "10.1.2.3", "::1", "a_b.example")


def test_secrets_come_from_files_beside_the_configuration(tmp_path: Path) -> None:
    """file: is relative to the configuration file; several secrets are kept in their order."""
    (tmp_path / "hook.secret").write_text(f"{OTHER}\n")
    settings = load(tmp_path, RECEIVER.replace('"env:SECRET"', '["file:hook.secret", "env:SECRET"]'))
    assert settings.receivers[0].secrets == (bytes(range(1, 33)), bytes(range(32)))


def test_secrets_appear_in_no_representation(tmp_path: Path) -> None:
    """Printing the settings shows neither webhook secrets, header values nor the database's password."""
    text = '[gateway]\ndatabase = "postgresql://cap:hidden5@db.example.org/cap"\n'
    settings = load(tmp_path, text + FEED + 'headers = { X-Key = "env:OTHER" }\n' + RECEIVER)
    for secret in ("hidden5", SECRET, OTHER):
        assert secret not in repr(settings)


def test_a_database_file_is_relative_to_the_configuration(tmp_path: Path) -> None:
    """sqlite:///name is beside the configuration file, wherever the gateway is started."""
    assert (
        load(tmp_path, '[gateway]\ndatabase = "sqlite:///x/cap.db"').gateway.database
        == f"sqlite:///{tmp_path}/x/cap.db"
    )
    assert load(tmp_path, '[gateway]\ndatabase = "sqlite:////var/cap.db"').gateway.database == "sqlite:////var/cap.db"


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    """Faults of several tables come together, in the order of their lines."""
    text = (
        '[gateway]\nlistn = "x"\n[policy]\nregions = [\n  "US-TX",\n  "TX",\n]\n' + FEED + FEED + 'intervall = "2m"\n'
    )
    assert faults(tmp_path, text) == [
        'c.toml:2: gateway.listn: unknown key; did you mean "listen"?',
        'c.toml:6: policy.regions[1]: unknown region "TX"; did you mean "US-TX"?',
        'c.toml:13: feeds[1].name: "nws" is already the name of feeds[0]',
        'c.toml:16: feeds[1].intervall: unknown key; did you mean "interval"?',
    ]


PUBLISHED = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PUBLISHED_KEY = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=="
ONE_FAULT = {
    FEED + 'media_hosts = ["https://photos.example"]': ':5: feeds[0].media_hosts[0]: "https://photos.example" is not a host',
    FEED + 'media_hosts = ["photos.example:443"]': ":5: feeds[0].media_hosts[0]:",
    FEED + 'media_hosts = ["*"]': ":5: feeds[0].media_hosts[0]:",
    FEED + 'media_hosts = ["photos.*"]': ":5: feeds[0].media_hosts[0]:",
    'feed = []': ':1: feed: unknown key; did you mean "feeds"?',
    '[feeds]\nname = "x"': ":1: feeds: must be a list of [[tables]]",
    "gateway = 3": ":1: gateway: must be a table, not 3",
    '[gateway]\ndatabase = "mysql://u:hush@h/d"': ":2: gateway.database: must start with sqlite:/// or postgresql://",
    '[gateway]\ndatabase = "sqlite://"': ":2: gateway.database: must name a file",
    '[gateway]\ndatabase = "sqlite:///:memory:"': ":2: gateway.database: must name a file",
    '[gateway]\nlisten = "0.0.0.0:80"': ":2: gateway.listen: without [[tokens]] the gateway serves this machine only",
    '[gateway]\nlisten = "localhost:99999"': ":2: gateway.listen: port 99999 does not exist",
    '[gateway]\nlisten = "8025"': ':2: gateway.listen: "8025" is not "host:port" or ""',
    '[gateway]\npublic_url = "ftp://x"': ':2: gateway.public_url: "ftp://x" is not a URL',
    '[gateway]\npublic_url = "https://u:hush@x"': ":2: gateway.public_url: a URL must not contain a user name",
    '[policy]\ndefault_lifetime = "8d"': ":2: policy.default_lifetime: is longer than max_lifetime (7d)",
    '[policy]\nmax_lifetime = "10 m"': ':2: policy.max_lifetime: "10 m" is not a duration',
    '[policy]\nmax_lifetime = ""': ':2: policy.max_lifetime: "" is not a duration',
    '[policy]\nmax_lifetime = "1s"': ":2: policy.max_lifetime: must be from 1m to 366d",
    '[policy]\nexercises = "yes"': ':2: policy.exercises: must be true or false, not "yes"',
    '[policy]\nregions = ["US-TZ"]': ':2: policy.regions[0]: unknown region "US-TZ"; did you mean "US-TX"?',
    '[policy]\nregions = ["XX"]': ":2: policy.regions[0]: unknown region",
    '[[policy.actions]]\ntype = "open"\nvalue = "http://x.example"\nlabel = { en = "More" }': ":3: policy.actions[0].value:",
    '[[policy.actions]]\ntype = "call"\nvalue = "ring"\nlabel = { en = "Call" }': ":3: policy.actions[0].value: is not a telephone number",
    '[[policy.actions]]\ntype = "call"\nvalue = "911"\nlabel = { "e n" = "x" }': ":4: policy.actions[0].label.\"e n\":",
    '[[policy.actions]]\ntype = "call"\nvalue = "911"\nlabel = {}': ":4: policy.actions[0].label: needs at least one",
    FEED.replace("atom", "atm"): ':3: feeds[0].kind: "atm" is not one of',
    FEED.replace("nws", "N W S"): ':2: feeds[0].name: "N W S" is not a name',
    '[[feeds]]\nname = "a"\nkind = "rss"': ':1: feeds[0].url: is missing; a feed of kind "rss" requires it',
    FEED.replace("https", "http"): ":4: feeds[0].url: plain http to alerts.example.org",
    FEED.replace("https://", "https://u:hush@"): ":4: feeds[0].url: the URL for alerts.example.org carries a login",
    FEED.replace("alerts.example.org", "127.0.0.1"): ":4: feeds[0].url: 127.0.0.1 is not public",
    FEED + 'allow_networks = ["10.0.0.1/8"]': ":5: feeds[0].allow_networks[0]:",
    FEED + 'headers = { A = "env:NOPE" }': ":5: feeds[0].headers.A: the environment variable NOPE is not set",
    FEED + "[feeds.headers]\n'a b' = 'x'": ':6: feeds[0].headers."a b":',
    FEED + 'path = "/x"': ':5: feeds[0].path: is a key of kind directory; a feed of kind "atom" does not have it',
    FEED + 'urls = ["tls://x.example:1"]': ":5: feeds[0].urls: is a key of kind naads",
    FEED.replace("/feed", "/{since}"): ":4: feeds[0].url: {since} can be used only in the URL of a feed of kind ipaws",
    NAADS + "urls = []": ":4: feeds[0].urls: is empty; a feed of kind \"naads\" requires it",
    NAADS + 'urls = ["https://x.example:1"]': ':4: feeds[0].urls[0]: "https://x.example:1" is not a URL that starts with tls:// or tcp://',
    NAADS + 'urls = ["tls://x.example"]': ":4: feeds[0].urls[0]: \"tls://x.example\" is not an address of the form tls://host:port",
    NAADS + 'urls = ["tls://10.0.0.1:1"]': ":4: feeds[0].urls[0]: 10.0.0.1 is not public",
    NAADS + 'urls = ["tls://x.example:1"]\narchives = ["http://x.example"]': ":5: feeds[0].archives[0]: plain http",
    '[[feeds]]\nname = "a"\nkind = "directory"': ':1: feeds[0].path: is missing; a feed of kind "directory" requires it',
    '[[feeds]]\nname = "a"\nkind = "directory"\npath = "c.toml"': ":4: feeds[0].path:",
    '[[feeds]]\nname = "a"\nkind = "push"\nurl = "https://x.example"': ":4: feeds[0].url: is a key of kind atom or rss or cap",
    FEED + 'jurisdiction = ["TX"]': ':5: feeds[0].jurisdiction[0]: unknown region "TX"; did you mean "US-TX"?',
    FEED + 'signature = "require"': ":5: feeds[0].signature: requires trust",
    FEED + 'trust = "file:c.toml"': ":5: feeds[0].trust:",
    TOKEN.replace("SECRET", "SHORT") + READ: ":3: tokens[0].token: must have at least 16 characters",
    TOKEN.replace("SECRET", "BLANK") + READ: ":3: tokens[0].token: may contain only A-Z",
    TOKEN + "scopes = []": ":4: tokens[0].scopes: must not be empty",
    TOKEN + 'scopes = ["raed"]': ':4: tokens[0].scopes[0]: "raed" is not one of read, operate, submit, receive; did you mean "read"?',
    TOKEN + 'scopes = ["receive"]': ":1: tokens[0].receiver: is missing; the scope receive requires it",
    TOKEN + 'scopes = ["receive"]\nreceiver = "ap"\n' + RECEIVER: ':5: tokens[0].receiver: there is no receiver "ap"; did you mean "app"?',
    TOKEN + 'scopes = ["read", "receive"]\nreceiver = "app"\n' + RECEIVER: ":4: tokens[0].scopes: the scope receive cannot be combined",
    TOKEN + 'scopes = ["read"]\nreceiver = "app"\n' + RECEIVER: ":5: tokens[0].receiver: applies to the scope receive only",
    TOKEN + 'scopes = ["read"]\nfeeds = []': ":5: tokens[0].feeds: applies to the scope submit only",
    TOKEN + 'scopes = ["submit"]\nfeeds = ["nsw"]\n' + FEED: ':5: tokens[0].feeds[0]: there is no feed "nsw"; did you mean "nws"?',
    TOKEN + 'scopes = ["submit"]\nfeeds = ["nws"]\n' + FEED: ':5: tokens[0].feeds[0]: feed "nws" has the kind atom',
    (TOKEN + READ) * 2: ':6: tokens[1].name: "ops" is already the name of tokens[0]',
    TOKEN + READ + (TOKEN + READ).replace("ops", "two"): ":7: tokens[1].token: is the same as the token of tokens[0]",
    FEED + 'ca = "none.pem"': ":5: feeds[0].ca: there is no file",
    FEED + 'ca = "c.toml"': ":5: feeds[0].ca: /",
    RECEIVER.replace("env:SECRET", "env:NOPE"): ":4: receivers[0].secret: the environment variable NOPE is not set",
    RECEIVER.replace("env:SECRET", "file:no"): ":4: receivers[0].secret: cannot read",
    RECEIVER.replace('"env:SECRET"', "[]"): ":4: receivers[0].secret: must be one secret or a list of 1 to 5",
    RECEIVER.replace("env:SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"): ":4: receivers[0].secret: this secret is published",
    RECEIVER.replace("env:SECRET", "whsec_short"): ":4: receivers[0].secret: a webhook secret",
    RECEIVER.replace("env:SECRET", "whsec_5WbX5kEWLlfzsGNjH64I8lOOqUB6e8FH"): ":4: receivers[0].secret: this secret is published",
    RECEIVER.replace('"env:SECRET"', f'["env:SECRET", "{PUBLISHED}"]'): ":4: receivers[0].secret[1]: this secret is published",
    RECEIVER + f'signing_key = "{PUBLISHED_KEY}"': ":5: receivers[0].signing_key: this key is published",
    RECEIVER + f'signing_key = "{PUBLISHED_KEY[:48]}="': ":5: receivers[0].signing_key: this key is published",
    RECEIVER + 'signing_key = "env:SECRET"': ":5: receivers[0].signing_key: this is a symmetric secret (whsec_…)",
    RECEIVER + 'signing_key = "whpk_hush"': ":5: receivers[0].signing_key: this is a public key (whpk_…), which cannot sign",
    RECEIVER + 'signing_key = "whsk_hush"': ":5: receivers[0].signing_key: a signing key has 32 or 64 bytes",
    RECEIVER + 'signing_key = "hush"': ":5: receivers[0].signing_key: a signing key is whsk_ followed by standard base64",
    RECEIVER + 'signing_key = ["env:K"]': ":5: receivers[0].signing_key: must be a string",
    RECEIVER.replace("env:SECRET", PUBLISHED_KEY): ":4: receivers[0].secret: this is an ed25519 key (whsk_…)",
    RECEIVER + 'messages = ["crad.*"]': ':5: receivers[0].messages[0]: "crad.*" selects no message type; did you mean "card.*"?',
    RECEIVER + "messages = []": ":5: receivers[0].messages: selects no message type",
    RECEIVER + "concurrency = 0": ":5: receivers[0].concurrency: must be a whole number from 1 to 256, not 0",
    RECEIVER + 'rate = "fast"': ':5: receivers[0].rate: "fast" is not a rate',
    "a = [\n1\n": ":3: is not valid TOML:",
    "a = 1\na = 2\n": ":2: is not valid TOML:",
}  # fmt: skip


@pytest.mark.parametrize("text", ONE_FAULT)
def test_one_fault_gives_one_line(tmp_path: Path, text: str) -> None:
    """Each fault is one line that names file, line and key, and never repeats a password."""
    (line,) = faults(tmp_path, text)
    assert line.startswith(f"c.toml{ONE_FAULT[text]}")
    assert "\n" not in line
    assert "hush" not in line


def test_a_default_may_be_written_in_another_form(tmp_path: Path) -> None:
    """It changes nothing."""
    text = '[policy]\nreview_timeout = "600s"\nreview = "none"\n' + RECEIVER + 'rate = "1200/m"\n'
    assert load(tmp_path, text).policy.review_timeout == timedelta(minutes=10)


@pytest.mark.parametrize(("written", "seconds"), [("0s", 0), ("1s", 1), ("72h", 259_200)])
def test_retention_may_be_as_short_as_nothing(tmp_path: Path, written: str, seconds: int) -> None:
    """Everything may be erased the moment that a card ends."""
    text = f'[policy]\nretention = "{written}"\n'
    assert load(tmp_path, text).policy.retention == timedelta(seconds=seconds)
    is_warned = any("policy.retention: is short" in line for line in warnings(tmp_path, text + FEED + RECEIVER))
    assert is_warned is (seconds < 3600)


def test_what_is_hardly_meant_is_warned_of(tmp_path: Path) -> None:
    """Secrets in the file, shared secrets, regions outside the policy, and no contact are warnings with their lines."""
    text = '[policy]\nregions = ["US-TX"]\n' + FEED + RECEIVER.replace("env:SECRET", SECRET)
    text += RECEIVER.replace("app", "two") + 'regions = ["CA"]\nmessages = ["exercise.card.*"]\n'
    told = warnings(tmp_path, text)
    assert [line.split(": ")[1] for line in told] == [
        "receivers[0].secret", "gateway.contact", "receivers[1].secret", "receivers[1].regions[0]", "receivers[1].messages",
    ]  # fmt: skip
    assert told[0].startswith("c.toml:10: receivers[0].secret: the secret is written in this file")
    assert SECRET not in "".join(told)


def test_a_host_that_asks_for_patience_gets_it(tmp_path: Path) -> None:
    """An interval below what a public host asks for is warned of: the gateway keeps to the host's."""
    told = warnings(tmp_path, FEED.replace("alerts.example.org", "apps.fema.gov") + 'interval = "1m"')
    assert told[0].startswith("c.toml:5: feeds[0].interval: this host requires at least 2m")


def test_tokens_are_read(tmp_path: Path) -> None:
    """A token is known by name, allows its scopes, and appears in no representation; with one, others may be served."""
    text = '[gateway]\nlisten = "0.0.0.0:8025"\n' + TOKEN + 'scopes = ["submit", "read"]\nfeeds = ["p"]\n'
    settings = load(tmp_path, text + '[[feeds]]\nname = "p"\nkind = "push"\n' + RECEIVER)
    (token,) = settings.tokens
    assert (token.name, token.token, token.scopes, token.feeds) == ("ops", SECRET, ("submit", "read"), ("p",))
    assert SECRET not in repr(settings)
    assert settings.warnings == ()


def test_a_token_in_the_file_is_warned_of(tmp_path: Path) -> None:
    """It works, and `config check` says what is better."""
    told = warnings(tmp_path, TOKEN.replace("env:SECRET", "0123456789abcdef") + READ + FEED)
    assert told[0].startswith("c.toml:3: tokens[0].token: the token is written in this file; use")


def test_each_kind_of_feed_is_read(tmp_path: Path) -> None:
    """Streams, folders and pushes have what they need; a folder lies beside the file; plain TCP is warned of."""
    streams = 'urls = ["tls://x.example:8443", "tcp://x.example:8080/"]\narchives = ["https://x.example/"]\n'
    folder = '[[feeds]]\nname = "d"\nkind = "directory"\npath = "in"\n'
    ipaws = FEED.replace("atom", "ipaws").replace("/feed", "/{since}").replace("nws", "i")
    settings = load(tmp_path, ipaws + NAADS + streams + folder + '[[feeds]]\nname = "p"\nkind = "push"\n')
    assert [feed.kind for feed in settings.feeds] == ["ipaws", "naads", "directory", "push"]
    assert settings.feeds[1].urls == ("tls://x.example:8443", "tcp://x.example:8080/")
    assert settings.feeds[2].path == str(tmp_path / "in")
    told = [warning.key for warning in settings.warnings]
    assert told == ["feeds[1].urls[1]", "feeds[2].path", "gateway.contact", "receivers"]


def test_trust_is_looked_into(tmp_path: Path) -> None:
    """A file of certificates is read; with signatures ignored it has no effect, which is a warning."""
    trustme.CA().cert_pem.write_to_path(tmp_path / "ca.pem")
    text = FEED + 'trust = "file:ca.pem"\n'
    assert load(tmp_path, text + 'signature = "require"').feeds[0].trust == (tmp_path / "ca.pem").read_bytes()
    assert "feeds[0].trust: has no effect" in warnings(tmp_path, text + 'signature = "ignore"')[0]


@pytest.mark.parametrize("networks", ["127.0.0.0/8", "::1/128"])
def test_private_feeds_need_their_networks(tmp_path: Path, networks: str) -> None:
    """Plain http on loopback is right when allow_networks covers the address, and only then."""
    host = "127.0.0.1" if "." in networks else "[::1]"
    feed = FEED.replace("https://alerts.example.org", f"http://{host}:8080")
    assert load(tmp_path, feed + f'allow_networks = ["{networks}"]').feeds[0].url.startswith("http://")
    assert "only allowed inside allow_networks" in faults(tmp_path, feed)[0]


def test_an_unusable_file_is_a_fault(tmp_path: Path) -> None:
    """A directory, a missing file, bytes that are not UTF-8, a file too large or too deep each give one line."""
    (tmp_path / "latin").write_bytes(b"a = 1\nb = '\xe9'\n")
    (tmp_path / "large").write_bytes(b"#" * (config.load.__globals__["LONGEST_FILE"] + 1))
    for name, told in {
        "none": "cannot be read",
        "": "cannot be read",
        "latin": ":2: is not UTF-8",
        "large": "longer",
    }.items():
        with pytest.raises(ConfigErrors, match=told):
            config.load(tmp_path / name)


def test_the_file_is_looked_for_in_three_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is named counts, then ./config, then the home directory; else the sentence says how to go on."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("CAPGATEWAY_CONFIG", raising=False)
    with pytest.raises(ConfigError, match="capgateway config init"):
        config.find()
    at_home = tmp_path / "home/.config/capgateway/capgateway.toml"
    for path in (at_home, tmp_path / "config/capgateway.toml"):
        path.parent.mkdir(parents=True)
        path.touch()
        assert config.find().absolute() == path
    monkeypatch.setenv("CAPGATEWAY_CONFIG", "env.toml")
    Path("env.toml").touch()
    assert config.find() == Path("env.toml")
    assert config.find("named.toml") == Path("named.toml")


def test_only_the_secrets_that_are_used_are_read(tmp_path: Path) -> None:
    """Whoever uses the database needs no receiver's secret, no header, no token, no certificate and no private key."""
    (tmp_path / "c.toml").write_text(
        '[gateway]\ndatabase = "env:DATABASE"\n'
        + FEED
        + 'headers = { X-Key = "env:NOPE" }\ntrust = "file:none.pem"\n'
        + RECEIVER.replace("env:SECRET", "env:NOPE")
        + 'client_cert = "none.pem"\nclient_key = "/nowhere/none.key"\n'
        + TOKEN.replace("SECRET", "NOPE")
        + READ
        + RECEIVER.replace("env:SECRET", "file:none").replace("app", "two")
    )
    environ = {"DATABASE": "postgresql://cap@db.example.org/cap"}
    settings = config.load(tmp_path / "c.toml", environ, secrets_of=["gateway"])
    assert settings.gateway.database == "postgresql://cap@db.example.org/cap"
    assert [one.name for one in settings.receivers] == ["app", "two"]
    assert config.load(tmp_path / "c.toml", {}, secrets_of=[]).gateway.database == ""
    with pytest.raises(ConfigErrors, match=r"feeds\[0\].headers.X-Key: the environment variable NOPE is not set"):
        config.load(tmp_path / "c.toml", environ, secrets_of=["feeds.nws"])


def test_faults_are_found_whatever_is_read(tmp_path: Path) -> None:
    """A misspelt key is a fault for those too who use no secret."""
    (tmp_path / "c.toml").write_text(RECEIVER.replace("SECRET", "NOPE") + 'timout = "1s"\n')
    with pytest.raises(ConfigErrors, match='receivers.0..timout: unknown key; did you mean "timeout"?'):
        config.load(tmp_path / "c.toml", {}, secrets_of=[])


@pytest.mark.parametrize(
    "value", ['""', '"x"', "5", '"http://10.0.0.1/"', "[]", '["x"]', "{}", "-1", '"https://u:p@x/"']
)
@pytest.mark.parametrize("text", [FEED, RECEIVER])
def test_a_refused_value_is_reported_once(tmp_path: Path, text: str, value: str) -> None:
    """Whichever key of a feed or a receiver has it."""
    for key in sorted(GROUPS["feeds"].keys() | GROUPS["receivers"].keys()):
        rest = "".join(f"{line}\n" for line in text.splitlines() if not line.startswith(f"{key} ="))
        (tmp_path / "c.toml").write_text(f"{rest}{key} = {value}\nunknown = 1\n")
        with pytest.raises(ConfigErrors) as caught:
            config.load(tmp_path / "c.toml", ENVIRON)
        keys = [fault.key for fault in caught.value.faults]
        assert len(keys) == len(set(keys)), str(caught.value)


def test_an_address_is_not_said_to_have_itself(tmp_path: Path) -> None:
    """A receiver that is refused for its address is named once."""
    (line,) = faults(tmp_path, RECEIVER.replace("cards.example.org", "10.0.0.1"))
    assert line.endswith("receivers[0].url: 10.0.0.1 is not public and not in allow_networks")


@pytest.mark.parametrize("name", ["var/lib/capgateway/x.db", "srv/x.db"])
def test_a_path_that_looks_absolute_is_warned_of(tmp_path: Path, name: str) -> None:
    """Three slashes are a path beside the file; the warning shows it, and how the other is written."""
    text = f'[gateway]\ndatabase = "sqlite:///{name}"\n'
    told = [line for line in warnings(tmp_path, text) if "gateway.database" in line]
    assert len(told) == 1
    assert told[0].startswith(
        f"c.toml:2: gateway.database: is the path {tmp_path}/{name}, relative to the configuration"
    )
    assert f'for /{name} write "sqlite:////{name}" (four slashes)' in told[0]
    for meant in ("sqlite:////", "sqlite:///./"):
        assert not any("gateway.database" in line for line in warnings(tmp_path, text.replace("sqlite:///", meant)))


def test_a_secret_that_others_can_read_is_warned_of(tmp_path: Path) -> None:
    """Of a file with a secret, and of a private key; not once others are kept out."""
    (tmp_path / "hook.secret").write_text(SECRET)
    (tmp_path / "hook.secret").chmod(0o644)
    text = RECEIVER.replace("env:SECRET", "file:hook.secret")
    told = [line for line in warnings(tmp_path, text) if "secret" in line]
    assert len(told) == 1
    assert told[0].startswith(
        f"c.toml:4: receivers[0].secret: every user of this machine can read {tmp_path}/hook.secret"
    )
    (tmp_path / "hook.secret").chmod(0o640)
    assert not any("secret" in line for line in warnings(tmp_path, text))


def test_a_summary_names_everything_and_no_secret(tmp_path: Path) -> None:
    """File, database, address, regions, programmes, feeds and receivers, a line each."""
    text = '[gateway]\ndatabase = "postgresql://cap:hidden5@db.example.org/cap?password=hidden5"\n'
    told = config.summary(load(tmp_path, text + FEED + FEED.replace("nws", "two") + "enabled = false\n" + RECEIVER))
    assert told == {
        "configuration": f"{tmp_path}/c.toml",
        "database": "postgresql://cap@db.example.org/cap",
        "address": "http://127.0.0.1:8025",
        "regions": "everywhere",
        "programmes": "amber",
        "feeds": "1 enabled: nws; 1 disabled",
        "receivers": "1 enabled: app",
    }
    assert config.summary(load(tmp_path, '[gateway]\ndatabase = "sqlite:///x.db"'))["database"] == f"{tmp_path}/x.db"


def test_changes_are_named_by_their_keys(tmp_path: Path) -> None:
    """What a reload changes, without the values: some are secret."""
    before = load(tmp_path, FEED + RECEIVER)
    after = load(
        tmp_path,
        '[policy]\nregions = ["US-TX"]\n'
        + FEED
        + 'interval = "5m"\n'
        + RECEIVER.replace("env:SECRET", "env:OTHER")
        + FEED.replace("nws", "two"),
    )
    assert config.changes(before, after) == [
        "policy.regions", "feeds.two added", "feeds.nws.interval", "receivers.app.secret",
    ]  # fmt: skip
    assert "receivers.app removed" in config.changes(after, load(tmp_path, FEED))
    assert config.changes(before, before) == []


def test_a_user_without_a_home_needs_no_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container there may be none: only what would be in it has to be named, and ``~`` leads nowhere."""
    monkeypatch.delenv("HOME")
    monkeypatch.setattr("os.path.expanduser", os.fspath)
    path = tmp_path / "x.toml"
    path.write_text('[policy]\nregions = ["US-TX"]\n')
    with pytest.raises(ConfigError, match=r"\[gateway\] needs `database`: this user has no home directory"):
        config.load(path)
    path.write_text('[gateway]\ndatabase = "file:~/database.url"\n')
    with pytest.raises(ConfigError, match="database.url"):
        config.load(path)
    path.write_text('[gateway]\ndatabase = "sqlite:////var/lib/x.db"\n')
    assert config.load(path).gateway.database == "sqlite:////var/lib/x.db"
