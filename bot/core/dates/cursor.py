"""Tokens, numbers and years: what every shape of a date is read with."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from bot.core.dates import lexicon, resolve, words
from bot.core.dates.model import Reading
from bot.core.dates.resolve import Span
from bot.core.dates.tokens import Token

#: A date has a number, month, unit or other telling word within so many tokens of where it begins.
REACH = 6
_NONE = Token("", "", 0, 0, False)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A date that ends before token ``end``. ``rough``: a length by which the day was not really said."""

    end: int
    precision: str
    readings: tuple[Reading, ...]
    assumed: bool = False
    rough: bool = False


class Cursor:
    """The tokens of one text.

    ``future``: a date without a year is rather one to come. ``coming``: something in the text is yet to come.
    """

    def __init__(self, tokens: list[Token], today: date, future: bool, coming: bool = False) -> None:
        self.tokens = tokens
        self.size = len(tokens)
        self.today = today
        self.future = future
        self.coming = coming
        self.year_said: int | None = None
        #: For each token, how many further on the next one stands that tells of time.
        self.ahead = self._distances()

    def _distances(self) -> list[int]:
        distances: list[int] = []
        far = len(self.tokens) + REACH + 1
        for token in reversed(self.tokens):
            tells = token.kind == "number" or (token.kind == "word" and lexicon.tells_of_time(token.text))
            far = 0 if tells else far + 1
            distances.append(far)
        return distances[::-1]

    def _t(self, i: int) -> Token:
        return self.tokens[i] if 0 <= i < self.size else _NONE

    def _is(self, i: int, words: Iterable[str]) -> bool:
        return self._t(i).text in words

    def _skip(self, i: int, words: frozenset[str], most: int = 3) -> int:
        for _ in range(most):
            if self._t(i).text not in words:
                break
            i += 1
        return i

    def _phrase(self, i: int, *words: str) -> int | None:
        for word in words:
            if self._t(i).text != word:
                return None
            i += 1
        return i

    def _short(self) -> bool:
        return len([token for token in self.tokens if token.kind != "sign"]) <= 3

    def _number(self, i: int) -> tuple[int, int, bool] | None:
        """(value, end, ordinal) of a number below 1,500 in digits or words."""
        token = self._t(i)
        if token.kind == "number" and len(token.text) <= 4:
            after = self._t(i + 1)
            if after.near and (after.text in lexicon.ORDINAL_ENDS or after.text in {"º", "ª", "°"}):
                return int(token.text), i + 2, True
            return int(token.text), i + 1, False
        if token.text in lexicon.ORDINALS:
            return lexicon.ORDINALS[token.text], i + 1, True
        if token.text in lexicon.TENS:
            ten = lexicon.TENS[token.text]
            k = i + 2 if self._is(i + 1, {"y", "-"}) else i + 1
            unit = lexicon.CARDINALS.get(self._t(k).text) or 0
            if 1 <= unit <= 9 and not self._is(k, {"a", "an"}):
                return ten + unit, k + 1, False
            nth = lexicon.ORDINALS.get(self._t(k).text) or 0
            if 1 <= nth <= 9:
                return ten + nth, k + 1, True
            return ten, i + 1, False
        if token.text in lexicon.CARDINALS:
            return lexicon.CARDINALS[token.text], i + 1, False
        return None

    def _day(self, i: int) -> tuple[int, int, bool] | None:
        """(day, end, ordinal) of the number of a day, 1 to 31 or a little more so that "feb 32" is seen."""
        if self._is(i, {"a", "an", "un", "una", "zero", "cero"}):
            return None
        if self._t(i).kind == "number" and (len(self._t(i).text) > 2 or self._glued(i)):
            return None
        number = self._number(i)
        return number if number is not None and 1 <= number[0] <= 31 else None

    def _glued(self, i: int) -> bool:
        """Whether a number is the tail of something else: $20, #3, 555-01, A12."""
        token, before = self._t(i), self._t(i - 1)
        if not token.near:
            return False
        if before.kind == "word":
            return lexicon.month(before.text) is None
        return before.text in {"$", "#", "+", "_", "@", "=", ":"} or (
            before.text in {"/", "-", ".", ","} and before.near and self._t(i - 2).kind != "word"
        )

    def _counts(self, i: int) -> bool:
        """Whether what follows token ``i - 1`` shows that it was a count, a clock time or a price."""
        token = self._t(i)
        if token.text == ":" or token.text == "%":
            return True
        if token.near and token.kind == "sign" and token.text in "/-.,":
            return self._t(i + 1).kind == "number" and self._t(i + 1).near
        return token.text in words.COUNTED

    def _closes(self, i: int) -> bool:
        """Whether nothing that a day could count follows."""
        token = self._t(i)
        if token.kind == "":
            return True
        if token.kind == "sign":
            return token.text in ",.;!?)\"'" and not (self._t(i + 1).kind == "number" and self._t(i + 1).near)
        return token.text in {
            "y",
            "and",
            "but",
            "pero",
            "at",
            "en",
            "in",
            "con",
            "with",
            "porque",
            "because",
            "when",
        }

    def _year(self, i: int, two_digits: bool = False) -> tuple[int, int] | None:
        """(year, end) of a year in digits, in words or relative to this one."""
        token = self._t(i)
        if token.text == "2" and self._is(i + 1, {"mil"}):
            return self._year_in_words(i)
        if token.kind == "number":
            if len(token.text) == 4 and 1900 <= int(token.text) <= 2040 and not self._counts(i + 1):
                if self._t(i + 1).kind == "word" and self._t(i + 1).near:
                    return None
                return int(token.text), i + 1
            quoted = self._is(i - 1, {"'"})
            if len(token.text) == 2 and (two_digits or quoted) and not self._counts(i + 1):
                return resolve.full_year(int(token.text)), i + 1
            return None
        return self._year_in_words(i) or self._year_relative(i)

    def _year_in_words(self, i: int) -> tuple[int, int] | None:
        start = (
            self._phrase(i, "two", "thousand") or self._phrase(i, "dos", "mil") or self._phrase(i, "2", "mil")
        )
        if start is not None:
            k = start + 1 if self._is(start, {"and", "y"}) else start
            rest = self._number(k)
            said = self._t(k).kind == "word" or (len(self._t(k).text) == 2 and not self._t(k).near)
            if rest and rest[0] <= 40 and not self._is(k, {"a", "an"}) and said:
                return (2000 + rest[0], rest[1]) if not self._counts(rest[1]) else None
            return (
                (2000, start)
                if not self._counts(start) and self._is(i - 1, {"en", "in", "del", "of"})
                else None
            )
        if self._is(i, {"twenty", "veinte"}):
            k = i + 2 if self._is(i + 1, {"-"}) else i + 1
            rest = self._number(k)
            if rest and 10 <= rest[0] <= 40 and self._t(k).kind == "word" and not self._counts(rest[1]):
                return 2000 + rest[0], rest[1]
        return None

    def _year_relative(self, i: int) -> tuple[int, int] | None:
        k = self._skip(i, frozenset({"el", "the", "l"}), 1)
        if self._is(k, {"last", "past", "previous"}) and self._is(k + 1, {"year", "yr"}):
            return self.today.year - 1, k + 2
        if self._is(k, words.THIS) and self._is(k + 1, {"year", "ano", "anio", "mismo"}):
            end = k + 3 if self._is(k + 1, {"mismo"}) and self._is(k + 2, {"ano"}) else k + 2
            return self.today.year, end
        if self._is(k, {"next", "proximo"}) and self._is(k + 1, {"year", "ano"}):
            return self.today.year + 1, k + 2
        if self._is(k, {"pasado"}) and self._is(k + 1, {"ano"}):
            return self.today.year - 1, k + 2
        if self._phrase(k, "year", "before", "last"):
            return self.today.year - 2, k + 3
        if self._is(k, {"ano", "anio"}):
            if self._is(k + 1, words.LAST_ES):
                return self.today.year - 1, k + 2
            if self._is(k + 1, {"antepasado"}):
                return self.today.year - 2, k + 2
            if self._is(k + 1, words.NEXT_ES):
                return self.today.year + 1, k + 2
            if self._phrase(k + 1, "que", "viene") or self._phrase(k + 1, "que", "paso"):
                return self.today.year + (1 if self._is(k + 2, {"viene"}) else -1), k + 3
        return None

    def _year_after(self, i: int, two_digits: bool) -> tuple[int, int] | None:
        """The year that follows a day or month at ``i``, with the words that join them."""
        if self.year_said is not None and self._year(self._skip(i, words.YEAR_JOIN), False) is None:
            return self.year_said, i
        k = self._skip(i, words.YEAR_JOIN)
        joined = any(self._is(n, {"del", "de", "'", "-", "/"}) for n in range(i, k))
        found = self._year(k, two_digits=joined or (two_digits and k == i))
        if found is None and k > i and self._is(k - 1, {"del", "dl"}) and self._t(k).kind == "word":
            number = self._number(k)
            if number and 10 <= number[0] <= 40 and not number[2] and self._closes(number[1]):
                found = 2000 + number[0], number[1]
        if found is None and k > i:
            found = self._year(k - 1) if self._t(k - 1).kind == "word" else None
        return found

    def _month_shift(self, i: int) -> tuple[int, int] | None:
        k = self._skip(i, frozenset({"el", "the"}), 1)
        if self._is(k, words.THIS) and self._is(k + 1, {"month", "mes"}):
            return 0, k + 2
        if self._is(k, words.LAST) and self._is(k + 1, {"month"}):
            return -1, k + 2
        if self._is(k, {"pasado"}) and self._is(k + 1, {"mes"}) and not self._is(k + 2, {"de"}):
            return -1, k + 2
        if self._phrase(k, "month", "before", "last"):
            return -2, k + 3
        if self._is(k, words.NEXT) and self._is(k + 1, {"month", "mes"}):
            return 1, k + 2
        if self._is(k, {"mes"}):
            if self._is(k + 1, words.LAST_ES):
                return -1, k + 2
            if self._is(k + 1, {"antepasado"}):
                return -2, k + 2
            if self._is(k + 1, words.NEXT_ES):
                return 1, k + 2
            if self._phrase(k + 1, "que", "viene"):
                return 1, k + 3
            if self._phrase(k + 1, "en", "curso"):
                return 0, k + 3
        return None

    def _mode(self, i: int) -> tuple[int, str]:
        """Where the noun begins after "last", "this past", "el próximo" ..., and which one is meant."""
        k = self._skip(i, frozenset({"the", "el", "la"}), 1)
        if self._is(k, words.THIS) and self._is(k + 1, {"past", "pasado", "pasada", "ultimo"}):
            return k + 2, "last"
        if self._is(k, words.LAST):
            return k + 1, "last"
        if self._is(k, words.NEXT):
            return k + 1, "next"
        if self._is(k, words.THIS):
            return k + 1, "this"
        return (k, "") if k == i or self._t(k).text in lexicon.SEASONS else (i, "")

    def _first(self, i: int, *rules: Callable[[int], Parsed | None]) -> Parsed | None:
        found = [parsed for rule in rules if (parsed := rule(i)) is not None]
        return max(found, key=lambda parsed: parsed.end) if found else None

    def _pick(self, of: Callable[[int], Span], mode: str = "") -> list[Reading]:
        """The readings of something that comes every year, when no year is said; see the package."""
        if self.year_said is not None:
            span = of(self.year_said)
            return [span] if span else []
        return resolve.every_year(of, self.today, mode, self.future)
