"""Every page of cards can be used by everybody: at a desk and on a phone, in light and in dark, with much and with nothing."""

from __future__ import annotations

import gzip
from typing import Literal

import pytest
from axe_playwright_python.async_playwright import Axe
from console_scene import CASES, Scene
from playwright.async_api import Page, Response, ViewportSize

from capgateway.clock import utc_now
from capgateway.simulate import story
from capgateway.store import lists
from capgateway.web.console import assets

pytestmark = pytest.mark.asyncio(loop_scope="module")

DESK, PHONE = ViewportSize(width=1280, height=900), ViewportSize(width=390, height=844)
SEEN: tuple[tuple[ViewportSize, Literal["light", "dark"]], ...] = ((DESK, "light"), (PHONE, "dark"))
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
LIGHTEST = 100_000
"""Bytes of everything that a first visit needs, compressed."""
LARGEST_SCRIPT = 8 * 1024


async def is_for_everybody(page: Page, address: str) -> None:
    """Load a page and judge it by axe: on a desk in light colours, and on a phone in dark ones."""
    await page.goto(address, wait_until="load")
    for size, scheme in SEEN:
        await page.set_viewport_size(size)
        await page.emulate_media(color_scheme=scheme)
        assert await page.evaluate("document.documentElement.scrollWidth") <= size["width"], f"{address} is too wide"
        found = await Axe().run(page, options=WCAG)
        assert not found.response["violations"], f"{address} {size} {scheme}\n{found.generate_report()}"


@pytest.mark.parametrize("address", ["/", "/cards", "/cards?state=ended", "/cards?find=nobody"])
async def test_lists_are_for_everybody(page: Page, crowded: Scene, address: str) -> None:
    """Much at once: everything that can go wrong does."""
    await is_for_everybody(page, crowded.url + address)


@pytest.mark.parametrize("address", ["/", "/cards"])
async def test_empty_pages_say_what_to_do_next(page: Page, empty: Scene, address: str) -> None:
    """Before anything happened."""
    await is_for_everybody(page, empty.url + address)
    assert await page.locator(".empty").first.inner_text()


@pytest.mark.parametrize("state", ["active", "ended"])
async def test_a_card_is_for_everybody(page: Page, crowded: Scene, state: str) -> None:
    """With a picture and a held take-down, and after its end; with the form of an action open too."""
    cards = (await crowded.service.store.read(lists.card_page, state=state)).items
    await is_for_everybody(page, f"{crowded.url}/cards/{cards[-1].card_id}")
    await page.locator(".act summary").first.click()
    found = await Axe().run(page, options=WCAG)
    assert not found.response["violations"], found.generate_report()


async def test_the_keyboard_reaches_everything(page: Page, crowded: Scene) -> None:
    """The first key leads to the content, an action's form opens and closes by keys alone, and the focus comes back, and stays when
    the page is renewed."""
    (card,) = (await crowded.service.store.read(lists.card_page, state="active", limit=1)).items
    await page.goto(f"{crowded.url}/cards/{card.card_id}")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    assert await page.evaluate("document.activeElement.id") == "main"
    await page.locator("#act-withdraw summary").focus()
    await page.keyboard.press("Enter")
    await page.locator("dialog textarea").wait_for()
    assert await page.evaluate("document.activeElement.closest('dialog') !== null")
    await page.keyboard.press("Escape")
    await page.locator("dialog").wait_for(state="detached")
    assert await page.evaluate("document.activeElement.closest('.act').id") == "act-withdraw"
    await page.locator("#acts").evaluate("region => { region.dataset.before = '' }")
    await page.locator(".live", has_text="Live").wait_for()
    await crowded.submit(story.thunderstorm(utc_now()))
    await page.locator("#acts[data-before]").wait_for(state="detached")
    assert await page.evaluate("document.activeElement.closest('.act')?.id") == "act-withdraw"


async def test_pages_read_and_act_without_scripts(page: Page, crowded: Scene) -> None:
    """Everything is in the page; forms open in place."""
    context = await page.context.browser.new_context(java_script_enabled=False)  # type: ignore[union-attr]
    plain = await context.new_page()
    await plain.goto(crowded.url)
    for child in (CASES[0][0], CASES[1][0], CASES[4][0], CASES[5][0]):
        await plain.get_by_role("link", name=child).first.wait_for()
    await plain.locator("#shown a.title").first.click()
    await plain.locator("#act-hold summary").click()
    await plain.locator("#act-hold textarea").fill("the court asked for it")
    await plain.locator("#act-hold button", has_text="Hold").click()
    await plain.get_by_text("The data of this card is kept").wait_for()
    await plain.get_by_text("the court asked for it").wait_for()
    await context.close()


async def test_a_pause_is_on_every_page(page: Page, empty: Scene) -> None:
    """With the way to end it, which asks once too."""
    await page.goto(empty.url)
    await page.locator("#act-pause summary").click()
    await page.locator("dialog").get_by_role("button", name="Pause displays").click()
    await is_for_everybody(page, f"{empty.url}/cards")
    await page.locator("#act-resume summary").click()
    await page.locator("dialog").get_by_role("button", name="Resume displays").click()
    await page.get_by_role("status").filter(has_text="Displays are sent again").wait_for()
    await page.locator("#notices .banner").wait_for(state="detached")


async def test_a_first_visit_is_light(page: Page, crowded: Scene) -> None:
    """Page, map, style, script and icon take less than 100 kB, and nothing comes from elsewhere."""
    answers = list[Response]()

    def note(answer: Response) -> None:
        answers.append(answer)

    page.on("response", note)
    for address in ("/", f"/cards/{(await crowded.service.store.read(lists.card_page)).items[-1].card_id}"):
        answers.clear()
        await page.goto(crowded.url + address, wait_until="load")
        parts = [one for one in answers if one.request.resource_type in ("document", "stylesheet", "script", "image")]
        assert all(one.url.startswith(crowded.url) for one in answers)
        bodies = [await one.body() for one in parts if "/media/" not in one.url]
        assert sum(len(gzip.compress(body)) for body in bodies) < LIGHTEST
    scripts = [asset.content for name, asset in assets.known().items() if name.endswith(".js")]
    assert sum(map(len, scripts)) <= LARGEST_SCRIPT
