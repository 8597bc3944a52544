"""The requests that somebody of the firm has still to deal with, and who has dealt with the others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    case,
    func,
    literal,
    literal_column,
    select,
    text,
    tuple_,
    update,
)

from bot.booking.database import writing
from bot.booking.outbox import Outbox
from bot.booking.records import Booking
from bot.booking.tables import WAITING, bookings
from bot.transcripts.records import Place, Waiting
from bot.transcripts.tables import Moment

#: What waits, the most pressing first: what the firm's system refused, which nobody else will see, then by level. A
#: person in custody is called before one who asked three days earlier for a talk about forms.
RANKS = ("refused", "emergency", "urgent", "soon", "routine")

#: It is counted no further.
MOST_COUNTED = 1_000


class Inbox(Outbox):
    """What staff need of the requests themselves. Every method may raise ``sqlalchemy.exc.SQLAlchemyError``."""

    async def waiting(self, limit: int, before: Place | None = None) -> Waiting[Booking]:
        """Requests that wait for somebody, in the order of ``RANKS``, of each those that have waited longest.

        ``before`` is the ``next_place`` of the page above. Those that wait are read and sorted: they are few, and have
        an index of their own. Raises ValueError for a rank that is none.
        """
        order = (_rank(), bookings.c.created_at, bookings.c.id)
        query: Select[Any] = select(bookings).where(text(WAITING)).order_by(*order).limit(limit + 1)
        if before is not None:
            rank, since, id = before
            query = query.where(
                tuple_(*order) > tuple_(literal(RANKS.index(rank)), literal(since, Moment), literal(id))
            )
        async with self._database.connect() as connection:
            rows = (await connection.execute(query)).all()
        found = tuple(self._booking(row) for row in rows[:limit])
        return Waiting(found, _place(found[-1]) if len(rows) > limit else None)

    async def waiting_count(self) -> int:
        """How many wait, counted no further than ``MOST_COUNTED``."""
        some: Select[Any] = (
            select(literal_column("1")).select_from(bookings).where(text(WAITING)).limit(MOST_COUNTED)
        )
        async with self._database.connect() as connection:
            return int(await connection.scalar(select(func.count()).select_from(some.subquery())) or 0)

    async def handled(self, request_id: str, staff: str, now: datetime) -> bool:
        """Notes that this member of staff was in touch; False when it does not wait, or there is no such request."""
        return bool(await self._handled(bookings.c.id == request_id, staff, now))

    async def handled_of(self, conversation: str, staff: str, now: datetime) -> Sequence[str]:
        """The same of every request of a conversation that waits: their ids."""
        return await self._handled(bookings.c.conversation_id == conversation, staff, now)

    async def reopened(self, request_id: str) -> datetime | None:
        """Takes back that somebody was in touch; when that was, or None where nothing was noted."""
        async with writing(self._database) as connection:
            at: datetime | None = await connection.scalar(
                select(bookings.c.handled_at).where(bookings.c.id == request_id).with_for_update()
            )
            if at is not None:
                await connection.execute(
                    update(bookings)
                    .where(bookings.c.id == request_id)
                    .values(handled_by=None, handled_at=None)
                )
            return at

    async def _handled(self, which: ColumnElement[bool], staff: str, now: datetime) -> Sequence[str]:
        # When it was last changed stays: how long a request is kept does not depend on who called.
        statement = (
            update(bookings)
            .where(which, text(WAITING))
            .values(handled_by=staff, handled_at=now)
            .returning(bookings.c.id)
        )
        async with writing(self._database) as connection:
            found: Sequence[str] = (await connection.execute(statement)).scalars().all()
            return found


def _rank() -> ColumnElement[int]:
    last = RANKS.index("routine")
    by_level = case({level: RANKS.index(level) for level in RANKS[1:]}, value=bookings.c.level, else_=last)
    return case((bookings.c.delivery == "dead", 0), else_=by_level)


def _place(booking: Booking) -> Place:
    level = booking.level if booking.level in RANKS else "routine"
    return "refused" if booking.delivery == "dead" else level, booking.created_at, booking.request_id
