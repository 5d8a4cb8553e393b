"""Places over HTTP: receivers ask once per viewer."""

from __future__ import annotations

import pytest
from web_site import Site


async def test_every_code_of_a_point(site: Site) -> None:
    """With the version of the boundary file."""
    async with site.session.get("/api/v1/places", params={"at": "32.78,-96.80"}) as answer:
        found = await answer.json()
    assert answer.status == 200
    assert (found["codes"]["fips"], found["places"], found["point"]) == (["48113"], "2026-11", [-96.8, 32.78])


async def test_a_unit_by_its_code(site: Site) -> None:
    """In any scheme; an unknown one is not found."""
    async with site.session.get("/api/v1/places/TXZ119") as answer:
        assert (await answer.json())["codes"]["fips"] == ["48113"]
    async with site.session.get("/api/v1/places/48999") as answer:
        assert answer.status == 404
        assert "48999" in (await answer.json())["detail"]


@pytest.mark.parametrize("asked", ["", "?at=", "?at=Dallas", "?at=95,0", "?at=32.78,-96.80&limit=1", "?near=1,2"])
async def test_a_wrong_question_is_refused(site: Site, asked: str) -> None:
    """With what is known, or an example."""
    async with site.session.get(f"/api/v1/places{asked}") as answer:
        assert answer.status == 400
        assert (await answer.json())["detail"]
