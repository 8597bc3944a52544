"""A connection comes to its end however often, and by whomever, it is stopped."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.settings import normalise_database_url
from bot.transcripts.schema import open_database
from bot.transcripts.sqlite import connect


async def test_closing_ends_when_the_connection_is_stopped_meanwhile(tmp_path: Path) -> None:
    connection = await connect(str(tmp_path / "a.db"))
    closing = asyncio.create_task(connection.close())
    # Until it waits for the thread to close the file.
    await asyncio.sleep(0)
    connection.stop()
    async with asyncio.timeout(5):
        await closing
        await connection.close()


async def test_closing_ends_when_the_connection_was_stopped_before(tmp_path: Path) -> None:
    connection = await connect(str(tmp_path / "a.db"))
    connection.stop()
    async with asyncio.timeout(5):
        with pytest.raises(ValueError, match="closed"):
            await connection.close()


async def test_a_task_that_is_cancelled_twice_leaves_nothing_that_waits(tmp_path: Path) -> None:
    database = open_database(normalise_database_url(f"sqlite:///{tmp_path / 'a.db'}"))
    slow = text(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT max(i) FROM n"
    )

    async def asks() -> None:
        async with database.connect() as connection:
            await connection.execute(slow)

    for pause in (0.0, 0.001, 0.01, 0.03):
        before = asyncio.all_tasks()
        task = asyncio.create_task(asks())
        await asyncio.sleep(0.005 + pause)
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()
        async with asyncio.timeout(10):
            await asyncio.gather(task, return_exceptions=True)
            await asyncio.gather(*(asyncio.all_tasks() - before), return_exceptions=True)
    await database.dispose()
