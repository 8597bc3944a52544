"""Corrected turns, and the proposals made of them: what ``faro learn`` writes into examples and tests."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Row,
    Select,
    and_,
    delete,
    exists,
    insert,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.transcripts.judging_tables import turn_judgements
from bot.transcripts.learning_tables import DISMISSED, KINDS, OPEN, TAKEN, proposals
from bot.transcripts.records import Key, Page
from bot.transcripts.store import Noted, TranscriptStore
from bot.transcripts.tables import messages

#: What a reader says of a turn when another topic would have been right. The other labels ask for a change of the
#: words or the law, which no example brings about.
LEARNED_FROM = ("wrong_topic", "unclear")

_judged = turn_judgements.alias("judged")
_later = turn_judgements.alias("later")
_said, _asked = messages.alias("said"), messages.alias("asked")


@dataclass(frozen=True, slots=True)
class Corrected:
    """A turn that a reader corrected; ``message_id`` is the bot's message.

    ``asked`` is what the person wrote and ``said`` what the bot answered, both masked; ``topic`` and ``section`` are
    what would have been right. ``disputed``: another reader chose something else.
    """

    message_id: str
    conversation_id: str
    language: str
    asked: str
    said: str
    understood: str | None
    topic: str
    section: str | None
    judged_by: str
    judged_at: datetime
    disputed: bool = False


@dataclass(frozen=True, slots=True)
class Proposal:
    """What shall be learned of one turn: ``kind`` is ``example`` or ``test``."""

    id: str
    kind: str
    conversation_id: str
    message_id: str
    language: str
    text: str
    topic: str
    section: str | None
    made_by: str
    made_at: datetime


class Learning:
    """Corrected turns and proposals in the transcripts' database."""

    def __init__(self, store: TranscriptStore) -> None:
        self._database = store.database

    async def waiting(self, limit: int, before: Key | None = None) -> Page[Corrected]:
        """Turns about which nobody has decided yet, the latest corrected first."""
        query = (
            _corrected()
            .where(~exists().where(proposals.c.message_id == _judged.c.message_id))
            .order_by(_judged.c.judged_at.desc(), _judged.c.message_id.desc())
            .limit(limit + 1)
        )
        if before is not None:
            query = query.where(tuple_(_judged.c.judged_at, _judged.c.message_id) < before)
        async with self._database.connect() as connection:
            rows = (await connection.execute(query)).all()
            disputed = await _disputed(connection, [row.message_id for row in rows[:limit]])
        last = rows[limit - 1] if len(rows) > limit else None
        return Page(
            tuple(_turn(row, disputed) for row in rows[:limit]),
            None if last is None else (last.judged_at, last.message_id),
        )

    async def corrected(self, message_id: str) -> Corrected | None:
        """One of them, decided or not; None when it is not there, or nobody corrected it."""
        async with self._database.connect() as connection:
            return await _find(connection, message_id)

    async def propose(
        self,
        message_id: str,
        kinds: Collection[str],
        text: str,
        staff_id: str,
        now: datetime,
        noted: Noted | None = None,
    ) -> str:
        """``proposed``, ``already`` (somebody decided about it before) or ``gone``.

        ``text`` must hold nothing that points to a person. ``noted`` comes last in the same transaction, if it is
        proposed. Raises ValueError for no kind, or an unknown one.
        """
        if not kinds or not set(kinds) <= set(KINDS):
            raise ValueError(f"kinds are some of {', '.join(KINDS)}")
        return await self._decide(message_id, kinds, text, OPEN, staff_id, now, noted)

    async def dismiss(self, message_id: str, staff_id: str, now: datetime) -> str:
        """``dismissed``, ``already`` or ``gone``; nothing of its text is kept."""
        return await self._decide(message_id, (KINDS[0],), "", DISMISSED, staff_id, now)

    async def withdraw(self, message_id: str) -> bool:
        """Whether there were open proposals of that turn; it waits again."""
        query = delete(proposals).where(proposals.c.message_id == message_id, proposals.c.state == OPEN)
        async with self._database.begin() as connection:
            return (await connection.execute(query)).rowcount > 0

    async def open(self, limit: int | None = None) -> tuple[Proposal, ...]:
        """Proposals that wait for ``faro learn``, the oldest first."""
        p = proposals.c
        query = (
            select(*(proposals.c[name] for name in Proposal.__slots__))
            .where(p.state == OPEN)
            .order_by(p.made_at, p.id)
            .limit(limit)
        )
        async with self._database.connect() as connection:
            return tuple(Proposal(**row._mapping) for row in await connection.execute(query))

    async def take(
        self, ids: Iterable[str], now: datetime, write: Callable[[frozenset[str]], None] = lambda _: None
    ) -> int:
        """How many of these proposals are now taken: they were still open, and stand in the project's files.

        ``write`` puts those into the files. Nobody can erase or take back one of them while it does; where it raises,
        none is taken.
        """
        query = update(proposals).where(proposals.c.id.in_(list(ids)), proposals.c.state == OPEN)
        async with self._database.begin() as connection:
            open_still = await connection.scalars(
                query.values(state=TAKEN, decided_at=now).returning(proposals.c.id)
            )
            taken = frozenset(open_still)
            write(taken)
        return len(taken)

    async def _decide(
        self,
        message_id: str,
        kinds: Collection[str],
        text: str,
        state: str,
        staff_id: str,
        now: datetime,
        noted: Noted | None = None,
    ) -> str:
        decided = {} if state == OPEN else {"decided_by": staff_id, "decided_at": now}
        try:
            async with self._database.begin() as connection:
                turn = await _find(connection, message_id)
                if turn is None:
                    return "gone"
                known = select(proposals.c.id).where(proposals.c.message_id == message_id).limit(1)
                if await connection.scalar(known) is not None:
                    return "already"
                rows = [
                    {
                        "id": secrets.token_hex(16),
                        "kind": kind,
                        "conversation_id": turn.conversation_id,
                        "message_id": message_id,
                        "language": turn.language,
                        "text": text,
                        "topic": turn.topic,
                        "section": turn.section,
                        "state": state,
                        "made_by": staff_id,
                        "made_at": now,
                        **decided,
                    }
                    for kind in sorted(kinds)
                ]
                await connection.execute(insert(proposals), rows)
                if noted is not None:
                    await noted(connection)
        except IntegrityError:
            # Somebody else decided, or the conversation was erased, at the same moment.
            return "already" if await self.corrected(message_id) is not None else "gone"
        return "proposed" if state == OPEN else "dismissed"


def _corrected() -> Select[Any]:
    """The last correction of each turn whose messages are still there."""
    newer = or_(
        _later.c.judged_at > _judged.c.judged_at,
        and_(_later.c.judged_at == _judged.c.judged_at, _later.c.staff_id > _judged.c.staff_id),
    )
    return (
        select(
            _judged.c.message_id,
            _judged.c.right_topic,
            _judged.c.right_section,
            _judged.c.staff_id,
            _judged.c.judged_at,
            _said.c.conversation_id,
            _said.c.text.label("said"),
            _asked.c.language,
            _asked.c.text.label("asked"),
            _asked.c.intent,
        )
        .select_from(_judged)
        .join(_said, and_(_said.c.id == _judged.c.message_id, _said.c.author == "bot"))
        .join(_asked, and_(_asked.c.id == _said.c.reply_to, _asked.c.author == "visitor"))
        .where(
            _is_correction(_judged),
            ~exists().where(_later.c.message_id == _judged.c.message_id, _is_correction(_later), newer),
        )
    )


def _is_correction(judged: Any) -> Any:
    return and_(judged.c.right_topic.is_not(None), judged.c.label.in_(LEARNED_FROM))


async def _find(connection: AsyncConnection, message_id: str) -> Corrected | None:
    row = (await connection.execute(_corrected().where(_judged.c.message_id == message_id))).one_or_none()
    return None if row is None else _turn(row, await _disputed(connection, [message_id]))


async def _disputed(connection: AsyncConnection, ids: Sequence[str]) -> frozenset[str]:
    """Those of these turns for which two readers chose differently."""
    if not ids:
        return frozenset()
    query = (
        select(_judged.c.message_id, _judged.c.right_topic, _judged.c.right_section)
        .where(_judged.c.message_id.in_(ids), _is_correction(_judged))
        .distinct()
    )
    found = [row.message_id for row in await connection.execute(query)]
    return frozenset(id for id in found if found.count(id) > 1)


def _turn(row: Row[*tuple[Any, ...]], disputed: frozenset[str]) -> Corrected:
    return Corrected(
        message_id=row.message_id,
        conversation_id=row.conversation_id,
        language=row.language,
        asked=row.asked,
        said=row.said,
        understood=row.intent,
        topic=row.right_topic,
        section=row.right_section,
        judged_by=row.staff_id,
        judged_at=row.judged_at,
        disputed=row.message_id in disputed,
    )
