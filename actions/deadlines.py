"""The deadline conversation: Rasa's form around ``bot.core.deadlines.interview``, and the answer at its end."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from typing import Any

import structlog
from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActiveLoop, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.library import library
from actions.turn import Turn, after_emergency, left_form, say, with_choices
from bot.core.content import Library
from bot.core.dates.events import EVENTS
from bot.core.deadlines import Deadline, InputError, NotCovered, Span, calculate
from bot.core.deadlines.calendar_file import key_days
from bot.core.deadlines.fresh import FreshRules
from bot.core.deadlines.interview import (
    CALCULATION,
    CONFIRM,
    MORE,
    READING,
    USUAL,
    Heard,
    Interview,
    Said,
    begin,
    hear,
    noted,
)
from bot.core.deadlines.phrases import weekday_and_day
from bot.core.deadlines.rules import Rules
from bot.core.deadlines.telling import day_in_words, tell
from bot.core.deadlines.wanted import ASKED_FOR, asks_for_time, by_topic, by_words, topic_of
from bot.core.errors import LawFileError
from bot.core.messages import DATE, Choice, Reply
from bot.core.triage.answers import tells_of_other_filer
from bot.settings import ROOT

log = structlog.get_logger("faro.actions")

FORM = "deadline_form"

#: The slot of the interview, and the one that the form wants: the facts of the calculation.
STATE, FACTS = "deadline", "deadline_facts"

#: A question of so few words is about what was told last: "y cuando me lo dan".
SHORT_QUESTION = 6

#: The words of a calculation's questions, where another calculation lends them.
_QUESTIONS_OF = {"credible_fear_ij_review": "fear_review"}


@cache
def _fresh() -> FreshRules:
    return FreshRules(ROOT / "bot" / "law" / "deadlines", library().parameters, _tell_staff)


def _tell_staff(problem: LawFileError) -> None:
    log.error("rules_not_reloaded", file=problem.path, line=problem.line, problem=problem.problem)


def rules(words: Library) -> Rules:
    """The rules as their files stand now."""
    return _fresh().now(words.parameters, time.monotonic())


class ActionStartDeadline(Action):
    """Begins to work out a date: with all that was said before, or else with the first question."""

    def name(self) -> str:
        return "action_start_deadline"

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        turn = Turn.of(tracker)
        if tracker.active_loop.get("name") is None and tells_of_other_filer(turn.text):
            # Whose form it is comes before any date: the questions about the situation lead to a person.
            return [FollowupAction("action_start_triage")]
        return start(dispatcher, tracker, turn, library())


class ValidateDeadlineForm(Action):
    """Hears an answer. Nothing is set when it was none, so that Rasa lets the rules answer and come back."""

    def name(self) -> str:
        return f"validate_{FORM}"

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        if was_answered(tracker, FORM):
            return []
        turn = Turn.of(tracker)
        heard = hear(interview_of(tracker), heard_in(tracker, turn))
        if heard is None:
            return []
        events = [SlotSet(STATE, heard.as_dict())]
        if heard.complete:
            events.append(SlotSet(FACTS, heard.inputs))
        if heard.gave_up:
            events.append(SlotSet("requested_slot", None))
        return events


class ActionAskDeadlineFacts(Action):
    """The next question of the interview."""

    def name(self) -> str:
        return f"action_ask_{FACTS}"

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        if not after_emergency(tracker):
            for reply in questions(library(), interview_of(tracker), Turn.of(tracker)):
                say(dispatcher, reply)
        return []


class ActionTellDeadline(Action):
    """The date, at the end of the form."""

    def name(self) -> str:
        return "action_tell_deadline"

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        return tell_date(dispatcher, interview_of(tracker), Turn.of(tracker), library())


class ActionStopDeadline(Action):
    """Leaves the form; what was confirmed stays known."""

    def name(self) -> str:
        return "action_stop_deadline"

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        turn = Turn.of(tracker)
        say(dispatcher, library().notice("deadline_cancelled", turn.language, today=turn.today))
        return [ActiveLoop(None), SlotSet("requested_slot", None), SlotSet(FACTS, None)]


def start(
    dispatcher: CollectingDispatcher,
    tracker: Tracker,
    turn: Turn,
    words: Library,
    calculation: str | None = None,
) -> list[dict[str, Any]]:
    """The events that begin an interview; the date itself when nothing is left to ask."""
    heard = heard_in(tracker, turn, calculation)
    begun = begin(interview_of(tracker), heard)
    left = left_form(tracker, FORM)
    if begun.complete:
        return [*left, *tell_date(dispatcher, begun, turn, words)]
    return [*left, SlotSet(STATE, begun.as_dict()), SlotSet(FACTS, None), FollowupAction(FORM)]


def tell_date(
    dispatcher: CollectingDispatcher, interview: Interview, turn: Turn, words: Library
) -> list[dict[str, Any]]:
    """Says the date, from which day it was counted, and how to keep it."""
    events = [SlotSet(STATE, interview.as_dict()), SlotSet(FACTS, None)]
    if (topic := topic_of(interview.calculation)) is not None:
        events.append(SlotSet("topic", topic))
    if not interview.complete or interview.calculation is None:
        say(dispatcher, words.notice("deadline_still_unknown", turn.language, today=turn.today))
        return events
    laws = rules(words)
    try:
        result = calculate(interview.calculation, interview.inputs, laws, turn.days)
    except InputError:
        # Two days that contradict each other: a child born after the application.
        say(dispatcher, words.notice("deadline_not_covered", turn.language, today=turn.today))
        return events
    reply = tell(words, laws, result, turn.language, list(_based_on(words, interview, result, turn)))
    choices = [
        Choice(
            words.label("label_other_date", turn.language), "/calculate_deadline" + '{"calculation": "more"}'
        ),
        Choice(words.label("label_person", turn.language), "/talk_to_human"),
    ]
    keep = kept_date(words, interview.calculation, interview.inputs, result, turn)
    say(dispatcher, replace(reply, choices=tuple(choices), keep=keep))
    return events


def kept_date(
    words: Library,
    calculation: str,
    inputs: Mapping[str, object],
    result: Deadline | NotCovered,
    turn: Turn,
) -> dict[str, Any]:
    """What makes a calendar file or a page of the date that was told: the same facts, on the same day (the cautious one
    where it may be either of two)."""
    days = key_days(result).values() if isinstance(result, Deadline) else ()
    return {
        "calculation": calculation,
        "inputs": dict(inputs),
        "today": result.counted_on.isoformat(),
        "calendar_until": max(days).isoformat() if days else None,
        "labels": {
            button: words.label(f"label_{button}", turn.language) for button in ("calendar", "print", "copy")
        },
    }


def counted_from(words: Library, calculation: str, inputs: Mapping[str, object], turn: Turn) -> Iterable[str]:
    """From which days a date was counted, each day as it was given: an ISO day or a range of two."""
    for name, events in ASKED_FOR.get(calculation, {}).items():
        given = inputs.get(name)
        ends = (given["earliest"], given["latest"]) if isinstance(given, Mapping) else (given, given)
        span = Span(date.fromisoformat(str(ends[0])), date.fromisoformat(str(ends[1])))
        what = words.label(f"event_{events[0]}", turn.language)
        day = _span_in_words(span, turn.language)
        yield words.notice("deadline_based_on", turn.language, today=turn.today, what=what, event=day).text


def _based_on(
    words: Library, interview: Interview, result: Deadline | NotCovered, turn: Turn
) -> Iterable[str]:
    """From which days it was counted; and lawful status that ended, where the year is over."""
    assert interview.calculation is not None
    for events in ASKED_FOR[interview.calculation].values():
        event = next(event for event in events if event in interview.confirmed)
        what = words.label(f"event_{event}", turn.language)
        day = _span_in_words(interview.dates[event], turn.language)
        yield words.notice("deadline_based_on", turn.language, today=turn.today, what=what, event=day).text
    ended = interview.dates.get("status_ended")
    over = isinstance(result, Deadline) and result.days_left is not None and result.days_left < 0
    if interview.calculation == "one_year_filing" and ended is not None and over:
        told = _span_in_words(ended, turn.language)
        yield words.notice("deadline_status_exception", turn.language, today=turn.today, ended=told).text


def questions(words: Library, interview: Interview, turn: Turn) -> Iterable[Reply]:
    """What to say so that the interview goes on: why it asks again, and the question."""
    lang = turn.language
    if interview.asked in (CALCULATION, MORE):
        name = "deadline_which" if interview.asked == CALCULATION else "deadline_which_more"
        yield words.notice(name, lang, today=turn.today)
        return
    assert interview.calculation is not None and interview.event is not None
    values = {
        "said": interview.said,
        "example": example_day(turn.today, lang),
        "event": _span_in_words(interview.readings[0], lang) if interview.readings else "",
    }
    unsure = Choice(words.label("label_dont_know", lang), '/inform_date{"day": "unknown"}')
    if interview.asked == READING:
        first, second = (_span_in_words(span, lang) for span in interview.readings[:2])
        reply = words.notice("deadline_two_readings", lang, today=turn.today, first=first, second=second)
        offered = [
            Choice(_span_title(span, lang), f'/inform_date{{"day": "{span.earliest}/{span.latest}"}}')
            for span in interview.readings
        ]
        yield replace(with_choices(reply, [*offered, unsure]), expects=DATE)
        return
    if interview.asked == CONFIRM:
        yield with_choices(
            _confirmation(words, interview, turn),
            [
                Choice(words.label("label_yes", lang), "/affirm"),
                Choice(words.label("label_no", lang), "/deny"),
            ],
        )
        return
    name = f"deadline_{interview.trouble}" if interview.trouble else _question_name("ask", interview)
    yield replace(with_choices(words.notice(name, lang, today=turn.today, **values), [unsure]), expects=DATE)


def _confirmation(words: Library, interview: Interview, turn: Turn) -> Reply:
    assert interview.event is not None
    span = interview.dates[interview.event]
    if span.earliest == span.latest:
        name = _question_name("confirm", interview)
        return words.notice(
            name, turn.language, today=turn.today, event=day_in_words(span.earliest, turn.language)
        )
    ends = {
        "from": day_in_words(span.earliest, turn.language),
        "to": day_in_words(span.latest, turn.language),
    }
    return words.notice(_question_name("confirm_range", interview), turn.language, today=turn.today, **ends)


def _question_name(part: str, interview: Interview) -> str:
    """The notice of a question; a calculation with two days has one for each."""
    assert interview.calculation is not None
    name = f"deadline_{part}_{_QUESTIONS_OF.get(interview.calculation, interview.calculation)}"
    return f"{name}_{interview.event}" if len(ASKED_FOR[interview.calculation]) > 1 else name


def say_noted(
    dispatcher: CollectingDispatcher, tracker: Tracker, turn: Turn, words: Library
) -> list[dict[str, Any]]:
    """Reads back the days that a message gave in passing; the events that keep them.

    A day is read back when it is heard, so that a later question can be answered without asking for it again.
    Not while the form asks: there the form hears them.
    """
    if tracker.active_loop.get("name") == FORM:
        return []
    before = interview = interview_of(tracker)
    for one in heard_in(tracker, turn).dates:
        kept = noted(interview, one, turn.today)
        if kept is None or one.event is None or not _is_asked_for(one.event) or kept == interview:
            continue
        interview = kept
        what = words.label(f"event_{one.event}", turn.language)
        day = _span_in_words(one.readings[0], turn.language)
        reply = words.notice("deadline_noted", turn.language, today=turn.today, what=what, event=day)
        calculate_it = Choice(words.label("label_calculate", turn.language), "/calculate_deadline")
        say(dispatcher, with_choices(reply, [calculate_it]))
    return [] if interview == before else [SlotSet(STATE, interview.as_dict())]


def offered_date(words: Library, turn: Turn, topic: str) -> list[Choice]:
    """The choice to work out the person's own date, when they asked for time and the topic has a calculation."""
    calculation = by_topic(topic)
    if calculation is None or turn.text.startswith("/") or not asks_for_time(turn.text):
        return []
    payload = f'/calculate_deadline{{"calculation": "{calculation}"}}'
    return [Choice(words.label("label_calculate", turn.language), payload)]


def asked_with_date(tracker: Tracker, turn: Turn) -> str | None:
    """The calculation that a question about a topic wants, when its day is already known; else None.

    "Am I still in time?" after "I came on March 3, 2025" wants the date and not the article.
    """
    if not asks_for_time(turn.text) or turn.text.startswith("/"):
        return None
    calculation = by_words(turn.text) or by_topic(turn.intent)
    if calculation is None and len(turn.text.split()) <= SHORT_QUESTION:
        calculation = interview_of(tracker).calculation
        if calculation is None and tracker.active_loop.get("name") == "triage_form":
            # Between two questions about the situation it is the year that people ask about.
            calculation = USUAL
    if calculation is None:
        return None
    heard = heard_in(tracker, turn)
    known = {*interview_of(tracker).confirmed, *(one.event for one in heard.dates), *heard.known}
    groups = ASKED_FOR[calculation].values()
    return calculation if all(any(event in known for event in events) for events in groups) else None


def _is_asked_for(event: str) -> bool:
    return any(event in events for facts in ASKED_FOR.values() for events in facts.values())


def interview_of(tracker: Tracker) -> Interview:
    """The interview as the conversation left it."""
    return Interview.from_dict(tracker.get_slot(STATE))


def heard_in(tracker: Tracker, turn: Turn, calculation: str | None = None) -> Heard:
    """A message as the interview hears it."""
    entities = tracker.latest_message.get("entities") or []
    dates = tuple(
        _said(e) for e in entities if e.get("entity") == "date" and isinstance(e.get("value"), Mapping)
    )
    day = turn.entities.get("day")
    known = {
        event: _said({"value": value, "role": event})
        for event in EVENTS
        if event != "other" and isinstance(value := _last(tracker.get_slot(f"date_{event}")), Mapping)
    }
    return Heard(
        text="" if turn.text.startswith("/") else turn.text,
        intent=turn.intent,
        today=turn.today,
        dates=dates,
        topic=tracker.get_slot("topic"),
        calculation=calculation or turn.entities.get("calculation"),
        day=_span(str(day)) if day not in (None, "unknown") else None,
        pressed_unknown=day == "unknown",
        known=known,
    )


def _last(value: Any) -> Any:
    """Rasa keeps a list when one message gave several dates of an event; the last arrival is the one that counts."""
    return value[-1] if isinstance(value, list) and value else value


def _said(entity: Mapping[str, Any]) -> Said:
    value = entity["value"]
    readings = tuple(
        Span(date.fromisoformat(r["earliest"]), date.fromisoformat(r["latest"])) for r in value["readings"]
    )
    return Said(readings, entity.get("role"), value["text"], bool(value.get("assumed")))


def _span(text: str) -> Span:
    first, _, last = text.partition("/")
    return Span(date.fromisoformat(first), date.fromisoformat(last or first))


def was_answered(tracker: Tracker, form: str) -> bool:
    """Whether a rule answered this message already, and the form is only come back to."""
    own = {form, f"validate_{form}", "action_extract_slots", "action_listen"}
    for event in reversed(tracker.events):
        if event["event"] == "user":
            return False
        if event["event"] == "action" and event["name"] not in own:
            return True
    return False


def example_day(today: date, lang: str) -> str:
    """A day as an example of how one is written."""
    return day_in_words(today - timedelta(days=200), lang)


def _span_in_words(span: Span, lang: str) -> str:
    if span.earliest == span.latest:
        return day_in_words(span.earliest, lang)
    between = {"en": "between {} and {}", "es": "entre el {} y el {}"}[lang]
    return between.format(day_in_words(span.earliest, lang), day_in_words(span.latest, lang))


def _span_title(span: Span, lang: str) -> str:
    """The day on a button, with its weekday."""
    return (
        weekday_and_day(span.earliest, lang) if span.earliest == span.latest else _span_in_words(span, lang)
    )
