"""What the next turn needs survives being written down, and nothing else is written."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.core.messages import Choice, Reply
from bot.gateway.conversations import Conversation
from bot.gateway.tokens import new_conversation_id
from bot.gateway.whatsapp.people import likely_language
from bot.gateway.whatsapp.state import (
    MOST_OFFERED,
    Memory,
    fresh,
    remember,
    restore,
    snapshot,
    was_asked_for_consent,
)
from bot.transcripts.records import ConsentRecord, MessageRecord

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def asked(*titles: str, id: str = "booking_name", **more: Any) -> Reply:
    return Reply(
        "question", id, "es", "¿Cómo se llama?", choices=tuple(Choice(t, f"/{t}") for t in titles), **more
    )


def heard(conversation: Conversation, text: str) -> None:
    message = MessageRecord(
        f"m_{len(text)}",
        conversation.last_seq + 1,
        NOON,
        "visitor",
        "text",
        "es",
        text,
        client_message_id=text,
    )
    conversation.add(message)


@pytest.fixture
def conversation() -> Conversation:
    made = fresh(new_conversation_id(), "es", NOON, "cloud")
    made.say(asked("Sí", "No", id="consent_ask"), None, NOON)
    heard(made, "una cita por favor")
    made.say(asked("Omitir", "Volver", asks="name"), "m_18", NOON)
    made.values = {"[PHONE_1]": "+12025550142"}
    made.us_state, made.emergency, made.asked = "TX", "agents", True
    return made


def again(conversation: Conversation, memory: Memory | None = None) -> tuple[Conversation, Memory]:
    text = snapshot(conversation, memory or Memory(), NOON)
    return restore(text, conversation.id, "en", NOON, "cloud")


def test_the_conversation_comes_back_as_it_was(conversation: Conversation) -> None:
    back, _ = again(conversation)
    assert (back.id, back.channel, back.language, back.provider) == (
        conversation.id,
        "whatsapp",
        "es",
        "cloud",
    )
    assert (back.asks, back.is_booking, back.us_state, back.emergency, back.asked) == (
        "name",
        True,
        "TX",
        "agents",
        True,
    )
    assert back.latest == conversation.latest
    assert back.offered == conversation.offered
    assert back.values == conversation.values
    assert back.last_seq == conversation.last_seq
    assert was_asked_for_consent(back.messages)


def test_a_second_time_changes_nothing_more(conversation: Conversation) -> None:
    once, memory = again(conversation)
    twice, _ = again(once, memory)
    assert snapshot(twice, memory, NOON) == snapshot(once, memory, NOON)


def test_nothing_of_what_the_person_wrote_is_written(conversation: Conversation) -> None:
    assert "cita por favor" not in snapshot(conversation, Memory(), NOON)


def test_beside_the_conversation_the_rest_and_what_was_told_are_remembered(
    conversation: Conversation,
) -> None:
    memory = Memory("the rest", {"whatsapp_sticker": NOON, "old": NOON - timedelta(days=2)}, may_ask=False)
    _, back = again(conversation, memory)
    assert back == Memory("the rest", {"whatsapp_sticker": NOON}, may_ask=False)


def test_of_a_kept_conversation_only_what_the_store_lacks_is_written(conversation: Conversation) -> None:
    conversation.consent = ConsentRecord("v", "es", NOON)
    text = snapshot(conversation, Memory("rest"), NOON)
    assert "said" not in json.loads(text)
    loaded = fresh(conversation.id, "en", NOON, "cloud")
    assert remember(loaded, text).rest == "rest"
    assert (loaded.language, loaded.us_state, loaded.emergency) == ("es", "TX", "agents")


def test_old_buttons_are_let_go_oldest_first(conversation: Conversation) -> None:
    for number in range(MOST_OFFERED):
        heard(conversation, f"n{number}")
        conversation.say(asked(f"t{number}", "x"), "m_x", NOON)
    back, _ = again(conversation)
    # The question of consent stays pressable beside them.
    assert len(back.offered) == MOST_OFFERED + 2
    assert back.latest == conversation.latest


@pytest.mark.parametrize("text", [None, "{}", "[]", '{"form": 0}'])
def test_without_a_usable_text_it_is_a_fresh_conversation(text: str | None) -> None:
    back, memory = restore(text, "c_1", "es", NOON, "twilio")
    assert (back.id, back.language, back.messages, memory) == ("c_1", "es", [], Memory())


@pytest.mark.parametrize(
    ("address", "language"),
    [
        ("12025550142", "en"),
        ("525512345678", "es"),
        ("whatsapp:+50371234567", "es"),
        ("US.13491208655302741918", "en"),
        ("MX.13491208655302741918", "es"),
        ("", "en"),
        ("nonsense", "en"),
    ],
)
def test_the_likely_language_is_that_of_the_country(address: str, language: str) -> None:
    assert likely_language(address) == language
