"""The time of an appointment in words."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_datetime, get_timezone_name

from bot.core.law import LOCALES

_PATTERN = {"en": "EEEE, MMMM d, y, h:mm a", "es": "EEEE d 'de' MMMM 'de' y, h:mm a"}


def appointment_in_words(start: datetime, timezone: str, lang: str) -> str:
    """The day with its weekday, the time and the zone that it is told in: "Tuesday, December 1, 2026, 10:30 AM
    (Eastern Standard Time)". ``start`` is aware; ``timezone`` an IANA name."""
    local = start.astimezone(ZoneInfo(timezone))
    locale = LOCALES[lang]
    told = format_datetime(local, _PATTERN[lang], locale=locale)
    return f"{told} ({get_timezone_name(local, locale=locale)})"
