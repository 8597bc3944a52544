"""What goes on in the background: letting go of idle conversations, asking the engine to forget, counting."""

from __future__ import annotations

import asyncio

from bot.gateway.clock import Clock
from bot.gateway.keeper import STORE_FAULTS, Keeper
from bot.gateway.limits import Limits
from bot.gateway.logs import fault, logger
from bot.gateway.metrics import Metrics
from bot.transcripts.store import TranscriptStore


async def housekeeping(
    keeper: Keeper, store: TranscriptStore, metrics: Metrics, clock: Clock, limits: Limits
) -> None:
    """Sweeps until cancelled; what one sweep raises ends in the log and not the sweeping."""
    while True:
        await asyncio.sleep(limits.sweep_seconds)
        try:
            await sweep(keeper, store, metrics, clock)
        except Exception as exc:  # The sweeping must outlive whatever one sweep does.
            logger().error("sweep_broke", **fault(exc))


async def sweep(keeper: Keeper, store: TranscriptStore, metrics: Metrics, clock: Clock) -> None:
    """One round."""
    await keeper.put_away()
    await write_counts(store, metrics, clock)
    await keeper.retry_forgets()


async def write_counts(store: TranscriptStore, metrics: Metrics, clock: Clock) -> None:
    """Adds what was counted since the last time to the counters of the day (UTC)."""
    values = metrics.take_tally()
    try:
        await store.count(clock.now().date(), values)
    except STORE_FAULTS as exc:
        metrics.put_back(values)
        logger().warning("counts_not_written", **fault(exc))
