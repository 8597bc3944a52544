"""The rows of made-up conversations, and of the requests that some end with."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from bot.booking.outbox import place, text
from bot.booking.payload import consultation
from bot.booking.ports import REQUESTED
from bot.transcripts.records import MessageRecord
from bot.transcripts.sealing import Keys


@dataclass(slots=True)
class Batch:
    """Rows by table, as they are written together."""

    conversations: list[dict[str, Any]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    told: list[dict[str, Any]] = field(default_factory=list)
    labels: list[dict[str, Any]] = field(default_factory=list)
    alarms: list[dict[str, Any]] = field(default_factory=list)
    bookings: list[dict[str, Any]] = field(default_factory=list)
    outbox: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Lines:
    """A conversation as it is being thought up."""

    id: str
    lang: str
    channel: str
    at: datetime
    topic: str | None = None
    messages: list[MessageRecord] = field(default_factory=list)
    looked: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, message: MessageRecord) -> str:
        """Appends a message and gives its id."""
        self.messages.append(message)
        return message.id

    def rate(self, message_id: str, rating: str) -> None:
        """Rates a message of the bot."""
        self.messages = [
            replace(message, rating=rating) if message.id == message_id else message
            for message in self.messages
        ]


def add_request(
    batch: Batch,
    lines: Lines,
    level: str,
    reference: str,
    number: int,
    keys: Keys,
    chance: random.Random,
    now: datetime,
) -> None:
    """Adds the request that a conversation ends with, with its event: delivered or not, and never sent again."""
    at = lines.at
    id, event_id = str(UUID(int=chance.getrandbits(128), version=4)), f"msg_{chance.getrandbits(128):032x}"
    contact = {
        "name_as_given": f"Persona {number}" if lines.lang == "es" else f"Person {number}",
        "phone_e164": f"+120255501{chance.randrange(100):02}",
        "preferred_channel": "phone",
        "safe_to_leave_message": "yes",
    }
    consent = {"text_version": "2026-11", "language": lines.lang, "given_at": f"{at:%Y-%m-%dT%H:%M:%SZ}"}
    facts = {
        "triage": {"reasons": [], "rules_version": "2026-11-1"},
        "consent": {**consent, "scope": ["contact", "share_with_firm"]},
        "source": {"channel": lines.channel},
        "transcript": {"conversation_ref": lines.id},
        "conflict_check": "no",
    }
    delivery = chance.choices(("delivered", "waiting", "retrying", "dead"), (80, 12, 5, 3))[0]
    body = keys.seal(text({"facts": facts, "contact": contact}), place("bookings.body", id))
    batch.bookings.append(
        {
            "id": id,
            "reference": reference,
            "conversation_id": lines.id,
            "created_at": at,
            "updated_at": at,
            "state": "requested",
            "level": level,
            "language": lines.lang,
            "body": body,
            "delivery": delivery,
            "appointment": "none",
        }
    )
    event = consultation(
        REQUESTED,
        request_id=id,
        reference=reference,
        created_at=at,
        at=at,
        site="demo",
        environment="demo",
        level=level,
        language=lines.lang,
        contact=contact,
        facts=facts,
    )
    tried = 0 if delivery == "waiting" else 1
    batch.outbox.append(
        {
            "id": event_id,
            "booking_id": id,
            "seq": 1,
            "effect_key": f"demo:{id}",
            "type": REQUESTED,
            "body": keys.seal(text(event), place("booking_outbox.body", event_id)),
            "state": delivery,
            "attempts": tried,
            "failures": 0 if delivery == "delivered" else tried,
            # Far away, so that nothing made up is sent to anybody.
            "next_at": now + timedelta(days=3_650),
            "last_error": "http_410" if delivery == "dead" else None,
            "created_at": at,
            "delivered_at": at + timedelta(seconds=1) if delivery == "delivered" else None,
            "alarmed_at": at if delivery == "dead" else None,
            "told_at": at,
        }
    )
