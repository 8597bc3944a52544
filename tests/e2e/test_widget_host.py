"""The widget on the sites of others: their styles, scripts and policies, their mistakes, what they may not read."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Route, expect

from tests.e2e.widget import (
    Pages,
    answered,
    document,
    greeted,
    launch,
    resumed,
    tag,
    visit,
)
from tests.stack import Stack

QUESTION = "can i work while i wait"
REFUSED = "Failed to load resource"

#: What a site's style may do to everything on its page.
STYLES = {
    "hides everything": "* { display: none !important; } html, body { display: block !important; }",
    "unsets everything": "* { all: unset !important; } head, script, style, title { display: none !important; }",
    "styles by type": """
        html { font-size: 40px; } body { font: 40px/3 cursive; color: #eee; letter-spacing: .5em; text-align: right;
          text-transform: uppercase; direction: rtl; word-spacing: 1em; visibility: hidden; cursor: none; }
        button { background: lime !important; padding: 4em !important; border: 9px dotted red !important;
          transform: rotate(9deg) !important; opacity: .1 !important; }
        div, dialog, ol, li, p, h2, textarea, form { position: fixed !important; left: 900px !important; margin: 3em !important;
          pointer-events: none !important; zoom: 3; }
        :root { --brand: red; --panel: red; --ink: red; --own: red; --back: red; }""",
    "covers the page": """
        .cover { position: fixed; inset: 0; z-index: 2147483647; background: white; }
        body { overflow: hidden; transform: scale(.5); filter: blur(2px); contain: paint; }
        faro-chat { z-index: -1; opacity: 0; pointer-events: none; width: 0; height: 0; overflow: hidden; }""",
    "small print": "html { font-size: 6px; } * { transition: all 3s; animation: none; line-height: .5; }",
}

#: Where the parts stand, how large and in what they are written; with the greeting cut off, which grows.
LOOKS = """() => {
  const root = document.querySelector("faro-chat").shadowRoot;
  return ["#launcher", "#panel", "#title", "#exit", "#lang-es", "#text", "#send", "#person", "#emergency", "#log > li"].map((part) => {
    const element = root.querySelector(part);
    const {x, y, width, height} = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    const names = ["color", "backgroundColor", "fontSize", "fontFamily", "lineHeight", "letterSpacing", "textTransform",
      "textAlign", "direction", "visibility", "opacity", "cursor", "transform"];
    return [part, ...[x, y, width, height].map(Math.round), ...names.map((name) => style[name])];
  });
}"""


@pytest.fixture(scope="module")
def looks(browser: Browser, faro: Stack, pages: Pages) -> list[Any]:
    """How the widget looks on a page without any style."""
    with visit(browser, None) as page:
        page.goto(pages.put("/plain", document(body=tag(faro))))
        launch(page)
        found: list[Any] = page.evaluate(LOOKS)
        return found


@pytest.mark.parametrize("style", STYLES)
def test_a_site_s_style_does_not_change_the_widget(
    browser: Browser, faro: Stack, pages: Pages, looks: list[Any], style: str
) -> None:
    body = f'<div class="cover">Subscribe to our news</div>{tag(faro)}'
    with visit(browser, None) as page:
        text = document(head=f"<style>{STYLES[style]}</style>", body=body)
        page.goto(pages.put("/hostile", text))
        # Pressed as a person presses: what lies above it would take it.
        launch(page)
        assert page.evaluate(LOOKS) == looks
        answered(page, QUESTION)
        expect(page.locator("li.answer")).to_be_in_viewport()


def test_a_site_s_scripts_hear_no_key_and_find_no_conversation(
    browser: Browser, faro: Stack, pages: Pages
) -> None:
    listening = """<input id="search"><script>
      window.heard = [];
      for (const type of ["keydown", "keypress", "keyup", "beforeinput", "input", "change", "paste", "copy"])
        for (const target of [document, document.body, window])
          target.addEventListener(type, (event) => {
            heard.push(event.key || event.data || event.type);
            if (event.key === "/" || event.key === "s") event.preventDefault();  // hot keys
          });
    </script>"""
    with visit(browser, None, shadow=False) as page:
        page.goto(pages.put("/keys", document(body=listening + tag(faro))))
        host = page.locator("faro-chat")
        host.wait_for(state="attached")
        # The shadow root is closed, so the keyboard finds the launcher here.
        page.wait_for_function("Boolean(customElements.get('faro-chat'))")
        page.locator("#search").focus()
        page.keyboard.type("a/")
        assert "a" in page.evaluate("heard")
        page.wait_for_timeout(300)
        page.evaluate("heard.length = 0")
        page.keyboard.press("Tab")
        expect(host).to_be_focused()
        page.evaluate("heard.length = 0")
        page.keyboard.press("Enter")
        page.wait_for_function("JSON.parse(sessionStorage.getItem('fc')).conversation")
        with page.expect_request(re.compile("/messages$")) as asked:
            page.keyboard.type("does asylum cost money / s")
            page.keyboard.press("Enter")
        assert json.loads(asked.value.post_data or "")["text"] == "does asylum cost money / s"
        assert page.evaluate("heard") == []
        assert page.evaluate("document.querySelector('faro-chat').shadowRoot") is None
        assert page.evaluate("document.querySelector('faro-chat').childNodes.length") == 0
        assert "asylum cost" not in page.evaluate("document.documentElement.outerHTML")
        assert page.evaluate("document.activeElement.tagName") == "FARO-CHAT"


@pytest.fixture(scope="module")
def situated(faro: Stack) -> Any:
    """A conversation up to the summary of a situation."""
    talk = faro.talk("en")
    for step in (
        "my situation",
        "in texas",
        "[No]",
        "[Not yet]",
        "[No]",
        "[No]",
        "[With a visa]",
        "feb 20 2026",
    ):
        if step.startswith("["):
            talk.choose(step[1:-1])
        else:
            talk.say(step)
    talk.choose("It has not ended")
    return talk


def policy(faro: Stack) -> str:
    """The strictest policy under which /embed promises that the widget works."""
    page = re.sub(r"\s+", " ", faro.get("/embed")[1].decode())
    found = re.search(r'id="policy-lines"[^>]*>(.*?)</pre>', page)
    assert found
    return f"default-src 'none'; {found[1]}; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'"


def test_the_widget_works_whole_under_a_strict_policy(
    browser: Browser, faro: Stack, pages: Pages, situated: Any
) -> None:
    rules = policy(faro)
    assert "unsafe" not in rules
    refused = "window.__refused = []; addEventListener('securitypolicyviolation', (event) => __refused.push(event.violatedDirective + ' ' + event.blockedURI));"
    printer = "if (window !== top) window.print = () => { top.__printed = document.body.innerText; }"
    with visit(
        browser, None, before=(refused, printer, resumed(situated, "en")), accept_downloads=True
    ) as page:
        text = (
            document()
            .replace('<link rel="icon" href="data:,">', "")
            .replace("</main>", f"</main>{tag(faro)}")
        )
        page.goto(pages.put("/strict", text, Content_Security_Policy=rules))
        greeted(page)
        told = page.locator("li.answer", has=page.locator("img.picture"))
        assert told.locator("img.picture").evaluate(
            "image => image.decode().then(() => image.naturalWidth > 0)"
        )
        told.get_by_role("button", name="Print", exact=True).click()
        page.wait_for_function("window.__printed")
        dated = page.locator(
            "li.answer", has=page.get_by_role("button", name="Add to calendar", exact=True)
        ).last
        with page.expect_download():
            dated.get_by_role("button", name="Add to calendar", exact=True).click()
        with page.expect_popup() as sheet:
            dated.get_by_role("button", name="Print", exact=True).click()
        expect(sheet.value.locator("main")).to_contain_text("2027")
        answered(page, QUESTION)
        # The style is there as well.
        assert page.locator("#send").evaluate("one => getComputedStyle(one).minHeight") == "44px"
        assert page.evaluate("window.__refused") == []


def consoled(page: Page) -> list[ConsoleMessage]:
    told: list[ConsoleMessage] = []
    page.on("console", lambda message: told.append(message))
    return told


def test_a_site_that_is_not_allowed_shows_nothing_and_says_why_in_the_console(
    browser: Browser, faro: Stack
) -> None:
    element = f'<faro-chat><a href="{faro.address}/chat">Ask a question</a></faro-chat>'
    with Pages() as site, visit(browser, None, tolerated="FARO_ALLOWED_ORIGINS") as page:
        origin = site.origin
        told = consoled(page)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(site.put("/page", document(body=element + tag(faro))))
        expect(page.locator("faro-chat a")).to_be_hidden()
        page.wait_for_timeout(1500)
        assert asked == [
            f"{origin}/page",
            f"{faro.address}/widget/faro-chat.js",
            f"{faro.address}/widget/site.json",
        ]
        (one,) = told
        assert one.type == "error"
        for part in (origin, faro.address, "FARO_ALLOWED_ORIGINS"):
            assert part in one.text
        shadow = page.locator("faro-chat").evaluate("host => host.shadowRoot.childNodes.length")
        assert shadow == 0
        assert page.evaluate("sessionStorage.length + localStorage.length") == 0
        page.reload()
        page.wait_for_timeout(500)
        assert len(told) == 2


@pytest.mark.parametrize("why", ["blocked", "not what was promised", "no scripts", "server away"])
def test_a_script_that_does_not_come_leaves_the_link_to_the_plain_page(
    browser: Browser, faro: Stack, pages: Pages, why: str
) -> None:
    element = f'<faro-chat><a href="{faro.address}/chat">Ask a question</a></faro-chat>'
    script = tag(faro)
    if why == "not what was promised":
        script = script.replace(" src=", f' integrity="sha384-{"A" * 64}" crossorigin="anonymous" src=')
    with visit(
        browser,
        None,
        tolerated="Failed to|integrity|cannot be reached",
        java_script_enabled=why != "no scripts",
    ) as page:
        if why == "blocked":
            page.route(re.compile(r"faro-chat\.js"), lambda route: route.abort("blockedbyclient"))
        if why == "server away":
            page.route(re.compile(r"site\.json"), lambda route: route.abort("connectionrefused"))
        page.goto(pages.put("/broken", document(body=element + script)))
        page.wait_for_timeout(300)
        link = page.get_by_role("link", name="Ask a question")
        expect(link).to_be_visible()
        link.click()
        expect(page).to_have_url(f"{faro.address}/chat")
        page.locator("#text").fill(QUESTION)
        page.get_by_role("button", name="Send", exact=True).click()
        expect(page.get_by_role("heading", name="Working while you wait")).to_be_visible()


def test_the_snippet_of_the_embed_page_works_with_its_digest(
    browser: Browser, faro: Stack, pages: Pages
) -> None:
    with visit(browser, f"{faro.address}/embed") as page:
        snippet = page.locator("#element").inner_text()
        assert 'integrity="sha384-' in snippet
        page.goto(pages.put("/copied", document(body=snippet)))
        launch(page)


@pytest.mark.parametrize(
    "body",
    [
        "{tag}{tag}",
        "<faro-chat></faro-chat><faro-chat></faro-chat>{tag}",
        "<faro-chat></faro-chat>{tag}{tag}",
    ],
    ids=["two tags", "two elements", "two tags and an element"],
)
def test_a_page_that_has_it_twice_shows_one(browser: Browser, faro: Stack, pages: Pages, body: str) -> None:
    with visit(browser, None) as page:
        text = document(body=body.replace("{tag}", tag(faro)))
        page.goto(pages.put("/twice", text))
        launch(page)
        assert page.locator("#launcher").count() == 1
        assert page.locator("#panel").count() == 1


def settled(
    page: Page, faro: Stack, site: Pages, lang: str = "en", path: str = "set", **attributes: str
) -> list[str]:
    """A page whose tag has these settings; gives the warnings in its console."""
    told = consoled(page)
    page.goto(site.put(f"/{path}", document(body=tag(faro, **attributes), lang=lang)))
    page.locator("faro-chat").wait_for(state="attached")
    page.wait_for_timeout(500)
    return [message.text for message in told if message.type == "warning"]


def test_the_launcher_stands_only_on_the_pages_that_are_named(
    browser: Browser, faro: Stack, pages: Pages
) -> None:
    with visit(browser, None) as page:
        patterns = {"pages": "/visas/* /contact"}
        for path, there in (
            ("visas/work", True),
            ("contact", True),
            ("contact/map", False),
            ("about", False),
        ):
            settled(page, faro, pages, path=path, **patterns)
            expect(page.locator("#launcher")).to_have_count(int(there))


@pytest.mark.parametrize(
    ("attributes", "page_lang", "browser_lang", "expected"),
    [
        ({}, "es-MX", "en", "Haga su pregunta"),
        ({}, "en", "es", "Ask a question"),
        ({}, "fr", "es", "Haga su pregunta"),
        ({"language": "en"}, "es", "es", "Ask a question"),
        ({"language": "es", "launcher_text_es": "¿Dudas?"}, "en", "en", "¿Dudas?"),
        ({"language": "klingon"}, "es", "en", "Haga su pregunta"),
    ],
)
def test_it_speaks_the_language_that_is_set_or_else_of_the_page_or_the_browser(
    browser: Browser,
    faro: Stack,
    pages: Pages,
    attributes: dict[str, str],
    page_lang: str,
    browser_lang: str,
    expected: str,
) -> None:
    with visit(browser, None, lang=browser_lang) as page:
        warnings = settled(page, faro, pages, page_lang, **attributes)
        expect(page.locator("#launcher-text")).to_have_text(expected)
        expect(page.locator("#launcher")).to_have_text(expected, use_inner_text=True)
        assert len(warnings) == (attributes.get("language") == "klingon")


CONTRAST = """() => {
  const root = document.querySelector("faro-chat").shadowRoot;
  const parse = (text) => text.match(/[\\d.]+/g).slice(0, 3).map(Number);
  const light = (colour) => colour.map((part) => part / 255).map((part) =>
    part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4).reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
  const ratio = (one, other) => { const [a, b] = [light(one), light(other)].sort((x, y) => y - x); return (a + 0.05) / (b + 0.05); };
  return ["#launcher", "#send", "#person", "#lang-en", "#lang-es", "#stay"].map((part) => {
    const style = getComputedStyle(root.querySelector(part));
    return [part, ratio(parse(style.color), parse(style.backgroundColor))];
  }).filter(([, ratio]) => ratio < 4.5);
}"""


@pytest.mark.parametrize(
    ("colour", "warned"), [("#1f5f6b", 0), ("#ffff00", 1), ("#777777", 1), ("#fff", 1), ("red", 1)]
)
def test_every_colour_is_made_readable_and_a_poor_one_is_told(
    browser: Browser, faro: Stack, pages: Pages, colour: str, warned: int
) -> None:
    with visit(browser, None) as page:
        warnings = settled(page, faro, pages, colour=colour)
        assert len(warnings) == warned, warnings
        launch(page)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            assert page.evaluate(CONTRAST) == []


def test_a_site_sets_the_side_its_own_line_and_its_privacy_page(
    browser: Browser, faro: Stack, pages: Pages
) -> None:
    words = {
        "consent_text_en": "We read this &lt;b&gt;chat&lt;/b&gt;.",
        "privacy_link": "https://firm.example/privacy",
    }
    with visit(browser, None) as page:
        assert settled(page, faro, pages, position="start", **words) == []
        box = page.locator("#launcher").bounding_box()
        assert box is not None
        assert box["x"] < 100
        launch(page)
        panel = page.locator("#panel").bounding_box()
        assert panel is not None
        assert panel["x"] < 100
        expect(page.locator("#consent")).to_contain_text("We read this <b>chat</b>.")
        link = page.locator("#consent a")
        expect(link).to_have_attribute("href", "https://firm.example/privacy")
        # The server's own question stands below it as ever.
        expect(page.locator("#log")).to_contain_text("May we keep this conversation?")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("privacy_link", "javascript:alert(1)"), ("colour", "url(https://third.example/x)"), ("position", "middle"),
        ("idle_minutes", "0"), ("display", "banner"), ("server", "javascript:alert(1)"),
    ],
)  # fmt: skip
def test_a_setting_that_cannot_be_used_is_told_with_its_remedy_and_replaced(
    browser: Browser, faro: Stack, pages: Pages, name: str, value: str
) -> None:
    with visit(browser, None) as page:
        (warning,) = settled(page, faro, pages, **{name: value})
        assert name.replace("_", "-") in warning
        assert "Write " in warning
        launch(page)
        assert page.locator("[href^='javascript']").count() == 0


PWNED = "window.__pwned = 1"
MARKUP = f"<img src=x onerror='{PWNED}'><script>{PWNED}</script><b>bold</b> {{{{7*7}}}} ${{7*7}}"
SVG = (
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9" onload="{PWNED};top.__pwned=1">'
    f'<script>{PWNED};top.__pwned=1</script><foreignObject><iframe src="javascript:top.__pwned=1"/></foreignObject>'
    '<image href="https://third.example/x.png"/><rect width="9" height="9"/></svg>'
)
EVIL = {
    "title": f"Title {MARKUP}",
    "text": f"Text {MARKUP}\n\n- item {MARKUP}\n\njavascript:{PWNED} data:text/html,<script>{PWNED}</script>",
    "full": "",
    "notes": [f"Note {MARKUP}"],
    "kind": 'answer"><script>',
    "choices": [{"id": "k_0", "title": f"Choice {MARKUP}"}],
    "sources": [
        {"cite": f"Source {MARKUP}", "url": f"javascript:{PWNED}", "checked": "2026-03-10"},
        {"cite": "Spaced", "url": f" \tjavascript:{PWNED}", "checked": "2026-03-10"},
        {"cite": "Data", "url": f"data:text/html,<script>{PWNED}</script>", "checked": "2026-03-10"},
    ],
    "picture": {"svg": SVG, "svg_dark": SVG, "text": f'Picture " {MARKUP}'},
    "facts_checked": "2026-03-10",
    "keep": {"labels": {"print": f"Print {MARKUP}", "copy": "Copy"}},
}


def harmless(page: Page) -> None:
    page.wait_for_timeout(300)
    assert page.evaluate("window.__pwned") is None
    made = page.locator("#log").evaluate(
        """log => [...log.querySelectorAll(
                "script, iframe, b, img:not(.picture), object, embed, [onerror], [onload], [style]")]
             .map(one => one.outerHTML)"""
    )
    assert made == []
    links = page.locator("#panel").evaluate(
        "panel => [...panel.querySelectorAll('[href], [src], [action]')].map(one => one.href || one.src || one.action)"
    )
    assert [link for link in links if not re.match(r"https:|tel:|data:image/svg\+xml", link)] == []


def test_what_a_person_types_stays_text_and_comes_back_as_text(
    browser: Browser, faro: Stack, pages: Pages
) -> None:
    written = f"{MARKUP} javascript:{PWNED} \u202egnp.exe \u0000"
    with visit(browser, pages.put("/", document(body=tag(faro)))) as page:
        launch(page)
        answered(page, written)
        harmless(page)
        expect(page.locator("li.visitor")).to_contain_text(MARKUP)
        # As a name it comes back in the bot's own words.
        answered(page, "i want to book a consultation")
        answered(page, "<img src=x onerror=alert(1)> <b>Ana</b>")
        harmless(page)
        page.reload()
        greeted(page)
        expect(page.locator("li.visitor").first).to_contain_text(MARKUP)
        harmless(page)


def test_what_the_server_sends_is_never_more_than_text(browser: Browser, faro: Stack, pages: Pages) -> None:
    def poisoned(route: Route) -> None:
        response = route.fetch()
        body = response.json()
        for message in body.get("messages", ()):
            if message["author"] == "bot":
                message.update(EVIL)
        route.fulfill(response=response, json=body)

    with visit(browser, None, before=("window.print = () => {}",), tolerated=REFUSED) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.route(
            re.compile(r"site\.json"),
            lambda route: route.fulfill(
                json={
                    "allowed": True,
                    "firm": f"Firm {MARKUP}",
                    "phone": "1",
                    "emergency_phone": f'1"{MARKUP}',
                    "whatsapp": False,
                },
                headers={"Access-Control-Allow-Origin": "*"},
            ),
        )
        page.goto(pages.put("/", document(body=tag(faro))))
        launch(page)
        page.route(re.compile("/messages$"), poisoned)
        page.route(re.compile("/events"), lambda route: route.abort())
        told = answered(page, QUESTION)
        told.locator("summary").first.click()
        for part in ("Title", "Text", "Note", "Choice", "Source", "Print"):
            expect(told).to_contain_text(f"{part} {MARKUP}")
        expect(told.locator("li", has_text="item")).to_contain_text(MARKUP)
        expect(page.locator("#title")).to_contain_text(MARKUP)
        assert told.locator("img.picture").get_attribute("alt") == EVIL["picture"]["text"]  # type: ignore[index]
        harmless(page)
        told.get_by_role("button", name="Print").click()
        told.get_by_role("button", name="Choice").click()
        expect(page.locator("li.visitor").last).to_contain_text(MARKUP)
        harmless(page)
        assert [url for url in asked if "third.example" in url] == []


def test_the_plain_page_holds_the_same_on_a_small_phone_without_scripts(
    browser: Browser, faro: Stack
) -> None:
    with visit(
        browser, f"{faro.address}/chat?language=es", lang="es", size={"width": 320, "height": 568},
        java_script_enabled=False,
    ) as page:  # fmt: skip
        page.locator("#text").fill(MARKUP)
        page.locator("button.send").click()
        expect(page.locator("main")).to_contain_text(MARKUP)
        assert page.locator("main img, main script, main b").count() == 0
        page.locator("#text").fill("¿puedo trabajar mientras espero?")
        page.locator("button.send").click()
        expect(page.get_by_role("heading", name="Trabajar mientras espera")).to_be_visible()
        # Loading it again says nothing twice.
        page.reload()
        expect(page.get_by_role("heading", name="Trabajar mientras espera")).to_have_count(1)
        for name in ("Hablar con alguien", "Emergencia"):
            expect(page.get_by_role("button", name=name).last).to_be_visible()
        assert page.context.cookies() == []
