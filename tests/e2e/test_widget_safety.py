"""The widget on a phone that somebody else may look at: leaving fast, erasing, and a chat that was left open."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.chromium import FLAGS
from tests.e2e.widget import (
    CONSENT,
    PHONE,
    answered,
    ask,
    do,
    greeted,
    kept,
    launch,
    messages,
    visit,
)
from tests.stack import Stack

NEUTRAL = "https://www.weather.gov/"
SECRET = "can i work while i wait"
ERASED = {"en": "has been erased", "es": "Se borró todo"}
REFUSED = "Failed to load resource"

#: Everything in which a page of this origin can keep something in a browser.
TRACES = """async () => ({
  session: {...sessionStorage}, local: {...localStorage}, cookies: document.cookie,
  databases: (await indexedDB.databases()).map((one) => one.name), caches: await caches.keys(),
  workers: (await navigator.serviceWorker.getRegistrations()).length,
})"""
NOTHING = {"session": {}, "local": {}, "cookies": "", "databases": [], "caches": [], "workers": 0}
#: Every text in the page and in the widget's open shadow root.
EVERYTHING = """() => {
  const host = document.querySelector("faro-chat");
  return document.documentElement.textContent + (host && host.shadowRoot ? host.shadowRoot.textContent : "");
}"""


def weather(page: Page) -> None:
    page.context.route(f"{NEUTRAL}**", lambda route: route.fulfill(body="<title>Weather</title>Sunny."))


def history(page: Page) -> list[tuple[str, str]]:
    """Address and title of every page that the tab's back and forward buttons know."""
    session = page.context.new_cdp_session(page)
    entries = session.send("Page.getNavigationHistory")["entries"]
    session.detach()
    return [(entry["url"], entry["title"]) for entry in entries]


def leave(page: Page, how: str) -> None:
    if how == "the button":
        page.locator("#exit").click()
    else:
        for _ in range(3):
            page.keyboard.press("Shift")
    page.wait_for_url(f"{NEUTRAL}**")


@pytest.mark.parametrize("how", ["the button", "Shift three times"])
@pytest.mark.parametrize("place", ["a site", "the chat page"])
def test_leaving_fast_leaves_nothing_in_history_or_storage(
    browser: Browser, faro: Stack, firm_site: str, place: str, how: str
) -> None:
    before, address = f"{firm_site}/en/with/bare", f"{firm_site}/en/with/faro"
    if place == "the chat page":
        address = f"{faro.address}/"
    with visit(browser, before) as page:
        weather(page)
        page.goto(address)
        title = page.title()
        if place == "a site":
            launch(page)
        else:
            assert title == "Faro"
            greeted(page)
        answered(page, SECRET)
        # What is kept until then tells nothing of what was said.
        held = page.evaluate(TRACES)
        assert list(held["session"]) == ["fc"]
        assert {**held, "session": {}} == NOTHING
        assert not re.search(r"work|permit|asyl|150", held["session"]["fc"].lower())
        assert page.title() == title
        leave(page, how)
        # The chat's page is not among those that the buttons lead to.
        assert [url for url, _ in history(page)] == ["about:blank", before, NEUTRAL]
        page.go_back()
        expect(page).to_have_url(before)
        assert page.evaluate(TRACES) == NOTHING
        page.go_forward()
        expect(page).to_have_url(NEUTRAL)
        page.goto(address)
        if place == "a site":
            expect(page.locator("#launcher")).to_be_visible()
            assert SECRET not in page.evaluate(EVERYTHING)
            assert "conversation" not in kept(page)
        else:
            greeted(page)
            expect(page.locator("li.visitor")).to_have_count(0)
        assert page.context.cookies() == []


@pytest.fixture
def with_cache(browser: Browser, chromium: str) -> Iterator[Browser]:
    """A browser that keeps left pages as they were for the back button, as people's browsers do."""
    made = browser.browser_type.launch(
        executable_path=chromium, args=FLAGS, ignore_default_args=["--disable-back-forward-cache"]
    )
    yield made
    made.close()


PERSISTED = "addEventListener('pageshow', (event) => { window.__persisted = event.persisted; });"


def back(page: Page, address: str) -> None:
    """The back button, to a page that the browser kept; it is not loaded, so there is no load to wait for."""
    page.evaluate("history.back()")
    expect(page).to_have_url(address)
    page.wait_for_function("window.__persisted")


def test_the_back_button_brings_no_conversation_back_after_leaving_fast_on_another_page(
    with_cache: Browser, firm_site: str
) -> None:
    address = f"{firm_site}/en/with/faro"
    with visit(with_cache, address, before=(PERSISTED,)) as page:
        weather(page)
        launch(page)
        answered(page, SECRET)
        # Without leaving fast the conversation is there again.
        page.goto(f"{firm_site}/en/with/bare")
        back(page, address)
        expect(page.locator("li.answer")).to_have_count(1)
        page.goto(f"{firm_site}/es/with/faro")
        expect(page.locator("li.answer")).to_have_count(1)
        leave(page, "the button")
        back(page, address)
        expect(page.locator("#launcher")).to_be_visible()
        assert SECRET not in page.evaluate(EVERYTHING)
        assert "conversation" not in kept(page)
        launch(page)
        expect(page.locator("li.visitor")).to_have_count(0)


def test_shift_leaves_only_when_it_is_pressed_three_times_by_itself(browser: Browser, firm_site: str) -> None:
    with visit(browser, f"{firm_site}/en/with/faro") as page:
        weather(page)
        # With the chat closed the site's own page stays.
        expect(page.locator("#launcher")).to_be_visible()
        for _ in range(3):
            page.keyboard.press("Shift")
        launch(page)
        # Capitals are writing.
        for letter in "ABC":
            page.keyboard.press(f"Shift+{letter}")
        expect(page.locator("#text")).to_have_value("ABC")
        page.keyboard.press("Shift")
        expect(page.locator("#announcer")).to_contain_text("press Shift again (2)")
        page.keyboard.press("Shift")
        expect(page.locator("#announcer")).to_contain_text("press Shift again (1)")
        page.wait_for_timeout(200)
        assert page.url.startswith(firm_site)
        page.keyboard.press("Shift")
        page.wait_for_url(f"{NEUTRAL}**")


def test_what_the_server_says_is_not_kept_by_the_browser(
    browser: Browser, faro: Stack, firm_site: str
) -> None:
    with visit(browser, None) as page:
        heard: dict[str, str] = {}
        page.on(
            "response",
            lambda response: heard.update({response.url: response.headers.get("cache-control", "")}),
        )
        page.goto(f"{firm_site}/en/with/faro")
        launch(page)
        answered(page, SECRET)
    spoken = {url: control for url, control in heard.items() if "/api/chat/v1/conversations" in url}
    assert len(spoken) >= 2
    assert [url for url, control in spoken.items() if "no-store" not in control] == []


def stored(faro: Stack, conversation: str) -> int:
    """How many messages of a conversation the database holds."""
    with closing(sqlite3.connect(f"file:{faro.var / 'faro.db'}?mode=ro", uri=True)) as connection:
        query = "SELECT count(*) FROM messages WHERE conversation_id = ?"
        (count,) = connection.execute(query, (conversation,)).fetchone()
    return int(count)


@pytest.mark.parametrize("lang", ["en", "es"])
def test_an_erased_conversation_is_gone_here_and_on_the_server(
    browser: Browser, faro: Stack, firm_site: str, lang: str
) -> None:
    with visit(browser, f"{firm_site}/{lang}/with/faro", lang=lang, size=PHONE) as page:
        launch(page)
        answered(page, CONSENT[lang])
        answered(page, SECRET)
        tab = kept(page)
        assert stored(faro, tab["conversation"]) > 0
        page.locator("#more").click()
        page.locator("#erase").click()
        # Nothing happens before it is confirmed.
        page.locator("#erase-no").click()
        assert messages(faro, tab)
        page.locator("#erase").click()
        page.locator("#erase-yes").click()
        ended = page.locator("#ended")
        expect(ended).to_contain_text(re.compile(r"eras|delet|borr", re.IGNORECASE))
        expect(page.locator("#restart")).to_be_focused()
        expect(page.locator("#log > li")).to_have_count(0)
        assert page.evaluate(TRACES) == NOTHING
        assert ask(faro, tab, "/messages")[0] in (401, 404, 410)
        assert stored(faro, tab["conversation"]) == 0
        assert SECRET not in page.evaluate(EVERYTHING)
        page.reload()
        launch(page)
        expect(page.locator("li.visitor")).to_have_count(0)
        assert kept(page)["conversation"] != tab["conversation"]


def test_a_conversation_is_erased_by_words_too(browser: Browser, faro: Stack, firm_site: str) -> None:
    with visit(browser, f"{firm_site}/es/with/faro", lang="es") as page:
        launch(page)
        answered(page, SECRET)
        tab = kept(page)
        answered(page, "borrar mis datos")
        do(page, "[Sí, borrar todo]")
        expect(page.locator("#log > li")).to_have_count(1)
        expect(page.locator("#log > li")).to_contain_text(re.compile("borr", re.IGNORECASE))
        assert SECRET not in page.evaluate(EVERYTHING)
        assert ask(faro, tab, "/messages")[0] in (401, 404, 410)
        assert "conversation" not in kept(page)
        # Whoever writes again begins anew.
        answered(page, "hola")
        assert kept(page)["conversation"] != tab["conversation"]


def test_an_erasure_that_failed_claims_nothing(browser: Browser, faro: Stack, firm_site: str) -> None:
    with visit(browser, f"{firm_site}/en/with/faro", tolerated=REFUSED) as page:
        launch(page)
        answered(page, SECRET)
        page.context.set_offline(True)
        page.locator("#more").click()
        page.locator("#erase").click()
        page.locator("#erase-yes").click()
        expect(page.locator("#menu [role=alert]")).to_contain_text("No connection")
        expect(page.locator("li.answer")).to_have_count(1)
        page.context.set_offline(False)
        tab = kept(page)
        page.locator("#erase-yes").click()
        expect(page.locator("#ended")).to_be_visible()
        assert ask(faro, tab, "/messages")[0] in (401, 404, 410)


def forward(page: Page, seconds: int) -> None:
    page.clock.fast_forward(seconds * 1000)


STILL = {"en": "Are you still there?", "es": "¿Sigue ahí?"}
AWAY = {"en": "nobody used it", "es": "nadie lo usaba"}


@pytest.mark.parametrize("lang", ["en", "es"])
def test_a_chat_that_nobody_uses_warns_and_is_put_away(browser: Browser, firm_site: str, lang: str) -> None:
    with visit(browser, None, lang=lang, tolerated=REFUSED) as page:
        page.clock.install()
        page.goto(f"{firm_site}/{lang}/with/faro")
        launch(page)
        answered(page, {"en": SECRET, "es": "¿puedo trabajar mientras espero?"}[lang])
        forward(page, 9 * 60)
        expect(page.locator("#idle")).to_be_hidden()
        forward(page, 65)
        warning = page.locator("#idle")
        expect(warning).to_contain_text(STILL[lang])
        expect(page.locator("#announcer")).to_contain_text(STILL[lang])
        page.locator("#stay").click()
        expect(warning).to_be_hidden()
        expect(page.locator("#text")).to_be_focused()
        # Whoever only writes is there too.
        forward(page, 9 * 60)
        page.locator("#text").press_sequentially("hello")
        forward(page, 9 * 60)
        expect(warning).to_be_hidden()
        expect(page.locator("li.answer")).to_have_count(1)
        forward(page, 61)
        expect(warning).to_be_visible()
        forward(page, 61)
        expect(page.locator("#ended")).to_contain_text(AWAY[lang])
        assert SECRET not in page.evaluate(EVERYTHING)
        expect(page.locator("#text")).to_have_value("")
        assert page.evaluate(TRACES)["session"] in ({}, {"fc": "{}"})
        page.locator("#restart").click()
        greeted(page)
        expect(page.locator("li.visitor")).to_have_count(0)


def test_a_tab_that_is_loaded_again_after_the_time_shows_nothing_of_it(
    browser: Browser, firm_site: str
) -> None:
    with visit(browser, None) as page:
        page.clock.install()
        page.goto(f"{firm_site}/en/with/faro")
        launch(page)
        answered(page, SECRET)
        page.goto(f"{firm_site}/en/with/bare")
        forward(page, 5 * 60)
        page.goto(f"{firm_site}/en/with/faro")
        expect(page.locator("li.answer")).to_have_count(1)
        page.goto(f"{firm_site}/en/with/bare")
        forward(page, 11 * 60 + 10)
        page.goto(f"{firm_site}/en/with/faro")
        expect(page.locator("#launcher")).to_be_visible()
        expect(page.locator("#panel")).to_have_count(0)
        assert "conversation" not in kept(page)


def test_neither_title_nor_icon_of_the_chat_page_says_what_it_is_about(faro: Stack) -> None:
    page = faro.get("/")[1].decode()
    icon = faro.get("/static/icon.svg")[1].decode()
    plain = faro.get("/chat")[1].decode()
    for text in (page, plain):
        assert re.findall("<title>(.*?)</title>", text) == ["Faro"]
        assert 'rel="icon" href="/static/icon.svg"' in text
    assert not re.search(r"<text|<title|<desc|asyl|asil|immigra", icon)
