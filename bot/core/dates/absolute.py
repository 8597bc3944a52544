"""Dates in digits and with the name of a month."""

from __future__ import annotations

from dataclasses import replace

from bot.core.dates import lexicon, resolve, words
from bot.core.dates.cursor import Cursor, Parsed
from bot.core.dates.model import Reading


class Absolute(Cursor):
    """Days, months and years that are said by number or name."""

    def _numeric(self, i: int) -> Parsed | None:
        a = self._t(i)
        before = self._t(i - 1)
        if (
            a.kind != "number"
            or len(a.text) > 4
            or (a.near and before.text not in {"(", '"', "'", ",", ":", "¿"})
        ):
            return None
        if len(a.text) == 3:
            return None
        b, c = self._t(i + 2), self._t(i + 4)
        sep, sep2 = self._t(i + 1), self._t(i + 3)
        joined = (
            sep.near and b.near and sep.text in {"/", "-", "."} and b.kind == "number" and len(b.text) <= 4
        )
        if joined and sep2.near and sep2.text == sep.text and c.near and c.kind == "number":
            return self._three(i, a.text, b.text, c.text, i + 5)
        spaced = (
            sep.kind == "number"
            and b.kind == "number"
            and len(b.text) == 4
            and len(a.text) <= 2
            and len(sep.text) <= 2
        )
        if (
            spaced
            and not sep.near
            and not b.near
            and self._t(i + 3).kind != "number"
            and before.kind != "number"
        ):
            return self._three(i, a.text, sep.text, b.text, i + 3)
        if joined and not (
            self._t(i + 3).near and self._t(i + 3).text in {"/", "-", "."} and c.kind == "number"
        ):
            return self._two(i, a.text, b.text, sep.text)
        return None

    def _three(self, i: int, a: str, b: str, c: str, end: int) -> Parsed | None:
        after = self._t(end)
        if after.near and (after.kind != "sign" or (after.text in "-/." and self._t(end + 1).near)):
            return None
        if len(a) == 4 and len(b) <= 2 and len(c) <= 2:
            return self._days(end, [(int(a), int(b), int(c))])
        if len(a) > 2 or len(b) > 2 or len(c) not in {2, 4}:
            return None
        year = int(c) if len(c) == 4 else resolve.full_year(int(c))
        return self._days(end, [(year, int(a), int(b)), (year, int(b), int(a))])

    def _two(self, i: int, a: str, b: str, sep: str) -> Parsed | None:
        end = i + 3
        if self._t(end).near and self._t(end).kind != "sign":
            return None
        if len(b) == 4 and len(a) <= 2 and sep in "/-" and 1 <= int(a) <= 12 and 1900 <= int(b) <= 2040:
            return Parsed(end, "month", (resolve.month(int(b), int(a)),))
        if len(a) == 4 and len(b) <= 2 and sep in "/-" and 1 <= int(b) <= 12 and 1900 <= int(a) <= 2040:
            return Parsed(end, "month", (resolve.month(int(a), int(b)),)) if len(b) == 2 else None
        if sep != "/" or len(a) > 2 or len(b) > 2 or (a, b) == ("24", "7") or self._counts(end):
            return None
        if self._is(i - 1, {"las", "a", "at"}):
            return None
        plain_fraction = (len(a) == 1 and len(b) == 1) or int(b) == 0 or int(a) == 0
        said = self._is(
            i - 1, {"on", "el", "the", "since", "desde", "del", "until", "by", "before", "fecha", "date"}
        )
        if plain_fraction and not said:
            return None
        orders = [(int(a), int(b)), (int(b), int(a))]
        valid = list(dict.fromkeys((m, d) for m, d in orders if resolve.day(2024, m, d)))
        readings: list[Reading] = []
        for m, d in valid:
            readings += self._pick(lambda year, m=m, d=d: resolve.day(year, m, d))  # type: ignore[misc]
        if len(a) == len(b) == 2 and int(b) > 12 and not said and valid:
            year = 2000 + int(b)
            if self.today.year - 3 <= year <= self.today.year and 1 <= int(a) <= 12:
                return Parsed(end, "range", (*readings, resolve.month(year, int(a))), assumed=True)
        return Parsed(end, "day", tuple(readings), assumed=True) if readings else None

    def _days(self, end: int, candidates: list[tuple[int, int, int]]) -> Parsed | None:
        """The days among (year, month, day); impossible when a month is one but no day exists."""
        spans = dict.fromkeys(resolve.day(*one) for one in candidates if 1900 <= one[0] <= 2100)
        real = tuple(span for span in spans if span is not None)
        if real:
            return Parsed(end, "day", real)
        if any(1900 <= y <= 2100 and 1 <= m <= 12 and 1 <= d <= 31 for y, m, d in candidates):
            return Parsed(end, "impossible", ())
        return None

    def _day_month(self, i: int) -> Parsed | None:
        k = i
        if self._t(k).text in lexicon.WEEKDAYS:
            k = self._skip(k + 1, frozenset({",", "the", "el", "dia", "."}))
        day = self._day(k if k > i else self._skip(i, words.ARTICLES, 2))
        if day is None or (k == i and self._is(i, {"day", "este"})):
            return None
        value, j, ordinal = day
        n = self._skip(j, words.JOIN)
        word = self._t(n).text
        month = lexicon.month(word) if self._t(n).kind == "word" else None
        if month is None:
            return self._day_of_this_month(j, value)
        joined = n > j
        year = self._year_after(n + 1, two_digits=True)
        if word in {"may", "ago", "set", "mar"} and not (joined or ordinal or year or self._closes(n + 1)):
            return None
        if word == "ago" and not year and not self._is(j, {"de"}):
            return None
        if self._t(k).text == "once" and not self._is(j, {"de", "d"}):
            return None
        return self._built(n + 1, month, value, year)

    def _day_of_this_month(self, i: int, day: int) -> Parsed | None:
        """ "el 19 de este mes", "the 3rd of last month"."""
        k = self._skip(i, frozenset({"of", "de", "del", "the"}), 2)
        if k == i:
            return None
        shift = self._month_shift(k)
        if shift is None:
            return None
        year, month = resolve.month_from(self.today, shift[0])
        span = resolve.day(year, month, day)
        return Parsed(shift[1], "day", (span,)) if span else Parsed(shift[1], "impossible", ())

    def _month_day(self, i: int) -> Parsed | None:
        k = i
        if self._t(k).text in lexicon.WEEKDAYS:
            k = self._skip(k + 1, frozenset({",", "the", "el", "."}))
        word = self._t(k).text
        month = lexicon.month(word) if self._t(k).kind == "word" else None
        if month is None or (self._t(k).near and self._t(k - 1).kind == "word"):
            return None
        j = self._skip(k + 1, frozenset({".", ",", "the", "el", "-", "/", "dia"}))
        if self._year_in_words(j):
            return None
        day = self._day(j)
        if day is None:
            return None
        slashed = self._t(day[1]).text in {"/", "-"} and len(self._t(day[1] + 1).text) in {2, 4}
        if self._counts(day[1]) and not (slashed and self._year(day[1] + 1, two_digits=True)):
            return None
        if word in {"set", "ago", "mai"} and self._year_after(day[1], two_digits=False) is None:
            return None
        if self._t(day[1]).near and self._t(day[1]).kind == "word" and not day[2]:
            return None
        after = self._year_after(day[1], two_digits=True)
        built = self._built(day[1], month, day[0], after)
        year = 2000 + day[0]
        short = self._is(j - 1, {"/", "-"}) and day[0] > 12 and not day[2] and after is None
        if short and self.today.year - 3 <= year <= self.today.year and built.readings:  # dec/25
            return replace(built, precision="range", readings=(*built.readings, resolve.month(year, month)))
        return built

    def _built(self, end: int, month: int, day: int, year: tuple[int, int] | None) -> Parsed:
        if year is not None:
            span = resolve.day(year[0], month, day)
            return (
                Parsed(max(end, year[1]), "day", (span,))
                if span
                else Parsed(max(end, year[1]), "impossible", ())
            )
        if resolve.day(2024, month, day) is None:
            return Parsed(end, "impossible", ())
        return Parsed(end, "day", tuple(self._pick(lambda y: resolve.day(y, month, day))), assumed=True)

    def _month(self, i: int) -> Parsed | None:
        """A month with or without its year; "octubre de 2025, el 31" is a day."""
        k = i
        mode = ""
        if self._is(k, {"el", "the"}):
            k += 1
        if self._phrase(k, "this", "past"):
            k, mode = k + 2, "last"
        elif self._is(k, words.LAST):
            k, mode = k + 1, "last"
        elif self._is(k, words.NEXT):
            k, mode = k + 1, "next"
        elif self._is(k, words.THIS):
            k, mode = k + 1, "this"
        elif k > i:
            return None
        word = self._t(k).text
        month = lexicon.month(word) if self._t(k).kind == "word" else None
        if month is None:
            return None
        j = k + 1
        if self._is(j, {"."}) and self._t(j).near and len(word) <= 4 and self._t(j + 1).kind == "number":
            j += 1
        year = self._year_after(j, two_digits=False)
        if year is not None:
            tail = self._skip(year[1], frozenset({",", "el", "the", "dia"}))
            day = self._day(tail) if tail > year[1] else None
            if day is not None and self._closes(day[1]):
                return self._built(day[1], month, day[0], (year[0], day[1]))
            return Parsed(max(j, year[1]), "month", (resolve.month(year[0], month),))
        if self._is(j, words.LAST_ES):
            j, mode = j + 1, "last"
        elif self._is(j, words.NEXT_ES):
            j, mode = j + 1, "next"
        elif self._phrase(j, "que", "viene"):
            j, mode = j + 2, "next"
        before = self._t(i - 1).text
        if not mode:
            weak = word in lexicon.WEAK_MONTHS and word not in {"may", "sept", "jan"}
            if weak and not (
                self._t(i - 1).text in {"in", "en", "de", "desde", "since"} or len(self.tokens) == 1
            ):
                return None
            if word in {"march", "marcha"} and self._is(j, {"on", "to", "for", "against"}):
                return None
            alone = self._short() and word not in {
                "may",
                "march",
                "april",
                "june",
                "julio",
                "abril",
                "mayo",
                "august",
            }
            if not (alone or before in words.BEFORE_MONTH or len(self.tokens) <= 2):
                return None
            if word in {"may", "april", "june", "julio", "abril"} and before in {
                "y",
                "and",
                "o",
                "or",
                "a",
                "is",
                "es",
            }:
                return None
        readings = self._pick(lambda y: resolve.month(y, month), mode)
        return Parsed(j, "month", tuple(readings), assumed=True)

    def _two_months(self, i: int) -> Parsed | None:
        """ "march or april 2025": from the first day of one to the last of the other."""
        first = lexicon.month(self._t(i).text) if self._t(i).kind == "word" else None
        if first is None or not self._is(i + 1, {"or", "o", "u", "/", "-"}):
            return None
        second = lexicon.month(self._t(i + 2).text) if self._t(i + 2).kind == "word" else None
        if second is None or (second - first) % 12 not in {1, 2}:
            return None
        year = self._year_after(i + 3, two_digits=False)
        if year is not None:
            begin = year[0] if first < second else year[0] - 1
            span = Reading(resolve.month(begin, first).earliest, resolve.month(year[0], second).latest)
            return Parsed(max(i + 3, year[1]), "range", (span,))
        readings = self._pick(
            lambda y: Reading(
                resolve.month(y, first).earliest, resolve.month(y + (first > second), second).latest
            )
        )
        return Parsed(i + 3, "range", tuple(readings), assumed=True)

    def _year_alone(self, i: int) -> Parsed | None:
        token, before = self._t(i), self._t(i - 1)
        if token.kind == "number":
            counted = before.text in words.COUNTED and before.text not in {"year", "ano"}
            if len(token.text) != 4 or before.text in words.NAMES_NUMBER or counted:
                return self._year_of_two_digits(i)
            if (token.near and before.text not in {"(", '"', "'", "¿", ","}) or before.kind == "number":
                return None
            after = self._t(i + 1)
            if after.kind == "number" or (after.near and after.text in {"-", "/", "("}):
                return None
        said = self._year(i) if token.kind == "number" else self._year_in_words(i)
        return Parsed(said[1], "year", (resolve.year(said[0]),)) if said else None

    def _year_of_two_digits(self, i: int) -> Parsed | None:
        """ "in '24"."""
        token = self._t(i)
        quoted = self._is(i - 1, {"'"}) and token.near and len(token.text) == 2 and self._closes(i + 1)
        if not quoted or not self._is(i - 2, words.BEFORE_MONTH):
            return None
        return Parsed(i + 1, "year", (resolve.year(resolve.full_year(int(token.text))),))

    def _year_first(self, i: int) -> Parsed | None:
        """ "2025 march 3"."""
        alone = self._year_alone(i) if self._t(i).kind == "number" else None
        if alone is None or self.year_said is not None:
            return None
        self.year_said = alone.readings[0].earliest.year
        inner = self._month_day(alone.end)
        self.year_said = None
        return replace(inner, assumed=False) if inner is not None else None
