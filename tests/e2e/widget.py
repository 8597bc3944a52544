"""The widget as a person meets it: a browser of their own, pages of a site, and what the server keeps of them."""

from __future__ import annotations

import json
import re
import sqlite3
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, CDPSession, Locator, Page, Route, expect

from tests.axe import OPEN_SHADOW_ROOTS
from tests.stack import Stack, Talk

#: A phone that many people have, one with its keyboard open, a small one, and a desk.
PHONE = {"width": 360, "height": 640}
DESK = {"width": 1280, "height": 800}
LOCALE = {"en": "en-US", "es": "es-MX"}
#: Bytes a second and milliseconds: 400 kbit/s both ways.
SLOW = {"offline": False, "downloadThroughput": 50_000, "uploadThroughput": 50_000, "latency": 400}
CUT = {**SLOW, "offline": True}
#: Patience for a machine that does other things too, in milliseconds.
PATIENCE = 15_000

CONSENT = {"en": "[Yes, keep it]", "es": "[Sí, guardar]"}


@contextmanager
def visit(
    browser: Browser,
    address: str | None,
    *,
    lang: str = "en",
    size: Mapping[str, int] = DESK,
    before: Sequence[str] = (),
    tolerated: str = "",
    shadow: bool = True,
    **options: Any,
) -> Iterator[Page]:
    """A tab of a fresh browser profile; what a script throws or calls an error fails the test.

    ``before`` are scripts that run before the page's own; ``tolerated`` is a pattern of errors that belong to the test.
    """
    context = browser.new_context(
        locale=LOCALE[lang], viewport={"width": size["width"], "height": size["height"]}, **options
    )
    context.set_default_timeout(PATIENCE)
    for script in (*([OPEN_SHADOW_ROOTS] if shadow else []), *before):
        context.add_init_script(script)
    wrong: list[str] = []
    context.on("weberror", lambda error: wrong.append(str(error.error)))
    context.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page = context.new_page()
    if address is not None:
        page.goto(address)
    try:
        yield page
    finally:
        context.close()
    told = [text for text in wrong if not (tolerated and re.search(tolerated, text))]
    assert not told, told


class Pages:
    """A site on a port of its own; its pages are put there by the tests."""

    def __init__(self) -> None:
        self._pages: dict[str, tuple[bytes, dict[str, str]]] = {}
        pages = self._pages

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body, headers = pages.get(urlsplit(self.path).path, (b"", {}))
                self.send_response(200 if body else 404)
                for name, value in {"Content-Type": "text/html; charset=utf-8", **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Nothing: a test tells what went wrong."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Pages:
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def put(self, path: str, text: str, **headers: str) -> str:
        """Its address. In names of headers ``_`` stands for ``-``."""
        self._pages[path] = (
            text.encode(),
            {name.replace("_", "-"): value for name, value in headers.items()},
        )
        return self.origin + path


def document(head: str = "", body: str = "", lang: str = "en") -> str:
    """A page of a site."""
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>Example Immigration Law</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
        f"{head}</head><body><main><h1>Example Immigration Law</h1>{body}</main></body></html>"
    )


def tag(faro: Stack, **attributes: str) -> str:
    """The script tag as a site copies it."""
    more = "".join(f' data-{name.replace("_", "-")}="{value}"' for name, value in attributes.items())
    return f'<script async src="{faro.address}/widget/faro-chat.js"{more}></script>'


def slow(page: Page) -> CDPSession:
    """A slow network for one tab; the session can cut it and bring it back."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", SLOW)
    return session


def launch(page: Page) -> None:
    """Opens the chat from its button and waits until it has greeted."""
    page.locator("#launcher").click()
    greeted(page)


def greeted(page: Page) -> None:
    expect(page.locator("#log > li.bot").first).to_be_visible(timeout=PATIENCE)


def answered(page: Page, step: str) -> Locator:
    """Does a step and waits for all of the answer; gives its last message.

    A step is a text to write, or in [brackets] the title of a choice: the newest one with it is pressed.
    """
    items = page.locator("#log > li")
    before = items.count()
    do(page, step)
    expect(items.nth(before + 1)).to_be_visible(timeout=PATIENCE)
    expect(page.locator("#working")).to_be_hidden(timeout=PATIENCE)
    return page.locator("#log > li.bot").last


def do(page: Page, step: str) -> None:
    if step.startswith("["):
        page.locator("#log button", has_text=re.compile(f"^{re.escape(step[1:-1])}$")).last.click()
    else:
        page.locator("#text").fill(step)
        page.locator("#text").press("Enter")


def kept(page: Page) -> dict[str, Any]:
    """What the tab's storage holds of the widget."""
    found: dict[str, Any] = json.loads(page.evaluate("sessionStorage.getItem('fc') || '{}'"))
    return found


def messages(faro: Stack, conversation: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every message that the server has of a conversation; ``conversation`` is what a tab keeps of it."""
    status, body = ask(faro, conversation, "/messages?after=0")
    assert status == 200, body
    found: list[dict[str, Any]] = body["messages"]
    return found


def ask(faro: Stack, conversation: Mapping[str, Any], path: str) -> tuple[int, dict[str, Any]]:
    """Status and answer of the chat API about a conversation."""
    request = urllib.request.Request(
        f"{faro.address}/api/chat/v1/conversations/{conversation['conversation']}{path}",
        headers={"Authorization": f"Bearer {conversation['token']}"},
    )
    try:
        with urllib.request.urlopen(request, timeout=15) as response:
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.loads(refused.read())


def said(faro: Stack, conversation: Mapping[str, Any]) -> list[str]:
    """What the person said, as the server has it."""
    return [message["text"] for message in messages(faro, conversation) if message["author"] == "visitor"]


def requests_of(faro: Stack, conversation: str) -> list[tuple[str, str]]:
    """Reference and state of every request for a consultation that a conversation has saved."""
    with closing(sqlite3.connect(f"file:{faro.var / 'faro.db'}?mode=ro", uri=True)) as connection:
        query = "SELECT reference, state FROM bookings WHERE conversation_id = ?"
        return connection.execute(query, (conversation,)).fetchall()


def resumed(talk: Talk, lang: str) -> str:
    """An init script: the tab holds a conversation that was had before, with the chat open."""
    entry = {"conversation": talk.id, "token": talk.token, "open": True, "language": lang}
    # Once for each tab: what the page forgets stays forgotten.
    return f"""if (location.protocol.startsWith("http") && !sessionStorage.getItem("seeded")) {{
      sessionStorage.setItem("seeded", "1");
      sessionStorage.setItem("fc", JSON.stringify({{...{json.dumps(entry)}, seen: Date.now()}}));
    }}"""


def lose_answer(route: Route) -> None:
    """The server takes the message, and its answer never arrives."""
    route.fetch()
    route.abort("connectionreset")
