"""A member of staff takes a conversation over in the console, and the person meets them in the chat: real browsers."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Page, expect

from bot.cli.booking import open_store
from bot.console.demo import demo_link
from bot.settings import load_settings, with_demo_secrets
from tests.e2e.test_page import ask
from tests.e2e.widget import PHONE, visit
from tests.stack import Stack

WORDS = {
    "en": {
        "keep": "Yes, keep it", "question": "how much does it cost to apply", "reply": "ok thank you",
        "here": "is here now", "gone": "is no longer writing here", "again": "can i work while i wait",
        "answer": "Working while you wait", "danger": "ICE is at my door", "lines": "Do not open",
    },
    "es": {
        "keep": "Sí, guardar", "question": "cuanto cuesta pedir asilo", "reply": "ok gracias",
        "here": "está aquí", "gone": "ya no está escribiendo aquí", "again": "puedo trabajar mientras espero",
        "answer": "Trabajar mientras espera", "danger": "la migra esta en mi puerta", "lines": "No abra",
    },
}  # fmt: skip


def link_of(faro: Stack) -> str:
    """The one-run way into the console, as ``faro up --demo`` prints it."""
    settings = with_demo_secrets(load_settings({"FARO_VAR": str(faro.var)}))

    async def make() -> str:
        store = open_store(settings)
        try:
            return await demo_link(settings, store.database, faro.address, datetime.now(UTC))
        finally:
            await store.close()

    # The browser's own loop runs in this thread.
    with ThreadPoolExecutor(1) as elsewhere:
        return elsewhere.submit(lambda: asyncio.run(make())).result()


def open_newest(staff: Page, faro: Stack, opening: str) -> None:
    """The conversation that begins with these words."""
    staff.goto(link_of(faro))
    staff.locator("main button").click()
    staff.goto(f"{faro.address}/staff/conversations")
    staff.get_by_role("link", name=opening).first.click()


@pytest.mark.parametrize("lang", ["en", "es"])
def test_staff_take_over_write_and_leave(browser: Browser, faro: Stack, lang: str) -> None:
    say = WORDS[lang]
    with (
        visit(browser, faro.address, lang=lang, size=PHONE) as person,
        visit(browser, None, lang="en") as staff,
    ):
        person.get_by_role("button", name=say["keep"]).click()
        ask(person, say["question"])
        expect(person.locator("li.answer")).to_have_count(1)

        open_newest(staff, faro, say["question"])
        staff.get_by_role("button", name="Take over").click()
        expect(person.locator("li.bot").last).to_contain_text(say["here"])

        ask(person, say["reply"])
        expect(person.locator("li.visitor").last).to_contain_text(say["reply"])
        staff.reload()
        expect(staff.locator("main")).to_contain_text(say["reply"])

        staff.locator("#text").fill("Demo: ¿Le llamamos hoy a las 3?")
        staff.locator("form[action*='/write'] button").click()
        message = person.locator("#log li").last
        expect(message).to_contain_text("¿Le llamamos hoy a las 3?")
        expect(message.get_by_role("heading")).to_contain_text("Demo")

        ask(person, say["danger"])
        expect(person.locator("li.emergency").last).to_contain_text(say["lines"])

        staff.locator("form[action*='/release'] button").click()
        expect(person.locator("li.bot").last).to_contain_text(say["gone"])
        ask(person, say["again"])
        expect(person.locator("li.answer").last).to_contain_text(say["answer"])
