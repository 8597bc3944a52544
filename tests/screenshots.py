"""``make screenshots``: the pictures of the README, taken from a running Faro in headless Chromium.

python -m tests.screenshots [NAME...]
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, expect, sync_playwright

from bot.cli.demo import fill
from bot.settings import load_settings, with_demo_secrets
from tests.axe import OPEN_SHADOW_ROOTS
from tests.bench.widget import site
from tests.chromium import FLAGS
from tests.e2e.test_situation import WAYS, summary
from tests.e2e.test_takeover import link_of
from tests.e2e.widget import LOCALE, PATIENCE, answered, launch
from tests.stack import ROOT, Stack, free_port, running

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
    #: Signed in to the staff console.
    staff: bool = False


def still(page: Page) -> None:
    page.wait_for_load_state()


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


def spanish(page: Page) -> None:
    """The console in its other language, on a conversation with a date and a request."""
    page.get_by_role("button", name="Español").or_(page.get_by_role("link", name="Español")).first.click()
    page.get_by_role("link", name="Conversaciones").first.click()
    page.get_by_role("listitem").filter(has_text="Pidió consulta").get_by_role("link").first.click()
    page.wait_for_load_state()


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
    Scene("console-en", "en", (1300, 900), still, "/staff/", gateway=True, staff=True),
    Scene("console-es", "es", (1300, 900), spanish, "/staff/", gateway=True, staff=True),
    Scene("console-phone-en", "en", PHONE, still, "/staff/", gateway=True, staff=True, dark=True),
)  # fmt: skip


def conversations_of(stack: Stack) -> None:
    """Gives the console something to show, as ``faro up --demo`` does."""
    settings = with_demo_secrets(load_settings({"FARO_VAR": str(stack.var), "FARO_TODAY": "2026-11-21"}))
    with ThreadPoolExecutor(1) as elsewhere:
        elsewhere.submit(lambda: asyncio.run(fill(settings))).result()


def take(browser: Browser, scene: Scene, firm: str, stack: Stack) -> Path:
    """One picture."""
    faro = stack.address
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
    if scene.staff:
        page.goto(link_of(stack))
        page.locator("main button").click()
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
        conversations_of(faro)
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        files = [take(browser, scene, firm, faro) for scene in wanted]
        browser.close()
    subprocess.run(
        [ROOT / ".venv-engine" / "bin" / "python", ROOT / "tests" / "quantised.py", *files], check=True
    )
    for file in files:
        size = file.stat().st_size
        print(f"{file.relative_to(ROOT)}  {size / 1000:.0f} kB" + ("  (large)" if size > LARGEST else ""))


if __name__ == "__main__":
    main()
