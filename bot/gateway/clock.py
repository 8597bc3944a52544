"""The only clock: everything else is told what time it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Protocol
from zoneinfo import ZoneInfo


class Clock(Protocol):
    """Tells the moment."""

    def now(self) -> datetime:
        """This moment, aware, in UTC."""

    def now_in(self, timezone: str) -> datetime:
        """This moment in that time zone, by which days are told: where tests fix the day, its noon."""


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The machine's clock; ``fixed`` replaces the day (not the moment of messages) where tests ask for it."""

    fixed: date | None = None

    def now(self) -> datetime:
        return datetime.now(UTC)

    def now_in(self, timezone: str) -> datetime:
        zone = ZoneInfo(timezone)
        # At noon it is the same day in all fifty states.
        return datetime.now(zone) if self.fixed is None else datetime.combine(self.fixed, time(12), zone)
