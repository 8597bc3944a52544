"""A date as a calendar file (RFC 5545) that gives nothing away on a locked phone or to those who share a calendar.

Titles come from the caller and are neutral; there is no description, no place and no person in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID, uuid5

from icalendar import Alarm, Calendar, Event

from bot.core.deadlines.results import Deadline, Ends, NotCovered

#: What a day is: safe, the last one, the first on which something is possible, or one that binds somebody else.
SAFE_DAY, LAST_DAY, FIRST_DAY, OTHER_DAY = "safe_day", "last_day", "first_day", "other_day"
KINDS = (SAFE_DAY, LAST_DAY, FIRST_DAY, OTHER_DAY)

# Tabled keys of days that are neither to be met by the person nor the first of anything.
_OTHERS = ("government_must_review_by", "usual_target")

ALARM_DAYS = (60, 30, 7, 1)
# An event of a whole day begins at midnight; a phone that rings then wakes the house.
_MORNING = timedelta(hours=9)

# Made once by chance. Ids must be the same for the same event, so that a second import does not double it.
_IDS = UUID("5b0c6a52-3f5e-4d1b-9a57-0f3c4be2a8d1")
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class NoFile:
    """There is nothing to put into a calendar. ``reason`` is not_covered, no_date or date_passed."""

    reason: str


def key_days(result: Deadline) -> dict[str, date]:
    """The days that matter, by kind: the safe one before the one that counts. Of a range the cautious end; empty
    when the law sets no day."""
    if result.date is None:
        return {}
    if "safe_target" in result.outputs:
        last = result.outputs["deadline"]
        last = last.earliest if isinstance(last, Ends) else last
        return {SAFE_DAY: result.date, LAST_DAY: last} if isinstance(last, date) else {SAFE_DAY: result.date}
    if result.is_deadline:
        safe = {} if result.file_by is None else {SAFE_DAY: result.file_by}
        return {**safe, LAST_DAY: result.date}
    return {OTHER_DAY if any(key in result.outputs for key in _OTHERS) else FIRST_DAY: result.date}


def calendar_file(result: Deadline | NotCovered, titles: Mapping[str, str]) -> bytes | NoFile:
    """The file of a result: each of its key days as an event of its own.

    What lies before ``counted_on`` is left out, and when the day that counts does there is no file. ``titles`` has one
    text for each of ``KINDS``.
    """
    if isinstance(result, NotCovered):
        return NoFile("not_covered")
    days = key_days(result)
    if not days:
        return NoFile("no_date")
    today = result.counted_on
    if max(days.values()) < today:
        return NoFile("date_passed")
    calendar = Calendar()
    calendar.add("prodid", "-//Faro//Calendar//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    for kind, day in days.items():
        if day >= today:
            calendar.add_component(_event(titles[kind], kind, day, today))
    file: bytes = calendar.to_ical()
    return file


def _event(title: str, kind: str, day: date, today: date) -> Event:
    event = Event()
    # Made only of what the entry shows anyway: an id from the facts could be guessed back.
    event.add("uid", str(uuid5(_IDS, f"{kind} {day.isoformat()} {title}")))
    event.add("dtstamp", datetime.combine(today, time(), UTC))
    event.add("dtstart", day)
    event.add("dtend", day + _DAY)
    event.add("summary", title)
    event.add("class", "PRIVATE")
    # A day that must be kept does not make the person busy to those who see their free hours.
    event.add("transp", "TRANSPARENT")
    for before in ALARM_DAYS:
        if day - before * _DAY >= today:
            event.add_component(_alarm(title, before))
    return event


def _alarm(title: str, days_before: int) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", title)
    alarm.add("trigger", _MORNING - days_before * _DAY)
    return alarm
