"""Judging: what is drawn for it, who reads what next, and what they think of it.

Every method may raise ``sqlalchemy.exc.SQLAlchemyError``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.transcripts import judging_draw, judging_queue, judging_writing
from bot.transcripts.judging_records import (
    RUBRIC,
    Agreement,
    Judgement,
    Opinion,
    Sample,
    Stands,
    TurnJudgement,
    Waiting,
    agreement_of,
)
from bot.transcripts.judging_tables import judgements, samples, turn_judgements
from bot.transcripts.listing import Head
from bot.transcripts.sealing import Unreadable
from bot.transcripts.store import Noted, TranscriptStore
from bot.transcripts.tables import conversations

__all__ = ["Agreement", "Judgement", "Judging", "Opinion", "Sample", "Stands", "TurnJudgement", "Waiting"]


class Judging:
    """What staff judge; behind the same database and keys as the store."""

    def __init__(self, store: TranscriptStore) -> None:
        self._store = store
        self._database = store.database

    # What is to be judged.

    async def draw(self, key: bytes, now: datetime, most: int = judging_draw.MOST) -> int:
        """Draws from the conversations that are over, and tells how many of them it looked at, about ``most``.

        It goes on where it stopped, and may run twice at once. ``key`` is that of ``judging_draw.sampling_key``.
        """
        return await judging_draw.draw(self._store, key, now, most)

    async def queue(self, staff: str, now: datetime) -> Waiting | None:
        """What this member of staff should judge next; None when nothing waits for them."""
        async with self._database.connect() as connection:
            return await judging_queue.next_of(connection, staff, now)

    async def take(self, staff: str, now: datetime) -> Waiting | None:
        """As ``queue``; others do not get it for a quarter of an hour."""
        return await judging_queue.take(self._store, staff, now)

    async def skip(self, conversation_id: str, staff: str, now: datetime) -> None:
        """Puts a drawn conversation aside for this member of staff, for half a day."""
        await judging_queue.skip(self._store, conversation_id, staff, now)

    async def counts(self, staff: str) -> Mapping[str, Mapping[str, int]]:
        """What waits for somebody, by reason: see ``judging_queue.counts``."""
        async with self._database.connect() as connection:
            return await judging_queue.counts(connection, staff)

    async def assigned(self) -> Mapping[str, int]:
        """How many wait for those to whom they were given."""
        async with self._database.connect() as connection:
            return await judging_queue.assigned(connection)

    async def assign(self, conversation_id: str, staff: str | None) -> bool:
        """Gives what waits to somebody, or with None to nobody; False where none of it waits for them."""
        async with self._database.begin() as connection:
            return await judging_queue.assign(connection, conversation_id, staff)

    async def share(self, staff: Sequence[str], each: int, now: datetime) -> Mapping[str, int]:
        """How many each of these got of what nobody has, up to ``each``."""
        async with self._database.begin() as connection:
            return await judging_queue.share(connection, staff, each, now)

    async def release(self, staff: str) -> int:
        """How many that this member of staff had are free again."""
        async with self._database.begin() as connection:
            return await judging_queue.release(connection, staff)

    # What they think.

    async def judge(
        self,
        conversation_id: str,
        staff: str,
        opinion: Opinion,
        now: datetime,
        noted: Noted | None = None,
    ) -> bool:
        """Keeps what somebody thinks, in place of what they thought before; False when the conversation is gone.

        The conversation is then reviewed; "urgent" also puts it among the urgent, unless somebody dealt with it. A
        note is kept only with a key. ``noted`` comes last in the same transaction, if something was kept.
        """
        return await judging_writing.judge(self._store, conversation_id, staff, opinion, now, noted)

    async def judge_turn(self, conversation_id: str, staff: str, turn: TurnJudgement, now: datetime) -> bool:
        """Labels one of the bot's messages; False when it is not there."""
        return await judging_writing.judge_turn(self._store, conversation_id, staff, turn, now)

    async def unjudge_turn(self, message_id: str, staff: str) -> bool:
        """Takes the label off that this member of staff put on."""
        c = turn_judgements.c
        async with self._database.begin() as connection:
            gone = await connection.execute(
                delete(turn_judgements).where(c.message_id == message_id, c.staff_id == staff)
            )
            return gone.rowcount == 1

    async def undo(self, conversation_id: str, staff: str, now: datetime) -> Judgement | None:
        """What somebody thought, which is as if it had never been said; None when there was nothing."""
        was = next((one for one in await self.of(conversation_id) if one.staff_id == staff), None)
        if was is None or not await judging_writing.undo(self._store, conversation_id, staff, now):
            return None
        return was

    async def of(self, conversation_id: str) -> tuple[Judgement, ...]:
        """What everybody thinks of a conversation, the first reader first."""
        async with self._database.connect() as connection:
            return await self._judgements(connection, conversation_id)

    async def stands(self, conversation_id: str, staff: str, since: datetime) -> Stands:
        """What this member of staff thinks of a conversation, how it is drawn, and what ``last`` tells."""
        async with self._database.connect() as connection:
            mine = await self._judgements(connection, conversation_id, staff)
            return Stands(
                mine[0] if mine else None,
                await _sample(connection, conversation_id),
                await _last(connection, staff, since),
            )

    async def sample(self, conversation_id: str) -> Sample | None:
        """How a conversation stands if it is drawn."""
        async with self._database.connect() as connection:
            return await _sample(connection, conversation_id)

    async def last(self, staff: str, since: datetime) -> tuple[str, str] | None:
        """The id and verdict of what somebody judged last, if it was since (inclusive)."""
        async with self._database.connect() as connection:
            return await _last(connection, staff, since)

    async def judged(self, staff: str, since: datetime) -> Mapping[str, int]:
        """How many somebody has judged since (inclusive), by verdict."""
        c = judgements.c
        query = (
            select(c.verdict, func.count().label("many"))
            .where(c.staff_id == staff, c.judged_at >= since)
            .group_by(c.verdict)
        )
        async with self._database.connect() as connection:
            return {row.verdict: row.many for row in await connection.execute(query)}

    async def agreement(self, since: datetime) -> tuple[Agreement, ...]:
        """How far first and second readers agree in each language, over second readings since (inclusive)."""
        first, other = judgements.alias("first"), judgements.alias("other")
        query = (
            select(
                conversations.c.language,
                first.c.verdict.label("one"),
                other.c.verdict.label("two"),
                func.count().label("many"),
            )
            .select_from(other)
            .join(first, first.c.conversation_id == other.c.conversation_id)
            .join(conversations, conversations.c.id == other.c.conversation_id)
            .where(other.c.judged_at >= since, other.c.reader == 2, first.c.reader == 1)
            .group_by(conversations.c.language, first.c.verdict, other.c.verdict)
        )
        counted: dict[str, dict[tuple[str, str], int]] = {}
        async with self._database.connect() as connection:
            for row in await connection.execute(query):
                counted.setdefault(row.language, {})[row.one, row.two] = row.many
        return tuple(agreement_of(language, counted[language]) for language in sorted(counted))

    async def _judgements(
        self, connection: AsyncConnection, conversation_id: str, staff: str | None = None
    ) -> tuple[Judgement, ...]:
        """What everybody, or this member of staff, thinks of a conversation, the first reader first."""
        c, t = judgements.c, turn_judgements.c
        query = select(judgements).where(c.conversation_id == conversation_id)
        if staff is not None:
            query = query.where(c.staff_id == staff)
        heads = (await connection.execute(query.order_by(c.reader, c.judged_at))).all()
        if not heads:
            return ()
        turns = await connection.execute(
            select(turn_judgements)
            .where(t.conversation_id == conversation_id)
            .order_by(t.judged_at, t.message_id)
        )
        by_staff: dict[str, list[TurnJudgement]] = {}
        for row in turns:
            by_staff.setdefault(row.staff_id, []).append(
                TurnJudgement(row.message_id, row.label, row.right_topic, row.right_section)
            )
        return tuple(self._judgement(head, tuple(by_staff.get(head.staff_id, ()))) for head in heads)

    def _judgement(self, row: Head, turns: tuple[TurnJudgement, ...]) -> Judgement:
        note, closed = None, False
        try:
            place = judging_writing.place_of(row.conversation_id, row.staff_id)
            note = self._store.seal.open(row.note, judging_writing.NOTE, place)
        except Unreadable:
            closed = True
        return Judgement(
            conversation_id=row.conversation_id,
            staff_id=row.staff_id,
            reader=row.reader,
            verdict=row.verdict,
            rubric={name: row._mapping[name] for name in RUBRIC if row._mapping[name]},
            note=note,
            judged_at=row.judged_at,
            turns=turns,
            unreadable=closed,
            labels=row.labels or {},
        )


async def _sample(connection: AsyncConnection, conversation_id: str) -> Sample | None:
    c = samples.c
    query = select(c.reason, c.second, c.assigned_to, c.done_at, c.second_done_at, c.first_by)
    row = (await connection.execute(query.where(c.conversation_id == conversation_id))).one_or_none()
    return None if row is None else Sample(**row._mapping)


async def _last(connection: AsyncConnection, staff: str, since: datetime) -> tuple[str, str] | None:
    c = judgements.c
    query = (
        select(c.conversation_id, c.verdict)
        .where(c.staff_id == staff, c.judged_at >= since)
        .order_by(c.judged_at.desc())
    )
    row = (await connection.execute(query.limit(1))).one_or_none()
    return None if row is None else (row.conversation_id, row.verdict)
