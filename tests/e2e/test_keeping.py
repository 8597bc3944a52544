"""Keeping a date: into the calendar, onto paper, as text; in both languages, on a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from icalendar import Calendar
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.axe import OPEN_SHADOW_ROOTS
from tests.e2e.keeping import TODAY, Site, site, told

BUTTONS = {
    "en": ("Add to calendar", "Print", "Copy"),
    "es": ("Añadir al calendario", "Imprimir", "Copiar"),
}
SAVED = {"en": "A file was saved", "es": "Se guardó un archivo"}
COPIED = {"en": "Copied.", "es": "Copiado."}
CUT = {"en": "No connection", "es": "No hay conexión"}
WAIT = {"en": "Please wait", "es": "Espere"}
BY_HAND = {"en": "Select the text here", "es": "Seleccione aquí el texto"}
SOURCES = {"en": "Sources and age of the facts:", "es": "Fuentes y fecha de los datos:"}
LAST_DAY = {"en": "December 21, 2026", "es": "21 de diciembre de 2026"}
NOON = time(12, tzinfo=UTC)
REFUSED = "() => { navigator.clipboard.writeText = () => Promise.reject(new Error('refused')) }"


@pytest.fixture(scope="module")
def faro_alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("keeping")) as running:
        yield running


@pytest.fixture(params=["en", "es"])
def lang(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def page(browser: Browser, faro_alone: Site, lang: str) -> Iterator[Page]:
    """The page on a small phone on the day of the conversation; a script error or a broken policy fails the test."""
    yield from opened(browser, faro_alone, lang)


def opened(browser: Browser, running: Site, lang: str) -> Iterator[Page]:
    context = browser.new_context(
        locale={"en": "en-US", "es": "es-MX"}[lang],
        timezone_id="America/New_York",
        viewport={"width": 360, "height": 640},
        accept_downloads=True,
    )
    context.add_init_script(OPEN_SHADOW_ROOTS)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.clock.set_fixed_time(datetime.combine(TODAY, NOON))
    page.goto(running.address)
    yield page
    context.close()
    # A refused or cut request is what some of these tests are about; the browser reports it by itself.
    assert [text for text in wrong if not text.startswith("Failed to load resource")] == []


def answered(page: Page, running: Site, lang: str, decided: date = date(2026, 11, 20)) -> Locator:
    """The answer with the date, after any question."""
    running.engine.replies = [told(lang, decided)]
    page.locator("#text").fill("hasta cuándo puedo apelar" if lang == "es" else "when is my appeal due")
    page.locator("#text").press("Enter")
    answer = page.locator("li.answer").last
    expect(answer.get_by_role("button", name=BUTTONS[lang][2], exact=True)).to_be_visible()
    return answer


def press(answer: Locator, lang: str, number: int) -> None:
    answer.get_by_role("button", name=BUTTONS[lang][number], exact=True).click()


def test_the_three_buttons_stand_in_the_language_of_the_answer(
    page: Page, faro_alone: Site, lang: str
) -> None:
    answer = answered(page, faro_alone, lang)
    assert answer.locator(".keep button").all_inner_texts() == list(BUTTONS[lang])
    for button in answer.locator(".keep button").all():
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 44
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    # Only the conversation scrolls: the way out stays in sight.
    assert page.evaluate("document.documentElement.scrollHeight <= window.innerHeight")
    # The page may be in the other language by then.
    page.evaluate("document.documentElement.lang = 'xx'")
    group = answer.get_by_role("group", name={"en": "Keep this answer", "es": "Guardar esta respuesta"}[lang])
    expect(group.get_by_role("button")).to_have_count(3)


def test_other_messages_have_none(page: Page, faro_alone: Site) -> None:
    faro_alone.engine.replies = None
    page.locator("#text").fill("work")
    page.locator("#text").press("Enter")
    expect(page.locator("li.answer")).to_have_count(1)
    expect(page.locator(".keep")).to_have_count(0)


def test_who_writes_before_the_greeting_is_answered(page: Page, faro_alone: Site, lang: str) -> None:
    expect(page.locator("#log > li.bot").first).to_be_visible()
    held: list[Route] = []
    page.evaluate("sessionStorage.clear()")
    page.route(re.compile("/conversations$"), lambda route: held.append(route))
    page.reload()
    faro_alone.engine.replies = [told(lang)]
    page.locator("#text").fill("plazo")
    page.locator("#text").press("Enter")
    expect(page.locator("li.visitor")).to_be_visible()
    held[0].continue_()
    expect(page.locator("li.answer")).to_have_count(1)
    expect(page.locator("#problem")).to_be_empty()


def test_the_calendar_file_has_a_neutral_name_and_the_date_that_was_told(
    page: Page, faro_alone: Site, lang: str, tmp_path: Path
) -> None:
    answer = answered(page, faro_alone, lang)
    with page.expect_download() as started:
        press(answer, lang, 0)
    assert started.value.suggested_filename == {"en": "date.ics", "es": "fecha.ics"}[lang]
    started.value.save_as(tmp_path / "kept.ics")
    text = (tmp_path / "kept.ics").read_text()
    days = [event["DTSTART"].dt for event in Calendar.from_ical(text).walk("VEVENT")]
    assert max(days) == date(2026, 12, 21)
    assert "VALARM" in text
    assert not re.search("asyl|asil|appeal|apela|bia", text, re.IGNORECASE)
    expect(answer.locator(".told")).to_contain_text(SAVED[lang])
    expect(page.locator("#announcer")).to_contain_text(SAVED[lang])


def test_the_page_to_print_opens_in_a_tab_and_its_address_tells_nothing(
    page: Page, faro_alone: Site, lang: str
) -> None:
    answer = answered(page, faro_alone, lang)
    with page.context.expect_page() as started:
        press(answer, lang, 1)
    sheet = started.value
    expect(sheet.locator("html")).to_have_attribute("lang", lang)
    expect(sheet.locator("main")).to_contain_text(LAST_DAY[lang])
    parts = urlsplit(sheet.url)
    assert (parts.path, parts.query, parts.fragment) == ("/api/deadlines/v1/page", "", "")
    expect(answer).to_be_visible()


def test_leaving_fast_closes_the_page_to_print_too(page: Page, faro_alone: Site, lang: str) -> None:
    page.route("https://www.weather.gov/**", lambda route: route.fulfill(body="weather"))
    answer = answered(page, faro_alone, lang)
    with page.context.expect_page() as started:
        press(answer, lang, 1)
    expect(started.value.locator("main")).to_contain_text(LAST_DAY[lang])
    page.locator("#exit").click()
    page.wait_for_url("https://www.weather.gov/**")
    assert page.context.pages == [page]


def test_the_whole_answer_with_its_sources_is_copied(page: Page, faro_alone: Site, lang: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    answer = answered(page, faro_alone, lang)
    press(answer, lang, 2)
    expect(answer.locator(".told")).to_have_text(COPIED[lang])
    expect(page.locator("#announcer")).to_contain_text(COPIED[lang])
    holds_all(page.evaluate("navigator.clipboard.readText()"), lang)


def test_it_is_copied_the_old_way_where_the_clipboard_is_refused(
    page: Page, faro_alone: Site, lang: str
) -> None:
    page.context.grant_permissions(["clipboard-read"])
    page.evaluate(REFUSED)
    answer = answered(page, faro_alone, lang)
    press(answer, lang, 2)
    expect(answer.locator(".told")).to_have_text(COPIED[lang])
    expect(answer.get_by_role("button", name=BUTTONS[lang][2], exact=True)).to_be_focused()
    assert answer.locator("textarea").count() == 0
    holds_all(page.evaluate("navigator.clipboard.readText()"), lang)


def test_the_text_is_shown_to_copy_by_hand_where_no_way_works(
    page: Page, faro_alone: Site, lang: str
) -> None:
    page.evaluate(REFUSED)
    page.evaluate("() => { document.execCommand = () => false }")
    answer = answered(page, faro_alone, lang)
    press(answer, lang, 2)
    field = answer.get_by_role("textbox", name=re.compile(BY_HAND[lang]))
    expect(field).to_be_focused()
    holds_all(field.input_value(), lang)
    expect(page.locator("#announcer")).to_contain_text(BY_HAND[lang])


def holds_all(text: str, lang: str) -> None:
    reply = told(lang)
    assert text.startswith(reply.title)
    for part in (reply.full, *reply.notes, SOURCES[lang], *(source.url for source in reply.sources)):
        assert part in text.replace("\r\n", "\n")


def test_every_button_works_by_keyboard(page: Page, faro_alone: Site, lang: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    answer = answered(page, faro_alone, lang)
    answer.locator("summary").focus()
    page.keyboard.press("Tab")
    with page.expect_download():
        page.keyboard.press("Enter")
    expect(answer.locator(".told")).to_contain_text(SAVED[lang])
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(answer.locator(".told")).to_have_text(COPIED[lang])
    expect(answer.get_by_role("button", name=BUTTONS[lang][2], exact=True)).to_be_focused()


def test_a_date_that_has_passed_is_not_offered_for_the_calendar(
    page: Page, faro_alone: Site, lang: str
) -> None:
    answer = answered(page, faro_alone, lang, decided=date(2026, 1, 5))
    assert answer.locator(".keep button").all_inner_texts() == list(BUTTONS[lang][1:])


def test_neither_when_the_conversation_is_opened_again_after_it(
    page: Page, faro_alone: Site, lang: str
) -> None:
    answered(page, faro_alone, lang)
    reload_at(page, datetime(2026, 12, 22, 3, tzinfo=UTC))
    buttons = page.locator("li.answer .keep button")
    # Ten in the evening of the last day in New York.
    expect(buttons).to_have_count(3)
    reload_at(page, datetime(2026, 12, 22, 6, tzinfo=UTC))
    expect(buttons).to_have_count(2)


def reload_at(page: Page, time: datetime) -> None:
    """As if somebody had used the page until then: a conversation that nobody uses is put away."""
    page.clock.set_fixed_time(time)
    page.evaluate(
        "sessionStorage.fc = JSON.stringify({ ...JSON.parse(sessionStorage.fc), seen: Date.now() })"
    )
    page.reload()


def test_a_cut_connection_is_told_and_the_next_try_works(page: Page, faro_alone: Site, lang: str) -> None:
    answer = answered(page, faro_alone, lang)
    page.context.set_offline(True)
    press(answer, lang, 0)
    expect(answer.locator(".told.wrong")).to_contain_text(CUT[lang])
    expect(page.locator("#announcer")).to_contain_text(CUT[lang])
    press(answer, lang, 1)
    expect(answer.locator(".told.wrong")).to_contain_text(CUT[lang])
    assert page.context.pages == [page]
    page.context.set_offline(False)
    with page.expect_download():
        press(answer, lang, 0)
    expect(answer.locator(".told")).to_contain_text(SAVED[lang])
    expect(answer.locator(".told.wrong")).to_have_count(0)


def test_too_many_requests_are_told_in_words(browser: Browser, lang: str, tmp_path: Path) -> None:
    with site(tmp_path, deadlines="1/minute") as busy:
        for page in opened(browser, busy, lang):
            answer = answered(page, busy, lang)
            with page.expect_download():
                press(answer, lang, 0)
            press(answer, lang, 0)
            expect(answer.locator(".told.wrong")).to_contain_text(WAIT[lang])
            with page.context.expect_page() as started:
                press(answer, lang, 1)
            expect(started.value.locator("main")).to_contain_text(WAIT[lang])
