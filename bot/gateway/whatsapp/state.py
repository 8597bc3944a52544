"""What the next turn of a WhatsApp conversation needs of this one, as a text that is kept sealed for a short time.

Nothing of it is what the person wrote: only what was said to them last, what they can still press, the values behind
the tokens of a booking, and what was found out about language, state and emergency.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.gateway.conversations import WHATSAPP, Conversation, Offered
from bot.transcripts.records import MessageRecord

#: The form of the text; what has another form is let go.
_FORM = 1
#: How many choices of earlier messages can still be pressed: people scroll up.
MOST_OFFERED = 60
#: For how long it matters when a notice was said.
TOLD_KEPT = timedelta(days=1)
CONSENT = "consent_ask"


@dataclass(slots=True)
class Memory:
    """What is remembered of a person beside the conversation.

    ``rest`` is what a long answer has still to say; ``told`` when each notice was said last; ``may_ask`` whether the
    question of consent may be put now.
    """

    rest: str = ""
    told: dict[str, datetime] = field(default_factory=dict)
    may_ask: bool = True


def snapshot(conversation: Conversation, memory: Memory, now: datetime) -> str:
    """The text from which ``restore`` makes the conversation again."""
    offered = list(conversation.offered.values())[-MOST_OFFERED:]
    told = {id: at.isoformat() for id, at in memory.told.items() if now - at < TOLD_KEPT}
    data: dict[str, Any] = {
        "form": _FORM,
        "language": conversation.language,
        "asked": conversation.asked,
        "emergency": conversation.emergency,
        "us_state": conversation.us_state,
        "timezone": conversation.timezone,
        "overdue": conversation.overdue,
        "last_seq": conversation.last_seq,
        "created_at": conversation.created_at.isoformat(),
        "offered": [[choice.id, choice.title, choice.payload] for choice in offered],
        "values": conversation.values,
        "rest": memory.rest,
        "told": told,
        "may_ask": memory.may_ask,
        "bulletins": sorted(conversation.bulletins),
    }
    if conversation.consent is None:
        data["said"] = [_as_dict(message) for message in _needed(conversation.messages)]
        data["latest"] = [choice.id for choice in conversation.latest]
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def fresh(conversation_id: str, language: str, now: datetime, provider: str) -> Conversation:
    """A WhatsApp conversation of which nothing is known."""
    conversation = Conversation(conversation_id, WHATSAPP, language, now, now)
    conversation.provider = provider
    return conversation


def restore(
    text: str | None, conversation_id: str, language: str, now: datetime, provider: str
) -> tuple[Conversation, Memory]:
    """The conversation that was not kept, as its last turn left it; a fresh one when nothing usable is left of it."""
    conversation, memory = fresh(conversation_id, language, now, provider), Memory()
    data = _read(text)
    if data is not None:
        conversation.created_at = datetime.fromisoformat(data["created_at"])
        for entry in data.get("said", ()):
            conversation.add(_message(entry))
        conversation.last_seq = max(conversation.last_seq, data["last_seq"])
        memory = recall(conversation, data)
        _only_latest(conversation, data)
    return conversation, memory


def remember(conversation: Conversation, text: str | None) -> Memory:
    """Adds to a conversation that came from the store, or from memory, what only the snapshot knows."""
    data = _read(text)
    if data is None:
        return Memory()
    if conversation.consent is None and data["last_seq"] > conversation.last_seq:
        # It stands in memory for a page, and went on at another gateway since.
        for entry in data.get("said", ()):
            if entry["seq"] > conversation.last_seq:
                conversation.add(_message(entry))
        conversation.last_seq = max(conversation.last_seq, data["last_seq"])
        memory = recall(conversation, data)
        _only_latest(conversation, data)
        return memory
    return recall(conversation, data)


def recall(conversation: Conversation, data: Mapping[str, Any]) -> Memory:
    """Takes over what does not depend on messages."""
    if data["last_seq"] >= conversation.last_seq:
        conversation.language = data["language"]
    conversation.asked = conversation.asked or data["asked"]
    conversation.emergency = conversation.emergency or data["emergency"]
    conversation.us_state = conversation.us_state or data["us_state"]
    conversation.timezone = conversation.timezone or data.get("timezone", "")
    conversation.overdue = conversation.overdue or data["overdue"]
    conversation.bulletins |= {(id, lang) for id, lang in data.get("bulletins", ())}
    conversation.values = {**data["values"], **conversation.values}
    # In the order in which they were offered: the oldest are let go first.
    earlier = {id: Offered(id, title, payload) for id, title, payload in data["offered"]}
    conversation.offered = {**earlier, **conversation.offered}
    told = {id: datetime.fromisoformat(at) for id, at in data["told"].items()}
    return Memory(data["rest"], told, data["may_ask"])


def _only_latest(conversation: Conversation, data: Mapping[str, Any]) -> None:
    """What can be typed is what was offered last; of a kept conversation its own messages tell it."""
    if "latest" in data:
        by_id = conversation.offered
        conversation.latest = tuple(by_id[id] for id in data["latest"] if id in by_id)


def was_asked_for_consent(messages: Iterable[MessageRecord]) -> bool:
    """Whether the question of consent stands among the messages."""
    return any(message.reply is not None and message.reply.get("id") == CONSENT for message in messages)


def _needed(messages: list[MessageRecord]) -> list[MessageRecord]:
    """What was said last, and the wording of the question of consent that the person saw."""
    last: list[MessageRecord] = []
    for message in reversed(messages):
        if message.author == "bot":
            last.append(message)
        elif last:
            break
    said = last[::-1]
    if was_asked_for_consent(said):
        return said
    asked = [message for message in messages if was_asked_for_consent([message])]
    return [*asked[-1:], *said]


def _as_dict(message: MessageRecord) -> dict[str, Any]:
    return {
        "id": message.id,
        "seq": message.seq,
        "at": message.created_at.isoformat(),
        "reply_to": message.reply_to,
        "reply": message.reply,
    }


def _message(data: Mapping[str, Any]) -> MessageRecord:
    reply = data["reply"]
    return MessageRecord(
        id=data["id"],
        seq=data["seq"],
        created_at=datetime.fromisoformat(data["at"]),
        author="bot",
        kind=reply["kind"],
        language=reply["lang"],
        text=reply["text"],
        reply_to=data["reply_to"],
        reply=reply,
    )


def _read(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    data = json.loads(text)
    return data if isinstance(data, dict) and data.get("form") == _FORM else None
