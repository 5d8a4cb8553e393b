"""A long story of many issuers and cases, made up by chance, that knows what is live at its end.

Each case follows a plot: what is said, when, through which feeds, and what is wrong with it. Every plot occurs at least once.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count

from msgspec.structs import replace
from service_truth_case import ACTS, LAST, Case, Told
from service_truth_words import (
    BROKEN,
    LOUISIANA,
    MANGLED,
    OKLAHOMA,
    SENDERS,
    TEXAS,
    WAYS,
    Signer,
    all_clear,
    at,
    document,
    expired_before_it_was_sent,
    expiring,
    written,
)

from capgateway import cap
from capgateway.simulate import story

MESSAGES = 200
ISSUERS = 30
"""Beside those that occur in one plot only."""
WEATHER = "w-nws.webmaster@weather.example"
LIVES = timedelta(seconds=12)


class Story:
    """``cases`` are what the truth is about, ``noise`` what never becomes a card."""

    def __init__(self, chance: random.Random, now: datetime, signer: Signer) -> None:
        self.chance, self.now, self.signer = chance, now, signer
        self.cases: list[Case] = []
        self._numbers = count(1)
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
        sender = sender or self.chance.choice(issuers)
        case = Case(next(self._numbers), self.chance, self.tick, sender=sender, place=place, is_plain=is_plain)
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
            case = self._case(self._alone())
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
        case.ends([first], way=self.chance.choice(case.ways))
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
        case.lives(alert)
        cancel = case.cancel(identifier=alert.identifier, sent=alert.sent)
        way = self.chance.choice(("own name", "triples", "identifiers"))
        case.goes(cancel, references=written(way, [alert]), feed=feed, wrong=f"same triple, {way}")
        case.ended_somehow()

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
        """A take-down through a feed that may not end the card; sometimes another feed brings it too."""
        said = case.begins()
        take_down, references = case.cancel(), written(self.chance.choice(case.ways), said)
        if case.is_plain and self.chance.random() < 0.3:
            take_down, references = all_clear(case.update(*said)), None
        case.goes(take_down, references=references, feed=feed, wrong=f"{feed} may not say so")
        case.ended_somehow()
        if self.chance.random() < 0.4:
            case.goes(take_down, references=references, wrong="the same")
            case.otherwise = None

    def plot_unsigned(self) -> None:
        """Displayed by a feed that asks for signatures, ended without one."""
        case = self._case()
        alert = case.goes(case.alert(), feed="signed", signer=self.signer)
        case.lives(alert)
        cancel = case.cancel()
        case.goes(cancel, references=written("triples", [alert]), feed="rss", wrong="not signed")
        case.ended_somehow()
        if self.chance.random() < 0.5:
            again = case.cancel(identifier=f"{cancel.identifier}-again")
            case.goes(again, references=written("triples", [alert]), feed="signed", signer=self.signer, wrong="signed")
            case.otherwise = None

    def plot_broken_beside(self) -> None:
        """Good and broken alerts in one wrapper."""
        for fault in BROKEN:
            case = self._case()
            case.lives(case.goes(case.alert(), feed="wrap"))
            alert = case.alert(identifier=case.name("X"))
            case.spoils(alert, fault(document(alert)))
        for case in self.cases[-1:]:
            case.may_end(case.said)

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
        case.ended_somehow()
