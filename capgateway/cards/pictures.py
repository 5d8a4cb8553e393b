"""The pictures of an alert: which of its resources are pictures, what they show, and how a card lists those that are ready.

A draft keeps where a picture is, never its bytes: these are read from the alert when they are needed (CAP 1.2 §3.2.3 forbids to
pass ``derefUri`` on).
"""

from __future__ import annotations

import hashlib
import re
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from capgateway.cards.card import Label, Media
from capgateway.cards.roles import Role, role_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from capgateway.cap import Alert, Resource
    from capgateway.cards.gist import Gist
    from capgateway.cards.policy import Fact

MOST = 6
"""Pictures of one alert: children, a suspect, a vehicle. Real alerts have one or two; each costs a request and a decoder."""
LONGEST_URI = 2_000
"""Characters, as for the addresses of feeds."""
_LINKED = frozenset({"", "application/x-url", "application/octet-stream", "binary/octet-stream"})
"""Media types that say nothing: Canada's system gives the first of them to every file outside the message."""
_NAMES = re.compile(r"\.(?:jpe?g|png|webp|gif|bmp|tiff?|svg)$", re.IGNORECASE)

PEOPLE = frozenset({"child", "person"})
"""The roles of those who are sought."""
_SHOWN: dict[Role, Label] = {
    "child": {"en": "Photo of the child", "fr": "Photo de l’enfant", "es": "Foto del menor"},
    "person": {"en": "Photo of the missing person", "fr": "Photo de la personne disparue", "es": "Foto de la persona desaparecida"},
    "suspect": {"en": "Photo of the suspect", "fr": "Photo du suspect", "es": "Foto del sospechoso"},
    "vehicle": {"en": "Photo of the vehicle", "fr": "Photo du véhicule", "es": "Foto del vehículo"},
    "other": {"en": "Picture from the alert", "fr": "Image jointe à l’alerte", "es": "Imagen de la alerta"},
}  # fmt: skip
_NAMED: Label = {"en": "Photo of", "fr": "Photo :", "es": "Foto:"}


class Picture(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One picture of an alert, by whatever languages it is announced. ``id`` is the same wherever the same picture is given in the
    same way; ``info`` and ``resource`` are the positions, from 0, at which the alert has it. Without a ``uri`` the alert contains
    it."""

    id: str
    info: int
    resource: int
    uri: str | None = None
    digest: str | None = None
    role: Role = "other"


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """A picture that can be shown, and what a card calls it."""

    id: str
    picture: Picture
    url: str
    sha256: str
    mime_type: str
    width: int
    height: int


def pictures(alert: Alert, gist: Gist) -> tuple[Picture, ...]:
    """The pictures of the info blocks that are live, each once."""
    found: dict[str, Picture] = {}
    said: dict[str, list[str]] = {}
    for one, text in _each(alert, gist):
        found.setdefault(one.id, one)
        said.setdefault(one.id, []).append(text)
    first = islice(found.values(), MOST)
    return tuple(msgspec.structs.replace(one, role=role_of(dict.fromkeys(said[one.id]))) for one in first)


def media(
    ready: Iterable[Ready], languages: Sequence[str], *, name: str | None = None, is_adult: bool = False
) -> tuple[Media, ...]:
    """How a card lists its pictures. ``name`` is that of the only person sought, where it is sure; an adult is never called a
    child."""
    return tuple(
        Media(
            id=one.id,
            role=_role(one, is_adult=is_adult),
            url=one.url,
            sha256=one.sha256,
            mime_type=one.mime_type,
            width=one.width,
            height=one.height,
            alt=alt(_role(one, is_adult=is_adult), languages, name=name),
        )
        for one in ready
    )


def _role(one: Ready, *, is_adult: bool) -> Role:
    return "person" if is_adult and one.picture.role == "child" else one.picture.role


def alt(role: Role, languages: Sequence[str], *, name: str | None = None) -> Label:
    """What people hear instead of a picture. A name is said only where it is sure who is shown."""
    spoken = [tag for tag in languages if tag[:2] in _SHOWN[role]] or ["en-US"]
    if name and role in PEOPLE:
        return {tag: f"{_NAMED[tag[:2]]} {name}" for tag in spoken}
    return {tag: _SHOWN[role][tag[:2]] for tag in spoken}


def photo(shown: Sequence[Media]) -> str | None:
    """Which of these pictures shows the only person sought, where :func:`is_of_the_only` holds."""
    return next((one.id for one in shown if one.role in PEOPLE), None)


def is_of_the_only(announced: Iterable[Picture], sought: int) -> bool:
    """Whether there is one person sought and one picture of such a person. Those count that the alert names, be they shown or
    not: with two of either nobody can tell who is who."""
    return sought == 1 and sum(one.role in PEOPLE for one in announced) == 1


def may_show(role: Role, facts: Sequence[Fact]) -> bool:
    """Whether the policy lets cards show it. What a picture shows may be unknown; then it must be allowed whatever it shows."""
    if role == "other":
        return all(fact in facts for fact in ("children", "suspects", "vehicles"))
    return {"child": "children", "person": "children", "suspect": "suspects", "vehicle": "vehicles"}[role] in facts


def is_listed(host: str, patterns: Iterable[str]) -> bool:
    """Whether a host is one of these; ``*.fema.gov`` is every host below ``fema.gov``."""
    name = host.rstrip(".").casefold()
    return any(
        name.endswith(pattern[1:].casefold()) if pattern.startswith("*.") else name == pattern.casefold()
        for pattern in patterns
    )


def host_of(uri: str) -> str:
    """The host of an address, as it is asked for; ``""`` where there is none."""
    try:
        name = urlsplit(uri).hostname or ""
        return name if name.isascii() else name.encode("idna").decode()
    except ValueError:  # UnicodeError too
        return ""


def _each(alert: Alert, gist: Gist) -> Iterator[tuple[Picture, str]]:
    for at, (info, known) in enumerate(zip(alert.infos, gist.infos, strict=True)):
        for number, resource in enumerate(info.resources) if known.is_live else ():
            if (source := _source(resource)) is not None:
                uri, key = source
                digest = resource.digest or None
                named = hashlib.sha256("\0".join((key, digest or "")).encode(errors="surrogatepass")).hexdigest()
                yield (Picture(id=named, info=at, resource=number, uri=uri, digest=digest), resource.resource_desc)


def _source(resource: Resource) -> tuple[str | None, str] | None:
    """Where a picture is, and what names it: its address, or its content; ``None`` for what is not a picture."""
    embedded = "".join((resource.deref_uri or "").split())
    uri = (resource.uri or "").strip()
    if not _is_picture(resource.mime_type, uri):
        return None
    if embedded:
        return None, f"embedded {embedded}"
    return (uri, f"uri {uri}") if _is_web(uri) else None


def _is_picture(mime_type: str | None, uri: str) -> bool:
    kind = (mime_type or "").partition(";")[0].strip().casefold()
    if kind.startswith("image/"):
        return True
    try:
        return kind in _LINKED and bool(_NAMES.search(urlsplit(uri).path))
    except ValueError:
        return False


def _is_web(uri: str) -> bool:
    return len(uri) <= LONGEST_URI and uri.partition("://")[0].casefold() in ("http", "https")
