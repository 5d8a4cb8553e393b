"""The pages of alerts, quarantine, feeds, receivers, deliveries, audit and validation, read by people and by axe."""

from __future__ import annotations

import asyncio
import os
import sys

import pytest
from axe_playwright_python.async_playwright import Axe
from console_scene import CASES, Scene
from playwright.async_api import Page, expect
from test_console_pages import WCAG, is_for_everybody

from capgateway.store import lists

pytestmark = pytest.mark.asyncio(loop_scope="module")

EVERY_LIST = ("/alerts", "/quarantine", "/feeds", "/receivers", "/deliveries", "/audit")


async def alert_id(scene: Scene, **wanted: str) -> str:
    """The newest alert of that decision."""
    page = await scene.service.store.read(lists.alert_page, limit=1, **wanted)  # type: ignore[arg-type]
    return page.items[0].id


async def text_of(page: Page, address: str) -> str:
    """What a person reads there."""
    await page.goto(address)
    return " ".join((await page.locator("main").inner_text()).split())


@pytest.mark.parametrize(
    "address",
    [
        "/alerts",
        "/quarantine",
        "/feeds",
        "/feeds/province",
        "/receivers",
        "/receivers/partner",
        "/report",
        "/validate",
    ],
)
async def test_pages_are_for_everybody(page: Page, crowded: Scene, address: str) -> None:
    """With much to show, some of it failing."""
    await is_for_everybody(page, crowded.url + address)


@pytest.mark.parametrize("decision", ["updated", "quarantined"])
async def test_an_alert_is_for_everybody(page: Page, crowded: Scene, decision: str) -> None:
    """With its document and findings, and with the form of an action open."""
    await is_for_everybody(page, f"{crowded.url}/alerts/{await alert_id(crowded, decision=decision)}")
    if decision == "quarantined":
        await page.locator(".act summary").first.click()
        found = await Axe().run(page, options=WCAG)
        assert not found.response["violations"], found.generate_report()


async def test_empty_lists_say_what_to_do_next(page: Page, empty: Scene) -> None:
    """Before anything happened, on a phone."""
    await page.set_viewport_size({"width": 390, "height": 844})
    for address in EVERY_LIST:
        await page.goto(empty.url + address)
        if address not in ("/feeds", "/receivers"):  # these are configured
            assert len(await page.locator(".empty").first.inner_text()) > 60, address
        found = await Axe().run(page, options=WCAG)
        assert not found.response["violations"], f"{address}\n{found.generate_report()}"


async def test_the_list_of_alerts_is_filtered_and_paged(page: Page, crowded: Scene) -> None:
    """By decision and identifier, a page at a time; a name that nobody knows is answered with the gaps of the feeds."""
    told = await text_of(page, f"{crowded.url}/alerts?decision=ignored&feed=state&since=1h")
    assert ("Severe Thunderstorm Warning" in told, "Published" in told.partition("Findings")[2]) == (True, False)
    await page.goto(f"{crowded.url}/alerts?limit=2&decision=ignored")
    first = await page.locator("tbody a.strong").evaluate_all("links => links.map((one) => one.href)")
    assert len(first) == 2
    older = page.get_by_role("link", name="Older")
    assert await older.count() == 0
    await page.goto(f"{crowded.url}/alerts?limit=2")
    seen = await page.locator("tbody a.strong").evaluate_all("links => links.map((one) => one.href)")
    await page.get_by_role("link", name="Older").click()
    await expect(page.get_by_role("link", name="Newest")).to_be_visible()
    then = await page.locator("tbody a.strong").evaluate_all("links => links.map((one) => one.href)")
    assert not {*seen} & {*then}
    told = await text_of(page, f"{crowded.url}/alerts?identifier=NOT-HERE")
    assert "No alert has this identifier. It may have been lost in a gap of these feeds: ncmec from" in told
    assert "Decision is one of" in await text_of(page, f"{crowded.url}/alerts?decision=perhaps")


async def test_the_page_and_the_command_explain_with_the_same_words(page: Page, crowded: Scene) -> None:
    """Every line of ``capgateway explain`` about what happened to an alert is on its page."""
    name = await alert_id(crowded, decision="updated")
    command = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "capgateway", "explain", name, "--server", crowded.url.removeprefix("http://")),
        stdout=asyncio.subprocess.PIPE,
        env=os.environ,
    )
    printed = (await command.communicate())[0].decode()
    assert command.returncode == 0
    shown = (await text_of(page, f"{crowded.url}/alerts/{name}")).casefold()
    about = printed[printed.index("documents in feeds") :].splitlines()
    assert len(about) > 20
    assert not [line for line in about if " ".join(line.split()).casefold() not in shown]


async def test_an_identifier_leads_to_its_alert(page: Page, crowded: Scene) -> None:
    """As ``explain`` takes both."""
    name = await alert_id(crowded, decision="updated")
    stored = await crowded.service.store.read(lists.one_alert, name)
    assert stored is not None
    await page.goto(f"{crowded.url}/alerts/{stored.identifier}")
    assert page.url == f"{crowded.url}/alerts/{name}"
    answer = await page.request.get(f"{crowded.url}/alerts/nobody", headers={"Accept": "text/html"})
    assert (answer.status, "there is no alert nobody" in (await answer.text()).replace("There", "there")) == (404, True)


async def test_what_is_said_about_feeds_and_receivers(page: Page, crowded: Scene) -> None:
    """What fails comes first, with the reason; charts have their summary as a name; secrets and keys are not shown."""
    told = await text_of(page, f"{crowded.url}/feeds")
    assert told.index("province") < told.index("simulator")
    assert ("Failing" in told, "503" in told) == (True, True)
    told = await text_of(page, f"{crowded.url}/feeds/ncmec")
    assert "Still away" in told
    await expect(page.get_by_role("img", name="From sent to received: median")).to_be_visible()
    told = await text_of(page, f"{crowded.url}/receivers/partner")
    assert ("A take-down waits for its acknowledgement" in told, "503" in told) == (True, True)
    await expect(page.get_by_role("img", name="Attempts: median")).to_be_visible()
    await page.goto(f"{crowded.url}/deliveries?receiver=partner&state=pending")
    await page.locator(".log summary").first.click()
    await expect(page.locator(".attempts").first).to_contain_text("#1")
    found = await Axe().run(page, options=WCAG)
    assert not found.response["violations"], found.generate_report()


async def test_an_alert_cannot_change_the_direction_of_a_page(page: Page, crowded: Scene) -> None:
    """Characters that reverse what follows are replaced in words, and named in the document."""
    hostile = await crowded.submit(b"<alert>\xe2\x80\xaegnp.exe</alert>")
    assert "\u202e" not in await (await page.request.get(f"{crowded.url}/alerts/{hostile.id}")).text()
    await page.goto(f"{crowded.url}/alerts/{hostile.id}")
    await expect(page.locator(".x-odd")).to_have_text("U+202E")


async def test_the_report_is_a_page_and_a_table(page: Page, crowded: Scene) -> None:
    """For a period that is asked for; nobody is named in it, and a period that ends before it begins is refused."""
    told = await text_of(page, f"{crowded.url}/report")
    assert ("cancelled" in told, "take-down not acknowledged" in told, "quarantined: unreadable" in told) == (True,) * 3
    assert not [child for child, *_ in CASES if child in told]
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Save as CSV").click()
    rows = (await (await download.value).path()).read_text().splitlines()
    assert rows[0].startswith("card_id,programme,status,state,issuer,area")
    assert len(rows) > len(CASES)
    assert "No card was displayed in this period" in await text_of(
        page, f"{crowded.url}/report?from=2020-01-01&to=2020-02-01"
    )
    assert "the period ends before it begins" in (
        await text_of(page, f"{crowded.url}/report?from=2026-01-02&to=2026-01-01")
    ).replace("The", "the")


async def test_lists_are_live(page: Page, empty: Scene) -> None:
    """What comes in appears on pages that are open, and on the page of its feed."""
    await page.goto(f"{empty.url}/quarantine")
    await expect(page.locator(".live")).to_have_text("Live")
    await page.evaluate("window.isTheSamePage = true")
    broken = await empty.submit(b"<alert>")
    await expect(page.locator(f"#list a[href='/alerts/{broken.id}']").first).to_be_visible()
    assert await page.evaluate("window.isTheSamePage")
    assert "Unreadable document" in await text_of(page, f"{empty.url}/feeds/{broken.feed}")
