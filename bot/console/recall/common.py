"""What the pages of recall share: the law as it stands, and days as an address has them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from aiohttp import web

from bot.console.pages.library import library_of
from bot.console.parts import CLOCK, FIRM
from bot.core.content.library import Library
from bot.core.told import Standing, midnight, standing
from bot.transcripts.recall import Wanted, in_force

#: A day that no clock of a database can tell is none.
_FIRST_DAY, _LAST_DAY = date(1990, 1, 1), date(9998, 1, 1)


def today_of(request: web.Request) -> date:
    """The day where the firm is."""
    return request.app[CLOCK].now().astimezone(ZoneInfo(request.app[FIRM].timezone)).date()


def words_of(request: web.Request) -> Library:
    """The words and the law as their files stand now; the page does not exist where the console has neither."""
    found = library_of(request)
    if found is None:
        raise web.HTTPNotFound
    return found.library


def known_of(request: web.Request, parameter: str) -> Standing:
    """The parameter as it stands today; the page does not exist for one that the law does not have."""
    found = standing(words_of(request).parameters, parameter, today_of(request))
    if found is None:
        raise web.HTTPNotFound
    return found


def read_day(given: str) -> date | None:
    """The day that somebody gave; None for none, and for what is no day."""
    try:
        day = date.fromisoformat(given.strip())
    except ValueError:
        return None
    return day if _FIRST_DAY <= day <= _LAST_DAY else None


def moment_of(request: web.Request, day: date | None) -> datetime | None:
    """The moment at which a day begins where the firm is."""
    return None if day is None else midnight(day, request.app[FIRM].timezone)


def wanted_of(known: Standing, since: datetime | None = None) -> Wanted:
    """Everybody who was told another value than the one in force."""
    return Wanted(known.id, in_force(known.now.values()), since)


def both(values: Mapping[str, str]) -> str:
    """A value in both languages; once where they are the same."""
    return " / ".join(dict.fromkeys(values.values()))
