"""The pages of figures in a real Chromium: phone, desk, dark, forced colours and paper, in both languages, by keyboard
alone and without scripts, with axe-core on each."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.axe import violations
from tests.console.insights.planting import MONDAY, RUNNING, plant_weeks
from tests.console.pages.serving import Served, fill, serving
from tests.e2e.staff import DESK, PHONE, looked_at, tab_to

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("insights")) as running:
        running.run(fill(running.console))
        running.run(plant_weeks(running.console.store))
        yield running


@pytest.mark.parametrize(
    ("language", "look"),
    [
        ("es", {"viewport": PHONE}),
        ("en", {"viewport": DESK}),
        ("es", {"viewport": DESK, "color_scheme": "dark"}),
        ("en", {"viewport": PHONE, "forced_colors": "active"}),
    ],
    ids=str,
)
def test_the_pages_are_open_to_everybody(
    served: Served, open_page: Callable[..., Page], language: str, look: dict[str, object]
) -> None:
    page = open_page("reader", language, **look)
    for path in (f"/insights?week={MONDAY}", f"/insights/week/{MONDAY}"):
        page.goto(f"{served.address}/staff{path}")
        assert looked_at(page) == [], path
    page.goto(f"{served.address}/staff/insights?week={MONDAY}")
    page.evaluate("for (const found of document.querySelectorAll('details')) found.open = true")
    assert looked_at(page) == [], "with all tables"
    # A word on a phone is still ten pixels high.
    width, drawn = page.evaluate(
        "[document.querySelector('.chart').viewBox.baseVal.width, document.querySelector('.chart').clientWidth]"
    )
    assert 12 * drawn / width > 7.9


def test_a_figure_is_found_by_keyboard_alone(served: Served, open_page: Callable[..., Page]) -> None:
    page = open_page("reader", "es")
    page.goto(f"{served.address}/staff/")
    tab_to(page, ".top a[href='/staff/insights']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/staff/insights")
    tab_to(page, "#week")
    page.keyboard.press("ArrowDown")
    tab_to(page, ".choose button")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**week={MONDAY}")
    expect(page.get_by_role("heading", name="Semana del 9 nov al 15 nov 2026")).to_be_visible()
    expect(page.get_by_role("img", name="Mensajes que no entendió")).to_be_visible()
    tab_to(page, "#line-fallback summary")
    page.keyboard.press("Enter")
    expect(page.locator("#line-fallback table")).to_contain_text("19%")
    page.goto(f"{served.address}/staff/insights")
    tab_to(page, "a[href*='/insights/week/']")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/insights/week/{MONDAY}")
    expect(
        page.get_by_text("el porcentaje de mensajes que Faro no entendió subió de 6.7% a 19%")
    ).to_be_visible()


def test_everything_is_there_without_scripts_and_the_file_is_saved(
    served: Served, open_page: Callable[..., Page]
) -> None:
    page = open_page("reader", "en", java_script_enabled=False, viewport=PHONE)
    page.goto(f"{served.address}/staff/insights?week={MONDAY}")
    expect(page.locator("svg.chart")).to_have_count(8)
    page.get_by_text("Week before").click()
    expect(page.get_by_role("heading", name="Week of Nov 2 to Nov 8, 2026")).to_be_visible()
    with page.expect_download() as found:
        page.get_by_role("button", name="Save file").click()
    assert found.value.suggested_filename == "faro-2026-11-02-2026-11-08.csv"


def test_the_weekly_page_prints_on_two_sheets(served: Served, open_page: Callable[..., Page]) -> None:
    page = open_page("reader", "es")
    page.goto(f"{served.address}/staff/insights/week/{MONDAY}")
    page.emulate_media(media="print")
    expect(page.locator(".top")).to_be_hidden()
    expect(page.locator(".ways")).to_be_hidden()
    expect(page.locator("h1")).to_contain_text("Example Firm")
    assert violations(page) == []
    sheets = page.pdf(format="Letter").count(b"/Type /Page\n")
    assert 1 <= sheets <= 2


def test_a_table_stays_a_table_on_a_phone(served: Served, open_page: Callable[..., Page]) -> None:
    page = open_page("reader", "en", viewport=PHONE)
    page.goto(f"{served.address}/staff/insights/week/{RUNNING}")
    table = page.get_by_role("table").nth(1)
    expect(table.get_by_role("columnheader")).to_have_count(5)
    row = table.get_by_role("row").filter(has_text="Messages not understood")
    expect(row.get_by_role("rowheader")).to_be_visible()
    expect(row.get_by_role("cell")).to_have_count(4)
