"""Records as rows and back; what is sealed is opened here, and nowhere else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Row

from bot.transcripts.records import ConsentRecord, ConversationRecord, MessageRecord
from bot.transcripts.sealing import Keys, Unreadable

FACTS = "conversations.facts"
HOLD_REASON = "conversations.hold_reason"
ENTITIES = "messages.entities"
RAW = "raw_texts.ciphertext"

#: No more of a value is kept as told: it stands in an index, and a row of an index holds 2,700 bytes on PostgreSQL.
LONGEST_VALUE = 500

#: What a message has in its row under the same name.
_PLAIN = (
    "id", "seq", "created_at", "author", "kind", "language", "text", "client_message_id", "choice_id", "intent",
    "confidence", "latency_ms", "reply_to", "reply", "rating", "look", "staff_id", "versions",
)  # fmt: skip


class Seal:
    """Seals and opens values with the keys; without keys nothing sealed is written or read."""

    def __init__(self, keys: Keys | None) -> None:
        self._keys = keys

    def __bool__(self) -> bool:
        return self._keys is not None

    def close(self, value: str | None, column: str, id: str) -> bytes | None:
        """The value sealed for its place."""
        return None if self._keys is None or value is None else self._keys.seal(value, f"{column}:{id}")

    def open(self, sealed: bytes | None, column: str, id: str) -> str | None:
        """What was sealed. Raises Unreadable."""
        if sealed is None:
            return None
        if self._keys is None:
            raise Unreadable("This value is encrypted. Set FARO_DATA_KEY to read it.")
        return self._keys.open(sealed, f"{column}:{id}")

    def close_json(self, value: Any | None, column: str, id: str) -> bytes | None:
        """As ``close``, for what JSON can say."""
        if self._keys is None or value is None:
            return None
        return self.close(json.dumps(value, ensure_ascii=False, separators=(",", ":")), column, id)

    def open_json(self, sealed: bytes | None, column: str, id: str) -> Any | None:
        """As ``open``, for what ``close_json`` sealed. Raises Unreadable."""
        found = self.open(sealed, column, id)
        return None if found is None else json.loads(found)


def conversation_row(record: ConversationRecord, seal: Seal) -> dict[str, Any]:
    """What ``save`` may write of a conversation: nothing of what staff did."""
    return {
        "id": record.id,
        "channel": record.channel,
        "language": record.language,
        "created_at": record.created_at,
        "last_at": record.last_at,
        "last_seq": record.last_seq,
        "consent_version": record.consent.version,
        "consent_language": record.consent.language,
        "consent_at": record.consent.at,
        "topic": record.topic,
        "outcome": record.outcome,
        "urgency": record.urgency,
        "urgent_at": record.urgent_at,
        "facts": seal.close_json(record.facts, FACTS, record.id),
    }


def conversation_of(row: Row[*tuple[Any, ...]], seal: Seal) -> ConversationRecord:
    """The conversation of a row; facts that cannot be opened are left out."""
    return ConversationRecord(
        id=row.id,
        channel=row.channel,
        language=row.language,
        created_at=row.created_at,
        last_at=row.last_at,
        last_seq=row.last_seq,
        consent=consent_of(row),
        topic=row.topic,
        outcome=row.outcome,
        urgency=row.urgency,
        urgent_at=row.urgent_at,
        facts=_opened(seal, row.facts, FACTS, row.id),
        claimed_by=row.claimed_by,
    )


def consent_of(row: Row[*tuple[Any, ...]]) -> ConsentRecord:
    """To what the person agreed."""
    return ConsentRecord(row.consent_version, row.consent_language, row.consent_at)


def message_row(record: MessageRecord, conversation_id: str, seal: Seal) -> dict[str, Any]:
    """A message as its row, without what only staff write."""
    return {
        **{name: getattr(record, name) for name in _PLAIN},
        "conversation_id": conversation_id,
        "ranking": None if record.ranking is None else list(record.ranking),
        "entities": seal.close_json(record.entities, ENTITIES, record.id),
    }


def message_of(row: Row[*tuple[Any, ...]], seal: Seal) -> MessageRecord:
    """The message of a row; entities that cannot be opened are left out."""
    entities = _opened(seal, row.entities, ENTITIES, row.id)
    return MessageRecord(
        **{name: getattr(row, name) for name in _PLAIN},
        ranking=None if row.ranking is None else tuple(row.ranking),
        entities=None if entities is None else tuple(entities),
    )


def told_rows(record: MessageRecord, conversation_id: str) -> Iterator[dict[str, Any]]:
    """The law parameters that a bot message told."""
    if record.author != "bot" or record.reply is None:
        return
    for parameter, value in record.reply.get("parameters", {}).items():
        yield {
            "message_id": record.id,
            "parameter": parameter,
            "conversation_id": conversation_id,
            "value": written_value(value),
            "told_at": record.created_at,
        }


def written_value(value: Any) -> str:
    """A value as ``told`` keeps it."""
    return str(value)[:LONGEST_VALUE]


def _opened(seal: Seal, sealed: bytes | None, column: str, id: str) -> Any | None:
    try:
        return seal.open_json(sealed, column, id)
    except Unreadable:
        return None
