"""The database goes away for several turns and comes back: everybody is answered, and every turn is kept once."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path

import pytest
from sqlalchemy import make_url

from bot.gateway import worker
from bot.settings import normalise_database_url
from bot.transcripts.sealing import Keys
from bot.transcripts.store import TranscriptStore
from tests.databases import made
from tests.gateway.conftest import Gateway, Start, Talk
from tests.gateway.standin import SECRET, StandInEngine
from tests.stack import free_port


class Line:
    """A line to the server that can be cut: then its connections break, and new ones are refused."""

    def __init__(self, host: str, port: int) -> None:
        self._there = (host, port)
        self.port = free_port()
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def mend(self) -> None:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)

    async def cut(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        self._server = None

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, forth = await asyncio.open_connection(*self._there)
        both = {writer, forth}
        if self._server is None:
            # Cut while this one was being put through.
            for one in both:
                one.transport.abort()
            return
        self._writers |= both
        try:
            await asyncio.gather(_pump(reader, forth), _pump(back, writer))
        finally:
            self._writers -= both
            for one in both:
                one.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


@pytest.fixture
def server(postgres_url: str) -> Iterator[str]:
    """The address of an empty database, straight at the server."""
    with made(postgres_url) as address:
        yield address


@asynccontextmanager
async def line_to(address: str) -> AsyncIterator[tuple[Line, str]]:
    """A line to that database, and the database's address through it."""
    url = make_url(normalise_database_url(address))
    line = Line(url.host or "127.0.0.1", url.port or 5432)
    await line.mend()
    try:
        yield line, url.set(host="127.0.0.1", port=line.port).render_as_string(hide_password=False)
    finally:
        with suppress(AssertionError):
            await line.cut()


async def told(talk: Talk, *questions: str) -> None:
    """Each question gets its answer."""
    for question in questions:
        data = await talk.send(question)
        assert [message["kind"] for message in data["messages"]] == ["answer"], data


async def check_kept_once_in_order(address: str, talk: Talk, *questions: str) -> None:
    """As somebody reads it who asks the server itself."""
    store = TranscriptStore(normalise_database_url(address), Keys(["5" * 64]))
    try:
        transcript = await store.load(talk.id)
    finally:
        await store.close()
    assert transcript is not None
    assert [m.seq for m in transcript.messages] == list(range(1, transcript.conversation.last_seq + 1))
    # Behind the greeting, and the yes with what was said to it.
    turns = [m for m in transcript.messages if m.seq > 5]
    assert [m.text for m in turns if m.author == "visitor"] == list(questions)
    assert [m.author for m in turns] == ["visitor", "bot"] * len(questions)
    asked = {m.id: m.seq for m in turns if m.author == "visitor"}
    assert [asked[m.reply_to or ""] + 1 for m in turns if m.author == "bot"] == [
        m.seq for m in turns if m.author == "bot"
    ]


async def test_turns_while_postgresql_cannot_be_reached_are_answered_and_kept_once(
    start: Start, server: str
) -> None:
    async with line_to(server) as (line, through):
        gateway = await start(database=through)
        talk = await gateway.begin()
        await talk.agree()
        await told(talk, "work permit 1")
        await line.cut()
        await told(talk, "work permit 2", "work permit 3", "work permit 4")
        # The page did not hear the answer and sends it again.
        again = await talk.send("work permit 4", "n5")
        assert [message["kind"] for message in again["messages"]] == ["answer"]
        await check_kept_once_in_order(server, talk, "work permit 1")
        assert gateway.metric("faro_store_failures_total") >= 3
        await line.mend()
        await told(talk, "work permit 5")
        await check_kept_once_in_order(server, talk, *(f"work permit {number}" for number in range(1, 6)))
        # Once more, and this time nobody writes any more: it is written by itself.
        await line.cut()
        await told(talk, "work permit 6", "work permit 7")
        await line.mend()
        await gateway.keeper.put_away()
        await check_kept_once_in_order(server, talk, *(f"work permit {number}" for number in range(1, 8)))


async def test_a_connection_that_breaks_while_a_turn_is_written_loses_and_doubles_nothing(
    start: Start, server: str
) -> None:
    async with line_to(server) as (line, through):
        gateway = await start(database=through)
        talk = await gateway.begin()
        await talk.agree()
        questions = [f"work permit {number}" for number in range(12)]

        async def flicker() -> None:
            for _ in range(4):
                await asyncio.sleep(0.05)
                await line.cut()
                await asyncio.sleep(0.05)
                await line.mend()

        flickering = asyncio.create_task(flicker())
        await told(talk, *questions)
        await flickering
        await gateway.keeper.put_away()
        await check_kept_once_in_order(server, talk, *questions)


async def test_turns_while_sqlite_is_locked_are_answered_and_kept_once(gateway: Gateway) -> None:
    file = make_url(gateway.database).database
    assert file is not None
    talk = await gateway.begin()
    await talk.agree()
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        await told(talk, "work permit 1", "work permit 2")
        assert gateway.metric("faro_store_failures_total") >= 2
        other.execute("ROLLBACK")
    await gateway.keeper.put_away()
    await check_kept_once_in_order(gateway.database, talk, "work permit 1", "work permit 2")


async def test_a_gateway_that_is_stopped_waits_for_the_database_to_come_back(
    start: Start, server: str
) -> None:
    async with line_to(server) as (line, through):
        gateway = await start(database=through)
        talk = await gateway.begin()
        await talk.agree()
        await line.cut()
        await told(talk, "work permit 1", "work permit 2")
        closing_ = asyncio.create_task(gateway.client.close())
        await asyncio.sleep(0.5)
        assert not closing_.done()
        await line.mend()
        await closing_
        await check_kept_once_in_order(server, talk, "work permit 1", "work permit 2")
        assert "unwritten_lost" not in gateway.log.getvalue()


async def test_what_is_lost_with_a_stopped_gateway_is_counted_and_told(
    start: Start, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "LAST_WRITES", 1.0)
    posted: list[bytes] = []

    async def post(_url: str, body: bytes, _headers: dict[str, str]) -> int:
        posted.append(body)
        return 200

    async with line_to(server) as (line, through):
        secret = "whsec_" + "QUFB" * 8
        gateway = await start(
            {"FARO_ALARM_URL": "http://127.0.0.1:1", "FARO_ALARM_SECRET": secret}, database=through
        )
        gateway.alarms.post = post
        talk = await gateway.begin()
        await talk.agree()
        await line.cut()
        await told(talk, "work permit 1", "work permit 2")
        await gateway.client.close()
    assert '"event": "unwritten_lost"' in gateway.log.getvalue()
    assert [body for body in posted if b'"unwritten_lost_4"' in body] != []


async def test_a_gateway_process_that_is_told_to_end_waits_too(
    server: str, engine: StandInEngine, tmp_path: Path
) -> None:
    """As ``systemctl stop`` does it: SIGTERM to the real process."""
    import aiohttp

    async with line_to(server) as (line, through):
        port = free_port()
        own = {"FARO_VAR": str(tmp_path), "FARO_PORT": str(port), "FARO_SECRET_KEY": "k" * 40,
               "FARO_DATA_KEY": "5" * 64, "FARO_ENGINE_URL": engine.url, "FARO_ENGINE_SECRET": SECRET,
               "FARO_DATABASE_URL": through}  # fmt: skip
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot.cli.serve", env={**os.environ, **own}, stderr=asyncio.subprocess.DEVNULL
        )  # fmt: skip
        try:
            base = f"http://127.0.0.1:{port}"
            async with aiohttp.ClientSession(base_url=base) as client:
                async with asyncio.timeout(90):
                    while True:
                        with suppress(aiohttp.ClientError):
                            async with client.get("/healthz"):
                                break
                        await asyncio.sleep(0.2)
                path = "/api/chat/v1/conversations"
                async with client.post(path, json={"language": "en"}) as response:
                    begun = await response.json()
                talk = Talk(None, begun["conversation"], begun["token"], begun)  # type: ignore[arg-type]
                yes = begun["messages"][-1]["choices"][0]["id"]

                async def send(body: dict[str, str]) -> None:
                    async with client.post(f"{talk.path}/messages", json=body, headers=talk.headers) as one:
                        assert one.status == 200, await one.text()

                await send({"client_message_id": "yes", "choice": yes})
                await line.cut()
                await send({"client_message_id": "n1", "text": "work permit 1"})
                await send({"client_message_id": "n2", "text": "work permit 2"})
            process.send_signal(signal.SIGTERM)
            await asyncio.sleep(1)
            await line.mend()
            assert await asyncio.wait_for(process.wait(), 30) == 0
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        await check_kept_once_in_order(server, talk, "work permit 1", "work permit 2")
