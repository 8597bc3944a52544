"""The chat for browsers without scripts: whole pages and forms, read here as such a browser reads them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import pytest

from bot.core.messages import Reply
from bot.gateway.plain_chat import NEUTRAL
from tests.gateway.conftest import Gateway, Start
from tests.gateway.standin import answer

EVIL = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"}


@dataclass(slots=True)
class Form:
    """One form: its hidden fields, and its buttons as (name, value, title)."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)
    named: list[str] = field(default_factory=list)


class Page(HTMLParser):
    """What of a page matters here: its forms, its words, its links, its messages."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.forms: list[Form] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.kept = ""
        self.items: list[str] = []
        self._in: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append((tag, found))
        self._in.append(tag)
        name, value = found.get("name") or "", found.get("value") or ""
        if tag == "form":
            self.forms.append(Form(found.get("action") or ""))
        elif tag == "li" and (found.get("class") or "").split()[:1] in (["bot"], ["visitor"]):
            self.items.append("")
        elif tag == "input" and found.get("type") == "hidden":
            self.forms[-1].fields[name] = value
        elif tag in ("textarea", "input"):
            self.forms[-1].named.append(name)
        elif tag == "button" and not found.get("form"):
            self.forms[-1].buttons.append((name, value, ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in self._in:
            del self._in[len(self._in) - 1 - self._in[::-1].index(tag) :]

    def handle_data(self, data: str) -> None:
        self.text += data
        if "textarea" in self._in:
            self.kept += data
        if "button" in self._in and self.forms and self.forms[-1].buttons:
            name, value, title = self.forms[-1].buttons[-1]
            self.forms[-1].buttons[-1] = (name, value, title + data.strip())
        if "ol" in self._in and self.items:
            self.items[-1] = " ".join(f"{self.items[-1]} {data}".split())

    def form_of(self, name: str) -> Form:
        """The form with a field, or a button, of that name."""
        return next(f for f in self.forms if name in f.named or any(name == b[0] for b in f.buttons))

    def button(self, title: str) -> dict[str, str]:
        """What pressing a button sends."""
        for form in self.forms:
            for name, value, own in form.buttons:
                if own.startswith(title) and name:
                    return {**form.fields, name: value}
        raise LookupError(f"no button {title!r} among {[b for f in self.forms for b in f.buttons]}")

    def writing(self, text: str, name: str = "text") -> dict[str, str]:
        """What writing into a field sends."""
        return {**self.form_of(name).fields, name: text}


@dataclass(slots=True)
class Browser:
    """A browser without scripts on one gateway."""

    gateway: Gateway
    language: str = "en"
    headers: dict[str, str] = field(default_factory=dict)
    response: Any = None

    async def open(self) -> Page:
        return await self._read(await self.gateway.client.get("/chat", headers=self._all()))

    async def post(self, fields: dict[str, str], status: int = 200) -> Page:
        page = await self._read(await self.gateway.client.post("/chat", data=fields, headers=self._all()))
        assert self.response.status == status, page.text
        return page

    def _all(self) -> dict[str, str]:
        return {"Accept-Language": self.language, "Accept": "text/html", **self.headers}

    async def _read(self, response: Any) -> Page:
        self.response = response
        assert response.content_type == "text/html", await response.text()
        assert "Set-Cookie" not in response.headers
        assert response.headers["Cache-Control"] == "no-store"
        policy = response.headers["Content-Security-Policy"]
        assert "script-src" not in policy
        assert "unsafe" not in policy
        page = Page(await response.text())
        assert not [
            tag for tag, found in page.tags if tag == "script" or any(n.startswith("on") for n in found)
        ]
        # Nothing in the address: every form is posted, and to an address without a query.
        assert {form.action for form in page.forms} <= {"/chat#new", "/api/deadlines/v1/page"}
        return page


@pytest.fixture
def browser(gateway: Gateway) -> Browser:
    return Browser(gateway)


# -- a conversation


@pytest.mark.parametrize(("language", "greeting"), [("en", "[greeting en]"), ("es-MX", "[greeting es]")])
async def test_the_page_greets_in_the_browsers_language_and_begins_nothing(
    gateway: Gateway, language: str, greeting: str
) -> None:
    page = await Browser(gateway, language).open()
    assert greeting in page.text
    assert len(gateway.keeper.registry) == 0
    assert f'<html lang="{language[:2]}">' in page.html


async def test_a_link_can_name_the_language(gateway: Gateway) -> None:
    for asked, told in (("es", "[greeting es]"), ("xx", "[greeting en]")):
        assert told in await (await gateway.client.get(f"/chat?language={asked}")).text()


async def test_a_question_is_answered_with_its_title_notes_sources_and_choices(browser: Browser) -> None:
    page = await browser.post((await browser.open()).writing("work permit?"))
    assert page.items[-2:][0] == "You: work permit?"
    told = page.items[-1]
    assert "Work permit A longer answer. No lawyer has approved this." in told
    assert "8 CFR 208.7(a) (checked June 20, 2026)" in told
    assert "Facts checked to June 20, 2026." in told
    assert ("a", "https://www.ecfr.gov/") in [(tag, found.get("href")) for tag, found in page.tags]
    page = await browser.post(page.button("Fee"))
    assert page.items[-2] == "You: Fee"
    assert browser.gateway.engine.turns[-1]["payload"] == '/work_permit{"section": "fee"}'


async def test_only_the_newest_messages_and_an_open_consent_can_be_pressed(browser: Browser) -> None:
    page = await browser.post((await browser.open()).writing("one"))
    assert page.button("consent_yes")
    page = await browser.post(page.writing("two"))
    assert page.html.count(">Fee</button>") == 1
    page = await browser.post(page.button("consent_yes"))
    assert "[consent_yes en]" in page.text
    assert "consent_no en" not in [title for form in page.forms for _, _, title in form.buttons]


async def test_the_language_is_changed_before_the_first_message_and_after_it(browser: Browser) -> None:
    page = await browser.post((await browser.open()).button("Español"))
    assert "[greeting es]" in page.text
    assert len(browser.gateway.keeper.registry) == 0
    page = await browser.post(page.writing("hola"))
    assert '<html lang="es">' in page.html
    page = await browser.post(page.button("English"))
    assert '<html lang="en">' in page.html
    page = await browser.post(page.button("Español"))
    assert '<html lang="es">' in page.html


async def test_the_language_is_changed_with_the_engine_away(browser: Browser) -> None:
    page = await browser.post((await browser.open()).writing("hello"))
    await browser.gateway.engine.stop()
    page = await browser.post(page.button("Español"))
    page = await browser.post(page.button("English"))
    assert '<html lang="en">' in page.html


async def test_a_question_for_a_day_offers_a_calendar_and_the_day_goes_in_words(browser: Browser) -> None:
    engine = browser.gateway.engine
    engine.replies = [Reply("question", "ask", "es", "¿Cuándo llegó?", expects="date")]
    browser.language = "es"
    page = await browser.post((await browser.open()).writing("cuándo"))
    assert page.form_of("day").buttons == [("", "", "Usar esta fecha")]
    engine.replies = None
    page = await browser.post(page.writing("2026-03-15", "day"))
    assert engine.typed[-1] == "15 de marzo de 2026"
    assert "day" not in [name for form in page.forms for name in form.named]


async def test_a_day_that_is_none_goes_as_it_was_written(browser: Browser) -> None:
    page = await browser.open()
    await browser.post({**page.writing(""), "day": "last spring"})
    assert browser.gateway.engine.typed[-1] == "last spring"


async def test_an_answer_is_rated_once(browser: Browser) -> None:
    page = await browser.post((await browser.open()).writing("work"))
    page = await browser.post(page.button("Yes"))
    assert "Thank you." in page.items[-1]
    assert browser.gateway.metric("faro_ratings_total", rating="up") == 1
    wrong = {**page.form_of("text").fields, "rate": "up:m_unknown"}
    assert "That answer was not found" in (await browser.post(wrong, 404)).text
    wrong["rate"] = "sideways:m_unknown"
    await browser.post(wrong, 400)


async def test_a_date_can_be_put_into_a_calendar_and_printed(browser: Browser) -> None:
    keep = {
        "calculation": "bia_appeal",
        "inputs": {"decision_date": "2026-11-20", "mode": "oral"},
        "today": "2026-11-21",
        "calendar_until": "2026-12-21",
        "labels": {"calendar": "To calendar", "print": "Print", "copy": "Copy"},
    }
    browser.gateway.engine.replies = [
        Reply("answer", "deadline_bia_appeal", "en", "The last day.", keep=keep)
    ]
    page = await browser.post((await browser.open()).writing("when"))
    form = page.forms[[form.action for form in page.forms].index("/api/deadlines/v1/page")]
    for path, kind in (("calendar", "text/calendar"), ("page", "text/html")):
        found = await browser.gateway.client.post(f"/api/deadlines/v1/{path}", data=form.fields)
        assert (found.status, found.content_type) == (200, kind)
    assert 'formaction="/api/deadlines/v1/calendar"' in page.html
    gone = {**keep, "calendar_until": "2026-11-20"}
    browser.gateway.engine.replies = [Reply("answer", "deadline_bia_appeal", "en", "It is over.", keep=gone)]
    page = await browser.post(page.writing("and now"))
    assert page.html.count('formaction="/api/deadlines/v1/calendar"') == 1


async def test_a_picture_is_an_image_and_its_words(browser: Browser) -> None:
    picture = {"svg": "<svg onload='x'/>", "svg_dark": "<svg/>", "text": 'Step "1"'}
    browser.gateway.engine.replies = [Reply("answer", "result", "en", "So.", picture=picture)]
    page = await browser.post((await browser.open()).writing("situation"))
    image = next(found for tag, found in page.tags if tag == "img")
    assert image["alt"] == 'Step "1"'
    assert image["src"] == "data:image/svg+xml;charset=utf-8,%3Csvg%20onload%3D%27x%27/%3E"


async def test_later_messages_are_shown_when_they_are_looked_for(browser: Browser) -> None:
    page = await browser.post((await browser.open()).writing("hello"))
    (conversation,) = browser.gateway.keeper.registry.all()
    conversation.say(Reply("notice", "later", "en", "The office has it."), None, browser.gateway.clock.now())
    assert "The office has it." in (await browser.post(page.button("Look for new"))).items[-1]


# -- sending again


async def test_the_same_form_gets_the_same_answer_and_says_nothing_twice(browser: Browser) -> None:
    first = (await browser.open()).writing("work permit?")
    once = await browser.post(first)
    again = await browser.post(first)
    assert once.items == again.items
    assert len(browser.gateway.keeper.registry) == 1
    second = once.writing("and the fee?")
    once, again = await asyncio.gather(browser.post(second), browser.post(second))
    assert once.items == again.items
    assert browser.gateway.engine.typed == ["work permit?", "and the fee?"]


async def test_who_goes_back_and_presses_something_else_is_answered(browser: Browser) -> None:
    page = await browser.post((await browser.open()).writing("work permit?"))
    await browser.post(page.button("Fee"))
    later = await browser.post(page.button("Renewal"))
    assert later.items[-2] == "You: Renewal"
    later = await browser.post(page.writing("something else"))
    assert later.items[-2] == "You: something else"


# -- refused, kindly


async def test_20000_characters_are_refused_with_advice_and_not_lost(browser: Browser) -> None:
    page = await browser.post((await browser.open()).writing("a" * 20_000), 413)
    assert "This message is too long" in page.text
    assert page.kept.strip() == "a" * 20_000
    assert browser.gateway.engine.typed == []
    page = await browser.post(page.writing("shorter"))
    assert page.items[-2] == "You: shorter"


async def test_a_choice_of_another_conversation_is_unknown(browser: Browser) -> None:
    mine = await browser.post((await browser.open()).writing("work"))
    other = await browser.post((await browser.open()).writing("work"))
    foreign = {**mine.button("Fee"), "choice": other.button("Fee")["choice"]}
    assert "This choice is not available here" in (await browser.post(foreign, 422)).text
    await browser.post({**mine.button("Fee"), "choice": EVIL}, 422)


@pytest.mark.parametrize("token", ["x", "c_0123.abc", EVIL])
async def test_a_token_that_we_did_not_sign_opens_nothing_and_keeps_what_was_written(
    browser: Browser, token: str
) -> None:
    page = await browser.post((await browser.open()).writing("work"))
    page = await browser.post({**page.writing("my words"), "token": token}, 401)
    assert "The key to the conversation is not valid" in page.text
    assert page.kept.strip() == "my words"
    assert (await browser.post(page.writing("my words"))).items[-2] == "You: my words"


async def test_without_a_token_there_is_no_conversation(browser: Browser) -> None:
    for fields in ({"text": "hello"}, {"text": "hello", "begin": "1"}, {}):
        page = await browser.post(fields, 401)
        assert "The key to the conversation is missing" in page.text
    assert len(browser.gateway.keeper.registry) == 0


async def test_a_message_without_a_name_is_refused(browser: Browser) -> None:
    page = await browser.post((await browser.open()).writing("work"))
    for name in ("", "x", "g" * 32):
        await browser.post({**page.writing("again"), "form": name}, 400)
    assert browser.gateway.engine.typed == ["work"]


async def test_an_empty_message_is_refused(browser: Browser) -> None:
    assert "The message is empty" in (await browser.post((await browser.open()).writing(" \n "), 400)).text


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b'{"text": "hello"}', "application/json", 415),
        (b"--x\r\n", "multipart/form-data; boundary=x", 415),
        (b"", "", 415),
        (b"text=%ff%fe", "application/x-www-form-urlencoded", 400),
        (b"\xff\xfe", "application/x-www-form-urlencoded", 400),
        (b"&".join(b"a%d=1" % i for i in range(99)), "application/x-www-form-urlencoded", 400),
        (b"text=" + b"a" * 300_000, "application/x-www-form-urlencoded", 413),
    ],
)
async def test_a_body_that_is_no_form_is_refused(
    gateway: Gateway, body: bytes, content_type: str, status: int
) -> None:
    headers = {**FORM, "Content-Type": content_type}
    response = await gateway.client.post("/chat", data=body, headers=headers)
    assert response.status == status
    assert len(gateway.keeper.registry) == 0


async def test_fields_that_are_not_known_change_nothing(browser: Browser) -> None:
    page = await browser.post({**(await browser.open()).writing("work"), "admin": "1", "__class__": "x"})
    assert page.items[-2] == "You: work"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
async def test_a_form_of_another_site_is_refused_even_with_a_token(
    browser: Browser, headers: dict[str, str]
) -> None:
    page = await browser.post((await browser.open()).writing("work"))
    browser.headers = headers
    for fields in (
        page.writing("my story"),
        (await browser.open()).writing("my story"),
        page.button("Emergency"),
    ):
        refused = await browser.post(fields, 403)
        assert "This message came from another site" in refused.text
        assert "work" not in " ".join(refused.items)
    assert browser.gateway.engine.typed == ["work"]


async def test_forms_of_the_page_itself_are_taken(browser: Browser) -> None:
    host = f"127.0.0.1:{browser.gateway.client.port}"
    for headers in (
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": f"http://{host}"},
    ):
        browser.headers = headers
        await browser.post((await browser.open()).writing("work"))
    # For a browser without Sec-Fetch-Site the page must let it name its origin.
    assert browser.response.headers["Referrer-Policy"] == "same-origin"


async def test_who_writes_too_fast_is_told_how_long_to_wait(start: Start) -> None:
    browser = Browser(await start(per_conversation="2/minute"))
    page = await browser.post((await browser.open()).writing("one"))
    page = await browser.post(page.writing("two"))
    page = await browser.post(page.writing("three"), 429)
    assert "Too many messages in a short time" in page.text
    assert page.kept.strip() == "three"
    assert 1 <= int(browser.response.headers["Retry-After"]) <= 60
    emergency = await browser.post(page.writing("they are at my door"))
    assert "[emergency_agents en]" in emergency.text


async def test_too_many_conversations_from_one_address_wait(start: Start) -> None:
    browser = Browser(await start(new_conversations="1/minute"))
    await browser.post((await browser.open()).writing("one"))
    page = await browser.post((await browser.open()).writing("two"), 429)
    assert page.kept.strip() == "two"


# -- when something is away


@pytest.mark.parametrize("mode", ["slow", "error", "empty", "garbage"])
async def test_with_the_engine_away_an_apology_comes_within_seconds(start: Start, mode: str) -> None:
    browser = Browser(await start(turn_seconds=0.3))
    browser.gateway.engine.mode = mode
    async with asyncio.timeout(5):
        page = await browser.post((await browser.open()).writing("hello"))
    assert "[apology_" in page.items[-1]
    page = await browser.post(page.writing("they are at my door"))
    assert "[emergency_agents en]" in page.items[-1]


async def test_a_conversation_that_is_over_is_told_and_another_can_begin(browser: Browser) -> None:
    page = await browser.post((await browser.open()).writing("work"))
    (conversation,) = browser.gateway.keeper.registry.all()
    await browser.gateway.keeper.erase(conversation)
    page = await browser.post(page.writing("still there?"), 404)
    assert "This conversation no longer exists" in page.text
    assert page.kept.strip() == "still there?"
    assert (await browser.post(page.writing("again"))).items[-2] == "You: again"


async def test_who_presses_for_help_on_an_old_page_gets_help(browser: Browser) -> None:
    page = await browser.post((await browser.open()).writing("work"))
    (conversation,) = browser.gateway.keeper.registry.all()
    await browser.gateway.keeper.erase(conversation)
    browser.gateway.engine.turns.clear()
    for asked, said in (("emergency", "emergency"), ("person", "I want to talk to a person")):
        later = await browser.post({**page.button("Emergency"), "ask": asked})
        assert later.items[-2] == f"You: {said}"
    assert browser.gateway.engine.typed == ["emergency", "I want to talk to a person"]


async def test_help_asked_with_the_first_form_gets_help(browser: Browser) -> None:
    page = await browser.post((await browser.open()).button("Emergency"))
    assert page.items[-2] == "You: emergency"


# -- erasing and leaving


async def test_erasing_asks_first_and_then_erases_for_good(browser: Browser) -> None:
    page = await browser.post((await browser.open()).writing("work"))
    page = await browser.post(page.button("consent_yes"))
    page = await browser.post(page.button("Erase conversation"))
    assert "Erase this conversation?" in page.text
    assert "work" in " ".join((await browser.post(page.button("No, keep it"))).items)
    done = await browser.post(page.button("Yes, erase it"))
    assert "The conversation is erased" in done.text
    assert (done.items, done.forms) == ([], [])
    assert len(browser.gateway.keeper.registry) == 0
    assert len(browser.gateway.engine.forgotten) == 1
    for fields in (page.button("No, keep it"), page.button("Yes, erase it"), page.writing("back")):
        assert "This conversation no longer exists" in (await browser.post(fields, 404)).text


async def test_an_erasure_that_has_not_reached_everything_says_so(browser: Browser) -> None:
    page = await browser.post((await browser.open()).writing("work"))
    page = await browser.post(page.button("Erase conversation"))
    browser.gateway.engine.forgets_fail = True
    assert "[erased_pending en]" in (await browser.post(page.button("Yes, erase it"))).text


async def test_a_database_that_does_not_erase_is_told(browser: Browser) -> None:
    page = await browser.post((await browser.open()).writing("work"))
    page = await browser.post(page.button("consent_yes"))
    page = await browser.post(page.button("Erase conversation"))

    async def broken(_conversation: str, **_options: object) -> None:
        raise OSError("down")

    browser.gateway.store.erase = broken  # type: ignore[method-assign]
    page = await browser.post(page.button("Yes, erase it"), 503)
    assert "erased" not in page.text.lower().replace("erase conversation", "").partition("not")[0]
    assert page.button("Erase conversation")


async def test_leaving_is_a_link_that_tells_nobody_where_one_comes_from(browser: Browser) -> None:
    page = await browser.open()
    links = [found for tag, found in page.tags if tag == "a" and found.get("href") == NEUTRAL]
    assert [link["rel"] for link in links] == ["noreferrer"]
    assert "<title>Faro</title>" in page.html


# -- injection


async def test_markup_stays_text_everywhere(browser: Browser) -> None:
    from dataclasses import replace

    from bot.core.messages import Choice, Source

    browser.gateway.engine.replies = [
        replace(
            answer("en"),
            id=EVIL,
            lang="en",
            text=EVIL,
            full=f"{EVIL}\n\n- {EVIL}\n\nhttps://evil.example/{EVIL}",
            title=EVIL,
            choices=(Choice(EVIL, "/x"),),
            sources=(
                Source(EVIL, "javascript:alert(1)", "2026-06-20"),
                Source("b", f"https://a/{EVIL}", "2026-06-20"),
            ),
            notes=(EVIL,),
            picture={"svg": EVIL, "svg_dark": EVIL, "text": EVIL},
        )
    ]
    page = await browser.post((await browser.open()).writing(EVIL))
    assert EVIL in page.items[-2]
    assert "<script" not in page.html
    assert not [found for tag, found in page.tags if tag == "img" and found.get("src") == "x"]
    assert not [found for _, found in page.tags if (found.get("href") or "").startswith("javascript")]
    page = await browser.post({**page.writing(EVIL * 200)}, 413)
    assert page.kept.strip() == EVIL * 200
    for name in ("language", "token", "begin", "form", "choice", "rate", "switch", "ask", "day"):
        fields = {**(await browser.open()).writing("x"), name: EVIL}
        response = await browser.gateway.client.post("/chat", data=fields)
        assert "<script" not in await response.text(), name


async def test_nothing_that_was_written_reaches_the_log(browser: Browser) -> None:
    page = await browser.post((await browser.open()).writing("sentinel words"))
    await browser.post({**page.writing("sentinel words"), "token": "sentinel"}, 401)
    assert "sentinel" not in browser.gateway.log.getvalue()
