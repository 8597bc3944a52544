"""The process that the public and the firm's staff reach: the gateway with the console in it."""

from __future__ import annotations

import time

from bot.console.access import PREFIX
from bot.console.app import create_console
from bot.console.pages.library import FromLibrary
from bot.console.ports import Erasure, Reach, Window
from bot.console.words import load_words
from bot.core.triage.rules import load as load_triage_rules
from bot.gateway.app import ALARMS, BOT, DESK
from bot.gateway.desk import Desk
from bot.gateway.main import Parts
from bot.gateway.main import main as serve
from bot.gateway.security import client_address
from bot.transcripts.review import Review


class ConsoleDesk:
    """The console's port to conversations, on the gateway's desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.claim = desk.claim
        self.release = desk.release
        self.write = desk.write
        self.correct = desk.correct
        self.arrivals = desk.arrivals

    async def reach(self, conversation_id: str, channel: str) -> Reach:
        found = await self._desk.reach(conversation_id, channel)
        return Reach(found.way, found.until)

    async def window(self, conversation_id: str) -> Window:
        found = await self._desk.window(conversation_id)
        return Window(found.channel, found.until, found.stopped)

    async def erase(self, conversation_id: str) -> Erasure:
        found = await self._desk.erase(conversation_id)
        return Erasure(found.done, found.held, found.cannot)


def mount(parts: Parts) -> None:
    """Puts the console into a gateway. Raises ContentFileError when one of its words is missing."""
    settings, alarms = parts.settings, parts.app[ALARMS]
    triage = load_triage_rules(BOT / "law" / "triage" / "levels.yml")

    def alarm(kind: str, code: str, conversation: str | None) -> None:
        alarms.raise_alarm(kind, code, conversation, kept=conversation is not None)

    console = create_console(
        settings,
        database=parts.bookings.database,
        transcripts=parts.transcripts,
        review=Review(parts.transcripts),
        bookings=parts.bookings,
        desk=ConsoleDesk(parts.app[DESK]),
        other=FromLibrary(
            parts.library,
            lambda: parts.rules.now(parts.library.parameters, time.monotonic()),
            lambda: triage,
            parts.texts.phrases,
        ),
        words=load_words(),
        clock=parts.clock,
        keys=parts.keys,
        firm=parts.firm,
        alarm=alarm,
        address=lambda request: client_address(request, settings.trusted_proxies),
    )
    parts.app.add_subapp(PREFIX, console)


if __name__ == "__main__":
    raise SystemExit(serve(mount))
