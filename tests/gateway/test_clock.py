"""The gateway's clock: the moment by which a person's day is told."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from bot.core.deadlines import Span
from bot.core.deadlines.own_day import STATES, own_days
from bot.gateway.clock import SystemClock

ISLANDS = {"GU", "MP"}


def test_the_moment_is_the_same_in_every_zone() -> None:
    clock = SystemClock()
    for zone in ("America/New_York", "Pacific/Honolulu"):
        told = clock.now_in(zone)
        assert told.tzinfo is not None
        assert abs(told - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize("zone", ["America/New_York", "America/Los_Angeles", "Pacific/Honolulu"])
@pytest.mark.parametrize("day", [date(2026, 11, 21), date(2026, 3, 8), date(2026, 7, 4)])
def test_a_day_fixed_for_a_test_is_that_day_everywhere_but_beyond_the_date_line(zone: str, day: date) -> None:
    now = SystemClock(day).now_in(zone)
    assert (now.date(), now.hour) == (day, 12)
    assert own_days(now, None, None, zone) == Span(day, day)
    for state in STATES.keys() - ISLANDS:
        assert own_days(now, state, None, zone) == Span(day, day)
