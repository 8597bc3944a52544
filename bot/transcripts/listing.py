"""Which conversations staff see in a list, page by page, and what a row shows of each.

No query goes through the whole table. A search first looks through the newest conversations themselves, which fills the
page when the words are common. If it does not, the words are looked up in the index and what is found is sorted, unless
too many have them: then it goes on through the conversations, but no further than ``FARTHEST`` for one page, which may
then hold fewer rows than asked for although there are more behind its ``next_key``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    TextClause,
    column,
    exists,
    func,
    literal,
    or_,
    select,
    table,
    text,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.transcripts import records, words
from bot.transcripts.judging_tables import judgements
from bot.transcripts.records import Filter, Key, Page
from bot.transcripts.tables import (
    CLAIMED,
    HELD,
    OF_STAFF,
    OF_VISITOR,
    REVIEWED,
    UNREVIEWED,
    Moment,
    conversations,
    labels,
    messages,
)

type Head = Row[*tuple[Any, ...]]

#: What this many messages or conversations have is still looked up and sorted.
FEW = 5_000
#: How many conversations are looked through, step by step, before the index is asked; and after that.
_NEWEST = (100, 400)
_FURTHER = (2_000,)
#: How many of them for one page.
FARTHEST = sum((*_NEWEST, *_FURTHER))
_OPENING = 120

_bookings = table("bookings", column("conversation_id"), column("created_at"), column("delivery"))
_HEAD = (
    conversations.c.id,
    conversations.c.channel,
    conversations.c.language,
    conversations.c.created_at,
    conversations.c.last_at,
    conversations.c.topic,
    conversations.c.outcome,
    conversations.c.urgency,
    conversations.c.urgent_at,
    conversations.c.human_at,
    conversations.c.claimed_by,
    conversations.c.reviewed_at,
    conversations.c.reviewed_by,
    conversations.c.hold_at,
)


async def page(
    connection: AsyncConnection, found: Filter, limit: int, before: Key | None
) -> Page[records.Row]:
    """Conversations, the one with the newest message first."""
    search = words.search_of(found.text)
    if found.text.strip() and search is None:
        return Page((), None)
    conditions = _conditions(found)
    for name, having in _HAVING.items():
        if value := getattr(found, name):
            conditions.append(await _of_those(connection, having, value))
    if search is None:
        return await _sorted(connection, conditions, limit, before)
    walk = _Walk(connection, conditions, search, limit, before)
    if not await walk.fills(_NEWEST) and not walk.ended:
        if await words.are_few(connection, search, FEW):
            conditions.append(await words.found(connection, search, conversations.c.number))
            return await _sorted(connection, conditions, limit, before)
        await walk.fills(_FURTHER)
    return Page(await rows(connection, await _heads_of(connection, walk.found)), walk.next_key)


async def rows(connection: AsyncConnection, heads: Sequence[Head]) -> tuple[records.Row, ...]:
    """What a list shows of these conversations, in their order."""
    ids = [head.id for head in heads]
    if not ids:
        return ()
    turns, first = await _visitors(connection, ids)
    openings = await _openings(connection, first)
    return await _rows(connection, heads, turns, openings)


async def row_of(connection: AsyncConnection, head: Head, lines: Sequence[Head]) -> records.Row:
    """As ``rows``, of one whole conversation: its row, and those of all its messages in order."""
    said = [line for line in lines if line.author == "visitor"]
    first = next((line for line in said if line.kind == "text"), said[0] if said else None)
    opening = {} if first is None else {head.id: first.text[:_OPENING]}
    (row,) = await _rows(connection, [head], Counter({head.id: len(said)}), opening)
    return row


async def _rows(
    connection: AsyncConnection, heads: Sequence[Head], turns: Counter[str], openings: Mapping[str, str]
) -> tuple[records.Row, ...]:
    ids = [head.id for head in heads]
    marked: dict[str, list[str]] = {}
    for label in await connection.execute(
        select(labels).where(labels.c.conversation_id.in_(ids)).order_by(labels.c.label)
    ):
        marked.setdefault(label.conversation_id, []).append(label.label)
    booked = await connection.execute(
        select(_bookings.c.conversation_id, _bookings.c.delivery)
        .where(_bookings.c.conversation_id.in_(ids))
        .order_by(_bookings.c.created_at)
    )
    deliveries = {row.conversation_id: row.delivery for row in booked}
    return tuple(
        records.Row(
            **{column.name: head._mapping[column.name] for column in _HEAD if column.name != "hold_at"},
            held=head.hold_at is not None,
            turns=turns[head.id],
            labels=tuple(marked.get(head.id, ())),
            booking=deliveries.get(head.id),
            opening=openings.get(head.id, ""),
        )
        for head in heads
    )


def heads_of(condition: ColumnElement[bool] | TextClause) -> Select[Any]:
    """A query for what ``rows`` takes."""
    return select(*_HEAD).where(condition)


async def topics(connection: AsyncConnection) -> tuple[str, ...]:
    """The topics that occur; goes from one to the next in the index."""
    first = select(func.min(conversations.c.topic).label("topic")).cte("topics", recursive=True)
    following = select(func.min(conversations.c.topic)).where(conversations.c.topic > first.c.topic)
    found = first.union_all(select(following.scalar_subquery()).where(first.c.topic.is_not(None)))
    rows = await connection.execute(select(found.c.topic).where(found.c.topic.is_not(None)))
    return tuple(rows.scalars())


def after(columns: tuple[ColumnElement[Any], ColumnElement[Any]], key: Key) -> ColumnElement[bool]:
    """Whether a row comes after the key, where the newest come first."""
    return tuple_(*columns) < tuple_(literal(key[0], Moment), literal(key[1]))


def _conditions(found: Filter) -> list[Any]:
    c = conversations.c
    conditions: list[Any] = [
        column == value
        for column, value in (
            (c.channel, found.channel),
            (c.language, found.language),
            (c.topic, found.topic),
            (c.outcome, found.outcome),
            (c.urgency, found.urgency),
        )
        if value
    ]
    if found.staff:
        # The index of claimed ones is used only when the query says its condition.
        conditions += [c.claimed_by == found.staff, text(CLAIMED)]
    if found.since is not None:
        conditions.append(c.last_at >= found.since)
    if found.until is not None:
        conditions.append(c.last_at < found.until)
    if found.reviewed is not None:
        conditions.append(text(REVIEWED if found.reviewed else UNREVIEWED))
    if found.held is not None:
        conditions.append(text(HELD) if found.held else c.hold_at.is_(None))
    return conditions


async def _of_those(
    connection: AsyncConnection, having: Sequence[_Having], value: str
) -> ColumnElement[bool]:
    """Whether a conversation is one of those that have something elsewhere: looked up when they are few, else asked of
    each conversation in the order of the list, where many of them cannot be far away."""
    count = 0
    for one in having:
        some = one.ids(value).limit(FEW + 1).subquery()
        count += int(await connection.scalar(select(func.count()).select_from(some)) or 0)
    if count <= FEW:
        ids = (
            having[0].ids(value).union(*(one.ids(value) for one in having[1:]))
            if having[1:]
            else having[0].ids(value)
        )
        return conversations.c.id.in_(ids)
    return or_(*(one.holds(value) for one in having))


@dataclass(frozen=True, slots=True)
class _Having:
    """Something that conversations have in another table, or in a column without an index in the order of the list."""

    id: ColumnElement[str]
    column: ColumnElement[Any]
    #: The condition of the index over it, which is used only when the query says it.
    condition: str = ""

    def ids(self, value: str) -> Select[Any]:
        return select(self.id).where(self.column == value, *self._conditions())

    def holds(self, value: str) -> ColumnElement[bool]:
        if self.id is conversations.c.id:
            return self.column == value
        return exists().where(self.column == value, self.id == conversations.c.id, *self._conditions())

    def _conditions(self) -> tuple[TextClause, ...]:
        return (text(self.condition),) if self.condition else ()


_HAVING = {
    "label": (_Having(labels.c.conversation_id, labels.c.label),),
    "reviewer": (
        _Having(conversations.c.id, conversations.c.reviewed_by, REVIEWED),
        _Having(judgements.c.conversation_id, judgements.c.staff_id),
    ),
    "writer": (_Having(messages.c.conversation_id, messages.c.staff_id, OF_STAFF),),
}


async def _sorted(
    connection: AsyncConnection, conditions: Iterable[Any], limit: int, before: Key | None
) -> Page[records.Row]:
    query = _in_order(select(*_HEAD).where(*conditions), before).limit(limit + 1)
    heads = (await connection.execute(query)).all()
    last = heads[limit - 1] if len(heads) > limit else None
    return Page(await rows(connection, heads[:limit]), None if last is None else (last.last_at, last.id))


def _in_order(query: Select[Any], before: Key | None) -> Select[Any]:
    if before is not None:
        query = query.where(after((conversations.c.last_at, conversations.c.id), before))
    return query.order_by(conversations.c.last_at.desc(), conversations.c.id.desc())


async def _heads_of(connection: AsyncConnection, keys: Sequence[Key]) -> Sequence[Head]:
    ids = [id for _, id in keys]
    query = _in_order(select(*_HEAD).where(conversations.c.id.in_(ids)), None)
    found: Sequence[Head] = (await connection.execute(query)).all()
    return found


class _Walk:
    """Goes through conversations from the newest on and collects those that have the words."""

    def __init__(
        self,
        connection: AsyncConnection,
        conditions: Sequence[Any],
        search: words.Search,
        limit: int,
        before: Key | None,
    ) -> None:
        self._connection = connection
        self._candidates = select(conversations.c.id, conversations.c.last_at, conversations.c.number).where(
            *conditions
        )
        self._search = search
        self._limit = limit
        self.found: list[Key] = []
        self.ended = False
        #: Where to go on: None when there is nothing more.
        self.next_key = before

    async def fills(self, steps: Iterable[int]) -> bool:
        """Whether the page is full, or everything was looked through, after so many more conversations."""
        for step in steps:
            near = _in_order(self._candidates, self.next_key).limit(step).subquery()
            has_words = words.has_words(self._search, near.c.number, self._connection)
            query = select(near.c.last_at, near.c.id, has_words.label("has"))
            looked_at = (
                await self._connection.execute(query.order_by(near.c.last_at.desc(), near.c.id.desc()))
            ).all()
            for row in looked_at:
                if row.has and len(self.found) == self._limit:
                    self.next_key = self.found[-1]
                    return True
                self.next_key = (row.last_at, row.id)
                if row.has:
                    self.found.append(self.next_key)
            if len(looked_at) < step:
                self.ended, self.next_key = True, None
                return True
        return False


async def _visitors(
    connection: AsyncConnection, ids: Sequence[str]
) -> tuple[Counter[str], dict[str, tuple[bool, str]]]:
    """How often the visitor said something; and the id of the first typed message, else of the first choice."""
    turns: Counter[str] = Counter()
    first: dict[str, tuple[bool, str]] = {}
    query = (
        select(messages.c.conversation_id, messages.c.kind, messages.c.id)
        .where(messages.c.conversation_id.in_(ids), text(OF_VISITOR))
        .order_by(messages.c.conversation_id, messages.c.seq)
    )
    for row in await connection.execute(query):
        turns[row.conversation_id] += 1
        typed = row.kind == "text"
        if row.conversation_id not in first or (typed and not first[row.conversation_id][0]):
            first[row.conversation_id] = (typed, row.id)
    return turns, first


async def _openings(connection: AsyncConnection, first: Mapping[str, tuple[bool, str]]) -> dict[str, str]:
    beginning = func.substr(messages.c.text, 1, _OPENING).label("beginning")
    query = select(messages.c.conversation_id, beginning).where(
        messages.c.id.in_([id for _, id in first.values()])
    )
    return {row.conversation_id: row.beginning for row in await connection.execute(query)}
