"""The transcript store, the same on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError, StatementError

import bot.booking.tables
import bot.console.tables
import bot.gateway.whatsapp.tables
from bot.settings import normalise_database_url
from bot.transcripts.records import AlarmRecord
from bot.transcripts.schema import open_database, upgrade
from bot.transcripts.store import TranscriptStore
from bot.transcripts.tables import metadata
from bot.transcripts.words import is_described
from tests.transcripts.saying import NOON, bot, conversation, visitor


async def test_a_conversation_comes_back_as_it_was_saved(store: TranscriptStore) -> None:
    await store.save(conversation(), [visitor(), bot()])
    transcript = await store.load("c_1")
    assert transcript is not None
    assert transcript.conversation == conversation()
    assert transcript.messages == (visitor(), bot())
    after = await store.load("c_1", after=1)
    assert after is not None
    assert after.messages == (bot(),)


async def test_an_unknown_conversation_is_none(store: TranscriptStore) -> None:
    assert await store.load("c_x") is None
    assert await store.head("c_x") is None
    assert await store.erase("c_x") is False


async def test_saving_again_updates_and_adds_but_keeps_the_rating(store: TranscriptStore) -> None:
    await store.save(conversation(), [visitor(), bot()])
    assert await store.rate("c_1", "m_2", "up") is True
    understood = replace(visitor(), intent="work_permit", confidence=0.5, latency_ms=40)
    await store.save(replace(conversation(last_seq=3), language="en"), [understood, bot(), bot(3)])
    transcript = await store.load("c_1")
    assert transcript is not None
    assert (transcript.conversation.language, transcript.conversation.last_seq) == ("en", 3)
    assert transcript.messages == (understood, replace(bot(), rating="up"), bot(3))


async def test_a_place_in_a_conversation_is_taken_once(store: TranscriptStore) -> None:
    await store.save(conversation(), [visitor()])
    with pytest.raises(IntegrityError) as caught:
        await store.save(conversation(), [visitor(id="m_other", client="b")])
    assert "trabajar" not in str(caught.value)
    with pytest.raises(IntegrityError):
        await store.save(conversation(), [visitor(seq=5, id="m_other")])


async def test_only_bot_messages_of_that_conversation_can_be_rated(store: TranscriptStore) -> None:
    await store.save(conversation(), [visitor(), bot()])
    assert await store.rate("c_1", "m_1", "up") is False
    assert await store.rate("c_2", "m_2", "up") is False


async def test_erasing_takes_everything_and_only_that(store: TranscriptStore) -> None:
    await store.save(conversation(), [visitor(), bot()])
    await store.save(conversation("c_2"), [visitor(id="m_9")])
    await store.add_alarm(AlarmRecord("a_1", NOON, "turn", "empty_turn", "c_1"))
    assert await store.erase("c_1") is True
    assert await store.load("c_1") is None
    assert await store.load("c_2") is not None
    (alarm,) = await store.alarms()
    assert alarm == AlarmRecord("a_1", NOON, "turn", "empty_turn", None)


async def test_what_is_past_its_time_comes_oldest_first_and_no_more_than_asked_for(
    store: TranscriptStore,
) -> None:
    for number in (2, 0, 3, 1):
        await store.save(conversation(f"c_{number}", minutes=number), [])
    limit = NOON + timedelta(minutes=2)
    assert await store.expired(limit, 9) == ("c_0", "c_1")
    assert await store.expired(limit + timedelta(microseconds=1), 9) == ("c_0", "c_1", "c_2")
    assert await store.expired(limit, 1) == ("c_0",)
    assert await store.expired(NOON, 9) == ()


async def test_a_reader_in_the_way_keeps_erased_words_in_the_log_only_until_it_has_ended(
    tmp_path: Path,
) -> None:
    opened = TranscriptStore(normalise_database_url(f"sqlite:///{tmp_path / 'faro.db'}"))
    event.listen(
        opened.database.sync_engine, "connect", lambda raw, _: raw.execute("PRAGMA busy_timeout=1").close()
    )
    await opened.start()
    await opened.save(conversation(), [replace(visitor(), text="quetzalcoatl " * 900), bot()])

    def found() -> list[str]:
        return [file.name for file in sorted(tmp_path.iterdir()) if b"quetzalcoatl" in file.read_bytes()]

    with contextlib.closing(sqlite3.connect(tmp_path / "faro.db")) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM messages").fetchone()
        assert await opened.erase("c_1") is True
        assert found() != []
        reader.rollback()
    await opened.tidy()
    assert found() == []
    assert (tmp_path / "faro.db-wal").stat().st_size == 0
    await opened.close()


async def test_pages_go_through_every_conversation_once_also_at_equal_times(store: TranscriptStore) -> None:
    for number in range(7):
        await store.save(conversation(f"c_{number}", minutes=number // 3), [])
    seen: list[str] = []
    key = None
    while True:
        page = await store.page(2, key)
        seen += [row.id for row in page.rows]
        key = page.next_key
        if key is None:
            break
    assert seen == ["c_6", "c_5", "c_4", "c_3", "c_2", "c_1", "c_0"]


async def test_moments_come_back_aware_in_utc(store: TranscriptStore) -> None:
    there = NOON.astimezone(timezone(timedelta(hours=-5)))
    await store.save(replace(conversation(), last_at=there), [])
    head = await store.head("c_1")
    assert head is not None
    assert head.last_at == NOON
    assert head.last_at.tzinfo == UTC


async def test_a_moment_without_a_time_zone_is_refused(store: TranscriptStore) -> None:
    with pytest.raises(StatementError):
        await store.save(replace(conversation(), last_at=datetime(2026, 1, 1)), [])  # noqa: DTZ001


async def test_counters_add_up_by_day(store: TranscriptStore) -> None:
    day = date(2026, 11, 21)
    await store.count(day, {"turns": 2, "erased": 1})
    await asyncio.gather(*(store.count(day, {"turns": 1}) for _ in range(4)))
    await store.count(day, {})
    assert await store.counts(day) == {"turns": 6, "erased": 1}
    assert await store.counts(date(2026, 11, 22)) == {}


async def test_pending_deletions_come_when_due_and_go_when_done(store: TranscriptStore) -> None:
    await store.queue_forget("c_1", NOON)
    await store.queue_forget("c_2", NOON + timedelta(hours=1))
    await store.queue_forget("c_1", NOON, attempts=3)
    (pending,) = await store.due_forgets(NOON)
    assert (pending.conversation_id, pending.attempts) == ("c_1", 3)
    await store.forgotten("c_1")
    assert await store.due_forgets(NOON) == ()
    await store.ping()


async def test_the_migrations_lead_to_the_tables_of_the_code(url: str) -> None:
    database = open_database(url)
    await upgrade(database)
    await upgrade(database)
    async with database.connect() as connection:
        differences = await connection.run_sync(
            lambda c: compare_metadata(
                MigrationContext.configure(c, opts={"include_name": is_described}), metadata
            )
        )
    await database.dispose()
    assert differences == []


async def test_two_gateways_can_start_together_on_postgresql(url: str) -> None:
    if not url.startswith("postgresql"):
        return
    stores = [TranscriptStore(url) for _ in range(3)]
    await asyncio.gather(*(opened.start() for opened in stores))
    for opened in stores:
        await opened.close()


async def test_one_turn_of_a_conversation_at_a_time_across_gateways(url: str) -> None:
    if not url.startswith("postgresql"):
        return
    one, two = TranscriptStore(url), TranscriptStore(url)
    await one.start()
    order: list[str] = []
    held = asyncio.Event()

    async def second() -> None:
        await held.wait()
        async with two.turn_lock("c_2"):
            order.append("other conversation")
        async with two.turn_lock("c_1"):
            order.append("second")

    task = asyncio.create_task(second())
    async with one.turn_lock("c_1"):
        held.set()
        while order != ["other conversation"]:
            await asyncio.sleep(0)
        await one.save(conversation(), [])
        order.append("first")
    await task
    assert order == ["other conversation", "first", "second"]
    await one.close()
    await two.close()


async def test_sqlite_is_opened_for_many_readers_and_real_deletion(tmp_path: Path) -> None:
    opened = TranscriptStore(normalise_database_url(f"sqlite:///{tmp_path / 'new' / 'faro.db'}"))
    await opened.start()
    async with opened.database.connect() as connection:
        values = {
            name: (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "busy_timeout")
        }
    await opened.close()
    assert values == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "secure_delete": 1,
        "busy_timeout": 5000,
    }
    with contextlib.closing(sqlite3.connect(tmp_path / "new" / "faro.db")) as database:
        assert database.execute("SELECT version_num FROM alembic_version").fetchone() == ("0014",)
