"""The conversation that leads to a deadline: which date is wanted, from which day it counts, and is that day right.

A pure machine: ``begin`` and ``hear`` take what a person said and give the interview as it stands, ``Interview.asked``
says what to ask next. No day is used before it was read back: a day that was said and not doubted, or one picked among
readings, counts as confirmed. The state is JSON, so that it can lie in a slot.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any

from bot.core.deadlines.inputs import Span
from bot.core.deadlines.wanted import (
    ASKED_FOR,
    TO_COME,
    asks_for_time,
    by_topic,
    by_words,
    does_not_know,
    goes_back,
    says_no,
    says_yes,
    wanted,
)
from bot.core.language import plain

#: What it can ask: which date is wanted (or which of the rarer), for a day, which of its readings, whether it is right.
CALCULATION, MORE, DATE, READING, CONFIRM = "calculation", "more", "date", "reading", "confirm"

#: Why a day has to be asked for again.
IMPOSSIBLE, FUTURE, TOO_OLD, NO_DATE, UNKNOWN, CHANGED = (
    "impossible",
    "future",
    "too_old",
    "no_date",
    "unknown",
    "changed",
)

#: What is said of the present, and not of a day to count from.
_NOW = frozenset({"today", "tonight", "hoy", "hoy dia", "hoy en dia", "this week", "esta semana"})

#: The date that most people mean by "my deadline".
USUAL = "one_year_filing"

#: So often may an answer not be understood before a person is offered instead.
PATIENCE = 3

#: Nobody alive and asking means an earlier year.
OLDEST_YEAR = 1975

#: Intents that say nothing by themselves, so that a question to which they are the answer was not understood.
_EMPTY = frozenset(
    {"nlu_fallback", "inform_date", "affirm", "deny", "calculate_deadline", "thank", "greet", "goodbye", ""}
)

#: An answer of so few words that its intent alone says what it means.
SHORT = 5

#: A day without its month: "the 5th", "el dia 5".
_DAY_ALONE = re.compile(r"(?:the |el |on |dia |d\u00eda )*(\d{1,2})(?:st|nd|rd|th)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Said:
    """One date of a message: everything it can mean, and the event that it is the date of, if the words say it.

    ``assumed``: its year (or month) was not said.
    """

    readings: tuple[Span, ...]
    event: str | None = None
    text: str = ""
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """One message.

    ``calculation``, ``day`` and ``pressed_unknown`` ("I don't know") come from a pressed choice. ``known`` are the
    dates of events from earlier messages.
    """

    text: str
    intent: str
    today: date
    dates: tuple[Said, ...] = ()
    topic: str | None = None
    calculation: str | None = None
    day: Span | None = None
    pressed_unknown: bool = False
    known: Mapping[str, Said] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Interview:
    """What is known and what is asked.

    ``dates`` maps an event to its day or range, ``confirmed`` names the events whose day was read back and not doubted.
    ``readings`` are offered when a date can mean several days. ``asked`` is None when nothing is left to ask.
    """

    calculation: str | None = None
    dates: Mapping[str, Span] = field(default_factory=dict)
    confirmed: frozenset[str] = frozenset()
    asked: str | None = None
    event: str | None = None
    readings: tuple[Span, ...] = ()
    trouble: str | None = None
    said: str = ""
    misses: int = 0
    gave_up: bool = False

    @property
    def complete(self) -> bool:
        """Whether the calculation and all its days are known and confirmed."""
        return self.calculation is not None and all(
            any(event in self.confirmed for event in events)
            for events in ASKED_FOR[self.calculation].values()
        )

    @property
    def inputs(self) -> dict[str, dict[str, str] | str]:
        """The facts for ``calculate``: ISO days, or ranges. Only when complete."""
        assert self.calculation is not None
        found: dict[str, dict[str, str] | str] = {}
        for name, events in ASKED_FOR[self.calculation].items():
            span = self.dates[next(event for event in events if event in self.confirmed)]
            ends = {"earliest": span.earliest.isoformat(), "latest": span.latest.isoformat()}
            found[name] = ends["earliest"] if span.earliest == span.latest else ends
        return found

    def as_dict(self) -> dict[str, Any]:
        """JSON that ``from_dict`` reads back."""
        data = asdict(self)
        data["dates"] = {event: _span_as_list(span) for event, span in self.dates.items()}
        data["confirmed"] = sorted(self.confirmed)
        data["readings"] = [_span_as_list(span) for span in self.readings]
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any] | None) -> Interview:
        """The interview that ``as_dict`` wrote; an empty one for None."""
        if not data:
            return cls()
        known = dict(data)
        known["dates"] = {event: _span_of(ends) for event, ends in data["dates"].items()}
        known["confirmed"] = frozenset(data["confirmed"])
        known["readings"] = tuple(_span_of(ends) for ends in data["readings"])
        return cls(**known)


def _span_as_list(span: Span) -> list[str]:
    return [span.earliest.isoformat(), span.latest.isoformat()]


def _span_of(ends: Sequence[str]) -> Span:
    return Span(date.fromisoformat(ends[0]), date.fromisoformat(ends[1]))


def begin(before: Interview, heard: Heard) -> Interview:
    """The interview that a request starts; days confirmed earlier in the conversation stay known.

    "And my work permit?" after an answer starts the next calculation, "no, it was the 5th" the same one again.
    """
    kept = Interview(dates=before.dates, confirmed=before.confirmed)
    said = [one.event for one in heard.dates if one.event not in (None, "other")]
    known = [event for event in (*before.dates, *heard.known) if event is not None]
    calculation = heard.calculation
    if calculation == MORE:
        return replace(kept, asked=MORE)
    if calculation not in ASKED_FOR:
        calculation = wanted(heard.text, [e for e in said if e], heard.topic, known)
        if by_words(heard.text) is None and not said and before.calculation is not None:
            calculation = (by_topic(heard.topic) if asks_for_time(heard.text) else None) or before.calculation
    started = replace(kept, calculation=calculation)
    for event, one in heard.known.items():
        if (
            event not in started.dates
            and len(one.readings) == 1
            and _possible(one.readings[0], event, heard.today)
        ):
            started = replace(started, dates={**started.dates, event: one.readings[0]})
    return _with_dates(started, heard)


def hear(interview: Interview, heard: Heard) -> Interview | None:
    """The interview after an answer, or None when the message was no answer to what was asked."""
    if heard.calculation == MORE:
        return replace(interview, asked=MORE, trouble=None)
    if heard.calculation in ASKED_FOR:
        return _next(replace(interview, calculation=heard.calculation, trouble=None), heard.today)
    if heard.pressed_unknown:
        return _unknown(interview)
    if heard.day is not None and interview.event is not None:
        return _settled(interview, interview.event, heard.day, heard.today)
    named = by_words(heard.text)
    usable = [one for one in heard.dates if one.event != "other"]
    if usable and interview.asked is not None:
        calculation = _calculation_by(interview, heard, named)
        # Who gives a date where the choice of one was offered means the year most often; the question names it.
        return _with_dates(replace(interview, calculation=calculation or USUAL), heard)
    if goes_back(heard.text):
        return _back(interview)
    if interview.asked in (CALCULATION, MORE):
        if named is None and len(heard.text.split()) <= SHORT:
            named = by_topic(heard.intent)
        if named is None and does_not_know(heard.text):
            named = USUAL
        if named is not None:
            return _next(replace(interview, calculation=named, trouble=None), heard.today)
        return _missed(interview) if heard.intent in _EMPTY else None
    if does_not_know(heard.text) and interview.asked in (DATE, READING, CONFIRM):
        return _unknown(interview)
    if interview.asked == CONFIRM:
        answer = _confirmed_by_words(interview, heard, named)
        if answer is not None:
            return answer
    if named is not None and named != interview.calculation and heard.intent == "calculate_deadline":
        return _next(replace(interview, calculation=named, trouble=None), heard.today)
    return _missed(interview) if heard.intent in _EMPTY - {"goodbye"} else None


def noted(interview: Interview, said: Said, today: date) -> Interview | None:
    """The interview with a day heard in passing and read back at once; None when it has to be asked about."""
    if said.event is None or said.event == "other" or len(said.readings) != 1:
        return None
    if plain(said.text) in _NOW:
        # "Can I ask at the border today?" tells of no arrival.
        return None
    span = said.readings[0]
    if span.earliest != span.latest or not _possible(span, said.event, today):
        return None
    return replace(
        interview,
        dates={**interview.dates, said.event: span},
        confirmed=interview.confirmed | {said.event},
    )


def _calculation_by(interview: Interview, heard: Heard, named: str | None) -> str | None:
    """The calculation after a message with dates: a date of another event changes it only where none was chosen."""
    if interview.calculation is not None and (named is None or named == interview.calculation):
        return interview.calculation
    said = [one.event for one in heard.dates if one.event not in (None, "other")]
    return wanted(heard.text, [event for event in said if event], heard.topic) or interview.calculation


def _confirmed_by_words(interview: Interview, heard: Heard, named: str | None) -> Interview | None:
    """The interview after yes, no, or the question itself asked again; None for anything else."""
    assert interview.event is not None
    span = interview.dates[interview.event]
    short = len(heard.text.split()) <= SHORT
    if says_yes(heard.text) or (heard.intent == "affirm" and short and not says_no(heard.text)):
        return _settled(interview, interview.event, span, heard.today)
    if says_no(heard.text) or (heard.intent == "deny" and short):
        left = {event: day for event, day in interview.dates.items() if event != interview.event}
        kept = interview.confirmed - {interview.event}
        return replace(interview, dates=left, asked=DATE, trouble=CHANGED, confirmed=kept)
    same = named in (None, interview.calculation)
    about_it = by_topic(heard.intent) == interview.calculation or heard.intent in _EMPTY
    if same and about_it and asks_for_time(heard.text):
        # Who asks on for the date itself does not doubt the day; the answer names it once more.
        return _settled(interview, interview.event, span, heard.today)
    return None


def _with_dates(interview: Interview, heard: Heard) -> Interview:
    """The interview with the dates of a message: each to its event, one without an event to what is asked."""
    wanted_event = interview.event if interview.asked in (DATE, READING, CONFIRM) else None
    if wanted_event is None:
        wanted_event = _open_event(interview)
    for one in heard.dates:
        if one.event == "other" or _is_denied(one, heard):
            continue
        event = _event_of(one, interview, wanted_event)
        if event is None:
            continue
        if interview.asked is not None or says_no(heard.text):
            one = _completed(one, event, interview.dates.get(event), heard.today)
        interview = _with_date(interview, event, one, heard.today)
        if interview.asked == READING or interview.trouble is not None:
            return interview
    return _next(interview, heard.today)


def _event_of(one: Said, interview: Interview, open_event: str | None) -> str | None:
    """The event that a date is given for; one without an event is for what was asked.

    In answer to a question, an event that often stands for what was asked is taken for it.
    """
    needed = [event for events in _needs(interview).values() for event in events]
    if one.event is None:
        return open_event
    if one.event in needed or interview.asked is None or interview.calculation is None:
        return one.event
    # "the 19th, in court": the words name a hearing, the question was about the judge's decision.
    return open_event if one.event in ("hearing", "referral", "interview") else one.event


def _needs(interview: Interview) -> Mapping[str, tuple[str, ...]]:
    return {} if interview.calculation is None else ASKED_FOR[interview.calculation]


def _open_event(interview: Interview) -> str | None:
    """The first event of the calculation that is not confirmed, else its first event."""
    groups = list(_needs(interview).values())
    for events in groups:
        if not any(event in interview.confirmed for event in events):
            return next((event for event in events if event in interview.dates), events[0])
    return groups[0][0] if groups else None


def _with_date(interview: Interview, event: str, one: Said, today: date) -> Interview:
    if not one.readings:
        return replace(interview, asked=DATE, event=event, trouble=IMPOSSIBLE, said=one.text)
    before = interview.dates.get(event)
    if event == interview.event and interview.asked == READING:
        picked = [span for span in interview.readings if any(_meets(span, new) for new in one.readings)]
        if len(picked) == 1 and len(one.readings) <= len(interview.readings):
            return _settled(interview, event, picked[0], today, go_on=False)
    if event == interview.event and interview.asked == CONFIRM and before is not None and _holds(one, before):
        # The same day again, or "yes, last year": said twice is confirmed.
        return _settled(interview, event, before, today, go_on=False)
    possible = [span for span in one.readings if _possible(span, event, today)]
    if not possible:
        trouble = FUTURE if one.readings[0].earliest > today else TOO_OLD
        return replace(
            interview, asked=DATE, event=event, trouble=trouble, readings=one.readings[:1], said=one.text
        )
    left = interview.confirmed - {event}
    if before is not None and event in interview.confirmed and possible == [before]:
        left = interview.confirmed
    if len(possible) > 1:
        return replace(
            interview,
            asked=READING,
            event=event,
            readings=tuple(possible),
            trouble=None,
            said=one.text,
            confirmed=left,
        )
    return replace(
        interview,
        dates={**interview.dates, event: possible[0]},
        confirmed=left,
        trouble=None,
        said=one.text,
        asked=None,
    )


def _is_denied(one: Said, heard: Heard) -> bool:
    """Whether a date stands there only as the wrong one: "it was the 5th, not the 3rd"."""
    others = [other for other in heard.dates if other != one and other.event in (one.event, None)]
    denied = rf"\b(?:not|no|instead of|en vez de|y no)\s+(?:on |in |en )?{re.escape(one.text)}"
    return bool(others) and re.search(denied, heard.text, re.IGNORECASE) is not None


def _completed(one: Said, event: str, before: Span | None, today: date) -> Said:
    """A date without its year as a correction of the day before: "no, the 5th" is of the same month and year."""
    if before is None or not one.assumed:
        return one
    alone = _DAY_ALONE.fullmatch(one.text.strip())
    spans: list[Span] = []
    for year in range(before.earliest.year, before.latest.year + 1):
        for span in one.readings:
            try:
                if alone is None:
                    spans.append(Span(span.earliest.replace(year=year), span.latest.replace(year=year)))
                elif before.earliest.replace(day=1) == before.latest.replace(day=1):
                    day = before.earliest.replace(day=int(alone[1]))
                    spans.append(Span(day, day))
            except ValueError:
                continue
    if before.earliest != before.latest and alone is None:
        spans = [span for span in spans if _meets(span, before)]
    kept = [span for span in spans if span.earliest <= span.latest and _possible(span, event, today)]
    return replace(one, readings=tuple(dict.fromkeys(kept)) or one.readings)


def _holds(one: Said, span: Span) -> bool:
    return any(new.earliest <= span.earliest and span.latest <= new.latest for new in one.readings)


def _meets(span: Span, other: Span) -> bool:
    return span.earliest <= other.latest and other.earliest <= span.latest


def _possible(span: Span, event: str, today: date) -> bool:
    """Whether the event can have had its day then: most lie behind, none in another age."""
    if span.latest.year < OLDEST_YEAR:
        return False
    return event in TO_COME or span.earliest <= today


def _settled(interview: Interview, event: str, span: Span, today: date, *, go_on: bool = True) -> Interview:
    settled = replace(
        interview,
        dates={**interview.dates, event: span},
        confirmed=interview.confirmed | {event},
        asked=None,
        readings=(),
        trouble=None,
        misses=0,
    )
    return _next(settled, today) if go_on else settled


def _next(interview: Interview, today: date) -> Interview:
    """The interview with what is to be asked next."""
    clean = replace(interview, readings=(), trouble=None)
    if interview.calculation is None:
        return replace(clean, asked=CALCULATION, event=None)
    if interview.complete:
        return replace(clean, asked=None, event=None, misses=0)
    event = _open_event(interview)
    assert event is not None
    known = event in interview.dates
    return replace(clean, asked=CONFIRM if known else DATE, event=event)


def _unknown(interview: Interview) -> Interview:
    """ "I don't know": first that a month is enough, then that without a day nothing can be counted."""
    if interview.trouble == UNKNOWN or interview.event is None:
        return replace(interview, asked=None, gave_up=True)
    left = {event: day for event, day in interview.dates.items() if event != interview.event}
    return replace(
        interview, asked=DATE, trouble=UNKNOWN, dates=left, confirmed=interview.confirmed - {interview.event}
    )


def _missed(interview: Interview) -> Interview:
    misses = interview.misses + 1
    if misses >= PATIENCE:
        return replace(interview, asked=None, gave_up=True, misses=misses)
    trouble = NO_DATE if interview.asked in (DATE, READING) else interview.trouble
    return replace(interview, trouble=trouble, misses=misses)


def _back(interview: Interview) -> Interview:
    """One question back: from a confirmation to the day, from the day to the choice of the date."""
    if interview.asked in (CONFIRM, READING):
        return replace(interview, asked=DATE, trouble=None)
    return replace(interview, asked=CALCULATION, calculation=None, event=None, trouble=None)
