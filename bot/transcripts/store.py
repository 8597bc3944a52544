"""Reads and writes the transcripts: a conversation appears with its consent and goes with its erasure."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Insert, and_, case, delete, func, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.transcripts import judging_tables, learning_tables, queues, recall_tables, words
from bot.transcripts.errors import Held
from bot.transcripts.records import (
    AlarmRecord,
    ConversationRecord,
    MessageRecord,
    Page,
    PendingForget,
    Transcript,
)
from bot.transcripts.rows import (
    RAW,
    Seal,
    conversation_of,
    conversation_row,
    message_of,
    message_row,
    told_rows,
)
from bot.transcripts.schema import open_database, rewrite, upgrade
from bot.transcripts.sealing import Keys
from bot.transcripts.tables import (
    alarms,
    conversations,
    counters,
    forgets,
    labels,
    messages,
    raw_texts,
    told,
)

#: How many turns may hold the lock of their conversation at once, in one gateway on PostgreSQL.
_LOCK_POOL = 25
#: Steps of cleaning the full-text index for which an erasure waits.
_STEPS = 4


#: Since when a conversation is how urgent.
_URGENCY = ("urgent_at", "urgency")

#: What is written down beside a change, in its transaction.
type Noted = Callable[[AsyncConnection], Awaitable[None]]


class TranscriptStore:
    """The store behind one database address. Every method may raise ``sqlalchemy.exc.SQLAlchemyError``."""

    def __init__(self, url: str, keys: Keys | None = None, raw_days: int = 0) -> None:
        """Without ``keys`` nothing sealed is written; ``raw_days``: for how long unmasked text is kept, 0: never."""
        self.database: AsyncEngine = open_database(url)
        self.seal = Seal(keys)
        self._raw_kept = timedelta(days=raw_days)
        self._upserts: dict[tuple[str, tuple[str, ...]], Insert] = {}
        self.shared = self.database.dialect.name == "postgresql"
        # A pool of its own: a turn holds its lock while the engine works, and must still be able to write.
        self._locks: AsyncEngine | None = open_database(url, _LOCK_POOL) if self.shared else None
        self._tidying = asyncio.Lock()
        # A run that was killed may have left what it erased in the index and in the log: the first tidying sees to it.
        self._files_hold_erased = self._log_holds_erased = not self.shared

    async def start(self) -> None:
        """Brings the tables up to date."""
        await upgrade(self.database)

    async def close(self) -> None:
        """Closes every connection."""
        await self.database.dispose()
        if self._locks is not None:
            await self._locks.dispose()

    async def ping(self) -> None:
        """Asks the database for something small."""
        async with self.database.connect() as connection:
            await connection.execute(select(func.count()).select_from(forgets))

    @asynccontextmanager
    async def turn_lock(self, conversation_id: str) -> AsyncIterator[None]:
        """One holder at a time for a conversation across gateways; with SQLite there is only one gateway."""
        if self._locks is None:
            yield
            return
        async with self._locks.connect() as connection:
            await connection.execute(
                text("SELECT pg_advisory_xact_lock(hashtextextended(:id, 0))"), {"id": conversation_id}
            )
            try:
                yield
            finally:
                try:
                    await connection.rollback()
                except SQLAlchemyError:
                    # The lock went with its connection; what was done under it is not to fail for that.
                    await connection.invalidate()

    async def save(self, conversation: ConversationRecord, rows: Sequence[MessageRecord]) -> None:
        """Writes the conversation as it now is, with messages that are new or have changed.

        What staff did to it stays as it is, and so does what is sealed when the record does not bring it, and an
        urgency that is later than the record's: a reader, or another gateway, has found it meanwhile.
        """
        head = [conversation_row(conversation, self.seal)]
        async with self.database.begin() as connection:
            await self._upsert(connection, conversations, head, ["id"], fill=("facts",), later=_URGENCY)
            if not rows:
                return
            values = [message_row(row, conversation.id, self.seal) for row in rows]
            await self._upsert(connection, messages, values, ["id"], keep=("rating",), fill=("entities",))
            await words.keep(connection, conversation.id, rows)
            parameters = [value for row in rows for value in told_rows(row, conversation.id)]
            if parameters:
                await self._upsert(connection, told, parameters, ["message_id", "parameter"])
            if unmasked := list(self._unmasked(conversation.id, rows)):
                await self._upsert(connection, raw_texts, unmasked, ["message_id"])

    def _unmasked(self, conversation_id: str, rows: Sequence[MessageRecord]) -> Iterator[dict[str, Any]]:
        for row in rows:
            sealed = self.seal.close(row.raw, RAW, row.id) if self._raw_kept else None
            if sealed is not None:
                yield {
                    "message_id": row.id,
                    "conversation_id": conversation_id,
                    "ciphertext": sealed,
                    "expires_at": row.created_at + self._raw_kept,
                }

    async def load(self, conversation_id: str, after: int = 0) -> Transcript | None:
        """The conversation with its messages whose ``seq`` is above ``after``; None when nothing is kept."""
        async with self.database.connect() as connection:
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
            return Transcript(
                conversation_of(head, self.seal), tuple(message_of(row, self.seal) for row in rows)
            )

    async def head(self, conversation_id: str) -> ConversationRecord | None:
        """The conversation without its messages; None when nothing is kept."""
        async with self.database.connect() as connection:
            found = await connection.execute(
                select(conversations).where(conversations.c.id == conversation_id)
            )
            row = found.one_or_none()
            return None if row is None else conversation_of(row, self.seal)

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
        async with self.database.connect() as connection:
            rows = (await connection.execute(query.limit(limit + 1))).all()
        records = tuple(conversation_of(row, self.seal) for row in rows[:limit])
        last = records[-1] if len(rows) > limit else None
        return Page(records, None if last is None else (last.created_at, last.id))

    async def rate(self, conversation_id: str, message_id: str, rating: str) -> bool:
        """Whether that bot message is kept; its rating is then ``rating``."""
        async with self.database.begin() as connection:
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

    async def erase(self, conversation_id: str, *, clean: bool = True) -> bool:
        """Whether something was kept; afterwards nothing is, and alarms no longer name the conversation.

        The files of SQLite are cleaned of it, too: at once, or where that takes seconds (from some 100,000 messages
        on), and for who erases many without ``clean``, by the next ``tidy``. Raises Held when staff have said that it
        must be kept.
        """
        async with self.database.begin() as connection:
            # Written first, so that nobody can put it on hold, or add to it, meanwhile.
            number = await connection.scalar(
                update(conversations)
                .where(conversations.c.id == conversation_id, conversations.c.hold_at.is_(None))
                .values(last_seq=conversations.c.last_seq)
                .returning(conversations.c.number)
            )
            if number is None and await connection.scalar(
                select(conversations.c.id).where(conversations.c.id == conversation_id)
            ):
                raise Held
            await connection.execute(
                update(alarms).where(alarms.c.conversation_id == conversation_id).values(conversation_id=None)
            )
            # Not left to the cascade alone: secure_delete and the count are then the same in both databases.
            for table in (
                *judging_tables.OF_CONVERSATION,
                *learning_tables.OF_CONVERSATION,
                *recall_tables.OF_CONVERSATION,
                told,
                raw_texts,
                labels,
                messages,
            ):
                await connection.execute(delete(table).where(table.c.conversation_id == conversation_id))
            if number is not None:
                await words.drop(connection, number)
            await connection.execute(delete(conversations).where(conversations.c.id == conversation_id))
        self._files_hold_erased = not self.shared
        if clean and not self._tidying.locked():
            await self._tidy(_STEPS)
        return number is not None

    async def expired(self, before: datetime, limit: int) -> tuple[str, ...]:
        """The ids of conversations whose last message is older than ``before`` (exclusive), oldest first.

        Those on legal hold are not among them.
        """
        query = (
            select(conversations.c.id)
            .where(conversations.c.last_at < before, conversations.c.hold_at.is_(None))
            .order_by(conversations.c.last_at, conversations.c.id)
            .limit(limit)
        )
        async with self.database.connect() as connection:
            return tuple((await connection.execute(query)).scalars())

    async def expire_raw(self, now: datetime, limit: int = 500) -> int:
        """How many unmasked texts were past their time, up to ``limit``; they are gone."""
        past = (
            select(raw_texts.c.message_id)
            .where(raw_texts.c.expires_at <= now)
            .order_by(raw_texts.c.expires_at)
            .limit(limit)
        )
        async with self.database.begin() as connection:
            result = await connection.execute(delete(raw_texts).where(raw_texts.c.message_id.in_(past)))
        if result.rowcount:
            self._log_holds_erased = not self.shared
            await self.tidy()
        return int(result.rowcount)

    async def tidy(self) -> None:
        """Cleans SQLite's files of what was erased; does nothing when there is nothing."""
        await self._tidy(None)

    async def _tidy(self, most: int | None) -> None:
        async with self._tidying:
            if self._files_hold_erased:
                self._files_hold_erased, self._log_holds_erased = False, True
                done = False
                try:
                    done = await words.clean(self.database, most)
                finally:
                    # More may have been erased meanwhile.
                    self._files_hold_erased = self._files_hold_erased or not done
            if self._log_holds_erased:
                await self._empty_write_ahead_log()

    async def rewrite(self) -> None:
        """Rids SQLite's file of what ``tidy`` does not reach; takes seconds, and nobody can write meanwhile."""
        if not self.shared:
            await rewrite(self.database)

    async def add_alarm(self, alarm: AlarmRecord) -> None:
        """Keeps an alarm."""
        async with self.database.begin() as connection:
            await connection.execute(alarms.insert().values(**asdict(alarm)))

    async def add_alarm_about(self, alarm: AlarmRecord) -> AlarmRecord:
        """Keeps an alarm as far as it names what is kept: its conversation, and a request; that is what it returns.

        Without a request it gets the newest that its person made, in this conversation or in one that they left for
        it.
        """
        named = replace(alarm, conversation_id=None, request_id=None, reference=None)
        async with self.database.begin() as connection:
            # Written first, and what it names held, so that nobody erases that meanwhile.
            await connection.execute(alarms.insert().values(**asdict(named)))
            one = select(conversations.c.id).where(conversations.c.id == alarm.conversation_id)
            kept = await connection.scalar(one.with_for_update(read=True))
            request = (await connection.execute(queues.request_of(alarm))).one_or_none()
            id, reference = (None, None) if request is None else (request.id, request.reference)
            named = replace(named, conversation_id=kept, request_id=id, reference=reference)
            await connection.execute(update(alarms).where(alarms.c.id == alarm.id).values(**asdict(named)))
        return named

    async def expire_alarms(self, before: datetime, limit: int) -> int:
        """How many alarms staff had settled before that moment (exclusive), up to ``limit``; they are gone."""
        past = (
            select(alarms.c.id).where(alarms.c.settled_at < before).order_by(alarms.c.settled_at).limit(limit)
        )
        async with self.database.begin() as connection:
            return (await connection.execute(delete(alarms).where(alarms.c.id.in_(past)))).rowcount

    async def alarms(self, limit: int = 100) -> tuple[AlarmRecord, ...]:
        """The newest alarms."""
        query = select(alarms).order_by(alarms.c.created_at.desc(), alarms.c.id.desc()).limit(limit)
        async with self.database.connect() as connection:
            return tuple(AlarmRecord(**row._mapping) for row in await connection.execute(query))

    async def count(self, day: date, values: Mapping[str, int]) -> None:
        """Adds to the counters of a day."""
        if not values:
            return
        async with self.database.begin() as connection:
            for name, value in sorted(values.items()):
                statement = self.insert(counters).values(day=day, name=name, value=value)
                await connection.execute(
                    statement.on_conflict_do_update(
                        index_elements=["day", "name"],
                        set_={"value": counters.c.value + statement.excluded.value},
                    )
                )

    async def counts(self, day: date) -> dict[str, int]:
        """The counters of a day."""
        query = select(counters.c.name, counters.c.value).where(counters.c.day == day)
        async with self.database.connect() as connection:
            return {row.name: row.value for row in await connection.execute(query)}

    async def queue_forget(self, conversation_id: str, due_at: datetime, attempts: int = 0) -> None:
        """Notes that the engine has still to forget this conversation, not before ``due_at``."""
        values = [{"conversation_id": conversation_id, "due_at": due_at, "attempts": attempts}]
        async with self.database.begin() as connection:
            await self._upsert(connection, forgets, values, ["conversation_id"])

    async def due_forgets(self, now: datetime, limit: int = 50) -> tuple[PendingForget, ...]:
        """What the engine should be asked to forget now."""
        query = (
            select(forgets.c.conversation_id, forgets.c.attempts)
            .where(forgets.c.due_at <= now)
            .order_by(forgets.c.due_at)
            .limit(limit)
        )
        async with self.database.connect() as connection:
            return tuple(
                PendingForget(row.conversation_id, row.attempts) for row in await connection.execute(query)
            )

    async def forgotten(self, conversation_id: str) -> None:
        """The engine has forgotten it."""
        async with self.database.begin() as connection:
            await connection.execute(delete(forgets).where(forgets.c.conversation_id == conversation_id))

    def insert(self, table: Any) -> Any:
        """An INSERT that knows ON CONFLICT."""
        return postgresql.insert(table) if self.shared else sqlite.insert(table)

    async def _upsert(
        self,
        connection: AsyncConnection,
        table: Any,
        values: list[dict[str, Any]],
        key: list[str],
        keep: tuple[str, ...] = (),
        fill: tuple[str, ...] = (),
        later: tuple[str, ...] = (),
    ) -> None:
        names = tuple(values[0])
        statement = self._upserts.get((table.name, names))
        if statement is None:
            # Made once: putting it together takes longer than carrying it out.
            statement = _on_conflict(self.insert(table), key, names, keep, fill, later)
            self._upserts[table.name, names] = statement
        await connection.execute(statement, values)

    async def _empty_write_ahead_log(self) -> None:
        """Moves what was erased out of SQLite's log, where old pages would stay readable for a while."""
        async with self.database.connect() as connection:
            row = (await connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))).one()
        # The first column tells that a reader, such as a running backup, kept the log from being emptied.
        self._log_holds_erased = row[0] != 0


def _on_conflict(
    statement: Any,
    key: Sequence[str],
    names: Iterable[str],
    keep: tuple[str, ...] = (),
    fill: tuple[str, ...] = (),
    later: tuple[str, ...] = (),
) -> Insert:
    """The insert, which changes a row that is there: all but what to ``keep``; ``fill`` only when there is a value.

    ``later`` is a moment with what belongs to it: the row keeps them while its own moment is the later one.
    """
    fixed = {*key, *keep}
    changed = {name: statement.excluded[name] for name in names if name not in fixed}
    for name in fill:
        changed[name] = func.coalesce(statement.excluded[name], statement.table.c[name])
    if later:
        new, old = statement.excluded[later[0]], statement.table.c[later[0]]
        stays = and_(old.is_not(None), or_(new.is_(None), new < old))
        for name in later:
            changed[name] = case((stays, statement.table.c[name]), else_=statement.excluded[name])
    upsert: Insert = statement.on_conflict_do_update(index_elements=key, set_=changed)
    return upsert
