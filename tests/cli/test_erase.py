"""``faro erase``, with the gateway running and without."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer

from bot.cli.erase import erase
from bot.core.errors import BotError
from bot.gateway.app import KEEPER
from bot.gateway.main import assemble
from bot.settings import Settings, load_settings, with_demo_secrets
from bot.transcripts.records import ConsentRecord, ConversationRecord
from bot.transcripts.review import Review
from bot.transcripts.sealing import Keys
from bot.transcripts.store import TranscriptStore
from tests.stack import free_port

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
KEPT = ConversationRecord("c_kept", "web", "es", NOON, NOON, 1, ConsentRecord("v", "es", NOON))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    ports = {name: str(free_port()) for name in ("FARO_PORT", "FARO_ENGINE_PORT", "FARO_ACTIONS_PORT")}
    return with_demo_secrets(load_settings({"FARO_VAR": str(tmp_path), **ports}))


@pytest.fixture
async def store(settings: Settings):
    opened = TranscriptStore(settings.database_url, Keys(settings.data_keys))
    await opened.start()
    await opened.save(KEPT, ())
    yield opened
    await opened.close()


async def test_without_a_gateway_the_rows_go_and_the_engine_is_asked_later(settings, store):
    result = await erase(settings, "c_kept")
    assert (result.found, result.beyond) == (True, ("engine_later",))
    assert await store.load("c_kept") is None
    assert [p.conversation_id for p in await store.due_forgets(datetime(2100, 1, 1, tzinfo=UTC))] == [
        "c_kept"
    ]


async def test_what_never_was_is_told_as_such(settings, store):
    assert not (await erase(settings, "c_other")).found


async def test_a_running_gateway_erases_it_itself_and_does_not_write_it_again(settings, store):
    parts = await assemble(settings)
    async with TestServer(parts.app, port=settings.port):
        async with parts.app[KEEPER].use("c_kept") as conversation:
            assert (await erase(settings, "c_kept")).found
            assert conversation.gone
        assert await store.load("c_kept") is None
        assert not (await erase(settings, "c_kept")).found


async def test_what_is_on_hold_stays(settings, store):
    assert await Review(store).hold("c_kept", "s_1", "subpoena", NOON)
    with pytest.raises(BotError, match="legal hold"):
        await erase(settings, "c_kept")
    assert await store.load("c_kept") is not None
