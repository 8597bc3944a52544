"""The questions about a person's situation: Rasa's form around ``bot.core.triage``, and what follows from them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import structlog
from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActiveLoop, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import deadlines
from actions.library import library
from actions.situation import FORM, STATE, heard_in, interview_of, tell_so_far, with_facts
from actions.topics import answer_to
from actions.turn import Turn, after_emergency, left_form, say, with_choices
from bot.core.content import Library
from bot.core.deadlines.telling import tell as tell_deadline
from bot.core.errors import LawFileError
from bot.core.messages import DATE, Choice, Reply
from bot.core.triage.facts import DAYS, QUESTIONS, REFUSED, UNKNOWN
from bot.core.triage.interview import (
    CORRECT,
    NOT_UNDERSTOOD,
    TWO_READINGS,
    Interview,
    begin,
    hear,
)
from bot.core.triage.levels import Assessment, assess
from bot.core.triage.rules import TriageRules, load
from bot.core.triage.telling import answer_in_words, days_in_words, tell
from bot.settings import ROOT

log = structlog.get_logger("faro.actions")

#: The slot that the form wants: the facts.
FACTS = "triage_facts"

#: How many dates are told with the result; the person can ask for the others.
DATES_TOLD = 2

#: How a letter's day is asked for, where its calculation has words for that.
_DAY_OF_LETTER = {
    "denial": "deadline_ask_bia_appeal",
    "noid": "deadline_ask_noid_response",
    "annual_fee": "deadline_ask_annual_asylum_fee_due",
    "in_absentia": "deadline_ask_motion_to_reopen_in_absentia",
    "granted": "deadline_ask_i730_deadline",
}

_LEVELS = ROOT / "bot" / "law" / "triage" / "levels.yml"


class _FreshRules:
    """The rules as their file stands now; a broken edit leaves the last good ones in use and is logged once."""

    def __init__(self) -> None:
        self._read_at: int | None = None
        self._rules: TriageRules | None = None

    def now(self) -> TriageRules:
        written = _LEVELS.stat().st_mtime_ns
        if self._rules is None or written != self._read_at:
            self._read_at = written
            try:
                self._rules = load(_LEVELS)
            except LawFileError as problem:
                if self._rules is None:
                    raise
                log.error("rules_not_reloaded", file=problem.path, line=problem.line, problem=problem.problem)
        return self._rules


_fresh = _FreshRules()


class ActionStartTriage(Action):
    """Begins with everything that was said before, and goes on where an interrupted one stood."""

    def name(self) -> str:
        return "action_start_triage"

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        turn = Turn.of(tracker)
        words = library()
        before = interview_of(tracker)
        heard = heard_in(tracker, turn)
        begun = begin(before, heard)
        if heard.choice is not None:
            begun = hear(begun, heard) or begun
        if not before.begun:
            say(dispatcher, words.notice("triage_intro", turn.language, today=turn.today))
        if besides := _told_besides(before, begun):
            say(dispatcher, _noted(words, begun, besides, turn))
        events = [*left_form(tracker, FORM), SlotSet(STATE, begun.as_dict())]
        if begun.complete:
            return [*events, *tell_result(dispatcher, tracker, begun, turn, words)]
        return [*events, SlotSet(FACTS, None), FollowupAction(FORM)]


class ValidateTriageForm(Action):
    """Hears an answer. Nothing is set when it was none, so that Rasa lets the rules answer and come back."""

    def name(self) -> str:
        return f"validate_{FORM}"

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        if deadlines.was_answered(tracker, FORM):
            return []
        turn = Turn.of(tracker)
        before = interview_of(tracker)
        heard = hear(before, heard_in(tracker, turn))
        if heard is None:
            return []
        if heard.corrected is not None:
            say(dispatcher, _corrected(library(), heard, turn))
        if besides := _told_besides(before, heard):
            say(dispatcher, _noted(library(), heard, besides, turn))
        elif (
            heard.corrected is None
            and heard.asked != before.asked
            and before.trouble == NOT_UNDERSTOOD
            and _left_open(heard, before)
        ):
            say(dispatcher, library().notice("triage_moved_on", turn.language, today=turn.today))
        events = [SlotSet(STATE, heard.as_dict())]
        if heard.complete:
            events.append(SlotSet(FACTS, heard.facts.as_dict()))
        return events


class ActionAskTriageFacts(Action):
    """The next question; before it what the same message asked besides its answer."""

    def name(self) -> str:
        return f"action_ask_{FACTS}"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        if after_emergency(tracker):
            return []
        turn = Turn.of(tracker)
        words = library()
        interview = interview_of(tracker)
        await _answer_besides(dispatcher, tracker, interview, turn, words)
        for reply in questions(words, interview, turn):
            say(dispatcher, reply)
        return []


class ActionTellTriage(Action):
    """What follows from the answers, at the end of the form."""

    def name(self) -> str:
        return "action_tell_triage"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        turn = Turn.of(tracker)
        words = library()
        interview = interview_of(tracker)
        await _answer_besides(dispatcher, tracker, interview, turn, words)
        return tell_result(dispatcher, tracker, interview, turn, words)


class ActionStopTriage(Action):
    """Leaves the form: with what follows from the answers so far, or with nothing when there are none."""

    def name(self) -> str:
        return "action_stop_triage"

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        turn = Turn.of(tracker)
        words = library()
        interview = interview_of(tracker)
        events = [ActiveLoop(None), SlotSet("requested_slot", None)]
        say(dispatcher, words.notice("triage_stopped", turn.language, today=turn.today))
        if not interview.facts.as_dict() or turn.intent == "goodbye":
            return [*events, SlotSet(FACTS, None)]
        return [*events, *tell_result(dispatcher, tracker, interview, turn, words)]


class ActionTellDateSoFar(Action):
    """A date asked for between two questions: told when its day is known, else the question for it comes next."""

    def name(self) -> str:
        return "action_tell_date_so_far"

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        turn = Turn.of(tracker)
        words = library()
        if (told := tell_so_far(dispatcher, tracker, turn, words)) is not None:
            return told
        # Only who asks for a date is promised one; a day that belongs to nothing asked is no such wish.
        name = "triage_date_later" if turn.intent == "calculate_deadline" else "triage_not_understood"
        say(dispatcher, words.notice(name, turn.language, today=turn.today))
        return []


def tell_result(
    dispatcher: CollectingDispatcher, tracker: Tracker, interview: Interview, turn: Turn, words: Library
) -> list[dict[str, Any]]:
    """Says what follows from the answers: the emergency first, then the result with its picture, then the dates."""
    found = assessment(interview, turn, words)
    if any(reason.code == "removal_72h" for reason in found.reasons):
        say(dispatcher, words.notice("triage_emergency_first", turn.language, today=turn.today))
    reply = tell(words, found, interview.facts, turn.language, turn.today)
    say(dispatcher, replace(reply, choices=_choices_of_result(words, found, turn)))
    laws = deadlines.rules(words)
    for told in found.told[:DATES_TOLD]:
        below = list(deadlines.counted_from(words, told.calculation, told.inputs, turn))
        date_reply = tell_deadline(words, laws, told.result, turn.language, below)
        keep = deadlines.kept_date(words, told.calculation, told.inputs, told.result, turn)
        say(dispatcher, replace(date_reply, choices=(), keep=keep))
    dated = with_facts(deadlines.interview_of(tracker), interview)
    first = next(iter(found.calculations), None)
    return [
        SlotSet(STATE, replace(interview, level=found.level).as_dict()),
        SlotSet(FACTS, None),
        # "And how long do I have?" is then about the date that was told first.
        SlotSet(deadlines.STATE, replace(dated, calculation=first or dated.calculation).as_dict()),
    ]


def assessment(interview: Interview, turn: Turn, words: Library) -> Assessment:
    """How urgent it is, which way applies and why, from what is known so far."""
    return assess(
        interview.facts, deadlines.rules(words), _fresh.now(), turn.days, emergencies=interview.emergencies
    )


def questions(words: Library, interview: Interview, turn: Turn) -> Iterator[Reply]:
    """What to say so that the interview goes on: why it asks again, and the question with its buttons."""
    lang, asked = turn.language, interview.asked
    if asked == CORRECT:
        name = "triage_which_to_correct" if interview.correctable else "triage_nothing_to_correct"
        yield with_choices(
            words.notice(name, lang, today=turn.today),
            [
                _choice(words.label(f"label_triage_question_{question}", lang), CORRECT, question)
                for question in interview.correctable
            ],
        )
        return
    if asked is None:
        return
    buttons = [*_readings(interview, asked, lang), *_codes(words, asked, lang)]
    reply = with_choices(_question(words, interview, asked, turn), buttons)
    yield replace(reply, kind="question", expects=DATE if asked in DAYS else "")


def _question(words: Library, interview: Interview, asked: str, turn: Turn) -> Reply:
    lang, readings = turn.language, interview.readings
    if interview.trouble == NOT_UNDERSTOOD:
        again = words.notice("triage_not_understood", lang, today=turn.today).text
        return _with_text_before(again, words.notice(_asking(interview, asked), lang, today=turn.today))
    if interview.trouble == TWO_READINGS and len(readings) > 1:
        first, second = (_span_in_words(span, lang) for span in readings[:2])
        return words.notice("deadline_two_readings", lang, today=turn.today, first=first, second=second)
    if interview.trouble is not None:
        return words.notice(
            f"deadline_{interview.trouble}",
            lang,
            today=turn.today,
            said=interview.said,
            example=deadlines.example_day(turn.today, lang),
            event=_span_in_words(readings[0], lang) if readings else interview.said,
        )
    return words.notice(_asking(interview, asked), lang, today=turn.today)


def _asking(interview: Interview, asked: str) -> str:
    if asked == "letter_date" and interview.facts.letter in _DAY_OF_LETTER:
        return _DAY_OF_LETTER[interview.facts.letter]
    return f"triage_ask_{asked}"


def _with_text_before(text: str, reply: Reply) -> Reply:
    return replace(reply, text=f"{text} {reply.text}", full="")


def _codes(words: Library, asked: str, lang: str) -> list[Choice]:
    codes = (*QUESTIONS[asked], UNKNOWN, REFUSED)
    return [_choice(words.label(f"label_triage_{asked}_{code}", lang), asked, code) for code in codes]


def _readings(interview: Interview, asked: str, lang: str) -> list[Choice]:
    if interview.trouble != TWO_READINGS or asked not in DAYS:
        return []
    return [
        _choice(_span_in_words(span, lang), asked, f"{span.earliest}/{span.latest}")
        for span in interview.readings
    ]


def _span_in_words(span: Any, lang: str) -> str:
    if span.earliest == span.latest:
        return answer_in_words(library(), "arrival", span, lang)
    return days_in_words(span.earliest, span.latest, lang)


def _choice(title: str, question: str, code: str) -> Choice:
    return Choice(title, "/start_triage" + json.dumps({"triage_answer": f"{question}:{code}"}))


def _corrected(words: Library, interview: Interview, turn: Turn) -> Reply:
    question = interview.corrected or ""
    return words.notice(
        "triage_corrected",
        turn.language,
        today=turn.today,
        what=words.label(f"label_triage_question_{question}", turn.language),
        answer=answer_in_words(words, question, interview.facts.get(question), turn.language),
    )


def _told_besides(before: Interview, after: Interview) -> list[str]:
    """The questions that a message answered though they were not asked, and every day: a day is read back."""
    return [
        question
        for question in QUESTIONS
        if before.facts.is_open(question)
        and not after.facts.is_open(question)
        and (question != before.asked or after.facts.day(question) is not None)
        and after.facts.get(question) not in (UNKNOWN, REFUSED)
    ]


def _noted(words: Library, interview: Interview, answered: list[str], turn: Turn) -> Reply:
    told = "; ".join(
        f"{words.label(f'label_triage_question_{question}', turn.language)}: "
        f"{answer_in_words(words, question, interview.facts.get(question), turn.language)}"
        for question in answered
    )
    return words.notice("triage_noted", turn.language, today=turn.today, told=told)


def _left_open(after: Interview, before: Interview) -> bool:
    """Whether the question before was given up as not known because it was not understood."""
    asked = before.asked
    return asked in QUESTIONS and after.facts.get(str(asked)) == UNKNOWN and after.asked != asked


def _choices_of_result(words: Library, found: Assessment, turn: Turn) -> tuple[Choice, ...]:
    lang = turn.language
    return (
        Choice(words.label("label_book", lang), "/book_consultation"),
        Choice(words.label("label_person", lang), "/talk_to_human"),
        _choice(words.label("label_triage_correct", lang), CORRECT, "which"),
    )


async def _answer_besides(
    dispatcher: CollectingDispatcher, tracker: Tracker, interview: Interview, turn: Turn, words: Library
) -> None:
    """The question that stood in the same message as an answer."""
    if interview.also_asks and turn.intent in words.topics and not deadlines.was_answered(tracker, FORM):
        told = await answer_to(words, [turn.intent], turn.text, turn)
        say(dispatcher, told.reply)
