"""The figures of a week with the week before it, read from the store, and what else stands on the pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.console.insights.measures import Row, rows_of
from bot.transcripts.insights import Insights
from bot.transcripts.insights_records import Dated, Figures, monday_of

WEEK = timedelta(days=7)
#: Weeks that a line shows, and that can be chosen.
SHOWN, CHOICES = 12, 26
#: What the lines are drawn from.
LINES = {
    "conversations": ("all.conversations",),
    "fallback": ("all.fallback", "all.turns"),
    "right": ("judged.random.good", "judged.random.conversations"),
    "triage": ("all.triage_finished", "all.triage_started"),
}


@dataclass(frozen=True, slots=True)
class Week:
    """``figures`` are of the week that begins on ``monday``, ``rows`` its measures beside those of the week before.

    ``is_running``: it is not over. ``uncounted``: days of it are still to be counted.
    """

    monday: date
    figures: Figures
    rows: Mapping[str, Row]
    is_running: bool
    uncounted: bool


def today_in(now: datetime, zone: str) -> date:
    """The day that it is for the firm."""
    return now.astimezone(ZoneInfo(zone)).date()


def read_monday(written: str, today: date) -> date | None:
    """The Monday of the week of a written day; None for what is no day, or a week that has not begun."""
    try:
        monday = monday_of(date.fromisoformat(written))
    except (ValueError, OverflowError):
        return None
    return monday if date(2000, 1, 1) < monday <= today else None


def latest(today: date) -> date:
    """The Monday of the last week that is over."""
    return monday_of(today) - WEEK


async def read_week(insights: Insights, monday: date, today: date, zone: str, kept_days: int) -> Week:
    """A week; what is kept stays for ``kept_days``. May raise ``sqlalchemy.exc.SQLAlchemyError``."""
    first, last = monday - WEEK, monday + WEEK - timedelta(days=1)
    found = await insights.between(first, last, today, zone)
    now = figures_of(found, monday)
    before = figures_of(found, first)
    uncounted = await insights.uncounted(first, last, today, zone, kept_days)
    return Week(monday, now, rows_of(now, before), monday + WEEK > today, uncounted)


async def read_lines(insights: Insights, monday: date, today: date, zone: str) -> list[tuple[date, Figures]]:
    """The weeks up to that of ``monday``, oldest first, with the figures that lines are drawn from."""
    names = {name for found in LINES.values() for name in found}
    first = monday - (SHOWN - 1) * WEEK
    found = await insights.between(first, monday + WEEK - timedelta(days=1), today, zone, names)
    weeks = [first + number * WEEK for number in range(SHOWN)]
    return [(week, figures_of(found, week)) for week in weeks]


def figures_of(found: Iterable[Dated], monday: date) -> Figures:
    """What of the figures lies in the week of that Monday."""
    return Figures.of(one.figure for one in found if monday <= one.day < monday + WEEK)
