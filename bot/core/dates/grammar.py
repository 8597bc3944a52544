"""How a date is written: one method for each shape, tried at one place, the longest wins."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta

from bot.core.dates import lexicon, resolve, words
from bot.core.dates.cursor import REACH, Parsed
from bot.core.dates.model import Reading
from bot.core.dates.weekdays import Weekdays


class Parser(Weekdays):
    """Reads the dates in one text, those counted from today or from another date among them."""

    def date_at(self, i: int) -> Parsed | None:
        """The longest date that begins at token ``i``, or None."""
        if self.ahead[i] > REACH or self.tokens[i].kind == "sign":
            return None
        rules: Iterable[Callable[[int], Parsed | None]] = (
            self._about, self._between, self._numeric, self._offset, self._ago, self._from_now,
            self._until_now, self._relative_year,
            self._either_day, self._labelled, self._edge_day, self._day_month, self._month_day, self._part,
            self._two_months, self._month, self._season, self._holiday, self._this_unit, self._near_day,
            self._weeks_ago_weekday, self._nth_weekday, self._weekday, self._numbered_weekday,
            self._bare_day, self._year_alone, self._year_first,
        )  # fmt: skip
        best: Parsed | None = None
        for rule in rules:
            parsed = rule(i)
            if parsed is not None and (best is None or parsed.end > best.end):
                best = parsed
        return best

    def _about(self, i: int) -> Parsed | None:
        """ "around march 15": five days to either side."""
        if not self._is(i, words.ABOUT):
            return None
        k = self._skip(i + 1, frozenset({"del", "de", "to", "on", "a", "al"}), 2)
        inner = self._first(k, self._numeric, self._day_month, self._month_day, self._holiday)
        if inner is None or inner.precision != "day":
            return None
        wide = tuple(resolve.widened(span, 5) for span in inner.readings)
        return replace(inner, precision="approximate", readings=wide)

    def _between(self, i: int) -> Parsed | None:
        """ "between march and may 2025": one range."""
        if not self._is(i, {"between", "entre"}):
            return None
        rules = (
            self._numeric,
            self._day_month,
            self._month_day,
            self._part,
            self._month,
            self._year_alone,
            self._holiday,
        )
        first = self._two_days(i + 1)
        if first is not None:
            return first
        first = self._first(i + 1, *rules) or self._first(i + 2, *rules)
        if first is None or not self._is(first.end, {"and", "y"}):
            return None
        second = self._first(first.end + 1, *rules)
        if second is None or not first.readings or not second.readings:
            return None
        if first.assumed and not second.assumed:
            outer, self.year_said = self.year_said, second.readings[0].latest.year
            first = self._first(i + 1, *rules) or first
            self.year_said = outer
        if not first.readings or first.readings[0].earliest > second.readings[0].latest:
            return None
        span = Reading(first.readings[0].earliest, second.readings[0].latest)
        return Parsed(second.end, "range", (span,), first.assumed and second.assumed)

    def _two_days(self, i: int) -> Parsed | None:
        """ "el 3 y el 5 de marzo" after "entre": from one day of the month to the other."""
        first = self._day(self._skip(i, words.ARTICLES, 2))
        if first is None or not self._is(first[1], {"y", "and"}):
            return None
        last = self._day_month(first[1] + 1)
        if last is None or not last.readings:
            return None
        end = last.readings[0].earliest
        if first[0] > end.day:
            return None
        spans = tuple(Reading(span.earliest.replace(day=first[0]), span.latest) for span in last.readings)
        return Parsed(last.end, "range", spans, last.assumed)

    def _offset(self, i: int) -> Parsed | None:
        """ "a week after thanksgiving", "dos semanas antes de navidad", "the day after christmas"."""
        k = i + 1 if self._is(i, {"the", "el", "la"}) and self._t(i + 1).text in lexicon.UNITS else i
        if k > i or (self._t(i).text in lexicon.UNITS and self._is(i, {"day", "week", "dia", "semana"})):
            quantity: tuple[float, str, int] | None = (1, lexicon.UNITS[self._t(k).text], k + 1)
        else:
            quantity = self._quantity(i)
        if quantity is None:
            return None
        value, unit, j = quantity
        if self._is(j, {"after", "despues", "later"}):
            sign = 1
        elif self._is(j, {"before", "antes"}):
            sign = -1
        else:
            return None
        anchor_at = self._skip(j + 1, frozenset({"de", "del", "the", "of", "el"}), 2)
        outer, self.future = self.future, False
        anchor = self._first(
            anchor_at,
            self._holiday,
            self._numeric,
            self._day_month,
            self._month_day,
            self._near_day,
            self._relative_year,
        )
        if anchor is None and self._is(anchor_at - 1, {"the", "el"}):
            anchor = self._first(anchor_at - 1, self._holiday, self._day_month)
        self.future = outer
        if anchor is None or not anchor.readings:
            return None
        if value < 0:  # a few
            few = (resolve.shifted(span, sign * n, unit) for span in anchor.readings for n in (2, 7))
            ends = [day for span in few if span is not None for day in (span.earliest, span.latest)]
            if not ends or len(anchor.readings) > 1:
                return None
            return Parsed(anchor.end, "approximate", (Reading(min(ends), max(ends)),), anchor.assumed)
        spans = tuple(resolve.shifted(span, sign * value, unit) for span in anchor.readings)
        real = tuple(span for span in spans if span is not None)
        if not real:
            return None
        exact = all(span.earliest == span.latest for span in real)
        return Parsed(anchor.end, "day" if exact else "approximate", real, anchor.assumed)

    def _near_day(self, i: int) -> Parsed | None:
        word = self._t(i).text
        before = self._t(i - 1).text
        for phrase, days in (
            (("the", "day", "before", "yesterday"), -2), (("day", "before", "yesterday"), -2),
            (("antes", "de", "ayer"), -2), (("the", "day", "after", "tomorrow"), 2), (("pasado", "manana"), 2),
            (("last", "night"), -1), (("this", "morning"), 0), (("esta", "manana"), 0),
        ):  # fmt: skip
            end = self._phrase(i, *phrase)
            if end is not None:
                return Parsed(end, "day", (resolve.one_day(self.today + timedelta(days)),))
        if word == "manana" and (before in {"la", "por", "de", "ma"} or self._is(i + 1, {"por"})):
            return None
        if word == "hoy" and self._phrase(i, "hoy", "en", "dia"):
            return None
        near = {
            "today": 0, "hoy": 0, "yesterday": -1, "ayer": -1, "anoche": -1, "tomorrow": 1, "tomorow": 1, "tmrw": 1,
            "manana": 1, "antier": -2, "anteayer": -2, "antayer": -2, "antes de ayer": -2,
        }  # fmt: skip
        if word not in near:
            return None
        return Parsed(i + 1, "day", (resolve.one_day(self.today + timedelta(near[word])),))

    def _this_unit(self, i: int) -> Parsed | None:
        """ "last week", "el mes pasado", "next month"."""
        month = self._month_shift(i)
        if month is not None:
            year, number = resolve.month_from(self.today, month[0])
            return Parsed(month[1], "month", (resolve.month(year, number),))
        k = self._skip(i, frozenset({"the", "la"}), 1)
        shift: int | None = None
        end = k + 2
        if self._phrase(k, "week", "before", "last"):
            return Parsed(k + 3, "week", (resolve.week(self.today, -2),))
        if self._is(k + 1, {"week", "semana"}):
            if self._is(k, words.LAST):
                shift = -1
            elif self._is(k, words.NEXT):
                shift = 1
            elif self._is(k, words.THIS):
                shift = 0
                if self._is(end, words.LAST_ES):
                    shift, end = -1, end + 1
        elif self._is(k, {"semana"}):
            if self._is(k + 1, {"pasada", "anterior"}):
                shift = -1
            elif self._is(k + 1, {"antepasada"}):
                shift = -2
            elif self._is(k + 1, words.NEXT_ES):
                shift = 1
            elif self._phrase(k + 1, "que", "viene"):
                shift, end = 1, k + 3
        return Parsed(end, "week", (resolve.week(self.today, shift),)) if shift is not None else None
