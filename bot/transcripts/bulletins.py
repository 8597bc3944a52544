"""The firm's emergency notices: at most one is in force, and what was in force before stays on record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Row, Select, and_, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.transcripts.bulletins_tables import bulletins
from bot.transcripts.records import Key, Page

#: Held on PostgreSQL while one is switched on, so that two people cannot do it at the same time.
_LOCK = 0x46415242


@dataclass(frozen=True, slots=True)
class Bulletin:
    """A notice in each language, from ``on_at`` (inclusive) until ``off_at`` or ``ends_at`` (exclusive)."""

    id: str
    texts: Mapping[str, str]
    on_at: datetime
    on_by: str
    ends_at: datetime | None = None
    off_at: datetime | None = None
    off_by: str | None = None

    def holds(self, now: datetime) -> bool:
        """Whether people are told it ``now``."""
        return self.off_at is None and (self.ends_at is None or now < self.ends_at)


class Bulletins:
    """The notices of a database. Every method may raise ``sqlalchemy.exc.SQLAlchemyError``."""

    def __init__(self, database: AsyncEngine) -> None:
        self._database = database

    async def in_force(self, now: datetime) -> Bulletin | None:
        """The one that people are told."""
        async with self._database.connect() as connection:
            row = (await connection.execute(_newest().where(_on(now)).limit(1))).one_or_none()
        return None if row is None else _bulletin(row)

    async def switch_on(self, bulletin: Bulletin) -> bool:
        """Puts a notice in force and takes the one before out. Whether it was new: the same id is put in once."""
        async with self._database.begin() as connection:
            if self._database.dialect.name == "postgresql":
                await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            if not await self._insert(connection, bulletin):
                return False
            before = and_(_on(bulletin.on_at), bulletins.c.id != bulletin.id)
            await connection.execute(
                update(bulletins).where(before).values(off_at=bulletin.on_at, off_by=bulletin.on_by)
            )
        return True

    async def switch_off(self, id: str, by: str, now: datetime) -> bool:
        """Whether the notice was in force until ``now``."""
        async with self._database.begin() as connection:
            done = await connection.execute(
                update(bulletins).where(bulletins.c.id == id, _on(now)).values(off_at=now, off_by=by)
            )
        return done.rowcount == 1

    async def page(self, limit: int, before: Key | None = None) -> Page[Bulletin]:
        """Notices, the newest first; ``before`` is the ``next_key`` of the page above."""
        query = _newest().limit(limit + 1)
        if before is not None:
            at, id = before
            older = and_(bulletins.c.on_at == at, bulletins.c.id < id)
            query = query.where(or_(bulletins.c.on_at < at, older))
        async with self._database.connect() as connection:
            rows = (await connection.execute(query)).all()
        found = tuple(_bulletin(row) for row in rows[:limit])
        return Page(found, (found[-1].on_at, found[-1].id) if len(rows) > limit else None)

    async def _insert(self, connection: AsyncConnection, bulletin: Bulletin) -> bool:
        dialect = postgresql if self._database.dialect.name == "postgresql" else sqlite
        row = {
            "id": bulletin.id,
            "text_en": bulletin.texts["en"],
            "text_es": bulletin.texts["es"],
            "on_at": bulletin.on_at,
            "on_by": bulletin.on_by,
            "ends_at": bulletin.ends_at,
        }
        first = dialect.insert(bulletins).values(row).on_conflict_do_nothing(index_elements=["id"])
        return (await connection.scalar(first.returning(bulletins.c.id))) is not None


def _newest() -> Select[tuple[object, ...]]:
    return select(bulletins).order_by(bulletins.c.on_at.desc(), bulletins.c.id.desc())


def _on(now: datetime) -> ColumnElement[bool]:
    ends = bulletins.c.ends_at
    return and_(bulletins.c.off_at.is_(None), or_(ends.is_(None), ends > now))


def _bulletin(row: Row[tuple[object, ...]]) -> Bulletin:
    texts = {"en": row.text_en, "es": row.text_es}
    return Bulletin(row.id, texts, row.on_at, row.on_by, row.ends_at, row.off_at, row.off_by)
