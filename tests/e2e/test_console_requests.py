"""Working off the requests for a consultation in a real Chromium: by keyboard, without scripts, in both languages."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.console.pages.conftest import asks
from tests.console.pages.planting import full_conversation
from tests.console.pages.serving import Served, serving
from tests.e2e.staff import DESK, PHONE, looked_at, tab_to

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("requests")) as running:
        yield running


@pytest.fixture
def path(served: Served) -> str:
    """The address of a request that waits."""

    async def ask() -> str:
        conversation = await full_conversation().save(served.console.store)
        saved = await asks(served.console, conversation)
        return f"/staff/bookings/{saved.request_id}"

    return served.run(ask())


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_request_is_dealt_with_and_put_back_by_keyboard_alone(
    served: Served, path: str, open_page: Callable[..., Page], language: str
) -> None:
    page = open_page("reviewer", language, viewport=DESK)
    page.goto(f"{served.address}/staff/bookings")
    assert looked_at(page) == [], "waiting"
    expect(page.locator(f".case a[href='{path}']")).to_be_visible()
    tab_to(page, f"form[action='{path}/handled'] button")
    page.keyboard.press("Enter")
    page.wait_for_url("**said=handled*")
    expect(page.locator("#said")).to_be_focused()
    expect(page.locator(f".case a[href='{path}']")).to_have_count(0)
    assert looked_at(page) == [], "dealt with"

    tab_to(page, f".undo[action='{path}/reopened'] button")
    page.keyboard.press("Enter")
    page.wait_for_url("**said=reopened*")
    expect(page.locator(f".case a[href='{path}']")).to_be_visible()

    tab_to(page, f".case a[href='{path}']")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{path}")
    tab_to(page, f"form[action='{path}/handled'] button")
    page.keyboard.press("Enter")
    page.wait_for_url("**said=handled*")
    expect(page.locator("#said")).to_have_text(
        {
            "en": "Noted that you were in touch. The request has left the list.",
            "es": "Quedó anotado que usted se comunicó. La solicitud salió de la lista.",
        }[language]
    )
    assert looked_at(page) == [], "a request that was dealt with"


def test_requests_are_worked_off_on_a_phone_without_scripts(
    served: Served, path: str, open_page: Callable[..., Page]
) -> None:
    page = open_page("reviewer", "es", java_script_enabled=False, viewport=PHONE)
    page.goto(f"{served.address}/staff/queues/requests")
    page.locator(f"form[action='{path}/handled'] button").click()
    expect(page.locator("#said")).to_contain_text("La solicitud salió de la lista")
    expect(page.locator(f".case a[href='{path}']")).to_have_count(0)
    page.goto(f"{served.address}/staff/bookings")
    page.get_by_role("link", name="Todas las solicitudes").click()
    expect(page.locator(".case", has=page.locator(f"a[href='{path}']"))).to_contain_text("llamó o escribió")
    page.locator(f"form[action='{path}/reopened'] button").click()
    expect(page.locator(f"form[action='{path}/handled'] button")).to_be_visible()
