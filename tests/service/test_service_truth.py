"""A story of 200 alerts through feeds of every kind, with faults of every kind: in the end receivers show the truth, or
operators were told, card by card.

``CAPGATEWAY_TRUTHS=20`` tells so many more stories, ``CAPGATEWAY_SEED`` one of them again.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from service_truth_world import World

MORE = int(os.environ.get("CAPGATEWAY_TRUTHS", "0"))
SEEDS = [int(os.environ["CAPGATEWAY_SEED"])] if "CAPGATEWAY_SEED" in os.environ else [1, *range(100, 100 + MORE)]


@pytest.mark.parametrize("seed", SEEDS)
async def test_receivers_end_with_the_truth_or_operators_were_told(sqlite_url: str, tmp_path: Path, seed: int) -> None:
    """Whatever issuers, feeds and networks do wrong."""
    await _holds(sqlite_url, tmp_path, seed)


@pytest.mark.postgresql
async def test_it_is_the_same_on_postgresql(postgresql_url: str, tmp_path: Path) -> None:
    """One story there too."""
    await _holds(postgresql_url, tmp_path, 3)


async def _holds(database_url: str, directory: Path, seed: int) -> None:
    async with World(database_url, directory, seed).running() as world:
        faults = await world.play()
    assert not faults, f"seed {seed}\n" + "\n".join(faults)
