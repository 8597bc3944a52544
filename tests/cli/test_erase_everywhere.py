"""After ``faro erase`` no column of any table holds the conversation's id or a word of it, on either database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from sqlalchemy import func, select

from bot.booking.tables import bookings
from bot.cli.erase import erase
from bot.console.audit import Audit, AuditKeys
from bot.gateway.app import KEEPER
from bot.gateway.main import assemble
from bot.gateway.whatsapp.tables import inbox
from bot.settings import Settings, load_settings, normalise_database_url, with_demo_secrets
from bot.transcripts.sealing import Keys
from tests.databases import made
from tests.gateway.conftest import engine
from tests.gateway.standin import SECRET, StandInEngine
from tests.planted import (
    Planted,
    Stores,
    places_with,
    plant,
    stores,
    tables_naming,
    tables_of_conversations,
)
from tests.stack import free_port

__all__ = ["engine"]

KEY = "0a" * 32
#: Theirs, and somebody else's.
WORD, OTHER = "quetzalcoatlus", "tamarillo"
#: The log of what staff did is never cut: a line that names an erased conversation stays, by its random id alone.
STAYS = {"staff_audit.object"}


class _Clock:
    def now(self) -> datetime:
        return datetime.now(UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path, engine: StandInEngine) -> Iterator[Settings]:
    """A gateway's settings with an empty database of each kind."""
    own = {"FARO_VAR": str(tmp_path), "FARO_PORT": str(free_port()), "FARO_SECRET_KEY": "k" * 40,
           "FARO_DATA_KEY": KEY, "FARO_ENGINE_URL": engine.url, "FARO_ENGINE_SECRET": SECRET}  # fmt: skip
    if request.param == "sqlite":
        yield with_demo_secrets(load_settings(own))
        return
    with made(request.getfixturevalue("postgres_url")) as address:
        yield with_demo_secrets(load_settings(own | {"FARO_DATABASE_URL": normalise_database_url(address)}))


async def fill(held: Stores) -> tuple[Planted, Planted]:
    """Two people in every table that can name a conversation; staff have looked at both."""
    both = await plant(held, "c_theirs", WORD, 1), await plant(held, "c_other", OTHER, 11)
    audit = Audit(held.database, AuditKeys(["k" * 40]), _Clock())
    for one in both:
        await audit.write("s_1", "conversation.opened", one.id)
        named = {table.name for table in tables_of_conversations()}
        assert named - await tables_naming(held, one.id) == set(), "plant a row of a conversation there"
    return both


@pytest.mark.parametrize("running", [True, False], ids=["by the gateway", "without one"])
async def test_nothing_anywhere_names_or_tells_what_was_erased(
    settings: Settings, engine: StandInEngine, running: bool
) -> None:
    keys = Keys([KEY])
    async with stores(settings.database_url, KEY) as held:
        theirs, other = await fill(held)
        before = await places_with(held, [WORD], keys)
        assert {
            "messages.text",
            "told.value",
            "wa_inbox.body",
            "wa_outbox.body",
            "wa_reminders.body",
        } <= before
        assert {"proposals.text", "judgements.note", "bookings.body", "booking_outbox.body"} <= before
        parts = await assemble(settings)
        if running:
            async with TestServer(parts.app, port=settings.port):
                result = await erase(settings, theirs.id)
                # What was still to be forgotten from before is asked for with the next sweep.
                await parts.app[KEEPER].retry_forgets()
        else:
            result = await erase(settings, theirs.id)
            await parts.app[KEEPER].retry_forgets()
            await parts.close()
        assert (result.found, "firm_has_booking" in result.beyond) == (True, True)
        assert theirs.id in engine.forgotten
        assert await tables_naming(held, theirs.id) == set()
        assert await places_with(held, [WORD], keys) == set()
        names = [theirs.id, theirs.person, "12025550001"]
        assert await places_with(held, names, keys) == STAYS
        # What stays of them: the reference of the request that the firm has, and names of messages that name nobody.
        async with held.database.connect() as connection:
            query = select(bookings.c.reference, bookings.c.body).where(bookings.c.conversation_id.is_(None))
            assert (await connection.execute(query)).all() == [(theirs.sent.reference, None)]
            nameless = select(func.count()).select_from(inbox).where(inbox.c.person_id.is_(None))
            assert await connection.scalar(nameless) == 2
        # The other person has lost nothing.
        assert await tables_naming(held, other.id) >= {
            table.name for table in tables_of_conversations() if table.name != "forgets"
        }
        assert {place for place in before if not place.startswith("message_words")} <= await places_with(
            held, [OTHER], keys
        )
    if settings.database_url.startswith("sqlite"):
        files = [file for file in settings.var.rglob("*") if file.is_file()]
        assert [file.name for file in files if WORD.encode() in file.read_bytes()] == []
