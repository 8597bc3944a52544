"""What staff do all day, each by keyboard alone in a real Chromium: in English on a desk and in Spanish on a phone.

Every step is looked at on the page, in the store, by where the focus is, and by axe-core.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from bot.console.access import Staff
from bot.console.parts import SESSIONS
from bot.console.ports import Window
from bot.console.telling import short_id
from bot.transcripts.records import AlarmRecord, Whole
from tests.console.pages.conftest import asks
from tests.console.pages.planting import NOON, Planted, full_conversation
from tests.console.pages.serving import Served, serving
from tests.e2e.staff import DESK, PHONE, looked_at, press, say, tab_to, told

SYSTEM = {"FARO_BOOKING_URL": "https://firm.example/", "FARO_BOOKING_SECRET": "whsec_" + "QUFB" * 8}
LOOK = {"en": DESK, "es": PHONE}
#: One more than stands on a page of the list.
MANY = 51

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("language", ["en", "es"])]

Open = Callable[[str, str], tuple[Page, Staff]]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("workflows"), **SYSTEM) as running:
        yield running


@pytest.fixture
def open_as(served: Served, open_page: Callable[..., Page]) -> Open:
    """A page with somebody of that role signed in, and who they are."""

    def opened(role: str, language: str) -> tuple[Page, Staff]:
        page = open_page(role, language, viewport=LOOK[language])
        page.set_default_timeout(10_000)
        token = next(one for one in page.context.cookies() if one["name"] == "faro_staff")["value"]
        found = served.run(served.console.app[SESSIONS].find(token, NOON))
        assert found is not None
        return page, found[1]

    return opened


def kept(served: Served, id: str) -> Whole:
    """What the store holds of a conversation."""
    found = served.run(served.console.review.whole(id))
    assert found is not None
    return found


def last_line(served: Served, id: str, action: str) -> dict[str, Any]:
    """What the log's newest line of that action holds about something."""
    lines, _ = served.run(served.console.audit.page(50, object_id=id))
    return next(dict(line.detail) for line in lines if line.action == action)


def test_what_waits_is_dealt_with(served: Served, open_as: Open, language: str) -> None:
    planted = full_conversation(language)
    id = served.run(planted.save(served.console.store))
    unsure = next(one.id for one in planted.messages if one.look)
    bad = next(one.id for one in planted.messages if one.rating == "down")
    alarm = f"a_{secrets.token_hex(8)}"
    served.run(served.console.store.add_alarm(AlarmRecord(alarm, NOON, "turn", "action_failed", id)))
    page, staff = open_as("reviewer", language)
    page.goto(f"{served.address}/staff/")
    assert looked_at(page) == []

    press(page, f"form[action='/staff/conversations/{id}/touched'] button")
    page.wait_for_url("**said=touched*")
    told(page, say("said_touched", language))
    expect(page.locator(f".case.urgent a[href='/staff/conversations/{id}']")).to_have_count(0)
    assert kept(served, id).row.human_at == NOON

    for queue, message in (("look", unsure), ("down", bad)):
        press(page, f".tabs a[href='/staff/queues/{queue}']")
        page.wait_for_url(f"**/queues/{queue}")
        expect(page.get_by_role("heading", level=1)).to_have_text(say(f"queue_{queue}", language))
        assert looked_at(page) == [], queue
        form = f"form[action='/staff/messages/{message}/looked']"
        press(page, f"{form} button")
        page.wait_for_url(f"**/queues/{queue}?said=looked*")
        told(page, say("said_looked", language))
        expect(page.locator(form)).to_have_count(0)
        assert message in kept(served, id).looked

    press(page, ".tabs a[href='/staff/queues/alarms']")
    page.wait_for_url("**/queues/alarms")
    assert looked_at(page) == [], "alarms"
    press(page, f"form[action='/staff/alarms/{alarm}/settled'] button")
    page.wait_for_url("**said=settled*")
    told(page, say("said_settled", language))
    expect(page.locator(f"form[action*='{alarm}']")).to_have_count(0)
    assert alarm not in [one.id for one in served.run(served.console.review.alarms()).rows]
    assert last_line(served, alarm, "alarm.settled") == {}
    assert staff.language == language


def test_one_conversation_is_worked_on(served: Served, open_as: Open, language: str) -> None:
    planted = full_conversation(language)
    id = served.run(planted.save(served.console.store))
    served.run(_refused_request(served, id))
    unsure = next(one.id for one in planted.messages if one.look)
    base = f"/staff/conversations/{id}"
    page, _ = open_as("reviewer", language)
    page.goto(f"{served.address}{base}")

    press(page, f"form[action='{base}/contact#contact'] button")
    expect(page.locator("#contact")).to_be_focused()
    told(page, "+12025550142", "#contact")
    assert "contact.shown" in served.run(served.console.actions(id))

    # The request that the firm's system refused.
    page.goto(f"{served.address}{base}")
    press(page, "form[action$='/resend'] button")
    page.wait_for_url("**said=resent*")
    told(page, say("said_resent", language))
    found = served.run(served.console.bookings.latest_of(id))
    assert found is not None
    assert found.delivery == "queued"

    press(page, f"form[action='{base}/touched'] button")
    page.wait_for_url("**said=touched*")
    told(page, say("said_touched", language))
    assert kept(served, id).row.human_at == NOON

    # An answer that Faro was not sure of, from among its details.
    press(page, f"#m-{unsure} summary")
    press(page, f"form[action='/staff/messages/{unsure}/looked'] button")
    page.wait_for_url("**said=looked*")
    told(page, say("said_looked", language))
    assert unsure in kept(served, id).looked

    tab_to(page, "#label")
    for _ in range(4):
        page.keyboard.press("ArrowDown")
    expect(page.locator("#label")).to_have_value("notario")
    press(page, "form.inline button")
    page.wait_for_url("**said=labelled*")
    told(page, say("said_labelled", language))
    expect(page.locator(".labels")).to_contain_text(say("label_notario", language))
    assert kept(served, id).row.labels == ("notario",)
    press(page, ".labels button")
    page.wait_for_url("**said=unlabelled*")
    told(page, say("said_unlabelled", language))
    expect(page.locator(".labels")).to_have_count(0)
    assert kept(served, id).row.labels == ()


def test_a_person_on_whatsapp_is_written_to(served: Served, open_as: Open, language: str) -> None:
    desk = served.console.desk
    planted = Planted(language, channel="whatsapp")
    planted.heard("hola" if language == "es" else "hello", "greet", 0.97)
    id = served.run(planted.save(served.console.store))
    base = f"/staff/conversations/{id}"
    page, staff = open_as("reviewer", language)
    until = NOON + timedelta(hours=5, minutes=20)
    desk.next_window = Window("whatsapp", until, False)
    page.goto(f"{served.address}{base}")
    window = {"en": "another 5 h 20 min (6:20 PM)", "es": "durante 5 h 20 min más (6:20 p.m.)"}
    expect(page.locator("#write")).to_contain_text(window[language])

    press(page, f"form[action='{base}/claim'] button")
    page.wait_for_url("**said=claimed*")
    told(page, say("said_claimed", language))
    assert kept(served, id).row.claimed_by == staff.id
    expect(page.locator("#write")).to_contain_text(window[language])

    # What cannot be sent is told beside what was typed, and it is still there.
    desk.answers["write"] = "personal"
    tab_to(page, "#text")
    page.keyboard.type("A 123 456 789")
    press(page, f"form[action='{base}/write#problem'] button")
    expect(page.locator("#problem")).to_be_visible()
    told(page, say("said_personal", language), "#problem")
    tab_to(page, "#text")
    expect(page.locator("#text")).to_have_value("A 123 456 789")
    desk.answers.clear()
    page.keyboard.press("Control+A")
    page.keyboard.type("Buenas tardes.")
    press(page, f"form[action='{base}/write#problem'] button")
    page.wait_for_url("**said=sent*")
    told(page, say("said_sent", language))
    assert [one.text for one in kept(served, id).messages if one.author == "staff"] == ["Buenas tardes."]

    desk.next_window = Window("whatsapp", NOON - timedelta(minutes=1), False)
    press(page, f"form[action='{base}/release'] button")
    page.wait_for_url("**said=released*")
    told(page, say("said_released", language))
    expect(page.locator("#write")).to_contain_text(say("window_closed", language))
    assert kept(served, id).row.claimed_by is None


def test_what_an_attorney_alone_may_do(served: Served, open_as: Open, language: str, tmp_path: Path) -> None:
    planted = full_conversation(language)
    id = served.run(planted.save(served.console.store))
    served.run(_refused_request(served, id))
    served.console.desk.next_window = Window("whatsapp", NOON + timedelta(hours=1), False)
    short, base, message = short_id(id), f"/staff/conversations/{id}", planted.messages[0].id
    page, staff = open_as("attorney", language)
    page.goto(f"{served.address}{base}")

    # A masked part, for a reason.
    press(page, f"#m-{message} details:not([data-more]) summary")
    tab_to(page, f"#why-{message}")
    page.keyboard.press("ArrowDown")
    press(page, f"#m-{message} form[action$='/reveal#said'] button")
    expect(page.locator(".revealed")).to_contain_text("202 555 0142")
    told(page, say("reveal_shown", language), ".revealed")
    assert last_line(served, id, "message.revealed") == {"message": message, "why": "safety"}

    # A hold: a reason of blanks is none.
    press(page, "details.act:has(#hold-why) summary")
    tab_to(page, "#hold-why")
    page.keyboard.type("  ")
    page.keyboard.press("Enter")
    expect(page.locator("#problem")).to_be_visible()
    told(page, say("said_why_missing", language), "#problem")
    assert not kept(served, id).row.held
    tab_to(page, "#hold-why")
    page.keyboard.type("Subpoena 12")
    page.keyboard.press("Enter")
    page.wait_for_url("**said=hold_on*")
    told(page, say("said_hold_on", language))
    expect(page.locator("section[aria-labelledby=record-title]")).to_contain_text("Subpoena 12")
    assert kept(served, id).hold_reason == "Subpoena 12"

    # Nothing is erased while it is held, nor by a slip.
    for typed, problem in (("no", "erase_wrong"), (short, "erase_held")):
        if page.locator("details.act:has(#erase-typed)[open]").count() == 0:
            press(page, "details.act:has(#erase-typed) summary")
        tab_to(page, "#erase-typed")
        page.keyboard.type(typed)
        page.keyboard.press("Enter")
        expect(page.locator("#problem")).to_contain_text(say(problem, language, id=short))
        told(page, say(problem, language, id=short), "#problem")
        assert kept(served, id).row.held
    press(page, f"form[action='{base}/lift'] button", "Shift+Tab")
    page.wait_for_url("**said=hold_off*")
    told(page, say("said_hold_off", language))
    assert not kept(served, id).row.held

    # The page for the file, with the contact.
    press(page, "details.act:has(input[name=contact]) summary")
    tab_to(page, "input[name=contact]")
    page.keyboard.press("Space")
    with page.expect_download() as found:
        press(page, "form[data-download] button")
    found.value.save_as(tmp_path / "saved.html")
    saved = (tmp_path / "saved.html").read_text(encoding="utf-8")
    assert "+12025550142" in saved
    line = last_line(served, id, "conversation.exported")
    assert line["contact"] is True
    assert line["sha256"] in saved
    assert re.search(rf'<html lang="{language}">', saved)
    expect(page.locator("form[data-download] button")).to_be_focused()

    # Erased for good, and what that does not reach is named.
    press(page, "details.act:has(#erase-typed) summary")
    tab_to(page, "#erase-typed")
    page.keyboard.type(short)
    page.keyboard.press("Enter")
    told(page, say("erased", language), "h1")
    for name in ("erased_all", "cannot_firm_has_booking", "cannot_whatsapp_copy"):
        expect(page.locator("main")).to_contain_text(say(name, language))
    assert served.run(served.console.review.whole(id)) is None
    assert served.run(served.console.bookings.latest_of(id)) is None
    assert last_line(served, id, "conversation.erased")["done"] is True
    press(page, "main a.button")
    page.wait_for_url("**/staff/")
    assert staff.role == "attorney"


def test_conversations_are_found(served: Served, open_as: Open, language: str) -> None:
    served.run(_many(served, language))
    page, staff = open_as("reader", language)
    page.goto(f"{served.address}/staff/conversations")
    assert looked_at(page) == []
    cases = page.locator(".case")

    # Filters: who was answered on WhatsApp, in one language, since a day.
    press(page, "details.more summary")
    for field, downs, value in (
        ("outcome", 2, "answered"),
        ("language", ["es", "en"].index(language) + 1, language),
    ):
        tab_to(page, f"#f-{field}")
        for _ in range(downs):
            page.keyboard.press("ArrowDown")
        expect(page.locator(f"#f-{field}")).to_have_value(value)
    tab_to(page, "#f-since")
    # The same day whichever of month and day comes first.
    page.keyboard.type("11112026")
    expect(page.locator("#f-since")).to_have_value("2026-11-11")
    tab_to(page, "#f-channel")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    press(page, ".find .acts button")
    page.wait_for_url("**outcome=answered*")
    told(page, say("found_these", language), "#found")
    expect(cases).to_have_count(MANY - 1)
    press(page, ".pager a[rel=next]")
    page.wait_for_url("**before=*")
    told(page, say("found_these", language), "#found", look=False)
    expect(cases).to_have_count(1)
    press(page, ".pager a")
    page.wait_for_url(lambda url: "before" not in url)
    expect(cases).to_have_count(MANY - 1)

    # A search within them, page by page, that leaves no word in the address.
    tab_to(page, "#f-text", "Shift+Tab")
    page.keyboard.type("permiso" if language == "es" else "permit")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "?" not in url)
    told(page, say("found_these", language), "#found", look=False)
    expect(cases).to_have_count(MANY - 1)
    press(page, "form.pager button")
    expect(cases).to_have_count(1)
    told(page, say("found_these", language), "#found", look=False)
    assert "perm" not in page.url

    # Kept under a name, used, and forgotten.
    name = f"WhatsApp {language}"
    press(page, "details.views summary", "Shift+Tab")
    tab_to(page, "#view-name")
    page.keyboard.type("  ")
    page.keyboard.press("Enter")
    told(page, say("said_view_unnamed", language), "#problem")
    tab_to(page, "#view-name")
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    page.wait_for_url("**said=view_saved*")
    told(page, say("said_view_saved", language))
    expect(cases).to_have_count(MANY - 1)
    (view,) = served.run(served.console.review.views(staff.id))
    assert (view.name, view.query["text"][:4], view.query["channel"]) == (name, "perm", "whatsapp")
    page.goto(f"{served.address}/staff/conversations")
    press(page, f"a[href^='/staff/views/{view.id}']")
    told(page, say("found_these", language), "#found", look=False)
    expect(cases).to_have_count(MANY - 1)
    expect(page.locator("#f-text")).to_have_value(view.query["text"])
    expect(page.locator("#f-channel")).to_have_value("whatsapp")
    press(page, f"form[action='/staff/views/{view.id}/delete'] button", "Shift+Tab")
    page.wait_for_url("**said=view_deleted*")
    told(page, say("said_view_deleted", language))
    assert served.run(served.console.review.views(staff.id)) == ()


async def _refused_request(served: Served, conversation: str) -> None:
    """A request for a consultation that the firm's system refused."""
    bookings = served.console.bookings
    await asks(served.console, conversation)
    for item in await bookings.lease("test", NOON, 10):
        await bookings.refused(item, "http_403")


async def _many(served: Served, language: str) -> None:
    """More answered conversations on WhatsApp than one page shows, one on the web, and one that came to nothing."""
    text = "cuánto cuesta el permiso de trabajo" if language == "es" else "what does the work permit cost"
    for number in range(MANY + 2):
        planted = Planted(
            language,
            channel="web" if number == MANY else "whatsapp",
            began=NOON - timedelta(hours=3, minutes=number),
            changes={"outcome": "open" if number == MANY + 1 else "answered", "topic": "filing_fee"},
        )
        planted.heard(text, "filing_fee", 0.97)
        await planted.save(served.console.store)
