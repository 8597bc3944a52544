"""Writes down what somebody thinks of a conversation, and takes it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select, update

from bot.transcripts.judging_records import RUBRIC, Opinion, TurnJudgement
from bot.transcripts.judging_tables import judgements, samples, skips, turn_judgements
from bot.transcripts.listing import Head
from bot.transcripts.tables import conversations, labels, messages

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from bot.transcripts.store import Noted, TranscriptStore

NOTE = "judgements.note"
_FREE: dict[str, Any] = {"opened_by": None, "opened_at": None, "assigned_to": None}


def place_of(conversation_id: str, staff: str) -> str:
    """The place of a note, for its seal."""
    return f"{conversation_id}:{staff}"


async def judge(
    store: TranscriptStore,
    conversation_id: str,
    staff: str,
    opinion: Opinion,
    now: datetime,
    noted: Noted | None = None,
) -> bool:
    """See ``Judging.judge``."""
    async with store.database.begin() as connection:
        # Written first, so that nobody judges it, or erases it, in the same moment.
        there = await connection.execute(
            _conversation(conversation_id).values(reviewed_by=staff, reviewed_at=now)
        )
        if not there.rowcount:
            return False
        mine, others = await _opinions(connection, conversation_id, staff)
        if mine is not None:
            await _lower(connection, mine)
        if others and await _begins_anew(connection, conversation_id):
            # What others thought was of a conversation that had not ended.
            await connection.execute(
                delete(judgements).where(
                    judgements.c.conversation_id == conversation_id, judgements.c.staff_id != staff
                )
            )
            others = ()
        reader = 2 if any(one.reader == 1 for one in others) else 1
        raised = await _raise(connection, conversation_id, now) if opinion.verdict == "urgent" else {}
        relabelled = await _label(store, connection, conversation_id, opinion.labels)
        if mine is not None:
            relabelled = _together(mine.labels or {}, relabelled)
        place = place_of(conversation_id, staff)
        values = {
            "conversation_id": conversation_id,
            "staff_id": staff,
            "reader": reader,
            "verdict": opinion.verdict,
            **{name: opinion.rubric.get(name) for name in RUBRIC},
            "note": store.seal.close(opinion.note or None, NOTE, place),
            "judged_at": now,
            "labels": relabelled or None,
            **{"raised_at": None, "urgency_before": None, "urgent_before": None, **raised},
        }
        put = store.insert(judgements).values(**values)
        key = ["conversation_id", "staff_id"]
        changed = {name: put.excluded[name] for name in values if name not in key}
        await connection.execute(put.on_conflict_do_update(index_elements=key, set_=changed))
        await _label_turns(store, connection, conversation_id, staff, opinion.turns, now)
        await connection.execute(_sample(conversation_id).values(**_read(reader, staff, now)))
        await connection.execute(
            delete(skips).where(skips.c.conversation_id == conversation_id, skips.c.staff_id == staff)
        )
        if noted is not None:
            await noted(connection)
    return True


async def judge_turn(
    store: TranscriptStore, conversation_id: str, staff: str, turn: TurnJudgement, now: datetime
) -> bool:
    """See ``Judging.judge_turn``."""
    async with store.database.begin() as connection:
        there = await connection.execute(
            _conversation(conversation_id).values(last_seq=conversations.c.last_seq)
        )
        return bool(there.rowcount) and await _put_turns(
            store, connection, conversation_id, staff, (turn,), now
        )


async def undo(store: TranscriptStore, conversation_id: str, staff: str, now: datetime) -> bool:
    """Whether there was something to take back: it then waits again, open with whoever asks and reviewed by nobody."""
    async with store.database.begin() as connection:
        # Written first, as in ``judge``.
        await connection.execute(_conversation(conversation_id).values(last_seq=conversations.c.last_seq))
        mine, others = await _opinions(connection, conversation_id, staff)
        if mine is None:
            return False
        await _lower(connection, mine)
        await _label(
            store, connection, conversation_id, {name: not on for name, on in (mine.labels or {}).items()}
        )
        c = conversations.c
        await connection.execute(
            _conversation(conversation_id)
            .where(c.reviewed_by == staff, c.reviewed_at == mine.judged_at)
            .values(reviewed_by=None, reviewed_at=None)
        )
        for table in (judgements, turn_judgements):
            await connection.execute(
                delete(table).where(table.c.conversation_id == conversation_id, table.c.staff_id == staff)
            )
        if mine.reader == 1 and others:
            await _move_up(connection, conversation_id, others[0])
        else:
            again: dict[str, Any] = {"opened_by": staff, "opened_at": now, "second_done_at": None}
            if mine.reader == 1:
                again |= {"done_at": None, "first_by": None}
            await connection.execute(_sample(conversation_id).values(**again))
        return True


async def _label(
    store: TranscriptStore, connection: AsyncConnection, conversation_id: str, wanted: Mapping[str, bool]
) -> dict[str, bool]:
    """Puts labels on and takes them off; those that this has changed. The conversation must be there."""
    c = labels.c
    changed: dict[str, bool] = {}
    for name, on in wanted.items():
        if on:
            put = store.insert(labels).values(conversation_id=conversation_id, label=name)
            done = await connection.scalar(put.on_conflict_do_nothing().returning(c.label)) is not None
        else:
            gone = delete(labels).where(c.conversation_id == conversation_id, c.label == name)
            done = (await connection.execute(gone)).rowcount == 1
        if done:
            changed[name] = on
    return changed


def _together(before: Mapping[str, bool], after: Mapping[str, bool]) -> dict[str, bool]:
    """Two changes of labels as one: what was changed back is none."""
    back = {name for name, on in after.items() if before.get(name) is not None and before[name] != on}
    return {name: on for name, on in {**before, **after}.items() if name not in back}


async def _move_up(connection: AsyncConnection, conversation_id: str, second: Head) -> None:
    """Where the first reader takes it all back, the one who came after is the first."""
    await connection.execute(
        update(judgements)
        .where(judgements.c.conversation_id == conversation_id, judgements.c.staff_id == second.staff_id)
        .values(reader=1)
    )
    await connection.execute(
        _sample(conversation_id).values(
            **_FREE, done_at=second.judged_at, first_by=second.staff_id, second_done_at=None
        )
    )


def _read(reader: int, staff: str, now: datetime) -> dict[str, Any]:
    return {**_FREE, "done_at": now, "first_by": staff} if reader == 1 else {**_FREE, "second_done_at": now}


def _conversation(conversation_id: str) -> Any:
    return update(conversations).where(conversations.c.id == conversation_id)


def _sample(conversation_id: str) -> Any:
    return update(samples).where(samples.c.conversation_id == conversation_id)


async def _opinions(
    connection: AsyncConnection, conversation_id: str, staff: str
) -> tuple[Head | None, tuple[Head, ...]]:
    """What this member of staff thought so far, and what others did, in the order in which they read."""
    c = judgements.c
    query = select(judgements).where(c.conversation_id == conversation_id).order_by(c.reader, c.judged_at)
    rows = (await connection.execute(query)).all()
    mine = next((row for row in rows if row.staff_id == staff), None)
    return mine, tuple(row for row in rows if row.staff_id != staff)


async def _begins_anew(connection: AsyncConnection, conversation_id: str) -> bool:
    c = samples.c
    waits = select(c.conversation_id).where(c.conversation_id == conversation_id, c.done_at.is_(None))
    return await connection.scalar(waits) is not None


async def _raise(connection: AsyncConnection, conversation_id: str, now: datetime) -> dict[str, Any]:
    """Puts the conversation among the urgent, and tells how it stood; nothing where it is there or is dealt with."""
    c = conversations.c
    row = (
        await connection.execute(
            select(c.urgency, c.urgent_at, c.human_at, c.last_at, c.claimed_by).where(c.id == conversation_id)
        )
    ).one()
    touched = row.human_at
    waits = row.urgent_at is not None and (touched is None or touched < row.urgent_at)
    if waits and row.urgency in ("emergency", "urgent"):
        return {}
    if row.claimed_by is not None or (touched is not None and touched >= row.last_at):
        return {}
    level = "emergency" if row.urgency == "emergency" else "urgent"
    await connection.execute(_conversation(conversation_id).values(urgency=level, urgent_at=now))
    return {"raised_at": now, "urgency_before": row.urgency, "urgent_before": row.urgent_at}


async def _lower(connection: AsyncConnection, mine: Head) -> None:
    """Puts the urgency back as it was, unless it has changed since."""
    if mine.raised_at is None:
        return
    await connection.execute(
        _conversation(mine.conversation_id)
        .where(conversations.c.urgent_at == mine.raised_at)
        .values(urgency=mine.urgency_before, urgent_at=mine.urgent_before)
    )


async def _label_turns(
    store: TranscriptStore,
    connection: AsyncConnection,
    conversation_id: str,
    staff: str,
    turns: Sequence[TurnJudgement],
    now: datetime,
) -> None:
    """The labels are exactly these afterwards."""
    c = turn_judgements.c
    await connection.execute(
        delete(turn_judgements).where(c.conversation_id == conversation_id, c.staff_id == staff)
    )
    await _put_turns(store, connection, conversation_id, staff, turns, now)


async def _put_turns(
    store: TranscriptStore,
    connection: AsyncConnection,
    conversation_id: str,
    staff: str,
    turns: Sequence[TurnJudgement],
    now: datetime,
) -> bool:
    """Whether any of the messages is one that the bot sent in this conversation; those are labelled."""
    if not turns:
        return False
    c = messages.c
    wanted = [turn.message_id for turn in turns]
    query = select(c.id).where(c.conversation_id == conversation_id, c.author == "bot", c.id.in_(wanted))
    known = set((await connection.execute(query)).scalars())
    rows = [
        {
            "message_id": turn.message_id,
            "staff_id": staff,
            "conversation_id": conversation_id,
            "label": turn.label,
            "right_topic": turn.topic,
            "right_section": turn.section,
            "judged_at": now,
        }
        for turn in turns
        if turn.message_id in known
    ]
    if rows:
        put = store.insert(turn_judgements)
        changed = {
            name: put.excluded[name] for name in ("label", "right_topic", "right_section", "judged_at")
        }
        await connection.execute(
            put.on_conflict_do_update(index_elements=["message_id", "staff_id"], set_=changed), rows
        )
    return bool(rows)
