"""Draws the conversations that staff should judge: every urgent one, every one with a turn that Faro did not
understand, and a share of the rest.

The drawing goes through the conversations in the order of their last message and notes how far it has come. One that
goes on later comes later again: it is then looked at anew. So none is missed, and none is looked at while it goes on.
One that was kept only after its moment had gone by (the database was away) is found by looking back over a day, each
time that the drawing has come into another hour.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, func, literal, select, tuple_, update

from bot.core.messages import NO_ANSWER
from bot.transcripts.judging_tables import draws, judgements, samples
from bot.transcripts.listing import Head
from bot.transcripts.records import Key
from bot.transcripts.tables import Moment, conversations, messages

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from bot.transcripts.store import TranscriptStore

#: A conversation without a word for so long is over.
QUIET = timedelta(minutes=30)
#: The share of all conversations, in each language, that is drawn by chance.
RANDOM_SHARE = 0.05
#: The share of the drawn ones that two people read; of the urgent ones it is every one.
SECOND_SHARE = 0.20
#: Once an hour this much is looked at again, for what was kept late.
LOOK_BACK = timedelta(days=1)
#: So many conversations are looked at together, and at most so many for one call.
_TOGETHER = 250
MOST = 2_000

_PRESSING = ("emergency", "urgent")
_STRENGTH = {"random": 0, "fallback": 1, "urgent": 2}
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


def sampling_key(secret: str) -> bytes:
    """The key of the drawing, from the program's secret: whoever does not know it cannot tell what will be drawn."""
    return hmac.new(secret.encode(), b"faro judging sample", hashlib.sha256).digest()


def falls_within(key: bytes, purpose: str, conversation_id: str, share: float) -> bool:
    """Whether chance picks this conversation for a share from 0 to 1; the same answer each time it is asked."""
    digest = hmac.new(key, f"{purpose}:{conversation_id}".encode(), hashlib.sha256).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64


@dataclass(frozen=True, slots=True)
class _Found:
    """A conversation that belongs to a sample, why, and since when it gives that reason."""

    id: str
    reason: str
    since: datetime | None


async def draw(store: TranscriptStore, key: bytes, now: datetime, most: int = MOST) -> int:
    """How many conversations were looked at; fewer than ``most`` when nothing is left.

    Conversations with the very same moment are never parted, so there may be some more.
    """
    async with store.database.connect() as connection:
        start = await connection.scalar(select(draws.c.last_at).where(draws.c.id == 1))
    place: Key = (start or _BEGINNING, "")
    looked_at = 0
    while True:
        batch = await _draw_batch(store, key, now, place, now - QUIET)
        if batch:
            place = (batch[-1].last_at, batch[-1].id)
        looked_at += len(batch)
        # Only the moment is kept, not the id, which may be erased: what has the same moment is looked at again.
        if len(batch) < _TOGETHER or (looked_at >= most and place[0] > (start or _BEGINNING)):
            break
    if start is not None and _hour(place[0]) > _hour(start):
        await _look_back(store, key, now, start, most)
    return looked_at


async def _look_back(store: TranscriptStore, key: bytes, now: datetime, until: datetime, most: int) -> None:
    """Looks again at about ``most`` of the conversations of the day up to ``until``, the earliest first."""
    place: Key = (until - LOOK_BACK, "")
    looked_at = 0
    while batch := await _draw_batch(store, key, now, place, until):
        place = (batch[-1].last_at, batch[-1].id)
        looked_at += len(batch)
        if len(batch) < _TOGETHER or looked_at >= most:
            return


async def _draw_batch(
    store: TranscriptStore, key: bytes, now: datetime, after: Key, until: datetime
) -> Sequence[Head]:
    """Draws from the next conversations after a place, and tells which they were."""
    async with store.database.connect() as connection:
        batch = await _batch(connection, after, until)
        found = await _found(connection, batch, key)
    if batch:
        async with store.database.begin() as connection:
            # Written first, so that nothing is erased, or drawn by somebody else, meanwhile.
            await _move_on(store, connection, batch[-1].last_at)
            await _note(store, connection, found, key, now)
    return batch


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


async def _batch(connection: AsyncConnection, after: Key, until: datetime) -> Sequence[Head]:
    c = conversations.c
    query = (
        select(c.id, c.last_at, c.outcome, c.urgency, c.urgent_at)
        .where(tuple_(c.last_at, c.id) > tuple_(literal(after[0], Moment), literal(after[1])))
        .where(c.last_at <= until)
        .order_by(c.last_at, c.id)
        .limit(_TOGETHER)
    )
    return (await connection.execute(query)).all()


async def _found(connection: AsyncConnection, batch: Sequence[Head], key: bytes) -> list[_Found]:
    missed = await _not_understood(connection, [row.id for row in batch])
    without = await _not_answered(connection, [row.id for row in batch if row.outcome == "unanswered"])
    raised = await _raised(connection, [row.id for row in batch if row.urgency in _PRESSING])
    found = []
    for row in batch:
        moments = [moment for moment in (missed.get(row.id), without.get(row.id)) if moment is not None]
        if row.urgency in _PRESSING:
            became = _by_the_person(row.urgent_at, raised.get(row.id, {}))
            since = max((*moments, *([became] if became else [])), default=None)
            found.append(_Found(row.id, "urgent", since))
        elif moments or row.outcome == "unanswered":
            found.append(_Found(row.id, "fallback", max(moments, default=None)))
        elif falls_within(key, "draw", row.id, RANDOM_SHARE):
            found.append(_Found(row.id, "random", None))
    return found


async def _not_understood(connection: AsyncConnection, ids: Sequence[str]) -> dict[str, datetime]:
    """When the last turn came that Faro did not understand, by conversation."""
    return await _last(connection, ids, messages.c.look == "fallback")


async def _not_answered(connection: AsyncConnection, ids: Sequence[str]) -> dict[str, datetime]:
    """When Faro last said that it had no answer, by conversation; what else was said after it asks for nothing."""
    c = messages.c
    return await _last(connection, ids, and_(c.author == "bot", c.reply["id"].as_string().in_(NO_ANSWER)))


async def _last(
    connection: AsyncConnection, ids: Sequence[str], condition: ColumnElement[bool]
) -> dict[str, datetime]:
    if not ids:
        return {}
    c = messages.c
    query = (
        select(c.conversation_id, func.max(c.created_at, type_=Moment).label("last"))
        .where(c.conversation_id.in_(ids), condition)
        .group_by(c.conversation_id)
    )
    return {row.conversation_id: row.last for row in await connection.execute(query)}


async def _raised(
    connection: AsyncConnection, ids: Sequence[str]
) -> dict[str, dict[datetime, datetime | None]]:
    """When readers put a conversation among the urgent, and since when it was one before, by conversation."""
    if not ids:
        return {}
    c = judgements.c
    query = select(c.conversation_id, c.raised_at, c.urgent_before)
    raised: dict[str, dict[datetime, datetime | None]] = {}
    for row in await connection.execute(query.where(c.conversation_id.in_(ids), c.raised_at.is_not(None))):
        raised.setdefault(row.conversation_id, {})[row.raised_at] = row.urgent_before
    return raised


def _by_the_person(urgent_at: datetime | None, raised: dict[datetime, datetime | None]) -> datetime | None:
    """When a conversation became urgent by what the person wrote: what readers found is not new to them."""
    while urgent_at is not None and urgent_at in raised:
        urgent_at = raised.pop(urgent_at)
    return urgent_at


async def _note(
    store: TranscriptStore, connection: AsyncConnection, found: Sequence[_Found], key: bytes, now: datetime
) -> None:
    known = await _known(connection, [one.id for one in found])
    there = await _there(connection, [one.id for one in found if one.id not in known])
    rows: list[dict[str, Any]] = []
    for place, one in enumerate(found):
        second = one.reason == "urgent" or falls_within(key, "second", one.id, SECOND_SHARE)
        if (row := known.get(one.id)) is not None:
            await _again(connection, row, one, second, now)
        elif one.id in there:
            # They are read in the order in which they ended.
            drawn_at = now + place * timedelta(microseconds=1)
            rows.append(
                {"conversation_id": one.id, "reason": one.reason, "second": second, "drawn_at": drawn_at}
            )
    if rows:
        await connection.execute(store.insert(samples).on_conflict_do_nothing(), rows)
        await _read_already(connection, [row["conversation_id"] for row in rows])


async def _there(connection: AsyncConnection, ids: Sequence[str]) -> frozenset[str]:
    """Which of these have not been erased meanwhile; PostgreSQL keeps them until the end."""
    if not ids:
        return frozenset()
    query = select(conversations.c.id).where(conversations.c.id.in_(ids))
    return frozenset((await connection.execute(query.with_for_update(read=True, key_share=True))).scalars())


async def _read_already(connection: AsyncConnection, ids: Sequence[str]) -> None:
    """Somebody may have judged a conversation out of turn, before it was drawn."""
    c = judgements.c
    query = select(c.conversation_id, c.staff_id, c.judged_at).where(
        c.conversation_id.in_(ids), c.reader == 1
    )
    for row in (await connection.execute(query)).all():
        await connection.execute(
            update(samples)
            .where(samples.c.conversation_id == row.conversation_id)
            .values(done_at=row.judged_at, first_by=row.staff_id)
        )


async def _known(connection: AsyncConnection, ids: Sequence[str]) -> Mapping[str, Head]:
    if not ids:
        return {}
    rows = await connection.execute(select(samples).where(samples.c.conversation_id.in_(ids)))
    return {row.conversation_id: row for row in rows}


async def _again(connection: AsyncConnection, row: Head, found: _Found, second: bool, now: datetime) -> None:
    """A conversation that is drawn already went on: it may have become more pressing, or wait once more."""
    c = samples.c
    change = update(samples).where(c.conversation_id == row.conversation_id)
    more_pressing = _STRENGTH[found.reason] > _STRENGTH[row.reason]
    if row.done_at is None:
        if more_pressing:
            await connection.execute(
                change.where(c.done_at.is_(None)).values(reason=found.reason, second=row.second or second)
            )
        return
    if found.since is not None and found.since > row.done_at:
        await connection.execute(
            change.where(c.done_at == row.done_at).values(
                reason=found.reason,
                second=row.second or second,
                drawn_at=now,
                done_at=None,
                second_done_at=None,
                first_by=None,
                assigned_to=None,
                opened_by=None,
                opened_at=None,
            )
        )


async def _move_on(store: TranscriptStore, connection: AsyncConnection, last_at: datetime) -> None:
    put = store.insert(draws).values(id=1, last_at=last_at)
    further = {"index_elements": ["id"], "set_": {"last_at": put.excluded.last_at}}
    await connection.execute(
        put.on_conflict_do_update(**further, where=draws.c.last_at < put.excluded.last_at)
    )
