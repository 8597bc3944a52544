"""Brings the database to the present tables, and opens it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, event, make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.transcripts.sqlite import connect

MIGRATIONS = Path(__file__).parent / "migrations"

#: Held while the tables change, so that two gateways that start together do it one after the other.
_UPGRADE_LOCK = 0x4641524F


def open_database(url: str, pool_size: int = 10) -> AsyncEngine:
    """A pool of connections to the database; nothing is opened yet.

    Statements never show their parameters in errors or logs: those hold what a person wrote.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        if parsed.database and parsed.database != ":memory:":
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        database = create_async_engine(
            parsed, hide_parameters=True, connect_args={"async_creator_fn": connect}
        )
        event.listen(database.sync_engine, "connect", _prepare_sqlite)
        return database
    return create_async_engine(
        parsed,
        hide_parameters=True,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=5,
        pool_pre_ping=True,
        # Compiling a query takes longer than any of them: all are short.
        connect_args={"connect_timeout": 5, "options": "-c jit=off"},
    )


async def upgrade(database: AsyncEngine) -> None:
    """Applies the missing steps; with none missing it only looks."""
    async with database.begin() as connection:
        if connection.dialect.name == "postgresql":
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADE_LOCK})
        await connection.run_sync(_upgrade)


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


async def rewrite(database: AsyncEngine) -> None:
    """Writes SQLite's file anew, without what was deleted from it; nobody else can write meanwhile.

    secure_delete overwrites what a row held, but not what stays between the rows of a page when SQLite parts or joins
    pages and moves rows to others. PostgreSQL's autovacuum does it there. Raises SQLAlchemyError when the disk is full
    or somebody else writes.
    """
    async with database.connect() as connection:
        autocommit = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await autocommit.execute(text("VACUUM"))
        await autocommit.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for statement in (
        "PRAGMA journal_mode=WAL",
        # What was acknowledged, to a person or to WhatsApp, must be there after a power cut.
        "PRAGMA synchronous=FULL",
        "PRAGMA busy_timeout=5000",
        "PRAGMA foreign_keys=ON",
        # Deleted text is overwritten with zeros, so that erasing is more than forgetting where it was.
        "PRAGMA secure_delete=ON",
    ):
        cursor.execute(statement)
    cursor.close()
