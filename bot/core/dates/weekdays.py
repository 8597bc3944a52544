"""Weekdays, and days of the month that are said without its name or in another shape than usual."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.core.dates import lexicon, resolve, words
from bot.core.dates.cursor import Parsed
from bot.core.dates.lengths import Lengths
from bot.core.dates.model import Reading

_SPANISH = words.words("lunes martes miercoles jueves viernes sabado domingo")

_NTH = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1, "primer": 1, "segundo": 2, "tercer": 3, "cuarto": 4,
    "ultimo": -1,
}  # fmt: skip


class Weekdays(Lengths):
    """Days by their weekday or their number."""

    def _weekday(self, i: int) -> Parsed | None:
        k, mode = self._mode(i)
        if mode == "" and self._is(i, {"el", "on", "este"}):
            k = i + 1
        if self._is(k, {"pasado"}) and self._t(k + 1).text in lexicon.WEEKDAYS:
            k, mode = k + 1, "last"
        word = self._t(k).text
        weekday = lexicon.WEEKDAYS.get(word)
        if weekday is None:
            return None
        end = k + 1
        if self._is(end, {"antepasado"}) or self._phrase(end, "before", "last"):
            spans = resolve.weekdays(self.today, weekday, "last", future=False)
            earlier = tuple(resolve.shifted(span, -7, "day") for span in spans)
            return Parsed(
                end + (1 if self._is(end, {"antepasado"}) else 2),
                "day",
                tuple(span for span in earlier if span),
            )
        if self._is(end, words.LAST_ES):
            mode, end = "last", end + 1
        elif self._is(end, words.NEXT_ES):
            mode, end = "next", end + 1
        elif self._phrase(end, "que", "viene"):
            mode, end = "next", end + 2
        elif self._phrase(end, "of", "last", "week") or self._phrase(end, "de", "la", "semana", "pasada"):
            end += 3 if self._is(end, {"of"}) else 4
            mode = "week"
        elif self._phrase(end, "this", "week") or self._phrase(end, "of", "this", "week"):
            end, mode = end + (3 if self._is(end, {"of"}) else 2), "this week"
        elif self._phrase(end, "de", "esta", "semana"):
            end, mode = end + 3, "this week"
        if self._phrase(end, "de", "super") or self._phrase(end, "del", "super") or self._is(k - 1, {"bowl"}):
            return None
        if not mode:
            named = k > i or self._is(k - 1, {"on", "el", "desde", "since"})
            happened = not named and self._happened(k)
            if word in lexicon.WEAK_WEEKDAYS and not (
                self._is(k - 1, {"on", "el"}) or len(self.tokens) == 1 or happened
            ):
                return None
            if not (named or happened or self._short()):
                return None
            mode = "last" if happened and not self.coming else ""
        return Parsed(end, "day", resolve.weekdays(self.today, weekday, mode, self.future))

    def _happened(self, i: int) -> bool:
        """Whether the words beside the weekday at ``i`` say what happened on it: "denied me thursday", "fue jueves"."""
        if self._is(i - 1, words.NOT_THAT_WEEKDAY):
            return (
                self._is(i - 1, {"y", "and"})
                and self._t(i - 2).text in lexicon.WEEKDAYS
                and self._happened(i - 2)
            )
        after = self._t(i + 1)
        on = self._t(i + 2).text in lexicon.WEEKDAYS  # monday to friday
        if (
            after.text in {"bowl", "through", "thru", "after", "before", "despues", "antes"}
            or (after.text in {"to", "a"} and on)
            or (after.text == "-" and not self._closes(i + 2))
        ):
            return False
        weak = self._t(i).text in lexicon.WEAK_WEEKDAYS
        if weak and (
            self._t(i).text in {"sat", "sun", "wed"} or not (after.kind == "" or after.text in ",.!?")
        ):
            return False
        for n in range(i - 1, i - 7, -1):
            token = self._t(n)
            if token.kind == "" or token.text in words.CLAUSE_ENDS:
                break
            if token.text in words.HAPPENED:
                return self._t(i).text != "domingo" or n == i - 1
        begins = i == 0 or self._t(i - 1).kind == "sign"
        if weak or not begins or self._t(i).text == "domingo":
            return False
        for n in range(i + 1, i + 6):
            token = self._t(n)
            if token.kind == "" or token.text in words.CLAUSE_ENDS:
                return False
            if token.text in words.HAPPENED:
                return True
        return False

    def _weeks_ago_weekday(self, i: int) -> Parsed | None:
        """ "a week ago tuesday", "hace dos semanas el lunes", "el martes de hace dos semanas"."""
        k = i + 1 if self._is(i, {"el", "the", "on"}) else i
        weekday = lexicon.WEEKDAYS.get(self._t(k).text)
        if weekday is not None:
            parsed = self._weeks(self._skip(k + 1, words.words("de of ,"), 2))
            return (
                Parsed(parsed[1], "day", resolve.weeks_ago(self.today, weekday, parsed[0]))
                if parsed
                else None
            )
        parsed = self._weeks(i)
        if parsed is None:
            return None
        at = self._skip(parsed[1], words.words("on el , un"), 2)
        weekday = lexicon.WEEKDAYS.get(self._t(at).text)
        if weekday is None or self._t(at).text in {"sat", "sun"}:
            return None
        return Parsed(at + 1, "day", resolve.weeks_ago(self.today, weekday, parsed[0]))

    def _weeks(self, i: int) -> tuple[int, int] | None:
        """(weeks, end) of "two weeks ago", "hace una semana", "hace 15 dias"."""
        spanish = self._is(i, {"hace", "ase", "hase", "ace"})
        length = self._length(i + 1 if spanish else i)
        if length is None or length.days or length.bound or length.value % 1 or length.value < 1:
            return None
        if not spanish and not self._is(length.end, {"ago"}):
            return None
        weeks = int(length.value) if length.unit == "week" else 0
        if length.unit == "day" and length.value in {8, 15} and spanish:
            weeks = 1 if length.value == 8 else 2
        if not 1 <= weeks <= 60:
            return None
        return weeks, length.end if spanish else length.end + 1

    def _numbered_weekday(self, i: int) -> Parsed | None:
        """ "el viernes 13", "friday the 13th": that day of a month, and the latest that was such a weekday."""
        k = i + 1 if self._is(i, {"el", "on", "the"}) else i
        weekday = lexicon.WEEKDAYS.get(self._t(k).text)
        if weekday is None:
            return None
        day = self._day(self._skip(k + 1, words.words(", the el dia"), 2))
        if day is None or not self._closes(day[1]) or not (day[2] or self._t(k).text in _SPANISH):
            return None
        spans = [
            span
            for months in range(-14, 15)
            if (span := resolve.day(*resolve.month_from(self.today, months), day[0]))
        ]
        past = [span for span in spans if span.latest <= self.today][::-1]
        order = [span for span in spans if span.earliest > self.today] if self.future else past
        right = [span for span in order if span.earliest.weekday() == weekday]
        readings = [*right[:1], *order[:1]] if right else order[:1]
        if self.future:
            readings += past[:1]
        return Parsed(day[1], "day", tuple(dict.fromkeys(readings)), assumed=True)

    def _bare_day(self, i: int) -> Parsed | None:
        """ "el 31", "on the 15th": the day of a month that was not said."""
        if not self._is(i, {"el", "the", "dia"}):
            return None
        if self._is(i, {"dia"}) and self._is(i - 1, {"al", "por", "cada", "x"}):
            return None
        k = i + 2 if self._is(i, {"el"}) and self._is(i + 1, {"dia"}) else i + 1
        day = self._day(k)
        if day is None or self._t(k).kind != "number":
            return None
        either = self._other_day(day)
        if either is not None and not self._closes(either[1]):
            return None
        if either is None and not (
            self._closes(day[1]) or (self._is(i, {"el"}) and self._is(day[1], words.HAPPENED))
        ):
            return None
        if self._is(i, {"the"}) and not (either or day)[2]:
            return None
        number = day[0]

        def of(months: int) -> Reading | None:
            return resolve.day(*resolve.month_from(self.today, months), number)

        past = next((span for n in range(0, -14, -1) if (span := of(n)) and span.latest <= self.today), None)
        ahead = next((span for n in range(0, 14) if (span := of(n)) and span.earliest > self.today), None)
        order = (ahead, past) if self.future else (past,)
        if either is not None and past is not None:
            return self._either(tuple(span for span in order if span), either)
        spans = tuple(span for span in order if span)
        if self._is(i, {"el"}) and self._is(i - 1, {"en"}) and k == i + 1 and len(self._t(k).text) == 2:
            year = 2000 + number
            if self.today.year - 20 <= year <= self.today.year:  # "en el 24" is rather the year
                return Parsed(day[1], "range", (resolve.year(year), *spans), assumed=True)
        return Parsed(day[1], "day", spans, assumed=True)

    def _other_day(self, day: tuple[int, int, bool]) -> tuple[int, int, bool] | None:
        """The 9 of "8 o 9" and "8th or the 9th", whose first day ends before its token ``day[1]``."""
        if not self._is(day[1], {"o", "or", "u"}):
            return None
        other = self._day(self._skip(day[1] + 1, words.words("el the")))
        if other is None or other[0] <= day[0]:
            return None
        end = other[1]
        if not (self._closes(end) or self._is(end, words.JOIN) or self._year_after(end, two_digits=False)):
            return None
        return other

    def _either(self, spans: tuple[Reading, ...], other: tuple[int, int, bool]) -> Parsed | None:
        """One range when the days are close to each other, both when they are not."""
        readings: list[Reading] = []
        for span in spans:
            first = span.earliest
            last = resolve.day(first.year, first.month, other[0])
            if last is None:
                return None
            if last.latest <= first + timedelta(3):
                readings.append(Reading(first, last.latest))
            else:
                readings += [span, last]
        close = readings[0].earliest != readings[0].latest
        return Parsed(other[1], "range" if close else "day", tuple(readings), assumed=True)

    def _either_day(self, i: int) -> Parsed | None:
        """ "el 8 o 9 de noviembre", "nov 8 or 9"."""
        day = self._day(self._skip(i, words.ARTICLES, 2))
        if day is not None:
            other = self._other_day(day)
            if other is None:
                return None
            named = self._day_month(self._skip(day[1] + 1, words.words("el the")))
            if named is None or not named.readings:
                return None
            firsts = tuple(
                span
                for one in named.readings
                if (span := resolve.day(one.earliest.year, one.earliest.month, day[0]))
            )
            both = self._either(firsts, (other[0], named.end, False)) if firsts else None
            return replace(both, assumed=named.assumed) if both else None
        named = self._month_day(i)
        if named is None or not named.readings or not named.assumed:
            return None
        number = named.readings[0].earliest.day
        other = self._other_day((number, named.end, False))
        if other is None:
            return None
        year = self._year_after(other[1], two_digits=False)
        spans = named.readings
        if year is not None:
            month = spans[0].earliest.month
            first = resolve.day(year[0], month, number)
            spans = (first,) if first else ()
            other = (other[0], max(other[1], year[1]), other[2])
        both = self._either(spans, other) if spans else None
        return replace(both, assumed=year is None) if both else None

    def _labelled(self, i: int) -> Parsed | None:
        """ "dia 20 mes 10 año 2025", "month 10 2025"."""
        skip = words.words(", del de of the el : - .")
        said: dict[str, int] = {}
        k, end = i, i
        for _ in range(3):
            unit = lexicon.UNITS.get(self._t(k).text)
            at = self._skip(k + 1, words.words("el the : ,"), 1)
            token = self._t(at)
            number = lexicon.month(token.text) if unit == "month" and token.kind == "word" else None
            if token.kind == "number" and len(token.text) <= (4 if unit == "year" else 2):
                number = int(token.text)
            if unit not in {"day", "month", "year"} or unit in said or number is None:
                break
            said[unit] = number
            end = at + 1
            k = self._skip(end, skip)
        if "month" not in said or not 1 <= said["month"] <= 12:
            return None
        year = said.get("year")
        if year is None:
            after = self._year_after(end, two_digits=False)
            if after is not None:
                year, end = after[0], max(end, after[1])
        elif year < 100:
            year = resolve.full_year(year)
        if year is not None and not 1900 <= year <= 2100:
            return None
        month = said["month"]
        if "day" in said:
            return self._built(end, month, said["day"], (year, end) if year is not None else None)
        return Parsed(end, "month", (resolve.month(year, month),)) if year is not None else None

    def _edge_day(self, i: int) -> Parsed | None:
        """ "el último día de agosto", "the first day of last month"."""
        k = self._skip(i, words.words("el the"), 1)
        last = self._is(k, {"ultimo", "last"})
        if not last and not self._is(k, {"primer", "first"}):
            return None
        named = self._is(k + 1, {"dia", "day"})
        j = k + 2 if named else k + 1
        if not (named or self._is(k, {"ultimo"})) or not self._is(j, {"of", "de", "del"}):
            return None
        j += 1

        def edge(month: Reading) -> Reading:
            return resolve.one_day(month.latest if last else month.earliest)

        shift = self._month_shift(j)
        if shift is not None:
            month = resolve.month(*resolve.month_from(self.today, shift[0]))
            return Parsed(shift[1], "day", (edge(month),))
        j = self._phrase(j, "mes", "de") or j
        number = lexicon.month(self._t(j).text) if self._t(j).kind == "word" else None
        if number is None:
            return None
        year = self._year_after(j + 1, two_digits=False)
        if year is not None:
            return Parsed(max(j + 1, year[1]), "day", (edge(resolve.month(year[0], number)),))
        readings = self._pick(lambda y: edge(resolve.month(y, number)))
        return Parsed(j + 1, "day", tuple(readings), assumed=True)

    def _nth_weekday(self, i: int) -> Parsed | None:
        """ "the last friday of october", "el primer lunes de noviembre de 2025"."""
        k = self._skip(i, words.words("el the"), 1)
        nth = _NTH.get(self._t(k).text)
        weekday = lexicon.WEEKDAYS.get(self._t(k + 1).text)
        j = self._skip(k + 2, words.words("of de del"), 1)
        if nth is None or weekday is None or j == k + 2:
            return None

        def of(month: Reading) -> Reading | None:
            days = [month.earliest + timedelta(n) for n in range((month.latest - month.earliest).days + 1)]
            right = [day for day in days if day.weekday() == weekday]
            return resolve.one_day(right[nth if nth < 0 else nth - 1])

        shift = self._month_shift(j)
        if shift is not None:
            span = of(resolve.month(*resolve.month_from(self.today, shift[0])))
            return Parsed(shift[1], "day", (span,)) if span else None
        number = lexicon.month(self._t(j).text) if self._t(j).kind == "word" else None
        if number is None:
            return None
        year = self._year_after(j + 1, two_digits=False)
        if year is not None:
            span = of(resolve.month(year[0], number))
            return Parsed(max(j + 1, year[1]), "day", (span,)) if span else None
        readings = self._pick(lambda y: of(resolve.month(y, number)))
        return Parsed(j + 1, "day", tuple(readings), assumed=True)
