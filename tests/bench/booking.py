"""How many requests the outbox saves and delivers a second, beside bare signed posts in the same run.

    python -m tests.bench.booking [REQUESTS]

The receiver is another process on this machine that only answers. Machines are noisy, so posts without an outbox go
before and after, and what counts is the ratio. PostgreSQL is that of the tests (FARO_TEST_POSTGRES_URL); without it
there is only SQLite.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import secrets
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psycopg
from aiohttp import web

from bot.booking.payload import consultation
from bot.booking.ports import REQUESTED
from bot.booking.store import BookingStore
from bot.booking.webhook import WebhookDestination
from bot.booking.worker import Deliveries
from bot.settings import normalise_database_url
from bot.transcripts.sealing import Keys
from tests.booking.conftest import CONTACT, FACTS, KEY, NOON, SECRET
from tests.conftest import POSTGRES_URL

AT_ONCE = 20


class RealClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


def receive(told: Connection) -> None:
    """Answers 200 until ended."""

    async def serve() -> None:
        async def take(request: web.Request) -> web.Response:
            await request.read()
            return web.Response()

        app = web.Application()
        app.router.add_post("/", take)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        told.send(runner.addresses[0][1])
        await asyncio.Event().wait()

    asyncio.run(serve())


@contextmanager
def receiver() -> Iterator[str]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=receive, args=(theirs,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}/"
    finally:
        process.terminate()
        process.join()


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[BookingStore]:
    store = BookingStore(url, Keys([KEY]), site="Example Firm")
    await store.start()
    try:
        yield store
    finally:
        await store.close()


async def bare(address: str, count: int) -> float:
    """Signed posts a second, with nothing kept."""
    destination = WebhookDestination(address, [SECRET], https_only=False)
    numbers = iter(range(count))
    body = consultation(
        REQUESTED, request_id="3b9833a9-ff5c-4743-9884-5135db9bb6e7", reference="FHKLMQ", created_at=NOON, at=NOON,
        site="Example Firm", environment="demo", level="soon", language="es", contact=CONTACT, facts=FACTS,
    )  # fmt: skip

    async def some() -> None:
        for number in numbers:
            outcome = await destination.send(f"msg_{number}", REQUESTED, body, datetime.now(UTC))
            assert outcome.kind == "delivered"

    began = time.perf_counter()
    await asyncio.gather(*(some() for _ in range(AT_ONCE)))
    spent = time.perf_counter() - began
    await destination.close()
    return count / spent


async def through_the_outbox(url: str, address: str, count: int) -> tuple[float, float]:
    """Requests saved, and requests delivered, a second: one after the other, by one process."""

    async def told(*_: Any) -> None:
        return

    async with opened(url) as store:
        began = time.perf_counter()
        for number in range(count):
            await store.request(f"c_{number}", f"e_{number}", FACTS, CONTACT, "soon", "es", datetime.now(UTC))
        saved = count / (time.perf_counter() - began)
        destination = WebhookDestination(address, [SECRET], https_only=False)
        worker = Deliveries(store, destination, RealClock(), lambda *_: None, told, at_once=AT_ONCE)
        began = time.perf_counter()
        task = asyncio.create_task(worker.work())
        while (await store.overview(1)).states.get("delivered", 0) < count:
            await asyncio.sleep(0.05)
        spent = time.perf_counter() - began
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await destination.close()
        return saved, count / spent


@contextmanager
def databases() -> Iterator[dict[str, str]]:
    """The addresses of empty databases by name."""
    with tempfile.TemporaryDirectory(prefix="faro-bench-") as folder:
        found = {"SQLite": normalise_database_url(f"sqlite:///{Path(folder) / 'faro.db'}")}
        name = f"faro_bench_{secrets.token_hex(6)}"
        try:
            with psycopg.connect(POSTGRES_URL, autocommit=True, connect_timeout=2) as connection:
                connection.execute(f'CREATE DATABASE "{name}"')
        except psycopg.OperationalError:
            print("No PostgreSQL here: only SQLite.")
            yield found
            return
        found["PostgreSQL"] = normalise_database_url(f"{POSTGRES_URL.rpartition('/')[0]}/{name}")
        try:
            yield found
        finally:
            with psycopg.connect(POSTGRES_URL, autocommit=True) as connection:
                connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def main(count: int) -> None:
    """Print the table."""
    print(f"{count} requests, {AT_ONCE} at once")
    print(f"{'':12} {'saved/s':>9} {'delivered/s':>12} {'bare posts/s':>13} {'ratio':>7}")
    with receiver() as address, databases() as found:
        for name, url in found.items():
            before = asyncio.run(bare(address, count))
            saved, delivered = asyncio.run(through_the_outbox(url, address, count))
            posts = (before + asyncio.run(bare(address, count))) / 2
            print(f"{name:12} {saved:9.0f} {delivered:12.0f} {posts:13.0f} {delivered / posts:7.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000)
