"""The reading side of the store, for staff: lists, queues, whole conversations, and what staff note about them.

Every method may raise ``sqlalchemy.exc.SQLAlchemyError``.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Update, delete, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.transcripts import listing, queues
from bot.transcripts.records import (
    AlarmRecord,
    Filter,
    Key,
    Page,
    Place,
    Row,
    TurnRow,
    View,
    Waiting,
    Whole,
)
from bot.transcripts.rows import FACTS, HOLD_REASON, RAW, consent_of, message_of
from bot.transcripts.sealing import Unreadable
from bot.transcripts.store import TranscriptStore
from bot.transcripts.tables import alarms, conversations, labels, messages, raw_texts, views

__all__ = ["Filter", "Key", "Page", "Review", "Row", "TurnRow", "View", "Whole"]


class Review:
    """What staff read and note; behind the same database and keys as the store."""

    def __init__(self, store: TranscriptStore) -> None:
        self._store = store
        self._database = store.database
        self._seal = store.seal

    async def page(self, found: Filter, limit: int = 50, before: Key | None = None) -> Page[Row]:
        """Conversations, the one with the newest message first; ``before`` is the ``next_key`` of the page above.

        A page may hold fewer rows than ``limit`` and still have a ``next_key``: see ``bot.transcripts.listing``.
        """
        async with self._database.connect() as connection:
            return await listing.page(connection, found, limit, before)

    async def urgent(self, limit: int = 50, before: Place | None = None) -> Waiting[Row]:
        """Emergencies and urgent conversations that nobody of the firm has dealt with since they became so.

        Emergencies come first, and those that wait longest; ``before`` is the ``next_place`` of the page above.
        """
        async with self._database.connect() as connection:
            return await queues.urgent(connection, limit, before)

    async def turns(
        self, which: Literal["look", "down"], limit: int = 50, before: Key | None = None
    ) -> Page[TurnRow]:
        """Messages that staff should look at (``look``) or that were rated badly (``down``), newest first.

        Those that somebody has looked at are not among them.
        """
        async with self._database.connect() as connection:
            return await queues.turns(connection, which, limit, before)

    async def alarms(self, limit: int = 50, before: Key | None = None) -> Page[AlarmRecord]:
        """Alarms that nobody has settled, newest first."""
        async with self._database.connect() as connection:
            return await queues.open_alarms(connection, limit, before)

    async def counts(self) -> Mapping[str, int]:
        """How many wait: ``urgent``, ``look``, ``down``, ``alarms``, ``claimed``; each counted up to 1,000."""
        async with self._database.connect() as connection:
            return await queues.counts(connection)

    async def topics(self) -> tuple[str, ...]:
        """The topics that conversations have, in the order of the alphabet."""
        async with self._database.connect() as connection:
            return await listing.topics(connection)

    async def whole(self, conversation_id: str) -> Whole | None:
        """All of a conversation; None when nothing is kept."""
        async with self._database.connect() as connection:
            found = await connection.execute(
                select(conversations).where(conversations.c.id == conversation_id)
            )
            head = found.one_or_none()
            if head is None:
                return None
            said = await connection.execute(
                select(messages).where(messages.c.conversation_id == conversation_id).order_by(messages.c.seq)
            )
            lines = said.all()
            row = await listing.row_of(connection, head, lines)
            raw = await connection.execute(
                select(raw_texts.c.message_id).where(raw_texts.c.conversation_id == conversation_id)
            )
            unmasked = frozenset(raw.scalars())
        facts, facts_closed = self._opened(head.facts, FACTS, head.id)
        reason, reason_closed = self._opened_text(head.hold_reason, HOLD_REASON, head.id)
        records = tuple(message_of(line, self._seal) for line in lines)
        entities_closed = any(
            line.entities is not None and record.entities is None
            for line, record in zip(lines, records, strict=True)
        )
        return Whole(
            row=row,
            messages=records,
            facts=facts or {},
            hold_reason=reason,
            consent=consent_of(head),
            raw=unmasked,
            looked=frozenset(line.id for line in lines if line.looked_at is not None),
            unreadable=facts_closed or reason_closed or entities_closed,
        )

    async def raw(self, message_id: str) -> str | None:
        """The text of a message before masking; None when it is not kept. Raises Unreadable."""
        async with self._database.connect() as connection:
            sealed = await connection.scalar(
                select(raw_texts.c.ciphertext).where(raw_texts.c.message_id == message_id)
            )
        return self._seal.open(sealed, RAW, message_id)

    # What staff note. Each tells whether it changed something.

    async def review(self, conversation_id: str, staff: str, now: datetime) -> bool:
        """Notes that this member of staff has read the conversation; the latest one counts."""
        return await self._change(_of(conversation_id).values(reviewed_by=staff, reviewed_at=now))

    async def looked(self, message_id: str, staff: str, now: datetime) -> bool:
        """Takes a message out of the queues; False when it is not there, or somebody did it before."""
        return await self._change(
            update(messages)
            .where(messages.c.id == message_id, messages.c.looked_at.is_(None))
            .values(looked_by=staff, looked_at=now)
        )

    async def touch(self, conversation_id: str, now: datetime) -> bool:
        """Notes that somebody of the firm dealt with the person (called, wrote): it no longer waits as urgent."""
        return await self._change(_of(conversation_id).values(human_at=now))

    async def untouch(self, conversation_id: str, at: datetime) -> bool:
        """Takes back a ``touch`` of that moment; the latest message of staff that is kept counts again.

        False when it is not there, or somebody has dealt with the person since.
        """
        wrote = select(func.max(messages.c.created_at)).where(
            messages.c.conversation_id == conversation_id, messages.c.author == "staff"
        )
        return await self._change(
            _of(conversation_id)
            .where(conversations.c.human_at == at)
            .values(human_at=wrote.scalar_subquery())
        )

    async def label(self, conversation_id: str, label: str, on: bool) -> bool:
        """Puts a label on, or takes it off."""
        async with self._database.begin() as connection:
            if not on:
                gone = await connection.execute(
                    delete(labels).where(labels.c.conversation_id == conversation_id, labels.c.label == label)
                )
                return gone.rowcount == 1
            # From the table of conversations, so that one erased meanwhile is no error.
            put = self._store.insert(labels).from_select(
                ["conversation_id", "label"],
                select(conversations.c.id, literal(label)).where(conversations.c.id == conversation_id),
            )
            put = put.on_conflict_do_nothing().returning(labels.c.label)
            return await connection.scalar(put) is not None

    async def claim(self, conversation_id: str, staff: str, now: datetime) -> str | None:
        """Who has the conversation in hand afterwards: the first who claims it; None when there is no such."""
        async with self._database.begin() as connection:
            await connection.execute(
                _of(conversation_id)
                .where(conversations.c.claimed_by.is_(None))
                .values(claimed_by=staff, claimed_at=now)
            )
            return await self._holder(connection, conversation_id)

    async def release(self, conversation_id: str, staff: str | None) -> bool:
        """Gives the conversation back to the bot, if this member of staff has it; None: whoever has it."""
        held = conversations.c.claimed_by
        return await self._change(
            _of(conversation_id)
            .where(held.is_not(None) if staff is None else held == staff)
            .values(claimed_by=None, claimed_at=None)
        )

    async def hold(self, conversation_id: str, staff: str, reason: str, now: datetime) -> bool:
        """Keeps the conversation from being erased; False when it is kept already. The reason needs a key."""
        return await self._change(
            _of(conversation_id)
            .where(conversations.c.hold_at.is_(None))
            .values(
                hold_by=staff,
                hold_at=now,
                hold_reason=self._seal.close(reason, HOLD_REASON, conversation_id),
            )
        )

    async def lift(self, conversation_id: str) -> bool:
        """Ends the hold."""
        return await self._change(
            _of(conversation_id)
            .where(conversations.c.hold_at.is_not(None))
            .values(hold_by=None, hold_at=None, hold_reason=None)
        )

    async def is_held(self, conversation_id: str) -> bool:
        """Whether the conversation is kept from being erased."""
        query = select(conversations.c.hold_at).where(conversations.c.id == conversation_id)
        async with self._database.connect() as connection:
            return await connection.scalar(query) is not None

    async def settle(self, alarm_id: str, staff: str, now: datetime) -> bool:
        """Takes an alarm out of the queue; False when it is not there, or somebody did it before."""
        return await self._change(
            update(alarms)
            .where(alarms.c.id == alarm_id, alarms.c.settled_at.is_(None))
            .values(settled_by=staff, settled_at=now)
        )

    # Filters under a name.

    async def views(self, staff: str) -> tuple[View, ...]:
        """The filters that this member of staff has kept, by name."""
        query = (
            select(views.c.id, views.c.name, views.c.query)
            .where(views.c.staff_id == staff)
            .order_by(views.c.name)
        )
        async with self._database.connect() as connection:
            return tuple(View(row.id, row.name, row.query) for row in await connection.execute(query))

    async def save_view(self, staff: str, name: str, query: Mapping[str, Any]) -> View:
        """Keeps a filter; one of the same name is replaced."""
        put = self._store.insert(views).values(
            id=str(uuid.uuid4()), staff_id=staff, name=name, query=dict(query)
        )
        put = put.on_conflict_do_update(
            index_elements=["staff_id", "name"], set_={"query": put.excluded.query}
        ).returning(views.c.id)
        async with self._database.begin() as connection:
            return View((await connection.execute(put)).scalar_one(), name, dict(query))

    async def delete_view(self, staff: str, view_id: str) -> bool:
        """Deletes a filter of this member of staff."""
        async with self._database.begin() as connection:
            gone = await connection.execute(
                delete(views).where(views.c.staff_id == staff, views.c.id == view_id)
            )
            return gone.rowcount == 1

    # How it is done.

    async def _change(self, statement: Update) -> bool:
        async with self._database.begin() as connection:
            return (await connection.execute(statement)).rowcount == 1

    async def _holder(self, connection: AsyncConnection, conversation_id: str) -> str | None:
        return await connection.scalar(
            select(conversations.c.claimed_by).where(conversations.c.id == conversation_id)
        )

    def _opened(self, sealed: bytes | None, column: str, id: str) -> tuple[Any | None, bool]:
        try:
            return self._seal.open_json(sealed, column, id), False
        except Unreadable:
            return None, True

    def _opened_text(self, sealed: bytes | None, column: str, id: str) -> tuple[str | None, bool]:
        try:
            return self._seal.open(sealed, column, id), False
        except Unreadable:
            return None, True


def _of(conversation_id: str) -> Update:
    return update(conversations).where(conversations.c.id == conversation_id)
