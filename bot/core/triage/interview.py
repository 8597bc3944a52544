"""The conversation of triage: what is still to be asked, and what a message answers.

A pure machine: ``begin`` and ``hear`` take what a person said and give the interview as it stands, ``Interview.asked``
names the next question. Everything that was said is used, only what can change something is asked, and every answer
can be "I don't know", "I prefer not to say", or be changed. The state is JSON, so that it can lie in a slot.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType
from typing import Any

from bot.core.deadlines.inputs import Span
from bot.core.deadlines.interview import OLDEST_YEAR, Said
from bot.core.language import plain
from bot.core.triage.answers import Understood, about_others, question_named, read, tells
from bot.core.triage.asking import MOST_QUESTIONS, open_questions
from bot.core.triage.facts import DAYS, QUESTIONS, REFUSED, UNKNOWN, Answer, Facts, is_answer

#: Asked instead of a question: which answer is to be changed.
CORRECT = "correct"

#: Why a question is asked again.
IMPOSSIBLE, FUTURE, TOO_OLD, NO_DATE, TWO_READINGS, NOT_UNDERSTOOD = (
    "impossible",
    "future",
    "too_old",
    "no_date",
    "two_readings",
    "not_understood",
)

#: So often may an answer not be understood before it is left as not known.
PATIENCE = 2

#: So many typed messages in a row may pass without one more answer: more than anybody needs who answers, however
#: often a day is asked about, and few for somebody who would otherwise be asked the same for ever.
MOST_IDLE = 8

#: A message of so few words, with a day, answers the open question, whatever the day seems to be of.
_SHORT = 6

#: Intents that say nothing by themselves, so that a question to which they are the answer was not understood.
_EMPTY = frozenset(
    {"nlu_fallback", "inform_date", "affirm", "deny", "start_triage", "thank", "greet", "out_of_scope", ""}
)

#: What is answered by itself in between: only what such a message tells outright is taken from it.
_REQUESTS = frozenset({"talk_to_human", "book_consultation"})

#: The letter that each event is the date of.
_LETTERS: Mapping[str, str] = MappingProxyType(
    {
        "judge_decision": "denial",
        "in_absentia_order": "in_absentia",
        "noid": "noid",
        "fee_notice": "annual_fee",
        "granted": "granted",
    }
)
_APPOINTMENTS = ("hearing", "interview")
#: Days that are kept when they are said.
_KEPT: Mapping[str, str] = MappingProxyType(
    {
        "filed": "filed_date",
        "permit_expires": "permit_expires",
        "clock_stopped": "clock_stopped",
        "clock_restarted": "clock_restarted",
    }
)

#: Which day answers a question that is not about a day.
_DAY_OF: Mapping[str, str] = MappingProxyType(
    {
        "removal_soon": "removal_date",
        "court": "appointment_date",
        "appointment": "appointment_date",
        "letter": "letter_date",
        "entry": "arrival",
        "status": "status_end",
    }
)

#: Days that lie ahead, so that one without its year is the coming one.
_TO_COME = frozenset({"appointment_date", "removal_date"})
#: Days that may lie on either side of today; all others have been.
_EITHER_SIDE = _TO_COME | {"status_end", "permit_expires"}

#: Answers that no longer hold once another is taken back.
_FOLLOWING: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "detained": ("removal_soon",),
        "appointment": ("appointment_date",),
        "letter": ("letter_date",),
        "entry": (),
        "status": ("status_end",),
    }
)

#: Questions whose day may be that of somebody else.
_OF_OTHERS = frozenset({"removal_soon", "detained", "family"})

#: Answers that only a person in the United States can give.
_ONLY_HERE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "detained": ("self",),
        "court": ("yes",),
        "appointment": ("check_in",),
        "entry": ("visa", "parole", "released", "uninspected"),
        "status": ("visa", "tps", "parole", "i220a"),
    }
)

_PERMIT = re.compile(r"\b(?:permiso|permit|card|tarjeta|ead|work)\b")
_WAS = re.compile(r"\b(?:fue|era|tuve|tenia|paso|falte|no fui|was|had|missed|were)\b")


@dataclass(frozen=True, slots=True)
class Heard:
    """One message.

    ``dates`` are its dates with their events, ``entities`` its names by kind (``bot/content/entities.yml``). ``choice``
    is a pressed button: a question and a code; for a day "2026-03-01/2026-03-31"; ``("correct", question)`` picks
    the answer to change. ``known`` are the dates of events from earlier messages, ``emergencies`` the kinds of
    ``bot.core.emergency`` told so far.
    """

    text: str
    intent: str
    today: date
    dates: tuple[Said, ...] = ()
    entities: Mapping[str, Sequence[str]] = field(default_factory=dict)
    choice: tuple[str, str] | None = None
    known: Mapping[str, Said] = field(default_factory=dict)
    emergencies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Interview:
    """What is known and what is asked.

    ``asked`` is a question of ``facts.QUESTIONS``, ``CORRECT``, or None when nothing is left to ask. ``trouble`` says
    why it is asked again, ``readings`` what a date can mean (two or more), ``said`` its words. ``put`` are the
    questions asked so far, in order. ``corrected`` is the question whose answer this message changed.
    ``also_asks``: the message answered, and asked something besides. ``level`` is the one told last, or "".
    ``answers`` is the most that were known at once, ``idle`` how many typed messages came since.
    """

    facts: Facts = field(default_factory=Facts)
    begun: bool = False
    asked: str | None = None
    trouble: str | None = None
    readings: tuple[Span, ...] = ()
    said: str = ""
    misses: int = 0
    put: tuple[str, ...] = ()
    corrected: str | None = None
    also_asks: bool = False
    emergencies: tuple[str, ...] = ()
    level: str = ""
    answers: int = 0
    idle: int = 0

    @property
    def complete(self) -> bool:
        """Whether it began and nothing is left to ask."""
        return self.begun and self.asked is None

    @property
    def correctable(self) -> tuple[str, ...]:
        """The questions that have an answer, in their order."""
        return tuple(question for question in QUESTIONS if not self.facts.is_open(question))

    def as_dict(self) -> dict[str, Any]:
        """JSON that ``from_dict`` reads back."""
        return {
            "facts": self.facts.as_dict(),
            "begun": self.begun,
            "asked": self.asked,
            "trouble": self.trouble,
            "readings": [[span.earliest.isoformat(), span.latest.isoformat()] for span in self.readings],
            "said": self.said,
            "misses": self.misses,
            "put": list(self.put),
            "corrected": self.corrected,
            "also_asks": self.also_asks,
            "emergencies": list(self.emergencies),
            "level": self.level,
            "answers": self.answers,
            "idle": self.idle,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any] | None) -> Interview:
        """The interview that ``as_dict`` wrote; an empty one for None."""
        if not data:
            return cls()
        known = dict(data)
        known["facts"] = Facts.from_dict(data["facts"])
        known["readings"] = tuple(
            Span(date.fromisoformat(first), date.fromisoformat(last)) for first, last in data["readings"]
        )
        known["put"] = tuple(data["put"])
        known["emergencies"] = tuple(data["emergencies"])
        return cls(**known)


def begin(before: Interview, heard: Heard) -> Interview:
    """The interview that a request starts, with everything that was said before and in it."""
    kept = Interview(facts=before.facts, begun=True, emergencies=_joined(before.emergencies, heard))
    taken = _with_known(_taken(kept, heard, read(heard.text, None, heard.entities)), heard)
    if taken.trouble is not None:
        return _putting(taken)
    return _next(replace(taken, corrected=None))


def noted(interview: Interview, heard: Heard) -> Interview | None:
    """The interview with what a message told in passing, outside of triage; None when it told nothing.

    What is doubtful there, such as a date with two readings, is left for the question.
    """
    kept = replace(interview, emergencies=_joined(interview.emergencies, heard))
    taken = _taken(replace(kept, asked=None), heard, read(heard.text, None, heard.entities))
    following = replace(kept, facts=taken.facts)
    return None if following == interview else following


def hear(interview: Interview, heard: Heard) -> Interview | None:
    """The interview after an answer, or None when the message was no answer to what was asked.

    Every interview ends: what is asked after ``MOST_IDLE`` typed messages that left no more answers than there were
    is left as not known.
    """
    following = _heard(interview, heard)
    if following is None or heard.choice is not None or len(following.put) < len(interview.put):
        # Buttons and "back" are used on purpose.
        return following
    if len(following.correctable) > interview.answers:
        return replace(following, answers=len(following.correctable), idle=0)
    if interview.idle + 1 < MOST_IDLE or following.asked in (None, CORRECT):
        return replace(following, idle=interview.idle + 1)
    left = _next(_left_unknown(following, following.asked))
    if len(left.correctable) <= interview.answers and left.asked is not None:
        # It was known, and the message only doubted it again.
        left = _next(_left_unknown(left, left.asked))
    return replace(left, answers=max(interview.answers, len(left.correctable)), idle=0)


def _heard(interview: Interview, heard: Heard) -> Interview | None:
    clean = replace(
        interview,
        corrected=None,
        also_asks=False,
        emergencies=_joined(interview.emergencies, heard),
    )
    if heard.choice is not None:
        return _chosen(clean, *heard.choice, heard.today)
    if not heard.text.strip() and not heard.dates:
        return None
    # "I want a lawyer to call me" is a wish and does not answer whether there is one.
    asked = None if heard.intent in _REQUESTS else _question(clean)
    understood = read(heard.text, asked, heard.entities)
    if understood.back:
        return _back(clean)
    taken = _taken(clean, heard, understood)
    if heard.dates and taken.trouble is not None:
        return _asked_again(clean, replace(taken, also_asks=understood.asks))
    if taken.facts != clean.facts or (clean.readings and not taken.readings):
        return _next(replace(taken, also_asks=understood.asks))
    if clean.asked == CORRECT:
        return _correcting(clean, heard, understood)
    if understood.corrects and not understood.asks and clean.correctable:
        return replace(clean, asked=CORRECT, trouble=None, readings=())
    if clean.asked is None:
        return None
    if understood.refused:
        return _next(_answered(clean, clean.asked, REFUSED))
    if understood.asks:
        return None
    if understood.unknown:
        return _next(_left_unknown(clean, clean.asked))
    if _said_again(clean, understood, heard):
        return _asked_on(clean)
    return _missed(clean) if heard.intent in _EMPTY else None


def _question(interview: Interview) -> str | None:
    return None if interview.asked == CORRECT else interview.asked


def _joined(before: tuple[str, ...], heard: Heard) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*before, *heard.emergencies)))


def _said_again(interview: Interview, understood: Understood, heard: Heard) -> bool:
    """Whether the message says what is known already: a day just given said with its year, an answer once more."""
    known = [day for question in DAYS if (day := interview.facts.day(question)) is not None]
    meant = [span for said in heard.dates for span in said.readings]
    if any(_meet(day, span) for day in known for span in meant):
        return True
    return any(interview.facts.get(question) == code for question, code in understood.answers.items())


def _meet(first: Span, second: Span) -> bool:
    return first.earliest <= second.latest and second.earliest <= first.latest


def _chosen(interview: Interview, question: str, code: str, today: date) -> Interview | None:
    """The interview after a pressed button; None for a button that is none of triage."""
    if question == CORRECT:
        if code not in QUESTIONS:
            return replace(interview, asked=CORRECT, trouble=None, readings=())
        return _reopened(interview, code)
    if question not in QUESTIONS:
        return None
    if code == "back":
        return _back(interview)
    if code == UNKNOWN:
        return _next(_left_unknown(interview, question))
    answer: Answer = code
    if question in DAYS and (span := _span(code)) is not None:
        answer = span
    if not is_answer(question, answer):
        return None
    return _next(_answered(interview, question, answer))


def _span(code: str) -> Span | None:
    first, _, last = code.partition("/")
    try:
        return Span(date.fromisoformat(first), date.fromisoformat(last or first))
    except ValueError:
        return None


def _answered(interview: Interview, question: str, answer: Answer | None) -> Interview:
    """The interview with one answer; what followed from another answer before is open again."""
    if question == "appointment" and answer == "hearing" and interview.facts.court is None:
        interview = _answered(interview, "court", "yes")
    facts, before = interview.facts, interview.facts.get(question)
    if before == answer:
        return replace(interview, trouble=None, readings=(), misses=0)
    if before is not None:
        for other in _FOLLOWING.get(question, ()):
            facts = facts.with_answer(other, None)
    facts = facts.with_answer(question, answer)
    if facts.place is None and answer in _ONLY_HERE.get(question, ()):
        facts = facts.with_answer("place", "us")
    if question == "arrival" and facts.place is None and isinstance(answer, Span):
        facts = facts.with_answer("place", "us")
    corrected = question if before is not None else interview.corrected
    return replace(interview, facts=facts, corrected=corrected, trouble=None, readings=(), said="", misses=0)


def _taken(interview: Interview, heard: Heard, understood: Understood) -> Interview:
    """The interview with everything that a message tells; ``trouble`` is set where a day has to be asked again."""
    taken = replace(interview, trouble=None, readings=()) if heard.dates else interview
    for question, code in understood.answers.items():
        if _contradicts_only_by_guess(taken, question, code):
            continue
        taken = _answered(taken, question, code)
    facts = taken.facts
    if understood.program is not None:
        facts = facts.noting(parole_program=understood.program)
    facts = facts.mentioning(understood.mentioned)
    if heard.entities.get("relative") and {"spouse", "child"} & set(heard.entities["relative"]):
        facts = facts.mentioning(("family",)) if not understood.asks else facts
    taken = replace(taken, facts=facts)
    for one in heard.dates:
        if not tells(heard.text, one.text) and not _is_short(heard.text):
            continue
        if interview.asked not in DAYS | _OF_OTHERS and about_others(heard.text, one.text):
            continue
        one = _weighed(one, taken, interview.asked, heard, understood)
        taken = _with_day(taken, one, interview.asked, heard)
        if taken.trouble is not None:
            return taken
    return taken


def _contradicts_only_by_guess(interview: Interview, question: str, code: str) -> bool:
    """Whether a general word would undo a more exact answer: "my visa" after a parole was told."""
    before = interview.facts.get(question)
    return (
        question == "appointment"
        and before == "check_in"
        and code == "hearing"
        and interview.asked != question
    )


def _weighed(one: Said, taken: Interview, asked: str | None, heard: Heard, understood: Understood) -> Said:
    """The date without its event where the words of the message speak against that event."""
    told = understood.answers
    no_hearing = one.event == "hearing" and taken.facts.court == "no"
    no_permit = (
        one.event == "permit_expires" and asked == "status_end" and not _PERMIT.search(plain(heard.text))
    )
    if no_hearing or no_permit:
        return replace(one, event=None)
    if one.event == "arrival" and told.get("detained") in ("self", "relative"):
        # "They caught him on Monday" is no arrival.
        return replace(one, event="other")
    if one.event == "judge_decision" and told.get("order") == "yes" and told.get("letter") != "denial":
        # "I was deported in 2018" is an order, and no decision from which time runs.
        return replace(one, event="other")
    return one


def _with_day(interview: Interview, one: Said, asked: str | None, heard: Heard) -> Interview:
    """The interview with one day, put where its event or the open question wants it."""
    target, also = _target(interview, one, asked, heard)
    if target is None:
        return interview
    possible = _possible(one, target, heard)
    if possible == TWO_READINGS and _known_as_both(interview, one, target, heard.today):
        return interview
    if not isinstance(possible, Span):
        question = target if target in QUESTIONS else "removal_soon"
        if target in _KEPT.values():
            return interview
        return replace(
            _with_also(interview, also),
            asked=question,
            trouble=possible,
            readings=_in_question(one, target, heard.today),
            said=one.text,
        )
    told = _with_also(interview, also)
    if target not in QUESTIONS:
        return replace(told, facts=told.facts.noting(**{target: possible}))
    return _answered(told, target, possible)


def _with_also(interview: Interview, also: tuple[str, str] | None) -> Interview:
    return interview if also is None else _answered(interview, *also)


def _target(
    interview: Interview, one: Said, asked: str | None, heard: Heard
) -> tuple[str | None, tuple[str, str] | None]:
    """The question (or kept day) that a date answers, and the answer that comes with it."""
    event, facts = one.event, interview.facts
    if asked in ("letter_date", "appointment_date") and event not in ("arrival", "status_ended", *_KEPT):
        letter = _LETTERS.get(event or "", facts.letter)
        if letter == facts.letter or (asked == "letter_date" and facts.letter is None):
            return asked, None
    if event == "arrival":
        return "arrival", None
    if event in _APPOINTMENTS and event is not None:
        if facts.appointment == "check_in" and asked in ("appointment", "appointment_date"):
            return "appointment_date", None
        return "appointment_date", ("appointment", event)
    if event in _LETTERS and event is not None:
        return "letter_date", ("letter", _LETTERS[event])
    if event == "status_ended":
        return "status_end", None
    if event == "filed" and facts.filed is None:
        return "filed_date", None
    if event in _KEPT and event is not None:
        return _KEPT[event], None
    if event is not None and not (asked in DAYS and _is_short(heard.text)):
        return None, None
    if asked in DAYS:
        return asked, None
    if asked == "filed":
        return "filed_date", ("filed", "self") if facts.filed is None else None
    if asked == "court":
        return "appointment_date", ("appointment", "hearing")
    if asked == "appointment":
        kind = facts.appointment if facts.appointment not in (None, "none", UNKNOWN, REFUSED) else "hearing"
        return "appointment_date", ("appointment", kind or "hearing")
    return _DAY_OF.get(asked or ""), None


def _is_short(text: str) -> bool:
    return len(text.split()) <= _SHORT


def _possible(one: Said, target: str, heard: Heard) -> Span | str:
    """The one span of days that is meant, or why it has to be asked again."""
    if not one.readings:
        return IMPOSSIBLE
    found = _in_question(one, target, heard.today)
    if target in _TO_COME and not _WAS.search(plain(heard.text)):
        ahead = tuple(span for span in found if span.latest >= heard.today)
        if not ahead and one.assumed:
            ahead = tuple(dict.fromkeys(_coming(span, heard.today) for span in found))
        found = ahead or found
    if target == "removal_date" and found:
        # Nobody is asked twice about this one; the earliest day counts.
        return _both(found)
    if not found:
        return FUTURE if one.readings[0].earliest > heard.today else TOO_OLD
    if len(found) > 1:
        return TWO_READINGS
    span = found[0]
    if target not in _EITHER_SIDE and span.latest > heard.today:
        # "This year" ends later than today, an arrival does not.
        return Span(span.earliest, heard.today)
    return span


def _in_question(one: Said, target: str, today: date) -> tuple[Span, ...]:
    """The readings that the event can have."""
    return tuple(
        span
        for span in one.readings
        if span.latest.year >= OLDEST_YEAR and (target in _EITHER_SIDE or span.earliest <= today)
    )


def _coming(span: Span, today: date) -> Span:
    """The days a year later, where they lie behind and their year was not said."""
    if span.latest >= today:
        return span
    try:
        return Span(
            span.earliest.replace(year=span.earliest.year + 1), span.latest.replace(year=span.latest.year + 1)
        )
    except ValueError:
        return span


def _with_known(interview: Interview, heard: Heard) -> Interview:
    """The interview with the dates of events from earlier messages, where they are clear and nothing else was said."""
    for event, said in heard.known.items():
        one = replace(said, event=event)
        target, also = _target(replace(interview, asked=None), one, None, heard)
        if target is None or getattr(interview.facts, target) is not None:
            continue
        if also is not None and interview.facts.get(also[0]) not in (None, also[1]):
            continue
        before = interview
        interview = _with_day(interview, one, None, heard)
        if interview.trouble is not None:
            interview = before
    return interview


def _next(interview: Interview) -> Interview:
    """The interview with what is to be asked next."""
    waiting = [
        question
        for question in open_questions(interview.facts)
        # What only the firm's summary needs is not asked of somebody who answered enough.
        if question != "lawyer" or len(interview.put) < MOST_QUESTIONS
    ]
    clean = replace(interview, begun=True, trouble=None, readings=(), said="", misses=0)
    return _putting(replace(clean, asked=waiting[0] if waiting else None))


def _putting(interview: Interview) -> Interview:
    """The interview with the open question among those that were asked."""
    asked = interview.asked
    if asked is None or asked == CORRECT or asked in interview.put:
        return interview
    return replace(interview, put=(*interview.put, asked))


def _asked_on(interview: Interview) -> Interview:
    """After what was known already: asked without a word of trouble, but not for ever."""
    following = _next(replace(interview, asked=None))
    if interview.asked is None or following.asked != interview.asked:
        return following
    misses = interview.misses + 1
    if misses >= PATIENCE:
        return _next(_left_unknown(interview, interview.asked))
    return replace(following, misses=misses)


def _missed(interview: Interview) -> Interview:
    """Not understood: asked again once, then left as not known."""
    assert interview.asked is not None
    misses = interview.misses + 1
    if misses >= PATIENCE:
        return _next(_left_unknown(interview, interview.asked))
    trouble = NO_DATE if interview.asked in DAYS else NOT_UNDERSTOOD
    return replace(interview, trouble=trouble, readings=(), misses=misses)


def _left_unknown(interview: Interview, question: str) -> Interview:
    """The interview with a question left as not known; of readings that were offered all stay possible."""
    readings = interview.readings if question == interview.asked and question in DAYS else ()
    if not readings:
        return _answered(interview, question, UNKNOWN)
    return _answered(interview, question, _both(readings))


def _known_as_both(interview: Interview, one: Said, target: str, today: date) -> bool:
    """Whether the person was asked which of the readings is meant, did not say, and now says the same date again."""
    return interview.facts.get(target) == _both(_in_question(one, target, today))


def _both(readings: Sequence[Span]) -> Span:
    """From the first day of any of them to the last."""
    return Span(min(span.earliest for span in readings), max(span.latest for span in readings))


def _asked_again(before: Interview, taken: Interview) -> Interview:
    """The interview that asks for a day again, so often and no more."""
    if taken.asked != before.asked:
        return _putting(replace(taken, misses=0))
    if before.misses + 1 > PATIENCE and taken.asked is not None:
        return _next(_left_unknown(taken, taken.asked))
    return replace(taken, misses=before.misses + 1)


def _back(interview: Interview) -> Interview:
    """One question back; its answer is asked again. At the first question there is nothing before it."""
    before = [question for question in interview.put if question != interview.asked]
    if interview.asked == CORRECT:
        return _next(interview)
    if not before:
        return replace(interview, trouble=None, readings=(), misses=0)
    left = replace(interview, put=tuple(before))
    return _reopened(left, before[-1])


def _reopened(interview: Interview, question: str) -> Interview:
    """The interview that asks a question again; the answer before and what follows from it are taken back."""
    facts = interview.facts.with_answer(question, None)
    for other in _FOLLOWING.get(question, ()):
        facts = facts.with_answer(other, None)
    clean = replace(interview, facts=facts, trouble=None, readings=(), said="", misses=0)
    return _putting(replace(clean, asked=question))


def _correcting(interview: Interview, heard: Heard, understood: Understood) -> Interview | None:
    """The interview after the choice of the answer to change was asked."""
    named = question_named(heard.text)
    if named in interview.correctable:
        return _reopened(interview, named)
    if understood.asks:
        return None
    misses = interview.misses + 1
    if misses >= PATIENCE or understood.refused or understood.unknown:
        return _next(interview)
    return replace(interview, misses=misses, trouble=NOT_UNDERSTOOD)
