"""Which day it is where a person is, hour by hour, and that it is never told more surely than it is known."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.deadlines import Span, own_day
from bot.core.deadlines.own_day import ANYWHERE, LONGEST_ZONE, STATES, own_days, zone_inside

FIRM = "America/New_York"
LA, NY, CHICAGO, DENVER = (f"America/{city}" for city in ("Los_Angeles", "New_York", "Chicago", "Denver"))
#: One in the morning of November 22 in New York, six in the evening before in Hawaii.
NIGHT = datetime(2026, 11, 22, 6, tzinfo=UTC)
NOON = datetime(2026, 11, 21, 17, tzinfo=UTC)
BEFORE, AFTER = date(2026, 11, 21), date(2026, 11, 22)

states = st.sampled_from(sorted(STATES))
zones = st.sampled_from([LA, NY, CHICAGO, DENVER, "Pacific/Honolulu", "Pacific/Guam", "US/Alaska"])
#: Every hour of the two days around a change of the clocks and around a night like others.
hours = st.sampled_from(
    [
        datetime(*day, tzinfo=UTC) + timedelta(hours=hour)
        for day in ((2026, 3, 7), (2026, 10, 31), (2026, 11, 21), (2026, 12, 31))
        for hour in range(48)
    ]
)


@pytest.mark.parametrize(
    ("now", "state", "timezone", "first", "last"),
    [
        pytest.param(NOON, None, None, BEFORE, BEFORE, id="at noon it is one day, whatever is known"),
        pytest.param(NIGHT, None, None, BEFORE, AFTER, id="at night two days where nothing is known"),
        pytest.param(NIGHT, "NY", None, AFTER, AFTER, id="a state in one zone has one day"),
        pytest.param(NIGHT, "CA", None, BEFORE, BEFORE, id="a state west of it still has the day before"),
        pytest.param(NIGHT, "TX", None, BEFORE, AFTER, id="a state in two zones has both days"),
        pytest.param(NIGHT, "TX", CHICAGO, AFTER, AFTER, id="the browser tells which zone of the state"),
        pytest.param(NIGHT, "TX", DENVER, BEFORE, BEFORE, id="the browser tells the other zone of the state"),
        pytest.param(NIGHT, None, LA, BEFORE, BEFORE, id="a browser inside the U.S. is enough"),
        pytest.param(NIGHT, None, "America/Indianapolis", AFTER, AFTER, id="an old name of a zone is known"),
        pytest.param(NIGHT, "NY", LA, BEFORE, AFTER, id="a contradiction gives both days"),
        pytest.param(NIGHT, "TX", LA, BEFORE, AFTER, id="a contradiction gives all days of both"),
        pytest.param(NIGHT, "CA", "America/Bogota", BEFORE, BEFORE, id="a zone abroad does not count"),
        pytest.param(NIGHT, None, "America/Bogota", BEFORE, AFTER, id="a zone abroad alone is no zone"),
        pytest.param(NIGHT, None, "Europe/Atlantis", BEFORE, AFTER, id="an unknown zone is no zone"),
        pytest.param(NIGHT, "XX", None, BEFORE, AFTER, id="an unknown state is no state"),
        pytest.param(NIGHT, "GU", None, AFTER, AFTER, id="Guam is a day ahead when it is named"),
        pytest.param(NOON, "GU", None, AFTER, AFTER, id="in Guam the next day has begun at noon of New York"),
        pytest.param(NIGHT, "PR", None, AFTER, AFTER, id="Puerto Rico has its own zone"),
        pytest.param(NIGHT, "AS", None, BEFORE, BEFORE, id="American Samoa is the last"),
    ],
)
def test_the_day_is_that_of_the_person(
    now: datetime, state: str | None, timezone: str | None, first: date, last: date
) -> None:
    assert own_days(now, state, timezone, FIRM) == Span(first, last)


@pytest.mark.parametrize(
    ("now", "state", "sure"),
    [
        pytest.param(
            datetime(2026, 7, 1, 6, 30, tzinfo=UTC), "AZ", False, id="in summer Arizona has two times"
        ),
        pytest.param(datetime(2026, 12, 1, 7, 30, tzinfo=UTC), "AZ", True, id="in winter it has one"),
        pytest.param(datetime(2026, 11, 1, 4, 30, tzinfo=UTC), "FL", False, id="before the clocks go back"),
        pytest.param(datetime(2026, 11, 2, 5, 30, tzinfo=UTC), "FL", False, id="after it, an hour later"),
        pytest.param(
            datetime(2026, 11, 2, 4, 30, tzinfo=UTC), "FL", True, id="and no longer in the hour before"
        ),
    ],
)
def test_a_change_of_the_clocks_moves_the_hour_of_doubt(now: datetime, state: str, sure: bool) -> None:
    days = own_days(now, state, None, FIRM)
    assert (days.earliest == days.latest) is sure


@given(hours, st.none() | states, st.none() | zones)
def test_the_days_are_never_more_than_two_and_in_order(
    now: datetime, state: str | None, zone: str | None
) -> None:
    days = own_days(now, state, zone, FIRM)
    assert timedelta(0) <= days.latest - days.earliest <= timedelta(days=1)


@given(hours, states)
def test_the_day_of_every_zone_of_the_state_is_among_the_days(now: datetime, state: str) -> None:
    days = own_days(now, state, None, FIRM)
    there = {now.astimezone(ZoneInfo(zone)).date() for zone in STATES[state]}
    assert {days.earliest, days.latest} == there


@given(hours, states, zones)
def test_a_browser_is_never_left_out(now: datetime, state: str, zone: str) -> None:
    days = own_days(now, state, zone, FIRM)
    assert days.earliest <= now.astimezone(ZoneInfo(zone)).date() <= days.latest


@given(hours, st.sampled_from(sorted(set(STATES) - {"PR", "VI", "GU", "MP", "AS"})))
def test_who_says_nothing_is_counted_for_wherever_they_are(now: datetime, state: str) -> None:
    unsure, there = own_days(now, None, None, FIRM), own_days(now, state, None, FIRM)
    assert unsure.earliest <= there.earliest
    assert there.latest <= unsure.latest


@given(hours, st.sampled_from(["Pacific/Guam", "America/Puerto_Rico", FIRM]))
def test_the_firms_own_day_is_among_those_of_who_says_nothing(now: datetime, firm: str) -> None:
    days = own_days(now, None, None, firm)
    assert days.earliest <= now.astimezone(ZoneInfo(firm)).date() <= days.latest


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        own_days(datetime(2026, 11, 21, 12), None, None, FIRM)  # noqa: DTZ001 - the very thing


def test_every_zone_of_the_file_exists_and_every_state_is_there() -> None:
    assert len(STATES) == 50 + 1 + 5
    for zone in {*ANYWHERE, *(zone for zones in STATES.values() for zone in zones)}:
        assert ZoneInfo(zone).key == zone
        assert zone_inside(zone) == zone


@pytest.mark.parametrize("month", [1, 3, 7, 11])
def test_an_old_name_tells_the_same_time_as_the_zone_that_stands_for_it(month: int) -> None:
    now, known = datetime(2026, month, 20, tzinfo=UTC), available_timezones()
    for name, zone in own_day._ZONES.items():
        assert len(name) <= LONGEST_ZONE
        if name in known:
            assert now.astimezone(ZoneInfo(name)).utcoffset() == now.astimezone(ZoneInfo(zone)).utcoffset()


@pytest.mark.parametrize(
    "name", ["", "America/Bogota", "UTC", "../etc/passwd", "america/new_york", "x" * 99, None]
)
def test_what_is_no_zone_of_the_us_is_none(name: str | None) -> None:
    assert zone_inside(name) is None
