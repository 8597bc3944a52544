"""Connections to SQLite whose closing comes to an end, whoever else stops them meanwhile."""

from __future__ import annotations

import asyncio
import sqlite3
from functools import partial
from typing import Any

import aiosqlite


class Connection(aiosqlite.Connection):
    """As aiosqlite's own, but stopped once.

    When a task is cancelled while SQLAlchemy closes its connection, the connection is stopped a second time beside the
    closing, and aiosqlite 0.22.1 then waits for ever for a thread that has ended: a gateway that is told to stop
    would not.
    """

    _is_stopped = False
    _ending: asyncio.Future[Any] | None = None

    def stop(self) -> asyncio.Future[Any] | None:
        """Ends the thread behind the connection; what comes back is done when it has ended."""
        if not self._is_stopped:
            self._is_stopped = True
            self._ending = super().stop()
        return self._ending


def connect(*arguments: Any, **options: Any) -> Connection:
    """As ``aiosqlite.connect``, for SQLAlchemy's ``async_creator_fn``; nothing is opened until it is awaited."""
    connection = Connection(partial(sqlite3.connect, *arguments, **options), iter_chunk_size=64)
    # As SQLAlchemy does with connections of its own making: no thread may keep a process that wants to end.
    connection._thread.daemon = True
    return connection
