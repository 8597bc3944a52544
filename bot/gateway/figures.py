"""What happens in conversations, counted as it happens: also for people who did not consent to being kept.

A figure is a name with a language and a channel. Nothing of a conversation stands in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from zoneinfo import ZoneInfo

from bot.core.messages import Reply
from bot.gateway.clock import Clock
from bot.gateway.conversations import Conversation
from bot.gateway.keeper import STORE_FAULTS
from bot.gateway.logs import fault, logger
from bot.gateway.metrics import Metrics
from bot.gateway.ports import Firm
from bot.transcripts.insights import Insights
from bot.transcripts.insights_records import ALL, Figure

_CONSULTATION = "/book_consultation"
_SAVED = ("booking_saved_", "booking_kept_")


def begun(metrics: Metrics, language: str, channel: str) -> None:
    """Counts a conversation that begins."""
    metrics.figure("conversations", language, channel)


def answered(
    metrics: Metrics,
    conversation: Conversation,
    language: str,
    by: str,
    look: str | None,
    replies: Sequence[Reply],
) -> None:
    """Counts a turn, before its replies are said; ``language`` is that of the message."""
    for name in _names(conversation, by, look, replies):
        metrics.figure(name, language, conversation.channel)


def _names(conversation: Conversation, by: str, look: str | None, replies: Sequence[Reply]) -> Iterator[str]:
    yield "turns"
    if look == "fallback":
        yield look
    if by == "emergency":
        yield by
    ids = {reply.id for reply in replies}
    if "triage_intro" in ids:
        yield "triage_started"
    # A person who corrects an answer hears the result again.
    if "triage_result" in ids and not _heard_result(conversation):
        yield "triage_finished"
    if any(choice.payload.startswith(_CONSULTATION) for reply in replies for choice in reply.choices):
        yield "offered"
    if "booking_intro" in ids:
        yield "begun"
    if any(id.startswith(_SAVED) for id in ids):
        yield "saved"


def _heard_result(conversation: Conversation) -> bool:
    """Whether the result was told since the questions began."""
    for message in reversed(conversation.messages):
        id = str((message.reply or {}).get("id", ""))
        if id in ("triage_result", "triage_intro"):
            return id == "triage_result"
    return False


class DailyFigures:
    """Writes what was counted to the firm's day, and counts the days that are over."""

    def __init__(self, insights: Insights, metrics: Metrics, firm: Firm, clock: Clock) -> None:
        self._insights = insights
        self._metrics = metrics
        self._firm = firm
        self._clock = clock
        self._done: date | None = None

    async def work(self) -> None:
        """One round; a day is counted once it is over, and again while its figures settle."""
        await self.write()
        today = self._today()
        if self._done == today:
            return
        try:
            left = await self._insights.roll_up(today, self._firm.timezone, self._firm.retention_days)
        except STORE_FAULTS as exc:
            logger().error("figures_not_counted", **fault(exc))
            return
        self._done = None if left else today

    async def write(self) -> None:
        """Adds what was counted since the last time to the figures of the day."""
        taken = self._metrics.take_figures()
        figures = [
            Figure(f"{ALL}.{name}", language, channel, value)
            for (name, language, channel), value in taken.items()
        ]
        try:
            await self._insights.add(self._today(), figures)
        except STORE_FAULTS as exc:
            self._metrics.put_back_figures(taken)
            logger().warning("figures_not_written", **fault(exc))

    def _today(self) -> date:
        return self._clock.now().astimezone(ZoneInfo(self._firm.timezone)).date()
