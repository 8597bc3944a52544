"""The console's door in a real Chromium: signing in, setting up, the own account, staff and the log.

Both languages, with the keyboard alone; axe-core finds nothing, on a phone and on a desk, light and dark.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from bot.console import parts, totp
from bot.console.access import PREFIX
from bot.console.demo import demo_link
from bot.console.throttle import Throttle
from bot.settings import normalise_database_url
from tests.axe import violations
from tests.console.conftest import PASSWORD, Console, start, stop
from tests.e2e.staff import tab_to

SIZES = {"phone": {"width": 320, "height": 640}, "desk": {"width": 1280, "height": 800}}


class RealClock:
    """The machine's clock: the browser's cookies run by it."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass
class House:
    """The console in a thread of its own, as Playwright keeps this one busy."""

    console: Console
    loop: asyncio.AbstractEventLoop

    @property
    def address(self) -> str:
        return str(self.console.server.make_url(PREFIX))

    def do[T](self, work: Callable[[Console], Awaitable[T]]) -> T:
        """Runs something beside the server."""

        async def run() -> T:
            return await work(self.console)

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(30)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder: Path = tmp_path_factory.mktemp("console")
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    url = normalise_database_url(f"sqlite:///{folder / 'faro.db'}")
    throttle = Throttle("1000/minute", "1000/minute")
    begun = start(url, folder, clock=RealClock(), throttle=throttle)
    console = asyncio.run_coroutine_threadsafe(begun, loop).result(30)
    yield House(console, loop)
    asyncio.run_coroutine_threadsafe(stop(console), loop).result(30)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def opened(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens pages; a script error, or something that the policy stops, fails the test."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def build(locale: str = "en-US", size: str = "desk", **options: object) -> Page:
        context = browser.new_context(locale=locale, viewport=SIZES[size], **options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        # A refusal is told with its status, and the browser notes every such answer.
        page.on(
            "console",
            lambda said: (
                wrong.append(said.text) if said.type == "error" and "status of 40" not in said.text else None
            ),
        )
        return page

    yield build
    for context in contexts:
        context.close()
    assert wrong == []


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def code_of(secret: str, steps: int = 0) -> str:
    return totp.code_at(secret, totp.step_at(datetime.now(UTC)) + steps)


@pytest.mark.parametrize(
    ("locale", "refused", "title"),
    [("en-US", "That did not work", "Your account"), ("es-MX", "No se pudo entrar", "Su cuenta")],
)
def test_signing_in_with_the_keyboard_alone(
    house: House, opened: Callable[..., Page], locale: str, refused: str, title: str
) -> None:
    staff, secret = house.do(lambda console: console.member("reader", language=locale[:2]))
    page = opened(locale)
    page.goto(f"{house.address}/account")
    assert page.url == f"{house.address}/login"
    tab_to(page, "#login")
    page.keyboard.type(staff.login)
    press(page, "Tab")
    page.keyboard.type("not the password")
    press(page, "Enter")
    assert refused in page.locator("[role=alert]").inner_text()
    # The person goes on where the first field is.
    assert page.evaluate("document.activeElement.id") == "login"
    page.keyboard.type(staff.login)
    press(page, "Tab")
    page.keyboard.type(PASSWORD)
    press(page, "Tab")
    page.keyboard.type(code_of(secret))
    press(page, "Enter")
    page.wait_for_url(f"{house.address}/")
    page.goto(f"{house.address}/account")
    assert page.locator("h1").inner_text() == title
    tab_to(page, "form[action$=logout] button")
    press(page, "Enter")
    page.wait_for_url(f"{house.address}/login")
    page.goto(f"{house.address}/account")
    assert page.url == f"{house.address}/login"


@pytest.mark.parametrize("locale", ["en-US", "es-MX"])
def test_an_account_is_set_up_with_the_keyboard_alone(
    house: House, opened: Callable[..., Page], locale: str
) -> None:
    login, lang = f"new.{locale[:2]}", locale[:2]
    password = house.do(lambda console: console.accounts.add(login, "New Person", "reviewer", language=lang))
    page = opened(locale, "phone")
    page.goto(f"{house.address}/login")
    tab_to(page, "#login")
    page.keyboard.type(login)
    press(page, "Tab")
    page.keyboard.type(password)
    press(page, "Enter")
    page.wait_for_url(f"{house.address}/setup")
    assert violations(page) == []
    assert fits(page)
    secret = page.locator(".secret").inner_text().replace(" ", "")
    tab_to(page, "#new")
    page.keyboard.type("four words of mine")
    press(page, "Tab")
    page.keyboard.type("four words of mine")
    tab_to(page, "#code")
    page.keyboard.type("000000")
    press(page, "Enter")
    page.locator("[role=alert]").wait_for()
    assert violations(page) == []
    page.fill("#new", "four words of mine")
    page.fill("#again", "four words of mine")
    page.fill("#code", code_of(secret))
    press(page, "Enter")
    page.wait_for_selector(".codes li")
    assert page.locator(".codes li").count() == 10
    assert violations(page) == []
    assert fits(page)
    tab_to(page, "a.main")
    press(page, "Enter")
    page.wait_for_url(f"{house.address}/")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("locale", "size"), [("en-US", "desk"), ("es-MX", "phone")])
def test_axe_finds_nothing_on_any_page_of_access(
    house: House, opened: Callable[..., Page], locale: str, size: str, scheme: str
) -> None:
    staff, _ = house.do(lambda console: console.member("admin", language=locale[:2]))
    shut, _ = house.do(lambda console: console.member("reader"))
    house.do(lambda console: console.accounts.disable(shut.id))
    page = opened(locale, size, color_scheme=scheme)
    page.goto(f"{house.address}/login")
    assert violations(page) == []
    assert fits(page)
    sign_in(page, house, staff.id)
    for path in ("/account", "/accounts", "/audit", "/nothing"):
        page.goto(house.address + path)
        assert violations(page) == [], path
        assert fits(page), path
    page.goto(f"{house.address}/account")
    page.fill("#app-present", PASSWORD)
    press(page, "Enter")
    page.wait_for_selector(".qr svg")
    assert violations(page) == []
    assert fits(page)


def sign_in(page: Page, house: House, staff_id: str) -> None:
    """Puts a session's cookie into the browser."""
    token = house.do(lambda console: console.app[parts.SESSIONS].open(staff_id, "full", console.clock.now()))
    page.context.add_cookies([{"name": "faro_staff", "value": token, "url": house.address}])


def test_an_admin_asks_twice_before_somebody_is_shut_out(house: House, opened: Callable[..., Page]) -> None:
    staff, _ = house.do(lambda console: console.member("admin"))
    other, _ = house.do(lambda console: console.member("reader"))
    page = opened()
    sign_in(page, house, staff.id)
    page.goto(f"{house.address}/accounts")
    form = page.locator(f"form[action$='{other.id}/disable']")
    questions: list[str] = []
    page.once("dialog", lambda dialog: (questions.append(dialog.message), dialog.dismiss()))
    form.locator("button").click()
    assert "Disable the account of" in questions[0]
    assert form.count() == 1
    page.once("dialog", lambda dialog: dialog.accept())
    form.locator("button").click()
    page.wait_for_selector(f"form[action$='{other.id}/enable']")


def test_everything_works_without_scripts(house: House, opened: Callable[..., Page]) -> None:
    staff, secret = house.do(lambda console: console.member("admin"))
    page = opened(java_script_enabled=False)
    page.goto(f"{house.address}/login")
    page.fill("#login", staff.login)
    page.fill("#password", PASSWORD)
    page.fill("#code", code_of(secret))
    page.click("button.main")
    page.goto(f"{house.address}/accounts")
    page.fill("#add-name", "Another Person")
    page.fill("#add-login", "another.person")
    page.select_option("#add-role", "attorney")
    page.click("#add-title ~ form button.main")
    assert page.locator(".secret").inner_text().count("-") == 4
    page.click("a.main")
    page.click("button[name=language]")
    assert page.locator("html").get_attribute("lang") == "es"
    assert page.url == f"{house.address}/accounts"


def test_the_demo_s_link_opens_the_console(house: House, opened: Callable[..., Page]) -> None:
    base = house.address.removesuffix(PREFIX)
    link = house.do(lambda console: demo_link(console.settings, console.database, base, console.clock.now()))
    page = opened()
    page.goto(link)
    assert violations(page) == []
    tab_to(page, "button.main")
    press(page, "Enter")
    page.wait_for_url(f"{house.address}/")
    page.goto(link)
    page.click("button.main")
    assert "already" in page.locator("[role=alert]").inner_text()
