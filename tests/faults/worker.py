"""A worker in a process of its own, to be killed at any moment."""

from __future__ import annotations

import asyncio
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import aiosqlite  # noqa: F401 - here, and the two below, so that a new process begins at once
import psycopg  # noqa: F401
import sqlalchemy.dialects.postgresql.psycopg
import sqlalchemy.dialects.sqlite.aiosqlite  # noqa: F401
import structlog

from bot.booking.store import BookingStore
from bot.booking.webhook import WebhookDestination
from bot.booking.worker import Deliveries
from bot.transcripts.sealing import Keys

#: Seconds; the worker gives up on an answer after this.
PATIENCE = 0.4
HOLD = timedelta(seconds=1)
#: As many tries as it takes, in tenths of a second and not in hours.
SCHEDULE = (timedelta(seconds=0.05), timedelta(seconds=0.1), *[timedelta(seconds=0.2)] * 60)


class RealClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


def run(database: str, address: str, key: str, secret: str) -> None:
    """Delivers until killed."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(file=io.StringIO()))
    asyncio.run(_work(database, address, key, secret))


async def _work(database: str, address: str, key: str, secret: str) -> None:
    store = BookingStore(database, Keys([key]), site="Example Firm")
    destination = WebhookDestination(address, [secret], https_only=False, total_seconds=PATIENCE)

    async def told(*_: Any) -> None:
        return

    await Deliveries(
        store,
        destination,
        RealClock(),
        lambda *_: None,
        told,
        schedule=SCHEDULE,
        hold=HOLD,
        at_once=8,
        pause=0.05,
    ).work()
