"""The accounts of staff, each by keyboard alone in a real Chromium: in English on a desk and in Spanish on a phone.

Coming in for the first time and later, the own account, what an admin does with others', and the log. Every step is
looked at on the page, in the database, by where the focus is, and by axe-core.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from bot.console.accounts import Account
from tests.console.conftest import PASSWORD
from tests.e2e.staff import focus_shows, looked_at, press, say, tab_to, to_page, told
from tests.e2e.test_console_access import House, code_of, house, opened, sign_in

__all__ = ["house", "opened"]

OTHER_PASSWORD = "five words that nobody guesses"
#: One more than stands on a page of the log.
LINES = 51

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("language", ["en", "es"])]

Opened = Callable[..., Page]


def opened_in(opened: Opened, language: str) -> Page:
    """A browser of that language, without anybody signed in."""
    page = opened({"en": "en-US", "es": "es-MX"}[language], {"en": "desk", "es": "phone"}[language])
    page.set_default_timeout(20_000)
    return page


def account_of(house: House, login: str) -> Account:
    """An account as it is kept."""
    return next(one for one in house.do(lambda console: console.accounts.all()) if one.login == login)


def actions_about(house: House, id: str) -> list[str]:
    """What the log holds about somebody, oldest first."""
    return house.do(lambda console: console.actions(id))


def fill(page: Page, **fields: str) -> None:
    """Types into fields by their id, from one to the next."""
    for id, text in fields.items():
        tab_to(page, f"#{id.replace('_', '-')}")
        page.keyboard.press("Control+A")
        page.keyboard.type(text)


def signed_in(page: Page, house: House, login: str, password: str, code: str) -> None:
    """Signs in by keyboard."""
    page.goto(f"{house.address}/login")
    fill(page, login=login, password=password, code=code)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{house.address}/")


def test_an_account_is_set_up_and_opens_with_codes(house: House, opened: Opened, language: str) -> None:
    login = f"first.{language}"
    given = house.do(lambda console: console.accounts.add(login, "Rosa Luz", "reviewer", language=language))
    page = opened_in(opened, language)
    page.goto(f"{house.address}/login")
    assert looked_at(page) == []
    fill(page, login=login, password=given)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{house.address}/setup")
    assert looked_at(page) == []
    secret = page.locator(".secret").inner_text().replace(" ", "")

    # Digits that do not fit: the person goes on at the first field, with the same key.
    fill(page, new=OTHER_PASSWORD, again=OTHER_PASSWORD, code="000000")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text(say("code_wrong", language))
    told(page, "", "#new")
    assert page.locator(".secret").inner_text().replace(" ", "") == secret
    assert not account_of(house, login).has_totp
    page.keyboard.type(OTHER_PASSWORD)
    fill(page, again=OTHER_PASSWORD, code=code_of(secret))
    page.keyboard.press("Enter")
    told(page, say("codes", language), "h1")
    codes = page.locator(".codes code").all_inner_texts()
    assert len(codes) == 10
    account = account_of(house, login)
    assert (account.has_totp, account.given_out_until) == (True, None)
    press(page, "a.main")
    page.wait_for_url(f"{house.address}/")

    # Out, and in again: with the next code of the app, then with a code on paper, which works once.
    press(page, "form[action$=logout] button")
    page.wait_for_url(f"{house.address}/login")
    signed_in(page, house, login, OTHER_PASSWORD, code_of(secret, 1))
    press(page, "form[action$=logout] button")
    page.wait_for_url(f"{house.address}/login")
    signed_in(page, house, login, OTHER_PASSWORD, codes[0])
    press(page, "form[action$=logout] button")
    page.wait_for_url(f"{house.address}/login")
    fill(page, login=login, password=OTHER_PASSWORD, code=codes[0])
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text(say("sign_in_refused", language))
    told(page, "", "#login")
    assert actions_about(house, account.id) == [
        "staff.add", "account.sign_in", "account.set_up",
        *("account.sign_out", "account.sign_in") * 2, "account.sign_out", "account.refused",
    ]  # fmt: skip


def test_the_own_account(house: House, opened: Opened, language: str) -> None:
    staff, _ = house.do(lambda console: console.member("reader", language=language))
    page = opened_in(opened, language)
    sign_in(page, house, staff.id)
    page.goto(f"{house.address}/")
    to_page(page, "/account")
    assert looked_at(page) == []

    # The password: a wrong one first.
    fill(page, password_present="not this one", new=OTHER_PASSWORD, again=OTHER_PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text(say("password_wrong", language))
    told(page, "", "#password-present")
    page.keyboard.type(PASSWORD)
    fill(page, new=OTHER_PASSWORD, again=OTHER_PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**done=password*")
    told(page, say("password_changed", language))

    # Codes on paper.
    tab_to(page, "#codes-present")
    page.keyboard.type(OTHER_PASSWORD)
    page.keyboard.press("Enter")
    told(page, say("codes", language), "h1")
    assert page.locator(".codes li").count() == 10
    press(page, "a.main")
    page.wait_for_url(f"{house.address}/")

    # Another app: the key is where the person goes on.
    page.goto(f"{house.address}/account")
    expect(page.locator("main")).to_contain_text(
        {"en": "10 codes are left.", "es": "Quedan 10 códigos."}[language]
    )
    tab_to(page, "#app-present")
    page.keyboard.type(OTHER_PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**done=app*")
    told(page, say("app_how", language), "#app-new")
    secret = page.locator(".secret").inner_text().replace(" ", "")
    tab_to(page, "#code")
    page.keyboard.type("000000")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text(say("code_wrong", language))
    told(page, "", "#code")
    page.keyboard.type(code_of(secret))
    page.keyboard.press("Enter")
    told(page, say("codes", language), "h1")
    press(page, "a.main")
    page.wait_for_url(f"{house.address}/")

    # The other language, on the page where it was asked for.
    page.goto(f"{house.address}/account")
    other = {"en": "es", "es": "en"}[language]
    press(page, "button[name=language]")
    page.wait_for_function("was => document.documentElement.lang !== was", arg=language)
    expect(page.get_by_role("heading", level=1)).to_have_text(say("account", other))
    assert page.url == f"{house.address}/account"
    assert looked_at(page) == []
    assert account_of(house, staff.login).language == other
    assert actions_about(house, staff.id) == [
        "account.refused", "account.password", "account.codes", "account.totp_begin", "account.totp",
        "account.language",
    ]  # fmt: skip


def test_an_admin_looks_after_accounts(house: House, opened: Opened, language: str) -> None:
    admin, _ = house.do(lambda console: console.member("admin", language=language))
    login = f"added.{language}"
    page = opened_in(opened, language)
    page.on("dialog", lambda dialog: dialog.accept())
    sign_in(page, house, admin.id)
    page.goto(f"{house.address}/")
    to_page(page, "/accounts")
    assert looked_at(page) == []

    # A login that somebody has: nothing of what was typed is lost, and the field to mend has the focus.
    fill(page, add_name="Luz Marina", add_login=admin.login)
    tab_to(page, "#add-role")
    page.keyboard.press("ArrowDown")
    press(page, "form:has(#add-login) button")
    expect(page.get_by_role("alert")).to_have_text(say("refused_login_taken", language))
    told(page, "", "#add-login")
    expect(page.locator("#add-name")).to_have_value("Luz Marina")
    expect(page.locator("#add-role")).to_have_value("reviewer")
    page.keyboard.press("Control+A")
    page.keyboard.type(login)
    page.keyboard.press("Enter")
    told(page, say("given_out", language), "h1")
    first = page.locator(".secret").inner_text()
    account = account_of(house, login)
    assert (account.name, account.role, account.language) == ("Luz Marina", "reviewer", language)
    # The form has the address of the list.
    press(page, "a.main")
    page.locator("#add-login").wait_for()

    # Another role.
    at = f"form[action='/staff/accounts/{account.id}"
    tab_to(page, f"{at}/role'] select")
    page.keyboard.press("ArrowDown")
    press(page, f"{at}/role'] button")
    page.wait_for_url("**done=role*")
    told(page, say("done_role", language))
    assert account_of(house, login).role == "attorney"

    # Shut, and open again; each time the page tells it.
    press(page, f"{at}/disable'] button")
    page.wait_for_url("**done=disable*")
    told(page, say("done_disable", language))
    assert account_of(house, login).disabled_at is not None
    press(page, f"{at}/enable'] button")
    page.wait_for_url("**done=enable*")
    told(page, say("done_enable", language))
    assert account_of(house, login).disabled_at is None

    # A new password for who has lost everything.
    press(page, f"{at}/reset'] button")
    told(page, say("given_out", language), "h1")
    assert page.locator(".secret").inner_text() != first
    assert not account_of(house, login).has_totp
    assert actions_about(house, account.id) == [
        "staff.add", "staff.role", "staff.disable", "staff.enable", "staff.reset",
    ]  # fmt: skip


def test_the_log_is_read(house: House, opened: Opened, language: str) -> None:
    admin, _ = house.do(lambda console: console.member("admin", language=language))
    other, _ = house.do(lambda console: console.member("attorney"))
    for number in range(LINES):
        house.do(
            lambda console, number=number: console.audit.write(
                other,
                "message.revealed" if number else "conversation.exported",
                f"c_{language}_{number}",
                {"message": "m_1", "why": "safety"} if number else {"sha256": "ab" * 32, "contact": True},
            )
        )
    page = opened_in(opened, language)
    sign_in(page, house, admin.id)
    page.goto(f"{house.address}/")
    to_page(page, "/audit")
    assert looked_at(page) == []
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(LINES - 1)
    # What the log holds is told in words, in the reader's language.
    expect(rows.first).to_contain_text(say("action_audit_read", language))
    reason = {"en": "The person may be in danger", "es": "La persona puede estar en peligro"}[language]
    expect(rows.nth(1)).to_contain_text(reason)

    # What one person did, page by page.
    press(page, f"a[href$='who={other.id}']")
    page.wait_for_url(f"**who={other.id}")
    assert looked_at(page) == []
    expect(rows).to_have_count(LINES - 1)
    expect(rows.last).to_contain_text(other.name)
    press(page, "a[rel=next]")
    page.wait_for_url("**before=*")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text(say("action_conversation_exported", language))
    assert looked_at(page) == []

    # What was done about one thing.
    press(page, f"a[href$='about=c_{language}_0']")
    page.wait_for_url("**about=*")
    expect(rows).to_have_count(1)
    press(page, ".pages a")
    page.wait_for_url(re.compile(r"/audit$"))
    assert looked_at(page) == []
    expect(rows).to_have_count(LINES - 1)
    # The table is wider than a phone: its box is reached and scrolled by keyboard.
    tab_to(page, ".wide")
    page.keyboard.press("ArrowRight")
    assert focus_shows(page)
    assert actions_about(house, f"c_{language}_0") == ["conversation.exported"]
