"""How vault and store write: one writer at a time on SQLite, locks by name on PostgreSQL."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine


def shared(database: AsyncEngine) -> bool:
    """Whether this is PostgreSQL."""
    return database.dialect.name == "postgresql"


class Line:
    """Where writers wait for each other: one at a time, those in a hurry first, all others as they came."""

    def __init__(self) -> None:
        self._held = False
        self._hurried: deque[asyncio.Future[None]] = deque()
        self._others: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def turn(self, first: bool = False) -> AsyncIterator[None]:
        """The caller's turn; ``first`` overtakes those who are in no hurry."""
        if self._held:
            await self._wait(self._hurried if first else self._others)
        self._held = True
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self, queue: deque[asyncio.Future[None]]) -> None:
        mine = asyncio.get_running_loop().create_future()
        queue.append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if not mine.cancelled():
                # It was just our turn: now it is the next one's.
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        while queue := self._hurried or self._others:
            waiting = queue.popleft()
            # Some have given up waiting.
            if not waiting.done():
                waiting.set_result(None)
                return
        self._held = False


#: Writers of this process wait here and not in SQLite, which would look again only after growing pauses.
_TURNS: WeakKeyDictionary[Engine, Line] = WeakKeyDictionary()


@asynccontextmanager
async def writing(
    database: AsyncEngine, lock: str | None = None, *, together: bool = False, first: bool = False
) -> AsyncIterator[AsyncConnection]:
    """A transaction that reads and then writes without anybody writing in between.

    On PostgreSQL only holders of the same ``lock`` wait for each other, and not those that hold it ``together``. Its
    name is not the conversation's own: the gateway holds that one for the whole turn. ``first`` is for what somebody
    outside waits for: on SQLite, where all wait for each other, it overtakes what does not.
    """
    if shared(database):
        async with database.begin() as connection:
            if lock is not None:
                function = "pg_advisory_xact_lock_shared" if together else "pg_advisory_xact_lock"
                await connection.execute(
                    text(f"SELECT {function}(hashtextextended(:name, 0))"), {"name": f"booking:{lock}"}
                )
            yield connection
        return
    async with _TURNS.setdefault(database.sync_engine, Line()).turn(first), database.begin() as connection:
        # Python's driver begins a transaction only with the first write, and then SQLite may refuse it.
        await connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield connection


def insert(database: AsyncEngine, table: Any) -> Any:
    """An INSERT that knows ON CONFLICT."""
    return postgresql.insert(table) if shared(database) else sqlite.insert(table)


async def empty_log(database: AsyncEngine) -> None:
    """Moves what was erased out of SQLite's log; a reader in the way delays it to the next checkpoint."""
    if shared(database):
        return
    async with database.connect() as connection:
        await connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
