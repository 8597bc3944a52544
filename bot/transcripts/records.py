"""What the transcript store takes and gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    """To which wording the person agreed, in which language and when."""

    version: str
    language: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ConversationRecord:
    """One conversation whose person agreed to its being kept."""

    id: str
    channel: str
    language: str
    created_at: datetime
    last_at: datetime
    last_seq: int
    consent: ConsentRecord


@dataclass(frozen=True, slots=True)
class MessageRecord:
    """One message of a conversation, masked.

    A visitor's message has ``client_message_id``, and ``choice_id`` when it was pressed and not typed.
    A bot's message has ``reply_to`` (the id of the visitor's message) and ``reply``, all that was said.
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


@dataclass(frozen=True, slots=True)
class Transcript:
    """A conversation with its messages in order."""

    conversation: ConversationRecord
    messages: tuple[MessageRecord, ...]


@dataclass(frozen=True, slots=True)
class AlarmRecord:
    """Something that a person of the firm should look at; codes only."""

    id: str
    created_at: datetime
    kind: str
    code: str
    conversation_id: str | None = None


@dataclass(frozen=True, slots=True)
class PendingForget:
    """A conversation that the engine has still to forget."""

    conversation_id: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Page[T]:
    """Some rows of a longer list; ``next_key`` asks for those that follow, None when there are none."""

    rows: tuple[T, ...]
    next_key: tuple[datetime, str] | None


@dataclass(frozen=True, slots=True)
class Counts:
    """What was counted on one day, by name."""

    day: date
    values: dict[str, int] = field(default_factory=dict)
