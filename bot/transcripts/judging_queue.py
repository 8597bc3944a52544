"""Which conversation somebody judges next, who has it, and sharing what waits among several people.

Urgent ones come first. Then what is assigned to whoever asks, then what nobody has: those that Faro did not understand
before those drawn by chance, second readings before first ones (they are few, and would else never come), the oldest
first. Nobody reads the same conversation twice, or one that somebody else has open or was given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    literal_column,
    or_,
    select,
    text,
    true,
    union_all,
    update,
)

from bot.transcripts.judging_records import REASONS, Waiting
from bot.transcripts.judging_tables import ASSIGNED, FIRST, SECOND, samples, skips
from bot.transcripts.tables import Moment

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from bot.transcripts.store import TranscriptStore

#: For so long a conversation that somebody has opened is not given to others.
OPEN_FOR = timedelta(minutes=15)
#: For so long one that somebody has put aside does not come back to them.
ASIDE_FOR = timedelta(hours=12)
#: Nothing that waits is counted further.
MOST_COUNTED = 1_000


async def next_of(connection: AsyncConnection, staff: str, now: datetime) -> Waiting | None:
    """What waits for somebody and comes first; None when nothing does."""
    given = {"staff": staff, "open_since": now - OPEN_FOR, "aside_since": now - ASIDE_FOR}
    row = (await connection.execute(_next(), given)).one_or_none()
    return None if row is None else Waiting(row.conversation_id, row.reason, bool(row.second))


@cache
def _next() -> Select[Any]:
    """One query that asks for the oldest of every kind; made once, because putting it together takes long."""
    staff = bindparam("staff", type_=String)
    heads = []
    for rank, (reason, mine) in enumerate(_order()):
        for second in (True, False):
            query = _in_order(reason, staff if mine else None, second).where(_is_free(), ~_put_aside())
            # What somebody has read first is two ranges of the index, before and after their own: it is never gone
            # through.
            ranges = (samples.c.first_by < staff, samples.c.first_by > staff) if second else (true(),)
            heads += [
                select(
                    literal_column(str(2 * rank + (not second))).label("rank"),
                    head.c.conversation_id,
                    head.c.drawn_at,
                    literal_column(f"'{reason}'").label("reason"),
                    literal_column(str(int(second))).label("second"),
                )
                for head in (query.where(others).limit(1).subquery() for others in ranges)
            ]
    every = union_all(*heads).subquery()
    return select(every).order_by(every.c.rank, every.c.drawn_at, every.c.conversation_id).limit(1)


async def take(store: TranscriptStore, staff: str, now: datetime) -> Waiting | None:
    """As ``next_of``; from then on somebody has it open, and nobody else gets it for a while."""
    async with store.database.begin() as connection:
        for _ in range(5):
            found = await next_of(connection, staff, now)
            if found is None:
                return None
            # Another one may have got it in the same moment.
            taken = await connection.execute(
                update(samples)
                .where(samples.c.conversation_id == found.conversation_id, _is_free())
                .values(opened_by=staff, opened_at=now),
                {"staff": staff, "open_since": now - OPEN_FOR},
            )
            if taken.rowcount:
                return found
    return None


async def skip(store: TranscriptStore, conversation_id: str, staff: str, now: datetime) -> None:
    """Puts a conversation aside for whoever asks, and lets others have it."""
    c = samples.c
    async with store.database.begin() as connection:
        # Written first, so that it cannot be erased meanwhile.
        known = await connection.execute(
            update(samples)
            .where(c.conversation_id == conversation_id)
            .values(
                opened_by=case((c.opened_by == staff, None), else_=c.opened_by),
                opened_at=case((c.opened_by == staff, None), else_=c.opened_at),
            )
        )
        if not known.rowcount:
            return
        await connection.execute(
            delete(skips).where(skips.c.staff_id == staff, skips.c.skipped_at <= now - ASIDE_FOR)
        )
        put = store.insert(skips).values(conversation_id=conversation_id, staff_id=staff, skipped_at=now)
        await connection.execute(
            put.on_conflict_do_update(
                index_elements=["conversation_id", "staff_id"], set_={"skipped_at": put.excluded.skipped_at}
            )
        )


async def counts(connection: AsyncConnection, staff: str) -> Mapping[str, Mapping[str, int]]:
    """What waits, by reason: ``free`` for anybody, ``mine`` given to ``staff``, ``second`` of these read already.

    Each is counted no further than ``MOST_COUNTED``.
    """
    found: dict[str, dict[str, int]] = {}
    for reason in REASONS:
        row = {"free": 0, "mine": 0, "second": 0}
        for second in (True, False):
            for name, holder in (("free", None), ("mine", staff)):
                some: Select[Any] = select(literal_column("1")).select_from(samples)
                count = await _count(connection, some.where(*_waits(reason, holder, second, staff)))
                row[name] += count
                row["second"] += count if second else 0
        found[reason] = row
    return found


async def assigned(connection: AsyncConnection) -> Mapping[str, int]:
    """How many wait for whom they were given to."""
    c = samples.c
    query = select(c.assigned_to, func.count().label("many")).where(text(ASSIGNED)).group_by(c.assigned_to)
    return {row.assigned_to: row.many for row in await connection.execute(query)}


async def assign(connection: AsyncConnection, conversation_id: str, staff: str | None) -> bool:
    """Gives the reading that waits to somebody, or to nobody; False where none waits, or they have read it already."""
    c = samples.c
    waits = or_(text(FIRST), and_(text(SECOND), c.first_by != (staff or "")))
    changed = await connection.execute(
        update(samples)
        .where(c.conversation_id == conversation_id, waits)
        .values(assigned_to=staff, opened_by=None, opened_at=None)
    )
    return changed.rowcount == 1


async def release(connection: AsyncConnection, staff: str) -> int:
    """How many that were given to somebody are free again."""
    changed = await connection.execute(
        update(samples).where(text(ASSIGNED), samples.c.assigned_to == staff).values(assigned_to=None)
    )
    return int(changed.rowcount)


async def share(
    connection: AsyncConnection, staff: Sequence[str], each: int, now: datetime
) -> Mapping[str, int]:
    """How many of the free first readings everybody got: in turn, the most pressing first, up to ``each``."""
    wanted = each * len(staff)
    ids: list[str] = []
    for reason in REASONS:
        query = _in_order(reason, None, False).where(_is_free()).limit(wanted - len(ids))
        if len(ids) < wanted:
            # Nobody has the name "".
            given = {"staff": "", "open_since": now - OPEN_FOR}
            ids += (await connection.execute(query.with_for_update(skip_locked=True), given)).scalars()
    for place, one in enumerate(staff):
        mine = ids[place :: len(staff)]
        if mine:
            await connection.execute(
                update(samples)
                .where(samples.c.conversation_id.in_(mine), text(FIRST), samples.c.assigned_to.is_(None))
                .values(assigned_to=one)
            )
    return {one: len(ids[place :: len(staff)]) for place, one in enumerate(staff)}


def _order() -> Sequence[tuple[str, bool]]:
    """Reasons in the order in which they come, each with whether it is about what was given to whoever asks."""
    pressing, *others = REASONS
    return (
        (pressing, True),
        (pressing, False),
        *((reason, True) for reason in others),
        *((reason, False) for reason in others),
    )


def _put_aside() -> ColumnElement[bool]:
    return exists().where(
        skips.c.conversation_id == samples.c.conversation_id,
        skips.c.staff_id == bindparam("staff", type_=String),
        skips.c.skipped_at > bindparam("aside_since", type_=Moment),
    )


def _in_order(reason: str, holder: Any, second: bool) -> Select[Any]:
    c = samples.c
    columns = (c.assigned_to, c.first_by, c.drawn_at, c.conversation_id)
    # The order names the columns that are fixed too, so that PostgreSQL takes it from the index.
    order = columns if second else (c.assigned_to, c.drawn_at, c.conversation_id)
    query = select(c.conversation_id, c.drawn_at).where(text(SECOND if second else FIRST), c.reason == reason)
    held = c.assigned_to.is_(None) if holder is None else c.assigned_to == holder
    return query.where(held).order_by(*order)


def _waits(reason: str, holder: str | None, second: bool, staff: str) -> list[ColumnElement[bool]]:
    c = samples.c
    conditions: list[Any] = [
        text(SECOND if second else FIRST),
        c.reason == reason,
        c.assigned_to.is_(None) if holder is None else c.assigned_to == holder,
    ]
    return [*conditions, or_(c.first_by < staff, c.first_by > staff)] if second else conditions


def _is_free() -> ColumnElement[bool]:
    """Whether nobody else has it open; of ``staff`` and ``open_since``."""
    c = samples.c
    return or_(
        c.opened_at.is_(None),
        c.opened_at <= bindparam("open_since", type_=Moment),
        c.opened_by == bindparam("staff", type_=String),
    )


async def _count(connection: AsyncConnection, some: Select[Any]) -> int:
    query = select(func.count()).select_from(some.limit(MOST_COUNTED).subquery())
    return int(await connection.scalar(query) or 0)
