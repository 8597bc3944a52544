"""What the parts of the store share: one person's rows, locked, and what is due of them."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Table, case, delete, func, literal, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.booking.database import insert, shared, writing
from bot.gateway.whatsapp.model import Outbound
from bot.gateway.whatsapp.names import Names
from bot.gateway.whatsapp.records import Out, Person
from bot.gateway.whatsapp.tables import aliases, earlier, handovers, inbox, outbox, people, reminders
from bot.transcripts.sealing import Keys, Unreadable

#: States of a message of ours that has still to go out.
OPEN = ("queued", "sending", "unsure")


class Base:
    """Every method may raise ``sqlalchemy.exc.SQLAlchemyError``.

    A person may be claimed when nothing has come from them for ``pause``, and at the latest ``longest`` after the first
    message that waits: so a burst becomes one turn, and nobody waits for an end that does not come.
    """

    def __init__(
        self, database: AsyncEngine, keys: Keys, names: Names, pause: timedelta, longest: timedelta
    ) -> None:
        self._database = database
        self._keys = keys
        self._names = names
        self._pause = pause
        self._longest = longest
        # What an earlier process has wiped may still stand in the log.
        self._log_holds_wiped = True

    # Rows of a person.

    async def _lock(self, connection: AsyncConnection, person_id: str) -> Row[Any] | None:
        """The person, held against other writers; always before their other rows, so that nobody waits in a circle."""
        found = await connection.execute(select(people).where(people.c.id == person_id).with_for_update())
        return found.one_or_none()

    async def _next_person(
        self, connection: AsyncConnection, due: ColumnElement[Any], now: datetime
    ) -> Row[Any] | None:
        """The person who has been due the longest by that column and whom nobody else is just taking, locked."""
        query = select(people).where(due <= now).order_by(due, people.c.id).limit(1)
        found = await connection.execute(query.with_for_update(skip_locked=True))
        return found.one_or_none()

    async def _change(
        self, connection: AsyncConnection, person_id: str, now: datetime, **values: Any
    ) -> None:
        await connection.execute(
            update(people).where(people.c.id == person_id).values(**values, updated_at=now)
        )

    async def _ready(
        self, connection: AsyncConnection, person_id: str
    ) -> tuple[datetime | None, datetime | None]:
        """Since when a message of the person waits, and when the burst of which it is part may be answered."""
        found = await connection.execute(
            select(
                func.min(inbox.c.received_at).label("first"),
                func.max(inbox.c.received_at).label("last"),
                func.max(case((inbox.c.urgent, 1), else_=0)).label("urgent"),
            ).where(inbox.c.person_id == person_id, is_(inbox.c.state, "waiting"))
        )
        row = found.one()
        if row.first is None:
            return None, None
        if row.urgent:
            return row.first, row.first
        return row.first, min(row.last + self._pause, row.first + self._longest)

    async def _let_go(
        self, connection: AsyncConnection, person: Row[Any], now: datetime, until: datetime | None = None
    ) -> None:
        """Gives a person back, due by what still waits, or at ``until``. Who was leaving but wrote again stays."""
        since, ready = await self._ready(connection, person.id)
        due = None if since is None else until or ready
        values = {"held_by": None, "held_until": until, "waiting_since": since, "due_at": due}
        if since is not None:
            values["leaving_at"] = None
        await self._change(connection, person.id, now, **values)
        if since is None and person.leaving_at is not None:
            await self._leave(connection, person.id, now)

    async def _out_due(self, connection: AsyncConnection, person_id: str, now: datetime) -> None:
        """Brings the moment up to date when the first of what is to be sent is due."""
        head = await self._head(connection, person_id)
        due = None
        if head is not None:
            due = head.lease_until if head.state == "sending" else head.next_at
        await self._change(connection, person_id, now, out_due_at=due)

    async def _head(self, connection: AsyncConnection, person_id: str) -> Row[Any] | None:
        query = (
            select(outbox)
            .where(outbox.c.person_id == person_id, is_(outbox.c.state, *OPEN))
            .order_by(outbox.c.seq)
            .limit(1)
        )
        return (await connection.execute(query)).one_or_none()

    async def _queue(
        self, connection: AsyncConnection, person: Row[Any], out: Iterable[Out], now: datetime, *, news: bool
    ) -> tuple[int, dict[str, Any]]:
        """How many of the messages are new, and queued now; and what has to change in the person because of them."""
        rows = [
            {
                "id": (row_id := new_id("o")),
                "person_id": person.id,
                "seq": person.last_out + number,
                "inbox_id": one.inbox_id,
                "effect_key": one.effect_key,
                "news": news,
                "body": self._seal(one.message.as_dict(), place("wa_outbox.body", row_id)),
                "state": "queued",
                "attempts": 0,
                "unsure": 0,
                "next_at": now,
                "created_at": now,
            }
            for number, one in enumerate(out, start=1)
        ]
        if not rows:
            return 0, {}
        statement = insert(self._database, outbox).on_conflict_do_nothing(index_elements=["effect_key"])
        added = len((await connection.execute(statement.returning(outbox.c.id), rows)).all())
        if not added:
            return 0, {}
        due = person.out_due_at or now
        return added, {"last_out": person.last_out + len(rows), "out_due_at": due}

    async def _say(
        self, connection: AsyncConnection, person: Row[Any], out: Iterable[Out], now: datetime
    ) -> int:
        """Queues news; how many of them are new."""
        added, values = await self._queue(connection, person, out, now, news=True)
        if values:
            await self._change(connection, person.id, now, **values)
        return added

    async def _left(
        self, connection: AsyncConnection, person_id: str, conversation_id: str, now: datetime
    ) -> None:
        """Notes that a person has left a conversation for another one."""
        statement = insert(self._database, earlier).values(
            conversation_id=conversation_id, person_id=person_id, look_at=now
        )
        await connection.execute(
            statement.on_conflict_do_update(
                index_elements=["conversation_id"], set_={"person_id": statement.excluded.person_id}
            )
        )

    async def _blank(self, connection: AsyncConnection, person: Row[Any], now: datetime) -> Row[Any]:
        """The person with nothing known of them but where to send the last words."""
        self._log_holds_wiped = True
        await connection.execute(
            update(outbox)
            .where(outbox.c.person_id == person.id, is_(outbox.c.state, "queued", "unsure", "blocked"))
            .values(state="dropped", body=None)
        )
        await connection.execute(
            update(outbox)
            .where(outbox.c.person_id == person.id, is_(outbox.c.state, "sent"))
            .values(body=None)
        )
        await connection.execute(
            update(inbox)
            .where(inbox.c.person_id == person.id, is_(inbox.c.state, "aside"))
            .values(state="closed", body=None, last_error="erased")
        )
        for table in (reminders, earlier):
            await connection.execute(delete(table).where(table.c.person_id == person.id))
        if person.conversation_id is not None:
            await connection.execute(
                delete(handovers).where(handovers.c.conversation_id == person.conversation_id)
            )
        blank = dict.fromkeys(
            (
                "conversation_id",
                "state",
                "state_until",
                "stopped_at",
                "greeted_at",
                "blocked_at",
                "renamed_at",
            )
        )
        await self._change(connection, person.id, now, **blank, language="", leaving_at=now)
        await self._out_due(connection, person.id, now)
        return (await connection.execute(select(people).where(people.c.id == person.id))).one()

    async def _remove(self, connection: AsyncConnection, person_ids: list[str], now: datetime) -> None:
        """Deletes people, whom the caller has locked; only the names of their messages stay."""
        self._log_holds_wiped = True
        await connection.execute(
            update(inbox)
            .where(inbox.c.person_id.in_(person_ids), is_(inbox.c.state, "waiting", "aside"))
            .values(state="closed", last_error="erased", ended_at=now)
        )
        await connection.execute(
            update(inbox).where(inbox.c.person_id.in_(person_ids)).values(person_id=None, body=None)
        )
        # Not left to the cascade alone: secure_delete is then the same everywhere.
        for table in (outbox, reminders, aliases, earlier):
            await connection.execute(delete(table).where(table.c.person_id.in_(person_ids)))
        await connection.execute(delete(people).where(people.c.id.in_(person_ids)))

    async def _leave(self, connection: AsyncConnection, person_id: str, now: datetime) -> None:
        """Deletes a person who asked for it once the last words have gone out."""
        person = await self._lock(connection, person_id)
        if person is None or person.leaving_at is None or person.held_by is not None:
            return
        if person.due_at is None and person.out_due_at is None:
            await self._remove(connection, [person_id], now)

    # What is sealed.

    def _seal(self, value: Any, where: str) -> bytes:
        # Only ASCII: a lone surrogate, which JSON can carry, has no UTF-8.
        return self._keys.seal(json.dumps(value, separators=(",", ":")), where)

    def _open(self, sealed: bytes | None, where: str) -> Any:
        """What was sealed; None when there is nothing, or its key is lost."""
        if sealed is None:
            return None
        try:
            return json.loads(self._keys.open(sealed, where))
        except Unreadable:
            return None

    def _person(self, row: Row[Any], now: datetime) -> Person:
        kept = row.state is not None and row.state_until is not None and row.state_until > now
        return Person(
            id=row.id,
            provider=row.provider,
            address=self._open(row.address, place("wa_people.address", row.id)) or "",
            conversation_id=row.conversation_id,
            language=row.language,
            state=self._open(row.state, place("wa_people.state", row.id)) if kept else None,
            last_inbound_at=row.last_inbound_at,
            stopped_at=row.stopped_at,
            greeted_at=row.greeted_at,
            created_at=row.created_at,
            renamed_at=row.renamed_at,
        )

    def _message(self, row: Row[Any]) -> Outbound | None:
        read = self._open(row.body, place("wa_outbox.body", row.id))
        return None if read is None else Outbound.from_dict(read)

    # The database.

    @asynccontextmanager
    async def _writing(self, *, first: bool = False) -> AsyncIterator[AsyncConnection]:
        async with writing(self._database, first=first) as connection:
            yield connection

    @property
    def _shared(self) -> bool:
        return shared(self._database)

    async def _first(self, moment: ColumnElement[Any]) -> datetime | None:
        async with self._database.connect() as connection:
            found: datetime | None = await connection.scalar(select(func.min(moment)))
            return found

    async def _take_rows(
        self, connection: AsyncConnection, table: Table, condition: ColumnElement[bool], limit: int
    ) -> list[str]:
        """The keys of some rows, locked; those that another worker has in hand are left to it."""
        (key,) = table.primary_key.columns
        found = await connection.execute(
            select(key).where(condition).limit(limit).with_for_update(skip_locked=True)
        )
        return list(found.scalars())

    async def _empty_log(self) -> None:
        """Moves what was wiped out of SQLite's log; a reader in the way leaves it to the next time.

        Not after each message: it syncs both files and stops every writer, for longer than a whole ``take`` lasts.
        """
        if self._shared or not self._log_holds_wiped:
            return
        self._log_holds_wiped = False
        async with self._database.connect() as connection:
            # While it waits for readers nobody can write: better to try again than to keep a webhook waiting.
            await connection.execute(text("PRAGMA busy_timeout=100"))
            try:
                done = (await connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))).one()
            finally:
                await connection.execute(text("PRAGMA busy_timeout=5000"))
        if done[0]:
            self._log_holds_wiped = True


def is_(column: ColumnElement[Any], *values: str) -> ColumnElement[bool]:
    """Whether a column is one of these constants, which stand in the statement and not beside it.

    So PostgreSQL knows also for a prepared statement how few rows wait.
    """
    constants = [literal(value, literal_execute=True) for value in values]
    return column == constants[0] if len(constants) == 1 else column.in_(constants)


def place(column: str, id: str) -> str:
    """Where a ciphertext belongs."""
    return f"{column}:{id}"


def new_id(letter: str) -> str:
    """A random id of 128 bits."""
    return f"{letter}_{secrets.token_hex(16)}"


def code_of(text: str) -> str:
    """A code as it may stand in the database: a provider's error is not ours to trust with people's words."""
    return re.sub(r"[^A-Za-z0-9_.:-]+", "_", text)[:64]
