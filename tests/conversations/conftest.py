"""One running Faro for all conversation tests, and the office's system that it sends requests to."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from bot.booking.example import receiver
from tests.stack import Stack, free_port, running

#: Sign the requests on their way to the office, and its messages on their way back.
SECRET, CALLBACK_SECRET = "whsec_" + "QUFB" * 8, "whsec_" + "QkJC" * 8


@dataclass(slots=True)
class Office:
    """The example receiver on a port of this machine; ``events`` are those whose signature and schema were right."""

    port: int = field(default_factory=free_port)
    events: list[Mapping[str, Any]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def wait_for(self, reference: str, type: str, seconds: float = 15) -> Mapping[str, Any]:
        """The event of that type about a request."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for event in list(self.events):
                if event["type"] == type and event["data"]["reference"] == reference:
                    return event
            time.sleep(0.1)
        raise AssertionError(f"no {type} for {reference} within {seconds} seconds")

    def take(self, event: Mapping[str, Any], _again: bool) -> None:
        self.events.append(event)


@pytest.fixture(scope="session")
def office() -> Iterator[Office]:
    office = Office()
    loop = asyncio.new_event_loop()
    runner = web.AppRunner(receiver([SECRET], office.take, lambda: datetime.now(UTC)), access_log=None)

    async def listen() -> None:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", office.port).start()

    loop.run_until_complete(listen())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield office
    asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


@pytest.fixture(scope="session")
def faro(tmp_path_factory: pytest.TempPathFactory, office: Office) -> Iterator[Stack]:
    settings = {
        "FARO_BOOKING_URL": office.url,
        "FARO_BOOKING_SECRET": SECRET,
        "FARO_BOOKING_CALLBACK_SECRET": CALLBACK_SECRET,
    }
    with running(tmp_path_factory.mktemp("faro"), **settings) as stack:
        yield stack
