"""What the date grammar gives back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

PRECISIONS = ("day", "week", "month", "season", "year", "range", "approximate", "impossible")


@dataclass(frozen=True, slots=True)
class Reading:
    """The days that a date can mean, both ends included."""

    earliest: date
    latest: date


@dataclass(frozen=True, slots=True)
class FoundDate:
    """One date in a text.

    ``text`` is ``[start:end]`` of what was read. ``precision`` is one of ``PRECISIONS``. No reading: the day does
    not exist. More than one: ambiguous, the likeliest first. ``assumed``: the year (or month) was not said.
    """

    start: int
    end: int
    text: str
    precision: str
    readings: tuple[Reading, ...]
    assumed: bool = False

    @property
    def ambiguous(self) -> bool:
        """Whether the person must be asked which one they mean."""
        return len(self.readings) > 1
