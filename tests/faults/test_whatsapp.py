"""WhatsApp messages while gateways and engine are killed and the provider fails in every way.

Each message is answered once (or once more with the same words where nobody can know whether the first answer went
out), in order for each person; nothing is lost; nothing is booked twice. ``make faults`` runs it with 2,000 messages
from 200 people; here it is a tenth of that.
"""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import os
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import unused_port
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from bot.core.firm import load_firm
from bot.settings import ROOT, normalise_database_url
from bot.simulator.cloud import CloudStandIn
from bot.simulator.phone import Phone
from bot.simulator.standin import Fault, Message, StandIn
from bot.simulator.twilio import TwilioStandIn
from tests.booking.conftest import KEY
from tests.databases import made
from tests.faults import whatsapp_engine, whatsapp_gateway
from tests.faults.whatsapp_engine import BOOKS, MARK, NamingEngine
from tests.faults.whatsapp_gateway import Waits
from tests.gateway.engine_contract import EngineContract
from tests.gateway.standin import SECRET
from tests.whatsapp import simulators

WHOLE = int(os.environ.get("FARO_TEST_FAULTS", "100")) >= 1_000
PEOPLE, EACH = (200, 10) if WHOLE else (20, 10)
SEED = 20261122
HOOKS = {"cloud": "/webhooks/whatsapp/cloud", "twilio": "/webhooks/whatsapp/twilio"}
#: Ways in which a message is not taken and the sender cannot know that.
UNTAKEN = ("500", "cut before", "hang before")
#: Of a hundred calls to the provider, how many go wrong in which way.
FAULTS = {
    "500": 2,
    "500 after": 3,
    "503": 2,
    "429": 2,
    "cut before": 2,
    "cut after": 3,
    "hang before": 1,
    "hang after": 2,
    "garbage after": 2,
}

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.faults.whatsapp_gateway", "tests.faults.whatsapp_engine"])


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'faro.db'}"
        return
    with made(request.getfixturevalue("postgres_url")) as address:
        yield address


@dataclass(slots=True)
class Part:
    """A process that is killed without warning and begun anew."""

    target: Callable[..., None]
    arguments: tuple[Any, ...]
    process: multiprocessing.process.BaseProcess | None = None
    killed: int = 0

    def begin(self) -> None:
        self.process = _FORKS.Process(target=self.target, args=self.arguments, daemon=True)
        self.process.start()

    async def end(self) -> None:
        if self.process is not None:
            self.process.kill()
            await asyncio.to_thread(self.process.join)
            self.process.close()
            self.process = None


@dataclass(slots=True)
class World:
    """Gateways and an engine as processes of their own, and a provider."""

    provider: StandIn
    gateways: list[Part]
    engine: Part
    chance: random.Random
    faults: Counter[str] = field(default_factory=Counter)
    called: set[str] = field(default_factory=set)

    async def kill_now_and_then(self) -> None:
        """Kills one part after the other, and begins it again a little later; the engine and a gateway for certain."""
        while True:
            await asyncio.sleep(self.chance.uniform(2.0, 5.0) if WHOLE else self.chance.uniform(0.5, 2.5))
            part = self.chance.choice([*self.gateways, self.engine])
            if not self.engine.killed:
                part = self.engine
            elif not any(gateway.killed for gateway in self.gateways):
                part = self.chance.choice(self.gateways)
            await part.end()
            part.killed += 1
            await asyncio.sleep(self.chance.uniform(0.0, 1.0))
            part.begin()

    async def refuse_now_and_then(self) -> None:
        """The provider cannot be reached for a moment, and its statuses come at times only."""
        while True:
            await asyncio.sleep(self.chance.uniform(1.0, 3.0))
            self.provider.statuses = self.chance.choice([(), ("sent", "delivered"), ("sent", "read")])
            if self.chance.random() < 0.3:
                await self.provider.close_door()
                self.faults["refuse"] += 1
                try:
                    await asyncio.sleep(self.chance.uniform(0.05, 0.2))
                finally:
                    await self.provider.open_door()

    def trouble(self, row: str) -> Fault | None:
        """A fault for a call, at times. What broke off twice is never sent again, so the second call comes through."""
        names = ["well", *FAULTS]
        (name,) = self.chance.choices(names, [100 - sum(FAULTS.values()), *FAULTS.values()])
        again = row in self.called
        self.called.add(row)
        if name == "well" or (again and name in UNTAKEN):
            return None
        self.faults[name] += 1
        return Fault(name, 0.5)


@asynccontextmanager
async def world(
    database: str, folder: Path, *, gateways: int, provider: str = "cloud", waits: Waits | None = None
) -> AsyncIterator[World]:
    chance = random.Random(SEED)
    ports = [unused_port() for _ in range(gateways)]
    engine_port = unused_port()
    addresses = [f"http://127.0.0.1:{port}" for port in ports]
    stand_in: CloudStandIn | TwilioStandIn = simulators.BY_NAME[provider](
        *addresses, webhook=HOOKS[provider], chance=chance
    )
    await stand_in.start()
    common = {
        "FARO_DATABASE_URL": database, "FARO_DATA_KEY": KEY, "FARO_SECRET_KEY": "s" * 64,
        "FARO_ENGINE_SECRET": SECRET, "FARO_ENGINE_URL": f"http://127.0.0.1:{engine_port}",
        "FARO_VAR": str(folder / "var"), "FARO_RATE_FACTOR": "1000", "FARO_LOG_LEVEL": "error",
        "FARO_PUBLIC_URL": simulators.PUBLIC_URL, "FARO_WHATSAPP": provider,
        "FARO_WHATSAPP_APP_SECRET": simulators.APP_SECRET, "FARO_WHATSAPP_VERIFY_TOKEN": "v" * 32,
        "FARO_WHATSAPP_TOKEN": simulators.ACCESS_TOKEN, "FARO_WHATSAPP_PHONE_ID": simulators.NUMBER_ID,
        "FARO_WHATSAPP_API_URL": stand_in.url, "FARO_TWILIO_ACCOUNT": simulators.ACCOUNT,
        "FARO_TWILIO_AUTH_TOKEN": simulators.AUTH_TOKEN, "FARO_TWILIO_FROM": f"+{simulators.NUMBER}",
        "FARO_TWILIO_API_URL": stand_in.url,
    }  # fmt: skip
    parts = [
        Part(whatsapp_gateway.run, ({**common, "FARO_PORT": str(port)}, waits or Waits())) for port in ports
    ]
    engine = Part(whatsapp_engine.run, (engine_port, normalise_database_url(database), 0.01))
    # The first gateway makes the tables.
    parts[0].begin()
    await listening(ports[0])
    for part in (*parts[1:], engine):
        part.begin()
    for port in (*ports[1:], engine_port):
        await listening(port)
    try:
        yield World(stand_in, parts, engine, chance)
    finally:
        for part in (*parts, engine):
            await part.end()
        await stand_in.stop()


async def listening(port: int) -> None:
    async with asyncio.timeout(150):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            return


@asynccontextmanager
async def background(*works: Any) -> AsyncIterator[None]:
    tasks = [asyncio.ensure_future(work) for work in works]
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


class Writer:
    """A person of the test; ``marks`` are what they wrote, in order."""

    def __init__(self, number: int, provider: StandIn, chance: random.Random) -> None:
        self.phone = Phone(provider)
        self.marks: list[str] = []
        self.books = number % 10 == 0
        self._number, self._chance = number, chance
        self._tells_times = isinstance(provider, CloudStandIn)

    def _next(self) -> str:
        mark = f"m-{self._number:03}-{len(self.marks):02}"
        self.marks.append(mark)
        # Nothing that the gateway itself would answer.
        booking = f" {BOOKS}" if self.books and len(self.marks) == EACH // 2 else ""
        return f"¿Cuánto tarda el permiso de trabajo?{booking} {mark}"

    async def writes(self) -> None:
        """All messages of this person: alone, several in one request, in the wrong order, and some twice."""
        written = self.phone.stand_in.clock()
        while len(self.marks) < EACH:
            await asyncio.sleep(self._chance.uniform(0.0, 6.0 if WHOLE else 2.0))
            count = min(self._chance.choice([1, 1, 1, 2, 3]), EACH - len(self.marks))
            # Meta tells times in seconds: what arrives in the wrong order was written in different ones. Twilio tells
            # none, and what arrives first is first.
            wrong = count > 1 and self._tells_times and self._chance.random() < 0.5
            sent = []
            for _ in range(count):
                written = max(written + timedelta(seconds=wrong), self.phone.stand_in.clock())
                sent.append(self.phone.prepare("text", text=self._next(), at=written))
            if self._tells_times:
                await self.phone.deliver(*(reversed(sent) if wrong else sent))
            else:
                for message in sent:
                    await self.phone.deliver(message)
            if self._chance.random() < 0.15:
                await self.phone.repeats(self._chance.choice(sent).id)

    @property
    def answered(self) -> set[str]:
        return {mark for message in self.phone.sees for mark in MARK.findall(message.text)}

    @property
    def gaps(self) -> int:
        """Messages of ours at least that never came: what is answered in one leaves one gap."""
        answered = [mark in self.answered for mark in self.marks]
        return sum(1 for before, now in itertools.pairwise([True, *answered]) if before and not now)


class TestNamingEngine(EngineContract):
    """The engine of these tests is an engine."""

    @pytest.fixture
    async def engine_url(self) -> AsyncIterator[str]:
        engine = NamingEngine()
        await engine.start()
        yield engine.url
        await engine.stop()

    @pytest.fixture
    def engine_secret(self) -> str:
        return SECRET


async def test_every_message_is_answered_once_and_in_order_whatever_fails(
    database: str, tmp_path: Path
) -> None:
    # Two halves of four ways: each provider, and each database with as many gateways as it is meant for.
    gateways, provider_name = (1, "cloud") if database.startswith("sqlite") else (2, "twilio")
    async with world(database, tmp_path, gateways=gateways, provider=provider_name) as there:
        provider, chance = there.provider, there.chance
        provider.shuffle = True
        provider.trouble = there.trouble
        people = [Writer(number, provider, chance) for number in range(PEOPLE)]
        began = time.monotonic()
        async with asyncio.timeout(2_400 if WHOLE else 600):
            async with background(there.kill_now_and_then(), there.refuse_now_and_then()):
                await asyncio.gather(*(person.writes() for person in people))
            # From here on the day is a good one; what is under way comes to its end.
            provider.statuses, provider.trouble = ("sent", "delivered"), lambda row: None
            for part in (*there.gateways, there.engine):
                if part.process is None:
                    part.begin()
            while await unfinished(database):
                await asyncio.sleep(0.2)
        spent = time.monotonic() - began
        killed = [part.killed for part in there.gateways], there.engine.killed
        doubled = sum(check(person) for person in people)
        shown = {message.row for person in people for message in person.phone.sees}
        lost = await twice_broken_off(database) - shown
        # What never arrived was sent as often as it may be, and staff know of it.
        assert sum(person.gaps for person in people) <= len(lost)
        assert await booked(database) == sum(person.books for person in people)
        assert provider.refused == []
        # Only where nobody can know, or a gateway was killed while it sent, may a message come twice.
        unknown = sum(there.faults[name] for name in FAULTS if name not in ("503", "429"))
        assert doubled <= unknown + 20 * sum(killed[0])
        # The second call of a row comes through, unless its gateway is killed or the door shut in its face.
        assert len(lost) <= sum(killed[0]) + there.faults["refuse"]
        assert sum(killed[0]) >= 1
        assert killed[1] >= 1
        assert sum(there.faults.values()) >= PEOPLE * EACH / 100
        print(
            f"\n{database.partition(':')[0]}: {PEOPLE * EACH} messages of {PEOPLE} people in {spent:.0f} s, "
            f"{gateways} gateways killed {killed[0]} times, the engine {killed[1]} times, {doubled} messages of ours "
            f"shown twice, {len(lost)} broken off twice and left to staff, "
            f"{dict(there.faults)}, {len(provider.answers)} posts to our webhook"
        )


def check(person: Writer) -> int:
    """Everything that was said to one person; how many messages came twice."""
    shown = person.phone.sees
    copies: list[list[Message]] = []
    for _, group in itertools.groupby(shown, key=lambda message: message.row):
        copies.append(list(group))
    # A second copy comes before anything else is said, with the same words, and there is never a third.
    assert len({group[0].row for group in copies}) == len(copies), [message.text[:40] for message in shown]
    for group in copies:
        assert len(group) <= 2
        assert len({(message.kind, message.text, message.options) for message in group}) == 1
    said = [mark for group in copies for mark in MARK.findall(group[0].text)]
    assert said == [mark for mark in person.marks if mark in person.answered]
    # Beside the answers: the greeting and the question of consent, once each.
    others = [group[0].text for group in copies if not MARK.search(group[0].text)]
    assert len(others) == len(set(others))
    assert [words for words in others if load_firm(ROOT / "bot/content/firm.yml").phone in words] == []
    return sum(len(group) - 1 for group in copies)


async def unfinished(database: str) -> int:
    """Messages that wait for an answer, messages of ours that wait to go out, and what staff must hear of yet."""
    return await number(
        database,
        "SELECT (SELECT count(*) FROM wa_inbox WHERE state = 'waiting') + "
        "(SELECT count(*) FROM wa_outbox WHERE state NOT IN ('sent', 'unknown') "
        "OR (state = 'unknown' AND alarmed_at IS NULL))",
    )


async def twice_broken_off(database: str) -> set[str]:
    """The messages of ours whose fate nobody knows, after both of the times that they may be sent."""
    return set(await column(database, "SELECT id FROM wa_outbox WHERE state = 'unknown' AND unsure = 2"))


async def booked(database: str) -> int:
    """Requests for an appointment; fails when one was corrected, which is what a second request becomes."""
    assert (
        await number(database, "SELECT count(*) FROM booking_outbox WHERE type NOT LIKE '%.requested'") == 0
    )
    return await number(database, "SELECT count(*) FROM booking_outbox")


async def number(database: str, query: str) -> int:
    (found,) = await column(database, query)
    return int(found)


async def column(database: str, query: str) -> list[Any]:
    engine = create_async_engine(normalise_database_url(database))
    try:
        async with engine.connect() as connection:
            return list((await connection.execute(text(query))).scalars())
    finally:
        await engine.dispose()


@pytest.mark.parametrize("provider", ["cloud", "twilio"])
async def test_an_engine_that_stays_away_ends_in_one_apology_with_the_phone_number(
    tmp_path: Path, provider: str
) -> None:
    # In the whole run the real minute is waited for, once.
    patience = 60.0 if WHOLE and provider == "cloud" else 3.0
    database = f"sqlite:///{tmp_path / 'faro.db'}"
    phone_number = load_firm(ROOT / "bot/content/firm.yml").phone
    waits = Waits(patience=patience)
    async with world(database, tmp_path, gateways=1, provider=provider, waits=waits) as there:
        await there.engine.end()
        ana = Phone(there.provider)
        began = time.monotonic()
        await ana.says("¿Cuánto tarda el permiso de trabajo? m-000-00")
        greeting = await ana.hears(1, within=10)
        assert all(phone_number not in message.text for message in greeting)
        told = await ana.hears(1, within=patience + 30)
        assert time.monotonic() - began >= patience - 1
        assert phone_number in told[0].text
        while await unfinished(database):
            await asyncio.sleep(0.1)
        assert await number(database, "SELECT count(*) FROM wa_inbox WHERE state = 'closed'") == 1
        # Closed means closed: the engine is back, and only what is asked from now on is answered.
        there.engine.begin()
        await ana.says("¿Y cuánto cuesta? m-000-01")
        answer = await ana.hears(1, within=20)
        await asyncio.sleep(2)
        said = " ".join(message.text for message in ana.sees)
        assert MARK.findall(said) == ["m-000-01"]
        assert said.count(phone_number) == 1, [message.text for message in answer]
