"""What the transcript store takes and gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

#: Where a page of a list ends: the moment by which it is ordered, and the id.
type Key = tuple[datetime, str]

#: Where a page of a queue ends: how pressing its last one is, since when it waits, and its id.
type Place = tuple[str, datetime, str]


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    """To which wording the person agreed, in which language and when."""

    version: str
    language: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ConversationRecord:
    """One conversation whose person agreed to its being kept.

    ``topic`` is the intent answered last; ``outcome`` one of ``open``, ``answered``, ``unanswered``, ``triaged``,
    ``person``, ``booked``, ``apology``; ``urgency`` ``emergency``, ``urgent``, ``soon`` or ``routine``, since
    ``urgent_at``. ``facts`` are sealed where they are kept; None leaves those that are kept as they are.
    ``claimed_by`` is only read: the member of staff who has the conversation in hand.
    """

    id: str
    channel: str
    language: str
    created_at: datetime
    last_at: datetime
    last_seq: int
    consent: ConsentRecord
    topic: str | None = None
    outcome: str = "open"
    urgency: str | None = None
    urgent_at: datetime | None = None
    facts: dict[str, Any] | None = None
    claimed_by: str | None = None


@dataclass(frozen=True, slots=True)
class MessageRecord:
    """One message of a conversation, masked.

    A visitor's message has ``client_message_id``, and ``choice_id`` when it was pressed and not typed.
    A bot's message has ``reply_to`` (the id of the visitor's message) and ``reply``, all that was said, and may name
    the ``versions`` of content and law behind it. ``ranking`` (name and confidence, best first, at most 5) and
    ``entities`` (sealed where they are kept) are what the engine found; ``look`` tells why staff should look at it
    (``fallback``, ``unsure``). A message of author ``staff`` has ``staff_id``. ``raw`` is the text before masking,
    which is only ever written, and only where the firm keeps it.
    """

    id: str
    seq: int
    created_at: datetime
    author: str
    kind: str
    language: str
    text: str
    client_message_id: str | None = None
    choice_id: str | None = None
    intent: str | None = None
    confidence: float | None = None
    latency_ms: int | None = None
    reply_to: str | None = None
    reply: dict[str, Any] | None = None
    rating: str | None = None
    ranking: tuple[dict[str, Any], ...] | None = None
    entities: tuple[dict[str, Any], ...] | None = None
    look: str | None = None
    staff_id: str | None = None
    versions: dict[str, Any] | None = None
    raw: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Transcript:
    """A conversation with its messages in order."""

    conversation: ConversationRecord
    messages: tuple[MessageRecord, ...]


@dataclass(frozen=True, slots=True)
class AlarmRecord:
    """Something that a person of the firm should look at; codes only, and whom it concerns where that is kept.

    ``reference`` is that of the request with ``request_id``, as the person was given it.
    """

    id: str
    created_at: datetime
    kind: str
    code: str
    conversation_id: str | None = None
    settled_by: str | None = None
    settled_at: datetime | None = None
    request_id: str | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class PendingForget:
    """A conversation that the engine has still to forget."""

    conversation_id: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Page[T]:
    """Some rows of a longer list; ``next_key`` asks for those that follow, None when there are none."""

    rows: tuple[T, ...]
    next_key: Key | None


@dataclass(frozen=True, slots=True)
class Waiting[T]:
    """Some of those that wait, the most pressing first and of these who has waited longest.

    ``next_place`` asks for those that follow, None when there are none.
    """

    rows: tuple[T, ...]
    next_place: Place | None


@dataclass(frozen=True, slots=True)
class Counts:
    """What was counted on one day, by name."""

    day: date
    values: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which conversations staff want to see; what is empty or None does not matter.

    ``since`` (inclusive) and ``until`` (exclusive) are about the last message; ``staff`` is who has it in hand,
    ``reviewer`` who marked it as reviewed last or judged it, ``writer`` who of the firm wrote in it; ``text``: all its
    words occur in one message, the last as the beginning of a word when it has three letters.
    """

    since: datetime | None = None
    until: datetime | None = None
    channel: str = ""
    language: str = ""
    topic: str = ""
    outcome: str = ""
    urgency: str = ""
    label: str = ""
    reviewed: bool | None = None
    held: bool | None = None
    staff: str = ""
    reviewer: str = ""
    writer: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A conversation in a list.

    ``turns`` counts the visitor's messages; ``booking`` is how the newest request was delivered; ``opening`` is the
    beginning of the first thing that the visitor wrote, masked.
    """

    id: str
    channel: str
    language: str
    created_at: datetime
    last_at: datetime
    turns: int
    topic: str | None
    outcome: str
    urgency: str | None
    urgent_at: datetime | None
    human_at: datetime | None
    claimed_by: str | None
    reviewed_at: datetime | None
    reviewed_by: str | None
    held: bool
    labels: tuple[str, ...]
    booking: str | None
    opening: str


@dataclass(frozen=True, slots=True)
class TurnRow:
    """A message that staff should look at, with its other half: ``text`` was asked, ``said`` begins the answer.

    ``message_id`` is the message that is marked: the visitor's for ``look``, the bot's for a bad rating.
    """

    conversation_id: str
    message_id: str
    created_at: datetime
    language: str
    channel: str
    text: str
    intent: str | None
    confidence: float | None
    look: str | None
    rating: str | None
    said: str


@dataclass(frozen=True, slots=True)
class Whole:
    """All of one conversation.

    ``raw`` names the messages whose unmasked text is kept, ``looked`` those that staff have looked at.
    ``unreadable``: something sealed could not be opened and is left out, because its key is missing.
    """

    row: Row
    messages: tuple[MessageRecord, ...]
    facts: dict[str, Any]
    hold_reason: str | None
    consent: ConsentRecord
    raw: frozenset[str]
    looked: frozenset[str] = frozenset()
    unreadable: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """A filter that a member of staff has kept under a name."""

    id: str
    name: str
    query: dict[str, Any]
