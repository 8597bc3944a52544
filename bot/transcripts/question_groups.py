"""Unanswered questions by their meaning: which are grouped, and what a page shows of the groups."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, insert, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.transcripts.learning_tables import grouped, groups
from bot.transcripts.store import TranscriptStore
from bot.transcripts.tables import FALLBACK, messages

#: Questions of a group that its page shows.
EXAMPLES = 3

#: Where a page of groups ends: the size of the last one, and its id.
type GroupKey = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A question that the bot did not understand, masked."""

    message_id: str
    conversation_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Group:
    """Questions of one meaning, the one first that says it best; ``topic`` and ``section`` come nearest to it."""

    members: tuple[Unanswered, ...]
    topic: str | None
    section: str | None
    similarity: float


@dataclass(frozen=True, slots=True)
class Example:
    """One question of a group, masked."""

    message_id: str
    conversation_id: str
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group as the page shows it; ``counts`` are its questions that are still there, by language."""

    id: str
    size: int
    topic: str | None
    section: str | None
    similarity: float
    counts: Mapping[str, int]
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class GroupPage:
    """Some groups of a longer list, the largest first; ``made_at`` is None before the first grouping."""

    rows: tuple[GroupRow, ...]
    next_key: GroupKey | None
    made_at: datetime | None


class QuestionGroups:
    """The groups in the transcripts' database."""

    def __init__(self, store: TranscriptStore) -> None:
        self._database = store.database

    async def unanswered(self, since: datetime, limit: int) -> tuple[Unanswered, ...]:
        """What nobody had an answer for from ``since`` on (inclusive), the newest first."""
        m = messages.c
        query = (
            select(m.id, m.conversation_id, m.text)
            .where(text(FALLBACK), m.created_at >= since)
            .order_by(m.created_at.desc(), m.id.desc())
            .limit(limit)
        )
        async with self._database.connect() as connection:
            return tuple(Unanswered(*row) for row in await connection.execute(query))

    async def replace(self, found: Sequence[Group], now: datetime) -> int:
        """How many questions are now grouped; those erased meanwhile are left out.

        A group most of whose questions stood in groups that staff dismissed is dismissed too.
        """
        async with self._database.begin() as connection:
            dismissed = await _dismissed(connection)
            wanted = [member.message_id for group in found for member in group.members]
            kept = await _present(connection, wanted)
            await connection.execute(delete(groups))
            count = 0
            for group in found:
                members = [member for member in group.members if member.message_id in kept]
                if not members:
                    continue
                count += len(members)
                by = Counter(dismissed[m.message_id] for m in members if m.message_id in dismissed)
                is_dismissed = 2 * by.total() > len(members)
                id = secrets.token_hex(16)
                await connection.execute(
                    insert(groups).values(
                        id=id,
                        made_at=now,
                        size=len(members),
                        topic=group.topic,
                        section=group.section,
                        similarity=group.similarity,
                        dismissed_by=by.most_common(1)[0][0] if is_dismissed else None,
                        dismissed_at=now if is_dismissed else None,
                    )
                )
                rows = [
                    {
                        "message_id": m.message_id,
                        "conversation_id": m.conversation_id,
                        "group_id": id,
                        "place": place,
                    }
                    for place, m in enumerate(members)
                ]
                await connection.execute(insert(grouped), rows)
            return count

    async def page(
        self, limit: int, before: GroupKey | None = None, *, least: int = 2, dismissed: bool = False
    ) -> GroupPage:
        """Groups of at least ``least`` questions, those that staff dismissed or the others."""
        g = groups.c
        mark = g.dismissed_at.is_not(None) if dismissed else g.dismissed_at.is_(None)
        query = (
            select(g.id, g.size, g.topic, g.section, g.similarity)
            .where(mark, g.size >= least)
            .order_by(g.size.desc(), g.id.desc())
            .limit(limit + 1)
        )
        if before is not None:
            query = query.where(tuple_(g.size, g.id) < before)
        async with self._database.connect() as connection:
            made_at = await connection.scalar(select(func.max(g.made_at)))
            found = (await connection.execute(query)).all()
            ids = [row.id for row in found[:limit]]
            counts, examples = await _counts(connection, ids), await _examples(connection, ids)
        last = found[limit - 1] if len(found) > limit else None
        rows = tuple(
            GroupRow(*row, counts=counts[row.id], examples=tuple(examples[row.id]))
            for row in found[:limit]
            if examples[row.id]
        )
        return GroupPage(rows, None if last is None else (last.size, last.id), made_at)

    async def mark(self, group_id: str, staff_id: str, now: datetime, *, dismissed: bool) -> bool:
        """Whether the group was there and not so already; it is now dismissed, or brought back."""
        as_it_was = groups.c.dismissed_at.is_(None) if dismissed else groups.c.dismissed_at.is_not(None)
        values = (staff_id, now) if dismissed else (None, None)
        query = update(groups).where(groups.c.id == group_id, as_it_was)
        async with self._database.begin() as connection:
            done = await connection.execute(query.values(dismissed_by=values[0], dismissed_at=values[1]))
            return done.rowcount == 1


async def _dismissed(connection: AsyncConnection) -> dict[str, str]:
    """Who dismissed a question, by the question."""
    query = (
        select(grouped.c.message_id, groups.c.dismissed_by)
        .join(groups, groups.c.id == grouped.c.group_id)
        .where(groups.c.dismissed_at.is_not(None))
    )
    return {row.message_id: row.dismissed_by for row in await connection.execute(query)}


async def _present(connection: AsyncConnection, ids: Sequence[str]) -> frozenset[str]:
    """Those of these messages that nobody has erased."""
    found: set[str] = set()
    for part in _parts(ids):
        found.update(await connection.scalars(select(messages.c.id).where(messages.c.id.in_(part))))
    return frozenset(found)


async def _counts(connection: AsyncConnection, ids: Sequence[str]) -> dict[str, dict[str, int]]:
    query = (
        select(grouped.c.group_id, messages.c.language, func.count())
        .join(messages, messages.c.id == grouped.c.message_id)
        .where(grouped.c.group_id.in_(ids))
        .group_by(grouped.c.group_id, messages.c.language)
        .order_by(messages.c.language)
    )
    counts: dict[str, dict[str, int]] = {id: {} for id in ids}
    for id, language, count in await connection.execute(query):
        counts[id][language] = count
    return counts


async def _examples(connection: AsyncConnection, ids: Sequence[str]) -> dict[str, list[Example]]:
    """The first questions of each group that are still there."""
    number = func.row_number().over(partition_by=grouped.c.group_id, order_by=grouped.c.place)
    ranked = select(grouped.c.message_id, grouped.c.group_id, number.label("number"))
    first = ranked.where(grouped.c.group_id.in_(ids)).subquery()
    query = (
        select(
            first.c.group_id, messages.c.id, messages.c.conversation_id, messages.c.language, messages.c.text
        )
        .join(messages, messages.c.id == first.c.message_id)
        .where(first.c.number <= EXAMPLES)
        .order_by(first.c.group_id, first.c.number)
    )
    examples: dict[str, list[Example]] = {id: [] for id in ids}
    for id, *shown in await connection.execute(query):
        examples[id].append(Example(*shown))
    return examples


def _parts(ids: Sequence[str], size: int = 500) -> Iterable[Sequence[str]]:
    """Pieces that both databases take as the values of one query."""
    return (ids[start : start + size] for start in range(0, len(ids), size))
