"""A whole conversation in the widget, on networks and in tabs as people have them."""

from __future__ import annotations

import json
import re
import urllib.request
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from bot.booking.signature import signed
from tests.conversations.conftest import CALLBACK_SECRET
from tests.e2e.widget import (
    CONSENT,
    CUT,
    PATIENCE,
    PHONE,
    SLOW,
    answered,
    do,
    greeted,
    kept,
    launch,
    lose_answer,
    messages,
    requests_of,
    resumed,
    said,
    slow,
    visit,
)
from tests.stack import Stack, Talk

MESSAGES = re.compile(r"/messages$")
QUESTION = {"en": "can i work while i wait", "es": "¿puedo trabajar mientras espero?"}
NO_CONNECTION = {"en": "No connection", "es": "No hay conexión"}
#: A cut connection is what some of these tests are about; the browser reports it by itself.
REFUSED = "Failed to load resource"

SITUATION = (
    "mi situación", "en estados unidos", "[No]", "[Todavía no]", "[No]", "[No]", "[Con visa]",
)  # fmt: skip
REQUEST = (
    "Nopal Cardenal", "[Por teléfono]", "305 555 0142", "[Sí, es seguro]", "[Español]", "[En la mañana]",
    "[Sí, puede enviarla]", "[Saltar]",
)  # fmt: skip


def shown(page: Page, author: str) -> list[str]:
    """What stands in the conversation, without the words that only a screen reader says."""
    texts: list[str] = page.locator(f"#log > li.{author}").evaluate_all(
        """items => items.map(item => {
            const copy = item.cloneNode(true);
            for (const part of copy.querySelectorAll(".hidden, button")) part.remove();
            return copy.textContent.trim();
        })"""
    )
    return texts


def nothing_doubled(page: Page, faro: Stack) -> None:
    """Each message of the person and of the bot is on the server once and on the page once."""
    there = messages(faro, kept(page))
    own = [message for message in there if message["author"] == "visitor"]
    ids = [message["client_message_id"] for message in own]
    assert len(set(ids)) == len(ids)
    replies = [message["id"] for message in there]
    assert len(set(replies)) == len(replies)
    assert page.locator("#log > li.visitor").count() == len(own)
    assert page.locator("#log > li.bot").count() == len(there) - len(own)


def test_from_the_questions_to_a_saved_request_on_a_slow_phone_with_a_connection_that_breaks(
    browser: Browser, faro: Stack, firm_site: str
) -> None:
    phone = {"has_touch": True, "is_mobile": True}
    with visit(
        browser, None, lang="es", size=PHONE, tolerated=REFUSED, reduced_motion="reduce", **phone
    ) as page:
        network = slow(page)
        page.goto(f"{firm_site}/es/with/faro")
        page.locator("#launcher").tap()
        greeted(page)
        answered(page, CONSENT["es"])
        for step in SITUATION:
            answered(page, step)

        # The connection breaks while a message is written: it waits, and is sent by itself.
        network.send("Network.emulateNetworkConditions", CUT)
        do(page, "20 de febrero de 2026")
        expect(page.locator("#problem")).to_contain_text(NO_CONNECTION["es"])
        expect(page.locator("li.visitor").last).to_contain_text("20 de febrero de 2026")
        page.wait_for_timeout(1500)
        count = page.locator("#log > li.bot").count()
        network.send("Network.emulateNetworkConditions", SLOW)
        # What was understood, and the next question.
        expect(page.locator("#log > li.bot")).to_have_count(count + 2, timeout=PATIENCE)
        expect(page.locator("#problem")).to_be_empty()

        # Loaded again in the middle of it, and then on another page of the site, which is in English.
        page.reload()
        expect(page.locator("#log > li.bot")).to_have_count(count + 2, timeout=PATIENCE)
        nothing_doubled(page, faro)
        answered(page, "[No se ha acabado]")
        expect(page.locator("li.answer picture, li.answer img").first).to_be_visible()
        page.goto(f"{firm_site}/en/with/faro")
        greeted(page)
        expect(page.locator("#panel")).to_have_attribute("lang", "es")
        answered(page, "[Pedir una consulta]")
        for step in REQUEST:
            answered(page, step)

        # The server saves the request, and its answer is lost on the way.
        page.route(MESSAGES, lose_answer, times=1)
        told = answered(page, "[Sí, está bien]")
        expect(told).to_contain_text("Su solicitud está guardada")
        nothing_doubled(page, faro)
        tab = kept(page)
        (request,) = requests_of(faro, tab["conversation"])
        expect(told).to_contain_text(request[0])
        steps = [
            CONSENT["es"],
            *SITUATION,
            "20 de febrero de 2026",
            "[No se ha acabado]",
            "[Pedir una consulta]",
        ]
        assert [text.strip("[]") for text in (*steps, *REQUEST, "[Sí, está bien]")] == shown(page, "visitor")
        assert tab["pending"] == []


@pytest.mark.parametrize("reached", [True, False], ids=["the server had it", "the server never had it"])
def test_a_message_under_way_while_the_page_is_loaded_again_arrives_once(
    browser: Browser, faro: Stack, firm_site: str, reached: bool
) -> None:
    with visit(browser, f"{firm_site}/en/with/faro", tolerated=REFUSED) as page:
        launch(page)
        page.route(MESSAGES, lambda route: route.fetch() if reached else None, times=1)
        with page.expect_request(MESSAGES):
            do(page, QUESTION["en"])
        # Written down in the tab before anything else happens to it.
        (waiting,) = kept(page)["pending"]
        assert waiting["what"] == {"text": QUESTION["en"]}
        if reached:
            page.wait_for_timeout(500)
        page.goto(f"{firm_site}/es/with/faro")
        expect(page.locator("li.answer")).to_have_count(1, timeout=PATIENCE)
        expect(page.locator("#working")).to_be_hidden()
        assert said(faro, kept(page)) == [QUESTION["en"]]
        nothing_doubled(page, faro)
        assert kept(page)["pending"] == []
        page.reload()
        expect(page.locator("li.answer")).to_have_count(1)
        nothing_doubled(page, faro)


def test_several_messages_of_a_hurried_person_are_answered_in_order_after_a_cut(
    browser: Browser, faro: Stack, firm_site: str
) -> None:
    asked = ["what is asylum", "can i work while i wait", "do i have to pay a fee"]
    with visit(browser, f"{firm_site}/en/with/faro", tolerated=REFUSED) as page:
        launch(page)
        page.context.set_offline(True)
        for text in asked:
            do(page, text)
        expect(page.locator("#problem")).to_contain_text(NO_CONNECTION["en"])
        page.context.set_offline(False)
        expect(page.locator("li.answer")).to_have_count(3, timeout=PATIENCE)
        expect(page.locator("#working")).to_be_hidden()
        assert said(faro, kept(page)) == asked
        nothing_doubled(page, faro)


def test_a_message_that_was_lost_for_good_is_marked_and_sent_again_when_it_is_pressed(
    browser: Browser, faro: Stack, firm_site: str
) -> None:
    with visit(browser, f"{firm_site}/en/with/faro", tolerated=REFUSED) as page:
        page.clock.install()
        launch(page)
        page.route(MESSAGES, lambda route: route.abort("connectionreset"))
        do(page, QUESTION["en"])
        lost = page.locator("li.visitor.lost")
        for _ in range(20):
            page.clock.run_for(10_000)
            if lost.count():
                break
        again = lost.get_by_role("button", name="Send again")
        expect(again).to_be_visible()
        expect(page.locator("#problem")).to_contain_text("not sent")
        page.unroute(MESSAGES)
        again.click()
        expect(page.locator("li.answer")).to_have_count(1)
        assert said(faro, kept(page)) == [QUESTION["en"]]


def test_two_tabs_hold_one_conversation(browser: Browser, faro: Stack, firm_site: str) -> None:
    with visit(browser, f"{firm_site}/en/with/faro") as page:
        launch(page)
        # As a browser duplicates a tab: with a copy of its storage.
        with page.expect_popup() as opened:
            page.evaluate("window.open(location.href)")
        second = opened.value
        greeted(second)
        assert kept(second)["conversation"] == kept(page)["conversation"]
        answered(page, QUESTION["en"])
        expect(second.locator("li.answer")).to_have_count(1)
        answered(second, "do i have to pay a fee")
        expect(page.locator("li.answer")).to_have_count(2)
        for tab in (page, second):
            nothing_doubled(tab, faro)
        # What one of them erases, the other does not show any longer.
        conversation = kept(page)["conversation"]
        page.locator("#more").click()
        page.locator("#erase").click()
        page.locator("#erase-yes").click()
        for tab in (page, second):
            expect(tab.locator("#ended")).to_be_visible()
            assert tab.locator("#log > li").count() == 0
            assert conversation not in tab.evaluate("JSON.stringify(sessionStorage)")


@pytest.fixture(scope="module")
def requested(faro: Stack) -> Talk:
    """A conversation in which a consultation was asked for."""
    talk = faro.talk("es", consent=True)
    for step in ("quiero pedir una consulta", *REQUEST, "[Sí, está bien]"):
        if step.startswith("["):
            talk.choose(step[1:-1])
        else:
            talk.say(step)
    return talk


def call_back(faro: Stack, talk: Talk, start: str) -> str:
    """The firm's system confirms an appointment; gives the day in words."""
    ((reference, _),) = requests_of(faro, talk.id)
    event = {
        "type": "consultation.confirmed",
        "timestamp": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "data": {"reference": reference, "start": f"{start}T15:00:00Z", "timezone": "America/New_York"},
    }
    body = json.dumps(event)
    request = urllib.request.Request(
        f"{faro.address}/api/booking/v1/callback",
        body.encode(),
        signed([CALLBACK_SECRET], f"msg_{reference}_{start}", datetime.now(UTC), body),
    )
    with urllib.request.urlopen(request, timeout=15) as response:
        assert json.loads(response.read()) == {"status": "applied"}
    return f"{int(start[8:])} de noviembre de 2026"


@pytest.mark.parametrize("way", ["by stream", "after a break", "where streams are held back"])
def test_a_later_message_arrives_by_itself_and_once(
    browser: Browser, faro: Stack, firm_site: str, requested: Talk, way: str
) -> None:
    start = {"by stream": "2026-11-24", "after a break": "2026-11-25"}.get(way, "2026-11-27")
    with visit(browser, None, lang="es", before=(resumed(requested, "es"),), tolerated=REFUSED) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        if way == "where streams are held back":
            page.route(re.compile("/events"), lambda route: route.fulfill(status=502))
        page.goto(f"{firm_site}/es/with/faro")
        greeted(page)
        count = page.locator("#log > li.bot").count()
        if way == "after a break":
            page.context.set_offline(True)
            page.wait_for_timeout(300)
        day = call_back(faro, requested, start)
        page.context.set_offline(False)
        news = page.locator("#log > li.bot").last
        expect(news).to_contain_text(day, timeout=PATIENCE)
        expect(page.locator("#log > li.bot")).to_have_count(count + 1)
        expect(page.locator("#announcer")).to_contain_text(day)
        if way == "where streams are held back":
            assert len([url for url in asked if "/messages?after=" in url]) >= 2
        page.reload()
        expect(page.locator("#log > li.bot")).to_have_count(count + 1)


def test_a_closed_chat_says_that_something_came(
    browser: Browser, faro: Stack, firm_site: str, requested: Talk
) -> None:
    with visit(browser, f"{firm_site}/es/with/faro", lang="es", before=(resumed(requested, "es"),)) as page:
        greeted(page)
        page.keyboard.press("Escape")
        page.locator("#close").click()
        expect(page.locator("#panel")).to_be_hidden()
        call_back(faro, requested, "2026-11-30")
        expect(page.locator("#launcher")).to_contain_text("Mensaje nuevo", timeout=PATIENCE)
        page.locator("#launcher").click()
        expect(page.locator("#log > li.bot").last).to_contain_text("30 de noviembre de 2026")
        expect(page.locator("#news")).to_be_hidden()


#: What leads to a question for a day, how the day is written in words, and how it is read back.
DAY = {
    "en": (
        ("my appeal deadline, the judge said no", "[Work out my date]"), "15 November 2026", "November 15, 2026",
    ),
    "es": (
        ("plazo para apelar, el juez dijo que no", "[Calcular mi fecha]"), "15 de noviembre de 2026",
        "15 de noviembre de 2026",
    ),
}  # fmt: skip


@pytest.mark.parametrize("lang", ["en", "es"])
def test_a_question_for_a_day_has_a_date_field_and_takes_free_text(
    browser: Browser, faro: Stack, firm_site: str, lang: str
) -> None:
    questions, words, read_back = DAY[lang]
    with visit(browser, f"{firm_site}/{lang}/with/faro", lang=lang, size=PHONE) as page:
        launch(page)
        expect(page.locator("#date")).to_be_hidden()
        for step in questions:
            answered(page, step)
        field = page.get_by_label({"en": "Choose the date", "es": "Elija la fecha"}[lang])
        expect(field).to_be_visible()
        # Nothing chosen is nothing sent.
        page.locator("#use-date").click()
        expect(field).to_be_focused()
        field.fill("2026-11-15")
        page.locator("#use-date").click()
        expect(page.locator("#date")).to_be_hidden()
        expect(page.locator("li.visitor").last).to_contain_text(words)
        expect(page.locator("#working")).to_be_hidden(timeout=PATIENCE)
        expect(page.locator("#log > li.bot").last).to_contain_text(read_back)
        assert said(faro, kept(page))[-1] == words
        # It was another day: the field is there again, also after a reload, and words do as well.
        answered(page, "[No]")
        expect(field).to_be_visible()
        page.reload()
        expect(field).to_be_visible()
        told = answered(page, {"en": "nov 16 2026", "es": "el 16 de nov de 2026"}[lang])
        expect(told).to_contain_text(read_back.replace("15", "16"))
        expect(field).to_be_hidden()


def test_an_answer_is_rated_once_and_it_stays_rated(browser: Browser, faro: Stack, firm_site: str) -> None:
    with visit(browser, f"{firm_site}/es/with/faro", lang="es") as page:
        launch(page)
        answer = answered(page, QUESTION["es"])
        answer.get_by_role("button", name="Sí", exact=True).click()
        expect(answer.locator(".rating")).to_have_text("Gracias.")
        rated = [m["rating"] for m in messages(faro, kept(page)) if m["kind"] == "answer"]
        assert rated == ["up"]
        page.reload()
        expect(page.locator("li.answer .rating")).to_have_text("Gracias.")


#: A browser with voices; what is read is written down. Headless Chromium has none.
VOICES = """(() => {
  const read = window.__read = [];
  const voice = (name, lang, localService) => ({name, lang, localService, default: false, voiceURI: name});
  const voices = [
    voice("far away", "es-US", false), voice("Spain", "es-ES", true), voice("Mexico", "es-MX", true),
    voice("London", "en-GB", true), voice("Boston", "en-US", true),
  ];
  class Utterance extends EventTarget { constructor(text) { super(); this.text = text; } }
  const synthesis = Object.assign(new EventTarget(), {
    getVoices: () => window.__dumb ? [] : voices,
    speak(utterance) {
      read.push({text: utterance.text, voice: utterance.voice.name, lang: utterance.lang});
      window.__end = () => utterance.onend();
    },
    cancel() { read.push("stop"); },
  });
  Object.defineProperty(window, "speechSynthesis", {value: synthesis});
  window.SpeechSynthesisUtterance = Utterance;
})()"""


@pytest.mark.parametrize(
    ("lang", "voice", "tag", "listen", "stop"),
    [
        ("en", "Boston", "en-US", "Listen", "Stop reading"),
        ("es", "Mexico", "es-MX", "Escuchar", "Dejar de leer"),
    ],
)
def test_an_answer_is_read_aloud_in_its_language_only_when_it_is_asked_for(
    browser: Browser, firm_site: str, lang: str, voice: str, tag: str, listen: str, stop: str
) -> None:
    with visit(browser, f"{firm_site}/{lang}/with/faro", lang=lang, before=(VOICES,)) as page:
        launch(page)
        answer = answered(page, QUESTION[lang])
        assert page.evaluate("window.__read") == []
        answer.get_by_role("button", name=listen).click()
        (cancelled, first) = page.evaluate("window.__read")
        title = answer.get_by_role("heading").inner_text()
        assert cancelled == "stop"
        assert (first["voice"], first["lang"]) == (voice, tag)
        assert title.startswith(first["text"].rstrip("."))
        reading: list[dict[str, Any]] = []
        for _ in range(100):
            if answer.get_by_role("button", name=listen).count():
                break
            page.evaluate("window.__end()")
            reading = [one for one in page.evaluate("window.__read") if one != "stop"]
        # The whole of it in pieces that no browser swallows, no address letter by letter.
        assert answer.get_by_role("button", name=listen).count() == 1
        assert max(len(one["text"]) for one in reading) <= 180
        assert not any("https://" in one["text"] for one in reading)
        assert "150" in " ".join(one["text"] for one in reading)
        # Stopped in the middle, and by closing.
        answer.get_by_role("button", name=listen).click()
        answer.get_by_role("button", name=stop).click()
        assert page.evaluate("window.__read").pop() == "stop"
        answer.get_by_role("button", name=listen).click()
        page.locator("#close").click()
        assert page.evaluate("window.__read").pop() == "stop"


def test_without_a_voice_for_the_language_there_is_no_button_to_listen(
    browser: Browser, firm_site: str
) -> None:
    with visit(browser, f"{firm_site}/en/with/faro", before=("window.__dumb = true", VOICES)) as page:
        launch(page)
        expect(page.locator("li.bot .listen").first).to_be_hidden()
        page.evaluate("window.__dumb = false; speechSynthesis.dispatchEvent(new Event('voiceschanged'))")
        expect(page.locator("li.bot .listen").first).to_be_visible()


def test_the_summary_is_printed_alone(browser: Browser, faro: Stack, firm_site: str) -> None:
    talk = faro.talk("es", consent=True)
    for step in (*SITUATION, "20 de febrero de 2026", "[No se ha acabado]"):
        if step.startswith("["):
            talk.choose(step[1:-1])
        else:
            talk.say(step)
    # The frame's own window prints; what it holds then is written down.
    printer = "if (window !== top) window.print = () => { top.__printed = [document.title, document.documentElement.lang, document.body.innerText]; }"
    with visit(
        browser, f"{firm_site}/es/with/faro", lang="es", before=(resumed(talk, "es"), printer)
    ) as page:
        greeted(page)
        told = page.locator("li.answer", has=page.locator("img.picture"))
        told.get_by_role("button", name="Imprimir", exact=True).click()
        page.wait_for_function("window.__printed")
        title, lang, text = page.evaluate("window.__printed")
        assert (title, lang) == ("Faro", "es")
        heading = told.get_by_role("heading").first.inner_text()
        assert text.lstrip().startswith(heading)
        # Folded parts are on the paper too; the site, the other messages and what is pressed are not.
        assert "pasaporte u otra identificación" in text
        for other in (
            "Example Immigration Law\n",
            "mi situación",
            "Imprimir",
            "¿Le ayudó",
            "Puedo ver su situación",
        ):
            assert other not in text
        assert page.evaluate("window.__printed.length") == 3


def test_the_calendar_file_is_downloaded_on_a_site_of_another_origin(
    browser: Browser, firm_site: str
) -> None:
    with visit(browser, f"{firm_site}/es/with/faro", lang="es", accept_downloads=True) as page:
        launch(page)
        for step in ("plazo para apelar", "20 de noviembre de 2026", "[Sí]"):
            answered(page, step)
        answer = page.locator("li.answer", has=page.locator(".keep")).last
        expect(answer).to_be_visible()
        with page.expect_download() as started:
            answer.get_by_role("button", name="Añadir al calendario", exact=True).click()
        assert started.value.suggested_filename == "fecha.ics"
        assert "BEGIN:VCALENDAR" in started.value.path().read_text()
