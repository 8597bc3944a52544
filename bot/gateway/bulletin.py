"""The firm's emergency notice in force, told once in each conversation and language, before the next reply."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.core.law import format_date
from bot.core.messages import Reply
from bot.gateway.clock import Clock
from bot.gateway.conversations import BULLETIN, Conversation
from bot.gateway.keeper import STORE_FAULTS
from bot.gateway.logs import fault, logger
from bot.gateway.ports import Firm
from bot.gateway.staffing import WAITING
from bot.gateway.voice import Voice
from bot.transcripts.bulletins import Bulletin, Bulletins

#: So often the database is asked (seconds), beside the turns: no turn waits for it.
LOOK_SECONDS = 3.0
#: A database that does not answer for so long (seconds) is away.
_PATIENCE = 5.0


class Told(Protocol):
    """What a conversation is told of notices."""

    def first(self, language: str) -> tuple[Reply, ...]:
        """What a new conversation begins with."""

    def before(self, conversation: Conversation, replies: Sequence[Reply]) -> tuple[Reply, ...]:
        """The replies to a message, with what goes in front of them."""


class Board:
    """The notice in force as this gateway knows it; while the database is away, the last one known."""

    def __init__(self, bulletins: Bulletins, voice: Voice, firm: Firm, clock: Clock) -> None:
        self._bulletins = bulletins
        self._voice = voice
        self._firm = firm
        self._clock = clock
        self._known: Bulletin | None = None
        self._is_away = False

    async def work(self) -> None:
        """Looks again and again until it is cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Asks the database which notice is in force."""
        try:
            async with asyncio.timeout(_PATIENCE):
                self._known = await self._bulletins.in_force(self._clock.now())
            self._is_away = False
        except STORE_FAULTS as exc:
            if not self._is_away:
                logger().warning("bulletin_not_read", **fault(exc))
            self._is_away = True

    def first(self, language: str) -> tuple[Reply, ...]:
        """The notice, for a new conversation; nothing when none is in force."""
        found = self._known
        if found is None or not found.holds(self._clock.now()):
            return ()
        day = found.on_at.astimezone(ZoneInfo(self._firm.timezone)).date()
        said = self._voice.bulletin(found.texts[language], format_date(day, language), language)
        return () if said is None else (replace(said, id=f"{BULLETIN}{found.id}"),)

    def before(self, conversation: Conversation, replies: Sequence[Reply]) -> tuple[Reply, ...]:
        """The replies, behind the notice where this conversation has not been told it in its language.

        Nothing stands in front of the answer to an emergency: the notice waits for the reply after it. While a member
        of staff holds the conversation it waits until the program answers again.
        """
        if not replies or any(reply.kind == "emergency" or reply.id == WAITING for reply in replies):
            return tuple(replies)
        fresh = (r for r in self.first(conversation.language) if (r.id, r.lang) not in conversation.bulletins)
        return (*fresh, *replies)
