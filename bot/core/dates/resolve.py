"""From what was said to the days that it can mean."""

from __future__ import annotations

import calendar
from collections.abc import Callable
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from bot.core.dates import lexicon
from bot.core.dates.model import Reading

#: The days of something in a given year, or None when it has none (29 February).
Span = Reading | None

_WEEKS = {
    "week1": (1, 7), "week2": (8, 14), "week3": (15, 21), "week4": (22, 28), "half1": (1, 15), "half2": (15, 31),
}  # fmt: skip


def full_year(two_digits: int) -> int:
    """The year that two digits mean: 00 to 40 are in this century."""
    return 2000 + two_digits if two_digits <= 40 else 1900 + two_digits


def one_day(day: date) -> Reading:
    return Reading(day, day)


def day(year: int, month: int, number: int) -> Span:
    """That day, or None when the calendar does not have it."""
    if not (1 <= month <= 12 and 1 <= number <= calendar.monthrange(year, month)[1]):
        return None
    return one_day(date(year, month, number))


def month(year: int, number: int) -> Reading:
    return Reading(date(year, number, 1), date(year, number, calendar.monthrange(year, number)[1]))


def year(number: int) -> Reading:
    return Reading(date(number, 1, 1), date(number, 12, 31))


def month_from(today: date, months: int) -> tuple[int, int]:
    """(year, month) so many months from this one."""
    at = today.replace(day=1) + relativedelta(months=months)
    return at.year, at.month


def part_of_month(at_year: int, at_month: int, part: str) -> Reading:
    """The first ten days, the middle (10th to 20th), the 20th to the end, or a week; the parts overlap by a day."""
    whole = month(at_year, at_month)
    if part == "week9":
        return Reading(whole.latest - timedelta(6), whole.latest)
    first, last = _WEEKS.get(part) or {"early": (1, 10), "mid": (10, 20), "late": (20, 31)}[part]
    return Reading(whole.earliest.replace(day=first), whole.earliest.replace(day=min(last, whole.latest.day)))


def part_of_year(at_year: int, part: str) -> Reading:
    """The first quarter, May to August, or the last quarter."""
    first, last = {"early": (1, 3), "mid": (5, 8), "late": (10, 12)}[part]
    return Reading(month(at_year, first).earliest, month(at_year, last).latest)


def season_from(at_year: int, name: str) -> Reading:
    """The season that begins in this year."""
    (first_month, first_day), (last_month, last_day) = lexicon.SEASON_DAYS[name]
    end_year = at_year + 1 if last_month < first_month else at_year
    return Reading(date(at_year, first_month, first_day), date(end_year, last_month, last_day))


def season(at_year: int, name: str) -> tuple[Reading, ...]:
    """The season of a year; a winter has two, the one that ends and the one that begins in it."""
    if name == "winter":
        return season_from(at_year - 1, name), season_from(at_year, name)
    return (season_from(at_year, name),)


def week(today: date, shift: int) -> Reading:
    """A week that may begin on Sunday or on Monday: eight days, Sunday to Sunday."""
    sunday = today - timedelta((today.weekday() + 1) % 7) + timedelta(7 * shift)
    return Reading(sunday, sunday + timedelta(7))


def every_year(of: Callable[[int], Span], today: date, mode: str, future: bool) -> list[Reading]:
    """The readings of what comes every year: the latest begun, and first the coming one when ``future``.

    ``mode``: "last" is the latest that is over, "next" the first that has not begun, "this" this year's.
    """
    spans = [span for at in range(today.year - 9, today.year + 10) if (span := of(at)) is not None]
    begun = [span for span in spans if span.earliest <= today]
    over = [span for span in begun if span.latest < today]
    coming = [span for span in spans if span.earliest > today]
    if mode == "last":
        return over[-1:]
    if mode == "next":
        return coming[:1]
    if mode == "this":
        return [span for span in spans if span.earliest.year == today.year][:1] or begun[-1:]
    if future:
        running = [span for span in begun[-1:] if span.latest >= today]
        return list(dict.fromkeys([*running, *coming[:1], *over[-1:]]))[:2]
    return begun[-1:]


def weekdays(today: date, weekday: int, mode: str, future: bool) -> tuple[Reading, ...]:
    """The days that a weekday can mean; "last" in the same week leaves two."""
    back = (today.weekday() - weekday - 1) % 7 + 1
    past, ahead = today - timedelta(back), today + timedelta(7 - back if back < 7 else 7)
    if mode == "week":
        monday = today - timedelta(today.weekday() + 7)
        return (one_day(monday + timedelta(weekday)),)
    if mode == "this week":
        monday = today - timedelta(today.weekday())
        sunday = today - timedelta((today.weekday() + 1) % 7)
        found = (monday + timedelta(weekday), sunday + timedelta((weekday + 1) % 7))
        return tuple(dict.fromkeys(one_day(one) for one in found))
    if mode == "last":
        same_week = back <= today.weekday()
        return (one_day(past), one_day(past - timedelta(7))) if same_week else (one_day(past),)
    if mode == "next":
        same_week = (ahead - today).days <= 6 - today.weekday()
        return (one_day(ahead), one_day(ahead + timedelta(7))) if same_week else (one_day(ahead),)
    return (one_day(ahead), one_day(past)) if future or mode == "this" else (one_day(past), one_day(ahead))


def ago(today: date, value: float, unit: str, bound: str) -> Span:
    """The days that lie so long before today: half a unit to either side, exact for up to two weeks in days.

    ``bound`` "more" reaches one unit further back, "less" one unit less far; "a few" (-1) is two to seven.
    """
    limit = {"day": 5_000, "week": 1_000, "month": 600, "year": 90}[unit]
    if value > limit:
        return None
    if value < 0:
        return _ordered(back(today, 7, unit), back(today, 2, unit))
    middle = back(today, value, unit)
    if bound == "exact":
        return one_day(middle)
    if bound == "more":
        return _ordered(back(today, value + 1, unit), middle)
    if bound == "less":
        return _ordered(middle, back(today, max(0.0, value - 1), unit))
    if unit == "day":
        slack = timedelta(0 if value <= 14 else max(2, round(value / 10)))
        return Reading(middle - slack, middle + slack)
    if unit == "week":
        return Reading(middle - timedelta(4), middle + timedelta(3))
    if unit == "year":
        months = 3 if value % 1 else 6
        return Reading(middle - relativedelta(months=months), middle + relativedelta(months=months))
    return Reading(middle - timedelta(15), middle + timedelta(15))


def from_now(today: date, value: float, unit: str) -> Span:
    """So many units after ``today``: a day for days and weeks, and some days around it for months and years; None for
    what lies more than ten years ahead, or has no whole day."""
    days = value * (7 if unit == "week" else 1)
    if value <= 0 or days % 1 or (unit == "year" and value > 10) or (unit != "year" and value > 500):
        return None
    if unit in ("day", "week"):
        return one_day(today + timedelta(days=int(days)))
    middle = today + (
        relativedelta(months=int(value)) if unit == "month" else relativedelta(years=int(value))
    )
    slack = timedelta(days=4 if unit == "month" else 15)
    return Reading(middle - slack, middle + slack)


def ago_and(today: date, value: float, unit: str, bound: str, days: int, slack: int) -> Span:
    """The days so many whole units and ``days`` before today, ``slack`` days to either side.

    ``bound`` "more" reaches one unit further back, "less" a month less far at most.
    """
    span = ago(today, value, unit, bound or "exact")
    if span is None:
        return None
    wide = 0 if bound else slack
    return Reading(span.earliest - timedelta(days + wide), min(today, span.latest - timedelta(days - wide)))


def weeks_ago(today: date, weekday: int, weeks: int) -> tuple[Reading, ...]:
    """ "A week ago Tuesday": so many weeks before the last Tuesday, and the Tuesday of the week so long ago."""
    back_to = (today.weekday() - weekday) % 7
    said = today - timedelta(back_to + 7 * weeks)
    monday = today - timedelta(today.weekday() + 7 * weeks)
    sunday = today - timedelta((today.weekday() + 1) % 7 + 7 * weeks)
    others = (monday + timedelta(weekday), sunday + timedelta((weekday + 1) % 7))
    return tuple(dict.fromkeys(one_day(one) for one in (said, *others)))[:3]


def back(today: date, value: float, unit: str) -> date:
    """The day so many units before; half a month is fifteen days, half a year six months."""
    whole, half = int(value), value % 1 >= 0.5
    if unit == "day":
        return today - timedelta(whole)
    if unit == "week":
        return today - timedelta(7 * whole + (4 if half else 0))
    if unit == "month":
        return today - relativedelta(months=whole) - timedelta(15 if half else 0)
    return today - relativedelta(years=whole, months=6 if half else 0)


def shifted(span: Reading, value: float, unit: str) -> Span:
    """The span moved; days are exact, weeks give two days and months a week to either side."""
    if abs(value) > 400:
        return None
    size = abs(value)
    days = {"day": 0, "week": 2, "month": 7, "year": 30}[unit]
    sign = -1 if value < 0 else 1
    ends = []
    for at in (span.earliest, span.latest):
        moved = back(at, size, unit) if sign < 0 else _forward(at, size, unit)
        ends.append(moved)
    return Reading(ends[0] - timedelta(days), ends[1] + timedelta(days))


def _forward(at: date, value: float, unit: str) -> date:
    whole, half = int(value), value % 1 >= 0.5
    if unit == "day":
        return at + timedelta(whole)
    if unit == "week":
        return at + timedelta(7 * whole + (4 if half else 0))
    if unit == "month":
        return at + relativedelta(months=whole) + timedelta(15 if half else 0)
    return at + relativedelta(years=whole, months=6 if half else 0)


def widened(span: Reading, days: int) -> Reading:
    return Reading(span.earliest - timedelta(days), span.latest + timedelta(days))


def _ordered(a: date, b: date) -> Reading:
    return Reading(min(a, b), max(a, b))
