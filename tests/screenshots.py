"""``make screenshots``: the pictures of the README, taken from a running Faro in headless Chromium.

python -m tests.screenshots [NAME...]
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.axe import OPEN_SHADOW_ROOTS
from tests.bench.widget import site
from tests.chromium import FLAGS
from tests.e2e.test_situation import WAYS, summary
from tests.e2e.widget import LOCALE, PATIENCE, answered, launch
from tests.stack import ROOT, free_port, running

PICTURES = ROOT / "docs" / "pictures"
#: Bytes; the README shows them all.
LARGEST = 120_000
SMALL_PHONE, PHONE, DESK = (360, 640), (390, 780), (1200, 760)

Steps = Callable[[Page], None]


@dataclass(frozen=True, slots=True)
class Scene:
    """What is on a picture; ``address`` begins at the firm's site, or with ``gateway`` at Faro itself."""

    name: str
    lang: Literal["en", "es"]
    size: tuple[int, int]
    steps: Steps
    address: str = "/{lang}/with/faro"
    gateway: bool = False
    scripts: bool = True
    dark: bool = False


def closed(page: Page) -> None:
    page.locator("#launcher").wait_for()


def ask(*steps: str) -> Steps:
    def act(page: Page) -> None:
        launch(page)
        for step in steps:
            answered(page, step)

    return act


def situation(lang: str, *, steps: bool = False) -> Steps:
    """The summary from its beginning, or where its picture of the steps is."""

    def act(page: Page) -> None:
        ask(*WAYS[lang]["answers"])(page)
        expect(summary(page)).to_be_visible()
        if steps:
            summary(page).locator("img.picture").evaluate(
                "picture => picture.scrollIntoView({ block: 'center' })"
            )

    return act


def read_back(lang: str) -> Steps:
    def act(page: Page) -> None:
        ask(*WAYS[lang]["answers"], *WAYS[lang]["booking"])(page)

    return act


def plain(question: str) -> Steps:
    """The page for people without JavaScript."""

    def act(page: Page) -> None:
        page.locator("textarea").fill(question)
        page.locator("button.send").click()
        page.wait_for_load_state()

    return act


def preview(page: Page) -> None:
    """The page for the site's owner, with another colour and the chat open beside it."""
    page.locator("#colour").fill("#7a3b1d")
    page.locator("#colour").blur()
    frame = page.frame_locator("iframe")
    # The lower end of the preview is below the window.
    frame.locator("#launcher").evaluate("launcher => launcher.click()")
    frame.locator("#log > li.bot").first.wait_for()


SCENES = (
    Scene("launcher-es", "es", SMALL_PHONE, closed),
    Scene("answer-es", "es", PHONE, ask("puedo trabajar mientras espero")),
    Scene("emergency-es", "es", PHONE, ask("la migra esta tocando mi puerta"), dark=True),
    Scene("situation-en", "en", PHONE, situation("en", steps=True)),
    Scene("booking-es", "es", SMALL_PHONE, read_back("es")),
    Scene("answer-en", "en", DESK, ask("can i apply if i crossed without papers")),
    Scene("situation-es", "es", DESK, situation("es"), dark=True),
    Scene("plain-es", "es", PHONE, plain("cuánto cuesta pedir asilo"), "/chat", gateway=True, scripts=False),
    Scene("embed-en", "en", (1200, 900), preview, "/embed", gateway=True),
)  # fmt: skip


def take(browser: Browser, scene: Scene, firm: str, faro: str) -> Path:
    """One picture."""
    width, height = scene.size
    context = browser.new_context(
        locale=LOCALE[scene.lang],
        viewport={"width": width, "height": height},
        device_scale_factor=2 if width < 600 else 1.25,
        color_scheme="dark" if scene.dark else "light",
        java_script_enabled=scene.scripts,
        reduced_motion="reduce",
    )
    context.set_default_timeout(PATIENCE)
    if scene.scripts:
        context.add_init_script(OPEN_SHADOW_ROOTS)
    page = context.new_page()
    page.goto((faro if scene.gateway else firm) + scene.address.format(lang=scene.lang))
    scene.steps(page)
    # What is scrolling comes to rest.
    page.wait_for_timeout(500)
    file = PICTURES / f"{scene.name}.png"
    page.screenshot(path=file)
    context.close()
    return file


def main() -> None:
    """Write every picture, or those that are named."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("Chromium is missing: sudo apt-get install -y chromium")
    wanted = [scene for scene in SCENES if scene.name in sys.argv[1:] or not sys.argv[1:]]
    PICTURES.mkdir(parents=True, exist_ok=True)
    port = free_port()
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder), FARO_ALLOWED_ORIGINS=f"http://127.0.0.1:{port}") as faro,
        site(port, faro.address) as firm,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        files = [take(browser, scene, firm, faro.address) for scene in wanted]
        browser.close()
    subprocess.run(
        [ROOT / ".venv-engine" / "bin" / "python", ROOT / "tests" / "quantised.py", *files], check=True
    )
    for file in files:
        size = file.stat().st_size
        print(f"{file.relative_to(ROOT)}  {size / 1000:.0f} kB" + ("  (large)" if size > LARGEST else ""))


if __name__ == "__main__":
    main()
