"""Seals again with the first key what an older one sealed, so that the older one can be taken out.

Only ciphertexts depend on ``FARO_DATA_KEY``. Names that are keyed hashes (of WhatsApp people and messages, in the log
of what staff did) are made with ``FARO_SECRET_KEY``, and stay as they are.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, LargeBinary, Table, func, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.transcripts.sealing import BEGINNING, Keys, Unreadable
from bot.transcripts.tables import metadata

#: Ciphertexts that are bound to another place than their own column.
SHARED_PLACES = {"staff.totp_pending": "staff.totp"}
#: Rows of one transaction: on SQLite nobody else can write for as long, some milliseconds.
BATCH = 200
#: How often it goes over a column again for rows that somebody else was just writing, and how long it waits before.
_ROUNDS, _PAUSE = 5, 0.2
#: In seconds after each batch, in which others come to write.
_BREATH = 0.02


@dataclass(frozen=True, slots=True)
class Sealed:
    """A column of ciphertexts."""

    table: Table
    column: Column[Any]

    @property
    def name(self) -> str:
        """Such as ``bookings.body``."""
        return f"{self.table.name}.{self.column.name}"

    @property
    def key(self) -> tuple[Column[Any], ...]:
        """The primary key, in its order."""
        return tuple(self.table.primary_key.columns)

    def place(self, row: Mapping[str, Any]) -> str:
        """To what the ciphertext of a row is bound."""
        return ":".join((SHARED_PLACES.get(self.name, self.name), *(str(part) for part in self.id_of(row))))

    def id_of(self, row: Mapping[str, Any]) -> tuple[Any, ...]:
        """The row's primary key."""
        return tuple(row[column.name] for column in self.key)


@dataclass(frozen=True, slots=True)
class Count:
    """The ciphertexts of a column: with the first key, with another that is there, with none that is there."""

    name: str
    first: int = 0
    older: int = 0
    closed: int = 0


@dataclass(frozen=True, slots=True)
class Rotated:
    """``changed`` ciphertexts were sealed again; ``older`` still need another key than the first.

    ``closed`` cannot be opened: their key is not there, or somebody changed or moved them.
    """

    name: str
    changed: int = 0
    older: int = 0
    closed: int = 0


def sealed_columns() -> tuple[Sealed, ...]:
    """Every column of ciphertexts in the tables that have been imported: all that hold bytes."""
    return tuple(
        Sealed(table, column)
        for table in sorted(metadata.tables.values(), key=lambda table: table.name)
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    )


async def count(database: AsyncEngine, keys: Keys) -> tuple[Count, ...]:
    """Which keys the ciphertexts say that they need; none is opened. Raises SQLAlchemyError."""
    async with database.connect() as connection:
        return tuple([await _count(connection, sealed, keys) for sealed in sealed_columns()])


async def rotate(database: AsyncEngine, keys: Keys, batch: int = BATCH) -> tuple[Rotated, ...]:
    """Seals again with the first key whatever another one sealed, some rows at a time, while gateways run.

    Stopped in the middle it leaves each value whole, under one key or the other; the next run goes on. What somebody
    else writes meanwhile stays as they wrote it. Raises SQLAlchemyError.
    """
    done = tuple([await _rotate(database, sealed, keys, batch) for sealed in sealed_columns()])
    if database.dialect.name == "sqlite":
        # The ciphertexts of before, which the older key opens, must not stay in the log.
        async with database.connect() as connection:
            await connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
    return done


async def _rotate(database: AsyncEngine, sealed: Sealed, keys: Keys, batch: int) -> Rotated:
    changed = 0
    for again in range(_ROUNDS):
        if again:
            await asyncio.sleep(_PAUSE)
        broken, after = 0, None
        while True:
            async with database.begin() as connection:
                found = await _batch(connection, sealed, keys, after, batch)
            changed += found.changed
            broken += found.broken
            if found.last is None:
                break
            after = found.last
            await asyncio.sleep(_BREATH)
        async with database.connect() as connection:
            left = await _count(connection, sealed, keys)
        if left.older <= broken:
            break
    return Rotated(sealed.name, changed, max(left.older - broken, 0), left.closed + broken)


@dataclass(frozen=True, slots=True)
class _Batch:
    """``last``: the key of the last row that was looked at, None when there were no more."""

    changed: int
    broken: int
    last: tuple[Any, ...] | None


async def _batch(
    connection: AsyncConnection, sealed: Sealed, keys: Keys, after: tuple[Any, ...] | None, limit: int
) -> _Batch:
    """Rows behind ``after``, in the order of their key."""
    older = keys.known - {keys.first}
    query = (
        select(*sealed.key, sealed.column)
        .where(_beginning(sealed).in_(sorted(older)))
        .order_by(*sealed.key)
        .limit(limit)
        # On PostgreSQL nobody waits for somebody who waits for us: what others are writing is left to the next round.
        .with_for_update(skip_locked=True, key_share=True)
    )
    if after is not None:
        query = query.where(tuple_(*sealed.key) > after)
    changed, broken = 0, 0
    rows: Sequence[Mapping[str, Any]] = []
    if older:
        rows = [row._asdict() for row in await connection.execute(query)]
    for row in rows:
        place, before = sealed.place(row), row[sealed.column.name]
        try:
            value = keys.seal(keys.open(before, place), place)
        except Unreadable:
            broken += 1
            continue
        same = [column == part for column, part in zip(sealed.key, sealed.id_of(row), strict=True)]
        # On SQLite the row may have changed since it was read: then it is left as it is now.
        written = await connection.execute(
            update(sealed.table).where(*same, sealed.column == before).values({sealed.column.name: value})
        )
        changed += written.rowcount
    return _Batch(changed, broken, sealed.id_of(rows[-1]) if rows else None)


async def _count(connection: AsyncConnection, sealed: Sealed, keys: Keys) -> Count:
    beginning = _beginning(sealed)
    query = select(beginning.label("beginning"), func.count().label("many")).where(sealed.column.is_not(None))
    found = Counter[str]()
    for row in await connection.execute(query.group_by(beginning)):
        kind = bytes(row.beginning)
        found["first" if kind == keys.first else "older" if kind in keys.known else "closed"] += row.many
    return Count(sealed.name, found["first"], found["older"], found["closed"])


def _beginning(sealed: Sealed) -> ColumnElement[bytes]:
    """What names the key of a ciphertext."""
    return func.substr(sealed.column, 1, BEGINNING, type_=LargeBinary())
