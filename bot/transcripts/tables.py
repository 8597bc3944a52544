"""The tables of the transcript store, as SQLAlchemy Core describes them.

A row about a conversation exists only after the person's consent. Text is masked before it comes here.
The staff's lists page by ``(created_at, id)``: an index on both carries them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Moment(TypeDecorator[datetime]):
    """An aware moment in UTC; SQLite has no time zones, so it is kept there as naive UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


conversations = Table(
    "conversations",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("channel", String(16), nullable=False),
    Column("language", String(8), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("last_at", Moment, nullable=False),
    Column("last_seq", Integer, nullable=False),
    Column("consent_version", String(64), nullable=False),
    Column("consent_language", String(8), nullable=False),
    Column("consent_at", Moment, nullable=False),
    Index(None, "created_at", "id"),
    Index(None, "last_at", "id"),
)

messages = Table(
    "messages",
    metadata,
    Column("id", String(64), primary_key=True),
    Column(
        "conversation_id",
        String(64),
        ForeignKey("conversations.id", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("seq", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("author", String(8), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("language", String(8), nullable=False),
    Column("text", Text, nullable=False),
    # Visitor messages: how they came and what was understood.
    Column("client_message_id", String(64)),
    Column("choice_id", String(64)),
    Column("intent", String(128)),
    Column("confidence", Float),
    Column("latency_ms", Integer),
    # Bot messages: what they answer, the whole reply (article, section, parameters told) and its rating.
    Column("reply_to", String(64)),
    Column("reply", JSON),
    Column("rating", String(8)),
    UniqueConstraint("conversation_id", "seq"),
    UniqueConstraint("conversation_id", "client_message_id"),
    CheckConstraint("author IN ('visitor', 'bot')", name="author"),
    CheckConstraint("rating IS NULL OR rating IN ('up', 'down')", name="rating"),
    Index(None, "created_at", "id"),
)

alarms = Table(
    "alarms",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("created_at", Moment, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("code", String(128), nullable=False),
    # Empty for a conversation without consent; no foreign key: an alarm outlives an erasure, without the id.
    Column("conversation_id", String(64), index=True),
    Index(None, "created_at", "id"),
)

counters = Table(
    "counters",
    metadata,
    Column("day", Date, primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("value", Integer, nullable=False),
)

#: Conversations that the engine must still forget: it could not be reached when the person erased them.
forgets = Table(
    "forgets",
    metadata,
    Column("conversation_id", String(64), primary_key=True),
    Column("due_at", Moment, nullable=False, index=True),
    Column("attempts", Integer, nullable=False),
)
