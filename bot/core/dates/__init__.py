"""Dates as people write them, in English and Spanish, with everything that they leave open.

``find_dates(text, today)`` gives each date with its readings: the ranges of days that it can mean. Two readings
mean that it is ambiguous (03/04/2025) and that the caller must ask. Nothing is filled in silently:

- "march 2025" is the whole month, "2023" the whole year, "hace 8 meses" two weeks to either side of the day.
- A day or month without a year is the latest one that is not after today, and ``assumed`` says so. Where the
  words speak of the future ("my hearing is on jan 15", "próximo") the coming one is the first reading and the past
  one the second.
- "last thursday" said in the same week has two readings, this week's and the one before, and so has a weekday on
  which something happened ("denied me thursday", "fue jueves"). Any other weekday is the last one or the coming one.
- "llevo 8 meses aquí" and "been here for 11 months" are read as "hace 8 meses" is. A length alone is no date.
- "03/25" is a day in March or March 2025, "en el 24" the year or the day.
- "winter 2024" has two readings, because it begins in one year and ends in another.
- A day that does not exist ("feb 30") has no readings and the precision "impossible".

``events_of(text, found)`` tells for each date which event it is the date of ("arrival", "filed"; see ``EVENTS``), or
None where the words do not say.

Whether a date may lie in the future, and which of several dates is meant, is for the caller to judge.
"""

from __future__ import annotations

from bot.core.dates.events import EVENTS, events_of
from bot.core.dates.find import corrects, find_dates, last_corrected
from bot.core.dates.model import FoundDate, Reading

__all__ = ["EVENTS", "FoundDate", "Reading", "corrects", "events_of", "find_dates", "last_corrected"]
