"""How what is stored is shown to staff: waiting times, masked values, what was understood, the facts.

Pure: codes and values in, rows for a page out; the words come from ``say``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_time

from bot.core.law import LOCALES, format_date

#: Says one of the console's words in the language of the page.
type Say = Callable[..., str]

#: What a masked value can stand for; the words of a chip are ``chip_<kind>``.
CHIPS = (
    "a_number", "address", "card", "email", "language", "name", "passport", "phone", "receipt", "ssn", "when",
)  # fmt: skip
#: How many letters of a conversation's id name it to people.
SHORT = 8

_MASKED = re.compile(
    r"\[(?P<kind>[A-Z][A-Z_]*)_(?P<number>\d+)(?::mended)?\]"
    r"|\[story not kept: (?P<words>\d+) words(?:, (?P<topic>[\w/-]+))?, (?P<language>[a-z]{2,3})\]"
)
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_LOW = 0.5


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a message: plain text, or with ``chip`` what stands there for a value that is not kept."""

    text: str
    chip: bool = False


@dataclass(frozen=True, slots=True)
class Guess:
    """An intent that was considered, with how sure it was as a whole percentage."""

    name: str
    percent: int


@dataclass(frozen=True, slots=True)
class Fact:
    """An answer of the person about the situation."""

    name: str
    told: str


def short_id(conversation_id: str) -> str:
    """What staff call a conversation and type to erase it."""
    return conversation_id.removeprefix("c_")[:SHORT]


def waited(span: timedelta, say: Say) -> str:
    """How long something took: "2 h 10 min", "3 d 4 h"; below a minute it says so."""
    seconds = max(int(span.total_seconds()), 0)
    if seconds < _MINUTE:
        return say("time_under_a_minute")
    if seconds < _HOUR:
        return say("time_minutes", minutes=str(seconds // _MINUTE))
    if seconds < _DAY:
        return say("time_hours", hours=str(seconds // _HOUR), minutes=str(seconds % _HOUR // _MINUTE))
    return say("time_days", days=str(seconds // _DAY), hours=str(seconds % _DAY // _HOUR))


def moment(at: datetime, lang: str, timezone: str) -> str:
    """A moment on the firm's clock, with its day, year and zone, for a page that is kept."""
    local = at.astimezone(ZoneInfo(timezone))
    day, clock = format_date(local.date(), lang), format_time(local, "short", locale=LOCALES[lang])
    return f"{day}, {clock} {local.tzname()}"


def pieces(text: str, say: Say) -> tuple[Piece, ...]:
    """A masked text, with words in the place of its tokens."""
    found: list[Piece] = []
    end = 0
    for token in _MASKED.finditer(text):
        chip = _chip(token, say)
        if chip is None:
            continue
        if token.start() > end:
            found.append(Piece(text[end : token.start()]))
        found.append(Piece(chip, chip=True))
        end = token.end()
    if end < len(text) or not found:
        found.append(Piece(text[end:]))
    return tuple(found)


def guesses(ranking: Sequence[Mapping[str, Any]] | None) -> tuple[Guess, ...]:
    """What was considered, best first; what is no ranking gives none."""
    return tuple(
        Guess(str(found["name"]), percent(found["confidence"]))
        for found in ranking or ()
        if isinstance(found, Mapping) and "name" in found and _is_number(found.get("confidence"))
    )


def percent(confidence: float) -> int:
    """A confidence from 0 to 1 as a whole percentage."""
    return round(max(0.0, min(1.0, float(confidence))) * 100)


def is_unsure(confidence: float | None) -> bool:
    """Whether it was rather a guess."""
    return confidence is not None and confidence < _LOW


def entities(found: Sequence[Mapping[str, Any]] | None, lang: str) -> tuple[Fact, ...]:
    """What was picked out of a message, by name."""
    rows = []
    for entity in found or ():
        name = entity.get("entity", entity.get("name"))
        if name is not None and "value" in entity:
            rows.append(Fact(str(name), days(entity["value"], lang) or _value(entity["value"])))
    return tuple(rows)


def other_facts(facts: Mapping[str, Any], known: Sequence[str], lang: str) -> Iterator[Fact]:
    """What is kept besides the ``known`` questions, by its code; a day that answers one of them comes once."""
    for name, value in facts.items():
        again = name.startswith("date_") and name.removeprefix("date_") in facts
        if name not in known and not again and value not in (None, "", [], {}):
            yield Fact(name, days(value, lang) or _value(value))


def days(value: Any, lang: str) -> str | None:
    """A day or a range of days in words, all that it may mean; None for what is neither."""
    if isinstance(value, list) and value and isinstance(value[-1], Mapping):
        # Of several days of one event the last one counts.
        return days(value[-1], lang)
    if isinstance(value, Mapping) and isinstance(value.get("readings"), list):
        meant = [days(reading, lang) for reading in value["readings"]]
        return " / ".join(told for told in meant if told) or None
    try:
        if isinstance(value, Mapping) and {"earliest", "latest"} <= set(value):
            first, last = date.fromisoformat(value["earliest"]), date.fromisoformat(value["latest"])
        elif isinstance(value, str):
            first = last = date.fromisoformat(value)
        else:
            return None
    except (TypeError, ValueError):
        return None
    told = format_date(first, lang)
    return told if first == last else f"{told} – {format_date(last, lang)}"


def _chip(token: re.Match[str], say: Say) -> str | None:
    if token["words"] is not None:
        return say("chip_story", words=token["words"])
    kind = token["kind"].lower()
    return say(f"chip_{kind}", number=token["number"]) if kind in CHIPS else None


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_value(found)}" for name, found in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(_value(found) for found in value)
    return str(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
