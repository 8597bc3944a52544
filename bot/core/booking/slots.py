"""Free times that can be chosen: how the state writes them, and which are offered first.

A slot is written as an interval of ISO 8601 in UTC: "2026-11-24T15:00:00Z/2026-11-24T15:30:00Z".
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

#: So many are offered at once; more would be a wall of buttons.
OFFERED = 5


def slot_of(start: datetime, end: datetime) -> str:
    """The slot from ``start`` to ``end``, both aware."""
    return "/".join(f"{one.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" for one in (start, end))


def start_of(slot: str) -> datetime:
    """When a slot starts. Raises ValueError for another text."""
    return datetime.fromisoformat(slot.partition("/")[0])


def window(slot: str) -> dict[str, str]:
    """The slot as one window of an event's availability."""
    start, _, end = slot.partition("/")
    return {"start": start, "end": end}


def spread(slots: Collection[str], timezone: str, count: int = OFFERED) -> tuple[str, ...]:
    """Some of the slots, in order: of every day of that time zone one, and more of each while there is room.

    Of the first day it is the earliest. Then the days take turns between a middle, a late and an early one, so that
    neither mornings nor neighbouring times are all there is.
    """
    days: dict[str, list[str]] = {}
    for slot in sorted(slots):
        days.setdefault(f"{start_of(slot).astimezone(ZoneInfo(timezone)):%Y-%m-%d}", []).append(slot)
    picked: list[str] = []
    turn = 0
    while len(picked) < count and any(days.values()):
        for number, left in enumerate(days.values()):
            if left and len(picked) < count:
                places = (0, len(left) // 2, len(left) - 1)
                picked.append(left.pop(places[(number + turn) % len(places)]))
        turn += 1
    return tuple(sorted(picked))
