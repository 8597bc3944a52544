"""What the gateway would have counted in made-up conversations, for the console's figures."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from bot.cli.demo_rows import Batch
from bot.transcripts.insights import Insights
from bot.transcripts.insights_records import ALL, Figure

#: What the beginning of a reply's id tells of the way through triage, as bot/cli/demo_author.py has it.
_TOLD = {"triage_intro": "triage_started", "triage_level_": "triage_finished"}

type Counted = Counter[tuple[date, str, str, str]]


def counted(batch: Batch, timezone: str) -> Counted:
    """How often each figure occurs, by day in that zone, name, language and channel."""
    zone = ZoneInfo(timezone)
    found: Counted = Counter()
    heads = {head["id"]: head for head in batch.conversations}
    asked = {row["conversation_id"] for row in batch.bookings}
    for head in batch.conversations:
        place = head["created_at"].astimezone(zone).date(), head["language"], head["channel"]
        found.update(_at(place, "conversations", *(("begun", "saved") if head["id"] in asked else ())))
    for message in batch.messages:
        head = heads[message["conversation_id"]]
        place = message["created_at"].astimezone(zone).date(), message["language"], head["channel"]
        found.update(_at(place, *_names(message)))
    return found


async def keep(insights: Insights, counted: Counted) -> None:
    """Adds them to the figures that are there."""
    days: dict[date, list[Figure]] = {}
    for (day, name, language, channel), value in counted.items():
        days.setdefault(day, []).append(Figure(f"{ALL}.{name}", language, channel, value))
    for day, figures in days.items():
        await insights.add(day, figures)


def _at(place: tuple[date, str, str], *names: str) -> list[tuple[date, str, str, str]]:
    day, language, channel = place
    return [(day, name, language, channel) for name in names]


def _names(message: dict[str, Any]) -> tuple[str, ...]:
    if message["author"] == "visitor":
        return ("turns", "fallback") if message["look"] == "fallback" else ("turns",)
    id = (message["reply"] or {}).get("id", "")
    return tuple(name for beginning, name in _TOLD.items() if id.startswith(beginning))
