"""The staff console's store at 10,000, 100,000 and 1,000,000 messages, on SQLite and PostgreSQL, in one run.

    python -m tests.bench.console [--sizes 10000,100000] [--databases sqlite]
    python -m tests.bench.console --database URL    (one that is filled already; turns are added to it)

Each page, search and queue is asked for many times; shown are the median, the 95th percentile, and that percentile
beside the one at the first size, which tells whether it grows with the table. Then a turn is written with the tables of
the step before the console, and with those of now.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import random
import secrets
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from alembic import command
from alembic.config import Config
from sqlalchemy import Column, Connection, MetaData, Table, func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.cli.demo_data import _library, fill
from bot.settings import load_settings, normalise_database_url
from bot.transcripts import words
from bot.transcripts.records import ConsentRecord, ConversationRecord, MessageRecord
from bot.transcripts.review import Filter, Review
from bot.transcripts.schema import MIGRATIONS, open_database
from bot.transcripts.sealing import Keys
from bot.transcripts.store import TranscriptStore
from bot.transcripts.tables import conversations, messages

SIZES = (10_000, 100_000, 1_000_000)
#: Messages of a made-up conversation, about.
PER_CONVERSATION = 9.1
TIMES = 40
TURNS = 400
POSTGRES = os.environ.get("FARO_TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
STAFF = tuple(f"staff_{number}" for number in range(5))
#: The revision before the console's tables, and what a message had then.
BEFORE = "0004"
OLD_HEAD = ("id", "channel", "language", "created_at", "last_at", "last_seq")
OLD_MESSAGE = (
    "id", "seq", "created_at", "author", "kind", "language", "text", "client_message_id", "choice_id", "intent",
    "confidence", "latency_ms", "reply_to", "reply", "rating",
)  # fmt: skip

Case = Callable[[], Awaitable[object]]


async def cases(review: Review, store: TranscriptStore, chance: random.Random) -> dict[str, Case]:
    """What is timed, by name."""
    async with store.database.connect() as connection:
        total = int(await connection.scalar(select(func.count()).select_from(conversations)) or 0)
        some = await connection.execute(
            select(conversations.c.id, conversations.c.last_at).where(
                conversations.c.number.in_(chance.sample(range(1, total + 1), min(total, 200)))
            )
        )
        known = [(row.last_at, row.id) for row in some]
        by_topic = select(conversations.c.topic).where(conversations.c.topic.is_not(None))
        most = by_topic.group_by(conversations.c.topic).order_by(func.count().desc()).limit(1)
        common = str(await connection.scalar(most))
    rare = (await review.page(Filter(), 1)).rows[0].opening.split() or ["hola"]

    place = (await review.urgent()).next_place

    def page(**what: Any) -> Case:
        return lambda: review.page(Filter(**what))

    def deep(**what: Any) -> Case:
        return lambda: review.page(Filter(**what), 50, chance.choice(known))

    week = datetime.now(UTC) - timedelta(days=7)
    return {
        "list": page(),
        "list, deep page": deep(),
        "since a week": page(since=week),
        "a week long ago": page(since=week - timedelta(days=30), until=week - timedelta(days=23)),
        "channel": page(channel="whatsapp"),
        "language": page(language="en"),
        "topic": page(topic=common),
        "topic, deep page": deep(topic=common),
        "outcome": page(outcome="apology"),
        "urgency": page(urgency="emergency"),
        "reviewed": page(reviewed=True),
        "not reviewed": page(reviewed=False),
        "held": page(held=True),
        "label": page(label="notario"),
        "held by": page(staff=STAFF[0]),
        "reviewed by": page(reviewer=STAFF[0]),
        "written in by": page(writer=STAFF[0]),
        "topic, outcome, en": page(topic=common, outcome="triaged", language="en"),
        "booked, no urgency": page(outcome="booked", urgency="emergency"),
        "search: rare word": page(text="needleword"),
        "search: absent word": page(text="xyzzyplugh"),
        "search: some": page(text="notario"),
        "search: common": page(text="asilo"),
        "search: common, deep": deep(text="asilo"),
        "search: two common": page(text="abogado asilo"),
        "search: common, rare": page(text="asilo needleword"),
        "search: beginning": page(text="asi"),
        "search: common + en": page(text="asylum", language="en"),
        "search: common + urgent": page(text="asilo", urgency="emergency"),
        "search: never in this": page(text="asilo", language="en"),
        "search: any opening": page(text=" ".join(rare[:3])),
        "open": lambda: review.whole(chance.choice(known)[1]),
        "urgent queue": review.urgent,
        "urgent queue, deep": lambda: review.urgent(50, place),
        "unsure turns": lambda: review.turns("look"),
        "unsure turns, deep": lambda: review.turns("look", 50, chance.choice(known)),
        "bad ratings": lambda: review.turns("down"),
        "alarms": review.alarms,
        "counts": review.counts,
        "topics": review.topics,
    }


async def timed(case: Case, times: int) -> tuple[float, float]:
    """Median and 95th percentile in milliseconds."""
    await case()
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        await case()
        taken.append((time.perf_counter() - begun) * 1_000)
    return statistics.median(taken), sorted(taken)[max(0, round(len(taken) * 0.95) - 1)]


def a_turn(number: int) -> tuple[ConversationRecord, list[MessageRecord]]:
    """A conversation with one turn, as long as they usually are."""
    now = datetime.now(UTC)
    id = f"c_{secrets.token_hex(16)}"
    head = ConversationRecord(id, "web", "es", now, now, 2, ConsentRecord("v1", "es", now))
    said = " ".join(f"palabra{(number * 7 + place * place) % 4_000}" for place in range(14))
    answer = " ".join(f"respuesta{(number * 5 + place * place) % 3_000}" for place in range(70))
    asked = MessageRecord(
        f"m_{secrets.token_hex(16)}", 1, now, "visitor", "text", "es", said, client_message_id="a", intent="fees",
        confidence=0.8, latency_ms=60,
    )  # fmt: skip
    reply = {
        "id": "fees",
        "text": answer,
        "full": answer * 2,
        "parameters": {"fee.a": "$100", "fee.b": "$550"},
    }
    bot = MessageRecord(
        f"m_{secrets.token_hex(16)}", 2, now, "bot", "answer", "es", answer, reply_to=asked.id, reply=reply
    )
    return head, [asked, bot]


def with_the_new(head: ConversationRecord, turn: list[MessageRecord]) -> tuple[Any, list[MessageRecord]]:
    """The same with everything that the console shows."""
    ranking = tuple({"name": f"topic_{place}", "confidence": 0.8 / (place + 1)} for place in range(5))
    asked = replace(turn[0], ranking=ranking, entities=({"entity": "country", "value": "GT"},), look="unsure")
    said = replace(turn[1], versions={"content": "abc", "law": "2026-11-22"})
    facts = {"court": "yes", "arrival": ["2026-01-01", "2026-01-31"], "nationality": "GT"}
    return replace(head, topic="fees", outcome="answered", facts=facts), [asked, said]


async def written(store: TranscriptStore) -> float:
    """Milliseconds to write one turn as it is now, the median; nothing of it stays."""
    taken, ids = [], []
    for number in range(TURNS):
        head, turn = with_the_new(*a_turn(number))
        begun = time.perf_counter()
        await store.save(head, turn)
        taken.append((time.perf_counter() - begun) * 1_000)
        ids.append(head.id)
    for id in ids:
        await store.erase(id, clean=False)
    return statistics.median(taken)


async def written_before(url: str) -> float:
    """The same with the tables and columns of before, in the same database: what it holds is taken back to them."""
    database = open_database(url)
    async with database.begin() as connection:
        await connection.run_sync(_back_to_before)
    insert = TranscriptStore(url).insert
    taken = []
    for number in range(TURNS):
        head, turn = a_turn(number)
        begun = time.perf_counter()
        await _save_as_before(database, insert, head, turn)
        taken.append((time.perf_counter() - begun) * 1_000)
    await database.dispose()
    return statistics.median(taken)


def _back_to_before(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.downgrade(config, BEFORE)


def _old(table: Table, names: Sequence[str]) -> Table:
    columns = [Column(name, table.c[name].type, primary_key=name == "id") for name in names]
    return Table(table.name, MetaData(), *columns)


async def _save_as_before(
    database: AsyncEngine, insert: Any, head: ConversationRecord, turn: list[MessageRecord]
) -> None:
    row = {name: getattr(head, name) for name in OLD_HEAD}
    row |= {"consent_version": "v1", "consent_language": "es", "consent_at": head.created_at}
    rows = [{**{name: getattr(m, name) for name in OLD_MESSAGE}, "conversation_id": head.id} for m in turn]
    async with database.begin() as connection:
        for table, values in ((OLD_CONVERSATIONS, [row]), (OLD_MESSAGES, rows)):
            put = insert(table)
            changed = {name: put.excluded[name] for name in values[0] if name not in ("id", "rating")}
            await connection.execute(put.on_conflict_do_update(index_elements=["id"], set_=changed), values)


OLD_CONVERSATIONS = _old(conversations, (*OLD_HEAD, "consent_version", "consent_language", "consent_at"))
OLD_MESSAGES = _old(messages, (*OLD_MESSAGE, "conversation_id"))


@asynccontextmanager
async def empty(kind: str) -> AsyncIterator[str]:
    """The address of a new database."""
    with tempfile.TemporaryDirectory() as folder:
        if kind == "sqlite":
            yield normalise_database_url(f"sqlite:///{Path(folder, 'faro.db')}")
            return
        name = f"faro_bench_{secrets.token_hex(4)}"
        with psycopg.connect(POSTGRES, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        yield normalise_database_url(f"{POSTGRES.rpartition('/')[0]}/{name}")
        with psycopg.connect(POSTGRES, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


async def measure(url: str, size: int | None) -> tuple[dict[str, tuple[float, float]], float]:
    """What each case takes, and a turn; the database is filled first when ``size`` is given."""
    keys = Keys(["a1" * 32])
    store = TranscriptStore(url, keys)
    await store.start()
    if size is not None:
        library = _library(load_settings({}))
        begun = time.perf_counter()
        await fill(store, keys, library, round(size / PER_CONVERSATION), 1, STAFF, datetime.now(UTC))
        print(f"  filled in {time.perf_counter() - begun:.0f} s", flush=True)
        await needle(store)
    if store.shared:
        async with store.database.connect() as connection:
            autocommit = await connection.execution_options(isolation_level="AUTOCOMMIT")
            await autocommit.execute(text("VACUUM ANALYZE"))
    found = {}
    review = Review(store)
    gc.collect()
    for name, case in (await cases(review, store, random.Random(2))).items():
        found[name] = await timed(case, TIMES)
    turn = await written(store)
    await store.close()
    return found, turn


async def needle(store: TranscriptStore) -> None:
    """Hides a word in three conversations."""
    ids = await review_ids(store)
    async with store.database.begin() as connection:
        await connection.run_sync(words.keep_all, [(id, 1, "needleword asilo") for id in ids])


async def review_ids(store: TranscriptStore) -> list[str]:
    """The first, the middle and the last conversation."""
    async with store.database.connect() as connection:
        total = int(await connection.scalar(select(func.max(conversations.c.number))) or 0)
        wanted = conversations.c.number.in_((1, total // 2, total))
        return list((await connection.execute(select(conversations.c.id).where(wanted))).scalars())


def show(kind: str, sizes: Sequence[str], found: Sequence[dict[str, tuple[float, float]]]) -> None:
    """A table of one database."""
    print(
        f"\n{kind}: median / 95th percentile in ms at {' | '.join(sizes)} messages; last percentile : first"
    )
    for name in found[0]:
        cells = " | ".join(f"{run[name][0]:7.1f} /{run[name][1]:7.1f}" for run in found)
        print(f"  {name:26} {cells} | {found[-1][name][1] / found[0][name][1]:6.1f}")


async def main(arguments: argparse.Namespace) -> None:
    if arguments.database:
        found, turn = await measure(normalise_database_url(arguments.database), None)
        show("this database", ["these"], [found])
        print(f"  a turn: {turn:.2f} ms")
        return
    sizes = [int(size) for size in arguments.sizes.split(",")]
    for kind in arguments.databases.split(","):
        runs, turns = [], []
        for size in sizes:
            print(f"{kind}, {size:,} messages", flush=True)
            async with empty(kind) as url:
                found, turn = await measure(url, size)
                turns.append((turn, await written_before(url)))
            runs.append(found)
        show(kind, [f"{size:,}" for size in sizes], runs)
        for size, (turn, before) in zip(sizes, turns, strict=True):
            print(
                f"  a turn at {size:,}: {turn:.2f} ms; with the tables of before {before:.2f} ms: "
                f"{turn - before:+.2f} ms, x {turn / before:.2f}"
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--database", default="")
    asyncio.run(main(parser.parse_args()))
