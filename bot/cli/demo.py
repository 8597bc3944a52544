"""What ``faro up --demo`` adds: conversations to look at, a way into the console for this run, a receiver."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path

from bot.cli import demo_data
from bot.cli.booking import EXAMPLE_SECRET, open_store
from bot.cli.whatsapp import gateway_address
from bot.console.demo import demo_link
from bot.core.errors import SettingsError
from bot.settings import Settings
from bot.transcripts.sealing import Keys
from bot.transcripts.store import TranscriptStore

#: How many conversations an empty database is given, always the same ones.
CONVERSATIONS = 200
SEED = 589
RECEIVER_PORT = 8090


async def fill(settings: Settings) -> None:
    """Gives an empty database conversations to look at. Raises SettingsError in production."""
    if settings.production:
        raise SettingsError(
            ["FARO_MODE is production: made-up conversations must not stand among real ones."]
        )
    store = TranscriptStore(settings.database_url, Keys(settings.data_keys))
    await store.start()
    try:
        empty = not (await store.page(1)).rows
        if empty:
            # Its account is the one that has worked on some of them.
            await demo_link(settings, store.database, "", datetime.now(UTC))
    finally:
        await store.close()
    if empty:
        await asyncio.to_thread(demo_data.make, settings, CONVERSATIONS, SEED)


def receiver_port() -> int:
    """``RECEIVER_PORT``, or any other when somebody has that one."""
    for port in (RECEIVER_PORT, 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise SettingsError(["No port of this machine is free for the example receiver."])


def receiver_command(port: int) -> list[str]:
    """How the example receiver of requests is started."""
    return [sys.executable, "-u", "-m", "bot.cli", "booking", "serve-example", "--port", str(port)]


def receiver_environment(port: int) -> dict[str, str]:
    """What the gateway is given so that its requests reach that receiver."""
    return {"FARO_BOOKING_URL": f"http://127.0.0.1:{port}/", "FARO_BOOKING_SECRET": EXAMPLE_SECRET}


async def hints(settings: Settings, logs: Path) -> list[str]:
    """What there is to see besides the page, each in a sentence for the terminal."""
    store = open_store(settings)
    try:
        link = await demo_link(settings, store.database, gateway_address(settings), datetime.now(UTC))
    finally:
        await store.close()
    found = [
        f"The staff console, with {CONVERSATIONS} made-up conversations, once from this link: [bold]{link}[/]"
    ]
    if not settings.booking:
        found.append(f"What the firm's system would receive: tail -f {logs / 'receiver.log'}")
    found.append("To write as somebody on WhatsApp, in another terminal: .venv/bin/faro whatsapp simulate")
    return found
