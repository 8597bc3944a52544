"""Requests against a receiver that fails in every way, while the workers are killed at random moments.

Each request arrives, each is processed once, none is called delivered that was not. ``make faults`` runs it with a
thousand requests; here it is a tenth of them.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

from sqlalchemy import select

from bot.booking.store import BookingStore
from bot.booking.tables import outbox
from bot.transcripts.sealing import Keys
from tests.booking.conftest import CONTACT, FACTS, KEY, SECRET
from tests.faults import worker
from tests.faults.receiver import FAULTS, Receiver

REQUESTS = int(os.environ.get("FARO_TEST_FAULTS", "100"))
WORKERS = 2
SEED = 20261121

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.faults.worker"])


class Workers:
    """Two processes, of which one after the other is killed without warning and replaced."""

    def __init__(self, database: str, address: str, chance: random.Random) -> None:
        self._arguments = (database, address, KEY, SECRET)
        self._chance = chance
        self._running = [self._begin() for _ in range(WORKERS)]
        self.killed = 0

    def _begin(self) -> multiprocessing.process.BaseProcess:
        process = _FORKS.Process(target=worker.run, args=self._arguments, daemon=True)
        process.start()
        return process

    async def kill_now_and_then(self) -> None:
        # The short run ends in seconds: after some kills it is left in peace.
        while REQUESTS >= 1_000 or self.killed < 8:
            await asyncio.sleep(self._chance.uniform(0.3, 1.2))
            number = self._chance.randrange(WORKERS)
            self._running[number].kill()
            self.killed += 1
            await asyncio.to_thread(self._running[number].join)
            self._running[number].close()
            self._running[number] = self._begin()

    def end(self) -> None:
        for process in self._running:
            process.kill()
            process.join()
            process.close()


@asynccontextmanager
async def background(*works: object) -> AsyncIterator[None]:
    tasks = [asyncio.ensure_future(work) for work in works]  # type: ignore[arg-type]
    try:
        yield
        for task in tasks:
            # What went wrong in the background is the test's failure too.
            if task.done():
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


async def delivered(store: BookingStore) -> set[str]:
    async with store.database.connect() as connection:
        return set(
            (await connection.execute(select(outbox.c.id).where(outbox.c.state == "delivered"))).scalars()
        )


async def save(store: BookingStore, chance: random.Random) -> dict[str, list[str]]:
    """Saves the requests, some of them twice, corrected or cancelled; {request_id: its events in order}."""
    expected: dict[str, list[str]] = {}
    for number in range(REQUESTS):
        conversation, level = f"c_{number}", chance.choice(["emergency", "urgent", "soon", "routine"])
        for _ in range(2 if number % 10 == 3 else 1):
            saved = await store.request(
                conversation, f"e_{number}", FACTS, CONTACT, level, "es", datetime.now(UTC)
            )
        expected[saved.request_id] = ["requested"]
        if number % 10 == 5:
            await store.request(conversation, f"e_{number}_2", FACTS, CONTACT, level, "en", datetime.now(UTC))
            expected[saved.request_id].append("updated")
        if number % 20 == 5:
            assert await store.cancel(conversation, f"e_{number}_3", datetime.now(UTC))
            expected[saved.request_id].append("cancelled")
    return expected


async def test_each_request_arrives_once_whatever_fails(url: str) -> None:
    chance = random.Random(SEED)
    store = BookingStore(url, Keys([KEY]), site="Example Firm")
    await store.start()
    receiver = Receiver(SECRET, chance)
    await receiver.start()
    workers = Workers(url, f"http://127.0.0.1:{receiver.port}/hook", chance)
    dead: set[str] = set()
    #: Refused, and not sent again because a later one of the same request had left by then.
    passed_by: dict[str, tuple[str, str]] = {}

    async def watch() -> None:
        """Nothing may be called delivered that the receiver has not processed, at any moment."""
        while True:
            assert await delivered(store) <= receiver.processed
            await asyncio.sleep(0.1)

    async def staff() -> None:
        """Sees what is dead, and sends it again."""
        while True:
            for event in (await store.overview()).open:
                if event.state == "dead":
                    assert event.last_error == "gone"
                    dead.add(event.id)
                    if await store.resend(event.id, datetime.now(UTC)):
                        passed_by.pop(event.id, None)
                    else:
                        passed_by[event.id] = event.request_id, event.type.rpartition(".")[2]
            await asyncio.sleep(0.2)

    try:
        async with (
            asyncio.timeout(60 + REQUESTS),
            background(watch(), staff(), workers.kill_now_and_then(), receiver.refuse_now_and_then()),
        ):
            expected = await save(store, chance)
            total = sum(len(events) for events in expected.values())
            while len(await delivered(store)) + len(passed_by) < total:
                await asyncio.sleep(0.1)
    finally:
        workers.end()
        await receiver.close()
    # Exactly what was saved, each event once, those of one request in their order; without what was passed by, unless
    # it had arrived in a try whose answer was lost.
    for id, (request_id, type) in passed_by.items():
        if id not in receiver.processed:
            expected[request_id].remove(type)
    arrived: dict[str, list[str]] = {}
    for request_id, type in receiver.log:
        arrived.setdefault(request_id, []).append(type)
    assert arrived == expected
    assert await delivered(store) == receiver.processed - set(passed_by)
    overview = await store.overview()
    left = {"dead": len(passed_by)} if passed_by else {}
    assert overview.states == {"delivered": total - len(passed_by), **left}
    assert {event.id for event in overview.open} == set(passed_by)
    assert receiver.followed == 0
    # The day was as bad as it was meant to be.
    assert workers.killed >= 3
    assert receiver.faults["410"] == 0 or dead
    assert sum(receiver.faults[name] for name in FAULTS) >= REQUESTS / 4
    if REQUESTS >= 1_000:
        assert {name for name in (*FAULTS, "refuse") if not receiver.faults[name]} == set()
    print(
        f"\n{url.partition(':')[0]}: {total} events of {REQUESTS} requests; "
        f"{workers.killed} workers killed, {len(dead)} dead, {len(passed_by)} passed by; {dict(receiver.faults)}"
    )
    await store.close()
