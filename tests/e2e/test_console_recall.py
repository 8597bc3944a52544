"""Finding who was told an old fee and correcting it, in a real Chromium: on a phone and on a desk, in both languages,
by keyboard alone, without scripts, and with axe-core on each page."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from bot.console.ports import Reach
from bot.transcripts.corrections import Corrections
from bot.transcripts.recall import Recall
from tests.console.pages.conftest import asks
from tests.console.pages.serving import Served, serving
from tests.e2e.staff import DESK, PHONE, looked_at, tab_to
from tests.transcripts.test_recall import tell

FEE = "fee.annual"
#: Some weeks after the fee changed, by day where the firm is.
FEBRUARY = datetime(2026, 2, 10, 18, tzinfo=UTC)
LOOKS = {
    "en": ({"viewport": PHONE, "color_scheme": "dark"}, {"viewport": DESK}),
    "es": ({"viewport": PHONE}, {"viewport": DESK, "color_scheme": "dark"}),
}

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("recall")) as running:
        running.console.clock.moment = FEBRUARY
        running.console.desk.reaches["whatsapp"] = Reach("closed")
        yield running


async def _fill(served: Served, name: str) -> None:
    store = served.console.store
    # A quarter of a year earlier than the other tests' noon: the fee had just changed.
    minute = -60 * 24 * 290
    await tell(store, (f"c_{name}_1", minute, "$100"), (f"c_{name}_2", minute + 1, "$100"))
    await tell(store, (f"c_{name}_3", minute, "$100"), (f"c_{name}_3", minute + 9, "$102"))
    await tell(store, (f"c_{name}_4", minute + 5, "$100"), channel="whatsapp", language="en")
    await asks(served.console, f"c_{name}_4")


@pytest.fixture
def people(served: Served, request: pytest.FixtureRequest) -> str:
    """Four people; the name that their conversations begin with."""
    name = f"{abs(hash(request.node.nodeid)) % 10**8:08}"
    served.run(_fill(served, name))
    return f"c_{name}"


def wait_until_sent(served: Served, correction_id: str) -> dict[str, int]:
    """How many people there are in each state, once nobody waits any more."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        counts = served.run(Corrections(served.console.store).counts(correction_id))
        if counts and not {"ready", "sending"} & set(counts):
            return counts
        time.sleep(0.1)
    raise AssertionError("it was not sent")


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_page_is_open_to_everybody(
    served: Served, people: str, open_page: Callable[..., Page], language: str
) -> None:
    for look in LOOKS[language]:
        page = open_page("attorney", language, **look)
        for path in ("/recall", "/recall?parameter=x", f"/recall/{FEE}", f"/recall/{FEE}?heard=yes"):
            page.goto(f"{served.address}/staff{path}")
            assert looked_at(page) == [], (path, look)
        page.goto(f"{served.address}/staff/recall/{FEE}")
        page.locator(f"form[action='/staff/recall/{FEE}'][method=post] button").click()
        page.wait_for_url("**/corrections/**")
        assert looked_at(page) == [], ("a draft", look)
        page.locator("form[action*='/approve'] button.main").click()
        page.wait_for_load_state()
        assert page.locator("#problem").count() == 1
        assert looked_at(page) == [], ("not read", look)


@pytest.mark.parametrize("language", ["en", "es"])
def test_people_are_corrected_by_keyboard_alone(
    served: Served, people: str, open_page: Callable[..., Page], language: str
) -> None:
    page = open_page("attorney", language)
    page.goto(f"{served.address}/staff/recall")
    tab_to(page, f".case a[href='/staff/recall/{FEE}']")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/recall/{FEE}")
    expect(page.locator(f"a[href^='/staff/conversations/{people}_4']")).to_be_visible()
    expect(page.locator(f"a[href^='/staff/conversations/{people}_3']")).to_have_count(0)
    tab_to(page, f"form[action='/staff/recall/{FEE}'][method=post] button")
    page.keyboard.press("Enter")
    page.wait_for_url("**said=correct_prepared*")
    expect(page.locator("#said")).to_be_visible()
    id = page.url.split("/corrections/")[1].split("?")[0]
    tab_to(page, "#text-es")
    tab_to(page, "input[name=read]")
    page.keyboard.press("Space")
    tab_to(page, "form[action*='/approve'] button.main")
    page.keyboard.press("Enter")
    page.wait_for_url("**said=correct_approved*")
    counts = wait_until_sent(served, id)
    assert counts["sent"] >= 3
    page.goto(f"{served.address}/staff/corrections/{id}")
    expect(page.locator(f"a[href='/staff/conversations/{people}_1']")).to_be_visible()
    assert looked_at(page) == []
    asked = [call for call in served.console.desk.calls if call[0] == "correct" and call[2] == id]
    told = {call[1]: call[3].text for call in asked if call[1].startswith(people)}
    assert set(told) == {f"{people}_1", f"{people}_2", f"{people}_4"}
    assert "le dijimos" in told[f"{people}_1"]
    assert "we told you" in told[f"{people}_4"]


def test_everything_works_without_scripts_on_a_phone(
    served: Served, people: str, open_page: Callable[..., Page]
) -> None:
    served.console.desk.answers["correct"] = "window_closed"
    page = open_page("attorney", "es", java_script_enabled=False, viewport=PHONE)
    page.goto(f"{served.address}/staff/recall")
    page.locator("#parameter").select_option(FEE)
    page.get_by_role("button", name="Ver a quién se le dijo").click()
    page.get_by_role("button", name="Preparar una corrección").click()
    page.get_by_label("En español").fill("Hay una novedad.\n\nEl {{day}} le dijimos {{told}}. Hoy es $102.")
    page.get_by_role("button", name="Guardar el texto").click()
    expect(page.locator(".cards .words").last).to_contain_text("le dijimos $100. Hoy es $102.")
    page.get_by_label("Leí los dos textos").check()
    page.get_by_role("button", name="Aprobar y mandar").click()
    expect(page.locator("#said")).to_contain_text("Aprobada")
    id = page.url.split("/corrections/")[1].split("?")[0]
    assert set(wait_until_sent(served, id)) == {"unreachable"}
    page.goto(f"{served.address}/staff/corrections/{id}")
    case = page.locator(".case", has=page.locator(f"a[href='/staff/conversations/{people}_4']"))
    case.get_by_role("link", name="Abrir la solicitud para llamar").click()
    page.wait_for_url("**/bookings/*")
    served.console.desk.answers.clear()


def test_a_reader_sees_and_changes_nothing(
    served: Served, people: str, open_page: Callable[..., Page]
) -> None:
    page = open_page("reader")
    page.goto(f"{served.address}/staff/recall/{FEE}")
    expect(page.locator(".case").first).to_be_visible()
    expect(page.locator("main form[method=post]")).to_have_count(0)
    assert served.run(Recall(served.console.store).values(FEE)) == ("$100", "$102")
