"""The store under crashes: nothing is lost, nothing answered twice, everybody's order kept."""

from __future__ import annotations

import asyncio
import multiprocessing
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from bot.gateway.whatsapp.base import OPEN
from bot.gateway.whatsapp.names import Names
from bot.gateway.whatsapp.records import LostLease, Out, OutRow, Work
from bot.gateway.whatsapp.store import WhatsAppStore
from bot.gateway.whatsapp.tables import inbox, outbox, people
from bot.transcripts.sealing import Keys
from tests.whatsapp import store_worker
from tests.whatsapp.conftest import KEY, SECRET
from tests.whatsapp.storing import HOLD, Inbound, at, heard, reply, said, sender

PEOPLE = 3
INCOMING = ("take", "take", "repeat", "claim", "claim", "finish", "postpone", "release", "crash", "late")
OUTGOING = ("send", "send", "sent", "unsure", "again", "killed", "status")
#: Long enough for a message to be taken, claimed by who dies, answered, half sent and sent again.
STEPS = st.lists(
    st.tuples(st.sampled_from([*INCOMING, *OUTGOING, "time", "time", "merge"]), st.integers(0, 5)),
    min_size=80,
    max_size=160,
)


@dataclass
class World:
    """What happened outside the store, to hold it against."""

    store: WhatsAppStore
    second: float = 0
    events: list[Inbound] = field(default_factory=list)
    works: list[Work] = field(default_factory=list)
    lost: list[Work] = field(default_factory=list)
    rows: list[OutRow] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)
    got: list[str] = field(default_factory=list)
    accepted: list[OutRow] = field(default_factory=list)
    holder: dict[str, str] = field(default_factory=dict)
    one: bool = False

    @property
    def now(self) -> datetime:
        return at(self.second)

    async def step(self, what: str, number: int) -> None:
        self.second += 0.1
        await getattr(self, what)(number)

    async def take(self, number: int) -> None:
        who = number % PEOPLE
        event = said(f"wamid.{len(self.events)}", f"{who}.{len(self.events):03}", sender(who), self.second)
        self.events.append(event)
        assert len((await self.store.take("cloud", [event], self.now)).new) == 1

    async def repeat(self, number: int) -> None:
        if self.events:
            event = self.events[number % len(self.events)]
            assert (await self.store.take("cloud", [event, event], self.now)).new == ()

    async def merge(self, number: int) -> None:
        """Two of the people turn out to be one."""
        if number == 0:
            self.one = True
            event = said(
                f"wamid.{len(self.events)}", f"0.{len(self.events):03}", sender(0, "phone:12025550001")
            )
            self.events.append(event)
            await self.store.take("cloud", [event], self.now)

    async def claim(self, number: int) -> None:
        work = await self.store.claim(f"w{number}", self.now, HOLD)
        if work is not None:
            self.works.append(work)
            self.holder[work.person.id] = work.token

    async def finish(self, number: int) -> None:
        if not self.works:
            return
        work = self.works.pop(number % len(self.works))
        done = [one.id for one in work.messages][: 1 + number]
        out = [Out(id, reply(one.message.text), id) for id, one in zip(done, work.messages, strict=False)]
        try:
            added = await self.store.finish(work, done, out, self.now)
        except LostLease:
            return
        assert self.holder[work.person.id] == work.token
        if added:
            self.answered += [one.message.text for one in out]
        await self.store.release(work, self.now)

    async def postpone(self, number: int) -> None:
        if self.works:
            work = self.works.pop(number % len(self.works))
            try:
                await self.store.postpone(work, at(self.second + number), "x", self.now, counted=False)
            except LostLease:
                return

    async def release(self, number: int) -> None:
        if self.works:
            await self.store.release(self.works.pop(number % len(self.works)), self.now)

    async def crash(self, number: int) -> None:
        if self.works:
            self.lost.append(self.works.pop(number % len(self.works)))

    async def late(self, number: int) -> None:
        """A worker comes back to life."""
        if self.lost:
            self.works.append(self.lost.pop(number % len(self.lost)))
            await self.finish(len(self.works) - 1)

    async def time(self, number: int) -> None:
        self.second += (0.5, 1, 6, 31, 31, 40)[number]

    async def send(self, number: int) -> None:
        row = await self.store.next_out(f"s{number}", self.now, HOLD)
        if row is not None:
            self.rows.append(row)

    def _row(self, number: int, *, goes_out: bool) -> OutRow | None:
        if not self.rows:
            return None
        row = self.rows.pop(number % len(self.rows))
        # A sending takes no longer than its lease, whatever becomes of the sender.
        assert row.message is not None
        if goes_out:
            self.got.append(row.message.text)
            self.accepted.append(row)
        return row

    async def sent(self, number: int) -> None:
        if (row := self._row(number, goes_out=True)) is not None:
            await self.store.sent(row, f"p.{row.token}", self.now)

    async def unsure(self, number: int) -> None:
        if (row := self._row(number, goes_out=number % 2 == 0)) is not None:
            await self.store.unsure(row, self.now, "timeout")

    async def again(self, number: int) -> None:
        if (row := self._row(number, goes_out=False)) is not None:
            await self.store.again(row, at(self.second + number), "http_503", self.now)

    async def killed(self, number: int) -> None:
        self._row(number, goes_out=number % 2 == 0)

    async def status(self, number: int) -> None:
        if self.accepted:
            row = self.accepted[number % len(self.accepted)]
            state = ("sent", "delivered", "read")[number % 3]
            await self.store.take("cloud", [heard(f"p.{row.token}", state, row.id)], self.now)

    async def end(self) -> None:
        """Everybody recovers."""
        self.works.clear()
        while self.rows:
            await self.sent(0)
        for _ in range(300):
            self.second += 7
            await self.claim(0)
            await self.finish(5)
            await self.send(0)
            await self.sent(0)
            if not await self._left():
                return
        raise AssertionError("it never comes to an end")

    async def _left(self) -> int:
        async with self.store.database.connect() as connection:
            waits = select(func.count()).select_from(inbox).where(inbox.c.state == "waiting")
            out = select(func.count()).select_from(outbox).where(outbox.c.state.in_(OPEN))
            return int(await connection.scalar(waits) or 0) + int(await connection.scalar(out) or 0)


def in_order(texts: list[str]) -> list[str]:
    return list(dict.fromkeys(texts))


async def play(store: WhatsAppStore, steps: list[tuple[str, int]]) -> None:
    """The steps in an empty store, until everybody has recovered; then what must be true."""
    for table in (outbox, inbox, people):
        async with store.database.begin() as connection:
            await connection.execute(table.delete())
    world = World(store)
    for what, number in steps:
        await world.step(what, number)
    await world.end()
    said_texts = [event.text for event in world.events]
    assert sorted(world.answered) == sorted(said_texts)
    counts = Counter(world.got)
    async with store.database.connect() as connection:
        rows = (await connection.execute(select(outbox))).all()
    assert len(rows) == len(said_texts)
    by_id = {row.inbox_id: row for row in rows}
    for event in world.events:
        row = by_id[store._names.message("cloud", event.id)]
        assert counts[event.text] <= 2
        if counts[event.text] == 0:
            assert row.state == "unknown"
        if counts[event.text] == 2:
            assert row.unsure >= 1
    if not world.one:
        for who in range(PEOPLE):
            for told in (world.answered, in_order(world.got)):
                mine = [text for text in told if text.startswith(f"{who}.")]
                assert mine == sorted(mine)


def test_whatever_happens_nothing_is_lost_and_nobody_is_answered_twice(
    runner: asyncio.Runner, quiet_store: WhatsAppStore
) -> None:
    @settings(
        max_examples=5 if quiet_store.database.dialect.name == "postgresql" else 12,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(steps=STEPS)
    def plays(steps: list[tuple[str, int]]) -> None:
        runner.run(play(quiet_store, steps))

    plays()


@pytest.fixture
def runner() -> Any:
    with asyncio.Runner() as one:
        yield one


@pytest.fixture
def quiet_store(url: str, runner: asyncio.Runner) -> Any:
    """A store for a test that has its own loop."""
    store = WhatsAppStore(url, Keys([KEY]), Names(SECRET))
    runner.run(store.prepare())
    yield store
    runner.run(store.dispose())


MESSAGES, WRITERS = 120, 12


async def test_workers_killed_at_random_lose_nothing(url: str, tmp_path: Path) -> None:
    """Real processes, each answering and sending, killed without warning while people write."""
    store = store_worker.opened(url, KEY, SECRET)
    await store.prepare()
    sent = tmp_path / "sent"
    sent.touch()
    # A process that has imported everything is the parent of each, so that a new one is at work at once.
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload([store_worker.__name__])
    chance = random.Random(7)

    def start() -> Any:
        process = processes.Process(target=store_worker.run, args=(url, KEY, SECRET, str(sent)))
        process.start()
        return process

    async def write() -> None:
        for number in range(MESSAGES):
            who = number % WRITERS
            event = said(f"wamid.{number}", f"{who}.{number:03}", who, number)
            await store.take("cloud", [event, event], datetime.now(UTC))
            await asyncio.sleep(0.01)

    workers = [start(), start()]
    kills, before, until = 0, 0, time.monotonic() + 120
    writing = asyncio.create_task(write())
    try:
        while time.monotonic() < until:
            seen = await store.overview()
            if writing.done() and not seen.waiting and not set(OPEN) & seen.out.keys():
                break
            # Killed at work, not while it starts.
            if len(sent.read_text()) > before + 60:
                kills, before = kills + 1, len(sent.read_text())
                victim = chance.randrange(2)
                workers[victim].kill()
                await asyncio.to_thread(workers[victim].join)
                workers[victim] = start()
            await asyncio.sleep(0.02)
        await writing
    finally:
        for worker in workers:
            worker.kill()
            worker.join()
        seen = await store.overview()
        await store.dispose()
    assert kills >= 5
    got = sent.read_text().splitlines()
    counts = Counter(got)
    assert seen.waiting == 0
    assert seen.out.keys() <= {"unknown"}
    assert len(counts) + seen.out.get("unknown", 0) >= MESSAGES
    assert max(counts.values()) <= 2
    for who in range(WRITERS):
        mine = [text for text in in_order(got) if text.startswith(f"{who}.")]
        assert mine == sorted(mine)
    # Each of a killed process's two senders had at most one message in hand.
    again = sum(1 for number in counts.values() if number == 2)
    assert again <= 2 * kills
