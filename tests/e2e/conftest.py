"""A real Chromium on the page of a real Faro."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.axe import OPEN_SHADOW_ROOTS
from tests.bench.widget import site
from tests.chromium import FLAGS
from tests.console.pages.serving import Served
from tests.conversations.conftest import CALLBACK_SECRET
from tests.e2e.staff import DESK, is_wrong
from tests.e2e.widget import Pages
from tests.stack import Stack, free_port, running


@pytest.fixture(scope="session")
def site_port() -> int:
    """Where a site that may carry the widget is served."""
    return free_port()


@pytest.fixture(scope="session")
def pages() -> Iterator[Pages]:
    """A site that may carry the widget too, with whatever pages a test puts there."""
    with Pages() as site:
        yield site


@pytest.fixture(scope="session")
def faro(tmp_path_factory: pytest.TempPathFactory, site_port: int, pages: Pages) -> Iterator[Stack]:
    settings = {
        "FARO_ALLOWED_ORIGINS": f"http://127.0.0.1:{site_port},{pages.origin}",
        "FARO_BOOKING_CALLBACK_SECRET": CALLBACK_SECRET,
    }
    with running(tmp_path_factory.mktemp("faro"), **settings) as stack:
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
    context.add_init_script(OPEN_SHADOW_ROOTS)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.goto(faro.address)
    yield page
    context.close()
    assert wrong == []


@pytest.fixture(scope="session")
def firm_site(faro: Stack, site_port: int) -> Iterator[str]:
    """A law firm's site that carries the widget: ``/en/with/faro``, and without it: ``/en/with/bare``; or /es/."""
    with site(site_port, faro.address) as address:
        yield address


@pytest.fixture
def open_page(browser: Browser, served: Served) -> Iterator[Callable[..., Page]]:
    """``open_page(role, language, **options)``: a browser with somebody signed in to the console that the module
    serves; a script error, and what its policy refuses, fail the test."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def opened(role: str, language: str = "en", **options: Any) -> Page:
        context = browser.new_context(**{"viewport": DESK, **options})
        contexts.append(context)
        context.add_cookies([served.cookie(served.member(role, language))])
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda told: wrong.append(told.text) if is_wrong(told) else None)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []
