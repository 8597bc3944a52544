"""What the firm's staff do in a conversation: take it over, write, leave it to the program again, erase it."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.core.errors import RequestError
from bot.core.messages import Reply
from bot.core.redact import mask
from bot.gateway.bookings import Outside
from bot.gateway.clock import Clock
from bot.gateway.conversations import JOINED, WHATSAPP, Conversation
from bot.gateway.keeper import Keeper
from bot.gateway.ports import Firm
from bot.gateway.staffing import LEFT, STAFF
from bot.gateway.voice import Voice
from bot.gateway.whatsapp.records import Person
from bot.gateway.whatsapp.reminders import WINDOW_LEFT
from bot.gateway.whatsapp.store import WhatsAppStore
from bot.transcripts.corrections import message_id_of
from bot.transcripts.records import MessageRecord
from bot.transcripts.review import Review
from bot.transcripts.store import TranscriptStore

#: The most that one message to a person may hold; WhatsApp takes no more in one.
LONGEST = 4_000
#: What a member of staff may write of ways to be reached: the office's own.
_MAY_BE_WRITTEN = frozenset({"PHONE", "EMAIL"})
#: And what a correction may say, for all: an office has an address.
_MAY_BE_TOLD = _MAY_BE_WRITTEN | {"ADDRESS"}
#: What ``correct`` says where ``Reach`` leads nowhere.
_NOT_AT_ALL = {"stopped": "stopped", "closed": "window_closed"}
#: What is told of a message that went out in several: the fate of the part that fared worst.
_WORST = ("failed", "unknown", "blocked", "dropped", "waiting", "sent", "delivered", "read")


@dataclass(frozen=True, slots=True)
class Window:
    """``until`` when free text reaches a person on WhatsApp (exclusive); None on the page, where it always does.

    ``stopped``: they have sent STOP and get nothing.
    """

    channel: str
    until: datetime | None
    stopped: bool


@dataclass(frozen=True, slots=True)
class Reach:
    """How news that nobody asked for just now comes to a person.

    ``way``: ``page`` (it is open now), ``left`` (there if they come back to it, which most cannot: the key to the
    conversation goes when they close the page), ``window`` (WhatsApp, in our own words
    until ``until``), ``template`` (they are asked to write, because they agreed to be reminded), ``stopped`` or
    ``closed``: not at all.
    """

    way: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Erasure:
    """``held``: it may not be erased now. ``cannot``: codes of what an erasure does not reach."""

    done: bool
    held: bool
    cannot: tuple[str, ...] = ()


class Desk:
    """The console's way into conversations. Methods raise what a database raises, and RequestError when it is away."""

    def __init__(
        self,
        *,
        keeper: Keeper,
        transcripts: TranscriptStore,
        review: Review,
        voice: Voice,
        firm: Firm,
        clock: Clock,
        whatsapp: WhatsAppStore | None,
        outside: Outside | None,
        has_template: Callable[[str, str], bool] = lambda _provider, _language: False,
    ) -> None:
        """``has_template``: whether a provider has one in a language that asks a person to write."""
        self._has_template = has_template
        self._keeper = keeper
        self._transcripts = transcripts
        self._review = review
        self._voice = voice
        self._firm = firm
        self._clock = clock
        self._whatsapp = whatsapp
        self._outside = outside

    async def claim(self, conversation_id: str, staff_id: str, staff_name: str) -> str:
        """``claimed``, also when they held it before; ``taken`` by somebody else, or ``gone``. The person is told."""
        try:
            async with self._keeper.use(conversation_id) as conversation, self._keeper.turn(conversation):
                before = conversation.staff_id
                holder = await self._review.claim(conversation_id, staff_id, self._clock.now())
                if holder is None:
                    return "gone"
                conversation.staff_id = holder
                if holder != staff_id:
                    return "taken"
                if before != staff_id:
                    await self._review.touch(conversation_id, self._clock.now())
                    await self._tell(conversation, JOINED, staff_name)
                return "claimed"
        except RequestError as error:
            return _gone(error)

    async def release(self, conversation_id: str, staff_id: str | None) -> str:
        """``released``, ``not_held`` by them, or ``gone``; None releases whoever holds it. The person is told."""
        try:
            async with self._keeper.use(conversation_id) as conversation, self._keeper.turn(conversation):
                if not await self._review.release(conversation_id, staff_id):
                    return "not_held"
                conversation.staff_id = None
                await self._tell(conversation, LEFT)
                return "released"
        except RequestError as error:
            return _gone(error)

    async def write(self, conversation_id: str, staff_id: str, staff_name: str, text: str, key: str) -> str:
        """``sent``, once for each ``key``; else why not: ``not_held``, ``window_closed``, ``stopped``, ``gone``,
        ``too_long``, ``empty``, or ``personal`` when the text holds a number from somebody's papers."""
        text = text.strip()
        if problem := _unfit(text):
            return problem
        try:
            async with self._keeper.use(conversation_id) as conversation, self._keeper.turn(conversation):
                if conversation.staff_id != staff_id:
                    return "not_held"
                message_id = _named(conversation_id, key)
                if any(message.id == message_id for message in conversation.messages):
                    return "sent"
                closed = await self._closed(conversation)
                if closed:
                    return closed
                now = self._clock.now()
                reply = Reply(
                    STAFF,
                    "staff_message",
                    conversation.language,
                    text,
                    title=f"{staff_name}, {self._firm.name}",
                )
                message = conversation.say_for(staff_id, message_id, reply, now)
                await self._reach(conversation, message)
                await self._keeper.flush(conversation)
                await self._review.touch(conversation_id, now)
                return "sent"
        except RequestError as error:
            return _gone(error)

    async def correct(
        self, conversation_id: str, key: str, reply: Reply, settled: Callable[[], Awaitable[str]]
    ) -> str:
        """Tells a person that something they were told has changed; once in a conversation for each ``key``, and on
        WhatsApp once for each person.

        ``settled`` is asked while nobody else can say anything in the conversation: what it says instead of nothing is
        the answer, and they are not told. ``sent``; ``left`` on a page that is not open; ``asked`` when they are asked
        to write first; else why not: ``stopped``, ``window_closed``, ``gone``, ``personal``, ``too_long``, ``empty``.
        ``later``: it may be tried again with the same key.
        """
        if problem := _unfit(reply.text, _MAY_BE_TOLD):
            return problem
        try:
            async with (
                self._keeper.use(conversation_id, briefly=True) as conversation,
                self._keeper.turn(conversation),
            ):
                if conversation.consent is None:
                    return "gone"
                message_id = message_id_of(conversation_id, key)
                said = next((known for known in conversation.messages if known.id == message_id), None)
                person = await self._person(conversation_id) if conversation.is_whatsapp else None
                reach = await self._reach_in_whatsapp(person) if conversation.is_whatsapp else Reach("page")
                name = "" if person is None else f"correction:{key}:{person.id}"
                # What was said before and could not be kept, the store does not know yet.
                if not await self._keeper.flush(conversation):
                    return "later"
                # Who was interrupted may have kept it: on WhatsApp it stands there and has reached nobody.
                if not (await self._is_queued(name) if conversation.is_whatsapp else said):
                    if reach.way in _NOT_AT_ALL:
                        return _NOT_AT_ALL[reach.way]
                    if instead := await settled():
                        return instead
                if said is None:
                    said = conversation.tell(message_id, reply, self._clock.now())
                # Kept first: whoever is interrupted finds it there, and sends it under the same name.
                if not await self._keeper.flush(conversation):
                    return "later"
                if self._outside is not None and name:
                    await self._outside(conversation, said, name)
                if not conversation.is_whatsapp and not conversation.is_read(said.seq):
                    return "left"
                return "asked" if reach.way == "template" else "sent"
        except RequestError as error:
            return _gone(error)

    async def reach(self, conversation_id: str, channel: str) -> Reach:
        """How news would come to the person of a conversation of that channel now."""
        if channel != WHATSAPP:
            return Reach("page" if self._keeper.registry.is_open(conversation_id) else "left")
        return await self._reach_in_whatsapp(await self._person(conversation_id))

    async def window(self, conversation_id: str) -> Window:
        """Whether something written now would reach the person."""
        person = None
        if self._whatsapp is not None:
            person = await self._whatsapp.of_conversation(conversation_id, self._clock.now())
        if person is not None:
            return Window(WHATSAPP, person.window_until or person.created_at, person.stopped_at is not None)
        head = await self._transcripts.head(conversation_id)
        if head is not None and head.channel == WHATSAPP:
            # Its person has gone on with another conversation, or is no longer known.
            return Window(WHATSAPP, head.last_at, stopped=False)
        return Window("web", None, stopped=False)

    async def arrivals(self, conversation_id: str) -> Mapping[str, str]:
        """What became on WhatsApp of messages that staff wrote and of corrections, by the id of the message.

        The codes are those of ``OutboxStore.fates``. A message of which nothing is known any more is not among them,
        and none of the page is: there it is with the person once it is written.
        """
        person = await self._person(conversation_id)
        if person is None or self._whatsapp is None:
            return {}
        found: dict[str, str] = {}
        for key, fate in await self._whatsapp.fates(person.id):
            use, _, rest = key.partition(":")
            name = rest.partition(":")[0]
            if use == "correction":
                # One of another conversation of the same person gets an id that this one does not have.
                name = _named(conversation_id, f"correction {name}")
            elif use != "staff":
                continue
            known = found.get(name, fate)
            found[name] = min(known, fate, key=_WORST.index)
        return found

    async def erase(self, conversation_id: str) -> Erasure:
        """Deletes everything about the conversation, and names what that does not reach."""
        cannot = []
        if (await self.window(conversation_id)).channel == WHATSAPP:
            cannot.append("whatsapp_copy")
        try:
            async with self._keeper.use(conversation_id) as conversation:
                erased = await self._keeper.erase(conversation)
        except RequestError as error:
            _gone(error)
            return Erasure(done=True, held=False)
        if not erased.rows:
            return Erasure(done=False, held=erased.held)
        if erased.sent:
            cannot.append("firm_has_booking")
        if not erased.engine:
            cannot.append("engine_later")
        return Erasure(done=True, held=False, cannot=tuple(cannot))

    async def _tell(self, conversation: Conversation, notice: str, name: str = "") -> None:
        """Says in the conversation that staff came or left. On WhatsApp only while that may be sent."""
        reply = self._voice.about_staff(notice, conversation.language, name)
        message = conversation.say(reply, None, self._clock.now())
        # What the program offered before can still be pressed when staff have left.
        if not await self._closed(conversation):
            await self._reach(conversation, message)
        await self._keeper.flush(conversation)

    async def _closed(self, conversation: Conversation) -> str:
        """Why nothing can be sent to the person now; empty when it can."""
        if not conversation.is_whatsapp:
            return ""
        window = await self.window(conversation.id)
        if window.stopped:
            return "stopped"
        return "" if window.until is not None and self._clock.now() < window.until else "window_closed"

    async def _person(self, conversation_id: str) -> Person | None:
        """Who carries the conversation on in WhatsApp, or has gone on from it to another one."""
        if self._whatsapp is None:
            return None
        now = self._clock.now()
        found = await self._whatsapp.of_conversation(conversation_id, now)
        return found or await self._whatsapp.who_left(conversation_id, now)

    async def _is_queued(self, name: str) -> bool:
        """Whether news of that name is on its way to the person, or was."""
        return bool(name) and self._whatsapp is not None and await self._whatsapp.is_queued(name)

    async def _reach_in_whatsapp(self, person: Person | None) -> Reach:
        if person is None or self._whatsapp is None or self._outside is None:
            return Reach("closed")
        if person.stopped_at is not None:
            return Reach("stopped")
        until = person.window_until
        if until is not None and self._clock.now() < until - WINDOW_LEFT:
            return Reach("window", until - WINDOW_LEFT)
        # Who wants no reminders has not agreed to be written to.
        agreed = await self._whatsapp.reminders_of(person.id)
        return Reach(
            "template" if agreed and self._has_template(person.provider, person.language) else "closed"
        )

    async def _reach(self, conversation: Conversation, message: MessageRecord) -> None:
        if self._outside is not None and conversation.is_whatsapp:
            await self._outside(conversation, message, f"staff:{message.id}")


def _unfit(text: str, may_be: frozenset[str] = _MAY_BE_WRITTEN) -> str:
    """Why a text is not sent to anybody; empty when it may be. ``may_be``: the kinds of values that may stand in it."""
    if not text.strip() or len(text) > LONGEST:
        return "too_long" if text.strip() else "empty"
    return "personal" if any(found.kind not in may_be for found in mask(text, ()).values) else ""


def _named(conversation_id: str, key: str) -> str:
    """The same id for the same form, however often a browser sends it."""
    return f"m_{hashlib.sha256(f'staff {conversation_id} {key}'.encode()).hexdigest()[:32]}"


def _gone(error: RequestError) -> str:
    if error.code != "conversation_gone":
        raise error
    return "gone"
