"""Whole conversations from a first question to a request, through the real gateway, engine, actions and delivery."""

from __future__ import annotations

import json
import re
import sqlite3
import time
import urllib.request
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.booking.payload import wrong
from bot.booking.ports import CANCELLED, REQUESTED
from bot.booking.signature import signed
from bot.core import yaml12
from tests.conversations.conftest import CALLBACK_SECRET, Office
from tests.stack import Stack, Talk

JOURNEYS: dict[str, dict[str, Any]] = yaml12.load_file(Path(__file__).with_name("journeys.yml"))

BOOKING = (
    "[By phone]", "305 555 0155", "[Yes, it is safe]", "[English]", "[Any time]", "[Yes, send it]", "[Skip]",
    "[Yes, it is right]",
)  # fmt: skip


@pytest.mark.parametrize("name", JOURNEYS)
def test_a_journey_ends_as_expected(faro: Stack, name: str) -> None:
    journey = JOURNEYS[name]
    talk = faro.talk(journey["language"], journey.get("consent"))
    everything = walk(talk, journey["turns"])
    assert [text for text in journey["said"] if text not in everything] == []
    assert [text for text in journey["never"] if text in everything] == []
    saved = request_of(faro, talk)
    assert (saved is not None) == ("saved" in journey)
    if saved is not None:
        assert saved == {**saved, "state": "requested", **journey["saved"]}
    for value in journey.get("private", ()):
        assert files_with(faro, value) == [], value


def test_the_journeys_are_many_in_both_languages_and_each_says_what_must_not_be_said() -> None:
    assert len(JOURNEYS) >= 16
    spoken = [journey["language"] for journey in JOURNEYS.values()]
    assert min(spoken.count("en"), spoken.count("es")) >= 6
    assert all(journey["said"] and journey["never"] for journey in JOURNEYS.values())


def test_the_office_gets_the_request_signed_and_the_person_hears_of_it_and_of_the_appointment(
    faro: Stack, office: Office
) -> None:
    talk = faro.talk("en", consent=True)
    turns = ("my situation", "in texas", "[No]", "[Not yet]", "yes i have a hearing on december 11")
    walk(talk, turns)
    walk(talk, ("i want an appointment", "Juniper Falcon", *BOOKING))
    (reference,) = set(re.findall(r"Your reference is ([A-Z]{6})", talk.messages[-1]["text"]))
    event = office.wait_for(reference, REQUESTED)
    assert wrong(event) is None
    data = event["data"]
    assert data["contact"]["name_as_given"] == "Juniper Falcon"
    assert data["contact"]["phone_e164"] == "+13055550155"
    assert data["triage"]["level"] == "urgent"
    assert "hearing_near" in data["triage"]["reasons"]
    assert data["facts"]["next_hearing_date"] == "2026-12-11"
    assert data["transcript"]["conversation_ref"] == talk.id
    assert "The office has your request" in heard_later(talk, reference, "The office has your request")
    start = "2026-11-24T15:00:00Z"
    confirmed = {
        "type": "consultation.confirmed",
        "timestamp": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "data": {"reference": reference, "start": start, "timezone": "America/New_York"},
    }
    assert call_back(faro, f"msg_{reference}", confirmed) == "applied"
    assert call_back(faro, f"msg_{reference}", confirmed) == "repeated"
    told = heard_later(talk, reference, "confirmed your appointment")
    assert "November 24, 2026" in told
    assert "10:00" in told
    walk(talk, ("when is my appointment",))
    assert "November 24, 2026" in talk.messages[-1]["text"]


def test_a_request_that_was_taken_back_is_taken_back_at_the_office_too(faro: Stack, office: Office) -> None:
    talk = faro.talk("en", consent=False)
    walk(talk, ("i want an appointment", "Linden Osprey", *BOOKING))
    (reference,) = set(re.findall(r"Your reference is ([A-Z]{6})", talk.messages[-1]["text"]))
    requested = office.wait_for(reference, REQUESTED)
    assert "conversation_ref" not in requested["data"].get("transcript", {})
    walk(talk, ("please cancel my appointment", "[Yes]"))
    assert "contact" not in office.wait_for(reference, CANCELLED)["data"]


def test_tracker_and_transcript_hold_tokens_where_the_person_sees_the_values(faro: Stack) -> None:
    talk = faro.talk("es", consent=True)
    walk(talk, ("quiero una cita, mi numero es 305 555 0137", "Nopal Garza"))
    asked = (
        "[Sí, es seguro]",
        "[Español]",
        "martes despues de las cinco",
        "[Sí, puede enviarla]",
        "[Saltar]",
    )
    walk(talk, asked)
    shown = talk.messages[-1]["text"]
    assert all(value in shown for value in ("Nopal Garza", "305 555 0137", "martes despues de las cinco"))
    values = ("[NAME_1]", "[PHONE_1]", "[WHEN_1]")
    (state,) = rows(
        faro, "engine.db", "SELECT state FROM engine_conversations WHERE conversation = ?", talk.id
    )
    assert [token for token in values if token not in state[0]] == []
    kept = rows(faro, "faro.db", "SELECT text FROM messages WHERE conversation_id = ?", talk.id)
    assert [token for token in values if not any(token in text for (text,) in kept)] == []
    for value in ("Nopal Garza", "305 555 0137", "martes despues de las cinco"):
        assert files_with(faro, value) == [], value
    # The confirmed request goes to the office; what stood behind the tokens is then let go here.
    walk(talk, ("[Sí, está bien]",))
    assert rows(faro, "faro.db", "SELECT token FROM booking_values WHERE conversation_id = ?", talk.id) == []


def test_after_delete_my_data_no_part_holds_a_word_of_it(faro: Stack) -> None:
    talk = faro.talk("en", consent=True)
    walk(talk, ("how long do i have to apply, quetzalquartz", "can i work while i wait, tamarillo"))
    walk(talk, ("i want an appointment", "Cypress Heron"))
    # What has to go is there in the first place, in the gateway's database and in the engine's.
    for word in ("quetzalquartz", "tamarillo"):
        assert any(name.startswith("faro.db") for name in files_with(faro, word)), word
    held = tables_with(faro, talk)
    assert {"conversations", "messages", "told", "booking_values", "engine_conversations"} <= held
    walk(talk, ("delete my data", "[Yes, delete it all]"))
    assert tables_with(faro, talk) == set()
    assert [name for name in files_with(faro, talk.id) if not name.endswith(".log")] == []
    for value in ("quetzalquartz", "tamarillo", "Cypress Heron"):
        assert files_with(faro, value) == [], value


# how it is done


def walk(talk: Talk, turns: tuple[str, ...] | list[str]) -> str:
    """Everything that was said in answer to the turns; a turn in [brackets] presses that choice."""
    told: list[str] = []
    for turn in turns:
        said = talk.choose(turn[1:-1]) if turn.startswith("[") else talk.say(turn)
        assert said, f"silence after {turn!r}"
        for message in said:
            assert message["kind"] != "apology", f"{turn!r}: {message['text']}"
            told += [message["text"], message["full"], *message["notes"]]
            told += [choice["title"] for choice in message["choices"]]
    return "\n".join(told)


def rows(stack: Stack, file: str, query: str, *values: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{stack.var / file}?mode=ro", uri=True)) as connection:
        return connection.execute(query, values).fetchall()


def tables_with(stack: Stack, talk: Talk) -> set[str]:
    """Every table of both databases that has a row of the conversation."""
    found = set()
    for file in ("faro.db", "engine.db"):
        columns = rows(
            stack,
            file,
            "SELECT m.name, p.name FROM sqlite_master m JOIN pragma_table_info(m.name) p WHERE m.type = 'table'",
        )
        for table, column in columns:
            if rows(stack, file, f'SELECT 1 FROM "{table}" WHERE "{column}" = ? LIMIT 1', talk.id):
                found.add(table)
    return found


def request_of(stack: Stack, talk: Talk) -> dict[str, str] | None:
    """Level and state of the conversation's request; None without one. Two would be one too many."""
    found = rows(stack, "faro.db", "SELECT level, state FROM bookings WHERE conversation_id = ?", talk.id)
    assert len(found) <= 1
    return {"level": found[0][0], "state": found[0][1]} if found else None


def files_with(stack: Stack, value: str) -> list[str]:
    """The files of the folder in which a value stands in the open; a number also in digits alone."""
    digits = re.sub(r"\D", "", value)
    forms = {value.encode(), *([digits.encode()] if len(digits) >= 10 else [])}
    files = [file for file in stack.var.rglob("*") if file.is_file() and "models" not in file.parts]
    return [file.name for file in files if any(form in file.read_bytes() for form in forms)]


def heard_later(talk: Talk, reference: str, text: str, seconds: float = 15) -> str:
    """The message with this text and reference, which came by itself and not in answer to anything."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for message in talk.call("GET", "/messages")["messages"]:
            if text in message["text"] and reference in message["text"]:
                return str(message["text"])
        time.sleep(0.1)
    raise AssertionError(f"{text!r} was not told within {seconds} seconds")


def call_back(stack: Stack, message_id: str, event: dict[str, Any]) -> str:
    """What the gateway answers to a message of the office."""
    body = json.dumps(event)
    request = urllib.request.Request(
        f"{stack.address}/api/booking/v1/callback",
        body.encode(),
        signed([CALLBACK_SECRET], message_id, datetime.now(UTC), body),
    )
    with urllib.request.urlopen(request, timeout=15) as response:
        return str(json.loads(response.read())["status"])
