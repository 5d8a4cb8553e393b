"""A long story of many issuers and cases, made up by chance, that knows what is live at its end.

Each case follows a plot: what is said, when, through which feeds, and what is wrong with it. Every plot occurs at least once.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import count

import msgspec
from msgspec.structs import replace
from service_truth_words import (
    BROKEN,
    LOUISIANA,
    MANGLED,
    NAMES,
    OKLAHOMA,
    SENDERS,
    TEXAS,
    WAYS,
    Signer,
    against_the_schema,
    all_clear,
    amber,
    at,
    document,
    expired_before_it_was_sent,
    expiring,
    indented_otherwise,
    reference,
    written,
)

from capgateway import cap
from capgateway.simulate import story

MESSAGES = 200
ISSUERS = 30
"""Beside those that occur in one plot only."""
ACTS = 8
LAST = ACTS
"""One more act, after everything before it has arrived: what names nothing can only be about what is displayed."""
OPEN = ("atom", "rss", "held", "ipaws", "nws", "edxl", "wrap", "naads", "directory", "partner")
"""Feeds that may speak for every issuer, everywhere."""
WEATHER = "w-nws.webmaster@weather.example"
AHEAD = timedelta(minutes=3)
"""After everything before it, and not so far in the future that it does not count."""
LIVES = timedelta(seconds=12)
CLEAR = WAYS[:-1]
"""Ways for an issuer with several cards: a Cancel under an unknown name and without references ends the only card there is."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One message through one feed, ``named`` so at its source. ``alert`` is what it says, ``wrong`` what is wrong with it;
    what is ``broken`` no reader can use."""

    act: int
    feed: str
    name: str
    alert: cap.Alert
    document: bytes
    wrong: str = ""
    broken: bool = False


class Case:
    """One incident of an issuer. ``head`` is what is live at the end: identifier and ``sent`` of the newest word. ``may_differ``:
    receivers may show something else, if operators were told."""

    def __init__(self, told_in: Story, sender: str, place: tuple[str, str], *, is_plain: bool) -> None:
        self.number = next(told_in.numbers)
        self.sender, self.place = sender, place
        self.plot = ""
        self.head: tuple[str, str] | None = None
        self.may_differ = self.is_never_shown = False
        self.told: list[Told] = []
        self.said: list[cap.Alert] = []
        self.chance = told_in.chance
        self.act = self.chance.randrange(4)
        self._story, self._style = told_in, self.chance.choice(NAMES[:1] if is_plain else NAMES)
        self.is_plain = not re.search("[ ,]", self._style + self.sender)
        self.open = [one for one in OPEN if self.is_plain or one != "naads"]
        self.home = self.chance.choice(self.open)

    def name(self, kind: str) -> str:
        return self._style.format(self.number * 10 + len(self.said), kind=kind)

    def alert(self, **fields: object) -> cap.Alert:
        alert = replace(
            amber(self._story.tick(), self.number, self.place), sender=self.sender, identifier=self.name("A")
        )
        return replace(alert, **fields)

    def update(self, *named: cap.Alert, **fields: object) -> cap.Alert:
        return self.alert(
            **{"identifier": self.name("U"), "msg_type": "Update", "references": tuple(map(reference, named)), **fields}
        )

    def cancel(self, *, is_bare: bool | None = None, **fields: object) -> cap.Alert:
        alert = self.alert(
            **{"identifier": self.name("C"), "msg_type": "Cancel", "note": "The child was found.", **fields}
        )
        is_bare = self.chance.random() < 0.5 if is_bare is None else is_bare
        return replace(alert, infos=() if is_bare else alert.infos)

    def goes(  # noqa: PLR0913
        self,
        alert: cap.Alert,
        *,
        references: str | None = None,
        feed: str = "",
        wrong: str = "",
        act: int | None = None,
        signer: Signer | None = None,
        name: str = "",
    ) -> cap.Alert:
        """Say it through a feed, the home or sometimes another one; some is repeated through a second one. The next message
        belongs to the next act."""
        whole = document(alert, references)
        whole = signer.signed(whole) if signer else whole
        chosen = feed or (self.home if self.chance.random() < 0.6 else self.chance.choice(self.open))
        self._tell(chosen, alert, whole, wrong, act, name)
        if not feed and self.chance.random() < 0.25:
            second = self.chance.choice([one for one in self.open if one != chosen])
            self._tell(second, alert, indented_otherwise(whole), f"{wrong}, repeated".strip(", "), act, "")
        self.said.append(alert)
        self.act = min(self.act + 1, ACTS - 1)
        return alert

    def _tell(self, feed: str, alert: cap.Alert, whole: bytes, wrong: str, act: int | None, name: str) -> None:
        name = name or f"{self.number:03}-{len(self.told)}.xml"
        when = self.act if act is None else act
        self.told.append(Told(act=when, feed=feed, name=name, alert=alert, document=whole, wrong=wrong))

    def lives(self, alert: cap.Alert) -> None:
        assert alert.sent is not None
        self.head = (alert.identifier, alert.sent.text)

    def begins(self, **fields: object) -> list[cap.Alert]:
        """An Alert and up to two Updates, of which the last one is live."""
        said = [self.goes(self.alert(**fields))]
        for _ in range(self.chance.choice((0, 0, 1, 2) if self.is_plain else (0,))):
            named = self.chance.sample(said, self.chance.randint(1, len(said)))
            said.append(self.goes(self.update(*named)))
        self.lives(said[-1])
        return said

    def ends(self, said: Sequence[cap.Alert], *, way: str = "", is_odd: bool = False, **where: object) -> cap.Alert:
        """A Cancel of some of these, named in one of many ways."""
        way = way or self.chance.choice(CLEAR)
        named = self.chance.sample(list(said), self.chance.randint(1, len(said)))
        cancel = self.cancel(**({"identifier": named[0].identifier} if way == "own name" else {}))
        cancel = against_the_schema(cancel, self.chance) if is_odd else cancel
        wrong = f"{way}, against the schema" if is_odd else way
        self.head = None
        return self.goes(cancel, references=written(way, named), wrong=wrong, **where)  # type: ignore[arg-type]

    def may_end(self, said: Sequence[cap.Alert]) -> None:
        """By a Cancel, an Update that says so, or not at all."""
        how = self.chance.random()
        if how < 0.45:
            self.ends(said)
        elif how < 0.55 and self.is_plain:
            self.goes(all_clear(self.update(said[-1])), wrong="AllClear")
            self.head = None


class Story:
    """``cases`` are what the truth is about, ``noise`` what never becomes a card."""

    def __init__(self, chance: random.Random, now: datetime, signer: Signer) -> None:
        self.chance, self.now, self.signer = chance, now, signer
        self.cases: list[Case] = []
        self.numbers = count(1)
        self._moment = now - timedelta(hours=2)
        self._issuers = [self._issuer(number) for number in range(ISSUERS)]
        self._more = count(ISSUERS)
        plots = [getattr(self, name) for name in sorted(vars(Story)) if name.startswith("plot_")]
        chance.shuffle(plots)
        for plot in plots:
            self._play(plot)
        while sum(len(case.told) for case in self.cases) < MESSAGES:
            self._play(chance.choice(plots))

    @property
    def senders(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(case.sender for case in self.cases))

    @property
    def told(self) -> list[Told]:
        return [one for case in self.cases for one in case.told]

    def tick(self) -> datetime:
        """Each message is sent later than all before it, as the truth is the newest word."""
        self._moment += timedelta(seconds=self.chance.randint(1, 15))
        return self._moment

    def _issuer(self, number: int) -> str:
        return SENDERS[number % len(SENDERS)].format(number)

    def _play(self, plot: Callable[[], None]) -> None:
        known = len(self.cases)
        plot()
        for case in self.cases[known:]:
            case.plot = plot.__name__.removeprefix("plot_").replace("_", " ")

    def _case(self, sender: str = "", place: tuple[str, str] = TEXAS, *, is_plain: bool = False) -> Case:
        """A new one of this issuer or any. What is ``is_plain`` has names without blanks and commas."""
        issuers = [one for one in self._issuers if not (is_plain and re.search("[ ,]", one))]
        case = Case(self, sender or self.chance.choice(issuers), place, is_plain=is_plain)
        self.cases.append(case)
        return case

    def _alone(self) -> str:
        """An issuer that occurs nowhere else."""
        return self._issuer(next(self._more))

    def plot_plain(self) -> None:
        case = self._case()
        case.may_end(case.begins())

    def plot_each_way(self) -> None:
        """Every way of naming, once in each story."""
        for way in WAYS:
            case = self._case(self._alone() if way == "own name" else "")
            case.ends(case.begins(), way=way)

    def plot_fault_in_info(self) -> None:
        case = self._case()
        alert = case.goes(expired_before_it_was_sent(case.alert()), wrong="expires before sent")
        case.lives(alert)
        case.may_end([alert])

    def plot_cancel_against_the_schema(self) -> None:
        case = self._case()
        case.ends(case.begins(), is_odd=True)

    def plot_case_of_letters(self) -> None:
        case = self._case(is_plain=True)
        alert = case.goes(case.alert(sender=case.sender.upper()), wrong="sender in capitals")
        update = case.goes(case.update(alert, sender=case.sender.lower()), wrong="sender in small letters")
        case.lives(update)
        case.may_end([alert, update])

    def plot_future_update(self) -> None:
        case, ahead = self._case(is_plain=True), self.chance.choice((timedelta(hours=1), timedelta(days=2_000_000)))
        alert = case.goes(case.alert())
        sent = at(self.now + ahead) if ahead.days < 1000 else cap.time("9999-12-31T23:59:59-00:00")
        case.goes(case.update(alert, sent=sent), wrong="sent in the future")
        if self.chance.random() < 0.5:
            case.lives(case.goes(case.update(alert), wrong="correction"))
        else:
            case.ends([alert])

    def plot_future_alert(self) -> None:
        case = self._case()
        alert = case.goes(case.alert(sent=at(self.now + timedelta(hours=3))), wrong="sent in the future")
        case.ends([alert])

    def plot_future_cancel(self) -> None:
        case = self._case()
        said = case.begins()
        cancel = case.cancel(sent=at(self.now + timedelta(hours=self.chance.choice((1, 30)))))
        case.goes(cancel, references=written("triples", said[-1:]), wrong="sent in the future")
        case.head = None

    def plot_identifier_used_again(self) -> None:
        case = self._case()
        first = case.goes(case.alert())
        case.ends([first], way=self.chance.choice(CLEAR))
        again = case.goes(case.alert(identifier=first.identifier), wrong="identifier used again after an end")
        case.lives(again)

    def plot_identifier_sent_again(self) -> None:
        case = self._case()
        first = case.goes(case.alert())
        again = case.goes(case.alert(identifier=first.identifier), wrong="same identifier, later sent")
        case.lives(again)
        case.may_end([again])

    def plot_cancel_first(self) -> None:
        case = self._case()
        alert = case.alert()
        case.ends([alert], feed=self.chance.choice(("ipaws", "edxl", "directory", "partner")))
        case.goes(alert, act=min(case.act + 1, ACTS - 1), wrong="after its Cancel")

    def plot_twin(self) -> None:
        """The triple of an Alert once more, as a Cancel."""
        case = self._case()
        feed = self.chance.choice(("rss", "held", "ipaws", "nws", "edxl", "wrap", "directory", "partner"))
        alert = case.goes(case.alert(), feed=feed)
        cancel = case.cancel(identifier=alert.identifier, sent=alert.sent)
        way = self.chance.choice(("own name", "triples", "identifiers"))
        case.goes(cancel, references=written(way, [alert]), feed=feed, wrong=f"same triple, {way}")
        case.may_differ = True

    def plot_stripped_cancel(self) -> None:
        case = self._case()
        said = case.begins()
        cancel = case.cancel()
        case.goes(replace(cancel, infos=()), feed="relay", wrong="stripped of references and info")
        case.goes(cancel, references=written("triples", said), wrong="the genuine one")
        case.head = None

    def plot_stripped_alert(self) -> None:
        case = self._case()
        alert = case.alert()
        case.goes(replace(alert, infos=()), feed="relay", wrong="stripped of info")
        case.lives(case.goes(alert, wrong="the genuine one"))
        case.may_end([alert])

    def plot_stripped_update(self) -> None:
        case = self._case(is_plain=True)
        alert = case.goes(case.alert())
        update = case.update(alert)
        case.goes(replace(update, infos=(), references=()), feed="relay", wrong="stripped of references and info")
        case.lives(case.goes(update, wrong="the genuine one"))
        case.may_end([alert, update])

    def plot_test_first(self) -> None:
        """A relay's rehearsal of an alert under its own triple, before it."""
        case = self._case()
        alert = case.alert()
        case.goes(replace(alert, status=self.chance.choice(("Test", "Exercise"))), feed="relay", wrong="as a test")
        case.lives(case.goes(alert, wrong="the genuine one"))
        case.may_end([alert])

    def plot_test_after(self) -> None:
        case = self._case()
        said = case.begins()
        case.goes(
            replace(case.cancel(), status="Exercise"), references=written("triples", said), wrong="Cancel in a drill"
        )
        case.goes(replace(said[-1], status="Test"), feed="relay", wrong="as a test")

    def plot_drill(self) -> None:
        case = self._case()
        status = self.chance.choice(("Test", "Exercise", "System", "Draft"))
        alert = case.goes(case.alert(status=status), wrong="a drill")
        case.goes(case.update(alert, status=status), wrong="a drill")
        case.is_never_shown = True

    def plot_elsewhere(self) -> None:
        case = self._case(place=LOUISIANA)
        alert = case.goes(case.alert(), wrong="another state")
        case.goes(case.cancel(), references=written("triples", [alert]))
        case.is_never_shown = True

    def plot_private(self) -> None:
        case = self._case()
        case.goes(case.alert(scope=self.chance.choice(("Private", "Restricted"))), wrong="not public")
        case.is_never_shown = True

    def plot_expires(self) -> None:
        case = self._case()
        case.goes(expiring(case.alert(), self.now + LIVES), wrong="ends by itself")

    def plot_replaced_in_place(self) -> None:
        """One address, one entry, and each time another content."""
        case = self._case(is_plain=True)
        name = f"latest-{case.number:03}.xml"
        alert = case.goes(case.alert(), feed="atom", name=name)
        update = case.goes(case.update(alert), feed="atom", name=name, wrong="in place")
        case.lives(update)
        if self.chance.random() < 0.7:
            case.goes(
                case.cancel(), references=written("triples", [alert, update]), feed="atom", name=name, wrong="in place"
            )
            case.head = None

    def plot_pushed_by_a_stranger(self) -> None:
        self._barred(self._case(), "stranger")

    def plot_outside_its_jurisdiction(self) -> None:
        self._barred(self._case(place=OKLAHOMA), "texas")

    def _barred(self, case: Case, feed: str) -> None:
        """A Cancel through a feed that may not end the card; sometimes another feed brings it too."""
        said = case.begins()
        cancel, references = case.cancel(), written(self.chance.choice(CLEAR), said)
        case.goes(cancel, references=references, feed=feed, wrong=f"{feed} may not say so")
        case.head, case.may_differ = None, True
        if self.chance.random() < 0.4:
            case.goes(cancel, references=references, feed=self.chance.choice([one for one in OPEN if one != "naads"]))
            case.may_differ = False

    def plot_unsigned(self) -> None:
        """Displayed by a feed that asks for signatures, ended without one."""
        case = self._case()
        alert = case.goes(case.alert(), feed="signed", signer=self.signer)
        cancel = case.cancel()
        case.goes(cancel, references=written("triples", [alert]), feed="rss", wrong="not signed")
        case.may_differ = True
        if self.chance.random() < 0.5:
            again = case.cancel(identifier=f"{cancel.identifier}-again")
            case.goes(again, references=written("triples", [alert]), feed="signed", signer=self.signer, wrong="signed")
            case.may_differ = False

    def plot_broken_beside(self) -> None:
        """Good and broken alerts in one wrapper."""
        for fault in BROKEN:
            case = self._case()
            case.lives(case.goes(case.alert(), feed="wrap"))
            alert = case.alert(identifier=case.name("X"))
            spoilt = fault(document(alert))
            case.told.append(
                Told(
                    act=case.told[0].act,
                    feed="wrap",
                    name="broken",
                    alert=alert,
                    document=spoilt,
                    wrong="broken",
                    broken=True,
                )
            )
        case.may_end(case.said[:1])

    def plot_one_at_one_address(self) -> None:
        """A feed of kind ``cap``, which holds one alert at a time."""
        case = self._case()
        alert = case.goes(case.alert(), feed="cap")
        case.lives(alert)
        case.goes(case.cancel(), references=written("triples", [alert]), feed="cap", act=LAST)
        case.head = None

    def plot_weather(self) -> None:
        """Storms, and an AMBER Alert through the same sender: no Cancel of a storm marks it."""
        self._case(WEATHER).begins()
        storms = self._case(WEATHER)
        storms.is_never_shown = True
        for number in range(6):
            storm = replace(
                story.thunderstorm(self.tick()), sender=WEATHER, identifier=f"urn:oid:2.49.{storms.number}.{number}"
            )
            cancel = replace(storm, msg_type="Cancel", identifier=f"{storm.identifier}.2", sent=at(self.tick()))
            if number % 2:
                storms.goes(storm, feed="nws", wrong="a storm", act=number)
            storms.goes(
                cancel, references=written("triples", [storm]), feed="nws", wrong="a storm's Cancel", act=number + 1
            )

    def plot_nothing_named(self) -> None:
        """Without references, where there is one card that it can mean."""
        case = self._case(self._alone())
        case.begins()
        case.goes(case.cancel(is_bare=False), act=LAST, wrong="names nothing")
        case.head = None

    def plot_nothing_named_of_several(self) -> None:
        self._unclear(None)

    def plot_mangled(self) -> None:
        self._unclear(self.chance.choice(MANGLED))

    def _unclear(self, references: str | None) -> None:
        """It could mean any of several cards: operators decide."""
        sender = self._alone()
        cases = [self._case(sender) for _ in range(self.chance.choice((1, 2, 3) if references else (2, 3)))]
        for case in cases:
            case.begins()
        case = self.chance.choice(cases)
        sent = case.told[0].alert.sent
        text = references and references.format(sender=sender, sent=sent.text if sent else "")
        case.goes(case.cancel(is_bare=False), references=text, act=LAST, wrong="mangled" if text else "names nothing")
        case.head, case.may_differ = None, True
