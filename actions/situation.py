"""What the conversation knows of a person's situation: the state of the triage interview, heard from a message."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import deadlines
from actions.turn import Turn
from bot.core.content import Library
from bot.core.deadlines.interview import Interview as DeadlineInterview
from bot.core.deadlines.interview import begin as begin_deadline
from bot.core.triage.interview import Heard, Interview, noted

#: The slot of the interview.
STATE = "triage"

#: The form that asks about it.
FORM = "triage_form"


def keep_told(tracker: Tracker, turn: Turn) -> list[dict[str, Any]]:
    """The events that keep what a message told about the situation in passing, so that it is not asked later."""
    if tracker.active_loop.get("name") == FORM or turn.text.startswith("/"):
        return []
    following = following_of(tracker, turn)
    return [] if following == interview_of(tracker) else [SlotSet(STATE, following.as_dict())]


def following_of(tracker: Tracker, turn: Turn) -> Interview:
    """The interview with what a message told in passing."""
    before = interview_of(tracker)
    return noted(before, heard_in(tracker, turn)) or before


def interview_of(tracker: Tracker) -> Interview:
    """The interview as the conversation left it."""
    return Interview.from_dict(tracker.get_slot(STATE))


def heard_in(tracker: Tracker, turn: Turn) -> Heard:
    """A message as the interview hears it."""
    dates = deadlines.heard_in(tracker, turn)
    named: dict[str, list[str]] = {}
    for entity in tracker.latest_message.get("entities") or []:
        if isinstance(entity.get("value"), str):
            named.setdefault(entity["entity"], []).append(entity["value"])
    emergency = tracker.latest_message.get("metadata", {}).get("emergency")
    question, _, code = (turn.entities.get("triage_answer") or "").partition(":")
    return Heard(
        text="" if turn.text.startswith("/") else turn.text,
        intent=turn.intent,
        today=turn.today,
        dates=dates.dates,
        entities=named,
        choice=(question, code) if question else None,
        known=dates.known,
        emergencies=(emergency,) if emergency else (),
    )


def with_facts(before: DeadlineInterview, interview: Interview) -> DeadlineInterview:
    """A deadline interview that knows the last arrival told about the situation."""
    arrival = interview.facts.day("arrival")
    if arrival is None:
        return before
    return replace(
        before,
        dates={**before.dates, "arrival": arrival},
        confirmed=before.confirmed | {"arrival"},
    )


def tell_so_far(
    dispatcher: CollectingDispatcher,
    tracker: Tracker,
    turn: Turn,
    words: Library,
    calculation: str | None = None,
) -> list[dict[str, Any]] | None:
    """Tells a date asked for between two questions about the situation; None while its day is not known."""
    before = with_facts(deadlines.interview_of(tracker), interview_of(tracker))
    begun = begin_deadline(before, deadlines.heard_in(tracker, turn, calculation))
    return deadlines.tell_date(dispatcher, begun, turn, words) if begun.complete else None
