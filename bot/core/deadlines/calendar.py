"""Business days: all but Saturday, Sunday and the federal holidays, on the days on which offices observe them.

The holidays are those of 5 USC 6103: one on a Saturday is observed on the Friday before, one on a Sunday on the Monday
after. Days off by executive order, such as some 24 Decembers, are not counted: a late filing cannot rest on them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from types import MappingProxyType

from dateutil.relativedelta import relativedelta
from holidays import country_holidays

from bot.core.deadlines.results import Roll

_DAY = timedelta(days=1)
_OBSERVED = " (observed)"
_WEEKEND = {5: Roll("saturday", "Saturday"), 6: Roll("sunday", "Sunday")}
_FRIDAY = 4


@lru_cache(maxsize=512)
def federal_holidays(year: int) -> Mapping[date, Roll]:
    """The holidays of a year and the days on which they are observed, each with what it is."""
    # New Year's Day of the next year can be observed on 31 December of this one.
    found = country_holidays("US", years=(year, year + 1), language="en_US")
    return MappingProxyType({day: _holiday(name) for day, name in found.items() if day.year == year})


def _holiday(name: str) -> Roll:
    code = "observed" if name.endswith(_OBSERVED) else "holiday"
    return Roll(code, f"holiday: {name}", name.removesuffix(_OBSERVED))


def day_off(day: date) -> Roll | None:
    """Why the day is not a business day, or None when it is one. A holiday's name goes before the weekday's."""
    return federal_holidays(day.year).get(day) or _WEEKEND.get(day.weekday())


def observed_friday(day: date) -> bool:
    """Whether it is a Friday on which offices observe a holiday of the Saturday after."""
    off = day_off(day)
    return off is not None and off.code == "observed" and day.weekday() == _FRIDAY


def next_business_day(day: date) -> date:
    """The day itself when it is a business day, else the first one after it."""
    while day_off(day) is not None:
        day += _DAY
    return day


def business_day_before(day: date) -> date:
    """The last business day before the day, never the day itself."""
    day -= _DAY
    while day_off(day) is not None:
        day -= _DAY
    return day


def add_working_days(day: date, count: int) -> date:
    """The ``count``-th business day after the day, which is day 0 whatever it is."""
    for _ in range(count):
        day = next_business_day(day + _DAY)
    return day


def add(day: date, number: int, unit: str) -> date:
    """The same day ``number`` days, months or years later (earlier when below 0).

    29 February becomes 28 February in a year without one; so does any day that its new month does not have.
    """
    match unit:
        case "days":
            return day + timedelta(days=number)
        case "months":
            return day + relativedelta(months=number)
        case _:
            return day + relativedelta(years=number)
