"""The WhatsApp store: what came and waits, what goes out, who writes. SQLite, or PostgreSQL with several gateways."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, delete, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.booking.tables import bookings
from bot.gateway.whatsapp.base import is_
from bot.gateway.whatsapp.inbox_store import InboxStore
from bot.gateway.whatsapp.names import Names
from bot.gateway.whatsapp.outbox_store import OutboxStore
from bot.gateway.whatsapp.people_store import PeopleStore
from bot.gateway.whatsapp.records import KEPT_AFTER_SENDING, Overview, Swept, Trouble, Unreached
from bot.gateway.whatsapp.tables import earlier, handovers, inbox, outbox, people, reminders
from bot.gateway.whatsapp.taking import Taking
from bot.transcripts.schema import open_database, upgrade
from bot.transcripts.sealing import Keys
from bot.transcripts.tables import conversations

#: Providers send a message again for up to seven days, and a status may take as long.
KEEP = timedelta(days=9)
#: How long staff can have a message tried again that was set aside.
KEEP_ASIDE = timedelta(hours=24)
#: After this somebody who is leaving is gone, whatever has become of the last words.
LEAVING = timedelta(hours=1)

#: How often a conversation that was left is looked at.
LOOK_AGAIN = timedelta(hours=1)

#: How much one sweep does of each, so that it never holds anybody up for long.
_LIMIT = 500
_TROUBLES = ("failed", "unknown", "blocked")


class WhatsAppStore(Taking, InboxStore, OutboxStore, PeopleStore):
    """The store behind one database. Every method may raise ``sqlalchemy.exc.SQLAlchemyError``.

    On SQLite it is best given the connections of the other stores: the writers of one process then wait in one line.
    """

    def __init__(
        self,
        database: str | AsyncEngine,
        keys: Keys,
        names: Names,
        *,
        pause: timedelta = timedelta(seconds=1),
        longest: timedelta = timedelta(seconds=6),
    ) -> None:
        self._own = isinstance(database, str)
        opened = open_database(database) if isinstance(database, str) else database
        super().__init__(opened, keys, names, pause, longest)

    @property
    def database(self) -> AsyncEngine:
        """The connections."""
        return self._database

    async def prepare(self) -> None:
        """Brings the tables up to date."""
        await upgrade(self._database)

    async def dispose(self) -> None:
        """Closes the connections that it opened itself."""
        if self._own:
            await self._database.dispose()

    async def troubles(self, now: datetime, limit: int = 50) -> tuple[Trouble, ...]:
        """What staff have to hear and have not: each is given out once, to one gateway."""
        due = {
            inbox: and_(is_(inbox.c.state, "aside"), inbox.c.alarmed_at.is_(None)),
            outbox: and_(is_(outbox.c.state, *_TROUBLES), outbox.c.alarmed_at.is_(None)),
        }
        async with self._database.connect() as connection:
            if not any([await connection.scalar(select(exists().where(due[table]))) for table in due]):
                return ()
        found: list[Trouble] = []
        async with self._writing() as connection:
            for table, condition in due.items():
                ids = await self._take_rows(connection, table, condition, limit)
                await connection.execute(update(table).where(table.c.id.in_(ids)).values(alarmed_at=now))
                rows = await connection.execute(
                    select(table.c.state, table.c.id, table.c.last_error, people.c.conversation_id)
                    .join(people, people.c.id == table.c.person_id, isouter=True)
                    .where(table.c.id.in_(ids))
                    .order_by(table.c.state, table.c.id)
                )
                found += [
                    Trouble(row.state, row.id, row.last_error or row.state, row.conversation_id)
                    for row in rows
                ]
        return tuple(found)

    async def unreached(self, limit: int = 50) -> tuple[Unreached, ...]:
        """Of whom staff are alarmed, so that they can be called: what was set aside and what did not go out.

        The newest first, up to ``limit`` of each.
        """
        found: list[Unreached] = []
        looked = (
            (inbox, inbox.c.received_at, is_(inbox.c.state, "aside")),
            (outbox, outbox.c.created_at, is_(outbox.c.state, *_TROUBLES)),
        )
        async with self._database.connect() as connection:
            for table, since, condition in looked:
                query = (
                    select(
                        table.c.id,
                        table.c.state,
                        func.coalesce(table.c.last_error, table.c.state),
                        since,
                        table.c.person_id,
                        _newest_request(table.c.person_id),
                    )
                    .where(condition)
                    .order_by(since.desc(), table.c.id)
                    .limit(limit)
                )
                found += [Unreached(*row) for row in await connection.execute(query)]
        return tuple(sorted(found, key=lambda one: (one.since, one.id), reverse=True))

    async def overview(self) -> Overview:
        """What waits, and since when."""
        unsent = ("queued", "sending", "unsure", "failed", "unknown", "blocked")
        waits, aside = is_(inbox.c.state, "waiting"), is_(inbox.c.state, "aside")
        async with self._database.connect() as connection:
            waiting, oldest = (
                await connection.execute(select(func.count(), func.min(inbox.c.received_at)).where(waits))
            ).one()
            states = await connection.execute(
                select(
                    outbox.c.state, func.count().label("number"), func.min(outbox.c.created_at).label("since")
                )
                .where(is_(outbox.c.state, *unsent))
                .group_by(outbox.c.state)
                .order_by(outbox.c.state)
            )
            out = states.all()
            return Overview(
                waiting=waiting,
                people=await _count(connection, people, people.c.due_at.is_not(None)),
                oldest=oldest,
                aside=await _count(connection, inbox, aside),
                out={row.state: row.number for row in out},
                oldest_out=min(
                    (row.since for row in out if row.state in ("queued", "sending", "unsure")), default=None
                ),
                reminders=await _count(connection, reminders, reminders.c.next_on.is_not(None)),
            )

    async def sweep(self, now: datetime) -> Swept:
        """Wipes and deletes what is past its time, some of it at once; on SQLite it also empties the log."""
        async with self._writing() as connection:
            wiped = await self._wipe_aside(connection, now - KEEP_ASIDE)
            await self._wipe_sent(connection, now - KEPT_AFTER_SENDING)
        async with self._writing() as connection:
            old = and_(is_(inbox.c.state, "answered", "closed", "aside"), inbox.c.received_at < now - KEEP)
            inboxes = await self._delete(connection, inbox, old)
        async with self._writing() as connection:
            ended = is_(outbox.c.state, "sent", "failed", "unknown", "blocked", "dropped")
            outs = await self._delete(connection, outbox, and_(ended, outbox.c.created_at < now - KEEP))
        async with self._writing() as connection:
            offers = await self._delete(connection, handovers, handovers.c.expires_at <= now)
            over = await self._delete(connection, reminders, reminders.c.ended_at < now - KEEP)
            idle = await self._wipe_states(connection, now)
        async with self._writing() as connection:
            await self._let_go_of_earlier(connection, now)
            gone = await self._go(connection, now)
        await self._empty_log()
        return Swept(wiped, inboxes, outs, gone, offers, over, idle)

    # How it is done.

    async def _wipe_aside(self, connection: AsyncConnection, before: datetime) -> int:
        past = and_(is_(inbox.c.state, "aside"), inbox.c.ended_at <= before, inbox.c.body.is_not(None))
        ids = await self._take_rows(connection, inbox, past, _LIMIT)
        self._log_holds_wiped |= bool(ids)
        await connection.execute(update(inbox).where(inbox.c.id.in_(ids)).values(body=None))
        return len(ids)

    async def _wipe_sent(self, connection: AsyncConnection, before: datetime) -> None:
        past = and_(is_(outbox.c.state, "sent"), outbox.c.body.is_not(None), outbox.c.sent_at <= before)
        ids = await self._take_rows(connection, outbox, past, _LIMIT)
        self._log_holds_wiped |= bool(ids)
        await connection.execute(update(outbox).where(outbox.c.id.in_(ids)).values(body=None))

    async def _wipe_states(self, connection: AsyncConnection, now: datetime) -> tuple[str, ...]:
        past = and_(
            people.c.state_until <= now, or_(people.c.held_until.is_(None), people.c.held_until <= now)
        )
        ids = await self._take_rows(connection, people, past, _LIMIT)
        self._log_holds_wiped |= bool(ids)
        found = await connection.execute(
            update(people)
            .where(people.c.id.in_(ids))
            .values(state=None, state_until=None, updated_at=now)
            .returning(people.c.conversation_id)
        )
        return tuple(sorted(id for id in found.scalars() if id is not None))

    async def _go(self, connection: AsyncConnection, now: datetime) -> int:
        """Removes who has left, and whom nothing that was kept by consent still needs."""
        leaving = await self._take_rows(connection, people, people.c.leaving_at <= now - LEAVING, _LIMIT)
        if leaving:
            await self._remove(connection, leaving, now)
        kept = or_(
            _is_kept(people.c.conversation_id),
            exists().where(earlier.c.person_id == people.c.id),
        )
        silent = and_(people.c.last_inbound_at < now - KEEP, ~kept)
        count = len(leaving)
        return count + len(await self._expire(connection, silent, now, _LIMIT))

    async def _let_go_of_earlier(self, connection: AsyncConnection, now: datetime) -> None:
        """Conversations that were left, and of which nothing is kept any more, have nobody."""
        ids = await self._take_rows(connection, earlier, earlier.c.look_at <= now, _LIMIT)
        if not ids:
            return
        these = earlier.c.conversation_id.in_(ids)
        await connection.execute(delete(earlier).where(these, ~_is_kept(earlier.c.conversation_id)))
        await connection.execute(update(earlier).where(these).values(look_at=now + LOOK_AGAIN))

    async def _delete(self, connection: AsyncConnection, table: Table, past: Any) -> int:
        ids = await self._take_rows(connection, table, past, _LIMIT)
        if ids:
            self._log_holds_wiped = True
            (key,) = table.primary_key.columns
            await connection.execute(delete(table).where(key.in_(ids)))
        return len(ids)


def _is_kept(conversation_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether anything is kept of a conversation by consent."""
    return or_(
        exists().where(conversations.c.id == conversation_id),
        exists().where(bookings.c.conversation_id == conversation_id),
    )


def _newest_request(person_id: ColumnElement[str]) -> Any:
    """The reference of the newest request that a person made, in their conversation or one that they left for it."""
    now = select(people.c.conversation_id).where(people.c.id == person_id)
    left = select(earlier.c.conversation_id).where(earlier.c.person_id == person_id)
    return (
        select(bookings.c.reference)
        .where(or_(bookings.c.conversation_id.in_(now), bookings.c.conversation_id.in_(left)))
        .order_by(bookings.c.created_at.desc(), bookings.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )


async def _count(connection: AsyncConnection, table: Table, condition: Any) -> int:
    counted = await connection.scalar(select(func.count()).select_from(table).where(condition))
    return int(counted or 0)
