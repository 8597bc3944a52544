"""People who stop, leave or come over from the page, and the dates of which they want to be reminded."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, delete, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.booking.database import insert
from bot.gateway.whatsapp.base import Base, is_, new_id, place
from bot.gateway.whatsapp.model import Outbound
from bot.gateway.whatsapp.outbox_store import news_of
from bot.gateway.whatsapp.parts import aliases as aliases_in
from bot.gateway.whatsapp.records import Handed, Named, Reminder
from bot.gateway.whatsapp.tables import aliases, earlier, handovers, outbox, people, reminders


class PeopleStore(Base):
    """What is known of people beside their messages."""

    async def stop(self, person_id: str, now: datetime) -> bool:
        """Ends reminders and news for a person; what they ask is answered as ever. False when unknown."""
        async with self._writing() as connection:
            if await self._lock(connection, person_id) is None:
                return False
            self._log_holds_wiped = True
            await self._change(connection, person_id, now, stopped_at=now)
            await self._end_reminders(connection, now, reminders.c.person_id == person_id)
            await connection.execute(
                update(outbox)
                .where(
                    outbox.c.person_id == person_id,
                    is_(outbox.c.state, "queued", "unsure", "blocked"),
                    outbox.c.news,
                )
                .values(state="dropped", body=None)
            )
            await self._out_due(connection, person_id, now)
            return True

    async def start(self, person_id: str, now: datetime) -> bool:
        """Allows news and reminders again. False when unknown."""
        async with self._writing() as connection:
            if await self._lock(connection, person_id) is None:
                return False
            await self._change(connection, person_id, now, stopped_at=None)
            return True

    async def erase(self, conversation_id: str, now: datetime) -> bool:
        """Whether anything was held of that conversation; of its person only the names of their messages stay.

        Who is being answered just now stays, blank, until the last words have gone out.
        """
        async with self._writing() as connection:
            found = await connection.execute(
                select(people)
                .where(people.c.conversation_id == conversation_id)
                .order_by(people.c.id)
                .with_for_update()
            )
            rows = found.all()
            for person in rows:
                if person.held_by is not None and person.held_until > now:
                    await self._blank(connection, person, now)
                else:
                    await self._remove(connection, [person.id], now)
            offers = await connection.execute(
                delete(handovers).where(handovers.c.conversation_id == conversation_id)
            )
            left = await connection.execute(
                delete(earlier).where(earlier.c.conversation_id == conversation_id)
            )
            held = bool(rows) or offers.rowcount > 0 or left.rowcount > 0
        await self._empty_log()
        return held

    async def earlier_of(self, conversation_id: str) -> tuple[str, ...]:
        """The conversations that who carries on this one has left before."""
        query = (
            select(earlier.c.conversation_id)
            .join(people, people.c.id == earlier.c.person_id)
            .where(people.c.conversation_id == conversation_id)
            .order_by(earlier.c.conversation_id)
        )
        async with self._database.connect() as connection:
            return tuple((await connection.execute(query)).scalars())

    async def expire_people(self, before: datetime, limit: int = 500) -> tuple[str, ...]:
        """Removes who has not written since that moment (exclusive); the conversations that they carried on.

        Not who has a running reminder, or something that waits.
        """
        async with self._writing() as connection:
            gone = await self._expire(connection, people.c.last_inbound_at < before, before, limit)
        return tuple(sorted({id for id in gone.values() if id is not None}))

    async def name_again(self, batch: int = 200) -> Named:
        """Gives everybody, beside their other names, the one that their address has under the present secret.

        So that who wrote under another FARO_SECRET_KEY is known again: by STOP, by "delete my data", and by their
        reminders.
        """
        found, after = Counter[str](), ""
        while True:
            async with self._database.connect() as connection:
                page = select(people.c.id).where(people.c.id > after).order_by(people.c.id).limit(batch)
                ids = list((await connection.execute(page)).scalars())
            if not ids:
                return Named(**{name: found[name] for name in ("made", "had", "taken", "closed")})
            for id in ids:
                async with self._writing() as connection:
                    person = await self._lock(connection, id)
                    if person is not None:
                        found[await self._named(connection, person)] += 1
            after = ids[-1]

    async def _named(self, connection: AsyncConnection, person: Row[Any]) -> str:
        """How it stood with the name of the person's address, as ``Named`` tells it."""
        address = self._open(person.address, place("wa_people.address", person.id)) or ""
        alias = next(iter(aliases_in([address.removeprefix("whatsapp:")])), None)
        if alias is None:
            return "closed"
        name = self._names.alias(person.provider, alias)
        added = (
            insert(self._database, aliases)
            .values(name=name, person_id=person.id)
            .on_conflict_do_nothing(index_elements=["name"])
            .returning(aliases.c.name)
        )
        if await connection.scalar(added) is not None:
            return "made"
        owner = await connection.scalar(select(aliases.c.person_id).where(aliases.c.name == name))
        return "had" if owner == person.id else "taken"

    # From the page.

    async def offer(
        self, code: str, conversation_id: str, state: str, expires_at: datetime, now: datetime
    ) -> None:
        """Keeps a conversation for who brings the code before ``expires_at``; an older offer of it is void."""
        name = self._names.handover(code)
        async with self._writing() as connection:
            await connection.execute(
                delete(handovers).where(
                    handovers.c.conversation_id == conversation_id, handovers.c.used_at.is_(None)
                )
            )
            await connection.execute(
                insert(self._database, handovers)
                .values(
                    name=name,
                    conversation_id=conversation_id,
                    state=self._seal(state, place("wa_handovers.state", name)),
                    expires_at=expires_at,
                )
                .on_conflict_do_nothing(index_elements=["name"])
            )

    async def redeem(self, code: str, by: str, now: datetime) -> Handed | str:
        """What the code stands for, once; the same message asks again after a crash and gets the same.

        Else ``unknown``, ``used`` or ``expired``.
        """
        name = self._names.handover(code)
        async with self._writing() as connection:
            await connection.execute(
                update(handovers)
                .where(handovers.c.name == name, handovers.c.used_by.is_(None), handovers.c.expires_at > now)
                .values(used_by=by, used_at=now)
            )
            found = await connection.execute(select(handovers).where(handovers.c.name == name))
            row = found.one_or_none()
        if row is None:
            return "unknown"
        if row.used_by != by:
            return "expired" if row.used_by is None else "used"
        state = self._open(row.state, place("wa_handovers.state", name))
        return "unknown" if state is None else Handed(row.conversation_id, state)

    async def carried(self, conversation_ids: Collection[str]) -> set[str]:
        """Those of the conversations that somebody carries on."""
        query = select(people.c.conversation_id).where(people.c.conversation_id.in_(list(conversation_ids)))
        async with self._database.connect() as connection:
            return set((await connection.execute(query)).scalars())

    # Reminders.

    async def add_reminder(
        self,
        person_id: str,
        calculation: str,
        body: dict[str, Any],
        due_on: date,
        next_on: date,
        language: str,
        consent_version: str,
        consent_at: datetime,
        now: datetime,
    ) -> str | None:
        """The id of a reminder, which ends an older one of the same calculation; None for who stopped or is unknown."""
        async with self._writing() as connection:
            person = await self._lock(connection, person_id)
            if person is None or person.stopped_at is not None or person.leaving_at is not None:
                return None
            await self._end_reminders(
                connection,
                now,
                and_(reminders.c.person_id == person_id, reminders.c.calculation == calculation),
            )
            id = new_id("r")
            await connection.execute(
                reminders.insert().values(
                    id=id,
                    person_id=person_id,
                    calculation=calculation,
                    body=self._seal(body, place("wa_reminders.body", id)),
                    due_on=due_on,
                    next_on=next_on,
                    language=language,
                    consent_version=consent_version,
                    consent_at=consent_at,
                    created_at=now,
                )
            )
            return id

    async def take_reminders(
        self, day: date, now: datetime, hold: timedelta, limit: int = 50
    ) -> tuple[Reminder, ...]:
        """Reminders for that day or before, each for one taker until ``now + hold``; the earliest first."""
        due = and_(
            reminders.c.next_on <= day,
            or_(reminders.c.held_until.is_(None), reminders.c.held_until <= now),
        )
        async with self._database.connect() as connection:
            if not await connection.scalar(select(exists().where(due))):
                return ()
        token = secrets.token_hex(16)
        async with self._writing() as connection:
            chosen = (
                select(reminders.c.id)
                .where(due)
                .order_by(reminders.c.next_on, reminders.c.id)
                .limit(limit)
                .with_for_update(skip_locked=True)
                .cte("due")
            )
            taken = await connection.execute(
                update(reminders)
                .where(reminders.c.id.in_(select(chosen.c.id)))
                .values(held_by=token, held_until=now + hold)
                .returning(reminders)
            )
            rows = sorted(taken.all(), key=lambda row: (row.next_on, row.id))
        return tuple(replace(self._reminder(row), token=token) for row in rows)

    async def reminded(
        self, reminder: Reminder, next_on: date | None, now: datetime, out: Sequence[Outbound] = ()
    ) -> bool:
        """Queues what is to be said and moves the reminder on, or ends it. False when somebody else has it by now."""
        key = f"reminder:{reminder.id}:{reminder.next_on}"
        async with self._writing() as connection:
            person = await self._lock(connection, reminder.person_id)
            if person is None:
                return False
            moved = await connection.execute(
                update(reminders)
                .where(
                    reminders.c.id == reminder.id,
                    reminders.c.held_by == reminder.token,
                    reminders.c.next_on == reminder.next_on,
                )
                .values(next_on=next_on, held_by=None, held_until=None)
            )
            if moved.rowcount == 0:
                return False
            await self._say(connection, person, news_of(key, out), now)
            if next_on is None:
                await self._end_reminders(connection, now, reminders.c.id == reminder.id)
            return True

    async def reminders_of(self, person_id: str) -> tuple[Reminder, ...]:
        """A person's running reminders, the earliest date first."""
        query = (
            select(reminders)
            .where(reminders.c.person_id == person_id, reminders.c.ended_at.is_(None))
            .order_by(reminders.c.due_on, reminders.c.id)
        )
        async with self._database.connect() as connection:
            return tuple(self._reminder(row) for row in await connection.execute(query))

    async def open_reminders(self, after: str = "", limit: int = 500) -> tuple[Reminder, ...]:
        """Running reminders by id, those that follow ``after``."""
        query = (
            select(reminders)
            .where(reminders.c.id > after, reminders.c.ended_at.is_(None))
            .order_by(reminders.c.id)
            .limit(limit)
        )
        async with self._database.connect() as connection:
            return tuple(self._reminder(row) for row in await connection.execute(query))

    async def move_reminder(
        self,
        id: str,
        due_on: date,
        next_on: date | None,
        body: dict[str, Any],
        now: datetime,
        out: Sequence[Outbound] = (),
    ) -> bool:
        """Another date for a running reminder, and word of it. False when it has ended."""
        async with self._writing() as connection:
            person_id = await connection.scalar(
                select(reminders.c.person_id).where(reminders.c.id == id, reminders.c.ended_at.is_(None))
            )
            person = None if person_id is None else await self._lock(connection, person_id)
            if person is None:
                return False
            moved = await connection.execute(
                update(reminders)
                .where(reminders.c.id == id, reminders.c.ended_at.is_(None))
                .values(
                    due_on=due_on,
                    next_on=next_on,
                    body=self._seal(body, place("wa_reminders.body", id)),
                    held_by=None,
                    held_until=None,
                )
            )
            if moved.rowcount == 0:
                return False
            await self._say(connection, person, news_of(f"moved:{id}:{due_on}", out), now)
            if next_on is None:
                await self._end_reminders(connection, now, reminders.c.id == id)
            return True

    async def end_reminders(self, person_id: str, now: datetime, id: str | None = None) -> int:
        """How many running reminders of a person, or the one, are ended."""
        which = reminders.c.person_id == person_id
        if id is not None:
            which = and_(which, reminders.c.id == id)
        async with self._writing() as connection:
            return await self._end_reminders(connection, now, which)

    # How it is done.

    async def _end_reminders(self, connection: AsyncConnection, now: datetime, which: Any) -> int:
        self._log_holds_wiped = True
        ended = await connection.execute(
            update(reminders)
            .where(which, reminders.c.ended_at.is_(None))
            .values(ended_at=now, next_on=None, body=None, held_by=None, held_until=None)
        )
        return ended.rowcount

    async def _expire(
        self, connection: AsyncConnection, which: Any, now: datetime, limit: int
    ) -> dict[str, str | None]:
        """Removes people of whom nothing waits or runs; by their id, the conversations that they carried on."""
        nothing = (
            people.c.due_at.is_(None),
            people.c.out_due_at.is_(None),
            people.c.held_by.is_(None),
            ~exists().where(reminders.c.person_id == people.c.id, reminders.c.ended_at.is_(None)),
        )
        ids = await self._take_rows(connection, people, and_(which, *nothing), limit)
        if not ids:
            return {}
        found = await connection.execute(
            select(people.c.id, people.c.conversation_id).where(people.c.id.in_(ids))
        )
        gone = {row.id: row.conversation_id for row in found}
        await self._remove(connection, ids, now)
        return gone

    def _reminder(self, row: Row[Any]) -> Reminder:
        return Reminder(
            id=row.id,
            person_id=row.person_id,
            calculation=row.calculation,
            body=self._open(row.body, place("wa_reminders.body", row.id)),
            due_on=row.due_on,
            next_on=row.next_on,
            language=row.language,
            consent_version=row.consent_version,
            consent_at=row.consent_at,
            created_at=row.created_at,
        )
