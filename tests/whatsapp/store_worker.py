"""A worker and a sender on the store in a process of its own, to be killed at any moment."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiosqlite  # noqa: F401 - here, and the two below, so that a new process begins at once
import psycopg  # noqa: F401
import sqlalchemy.dialects.postgresql.psycopg
import sqlalchemy.dialects.sqlite.aiosqlite  # noqa: F401

from bot.gateway.whatsapp.model import Outbound
from bot.gateway.whatsapp.names import Names
from bot.gateway.whatsapp.records import LostLease, Out
from bot.gateway.whatsapp.store import WhatsAppStore
from bot.transcripts.sealing import Keys

HOLD = timedelta(seconds=0.6)
PAUSE = timedelta(seconds=0.05)


def opened(url: str, key: str, secret: str) -> WhatsAppStore:
    return WhatsAppStore(url, Keys([key]), Names(secret), pause=PAUSE, longest=4 * PAUSE)


def run(url: str, key: str, secret: str, sent: str) -> None:
    """Answers and sends until killed; what a person would get is appended to the file ``sent``."""
    asyncio.run(_work(url, key, secret, Path(sent)))


async def _work(url: str, key: str, secret: str, sent: Path) -> None:
    store = opened(url, key, secret)
    await asyncio.gather(*(_answer(store) for _ in range(2)), *(_send(store, sent) for _ in range(2)))


async def _answer(store: WhatsAppStore) -> None:
    while True:
        work = await store.claim("w", datetime.now(UTC), HOLD)
        if work is None:
            await asyncio.sleep(0.02)
            continue
        await asyncio.sleep(random.random() * 0.02)
        with suppress(LostLease):
            for one in work.messages:
                assert one.message is not None
                out = [Out(one.id, Outbound("text", one.message.text), one.id)]
                await store.finish(work, [one.id], out, datetime.now(UTC))
        await store.release(work, datetime.now(UTC))


async def _send(store: WhatsAppStore, sent: Path) -> None:
    while True:
        row = await store.next_out("s", datetime.now(UTC), HOLD)
        if row is None:
            await asyncio.sleep(0.02)
            continue
        assert row.message is not None
        with sent.open("a") as file:
            file.write(f"{row.message.text}\n")
        await asyncio.sleep(random.random() * 0.01)
        await store.sent(row, f"p.{row.id}", datetime.now(UTC))
