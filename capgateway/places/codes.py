"""Area codes of alerts read as places: SAME (PSSCCC), UGC (SSFNNN) and SGC (province, division, subdivision).

A code resolves to a unit: a whole country, a subdivision, or a county (census division in Canada). What does not
resolve (marine areas, unknown schemes) is kept apart, never guessed.
"""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

from capgateway.places.regions import (
    CA_PROVINCES,
    COUNTRY_NAMES,
    SUBDIVISION_NAMES,
    US_ASSOCIATED,
    US_STATES,
    canonical,
)

STATES_BY_POSTAL = {postal: fips for fips, (postal, _) in (US_STATES | US_ASSOCIATED).items()}
SAME_VALUE = re.compile(r"([0-9])?([0-9]{2})([0-9]{3})")
UGC_PIECE = re.compile(r"(?:([A-Z]{2})([CZ]))?([0-9]{3}|ALL)(?:>([0-9]{3}))?")
SGC_NAME = re.compile(r"profile:cap-cp:location:\d+(\.\d+)*", re.IGNORECASE)
SGC_VALUE = re.compile(r"[0-9]{2}([0-9]{2}([0-9]{3})?)?")
UGC_START = re.compile(r"[A-Z]{2}[CZ][0-9A]")
PURGE_TIME = re.compile(r"[0-9]{6}")
AT_SEA = re.compile(r"[0-9]?(?:5[789]|61|65|7[357]|9[1-8])[0-9]{3}")
SEAS = frozenset(["AM", "AN", "GM", "LC", "LE", "LH", "LM", "LO", "LS", "PH", "PK", "PM", "PS", "PZ", "SL"])
"""The marine areas of the National Weather Service, as numbers and as letters: they lie in no state."""
WHOLE_US, WHOLE_CANADA = "000000", "00"
MAX_UNITS = 1000
"""Units of one UGC value. Real ones name a state's counties or zones, at most 254; ten hostile characters of a range mean
a thousand."""


WHOLE = 0.98
"""Of a unit: more is the noise of two drawings of one border."""


class Unit(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """A place that an alert means. ``code`` is what a viewer's location is compared with; ``subdivision`` is its ISO
    3166-2 code, or ``None`` for a whole country or a country without subdivisions here. ``share`` is how much of it is meant:
    1 for all, ``None`` where that is not known, as for a part of a county or for a census subdivision.

    The scheme ``drawn`` is what only the shape says: a part of a region that has no smaller units here. Its code is ``~`` and the
    region, ``outline`` the hash of the shape.
    """

    code: str
    scheme: str  # iso3166-1 | iso3166-2 | fips | ugc-zone | sgc | drawn | a scheme of [[places]]
    country: str
    subdivision: str | None
    share: float | None = 1.0
    outline: str = ""

    @property
    def whole(self) -> bool:
        """Whether all of it is meant."""
        return self.share is not None and self.share >= WHOLE

    @property
    def region(self) -> str:
        """The place as :func:`capgateway.places.touches` compares it; ``""`` where nobody knows."""
        return self.subdivision or self.country

    @property
    def name(self) -> str | None:
        """The name of a whole country or subdivision. Counties have theirs in the boundary file: :meth:`Atlas.name`."""
        return SUBDIVISION_NAMES.get(self.code) or COUNTRY_NAMES.get(self.code)


def region_of(code: str, scheme: str) -> str:
    """The region that a unit lies in, by its code: ``48113`` of ``fips`` in ``US-TX``."""
    match scheme:
        case "fips":
            state = code[:2]
            return US_ASSOCIATED[state][0] if state in US_ASSOCIATED else f"US-{US_STATES[state][0]}"
        case "ugc-zone":
            return f"US-{code[:2]}"
        case "sgc":
            return f"CA-{CA_PROVINCES[code[:2]][0]}"
        case _:
            return code


def whole(region: str) -> Unit:
    """A whole region as a unit: ``US``, ``US-TX``, ``PR``."""
    region = canonical(region)
    if region in SUBDIVISION_NAMES:
        return Unit(code=region, scheme="iso3166-2", country=region[:2], subdivision=region)
    return Unit(code=region, scheme="iso3166-1", country=region, subdivision=None)


def read(name: str, value: str) -> tuple[Unit, ...] | None:
    """The units one geocode means, by its valueName and value; ``()`` when it names no place we can resolve.

    ``None`` when the scheme is not known here. Names are compared without case: ``same`` and ``SAME`` are one.
    """
    scheme = name.strip().casefold()
    if scheme in ("same", "fips6", "fips"):
        return _same(value) if len(value) <= len(WHOLE_US) else ()
    if scheme == "ugc":
        return _ugc(value)
    if SGC_NAME.fullmatch(name.strip()):
        return _sgc(value)
    return None


@lru_cache(maxsize=8192)  # every county, whole and in part
def _same(value: str) -> tuple[Unit, ...]:
    """47 CFR 11.31(c): P part of county (0 = all), SS state, CCC county (000 = whole state); 000000 the whole US.

    Older senders write a county's five digits, without P. Nothing else is filled up: an empty value is not 000000.
    """
    if value == WHOLE_US:
        return (Unit(code="US", scheme="iso3166-1", country="US", subdivision=None),)
    match = SAME_VALUE.fullmatch(value)
    if match is None:
        return ()
    part, state, county = match.groups()
    is_whole = part in (None, "0")
    return _state(state, whole=is_whole) if county == "000" else _county(state, county, whole=is_whole)


def _ugc(value: str) -> tuple[Unit, ...]:
    """NWS Universal Geographic Code: ``TXC113``, ``TXC113-121``, ``TXZ118>120``, ``IAC000``. A purge time may follow."""
    units: list[Unit] = []
    state = kind = ""
    for piece in _split(value):
        match = UGC_PIECE.fullmatch(piece)
        if match is None:
            continue  # the closing DDHHMM purge time, or nothing we know
        state, kind = match[1] or state, match[2] or kind
        if fips := STATES_BY_POSTAL.get(state):
            units += _ugc_piece(fips, kind, first=match[3], last=match[4] or match[3])
        if len(units) > MAX_UNITS:
            return ()  # no place anyone could have meant
    return tuple(units)


def _split(value: str) -> list[str]:
    """The pieces of a UGC value; bulletins break it into lines after a hyphen."""
    return [piece.strip() for piece in value.upper().strip().rstrip("-").split("-", MAX_UNITS)]


def ugc_pieces(name: str, value: str) -> list[str]:
    """The pieces of a UGC value, each with its state, without the time at its end; none in other schemes."""
    found: list[str] = []
    if name.strip().casefold() != "ugc":
        return found
    prefix = ""
    for piece in _split(value):
        prefix = piece[: len("SSF")] if UGC_START.match(piece) else prefix
        if piece and not PURGE_TIME.fullmatch(piece):
            found.append(piece if piece.startswith(prefix) or not piece[0].isdigit() else prefix + piece)
    return list(dict.fromkeys(found))


def is_on_land(name: str, value: str) -> bool:
    """Whether a code of a scheme that we know is not one of the sea, as far as it says so. Whether it names a place is another
    question."""
    match name.strip().casefold():
        case "same" | "fips6" | "fips":
            return not AT_SEA.fullmatch(value)
        case "ugc":
            return value[:2] not in SEAS
        case _:
            return SGC_NAME.fullmatch(name.strip()) is not None


def _ugc_piece(fips: str, kind: str, *, first: str, last: str) -> list[Unit]:
    if first in ("ALL", "000"):
        return list(_state(fips))
    numbers = [f"{number:03}" for number in range(int(first), int(last) + 1)]
    if kind == "C":
        return [unit for number in numbers for unit in _county(fips, number)]
    postal = (US_STATES | US_ASSOCIATED)[fips][0]
    return [
        Unit(code=f"{postal}Z{number}", scheme="ugc-zone", country=unit.country, subdivision=unit.subdivision)
        for number in numbers
        for unit in _state(fips)
    ]


def _sgc(value: str) -> tuple[Unit, ...]:
    """Standard Geographical Classification: 2 digits a province, 4 a census division, 7 a census subdivision."""
    if value == WHOLE_CANADA:
        return (Unit(code="CA", scheme="iso3166-1", country="CA", subdivision=None),)
    if not SGC_VALUE.fullmatch(value) or value[:2] not in CA_PROVINCES:
        return ()
    subdivision = f"CA-{CA_PROVINCES[value[:2]][0]}"
    if len(value) == len("PP"):
        return (Unit(code=subdivision, scheme="iso3166-2", country="CA", subdivision=subdivision),)
    division = value[: len("PPDD")]
    return (
        Unit(
            code=division, scheme="sgc", country="CA", subdivision=subdivision, share=1.0 if value == division else None
        ),
    )


def _state(fips: str, *, whole: bool = True) -> tuple[Unit, ...]:
    if fips in US_ASSOCIATED:
        country = US_ASSOCIATED[fips][0]
        return (
            Unit(code=country, scheme="iso3166-1", country=country, subdivision=None, share=1.0 if whole else None),
        )
    if fips not in US_STATES:
        return ()  # marine areas 57–98 lie in no state
    subdivision = f"US-{US_STATES[fips][0]}"
    return (
        Unit(code=subdivision, scheme="iso3166-2", country="US", subdivision=subdivision, share=1.0 if whole else None),
    )


def _county(state: str, county: str, *, whole: bool = True) -> tuple[Unit, ...]:
    return tuple(
        Unit(
            code=state + county,
            scheme="fips",
            country=unit.country,
            subdivision=unit.subdivision,
            share=1.0 if whole else None,
        )
        for unit in _state(state)
    )
