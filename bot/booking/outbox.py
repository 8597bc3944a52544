"""Events on their way: who holds them, what became of them, and who has still to hear of it.

Events of one booking leave in the order in which they were written. One that is dead, or that staff took over, holds
back nothing, because an update carries the whole request. An event that is held by a worker has a lease; when the
worker dies, the lease runs out and the same event is sent again under the same id.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Table, and_, case, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.booking.database import shared, writing
from bot.booking.ports import CANCELLED, PRESSING, UPDATED, Outcome
from bot.booking.records import Booking, Event, Item, News, Overview, Trouble
from bot.booking.reference import read_reference
from bot.booking.tables import bookings, callbacks, outbox
from bot.transcripts.sealing import Keys, Unreadable

#: How long a pressing request may be on its way before staff are alarmed.
LATE = timedelta(minutes=2)
#: How long one worker has the telling of one thing to itself.
TELLING = timedelta(seconds=60)

#: What holds back nothing that follows; "waiting" is for staff.
_ENDED = ("delivered", "dead", "waiting")
#: Staff have taken it over, because the system cannot take it; other waiting events were never tried.
_HANDED = and_(outbox.c.state == "waiting", outbox.c.last_error.is_not(None))
_UNSENT = ("waiting", "queued", "sending", "retrying", "dead")
_RANK = {"emergency": 0, "urgent": 1, "soon": 2}
#: How bad a state of an event is, and what a booking is called whose worst event is that.
_WORSE = {"waiting": 1, "queued": 2, "sending": 2, "retrying": 3, "dead": 4}
_DELIVERY = {1: "waiting", 2: "queued", 3: "retrying", 4: "dead"}


#: Held together by those that take events, and alone by who queues old ones again.
_LEASES = "leases"


class Outbox:
    """What workers and staff need of the events. Every method may raise ``sqlalchemy.exc.SQLAlchemyError``."""

    def __init__(self, database: AsyncEngine, keys: Keys) -> None:
        self._database = database
        self._keys = keys

    async def lease(
        self, worker: str, now: datetime, limit: int, hold: timedelta = timedelta(seconds=60)
    ) -> tuple[Item, ...]:
        """Takes events that are due, the pressing ones first, and holds them until ``now + hold``.

        Nobody else gets them meanwhile. An event waits until those before it in its booking have ended.
        """
        earlier = outbox.alias("earlier")
        due = (
            select(outbox.c.id)
            .join(bookings, bookings.c.id == outbox.c.booking_id)
            .where(
                or_(
                    and_(outbox.c.state.in_(("queued", "retrying")), outbox.c.next_at <= now),
                    and_(outbox.c.state == "sending", outbox.c.lease_until <= now),
                ),
                ~exists().where(
                    earlier.c.booking_id == outbox.c.booking_id,
                    earlier.c.seq < outbox.c.seq,
                    earlier.c.state.not_in(_ENDED),
                ),
            )
            .order_by(case(_RANK, value=bookings.c.level, else_=3), outbox.c.next_at, outbox.c.id)
            .limit(limit)
        )
        if shared(self._database):
            due = due.with_for_update(skip_locked=True, of=outbox)
        until = now + hold
        # As a CTE the choice is made once, and PostgreSQL locks exactly the rows that are taken.
        chosen = due.cte("due")
        take = (
            update(outbox)
            .where(outbox.c.id.in_(select(chosen.c.id)))
            .values(state="sending", attempts=outbox.c.attempts + 1, lease_until=until, leased_by=worker)
            .returning(outbox.c.id, outbox.c.booking_id, outbox.c.type, outbox.c.body, outbox.c.failures)
        )
        async with writing(self._database, _LEASES, together=True) as connection:
            taken = (await connection.execute(take)).all()
            of = await connection.execute(
                select(bookings.c.id, bookings.c.level, bookings.c.conversation_id).where(
                    bookings.c.id.in_({row.booking_id for row in taken})
                )
            )
            whose = {row.id: row for row in of}
        return tuple(
            Item(
                id=row.id,
                request_id=row.booking_id,
                type=row.type,
                level=whose[row.booking_id].level,
                conversation_id=whose[row.booking_id].conversation_id,
                body=self._body(row),
                failures=row.failures,
                leased_by=worker,
                lease_until=until,
            )
            for row in taken
        )

    async def delivered(self, item: Item, outcome: Outcome, now: datetime) -> bool:
        """The firm's system has taken the event. False when it was erased meanwhile, or already marked.

        It holds also when the lease had run out: that the firm has it is true whoever sent it. The person is told of
        an update only where it changed what they know: the time, or that the request had not arrived.
        """
        async with writing(self._database) as connection:
            booking = await lock(connection, item.request_id)
            if booking is None:
                return False
            other_time = outcome.start is not None and outcome.start != booking.start_at
            failed = exists().where(
                outbox.c.booking_id == booking.id,
                outbox.c.id != item.id,
                outbox.c.state.in_(("dead", "waiting")),
                ~_made_up_for("delivered"),
            )
            known = item.type == UPDATED and not other_time and not await connection.scalar(select(failed))
            result = await connection.execute(
                update(outbox)
                .where(outbox.c.id == item.id, outbox.c.state.in_(_UNSENT))
                .values(
                    state="delivered",
                    delivered_at=now,
                    last_error=None,
                    lease_until=None,
                    leased_by=None,
                    told_at=now if known else None,
                )
                .returning(outbox.c.created_at)
            )
            written_at = result.scalar_one_or_none()
            if written_at is None:
                return False
            changes: dict[str, Any] = {}
            if outcome.booking_id is not None:
                changes["firm_booking_id"] = outcome.booking_id
            # The firm may have called back before its answer came: what it said last counts.
            overtaken = booking.firm_at is not None and booking.firm_at >= written_at
            if not overtaken and item.type != CANCELLED:
                if other_time:
                    changes |= {"start_at": outcome.start, "end_at": None}
                if outcome.start is not None:
                    changes["appointment"] = "pending" if outcome.status == "pending" else "confirmed"
                if outcome.join_url is not None:
                    changes["join_url"] = self._link(outcome.join_url, booking.id)
            if changes:
                await connection.execute(
                    update(bookings).where(bookings.c.id == booking.id).values(**changes)
                )
            await settle(connection, item.request_id)
            return True

    async def later(self, item: Item, code: str, next_at: datetime) -> bool:
        """The event will be tried again at ``next_at``. False when somebody else holds it by now."""
        return await self._failed(item, {"state": "retrying", "last_error": code, "next_at": next_at})

    async def refused(self, item: Item, code: str) -> bool:
        """The event is dead until staff send it again. False when somebody else holds it by now."""
        return await self._failed(item, {"state": "dead", "last_error": code})

    async def handed(self, item: Item, code: str) -> bool:
        """The event waits for staff, because of ``code``. False when somebody else holds it by now."""
        return await self._failed(item, {"state": "waiting", "last_error": code})

    async def resend(self, id: str, now: datetime) -> int:
        """How many events are queued again, at once and from the start of their schedule.

        ``id`` is a reference or a request's id (all its events that are not delivered), or an event's id (also a
        delivered one). An event that is being sent stays as it is; and one that never arrived, once a later one of its
        request is on its way or there, or may be: it would undo what came after it.
        """
        of_event = select(outbox.c.booking_id).where(outbox.c.id == id)
        # A lease that began before must end first: it may take a later event because this one looks dead to it.
        async with writing(self._database, _LEASES) as connection:
            requests = await connection.execute(
                select(bookings.c.id)
                .where(
                    or_(
                        bookings.c.id == id,
                        bookings.c.reference == read_reference(id),
                        bookings.c.id.in_(of_event),
                    )
                )
                .with_for_update()
            )
            request_ids = list(requests.scalars())
            named = await connection.scalar(select(outbox.c.id).where(outbox.c.id == id))
            which = outbox.c.state != "delivered" if named is None else outbox.c.id == named
            gone_past = _overtaken()
            result = await connection.execute(
                update(outbox)
                .where(outbox.c.booking_id.in_(request_ids), which, outbox.c.state != "sending", ~gone_past)
                .values(
                    state="queued",
                    failures=0,
                    next_at=now,
                    last_error=None,
                    delivered_at=None,
                    alarmed_at=None,
                    told_at=None,
                    tell_until=None,
                )
            )
            for request_id in request_ids:
                await settle(connection, request_id)
        return result.rowcount

    async def waiting_long(self, now: datetime, limit: int = 50) -> tuple[Trouble, ...]:
        """What staff must be alarmed about and have not been: pressing events that are late, dead ones, and those
        that staff take over."""
        late = and_(
            bookings.c.level.in_(PRESSING),
            outbox.c.type != CANCELLED,
            outbox.c.state.in_(("waiting", "queued", "sending", "retrying")),
            outbox.c.created_at <= now - LATE,
            outbox.c.late_at.is_(None),
            ~_HANDED,
        )
        ended = and_(or_(outbox.c.state == "dead", _HANDED), outbox.c.alarmed_at.is_(None))
        query = (
            select(
                outbox.c.id,
                outbox.c.last_error,
                outbox.c.state,
                case((outbox.c.state == "dead", "dead"), (_HANDED, "staff"), else_="late").label("source"),
                outbox.c.booking_id,
                bookings.c.conversation_id,
            )
            .join(bookings, bookings.c.id == outbox.c.booking_id)
            .where(or_(late, ended))
            .order_by(outbox.c.created_at, outbox.c.id)
            .limit(limit)
        )
        async with self._database.connect() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(
            Trouble(row.id, row.source, row.last_error or row.state, row.booking_id, row.conversation_id)
            for row in rows
        )

    async def alarmed(self, trouble: Trouble, now: datetime) -> bool:
        """Marks that staff are alarmed about it. False when another worker was first: then it is not ours to do."""
        column = outbox.c.late_at if trouble.source == "late" else outbox.c.alarmed_at
        async with writing(self._database) as connection:
            result = await connection.execute(
                update(outbox).where(outbox.c.id == trouble.id, column.is_(None)).values({column: now})
            )
            return result.rowcount == 1

    async def to_tell(self, now: datetime, limit: int = 50) -> tuple[News, ...]:
        """What people have not been told yet: delivered, dead, with staff, late, and what the firm said. Oldest first.

        It is the caller's to tell for a minute; what is not marked as told by then comes again, to whoever asks.
        """
        ended = and_(or_(outbox.c.state.in_(("delivered", "dead")), _HANDED), outbox.c.told_at.is_(None))
        late = and_(
            outbox.c.late_at.is_not(None), outbox.c.late_told_at.is_(None), outbox.c.state != "delivered"
        )
        untold = {outbox: or_(ended, late), callbacks: callbacks.c.told_at.is_(None)}
        someone = select(bookings.c.id).where(bookings.c.conversation_id.is_not(None))
        due = {
            table: and_(condition, _in_nobodys_hand(table, now), table.c.booking_id.in_(someone))
            for table, condition in untold.items()
        }
        async with self._database.connect() as connection:
            # Mostly there is nothing, and then nobody's writing is held up.
            if not any([await connection.scalar(select(exists().where(due[table]))) for table in due]):
                return ()
        async with writing(self._database) as connection:
            ours = {}
            for table, condition in due.items():
                free = select(table.c.id).where(condition).limit(limit)
                if shared(self._database):
                    free = free.with_for_update(skip_locked=True, of=table)
                chosen = free.cte("free")
                taken = await connection.execute(
                    update(table)
                    .where(table.c.id.in_(select(chosen.c.id)))
                    .values(tell_until=now + TELLING)
                    .returning(table.c.id)
                )
                ours[table] = list(taken.scalars())
            sent = await connection.execute(
                select(
                    bookings,
                    outbox.c.id.label("event_id"),
                    outbox.c.type.label("event_type"),
                    outbox.c.state.label("event_state"),
                    outbox.c.last_error.label("event_error"),
                )
                .join(outbox, bookings.c.id == outbox.c.booking_id)
                .where(outbox.c.id.in_(ours[outbox]))
                .order_by(outbox.c.created_at, outbox.c.seq)
            )
            said = await connection.execute(
                select(bookings, callbacks.c.id.label("event_id"), callbacks.c.type.label("event_type"))
                .join(callbacks, bookings.c.id == callbacks.c.booking_id)
                .where(callbacks.c.id.in_(ours[callbacks]))
                .order_by(callbacks.c.received_at, callbacks.c.id)
            )
            return (*(self._sent_news(row) for row in sent), *(self._firm_news(row) for row in said))

    async def told(self, news: News, now: datetime) -> None:
        """The person was told."""
        table = callbacks if news.source == "firm" else outbox
        marks = ["late_told_at"] if news.source == "late" else ["told_at"]
        if news.source == "sent":
            # Whatever has ended needs no word about being late any more.
            marks.append("late_told_at")
        async with writing(self._database) as connection:
            await connection.execute(
                update(table)
                .where(table.c.id == news.id)
                .values(dict.fromkeys(marks, now) | {"tell_until": None})
            )

    async def events(self, request_id: str) -> tuple[Event, ...]:
        """The events of a request in their order."""
        return await self._events(outbox.c.booking_id == request_id)

    async def overview(self, limit: int = 100) -> Overview:
        """Counts by state, and the oldest events that are not delivered."""
        async with self._database.connect() as connection:
            counted = await connection.execute(
                select(outbox.c.state, func.count()).group_by(outbox.c.state).order_by(outbox.c.state)
            )
            states = {state: count for state, count in counted}
        return Overview(states, await self._events(outbox.c.state != "delivered", limit))

    async def _failed(self, item: Item, changes: dict[str, Any]) -> bool:
        async with writing(self._database) as connection:
            await lock(connection, item.request_id)
            result = await connection.execute(
                update(outbox)
                .where(
                    outbox.c.id == item.id,
                    outbox.c.state == "sending",
                    outbox.c.leased_by == item.leased_by,
                    outbox.c.lease_until == item.lease_until,
                )
                .values(failures=outbox.c.failures + 1, lease_until=None, leased_by=None, **changes)
            )
            if result.rowcount == 0:
                return False
            await settle(connection, item.request_id)
            return True

    async def _events(self, condition: Any, limit: int = 100) -> tuple[Event, ...]:
        query = (
            select(
                outbox.c.id,
                outbox.c.booking_id.label("request_id"),
                bookings.c.reference,
                outbox.c.type,
                bookings.c.level,
                outbox.c.state,
                outbox.c.attempts,
                outbox.c.next_at,
                outbox.c.created_at,
                outbox.c.delivered_at,
                outbox.c.last_error,
            )
            .join(bookings, bookings.c.id == outbox.c.booking_id)
            .where(condition)
            .order_by(outbox.c.created_at, outbox.c.booking_id, outbox.c.seq)
            .limit(limit)
        )
        async with self._database.connect() as connection:
            return tuple(Event(**row._mapping) for row in await connection.execute(query))

    def _sent_news(self, row: Row[Any]) -> News:
        booking = self._booking(row)
        kind = "staff" if row.event_state == "waiting" and row.event_error else row.event_state
        if kind not in ("delivered", "dead", "staff"):
            late = Outcome("later", row.event_error or row.event_state, type=row.event_type)
            return News(row.event_id, "late", booking, late)
        outcome = Outcome(
            kind,
            row.event_error or "",
            booking_id=booking.firm_booking_id,
            start=booking.start,
            join_url=booking.join_url,
            type=row.event_type,
        )
        return News(row.event_id, "sent", booking, outcome)

    def _firm_news(self, row: Row[Any]) -> News:
        booking = self._booking(row)
        outcome = Outcome(
            row.event_type.rpartition(".")[2],
            booking.note_code or "",
            booking_id=booking.firm_booking_id,
            start=booking.start,
            join_url=booking.join_url,
            type=row.event_type,
        )
        return News(row.event_id, "firm", booking, outcome)

    def _booking(self, row: Row[Any]) -> Booking:
        link = None
        if row.join_url is not None:
            # Where the key is lost, one link must not keep everybody else from being told.
            with suppress(Unreadable):
                link = self._keys.open(row.join_url, place("bookings.join_url", row.id))
        return Booking(
            request_id=row.id,
            reference=row.reference,
            conversation_id=row.conversation_id,
            created_at=row.created_at,
            updated_at=row.updated_at,
            state=row.state,
            level=row.level,
            language=row.language,
            delivery=row.delivery,
            appointment=row.appointment,
            firm_booking_id=row.firm_booking_id,
            firm_at=row.firm_at,
            start=row.start_at,
            end=row.end_at,
            timezone=row.timezone,
            join_url=link,
            note_code=row.note_code,
            corrected_at=row.corrected_at,
            handled_by=row.handled_by,
            handled_at=row.handled_at,
            erased=row.body is None,
        )

    def _link(self, url: str, request_id: str) -> bytes:
        return self._keys.seal(url, place("bookings.join_url", request_id))

    def _body(self, row: Row[Any]) -> dict[str, Any] | None:
        try:
            read: dict[str, Any] = json.loads(self._keys.open(row.body, place("booking_outbox.body", row.id)))
        except Unreadable:
            return None
        return read


async def lock(connection: AsyncConnection, request_id: str) -> Row[Any] | None:
    """The booking, held against other writers; always before its events, so that nobody waits in a circle."""
    found = await connection.execute(select(bookings).where(bookings.c.id == request_id).with_for_update())
    return found.one_or_none()


def _in_nobodys_hand(table: Table, now: datetime) -> ColumnElement[bool]:
    return or_(table.c.tell_until.is_(None), table.c.tell_until <= now)


_later = outbox.alias("later")


def _made_up_for(state: str) -> ColumnElement[bool]:
    """Whether an event was refused, or given to staff, and a later one of its booking is in that state."""
    return _followed(_later.c.state == state)


def _overtaken() -> ColumnElement[bool]:
    """The same of a later one that the firm's system has, is getting, or may have.

    What was tried more than once may have arrived in a try whose answer was lost, however the last one ended.
    """
    return _followed(or_(_later.c.state.in_(("delivered", "sending", "retrying")), _later.c.attempts > 1))


def _followed(by: ColumnElement[bool]) -> ColumnElement[bool]:
    followed = exists().where(_later.c.booking_id == outbox.c.booking_id, _later.c.seq > outbox.c.seq, by)
    return and_(outbox.c.state.in_(("dead", "waiting")), followed)


async def settle(connection: AsyncConnection, request_id: str) -> None:
    """Brings the delivery of a booking up to date: the worst of its events, delivered only when all are.

    What ended without being delivered does not count once a later event, which carries the whole request, has arrived.
    """
    worst = (
        select(func.max(case(_WORSE, value=outbox.c.state, else_=0)))
        .where(outbox.c.booking_id == request_id, ~_made_up_for("delivered"))
        .scalar_subquery()
    )
    delivery = case(_DELIVERY, value=worst, else_="delivered")
    await connection.execute(update(bookings).where(bookings.c.id == request_id).values(delivery=delivery))


def text(body: Mapping[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def place(column: str, id: str) -> str:
    return f"{column}:{id}"
