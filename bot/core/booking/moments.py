"""The time of an appointment in words."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_datetime, get_timezone_name

from bot.core.law import LOCALES

_PATTERN = {"en": "EEEE, MMMM d, y, h:mm a", "es": "EEEE d 'de' MMMM 'de' y, h:mm a"}
#: What fits on a button of twenty letters; half a day is added.
_SHORT = {"en": "EEE MMM d, h:mm", "es": "EEE d MMM h:mm"}
_HALVES = {"en": ("AM", "PM"), "es": ("am", "pm")}


def appointment_in_words(start: datetime, timezone: str, lang: str) -> str:
    """The day with its weekday, the time and the zone that it is told in: "Tuesday, December 1, 2026, 10:30 AM
    (Eastern Standard Time)". ``start`` is aware; ``timezone`` an IANA name."""
    local = start.astimezone(ZoneInfo(timezone))
    locale = LOCALES[lang]
    told = format_datetime(local, _PATTERN[lang], locale=locale)
    return f"{told} ({get_timezone_name(local, locale=locale)})"


def time_on_a_button(start: datetime, timezone: str, lang: str) -> str:
    """The same in at most twenty letters, without the zone: "Tue Nov 24, 10:30 AM"."""
    local = start.astimezone(ZoneInfo(timezone))
    return f"{format_datetime(local, _SHORT[lang], locale=LOCALES[lang])} {_HALVES[lang][local.hour >= 12]}"


def zone_in_words(starts: Collection[datetime], timezone: str, lang: str) -> str:
    """The zone in which times are told: "Eastern Standard Time"; both names where the clocks change between them."""
    zone, locale = ZoneInfo(timezone), LOCALES[lang]
    names = (get_timezone_name(start.astimezone(zone), locale=locale) for start in sorted(starts))
    return " / ".join(dict.fromkeys(names))
