"""``faro week``: the week in words and figures, as the console's weekly page tells it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from bot.console.insights.measures import PARTS, Row
from bot.console.insights.telling import Voice, sentences
from bot.console.insights.weeks import Week, latest, read_monday, read_week, today_in
from bot.console.words import load_words
from bot.core.errors import BotError
from bot.core.firm import load_firm
from bot.core.messages import LANGUAGES
from bot.settings import Settings
from bot.transcripts.insights import Insights
from bot.transcripts.store import TranscriptStore


@dataclass(frozen=True, slots=True)
class Told:
    """A week: its name, its sentences, and its measures as lines of a table."""

    week: Week
    title: str
    sentences: tuple[str, ...]
    head: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]

    def as_dict(self) -> dict[str, Any]:
        """What ``--json`` writes: numbers as they are, without words of a language but the sentences."""
        return {
            "monday": self.week.monday.isoformat(),
            "running": self.week.is_running,
            "uncounted": self.week.uncounted,
            "sentences": list(self.sentences),
            "measures": {name: _measure(row) for name, row in self.week.rows.items()},
        }


def week(settings: Settings, monday: str | None, lang: str, now: datetime | None = None) -> Told:
    """The week of a written day, else the last one that is over. Raises BotError for what is no such week."""
    firm = load_firm(settings.firm)
    today = today_in(now or datetime.now(UTC), firm.timezone)
    asked = latest(today) if monday is None else read_monday(monday, today)
    if asked is None:
        raise BotError(f"{monday!r} is not a day of a week that has begun. Write it as YYYY-MM-DD.")
    found = asyncio.run(_read(settings, asked, today, firm.timezone, firm.retention_days))
    return _told(found, Voice(load_words(), lang))


async def _read(settings: Settings, monday: date, today: date, zone: str, kept_days: int) -> Week:
    store = TranscriptStore(settings.database_url)
    try:
        await store.start()
        insights = Insights(store)
        # A gateway does it with each new day; this must be right where none has run.
        while await insights.roll_up(today, zone, kept_days):
            pass
        return await read_week(insights, monday, today, zone, kept_days)
    finally:
        await store.close()


def _told(found: Week, voice: Voice) -> Told:
    head = (
        *(voice.say(f"language_{lang}") for lang in LANGUAGES),
        voice.say("fig_both"),
        voice.say("fig_gap"),
    )
    return Told(
        found,
        voice.say("fig_week_title", week=voice.week(found.monday)),
        tuple(sentences(found.rows, voice)),
        (voice.say("fig_measure"), *head),
        tuple(_lines(found, voice)),
    )


def _lines(found: Week, voice: Voice) -> Iterator[tuple[str, ...]]:
    for part in PARTS:
        for measure in part.measures:
            row = found.rows[measure.name]
            values = (_cell(row, language, voice) for language in (*LANGUAGES, ""))
            gap = "" if row.gap is None else voice.points(row.gap) + (" *" if row.is_marked else "")
            yield voice.say(f"fig_m_{measure.name}"), *values, gap


def _cell(row: Row, language: str, voice: Voice) -> str:
    before = voice.say("fig_before_is", value=voice.plain(row.measure, row.before[language]))
    return f"{voice.plain(row.measure, row.now[language])} ({before})"


def _measure(row: Row) -> dict[str, Any]:
    return {
        "kind": row.measure.kind,
        "about": row.measure.about,
        "difference": row.gap,
        "marked": row.is_marked,
        "values": {
            language or "both": {
                "value": row.now[language].number,
                "of": row.now[language].whole,
                "before": row.before[language].number,
            }
            for language in (*LANGUAGES, "")
        },
    }
