"""What a person does about alerts, feeds and receivers: it asks once, is refused where it came from elsewhere, and is recorded."""

from __future__ import annotations

from pathlib import Path

import pytest
from console_scene import OPERATOR, PATIENCE_SECONDS, VIEWER, Scene
from playwright.async_api import Page, expect
from test_console_acts import card_of, do, log_in

import capgateway
from capgateway import cap
from capgateway.clock import utc_now
from capgateway.simulate import story
from capgateway.simulate.feed import Fault
from capgateway.store import audit, lists
from capgateway.store.audit import Entry

pytestmark = pytest.mark.asyncio(loop_scope="module")

expect.set_options(timeout=PATIENCE_SECONDS * 1000)
WHY = "the duty officer of the issuer says so"
BROKEN = (Path(capgateway.__file__).parent / "examples" / "broken.xml").read_bytes()


async def last_act(guarded: Scene) -> Entry:
    """What was recorded last."""
    return (await guarded.service.store.read(audit.page, limit=1)).items[0]


async def test_a_declined_alert_is_published(page: Page, guarded: Scene) -> None:
    """The operator has to choose the programme of an alert without one; its card goes to the receivers."""
    declined = await guarded.submit(story.thunderstorm(utc_now()))
    await log_in(page, guarded, OPERATOR, to=f"/alerts/{declined.id}")
    await expect(page.locator("#why")).to_contain_text("Ignored: no programme")
    await page.locator(".act summary", has_text="Publish").click()
    dialog = page.locator("dialog")
    await dialog.get_by_label("Reason").fill(WHY)
    await dialog.get_by_label("As an alert of the programme").select_option("amber")
    await dialog.get_by_role("button", name="Publish").click()
    await expect(page.get_by_role("status").filter(has_text="The alert is published")).to_be_visible()
    stored = await guarded.service.store.read(lists.one_alert, declined.id)
    assert stored is not None
    assert stored.card_id
    await guarded.settled(stored.card_id)
    assert stored.card_id in guarded.app.cards
    done = await last_act(guarded)
    assert (done.actor, done.action, done.reason) == (OPERATOR.name, "alert.published", WHY)
    await expect(page.locator("#explain")).to_contain_text(WHY)


async def test_what_may_never_be_displayed_is_refused_in_words(page: Page, guarded: Scene) -> None:
    """An exercise; the page of the alert says why, stays live, and does not ask again when it is loaded again."""
    drill = await guarded.submit(story.exercise(utc_now()))
    await log_in(page, guarded, OPERATOR, to=f"/alerts/{drill.id}")
    await do(page, f"publish-{drill.id}", WHY, "Publish")
    await expect(page.get_by_role("alert")).to_contain_text("an exercise or a test is never displayed as real")
    await page.locator("#head").evaluate("region => { region.dataset.before = '' }")
    await guarded.submit(story.thunderstorm(utc_now()))
    await page.locator("#head[data-before]").wait_for(state="detached")  # it stays live
    await page.reload()
    assert (page.url, await page.get_by_role("alert").count()) == (f"{guarded.url}/alerts/{drill.id}", 0)


async def test_a_held_take_down_is_released(page: Page, guarded: Scene) -> None:
    """The operator says which card it ends, and the receivers take it down."""
    card_id = await card_of(guarded, 20)
    held = await guarded.submit(story.cancel(utc_now(), story.amber(utc_now(), 77)))
    assert (held.decision, held.reason) == ("quarantined", "review")
    await log_in(page, guarded, OPERATOR, to="/quarantine")
    row = page.locator("#list > ul > li", has_text=held.identifier or "")
    await expect(row).to_contain_text("May end a card")
    await row.locator("summary", has_text="Release").click()
    dialog = page.locator("dialog")
    await dialog.get_by_label("Card that it ends").select_option(card_id)
    await dialog.get_by_role("button", name="End the card").click()  # without a reason nothing is sent
    await expect(dialog).to_be_visible()
    await dialog.get_by_label("Reason").fill(WHY)
    await dialog.get_by_role("button", name="End the card").click()
    await expect(page.locator("#head")).to_contain_text("Released by a person")
    assert (await guarded.settled(card_id)).action == "take_down"
    assert card_id not in guarded.app.cards
    done = await last_act(guarded)
    assert (done.action, done.card_id, done.reason) == ("quarantine.released", card_id, WHY)


async def test_an_unreadable_document_is_dismissed(page: Page, guarded: Scene) -> None:
    """It leaves the list, and stays among the alerts with who and why."""
    broken = await guarded.submit(b"<alert>")
    await log_in(page, guarded, OPERATOR, to=f"/quarantine?reason={broken.reason}")
    await do(page, f"dismiss-{broken.id}", WHY, "Dismiss")
    await expect(page.get_by_role("status").filter(has_text="dismissed")).to_be_visible()
    await expect(page.locator("#list")).not_to_contain_text(broken.id)
    await page.goto(f"{guarded.url}/audit")
    await expect(page.locator("tbody tr").first).to_contain_text("dismissed a quarantined alert")
    await expect(page.locator("tbody tr").first).to_contain_text(OPERATOR.name)
    await expect(page.locator("tbody tr").first).to_contain_text(WHY)


async def test_a_feed_is_polled_now(page: Page, guarded: Scene) -> None:
    """One that answers and one that does not; both are recorded."""
    await log_in(page, guarded, OPERATOR, to="/feeds/simulator")
    await do(page, "poll", WHY, "Poll now")
    await expect(page.get_by_role("status").filter(has_text="The feed answered")).to_be_visible()
    done = await last_act(guarded)
    assert (done.action, done.reason, done.detail) == ("feed.polled", WHY, {"feed": "simulator"})
    guarded.feed.misbehave("nowhere/index.rss", Fault(status=503))
    await page.goto(f"{guarded.url}/feeds/province")
    await do(page, "poll", "", "Poll now")
    await expect(page.get_by_role("alert")).to_contain_text("The feed gave no usable answer")
    await page.goto(f"{guarded.url}/feeds/state")
    assert await page.locator(".act").count() == 0  # others push to it


async def test_a_receiver_is_tested_and_recovered(page: Page, guarded: Scene) -> None:
    """The test says what came of it, and what is sent again is counted."""
    card_id = await card_of(guarded, 21)
    await log_in(page, guarded, OPERATOR, to="/receivers/app")
    await do(page, "ping", WHY, "Ping")
    await expect(page.get_by_role("status").filter(has_text="The test passed")).to_contain_text("answered 200")
    await page.goto(f"{guarded.url}/receivers/app")
    await do(page, "recover", WHY, "Recover")
    await expect(page.get_by_role("status").filter(has_text="Sent again")).to_contain_text("display")
    sent = await guarded.settled(card_id)
    await page.goto(f"{guarded.url}/deliveries?card_id={card_id}&receiver=app")
    await page.locator(".log > li > details > summary").first.click()
    await do(page, f"redeliver-{sent.id}", WHY, "Redeliver")
    await expect(page.get_by_role("status").filter(has_text="sent again")).to_be_visible()
    done = await last_act(guarded)
    assert (done.action, done.card_id, done.reason) == ("delivery.redelivered", card_id, WHY)


async def test_a_document_is_pasted_and_judged(page: Page, guarded: Scene) -> None:
    """Each finding stands beside its line, markup is text, and nothing is kept."""
    before = (await guarded.service.store.read(lists.alert_page, limit=1)).items
    await log_in(page, guarded, VIEWER, to="/validate")
    pasted = BROKEN.decode().replace(
        "</description>", " &lt;img src=x onerror=alert(1)&gt;<![CDATA[<script>]]></description>"
    )
    await page.get_by_label("Paste a document").fill(pasted)
    await page.get_by_role("button", name="Validate").click()
    await expect(page.locator("#reports")).to_contain_text("Invalid")
    for number, rule in ((5, "cap.schema"), (16, "cap.schema"), (39, "cap.polygon.form")):
        await expect(page.locator(f"#L{number} .finding.is-error")).to_contain_text(rule)
    await expect(page.locator("ol.xml")).to_contain_text("<![CDATA[<script>]]>")
    assert await page.locator("main").locator("script, img[src='x']").count() == 0
    assert await page.get_by_label("Mend it, and validate again").input_value() == pasted
    assert (await guarded.service.store.read(lists.alert_page, limit=1)).items == before


async def test_a_file_is_dropped_and_judged(page: Page, guarded: Scene) -> None:
    """The file goes before what is pasted; an empty form is refused in words."""
    good = cap.write(story.amber(utc_now()))
    await log_in(page, guarded, VIEWER, to="/validate")
    await page.get_by_role("button", name="Validate").click()
    await expect(page.get_by_role("alert")).to_have_text("Paste a document, or choose a file.")
    await page.get_by_label("Paste a document").fill("<no/>")
    await page.get_by_label("or drop a file here").set_input_files(
        {"name": "amber.xml", "mimeType": "text/xml", "buffer": good}
    )
    await page.get_by_role("button", name="Validate").click()
    await expect(page.locator("#reports")).to_contain_text("TX-AMBER")
    await expect(page.locator("#reports")).to_contain_text("Valid")


async def test_forged_forms_do_nothing(page: Page, guarded: Scene) -> None:
    """Without the token of the form, and by those who may only look."""
    broken = await guarded.submit(b"<alert><")
    acts = [f"/quarantine/{broken.id}/{act}" for act in ("release", "dismiss")]
    acts += [f"/alerts/{broken.id}/publish", "/feeds/simulator/poll", "/receivers/app/ping", "/receivers/app/recover"]
    acts += [f"/deliveries/{broken.id}/redeliver"]
    before = await last_act(guarded)
    await log_in(page, guarded, OPERATOR, to="/alerts")
    for address in acts:
        answer = await page.request.post(guarded.url + address, form={"reason": WHY, "form": "0" * 64})
        assert answer.status == 403, address
    assert (await page.request.post(f"{guarded.url}/validate", multipart={"document": "<a/>"})).status == 403
    await page.get_by_role("button", name="Log out").click()
    await log_in(page, guarded, VIEWER, to="/quarantine")
    assert await page.locator(".act").count() == 0
    token = await page.locator("input[name=form]").first.input_value()
    for address in acts:
        answer = await page.request.post(guarded.url + address, form={"reason": WHY, "form": token})
        assert answer.status == 403, address
    assert await last_act(guarded) == before
