"""One conversation for the matter file: its content as canonical JSON, and the checksum of that.

The JSON is ASCII without ``<``, ``>`` and ``&``, so that it stands in a page letter by letter as it was counted. Who
saved it and when stands outside it: saved twice, the same content has the same checksum.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bot.booking.records import Booking
from bot.console.telling import short_id

if TYPE_CHECKING:
    from bot.transcripts.records import Whole

FORMAT = "faro.conversation/1"

_BOOKING = (
    "reference",
    "created_at",
    "updated_at",
    "state",
    "level",
    "delivery",
    "appointment",
    "start",
    "timezone",
)
_MESSAGE = (
    "id", "seq", "created_at", "author", "kind", "language", "text", "choice_id", "intent", "confidence", "ranking",
    "entities", "latency_ms", "reply_to", "reply", "rating", "staff_id", "versions",
)  # fmt: skip
_ESCAPED = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}


def content_of(whole: Whole, booking: Booking | None, contents: Mapping[str, Any] | None) -> str:
    """Everything that is kept of a conversation as canonical JSON; ``contents`` are those of its request, or None."""
    row = whole.row
    content = {
        "format": FORMAT,
        "conversation": {
            "id": row.id,
            "channel": row.channel,
            "language": row.language,
            "created_at": row.created_at,
            "last_at": row.last_at,
            "topic": row.topic,
            "outcome": row.outcome,
            "urgency": row.urgency,
            "labels": sorted(row.labels),
            "consent": asdict(whole.consent),
            "facts": whole.facts,
        },
        "messages": [{name: getattr(message, name) for name in _MESSAGE} for message in whole.messages],
        "request": None
        if booking is None
        else {**{name: getattr(booking, name) for name in _BOOKING}, "contents": contents},
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), default=_plain)
    return "".join(_ESCAPED.get(letter, letter) for letter in text)


def digest(content: str) -> str:
    """The SHA-256 of the content, as hexadecimal digits."""
    return hashlib.sha256(content.encode("ascii")).hexdigest()


def file_name(conversation_id: str) -> str:
    """What the saved page is called: nothing about the person."""
    return f"faro-{short_id(conversation_id)}.html"


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    raise TypeError(f"{type(value).__name__} has no place in an export")
