"""After an erasure nothing of the text is left: in no table, no index, no file of the database."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.settings import normalise_database_url
from bot.transcripts.review import Filter, Review
from bot.transcripts.sealing import Keys
from bot.transcripts.store import TranscriptStore
from tests.transcripts.saying import KEY, NOON, bot, conversation, keep, visitor

MARKER = "quetzalcoatlus"


async def plant(store: TranscriptStore, review: Review) -> None:
    """A conversation that has the marker wherever a person's words can come to stand."""
    reply = {"id": "echo", "parameters": {"ead.wait": MARKER}, "text": MARKER, "choices": []}
    await store.save(
        conversation(facts={"nationality": MARKER}),
        [
            visitor(text=f"El {MARKER} y su familia", raw=MARKER, entities=({"value": MARKER},)),
            bot(text=f"Sobre {MARKER.upper()}", reply=reply),
        ],
    )
    await review.label("c_1", MARKER, True)
    await review.hold("c_1", "s_1", MARKER, NOON)
    await review.lift("c_1")


async def columns_with_marker(store: TranscriptStore) -> list[str]:
    """Every column of every table, also of the index's own, in which the marker stands."""
    async with store.database.connect() as connection:
        if store.shared:
            query = (
                "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
            )
            names = [tuple(row) for row in await connection.execute(text(query))]
            found = "CAST({column} AS text) LIKE '%{marker}%' OR CAST({column} AS text) LIKE '%{hex}%'"
        else:
            query = "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'"
            names = [tuple(row) for row in await connection.execute(text(query))]
            found = "instr(lower(CAST({column} AS blob)), '{marker}') OR instr(hex({column}), upper('{hex}'))"
        there = []
        for table, column in names:
            condition = found.format(column=f'"{column}"', marker=MARKER, hex=MARKER.encode().hex())
            count = await connection.scalar(text(f'SELECT count(*) FROM "{table}" WHERE {condition}'))
            there += [f"{table}.{column}"] if count else []
        return there


async def test_no_column_of_any_table_holds_what_was_erased(store: TranscriptStore, review: Review) -> None:
    await plant(store, review)
    await keep(store, 2, "Otra familia", "Respuesta")
    before = set(await columns_with_marker(store))
    assert {
        "messages.text",
        "messages.reply",
        "told.value",
        "conversation_labels.label",
    } <= before
    assert len([name for name in before if name.startswith("message_words")]) >= 1
    assert await store.erase("c_1") is True
    assert await columns_with_marker(store) == []
    assert (await review.page(Filter(text=MARKER))).rows == ()
    assert [row.id for row in (await review.page(Filter(text="familia"))).rows] == ["c_2"]


@pytest.mark.parametrize("others", [0, 300])
async def test_no_file_of_sqlite_holds_what_was_erased(tmp_path: Path, others: int) -> None:
    store = TranscriptStore(
        normalise_database_url(f"sqlite:///{tmp_path / 'faro.db'}"), Keys([KEY]), raw_days=3
    )
    await store.start()
    await plant(store, Review(store))
    for number in range(2, 2 + others):
        # Words that stand beside the marker in the index, in many parts of it.
        await keep(store, number, f"quetzal quetzalcoatl {number} familia {number % 7}")

    def found() -> list[str]:
        return [file.name for file in sorted(tmp_path.iterdir()) if b"coatlus" in file.read_bytes().lower()]

    assert found() != []
    assert await store.erase("c_1") is True
    assert found() == []
    assert (tmp_path / "faro.db-wal").stat().st_size == 0
    assert len((await Review(store).page(Filter(text="quetzal familia"), 400)).rows) == others
    await store.close()
    assert found() == []


async def test_who_erases_many_cleans_the_files_once_at_the_end(tmp_path: Path) -> None:
    store = TranscriptStore(normalise_database_url(f"sqlite:///{tmp_path / 'faro.db'}"))
    await store.start()
    for number in range(20):
        await keep(store, number, f"{MARKER} {number}")
    for number in range(20):
        assert await store.erase(f"c_{number}", clean=False) is True
    await store.tidy()
    assert [file.name for file in tmp_path.iterdir() if MARKER.encode() in file.read_bytes()] == []
    await store.close()


async def test_a_large_index_is_cleaned_by_the_next_tidying(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.transcripts.store._STEPS", 1)
    monkeypatch.setattr("bot.transcripts.words._MERGED", 1)
    store = TranscriptStore(normalise_database_url(f"sqlite:///{tmp_path / 'faro.db'}"))
    await store.start()
    for number in range(40):
        await keep(store, number, " ".join(f"{MARKER}{number}x{place}" for place in range(40)))
    await store.erase("c_7")
    await store.tidy()
    left = (tmp_path / "faro.db").read_bytes()
    assert f"{MARKER}7x".encode() not in left
    assert f"{MARKER}8x".encode() in left
    await store.close()


async def test_what_a_process_that_was_killed_left_in_the_files_is_cleaned_by_the_next(
    tmp_path: Path,
) -> None:
    url = normalise_database_url(f"sqlite:///{tmp_path / 'faro.db'}")
    first = TranscriptStore(url)
    await first.start()
    await keep(first, 1, f"{MARKER} y su familia")
    await keep(first, 2, "otra familia")
    await first.erase("c_1", clean=False)
    await first.close()
    second = TranscriptStore(url)
    await second.start()
    await second.tidy()
    assert [file.name for file in tmp_path.iterdir() if MARKER.encode() in file.read_bytes()] == []
    await second.close()


async def test_turns_are_written_while_the_index_is_cleaned(tmp_path: Path) -> None:
    store = TranscriptStore(normalise_database_url(f"sqlite:///{tmp_path / 'faro.db'}"))
    await store.start()
    for number in range(60):
        await keep(store, number, f"{MARKER} familia {number}")
    await asyncio.gather(
        *(store.erase(f"c_{number}") for number in range(20)),
        *(keep(store, number, f"familia {number}") for number in range(100, 120)),
    )
    rows = (await Review(store).page(Filter(text="familia"), 500)).rows
    assert len(rows) == 60 - 20 + 20
    for number in range(20, 60):
        await store.erase(f"c_{number}", clean=False)
    await store.tidy()
    assert [file.name for file in tmp_path.iterdir() if MARKER.encode() in file.read_bytes()] == []
    await store.close()
