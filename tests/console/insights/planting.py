"""Figures of thirteen weeks, put straight into the table: the last week is worse in Spanish."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from bot.transcripts.insights import Insights
from bot.transcripts.insights_records import Figure, days
from bot.transcripts.store import TranscriptStore

#: The week that is over when the tests' clock says Saturday, 21 November 2026; the one after it runs.
MONDAY = date(2026, 11, 9)
RUNNING = MONDAY + timedelta(days=7)
_TOPICS = ("work_permit", "filing_fee", "one_year_deadline", "family", "wait_times")


async def plant_weeks(store: TranscriptStore, last: date = date(2026, 11, 20)) -> None:
    """Fills the weeks up to and with ``last``."""
    insights = Insights(store)
    for day in days(MONDAY - timedelta(weeks=12), last):
        await insights.add(day, list(_figures(day)))


def _figures(day: date) -> Iterator[Figure]:
    worse = MONDAY <= day < RUNNING
    for language, size in (("en", 20), ("es", 30)):
        size += day.isocalendar().week % 5
        spanish = language == "es"
        for channel, share in (("web", 2), ("whatsapp", 1)):
            for name, value in (
                ("all.conversations", size // 3 * share),
                ("all.turns", size * share),
                ("all.fallback", (size // 5 if worse and spanish else size // 12) * share),
                ("all.triage_started", 4 * share),
                ("all.triage_finished", 3 * share),
                ("all.offered", 8 * share),
                ("all.begun", 3 * share),
                ("all.saved", 2 * share),
                ("kept.conversations", size // 4 * share),
                ("kept.turns", size * share),
                ("kept.outcome:answered", size // 5 * share),
                ("kept.outcome:unanswered", share),
                ("kept.urgent", share),
                ("kept.wait:47", share),
                ("kept.latency:82", size),
                ("kept.latency:150", 2),
                ("kept.rating_up", 2 * share),
                ("kept.rating_down", 1),
                ("judged.random.conversations", 4),
                ("judged.random.good", 3 if worse and spanish else 4),
                ("judged.random.turns", 9),
                ("judged.random.wrong:unclear", 1),
                ("judged.chosen.conversations", 2),
                ("judged.chosen.good", 1),
                *((f"kept.topic:{topic}", 5 - place) for place, topic in enumerate(_TOPICS)),
            ):
                yield Figure(name, language, channel, value)
        yield Figure("booking.requested", language, "", 5)
        yield Figure("booking.delivered", language, "", 4)
        yield Figure("booking.appointed", language, "", 2)
