"""The pages of learning in a real Chromium: open to everybody, by keyboard alone, and without scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from bot.transcripts.learning import Learning
from bot.transcripts.question_groups import Group, QuestionGroups
from tests.console.conftest import Console
from tests.console.learning.conftest import wrong_turn
from tests.console.learning.test_unanswered import unanswered
from tests.console.pages.planting import NOON
from tests.console.pages.serving import Served, serving
from tests.e2e.staff import DESK, PHONE, looked_at, tab_to

pytestmark = pytest.mark.browser


async def fill(console: Console) -> None:
    """Turns to decide about, one with a masked name first, a proposal, and groups of every kind."""
    await wrong_turn(console, "soy [NAME_1], cuándo puedo trabajar?", judged_at=NOON + timedelta(minutes=1))
    await wrong_turn(console, "how do i get the thing off my leg", "ice_check_in", "monitor", "en")
    await wrong_turn(console, "[story not kept: 120 words, es]", "eligibility", "gangs")
    _, other = await wrong_turn(console, "no tengo para pagar un abogado", "need_lawyer", "free_help")
    await Learning(console.store).propose(
        other, ["example", "test"], "no tengo para pagar abogado", "s_1", NOON
    )
    daca = [
        await unanswered(console, text, lang)
        for text, lang in (
            ("¿todavía hay DACA?", "es"),
            ("is daca open for new people", "en"),
            ("soy [NAME_1], puedo pedir daca", "es"),
        )
    ]
    card = [await unanswered(console, f"me robaron la tarjeta {number}") for number in (1, 2)]
    found = [
        Group(tuple(daca), "asylum_vs_refugee", "tps", 0.24),
        Group(tuple(card), "work_permit_renewal", "lost_card", 0.71),
    ]
    await QuestionGroups(console.store).replace(found, NOON)


@pytest.fixture
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("learning")) as running:
        running.run(fill(running.console))
        yield running


def test_every_page_is_open_to_everybody(served: Served, open_page: Callable[..., Page]) -> None:
    for language in ("en", "es"):
        for look in ({"viewport": PHONE}, {"viewport": DESK}, {"viewport": DESK, "color_scheme": "dark"}):
            page = open_page("reviewer", language, **look)
            for path in ("/learning?said=proposed", "/learning/unanswered", "/learning/dismissed"):
                page.goto(f"{served.address}/staff{path}")
                assert looked_at(page) == [], (language, look, path)
            page.goto(f"{served.address}/staff/learning")
            page.locator("form.reword button").first.click()
            expect(page.get_by_role("alert")).to_be_visible()
            assert looked_at(page) == [], (language, look, "with a problem")
            page.context.close()


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_turn_is_rewritten_and_proposed_by_keyboard_alone(
    served: Served, open_page: Callable[..., Page], language: str
) -> None:
    page = open_page("reviewer", language)
    page.goto(f"{served.address}/staff/learning")
    tab_to(page, "li.turn:first-child textarea")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    # The masked name is still in it.
    expect(page.get_by_role("alert")).to_contain_text("[NAME_1]")
    expect(page.locator("textarea")).to_be_focused()
    expect(page.locator("input[name=test]")).to_be_checked()
    page.keyboard.press("Control+A")
    page.keyboard.type("cuándo puedo trabajar?")
    tab_to(page, "form.reword button")
    page.keyboard.press("Enter")
    page.wait_for_url("**said=proposed*")
    expect(page.locator("#said")).to_have_text({"en": "It is proposed.", "es": "Quedó propuesta."}[language])
    expect(page.locator("section[aria-labelledby=proposed-title]")).to_contain_text("cuándo puedo trabajar?")


def test_a_group_is_put_aside_and_brought_back_without_scripts(
    served: Served, open_page: Callable[..., Page]
) -> None:
    page = open_page("reviewer", "es", java_script_enabled=False, viewport=PHONE)
    page.goto(f"{served.address}/staff/learning/unanswered")
    expect(page.locator("li.group").first).to_contain_text("Puede faltar un tema")
    page.get_by_role("button", name="No falta nada").first.click()
    expect(page.locator("#said")).to_have_text("El grupo quedó descartado.")
    page.get_by_role("link", name="Preguntas descartadas").click()
    expect(page.locator("li.group")).to_contain_text("is daca open for new people")
    page.get_by_role("button", name="Devolver a la lista").click()
    expect(page.locator("#said")).to_have_text("El grupo volvió a la lista.")
