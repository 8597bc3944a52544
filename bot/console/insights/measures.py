"""What the figures say: measures by language, the difference between the languages, and the change in a week. Pure.

A share is in percent of its whole. A difference between English and Spanish of more than ``GAP`` points is marked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from bot.core.messages import LANGUAGES
from bot.transcripts.insights_records import Figures, quantile

#: Points between the languages above which a difference is marked.
GAP = 3.0
#: With fewer cases than this a share says little: it is shown, and neither compared in words nor called worse.
FEW = 20
#: Points by which a share must change, and the part by which a time must, to be told of in words.
_POINTS, _PART = 3.0, 0.2
#: A longer time is not worse for less than this: milliseconds and minutes.
_LEAST = {"ms": 100, "minutes": 15}

_ANSWERED = ("answered", "triaged", "booked")


@dataclass(frozen=True, slots=True)
class Value:
    """One measure of one language: ``number`` is the count, percent or time, None where there is nothing to tell.

    ``part`` of ``whole`` cases; for a count and a time ``whole`` is how many cases there are.
    """

    number: float | None
    part: int = 0
    whole: int = 0

    @property
    def is_few(self) -> bool:
        return self.whole < FEW


@dataclass(frozen=True, slots=True)
class Measure:
    """``kind`` is count, share, ms or minutes; ``better`` 1 when more is better, -1 when less is, 0 when neither.

    ``about`` is the group that it is counted from; ``value`` takes the figures and a language (empty: both).
    """

    name: str
    kind: str
    about: str
    better: int
    value: Callable[[Figures, str], Value]


@dataclass(frozen=True, slots=True)
class Row:
    """A measure in one week, by language and for both (the key is empty then), and the same of the week before."""

    measure: Measure
    now: Mapping[str, Value]
    before: Mapping[str, Value]

    @property
    def gap(self) -> float | None:
        """English less Spanish, in points; None for what is not a share or has no cases in a language."""
        one, other = (self.now[language].number for language in ("en", "es"))
        if self.measure.kind != "share" or one is None or other is None:
            return None
        return round(one - other, 1)

    @property
    def is_marked(self) -> bool:
        """Whether the languages differ by more than ``GAP`` points."""
        return self.gap is not None and abs(self.gap) > GAP

    @property
    def is_few(self) -> bool:
        """Whether a language has too few cases for the difference to say much."""
        return any(self.now[language].is_few for language in LANGUAGES)

    def change(self, language: str) -> float | None:
        """By how much it rose since the week before: points of a share, else in its own unit."""
        now, before = self.now[language].number, self.before[language].number
        return None if now is None or before is None else round(now - before, 1)

    def worsening(self, language: str) -> float:
        """How much worse it got, 1 being just worth telling; 0 when it did not, or for too few cases."""
        change = self.change(language)
        now, before = self.now[language], self.before[language]
        if not self.measure.better or change is None or now.is_few or before.is_few:
            return 0.0
        worse = -change * self.measure.better
        if self.measure.kind == "share":
            return max(0.0, worse / _POINTS) if worse >= _POINTS else 0.0
        least = _LEAST.get(self.measure.kind)
        if least is None or worse < least or not before.number or worse < _PART * before.number:
            return 0.0
        return worse / before.number / _PART


@dataclass(frozen=True, slots=True)
class Part:
    """Some measures under one heading."""

    name: str
    measures: tuple[Measure, ...]


def _count(name: str, about: str, figure: str) -> Measure:
    def value(figures: Figures, language: str) -> Value:
        found = figures.total(figure, language)
        return Value(found, found, found)

    return Measure(name, "count", about, 0, value)


def _share(
    name: str,
    about: str,
    better: int,
    part: Callable[[Figures, str], int],
    whole: Callable[[Figures, str], int],
) -> Measure:
    return Measure(
        name, "share", about, better, lambda figures, lang: share(part(figures, lang), whole(figures, lang))
    )


def _of(*names: str) -> Callable[[Figures, str], int]:
    return lambda figures, language: sum(figures.total(name, language) for name in names)


def _time(name: str, kind: str, prefix: str, at: float) -> Measure:
    def value(figures: Figures, language: str) -> Value:
        times = figures.times(prefix, language)
        count = sum(times.values())
        return Value(quantile(times, at), count, count)

    return Measure(name, kind, "kept", -1, value)


def share(part: int, whole: int) -> Value:
    """So many of so many, in percent; more than all, which counting on both sides of midnight can give, is all."""
    return Value(100 * min(part, whole) / whole if whole else None, part, whole)


def _asked(figures: Figures, language: str) -> int:
    """Conversations in which something was asked."""
    return figures.total("kept.conversations", language) - figures.total("kept.outcome:open", language)


def _right_turns(figures: Figures, language: str) -> int:
    wrong = sum(figures.below("judged.random.wrong:", language).values())
    return figures.total("judged.random.turns", language) - wrong


PARTS = (
    Part(
        "volume",
        (
            _count("conversations", "all", "all.conversations"),
            _count("turns", "all", "all.turns"),
            _count("emergencies", "all", "all.emergency"),
            _count("kept", "kept", "kept.conversations"),
            _count("takeovers", "kept", "kept.takeovers"),
        ),
    ),
    Part(
        "answers",
        (
            _share("fallback", "all", -1, _of("all.fallback"), _of("all.turns")),
            _share("answered", "kept", 1, _of(*(f"kept.outcome:{one}" for one in _ANSWERED)), _asked),
            _share("helpful", "kept", 1, _of("kept.rating_up"), _of("kept.rating_up", "kept.rating_down")),
        ),
    ),
    Part(
        "judged",
        (
            _share("right", "judged", 1, _of("judged.random.good"), _of("judged.random.conversations")),
            _share("right_turns", "judged", 1, _right_turns, _of("judged.random.turns")),
            _share(
                "right_chosen", "judged", 0, _of("judged.chosen.good"), _of("judged.chosen.conversations")
            ),
        ),
    ),
    Part(
        "way",
        (
            _count("triage_started", "all", "all.triage_started"),
            _share("triage", "all", 1, _of("all.triage_finished"), _of("all.triage_started")),
            _count("offered", "all", "all.offered"),
            _count("begun", "all", "all.begun"),
            _share("saved", "all", 1, _of("all.saved"), _of("all.begun")),
            _share("delivered", "booking", 1, _of("booking.delivered"), _of("booking.requested")),
            _share("appointed", "booking", 0, _of("booking.appointed"), _of("booking.requested")),
        ),
    ),
    Part(
        "time",
        (
            _time("latency", "ms", "kept.latency", 0.5),
            _time("latency_slow", "ms", "kept.latency", 0.95),
            _time("wait", "minutes", "kept.wait", 0.5),
            _time("wait_slow", "minutes", "kept.wait", 0.95),
            _share("unmet", "kept", -1, _of("kept.unmet"), _of("kept.urgent")),
        ),
    ),
)

MEASURES: Mapping[str, Measure] = {measure.name: measure for part in PARTS for measure in part.measures}


def row_of(measure: Measure, now: Figures, before: Figures) -> Row:
    """One measure of both weeks."""
    languages = (*LANGUAGES, "")
    return Row(
        measure,
        {language: measure.value(now, language) for language in languages},
        {language: measure.value(before, language) for language in languages},
    )


def rows_of(now: Figures, before: Figures) -> dict[str, Row]:
    """All measures of both weeks, by name."""
    return {name: row_of(measure, now, before) for name, measure in MEASURES.items()}


def worse(rows: Iterable[Row], most: int = 3) -> list[tuple[Row, str]]:
    """What got worse in a language, the worst first; each measure once, in the language in which it is worst."""
    found = []
    for row in rows:
        language = max(LANGUAGES, key=row.worsening)
        if weight := row.worsening(language):
            found.append((weight, row, language))
    found.sort(key=lambda each: -each[0])
    return [(row, language) for _, row, language in found[:most]]
