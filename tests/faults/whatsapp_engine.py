"""An engine in a process of its own, to be killed at any moment: its answers name the messages that they answer.

Every message of the fault test holds a mark such as ``m-007-03``. The answer holds the same marks, and nothing else
that could be mistaken for one, so that a test can tell which message was answered how often and in which order. As the
real engine with its tracker store, it gives the same answer to the same message id also after a restart. A message with
the word "cita" makes a request for an appointment, under the message's id as the actions do.
"""

from __future__ import annotations

import asyncio
import io
import re
from datetime import UTC, datetime
from typing import Any

import aiosqlite  # noqa: F401 - here, and the three below, so that a new process begins at once
import psycopg  # noqa: F401
import sqlalchemy.dialects.postgresql.psycopg
import sqlalchemy.dialects.sqlite.aiosqlite  # noqa: F401
import structlog
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.booking.store import BookingStore
from bot.core.messages import Reply
from bot.transcripts.sealing import Keys
from tests.booking.conftest import CONTACT, FACTS, KEY
from tests.gateway.standin import StandInEngine

MARK = re.compile(r"m-\d{3,}-\d{2,}")
BOOKS = "cita"


class NamingEngine(StandInEngine):
    """A stand-in that names what it answers. ``seconds`` is the time of one turn, one after the other.

    ``workers`` turns run at once, as that many engines behind one address would run them.
    """

    def __init__(
        self, port: int = 0, *, seconds: float = 0.0, workers: int = 1, bookings: BookingStore | None = None
    ) -> None:
        super().__init__()
        self._seconds = seconds
        self._free = asyncio.Semaphore(workers)
        self._bookings = bookings
        app = web.Application()
        app.router.add_post("/webhooks/turn/{what}", self._serve)
        self._server = TestServer(app, host="127.0.0.1", port=port)

    async def _turn(self, body: dict[str, Any]) -> web.Response:
        text = str(body.get("text") or "")
        marks = MARK.findall(text)
        if marks:
            async with self._free:
                await asyncio.sleep(self._seconds)
            if self._bookings is not None and BOOKS in text.split():
                await self._bookings.request(
                    body["conversation"],
                    body["message_id"],
                    FACTS,
                    CONTACT,
                    "routine",
                    "es",
                    datetime.now(UTC),
                )
        return await super()._turn(body)

    def _answer(self, body: dict[str, Any]) -> dict[str, Any]:
        marks = MARK.findall(str(body.get("text") or ""))
        if marks:
            self.replies = [Reply("answer", "work_permit", "es", f"Respuesta a {', '.join(marks)}.")]
        else:
            self.replies = None
        return super()._answer(body)


def run(port: int, database: str, seconds: float = 0.0, workers: int = 1) -> None:
    """Answers until killed."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(file=io.StringIO()))
    asyncio.run(_serve(port, database, seconds, workers))


async def _serve(port: int, database: str, seconds: float, workers: int) -> None:
    bookings = BookingStore(database, Keys([KEY]), site="Example Firm") if database else None
    if bookings is not None:
        await bookings.start()
    engine = NamingEngine(port, seconds=seconds, workers=workers, bookings=bookings)
    await engine.start()
    await asyncio.Event().wait()
