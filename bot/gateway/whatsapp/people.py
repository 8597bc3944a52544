"""Between a person of WhatsApp and their conversation: found, opened for some messages, let go, erased."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import phonenumbers

from bot.core.errors import RequestError
from bot.gateway.clock import Clock
from bot.gateway.conversations import WHATSAPP, Conversation
from bot.gateway.keeper import Keeper
from bot.gateway.whatsapp.records import Person
from bot.gateway.whatsapp.state import Memory, fresh, remember, restore

#: Countries whose people most likely read Spanish, as a number or a business-scoped id names them.
_SPANISH = frozenset(
    "AR BO CL CO CR CU DO EC ES GQ GT HN MX NI PA PE PR PY SV UY VE".split()  # noqa: SIM905 - a table of codes
)


class Known(Protocol):
    """What of the store is needed here; all may raise ``sqlalchemy.exc.SQLAlchemyError``."""

    async def of_conversation(self, conversation_id: str, now: datetime) -> Person | None: ...

    async def who_left(self, conversation_id: str, now: datetime) -> Person | None: ...

    async def earlier_of(self, conversation_id: str) -> tuple[str, ...]: ...

    async def erase(self, conversation_id: str, now: datetime) -> bool: ...


class NotErased(OSError):
    """An earlier conversation of a person could not be erased, and so the person is still there."""


@dataclass(slots=True)
class Talk:
    """A person's conversation while messages of theirs are answered, and what is remembered beside it."""

    person: Person
    conversation: Conversation
    memory: Memory


class People:
    """The port ``Elsewhere`` on the store of WhatsApp."""

    def __init__(self, store: Known, keeper: Keeper, clock: Clock) -> None:
        self._store = store
        self._keeper = keeper
        self._clock = clock

    async def find(self, conversation_id: str) -> Conversation | None:
        now = self._clock.now()
        person = await self._store.of_conversation(conversation_id, now)
        if person is None:
            return await self._find_earlier(conversation_id, now)
        conversation, _ = restore(
            person.state,
            conversation_id,
            language_of(person),
            now,
            person.provider,
        )
        return conversation

    async def erase(self, conversation_id: str) -> bool:
        """Erases a person who carries the conversation on, with the conversations that they have left before.

        Whether the firm's system already had a request of one of those.
        """
        sent = [await self._erase_earlier(id) for id in await self._store.earlier_of(conversation_id)]
        await self._store.erase(conversation_id, self._clock.now())
        return any(sent)

    async def _find_earlier(self, conversation_id: str, now: datetime) -> Conversation | None:
        """One that somebody has left and that is not kept: an appointment was asked for in it."""
        person = await self._store.who_left(conversation_id, now)
        if person is None:
            return None
        return fresh(conversation_id, language_of(person), now, person.provider)

    async def _erase_earlier(self, conversation_id: str) -> bool:
        """Raises NotErased; then nothing of the person is erased here, and it can be asked for again."""
        try:
            async with self._keeper.use(conversation_id) as conversation:
                erased = await self._keeper.erase(conversation)
        except RequestError as error:
            if error.code != "conversation_gone":
                raise NotErased(error.code) from error
            return False
        if not erased.rows:
            raise NotErased("rows")
        return erased.sent

    @asynccontextmanager
    async def open(self, person: Person, conversation_id: str) -> AsyncIterator[Talk]:
        """The person's conversation. Raises RequestError as ``Keeper.use`` does."""
        async with self._keeper.use(conversation_id) as conversation:
            memory = remember(conversation, person.state)
            # One that came from the page goes on here.
            conversation.channel = WHATSAPP
            conversation.provider = person.provider
            yield Talk(person, conversation, memory)


def language_of(person: Person) -> str:
    """The language that a person was last spoken to in, or else the likely one."""
    return person.language or likely_language(person.address)


def likely_language(address: str) -> str:
    """The language for a person of whom only the number or id is known: that of its country."""
    name = address.removeprefix("whatsapp:")
    country, dot, _ = name.partition(".")
    if dot and len(country) == 2 and country.isalpha():
        return "es" if country.upper() in _SPANISH else "en"
    try:
        number = phonenumbers.parse(f"+{name.lstrip('+')}")
    except phonenumbers.NumberParseException:
        return "en"
    return "es" if phonenumbers.region_code_for_number(number) in _SPANISH else "en"
