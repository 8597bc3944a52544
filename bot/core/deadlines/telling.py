"""A result in words: which notices of ``bot/content/notices/deadlines`` are told, in which order, with its days."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from bot.core.content import Library
from bot.core.content.notices import NOTICE_LIMIT
from bot.core.content.store import NOTE_CHANGING, NOTE_REVIEW_DUE, NOTE_UNAPPROVED
from bot.core.deadlines.calculations import CALCULATIONS, calculate
from bot.core.deadlines.calendar import business_day_before, day_off
from bot.core.deadlines.phrases import count, weekday_and_day
from bot.core.deadlines.results import Deadline, Ends, NotCovered, Roll
from bot.core.deadlines.rules import Rules
from bot.core.law import format_date
from bot.core.messages import Reply, Source

#: Fewer days than this make a deadline urgent.
URGENT_DAYS = 30

#: Calculations that are told with the words of another.
_WORDS_OF = {
    "one_year_safe_target": "one_year_filing",
    "one_year_status": "one_year_filing",
    "one_year_timeliness": "one_year_filing",
    "one_year_status_exception": "one_year_filing",
    "asylum_ead_clock_intervals": "asylum_ead_clock",
    "asylum_ead_clock_status": "asylum_ead_clock",
    "credible_fear_ij_review": "fear_review",
    "reasonable_fear_ij_review": "fear_review",
}

#: Days of the government: not the first day of something, though nothing is to be filed by then.
_GOVERNMENTS = frozenset({"fear_review"})

#: The calculation that leads with an earlier day than the last one.
_SAFE_TARGET = "one_year_safe_target"

#: How well a part can be missed: not at all; it is in the longer text too; the date told is the cautious end anyway.
_NEEDED, _CAN_WAIT, _TOLD_BY_THE_DATE = range(3)

_HOLIDAYS = {
    "New Year": "new_year",
    "Martin Luther King": "mlk",
    "Washington": "washington",
    "Memorial": "memorial",
    "Juneteenth": "juneteenth",
    "Independence": "independence",
    "Labor": "labor",
    "Columbus": "columbus",
    "Veterans": "veterans",
    "Thanksgiving": "thanksgiving",
    "Christmas": "christmas",
}


def tell(
    words: Library, rules: Rules, result: Deadline | NotCovered, lang: str, below: Sequence[str] = ()
) -> Reply:
    """The reply that tells a result, with the paragraphs ``below`` at its end.

    ``text`` holds what must not be missed (the day, the safer day, what comes next) in at most ``NOTICE_LIMIT``
    characters, ``full`` also how it was counted, what could move it and on which day it was counted. ``notes`` are
    what is changing or in doubt.
    """
    if isinstance(result, NotCovered):
        return _not_covered(words, result, lang, below)
    told = _Told(words, rules, _with_last_day(result), lang)
    return Reply(
        kind="answer",
        id=f"deadline_{told.name}",
        lang=lang,
        title=CALCULATIONS[result.calculation].title[lang],
        text="\n\n".join(_fitting(told.short(), below)),
        full="\n\n".join([*told.full(), *below]),
        sources=tuple(Source(a.cite, a.url, a.checked.isoformat()) for a in result.authority),
        notes=tuple(_notes(words, rules, result, lang)),
        facts_checked=min((a.checked for a in result.authority), default=result.counted_on).isoformat(),
    )


def calendar_title(words: Library, calculation: str, lang: str) -> str:
    """A short neutral name that may show on a locked phone: it never says what the day is for."""
    name = f"deadline_title_{_WORDS_OF.get(calculation, calculation)}"
    if name not in words.notices:
        name = "deadline_title_one_year_filing"
    return words.notice(name, lang).text


def day_in_words(day: date, lang: str) -> str:
    """A day without its weekday, as a person reads it back: "March 3, 2025", "3 de marzo de 2025"."""
    return format_date(day, lang)


def _not_covered(words: Library, result: NotCovered, lang: str, below: Sequence[str]) -> Reply:
    name = "deadline_detained" if result.reason == "detained" else "deadline_not_covered"
    reply = words.notice(name, lang, today=result.counted_on)
    sources = tuple(Source(a.cite, a.url, a.checked.isoformat()) for a in result.authority)
    text = "\n\n".join([reply.text, *below])
    return Reply(kind="answer", id=name, lang=lang, text=text, choices=reply.choices, sources=sources)


def _with_last_day(result: Deadline) -> Deadline:
    """A result that leads with a safe target, leading with the last day itself; the target becomes the safer day."""
    last = result.outputs.get("deadline")
    last = last.earliest if isinstance(last, Ends) else last
    if result.calculation != _SAFE_TARGET or not isinstance(last, date):
        return result
    assert result.date is not None and result.unrolled is not None
    return replace(
        result,
        date=last,
        days_left=(last - result.counted_on).days,
        file_by=min(result.date, business_day_before(result.unrolled)),
        earliest=result.earliest and _with_last_day(result.earliest),
        latest=result.latest and _with_last_day(result.latest),
    )


def _fitting(parts: Iterator[tuple[int, str]], below: Sequence[str]) -> list[str]:
    """The parts that fit with those below them: the least needed go first, those of ``_NEEDED`` never."""
    kept = list(parts)
    while len("\n\n".join([*(text for _, text in kept), *below])) > NOTICE_LIMIT:
        least = max(kept, key=lambda part: part[0])
        if least[0] == _NEEDED:
            break
        kept.remove(least)
    return [*(text for _, text in kept), *below]


class _Told:
    """The parts of one answer."""

    def __init__(self, words: Library, rules: Rules, result: Deadline, lang: str) -> None:
        self.words = words
        self.rules = rules
        self.result = result
        self.lang = lang
        self.name = _WORDS_OF.get(result.calculation, result.calculation)
        self.values = dict(self._values())

    def short(self) -> Iterator[tuple[int, str]]:
        """What must not be missed, each part with how well it can be missed where all is too long."""
        yield _NEEDED, self._headline()
        for text in self._ends():
            yield (_NEEDED if self._may_have_passed else _TOLD_BY_THE_DATE), text
        if self._may_be_today:
            yield _NEEDED, self._say("deadline_may_be_today")
        if self._open:
            yield _NEEDED, self._safer()
        # Where it is not sure that the day has passed, that part names the lawyer already.
        needed = self._state == "urgent" or (self._state == "passed" and not self._may_have_passed)
        for text in self._one("next", self._state):
            yield (_NEEDED if needed else _CAN_WAIT), text
        if self.result.maybe_on is not None:
            yield _CAN_WAIT, self._counted_on()

    def full(self) -> Iterator[str]:
        """Everything."""
        yield self._headline()
        yield from self._ends()
        if self._may_be_today:
            yield self._say("deadline_may_be_today")
        if self.result.earliest is None:
            yield from self._one("counted")
            if self.result.roll is not None:
                yield self._say("deadline_rolled")
        if self._in_doubt:
            yield self._say("deadline_contested")
        if self._open:
            yield self._safer()
        yield from self._one("change")
        yield from self._one("next", self._state)
        yield self._counted_on()

    @property
    def _is_deadline(self) -> bool:
        return self.result.is_deadline or self.name in _GOVERNMENTS

    @property
    def _open(self) -> bool:
        """Whether a safer day lies ahead."""
        file_by = self.result.file_by
        return self._is_deadline and file_by is not None and file_by >= self.result.counted_on

    @property
    def _state(self) -> str:
        """passed, urgent or open of a deadline; waiting or reached of a first day; empty without a day."""
        left = self.result.days_left
        if left is None:
            return ""
        if not self._is_deadline:
            return "reached" if left <= 0 else "waiting"
        return "passed" if left < 0 else "urgent" if left < URGENT_DAYS else "open"

    @property
    def _in_doubt(self) -> bool:
        """Whether it is in doubt that the last day moves past a weekend or holiday."""
        day = self.result.unrolled
        return self.result.contested and self._is_deadline and day is not None and day_off(day) is not None

    @property
    def _may_have_passed(self) -> bool:
        """Whether today lies between the two ends of a vague last day."""
        first, last = self.result.earliest, self.result.latest
        if first is None or last is None or first.date is None or last.date is None:
            return False
        return self._is_deadline and first.date < self.result.counted_on <= last.date

    @property
    def _may_be_today(self) -> bool:
        """Whether the last day has passed by the cautious day, and not by the other that it may be."""
        day, other = self.result.date, self.result.maybe_on
        return self._state == "passed" and day is not None and other is not None and other <= day

    def _headline(self) -> str:
        if self.name == "child_age_lock":
            counts = self.result.outputs.get("counts_as_child")
            answer = "unsure" if isinstance(counts, Ends) else "yes" if counts is True else "no"
            return self._say(f"deadline_{answer}_child_age_lock")
        if self.result.date is None:
            parole = any(caveat.code == "advance_parole" for caveat in self.result.caveats)
            return self._say("deadline_advance_parole" if parole else "deadline_no_day_other")
        state = "open" if self._state == "urgent" else self._state
        if self._is_deadline and self.result.days_left == 0:
            state = "today"
        return self._own_or_other(f"deadline_{state}")

    def _ends(self) -> Iterator[str]:
        """What a vague day means for the answer."""
        first, last = self.result.earliest, self.result.latest
        if (
            first is None
            or last is None
            or first.date is None
            or last.date is None
            or first.date == last.date
        ):
            return
        if not self._is_deadline:
            yield self._say("deadline_range_earliest")
        elif last.date >= self.result.counted_on:
            own = f"deadline_range_{self.name}"
            part = "deadline_range_passed_part" if self._may_have_passed else "deadline_range"
            yield self._say(own if own in self.words.notices else part)

    def _safer(self) -> str:
        own = f"deadline_safe_{self.name}"
        if own in self.words.notices and self.values["safe"]:
            return self._say(own)
        return self._say("deadline_file_by")

    def _counted_on(self) -> str:
        """The day of counting; both where it is not known which of two it is."""
        return self._say(
            "deadline_counted_on" if self.result.maybe_on is None else "deadline_counted_on_either"
        )

    def _one(self, part: str, state: str = "") -> Iterator[str]:
        name = "_".join(filter(None, ("deadline", part, self.name, state)))
        if name in self.words.notices:
            yield self._say(name)

    def _own_or_other(self, part: str) -> str:
        own = f"{part}_{self.name}"
        return self._say(own if own in self.words.notices else f"{part}_other")

    def _say(self, name: str) -> str:
        return self.words.notice(name, self.lang, today=self.result.counted_on, **self.values).text

    def _values(self) -> Iterator[tuple[str, str]]:
        result, lang = self.result, self.lang
        yield "title", CALCULATIONS[result.calculation].title[lang]
        yield "day", format_date(result.counted_on, lang)
        yield "other_day", "" if result.maybe_on is None else format_date(result.maybe_on, lang)
        yield "days", count(abs(result.days_left or 0), "days", lang)
        for name, day in (("date", result.date), ("unrolled", result.unrolled), ("file_by", result.file_by)):
            yield name, "" if day is None else weekday_and_day(day, lang)
        # Of the safer days told, file_by is the earlier: it is never later than the day before the last one.
        yield "safe", "" if result.file_by is None else weekday_and_day(result.file_by, lang)
        event = next((step.values.get("date") for step in result.steps if step.code == "from"), None)
        yield "event", format_date(event, lang) if isinstance(event, date) else ""
        if self.name == "eoir33" and isinstance(event, date):
            # Who moves has two offices to tell; the answer names both days.
            other = calculate("ar11", {"moved": event.isoformat()}, self.rules, result.counted_on)
            day = other.date if isinstance(other, Deadline) else None
            yield "ar11", "" if day is None else weekday_and_day(day, lang)
        yield "why", "" if result.roll is None else self._why(result.roll)
        first, last = result.earliest or result, result.latest or result
        yield "from", "" if first.date is None else weekday_and_day(first.date, lang)
        yield "to", "" if last.date is None else weekday_and_day(last.date, lang)
        for name, key in (
            ("card", "card_possible_from"),
            ("working", "deadline"),
            ("since", "lpr_since"),
            ("five_years", "five_years"),
        ):
            found = result.outputs.get(key)
            led = found.latest if isinstance(found, Ends) and not self._is_deadline else found
            led = led.earliest if isinstance(led, Ends) else led
            yield name, weekday_and_day(led, lang) if isinstance(led, date) else ""

    def _why(self, roll: Roll) -> str:
        if roll.code in ("saturday", "sunday"):
            return {
                "saturday": {"en": "Saturday", "es": "sábado"},
                "sunday": {"en": "Sunday", "es": "domingo"},
            }[roll.code][self.lang]
        code = next((code for start, code in _HOLIDAYS.items() if roll.holiday.startswith(start)), None)
        return roll.holiday if code is None else self.words.label(f"holiday_{code}", self.lang)


def _notes(words: Library, rules: Rules, result: Deadline, lang: str) -> Iterator[str]:
    today = result.counted_on
    found: list[str] = []
    for caveat in result.caveats:
        if caveat.code == "changing":
            changing = words.parameters.get(str(caveat.values["parameter"])).changing
            told = None if changing is None else words.filled(changing[lang], lang, today)
            if told is not None:
                found.append(told)
        if caveat.code == "doubt":
            doubt = rules.get(str(caveat.values["rule"])).doubt
            told = None if doubt is None else words.filled(doubt[lang], lang, today)
            if told is not None:
                found.append(told)
    if found:
        yield words.notice(NOTE_CHANGING, lang, today=today).text
        yield from dict.fromkeys(found)
    checked = min((a.checked for a in result.authority), default=None)
    yield words.notice(
        NOTE_UNAPPROVED, lang, today=today, checked="" if checked is None else format_date(checked, lang)
    ).text
    review = rules.get(CALCULATIONS[result.calculation].rule).review
    if today > review:
        yield words.notice(NOTE_REVIEW_DUE, lang, today=today, date=format_date(review, lang)).text
