"""Programmes in the configuration: what each is known by, and which of them are enabled."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, get_args

import msgspec

from capgateway.cards.codes import Code, Scheme
from capgateway.cards.policy import Policy
from capgateway.cards.programmes import BUILT_IN, CHILD_ABDUCTION, Programme
from capgateway.cards.words import folded
from capgateway.config.spot import UNUSABLE, Spot, Wrong
from capgateway.config.values import Kind, as_duration, shown, suggestion

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Found = dict[str, Any]

SCHEMES = tuple(scheme.upper() for scheme in get_args(Scheme))
VALUES = {"SAME": "[A-Z]{3}", "NWS": "[A-Z]{3}", "CAP-CP": "[A-Za-z]{2,40}", "OET": r"OET-\d{3}"}
CODE = re.compile(rf"({'|'.join(SCHEMES)}):(\S+)")
SHORTEST_PHRASE, LONGEST_PHRASE = 4, 100
"""Characters. A shorter phrase is in too many titles; a longer one is in none."""


def code() -> Kind:
    """``"SAME:MEP"``: an event code with its scheme."""

    def read(value: Any, spot: Spot) -> Code:
        match = CODE.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            scheme, _, rest = str(value).partition(":")
            near = get_close_matches(scheme.upper(), SCHEMES, n=1)
            hint = f'; did you mean "{near[0]}:{rest or "…"}"?' if near else ""
            schemes = ", ".join(SCHEMES)
            raise Wrong(f"{shown(value)} is not SCHEME:VALUE with one of the schemes {schemes}{hint}")
        scheme, name = match.groups()
        if not re.fullmatch(VALUES[scheme], name):
            raise Wrong(f"{shown(value)} is not a code of the scheme {scheme}")
        return Code(scheme.lower(), name.lower())  # type: ignore[arg-type]

    return Kind(read, {"type": "string", "pattern": "^(SAME|NWS|CAP-CP|OET):\\S+$"})


def phrase() -> Kind:
    """Some words, as they are compared: without regard to case and accents."""

    def read(value: Any, _: Spot) -> str:
        if not isinstance(value, str) or not value.isprintable():
            raise Wrong(f"must be a phrase in quotes, not {shown(value)}")
        found = folded(value)
        if not SHORTEST_PHRASE <= len(found) <= LONGEST_PHRASE or not re.match(r"\w.*\w$", found):
            raise Wrong(
                f"{shown(value)} must be {SHORTEST_PHRASE} to {LONGEST_PHRASE} characters, from a letter to a letter"
            )
        return found

    return Kind(read, {"type": "string", "minLength": SHORTEST_PHRASE, "maxLength": LONGEST_PHRASE})


def programme(found: Found, spot: Spot) -> Any:
    """One ``[programmes.NAME]``: what is left out is as in the built-in programme of that name, or in ``[policy]``."""
    name = str(spot.path[-1])
    default, longest = found.get("default_lifetime"), found.get("max_lifetime")
    if UNUSABLE not in (default, longest) and default and longest and default > longest:
        spot.at("default_lifetime").fault(f"is longer than max_lifetime ({as_duration(longest)})")
    if found.get("name") == {}:
        spot.at("name").fault("needs at least one language")
    if any(value is UNUSABLE for value in found.values()):
        return UNUSABLE
    if name in BUILT_IN:
        return msgspec.structs.replace(BUILT_IN[name], **found)
    for key in ("name", "codes"):
        if key not in found:
            spot.fault(f"needs {key}: only {' and '.join(BUILT_IN)} are built in")
            return UNUSABLE
    return Programme(id=name, **found)


def document(found: Found, spot: Spot) -> Found:
    """The whole file: the policy gets the programmes that it names."""
    given, names = found.get("programmes"), _names(spot)
    rest = {name: value for name, value in found.items() if name != "programmes"}
    if given is UNUSABLE or found.get("policy") is UNUSABLE:
        return rest
    known: Mapping[str, Programme] = BUILT_IN | (given or {})
    enabled = [known[name] for name in dict.fromkeys(names) if _is_known(name, names, known, spot)]
    _check_codes({one.id: one for one in (*enabled, *(given or {}).values())}, enabled, given or {}, spot)
    _check_receivers(known, enabled, spot)
    policy = rest.get("policy", Policy())
    for one in enabled:
        _check_lifetimes(one, policy, spot)
    return rest | {"policy": msgspec.structs.replace(policy, programmes=tuple(enabled))}


def _names(spot: Spot) -> list[str]:
    """The programmes that the file enables; what is not even a list of strings has its fault already."""
    policy = spot.file.document.get("policy")
    names = policy.get("programmes", ["amber"]) if isinstance(policy, dict) else ["amber"]
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def _is_known(name: str, names: list[str], known: Mapping[str, Programme], spot: Spot) -> bool:
    if name in known:
        return True
    at = spot.at("policy").at("programmes").at(names.index(name))
    at.fault(f'there is no programme "{name}"{suggestion(name, list(known)) or f"; add [programmes.{name}]"}')
    return False


def _check_codes(
    wanted: Mapping[str, Programme], enabled: list[Programme], given: Mapping[str, Programme], spot: Spot
) -> None:
    """A code belongs to one programme; one that is enabled has some, and ``amber`` the code by which it is known."""
    owners: dict[Code, str] = {}
    for one in wanted.values():
        at = _place(one.id, "codes", given, spot)
        for each in one.codes:
            owner = owners.setdefault(each, one.id)
            if owner != one.id:
                at.fault(f"{each.scheme.upper()}:{each.value.upper()} belongs to the programme {owner} already")
        if one.id == "amber" and CHILD_ABDUCTION not in one.codes:
            at.fault("must contain SAME:CAE: without it no AMBER Alert of the United States would become a card")
        if one in enabled and not one.codes:
            at.fault("is empty, and the programme is enabled: it needs at least one code")


def _check_lifetimes(one: Programme, policy: Policy, spot: Spot) -> None:
    """With what the programme takes from ``[policy]``, an alert without an end must not outlive what every card may."""
    default = one.default_lifetime or policy.default_lifetime
    longest = one.max_lifetime or policy.max_lifetime
    if default > longest and (one.default_lifetime is None) != (one.max_lifetime is None):
        key = "max_lifetime" if one.default_lifetime is None else "default_lifetime"
        other = (
            f"default_lifetime ({as_duration(default)})"
            if key == "max_lifetime"
            else f"max_lifetime ({as_duration(longest)})"
        )
        is_how = "shorter" if key == "max_lifetime" else "longer"
        spot.at("programmes").at(one.id).at(key).fault(f"is {is_how} than the {other} of [policy]; give both")


def _check_receivers(known: Mapping[str, Programme], enabled: list[Programme], spot: Spot) -> None:
    """A receiver may ask for a programme that is not enabled yet, but not for one that nobody knows."""
    for at, name in _asked_for(spot):
        if name != "*" and name not in known:
            at.fault(f'there is no programme "{name}"{suggestion(name, ["*", *known])}')
        elif name not in {"*", "amber", *(one.id for one in enabled)}:
            at.warn(f'"{name}" is not in policy.programmes: no card of that programme will be sent')


def _asked_for(spot: Spot) -> Iterator[tuple[Spot, str]]:
    receivers = spot.file.document.get("receivers")
    for number, one in enumerate(receivers if isinstance(receivers, list) else ()):
        names = one.get("programmes") if isinstance(one, dict) else None
        for place, name in enumerate(names if isinstance(names, list) else ()):
            if isinstance(name, str):
                yield spot.at("receivers").at(number).at("programmes").at(place), name


def _place(name: str, key: str, given: Mapping[str, Programme], spot: Spot) -> Spot:
    """Where to report what is wrong with a programme: in its own table, or where it is enabled."""
    return spot.at("programmes").at(name).at(key) if name in given else spot.at("policy").at("programmes")
