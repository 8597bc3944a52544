"""How a database carries out what a store asks of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import event

from bot.transcripts.store import TranscriptStore


async def plans(store: TranscriptStore, work: Callable[[], Awaitable[object]]) -> list[str]:
    """How the database carries out each query of some work."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    event.listen(store.database.sync_engine, "before_cursor_execute", note)
    await work()
    event.remove(store.database.sync_engine, "before_cursor_execute", note)
    explain = "EXPLAIN" if store.shared else "EXPLAIN QUERY PLAN"
    told = []
    async with store.database.connect() as connection:
        for statement, parameters in asked:
            rows = await connection.exec_driver_sql(f"{explain} {statement}", parameters)
            told.append("\n".join(str(row[-1]) for row in rows))
    return told
