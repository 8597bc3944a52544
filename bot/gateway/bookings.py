"""Appointments, as far as the gateway has to do with them: values on their way, news from the firm, erasure."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

from bot.booking.ports import CANCELLED, PRESSING, REQUESTED, Outcome
from bot.booking.records import Booking
from bot.booking.store import BookingStore
from bot.booking.vault import Vault
from bot.core.booking.moments import appointment_in_words
from bot.core.errors import RequestError
from bot.core.messages import Reply
from bot.gateway.clock import Clock
from bot.gateway.conversations import Conversation
from bot.gateway.keeper import Keeper
from bot.gateway.ports import Firm
from bot.gateway.voice import Voice
from bot.transcripts.records import MessageRecord

Outside = Callable[[Conversation, MessageRecord, str], Awaitable[None]]

#: A form that is left for so long begins anew; the values given for it are deleted.
VALUES_KEPT = timedelta(hours=2)
#: How many requests past their time go at once.
EXPIRED_AT_ONCE = 500


class BookingDesk:
    """The port ``Bookings`` on the real store and vault."""

    def __init__(self, store: BookingStore, vault: Vault, clock: Clock) -> None:
        self._store = store
        self._vault = vault
        self._clock = clock

    async def keep_values(self, conversation: str, values: Mapping[str, str]) -> None:
        await self._vault.put(conversation, values, self._clock.now() + VALUES_KEPT)

    async def drop_values(self, conversation: str) -> None:
        await self._vault.erase(conversation)

    async def values(self, conversation: str) -> dict[str, str]:
        return await self._vault.get(conversation)

    async def erase(self, conversation: str) -> bool:
        await self._vault.erase(conversation)
        return bool((await self._store.erase(conversation)).beyond)

    async def expire_values(self) -> None:
        """Deletes the values that no form waits for any more."""
        await self._vault.expire(self._clock.now())

    async def expire(self, before: datetime) -> bool:
        """Deletes some requests last changed before that moment; whether none is left."""
        return await self._store.expire(before, EXPIRED_AT_ONCE) < EXPIRED_AT_ONCE


class Teller:
    """Tells a person in their conversation what became of their request."""

    def __init__(self, keeper: Keeper, voice: Voice, firm: Firm, clock: Clock) -> None:
        self._keeper = keeper
        self._voice = voice
        self._firm = firm
        self._clock = clock
        #: Has a message reach a person who is not looking at a page: conversation, message, and a name for the news.
        self.outside: Outside | None = None

    async def tell(self, booking: Booking, outcome: Outcome) -> None:
        """Says it, where the conversation still exists. Raises RequestError when that cannot be found out now."""
        if booking.conversation_id is None:
            return
        try:
            async with (
                self._keeper.use(booking.conversation_id) as conversation,
                self._keeper.turn(conversation),
            ):
                reply = self._reply(booking, outcome, conversation.language, conversation.timezone)
                if reply is not None:
                    message = conversation.say(reply, None, self._clock.now())
                    if self.outside is not None and conversation.is_whatsapp:
                        await self.outside(conversation, message, _named(booking, outcome))
                    await self._keeper.flush(conversation)
        except RequestError as error:
            if error.code != "conversation_gone":
                raise

    def _reply(self, booking: Booking, outcome: Outcome, language: str, timezone: str) -> Reply | None:
        """What is told; None where the person knows it, as that their own cancellation is on its way."""
        name = _notice(booking, outcome)
        if name is None:
            return None
        start, link = outcome.start or booking.start, outcome.join_url or booking.join_url
        # As the times were offered: in the person's own zone, unless the firm has named one.
        zone = booking.timezone or timezone or self._firm.timezone
        return self._voice.about_request(
            name,
            language,
            reference=booking.reference,
            start="" if start is None else appointment_in_words(start, zone, language),
            link=link or "",
        )


def _named(booking: Booking, outcome: Outcome) -> str:
    """A name for one piece of news: the same when it is told again because nobody knows whether it was."""
    moments = (booking.updated_at, outcome.start)
    facts = [
        booking.request_id,
        outcome.type,
        outcome.kind,
        *("" if at is None else at.isoformat() for at in moments),
    ]
    return f"news:{hashlib.sha256(' '.join(facts).encode()).hexdigest()[:32]}"


def _notice(booking: Booking, outcome: Outcome) -> str | None:
    start, link = outcome.start or booking.start, outcome.join_url or booking.join_url
    if outcome.kind in ("confirmed", "moved"):
        if start is None:
            return "booking_delivered"
        return f"booking_{outcome.kind}_link" if link else f"booking_{outcome.kind}"
    if outcome.kind == "cancelled":
        return "booking_cancelled_by_firm"
    if outcome.kind == "dead":
        if outcome.code != "slot_taken":
            return "booking_dead"
        if booking.delivery == "delivered":
            # Another time was chosen meanwhile, and that one is booked.
            return None
        return "booking_slot_taken" if start is None else "booking_slot_taken_kept"
    if outcome.kind == "staff":
        # That a request without a time waits for staff was said when it was saved.
        return None if outcome.type == REQUESTED else "booking_change_kept"
    if outcome.kind == "later":
        # Where no system is connected nothing is on its way: staff read the request here.
        if booking.delivery == "waiting":
            return None
        return "booking_not_yet_urgent" if booking.level in PRESSING else "booking_not_yet"
    if outcome.type == CANCELLED:
        return None
    told = "_time" if start is not None else ""
    return f"booking_delivered{told}{'_link' if link else ''}"
