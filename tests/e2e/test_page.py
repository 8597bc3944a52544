"""What a person sees and presses, in both languages."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.stack import Stack

ASKS = {
    "en": (
        "can i work while i wait",
        "Working while you wait",
        "Cost of the permit",
        "Sources and age of the facts",
    ),
    "es": (
        "¿puedo trabajar mientras espero?",
        "Trabajar mientras espera",
        "Cuánto cuesta",
        "Fuentes y fecha de los datos",
    ),
}


def language(page: Page) -> str:
    return page.locator("html").get_attribute("lang") or ""


def ask(page: Page, text: str) -> None:
    page.locator("#text").fill(text)
    page.locator("#text").press("Enter")


def test_a_question_is_answered_with_source_and_choices(page: Page) -> None:
    question, title, choice, sources = ASKS[language(page)]
    expect(page.locator("#log > li.bot").first).to_be_visible()
    ask(page, question)
    answer = page.locator("li.answer").last
    expect(answer.get_by_role("heading", name=title)).to_be_visible()
    expect(answer).to_have_attribute("lang", language(page))
    expect(answer).to_contain_text("150")
    answer.get_by_text(sources).click()
    expect(answer.get_by_role("link", name=re.compile(r"8 CFR 208\.7")).first).to_be_visible()
    answer.get_by_role("button", name=choice, exact=True).click()
    expect(page.locator("li.answer")).to_have_count(2)
    expect(page.locator("li.answer").last).to_contain_text("$560")


def test_the_whole_way_works_by_keyboard(page: Page) -> None:
    question, title, _, _ = ASKS[language(page)]
    expect(page.locator("#log > li.bot").first).to_be_visible()
    page.locator("#text").focus()
    page.keyboard.type(question)
    page.keyboard.press("Enter")
    expect(page.locator("li.answer")).to_contain_text(title)
    page.locator("li.answer summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator("li.answer details")).to_have_attribute("open", "")
    page.locator("li.answer .choices button").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("li.answer")).to_have_count(2)


def test_a_screen_reader_hears_the_answer_in_its_language(page: Page) -> None:
    question, title, _, _ = ASKS[language(page)]
    ask(page, question)
    expect(page.locator("#announcer")).to_contain_text(title)
    expect(page.locator("#announcer")).to_have_attribute("lang", language(page))


def test_a_reload_brings_the_conversation_back(page: Page) -> None:
    ask(page, ASKS[language(page)][0])
    expect(page.locator("li.answer")).to_have_count(1)
    page.reload()
    expect(page.locator("li.answer")).to_have_count(1)
    expect(page.locator("li.visitor")).to_contain_text(ASKS[language(page)][0])


def test_the_language_can_be_switched_at_any_time(page: Page) -> None:
    other = "es" if language(page) == "en" else "en"
    expect(page.locator("#log > li.bot").first).to_be_visible()
    page.locator(f"#lang-{other}").click()
    expect(page.locator("html")).to_have_attribute("lang", other)
    expect(page.locator("#log > li.bot").last).to_have_attribute("lang", other)


def test_markup_in_a_message_stays_text(page: Page) -> None:
    ask(page, "<img src=x onerror=alert(1)> <b>work permit</b>")
    expect(page.locator("li.visitor").last).to_contain_text("<img src=x onerror=alert(1)>")
    assert page.locator("#log img").count() == 0


def test_the_page_of_a_phone_does_not_scroll_sideways(page: Page) -> None:
    ask(page, ASKS[language(page)][0])
    expect(page.locator("li.answer")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_leaving_fast_empties_the_tab_s_storage(page: Page) -> None:
    page.route("https://www.weather.gov/**", lambda route: route.fulfill(body="weather"))
    expect(page.locator("#log > li.bot").first).to_be_visible()
    page.locator("#exit").click()
    page.wait_for_url("https://www.weather.gov/**")
    assert page.evaluate("sessionStorage.length") == 0


def test_two_tabs_of_one_conversation_show_the_same_messages(page: Page) -> None:
    expect(page.locator("#log > li.bot").first).to_be_visible()
    kept = page.evaluate("sessionStorage.getItem('fc')")
    second = page.context.new_page()
    second.add_init_script(f"sessionStorage.setItem('fc', {kept!r})")
    second.goto(page.url)
    expect(second.locator("#log > li.bot").first).to_be_visible()
    ask(page, ASKS[language(page)][0])
    expect(second.locator("li.answer")).to_have_count(1)
    ask(second, ASKS[language(page)][0])
    expect(page.locator("li.answer")).to_have_count(2)


@pytest.mark.parametrize("path", ["/widget/faro-chat.js", "/static/plain.css", "/"])
def test_nothing_is_loaded_from_elsewhere(faro: Stack, path: str) -> None:
    text = faro.get(path)[1].decode()
    assert re.findall(r"""(?:src|href)=["']https?://""", text) == []
    assert "@import" not in text


def test_the_demo_suggests_questions_that_can_be_pressed(page: Page) -> None:
    expect(page.locator("#log > li.bot").first).to_be_visible()
    page.goto(f"{page.url}?demo")
    first = page.locator("#tour-questions button").first
    question = first.inner_text()
    first.click()
    expect(page.locator("li.visitor").last).to_contain_text(question)
    expect(page.locator("li.answer")).to_have_count(1)
