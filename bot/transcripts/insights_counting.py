"""Counts one day from the tables: what is kept, what was judged, which requests came."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, case, column, func, select, table
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.transcripts.insights_records import BOOKING, JUDGED, KEPT, Figure, time_name
from bot.transcripts.judging_tables import judgements, samples, turn_judgements
from bot.transcripts.tables import Moment, conversations, messages

#: The tables of bot.booking, which stands above this package, as far as they are counted.
_bookings = table(
    "bookings",
    column("created_at", Moment),
    *map(column, ("language", "state", "delivery", "appointment")),
)

_PRESSING = ("emergency", "urgent")
#: What the firm's system says of a request that has led to an appointment.
_APPOINTED = ("confirmed", "moved")
#: How judged conversations were found: those drawn at random tell how Faro does, the others were looked for.
RANDOM, CHOSEN = "random", "chosen"

type _Key = tuple[str, str, str]
type _Span = tuple[datetime, datetime]


async def count(connection: AsyncConnection, group: str, span: _Span) -> list[Figure]:
    """The figures of one group in a span of time (its end is exclusive), sorted; zeros are left out."""
    found = await _GROUPS[group](connection, span)
    return [
        Figure(f"{group}.{name}", language, channel, value)
        for (name, language, channel), value in sorted(found.items())
        if value
    ]


async def oldest(connection: AsyncConnection, group: str) -> datetime | None:
    """The moment of the first thing that is counted for a group; None when there is none."""
    column = {
        KEPT: conversations.c.created_at,
        JUDGED: judgements.c.judged_at,
        BOOKING: _bookings.c.created_at,
    }[group]
    moment: datetime | None = await connection.scalar(select(func.min(column, type_=Moment)))
    return moment


async def _kept(connection: AsyncConnection, span: _Span) -> Counter[_Key]:
    found: Counter[_Key] = Counter()
    await _begun(connection, span, found)
    await _said(connection, span, found)
    await _taken_over(connection, span, found)
    await _waited(connection, span, found)
    return found


async def _begun(connection: AsyncConnection, span: _Span, found: Counter[_Key]) -> None:
    """Conversations by the moment when they began."""
    c = conversations.c
    rows = await connection.execute(
        select(c.language, c.channel, c.outcome, c.topic, func.count().label("value"))
        .where(_within(c.created_at, span))
        .group_by(c.language, c.channel, c.outcome, c.topic)
    )
    for row in rows:
        names = ["conversations", f"outcome:{row.outcome}"]
        names += [f"topic:{row.topic}"] if row.topic else []
        found.update({(name, row.language, row.channel): row.value for name in names})


async def _said(connection: AsyncConnection, span: _Span, found: Counter[_Key]) -> None:
    """Messages by the moment at which they were said, in one walk along the index."""
    m, c = messages.c, conversations.c
    by = (m.author, m.language, c.channel, m.look, m.rating, m.latency_ms)
    rows = await connection.execute(
        select(*by, func.count().label("value"))
        .join(conversations, c.id == m.conversation_id)
        .where(_within(m.created_at, span))
        .group_by(*by)
    )
    for row in rows:
        for name in _names(row):
            found[name, row.language, row.channel] += row.value


def _names(row: Row[*tuple[Any, ...]]) -> Iterable[str]:
    if row.author == "bot" and row.rating:
        yield f"rating_{row.rating}"
    if row.author == "visitor":
        yield "turns"
        if row.look:
            yield row.look
        if row.latency_ms is not None:
            yield time_name("latency", row.latency_ms)


async def _taken_over(connection: AsyncConnection, span: _Span, found: Counter[_Key]) -> None:
    """Conversations in which somebody of the firm wrote."""
    m, c = messages.c, conversations.c
    rows = await connection.execute(
        select(c.language, c.channel, func.count(m.conversation_id.distinct()).label("value"))
        .join(conversations, c.id == m.conversation_id)
        .where(_within(m.created_at, span), m.author == "staff")
        .group_by(c.language, c.channel)
    )
    found.update({("takeovers", row.language, row.channel): row.value for row in rows})


async def _waited(connection: AsyncConnection, span: _Span, found: Counter[_Key]) -> None:
    """Urgent conversations by the moment when they became so, and the minutes until somebody of the firm was there.

    The first sign counts of those that are kept: a message of staff, taking the conversation over, a noted call.
    """
    c, m = conversations.c, messages.c
    first = (
        select(func.min(m.created_at))
        .where(m.conversation_id == c.id, m.author == "staff", m.created_at >= c.urgent_at)
        .scalar_subquery()
    )
    rows = await connection.execute(
        select(c.language, c.channel, c.urgent_at, c.human_at, c.claimed_at, first.label("wrote_at")).where(
            # The last message is never before the one that made it urgent: the index ends the walk there.
            c.urgency.in_(_PRESSING),
            c.last_at >= span[0],
            _within(c.urgent_at, span),
        )
    )
    for row in rows:
        signs = [at for at in (row.human_at, row.claimed_at, row.wrote_at) if at and at >= row.urgent_at]
        name = "unmet"
        if signs:
            name = time_name("wait", (min(signs) - row.urgent_at) / timedelta(minutes=1))
        found["urgent", row.language, row.channel] += 1
        found[name, row.language, row.channel] += 1


async def _judged(connection: AsyncConnection, span: _Span) -> Counter[_Key]:
    """Verdicts of first readers by the moment of the judgement, and the bot's turns that they had before them."""
    j, c, m = judgements.c, conversations.c, messages.c
    how = case((samples.c.reason == RANDOM, RANDOM), else_=CHOSEN)
    read = (
        judgements.join(conversations, c.id == j.conversation_id)
        .outerjoin(samples, samples.c.conversation_id == j.conversation_id)
    )  # fmt: skip
    first = and_(j.judged_at >= span[0], j.judged_at < span[1], j.reader == 1)
    found: Counter[_Key] = Counter()
    by = (c.language, c.channel, how, j.verdict)
    for language, channel, how_found, verdict, value in await connection.execute(
        select(*by, func.count()).select_from(read).where(first).group_by(*by)
    ):
        found[f"{how_found}.{verdict}", language, channel] += value
        found[f"{how_found}.conversations", language, channel] += value
    labelled = read.join(
        messages, and_(m.conversation_id == j.conversation_id, m.author == "bot", m.reply_to.is_not(None))
    ).outerjoin(
        turn_judgements, and_(turn_judgements.c.message_id == m.id, turn_judgements.c.staff_id == j.staff_id)
    )
    by = (c.language, c.channel, how, turn_judgements.c.label)
    for language, channel, how_found, label, value in await connection.execute(
        select(*by, func.count()).select_from(labelled).where(first).group_by(*by)
    ):
        found[f"{how_found}.turns", language, channel] += value
        if label:
            found[f"{how_found}.wrong:{label}", language, channel] += value
    return found


async def _booked(connection: AsyncConnection, span: _Span) -> Counter[_Key]:
    b = _bookings.c
    by = (b.language, b.state, b.delivery, b.appointment)
    found: Counter[_Key] = Counter()
    for language, state, delivery, appointment, value in await connection.execute(
        select(*by, func.count()).where(_within(b.created_at, span)).group_by(*by)
    ):
        found["requested", language, ""] += value
        for name, is_so in (
            ("cancelled", state == "cancelled"),
            ("delivered", delivery == "delivered"),
            ("appointed", appointment in _APPOINTED),
        ):
            found[name, language, ""] += value if is_so else 0
    return found


def _within(moment: ColumnElement[Any], span: _Span) -> ColumnElement[bool]:
    return and_(moment >= span[0], moment < span[1])


_GROUPS: Mapping[str, Callable[[AsyncConnection, _Span], Awaitable[Counter[_Key]]]] = {
    KEPT: _kept,
    JUDGED: _judged,
    BOOKING: _booked,
}
