"""Reads and writes the transcripts: a conversation appears with its consent and goes with its erasure."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy import Insert, Row, and_, delete, func, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.transcripts.records import (
    AlarmRecord,
    ConsentRecord,
    ConversationRecord,
    MessageRecord,
    Page,
    PendingForget,
    Transcript,
)
from bot.transcripts.schema import open_database, upgrade
from bot.transcripts.tables import alarms, conversations, counters, forgets, messages

#: How many turns may hold the lock of their conversation at once, in one gateway on PostgreSQL.
_LOCK_POOL = 25


class TranscriptStore:
    """The store behind one database address. Every method may raise ``sqlalchemy.exc.SQLAlchemyError``."""

    def __init__(self, url: str) -> None:
        self._database: AsyncEngine = open_database(url)
        self.shared = self._database.dialect.name == "postgresql"
        # A pool of its own: a turn holds its lock while the engine works, and must still be able to write.
        self._locks: AsyncEngine | None = open_database(url, _LOCK_POOL) if self.shared else None
        self._log_holds_erased = False

    async def start(self) -> None:
        """Brings the tables up to date."""
        await upgrade(self._database)

    async def close(self) -> None:
        """Closes every connection."""
        await self._database.dispose()
        if self._locks is not None:
            await self._locks.dispose()

    async def ping(self) -> None:
        """Asks the database for something small."""
        async with self._database.connect() as connection:
            await connection.execute(select(func.count()).select_from(forgets))

    @asynccontextmanager
    async def turn_lock(self, conversation_id: str) -> AsyncIterator[None]:
        """One holder at a time for a conversation across gateways; with SQLite there is only one gateway."""
        if self._locks is None:
            yield
            return
        async with self._locks.begin() as connection:
            await connection.execute(
                text("SELECT pg_advisory_xact_lock(hashtextextended(:id, 0))"), {"id": conversation_id}
            )
            yield

    async def save(self, conversation: ConversationRecord, rows: Sequence[MessageRecord]) -> None:
        """Writes the conversation as it now is, with messages that are new or have changed."""
        async with self._database.begin() as connection:
            await self._upsert(connection, conversations, [_conversation_row(conversation)], ["id"])
            if rows:
                values = [{**asdict(row), "conversation_id": conversation.id} for row in rows]
                await self._upsert(connection, messages, values, ["id"], keep=("rating",))

    async def load(self, conversation_id: str, after: int = 0) -> Transcript | None:
        """The conversation with its messages whose ``seq`` is above ``after``; None when nothing is kept."""
        async with self._database.connect() as connection:
            found = await connection.execute(
                select(conversations).where(conversations.c.id == conversation_id)
            )
            head = found.one_or_none()
            if head is None:
                return None
            rows = await connection.execute(
                select(messages)
                .where(messages.c.conversation_id == conversation_id, messages.c.seq > after)
                .order_by(messages.c.seq)
            )
            return Transcript(_conversation(head), tuple(_message(row) for row in rows))

    async def head(self, conversation_id: str) -> ConversationRecord | None:
        """The conversation without its messages; None when nothing is kept."""
        async with self._database.connect() as connection:
            found = await connection.execute(
                select(conversations).where(conversations.c.id == conversation_id)
            )
            row = found.one_or_none()
            return None if row is None else _conversation(row)

    async def page(self, limit: int, before: tuple[datetime, str] | None = None) -> Page[ConversationRecord]:
        """Conversations, newest first; ``before`` is the ``next_key`` of the page above."""
        query = select(conversations).order_by(conversations.c.created_at.desc(), conversations.c.id.desc())
        if before is not None:
            moment, key = before
            query = query.where(
                or_(
                    conversations.c.created_at < moment,
                    and_(conversations.c.created_at == moment, conversations.c.id < key),
                )
            )
        async with self._database.connect() as connection:
            rows = (await connection.execute(query.limit(limit + 1))).all()
        records = tuple(_conversation(row) for row in rows[:limit])
        last = records[-1] if len(rows) > limit else None
        return Page(records, None if last is None else (last.created_at, last.id))

    async def rate(self, conversation_id: str, message_id: str, rating: str) -> bool:
        """Whether that bot message is kept; its rating is then ``rating``."""
        async with self._database.begin() as connection:
            result = await connection.execute(
                update(messages)
                .where(
                    messages.c.conversation_id == conversation_id,
                    messages.c.id == message_id,
                    messages.c.author == "bot",
                )
                .values(rating=rating)
            )
            return result.rowcount == 1

    async def erase(self, conversation_id: str) -> bool:
        """Whether something was kept; afterwards nothing is, and alarms no longer name the conversation."""
        async with self._database.begin() as connection:
            await connection.execute(
                update(alarms).where(alarms.c.conversation_id == conversation_id).values(conversation_id=None)
            )
            # Not left to the cascade alone: secure_delete and the count are then the same in both databases.
            await connection.execute(delete(messages).where(messages.c.conversation_id == conversation_id))
            result = await connection.execute(
                delete(conversations).where(conversations.c.id == conversation_id)
            )
            erased = result.rowcount > 0
        await self._empty_write_ahead_log()
        return erased

    async def expired(self, before: datetime, limit: int) -> tuple[str, ...]:
        """The ids of conversations whose last message is older than ``before`` (exclusive), oldest first."""
        query = (
            select(conversations.c.id)
            .where(conversations.c.last_at < before)
            .order_by(conversations.c.last_at, conversations.c.id)
            .limit(limit)
        )
        async with self._database.connect() as connection:
            return tuple((await connection.execute(query)).scalars())

    async def tidy(self) -> None:
        """Empties SQLite's log if an erasure could not, because somebody was reading; else does nothing."""
        if self._log_holds_erased:
            await self._empty_write_ahead_log()

    async def add_alarm(self, alarm: AlarmRecord) -> None:
        """Keeps an alarm."""
        async with self._database.begin() as connection:
            await connection.execute(alarms.insert().values(**asdict(alarm)))

    async def alarms(self, limit: int = 100) -> tuple[AlarmRecord, ...]:
        """The newest alarms."""
        query = select(alarms).order_by(alarms.c.created_at.desc(), alarms.c.id.desc()).limit(limit)
        async with self._database.connect() as connection:
            return tuple(AlarmRecord(**row._mapping) for row in await connection.execute(query))

    async def count(self, day: date, values: Mapping[str, int]) -> None:
        """Adds to the counters of a day."""
        if not values:
            return
        async with self._database.begin() as connection:
            for name, value in sorted(values.items()):
                statement = self._insert(counters).values(day=day, name=name, value=value)
                await connection.execute(
                    statement.on_conflict_do_update(
                        index_elements=["day", "name"],
                        set_={"value": counters.c.value + statement.excluded.value},
                    )
                )

    async def counts(self, day: date) -> dict[str, int]:
        """The counters of a day."""
        query = select(counters.c.name, counters.c.value).where(counters.c.day == day)
        async with self._database.connect() as connection:
            return {row.name: row.value for row in await connection.execute(query)}

    async def queue_forget(self, conversation_id: str, due_at: datetime, attempts: int = 0) -> None:
        """Notes that the engine has still to forget this conversation, not before ``due_at``."""
        values = [{"conversation_id": conversation_id, "due_at": due_at, "attempts": attempts}]
        async with self._database.begin() as connection:
            await self._upsert(connection, forgets, values, ["conversation_id"])

    async def due_forgets(self, now: datetime, limit: int = 50) -> tuple[PendingForget, ...]:
        """What the engine should be asked to forget now."""
        query = (
            select(forgets.c.conversation_id, forgets.c.attempts)
            .where(forgets.c.due_at <= now)
            .order_by(forgets.c.due_at)
            .limit(limit)
        )
        async with self._database.connect() as connection:
            return tuple(
                PendingForget(row.conversation_id, row.attempts) for row in await connection.execute(query)
            )

    async def forgotten(self, conversation_id: str) -> None:
        """The engine has forgotten it."""
        async with self._database.begin() as connection:
            await connection.execute(delete(forgets).where(forgets.c.conversation_id == conversation_id))

    def _insert(self, table: Any) -> Any:
        return postgresql.insert(table) if self.shared else sqlite.insert(table)

    async def _upsert(
        self,
        connection: AsyncConnection,
        table: Any,
        values: list[dict[str, Any]],
        key: list[str],
        keep: tuple[str, ...] = (),
    ) -> None:
        statement = self._insert(table)
        fixed = {*key, *keep}
        changed = {name: statement.excluded[name] for name in values[0] if name not in fixed}
        upsert: Insert = statement.on_conflict_do_update(index_elements=key, set_=changed)
        await connection.execute(upsert, values)

    async def _empty_write_ahead_log(self) -> None:
        """Moves what was erased out of SQLite's log, where old pages would stay readable for a while."""
        if self.shared:
            return
        self._log_holds_erased = True
        async with self._database.connect() as connection:
            row = (await connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))).one()
        # The first column tells that a reader, such as a running backup, kept the log from being emptied.
        self._log_holds_erased = row[0] != 0


def _conversation_row(record: ConversationRecord) -> dict[str, Any]:
    return {
        "id": record.id,
        "channel": record.channel,
        "language": record.language,
        "created_at": record.created_at,
        "last_at": record.last_at,
        "last_seq": record.last_seq,
        "consent_version": record.consent.version,
        "consent_language": record.consent.language,
        "consent_at": record.consent.at,
    }


def _conversation(row: Row[Any]) -> ConversationRecord:
    return ConversationRecord(
        id=row.id,
        channel=row.channel,
        language=row.language,
        created_at=row.created_at,
        last_at=row.last_at,
        last_seq=row.last_seq,
        consent=ConsentRecord(row.consent_version, row.consent_language, row.consent_at),
    )


def _message(row: Row[Any]) -> MessageRecord:
    known = dict(row._mapping)
    del known["conversation_id"]
    return MessageRecord(**known)
