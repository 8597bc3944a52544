"""The log of what staff did: added to and never changed, each line chained to the one before.

A line's hash is an HMAC over the line and the hash before it, with a key made from FARO_SECRET_KEY: whoever can only
write to the database can neither change a line nor add one that fits. One more row holds where the log ends, sealed
with the same key, so that lines taken off the end are missed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.booking.database import shared, writing
from bot.console.access import Staff
from bot.console.ports import Clock
from bot.console.tables import audit_head, audit_log

#: What the first line has before it.
START = "0" * 64
_HEAD = 1
_LOCK = 0x46415544
_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Line:
    """One line; ``staff_id`` is None for what the command line or the program itself did."""

    seq: int
    at: datetime
    staff_id: str | None
    action: str
    object: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Verified:
    """What came of walking the log: how many lines fit, the last one's hash, and the first thing that is wrong.

    ``problem`` is empty when all is well, else one of changed, missing, forged, unknown_key, cut_off, head_forged,
    other_log; ``seq`` then names the line.
    """

    lines: int
    hash: str
    problem: str = ""
    seq: int | None = None


class AuditKeys:
    """The keys that secrets give; the first is today's, older ones check what was written with them."""

    def __init__(self, secrets: Sequence[str]) -> None:
        made = [hmac.new(secret.encode(), b"faro staff audit", hashlib.sha256).digest() for secret in secrets]
        self._by_name = {_name(key): key for key in made}
        self.today = _name(made[0])

    def sign(self, name: str, text: str) -> str | None:
        """The HMAC with the key of that name; None when there is no such key."""
        key = self._by_name.get(name)
        return None if key is None else hmac.new(key, text.encode(), hashlib.sha256).hexdigest()

    def seal(self, seq: int, hash: str) -> tuple[str, ...]:
        """The seals that the end of the log may have, today's first."""
        said = f"head:{seq}:{hash}".encode()
        return tuple(hmac.new(key, said, hashlib.sha256).hexdigest() for key in self._by_name.values())


class Audit:
    """The log in the database. Every method may raise ``sqlalchemy.exc.SQLAlchemyError``."""

    def __init__(self, database: AsyncEngine, keys: AuditKeys, clock: Clock) -> None:
        self._database = database
        self._keys = keys
        self._clock = clock

    async def write(
        self,
        staff: Staff | str | None,
        action: str,
        object_id: str = "",
        codes: Mapping[str, Any] | None = None,
    ) -> None:
        """Adds a line. ``codes`` are codes and counts: what a person wrote or is called has no place here."""
        async with writing(self._database) as connection:
            await self.add(connection, staff, action, object_id, codes)

    async def add(
        self,
        connection: AsyncConnection,
        staff: Staff | str | None,
        action: str,
        object_id: str = "",
        codes: Mapping[str, Any] | None = None,
    ) -> None:
        """As ``write``, in a transaction of ``bot.booking.database.writing`` that is open.

        Call it last: until the transaction ends nobody else can write a line.
        """
        if shared(self._database):
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        head = (await connection.execute(select(audit_head))).one_or_none()
        seq, previous = (head.seq + 1, head.hash) if head is not None else (1, START)
        values: dict[str, Any] = {
            "seq": seq,
            "at": self._clock.now().astimezone(UTC),
            "staff_id": staff.id if isinstance(staff, Staff) else staff,
            "action": action,
            "object": object_id,
            "detail": json.dumps(codes or {}, sort_keys=True, separators=(",", ":"), ensure_ascii=False),
            "key": self._keys.today,
            "previous": previous,
        }
        hash = self._keys.sign(self._keys.today, canonical(values))
        await connection.execute(insert(audit_log).values(**values, hash=hash))
        end = {"seq": seq, "hash": hash, "seal": self._keys.seal(seq, str(hash))[0]}
        if head is None:
            await connection.execute(insert(audit_head).values(id=_HEAD, **end))
        else:
            await connection.execute(update(audit_head).where(audit_head.c.id == _HEAD).values(**end))

    async def page(
        self, limit: int, before: int | None = None, object_id: str = "", staff_id: str = ""
    ) -> tuple[tuple[Line, ...], int | None]:
        """Lines, newest first, and what to give as ``before`` for those that follow (None: nothing follows)."""
        query = select(audit_log).order_by(audit_log.c.seq.desc()).limit(limit + 1)
        if before is not None:
            query = query.where(audit_log.c.seq < before)
        if object_id:
            query = query.where(audit_log.c.object == object_id)
        if staff_id:
            query = query.where(audit_log.c.staff_id == staff_id)
        async with self._database.connect() as connection:
            rows = (await connection.execute(query)).all()
        lines = tuple(_line(row) for row in rows[:limit])
        return lines, lines[-1].seq if len(rows) > limit else None

    async def verify(self, noted: tuple[int, str] | None = None) -> Verified:
        """Walks the whole log; stops at the first line that does not fit.

        ``noted`` is a line's number with its hash as an earlier walk told them: whoever puts back an older copy of
        the whole log is found by that alone.
        """
        lines, previous = 0, START
        async with self._still() as connection:
            head = (await connection.execute(select(audit_head))).one_or_none()
            async for row in _rows(connection):
                if problem := self._problem(row, lines + 1, previous):
                    return Verified(lines, previous, problem, lines + 1 if problem == "missing" else row.seq)
                lines, previous = row.seq, row.hash
                if noted is not None and lines == noted[0] and previous != noted[1]:
                    return Verified(lines, previous, "other_log", lines)
        if noted is not None and lines < noted[0]:
            return Verified(lines, previous, "cut_off", lines + 1)
        return self._end(head, lines, previous)

    @asynccontextmanager
    async def _still(self) -> AsyncIterator[AsyncConnection]:
        """A connection that sees one moment of the database, however long the walk takes."""
        async with self._database.connect() as connection:
            if shared(self._database):
                await connection.execution_options(isolation_level="REPEATABLE READ")
            else:
                await connection.exec_driver_sql("BEGIN")
            yield connection

    def _problem(self, row: Row[Any], expected: int, previous: str) -> str:
        if row.seq != expected:
            return "missing"
        values = {name: getattr(row, name) for name in _SIGNED}
        hash = self._keys.sign(row.key, canonical(values))
        if hash is None:
            return "unknown_key"
        if not hmac.compare_digest(hash, row.hash):
            return "changed"
        return "" if row.previous == previous else "forged"

    def _end(self, head: Row[Any] | None, lines: int, previous: str) -> Verified:
        if head is None:
            return Verified(lines, previous, "head_forged" if lines else "", None)
        if not any(hmac.compare_digest(seal, head.seal) for seal in self._keys.seal(head.seq, head.hash)):
            return Verified(lines, previous, "head_forged", head.seq)
        if head.seq > lines:
            return Verified(lines, previous, "cut_off", lines + 1)
        if (head.seq, head.hash) != (lines, previous):
            return Verified(lines, previous, "forged", head.seq + 1)
        return Verified(lines, previous)


_SIGNED = ("seq", "at", "staff_id", "action", "object", "detail", "key", "previous")


def canonical(values: Mapping[str, Any]) -> str:
    """The line as it is signed: JSON with sorted names and without spaces, its moment in UTC to the microsecond."""
    told = {**values, "at": values["at"].astimezone(UTC).isoformat(timespec="microseconds")}
    return json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


async def _rows(connection: AsyncConnection) -> AsyncIterator[Row[Any]]:
    """Every line in order, some at a time."""
    after = -(2**31)
    while True:
        query = select(audit_log).where(audit_log.c.seq > after).order_by(audit_log.c.seq).limit(_AT_ONCE)
        rows = (await connection.execute(query)).all()
        for row in rows:
            yield row
        if len(rows) < _AT_ONCE:
            return
        after = rows[-1].seq


def _line(row: Row[Any]) -> Line:
    return Line(row.seq, row.at, row.staff_id, row.action, row.object, json.loads(row.detail))


def _name(key: bytes) -> str:
    """Tells keys apart without telling anything about them."""
    return hashlib.sha256(b"faro audit key " + key).hexdigest()[:8]
