"""Programmes in the configuration: built in, changed, new; and everything that cannot be meant."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from test_config_load import FEED, RECEIVER, faults, load, warnings

from capgateway.cards import AMBER, MEP
from capgateway.cards.codes import Code

NEW = '[programmes.new]\nname = { en = "New Alert" }\ncodes = ["OET:OET-099"]\n'


def enabled(names: str) -> str:
    return f"[policy]\nprogrammes = {names}\n"


def test_amber_alone_is_enabled(tmp_path: Path) -> None:
    """Unless the file says so; and a receiver gets that alone."""
    settings = load(tmp_path, RECEIVER)
    assert settings.policy.programmes == (AMBER,)
    assert settings.receivers[0].programmes == ("amber",)


def test_built_in_programmes_are_enabled_by_name(tmp_path: Path) -> None:
    """In the order of the file; a table changes only what it gives."""
    settings = load(tmp_path, enabled('["mep", "amber"]') + '[programmes.mep]\nreview = "all"\nmax_lifetime = "2d"\n')
    mep, amber = settings.policy.programmes
    assert (mep.codes, mep.name, mep.review, amber) == (MEP.codes, MEP.name, "all", AMBER)
    assert settings.policy.of("mep").max_lifetime == timedelta(days=2)
    assert settings.policy.of("amber").max_lifetime == timedelta(days=7)


def test_a_new_programme(tmp_path: Path) -> None:
    """Codes and phrases are read as they are compared; one that is not enabled changes nothing."""
    text = NEW + 'words = ["Älerta  Nueva"]\nactions = []\n'
    (_, new) = load(tmp_path, enabled('["amber", "new"]') + text).policy.programmes
    assert (new.id, new.codes, new.words, new.actions) == ("new", (Code("oet", "oet-099"),), ("alerta nueva",), ())
    assert load(tmp_path, text).policy.programmes == (AMBER,)


ONE_FAULT = {
    enabled('["ambre"]'): ':2: policy.programmes[0]: there is no programme "ambre"; did you mean "amber"?',
    enabled('["xyz"]'): ':2: policy.programmes[0]: there is no programme "xyz"; add [programmes.xyz]',
    enabled('["amber", "Bad Name"]'): ":2: policy.programmes[1]:",
    '[programmes.amber]\ncodes = ["CAP-CP:amber"]\n': ":2: programmes.amber.codes: must contain SAME:CAE",
    enabled('["amber", "new"]') + NEW.replace('"OET:OET-099"', ""): ":5: programmes.new.codes: is empty",
    NEW.replace("OET:OET-099", "SAME:CAE") + enabled('["amber", "new"]'): (
        ":3: programmes.new.codes: SAME:CAE belongs to the programme amber already"
    ),
    NEW.replace("OET:OET-099", "SAME:MEP") + enabled('["mep", "amber"]'): (
        ":3: programmes.new.codes: SAME:MEP belongs to the programme mep already"
    ),
    NEW.replace("OET:OET-099", "same:mep"): ':3: programmes.new.codes[0]: "same:mep" is not SCHEME:VALUE',
    NEW.replace("OET:OET-099", "CAPCP:x"): ':3: programmes.new.codes[0]: "CAPCP:x" is not SCHEME:VALUE',
    NEW.replace("OET:OET-099", "SAME:MISSING"): ":3: programmes.new.codes[0]:",
    NEW + "code = []\n": ':4: programmes.new.code: unknown key; did you mean "codes"?',
    '[programmes.new]\ncodes = ["SAME:MEP"]\n': ":1: programmes.new: needs name",
    '[programmes.new]\nname = { en = "x" }\n': ":1: programmes.new: needs codes",
    NEW.replace('en = "New Alert"', ""): ":2: programmes.new.name: needs at least one language",
    NEW + 'words = ["x"]\n': ":4: programmes.new.words[0]:",
    NEW + 'words = ["--- alert"]\n': ":4: programmes.new.words[0]:",
    NEW + 'default_lifetime = "3h"\nmax_lifetime = "2h"\n': ":4: programmes.new.default_lifetime: is longer",
    enabled('["amber", "new"]') + NEW + 'max_lifetime = "3h"\n': (
        ":6: programmes.new.max_lifetime: is shorter than the default_lifetime (1d) of [policy]; give both"
    ),
    '[programmes."New One"]\nname = { en = "x" }\ncodes = ["SAME:MEP"]\n': ":1: programmes",
    RECEIVER
    + 'programmes = ["ambr"]\n': ':5: receivers[0].programmes[0]: there is no programme "ambr"; did you mean "amber"?',
}


@pytest.mark.parametrize("text", ONE_FAULT)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, text: str) -> None:
    """With its line, and the way out."""
    found = faults(tmp_path, text)
    assert len(found) == 1
    assert found[0].startswith(f"c.toml{ONE_FAULT[text]}")


def test_a_code_of_a_programme_that_nobody_asks_for_is_free(tmp_path: Path) -> None:
    """SAME:MEP may be a programme of one's own while the built-in one is off."""
    text = enabled('["amber", "new"]') + NEW.replace("OET:OET-099", "SAME:MEP")
    assert [one.id for one in load(tmp_path, text).policy.programmes] == ["amber", "new"]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (enabled('["mep"]') + FEED, "policy.programmes"),
        (enabled("[]") + FEED, "policy.programmes"),
        (FEED + RECEIVER + 'programmes = ["amber", "mep"]\n', "receivers[0].programmes[1]"),
    ],
)
def test_what_is_hardly_meant_is_warned_of(tmp_path: Path, text: str, key: str) -> None:
    """AMBER Alerts that become no cards, and receivers that wait for nothing."""
    assert [one for one in warnings(tmp_path, text) if f" {key}: " in one]


def test_a_receiver_may_ask_for_all(tmp_path: Path) -> None:
    """Whatever is enabled, now or later."""
    (receiver,) = load(tmp_path, RECEIVER + 'programmes = ["*"]\n').receivers
    assert receiver.takes("amber")
    assert receiver.takes("anything")
