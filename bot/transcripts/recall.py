"""Who was told a value of the law other than the one in force: what staff correct when a fee or a rule changes.

Values are compared as they were told: "$102", "150 días". A person who heard several that are over is found once, by
the last of them. Each value has its own place in the index, so that what was told of the value in force, which is
nearly everything, is never read.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Row, Select, column, func, select, table, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.transcripts.listing import after
from bot.transcripts.records import Key, Page
from bot.transcripts.rows import written_value
from bot.transcripts.store import TranscriptStore
from bot.transcripts.tables import conversations, told

#: What is told where the law has no value any more; it can be heard like any other.
ENDED = ""
#: No queue is counted further.
MOST_COUNTED = 1_000

_bookings = table("bookings", *map(column, ("id", "conversation_id", "created_at", "state")))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whom to find: those who were told another value of ``parameter`` than those ``in_force``.

    ``in_force`` holds the value in every language, ``ENDED`` where there is none. ``since`` (inclusive) and ``until``
    (exclusive) are about when it was told; ``only`` narrows it to some old values, None takes them all. ``heard``:
    those who have been told the value in force since then, and not the others.
    """

    parameter: str
    in_force: frozenset[str]
    since: datetime | None = None
    until: datetime | None = None
    only: frozenset[str] | None = None
    heard: bool = False


@dataclass(frozen=True, slots=True)
class Affected:
    """A conversation in which an old value was told: the last one, by which message and when.

    ``heard_at``: when the value in force was told last, after it. ``booking`` is the newest request for a consultation
    that was not cancelled, where the person left a way to reach them.
    """

    conversation_id: str
    message_id: str
    told_at: datetime
    value: str
    channel: str
    language: str
    claimed_by: str | None
    heard_at: datetime | None
    booking: str | None = None


class Recall:
    """Finds what was told. Every method may raise ``sqlalchemy.exc.SQLAlchemyError``."""

    def __init__(self, store: TranscriptStore) -> None:
        self._database = store.database

    async def values(self, parameter: str) -> tuple[str, ...]:
        """Every value of the parameter that is kept as told; goes from one to the next in the index."""
        async with self._database.connect() as connection:
            return await _values(connection, parameter)

    async def affected(self, wanted: Wanted, limit: int = 50, before: Key | None = None) -> Page[Affected]:
        """The conversations, the one told last first; ``before`` is the ``next_key`` of the page above."""
        async with self._database.connect() as connection:
            old = await _old(connection, wanted)
            runs = [
                (await connection.execute(_in_order(_found(wanted, old, value), before, limit + 1))).all()
                for value in old
            ]
            found = list(heapq.merge(*runs, key=_key, reverse=True))[: limit + 1]
            booked = await _booked(connection, [row.conversation_id for row in found[:limit]])
        rows = tuple(
            Affected(**row._mapping, booking=booked.get(row.conversation_id)) for row in found[:limit]
        )
        return Page(rows, _key(found[limit - 1]) if len(found) > limit else None)

    async def requests(self, conversation_ids: Collection[str]) -> dict[str, str]:
        """The newest request for a consultation that was not cancelled, by the conversations that have one."""
        async with self._database.connect() as connection:
            return await _booked(connection, conversation_ids)

    async def count(self, wanted: Wanted, most: int = MOST_COUNTED) -> int:
        """How many conversations there are, counted no further than ``most``."""
        total = 0
        async with self._database.connect() as connection:
            old = await _old(connection, wanted)
            for value in old:
                # Read as a page is and counted here: PostgreSQL, which plans it once for any value, would count by
                # reading all that was ever told.
                some = _in_order(_found(wanted, old, value), None, most - total)
                total += len((await connection.execute(some)).all())
                if total >= most:
                    break
        return total


def in_force(values: Iterable[str]) -> frozenset[str]:
    """The value in force in every language, as ``told`` keeps it; none of them where it has ended."""
    return frozenset(map(written_value, values)) or frozenset({ENDED})


def heard_since(
    conversation_id: ColumnElement[str], wanted: Wanted, moment: ColumnElement[Any], *, apart_from: str = ""
) -> Select[Any]:
    """A query for when the value in force was told in a conversation after a moment, by other messages than one."""
    heard = told.alias("heard")
    query = select(heard.c.told_at).where(
        heard.c.conversation_id == conversation_id,
        _read(heard.c.parameter) == wanted.parameter,
        heard.c.value.in_(sorted(wanted.in_force)),
        heard.c.told_at > moment,
    )
    return query.where(heard.c.message_id != apart_from) if apart_from else query


async def _values(connection: AsyncConnection, parameter: str) -> tuple[str, ...]:
    of_it = told.c.parameter == parameter
    first = select(func.min(told.c.value).label("value")).where(of_it).cte("told_values", recursive=True)
    following = select(func.min(told.c.value)).where(of_it, told.c.value > first.c.value)
    found = first.union_all(select(following.scalar_subquery()).where(first.c.value.is_not(None)))
    rows = await connection.execute(select(found.c.value).where(found.c.value.is_not(None)))
    return tuple(rows.scalars())


async def _old(connection: AsyncConnection, wanted: Wanted) -> tuple[str, ...]:
    """The values that are over, of those that were told."""
    return tuple(
        value
        for value in await _values(connection, wanted.parameter)
        if value not in wanted.in_force and (wanted.only is None or value in wanted.only)
    )


def _found(wanted: Wanted, old: Sequence[str], value: str) -> Select[Any]:
    """Where ``value`` was the last of the ``old`` ones that a conversation was told."""
    last, later = told.alias("last"), told.alias("later")
    conditions = [last.c.parameter == wanted.parameter, last.c.value == value, *_within(wanted, last)]
    # As a value and not as EXISTS, which PostgreSQL may answer by reading all that was ever told.
    told_again = (
        select(later.c.message_id)
        .where(
            later.c.conversation_id == last.c.conversation_id,
            _read(later.c.parameter) == wanted.parameter,
            later.c.value.in_(old),
            tuple_(later.c.told_at, later.c.message_id) > tuple_(last.c.told_at, last.c.message_id),
            *_within(wanted, later),
        )
        .limit(1)
        .scalar_subquery()
    )
    heard = heard_since(last.c.conversation_id, wanted, last.c.told_at)
    once = heard.limit(1).scalar_subquery()
    newest = heard.with_only_columns(func.max(heard.selected_columns.told_at)).scalar_subquery()
    return (
        select(
            last.c.conversation_id,
            last.c.message_id,
            last.c.told_at,
            last.c.value,
            conversations.c.channel,
            conversations.c.language,
            conversations.c.claimed_by,
            newest.label("heard_at"),
        )
        .join(conversations, conversations.c.id == last.c.conversation_id)
        .where(*conditions, told_again.is_(None), once.is_not(None) if wanted.heard else once.is_(None))
    )


def _read(column: ColumnElement[str]) -> ColumnElement[str]:
    """The column for a comparison that no index serves: a database then takes the index of the conversation, which has
    a few rows, and not that of the parameter, which has most of them."""
    return column.concat("")


def _within(wanted: Wanted, of: FromClause) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.since is not None:
        found.append(of.c.told_at >= wanted.since)
    if wanted.until is not None:
        found.append(of.c.told_at < wanted.until)
    return found


def _in_order(query: Select[Any], before: Key | None, limit: int) -> Select[Any]:
    columns = query.selected_columns
    if before is not None:
        query = query.where(after((columns.told_at, columns.message_id), before))
    return query.order_by(columns.told_at.desc(), columns.message_id.desc()).limit(limit)


def _key(row: Row[Any]) -> Key:
    return row.told_at, row.message_id


async def _booked(connection: AsyncConnection, ids: Collection[str]) -> dict[str, str]:
    """The newest open request of each conversation that has one."""
    rows = await connection.execute(
        select(_bookings.c.conversation_id, _bookings.c.id)
        .where(_bookings.c.conversation_id.in_(ids), _bookings.c.state != "cancelled")
        .order_by(_bookings.c.created_at)
    )
    return {row.conversation_id: row.id for row in rows}
