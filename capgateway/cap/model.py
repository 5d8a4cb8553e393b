"""A CAP message as typed values: every element of the data dictionary, read leniently and kept as received.

The model is one for CAP 1.0, 1.1 and 1.2 (older versions are read up, ``standards`` of 1.2 naming). It never refuses a
document: what is absent is ``None`` or ``()``, what is there and blank is ``""``, what is malformed is kept as text and left
for a finding to tell. Whether a message conforms is the schema's and the rules' verdict, not the model's.

Texts are as received. Where the standard collapses white space (codes, numbers, dates, addresses) it is collapsed;
``description`` and other free text keep every character.
"""

from __future__ import annotations

from datetime import datetime

import msgspec


class Time(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A CAP dateTime. ``text`` is as received, outer blanks removed, so that its offset still shows local time;
    ``instant`` is the same moment in UTC, or ``None`` when the text is not a date (CAP 1.2 §3.3.2)."""

    text: str
    instant: datetime | None


class Named(msgspec.Struct, frozen=True, gc=False):
    """A valueName/value pair: eventCode, parameter or geocode. Names repeat; keep all, in order (CAP 1.2 §3.2.2)."""

    name: str
    value: str


class Reference(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One ``sender,identifier,sent`` item of ``references`` (CAP 1.2 §3.2.1). In CAP 1.0 ``sent`` has no text."""

    sender: str
    identifier: str
    sent: Time


class Resource(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """CAP 1.2 §3.2.3. ``deref_uri`` is base64 text as received, unbounded by the model: never log or forward it."""

    resource_desc: str = ""
    mime_type: str | None = None
    size: int | None = None
    uri: str | None = None
    deref_uri: str | None = None
    digest: str | None = None


class Circle(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Centre in degrees WGS 84, radius in kilometres, 0 allowed (CAP 1.2 §3.2.4)."""

    latitude: float
    longitude: float
    radius: float


class Area(msgspec.Struct, frozen=True, kw_only=True):
    """CAP 1.2 §3.2.4. ``polygons`` and ``circles`` are the texts as received, empty ones left out;
    :func:`capgateway.cap.geometry.polygon` and ``circle`` read them."""

    area_desc: str = ""
    polygons: tuple[str, ...] = ()
    circles: tuple[str, ...] = ()
    geocodes: tuple[Named, ...] = ()
    altitude: str | None = None
    ceiling: str | None = None


class Info(msgspec.Struct, frozen=True, kw_only=True):
    """CAP 1.2 §3.2.2. ``language`` is ``en-US`` when absent or empty, as the standard says."""

    language: str = "en-US"
    categories: tuple[str, ...] = ()
    event: str = ""
    response_types: tuple[str, ...] = ()
    urgency: str = ""
    severity: str = ""
    certainty: str = ""
    audience: str | None = None
    event_codes: tuple[Named, ...] = ()
    effective: Time | None = None
    onset: Time | None = None
    expires: Time | None = None
    sender_name: str | None = None
    headline: str | None = None
    description: str | None = None
    instruction: str | None = None
    web: str | None = None
    contact: str | None = None
    parameters: tuple[Named, ...] = ()
    resources: tuple[Resource, ...] = ()
    areas: tuple[Area, ...] = ()

    def parameter(self, name: str) -> str | None:
        """The value of the first parameter of that name, compared without case, or ``None``."""
        return next((pair.value for pair in self.parameters if pair.name.casefold() == name.casefold()), None)


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """One CAP message (CAP 1.2 §3.2.1). ``version`` is ``"1.0"``, ``"1.1"`` or ``"1.2"``, the namespace it came in.

    Identity is the triple sender + identifier + sent; ``is_identifiable`` says whether all three are usable.
    ``references_text`` is the element as received: what ``references`` leaves out may still name an alert.
    """

    version: str = "1.2"
    identifier: str = ""
    sender: str = ""
    sent: Time | None = None
    status: str = ""
    msg_type: str = ""
    source: str | None = None
    scope: str = ""
    restriction: str | None = None
    addresses: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    note: str | None = None
    references: tuple[Reference, ...] = ()
    references_text: str | None = None
    incidents: tuple[str, ...] = ()
    infos: tuple[Info, ...] = ()

    @property
    def is_identifiable(self) -> bool:
        """Whether sender, identifier and sent can serve as the key of this message."""
        return bool(self.identifier and self.sender and self.sent and self.sent.instant)

    def by_language(self) -> dict[str, list[int]]:
        """The positions of the infos in each language, folded in case, in the order in which the languages come."""
        found: dict[str, list[int]] = {}
        for position, info in enumerate(self.infos):
            found.setdefault(info.language.casefold(), []).append(position)
        return found
