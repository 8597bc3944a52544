"""Who is signed in: the cookie holds random bytes, the table only their hash."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.booking.database import writing
from bot.console.access import Staff
from bot.console.csrf import form_token
from bot.console.tables import accounts, sessions

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
#: A session in which an account is set up, and a link that opens a demo.
SETUP_LONGEST = timedelta(minutes=30)
DOOR_LONGEST = timedelta(hours=12)
#: How exactly the last use is kept: a page must not write a row for every picture on it.
_EXACT = timedelta(minutes=1)

#: The account of a demo's link; nobody can sign in to it at the door.
DEMO = "demo"

COOKIE, PLAIN_COOKIE = "__Host-faro_staff", "faro_staff"


@dataclass(frozen=True, slots=True)
class Session:
    """One session; ``key`` is the hash of its cookie, ``form_token`` what its forms must bring."""

    key: str
    stage: str
    created_at: datetime
    seen_at: datetime
    form_token: str


class Sessions:
    """The sessions in the database. Every method may raise ``sqlalchemy.exc.SQLAlchemyError``."""

    def __init__(self, database: AsyncEngine, secret: bytes, demo_since: datetime | None = None) -> None:
        """``demo_since``: when this run of a demo began; a demo's sessions from before are over. None: all are."""
        self._database = database
        self._secret = secret
        self.demo_since = demo_since

    async def open(self, staff_id: str, stage: str, now: datetime) -> str:
        """A new session; what the cookie shall hold."""
        async with writing(self._database) as connection:
            return await self.add(connection, staff_id, stage, now)

    async def add(self, connection: AsyncConnection, staff_id: str, stage: str, now: datetime) -> str:
        """As ``open``, in a transaction that is open; sessions past their time go."""
        token = secrets.token_urlsafe(32)
        await connection.execute(delete(sessions).where(sessions.c.created_at <= now - LONGEST))
        await connection.execute(
            insert(sessions).values(
                token=hashed(token), staff_id=staff_id, stage=stage, created_at=now, seen_at=now
            )
        )
        return token

    async def find(self, token: str, now: datetime) -> tuple[Session, Staff] | None:
        """The session that a cookie names, with whose it is; None for one that is over or was never given."""
        query = (
            select(sessions, accounts.c.login, accounts.c.name, accounts.c.role, accounts.c.language)
            .join(accounts, accounts.c.id == sessions.c.staff_id)
            .where(sessions.c.token == hashed(token), accounts.c.disabled_at.is_(None))
        )
        async with self._database.connect() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None or row.stage == "door" or not self.is_of_this_run(row.staff_id, row.created_at):
            return None
        longest = LONGEST if row.stage == "full" else SETUP_LONGEST
        if now - row.created_at >= longest or now - row.seen_at >= IDLE:
            return None
        session = Session(
            row.token, row.stage, row.created_at, row.seen_at, form_token(self._secret, row.token)
        )
        return session, Staff(row.staff_id, row.login, row.name, row.role, row.language)

    def is_of_this_run(self, staff_id: str, created_at: datetime) -> bool:
        """Whether a session is a person's, or of the demo that runs now."""
        return staff_id != DEMO or (self.demo_since is not None and created_at >= self.demo_since)

    async def touch(self, session: Session, staff_id: str, now: datetime) -> None:
        """Notes that the session was used."""
        if now - session.seen_at < _EXACT:
            return
        async with writing(self._database) as connection:
            await connection.execute(
                update(sessions).where(sessions.c.token == session.key).values(seen_at=now)
            )
            await connection.execute(
                update(accounts).where(accounts.c.id == staff_id).values(last_seen_at=now)
            )


async def end_all(connection: AsyncConnection, staff_id: str) -> None:
    """Ends every session of somebody, links too, in a transaction that is open."""
    await connection.execute(delete(sessions).where(sessions.c.staff_id == staff_id))


def hashed(token: str) -> str:
    """What the table keeps of a cookie."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def cookie_name(secure: bool) -> str:
    """The cookie's name: browsers take ``__Host-`` over TLS alone."""
    return COOKIE if secure else PLAIN_COOKIE
