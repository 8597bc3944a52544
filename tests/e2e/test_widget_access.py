"""Whether everybody can use the widget: screen reader, keyboard, large text, small screens, strong contrast, no motion.

The accessibility tree of a conversation and what a screen reader is told are compared with tests/e2e/snapshots. After a
wanted change record them anew with ``FARO_TEST_RECORD=1 .venv/bin/python -m pytest tests/e2e/test_widget_access.py -k
recorded`` and read the difference.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, Page, Route, expect

from tests.axe import violations
from tests.e2e.widget import (
    DESK,
    PHONE,
    answered,
    do,
    greeted,
    kept,
    launch,
    messages,
    resumed,
    visit,
)
from tests.stack import Stack, Talk

SNAPSHOTS = Path(__file__).with_name("snapshots")
REFUSED = "Failed to load resource"
MESSAGES = re.compile(r"/messages$")
LANGS = ("en", "es")
QUESTION = {"en": "can i work while i wait", "es": "¿puedo trabajar mientras espero?"}
DATED = {
    "en": ("my appeal deadline, the judge said no", "[Work out my date]"),
    "es": ("plazo para apelar, el juez dijo que no", "[Calcular mi fecha]"),
}
#: From the questions to the request as it is read back.
WHOLE = {
    "en": (
        "my situation", "in texas", "[No]", "[Not yet]", "[No]", "[No]", "[With a visa]", "feb 20 2026",
        "[It has not ended]", "[Book a consultation]", "Juniper Falcon", "[By phone]", "305 555 0155",
        "[Yes, it is safe]", "[English]", "[Any time]", "[Yes, send it]", "[Skip]",
    ),
    "es": (
        "mi situación", "en estados unidos", "[No]", "[Todavía no]", "[No]", "[No]", "[Con visa]",
        "20 de febrero de 2026", "[No se ha acabado]", "[Pedir una consulta]", "Nopal Cardenal", "[Por teléfono]",
        "305 555 0142", "[Sí, es seguro]", "[Español]", "[En la mañana]", "[Sí, puede enviarla]", "[Saltar]",
    ),
}  # fmt: skip


@pytest.fixture(scope="module", params=LANGS)
def lang(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def whole(faro: Stack, lang: str) -> Talk:
    """A conversation with a summary, up to the request as it is read back."""
    talk = faro.talk(lang)
    for step in WHOLE[lang]:
        if step.startswith("["):
            talk.choose(step[1:-1])
        else:
            talk.say(step)
    return talk


def clean(page: Page, found: dict[str, Any], state: str) -> None:
    """Adds what axe-core finds in this state, in light and in dark."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        broken = violations(page)
        if broken:
            found[f"{state}, {scheme}"] = broken
    page.emulate_media(color_scheme="light")


def test_axe_finds_nothing_at_any_state_of_a_conversation(
    browser: Browser, firm_site: str, lang: str
) -> None:
    found: dict[str, Any] = {}
    with visit(browser, None, lang=lang, tolerated=REFUSED) as page:
        page.clock.install()
        page.goto(f"{firm_site}/{lang}/with/faro")
        expect(page.locator("#launcher")).to_be_visible()
        clean(page, found, "closed")
        launch(page)
        clean(page, found, "greeting")
        answer = answered(page, QUESTION[lang])
        answer.locator("summary").first.click()
        answer.locator(".rating button").first.click()
        clean(page, found, "an answer with its sources")
        answered(page, {"en": "emergency", "es": "emergencia"}[lang])
        expect(page.locator("li.emergency")).to_be_visible()
        clean(page, found, "emergency")
        for step in DATED[lang]:
            answered(page, step)
        expect(page.locator("#date")).to_be_visible()
        clean(page, found, "a question for a day")
        page.context.set_offline(True)
        do(page, "2026")
        expect(page.locator("#problem")).not_to_be_empty()
        clean(page, found, "no connection, a message under way")
        page.route(MESSAGES, lambda route: route.fulfill(status=422, json={"detail": "No."}))
        page.context.set_offline(False)
        expect(page.locator("li.lost")).to_be_visible()
        clean(page, found, "a lost message")
        page.locator("#more").click()
        clean(page, found, "menu")
        page.locator("#erase").click()
        clean(page, found, "erase confirmation")
        page.keyboard.press("Escape")
        page.clock.fast_forward(10 * 60_000 + 5_000)
        expect(page.locator("#idle")).to_be_visible()
        clean(page, found, "idle warning")
        page.clock.fast_forward(61_000)
        expect(page.locator("#ended")).to_be_visible()
        clean(page, found, "put away")
    assert found == {}


def test_axe_finds_nothing_in_a_summary_and_a_request_read_back(
    browser: Browser, firm_site: str, whole: Talk, lang: str
) -> None:
    found: dict[str, Any] = {}
    refused = """if (navigator.clipboard) navigator.clipboard.writeText = () => Promise.reject(new Error());
      document.execCommand = () => false;"""
    address = f"{firm_site}/{lang}/with/faro"
    with visit(browser, address, lang=lang, size=PHONE, before=(resumed(whole, lang), refused)) as page:
        greeted(page)
        expect(page.locator("#log > li")).to_have_count(len(whole.messages) + len(WHOLE[lang]))
        for folded in page.locator("#log summary").all():
            folded.click()
        page.locator("li.answer .keep button").last.click()
        expect(page.locator(".keep textarea")).to_be_visible()
        clean(page, found, "summary and request")
        page.locator("#close").click()
        expect(page.locator("#launcher")).to_be_focused()
        clean(page, found, "closed again")
    assert found == {}


def test_axe_finds_nothing_on_the_pages_of_the_server(browser: Browser, faro: Stack, lang: str) -> None:
    found: dict[str, Any] = {}
    with visit(browser, f"{faro.address}/?demo", lang=lang, size=PHONE) as page:
        greeted(page)
        answered(page, QUESTION[lang])
        clean(page, found, "chat page")
        page.goto(f"{faro.address}/embed")
        page.locator("#preview").wait_for()
        clean(page, found, "embed page")
        page.goto(f"{faro.address}/chat")
        clean(page, found, "plain chat")
        page.locator("#text").fill(QUESTION[lang])
        page.locator("button.send").click()
        page.locator("main h2, main h3").first.wait_for()
        clean(page, found, "plain chat, an answer")
        page.locator("button[value=erase]").click()
        page.locator("button[value=erase_yes]").wait_for()
        clean(page, found, "plain chat, erase confirmation")
        page.locator("button[value=erase_yes]").click()
        clean(page, found, "plain chat, erased")
    assert found == {}


FOCUSED = """() => {
  let one = document.activeElement;
  while (one && one.shadowRoot && one.shadowRoot.activeElement) one = one.shadowRoot.activeElement;
  if (!one || one === document.body) return "page";
  if (!one.closest("#panel") && one.id !== "launcher") return "page";
  return one.id || one.getAttribute("href") || one.tagName.toLowerCase() + " " + one.textContent.trim();
}"""


def walked(page: Page, key: str, count: int) -> list[str]:
    """Where the focus is after each press."""
    places = []
    for _ in range(count):
        page.keyboard.press(key)
        places.append(page.evaluate(FOCUSED))
    return places


def test_the_keyboard_reaches_everything_in_order_and_is_never_trapped(
    browser: Browser, firm_site: str
) -> None:
    with visit(browser, f"{firm_site}/en/with/faro") as page:
        expect(page.locator("#launcher")).to_be_visible()
        for _ in range(30):
            page.keyboard.press("Tab")
            if page.evaluate(FOCUSED) == "launcher":
                break
        page.keyboard.press("Enter")
        greeted(page)
        expect(page.locator("#text")).to_be_focused()
        page.keyboard.type("does it cost money")
        assert walked(page, "Tab", 4) == ["send", "person", "emergency", "page"]
        page.locator("#text").focus()
        upwards = ["tel:911", "button No, do not keep it", "button Yes, keep it"]
        found = walked(page, "Shift+Tab", 3)
        assert found == upwards
        # Links and choices of the greeting, however many there are, and then the head of the panel.
        more = walked(page, "Shift+Tab", 12)
        end = more.index("scroll")
        assert more[end : end + 6] == ["scroll", "exit", "lang-es", "lang-en", "close", "more"]
        assert more[end + 6] == "page"
        # Choices, folded parts and the menu take Enter and the space bar; Esc closes one thing after the other.
        page.locator("#log button", has_text="Yes, keep it").focus()
        page.keyboard.press("Space")
        expect(page.locator("li.visitor")).to_have_count(1)
        expect(page.locator("#working")).to_be_hidden()
        page.locator("#text").focus()
        page.keyboard.press("Enter")
        answer = page.locator("li.answer")
        expect(answer).to_have_count(1)
        expect(page.locator("#text")).to_be_focused()
        answer.locator("summary").first.focus()
        page.keyboard.press("Space")
        expect(answer.locator("details").first).to_have_attribute("open", "")
        page.locator("#more").focus()
        page.keyboard.press("Enter")
        expect(page.locator("#panel #menu")).to_be_visible()
        assert walked(page, "Tab", 5) == ["close", "lang-en", "lang-es", "exit", "erase"]
        page.keyboard.press("Enter")
        expect(page.locator("#erase-ask")).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.locator("#panel #menu")).to_be_hidden()
        expect(page.locator("#more")).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.locator("#panel")).to_be_hidden()
        expect(page.locator("#launcher")).to_be_focused()
        page.keyboard.press("Space")
        expect(page.locator("#text")).to_be_focused()
        expect(answer).to_have_count(1)


def test_on_a_phone_the_focus_stays_in_the_whole_screen_and_goes_back_to_the_button(
    browser: Browser, firm_site: str
) -> None:
    with visit(browser, f"{firm_site}/es/with/faro", lang="es", size=PHONE) as page:
        launch(page)
        # On the title: in the text box the keyboard of the phone would cover half of it at once.
        expect(page.locator("#title")).to_be_focused()
        assert page.evaluate("document.querySelector('main a').matches(':focus')") is False
        places = walked(page, "Tab", 25)
        assert "a" not in {place.split()[0] for place in places if place == "page"}
        assert {"lang-en", "exit", "close", "text", "send", "person", "emergency"} <= set(places)
        assert page.evaluate("document.querySelector('header .name') === document.activeElement") is False
        page.keyboard.press("Escape")
        expect(page.locator("#launcher")).to_be_focused()


#: What is pressed or filled in and smaller than 44 by 44 px; links inside a line of text are exempt (WCAG 2.5.8).
SMALL = """() => {
  const root = document.querySelector("faro-chat").shadowRoot;
  return [...root.querySelectorAll("button, summary, textarea, input, .urgent a, .entry-link")].map((one) => {
    const {width, height} = one.getBoundingClientRect();
    return [one.id || one.textContent.trim().slice(0, 30) || one.getAttribute("aria-label"), width, height];
  }).filter(([, width, height]) => width && (width < 43.9 || height < 43.9));
}"""
#: Controls that must be there whatever the size; each with whether it is in sight and takes a press in its middle.
ALWAYS = ("#lang-en", "#lang-es", "#exit", "#more", "#text", "#send", "#person", "#emergency", ".urgent a")
IN_SIGHT = """(parts) => {
  const root = document.querySelector("faro-chat").shadowRoot;
  return parts.filter((part) => {
    const one = root.querySelector(part);
    const {left, top, right, bottom} = one.getBoundingClientRect();
    const inside = left >= -0.5 && top >= -0.5 && right <= innerWidth + 0.5 && bottom <= innerHeight + 0.5;
    const hit = root.elementFromPoint((left + right) / 2, (top + bottom) / 2);
    return !(inside && hit && (hit === one || one.contains(hit)));
  });
}"""
#: What is wider than the room that it has.
WIDE = """() => {
  const root = document.querySelector("faro-chat").shadowRoot;
  const found = [];
  for (const one of root.querySelectorAll(".panel, #scroll, #log, #log > li, footer, header, .foot, .head, #menu"))
    if (one.scrollWidth > one.clientWidth + 1 && one.clientWidth) found.push(one.id || one.className || one.tagName);
  return found;
}"""
#: CSS pixels in which everything that must be at hand is in sight at once.
LOWEST = 300
SIZES = {
    "a small phone": ((320, 480), 16),
    "a phone with its keyboard open": ((360, 300), 16),
    "a phone": ((360, 640), 16),
    "a desk": ((1280, 800), 16),
    "a desk at 400 %": ((320, 256), 16),
    "a phone with text at 200 %": ((360, 640), 32),
    "a desk with text at 200 %": ((1280, 800), 32),
}


def text_size(page: Page, pixels: int) -> CDPSession:
    """The size that a person has set in the browser for all text."""
    session = page.context.new_cdp_session(page)
    session.send("Page.setFontSizes", {"fontSizes": {"standard": pixels, "fixed": pixels}})
    return session


@pytest.mark.parametrize("size", SIZES)
def test_nothing_is_lost_or_too_small_to_press_at_any_size(
    browser: Browser, firm_site: str, whole: Talk, lang: str, size: str
) -> None:
    (width, height), pixels = SIZES[size]
    with visit(
        browser,
        None,
        lang=lang,
        size={"width": width, "height": height},
        before=(resumed(whole, lang),),
        tolerated=REFUSED,
    ) as page:
        page.clock.install()
        page.goto("about:blank")
        session = text_size(page, pixels)
        page.goto(f"{firm_site}/{lang}/with/faro")
        greeted(page)
        assert page.locator("#text").evaluate("one => getComputedStyle(one).fontSize") == f"{pixels}px"
        for folded in page.locator("#log summary").all():
            folded.evaluate("one => one.click()")
        lost = {}

        def look(state: str, always: tuple[str, ...] = ALWAYS) -> None:
            unseen = page.evaluate(IN_SIGHT, always)
            if height < LOWEST:
                # There is not room for all of it: each can be scrolled to.
                for part in ALWAYS:
                    page.locator(part).scroll_into_view_if_needed()
                    if not page.evaluate(IN_SIGHT, [part]):
                        unseen = [other for other in unseen if other != part]
            lost[state] = (unseen, page.evaluate(SMALL), page.evaluate(WIDE))

        look("conversation")
        page.locator("#text").fill("word " * 60)
        look("long text")
        page.locator("#text").fill("")
        page.clock.fast_forward(10 * 60_000 + 5_000)
        expect(page.locator("#idle")).to_be_visible()
        # Where there is no room it lies over the top, and under the way out; one press puts it away.
        low = height < LOWEST or (pixels > 16 and width < 500)
        look("idle warning", ("#exit", "#stay") if low else ALWAYS)
        page.locator("#text").press("a")
        page.locator("#more").click()
        page.locator("#erase").click()
        expect(page.locator("#erase-yes")).to_be_visible()
        page.locator("#erase-yes").scroll_into_view_if_needed()
        expect(page.locator("#erase-yes")).to_be_in_viewport(ratio=0.9)
        look("erase confirmation", ("#exit", "#erase-yes"))
        session.detach()
    assert {state: found for state, found in lost.items() if found != ([], [], [])} == {}


MOVING = "() => document.querySelector('faro-chat').shadowRoot.getAnimations().length"


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_nothing_moves_for_who_wants_no_motion(browser: Browser, firm_site: str, motion: str) -> None:
    with visit(browser, f"{firm_site}/en/with/faro", reduced_motion=motion, tolerated=REFUSED) as page:
        launch(page)
        held: list[Route] = []
        page.route(MESSAGES, lambda route: held.append(route))
        do(page, QUESTION["en"])
        expect(page.locator("#working")).to_be_visible()
        assert (page.evaluate(MOVING) == 0) == (motion == "reduce")
        held[0].abort()


#: In high contrast: controls without a border or a ground of their own, and messages without an edge.
BARE = """() => {
  const root = document.querySelector("faro-chat").shadowRoot;
  const seen = (one) => one.getBoundingClientRect().width > 0;
  const behind = (one) => {
    for (let at = one.parentElement; at; at = at.parentElement) {
      const ground = getComputedStyle(at).backgroundColor;
      if (ground !== "rgba(0, 0, 0, 0)") return ground;
    }
    return "rgb(0, 0, 0)";
  };
  return [...root.querySelectorAll("button:not(.icon), textarea, #log > li")].filter(seen).filter((one) => {
    const style = getComputedStyle(one);
    const edge = parseFloat(style.borderTopWidth) >= 1 && style.borderTopStyle !== "none" && style.borderTopColor !== behind(one);
    return !edge && style.backgroundColor === behind(one);
  }).map((one) => one.id || one.textContent.slice(0, 30));
}"""


def test_edges_and_the_focus_are_seen_in_high_contrast(browser: Browser, firm_site: str) -> None:
    with visit(browser, f"{firm_site}/en/with/faro", forced_colors="active", color_scheme="dark") as page:
        expect(page.locator("#launcher")).to_be_visible()
        assert page.evaluate("matchMedia('(forced-colors: active)').matches")
        launch(page)
        answered(page, QUESTION["en"])
        assert page.evaluate(BARE) == []
        # The chosen language is told by more than a colour that the system takes away.
        pressed, other = (
            page.locator(part).evaluate("one => getComputedStyle(one).backgroundColor")
            for part in ("#lang-en", "#lang-es")
        )
        assert pressed != other
        page.keyboard.press("Tab")
        for _ in range(8):
            page.keyboard.press("Shift+Tab")
            style, width, colour, ground = page.evaluate(
                """() => {
                  const one = document.querySelector("faro-chat").shadowRoot.activeElement;
                  const style = getComputedStyle(one);
                  return [style.outlineStyle, parseFloat(style.outlineWidth), style.outlineColor,
                          getComputedStyle(one.closest("#panel")).backgroundColor];
                }"""
            )
            assert style != "none"
            assert width >= 2
            assert colour != ground


def told(page: Page) -> list[list[str]]:
    """Everything that the announcer was given, with its language."""
    spoken: list[list[str]] = page.evaluate("window.__told")
    return spoken


#: Before anything else: what is put into a live region is written down.
LISTENING = """(() => {
  const told = window.__told = [];
  const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function (options) {
    const root = attach.call(this, options);
    new MutationObserver((changes) => {
      for (const {target, addedNodes} of changes) {
        const region = target.nodeType === 1 && target.closest("#announcer");
        if (region) for (const one of addedNodes) told.push([one.lang, one.textContent.trim()]);
      }
    }).observe(root, {subtree: true, childList: true});
    return root;
  };
})()"""


def plain(text: str) -> str:
    """Words alone: how the parts of a message are joined is not the matter."""
    return " ".join(re.findall(r"\w+", text))


def test_a_screen_reader_is_told_each_message_once_and_in_its_language(
    browser: Browser, faro: Stack, firm_site: str
) -> None:
    with visit(browser, None, lang="es", before=(LISTENING,)) as page:
        page.goto(f"{firm_site}/es/with/faro")
        launch(page)
        answered(page, QUESTION["es"])
        page.locator("#lang-en").click()
        expect(page.locator("#log > li.bot").last).to_have_attribute("lang", "en")
        expect(page.locator("#working")).to_be_hidden()
        answered(page, QUESTION["en"])
        from_bot = [one for one in messages(faro, kept(page)) if one["author"] == "bot"]
        wanted = [
            [
                one["language"],
                plain(
                    " ".join(
                        [one["title"], one["text"], *one["notes"], *(c["title"] for c in one["choices"])]
                    )
                ),
            ]
            for one in from_bot
        ]
        assert [[lang, plain(text)] for lang, text in told(page)] == wanted
        assert {lang for lang, _ in wanted} == {"en", "es"}
        # Old messages are not told again when they are shown again, nor when the chat is opened again.
        page.locator("#close").click()
        page.locator("#launcher").click()
        assert len(told(page)) == len(wanted)
        page.reload()
        greeted(page)
        page.wait_for_timeout(300)
        assert told(page) == []
        # Only one region speaks politely; the log itself is silent.
        regions = page.locator("#panel").evaluate(
            """panel => [...panel.querySelectorAll("[aria-live]:not([aria-live=off]), [role=status], [role=alert]")]
                 .map(one => one.id)"""
        )
        assert sorted(regions) == ["announcer", "problem", "starting-text"]
        expect(page.locator("[role=log]")).to_have_attribute("aria-live", "off")


LONGEST_NAME = 40
#: States that change what is said of an element.
STATES = ("level", "pressed", "expanded", "invalid", "modal", "busy", "live", "atomic")


def tree(page: Page) -> str:
    """The accessibility tree of the widget as Chromium gives it to a screen reader: role, name, states, language.

    The text of a message is cut: what it says is the matter of other tests.
    """
    session = page.context.new_cdp_session(page)
    nodes = {node["nodeId"]: node for node in session.send("Accessibility.getFullAXTree")["nodes"]}

    def language(node: dict[str, Any]) -> str:
        if "backendDOMNodeId" not in node:
            return ""
        element = session.send("DOM.resolveNode", {"backendNodeId": node["backendDOMNodeId"]})["object"]
        found = session.send(
            "Runtime.callFunctionOn",
            {
                "objectId": element["objectId"],
                "functionDeclaration": "function () { return (this.nodeType === 1 ? this : this.parentElement).closest('[lang]')?.lang ?? ''; }",
                "returnByValue": True,
            },
        )
        return str(found["result"].get("value", ""))

    def lines(node: dict[str, Any], depth: int, around: str) -> Iterator[str]:
        role = node.get("role", {}).get("value", "")
        children = [nodes[child] for child in node.get("childIds", ()) if child in nodes]
        named = " ".join(str(node.get("name", {}).get("value", "")).split())
        if node.get("ignored") or role in ("none", "generic", "InlineTextBox"):
            for child in children:
                yield from lines(child, depth, around)
            return
        if role == "ListMarker" or (role == "StaticText" and not named):
            return
        own = language(node)
        states = {one["name"]: one["value"].get("value") for one in node.get("properties", ())}
        words = [role, f'"{named[:LONGEST_NAME]}{"…" if len(named) > LONGEST_NAME else ""}"' if named else ""]
        words += [
            f"{name}={states[name]}"
            for name in STATES
            if states.get(name) not in (None, "off") and (states[name] or name == "expanded")
        ]
        words.append(f"lang={own}" if own != around else "")
        yield "  " * depth + " ".join(word for word in words if word)
        if role not in (
            "button",
            "heading",
            "StaticText",
            "link",
            "textbox",
            "LabelText",
            "DisclosureTriangle",
        ):
            for child in children:
                yield from lines(child, depth + 1, own)

    (panel,) = (node for node in nodes.values() if node.get("role", {}).get("value") == "dialog")
    text = "\n".join(lines(panel, 0, "")) + "\n"
    session.detach()
    return text


def compare(name: str, text: str) -> None:
    """With the file of that name; or writes it, where that is asked for."""
    file = SNAPSHOTS / name
    remedy = (
        f"{file.name} is not as it was recorded. Where that is wanted, record it anew: FARO_TEST_RECORD=1"
    )
    if os.environ.get("FARO_TEST_RECORD"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8"), remedy


def test_the_accessibility_tree_of_a_whole_conversation_is_as_recorded(
    browser: Browser, firm_site: str, lang: str
) -> None:
    other = {"en": "es", "es": "en"}[lang]
    with visit(browser, None, lang=lang, size=DESK, before=(LISTENING,)) as page:
        page.goto(f"{firm_site}/{lang}/with/faro")
        launch(page)
        answer = answered(page, QUESTION[lang])
        answer.locator("summary").first.click()
        for step in (*DATED[lang], {"en": "nov 15 2026", "es": "15 de noviembre de 2026"}[lang]):
            answered(page, step)
        answered(page, {"en": "[Yes]", "es": "[Sí]"}[lang])
        answered(page, {"en": "emergency", "es": "emergencia"}[lang])
        page.locator(f"#lang-{other}").click()
        expect(page.locator("#log > li.bot").last).to_have_attribute("lang", other)
        expect(page.locator("#working")).to_be_hidden()
        page.locator("#more").click()
        spoken = "".join(f"{own}: {' '.join(text.split())[:LONGEST_NAME]}\n" for own, text in told(page))
        compare(f"tree.{lang}.txt", tree(page))
        compare(f"announced.{lang}.txt", spoken)
