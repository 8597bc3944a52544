"""What a message in passing tells about a person's situation, and what it is used for."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.situation import FORM, STATE, heard_in, interview_of, keep_told, tell_so_far, with_facts
from actions.turn import Turn
from bot.core.content import Library
from bot.core.deadlines.inputs import Span
from bot.core.deadlines.interview import Interview as DeadlineInterview
from bot.core.messages import Reply
from bot.core.triage.facts import Facts
from bot.core.triage.interview import Interview
from tests.actions.builders import dates_in, state

ARRIVED = Span(date(2025, 3, 3), date(2025, 3, 3))


def tracker(text: str, loop: str | None = None, facts: Facts | None = None, **metadata: str) -> Tracker:
    sent = state("nlu_fallback", text=text, loop=loop)
    sent["latest_message"]["entities"] += dates_in(text)
    sent["latest_message"]["metadata"] |= metadata
    if facts is not None:
        sent["slots"][STATE] = Interview(facts=facts).as_dict()
    return Tracker.from_dict(sent)


def kept(told: Tracker) -> dict[str, Any] | None:
    """The facts that a message in passing leaves in the slot; None when it leaves the slot alone."""
    events = keep_told(told, Turn.of(told))
    if not events:
        return None
    (event,) = events
    assert (event["event"], event["name"]) == ("slot", STATE)
    return Interview.from_dict(event["value"]).facts.as_dict()


@pytest.mark.parametrize(
    ("text", "loop", "facts"),
    [
        pytest.param("no tengo abogado, estoy en miami", None, {"lawyer": "no", "place": "us"}, id="facts"),
        pytest.param(
            "I came on March 3, 2025",
            None,
            {"place": "us", "arrival": {"earliest": "2025-03-03", "latest": "2025-03-03"}},
            id="the day of the arrival, which is one here",
        ),
        pytest.param("I came on 03/04/2025", None, None, id="a day with two readings waits for its question"),
        pytest.param("how much is it?", None, None, id="a question tells nothing"),
        pytest.param(
            "estoy en miami", "booking_form", {"place": "us"}, id="while an appointment is asked for"
        ),
        pytest.param("estoy en miami", FORM, None, id="the form itself hears its answers"),
        pytest.param('/work_permit{"section": "cost"}', None, None, id="a pressed choice tells nothing"),
    ],
)
def test_what_a_message_tells_in_passing_is_kept(
    text: str, loop: str | None, facts: dict[str, Any] | None
) -> None:
    assert kept(tracker(text, loop)) == facts


def test_what_is_known_already_is_not_set_again() -> None:
    assert kept(tracker("estoy en miami", facts=Facts(place="us"))) is None


def test_an_emergency_of_the_conversation_is_kept_with_the_next_message() -> None:
    told = tracker("thank you", emergency="agents")
    (event,) = keep_told(told, Turn.of(told))
    assert event["value"]["emergencies"] == ["agents"]


def test_a_conversation_that_told_nothing_has_an_empty_interview() -> None:
    assert interview_of(tracker("hello")) == Interview()


def test_a_pressed_choice_is_heard_as_its_question_and_code_and_not_as_text() -> None:
    sent = state("start_triage", text="/start_triage{}", entities={"triage_answer": "letter_date:2026-11-03"})
    found = Tracker.from_dict(sent)
    heard = heard_in(found, Turn.of(found))
    assert (heard.text, heard.choice) == ("", ("letter_date", "2026-11-03"))


def test_names_of_one_kind_are_all_heard_and_dates_are_no_names() -> None:
    sent = state("nlu_fallback", text="from Cuba to Peru on March 3, 2025")
    sent["latest_message"]["entities"] += [
        {"entity": "country", "value": "CU"},
        {"entity": "country", "value": "PE"},
        *dates_in("from Cuba to Peru on March 3, 2025"),
    ]
    found = Tracker.from_dict(sent)
    heard = heard_in(found, Turn.of(found))
    assert heard.entities == {"country": ["CU", "PE"]}
    assert [one.readings for one in heard.dates] == [(ARRIVED,)]
    assert heard.choice is None


@pytest.mark.parametrize("arrival", [None, "unknown", "refused"])
def test_without_a_day_of_arrival_a_date_knows_nothing_new(arrival: str | None) -> None:
    before = DeadlineInterview(calculation="bia_appeal")
    assert with_facts(before, Interview(facts=Facts(arrival=arrival))) == before


def test_the_arrival_told_in_triage_counts_as_confirmed_for_a_date() -> None:
    told = with_facts(DeadlineInterview(), Interview(facts=Facts(arrival=ARRIVED)))
    assert (told.dates["arrival"], "arrival" in told.confirmed) == (ARRIVED, True)


@pytest.mark.parametrize(
    ("facts", "said"), [(Facts(arrival=ARRIVED), ["deadline_one_year_filing"]), (Facts(place="us"), [])]
)
def test_a_date_asked_for_in_between_is_told_when_its_day_is_known(
    words: Library, facts: Facts, said: list[str]
) -> None:
    found = tracker("how long do i have", FORM, facts)
    dispatcher = CollectingDispatcher()
    events = tell_so_far(dispatcher, found, Turn.of(found), words, "one_year_filing")
    assert [Reply.from_dict(message["custom"]).id for message in dispatcher.messages] == said
    assert (events is not None) == bool(said)
