"""The page without scripts and the page to copy from, in a real Chromium; axe-core finds nothing at any step."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.axe import OPEN_SHADOW_ROOTS, violations
from tests.stack import Stack

# Scripts of the tests run where those of the page may not: axe is put in by the browser's own tools.
NARROW = {"width": 320, "height": 640}


@pytest.fixture(params=["light", "dark"])
def narrow(request: pytest.FixtureRequest, browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(locale="es-MX", viewport=NARROW, color_scheme=request.param)
    context.add_init_script(OPEN_SHADOW_ROOTS)
    yield context
    context.close()


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


@pytest.fixture
def plain(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="es-MX", viewport=NARROW, java_script_enabled=False)
    yield context.new_page()
    context.close()


def test_a_date_is_worked_out_without_scripts(plain: Page, faro: Stack) -> None:
    plain.goto(f"{faro.address}/chat")
    plain.fill("#text", "dígame qué día exacto se me vence el año a mí")
    plain.click(".send")
    # The newest words come into sight below what stays at the top.
    newest, bar = plain.locator("#new").bounding_box(), plain.locator(".bar").bounding_box()
    assert newest and bar and newest["y"] >= bar["y"] + bar["height"]
    plain.fill("#day", "2026-03-25")
    plain.click(".day button")
    plain.click("ol button:has-text('Sí') >> nth=-1")
    told = plain.locator("ol > li").last.inner_text()
    assert "jueves 25 de marzo de 2027" in told
    plain.reload()
    assert plain.locator("ol > li").last.inner_text() == told
    with plain.expect_download() as download:
        plain.locator("[formaction$=calendar]").last.click()
    assert download.value.suggested_filename == "fecha.ics"
    assert plain.url == f"{faro.address}/chat#new"
    assert plain.context.cookies() == []


def test_axe_finds_nothing_on_the_page_without_scripts(narrow: BrowserContext, faro: Stack) -> None:
    page = narrow.new_page()
    page.goto(f"{faro.address}/chat")
    found = violations(page)
    page.fill("#text", "¿puedo trabajar mientras espero?")
    page.click(".send")
    page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    found += violations(page)
    assert fits(page)
    page.fill("#text", "a" * 5000)
    page.click(".send")
    found += violations(page)
    page.fill("#text", "")
    for button in ("[value=emergency]", "[value=erase]", "[value=erase_yes]"):
        page.click(f"button{button}")
        found += violations(page)
        assert fits(page)
    assert found == []


def test_the_page_to_copy_from_has_a_preview_that_follows(narrow: BrowserContext, faro: Stack) -> None:
    page = narrow.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.goto(f"{faro.address}/embed")
    text = 'Pregunte "aquí" <b>'
    page.fill("[name=launcher-text-es]", text)
    page.frame_locator("#preview").get_by_role("button", name=text).wait_for()
    assert 'data-launcher-text-es="Pregunte &quot;aquí&quot; &lt;b>"' in page.inner_text("#script-tag")
    page.select_option("#pin", "no")
    assert "integrity" not in page.inner_text("#script-tag")
    page.fill("#site", "https://www.bufete.example/pagina")
    assert page.inner_text("#setting") == "FARO_ALLOWED_ORIGINS=https://www.bufete.example"
    assert page.locator("faro-chat").count() == 0
    assert fits(page)
    assert violations(page) == []
    assert wrong == []
