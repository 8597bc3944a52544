"""A real Chromium on the page of a real Faro."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.stack import Stack, running

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="session")
def faro(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running(tmp_path_factory.mktemp("faro")) as stack:
        yield stack


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(params=["en-US", "es-MX"])
def page(request: pytest.FixtureRequest, browser: Browser, faro: Stack) -> Iterator[Page]:
    """The page on a small phone, in a browser of each language; a script error fails the test."""
    context = browser.new_context(locale=request.param, viewport={"width": 360, "height": 640})
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.goto(faro.address)
    yield page
    context.close()
    assert wrong == []
