"""The tables of judging: what staff think of conversations and answers, and which conversations are drawn for it.

Everything here is about one conversation and goes with it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    text,
)

from bot.transcripts.tables import Moment, metadata

#: What waits for its first and for its second reader. Query and index must say it in the same words.
FIRST = "done_at IS NULL"
SECOND = "second AND done_at IS NOT NULL AND second_done_at IS NULL"
ASSIGNED = "assigned_to IS NOT NULL"


def _of_conversation(**more: Any) -> Column[str]:
    return Column(
        "conversation_id",
        String(64),
        ForeignKey("conversations.id", ondelete="CASCADE"),
        nullable=False,
        **more,
    )


def _where(name: str, condition: str, *columns: str) -> Index:
    """An index over the rows of which ``condition`` is true."""
    return Index(name, *columns, sqlite_where=text(condition), postgresql_where=text(condition))


#: What one member of staff thinks of a conversation.
judgements = Table(
    "judgements",
    metadata,
    _of_conversation(primary_key=True),
    Column("staff_id", String(36), primary_key=True),
    # 1: the first reader, 2: whoever read it after that one, without having seen what the first one thought.
    Column("reader", SmallInteger, nullable=False),
    Column("verdict", String(8), nullable=False),
    Column("correct", String(8)),
    Column("safe", String(8)),
    Column("centred", String(8)),
    Column("trauma_aware", String(8)),
    Column("note", LargeBinary),
    Column("judged_at", Moment, nullable=False),
    # Where the verdict put the conversation among the urgent: since when, and how it stood before.
    Column("raised_at", Moment),
    Column("urgency_before", String(16)),
    Column("urgent_before", Moment),
    # The labels that it put on (true) or took off (false), for undoing it.
    Column("labels", JSON(none_as_null=True)),
    CheckConstraint("verdict IN ('good', 'fix', 'urgent')", name="verdict"),
    Index(None, "judged_at", "conversation_id"),
    Index(None, "staff_id", "judged_at"),
)

#: What is wrong with one of the bot's messages, and what would have been right.
turn_judgements = Table(
    "turn_judgements",
    metadata,
    Column("message_id", String(64), primary_key=True),
    Column("staff_id", String(36), primary_key=True),
    _of_conversation(index=True),
    Column("label", String(16), nullable=False),
    Column("right_topic", String(64)),
    Column("right_section", String(64)),
    Column("judged_at", Moment, nullable=False),
    Index(None, "judged_at", "message_id"),
)

#: Conversations that are drawn for judging; ``assigned_to`` and ``opened_by`` are about the reading that waits.
samples = Table(
    "samples",
    metadata,
    _of_conversation(primary_key=True),
    Column("reason", String(8), nullable=False),
    Column("second", Boolean, nullable=False),
    Column("drawn_at", Moment, nullable=False),
    Column("assigned_to", String(36)),
    Column("done_at", Moment),
    Column("second_done_at", Moment),
    # Who read it first, and who has it open at the moment, so that two people do not read the same one at once.
    Column("first_by", String(36)),
    Column("opened_by", String(36)),
    Column("opened_at", Moment),
    CheckConstraint("reason IN ('urgent', 'fallback', 'random')", name="reason"),
    _where("ix_samples_first", FIRST, "reason", "assigned_to", "drawn_at", "conversation_id"),
    _where("ix_samples_second", SECOND, "reason", "assigned_to", "first_by", "drawn_at", "conversation_id"),
    _where("ix_samples_assigned", ASSIGNED, "assigned_to"),
)

#: Conversations that a member of staff has put aside for now.
skips = Table(
    "judging_skips",
    metadata,
    _of_conversation(primary_key=True),
    Column("staff_id", String(36), primary_key=True),
    Column("skipped_at", Moment, nullable=False),
    Index(None, "staff_id", "skipped_at"),
)

#: How far the drawing has come: one row, the last message of the last conversation that was looked at.
draws = Table(
    "judging_draws",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("last_at", Moment, nullable=False),
)

#: What an erasure takes with a conversation.
OF_CONVERSATION = (turn_judgements, judgements, skips, samples)
