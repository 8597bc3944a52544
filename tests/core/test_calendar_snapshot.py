"""What `holidays` and `dateutil` say, pinned: a new release that says otherwise must not change a deadline unseen.

The table was made from the words of 5 USC 6103 and not from the library.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from dateutil.relativedelta import relativedelta

from bot.core.deadlines.calendar import (
    add,
    add_working_days,
    business_day_before,
    day_off,
    federal_holidays,
    next_business_day,
    observed_friday,
)

TABLE = Path(__file__).resolve().parents[1] / "vectors/deadlines/federal_holidays.txt"


def test_federal_holidays_of_1997_to_2035() -> None:
    federal_holidays.cache_clear()
    written = TABLE.read_text(encoding="utf-8").splitlines()
    found = {day: off for year in range(1997, 2036) for day, off in sorted(federal_holidays(year).items())}
    assert [f"{day} {off.reason.removeprefix('holiday: ')}" for day, off in found.items()] == written
    for off in found.values():
        name = off.reason.removeprefix("holiday: ")
        assert off.code == ("observed" if name.endswith(" (observed)") else "holiday")
        assert off.holiday == name.removesuffix(" (observed)")


@pytest.mark.parametrize(
    ("start", "number", "unit", "end"),
    [
        ("2024-02-29", 1, "years", "2025-02-28"),
        ("2024-02-29", 4, "years", "2028-02-29"),
        ("2024-02-29", -1, "years", "2023-02-28"),
        ("2024-02-29", 21, "years", "2045-02-28"),
        ("2023-02-28", 1, "years", "2024-02-28"),
        ("2023-03-01", 1, "years", "2024-03-01"),
        ("2024-03-01", -1, "years", "2023-03-01"),
        ("2025-02-28", -1, "years", "2024-02-28"),
        ("2024-01-31", 1, "months", "2024-02-29"),
        ("2023-01-31", 1, "months", "2023-02-28"),
        ("2024-03-31", -1, "months", "2024-02-29"),
        ("2024-08-31", 18, "months", "2026-02-28"),
        ("2023-12-15", 90, "days", "2024-03-14"),
        ("2024-02-28", 1, "days", "2024-02-29"),
        ("2023-02-28", 1, "days", "2023-03-01"),
        ("2024-03-01", -1, "days", "2024-02-29"),
    ],
)
def test_leap_years_and_the_ends_of_months(start: str, number: int, unit: str, end: str) -> None:
    assert add(date.fromisoformat(start), number, unit) == date.fromisoformat(end)


@pytest.mark.parametrize(
    ("born", "on", "age"),
    [
        ("2004-02-29", "2025-02-27", 20),
        ("2004-02-29", "2025-02-28", 21),
        ("2005-05-10", "2026-05-09", 20),
        ("2005-05-10", "2026-05-10", 21),
    ],
)
def test_ages(born: str, on: str, age: int) -> None:
    assert relativedelta(date.fromisoformat(on), date.fromisoformat(born)).years == age


def test_a_day_off_has_its_reason() -> None:
    told = {
        date(2026, 7, 2): None,
        date(2026, 7, 3): ("observed", "holiday: Independence Day (observed)", "Independence Day"),
        date(2026, 7, 4): ("holiday", "holiday: Independence Day", "Independence Day"),
        date(2026, 7, 5): ("sunday", "Sunday", ""),
        date(2026, 7, 11): ("saturday", "Saturday", ""),
        date(2026, 12, 24): None,
    }
    for day, expected in told.items():
        off = day_off(day)
        assert (None if off is None else (off.code, off.reason, off.holiday)) == expected


def test_only_an_observed_friday_is_one() -> None:
    assert observed_friday(date(2026, 7, 3))
    assert not observed_friday(date(2027, 7, 5)), "an observed Monday"
    assert not observed_friday(date(2026, 12, 25)), "a holiday on a Friday"
    assert not observed_friday(date(2026, 7, 10)), "a Friday"
    assert not observed_friday(date(2026, 7, 4)), "a Saturday"


def test_business_days_around_a_long_weekend() -> None:
    assert next_business_day(date(2026, 7, 2)) == date(2026, 7, 2)
    assert next_business_day(date(2026, 7, 3)) == date(2026, 7, 6)
    assert business_day_before(date(2026, 7, 6)) == date(2026, 7, 2)
    assert business_day_before(date(2026, 7, 3)) == date(2026, 7, 2)
    assert business_day_before(date(2026, 7, 2)) == date(2026, 7, 1)
    assert add_working_days(date(2026, 7, 2), 0) == date(2026, 7, 2)
    assert add_working_days(date(2026, 7, 2), 1) == date(2026, 7, 6)
