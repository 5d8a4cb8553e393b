"""Make the screenshots of ``docs/images``: the real console of a real gateway, to which a few invented cases happened.

::

    make screenshots        # needs Chromium at /usr/bin/chromium

The scene is that of the tests of the console. Times differ in every run, so the pictures do too: make them again only when the pages
have changed, and look at each before you commit it.
"""

from __future__ import annotations

import asyncio
import io
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from PIL import Image
from playwright.async_api import Browser, async_playwright

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests/console"))

from console_scene import Scene, crowd, scene

from capgateway.store import lists

IMAGES = ROOT / "docs/images"
CHROMIUM = "/usr/bin/chromium"
COLOURS = 256
"""Of the palette: a page has few, and the picture becomes a third as large."""
DESK, PHONE = 1280, 390


class Shot(NamedTuple):
    """A page, by its address or whose it is, and the part of it to show, in pixels of the page."""

    address: str
    height: int
    width: int = DESK
    scale: float = 1
    is_dark: bool = False


SHOTS = {
    "overview": Shot("/", 1273),
    "card": Shot("/cards/{card}", 1262),
    "alert": Shot("/alerts/{alert}", 1240),
    "receiver": Shot("/receivers/partner", 1118),
    "phone": Shot("/", 844, width=PHONE, scale=1.5, is_dark=True),
}


async def main() -> None:
    """Make every picture again."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        async with scene(Path(directory)) as running, async_playwright() as playwright:
            await crowd(running)
            card = (await running.service.store.read(lists.card_page, state="active")).items[-1]
            stopped = (await running.service.store.read(lists.alert_page, decision="quarantined")).items[0]
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            for name, shot in SHOTS.items():
                address = shot.address.format(card=card.card_id, alert=stopped.id)
                await take(browser, running, shot, address, IMAGES / f"{name}.png")
            await browser.close()


async def take(browser: Browser, running: Scene, shot: Shot, address: str, path: Path) -> None:
    """Open a page and write what is seen of it, with a palette."""
    context = await browser.new_context(
        viewport={"width": shot.width, "height": shot.height},
        device_scale_factor=shot.scale,
        color_scheme="dark" if shot.is_dark else "light",
        reduced_motion="reduce",
    )
    page = await context.new_page()
    await page.goto(running.url + address, wait_until="load")
    await page.locator("main").wait_for()
    seen = Image.open(io.BytesIO(await page.screenshot())).convert("RGB")
    seen.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    await context.close()
    print(f"{path.relative_to(ROOT)}  {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    asyncio.run(main())
