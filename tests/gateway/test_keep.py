"""A date that can be kept: what the page gets to ask for its calendar file and its page to print."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest
from icalendar import Calendar

from tests.gateway.conftest import Gateway, Start, checked
from tests.gateway.standin import answer

DATES = "/api/deadlines/v1"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
KEEP = {
    "calculation": "bia_appeal",
    "inputs": {"decision_date": "2026-11-20", "mode": "oral"},
    "today": "2026-11-20",
    "calendar_until": "2026-12-21",
    "labels": {"calendar": "Add to calendar", "print": "Print", "copy": "Copy"},
}


async def kept(gateway: Gateway, keep: Any) -> dict[str, Any]:
    """The message that the page gets of a reply with that ``keep``."""
    gateway.engine.replies = [replace(answer("en"), keep=keep)]
    talk = await gateway.begin()
    (message,) = (await talk.send("when is my appeal due"))["messages"]
    assert isinstance(message, dict)
    return message


def request_of(message: dict[str, Any]) -> dict[str, Any]:
    """What the page asks the deadline API for."""
    named = {name: message["keep"][name] for name in ("calculation", "inputs", "today")}
    return {**named, "lang": message["language"]}


async def test_a_message_tells_how_its_date_is_kept(gateway: Gateway) -> None:
    assert (await kept(gateway, KEEP))["keep"] == KEEP


async def test_other_messages_have_no_such_field(gateway: Gateway) -> None:
    talk = await gateway.begin()
    said = await talk.send("can i work")
    assert all("keep" not in message for message in [*talk.started["messages"], *said["messages"]])


async def test_it_is_there_after_a_restart_when_the_conversation_is_kept(start: Start) -> None:
    first = await start()
    talk = await first.begin()
    await talk.agree()
    first.engine.replies = [replace(answer("en"), keep=KEEP)]
    await talk.send("when is my appeal due")
    again = replace(talk, client=(await start()).client)
    assert [m["keep"] for m in (await again.read())["messages"] if "keep" in m] == [KEEP]


@pytest.mark.parametrize(
    "wrong",
    [
        "bia_appeal",
        {"calculation": "bia_appeal", "inputs": {}},
        {**KEEP, "inputs": ["2026-11-20"]},
        {**KEEP, "labels": {"calendar": "Add to calendar"}},
        {**KEEP, "calendar_until": 3},
        {**KEEP, "more": True},
    ],
)
async def test_an_answer_is_told_without_it_when_it_cannot_be_used(gateway: Gateway, wrong: Any) -> None:
    message = await kept(gateway, wrong)
    assert message["kind"] == "answer"
    assert "keep" not in message


async def test_the_file_agrees_with_what_was_said_on_that_day(gateway: Gateway) -> None:
    response = await gateway.client.post(f"{DATES}/calendar", json=request_of(await kept(gateway, KEEP)))
    assert response.status == 200
    file = Calendar.from_ical(await response.text())
    days = [event["DTSTART"].dt.isoformat() for event in file.walk("VEVENT")]
    assert max(days) == KEEP["calendar_until"]
    assert {event["DTSTAMP"].dt.date().isoformat() for event in file.walk("VEVENT")} == {KEEP["today"]}


async def test_the_page_agrees_with_what_was_said_on_that_day(gateway: Gateway) -> None:
    body = urlencode({"request": json.dumps(request_of(await kept(gateway, KEEP)))})
    response = await gateway.client.post(f"{DATES}/page", data=body, headers=FORM)
    assert response.status == 200
    assert "November 20, 2026" in await response.text()


@pytest.mark.parametrize(("lang", "said"), [("en", "Please wait"), ("es", "Espere")])
async def test_a_posted_form_is_refused_in_words_and_not_in_json(start: Start, lang: str, said: str) -> None:
    gateway = await start(deadlines="1/minute")
    body = urlencode({"request": json.dumps({"calculation": "bia_appeal", "inputs": {}, "lang": lang})})
    browser = {**FORM, "Accept": "text/html,*/*;q=0.8", "Accept-Language": lang}
    first = await gateway.client.post(f"{DATES}/page", data=body, headers=browser)
    second = await gateway.client.post(f"{DATES}/page", data=body, headers=browser)
    assert (first.status, second.status) == (422, 429)
    for response in (first, second):
        assert response.content_type == "text/html"
        assert response.headers["Content-Language"] == lang
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        assert f'<html lang="{lang}">' in await response.text()
    assert said in await second.text()
    assert second.headers["Retry-After"]


async def test_a_program_that_posts_a_form_gets_a_problem_document(gateway: Gateway) -> None:
    response = await gateway.client.post(f"{DATES}/page", data="request=x", headers=FORM)
    assert (response.status, (await checked(response))["code"]) == (400, "bad_json")


# a question that a day answers


async def test_a_question_for_a_day_says_so_and_nothing_else_does(gateway: Gateway) -> None:
    talk = await gateway.begin()
    for told, shown in (("date", "date"), ("", None), ("time", None), (7, None), (["date"], None)):
        gateway.engine.replies = [replace(answer("en"), expects=told)]  # type: ignore[arg-type]
        (message,) = (await talk.send("how long do I have"))["messages"]
        assert message.get("expects") == shown
