"""The story of the demo on one page that is never loaded again, and an alert that attacks the one who reads it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from console_scene import PATIENCE_SECONDS, Scene
from msgspec.structs import replace
from playwright.async_api import Page, expect

from capgateway import cap
from capgateway.clock import utc_now
from capgateway.simulate import picture, story

pytestmark = pytest.mark.asyncio(loop_scope="module")

expect.set_options(timeout=PATIENCE_SECONDS * 1000)
MARKUP = """<script>window.hacked = 1</script><img src=x onerror="window.hacked = 1">"><svg onload=window.hacked=1>{{ 7 * 7 }}"""
LONG = "W" * 900


async def test_the_story_is_watched_live(page: Page, empty: Scene) -> None:
    """From the publication to the confirmed removal an operator only looks."""
    feed = empty.feed
    await page.goto(empty.url)
    await expect(page.locator(".live")).to_have_text("Live")
    await page.evaluate("window.isTheSamePage = true")
    shown, first = page.locator("#shown"), story.amber(utc_now())
    await expect(shown).to_contain_text("Nothing is on display.")

    feed.share("photo.jpg", picture.draw(), "image/jpeg")
    first = story.with_picture(first, feed.url("photo.jpg"), picture.DESCRIPTION)
    feed.publish("amber.xml", cap.write(first))
    await expect(shown).to_contain_text("Ada Testchild, 7")
    await expect(shown).to_contain_text("Dallas County, TX, Tarrant County, TX")
    await expect(shown).to_contain_text("Display confirmed")
    await expect(shown.locator("img")).to_have_js_property("naturalWidth", 480)
    await expect(page.locator("#map a path.area")).to_have_count(1)

    now = utc_now()
    feed.publish("exercise.xml", cap.write(story.exercise(now)))
    feed.publish("storm.xml", cap.write(story.thunderstorm(now)))
    feed.publish("broken.xml", story.malformed(now))
    decisions = page.locator("#decisions")
    await expect(decisions).to_contain_text("Severe Thunderstorm Warning")
    await expect(decisions).to_contain_text("no programme")
    await expect(page.locator("#review")).to_contain_text("unreadable")

    renewed = story.update(utc_now() + timedelta(seconds=1), first)
    feed.publish("update.xml", cap.write(renewed))
    await expect(shown).to_contain_text("Kaufman County, TX")
    feed.publish("cancel.xml", cap.write(story.cancel(utc_now() + timedelta(seconds=2), first, renewed)))
    await expect(shown).to_contain_text("Nothing is on display.")
    await expect(page.locator("#takedowns")).to_contain_text("All acknowledged")
    await expect(decisions).to_contain_text("cancelled")
    assert await page.evaluate("window.isTheSamePage")

    await decisions.get_by_role("link", name="Ada Testchild").first.click()
    line = page.locator("#timeline")
    await expect(line).to_contain_text("app confirmed the removal")
    await expect(line).to_contain_text("The card ended: cancelled")
    await expect(page.locator("#revisions ins").first).to_be_visible()


async def test_markup_in_an_alert_is_text(page: Page, empty: Scene) -> None:
    """Every text of the alert tries to run a script, and has a word that is wider than any screen; each page shows it as it was
    written, and keeps its width."""
    alert = story.amber(utc_now(), 99)
    hostile = replace(
        alert.infos[0],
        event=f"Child Abduction Emergency {MARKUP} {LONG}",
        headline=f"AMBER Alert {MARKUP}",
        description=f"Ada {LONG} Testchild, 7 years old, was last seen in Dallas, Texas {MARKUP}",
        instruction=MARKUP,
        sender_name=f"Texas {MARKUP} {LONG}",
        web="javascript:window.hacked=1",
        areas=(replace(alert.infos[0].areas[0], area_desc=f"Dallas {MARKUP} {LONG}"),),
    )
    stored = await empty.submit(replace(alert, infos=(hostile,), note=MARKUP))
    assert stored.card_id, stored
    for address in ("/", "/cards", f"/cards/{stored.card_id}", "/alerts", f"/alerts/{stored.id}"):
        await page.goto(empty.url + address, wait_until="load")
        assert "<script>window.hacked = 1</script>" in await page.locator("main").inner_text(), address
        assert await page.locator("main").locator("script, img[src='x'], svg[onload], [onerror]").count() == 0
        assert await page.locator("a[href^='javascript']").count() == 0
        assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, address
        assert "hacked" not in await page.evaluate("Object.keys(window)")
