"""A whole gateway in a process of its own, to be killed at any moment: everything real but the engine and the provider.

Only waits are shorter than in service, where they are made for minutes and not for a test.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import aiosqlite  # noqa: F401 - here, and the three below, so that a new process begins at once
import psycopg  # noqa: F401
import sqlalchemy.dialects.postgresql.psycopg
import sqlalchemy.dialects.sqlite.aiosqlite  # noqa: F401
from aiohttp import web

from bot.gateway import logs
from bot.gateway.app import WHATSAPP
from bot.gateway.main import build
from bot.settings import load_settings


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds: how long the engine is asked, and how long a killed gateway's work is held for it."""

    patience: float = 60.0
    hold: float = 2.0
    sending: float = 3.0


def run(environ: Mapping[str, str], waits: Waits) -> None:
    """Serves until killed."""
    logs.configure("error", io.StringIO())
    asyncio.run(_serve(environ, waits))


async def _serve(environ: Mapping[str, str], waits: Waits) -> None:
    settings = load_settings(environ)
    app = await build(settings)
    service = app[WHATSAPP]
    service.inbox._patience = timedelta(seconds=waits.patience)
    service.inbox._hold = timedelta(seconds=waits.hold)
    service.sender._hold = timedelta(seconds=waits.sending)
    runner = web.AppRunner(app, access_log=None, handle_signals=False)
    await runner.setup()
    await web.TCPSite(runner, settings.host, settings.port, reuse_address=True).start()
    await asyncio.Event().wait()
