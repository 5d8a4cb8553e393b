"""What a configuration says of connections: through which proxy, with which certificates."""

from __future__ import annotations

from pathlib import Path

import pytest

from capgateway import config
from capgateway.errors import ConfigErrors

FEED = '[[feeds]]\nname = "nws"\nkind = "atom"\nurl = "https://alerts.example.org/feed"\n'
RECEIVER = '[[receivers]]\nname = "app"\nurl = "https://cards.example.org/"\nsecret = "env:SECRET"\n'
WITH_LOGIN = "http://gateway:passw0rd@proxy.example:3128"
ENVIRON = {
    "SECRET": "whsec_" + "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    "PROXY": WITH_LOGIN,
    "BAD": WITH_LOGIN + "/x",
}


def load(directory: Path, text: str) -> config.Settings:
    (directory / "c.toml").write_text(text)
    return config.load(directory / "c.toml", ENVIRON)


def faults(directory: Path, text: str) -> list[str]:
    with pytest.raises(ConfigErrors) as caught:
        load(directory, text)
    return [f"{fault.key}: {fault.message}" for fault in caught.value.faults]


def warnings(directory: Path, text: str) -> list[str]:
    found = [f"{one.key}: {one.message}" for one in load(directory, text).warnings]
    return [one for one in found if not one.startswith(("feeds: ", "receivers: ", "gateway.contact: "))]


@pytest.mark.parametrize("table", [FEED, RECEIVER])
def test_a_proxys_login_is_kept_elsewhere(tmp_path: Path, table: str) -> None:
    """Its URL comes from the environment or a file; a login in the configuration itself is warned of, and not quoted."""
    (tmp_path / "proxy").write_text(f"{WITH_LOGIN}\n")
    (tmp_path / "proxy").chmod(0o600)
    for written in ("env:PROXY", "file:proxy", WITH_LOGIN):
        settings = load(tmp_path, f'{table}proxy = "{written}"\n')
        assert [one.proxy for one in settings.feeds or settings.receivers] == [WITH_LOGIN]
        told = [one.message for one in settings.warnings if str(one.key).endswith("proxy")]
        assert bool(told) == (written == WITH_LOGIN)
        assert "passw0rd" not in f"{told} {config.summary(settings)} {settings!r}"
    assert warnings(tmp_path, f'{table}proxy = "http://proxy.example:3128"\n') == []


@pytest.mark.parametrize(
    "written", ["env:BAD", "env:NONE", "socks5://proxy.example", WITH_LOGIN + "/x", "proxy.example:3128"]
)
def test_a_proxy_that_cannot_be_meant(tmp_path: Path, written: str) -> None:
    """The fault names the key and does not repeat a password."""
    (told,) = faults(tmp_path, f'{RECEIVER}proxy = "{written}"\n')
    assert told.startswith("receivers[0].proxy: ")
    assert "passw0rd" not in told
