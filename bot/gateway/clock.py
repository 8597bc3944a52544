"""The only clock: everything else is told what time it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo


class Clock(Protocol):
    """Tells the moment and the day."""

    def now(self) -> datetime:
        """This moment, aware, in UTC."""

    def today(self, timezone: str) -> date:
        """The day it is in that time zone."""


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The machine's clock; ``fixed`` replaces the day (not the moment) where tests ask for it."""

    fixed: date | None = None

    def now(self) -> datetime:
        return datetime.now(UTC)

    def today(self, timezone: str) -> date:
        return self.fixed or datetime.now(ZoneInfo(timezone)).date()
