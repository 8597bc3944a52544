"""Messages of ours on their way: one of a person at a time, in order, and none a third time.

A sending whose end nobody knows, because the connection broke or the sender was killed, waits for a status that names
the message. Without one it is sent one time more; when that breaks off too, its fate is unknown and staff are told.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.gateway.whatsapp.base import Base, code_of
from bot.gateway.whatsapp.model import Outbound
from bot.gateway.whatsapp.records import STATUS_WAIT, Out, OutRow
from bot.gateway.whatsapp.tables import outbox, people

#: Sendings whose end nobody knows, after which there is no other.
TWICE = 2


class OutboxStore(Base):
    """What a sender needs of the messages that go out."""

    async def queue(self, person_id: str, effect_key: str, outs: Sequence[Outbound], now: datetime) -> int:
        """Queues news that nobody asked for just now; how many are new: none for who has stopped or is unknown."""
        async with self._writing() as connection:
            person = await self._lock(connection, person_id)
            if person is None or person.stopped_at is not None or person.leaving_at is not None:
                return 0
            return await self._say(connection, person, news_of(effect_key, outs), now)

    async def is_queued(self, effect_key: str) -> bool:
        """Whether news of that key has been queued, whatever became of it since."""
        query = select(exists().where(outbox.c.effect_key == _part(effect_key, 0)))
        async with self._database.connect() as connection:
            return bool(await connection.scalar(query))

    async def next_out(self, worker: str, now: datetime, hold: timedelta) -> OutRow | None:
        """The first message of the person who has been due the longest, to be sent by nobody else until ``now + hold``.

        ``hold`` is longer than any sending: one that has not ended by then broke off.
        """
        async with self._database.connect() as connection:
            if not await connection.scalar(select(exists().where(people.c.out_due_at <= now))):
                return None
        async with self._writing() as connection:
            while (person := await self._next_person(connection, people.c.out_due_at, now)) is not None:
                head = await self._head(connection, person.id)
                if head is not None and head.state == "sending" and head.lease_until <= now:
                    await self._broke_off(connection, head, now, "broke_off")
                elif head is not None and head.state != "sending" and head.next_at <= now:
                    return await self._begin(connection, person, head, worker, now, hold)
                await self._out_due(connection, person.id, now)
                if person.leaving_at is not None:
                    await self._leave(connection, person.id, now)
        return None

    async def next_out_due(self) -> datetime | None:
        """The earliest moment at which there may be something to send; None when nothing is queued."""
        return await self._first(people.c.out_due_at)

    async def sent(self, row: OutRow, provider_id: str, now: datetime) -> bool:
        """The provider has taken the message, under that id. False when it was erased, or marked before.

        It holds also when the lease had run out: that the provider has it is true whoever sent it.
        """
        name = self._names.sent(row.provider, provider_id)
        async with self._of(row, now) as (connection, found):
            if found is None or found.state in ("sent", "dropped"):
                if found is not None and found.provider_name is None:
                    await self._set(connection, row.id, provider_name=name)
                return False
            if found.state in ("failed", "queued") and found.provider_name == name:
                # The status that it failed was faster than the answer.
                return False
            # It stays for a little while: a rate error may come behind the answer.
            await self._set(
                connection,
                row.id,
                state="sent",
                provider_name=name,
                sent_at=now,
                status=found.status or "sent",
                status_at=found.status_at or now,
                last_error=None,
                **_FREE,
            )
            return True

    async def again(self, row: OutRow, next_at: datetime, code: str, now: datetime) -> bool:
        """It surely was not sent, and is tried again at ``next_at``. False when it is not ours any more."""
        return await self._ended(row, now, state="queued", next_at=next_at, last_error=code_of(code))

    async def unsure(self, row: OutRow, now: datetime, code: str) -> bool:
        """Nobody knows whether it was sent. False when it is not ours any more."""
        async with self._of(row, now) as (connection, found):
            if found is None or not _is_ours(found, row):
                return False
            await self._broke_off(connection, found, now, code)
            return True

    async def failed(self, row: OutRow, code: str, now: datetime) -> bool:
        """It will never be sent; staff hear of it. False when it is not ours any more."""
        return await self._ended(
            row, now, state="failed", body=None, last_error=code_of(code), alarmed_at=None
        )

    async def blocked(self, row: OutRow, code: str, now: datetime, instead: Outbound | None = None) -> bool:
        """The window is closed: it waits, sealed, until the person writes again; staff hear of it.

        ``instead`` is queued in its place, once until then. False when it is not ours any more.
        """
        async with self._of(row, now) as (connection, found):
            if found is None or not _is_ours(found, row):
                return False
            await self._set(
                connection, row.id, state="blocked", last_error=code_of(code), alarmed_at=None, **_FREE
            )
            person = await self._lock(connection, found.person_id)
            assert person is not None, "locked before"
            if person.blocked_at is None:
                await self._change(connection, person.id, now, blocked_at=now)
                if instead is not None:
                    out = Out(f"{found.id}:instead", instead, found.inbox_id)
                    await self._say(connection, person, [out], now)
            return True

    async def fates(self, person_id: str) -> tuple[tuple[str, str], ...]:
        """What became of each message of ours to a person that nobody asked for, under its ``effect_key``.

        ``waiting`` (to be sent), ``sent``, ``delivered`` or ``read`` (as the provider says), ``failed``, ``unknown``
        (whether it went out), ``blocked`` (until they write again) or ``dropped``. Only of the last days: then it is
        forgotten.
        """
        query = (
            select(outbox.c.effect_key, outbox.c.state, outbox.c.status)
            .where(outbox.c.person_id == person_id, outbox.c.news)
            .order_by(outbox.c.seq)
        )
        async with self._database.connect() as connection:
            found = await connection.execute(query)
            return tuple((row.effect_key, _fate(row.state, row.status)) for row in found)

    # How it is done.

    async def _begin(
        self,
        connection: AsyncConnection,
        person: Row[Any],
        head: Row[Any],
        worker: str,
        now: datetime,
        hold: timedelta,
    ) -> OutRow:
        token, until = f"{worker[:30]}:{secrets.token_hex(8)}", now + hold
        await self._set(
            connection,
            head.id,
            state="sending",
            attempts=head.attempts + 1,
            lease_until=until,
            leased_by=token,
        )
        await self._change(connection, person.id, now, out_due_at=until)
        known = self._person(person, now)
        return OutRow(
            id=head.id,
            person_id=person.id,
            provider=person.provider,
            address=known.address,
            message=self._message(head),
            attempts=head.attempts + 1,
            unsure=head.unsure,
            effect_key=head.effect_key,
            inbox_id=head.inbox_id,
            conversation_id=person.conversation_id,
            language=person.language,
            last_inbound_at=person.last_inbound_at,
            stopped_at=person.stopped_at,
            created_at=head.created_at,
            token=token,
        )

    async def _broke_off(self, connection: AsyncConnection, row: Row[Any], now: datetime, code: str) -> None:
        values: dict[str, Any] = {"unsure": row.unsure + 1, "last_error": code_of(code), **_FREE}
        if row.unsure + 1 < TWICE:
            values |= {"state": "unsure", "next_at": now + STATUS_WAIT}
        else:
            self._log_holds_wiped = True
            values |= {"state": "unknown", "body": None, "alarmed_at": None}
        await self._set(connection, row.id, **values)

    async def _ended(self, row: OutRow, now: datetime, **values: Any) -> bool:
        async with self._of(row, now) as (connection, found):
            if found is None or not _is_ours(found, row):
                return False
            self._log_holds_wiped |= "body" in values
            await self._set(connection, row.id, **values, **_FREE)
            return True

    @asynccontextmanager
    async def _of(self, row: OutRow, now: datetime) -> AsyncIterator[tuple[AsyncConnection, Row[Any] | None]]:
        """A transaction with a message and its person locked; afterwards the person's next one is due."""
        async with self._writing() as connection:
            person, found = await self._locked(connection, row)
            yield connection, found
            if found is not None:
                await self._out_due(connection, found.person_id, now)
            if person is not None and person.leaving_at is not None:
                await self._leave(connection, person.id, now)

    async def _locked(
        self, connection: AsyncConnection, row: OutRow
    ) -> tuple[Row[Any] | None, Row[Any] | None]:
        person_id: str | None = row.person_id
        while person_id is not None:
            person = await self._lock(connection, person_id)
            found = (await connection.execute(select(outbox).where(outbox.c.id == row.id))).one_or_none()
            if found is None or found.person_id == person_id:
                return person, found
            # Two people became one since.
            person_id = found.person_id
        return None, None

    async def _set(self, connection: AsyncConnection, row_id: str, **values: Any) -> None:
        await connection.execute(update(outbox).where(outbox.c.id == row_id).values(**values))


_FREE: dict[str, Any] = {"lease_until": None, "leased_by": None}


def news_of(effect_key: str, outs: Sequence[Outbound]) -> list[Out]:
    """Messages outside a turn, each with a key of its own."""
    return [Out(_part(effect_key, number), message) for number, message in enumerate(outs)]


def _part(effect_key: str, number: int) -> str:
    return f"{effect_key}:{number}"


def _fate(state: str, status: str | None) -> str:
    if state in ("queued", "sending", "unsure"):
        return "waiting"
    return status or state if state == "sent" else state


def _is_ours(found: Row[Any], row: OutRow) -> bool:
    return bool(found.state == "sending" and found.leased_by == row.token)
