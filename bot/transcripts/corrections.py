"""Corrections: a text in both languages that an attorney approves, and the people to whom it goes, each once.

A person is ``ready``, then ``sending`` while somebody has them in hand, and ends as ``sent``, ``told`` (they heard the
new value meanwhile), ``left`` (it stands on a page that was not open, and they have not written since),
``unreachable`` or ``declined``. Whoever had them in hand and was killed loses them after a while:
what is sent has a name of its own, so that it is one message however often it is sent.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    case,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.transcripts.listing import after
from bot.transcripts.recall import Recall, Wanted, heard_since, in_force
from bot.transcripts.recall_tables import UNSENT, correction_people, corrections
from bot.transcripts.records import Key, Page
from bot.transcripts.store import TranscriptStore
from bot.transcripts.tables import conversations, messages, told

#: As staff see them. ``left`` is kept as ``sent``, with its reason.
STATES = ("ready", "sending", "sent", "told", "left", "unreachable", "declined")
#: The reason of those for whom it stands on a page that was not open.
LEFT = "left"
#: The reason of those who were to get it when staff stopped it.
STOPPED = "stopped_by_staff"
#: So many people are taken up by one statement.
BATCH = 500


@dataclass(frozen=True, slots=True)
class Correction:
    """A correction. ``new_value`` is by language, empty where the rule has ended; ``since`` None: all that is kept."""

    id: str
    parameter: str
    since: datetime | None
    old_values: tuple[str, ...]
    new_value: Mapping[str, str]
    text_en: str
    text_es: str
    made_by: str
    made_at: datetime
    approved_by: str | None = None
    approved_at: datetime | None = None

    def text(self, language: str) -> str:
        """The text in one of the two languages."""
        return self.text_es if language == "es" else self.text_en

    @property
    def wanted(self) -> Wanted:
        """Whom it is for, as long as nobody has told them since."""
        only = frozenset(self.old_values)
        return Wanted(self.parameter, in_force(self.new_value.values()), self.since, only=only)


@dataclass(frozen=True, slots=True)
class Recipient:
    """A person of a correction: what they were told and when, in which language they are now.

    ``booking`` and the like are looked up where they are shown. ``heard``: they have been told the new value since, by
    anything but this correction.
    """

    correction: Correction
    conversation_id: str
    value: str
    told_at: datetime
    language: str
    channel: str
    state: str
    reason: str | None
    sent_at: datetime | None
    heard: bool = False


def message_id_of(conversation_id: str, correction_id: str) -> str:
    """The id of the message that tells a correction in a conversation: the same however often it is told."""
    named = f"staff {conversation_id} correction {correction_id}"
    return f"m_{hashlib.sha256(named.encode()).hexdigest()[:32]}"


class Corrections:
    """Keeps corrections. Every method may raise ``sqlalchemy.exc.SQLAlchemyError``."""

    def __init__(self, store: TranscriptStore) -> None:
        self._store = store
        self._database = store.database
        self._recall = Recall(store)

    async def propose(
        self,
        parameter: str,
        *,
        since: datetime | None,
        old_values: Collection[str],
        new_value: Mapping[str, str],
        texts: Mapping[str, str],
        staff: str,
        now: datetime,
    ) -> Correction:
        """Keeps a correction that nobody has approved yet: nothing is sent."""
        made = Correction(
            str(uuid.uuid4()),
            parameter,
            since,
            tuple(sorted(old_values)),
            dict(new_value),
            texts["en"],
            texts["es"],
            staff,
            now,
        )
        values = {name: getattr(made, name) for name in _COLUMNS} | {"old_values": list(made.old_values)}
        async with self._database.begin() as connection:
            await connection.execute(insert(corrections).values(**values))
        return made

    async def find(self, correction_id: str) -> Correction | None:
        """The correction of that id."""
        async with self._database.connect() as connection:
            row = (
                await connection.execute(select(corrections).where(corrections.c.id == correction_id))
            ).one_or_none()
        return None if row is None else _correction(row)

    async def latest(self, limit: int = 20, parameter: str = "") -> tuple[Correction, ...]:
        """Corrections, the newest first; those of one parameter when it is named."""
        query = select(corrections).order_by(corrections.c.made_at.desc(), corrections.c.id.desc())
        if parameter:
            query = query.where(corrections.c.parameter == parameter)
        async with self._database.connect() as connection:
            return tuple(_correction(row) for row in await connection.execute(query.limit(limit)))

    async def reword(self, correction_id: str, texts: Mapping[str, str]) -> bool:
        """Changes the texts, as long as nobody has approved it."""
        async with self._database.begin() as connection:
            done = await connection.execute(
                update(corrections)
                .where(corrections.c.id == correction_id, corrections.c.approved_at.is_(None))
                .values(text_en=texts["en"], text_es=texts["es"])
            )
            return done.rowcount == 1

    async def approve(self, correction_id: str, texts: Mapping[str, str], staff: str, now: datetime) -> str:
        """Takes up everybody who has to hear it, and lets it go out with these texts and no others: ``approved``.

        Else why not: ``already``, also where it is gone; ``busy`` while another one of the same value still goes out,
        which would tell people twice. Nothing goes out before all are taken up: who is interrupted does it again.
        """
        found = await self.find(correction_id)
        if found is None or found.approved_at is not None:
            return "already"
        async with self._database.connect() as connection:
            if await _is_going_out(connection, found):
                return "busy"
        page: Page[Any] = await self._recall.affected(found.wanted, BATCH)
        while True:
            await self._take_up(found, [row.message_id for row in page.rows])
            if page.next_key is None:
                break
            page = await self._recall.affected(found.wanted, BATCH, page.next_key)
        async with self._database.begin() as connection:
            # Written first, so that of two that are approved at once one sees the other.
            of_it = corrections.c.parameter == found.parameter
            await connection.execute(update(corrections).where(of_it).values(parameter=found.parameter))
            if await _is_going_out(connection, found):
                return "busy"
            done = await connection.execute(
                update(corrections)
                .where(corrections.c.id == correction_id, corrections.c.approved_at.is_(None))
                .values(approved_by=staff, approved_at=now, text_en=texts["en"], text_es=texts["es"])
            )
            return "approved" if done.rowcount == 1 else "already"

    async def stop(self, correction_id: str) -> int:
        """Sends it to nobody who has not had it yet; how many those are. One that nobody approved goes for good.

        Whoever has a person in hand hears of it from ``settled``; one who was lost in hand is taken once more, to see
        whether they have had it.
        """
        async with self._database.begin() as connection:
            gone = await connection.execute(
                delete(corrections).where(
                    corrections.c.id == correction_id, corrections.c.approved_at.is_(None)
                )
            )
            c = correction_people.c
            unsent = (c.correction_id == correction_id, text(UNSENT), c.reason.is_(None))
            kept = await connection.execute(
                update(correction_people)
                .where(*unsent)
                .values(state=case((c.state == "ready", "declined"), else_=c.state), reason=STOPPED)
            )
            return int(gone.rowcount + kept.rowcount)

    async def counts(self, correction_id: str) -> dict[str, int]:
        """How many people there are in each state."""
        c = correction_people.c
        of_it = c.correction_id == correction_id
        query = select(c.state, func.count()).where(of_it).group_by(c.state)
        unread = select(func.count()).select_from(correction_people).where(of_it, *_is_left())
        async with self._database.connect() as connection:
            found = {state: int(number) for state, number in await connection.execute(query)}
            found["left"] = int(await connection.scalar(unread) or 0)
        found["sent"] = found.get("sent", 0) - found["left"]
        return {state: number for state, number in found.items() if number}

    async def people(
        self, correction: Correction, state: str, limit: int = 50, before: Key | None = None
    ) -> Page[Recipient]:
        """The people in a state, the one told last first; ``before`` is the ``next_key`` of the page above."""
        c = correction_people.c
        query = (
            _people()
            .where(c.correction_id == correction.id, *_in_state(state))
            .order_by(c.told_at.desc(), c.conversation_id.desc())
        )
        if before is not None:
            query = query.where(after((c.told_at, c.conversation_id), before))
        async with self._database.connect() as connection:
            rows = (await connection.execute(query.limit(limit + 1))).all()
        shown = tuple(replace(_recipient(row, correction), state=state) for row in rows[:limit])
        last = shown[-1] if len(rows) > limit else None
        return Page(shown, None if last is None else (last.told_at, last.conversation_id))

    # Sending.

    async def take(self, now: datetime, hold: timedelta, channels: Collection[str]) -> Recipient | None:
        """The next person to be told, by nobody else until ``now + hold``; None when nobody waits on the channels.

        One who was lost in hand before somebody stopped it is taken on any channel: nothing is to be sent.
        """
        c, waiting = correction_people.c, correction_people.alias("waiting")
        free = or_(waiting.c.state == "ready", waiting.c.taken_at <= now - hold)
        first = (
            select(waiting.c.correction_id, waiting.c.conversation_id)
            .join(corrections, corrections.c.id == waiting.c.correction_id)
            .join(conversations, conversations.c.id == waiting.c.conversation_id)
            .where(text(f"waiting.{UNSENT}"), free, corrections.c.approved_at.is_not(None))
            .where(or_(conversations.c.channel.in_(channels), waiting.c.reason == STOPPED))
            .order_by(waiting.c.told_at, waiting.c.conversation_id)
            .limit(1)
            .with_for_update(of=waiting, skip_locked=True)
        )
        # As a CTE the choice is made once: PostgreSQL may read a plain subquery again for each row, and would find the
        # next one where the first is locked by now.
        chosen = first.cte("chosen")
        key = tuple_(c.correction_id, c.conversation_id)
        async with self._database.begin() as connection:
            taken = (
                await connection.execute(
                    update(correction_people)
                    .where(key.in_(select(chosen.c.correction_id, chosen.c.conversation_id)))
                    .values(state="sending", taken_at=now)
                    .returning(c.correction_id, c.conversation_id)
                )
            ).one_or_none()
            if taken is None:
                return None
            row = (await connection.execute(_people().where(key == tuple_(*map(literal, taken))))).one()
            head = await connection.execute(
                select(corrections).where(corrections.c.id == taken.correction_id)
            )
            correction = _correction(head.one())
            taken_up = _recipient(row, correction)
            return replace(taken_up, heard=await _has_heard(connection, taken_up))

    async def settled(self, recipient: Recipient) -> str:
        """What has become of a person since they were taken: ``told`` by something else, ``stopped_by_staff``, or
        nothing."""
        c = correction_people.c
        reason = select(c.reason).where(
            c.correction_id == recipient.correction.id, c.conversation_id == recipient.conversation_id
        )
        async with self._database.connect() as connection:
            if await connection.scalar(reason) == STOPPED:
                return STOPPED
            return "told" if await _has_heard(connection, recipient) else ""

    async def end(self, recipient: Recipient, state: str, reason: str | None, now: datetime) -> None:
        """What became of a person who was taken; nothing where they are gone."""
        c = correction_people.c
        async with self._database.begin() as connection:
            await connection.execute(
                update(correction_people)
                .where(
                    c.correction_id == recipient.correction.id,
                    c.conversation_id == recipient.conversation_id,
                    c.state == "sending",
                )
                .values(state=state, reason=reason, sent_at=now if state == "sent" else None)
            )

    async def _take_up(self, correction: Correction, message_ids: Collection[str]) -> None:
        # From the rows of what was told, so that one erased meanwhile is no error.
        each = select(
            literal(correction.id), told.c.conversation_id, literal("ready"), told.c.value, told.c.told_at
        ).where(told.c.message_id.in_(message_ids), told.c.parameter == correction.parameter)
        names = ["correction_id", "conversation_id", "state", "value", "told_at"]
        make = postgresql.insert if self._store.shared else sqlite.insert
        put = make(correction_people).from_select(names, each).on_conflict_do_nothing()
        async with self._database.begin() as connection:
            await connection.execute(put)


_COLUMNS = tuple(column.name for column in corrections.columns)


def _is_left() -> tuple[ColumnElement[bool], ...]:
    """Whether it stands on a page that was not open, and the person has not written since."""
    c = correction_people.c
    since = select(messages.c.id).where(
        messages.c.conversation_id == c.conversation_id,
        messages.c.author == "visitor",
        messages.c.created_at > c.sent_at,
    )
    return c.state == "sent", c.reason == LEFT, ~since.exists()


def _in_state(state: str) -> tuple[ColumnElement[bool], ...]:
    if state == "left":
        return _is_left()
    of_it = correction_people.c.state == state
    return (
        (of_it, or_(correction_people.c.reason.is_(None), ~and_(*_is_left())))
        if state == "sent"
        else (of_it,)
    )


async def _is_going_out(connection: AsyncConnection, correction: Correction) -> bool:
    """Whether another correction to the same value has still to reach somebody."""
    c, people = corrections.c, correction_people.c
    waits = select(people.correction_id).where(
        text(UNSENT), people.correction_id == c.id, people.reason.is_(None)
    )
    rows = await connection.execute(
        select(c.new_value).where(
            c.parameter == correction.parameter,
            c.id != correction.id,
            c.approved_at.is_not(None),
            waits.exists(),
        )
    )
    return any(dict(value) == dict(correction.new_value) for value in rows.scalars())


async def _has_heard(connection: AsyncConnection, recipient: Recipient) -> bool:
    correction = recipient.correction
    query = heard_since(
        literal(recipient.conversation_id),
        correction.wanted,
        literal(recipient.told_at, correction_people.c.told_at.type),
        # Its own message, kept by whoever was interrupted, may not have reached anybody.
        apart_from=message_id_of(recipient.conversation_id, correction.id),
    )
    return (await connection.execute(query.limit(1))).first() is not None


def _people() -> Select[Any]:
    return select(correction_people, conversations.c.language, conversations.c.channel).join(
        conversations, conversations.c.id == correction_people.c.conversation_id
    )


def _correction(row: Row[Any]) -> Correction:
    values = {name: getattr(row, name) for name in _COLUMNS}
    return Correction(**{**values, "old_values": tuple(values["old_values"])})


def _recipient(row: Row[Any], correction: Correction) -> Recipient:
    return Recipient(
        correction,
        row.conversation_id,
        row.value,
        row.told_at,
        row.language,
        row.channel,
        row.state,
        row.reason,
        row.sent_at,
    )
