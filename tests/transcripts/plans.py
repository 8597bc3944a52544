"""How a database carries out what a store asks of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine


async def plans(database: AsyncEngine, work: Callable[[], Awaitable[object]]) -> list[str]:
    """How the database carries out each query of some work."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    event.listen(database.sync_engine, "before_cursor_execute", note)
    await work()
    event.remove(database.sync_engine, "before_cursor_execute", note)
    explain = "EXPLAIN" if database.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    told = []
    async with database.connect() as connection:
        for statement, parameters in asked:
            rows = await connection.exec_driver_sql(f"{explain} {statement}", parameters)
            told.append("\n".join(str(row[-1]) for row in rows))
    return told
