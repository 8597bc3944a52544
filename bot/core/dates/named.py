"""Parts of a month or year, seasons, holidays, and "last year" with what follows it."""

from __future__ import annotations

from dataclasses import replace

from bot.core.dates import lexicon, resolve, words
from bot.core.dates.absolute import Absolute
from bot.core.dates.cursor import Parsed
from bot.core.dates.model import Reading


class Named(Absolute):
    """Times that have a name."""

    def _part(self, i: int) -> Parsed | None:
        """ "mid march", "a finales de 2024", "first week of may", "la segunda semana de mayo"."""
        found = self._part_words(i)
        if found is None:
            return None
        part, k = found
        k = self._skip(k, frozenset({"of", "de", "del", "the", "el", "-", "l", "to"}))
        month = lexicon.month(self._t(k).text) if self._t(k).kind == "word" else None
        if month is not None:
            if self._dated(i, k):
                return None
            year = self._year_after(k + 1, two_digits=False)
            precision = "week" if part.startswith("week") else "range"
            if year is not None:
                return Parsed(max(k + 1, year[1]), precision, (resolve.part_of_month(year[0], month, part),))
            readings = self._pick(lambda y: resolve.part_of_month(y, month, part))
            return Parsed(k + 1, precision, tuple(readings), assumed=True)
        shift = self._month_shift(k) or self._month_shift(k - 1)
        if shift is not None:
            at_year, at_month = resolve.month_from(self.today, shift[0])
            return Parsed(shift[1], "range", (resolve.part_of_month(at_year, at_month, part),))
        if part.startswith(("week", "half")):
            return None
        said = self._year(k) or (self._year(k - 1) if self._t(k - 1).kind == "word" else None)
        if said is not None:
            return Parsed(said[1], "range", (resolve.part_of_year(said[0], part),))
        if self._is(k, {"year", "ano"}) and (k > i + 1):
            readings = self._pick(lambda y: resolve.part_of_year(y, part))
            return Parsed(k + 1, "range", tuple(readings), assumed=True)
        return None

    def _dated(self, i: int, k: int) -> bool:
        """Whether the month at ``k`` has its day: in "final august 10 2026" nothing is the end of August."""
        whole = not self._is(k - 1, {"of", "de", "del"})
        if whole and self._is(k - 1, {"final"}) and not self._is(i, {"a", "al"}):
            return True
        day = self._day(self._skip(k + 1, frozenset({"el", "the", "dia", ","}), 2))
        if day is None or self._counts(day[1]):
            return False
        if self._year_after(day[1], two_digits=False) is not None:
            return True
        return whole and self._is(k - 1, {"end", "ending", "beginning", "start", "inicio", "fin"})

    def _part_words(self, i: int) -> tuple[str, int] | None:
        k = self._skip(
            i, frozenset({"a", "the", "in", "at", "by", "al", "hacia", "para", "la", "el", "los", "las"}), 2
        )
        word = self._t(k).text
        if word in {
            "early",
            "principios",
            "principio",
            "comienzos",
            "inicios",
            "inicio",
            "beginning",
            "start",
        }:
            return "early", k + 1
        if word in {"mid", "mediados", "middle", "medio", "mitad"}:
            return "mid", k + 1
        if word in {"late", "finales", "final", "fines", "end", "ending"} or (
            word == "fin" and not self._phrase(k, "fin", "de", "ano")
        ):
            return "late", k + 1
        if self._is(k + 1, {"days", "dias"}) and self._is(k + 2, {"of", "de", "del"}):
            if word in {"first", "primeros"}:
                return "early", k + 2
            if word in {"last", "ultimos"}:
                return "late", k + 2
        if self._is(k + 1, {"half", "quincena", "mitad"}) and self._is(k + 2, {"of", "de", "del"}):
            if word in {"first", "primera"}:
                return "half1", k + 2
            if word in {"second", "last", "segunda", "ultima"}:
                return "half2", k + 2
        nth = lexicon.ORDINALS.get(word) or {
            "segunda": 2,
            "tercera": 3,
            "cuarta": 4,
            "last": 9,
            "ultima": 9,
        }.get(word)
        if (
            nth
            and (nth <= 4 or nth == 9)
            and self._is(k + 1, {"week", "semana"})
            and self._is(k + 2, {"of", "de", "del"})
        ):
            return f"week{nth}", k + 2
        return None

    def _season(self, i: int) -> Parsed | None:
        k, mode = self._mode(i)
        season = lexicon.SEASONS.get(self._t(k).text)
        if season is None:
            return None
        j = k + 1
        year = self._year_after(j, two_digits=False)
        if year is not None:
            return Parsed(max(j, year[1]), "season", resolve.season(year[0], season))
        if self._is(j, words.LAST_ES):
            j, mode = j + 1, "last"
        elif self._is(j, words.NEXT_ES):
            j, mode = j + 1, "next"
        elif self._phrase(j, "que", "viene"):
            j, mode = j + 2, "next"
        before = self._t(k - 1).text
        if not mode and before not in words.BEFORE_SEASON:
            return None
        if not mode and self._t(k).text in {"fall", "spring"}:
            lead = self._t(k - 2).text if before == "the" else before
            if lead not in {"in", "during", "since", "of", "by", "until"}:
                return None
        readings = self._pick(lambda y: resolve.season_from(y, season), mode)
        return Parsed(j, "season", tuple(readings), assumed=True)

    def _holiday(self, i: int) -> Parsed | None:
        k, mode = self._mode(i)
        for start in (k, k + 1) if self._is(k, {"the", "el", "la"}) else (k,):
            if self._t(start).text not in lexicon.HOLIDAY_BEGINNINGS:
                continue
            for size in range(lexicon.LONGEST_HOLIDAY, 0, -1):
                days = lexicon.HOLIDAYS.get(tuple(self._t(n).text for n in range(start, start + size)))
                if days is not None:
                    return self._holiday_days(start + size, days, mode)
        return None

    def _holiday_days(self, j: int, days: tuple[lexicon.Holiday, ...], mode: str) -> Parsed:
        year = self._year_after(j, two_digits=False)
        end = j
        if year is None:
            if self._is(j, words.LAST_ES):
                end, mode = j + 1, "last"
            elif self._is(j, words.NEXT_ES):
                end, mode = j + 1, "next"
        else:
            end = max(j, year[1])
        readings: list[Reading] = []
        for one in days:

            def of(at: int, one: lexicon.Holiday = one) -> Reading:
                return Reading(*one(at))

            readings += [of(year[0])] if year is not None else self._pick(of, mode)
        readings = list(dict.fromkeys(readings))
        precision = "day" if readings[0].earliest == readings[0].latest else "range"
        return Parsed(end, precision, tuple(readings), assumed=year is None)

    def _relative_year(self, i: int) -> Parsed | None:
        """ "last year", or with what follows: "el año pasado en navidad"."""
        said = self._year_relative(i)
        if said is None:
            return None
        k = self._skip(
            said[1],
            frozenset({",", "in", "en", "on", "para", "por", "around", "about", "como", "a", "el", "the"}),
        )
        outer, self.year_said = self.year_said, said[0]
        try:
            inner: Parsed | None = None
            if outer is None and k <= len(self.tokens):
                for start in dict.fromkeys((k, k - 1)):
                    if start >= said[1]:
                        inner = inner or self._first(
                            start, self._day_month, self._month_day, self._part, self._two_months, self._month,
                            self._season, self._holiday,
                        )  # fmt: skip
        finally:
            self.year_said = outer
        if inner is not None and inner.end > said[1]:
            return replace(inner, assumed=False)
        return Parsed(said[1], "year", (resolve.year(said[0]),))
