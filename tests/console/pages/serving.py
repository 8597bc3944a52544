"""The console on a port of its own, in a thread, for a browser."""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.booking.store import BookingStore
from bot.console.access import PREFIX, Staff
from bot.console.app import create_console
from bot.console.parts import SESSIONS
from bot.console.passwords import Passwords
from bot.console.ports import Erasure, Window
from bot.console.words import load_words
from bot.settings import load_settings, normalise_database_url
from bot.transcripts.errors import Held
from bot.transcripts.records import AlarmRecord, MessageRecord
from bot.transcripts.review import Review
from bot.transcripts.schema import open_database
from bot.transcripts.sealing import Keys
from bot.transcripts.store import TranscriptStore
from tests.console.conftest import (
    CHEAP,
    KEY,
    NOON,
    SECRET_KEY,
    Console,
    ExampleFirm,
    Heard,
    NotedDesk,
    OtherWords,
    StillClock,
)
from tests.console.pages.conftest import asks
from tests.console.pages.planting import Planted, beside, full_conversation, words


class WritingDesk(NotedDesk):
    """A desk whose messages stand in the transcript, and which erases what is there."""

    store: TranscriptStore | None = None
    bookings: BookingStore | None = None

    async def write(self, conversation_id: str, staff_id: str, staff_name: str, text: str, key: str) -> str:
        fresh = key not in self.keys
        outcome = await super().write(conversation_id, staff_id, staff_name, text, key)
        if fresh and outcome == "sent":
            assert self.store is not None
            found = await self.store.load(conversation_id)
            assert found is not None
            head = replace(found.conversation, last_seq=found.conversation.last_seq + 1)
            message = MessageRecord(
                id=f"m_{secrets.token_hex(16)}",
                seq=head.last_seq,
                created_at=self.now(),
                author="staff",
                kind="text",
                language=head.language,
                text=text,
                staff_id=staff_id,
            )
            await self.store.save(head, [message])
        return outcome

    async def erase(self, conversation_id: str) -> Erasure:
        await super().erase(conversation_id)
        assert self.store is not None and self.bookings is not None
        try:
            done = await self.store.erase(conversation_id)
        except Held:
            return Erasure(False, True, ())
        sent = (await self.bookings.erase(conversation_id)).beyond
        whatsapp = self.next_window.channel == "whatsapp"
        cannot = ("whatsapp_copy",) * whatsapp + ("firm_has_booking",) * bool(sent)
        return Erasure(done, False, cannot)


@dataclass
class Served:
    """The console at ``address``; ``run`` does something in its thread."""

    address: str
    console: Console
    loop: asyncio.AbstractEventLoop

    def run[T](self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)

    def member(self, role: str, language: str) -> Staff:
        staff, _ = self.run(self.console.member(role, language=language))
        return staff

    def cookie(self, staff: Staff) -> dict[str, Any]:
        """A session of that account, as a browser keeps it."""
        token = self.run(self.console.app[SESSIONS].open(staff.id, "full", self.console.clock.now()))
        return {
            "name": "faro_staff",
            "value": token,
            "url": self.address,
            "httpOnly": True,
            "sameSite": "Strict",
        }


@contextmanager
def serving(folder: Path, **environ: str) -> Iterator[Served]:
    """Starts the console on a database in ``folder`` and stops it at the end; ``environ`` adds settings."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def run(work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(60)

    console = run(_build(folder, environ))
    try:
        yield Served(str(console.server.make_url("")).rstrip("/"), console, loop)
    finally:
        run(_stop(console))
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def fill(console: Console) -> str:
    """What every queue needs; the id of the conversation in which everything happens."""
    full = await full_conversation().save(console.store)
    await asks(console, full)
    emergency = Planted(
        "en",
        channel="whatsapp",
        changes={"urgency": "emergency", "urgent_at": NOON - timedelta(minutes=12), "outcome": "apology"},
    )
    emergency.heard("they are at my door please help", "emergency_agents", 0.99)
    emergency.said(words().notice("emergency_agents", "en"))
    await emergency.save(console.store)
    for language, text in (
        ("es", "cuanto cuesta la cita"),
        ("en", "what is the fee for the work permit"),
        ("es", "gracias"),
    ):
        plain = Planted(language, changes={"outcome": "answered", "topic": "filing_fee"})
        plain.heard(text, "filing_fee", 0.42, look="unsure")
        plain.said(words().answer("filing_fee", language, None, NOON.date()))
        await plain.save(console.store)
    cancelled = Planted("es", began=NOON - timedelta(days=2))
    cancelled.heard("quiero una cita", "book_consultation", 0.93)
    await asks(console, await cancelled.save(console.store), level="routine")
    await console.store.add_alarm(
        AlarmRecord(f"a_{secrets.token_hex(8)}", NOON, "turn", "action_failed", full)
    )
    await console.store.add_alarm(AlarmRecord(f"a_{secrets.token_hex(8)}", NOON, "store", "OperationalError"))
    return full


async def _build(folder: Path, environ: Mapping[str, str]) -> Console:
    settings = load_settings(
        {
            "FARO_VAR": str(folder),
            "FARO_SECRET_KEY": SECRET_KEY,
            "FARO_ENGINE_SECRET": "e" * 40,
            "FARO_DATA_KEY": KEY,
            **environ,
        }
    )
    url = normalise_database_url(f"sqlite:///{folder / 'faro.db'}")
    keys, clock, heard = Keys([KEY]), StillClock(), Heard()
    store = TranscriptStore(url, keys, 30)
    await store.start()
    database, review = open_database(url), Review(store)
    bookings = BookingStore(database, keys, site="Example Firm")
    desk = WritingDesk(review=review, now=clock.now)
    desk.store, desk.bookings = store, bookings
    desk.next_window = Window("whatsapp", NOON + timedelta(hours=5), False)
    app = create_console(
        settings,
        database=database,
        transcripts=store,
        review=review,
        bookings=bookings,
        desk=desk,
        other=beside(),
        words=load_words(),
        clock=clock,
        keys=keys,
        firm=ExampleFirm(),
        alarm=heard.alarm,
        address=lambda request: "192.0.2.1",
        passwords=Passwords(CHEAP),
        refusal_seconds=0.0,
    )
    outer = web.Application()
    outer.add_subapp(PREFIX, app)
    server = TestServer(outer)
    await server.start_server()
    return Console(app, server, database, store, bookings, desk, OtherWords(), heard, clock, settings, url)


async def _stop(console: Console) -> None:
    await console.server.close()
    await console.database.dispose()
    await console.store.close()
