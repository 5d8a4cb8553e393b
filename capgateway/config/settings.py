"""What a configuration file says, as values the rest of the gateway takes."""

from __future__ import annotations

from typing import Literal, NamedTuple
from urllib.parse import urlsplit

import msgspec
from platformdirs import user_data_path

from capgateway.cards.policy import Policy
from capgateway.errors import ConfigError
from capgateway.feeds.feed import Feed
from capgateway.places import Layer
from capgateway.webhooks.receiver import Receiver


class Address(NamedTuple):
    """Where to listen."""

    host: str
    port: int


def default_database() -> str:
    """SQLite in the platform's data directory. The directory is made by the command that opens the database."""
    try:
        return f"sqlite:///{user_data_path('capgateway', appauthor=False) / 'capgateway.db'}"
    except RuntimeError:
        raise ConfigError("[gateway] needs `database`: this user has no home directory for a default one") from None


class GatewaySettings(msgspec.Struct, frozen=True, kw_only=True):
    """Fields are the keys of ``[gateway]``; ``listen`` is ``""`` when nothing is served."""

    database: str = msgspec.field(default_factory=default_database)
    listen: str = "127.0.0.1:8025"
    public_url: str = ""
    contact: str = ""

    def __repr__(self) -> str:
        return f"GatewaySettings(listen={self.listen!r})"  # a database address may hold a password

    @property
    def shown_database(self) -> str:
        """The path of a SQLite file, or the address of a PostgreSQL without what may be a password."""
        if self.database.startswith("sqlite:///"):
            return self.database.removeprefix("sqlite:///")
        parts = urlsplit(self.database)
        login, at, host = parts.netloc.rpartition("@")
        return f"postgresql://{login.partition(':')[0]}{at}{host}{parts.path}"

    @property
    def address(self) -> Address | None:
        """``listen`` taken apart, brackets of an IPv6 address removed; ``None`` when nothing is served."""
        host, _, port = self.listen.rpartition(":")
        return Address(host.strip("[]"), int(port)) if port else None


Scope = Literal["read", "operate", "submit", "receive"]


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """Who may use the API, and for what. Fields are the keys of ``[[tokens]]``; ``token`` is the secret itself.

    ``receiver`` is set with scope receive, and only then. ``feeds`` narrows scope submit; empty is every push feed.
    """

    name: str
    token: str
    scopes: tuple[Scope, ...]
    receiver: str | None = None
    feeds: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Token({self.name!r})"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """One configuration, checked as a whole. ``warnings`` are remarks with file, line and key, never raised."""

    gateway: GatewaySettings = msgspec.field(default_factory=GatewaySettings)
    policy: Policy = Policy()
    places: tuple[Layer, ...] = ()
    feeds: tuple[Feed, ...] = ()
    receivers: tuple[Receiver, ...] = ()
    tokens: tuple[Token, ...] = ()
    warnings: tuple[ConfigError, ...] = ()
    path: str = ""
