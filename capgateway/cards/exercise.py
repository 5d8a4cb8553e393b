"""What a drill says: an alert of status Exercise whose every text says that it is one, without a person, a vehicle or a number to
call. It takes the way of a real alert, and can never become one.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from capgateway import cap
from capgateway.places.regions import CA_PROVINCES, US_STATES, canonical

SENDER = "drill@capgateway.invalid"
"""Nobody's name: no chain, incident or held take-down of an issuer has to do with it. RFC 2606 keeps the domain free."""
EVENT = "Exercise: alert drill"
HEADLINE = "EXERCISE - DRILL ONLY. No child is missing."
DESCRIPTION = (
    "EXERCISE EXERCISE EXERCISE. This message drills the way from a feed to the receivers. It is not about anybody. "
    "Take no action. It is taken down in a moment."
)
NOTE = "Drill of the gateway; not a real alert"
_SAME, _WHOLE_US = "SAME", "000000"
_SGC, _WHOLE_CANADA = "profile:CAP-CP:Location:0.3", "00"


def exercise(now: datetime, identifier: str, region: str, *, lifetime: timedelta, text: str = DESCRIPTION) -> cap.Alert:
    """The alert of a drill, for a country or subdivision that ``places`` knows. It ends by itself after its ``lifetime``."""
    info = cap.Info(
        language="en-US",
        categories=("Safety",),
        event=EVENT,
        response_types=("None",),
        urgency="Unknown",
        severity="Unknown",
        certainty="Unknown",
        event_codes=(cap.Named(name=_SAME, value="CAE"),),
        expires=_time(now + lifetime),
        sender_name="capgateway drill",
        headline=HEADLINE,
        description=text,
        areas=(_area(region),),
    )
    return cap.Alert(
        identifier=identifier,
        sender=SENDER,
        sent=_time(now),
        status="Exercise",
        msg_type="Alert",
        scope="Public",
        note=NOTE,
        infos=(info,),
    )


def exercise_over(now: datetime, first: cap.Alert) -> cap.Alert:
    """The Cancel that ends a drill."""
    assert first.sent is not None  # noqa: S101  (every drill has one)
    reference = cap.Reference(sender=first.sender, identifier=first.identifier, sent=first.sent)
    return replace(
        first,
        identifier=f"{first.identifier}-END",
        sent=_time(now),
        msg_type="Cancel",
        references=(reference,),
        infos=(),
    )


def has_code(region: str) -> bool:
    """Whether an alert can name this region by a code: a drill is for all of it."""
    return _code(region) is not None


def _area(region: str) -> cap.Area:
    name, value = _code(region) or (_SAME, _WHOLE_US)
    return cap.Area(area_desc=f"{region} (drill)", geocodes=(cap.Named(name=name, value=value),))


def _code(region: str) -> tuple[str, str] | None:
    known = canonical(region)
    if known in ("US", "CA"):
        return (_SAME, _WHOLE_US) if known == "US" else (_SGC, _WHOLE_CANADA)
    states = {f"US-{code}": (_SAME, f"0{number}000") for number, (code, _) in US_STATES.items()}
    provinces = {f"CA-{code}": (_SGC, number) for number, (code, _) in CA_PROVINCES.items()}
    return (states | provinces).get(known)


def _time(moment: datetime) -> cap.Time:
    whole = moment.astimezone(UTC).replace(microsecond=0)
    return cap.Time(text=whole.isoformat(), instant=whole)
