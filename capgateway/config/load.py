"""From a file to settings: every fault of the file is reported at once, each with file, line and key."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Collection, Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from capgateway import places
from capgateway.config import lines, token_keys
from capgateway.config.keys import DOCUMENT
from capgateway.config.settings import Settings
from capgateway.config.spot import File, Spot
from capgateway.errors import ConfigError, ConfigErrors

if TYPE_CHECKING:
    from capgateway.feeds import Feed

LONGEST_FILE = 1024 * 1024  # bytes; ten thousand feeds fit, a mistaken path to something large does not

READING_TIME = timedelta(hours=1)
"""An operator who is called out of bed needs about that long to look at an alert that is held back."""
VARIABLE = "CAPGATEWAY_CONFIG"
HERE = Path("config/capgateway.toml")
AT_HOME = Path("~/.config/capgateway/capgateway.toml")


def find(explicit: str | None = None) -> Path:
    """The file to use: ``explicit`` whether it exists or not, ``$CAPGATEWAY_CONFIG``, or the first place that has one."""
    if explicit:
        return Path(explicit)
    if named := os.environ.get(VARIABLE):
        if not Path(named).exists():  # said here, because the variable may have been set long ago
            raise ConfigError(f"does not exist, but ${VARIABLE} names it", path=named)
        return Path(named)
    for place in (HERE, Path(os.path.expanduser(AT_HOME))):
        if place.is_file():
            return place
    raise ConfigError(
        f"there is no configuration file: neither --config nor ${VARIABLE} names one, and neither {HERE} nor {AT_HOME} "
        "exists. `capgateway config init` writes one"
    )


def load(
    path: str | Path, environ: Mapping[str, str] | None = None, *, secrets_of: Collection[str] | None = None
) -> Settings:
    """The settings of one file. Raises :class:`ConfigErrors` with every fault found.

    ``secrets_of`` names the tables whose secrets and files are used, such as ``gateway`` and ``feeds.nws``; those of others
    are not read, and are empty in the result. Without it everything is read, as a gateway needs it.
    """
    text = _text(Path(path))
    try:
        document, found = tomllib.loads(text), lines.find(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigErrors([_syntax_error(error, str(path), text)]) from None
    except RecursionError:
        raise ConfigErrors([ConfigError("is nested too deeply", path=str(path))]) from None
    file = File(
        path=str(path),
        directory=Path(path).absolute().parent,
        environ=os.environ if environ is None else environ,
        document=document,
        lines=found,
        faults=[],
        warnings=[],
        secrets_of=None if secrets_of is None else frozenset(secrets_of),
    )
    return _settings(Spot(file))


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(LONGEST_FILE + 1)
        if len(content) > LONGEST_FILE:
            raise ConfigErrors([ConfigError(f"is longer than {LONGEST_FILE:,} bytes", path=str(path))])
        return content.decode()
    except OSError as error:
        raise ConfigErrors([ConfigError(f"cannot be read: {error.strerror}", path=str(path))]) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigErrors([ConfigError("is not UTF-8", path=str(path), line=line)]) from None


def _syntax_error(error: tomllib.TOMLDecodeError, path: str, text: str) -> ConfigError:
    message, _, place = str(error).partition(" (at ")  # Python 3.14 has attributes for it
    line = re.search(r"line (\d+)", place)
    last = text.count("\n") + 1
    return ConfigError(
        f"is not valid TOML: {message[:1].lower()}{message[1:]}", path=path, line=int(line[1]) if line else last
    )


def _settings(spot: Spot) -> Settings:
    found = spot.read(DOCUMENT.read, spot.file.document)
    for table in ("tokens", "feeds", "receivers"):
        _check_names(spot.file.document.get(table), spot.at(table))
    if spot.file.faults:
        raise ConfigErrors(spot.file.faults)
    settings = Settings(**found)
    token_keys.check_distinct(settings, spot.at("tokens"))
    if spot.file.faults:
        raise ConfigErrors(spot.file.faults)
    if spot.file.secrets_of is None:
        _look_around(settings, spot)
    return Settings(**found, warnings=tuple(spot.file.warnings), path=spot.file.path)


def _check_names(tables: Any, spot: Spot) -> None:
    seen: dict[str, int] = {}
    for position, one in enumerate(tables if isinstance(tables, list) else ()):
        name = one.get("name") if isinstance(one, dict) else None
        first = seen.setdefault(name, position) if isinstance(name, str) else position
        if first != position:
            spot.at(position).at("name").fault(f'"{name}" is already the name of {spot.at(first).key}')


def _look_around(settings: Settings, spot: Spot) -> None:
    """Warn of what is allowed but probably a mistake."""
    if not any(feed.enabled for feed in settings.feeds):
        spot.at("feeds").warn("no feed is enabled: no alert will come in")
    elif not settings.gateway.contact and any(_is_stranger(feed) for feed in settings.feeds if feed.enabled):
        spot.at("gateway").at("contact").warn(
            "is empty: public feeds ask for a contact address, and some refuse clients without one"
        )
    if not any(receiver.enabled for receiver in settings.receivers):
        spot.at("receivers").warn("no receiver is enabled: cards are stored, but not sent anywhere")
    if not settings.gateway.listen and any(feed.kind == "push" for feed in settings.feeds):
        spot.at("gateway").at("listen").warn('is "": nobody can submit alerts to the feeds of kind push')
    if "amber" not in (one.id for one in settings.policy.programmes):
        spot.at("policy").at("programmes").warn("does not contain amber: no AMBER Alert becomes a card")
    if settings.policy.retention < READING_TIME:
        spot.at("policy").at("retention").warn(
            "is short: alerts in quarantine may lose their text before anybody has read it"
        )
    _look_at_receivers(settings, spot.at("receivers"))


def _is_stranger(feed: Feed) -> bool:
    """Whether somebody else's server is asked."""
    return feed.kind not in {"directory", "push"} and not feed.allow_networks


def _look_at_receivers(settings: Settings, spot: Spot) -> None:
    secrets: dict[bytes, int] = {}
    for position, receiver in enumerate(settings.receivers):
        at = spot.at(position)
        shared = [first for secret in receiver.secrets if (first := secrets.setdefault(secret, position)) != position]
        if shared:
            at.at("secret").warn(
                f"is also the secret of {spot.at(shared[0]).key}: either could forge messages to the other"
            )
        for number, region in enumerate(receiver.regions):
            if not places.touches(region, settings.policy.regions):
                at.at("regions").at(number).warn(
                    f'"{region}" is outside policy.regions: no card of that region will be sent'
                )
        if not settings.policy.exercises and all(pattern.startswith("exercise.") for pattern in receiver.messages):
            at.at("messages").warn("selects exercises only, and policy.exercises is false: nothing will be sent")
