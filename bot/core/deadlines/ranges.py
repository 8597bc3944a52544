"""Ranges in, ranges out: the results at the ends of every range, told as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from bot.core.deadlines.results import Deadline, Ends, Out, Plain

# The same for all results of one question, or true as soon as it is true of one.
_CONTESTED, _NOTE = "contested", "contested_note"


def combine(results: Sequence[Deadline]) -> Deadline:
    """One result for all: it leads with the cautious end and keeps both ends.

    The cautious end is the earlier day for a deadline, and the later one for the first day on which something is
    possible; no day at all is the latest. A value that differs becomes ``Ends``. Where only the day of counting
    differs and the count is the same on each, there are no ends to keep.
    """
    ordered = sorted(results, key=_order)
    first, last = ordered[0], ordered[-1]
    lead = first if first.is_deadline else last
    note = next((result.contested_note for result in (lead, *ordered) if result.contested), "")
    keys = dict.fromkeys(key for result in ordered for key in result.outputs)
    outputs: dict[str, Out] = {key: _spread([result.outputs.get(key) for result in ordered]) for key in keys}
    outputs[_CONTESTED] = bool(note)
    if note:
        outputs[_NOTE] = note
    same = all((r.date, r.unrolled, r.steps) == (lead.date, lead.unrolled, lead.steps) for r in ordered)
    days = {result.counted_on for result in ordered}
    one_count = same and len(days) == len(ordered)
    return replace(
        lead,
        contested=bool(note),
        contested_note=note,
        outputs=outputs,
        earliest=None if one_count else first,
        latest=None if one_count else last,
        maybe_on=_other_end(days, lead.counted_on),
    )


def _other_end(days: set[date], led: date) -> date | None:
    """The end of the days that does not lead; None for a single day."""
    first, last = min(days), max(days)
    return None if first == last else first if led == last else last


def _order(result: Deadline) -> tuple[date, int]:
    return result.date or date.max, 0 if result.days_left is None else result.days_left


def _spread(values: list[Out]) -> Out:
    """The value, or its two ends: of days and numbers the smallest and largest, with None as the largest; of
    other values that of the earliest result, and that of the latest which differs from it."""
    plain: list[Plain] = [value for value in values if not isinstance(value, Ends)]
    first = plain[0]
    others = [value for value in plain if value != first]
    if not others:
        return first
    known: list[Any] = [value for value in plain if value is not None]
    if {type(value) for value in known} in ({date}, {int}):
        return Ends(min(known), None if None in plain else max(known))
    return Ends(first, others[-1])
