"""Signing in, setting an account up, and what its owner changes: password, the app's secret, recovery codes."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.booking.database import writing
from bot.console import totp
from bot.console.access import Staff
from bot.console.audit import Audit
from bot.console.passwords import Passwords, problem_of
from bot.console.ports import Clock
from bot.console.sessions import DEMO, DOOR_LONGEST, Sessions, end_all, hashed
from bot.console.tables import accounts, recovery_codes, sessions
from bot.transcripts.sealing import Keys, Unreadable

#: Failures in a row after which an account rests, and for how long.
MOST_FAILURES = 10
REST = timedelta(minutes=15)
RECOVERY_CODES = 10


@dataclass(frozen=True, slots=True)
class SignIn:
    """What came of trying to sign in: ``stage`` is full, setup or refused, ``token`` what the cookie shall hold.

    ``locked``: this try was the one after which the account rests.
    """

    stage: str
    token: str = ""
    staff_id: str = ""
    locked: bool = False
    unreadable: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a change to the own account: the name of the words for what is wrong, or an empty text.

    ``token`` is the new session's, ``codes`` the recovery codes to show once.
    """

    problem: str = ""
    token: str = ""
    codes: tuple[str, ...] = ()


class Doors:
    """How people come in. Every method may raise ``sqlalchemy.exc.SQLAlchemyError``."""

    def __init__(
        self,
        database: AsyncEngine,
        keys: Keys,
        passwords: Passwords,
        sessions: Sessions,
        audit: Audit,
        clock: Clock,
    ) -> None:
        self._database = database
        self._keys = keys
        self._passwords = passwords
        self._sessions = sessions
        self._audit = audit
        self._clock = clock
        # What a code is compared with where there is no account, so that both ways take as long.
        self._nobody = totp.new_secret()

    async def sign_in(self, login: str, password: str, code: str, old: str) -> SignIn:
        """Tries to sign in; ``old`` is the key of the session that the browser had, which ends.

        The password is hashed and the code compared whether or not there is such an account.
        """
        login, code, now = login.strip().lower()[:64], code.strip()[:64], self._clock.now()
        query = select(accounts).where(accounts.c.login == login)
        async with self._database.connect() as connection:
            seen = (await connection.execute(query)).one_or_none()
        right = await self._passwords.verify(seen.password or None if seen is not None else None, password)
        renewed = None
        if right and seen is not None and self._passwords.is_outdated(seen.password):
            renewed = await self._passwords.hash(password)
        async with writing(self._database) as connection:
            row = (await connection.execute(query.with_for_update())).one_or_none()
            # What was changed while the password was hashed counts.
            right = right and row is not None and seen is not None and row.password == seen.password
            secret, unreadable = self._secret(row)
            step = totp.matching_step(secret, code, now, None if row is None else row.totp_step)
            step = None if unreadable else step
            reason = _refusal(row, right, step, now)
            if reason == "code" and row is not None and row.totp is not None:
                reason = "" if await _use_code(connection, row.id, code) else reason
            if reason or row is None:
                locked = await self._failed(connection, login, row, reason, now)
                return SignIn("refused", locked=locked, unreadable=unreadable)
            return await self._let_in(connection, row, secret, step, renewed, old, now)

    async def _let_in(
        self,
        connection: AsyncConnection,
        row: Row[Any],
        secret: str,
        step: int | None,
        renewed: str | None,
        old: str,
        now: datetime,
    ) -> SignIn:
        values: dict[str, Any] = {"failures": 0, "locked_until": None, "last_seen_at": now}
        if row.totp is None:
            stage = "setup"
            # A password that was given out works once.
            values |= {"password": "", "totp_pending": self._sealed(totp.new_secret(), row.id)}
            await end_all(connection, row.id)
        else:
            stage = "full"
            values["totp"] = self._sealed(secret, row.id)
            if step is not None:
                values["totp_step"] = step
            if renewed is not None:
                values["password"] = renewed
        await connection.execute(update(accounts).where(accounts.c.id == row.id).values(**values))
        if old:
            await connection.execute(delete(sessions).where(sessions.c.token == old))
        token = await self._sessions.add(connection, row.id, stage, now)
        how = "setup" if stage == "setup" else "app" if step is not None else "recovery"
        await self._audit.add(connection, row.id, "account.sign_in", row.id, {"with": how})
        return SignIn(stage, token, row.id)

    async def _failed(
        self, connection: AsyncConnection, login: str, row: Row[Any] | None, reason: str, now: datetime
    ) -> bool:
        locked = row is not None and reason in ("password", "code") and row.failures + 1 >= MOST_FAILURES
        counts = reason in ("password", "code")
        await connection.execute(
            update(accounts)
            .where(accounts.c.login == login)
            .values(
                failures=0 if locked else accounts.c.failures + int(counts),
                locked_until=now + REST if locked else accounts.c.locked_until,
            )
        )
        # Names that nobody has, and accounts at rest, would let anybody fill the log.
        if row is not None and counts:
            codes = {"reason": reason, **({"locked": True} if locked else {})}
            await self._audit.add(connection, None, "account.refused", row.id, codes)
        return locked

    async def pending(self, staff: Staff) -> str | None:
        """The secret that is being set up; None when there is none."""
        query = select(accounts.c.totp_pending).where(accounts.c.id == staff.id)
        async with self._database.connect() as connection:
            sealed = (await connection.execute(query)).scalar_one_or_none()
        return None if sealed is None else self._keys.open(sealed, _place(staff.id))

    async def set_up(self, staff: Staff, password: str, again: str, code: str) -> Done:
        """Ends the setting up: the chosen password, and the first code of the app. A new session begins."""
        if problem := _new_password_problem(staff, password, again):
            return Done(problem)
        hash, now = await self._passwords.hash(password), self._clock.now()
        async with writing(self._database) as connection:
            row = await self._locked_row(connection, staff.id)
            secret = None if row.totp_pending is None else self._keys.open(row.totp_pending, _place(staff.id))
            step = None if secret is None else totp.matching_step(secret, code, now, None)
            if secret is None or step is None:
                return Done("code_wrong")
            await connection.execute(
                update(accounts)
                .where(accounts.c.id == staff.id)
                .values(
                    password=hash,
                    password_until=None,
                    totp=self._sealed(secret, staff.id),
                    totp_pending=None,
                    totp_step=step,
                )
            )
            codes = await _new_codes(connection, staff.id)
            await end_all(connection, staff.id)
            token = await self._sessions.add(connection, staff.id, "full", now)
            await self._audit.add(connection, staff, "account.set_up", staff.id)
            return Done(token=token, codes=codes)

    async def change_password(self, staff: Staff, present: str, password: str, again: str) -> Done:
        """Another password; every session ends, and a new one begins."""
        if not await self._is_present(staff, present):
            return await self._wrong(staff, "account.password")
        if problem := _new_password_problem(staff, password, again):
            return Done(problem)
        hash, now = await self._passwords.hash(password), self._clock.now()
        async with writing(self._database) as connection:
            await connection.execute(
                update(accounts).where(accounts.c.id == staff.id).values(password=hash, password_until=None)
            )
            await end_all(connection, staff.id)
            token = await self._sessions.add(connection, staff.id, "full", now)
            await self._audit.add(connection, staff, "account.password", staff.id)
        return Done(token=token)

    async def begin_totp(self, staff: Staff, present: str) -> Done:
        """Makes a new secret to set up; the old one works until the new one's first code came."""
        if not await self._is_present(staff, present):
            return await self._wrong(staff, "account.totp_begin")
        sealed = self._sealed(totp.new_secret(), staff.id)
        async with writing(self._database) as connection:
            await connection.execute(
                update(accounts).where(accounts.c.id == staff.id).values(totp_pending=sealed)
            )
            await self._audit.add(connection, staff, "account.totp_begin", staff.id)
        return Done()

    async def confirm_totp(self, staff: Staff, code: str) -> Done:
        """Takes the new secret into use; every session ends, and a new one begins."""
        now = self._clock.now()
        async with writing(self._database) as connection:
            row = await self._locked_row(connection, staff.id)
            if row.totp_pending is None:
                return Done("code_wrong")
            secret = self._keys.open(row.totp_pending, _place(staff.id))
            step = totp.matching_step(secret, code, now, None)
            if step is None:
                return Done("code_wrong")
            values = {"totp": self._sealed(secret, staff.id), "totp_pending": None, "totp_step": step}
            await connection.execute(update(accounts).where(accounts.c.id == staff.id).values(**values))
            codes = await _new_codes(connection, staff.id)
            await end_all(connection, staff.id)
            token = await self._sessions.add(connection, staff.id, "full", now)
            await self._audit.add(connection, staff, "account.totp", staff.id)
        return Done(token=token, codes=codes)

    async def new_codes(self, staff: Staff, present: str) -> Done:
        """New recovery codes; those before work no more."""
        if not await self._is_present(staff, present):
            return await self._wrong(staff, "account.codes")
        async with writing(self._database) as connection:
            codes = await _new_codes(connection, staff.id)
            await self._audit.add(connection, staff, "account.codes", staff.id)
        return Done(codes=codes)

    async def codes_left(self, staff: Staff) -> int:
        """How many recovery codes still work."""
        query = select(func.count()).select_from(recovery_codes).where(recovery_codes.c.staff_id == staff.id)
        async with self._database.connect() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def sign_out(self, staff: Staff, session: str) -> None:
        """Ends this session."""
        async with writing(self._database) as connection:
            await connection.execute(delete(sessions).where(sessions.c.token == session))
            await self._audit.add(connection, staff, "account.sign_out", staff.id)

    async def open_demo(self, door: str) -> str | None:
        """What the cookie shall hold for whoever brings a demo's link; it works once. None when it does not."""
        now, since = self._clock.now(), self._sessions.demo_since
        if since is None:
            return None
        async with writing(self._database) as connection:
            used = await connection.execute(
                delete(sessions).where(
                    sessions.c.token == hashed(door),
                    sessions.c.stage == "door",
                    sessions.c.created_at >= max(since, now - DOOR_LONGEST),
                )
            )
            if used.rowcount != 1:
                return None
            token = await self._sessions.add(connection, DEMO, "full", now)
            await self._audit.add(connection, DEMO, "account.sign_in", DEMO, {"with": "demo"})
            return token

    async def _is_present(self, staff: Staff, password: str) -> bool:
        query = select(accounts.c.password).where(accounts.c.id == staff.id)
        async with self._database.connect() as connection:
            kept = (await connection.execute(query)).scalar_one_or_none()
        return await self._passwords.verify(kept or None, password)

    async def _wrong(self, staff: Staff, action: str) -> Done:
        """Somebody at an open session guesses the password: counted as at the door, and then the session ends."""
        now = self._clock.now()
        async with writing(self._database) as connection:
            row = await self._locked_row(connection, staff.id)
            if await self._failed(connection, row.login, row, "password", now):
                await end_all(connection, staff.id)
        return Done("password_wrong")

    async def _locked_row(self, connection: AsyncConnection, id: str) -> Row[Any]:
        query = select(accounts).where(accounts.c.id == id).with_for_update()
        return (await connection.execute(query)).one()

    def _secret(self, row: Row[Any] | None) -> tuple[str, bool]:
        """The account's secret, else one of nobody's; and whether the account's cannot be opened."""
        if row is None or row.totp is None:
            return self._nobody, False
        try:
            return self._keys.open(row.totp, _place(row.id)), False
        except Unreadable:
            return self._nobody, True

    def _sealed(self, secret: str, id: str) -> bytes:
        return self._keys.seal(secret, _place(id))


def _refusal(row: Row[Any] | None, right: bool, step: int | None, now: datetime) -> str:
    """Why somebody is not let in, as a code for the log alone; an empty text lets in."""
    if row is None:
        return "unknown"
    if row.disabled_at is not None:
        return "disabled"
    if row.locked_until is not None and now < row.locked_until:
        return "locked"
    if not right or (row.totp is None and (row.password_until is None or now >= row.password_until)):
        return "password"
    if row.totp is not None and step is None:
        return "code"
    return ""


def _new_password_problem(staff: Staff, password: str, again: str) -> str:
    if password != again:
        return "password_differs"
    return problem_of(password, staff.login, staff.name) or ""


async def _use_code(connection: AsyncConnection, staff_id: str, code: str) -> bool:
    """Whether this is a recovery code that was not used yet; it is used now."""
    used = await connection.execute(
        delete(recovery_codes).where(
            recovery_codes.c.staff_id == staff_id, recovery_codes.c.hash == _code_hash(staff_id, code)
        )
    )
    return used.rowcount == 1


async def _new_codes(connection: AsyncConnection, staff_id: str) -> tuple[str, ...]:
    codes = [base64.b32encode(secrets.token_bytes(10)).decode().lower() for _ in range(RECOVERY_CODES)]
    await connection.execute(delete(recovery_codes).where(recovery_codes.c.staff_id == staff_id))
    await connection.execute(
        insert(recovery_codes), [{"staff_id": staff_id, "hash": _code_hash(staff_id, code)} for code in codes]
    )
    return tuple(_grouped(codes))


def _grouped(codes: Sequence[str]) -> list[str]:
    return ["-".join(code[start : start + 4] for start in range(0, len(code), 4)) for code in codes]


def _code_hash(staff_id: str, code: str) -> str:
    # 80 random bits need no slow hash.
    plain = code.replace("-", "").replace(" ", "").lower()
    return hashlib.sha256(f"{staff_id}:{plain}".encode("utf-8", "replace")).hexdigest()


def _place(staff_id: str) -> str:
    return f"staff.totp:{staff_id}"
