"""What is the firm's own: its name, how to reach it, its hours, and the sentences it must show."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale
from babel.lists import format_list
from babel.units import format_unit

from bot.core.datafile import Document, read_text
from bot.core.errors import ContentFileError
from bot.core.law import LOCALES
from bot.core.problems import Report

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LEVELS = ("emergency", "urgent", "soon", "routine")
#: Ten years: a longer time is more likely a slip than a decision.
LONGEST_RETENTION = 3650

#: What an article or a notice can name: {{firm.name}}, {{firm.response_urgent}} ...
FIRM_VALUES = (
    "name",
    "phone",
    "emergency_phone",
    "email",
    "hours",
    "languages",
    "address",
    "fee_policy",
    "consultation",
    "privacy_url",
    "retention_days",
    "request_retention_days",
    "website",
    "lawyer",
    "states",
    "advertising_notice",
    "no_representation",
    *(f"response_{level}" for level in LEVELS),
)

_KEYS = (
    "name",
    "phone",
    "emergency_phone",
    "email",
    "hours",
    "languages",
    "address",
    "fee_policy",
    "consultation",
    "privacy_url",
    "retention_days",
    "website",
    "lawyer",
    "advertising_notice",
    "no_representation",
    "response_times",
)
#: What a file may leave out, because files of before do.
_OPTIONAL = ("request_retention_days", "alarm_retention_days")
_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class Firm:
    """The firm that runs this bot. Texts in both languages are dicts by language.

    ``emergency_phone`` is None when the firm has none besides ``phone``; ``hours`` holds, per weekday (Monday
    first), the spans in which somebody answers, in ``timezone``. ``retention_days`` counts from the last message of
    a kept conversation, ``request_retention_days`` from the last change of a request for a consultation, and
    ``alarm_retention_days`` from when staff settled an alarm; None: settled alarms stay.
    """

    name: str
    phone: str
    emergency_phone: str | None
    email: str
    timezone: str
    hours_text: dict[str, str]
    hours: tuple[tuple[tuple[time, time], ...], ...]
    languages: tuple[str, ...]
    address: str
    fee_policy: dict[str, str]
    consultation: dict[str, str]
    privacy_url: str
    retention_days: int
    request_retention_days: int
    alarm_retention_days: int | None
    website: str
    lawyer: str
    states: dict[str, str]
    advertising_notice: dict[str, str]
    no_representation: dict[str, str]
    response_times: dict[str, dict[str, str]]
    path: Path

    @property
    def urgent_phone(self) -> str:
        """The number for an emergency: the firm's own for that, or its ordinary one."""
        return self.emergency_phone or self.phone

    def value(self, name: str, lang: str) -> str:
        """One of ``FIRM_VALUES`` as told in ``lang``; raises KeyError for any other name."""
        if name not in FIRM_VALUES:
            raise KeyError(name)
        if name == "emergency_phone":
            return self.urgent_phone
        if name == "hours":
            return self.hours_text[lang]
        if name == "languages":
            locale = Locale.parse(LOCALES[lang])
            spoken = [locale.languages.get(code, code) for code in self.languages]
            return format_list(spoken, locale=locale)
        if name.startswith("response_"):
            return self.response_times[name.removeprefix("response_")][lang]
        if name in ("retention_days", "request_retention_days"):
            return format_unit(getattr(self, name), "duration-day", locale=LOCALES[lang])
        value: str | dict[str, str] = getattr(self, name)
        return value[lang] if isinstance(value, dict) else value


def load_firm(path: Path) -> Firm:
    """The firm in a file; raises ContentFileError with the first thing that is wrong."""
    firm, report = read_firm(path)
    if firm is None:
        report.raise_first(ContentFileError)
        raise ContentFileError(str(path), None, "the firm cannot be read", "Run `faro check content`.")
    return firm


def read_firm(path: Path) -> tuple[Firm | None, Report]:
    """The firm, None when anything is wrong, and everything that is wrong."""
    report = Report()
    text = read_text(path, report)
    doc = None if text is None else Document.parse(text, str(path), report)
    if doc is None:
        return None, report
    if not doc.keys((), _KEYS, _OPTIONAL):
        return None, report
    email = doc.text("email")
    if email is not None and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email):
        doc.add("bad_email", "email", value=email)
    languages = [doc.text("languages", index) for index in range(len(doc.items("languages") or []))]
    for index, code in enumerate(languages):
        if code is not None and code not in Locale("en").languages:
            doc.add(
                "not_one_of", "languages", index, key="languages", value=code, near="", known="en, es, ht, pt"
            )
    retention = _read_days(doc, "retention_days")
    for_requests, for_alarms = (
        None if doc.get(name) is None else _read_days(doc, name) for name in _OPTIONAL
    )
    zone, hours_text, hours = _read_hours(doc)
    lawyer: str | None = None
    states: dict[str, str] | None = None
    if doc.keys(("lawyer",), ("name", "states")):
        lawyer, states = doc.text("lawyer", "name"), doc.both("lawyer", "states")
    times: dict[str, dict[str, str]] = {}
    if doc.keys(("response_times",), LEVELS):
        for level in LEVELS:
            times[level] = doc.both("response_times", level) or {}
    read = {
        "name": doc.text("name"),
        "phone": doc.text("phone"),
        "emergency_phone": doc.optional_text("emergency_phone"),
        "email": email,
        "timezone": zone,
        "hours_text": hours_text,
        "hours": hours,
        "languages": tuple(languages),
        "address": doc.text("address"),
        "fee_policy": doc.both("fee_policy"),
        "consultation": doc.both("consultation"),
        "privacy_url": doc.url("privacy_url"),
        "retention_days": retention,
        # Where it has none of its own, a request is kept as long as a conversation.
        "request_retention_days": for_requests or retention,
        "alarm_retention_days": for_alarms,
        "website": doc.url("website"),
        "lawyer": lawyer,
        "states": states,
        "advertising_notice": doc.both("advertising_notice"),
        "no_representation": doc.both("no_representation"),
        "response_times": times,
        "path": path,
    }
    if report.errors:
        return None, report
    return Firm(**read), report  # type: ignore[arg-type]  # every None was reported above


def _read_days(doc: Document, name: str) -> int | None:
    """A time for which something is kept."""
    days = doc.number(name)
    if days is not None and days > LONGEST_RETENTION:
        doc.add("number_too_large", name, key=name, value=days, most=LONGEST_RETENTION)
    return days


def _read_hours(
    doc: Document,
) -> tuple[str | None, dict[str, str] | None, tuple[tuple[tuple[time, time], ...], ...]]:
    if not doc.keys(("hours",), ("time_zone", "text", "weekly")):
        return None, None, ()
    zone = doc.text("hours", "time_zone")
    if zone is not None:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            doc.add("bad_time_zone", "hours", "time_zone", value=zone)
    week: list[tuple[tuple[time, time], ...]] = []
    if doc.keys(("hours", "weekly"), WEEKDAYS):
        for day in WEEKDAYS:
            spans: list[tuple[time, time]] = []
            for index in range(len(doc.items("hours", "weekly", day) or [])):
                written = doc.get("hours", "weekly", day, index)
                found = _SPAN.fullmatch(written) if isinstance(written, str) else None
                opens = time(int(found[1]), int(found[2])) if found else None
                closes = time(int(found[3]), int(found[4])) if found else None
                if opens is None or closes is None or closes <= opens:
                    doc.add("bad_hours", "hours", "weekly", day, index, value=written)
                else:
                    spans.append((opens, closes))
            week.append(tuple(spans))
    return zone, doc.both("hours", "text"), tuple(week)
