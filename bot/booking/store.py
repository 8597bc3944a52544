"""Requests for a consultation: a request and its event are written together or not at all."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Row, and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.booking.callback import Callback
from bot.booking.database import empty_log, insert, writing
from bot.booking.inbox import Inbox
from bot.booking.outbox import lock, place, settle, text
from bot.booking.payload import consultation
from bot.booking.ports import CANCELLED, REQUESTED, UPDATED
from bot.booking.records import Booking, Erased, Saved
from bot.booking.reference import new_reference, read_reference
from bot.booking.tables import bookings, callbacks, outbox
from bot.core.errors import BotError
from bot.transcripts.schema import open_database, upgrade
from bot.transcripts.sealing import Keys
from bot.transcripts.tables import alarms

#: A person who asks again within this time corrects the request; afterwards it is a new one.
SAME_REQUEST = timedelta(hours=24)

_NEVER_LEFT = ("waiting", "queued")


class BookingStore(Inbox):
    """The store behind one database. Every method may raise ``sqlalchemy.exc.SQLAlchemyError``.

    ``site`` names the firm or its office in every event, ``environment`` is demo or production. Without ``sends``
    no system is configured: events wait for staff in the console. ``choose`` makes a reference.
    """

    def __init__(
        self,
        database: str | AsyncEngine,
        keys: Keys,
        *,
        site: str,
        environment: str = "demo",
        sends: bool = True,
        choose: Callable[[], str] = new_reference,
    ) -> None:
        self._own = isinstance(database, str)
        super().__init__(open_database(database) if isinstance(database, str) else database, keys)
        self._site = site
        self._environment = environment
        self._first_state = "queued" if sends else "waiting"
        self._choose = choose

    @property
    def database(self) -> AsyncEngine:
        """The connections, for a ``Vault`` beside it."""
        return self._database

    async def start(self) -> None:
        """Brings the tables up to date."""
        await upgrade(self._database)

    async def close(self) -> None:
        """Closes the connections that it opened itself."""
        if self._own:
            await self._database.dispose()

    # What people do.

    async def request(
        self,
        conversation: str,
        effect_key: str,
        facts: Mapping[str, Any],
        contact: Mapping[str, Any],
        level: str,
        language: str,
        now: datetime,
    ) -> Saved:
        """Saves a request with its event. ``facts`` and ``contact`` are as ``payload.consultation`` takes them.

        The same ``effect_key`` again changes nothing. While a request of the conversation that is younger than a
        day is open, this corrects it and keeps its reference.
        """
        async with writing(self._database, conversation) as connection:
            if (before := await _done(connection, effect_key)) is not None:
                return before
            found = await _latest(connection, conversation, open_since=now - SAME_REQUEST)
            if found is not None:
                return await self._revise(connection, found, effect_key, facts, contact, level, language, now)
            request_id, body = str(uuid4()), {"facts": dict(facts), "contact": dict(contact)}
            head = {
                "id": request_id,
                "conversation_id": conversation,
                "created_at": now,
                "updated_at": now,
                "state": "requested",
                "level": level,
                "language": language,
                "body": self._sealed(body, request_id),
                "delivery": self._first_state,
                "appointment": "none",
            }
            reference = await self._insert(connection, head)
            await self._add(connection, {**head, "reference": reference}, 1, effect_key, REQUESTED, body, now)
            return Saved(request_id, reference, REQUESTED)

    async def update(
        self,
        conversation: str,
        effect_key: str,
        facts: Mapping[str, Any],
        contact: Mapping[str, Any],
        level: str,
        language: str,
        now: datetime,
    ) -> Saved | None:
        """Corrects the newest open request of the conversation, however old; None when there is none."""
        async with writing(self._database, conversation) as connection:
            if (before := await _done(connection, effect_key)) is not None:
                return before
            found = await _latest(connection, conversation, open_since=None)
            if found is None:
                return None
            return await self._revise(connection, found, effect_key, facts, contact, level, language, now)

    async def cancel(self, conversation: str, effect_key: str, now: datetime) -> Saved | None:
        """Cancels the newest open request of the conversation; None when there is none."""
        async with writing(self._database, conversation) as connection:
            if (before := await _done(connection, effect_key)) is not None:
                return before
            found = await _latest(connection, conversation, open_since=None)
            if found is None:
                return None
            await lock(connection, found.id)
            await connection.execute(
                update(bookings).where(bookings.c.id == found.id).values(state="cancelled", updated_at=now)
            )
            await self._follow(connection, found.id, effect_key, CANCELLED, {}, now)
            return Saved(found.id, found.reference, CANCELLED)

    async def erase(self, conversation: str) -> Erased:
        """Erases contact, facts, events and links of the conversation's requests, and forgets whose they were.

        Alarms no longer name them.

        What was sent cannot be recalled: the answer names it, so that the person can be told.
        """
        async with writing(self._database, conversation) as connection:
            rows = (
                await connection.execute(
                    select(bookings.c.id, bookings.c.reference)
                    .where(bookings.c.conversation_id == conversation)
                    .order_by(bookings.c.created_at, bookings.c.id)
                    .with_for_update()
                )
            ).all()
            removed: list[str] = []
            beyond: list[str] = []
            for row in rows:
                left = await connection.execute(
                    select(func.count())
                    .select_from(outbox)
                    .where(
                        outbox.c.booking_id == row.id,
                        or_(outbox.c.attempts > 0, outbox.c.state.not_in(_NEVER_LEFT)),
                    )
                )
                sent = bool(left.scalar_one())
                (beyond if sent else removed).append(row.reference)
                await connection.execute(delete(outbox).where(outbox.c.booking_id == row.id))
                await connection.execute(delete(callbacks).where(callbacks.c.booking_id == row.id))
                await _unname(connection, [row.id])
                if sent:
                    await connection.execute(
                        update(bookings)
                        .where(bookings.c.id == row.id)
                        .values(
                            conversation_id=None,
                            body=None,
                            join_url=None,
                            start_at=None,
                            end_at=None,
                            timezone=None,
                            firm_booking_id=None,
                            handled_by=None,
                            handled_at=None,
                        )
                    )
                else:
                    await connection.execute(delete(bookings).where(bookings.c.id == row.id))
        if rows:
            await empty_log(self._database)
        return Erased(tuple(removed), tuple(beyond))

    # What can be asked.

    async def latest_of(self, conversation: str) -> Booking | None:
        """The newest request of the conversation, also when it is cancelled."""
        async with self._database.connect() as connection:
            row = await _latest(connection, conversation, open_since=None, cancelled_too=True)
            return None if row is None else self._booking(row)

    async def by_reference(self, reference: str) -> Booking | None:
        """The request with that reference, however it was typed."""
        return await self._one(bookings.c.reference == read_reference(reference))

    async def by_id(self, request_id: str) -> Booking | None:
        """The request with that id."""
        return await self._one(bookings.c.id == request_id)

    async def contents(self, request_id: str) -> dict[str, Any] | None:
        """``facts`` and ``contact`` of a request, for staff; None when erased or unknown. Raises Unreadable."""
        async with self._database.connect() as connection:
            body = await connection.scalar(select(bookings.c.body).where(bookings.c.id == request_id))
        if body is None:
            return None
        read: dict[str, Any] = json.loads(self._keys.open(body, place("bookings.body", request_id)))
        return read

    async def page(
        self, limit: int, before: tuple[datetime, str] | None = None
    ) -> tuple[tuple[Booking, ...], tuple[datetime, str] | None]:
        """Requests, newest first, and the key of the page that follows (None when there is none)."""
        query = select(bookings).order_by(bookings.c.created_at.desc(), bookings.c.id.desc())
        if before is not None:
            moment, key = before
            query = query.where(
                or_(
                    bookings.c.created_at < moment,
                    and_(bookings.c.created_at == moment, bookings.c.id < key),
                )
            )
        async with self._database.connect() as connection:
            rows = (await connection.execute(query.limit(limit + 1))).all()
        found = tuple(self._booking(row) for row in rows[:limit])
        last = found[-1] if len(rows) > limit else None
        return found, None if last is None else (last.created_at, last.request_id)

    # What the firm says.

    async def apply(self, callback: Callback, now: datetime) -> str:
        """Takes over what the firm's system said; the person is told by the worker.

        ``applied``; ``repeated`` (this very message came before); ``old`` (something newer came before);
        ``unknown`` (no such request, or it was erased).
        """
        named = (
            bookings.c.id == callback.request_id
            if callback.request_id is not None
            else bookings.c.reference == callback.reference
        )
        async with writing(self._database) as connection:
            row = (await connection.execute(select(bookings).where(named).with_for_update())).one_or_none()
            if row is None or row.body is None:
                return "unknown"
            old = row.firm_at is not None and callback.at < row.firm_at
            statement = insert(self._database, callbacks).values(
                id=callback.id,
                booking_id=row.id,
                type=callback.type,
                received_at=now,
                told_at=now if old else None,
            )
            first = statement.on_conflict_do_nothing(index_elements=["id"]).returning(callbacks.c.id)
            if await connection.scalar(first) is None:
                return "repeated"
            if old:
                return "old"
            await connection.execute(
                update(bookings).where(bookings.c.id == row.id).values(**self._said(callback, row, now))
            )
            return "applied"

    async def expire(self, before: datetime, limit: int = 500) -> int:
        """How many requests were last changed before that moment (exclusive), up to ``limit``.

        They are gone, delivered or not.
        """
        async with writing(self._database) as connection:
            found = await connection.execute(
                select(bookings.c.id).where(bookings.c.updated_at < before).limit(limit).with_for_update()
            )
            past = list(found.scalars())
            for table in (outbox, callbacks):
                await connection.execute(delete(table).where(table.c.booking_id.in_(past)))
            await connection.execute(delete(bookings).where(bookings.c.id.in_(past)))
            await _unname(connection, past)
        if past:
            await empty_log(self._database)
        return len(past)

    # How it is done.

    async def _revise(
        self,
        connection: AsyncConnection,
        found: Row[Any],
        effect_key: str,
        facts: Mapping[str, Any],
        contact: Mapping[str, Any],
        level: str,
        language: str,
        now: datetime,
    ) -> Saved:
        await lock(connection, found.id)
        body = {"facts": dict(facts), "contact": dict(contact)}
        await connection.execute(
            update(bookings)
            .where(bookings.c.id == found.id)
            .values(
                level=level,
                language=language,
                updated_at=now,
                corrected_at=now,
                body=self._sealed(body, found.id),
            )
        )
        await self._follow(connection, found.id, effect_key, UPDATED, body, now)
        return Saved(found.id, found.reference, UPDATED)

    async def _insert(self, connection: AsyncConnection, row: dict[str, Any]) -> str:
        for _ in range(100):
            reference = self._choose()
            statement = insert(self._database, bookings).values(**row, reference=reference)
            free = statement.on_conflict_do_nothing(index_elements=["reference"]).returning(bookings.c.id)
            if await connection.scalar(free) is not None:
                return reference
        raise BotError("No free reference was found: erase old requests.")

    async def _follow(
        self,
        connection: AsyncConnection,
        request_id: str,
        effect_key: str,
        type: str,
        body: Mapping[str, Any],
        now: datetime,
    ) -> None:
        """Writes a further event for a booking, which the caller has locked and changed."""
        head = (await connection.execute(select(bookings).where(bookings.c.id == request_id))).one()
        if self._first_state == "queued":
            # Written while no system was configured: it goes first. What staff took over stays with them.
            await connection.execute(
                update(outbox)
                .where(
                    outbox.c.booking_id == request_id,
                    outbox.c.state == "waiting",
                    outbox.c.last_error.is_(None),
                )
                .values(state="queued", next_at=now)
            )
        last = await connection.scalar(
            select(func.max(outbox.c.seq)).where(outbox.c.booking_id == request_id)
        )
        await self._add(connection, dict(head._mapping), (last or 0) + 1, effect_key, type, body, now)
        await settle(connection, request_id)

    async def _add(
        self,
        connection: AsyncConnection,
        head: Mapping[str, Any],
        seq: int,
        effect_key: str,
        type: str,
        body: Mapping[str, Any],
        now: datetime,
    ) -> None:
        event = consultation(
            type,
            request_id=head["id"],
            reference=head["reference"],
            created_at=head["created_at"],
            at=now,
            site=self._site,
            environment=self._environment,
            level=head["level"],
            language=head["language"],
            contact=body.get("contact", {}),
            facts=body.get("facts", {}),
        )
        message_id = f"msg_{secrets.token_hex(16)}"
        await connection.execute(
            outbox.insert().values(
                id=message_id,
                booking_id=head["id"],
                seq=seq,
                effect_key=effect_key,
                type=type,
                body=self._keys.seal(text(event), place("booking_outbox.body", message_id)),
                state=self._first_state,
                attempts=0,
                failures=0,
                next_at=now,
                created_at=now,
            )
        )

    async def _one(self, condition: Any) -> Booking | None:
        async with self._database.connect() as connection:
            row = (await connection.execute(select(bookings).where(condition))).one_or_none()
            return None if row is None else self._booking(row)

    def _said(self, callback: Callback, row: Row[Any], now: datetime) -> dict[str, Any]:
        changes: dict[str, Any] = {
            "appointment": callback.kind,
            "firm_at": callback.at,
            "updated_at": now,
            "note_code": callback.note_code,
        }
        if callback.kind == "cancelled":
            return changes | {"state": "cancelled", "start_at": None, "end_at": None, "join_url": None}
        if callback.start is not None:
            changes |= {"start_at": callback.start, "end_at": callback.end, "timezone": callback.timezone}
        if callback.join_url is not None:
            changes["join_url"] = self._link(callback.join_url, row.id)
        return changes

    def _sealed(self, body: Mapping[str, Any], request_id: str) -> bytes:
        return self._keys.seal(text(body), place("bookings.body", request_id))


async def _done(connection: AsyncConnection, effect_key: str) -> Saved | None:
    """What this effect did when it was carried out before."""
    found = await connection.execute(
        select(outbox.c.type, bookings.c.id, bookings.c.reference)
        .join(bookings, bookings.c.id == outbox.c.booking_id)
        .where(outbox.c.effect_key == effect_key)
    )
    row = found.one_or_none()
    return None if row is None else Saved(row.id, row.reference, row.type, repeated=True)


async def _unname(connection: AsyncConnection, request_ids: Sequence[str]) -> None:
    """Alarms no longer name these requests."""
    await connection.execute(
        update(alarms).where(alarms.c.request_id.in_(request_ids)).values(request_id=None, reference=None)
    )


async def _latest(
    connection: AsyncConnection,
    conversation: str,
    *,
    open_since: datetime | None,
    cancelled_too: bool = False,
) -> Row[Any] | None:
    query = select(bookings).where(bookings.c.conversation_id == conversation)
    if not cancelled_too:
        query = query.where(bookings.c.state == "requested")
    if open_since is not None:
        query = query.where(bookings.c.created_at > open_since)
    found = await connection.execute(
        query.order_by(bookings.c.created_at.desc(), bookings.c.id.desc()).limit(1)
    )
    return found.one_or_none()
