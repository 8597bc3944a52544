"""``faro demo-data``: made-up conversations to try the console with."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from bot.booking.tables import bookings, outbox
from bot.cli import demo_figures
from bot.cli.demo_author import Author
from bot.cli.demo_rows import Batch
from bot.cli.paths import ROOT
from bot.console.tables import accounts
from bot.core.content import Library
from bot.core.errors import BotError
from bot.settings import Settings
from bot.transcripts import tables, words
from bot.transcripts.insights import Insights
from bot.transcripts.sealing import Keys
from bot.transcripts.store import TranscriptStore

MOST = 1_000_000
#: How many are written together.
_TOGETHER = 250


@dataclass(slots=True)
class Made:
    """How much was written."""

    conversations: int = 0
    messages: int = 0
    requests: int = 0
    alarms: int = 0


def make(settings: Settings, conversations: int, seed: int) -> Made:
    """Writes so many conversations into the database of the settings; the staff accounts that it has worked on some.

    Raises BotError when this is production, the number is not sensible, or the conversations are there already.
    """
    if settings.production:
        raise BotError("Made-up conversations do not belong into production. Set FARO_MODE=demo.")
    if not 1 <= conversations <= MOST:
        raise BotError(f"{conversations} conversations cannot be made. Give a number from 1 to {MOST:,}.")
    now = datetime.now(UTC) if settings.today is None else datetime.combine(settings.today, time(20), UTC)
    return asyncio.run(_make(settings, conversations, seed, now))


async def _make(settings: Settings, count: int, seed: int, now: datetime) -> Made:
    keys = Keys(settings.data_keys)
    store = TranscriptStore(settings.database_url, keys)
    try:
        await store.start()
        async with store.database.connect() as connection:
            active = select(accounts.c.id).where(accounts.c.disabled_at.is_(None)).order_by(accounts.c.login)
            staff = tuple((await connection.execute(active)).scalars())
        return await fill(store, keys, _library(settings), count, seed, staff, now)
    except IntegrityError:
        raise BotError(f"The conversations of seed {seed} are there already. Give another --seed.") from None
    finally:
        await store.close()


def _library(settings: Settings) -> Library:
    from bot.core.content import load_library
    from bot.core.firm import load_firm
    from bot.core.law import load_parameters

    bot = ROOT / "bot"
    return load_library(
        bot / "content", load_parameters(bot / "law" / "parameters"), load_firm(settings.firm)
    )


async def fill(
    store: TranscriptStore,
    keys: Keys,
    library: Library,
    count: int,
    seed: int,
    staff: Sequence[str],
    now: datetime,
) -> Made:
    """Writes ``count`` conversations that ended before ``now``; the same ones for the same arguments."""
    author = Author(library, keys, random.Random(seed), staff, now)  # noqa: S311 - for play, and the same every time
    made = Made()
    figures: demo_figures.Counted = Counter()
    for first in range(0, count, _TOGETHER):
        batch = Batch()
        for number in range(first, min(first + _TOGETHER, count)):
            author.write(batch, number, count)
        await _save(store, batch)
        figures.update(demo_figures.counted(batch, library.firm.timezone))
        made.conversations += len(batch.conversations)
        made.messages += len(batch.messages)
        made.requests += len(batch.bookings)
        made.alarms += len(batch.alarms)
    await demo_figures.keep(Insights(store), figures)
    return made


async def _save(store: TranscriptStore, batch: Batch) -> None:
    async with store.database.begin() as connection:
        for table, rows in (
            (tables.conversations, batch.conversations),
            (tables.messages, batch.messages),
            (tables.told, batch.told),
            (tables.labels, batch.labels),
            (tables.alarms, batch.alarms),
            (bookings, batch.bookings),
            (outbox, batch.outbox),
        ):
            if rows:
                await connection.execute(table.insert(), rows)
        texts = ((row["conversation_id"], row["seq"], row["text"]) for row in batch.messages)
        await connection.run_sync(words.keep_all, texts)
