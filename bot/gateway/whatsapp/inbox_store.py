"""Messages that wait: who works on them, and how that ends.

A person is held by one worker at a time, by a token that is new with each claim. A worker that was killed, or that
stalled until its lease ran out, changes nothing any more; the person is claimed again with the same messages.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.gateway.whatsapp.base import Base, code_of, is_, place
from bot.gateway.whatsapp.model import Inbound, Sender
from bot.gateway.whatsapp.records import ATTEMPTS, After, Aside, LostLease, Out, Person, Waiting, Work
from bot.gateway.whatsapp.tables import earlier, inbox, people

#: How many messages one claim takes at most.
AT_ONCE = 50
#: Claims after which a message comes alone: of several, only one may be what kills the workers.
ALONE = 2
#: Tries of each of several messages that broke together, before it is set aside.
PARTED_TRIES = 2


class InboxStore(Base):
    """What a worker needs of the messages that wait."""

    async def claim(self, worker: str, now: datetime, hold: timedelta) -> Work | None:
        """The person who has been due the longest, with their messages by time, held until ``now + hold``.

        Who is being answered, or waits for the next try, is not due.
        """
        if not await self._any(people.c.due_at, now):
            return None
        async with self._writing() as connection:
            while (row := await self._next_person(connection, people.c.due_at, now)) is not None:
                batch = _batch(await self._waiting(connection, row.id))
                if batch:
                    token, until = f"{worker[:30]}:{secrets.token_hex(8)}", now + hold
                    await connection.execute(
                        update(inbox)
                        .where(inbox.c.id.in_([message.id for message in batch]))
                        .values(attempts=inbox.c.attempts + 1)
                    )
                    await self._change(connection, row.id, now, held_by=token, held_until=until, due_at=until)
                    person = self._person(row, now)
                    return Work(person, tuple(self._read(one, person) for one in batch), token, until)
                await self._let_go(connection, row, now)
        return None

    async def next_due(self) -> datetime | None:
        """The earliest moment at which there may be something to claim; None when nothing waits."""
        return await self._first(people.c.due_at)

    async def renew(self, work: Work, now: datetime, hold: timedelta) -> None:
        """Holds the person until ``now + hold``. Raises LostLease."""
        async with self._held(work) as (connection, _):
            await self._change(connection, work.person.id, now, held_until=now + hold, due_at=now + hold)

    async def joined(self, work: Work, ids: Sequence[str], now: datetime) -> None:
        """Notes that these messages are answered as one turn, on this try and every other. Raises LostLease."""
        async with self._held(work) as (connection, _):
            await connection.execute(update(inbox).where(*_of(work, ids)).values(turn=ids[0]))

    async def parted(self, work: Work, ids: Sequence[str], now: datetime) -> None:
        """Has messages that broke together answered one by one, each with tries of its own. Raises LostLease."""
        async with self._held(work) as (connection, _):
            await connection.execute(
                update(inbox).where(*_of(work, ids)).values(turn=inbox.c.id, attempts=ATTEMPTS - PARTED_TRIES)
            )

    async def finish(
        self,
        work: Work,
        done: Sequence[str],
        out: Sequence[Out],
        now: datetime,
        *,
        after: After | None = None,
        leaving: bool = False,
    ) -> int:
        """Marks messages as answered, wipes them and queues the replies; how many of these are new.

        With nothing left waiting the person is given back. ``leaving``: they asked for erasure, and ``out`` holds the
        last words; ``after`` is not written, nor when they were erased meanwhile. Raises LostLease.
        """
        async with self._held(work) as (connection, person):
            changes: dict[str, Any] = {}
            if leaving:
                person = await self._blank(connection, person, now)
            elif after is not None and person.leaving_at is None:
                changes = self._after(person.id, after)
                await self._move(connection, person, after.conversation_id, now)
            await self._end(connection, work, done, "answered", None, now)
            return await self._return(connection, person, out, now, changes)

    async def close(
        self, work: Work, ids: Sequence[str], code: str, now: datetime, out: Sequence[Out] = ()
    ) -> int:
        """As ``finish`` for messages that could not be answered. Raises LostLease."""
        async with self._held(work) as (connection, person):
            await self._end(connection, work, ids, "closed", code_of(code), now)
            return await self._return(connection, person, out, now)

    async def set_aside(
        self, work: Work, ids: Sequence[str], code: str, now: datetime, out: Sequence[Out] = ()
    ) -> int:
        """As ``close``, but what was said stays, sealed, for a day, and staff hear of it. Raises LostLease."""
        async with self._held(work) as (connection, person):
            await connection.execute(
                update(inbox)
                .where(*_of(work, ids))
                .values(state="aside", last_error=code_of(code), ended_at=now, alarmed_at=None)
            )
            return await self._return(connection, person, out, now)

    async def postpone(
        self, work: Work, next_at: datetime, code: str, now: datetime, *, counted: bool = True
    ) -> None:
        """Gives the person back until ``next_at``, with what still waits. Raises LostLease.

        Without ``counted`` the attempt is none of the messages' fault. What presses and came meanwhile is due at once.
        """
        async with self._held(work) as (connection, person):
            mine = _of(work, [message.id for message in work.messages])
            less = 0 if counted else 1
            await connection.execute(
                update(inbox).where(*mine).values(last_error=code_of(code), attempts=inbox.c.attempts - less)
            )
            pressing = exists().where(
                inbox.c.person_id == person.id,
                is_(inbox.c.state, "waiting"),
                inbox.c.urgent,
                inbox.c.id.not_in([message.id for message in work.messages]),
            )
            until = now if await connection.scalar(select(pressing)) else next_at
            await self._let_go(connection, person, now, until)

    async def release(self, work: Work, now: datetime) -> None:
        """Gives the person back; what was not touched does not count as tried. Nothing when somebody else has them."""
        try:
            async with self._held(work) as (connection, person):
                mine = _of(work, [message.id for message in work.messages])
                await connection.execute(update(inbox).where(*mine).values(attempts=inbox.c.attempts - 1))
                await self._let_go(connection, person, now)
        except LostLease:
            return

    async def person(self, person_id: str, now: datetime) -> Person | None:
        """The person with that id."""
        return await self._one(people.c.id == person_id, now)

    async def of_conversation(self, conversation_id: str, now: datetime) -> Person | None:
        """The person who carries on that conversation."""
        return await self._one(people.c.conversation_id == conversation_id, now)

    async def who_left(self, conversation_id: str, now: datetime) -> Person | None:
        """The person who went on from that conversation to another one."""
        left = select(earlier.c.person_id).where(earlier.c.conversation_id == conversation_id)
        return await self._one(people.c.id.in_(left), now)

    async def aside(self, limit: int = 50) -> tuple[Aside, ...]:
        """Messages that were set aside, the newest first."""
        whose = select(people.c.conversation_id).where(people.c.id == inbox.c.person_id).scalar_subquery()
        query = (
            select(
                inbox.c.id,
                inbox.c.kind,
                inbox.c.last_error,
                inbox.c.attempts,
                inbox.c.received_at,
                inbox.c.ended_at,
                whose,
            )
            .where(is_(inbox.c.state, "aside"))
            .order_by(inbox.c.received_at.desc(), inbox.c.id)
            .limit(limit)
        )
        async with self._database.connect() as connection:
            return tuple(Aside(*row) for row in await connection.execute(query))

    async def resume(self, id: str, now: datetime) -> bool:
        """Whether a message that was set aside waits again: only while its body is there."""
        async with self._writing() as connection:
            person_id = await connection.scalar(select(inbox.c.person_id).where(inbox.c.id == id))
            person = None if person_id is None else await self._lock(connection, person_id)
            if person is None:
                return False
            result = await connection.execute(
                update(inbox)
                .where(
                    inbox.c.id == id,
                    inbox.c.person_id == person_id,
                    is_(inbox.c.state, "aside"),
                    inbox.c.body.is_not(None),
                )
                .values(state="waiting", attempts=0, turn=None, ended_at=None, alarmed_at=None)
            )
            if result.rowcount and person.held_by is None:
                await self._let_go(connection, person, now)
            return result.rowcount == 1

    # How it is done.

    @asynccontextmanager
    async def _held(self, work: Work) -> AsyncIterator[tuple[AsyncConnection, Row[Any]]]:
        """A transaction in which the person is locked and still this worker's. Raises LostLease."""
        async with self._writing() as connection:
            person = await self._lock(connection, work.person.id)
            if person is None or person.held_by != work.token:
                raise LostLease("Somebody else answers this person by now.")
            yield connection, person

    async def _end(
        self,
        connection: AsyncConnection,
        work: Work,
        ids: Sequence[str],
        state: str,
        code: str | None,
        now: datetime,
    ) -> None:
        self._log_holds_wiped = True
        await connection.execute(
            update(inbox).where(*_of(work, ids)).values(state=state, body=None, last_error=code, ended_at=now)
        )

    async def _return(
        self,
        connection: AsyncConnection,
        person: Row[Any],
        out: Sequence[Out],
        now: datetime,
        changes: Mapping[str, Any] | None = None,
    ) -> int:
        """Queues the replies, and gives the person back when nothing waits; how many replies are new."""
        added, queued = await self._queue(connection, person, out, now, news=False)
        values = {**(changes or {}), **queued}
        waits = exists().where(inbox.c.person_id == person.id, is_(inbox.c.state, "waiting"))
        if not await connection.scalar(select(waits)):
            values |= dict.fromkeys(("held_by", "held_until", "waiting_since", "due_at"))
        if values:
            await self._change(connection, person.id, now, **values)
        if person.leaving_at is not None:
            await self._leave(connection, person.id, now)
        return added

    async def _move(
        self, connection: AsyncConnection, person: Row[Any], to: str | None, now: datetime
    ) -> None:
        """Keeps the conversation that the person leaves within their reach."""
        if person.conversation_id in (None, to):
            return
        await connection.execute(delete(earlier).where(earlier.c.conversation_id == to))
        await self._left(connection, person.id, person.conversation_id, now)

    def _after(self, person_id: str, after: After) -> dict[str, Any]:
        sealed = None
        if after.state is not None:
            sealed = self._seal(after.state, place("wa_people.state", person_id))
        values: dict[str, Any] = {
            "conversation_id": after.conversation_id,
            "language": after.language,
            "state": sealed,
            "state_until": after.state_until if sealed is not None else None,
        }
        if after.greeted_at is not None:
            values["greeted_at"] = after.greeted_at
        if after.renaming_told:
            values["renamed_at"] = None
        return values

    async def _waiting(self, connection: AsyncConnection, person_id: str) -> Sequence[Row[Any]]:
        query = (
            select(inbox)
            .where(inbox.c.person_id == person_id, is_(inbox.c.state, "waiting"))
            .order_by(inbox.c.sent_at, inbox.c.seq, inbox.c.id)
            .limit(AT_ONCE)
        )
        return (await connection.execute(query)).all()

    def _read(self, row: Row[Any], person: Person) -> Waiting:
        body = self._open(row.body, place("wa_inbox.body", row.id))
        message = None
        if body is not None:
            message = Inbound(
                id=body["id"],
                sender=Sender(person.address, ()),
                at=row.sent_at,
                kind=row.kind,
                text=body["text"],
                choice=body["choice"],
                title=body["title"],
                refers_to=body["refers_to"],
            )
        return Waiting(
            id=row.id,
            seq=row.seq,
            kind=row.kind,
            message=message,
            received_at=row.received_at,
            attempts=row.attempts + 1,
            caught=body is not None and body["caught"],
            turn=row.turn or "",
        )

    async def _one(self, condition: Any, now: datetime) -> Person | None:
        query = select(people).where(condition).order_by(people.c.created_at, people.c.id).limit(1)
        async with self._database.connect() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else self._person(row, now)

    async def _any(self, due: Any, now: datetime) -> bool:
        """Whether anything is due: mostly there is nothing, and then nobody's writing is held up."""
        async with self._database.connect() as connection:
            return bool(await connection.scalar(select(exists().where(due <= now))))


def _of(work: Work, ids: Sequence[str]) -> tuple[Any, ...]:
    return (
        inbox.c.id.in_(list(ids)),
        inbox.c.person_id == work.person.id,
        is_(inbox.c.state, "waiting"),
    )


def _batch(rows: Sequence[Row[Any]]) -> Sequence[Row[Any]]:
    """Which of a person's messages are claimed together, from the first on."""
    suspects = [number for number, row in enumerate(rows) if row.attempts >= ALONE]
    if not suspects:
        return rows
    if suspects[0] > 0:
        return rows[: suspects[0]]
    first = rows[0]
    return [first, *(row for row in rows[1:] if row.turn is not None and row.turn == first.turn)]
