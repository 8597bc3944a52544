"""Figures and how they are added up. Pure.

A figure's name begins with what it was counted from, its group:

``all``       every conversation, counted by the gateway while it happens, also of people who did not consent
``kept``      conversations that are kept, by the day on which they began or a message was said
``judged``    what staff judged, by the day of the judgement
``booking``   requests for a consultation, by the day of the request; they have no channel
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from math import ceil
from zoneinfo import ZoneInfo

ALL, KEPT, JUDGED, BOOKING = "all", "kept", "judged", "booking"
#: The groups that are counted from tables, and for how many days after its end a day is counted again: later than
#: that the outcome of a conversation hardly changes, while a firm may take a week to confirm an appointment.
SETTLES = {KEPT: 3, JUDGED: 3, BOOKING: 14}

#: Steps of one decade: a time is kept as the step at or above it, at most a tenth more than it was.
_STEPS = (10, 11, 12, 13, 15, 16, 18, 20, 22, 24, 27, 30, 33, 36, 39, 43, 47, 51, 56, 62, 68, 75, 82, 91)


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of one day; ``language`` and ``channel`` may be empty."""

    name: str
    language: str
    channel: str
    value: int


@dataclass(frozen=True, slots=True)
class Dated:
    """A figure with its day, in the firm's time zone."""

    day: date
    figure: Figure


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of some days, added up."""

    values: Mapping[str, Mapping[tuple[str, str], int]] = field(default_factory=dict)

    @classmethod
    def of(cls, figures: Iterable[Figure]) -> Figures:
        """Adds them up, by name and then by language and channel."""
        values: dict[str, Counter[tuple[str, str]]] = {}
        for figure in figures:
            values.setdefault(figure.name, Counter())[figure.language, figure.channel] += figure.value
        return cls(values)

    def total(self, name: str, language: str = "", channel: str = "") -> int:
        """The sum of one name; an empty language or channel means all of them."""
        return sum(
            value
            for (of_language, of_channel), value in self.values.get(name, {}).items()
            if language in ("", of_language) and channel in ("", of_channel)
        )

    def below(self, prefix: str, language: str = "") -> dict[str, int]:
        """The sums of all names that begin with ``prefix``, by what follows it; zeros are left out."""
        found = {
            name.removeprefix(prefix): self.total(name, language)
            for name in self.values
            if name.startswith(prefix)
        }
        return {name: value for name, value in found.items() if value}

    def times(self, prefix: str, language: str = "") -> Mapping[int, int]:
        """How many times stand at each step, of the names that ``time_name`` gave."""
        return {int(step): value for step, value in self.below(f"{prefix}:", language).items()}


def step(value: float) -> int:
    """The step at or above a time, from 1 on."""
    whole = max(1, ceil(value))
    if whole < 10:
        return whole
    size = int(10 ** (len(str(whole)) - 2))
    return next((place * size for place in _STEPS if place * size >= whole), 100 * size)


def time_name(prefix: str, value: float) -> str:
    """The name under which a time is counted."""
    return f"{prefix}:{step(value)}"


def quantile(times: Mapping[int, int], share: float) -> int | None:
    """The smallest step at or below which that share of the times lies; None without times."""
    count = sum(times.values())
    if count == 0:
        return None
    seen = 0
    for at in sorted(times):
        seen += times[at]
        if seen >= share * count:
            return at
    return max(times)


def span_of(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From when (inclusive) until when (exclusive) a day lasts in that zone, in UTC: 23 to 25 hours."""
    begin, end = (datetime.combine(at, time(), zone).astimezone(UTC) for at in (day, day + timedelta(days=1)))
    return begin, end


def monday_of(day: date) -> date:
    """The Monday of the day's week."""
    return day - timedelta(days=day.weekday())


def days(first: date, last: date) -> Iterator[date]:
    """Every day from ``first`` to ``last``, both inclusive."""
    day = first
    while day <= last:
        yield day
        day += timedelta(days=1)
