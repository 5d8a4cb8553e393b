"""Who logs in may look, who may operate acts, and each act is recorded with who and why."""

from __future__ import annotations

import pytest
from console_scene import OPERATOR, PATIENCE_SECONDS, TOKENS, VIEWER, Scene, amber
from playwright.async_api import Page, expect

from capgateway.clock import utc_now
from capgateway.config import Token
from capgateway.store import audit, gaps, lists

pytestmark = pytest.mark.asyncio(loop_scope="module")

expect.set_options(timeout=PATIENCE_SECONDS * 1000)


async def log_in(page: Page, guarded: Scene, token: Token, to: str = "/") -> None:
    await page.goto(guarded.url + to)
    await page.get_by_label("Token").fill(token.token)
    await page.get_by_role("button", name="Log in").click()


async def card_of(guarded: Scene, number: int) -> str:
    """A new card on display at both receivers."""
    card_id = (await guarded.submit(amber(number))).card_id
    assert card_id
    await guarded.settled(card_id)
    await guarded.settled(card_id, "partner")
    return card_id


async def do(page: Page, act: str, reason: str, button: str) -> None:
    """Open the form of an action, say why, and send it."""
    await page.locator(f"#act-{act} summary").click()
    dialog = page.locator("dialog")
    await dialog.get_by_label("Reason").fill(reason)
    await dialog.get_by_role("button", name=button).click()


async def test_logging_in_and_out(page: Page, guarded: Scene) -> None:
    """A wrong token is refused in words, a right one leads to the page that was asked for, and logging out ends the session."""
    await log_in(page, guarded, Token(name="nobody", token="wrong", scopes=()), to="/cards?state=ended")
    await expect(page.get_by_role("alert")).to_have_text("This token is not known here.")
    await page.get_by_label("Token").fill(TOKENS[2].token)
    await page.get_by_role("button", name="Log in").click()
    await expect(page.get_by_role("alert")).to_contain_text("may not read")
    await page.get_by_label("Token").fill(VIEWER.token)
    await page.get_by_role("button", name="Log in").click()
    await expect(page.get_by_role("heading", name="Cards")).to_be_visible()
    assert page.url == f"{guarded.url}/cards?state=ended"
    (cookie,) = await page.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"], VIEWER.token in cookie["value"]) == (True, "Strict", False)
    await page.get_by_role("button", name="Log out").click()
    await expect(page.get_by_label("Token")).to_be_visible()
    await page.context.add_cookies([{"name": cookie["name"], "value": cookie["value"], "url": guarded.url}])
    await page.goto(guarded.url)
    await expect(page.get_by_label("Token")).to_be_visible()


async def test_who_may_only_look_cannot_act(page: Page, guarded: Scene) -> None:
    """Neither by the page, which offers nothing, nor by sending its forms."""
    card_id = await card_of(guarded, 10)
    await log_in(page, guarded, VIEWER, to=f"/cards/{card_id}")
    await expect(page.get_by_text("You may look, but not act")).to_be_visible()
    assert await page.locator(".act").count() == 0
    token = await page.locator("input[name=form]").first.input_value()
    answer = await page.request.post(f"{guarded.url}/cards/{card_id}/withdraw", form={"form": token, "reason": "x"})
    assert answer.status == 403


async def test_forged_forms_are_refused(page: Page, guarded: Scene) -> None:
    """A form without its token, with a made-up one, from another site, or sent to the API with the cookie alone."""
    card_id = await card_of(guarded, 11)
    await log_in(page, guarded, OPERATOR, to=f"/cards/{card_id}")
    token = await page.locator("input[name=form]").first.input_value()
    address = f"{guarded.url}/cards/{card_id}/withdraw"
    assert (await page.request.post(address, form={"reason": "x"})).status == 403
    assert (await page.request.post(address, form={"reason": "x", "form": "0" * 64})).status == 403
    away = {"Origin": "https://elsewhere.example"}
    assert (await page.request.post(address, form={"reason": "x", "form": token}, headers=away)).status == 403
    api = await page.request.post(f"{guarded.url}/api/v1/cards/{card_id}/withdraw", data={"reason": "x"})
    assert api.status == 401
    stored = await guarded.service.store.read(lists.one_card, card_id)
    assert stored is not None
    assert stored.state == "active"


async def test_withdrawing_a_card(page: Page, guarded: Scene) -> None:
    """It asks why, the receivers' removals arrive on the page by themselves, and it can be restored."""
    card_id = await card_of(guarded, 12)
    await log_in(page, guarded, OPERATOR, to=f"/cards/{card_id}")
    await page.locator("#act-withdraw summary").click()
    await page.locator("dialog").get_by_role("button", name="Withdraw").click()  # without a reason nothing is sent
    await expect(page.locator("dialog")).to_be_visible()
    await page.keyboard.press("Escape")
    await do(page, "withdraw", "the issuer called: wrong county", "Withdraw")
    await expect(page.get_by_role("status").filter(has_text="The card is withdrawn")).to_be_visible()
    line = page.locator("#timeline")
    for told in (
        "night desk withdrew the card",
        "the issuer called: wrong county",
        "app confirmed the removal",
        "partner confirmed the removal",
    ):
        await expect(line).to_contain_text(told)
    entry = (await guarded.service.store.read(audit.about, [card_id], []))[-1]
    assert (entry.actor, entry.action, entry.reason) == (
        OPERATOR.name,
        "card.withdrawn",
        "the issuer called: wrong county",
    )
    await do(page, "restore", "", "Restore")
    await expect(page.locator("#head")).to_contain_text("On display")
    assert card_id not in page.url
    await expect(page.locator("#incident")).to_contain_text(card_id)


async def test_correcting_a_card(page: Page, guarded: Scene) -> None:
    """A wrong plate goes away in a new revision, which the receivers confirm."""
    card_id = await card_of(guarded, 13)
    await log_in(page, guarded, OPERATOR, to=f"/cards/{card_id}")
    plate = await page.locator(".plate").inner_text()
    await page.locator("#act-correct summary").click()
    await page.locator("dialog").get_by_label("Vehicle: plate: ").check()
    await page.locator("dialog").get_by_label("Reason").fill("misread")
    await page.locator("dialog").get_by_role("button", name="Remove").click()
    await expect(page.locator("#timeline")).to_contain_text("app confirmed that it shows revision 2")
    await expect(page.locator(".plate")).to_have_count(0)
    await expect(page.locator("#revisions del", has_text=plate.split()[0]).first).to_be_visible()
    shown = guarded.app.cards[card_id]
    assert plate.split()[0] not in str(shown["vehicles"])


async def test_verifying_exporting_and_erasing(page: Page, guarded: Scene) -> None:
    """After a gap the card is marked until somebody verifies it; its evidence can be taken; in the end nothing of it is left."""
    card_id = await card_of(guarded, 14)
    await guarded.service.store.write_alone(gaps.begin, "state", utc_now())
    await log_in(page, guarded, OPERATOR, to=f"/cards/{card_id}")
    await expect(page.locator("#head")).to_contain_text("Unverified")
    await do(page, "verify", "asked the issuer", "Verify")
    await expect(page.locator("#head")).not_to_contain_text("Unverified")
    async with page.expect_download() as download:
        await do(page, "export", "for the court", "Export")
    assert (await download.value).suggested_filename == f"{card_id}.zip"
    await do(page, "erase", "an order to erase", "Erase")
    await expect(page.locator("main")).to_contain_text("The words of this card are erased.")
    text = await page.content()
    assert not any(word in text for word in ("Cora", "Fixture", "MXL9034"))
