"""Which day it is where a person is: by their state, their browser's time zone, or every day that it may be."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo

from bot.core import yaml12
from bot.core.deadlines.inputs import Span

_DATA = yaml12.load_file(Path(__file__).parents[1] / "us_states.yml")

#: The time zones of each state by its postal (USPS) code, also of DC and the territories.
STATES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {state: tuple(zones) for state, zones in _DATA["states"].items()}
)

#: The zones between whose days it is where nothing is known about the person.
ANYWHERE: tuple[str, ...] = tuple(_DATA["anywhere"])

#: Every name of a time zone inside the U.S., and the zone by which its time is told.
_ZONES: Mapping[str, str] = MappingProxyType(
    {**{zone: zone for zones in STATES.values() for zone in zones}, **_DATA["same_time"]}
)

#: No name of a time zone is longer than this.
LONGEST_ZONE = 64


def zone_inside(timezone: str | None) -> str | None:
    """The zone when it lies inside the U.S., under the name by which its time is told; None for any other text.

    A zone abroad says nothing about the day on which a deadline in the U.S. is met, so it is as good as none.
    """
    return None if timezone is None else _ZONES.get(timezone)


def own_days(now: datetime, state: str | None, timezone: str | None, firm_timezone: str) -> Span:
    """The day where the person is at the moment ``now``, or the first and the last that it may be, both included.

    ``state`` is a postal code, ``timezone`` the browser's IANA name; what is unknown or abroad counts as not told.
    A state in two zones gives the days of both, unless the browser tells which. Where the two contradict each other
    (somebody else's phone, a trip), both count. Where neither is told, it is the firm's day and any from Eastern
    time to Hawaii: mostly one day, two for some hours of the night. Raises ValueError for ``now`` without a zone,
    and ZoneInfoNotFoundError for a firm's zone that does not exist.
    """
    if now.tzinfo is None:
        raise ValueError("now needs a time zone")
    there = STATES.get(state or "", ())
    here = zone_inside(timezone)
    if here is None:
        zones = there or (firm_timezone, *ANYWHERE)
    elif not there or _offset(now, here) in {_offset(now, zone) for zone in there}:
        zones = (here,)
    else:
        zones = (here, *there)
    days = [now.astimezone(ZoneInfo(zone)).date() for zone in zones]
    return Span(min(days), max(days))


def _offset(now: datetime, zone: str) -> object:
    return now.astimezone(ZoneInfo(zone)).utcoffset()
