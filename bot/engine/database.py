"""The engine's one table, in SQLite or PostgreSQL."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from bot.core.errors import SettingsError

metadata = sa.MetaData()
conversations = sa.Table(
    "engine_conversations",
    metadata,
    sa.Column("conversation", sa.String(200), primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("message_id", sa.String(200), nullable=False),
    sa.Column("reply", sa.Text, nullable=False),
    sa.Column("saved_at", sa.Float, nullable=False, index=True),
)


def open_database(url: str) -> Engine:
    """An engine for SQLite or PostgreSQL with the table in it. Raises SettingsError for any other address."""
    try:
        address = sa.engine.make_url(url)
    except sa.exc.ArgumentError as exc:
        raise SettingsError(["FARO_ENGINE_DATABASE is no database address."]) from exc
    if address.get_backend_name() == "sqlite":
        database = sa.create_engine(
            address,
            connect_args={"check_same_thread": False, "timeout": 10},
            poolclass=sa.pool.QueuePool,
            # A statement's error would otherwise print what people wrote.
            hide_parameters=True,
        )
        sa.event.listen(database, "connect", _prepare_sqlite)
    elif address.get_backend_name() == "postgresql":
        database = sa.create_engine(
            address, pool_pre_ping=True, connect_args={"connect_timeout": 5}, hide_parameters=True
        )
    else:
        raise SettingsError(["FARO_ENGINE_DATABASE must begin with sqlite:/// or postgresql://."])
    metadata.create_all(database)
    return database


def _prepare_sqlite(connection: Any, record: Any) -> None:
    # secure_delete: an erased conversation is overwritten, not only forgotten about.
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=10000", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")
