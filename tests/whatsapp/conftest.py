"""The databases of the tests of WhatsApp, and a store on each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.gateway.whatsapp.names import Names
from bot.gateway.whatsapp.store import WhatsAppStore
from bot.transcripts.sealing import Keys
from tests.booking.conftest import KEY, postgres_database
from tests.databases import without_rows
from tests.gateway.conftest import engine, own_logs
from tests.gateway.standin import StandInEngine
from tests.whatsapp.gateways import Begin, gateways

__all__ = ["engine", "own_logs", "postgres_database"]

SECRET = "a secret of the tests"
TABLES = (
    *("wa_people", "wa_inbox", "wa_handovers", "conversations", "alarms", "counters", "forgets"),
    *("bookings", "booking_values", "bulletins"),
)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without rows."""
    return without_rows(request, tmp_path, *TABLES)


@pytest.fixture
async def open_store(url: str) -> AsyncIterator[Callable[..., Any]]:
    """Opens a store on the test's database; more than one may be open, each as a gateway of its own."""
    opened: list[WhatsAppStore] = []

    async def build(keys: tuple[str, ...] = (KEY,), **options: Any) -> WhatsAppStore:
        store = WhatsAppStore(url, Keys(keys), Names(SECRET), **options)
        await store.prepare()
        opened.append(store)
        return store

    yield build
    for store in opened:
        await store.dispose()


@pytest.fixture
async def store(open_store: Callable[..., Any]) -> WhatsAppStore:
    return await open_store()


@pytest.fixture
async def begin(url: str, tmp_path: Path, engine: StandInEngine) -> AsyncIterator[Begin]:
    """Starts gateways with WhatsApp on the test's database."""
    async with gateways(url, tmp_path, engine) as start:
        yield start
