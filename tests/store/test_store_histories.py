"""A thousand random histories of a card on its way to its receivers; ``make histories`` runs a hundred thousand."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from lane_histories import HISTORIES_A_WORLD, check


def test_a_thousand_histories_on_sqlite() -> None:
    """I1 to I9 hold in each, and the seed of one in which they do not is named."""
    check(range(1000))


@pytest.mark.postgresql
def test_some_histories_on_postgresql(new_postgresql: Callable[[], str]) -> None:
    """The same on PostgreSQL, for other seeds."""
    check(range(10 * HISTORIES_A_WORLD, 10 * HISTORIES_A_WORLD + 20), new_postgresql)
