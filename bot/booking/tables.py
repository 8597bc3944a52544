"""The tables of booking, beside those of the transcripts in one database and one chain of migrations.

Whatever names a person is a ciphertext (``bot.transcripts.sealing``). The body of an event is kept as it was first
written, so that every attempt sends the same.
"""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
    text,
)

from bot.transcripts.tables import Moment, metadata

#: A request that somebody of the firm has still to deal with: its own system does not have it, nobody was in touch, and
#: it has neither been cancelled nor confirmed, moved or erased; a correction by the person makes it wait again. Query
#: and index must say it in the same words, or SQLite does not use the index.
WAITING = (
    "state = 'requested' AND body IS NOT NULL AND delivery <> 'delivered'"
    " AND (handled_at IS NULL OR handled_at < corrected_at) AND (firm_at IS NULL OR firm_at < corrected_at)"
)

#: Values behind the tokens of a conversation, such as [PHONE_1], until the booking form has used them.
values = Table(
    "booking_values",
    metadata,
    Column("conversation_id", String(64), primary_key=True),
    Column("token", String(32), primary_key=True),
    Column("ciphertext", LargeBinary, nullable=False),
    Column("expires_at", Moment, nullable=False, index=True),
)

bookings = Table(
    "bookings",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("reference", String(8), nullable=False),
    # Empty after an erasure: what the firm already has keeps its reference, and nothing else.
    Column("conversation_id", String(64)),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False, index=True),
    Column("state", String(16), nullable=False),
    Column("level", String(16), nullable=False),
    Column("language", String(8), nullable=False),
    Column("body", LargeBinary),
    Column("delivery", String(16), nullable=False),
    # What the firm's system said.
    Column("firm_booking_id", String(128)),
    Column("firm_at", Moment),
    Column("appointment", String(16), nullable=False),
    Column("start_at", Moment),
    Column("end_at", Moment),
    Column("timezone", String(64)),
    Column("join_url", LargeBinary),
    Column("note_code", String(64)),
    # When the person last corrected it; who of the firm was in touch, and when.
    Column("corrected_at", Moment),
    Column("handled_by", String(36)),
    Column("handled_at", Moment),
    UniqueConstraint("reference"),
    CheckConstraint("state IN ('requested', 'cancelled')", name="state"),
    CheckConstraint("delivery IN ('waiting', 'queued', 'retrying', 'delivered', 'dead')", name="delivery"),
    Index(None, "conversation_id", "created_at"),
    Index(None, "created_at", "id"),
    Index(
        "ix_bookings_waiting",
        "created_at",
        "id",
        sqlite_where=text(WAITING),
        postgresql_where=text(WAITING),
    ),
)

#: Events on their way; ``id`` is the webhook-id, ``seq`` the order within a booking.
outbox = Table(
    "booking_outbox",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("booking_id", String(36), ForeignKey("bookings.id", ondelete="CASCADE"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("effect_key", String(160), nullable=False),
    Column("type", String(32), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("state", String(16), nullable=False),
    # Attempts that began, and those that ended without delivery: a worker that was killed counts in the first.
    Column("attempts", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("next_at", Moment, nullable=False),
    Column("lease_until", Moment),
    Column("leased_by", String(64)),
    Column("last_error", String(64)),
    Column("created_at", Moment, nullable=False),
    Column("delivered_at", Moment),
    # When staff were alarmed that it is late, that it is dead; when the person was told either, or that it arrived.
    Column("late_at", Moment),
    Column("late_told_at", Moment),
    Column("alarmed_at", Moment),
    Column("told_at", Moment),
    # Until when one worker has it in hand to tell the person.
    Column("tell_until", Moment),
    UniqueConstraint("booking_id", "seq"),
    UniqueConstraint("effect_key"),
    CheckConstraint(
        "state IN ('waiting', 'queued', 'sending', 'retrying', 'delivered', 'dead')", name="state"
    ),
    Index(None, "state", "next_at"),
)

#: What the firm's system told us afterwards; ``id`` is its webhook-id, so that a repeat changes nothing.
callbacks = Table(
    "booking_callbacks",
    metadata,
    Column("id", String(128), primary_key=True),
    Column("booking_id", String(36), ForeignKey("bookings.id", ondelete="CASCADE"), nullable=False),
    Column("type", String(32), nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("told_at", Moment),
    Column("tell_until", Moment),
    Index(None, "booking_id"),
)
