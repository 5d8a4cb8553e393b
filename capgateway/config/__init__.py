"""What the operator wrote, checked as a whole and turned into the stages' own types: TOML in, :class:`Settings` out.

:func:`load` raises :class:`capgateway.errors.ConfigErrors` with every fault of the file. How it is built: ``keys`` lists every
key, ``values`` and ``references`` read single values, ``checks`` (with ``feed_checks`` and ``token_keys``) what several keys say together,
``lines`` finds the line of each value, ``spot`` carries file, place and faults through all of them. ``expiring`` knows which certificate
files end soon. ``summary`` says in a few lines what a configuration is about, and what another one changes.
"""

from importlib.resources import files

from capgateway.config.expiring import Expiring, Reminders, expiring
from capgateway.config.load import HERE, VARIABLE, find, load
from capgateway.config.schema import json_schema
from capgateway.config.settings import Address, GatewaySettings, Scope, Settings, Token, default_database
from capgateway.config.summary import changes, summary

__all__ = [
    "HERE",
    "VARIABLE",
    "Address",
    "Expiring",
    "GatewaySettings",
    "Reminders",
    "Scope",
    "Settings",
    "Token",
    "changes",
    "default_database",
    "expiring",
    "find",
    "json_schema",
    "load",
    "starter",
    "summary",
]


def starter() -> str:
    """The commented file a new installation starts with, the same as ``config/capgateway.toml``."""
    return (files("capgateway.config") / "starter.toml").read_text(encoding="utf-8")
