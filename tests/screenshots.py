"""``make screenshots``: the pictures of the README, taken from a running Faro in headless Chromium."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.e2e.conftest import FLAGS
from tests.stack import ROOT, running

PICTURES = ROOT / "docs" / "pictures"
#: name: (browser language, width, height, colours, what is asked)
SCENES = {
    "phone-es": ("es-MX", 390, 780, "light", "puedo trabajar mientras espero"),
    "phone-emergency-es": ("es-MX", 390, 780, "dark", "la migra esta tocando mi puerta"),
    "desktop-en": ("en-US", 1100, 760, "light", "can i apply if i crossed without papers"),
}


def main() -> None:
    """Write every scene as a PNG file."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("Chromium is missing: sudo apt-get install -y chromium")
    PICTURES.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder)) as faro,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for name, (locale, width, height, colours, question) in SCENES.items():
            context = browser.new_context(
                locale=locale,
                viewport={"width": width, "height": height},
                color_scheme="dark" if colours == "dark" else "light",
            )
            page = context.new_page()
            page.goto(faro.address)
            page.locator("#log > li.bot").first.wait_for()
            page.locator("#text").fill(question)
            page.locator("#text").press("Enter")
            page.locator("li.answer, li.emergency").first.wait_for()
            page.locator("#working").wait_for(state="hidden")
            page.screenshot(path=str(PICTURES / f"{name}.png"))
            context.close()


if __name__ == "__main__":
    main()
