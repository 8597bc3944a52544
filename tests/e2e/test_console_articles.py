"""Articles and the emergency notice in a real Chromium: on a phone and on a desk, in both languages, by keyboard alone,
without scripts, and with axe-core on each page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.console.pages.serving import Served
from tests.e2e.staff import DESK, PHONE, looked_at, tab_to
from tests.e2e.test_console_pages import served

__all__ = ["served"]

pytestmark = pytest.mark.browser

EN = "The asylum office in Newark is closed today. Do not travel there."
ES = "La oficina de asilo de Newark está cerrada hoy. No viaje hasta allá."


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize(
    "look", [{"viewport": PHONE}, {"viewport": DESK}, {"viewport": DESK, "color_scheme": "dark"}], ids=str
)
def test_every_page_is_open_to_everybody(
    served: Served, open_page: Callable[..., Page], language: str, look: dict[str, object]
) -> None:
    page = open_page("attorney", language, **look)
    page.goto(f"{served.address}/staff/articles")
    assert looked_at(page) == [], "the list"
    levels = page.locator("a.to[href*='triage_']").first.get_attribute("href")
    for path in ("/staff/articles/work_permit", f"{levels}", "/staff/articles/work_permit?day=1999-01-01"):
        page.goto(f"{served.address}{path}")
        page.evaluate("for (const found of document.querySelectorAll('details')) found.open = true")
        assert looked_at(page) == [], path
    page.goto(f"{served.address}/staff/bulletins")
    assert looked_at(page) == [], "no notice"
    page.locator("#text_en").fill(f"{EN}!")
    page.locator("#text_es").fill(ES)
    page.locator("form[action$='/preview'] button").click()
    expect(page.locator("#text_en-wrong-1")).to_be_visible()
    assert looked_at(page) == [], "something wrong"
    page.locator("#text_en").fill(EN)
    page.locator("form[action$='/preview'] button").click()
    expect(page.locator(".bubble")).to_have_count(4)
    assert looked_at(page) == [], "the preview"
    page.locator("#confirm").click()
    page.wait_for_url("**said=bulletin_on*")
    assert looked_at(page) == [], "in force"


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_notice_goes_on_and_off_by_keyboard_alone(
    served: Served, open_page: Callable[..., Page], language: str
) -> None:
    page = open_page("attorney", language)
    page.goto(f"{served.address}/staff/bulletins")
    tab_to(page, "#text_en")
    page.keyboard.type(EN)
    tab_to(page, "#text_es")
    page.keyboard.type(ES)
    tab_to(page, "form[action$='/preview'] button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/preview")
    tab_to(page, "#confirm")
    page.keyboard.press("Enter")
    page.wait_for_url("**said=bulletin_on*")
    expect(page.locator("#said")).to_be_focused()
    page.on("dialog", lambda dialog: dialog.accept())
    tab_to(page, "form[action$='/off'] button")
    page.keyboard.press("Enter")
    page.wait_for_url("**said=bulletin_off*")
    expect(page.locator("#said")).to_be_focused()


def test_everything_works_without_scripts(served: Served, open_page: Callable[..., Page]) -> None:
    page = open_page("attorney", "es", java_script_enabled=False, viewport=PHONE)
    page.goto(f"{served.address}/staff/articles?show=unapproved")
    page.locator(".case a.to").first.click()
    page.get_by_label("Fecha", exact=True).fill("2025-12-31")
    page.get_by_role("button", name="Mostrar", exact=True).click()
    expect(page.get_by_text("Así se lee el 31 de diciembre de 2025.")).to_be_visible()
    page.goto(f"{served.address}/staff/bulletins")
    page.get_by_label("En inglés").fill(EN)
    page.get_by_label("En español").fill(ES)
    page.get_by_role("button", name="Ver cómo queda").click()
    page.get_by_role("button", name="Activarlo para todas las personas").click()
    expect(page.locator("#said")).to_contain_text("El aviso está activo")
    page.get_by_role("button", name="Desactivarlo").click()
    expect(page.get_by_text("No hay ningún aviso vigente.")).to_be_visible()
