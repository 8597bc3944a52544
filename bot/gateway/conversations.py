"""The conversations that this gateway holds in memory, and how they come from and go to the store."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.core.messages import Choice, Reply
from bot.gateway.summary import Summary
from bot.gateway.tokens import new_choice_id, new_message_id
from bot.transcripts.records import ConsentRecord, ConversationRecord, MessageRecord

#: The channel of a conversation that goes on in WhatsApp. Between two turns it is in no gateway's memory, because
#: another gateway may get the next message.
WHATSAPP = "whatsapp"

#: What the ids of replies begin with that tell an emergency notice of the firm.
BULLETIN = "bulletin_"
#: The id of what the firm tells by itself about something that was told before.
CORRECTION = "correction"
#: The notice that a member of staff has taken the conversation over.
JOINED = "staff_joined"


@dataclass(frozen=True, slots=True)
class Offered:
    """A choice as it was offered; ``id`` is what the page sends back."""

    id: str
    title: str
    payload: str


@dataclass(slots=True)
class Conversation:
    """One conversation. Changed only by who holds ``lock``; ``gone`` is final."""

    id: str
    channel: str
    language: str
    created_at: datetime
    last_at: datetime
    consent: ConsentRecord | None = None
    #: Whether the person has answered the question of consent, either way.
    asked: bool = False
    #: The browser's time zone, when it lies in the U.S., and the state that the person has named: they tell which day
    #: it is for them. Held here only.
    timezone: str = ""
    us_state: str = ""
    messages: list[MessageRecord] = field(default_factory=list)
    last_seq: int = 0
    saved_seq: int = 0
    #: Up to where a page has read it at this gateway.
    read_seq: int = 0
    #: Whether the store may hold anything of it.
    stored: bool = False
    changed: set[str] = field(default_factory=set)
    offered: dict[str, Offered] = field(default_factory=dict)
    #: What the last thing said by the bot offers: these can also be typed, by title or number.
    latest: tuple[Offered, ...] = ()
    touched: float = 0.0
    gone: bool = False
    #: Waiting or running turns and open streams: such a conversation is not put away.
    users: int = 0
    streams: int = 0
    #: The values behind the tokens that an appointment may need; never stored with the conversation.
    values: dict[str, str] = field(default_factory=dict)
    #: Names of what was sent under each client id, to tell a repeated sending from another text.
    digests: dict[str, bytes] = field(default_factory=dict)
    #: The emergency notices of the firm that were told here, each with its language.
    bulletins: set[tuple[str, str]] = field(default_factory=set)
    #: The kind of emergency that was answered last, for the questions about the situation.
    emergency: str | None = None
    #: For WhatsApp: by whom its messages come and go, ``cloud`` or ``twilio``.
    provider: str = ""
    #: Begun on a page by this gateway, which holds it for that page also while it goes on in WhatsApp.
    on_page: bool = False
    #: What staff see at a glance, and who of them has taken the conversation over.
    summary: Summary = field(default_factory=Summary)
    staff_id: str | None = None
    #: A turn was given up on while the engine may still have been at work on it.
    overdue: bool = False
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def say(self, reply: Reply, reply_to: str | None, now: datetime) -> MessageRecord:
        """The bot's reply as a message of this conversation; its choices can be pressed from now on."""
        offered = tuple(_offer(choice) for choice in reply.choices)
        content: dict[str, Any] = reply.as_dict()
        content["choices"] = [
            {"id": choice.id, "title": choice.title, "payload": choice.payload} for choice in offered
        ]
        message = MessageRecord(
            id=new_message_id(),
            seq=self.last_seq + 1,
            created_at=now,
            author="bot",
            kind=reply.kind,
            language=reply.lang,
            text=reply.text,
            reply_to=reply_to,
            reply=content,
            versions={"content": reply.version} if reply.version else None,
        )
        self.add(message)
        return message

    def say_for(self, staff_id: str, message_id: str, reply: Reply, now: datetime) -> MessageRecord:
        """What a member of staff writes to the person, as a message of this conversation."""
        message = MessageRecord(
            id=message_id,
            seq=self.last_seq + 1,
            created_at=now,
            author="staff",
            kind=reply.kind,
            language=reply.lang,
            text=reply.text,
            reply=reply.as_dict(),
            staff_id=staff_id,
        )
        self.add(message)
        return message

    def tell(self, message_id: str, reply: Reply, now: datetime) -> MessageRecord:
        """News under a name of its own; it offers nothing, and what was offered before can still be typed."""
        message = MessageRecord(
            id=message_id,
            seq=self.last_seq + 1,
            created_at=now,
            author="bot",
            kind=reply.kind,
            language=reply.lang,
            text=reply.text,
            reply={**reply.as_dict(), "choices": []},
        )
        self.add(message)
        return message

    def add(self, message: MessageRecord) -> None:
        """Appends a message and wakes who is listening."""
        self.messages.append(message)
        self.last_seq = message.seq
        if (message.reply or {}).get("id") != CORRECTION:
            # By its own message the firm does not come to keep a conversation for longer.
            self.last_at = max(self.last_at, message.created_at)
        if message.author == "bot" and message.reply is not None:
            if str(message.reply.get("id", "")).startswith(BULLETIN):
                self.bulletins.add((message.reply["id"], message.language))
            offered = tuple(Offered(**choice) for choice in message.reply.get("choices", ()))
            self.offered.update({choice.id: choice for choice in offered})
            if offered or self._ends_choosing(message):
                # Replies to one message belong together: all their choices can be typed.
                before = self._bot_message_before(message)
                self.latest = (*self.latest, *offered) if before else offered
        self.wake()

    def replace(self, message: MessageRecord) -> None:
        """Puts a changed message in the place of the one with its id."""
        for index, known in enumerate(self.messages):
            if known.id == message.id:
                self.messages[index] = message
                if message.seq <= self.saved_seq:
                    self.changed.add(message.id)

    def wake(self) -> None:
        """Tells every stream that there is something new."""
        self.news.set()
        self.news = asyncio.Event()

    @property
    def is_whatsapp(self) -> bool:
        """Whether it goes on in WhatsApp, where choices can be shown with numbers."""
        return self.channel == WHATSAPP

    @property
    def asks(self) -> str:
        """What the bot has just asked for that only a booking may hold; empty for anything else."""
        return next((str(reply["asks"]) for reply in self._just_said() if reply.get("asks")), "")

    @property
    def is_booking(self) -> bool:
        """Whether the bot's last question is about an appointment."""
        return any(
            str(reply.get("id", "")).startswith("booking_") and reply.get("kind") == "question"
            for reply in self._just_said()
        )

    def just_said(self) -> Iterator[MessageRecord]:
        """The bot's messages since the last message of the person that was answered, newest first."""
        answered = False
        for message in reversed(self.messages):
            if message.author == "bot" and message.reply is not None:
                answered = True
                yield message
            elif answered:
                return

    def _just_said(self) -> Iterator[dict[str, Any]]:
        return (message.reply for message in self.just_said() if message.reply is not None)

    def after(self, seq: int) -> list[MessageRecord]:
        """The messages after a cursor."""
        return [message for message in self.messages if message.seq > seq]

    def is_read(self, seq: int) -> bool:
        """Whether a page has that message, as far as this gateway can tell: open now, or read or written to since."""
        if self.streams or self.read_seq >= seq:
            return True
        return any(message.author == "visitor" for message in self.after(seq))

    def sent(self, client_message_id: str) -> MessageRecord | None:
        """The visitor's message with that client id."""
        for message in reversed(self.messages):
            if message.client_message_id == client_message_id:
                return message
        return None

    def replies_to(self, message_id: str) -> list[MessageRecord]:
        """What the bot answered to a visitor's message."""
        return [message for message in self.messages if message.reply_to == message_id]

    def unsaved(self) -> list[MessageRecord]:
        """What the store does not have yet."""
        return [m for m in self.messages if m.seq > self.saved_seq or m.id in self.changed]

    def record(self) -> ConversationRecord:
        """The row of this conversation; only with consent."""
        if self.consent is None:
            raise ValueError("no row without consent")
        summary = self.summary
        return ConversationRecord(
            self.id,
            self.channel,
            self.language,
            self.created_at,
            self.last_at,
            self.last_seq,
            self.consent,
            topic=summary.topic,
            outcome=summary.outcome,
            urgency=summary.urgency,
            urgent_at=summary.urgent_at,
            facts=None if summary.facts is None else dict(summary.facts),
        )

    def trim(self, most: int) -> None:
        """Lets go of the oldest messages, and of what they offered, beyond ``most``."""
        surplus = len(self.messages) - most
        if surplus <= 0:
            return
        for message in self.messages[:surplus]:
            for choice in (message.reply or {}).get("choices", ()):
                self.offered.pop(choice["id"], None)
            if message.client_message_id is not None:
                self.digests.pop(message.client_message_id, None)
        del self.messages[:surplus]

    def _ends_choosing(self, message: MessageRecord) -> bool:
        """Whether what was offered before can no longer be typed behind a message that offers nothing.

        News that nobody asked for leave it open. With a member of staff a "2" means something else.
        """
        if (message.reply or {}).get("id") == JOINED:
            return True
        return message.reply_to is not None and any(
            known.id == message.reply_to for known in reversed(self.messages) if known.author == "visitor"
        )

    def _bot_message_before(self, message: MessageRecord) -> bool:
        if len(self.messages) < 2:
            return False
        before = self.messages[-2]
        return before.author == "bot" and before.reply_to == message.reply_to


def _offer(choice: Choice) -> Offered:
    return Offered(new_choice_id(), choice.title, choice.payload)


def restored(record: ConversationRecord, messages: Iterable[MessageRecord]) -> Conversation:
    """A conversation as the store has it."""
    conversation = Conversation(
        id=record.id,
        channel=record.channel,
        language=record.language,
        created_at=record.created_at,
        last_at=record.last_at,
        consent=record.consent,
        asked=True,
        stored=True,
        summary=Summary(record.topic, record.outcome, record.urgency, record.urgent_at, record.facts),
        staff_id=record.claimed_by,
    )
    for message in messages:
        conversation.add(message)
    conversation.last_seq = max(conversation.last_seq, record.last_seq)
    conversation.saved_seq = conversation.last_seq
    return conversation


class Registry:
    """The conversations in memory, the one used longest ago first; bounded."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._by_id: OrderedDict[str, Conversation] = OrderedDict()

    def __len__(self) -> int:
        return len(self._by_id)

    def get(self, conversation_id: str, now: float) -> Conversation | None:
        """The conversation, marked as used at ``now`` (a monotonic time)."""
        found = self._by_id.get(conversation_id)
        if found is not None:
            found.touched = now
            self._by_id.move_to_end(conversation_id)
        return found

    def put(self, conversation: Conversation, now: float) -> list[Conversation]:
        """Takes a conversation in; gives those that had to go for it."""
        self.add(conversation, now)
        out: list[Conversation] = []
        if len(self._by_id) > self._most:
            for candidate in list(self._by_id.values()):
                if len(self._by_id) <= self._most:
                    break
                if candidate is not conversation and _idle(candidate):
                    out.append(self.remove(candidate.id) or candidate)
        return out

    def add(self, conversation: Conversation, now: float) -> None:
        """Takes a conversation in, also beyond the bound: for who lets go of it at once."""
        conversation.touched = now
        self._by_id[conversation.id] = conversation
        self._by_id.move_to_end(conversation.id)

    def remove(self, conversation_id: str) -> Conversation | None:
        """Lets a conversation go."""
        return self._by_id.pop(conversation_id, None)

    def idle(self, now: float, unkept_seconds: float, kept_seconds: float) -> list[Conversation]:
        """Those unused for so long; a kept one must have reached the store."""
        return [
            conversation
            for conversation in self._by_id.values()
            if _idle(conversation)
            and now - conversation.touched
            >= (unkept_seconds if conversation.consent is None else kept_seconds)
        ]

    def all(self) -> list[Conversation]:
        """All of them."""
        return list(self._by_id.values())

    def is_open(self, conversation_id: str) -> bool:
        """Whether a page listens to the conversation here; it is not marked as used."""
        found = self._by_id.get(conversation_id)
        return found is not None and found.streams > 0

    def has(self, conversation_id: str) -> bool:
        """Whether the conversation is here, without marking it as used."""
        return conversation_id in self._by_id

    def leave(self, conversation: Conversation) -> None:
        """Lets a conversation go that nobody uses now and of which nothing is still to be written."""
        if self._by_id.get(conversation.id) is conversation and _idle(conversation):
            self.remove(conversation.id)


def _idle(conversation: Conversation) -> bool:
    if conversation.users or conversation.streams or conversation.lock.locked():
        return False
    return conversation.consent is None or not conversation.unsaved()
