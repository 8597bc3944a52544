"""What goes on in the background: letting go of idle conversations, erasing old ones, forgetting, counting."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.gateway.alarms import Alarms
from bot.gateway.bookings import BookingDesk
from bot.gateway.clock import Clock
from bot.gateway.figures import DailyFigures
from bot.gateway.keeper import STORE_FAULTS, Keeper
from bot.gateway.limits import Limits
from bot.gateway.logs import fault, logger
from bot.gateway.metrics import Metrics
from bot.gateway.ports import Firm
from bot.transcripts.store import TranscriptStore

#: The hours of the firm's day in which the database's file may be written anew.
NIGHT = (3, 4)
#: Settled alarms that one round deletes at most.
ALARMS_AT_ONCE = 500
#: In seconds, how long the end of the process waits for a database that is away, and how often it asks for it.
LAST_WRITES, LAST_LOOK = 6.0, 0.25


class Retention:
    """Erases kept conversations, requests and settled alarms when the firm's time for each of them is over."""

    def __init__(
        self,
        keeper: Keeper,
        desk: BookingDesk,
        store: TranscriptStore,
        firm: Firm,
        clock: Clock,
        limits: Limits,
    ) -> None:
        self._desk = desk
        self._store = store
        self._keeper = keeper
        self._firm = firm
        self._clock = clock
        self._pause = timedelta(seconds=limits.retention_seconds)
        self._due: datetime | None = None
        self._rewritten: date | None = None

    async def work(self) -> None:
        """Erases some of what is past its time; with nothing left to do it pauses before it looks again."""
        now = self._clock.now()
        await self._expire_values()
        # A clock that was set back must not stop it for longer than the pause.
        if self._due is not None and now < self._due <= now + self._pause:
            return
        firm, limit = self._firm, now - timedelta(days=self._firm.request_retention_days)
        # What is left of a request's own time is not cut short by the conversation's.
        with_requests = firm.request_retention_days <= firm.retention_days
        before = now - timedelta(days=firm.retention_days)
        done = await self._keeper.expire(before, with_requests=with_requests)
        done = done and await self._expire_requests(limit) and await self._expire_alarms(now)
        self._due = now + self._pause if done else None

    async def rewrite(self, store: TranscriptStore) -> None:
        """Has a database of one file written anew, once a night, when hardly anybody waits for an answer."""
        local = self._clock.now().astimezone(ZoneInfo(self._firm.timezone))
        if local.hour not in NIGHT or self._rewritten == local.date():
            return
        # Not again in the same night when it fails: the disk is full, and stays so.
        self._rewritten = local.date()
        try:
            await store.rewrite()
        except STORE_FAULTS as exc:
            logger().error("file_not_rewritten", **fault(exc))

    async def _expire_values(self) -> None:
        try:
            await self._desk.expire_values()
        except STORE_FAULTS as exc:
            logger().error("values_not_expired", **fault(exc))

    async def _expire_requests(self, before: datetime) -> bool:
        try:
            return await self._desk.expire(before)
        except STORE_FAULTS as exc:
            logger().error("requests_not_expired", **fault(exc))
            return False

    async def _expire_alarms(self, now: datetime) -> bool:
        days = self._firm.alarm_retention_days
        if days is None:
            return True
        try:
            gone = await self._store.expire_alarms(now - timedelta(days=days), ALARMS_AT_ONCE)
        except STORE_FAULTS as exc:
            logger().error("alarms_not_expired", **fault(exc))
            return False
        return gone < ALARMS_AT_ONCE


async def housekeeping(
    keeper: Keeper,
    retention: Retention,
    store: TranscriptStore,
    metrics: Metrics,
    clock: Clock,
    limits: Limits,
    figures: DailyFigures,
) -> None:
    """Sweeps until cancelled; what one sweep raises ends in the log and not the sweeping."""
    while True:
        await asyncio.sleep(limits.sweep_seconds)
        try:
            await sweep(keeper, retention, store, metrics, clock)
            await figures.work()
        except Exception as exc:  # The sweeping must outlive whatever one sweep does.
            logger().error("sweep_broke", **fault(exc))


async def sweep(
    keeper: Keeper, retention: Retention, store: TranscriptStore, metrics: Metrics, clock: Clock
) -> None:
    """One round."""
    await keeper.put_away()
    await write_counts(store, metrics, clock)
    await retention.work()
    await store.expire_raw(clock.now())
    await store.tidy()
    await retention.rewrite(store)
    await keeper.retry_forgets()


async def last_writes(
    keeper: Keeper,
    store: TranscriptStore,
    metrics: Metrics,
    clock: Clock,
    figures: DailyFigures,
    alarms: Alarms,
) -> None:
    """What the database had not taken before gets a last chance; the end of the process waits for no more.

    What it has not taken by then is lost with the memory of this process, and staff hear how much it was.
    """
    try:
        async with asyncio.timeout(LAST_WRITES):
            while keeper.unwritten():
                if await _answers(store):
                    await keeper.write_rest()
                if keeper.unwritten():
                    await asyncio.sleep(LAST_LOOK)
            await write_counts(store, metrics, clock)
            await figures.write()
    except Exception as exc:  # Nothing may keep the connections from being closed.
        logger().error("last_writes_failed", **fault(exc))
    if lost := keeper.unwritten():
        logger().error("unwritten_lost", messages=lost)
        # Of a kind of its own: with the database away an alarm of the kind "store" was posted just now, and one a
        # minute has to do.
        alarms.raise_alarm("internal", f"unwritten_lost_{lost}", None, kept=False)


async def _answers(store: TranscriptStore) -> bool:
    try:
        await store.ping()
    except STORE_FAULTS:
        return False
    return True


async def write_counts(store: TranscriptStore, metrics: Metrics, clock: Clock) -> None:
    """Adds what was counted since the last time to the counters of the day (UTC)."""
    values = metrics.take_tally()
    try:
        await store.count(clock.now().date(), values)
    except STORE_FAULTS as exc:
        metrics.put_back(values)
        logger().warning("counts_not_written", **fault(exc))
