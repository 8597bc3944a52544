"""The pages on which staff read conversations, in a real Chromium: on a phone and on a desk, in both languages, by
keyboard alone, without scripts, and with axe-core on each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.console.pages.serving import Served, fill, serving
from tests.e2e.staff import DESK, PHONE, looked_at, tab_to

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("console")) as running:
        yield running


@pytest.fixture
def full(served: Served) -> str:
    """A conversation in which everything happens; every queue has something."""
    return served.run(fill(served.console))


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize(
    "look", [{"viewport": PHONE}, {"viewport": DESK}, {"viewport": DESK, "color_scheme": "dark"}], ids=str
)
def test_every_page_is_open_to_everybody(
    served: Served, full: str, open_page: Callable[..., Page], language: str, look: dict[str, object]
) -> None:
    page = open_page("admin", language, **look)
    for path in (
        "/",
        *(f"/queues/{name}" for name in ("urgent", "requests", "look", "down", "alarms")),
        "/conversations",
        "/conversations?outcome=booked&said=view_saved",
        f"/conversations/{full}?said=reviewed",
        "/bookings",
    ):
        page.goto(f"{served.address}/staff{path}")
        assert looked_at(page) == [], path
    page.goto(f"{served.address}/staff/conversations/{full}")
    page.evaluate("for (const found of document.querySelectorAll('details')) found.open = true")
    assert looked_at(page) == [], "with all details"
    page.locator("form[action*='/contact'] button").click()
    expect(page.locator("a[href='tel:+12025550142']")).to_be_visible()
    expect(page.locator("#contact")).to_be_visible()
    assert looked_at(page) == [], "with the contact"
    page.locator(f"form[action='/staff/conversations/{full}/claim'] button").click()
    page.wait_for_url("**said=claimed*")
    assert looked_at(page) == [], "taken over"
    page.goto(f"{served.address}/staff/bookings")
    page.locator(".case a.to").first.click()
    page.wait_for_url("**/bookings/*")
    assert looked_at(page) == [], "a request"


@pytest.mark.parametrize("language", ["en", "es"])
def test_an_urgent_person_is_helped_by_keyboard_alone(
    served: Served, full: str, open_page: Callable[..., Page], language: str
) -> None:
    page = open_page("reviewer", language)
    base = f"/staff/conversations/{full}"
    page.goto(f"{served.address}/staff/")
    tab_to(page, f".case.urgent a[href='{base}']")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{base}")

    tab_to(page, f"form[action='{base}/claim'] button")
    page.keyboard.press("Enter")
    page.wait_for_url("**said=claimed*")
    expect(page.locator("#said")).to_be_focused()

    tab_to(page, "#text")
    page.keyboard.type("Buenas tardes, le escribe la oficina.")
    tab_to(page, "form[action*='/write'] button")
    page.keyboard.press("Enter")
    page.wait_for_url("**said=sent*")
    expect(page.locator(".message.staff")).to_contain_text("Buenas tardes, le escribe la oficina.")

    tab_to(page, f"form[action='{base}/release'] button")
    page.keyboard.press("Enter")
    page.wait_for_url("**said=released*")

    tab_to(page, f"form[action='{base}/reviewed'] button")
    page.keyboard.press("Enter")
    page.wait_for_url("**said=reviewed*")
    expect(page.locator("#said")).to_have_text(
        {"en": "Marked as reviewed.", "es": "Quedó marcada como revisada."}[language]
    )


def test_single_keys_work_only_once_they_are_turned_on(
    served: Served, full: str, open_page: Callable[..., Page]
) -> None:
    page = open_page("reviewer")
    page.goto(f"{served.address}/staff/")
    page.keyboard.press("j")
    expect(page.locator(".case a:focus")).to_have_count(0)
    page.get_by_label("Use single keys").check()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(page.locator(".case a.to").first).to_be_focused()

    page.goto(f"{served.address}/staff/conversations/{full}")
    page.keyboard.press("j")
    page.keyboard.press("e")
    expect(page.locator(".message").first.locator("details[data-more]")).to_have_attribute("open", "")
    page.keyboard.press("o")
    assert page.locator("details[data-more]:not([open])").count() == 0
    page.keyboard.press("c")
    page.wait_for_url("**said=claimed*")
    page.keyboard.press("w")
    expect(page.locator("#text")).to_be_focused()
    page.keyboard.type("rojo ok")
    expect(page.locator("#text")).to_have_value("rojo ok")


def test_everything_works_without_scripts(served: Served, full: str, open_page: Callable[..., Page]) -> None:
    page = open_page("attorney", "es", java_script_enabled=False, viewport=PHONE)
    base = f"{served.address}/staff/conversations/{full}"
    page.goto(base)
    page.get_by_role("button", name="Tomar la conversación").click()
    page.get_by_label("Su mensaje, en español").fill("Le llamo mañana.")
    page.get_by_role("button", name="Enviar", exact=True).click()
    expect(page.locator(".message.staff")).to_contain_text("Le llamo mañana.")
    page.get_by_role("button", name="Devolver a Faro").click()
    page.get_by_label("Etiqueta que se pone").select_option(label="Revisar conflictos")
    page.get_by_role("button", name="Poner etiqueta").click()
    expect(page.locator(".labels")).to_contain_text("Revisar conflictos")
    page.get_by_text("Ver lo oculto").first.click()
    page.get_by_label("Para qué lo necesita").first.select_option(label="Para el caso de la persona")
    page.locator("form[action*='/reveal'] button").first.click()
    expect(page.locator(".revealed")).to_contain_text("202 555 0142")
    page.goto(base)
    page.get_by_text("Borrar para siempre").click()
    page.locator("#erase-typed").fill("no")
    page.get_by_role("button", name="Borrar", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("No se borró nada")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
@pytest.mark.parametrize(("language", "more"), [("en", "More"), ("es", "Más")])
def test_on_a_phone_the_page_begins_soon_and_every_page_is_two_steps_away(
    served: Served, open_page: Callable[..., Page], language: str, more: str, scripts: bool
) -> None:
    page = open_page("admin", language, viewport={"width": 390, "height": 844}, java_script_enabled=scripts)
    page.goto(f"{served.address}/staff/audit")
    links = page.locator(".top nav a")
    expect(links.filter(visible=True)).to_have_count(4)
    # Where one is stands on the button.
    summary = page.locator(".top summary")
    expect(summary).to_contain_text(f"{more}: {page.locator('h1').inner_text()}")
    assert page.locator("main").bounding_box()["y"] < 844 / 4
    for _ in range(6):
        page.keyboard.press("Tab")
    expect(summary).to_be_focused()
    page.keyboard.press("Enter")
    expect(links.filter(visible=True)).to_have_count(12)
    if scripts:
        assert looked_at(page) == []
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/staff/articles")
    # With room for all of them, none is behind a button.
    page.set_viewport_size(DESK)
    expect(summary).to_be_hidden()
    expect(links.filter(visible=True)).to_have_count(12)
    assert page.locator(".top nav").bounding_box()["height"] < 90


def test_a_search_leaves_no_word_in_the_address(
    served: Served, full: str, open_page: Callable[..., Page]
) -> None:
    page = open_page("reader", "es")
    page.goto(f"{served.address}/staff/conversations")
    page.get_by_role("searchbox").fill("cuánto tiempo asilo")
    page.keyboard.press("Enter")
    expect(page.locator(f".case a[href='/staff/conversations/{full}']")).to_be_visible()
    assert re.fullmatch(r".*/staff/conversations#found", page.url)


def test_the_saved_page_stands_by_itself(
    served: Served, full: str, open_page: Callable[..., Page], tmp_path: Path
) -> None:
    page = open_page("attorney", "es")
    page.goto(f"{served.address}/staff/conversations/{full}")
    page.get_by_text("Guardar para el expediente").click()
    for name in ("first.html", "second.html"):
        # Its button works again, because the page stays as it was.
        with page.expect_download() as found:
            page.get_by_role("button", name="Guardar la página").click()
        found.value.save_as(tmp_path / name)
        page.wait_for_timeout(1600)
    saved = open_page("admin")
    asked: list[str] = []
    saved.on("request", lambda request: asked.append(request.url))
    saved.goto((tmp_path / "second.html").as_uri())
    assert len(asked) == 1
    assert looked_at(saved) == []
    expect(saved.get_by_role("heading", level=1)).to_contain_text("Example Firm")
