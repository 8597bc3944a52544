"""What waits for staff: urgent conversations, turns that went badly, alarms. Each queue has an index of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from sqlalchemy import Select, column, func, literal, literal_column, or_, select, text, tuple_
from sqlalchemy import table as table_named
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.transcripts.listing import Head, after, heads_of, rows
from bot.transcripts.records import AlarmRecord, Key, Page, Place, TurnRow, Waiting
from bot.transcripts.records import Row as ConversationRow
from bot.transcripts.tables import (
    CLAIMED,
    DISLIKED,
    UNSEEN,
    UNSETTLED,
    URGENT,
    Moment,
    alarms,
    conversations,
    messages,
)

#: No queue is counted further.
MOST_COUNTED = 1_000
_SAID = 200
_QUEUES = {"look": UNSEEN, "down": DISLIKED}
#: What is asked of the tables of requests and of WhatsApp.
_bookings = table_named("bookings", *map(column, ("id", "reference", "conversation_id", "created_at")))
_earlier = table_named("wa_earlier", *map(column, ("conversation_id", "person_id")))
_people = table_named("wa_people", *map(column, ("id", "conversation_id")))


async def urgent(connection: AsyncConnection, limit: int, before: Place | None) -> Waiting[ConversationRow]:
    """Conversations that are urgent since the last time somebody of the firm dealt with them.

    Emergencies first (the names of the levels happen to say so), those that wait longest first.
    """
    order = (conversations.c.urgency, conversations.c.urgent_at, conversations.c.id)
    query = heads_of(text(URGENT)).order_by(*order).limit(limit + 1)
    if before is not None:
        level, since, id = before
        query = query.where(tuple_(*order) > tuple_(literal(level), literal(since, Moment), literal(id)))
    heads = (await connection.execute(query)).all()
    last = heads[limit - 1] if len(heads) > limit else None
    return Waiting(
        await rows(connection, heads[:limit]),
        None if last is None else (last.urgency, last.urgent_at, last.id),
    )


async def turns(
    connection: AsyncConnection, which: Literal["look", "down"], limit: int, before: Key | None
) -> Page[TurnRow]:
    """Messages that nobody has looked at yet, the newest first."""
    marked = (
        select(
            messages.c.conversation_id,
            messages.c.id,
            messages.c.created_at,
            messages.c.author,
            messages.c.text,
            messages.c.intent,
            messages.c.confidence,
            messages.c.look,
            messages.c.rating,
            messages.c.reply_to,
            messages.c.language,
            conversations.c.channel,
        )
        .join(conversations, conversations.c.id == messages.c.conversation_id)
        .where(text(f"messages.{_QUEUES[which].replace(' AND ', ' AND messages.')}"))
        .order_by(messages.c.created_at.desc(), messages.c.id.desc())
        .limit(limit + 1)
    )
    if before is not None:
        marked = marked.where(after((messages.c.created_at, messages.c.id), before))
    found = (await connection.execute(marked)).all()
    shown = found[:limit]
    asked, answers = await _other_halves(connection, shown)
    last = shown[-1] if len(found) > limit else None
    return Page(
        tuple(_turn(row, asked, answers) for row in shown),
        None if last is None else (last.created_at, last.id),
    )


async def counts(connection: AsyncConnection) -> Mapping[str, int]:
    """How much waits in each queue, counted no further than ``MOST_COUNTED``."""
    found = {}
    for name, table, condition in (
        ("urgent", conversations, URGENT),
        ("look", messages, UNSEEN),
        ("down", messages, DISLIKED),
        ("alarms", alarms, UNSETTLED),
        ("claimed", conversations, CLAIMED),
    ):
        some: Select[Any] = (
            select(literal_column("1")).select_from(table).where(text(condition)).limit(MOST_COUNTED)
        )
        count = await connection.scalar(select(func.count()).select_from(some.subquery()))
        found[name] = int(count or 0)
    return found


def request_of(alarm: AlarmRecord) -> Select[Any]:
    """The request that an alarm is about, held until the end of the transaction: the one that it names, else the
    newest of its person."""
    b, e, p = _bookings.c, _earlier.c, _people.c
    left = (
        select(e.conversation_id)
        .join_from(_earlier, _people, p.id == e.person_id)
        .where(p.conversation_id == alarm.conversation_id)
    )
    theirs = or_(b.conversation_id == alarm.conversation_id, b.conversation_id.in_(left))
    return (
        select(b.id, b.reference)
        .where(theirs if alarm.request_id is None else b.id == alarm.request_id)
        .order_by(b.created_at.desc(), b.id.desc())
        .limit(1)
        .with_for_update(read=True)
    )


async def open_alarms(connection: AsyncConnection, limit: int, before: Key | None) -> Page[AlarmRecord]:
    """Alarms that nobody has settled, the newest first."""
    query = (
        select(alarms)
        .where(text(UNSETTLED))
        .order_by(alarms.c.created_at.desc(), alarms.c.id.desc())
        .limit(limit + 1)
    )
    if before is not None:
        query = query.where(after((alarms.c.created_at, alarms.c.id), before))
    found = (await connection.execute(query)).all()
    shown = tuple(AlarmRecord(**row._mapping) for row in found[:limit])
    return Page(shown, (shown[-1].created_at, shown[-1].id) if len(found) > limit else None)


async def _other_halves(
    connection: AsyncConnection, shown: Sequence[Head]
) -> tuple[dict[str, Head], dict[str, str]]:
    """What was asked, by the id of the question, and the beginning of its answer, by the same id."""
    if not shown:
        return {}, {}
    conversation_ids = {row.conversation_id for row in shown}
    questions = {row.reply_to if row.author == "bot" else row.id for row in shown}
    found = await connection.execute(
        select(
            messages.c.id,
            messages.c.author,
            messages.c.text,
            messages.c.intent,
            messages.c.confidence,
            messages.c.reply_to,
        )
        .where(
            messages.c.conversation_id.in_(conversation_ids),
            messages.c.id.in_(questions) | messages.c.reply_to.in_(questions),
        )
        .order_by(messages.c.conversation_id, messages.c.seq)
    )
    asked: dict[str, Head] = {}
    answers: dict[str, str] = {}
    for row in found:
        if row.author == "bot" and row.reply_to is not None:
            answers.setdefault(row.reply_to, row.text[:_SAID])
        else:
            asked[row.id] = row
    return asked, answers


def _turn(row: Head, asked: Mapping[str, Head], answers: Mapping[str, str]) -> TurnRow:
    of_bot = row.author == "bot"
    question = asked.get(row.reply_to) if of_bot else row
    return TurnRow(
        conversation_id=row.conversation_id,
        message_id=row.id,
        created_at=row.created_at,
        language=row.language,
        channel=row.channel,
        text="" if question is None else question.text,
        intent=None if question is None else question.intent,
        confidence=None if question is None else question.confidence,
        look=row.look,
        rating=row.rating,
        said=row.text[:_SAID] if of_bot else answers.get(row.id, ""),
    )
