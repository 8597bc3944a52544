"""Made-up conversations: every queue of the console has something, and nothing in them is a person's."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.booking.outbox import place
from bot.booking.payload import wrong
from bot.cli import demo_data
from bot.cli import main as cli
from bot.cli.booking import open_store
from bot.cli.demo_author import DAYS
from bot.cli.demo_words import CONTACT
from bot.core.errors import BotError
from bot.core.redact import KINDS
from bot.settings import Settings, load_settings, with_demo_secrets
from bot.transcripts.review import Filter, Review
from bot.transcripts.sealing import Keys
from bot.transcripts.store import TranscriptStore

STAFF = ("s_1", "s_2")
DAY = "2026-11-22"
NOW = datetime(2026, 11, 22, 20, tzinfo=UTC)

runner = CliRunner()


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A demo with 200 conversations of seed 1, on which staff have worked."""
    var = tmp_path_factory.mktemp("var")
    return with_demo_secrets(load_settings({"FARO_VAR": str(var), "FARO_TODAY": DAY}))


@pytest.fixture
async def review(settings: Settings) -> AsyncIterator[Review]:
    keys = Keys(settings.data_keys)
    store = TranscriptStore(settings.database_url, keys)
    await store.start()
    if not (await Review(store).page(Filter(), 1)).rows:
        await demo_data.fill(store, keys, demo_data._library(settings), 200, 1, STAFF, NOW)
    yield Review(store)
    await store.close()


async def test_every_queue_and_filter_has_something_in_both_languages(review: Review) -> None:
    counts = await review.counts()
    assert [name for name, count in counts.items() if count == 0] == []
    for found in (
        *(Filter(language=lang) for lang in ("en", "es")),
        *(Filter(channel=channel) for channel in ("web", "whatsapp")),
        *(Filter(outcome=o) for o in ("answered", "unanswered", "triaged", "person", "booked", "apology")),
        *(Filter(urgency=level) for level in ("emergency", "urgent", "soon", "routine")),
        *(Filter(reviewed=reviewed) for reviewed in (True, False)),
        Filter(staff="s_1"),
        Filter(text="aplicacion"),
        Filter(text="asylum"),
    ):
        assert (await review.page(found, 1)).rows, found
    assert len(await review.topics()) > 20


async def test_conversations_are_whole_and_none_is_later_than_now(review: Review) -> None:
    rows = (await review.page(Filter(), 300)).rows
    assert len(rows) == 200
    assert all(NOW - timedelta(days=DAYS + 1) < row.created_at < row.last_at < NOW for row in rows)
    for row in rows[:60]:
        whole = await review.whole(row.id)
        assert whole is not None
        assert [message.seq for message in whole.messages] == list(range(1, len(whole.messages) + 1))
        assert [message.created_at for message in whole.messages] == sorted(
            m.created_at for m in whole.messages
        )
        assert whole.consent.at >= row.created_at
        assert (row.booking is not None) is (row.outcome == "booked")
        for message in whole.messages:
            assert message.language == row.language
            assert (message.author == "bot") is (message.reply is not None)
            assert message.author != "visitor" or "](" not in message.text


async def test_requests_can_be_read_and_their_events_fit_the_published_schema(
    review: Review, settings: Settings
) -> None:
    store, keys = open_store(settings), Keys(settings.data_keys)
    requests, _ = await store.page(100)
    assert requests
    for request in requests:
        contents = await store.contents(request.request_id)
        assert contents is not None
        assert re.fullmatch(r"\+120255501\d\d", contents["contact"]["phone_e164"])
        assert re.fullmatch(r"Person(a)? \d+", contents["contact"]["name_as_given"])
    await store.close()
    with closing(sqlite3.connect(settings.var / "faro.db")) as database:
        events = database.execute("SELECT id, body FROM booking_outbox").fetchall()
    for id, body in events:
        assert wrong(json.loads(keys.open(body, place("booking_outbox.body", id)))) is None


async def test_the_same_seed_makes_the_same_conversations(review: Review, settings: Settings) -> None:
    keys = Keys(settings.data_keys)
    with pytest.raises(BotError, match="Give another --seed"):
        await demo_data._make(settings, 200, 1, NOW)
    store = TranscriptStore(f"sqlite+aiosqlite:///{settings.var / 'again.db'}", keys)
    await store.start()
    await demo_data.fill(store, keys, demo_data._library(settings), 200, 1, STAFF, NOW)
    again = (await Review(store).page(Filter(), 300)).rows
    await store.close()
    assert again == (await review.page(Filter(), 300)).rows


def test_production_is_refused(settings: Settings) -> None:
    with pytest.raises(BotError, match="production"):
        demo_data.make(replace(settings, mode="production"), 5, 1)
    with pytest.raises(BotError, match="from 1 to"):
        demo_data.make(settings, demo_data.MOST + 1, 1)


def test_the_command_tells_how_much_it_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FARO_VAR", str(tmp_path))
    monkeypatch.setenv("FARO_TODAY", DAY)
    result = runner.invoke(cli.app, ["demo-data", "--conversations", "5", "--seed", "7"])
    assert result.exit_code == 0, result.output
    assert re.search(r"Made 5 conversations with \d+ messages", result.output)


def test_tokens_in_made_up_messages_are_ones_that_masking_makes() -> None:
    tokens = {
        token for said in CONTACT.values() for text in said for token in re.findall(r"\[(\w+)_1\]", text)
    }
    assert tokens <= set(KINDS)


async def test_the_figures_are_those_of_the_conversations(review: Review, settings: Settings) -> None:
    rows = (await review.page(Filter(), 1_000)).rows
    with closing(sqlite3.connect(settings.var / "faro.db")) as database:
        query = "SELECT language, sum(value) FROM daily_figures WHERE name = ? GROUP BY language"
        begun = dict(database.execute(query, ("all.conversations",)).fetchall())
        said = dict(database.execute(query, ("all.turns",)).fetchall())
        finished = dict(database.execute(query, ("all.triage_finished",)).fetchall())
        triaged = database.execute(
            "SELECT count(*) FROM messages WHERE json_extract(reply, '$.id') LIKE 'triage_level_%'"
        ).fetchone()[0]
    assert begun == {lang: sum(row.language == lang for row in rows) for lang in ("en", "es")}
    assert sum(said.values()) == sum(row.turns for row in rows)
    assert sum(finished.values()) == triaged > 0
