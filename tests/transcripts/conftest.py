"""An empty database of each kind, and the records that the tests begin with."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.settings import normalise_database_url
from bot.transcripts.review import Review
from bot.transcripts.sealing import Keys
from bot.transcripts.store import TranscriptStore
from tests.databases import made, without_rows
from tests.transcripts.saying import KEY


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database."""
    if request.param == "sqlite":
        yield normalise_database_url(f"sqlite:///{tmp_path / 'faro.db'}")
        return
    with made(request.getfixturevalue("postgres_url")) as address:
        yield normalise_database_url(address)


@pytest.fixture(scope="session")
def postgres_database(postgres_url: str) -> Iterator[str]:
    with made(postgres_url) as address:
        yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without rows; on PostgreSQL it may have its tables already."""
    tables = (
        "message_words", "conversations", "alarms", "bookings", "counters", "forgets", "staff_views", "daily_figures",
        "bulletins",
        "corrections", "judging_draws",
    )  # fmt: skip
    return without_rows(request, tmp_path, *tables)


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[TranscriptStore]:
    """A store with a key, in which unmasked text is kept for three days."""
    opened = TranscriptStore(store_url, Keys([KEY]), raw_days=3)
    await opened.start()
    yield opened
    await opened.close()


@pytest.fixture
def review(store: TranscriptStore) -> Review:
    return Review(store)
