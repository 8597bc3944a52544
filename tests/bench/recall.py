"""Finding who was told an old value among 100,000 and 1,000,000 turns, on SQLite and PostgreSQL.

    python -m tests.bench.recall [--sizes 100000,1000000] [--databases sqlite]

Nearly every turn tells the value in force; some people, spread over all of it, were told another one. Found must be
exactly those. Shown are the median and the 95th percentile of each question, in milliseconds.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import insert, text

from bot.transcripts.recall import Recall, Wanted, in_force
from bot.transcripts.store import TranscriptStore
from bot.transcripts.tables import conversations, told
from tests.bench.console import empty, timed

SIZES = (100_000, 1_000_000)
#: Turns of a conversation, people who were told an old value, and those of them who have heard the new one since.
TURNS, SEEDED, HEARD = 5, 500, 100
BATCH = 20_000
FEE, OTHER = "fee.annual", "fee.i589"
BEGUN = datetime(2026, 1, 1, tzinfo=UTC)
TIMES = 40


async def fill(store: TranscriptStore, turns: int) -> tuple[set[str], set[str]]:
    """Writes what was told; the conversations to be found, and those that have heard the new value."""
    chance, count = random.Random(1), turns // TURNS
    seeded = chance.sample(range(count), SEEDED)
    heard = set(seeded[:HEARD])
    old = {number: chance.choice(("$100", "$95")) for number in seeded}
    span = timedelta(days=300) / turns
    for start in range(0, count, BATCH):
        numbers = range(start, min(start + BATCH, count))
        heads, rows = [], []
        for number in numbers:
            id, at = f"c_{number:032x}", BEGUN + span * number * TURNS
            heads.append(
                {"id": id, "number": number + 1, "channel": "web", "language": "es", "created_at": at,
                 "last_at": at, "last_seq": 2 * TURNS, "consent_version": "v1", "consent_language": "es",
                 "consent_at": at, "outcome": "answered"}
            )  # fmt: skip
            # The old value is told in the middle: whoever stays has heard the new one before it, and some after it.
            told_old = TURNS - 1 if number not in heard else TURNS // 2
            for turn in range(TURNS):
                value = old[number] if number in old and turn == told_old else "$102"
                rows += [
                    {"message_id": f"m_{number:028x}{turn:04x}", "parameter": name, "conversation_id": id,
                     "value": value if name == FEE else "$100", "told_at": at + span * turn}
                    for name in (FEE, OTHER)
                ]  # fmt: skip
        async with store.database.begin() as connection:
            await connection.execute(insert(conversations), heads)
            await connection.execute(insert(told), rows)
    names = {number: f"c_{number:032x}" for number in seeded}
    return {names[number] for number in seeded if number not in heard}, {names[number] for number in heard}


async def everybody(recall: Recall, wanted: Wanted) -> list[str]:
    """All pages."""
    found, key = [], None
    while True:
        page = await recall.affected(wanted, 50, key)
        found += [row.conversation_id for row in page.rows]
        if page.next_key is None:
            return found
        key = page.next_key


async def measure(kind: str, size: int) -> None:
    """One database of one size."""
    async with empty(kind) as url:
        store = TranscriptStore(url)
        await store.start()
        begun = time.perf_counter()
        seeded, heard = await fill(store, size)
        print(f"{kind}, {size:,} turns: filled in {time.perf_counter() - begun:.0f} s", flush=True)
        if store.shared:
            async with store.database.connect() as connection:
                autocommit = await connection.execution_options(isolation_level="AUTOCOMMIT")
                await autocommit.execute(text("VACUUM ANALYZE"))
        recall, wanted = Recall(store), Wanted(FEE, in_force(("$102",)))
        begun = time.perf_counter()
        found = await everybody(recall, wanted)
        taken = (time.perf_counter() - begun) * 1_000
        assert len(found) == len(seeded)
        assert set(found) == seeded
        assert set(await everybody(recall, replace(wanted, heard=True))) == heard
        print(
            f"  exactly the {len(found)} seeded, page by page, in {taken:.0f} ms; apart {len(heard)} who heard since"
        )
        middle = (await recall.affected(wanted, 200)).next_key
        half = replace(wanted, since=BEGUN + timedelta(days=150))
        for name, case in (
            ("first page", lambda: recall.affected(wanted)),
            ("a page in the middle", lambda: recall.affected(wanted, 50, middle)),
            ("since half of the time", lambda: recall.affected(half)),
            ("who heard since", lambda: recall.affected(replace(wanted, heard=True))),
            ("counted", lambda: recall.count(wanted)),
            ("the values told", lambda: recall.values(FEE)),
        ):
            median, most = await timed(case, TIMES)
            print(f"  {name:26} {median:7.1f} /{most:7.1f}", flush=True)
        await store.close()


async def main(arguments: argparse.Namespace) -> None:
    for kind in arguments.databases.split(","):
        for size in arguments.sizes.split(","):
            await measure(kind, int(size))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    parser.add_argument("--databases", default="sqlite,postgresql")
    asyncio.run(main(parser.parse_args()))
