"""Requests, control and small talk that speak through notices."""

from __future__ import annotations

import pytest

from actions.conversation import (
    NOTICE_OF,
    ActionChangeLanguage,
    ActionEmergency,
    ActionRestart,
    ActionSayNotice,
)
from bot.core.content import Library
from bot.core.messages import LANGUAGES
from tests.actions.builders import payloads, run, state

pytestmark = pytest.mark.usefixtures("words")


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(("intent", "notice"), NOTICE_OF.items())
def test_each_of_these_intents_has_its_notice(intent: str, notice: str, lang: str) -> None:
    events, reply = run(ActionSayNotice(), state(intent, language=lang))
    assert events == []
    assert (reply.id, reply.lang) == (notice, lang)
    assert reply.text
    assert "{{" not in reply.text


# emergency


@pytest.mark.parametrize(
    ("text", "lang", "notice"),
    [
        ("ICE is at my door right now", "en", "emergency_agents"),
        ("la migra está afuera de mi casa", "es", "emergency_agents"),
        ("I want to kill myself", "en", "emergency_suicide"),
        ("mi esposo me está pegando ahora", "es", "emergency_violence"),
        ("please help me", "en", "emergency_unclear"),
        ("", "es", "emergency_unclear"),
    ],
)
def test_an_emergency_gets_the_lines_of_its_kind(text: str, lang: str, notice: str) -> None:
    events, reply = run(ActionEmergency(), state("emergency", text=text, language=lang))
    assert events == []
    assert (reply.kind, reply.id, reply.lang) == ("emergency", notice, lang)


def test_an_unclear_emergency_offers_the_four_kinds() -> None:
    _, reply = run(ActionEmergency(), state("emergency", text="ayuda", language="es"))
    assert payloads(reply)[:4] == [
        "gateway:emergency_agents",
        "gateway:emergency_suicide",
        "gateway:emergency_violence",
        "gateway:emergency_abroad",
    ]


# language


@pytest.mark.parametrize(
    ("text", "heard", "wanted"),
    [
        ("can you speak Spanish?", "en", "es"),
        ("en inglés por favor", "es", "en"),
        ("en español por favor", "es", "es"),
        ("I do not speak English", "en", "es"),
    ],
)
def test_the_language_that_was_named_is_taken(text: str, heard: str, wanted: str) -> None:
    events, reply = run(ActionChangeLanguage(), state("change_language", text=text, language=heard))
    assert (reply.id, reply.lang) == ("language_switched", wanted)
    assert events == [{"event": "slot", "timestamp": None, "name": "language", "value": wanted}]


@pytest.mark.parametrize("text", ["change the language", "Mwen pale kreyol", "hablo mam", "中文可以吗"])
def test_without_a_name_of_ours_it_is_asked_which_language(text: str) -> None:
    events, reply = run(ActionChangeLanguage(), state("change_language", text=text, language="es"))
    assert events == []
    assert (reply.id, reply.lang) == ("which_language", "es")


# restart


@pytest.mark.parametrize("lang", LANGUAGES)
def test_outside_a_form_a_restart_happens_at_once_and_keeps_the_language(lang: str) -> None:
    events, reply = run(ActionRestart(), state("restart", language=lang))
    assert (reply.id, reply.lang) == ("restarted", lang)
    assert [event["event"] for event in events] == ["restart", "slot"]
    assert (events[1]["name"], events[1]["value"]) == ("language", lang)


@pytest.mark.parametrize("confirmed", [{}, {"confirmed": "no"}])
def test_inside_a_form_a_restart_asks_first(confirmed: dict[str, str]) -> None:
    events, reply = run(
        ActionRestart(), state("restart", language="es", entities=confirmed, loop="deadline_form")
    )
    assert events == []
    assert (reply.kind, reply.id) == ("question", "restart_ask")
    assert payloads(reply) == ['/restart{"confirmed": "yes"}', "/deny"]


def test_inside_a_form_a_confirmed_restart_happens() -> None:
    events, reply = run(
        ActionRestart(), state("restart", language="es", entities={"confirmed": "yes"}, loop="deadline_form")
    )
    assert reply.id == "restarted"
    assert [event["event"] for event in events] == ["restart", "slot"]


def test_every_notice_that_an_action_names_exists_in_both_languages(words: Library) -> None:
    named = {*NOTICE_OF.values(), "did_you_mean", "not_understood", "no_answer_yet", "language_switched"}
    named |= {"restart_ask", "restarted"}
    assert {id for id in named if set(words.notices[id].texts) != set(LANGUAGES)} == set()
