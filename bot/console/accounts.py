"""The accounts of staff: made, changed and shut by an admin or the command line, each time with a line in the log."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Row, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.booking.database import writing
from bot.console.access import ROLES, Staff
from bot.console.audit import Audit
from bot.console.passwords import Passwords, one_time_password
from bot.console.ports import Clock
from bot.console.sessions import DEMO, end_all
from bot.console.tables import accounts, recovery_codes
from bot.core.errors import BotError
from bot.core.messages import LANGUAGES

#: How long a password that was given out works.
GIVEN_OUT = timedelta(hours=24)

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,62}[a-z0-9]")

#: Why a change is refused, for the terminal; the console has its own words (bot/console/words/access.yml).
REFUSALS = {
    "login_form": "A login has 3 to 64 small letters, digits, points, hyphens or underscores, such as m.perez.",
    "login_taken": "That login exists already. Choose another, or use: faro staff reset LOGIN",
    "name_missing": "A name of at most 120 characters is needed: staff and visitors see it.",
    "role_unknown": f"A role is one of: {', '.join(ROLES)}.",
    "language_unknown": f"A language is one of: {', '.join(LANGUAGES)}.",
    "account_unknown": "There is no such account. See: faro staff list",
    "last_admin": "This is the last admin who can sign in. Make another one first.",
    "own_account": "Nobody changes the own role or shuts the own account: another admin does.",
}


class Refused(BotError):
    """A change to an account that is not made; ``code`` is a key of ``REFUSALS``."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(REFUSALS[code])


@dataclass(frozen=True, slots=True)
class Account:
    """One account as an admin sees it."""

    id: str
    login: str
    name: str
    role: str
    language: str
    has_totp: bool
    #: Until when a password that was given out works; None when the person has chosen one.
    given_out_until: datetime | None
    locked_until: datetime | None
    created_at: datetime
    last_seen_at: datetime | None
    disabled_at: datetime | None


class Accounts:
    """The accounts in the database. Every method may raise ``sqlalchemy.exc.SQLAlchemyError``.

    ``by`` is who does it: None for the command line.
    """

    def __init__(self, database: AsyncEngine, passwords: Passwords, audit: Audit, clock: Clock) -> None:
        self._database = database
        self._passwords = passwords
        self._audit = audit
        self._clock = clock

    async def all(self) -> tuple[Account, ...]:
        """Every account but the demo's, by name."""
        return tuple(account for account in await self.every() if account.id != DEMO)

    async def every(self) -> tuple[Account, ...]:
        """Every account, the demo's too, by name."""
        query = select(accounts).order_by(
            accounts.c.disabled_at.is_not(None), accounts.c.name, accounts.c.login
        )
        async with self._database.connect() as connection:
            return tuple(_account(row) for row in await connection.execute(query))

    async def names(self) -> dict[str, str]:
        """The names of all who have or had an account, by id."""
        async with self._database.connect() as connection:
            rows = await connection.execute(select(accounts.c.id, accounts.c.name))
            return {row.id: row.name for row in rows}

    async def id_of(self, login: str) -> str:
        """The id of the account with that login. Raises Refused."""
        async with self._database.connect() as connection:
            found = await connection.execute(
                select(accounts.c.id).where(accounts.c.login == login.strip().lower())
            )
            id = found.scalar_one_or_none()
        if id is None or id == DEMO:
            raise Refused("account_unknown")
        return str(id)

    async def add(
        self, login: str, name: str, role: str, by: Staff | None = None, language: str = "en"
    ) -> str:
        """Makes an account; the password with which its owner sets it up, once, within ``GIVEN_OUT``.

        Raises Refused.
        """
        login, name = login.strip().lower(), " ".join(name.split())
        if not _LOGIN.fullmatch(login):
            raise Refused("login_form")
        if not name or len(name) > 120 or not name.isprintable():
            raise Refused("name_missing")
        if role not in ROLES:
            raise Refused("role_unknown")
        if language not in LANGUAGES:
            raise Refused("language_unknown")
        if login == DEMO:
            raise Refused("login_taken")
        password, now, id = one_time_password(), self._clock.now(), str(uuid4())
        values = {
            "id": id,
            "login": login,
            "name": name,
            "role": role,
            "language": language,
            "password": await self._passwords.hash(password),
            "password_until": now + GIVEN_OUT,
            "failures": 0,
            "created_at": now,
        }
        try:
            async with writing(self._database) as connection:
                await connection.execute(insert(accounts).values(**values))
                await self._audit.add(connection, by, "staff.add", id, {"role": role})
        except IntegrityError as exc:
            raise Refused("login_taken") from exc
        return password

    async def reset(self, id: str, by: Staff | None = None) -> str:
        """Takes password, codes and sessions away; a new password with which the owner sets the account up again.

        Raises Refused.
        """
        password = one_time_password()
        hash = await self._passwords.hash(password)
        async with writing(self._database) as connection:
            await self._row(connection, id)
            await connection.execute(
                update(accounts)
                .where(accounts.c.id == id)
                .values(
                    password=hash,
                    password_until=self._clock.now() + GIVEN_OUT,
                    totp=None,
                    totp_pending=None,
                    failures=0,
                    locked_until=None,
                )
            )
            await connection.execute(recovery_codes.delete().where(recovery_codes.c.staff_id == id))
            await end_all(connection, id)
            await self._audit.add(connection, by, "staff.reset", id)
        return password

    async def set_role(self, id: str, role: str, by: Staff | None = None) -> None:
        """Gives another role; what is open works by it from the next click on. Raises Refused."""
        if role not in ROLES:
            raise Refused("role_unknown")
        async with writing(self._database) as connection:
            row = await self._row(connection, id)
            if by is not None and by.id == id:
                raise Refused("own_account")
            if row.role == "admin" and role != "admin":
                await self._keep_an_admin(connection, id)
            await connection.execute(update(accounts).where(accounts.c.id == id).values(role=role))
            await self._audit.add(connection, by, "staff.role", id, {"from": row.role, "to": role})

    async def disable(self, id: str, by: Staff | None = None) -> None:
        """Shuts the account and ends its sessions.

        Raises Refused. The command line may shut the last admin too: it can make another.
        """
        async with writing(self._database) as connection:
            row = await self._row(connection, id)
            if by is not None and by.id == id:
                raise Refused("own_account")
            if by is not None and row.role == "admin":
                await self._keep_an_admin(connection, id)
            await connection.execute(
                update(accounts)
                .where(accounts.c.id == id, accounts.c.disabled_at.is_(None))
                .values(disabled_at=self._clock.now())
            )
            await end_all(connection, id)
            await self._audit.add(connection, by, "staff.disable", id)

    async def enable(self, id: str, by: Staff | None = None) -> None:
        """Opens a shut account again, with the password and codes that it had. Raises Refused."""
        async with writing(self._database) as connection:
            await self._row(connection, id)
            await connection.execute(
                update(accounts)
                .where(accounts.c.id == id)
                .values(disabled_at=None, failures=0, locked_until=None)
            )
            await self._audit.add(connection, by, "staff.enable", id)

    async def set_language(self, staff: Staff, language: str) -> None:
        """Shows somebody the console in another language. Raises Refused."""
        if language not in LANGUAGES:
            raise Refused("language_unknown")
        async with writing(self._database) as connection:
            await connection.execute(
                update(accounts).where(accounts.c.id == staff.id).values(language=language)
            )
            await self._audit.add(connection, staff, "account.language", staff.id, {"to": language})

    async def _row(self, connection: AsyncConnection, id: str) -> Row[Any]:
        found = await connection.execute(select(accounts).where(accounts.c.id == id).with_for_update())
        row = found.one_or_none()
        if row is None or row.id == DEMO:
            raise Refused("account_unknown")
        return row

    async def _keep_an_admin(self, connection: AsyncConnection, id: str) -> None:
        others = await connection.execute(
            # Two admins who shut each other at the same moment must not both succeed.
            select(accounts.c.id)
            .where(
                accounts.c.role == "admin", accounts.c.disabled_at.is_(None), accounts.c.id.not_in((id, DEMO))
            )
            .with_for_update()
        )
        if not others.all():
            raise Refused("last_admin")


def _account(row: Row[Any]) -> Account:
    return Account(
        id=row.id,
        login=row.login,
        name=row.name,
        role=row.role,
        language=row.language,
        has_totp=row.totp is not None,
        given_out_until=row.password_until,
        locked_until=row.locked_until,
        created_at=row.created_at,
        last_seen_at=row.last_seen_at,
        disabled_at=row.disabled_at,
    )
