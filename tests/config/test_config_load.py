"""A configuration file is read as a whole: settings, or every fault with its line."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
import trustme

from capgateway import config
from capgateway.cards.policy import CALL_911
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
        'c.toml:13: feeds[1].name: "nws" is the name of feeds[0] already',
        'c.toml:16: feeds[1].intervall: unknown key; did you mean "interval"?',
    ]


ONE_FAULT = {
    'feed = []': ':1: feed: unknown key; did you mean "feeds"?',
    '[feeds]\nname = "x"': ":1: feeds: must be a list of [[tables]]",
    "gateway = 3": ":1: gateway: must be a table, not 3",
    '[gateway]\ndatabase = "mysql://u:hush@h/d"': ":2: gateway.database: must start with sqlite:/// or postgresql://",
    '[gateway]\ndatabase = "sqlite://"': ":2: gateway.database: must name a file",
    '[gateway]\ndatabase = "sqlite:///:memory:"': ":2: gateway.database: must name a file",
    '[gateway]\nlisten = "0.0.0.0:80"': ":2: gateway.listen: without [[tokens]] only this machine is served",
    '[gateway]\nlisten = "localhost:99999"': ":2: gateway.listen: there is no port 99999",
    '[gateway]\nlisten = "8025"': ':2: gateway.listen: "8025" is not "host:port" or ""',
    '[gateway]\npublic_url = "ftp://x"': ':2: gateway.public_url: "ftp://x" is not a URL',
    '[gateway]\npublic_url = "https://u:hush@x"': ":2: gateway.public_url: a URL must not carry a user name",
    '[policy]\ndefault_lifetime = "8d"': ":2: policy.default_lifetime: is longer than max_lifetime (7d)",
    '[policy]\nmax_lifetime = "10 m"': ':2: policy.max_lifetime: "10 m" is not a duration',
    '[policy]\nmax_lifetime = ""': ':2: policy.max_lifetime: "" is not a duration',
    '[policy]\nmax_lifetime = "1s"': ":2: policy.max_lifetime: must be from 1m to 366d",
    '[policy]\nexercises = "yes"': ':2: policy.exercises: must be true or false, not "yes"',
    '[policy]\nregions = ["XX"]': ":2: policy.regions[0]: unknown region",
    '[[policy.actions]]\ntype = "open"\nvalue = "http://x.example"\nlabel = { en = "More" }': ":3: policy.actions[0].value:",
    '[[policy.actions]]\ntype = "call"\nvalue = "ring"\nlabel = { en = "Call" }': ":3: policy.actions[0].value: is no number",
    '[[policy.actions]]\ntype = "call"\nvalue = "911"\nlabel = { "e n" = "x" }': ":4: policy.actions[0].label.\"e n\":",
    '[[policy.actions]]\ntype = "call"\nvalue = "911"\nlabel = {}': ":4: policy.actions[0].label: needs at least one",
    FEED.replace("atom", "atm"): ':3: feeds[0].kind: "atm" is none of',
    FEED.replace("nws", "N W S"): ':2: feeds[0].name: "N W S" is not a name',
    '[[feeds]]\nname = "a"\nkind = "rss"': ':1: feeds[0].url: is missing; kind "rss" needs it',
    FEED.replace("https", "http"): ":4: feeds[0].url: plain http to alerts.example.org",
    FEED.replace("https://", "https://u:hush@"): ":4: feeds[0].url: the URL for alerts.example.org carries a login",
    FEED.replace("alerts.example.org", "127.0.0.1"): ":4: feeds[0].url: 127.0.0.1 has the address",
    FEED + 'allow_networks = ["10.0.0.1/8"]': ":5: feeds[0].allow_networks[0]:",
    FEED + 'headers = { A = "env:NOPE" }': ":5: feeds[0].headers.A: the environment variable NOPE is not set",
    FEED + "[feeds.headers]\n'a b' = 'x'": ':6: feeds[0].headers."a b":',
    FEED + 'path = "/x"': ':5: feeds[0].path: belongs to kind directory; kind "atom" has none',
    FEED + 'urls = ["tls://x.example:1"]': ":5: feeds[0].urls: belongs to kind naads",
    FEED.replace("/feed", "/{since}"): ":4: feeds[0].url: {since} stands for a moment in addresses of kind ipaws only",
    NAADS + "urls = []": ":4: feeds[0].urls: is empty; kind \"naads\" needs it",
    NAADS + 'urls = ["https://x.example:1"]': ':4: feeds[0].urls[0]: "https://x.example:1" is not a URL that starts with tls:// or tcp://',
    NAADS + 'urls = ["tls://x.example"]': ":4: feeds[0].urls[0]: \"tls://x.example\" is not of the form tls://host:port",
    NAADS + 'urls = ["tls://10.0.0.1:1"]': ":4: feeds[0].urls[0]: 10.0.0.1 has the address 10.0.0.1, which is not public",
    NAADS + 'urls = ["tls://x.example:1"]\narchives = ["http://x.example"]': ":5: feeds[0].archives[0]: plain http",
    '[[feeds]]\nname = "a"\nkind = "directory"': ':1: feeds[0].path: is missing; kind "directory" needs it',
    '[[feeds]]\nname = "a"\nkind = "directory"\npath = "c.toml"': ":4: feeds[0].path:",
    '[[feeds]]\nname = "a"\nkind = "push"\nurl = "https://x.example"': ":4: feeds[0].url: belongs to kind atom or rss or cap",
    FEED + 'jurisdiction = ["TX"]': ':5: feeds[0].jurisdiction[0]: unknown region "TX"; did you mean "US-TX"?',
    FEED + 'signature = "require"': ":5: feeds[0].signature: needs trust",
    FEED + 'trust = "file:c.toml"': ":5: feeds[0].trust:",
    TOKEN.replace("SECRET", "SHORT") + READ: ":3: tokens[0].token: must have at least 16 characters",
    TOKEN.replace("SECRET", "BLANK") + READ: ":3: tokens[0].token: must be of A-Z",
    TOKEN + "scopes = []": ":4: tokens[0].scopes: must not be empty",
    TOKEN + 'scopes = ["raed"]': ':4: tokens[0].scopes[0]: "raed" is none of read, operate, submit, receive; did you mean "read"?',
    TOKEN + 'scopes = ["receive"]': ":1: tokens[0].receiver: is missing; scope receive needs it",
    TOKEN + 'scopes = ["receive"]\nreceiver = "ap"\n' + RECEIVER: ':5: tokens[0].receiver: there is no receiver "ap"; did you mean "app"?',
    TOKEN + 'scopes = ["read", "receive"]\nreceiver = "app"\n' + RECEIVER: ":4: tokens[0].scopes: receive stands alone",
    TOKEN + 'scopes = ["read"]\nreceiver = "app"\n' + RECEIVER: ":5: tokens[0].receiver: goes with scope receive only",
    TOKEN + 'scopes = ["read"]\nfeeds = []': ":5: tokens[0].feeds: goes with scope submit only",
    TOKEN + 'scopes = ["submit"]\nfeeds = ["nsw"]\n' + FEED: ':5: tokens[0].feeds[0]: there is no feed "nsw"; did you mean "nws"?',
    TOKEN + 'scopes = ["submit"]\nfeeds = ["nws"]\n' + FEED: ':5: tokens[0].feeds[0]: feed "nws" is of kind atom',
    (TOKEN + READ) * 2: ':6: tokens[1].name: "ops" is the name of tokens[0] already',
    TOKEN + READ + (TOKEN + READ).replace("ops", "two"): ":7: tokens[1].token: is the same as that of tokens[0]",
    FEED + 'ca = "none.pem"': ":5: feeds[0].ca: there is no file",
    FEED + 'ca = "c.toml"': ":5: feeds[0].ca: certificate files cannot be used",
    RECEIVER.replace("env:SECRET", "env:NOPE"): ":4: receivers[0].secret: the environment variable NOPE is not set",
    RECEIVER.replace("env:SECRET", "file:no"): ":4: receivers[0].secret: cannot read",
    RECEIVER.replace('"env:SECRET"', "[]"): ":4: receivers[0].secret: must be one secret or a list of 1 to 5",
    RECEIVER.replace("env:SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"): ":4: receivers[0].secret: this secret stands in public",
    RECEIVER.replace("env:SECRET", "whsec_short"): ":4: receivers[0].secret: a webhook secret",
    RECEIVER + 'messages = ["crad.*"]': ':5: receivers[0].messages[0]: "crad.*" selects no message type; did you mean "card.*"?',
    RECEIVER + "messages = []": ":5: receivers[0].messages: selects nothing",
    RECEIVER + "concurrency = 0": ":5: receivers[0].concurrency: must be a whole number from 1 to 256, not 0",
    RECEIVER + 'rate = "fast"': ':5: receivers[0].rate: "fast" is not a rate',
    "a = [\n1\n": ":3: not TOML:",
    "a = 1\na = 2\n": ":2: not TOML:",
}  # fmt: skip


@pytest.mark.parametrize("text", ONE_FAULT)
def test_one_fault_gives_one_line(tmp_path: Path, text: str) -> None:
    """Each fault is one line that names file, line and key, and never repeats a password."""
    (line,) = faults(tmp_path, text)
    assert line.startswith(f"c.toml{ONE_FAULT[text]}")
    assert "\n" not in line
    assert "hush" not in line


NOT_YET = {
    '[policy]\nreview = "all"': ':2: policy.review: "all" is not available in this version yet; remove it or set it to its default ("none")',
    '[policy]\nretention = "7d"': ':2: policy.retention: "7d" is not available',
    '[policy]\nfacts = []': ":2: policy.facts: is not available",
    FEED + "precedence = 11": ":5: feeds[0].precedence:",
    FEED + 'media_hosts = ["x"]': ":5: feeds[0].media_hosts: is not available in this version yet; remove it",
    RECEIVER + 'rate = "5/s"': ":5: receivers[0].rate:",
    RECEIVER + 'signing_key = "env:K"': ":5: receivers[0].signing_key:",
    RECEIVER + 'messages = ["operator.*"]': ':5: receivers[0].messages[0]: "operator.*": operator.* messages are not available',
}  # fmt: skip


@pytest.mark.parametrize("text", NOT_YET)
def test_what_is_not_built_yet_is_refused(tmp_path: Path, text: str) -> None:
    """A known key whose feature is not built is an error, never silently without effect."""
    (line,) = faults(tmp_path, text)
    assert line.startswith(f"c.toml{NOT_YET[text]}")
    assert "not available in this version yet" in line


def test_what_is_not_built_yet_may_stand_at_its_default(tmp_path: Path) -> None:
    """The default of such a key changes nothing, in whatever form it is written."""
    text = '[policy]\nretention = "3d"\nreview = "none"\n' + FEED + "precedence = 10\n" + RECEIVER + 'rate = "1200/m"\n'
    assert load(tmp_path, text).policy.retention == timedelta(hours=72)


def test_what_is_hardly_meant_is_warned_of(tmp_path: Path) -> None:
    """Secrets in the file, shared secrets, regions outside the policy, and no contact are warnings with their lines."""
    text = '[policy]\nregions = ["US-TX"]\n' + FEED + RECEIVER.replace("env:SECRET", SECRET)
    text += RECEIVER.replace("app", "two") + 'regions = ["CA"]\nmessages = ["exercise.card.*"]\n'
    told = warnings(tmp_path, text)
    assert [line.split(": ")[1] for line in told] == [
        "receivers[0].secret", "gateway.contact", "receivers[1].secret", "receivers[1].regions[0]", "receivers[1].messages",
    ]  # fmt: skip
    assert told[0].startswith("c.toml:10: receivers[0].secret: the secret stands in the file")
    assert SECRET not in "".join(told)


def test_a_host_that_asks_for_patience_gets_it(tmp_path: Path) -> None:
    """An interval below what a public host asks for is warned of: the gateway keeps to the host's."""
    told = warnings(tmp_path, FEED.replace("alerts.example.org", "apps.fema.gov") + 'interval = "1m"')
    assert told[0].startswith("c.toml:5: feeds[0].interval: this host asks for at least 2m")


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
    assert told[0].startswith("c.toml:3: tokens[0].token: the token stands in the file; better")


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
    assert config.find() == Path("env.toml")
    assert config.find("named.toml") == Path("named.toml")
