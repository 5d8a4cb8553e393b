"""What a configuration says of connections: through which proxy, with which certificates."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

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


def test_a_receivers_url_has_no_fragment(tmp_path: Path) -> None:
    """It would never be sent, so something else was meant."""
    (told,) = faults(tmp_path, RECEIVER.replace(".org/", ".org/hook#part"))
    assert told.startswith("receivers[0].url: must not contain a fragment")


class Files:
    """Certificates and keys in a directory, in each way in which they go wrong."""

    def __init__(self, directory: Path) -> None:
        self.authority = trustme.CA()
        self.authority.cert_pem.write_to_path(directory / "ca.pem")
        for name in ("ours", "other"):
            issued = self.authority.issue_cert(f"{name}.example")
            issued.cert_chain_pems[0].write_to_path(directory / f"{name}.pem")
            issued.private_key_pem.write_to_path(directory / f"{name}.key")
            issued.private_key_and_cert_chain_pem.write_to_path(directory / f"{name}-both.pem")
        key = load_pem_private_key((directory / "ours.key").read_bytes(), None)
        for name, form in (("new", PrivateFormat.PKCS8), ("old", PrivateFormat.TraditionalOpenSSL)):
            locked = key.private_bytes(Encoding.PEM, form, BestAvailableEncryption(b"word"))
            (directory / f"locked-{name}.key").write_bytes(locked)
        (directory / "text.pem").write_text("no certificate")
        lines = (directory / "ours.pem").read_text().splitlines(keepends=True)
        (directory / "damaged.pem").write_text("".join(lines[:2] + lines[3:]))
        for path in directory.glob("*.*"):
            path.chmod(0o600)

    def client(self, directory: Path, name: str, *, ends: datetime) -> None:
        issued = self.authority.issue_cert(f"{name}.example", not_after=ends)
        issued.private_key_and_cert_chain_pem.write_to_path(directory / f"{name}.pem")
        (directory / f"{name}.pem").chmod(0o600)


BAD = {
    'ca = "none.pem"': "ca: there is no file",
    'ca = "text.pem"': "ca: .*text.pem is not a PEM file with certificates",
    'ca = "ours.key"': "ca: .*ours.key is not a PEM file with certificates",
    'ca = "damaged.pem"': "ca: .*damaged.pem is not a PEM file with certificates",
    'client_cert = "none.pem"': "client_cert: there is no file",
    'client_cert = "text.pem"': "client_cert: .*text.pem does not contain a certificate",
    'client_cert = "ours.pem"': "client_cert: .*ours.pem does not contain a private key.*client_key",
    'client_cert = "damaged.pem"\nclient_key = "ours.key"': "client_cert: .*damaged.pem or .*ours.key cannot be used",
    'client_cert = "ours.pem"\nclient_key = "none.key"': "client_key: there is no file",
    'client_cert = "ours.pem"\nclient_key = "other.key"': "client_key: .*other.key does not belong to .*ours.pem",
    'client_cert = "ours.pem"\nclient_key = "text.pem"': "client_key: .*text.pem does not contain a private key",
    'client_cert = "ours.pem"\nclient_key = "locked-new.key"': "client_key: .*locked-new.key is encrypted.*openssl pkey",
    'client_cert = "ours.pem"\nclient_key = "locked-old.key"': "client_key: .*locked-old.key is encrypted.*openssl pkey",
    'client_key = "ours.key"': "client_key: requires client_cert",
}


@pytest.mark.parametrize("written", BAD)
@pytest.mark.parametrize("table", [FEED, RECEIVER])
def test_a_certificate_file_that_cannot_be_used(tmp_path: Path, table: str, written: str) -> None:
    """One fault, at the key that names the file, in a sentence that says what is wrong with it."""
    Files(tmp_path)
    (told,) = faults(tmp_path, f"{table}{written}\n")
    assert re.match(rf"\w+\[0\]\.{BAD[written]}", told)


@pytest.mark.parametrize(
    "written", ['ca = "ca.pem"', 'client_cert = "ours-both.pem"', 'client_cert = "ours.pem"\nclient_key = "ours.key"']
)
def test_good_certificate_files_are_taken_without_a_word(tmp_path: Path, written: str) -> None:
    """The certificate and its key in one file or in two."""
    Files(tmp_path)
    assert warnings(tmp_path, f"{RECEIVER}{written}\n") == []


@pytest.mark.parametrize(("left", "told"), [(-1, "expired on "), (0.5, "expires on "), (29, "in 28 days"), (31, None)])
def test_a_certificate_that_ends_soon_is_warned_of(tmp_path: Path, left: float, told: str | None) -> None:
    """A month before; and an expired one does not keep the others from being served."""
    Files(tmp_path).client(tmp_path, "soon", ends=datetime.now(UTC) + timedelta(days=left))
    found = warnings(tmp_path, f'{RECEIVER}client_cert = "soon.pem"\n')
    assert [told is not None and told in one for one in found] == [True] * bool(told)


def test_each_limit_is_reported_once(tmp_path: Path) -> None:
    """30, 7 and 1 days before and at the end, for the feed or receiver; a renewed file begins again."""
    end = datetime.now(UTC).replace(microsecond=0) + timedelta(days=60)
    files = Files(tmp_path)
    files.client(tmp_path, "ours", ends=end)
    settings = load(tmp_path, f'{RECEIVER}client_cert = "ours.pem"\n')
    reminders, reported = config.Reminders(), []
    for day in range(62):
        news = reminders.news(settings, end - timedelta(days=60 - day))
        reported += [(60 - day, one.receiver, one.key, one.within) for one in news]
    assert reported == [(days, "app", "client_cert", days) for days in (30, 7, 1, 0)]
    files.client(tmp_path, "ours", ends=end + timedelta(days=20))
    assert [one.within for one in reminders.news(settings, end)] == [30]
