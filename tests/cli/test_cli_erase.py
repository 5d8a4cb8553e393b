"""``capgateway erase`` as an operator types it."""

from __future__ import annotations

import json

import pytest
from test_cli_quarantine import Night, night

from capgateway.operate import operate

__all__ = ["night"]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operate, "ACKNOWLEDGED_WITHIN", 0.0)


async def test_a_card_is_erased(night: Night) -> None:
    """It says what was erased and taken down; a repetition finds nothing live, and the card's text is gone.
    Nobody says of its alert that nothing was wrong with it."""
    alert = (await night.told("cards", "show", night.card))["alerts"][0]["id"]  # type: ignore[index]
    first = await night.ask("erase", night.card, "--reason", "order 12")
    assert first.exit_code == 0, first.output
    assert f"taken down now: {night.card}" in first.output
    again = await night.ask("erase", night.card, "--reason", "order 12", "--json")
    assert json.loads(again.stdout)["ended"] == []
    assert "the text of this card is erased" in (await night.ask("cards", "show", night.card)).output
    for word in ("explain", "alerts show"):
        life = (await night.ask(*word.split(), alert)).output
        assert "the findings were erased with the text" in life
        assert "no findings" not in life


async def test_what_does_not_exist_is_a_no(night: Night) -> None:
    """Exit code 1, with a sentence; without a reason, or a gateway, nothing happens at all."""
    unknown = await night.ask("erase", "crd_none", "--reason", "order 12")
    assert (unknown.exit_code, "there is no card crd_none" in unknown.output) == (1, True)
    assert (await night.ask("erase", night.card)).exit_code == 2
    assert (await night.ask("erase", night.card, "--reason", "x", through="database")).exit_code == 2
