"""A story to show and to test with: an AMBER Alert in Texas is issued, updated and cancelled, alongside an exercise, a
message that breaks off, and an alert that is not an AMBER Alert. Every person, plate and number is invented.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from msgspec.structs import replace as _replace

from capgateway import cap

SENDER = "amber@dps.example.tx.us"
CENTRAL = timezone(timedelta(hours=-6))
LIFETIME = timedelta(hours=6)
CODE = cap.Named(name="SAME", value="CAE")
ISSUER = "Texas Department of Public Safety"
CHILD = "Ada Testchild"
PLATE = "KPW4471"
FIRST_CASE = 42
"""The number in the identifiers; a repetition of the story has another one."""


def with_picture(alert: cap.Alert, uri: str, description: str) -> cap.Alert:
    """The alert with a picture at this address, in every language."""
    picture = cap.Resource(resource_desc=description, mime_type="image/jpeg", uri=uri)
    return _replace(alert, infos=tuple(_replace(info, resources=(picture,)) for info in alert.infos))


def amber(now: datetime, case: int = FIRST_CASE) -> cap.Alert:
    """The AMBER Alert itself, in English and Spanish, for two counties."""
    return cap.Alert(
        identifier=f"TX-AMBER-2026-{case:04}",
        sender=SENDER,
        sent=_time(now),
        status="Actual",
        msg_type="Alert",
        scope="Public",
        codes=("IPAWSv1.0",),
        infos=(
            _info(
                now,
                language="en-US",
                event="Child Abduction Emergency",
                headline="AMBER Alert for a missing 7-year-old from Dallas, TX",
                description=f"{CHILD}, 7 years old, was last seen in Dallas, Texas. "
                f"Suspect vehicle is a white 2014 GMC Sierra, Texas license plate {PLATE}.",
                instruction="If you see the vehicle, call 911. Do not approach.",
                short=f"Dallas, TX AMBER Alert: LIC/{PLATE} (TX) White 2014 GMC Sierra",
            ),
            _info(
                now,
                language="es-US",
                event="Emergencia de secuestro de menor",
                headline="Alerta AMBER: niña de 7 años desaparecida en Dallas, TX",
                description=f"{CHILD}, de 7 años, fue vista por última vez en Dallas, Texas. "
                f"El vehículo es una GMC Sierra 2014 blanca, placas de Texas {PLATE}.",
                instruction="Si ve el vehículo, llame al 911. No se acerque.",
                short=f"Dallas, TX Alerta AMBER: placas {PLATE} (TX) GMC Sierra 2014 blanca",
            ),
        ),
    )


def update(now: datetime, first: cap.Alert) -> cap.Alert:
    """The search widens to a third county."""
    wider = tuple(_replace(info, areas=(*info.areas, _county("Kaufman", "048257"))) for info in first.infos)
    renewed = tuple(_replace(info, expires=_time(now + LIFETIME)) for info in wider)
    return _replace(
        first,
        identifier=f"{first.identifier}-U1",
        sent=_time(now),
        msg_type="Update",
        references=(_reference(first),),
        infos=renewed,
    )


def cancel(now: datetime, *earlier: cap.Alert) -> cap.Alert:
    """The child is found. As in real archives, the Cancel does not have an info."""
    return _replace(
        earlier[0],
        identifier=f"{earlier[0].identifier}-C",
        sent=_time(now),
        msg_type="Cancel",
        note="The child was located safe.",
        references=tuple(_reference(alert) for alert in earlier),
        infos=(),
    )


def exercise(now: datetime, case: int = FIRST_CASE) -> cap.Alert:
    """A drill: it must never be shown as real."""
    return _replace(amber(now), identifier=f"TX-EXERCISE-{case}", status="Exercise", note="Statewide AMBER exercise")


def thunderstorm(now: datetime, case: int = FIRST_CASE) -> cap.Alert:
    """A real alert that is not an AMBER Alert, although its text mentions a child."""
    info = _replace(
        amber(now).infos[0],
        categories=("Met",),
        event="Severe Thunderstorm Warning",
        event_codes=(cap.Named(name="SAME", value="SVR"),),
        headline="Severe Thunderstorm Warning for Dallas County",
        description="Hail the size of golf balls. Bring every child indoors.",
        instruction=None,
        parameters=(),
    )
    return _replace(amber(now), identifier=f"TX-SVR-{case}", infos=(info,))


def malformed(now: datetime, case: int = FIRST_CASE) -> bytes:
    """A message whose end was lost on its way."""
    whole = cap.write(_replace(amber(now), identifier=f"TX-BROKEN-{case}"))
    return whole[: len(whole) * 2 // 3]


def _info(
    now: datetime, *, language: str, event: str, headline: str, description: str, instruction: str, short: str
) -> cap.Info:
    return cap.Info(
        language=language,
        categories=("Safety",),
        event=event,
        response_types=("Monitor",),
        urgency="Immediate",
        severity="Severe",
        certainty="Observed",
        event_codes=(CODE,),
        expires=_time(now + LIFETIME),
        sender_name=ISSUER,
        headline=headline,
        description=description,
        instruction=instruction,
        web="https://www.dps.example/amber",
        contact="DPS communications, 512-555-0142",
        parameters=(cap.Named(name="EAS-ORG", value="CIV"), cap.Named(name="CMAMtext", value=short)),
        areas=(_county("Dallas", "048113"), _county("Tarrant", "048439")),
    )


def _county(name: str, same: str) -> cap.Area:
    return cap.Area(area_desc=f"{name} County, TX", geocodes=(cap.Named(name="SAME", value=same),))


def _reference(alert: cap.Alert) -> cap.Reference:
    assert alert.sent is not None  # noqa: S101  (every alert of the story has one)
    return cap.Reference(sender=alert.sender, identifier=alert.identifier, sent=alert.sent)


def _time(moment: datetime) -> cap.Time:
    local = moment.astimezone(CENTRAL).replace(microsecond=0)
    return cap.Time(text=local.isoformat(), instant=local.astimezone(UTC))
