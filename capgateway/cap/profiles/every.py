"""What every profile asks, each under a rule of its own: its code, its version, and infos about one event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capgateway.cap.rule import Rule

if TYPE_CHECKING:
    from capgateway.cap.model import Alert, Info
    from capgateway.cap.rules.notes import Notes

SECOND = Rule(
    id="profile.second",
    level="info",
    layer="profile",
    asks="A message has the code of one profile only.",
    why="The rules of one profile are applied: that of the first code, or the one that `--profile` names.",
    source=("B-01", "C-03", "D-01"),
)


def profile_of(code: str) -> str | None:
    """The profile that a code names in any version and in any case; whether it is written right is the profile's rule."""
    folded = code.casefold()
    if folded.startswith("ipawsv"):
        return "ipaws"
    if folded.startswith("profile:cap-cp"):
        return "cap-cp"
    return "cap-au" if ":profile:cap-au:" in folded else None


def check_code(alert: Alert, wanted: str, notes: Notes, rule: Rule) -> None:
    """Note that no code is the wanted one, at the code that differs from it in case only where there is one."""
    if wanted in alert.codes:
        return
    for position, code in enumerate(alert.codes):
        if code.casefold() == wanted.casefold():
            notes.add(rule, f"The code is `{code}`; write `{wanted}`.", ("code", position))
            return
    notes.add(rule, f"The message has no code `{wanted}`; add it.")


def check_version(alert: Alert, notes: Notes, rule: Rule) -> None:
    """Note that the message is not of the version that all profiles are made for."""
    if alert.version != "1.2":
        notes.add(rule, f"The message is CAP {alert.version}, and the profile is for CAP 1.2; send CAP 1.2.")


def check_alone(alert: Alert, judged: str, notes: Notes) -> None:
    """Note the first code of another profile in a message that also has one of the profile it is judged by."""
    if len(alert.codes) < 2:  # noqa: PLR2004  (two profiles need two codes)
        return
    profiles = [profile_of(code) for code in alert.codes]
    if judged not in profiles:
        return
    for position, profile in enumerate(profiles):
        if profile not in {None, judged}:
            notes.add(
                SECOND,
                f"Only the rules of {judged} are applied, not those of {profile}; send one message per profile.",
                ("code", position),
            )
            return


def check_same(alert: Alert, notes: Notes, rule: Rule) -> None:
    """Note each info whose categories or eventCodes are not those of the first one."""
    model: tuple[set[str], set[tuple[str, str]]] | None = None
    for position, info in enumerate(alert.infos[1:], 1):
        first = alert.infos[0]
        if info.categories == first.categories and info.event_codes == first.event_codes:
            continue
        model = model or _classes(first)
        pairs = zip(("categories", "eventCodes"), model, _classes(info), strict=True)
        if different := [name for name, one, other in pairs if one != other]:
            message = f"The info differs from the first info in {' and '.join(different)}; make them equal."
            notes.add(rule, message, ("info", position))


def _classes(info: Info) -> tuple[set[str], set[tuple[str, str]]]:
    """What says the kind of event. Names of codes are compared without case: CAP 1.2 §3.2.2 asks for capitals, and not
    every sender writes them."""
    return set(info.categories), {(code.name.casefold(), code.value) for code in info.event_codes}
