"""The console on each database, with somebody signed in for each role, on a desk that the test looks into."""

from __future__ import annotations

import asyncio
import re
import secrets
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from aiohttp import ClientResponse, CookieJar, web
from aiohttp.test_utils import TestClient, TestServer
from argon2 import PasswordHasher
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.booking.store import BookingStore
from bot.console import parts, totp
from bot.console.access import PREFIX, Staff
from bot.console.accounts import Accounts
from bot.console.app import create_console
from bot.console.audit import Audit
from bot.console.passwords import Passwords
from bot.console.ports import Erasure, Reach, Window
from bot.console.tables import accounts
from bot.console.words import load_words
from bot.core.messages import Reply
from bot.settings import Settings, load_settings, normalise_database_url
from bot.transcripts.review import Review
from bot.transcripts.schema import open_database, upgrade
from bot.transcripts.sealing import Keys
from bot.transcripts.store import TranscriptStore
from tests.booking.conftest import StillClock as MovedClock
from tests.databases import made

NOON = datetime(2026, 11, 21, 18, tzinfo=UTC)
KEY = "0a" * 32
SECRET_KEY = "s" * 40
PASSWORD = "four plain words here"
#: As strong as a test needs, and no slower.
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@dataclass(slots=True)
class StillClock(MovedClock):
    """A clock that tests move, from the console's own noon on."""

    moment: datetime = NOON


@dataclass(frozen=True, slots=True)
class ExampleFirm:
    name: str = "Example Firm"
    timezone: str = "America/New_York"
    retention_days: int = 90


@dataclass(slots=True)
class NotedDesk:
    """A desk that notes what it was asked and answers what the test says; every conversation is held at most once."""

    calls: list[tuple[Any, ...]] = field(default_factory=list)
    holders: dict[str, str] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)
    answers: dict[str, str] = field(default_factory=dict)
    corrected: set[tuple[str, str]] = field(default_factory=set)
    reaches: dict[str, Reach] = field(default_factory=dict)
    next_window: Window = field(default_factory=lambda: Window("web", None, False))
    next_erasure: Erasure = field(default_factory=lambda: Erasure(True, False, ()))
    fates: dict[str, str] = field(default_factory=dict)
    review: Review | None = None
    now: Callable[[], datetime] = lambda: NOON

    async def claim(self, conversation_id: str, staff_id: str, staff_name: str) -> str:
        self.calls.append(("claim", conversation_id, staff_id, staff_name))
        if told := self.answers.get("claim"):
            return told
        assert self.review is not None
        holder = await self.review.claim(conversation_id, staff_id, self.now())
        return "gone" if holder is None else "claimed" if holder == staff_id else "taken"

    async def release(self, conversation_id: str, staff_id: str | None) -> str:
        self.calls.append(("release", conversation_id, staff_id))
        if told := self.answers.get("release"):
            return told
        assert self.review is not None
        return "released" if await self.review.release(conversation_id, staff_id) else "not_held"

    async def write(self, conversation_id: str, staff_id: str, staff_name: str, text: str, key: str) -> str:
        if key not in self.keys:
            self.calls.append(("write", conversation_id, staff_id, staff_name, text))
            self.keys.add(key)
        return self.answers.get("write", "sent")

    async def correct(
        self, conversation_id: str, key: str, reply: Reply, settled: Callable[[], Awaitable[str]]
    ) -> str:
        if instead := await settled():
            return instead
        if (conversation_id, key) not in self.corrected:
            self.calls.append(("correct", conversation_id, key, reply))
            self.corrected.add((conversation_id, key))
        return self.answers.get("correct", "sent")

    async def reach(self, conversation_id: str, channel: str) -> Reach:
        return self.reaches.get(channel, Reach("page"))

    async def window(self, conversation_id: str) -> Window:
        return self.next_window

    async def arrivals(self, conversation_id: str) -> Mapping[str, str]:
        return self.fates

    async def erase(self, conversation_id: str) -> Erasure:
        self.calls.append(("erase", conversation_id))
        return self.next_erasure


class OtherWords:
    """The other language of a reply, as the test left it."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    def other(self, reply: Mapping[str, Any]) -> str | None:
        return self.texts.get(str(reply.get("text", "")))


@dataclass(slots=True)
class Heard:
    """The alarms."""

    alarms: list[tuple[str, str]] = field(default_factory=list)

    def alarm(self, kind: str, code: str, conversation: str | None) -> None:
        self.alarms.append((kind, code))


class Visitor:
    """A browser at the console; ``staff`` is None before anybody signs in. Redirects are not followed."""

    def __init__(self, client: TestClient[Any, Any], staff: Staff | None = None) -> None:
        self.client = client
        self.staff = staff
        self.form = ""

    async def get(self, path: str, **options: Any) -> ClientResponse:
        return await self.client.get(PREFIX + path, allow_redirects=False, **options)

    async def page(self, path: str, status: int = 200) -> str:
        """The text of a page."""
        response = await self.get(path)
        told = await response.text()
        assert response.status == status, (
            f"{path}: {response.status} {response.headers.get('Location')} {told[:500]}"
        )
        self.form = form_in(told) or self.form
        return told

    async def post(
        self, path: str, fields: Mapping[str, str] | None = None, *, headers: Mapping[str, str] | None = None
    ) -> ClientResponse:
        """Sends a form as a page of the console does, with the session's token."""
        data = {"csrf": await self.token(), **(fields or {})}
        sent = {"Sec-Fetch-Site": "same-origin", **(headers or {})}
        return await self.client.post(PREFIX + path, data=data, headers=sent, allow_redirects=False)

    async def token(self) -> str:
        """The token of this session's forms, as a page shows it."""
        if not self.form and self.staff is not None:
            self.form = form_in(await (await self.get("/account")).text())
        return self.form


def form_in(page: str) -> str:
    """The token in a page's forms; empty when it has none."""
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', page)
    return found[1] if found else ""


@dataclass
class Console:
    """The running console and what stands behind it."""

    app: web.Application
    server: TestServer
    database: AsyncEngine
    store: TranscriptStore
    bookings: BookingStore
    desk: NotedDesk
    other: OtherWords
    heard: Heard
    clock: StillClock
    settings: Settings
    url: str
    opened: list[TestClient[Any, Any]] = field(default_factory=list)

    @property
    def accounts(self) -> Accounts:
        return self.app[parts.ACCOUNTS]

    @property
    def audit(self) -> Audit:
        return self.app[parts.AUDIT]

    @property
    def review(self) -> Review:
        return self.app[parts.REVIEW]

    def visitor(self) -> Visitor:
        """A browser that never was here."""
        client = TestClient(self.server, cookie_jar=CookieJar(unsafe=True))
        self.opened.append(client)
        return Visitor(client)

    async def member(self, role: str, login: str = "", language: str = "en") -> tuple[Staff, str]:
        """An account that is set up, with ``PASSWORD``; and the secret of its app."""
        id, secret = secrets.token_hex(16), totp.new_secret()
        login = login or f"{role}.{id[:6]}"
        row = {
            "id": id,
            "login": login,
            "name": f"Nora {role.title()}",
            "role": role,
            "language": language,
            "password": CHEAP.hash(PASSWORD),
            "totp": Keys([KEY]).seal(secret, f"staff.totp:{id}"),
            "failures": 0,
            "created_at": self.clock.now(),
        }
        async with self.database.begin() as connection:
            await connection.execute(insert(accounts).values(**row))
        return Staff(id, login, str(row["name"]), role, language), secret

    async def signed_in(self, staff: Staff, stage: str = "full") -> Visitor:
        """A browser with a session of that account."""
        visitor = self.visitor()
        token = await self.app[parts.SESSIONS].open(staff.id, stage, self.clock.now())
        visitor.client.session.cookie_jar.update_cookies({"faro_staff": token})
        visitor.staff = staff
        return visitor

    async def actions(self, object_id: str | None = None) -> list[str]:
        """What the log holds, oldest first."""
        lines, _ = await self.audit.page(1000, object_id=object_id or "")
        return [line.action for line in reversed(lines)]


@pytest.fixture(scope="session")
def postgres_database(postgres_url: str) -> Iterator[str]:
    with made(postgres_url) as address:
        yield address


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with every table and no rows: making it takes longer than most tests."""
    path = tmp_path_factory.mktemp("sqlite") / "empty.db"

    async def make() -> None:
        database = open_database(normalise_database_url(f"sqlite:///{path}"))
        await upgrade(database)
        async with database.connect() as connection:
            await connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        await database.dispose()

    asyncio.run(make())
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path, empty_sqlite: Path) -> str:
    """The address of a database without rows."""
    if request.param == "sqlite":
        shutil.copy(empty_sqlite, tmp_path / "faro.db")
        return normalise_database_url(f"sqlite:///{tmp_path / 'faro.db'}")
    address = request.getfixturevalue("postgres_database")
    with psycopg.connect(address, autocommit=True) as connection:
        rows = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        ).fetchall()
        if rows:
            # The log refuses to be emptied; a replica's session does not ask it.
            connection.execute("SET session_replication_role = replica")
            connection.execute(f"TRUNCATE {', '.join(name for (name,) in rows)} CASCADE")
    return normalise_database_url(address)


async def start(url: str, folder: Path, environ: Mapping[str, str] | None = None, **options: Any) -> Console:
    """Starts the console; ``options`` stand in place of what ``create_console`` gets here, ``clock`` too."""
    settings = load_settings(
        {
            "FARO_VAR": str(folder),
            "FARO_SECRET_KEY": SECRET_KEY,
            "FARO_ENGINE_SECRET": "e" * 40,
            "FARO_DATA_KEY": KEY,
            **(environ or {}),
        }
    )
    words, keys, heard, other = load_words(), Keys([KEY]), Heard(), OtherWords()
    clock = options.pop("clock", None) or StillClock()
    store = TranscriptStore(url, keys, options.pop("raw_days", 0))
    await store.start()
    database = open_database(url)
    review = Review(store)
    bookings = BookingStore(database, keys, site="Example Firm")
    desk = NotedDesk(review=review, now=clock.now)
    given = {
        "database": database,
        "transcripts": store,
        "review": review,
        "bookings": bookings,
        "desk": desk,
        "other": other,
        "words": words,
        "clock": clock,
        "keys": keys,
        "firm": ExampleFirm(),
        "alarm": heard.alarm,
        "address": lambda request: request.headers.get("X-Test-Address", "192.0.2.1"),
        "passwords": Passwords(CHEAP),
        "refusal_seconds": 0.0,
    }
    app = create_console(settings, **{**given, **options})
    outer = web.Application()
    outer.add_subapp(PREFIX, app)
    server = TestServer(outer)
    await server.start_server()
    return Console(app, server, database, store, bookings, desk, other, heard, clock, settings, url)


async def stop(console: Console) -> None:
    """Stops it and closes every browser."""
    for client in console.opened:
        await client.session.close()
    await console.server.close()
    await console.database.dispose()
    await console.store.close()


@pytest.fixture
async def open_console(url: str, tmp_path: Path) -> AsyncIterator[Callable[..., Awaitable[Console]]]:
    """Starts the console on the test's database, as ``start`` does."""
    running: list[Console] = []

    async def build(environ: Mapping[str, str] | None = None, **options: Any) -> Console:
        running.append(await start(url, tmp_path, environ, **options))
        return running[-1]

    yield build
    for console in running:
        await stop(console)


@pytest.fixture
async def console(open_console: Callable[..., Awaitable[Console]]) -> Console:
    """The console in a demo on plain http."""
    return await open_console()


@pytest.fixture
def as_role(console: Console) -> Callable[..., Awaitable[Visitor]]:
    """``await as_role("attorney")``: a browser with somebody of that role signed in."""

    async def signed_in(role: str, language: str = "en") -> Visitor:
        staff, _ = await console.member(role, language=language)
        return await console.signed_in(staff)

    return signed_in


async def run(database: AsyncEngine, statement: str) -> None:
    """A statement as somebody with the database's password may send it."""
    async with database.begin() as connection:
        await connection.execute(text(statement))
