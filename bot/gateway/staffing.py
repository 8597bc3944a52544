"""A conversation that a person of the firm has taken over: the program is silent, but never for too long."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum

from bot.gateway.conversations import JOINED, Conversation
from bot.transcripts.records import MessageRecord

WAITING = "staff_waiting"
LEFT = "staff_left"
#: The kind of a message that a member of staff wrote, and its author.
STAFF = "staff"

#: After so long without a word of the firm the person hears that nobody has answered, and how to call.
PATIENCE = timedelta(minutes=10)
#: After so long the program answers again: who forgot to release a conversation must not leave a person in silence.
GONE_AFTER = timedelta(minutes=60)


class Attendance(Enum):
    """Who answers a message: the program, a person of the firm, the same with a word of comfort, or they have left."""

    PROGRAM = "program"
    PERSON = "person"
    PERSON_LATE = "person_late"
    LEFT = "left"


def attendance(conversation: Conversation, now: datetime) -> Attendance:
    """Who answers what a person writes ``now``."""
    if conversation.staff_id is None:
        return Attendance.PROGRAM
    last = _last_act(conversation)
    if last is None or now - last.created_at >= GONE_AFTER:
        return Attendance.LEFT
    if now - last.created_at >= PATIENCE and not _was_told_to_wait(conversation, last):
        return Attendance.PERSON_LATE
    return Attendance.PERSON


def _last_act(conversation: Conversation) -> MessageRecord | None:
    """The last thing that the member of staff did here: joined, or wrote."""
    acts = (m for m in reversed(conversation.messages) if m.author == STAFF or _is(m, JOINED))
    return next(acts, None)


def _was_told_to_wait(conversation: Conversation, since: MessageRecord) -> bool:
    return any(_is(m, WAITING) for m in conversation.messages if m.seq > since.seq)


def _is(message: MessageRecord, notice: str) -> bool:
    return message.reply is not None and message.reply.get("id") == notice
