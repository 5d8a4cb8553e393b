"""Laws of a chain: whatever an issuer sends, in whatever order it arrives, the same is on display in the end."""

from __future__ import annotations

from datetime import timedelta

import msgspec
from card_samples import HOUR, NOW, an_alert, an_info, following, reference, time
from card_table import Table, after
from hypothesis import given
from hypothesis import strategies as st

from capgateway import cap
from capgateway.cards import Card, Policy

START = NOW - 3 * HOUR
DRILLS = Policy(exercises=True)
FOLLOW_UPS = st.lists(st.sampled_from(["Update", "Update", "Cancel", "AllClear", "Other code"]), max_size=5)
#: What senders put into ``references``: everything they should, the first message only, or the one before.
STYLES = st.sampled_from(["all", "first", "latest"])
GAPS = st.lists(st.integers(0, 20), min_size=6, max_size=6)


@st.composite
def chains(draw: st.DrawFn, styles: st.SearchStrategy[str] = STYLES, status: str = "Actual") -> list[cap.Alert]:
    """The messages of one issuer about one child, in the order of sending; some were sent in the same second."""
    moment, style = START, draw(styles)
    sent = [an_alert(sent=time(START), identifier=f"{status}-0", status=status)]
    for number, (kind, gap) in enumerate(zip(draw(FOLLOW_UPS), draw(GAPS), strict=False), 1):
        moment += timedelta(minutes=gap)
        named = {"all": sent, "first": sent[:1], "latest": sent[-1:]}[style]
        sent.append(
            following(
                sent[0],
                "Update" if kind != "Cancel" else kind,
                *_told(kind, number),
                identifier=f"{status}-{number}",
                sent=time(moment),
                status=status,
                references=tuple(reference(alert) for alert in named),
            )
        )
    return sent


def _told(kind: str, number: int) -> tuple[cap.Info, ...]:
    if kind == "Cancel":
        return ()
    if kind == "Other code":
        return (an_info(event_codes=(cap.Named(name="SAME", value="MEP"),)),)
    over = ("AllClear",) if kind == "AllClear" else ("Monitor",)
    return (an_info(headline=f"AMBER Alert, update {number}", response_types=over),)


@st.composite
def arrivals(draw: st.DrawFn, styles: st.SearchStrategy[str] = STYLES) -> tuple[list[cap.Alert], list[cap.Alert]]:
    """A chain as sent, and as it arrives: in any order, some of it twice."""
    sent = draw(chains(styles))
    again = draw(st.lists(st.sampled_from(sent), max_size=3))
    return sent, draw(st.permutations([*sent, *again]))


def display(table: Table) -> list[tuple[str, Card]]:
    """Without ``issued_at``: it is that of the first alert known when the card was made."""
    return [(alert_id, msgspec.structs.replace(card, issued_at=NOW)) for alert_id, card in table.display()]


def without_doubt(sent: list[cap.Alert]) -> str | None:
    """The one that should be on display, read off the order of sending: the newest, if it is live and no Cancel is
    as new. Of two sent in the same second either may stand."""
    newest = max(alert.sent.instant for alert in sent if alert.sent and alert.sent.instant)
    last = [alert for alert in sent if alert.sent and alert.sent.instant == newest]
    if any(alert.msg_type == "Cancel" for alert in last):
        return None
    return last[0].identifier if len(last) == 1 and _is_live(last[0]) else ""


def _is_live(alert: cap.Alert) -> bool:
    (info,) = alert.infos
    return info.event_codes[0].value == "CAE" and info.response_types != ("AllClear",)


@given(arrivals())
def test_any_order_ends_with_the_same_display(case: tuple[list[cap.Alert], list[cap.Alert]]) -> None:
    """Late, early, doubled: at most one card, and always the same."""
    sent, arrived = case
    in_order, shuffled = after(sent), after(arrived)
    assert display(shuffled) == display(in_order)
    assert len(in_order.live()) <= 1


@given(arrivals())
def test_the_newest_word_is_what_is_shown(case: tuple[list[cap.Alert], list[cap.Alert]]) -> None:
    """Judged by another, simpler reading of the chain than the gateway's own."""
    sent, arrived = case
    shown = [card.source.identifier for _, card in after(arrived).display()]
    expected = without_doubt(sent)
    if expected != "":
        assert shown == ([expected] if expected else [])


@given(arrivals(), st.sampled_from(["all", "first", "latest"]))
def test_after_the_last_cancel_nothing_is_live(case: tuple[list[cap.Alert], list[cap.Alert]], style: str) -> None:
    """F-20: wherever in the arrivals the final Cancel comes, and whichever messages it names."""
    sent, arrived = case
    named = {"all": sent, "first": sent[:1], "latest": sent[-1:]}[style]
    end = following(sent[0], "Cancel", sent=time(NOW), references=tuple(reference(alert) for alert in named))
    for place in range(len(arrived) + 1):
        assert after([*arrived[:place], end, *arrived[place:]]).live() == []


@given(arrivals(st.sampled_from(["all", "first"])), st.data())
def test_a_cancel_ends_what_arrived_of_a_chain(
    case: tuple[list[cap.Alert], list[cap.Alert]], data: st.DataObject
) -> None:
    """Polls are missed: with any of the messages lost, those that came are taken down by the Cancel all the same."""
    sent, arrived = case
    end = following(sent[0], "Cancel", sent=time(NOW))
    kept = [alert for alert in arrived if data.draw(st.booleans())]
    assert after(data.draw(st.permutations([*kept, end]))).live() == []


@given(arrivals())
def test_deciding_again_changes_nothing(case: tuple[list[cap.Alert], list[cap.Alert]]) -> None:
    """Taking in twice is taking in once, for every message and at every step."""
    table = Table()
    for alert in case[1]:
        table.take_in(alert)
        for member in list(table.members.values()):
            assert table.decide(member).changes == ()


@given(chains(), chains(status="Exercise"), st.data())
def test_an_exercise_never_touches_a_real_card(
    real: list[cap.Alert], drill: list[cap.Alert], data: st.DataObject
) -> None:
    """Not even when a drill's messages name the real ones, as a careless Cancel would."""
    names = tuple(reference(alert) for alert in real)
    careless = [msgspec.structs.replace(alert, references=(*alert.references, *names)) for alert in drill]
    table = after(data.draw(st.permutations([*real, *careless])), DRILLS)
    assert [shown for shown in display(table) if shown[1].status == "actual"] == display(after(real, DRILLS))
    assert all(
        card.status == "exercise" for _, card in table.display() if card.source.identifier.startswith("Exercise")
    )
    assert after([*real, *careless]).display() == after(real).display()


@given(arrivals(), st.data())
def test_a_stranger_never_touches_a_card(case: tuple[list[cap.Alert], list[cap.Alert]], data: st.DataObject) -> None:
    """Updates and Cancels of another sender, wherever they come, change nothing that is shown."""
    sent, arrived = case
    strangers = [
        following(alert, kind, identifier=f"{alert.identifier}-{kind}", sender="someone@else.example", sent=time(NOW))
        for alert in sent
        for kind in ("Update", "Cancel")
    ]
    mixed = data.draw(st.permutations([*arrived, *strangers]))
    assert display(after(mixed)) == display(after(arrived))


@given(arrivals(), st.integers(0, 20))
def test_time_takes_down_what_order_cannot_keep(case: tuple[list[cap.Alert], list[cap.Alert]], hours: int) -> None:
    """Taken in at any later hour, an order of arrival shows the same, and nothing beyond its end."""
    sent, arrived = case
    now = NOW + hours * HOUR
    late = after(arrived, now=now)
    assert display(late) == display(after(sent, now=now))
    assert all(card.expires_at > now for _, card in late.display())
