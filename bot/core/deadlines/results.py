"""What a calculation gives: a date with everything that led to it, or the plain word that it is not covered.

Results hold codes and values and no sentences, so that both languages can be made from them. The only words
are ``contested_note`` and ``Roll.reason``, which are English and written for a lawyer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from bot.core.law import Authority

# Fields of a class are called date too.
type Day = date
type Plain = date | bool | int | str | None
type Out = Plain | Ends


@dataclass(frozen=True, slots=True)
class Ends:
    """A value that differs between the two ends of a range."""

    earliest: Plain
    latest: Plain


@dataclass(frozen=True, slots=True)
class Roll:
    """Why a day is not a business day.

    ``code`` is saturday, sunday, holiday or observed; ``holiday`` is the holiday's English name, or empty;
    ``reason`` says the same as one phrase, such as "holiday: Christmas Day (observed)".
    """

    code: str
    reason: str
    holiday: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the count, in order: a code and its values."""

    code: str
    values: Mapping[str, Plain] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Caveat:
    """Something that must be told with the date: a code and its values."""

    code: str
    values: Mapping[str, Plain] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Deadline:
    """The result of a calculation.

    ``date`` leads: for EOIR-33 the stricter of two counts, for a range the cautious end; None where the law sets no
    day. ``is_deadline`` tells a day to meet from the first day on which something is possible. ``unrolled`` is
    the last day before any move past a weekend or holiday, ``file_by`` the last business day before it (None
    where there is nothing to file). ``days_left`` counts from ``counted_on`` to ``date``: 0 is today, below
    0 is past. Where it is not known which of two days it is, ``counted_on`` is the cautious one and ``maybe_on`` the
    other. ``earliest`` and ``latest`` are the ends when a fact was a range. ``outputs`` holds the tabled keys.
    """

    calculation: str
    date: Day | None
    unrolled: Day | None
    roll: Roll | None
    file_by: Day | None
    days_left: int | None
    counted_on: Day
    is_deadline: bool
    must_be: str
    contested: bool
    contested_note: str
    outputs: Mapping[str, Out]
    steps: tuple[Step, ...] = ()
    authority: tuple[Authority, ...] = ()
    caveats: tuple[Caveat, ...] = ()
    earliest: Deadline | None = None
    latest: Deadline | None = None
    maybe_on: Day | None = None

    def row(self) -> dict[str, Any]:
        """The tabled keys with JSON values, and ``file_by``; a range is {"earliest": ..., "latest": ...}."""
        return {key: _json(value) for key, value in self.outputs.items()}


@dataclass(frozen=True, slots=True)
class NotCovered:
    """No date can be given.

    ``reason`` is a code: before_the_rule (the event lies before the first version), rule_ended (the law was
    closed without a successor), detained (other deadlines hold, set by the judge).
    """

    calculation: str
    reason: str
    counted_on: Day
    values: Mapping[str, Plain] = field(default_factory=dict)
    authority: tuple[Authority, ...] = ()

    def row(self) -> dict[str, Any]:
        """``covered`` false and the reason."""
        return {"covered": False, "reason": self.reason}


def _json(value: Out) -> Any:
    if isinstance(value, Ends):
        return {"earliest": _json(value.earliest), "latest": _json(value.latest)}
    return value.isoformat() if isinstance(value, date) else value
