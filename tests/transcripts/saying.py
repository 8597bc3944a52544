"""Conversations and messages that the tests save."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.transcripts.records import ConsentRecord, ConversationRecord, MessageRecord
from bot.transcripts.store import TranscriptStore

KEY = "a1" * 32
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def conversation(id: str = "c_1", minutes: float = 0, last_seq: int = 2, **more: Any) -> ConversationRecord:
    at = NOON + timedelta(minutes=minutes)
    return ConversationRecord(
        **{
            "id": id,
            "channel": "web",
            "language": "es",
            "created_at": at,
            "last_at": at,
            "last_seq": last_seq,
            "consent": ConsentRecord("v1", "es", at),
            **more,
        }
    )


def visitor(seq: int = 1, id: str | None = None, client: str = "a", **more: Any) -> MessageRecord:
    return MessageRecord(
        **{
            "id": id or f"m_{seq}",
            "seq": seq,
            "created_at": NOON,
            "author": "visitor",
            "kind": "text",
            "language": "es",
            "text": "¿Puedo trabajar? 🙏",
            "client_message_id": client,
            **more,
        }
    )


def bot(seq: int = 2, id: str | None = None, **more: Any) -> MessageRecord:
    reply = {"id": "work_permit", "section": "general", "parameters": {"ead.wait": "150 días"}, "choices": []}
    return MessageRecord(
        **{
            "id": id or f"m_{seq}",
            "seq": seq,
            "created_at": NOON,
            "author": "bot",
            "kind": "answer",
            "language": "es",
            "text": "Sí.",
            "reply_to": "m_1",
            "reply": reply,
            **more,
        }
    )


async def keep(store: TranscriptStore, number: int, *texts: str, **more: Any) -> str:
    """Keeps a conversation in which the visitor and the bot take turns; its last message came at minute ``number``."""
    id = f"c_{number}"
    lines = [
        visitor(seq, f"m_{number}_{seq}", f"k{seq}", text=text)
        if seq % 2
        else bot(seq, f"m_{number}_{seq}", reply_to=f"m_{number}_{seq - 1}", text=text)
        for seq, text in enumerate(texts, 1)
    ]
    await store.save(conversation(id, number, len(texts), **more), lines)
    return id
