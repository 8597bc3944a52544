"""A firm's system on a bad day: it fails in every way, but honours webhook-id.

What it has processed it remembers, whether or not its answer arrived: that is what the sender's words are held
against.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from aiohttp import web

from bot.booking.payload import wrong
from bot.booking.signature import verified

#: Each fault, and how often of a hundred; the rest are answered properly.
FAULTS = {
    "hang": 6,
    "hang after processing": 6,
    "500": 8,
    "500 after processing": 6,
    "429": 4,
    "301": 6,
    "410": 3,
    "garbage": 6,
    "garbage after processing": 4,
    "die": 6,
    "die after processing": 8,
    "break off the answer": 4,
}


class Receiver:
    """Listens on ``port`` once started."""

    def __init__(self, secret: str, chance: random.Random) -> None:
        self._secret = secret
        self._chance = chance
        #: (request_id, type) in the order in which they were processed, and the ids of their events.
        self.log: list[tuple[str, str]] = []
        self.processed: set[str] = set()
        self.faults: Counter[str] = Counter()
        self.followed = 0
        self.faulty = True
        app = web.Application()
        app.router.add_post("/hook", self._take)
        app.router.add_route("*", "/elsewhere", self._elsewhere)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        self._site: web.TCPSite | None = None
        self.port = 0

    async def start(self) -> None:
        await self._runner.setup()
        await self._listen()
        address = self._runner.addresses[0]
        self.port = address[1]

    async def _listen(self) -> None:
        self._site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await self._site.start()

    async def refuse_now_and_then(self) -> None:
        """Stops listening for a moment, again and again, until cancelled."""
        while True:
            await asyncio.sleep(self._chance.uniform(0.3, 1.0))
            assert self._site is not None
            await self._site.stop()
            self.faults["refuse"] += 1
            try:
                await asyncio.sleep(self._chance.uniform(0.05, 0.2))
            finally:
                await self._listen()

    async def close(self) -> None:
        await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        message_id = verified([self._secret], request.headers, body, datetime.now(UTC))
        fault = self._pick()
        self.faults[fault] += 1
        if fault == "well" or fault.endswith("after processing") or fault == "break off the answer":
            self._process(message_id, json.loads(body))
        answer = ANSWERS[fault.removesuffix(" after processing")]
        return await answer(request)

    async def _elsewhere(self, _request: web.Request) -> web.Response:
        self.followed += 1
        return web.Response()

    def _pick(self) -> str:
        if not self.faulty:
            return "well"
        names = ["well", *FAULTS]
        return self._chance.choices(names, [100 - sum(FAULTS.values()), *FAULTS.values()])[0]

    def _process(self, message_id: str, event: dict[str, object]) -> None:
        if message_id in self.processed:
            return
        assert wrong(event) is None
        data = event["data"]
        assert isinstance(data, dict)
        self.processed.add(message_id)
        self.log.append((data["request_id"], str(event["type"]).rpartition(".")[2]))


async def _well(_request: web.Request) -> web.Response:
    return web.json_response({"status": "received"})


async def _hang(_request: web.Request) -> web.Response:
    await asyncio.sleep(0.8)
    return web.json_response({})


async def _die(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def _garbage(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.write(b"\x16\x03\x01 200 OK, thanks\r\n\r\n")  # type: ignore[attr-defined]
    request.transport.close()
    return web.Response()


async def _break_off(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(status=200, headers={"content-length": "90"})
    await response.prepare(request)
    await response.write(b'{"status"')
    assert request.transport is not None
    request.transport.abort()
    return response


def _status(number: int, **headers: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=number, headers=headers)

    return answer


ANSWERS: dict[str, Callable[[web.Request], Awaitable[web.StreamResponse]]] = {
    "well": _well,
    "hang": _hang,
    "500": _status(500),
    "429": _status(429, **{"Retry-After": "1"}),
    "301": _status(301, Location="/elsewhere"),
    "410": _status(410),
    "garbage": _garbage,
    "die": _die,
    "break off the answer": _break_off,
}
