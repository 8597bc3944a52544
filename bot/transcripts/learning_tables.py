"""The tables of learning: turns on their way into examples and tests, and unanswered questions by their meaning.

A group holds no text: its questions are read where they stand, so an erasure takes them out of it too.
"""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from bot.transcripts.tables import Moment, metadata

KINDS = ("example", "test")
OPEN, DISMISSED, TAKEN = "open", "dismissed", "taken"

proposals = Table(
    "proposals",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("kind", String(8), nullable=False),
    Column(
        "conversation_id", String(64), ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False, index=True
    ),
    # The bot's message that was corrected.
    Column("message_id", String(64), nullable=False),
    Column("language", String(8), nullable=False),
    # What the person wrote, as a member of staff rewrote it: nothing in it points to anybody.
    Column("text", Text, nullable=False),
    Column("topic", String(64), nullable=False),
    Column("section", String(64)),
    Column("state", String(16), nullable=False),
    Column("made_by", String(36), nullable=False),
    Column("made_at", Moment, nullable=False),
    # When it was dismissed or taken; nobody of staff takes it, so then there is no name.
    Column("decided_by", String(36)),
    Column("decided_at", Moment),
    UniqueConstraint("message_id", "kind"),
    CheckConstraint("kind IN ('example', 'test')", name="kind"),
    CheckConstraint("state IN ('open', 'dismissed', 'taken')", name="state"),
    Index(None, "state", "made_at", "id"),
)  # fmt: skip

groups = Table(
    "question_groups",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("made_at", Moment, nullable=False),
    # How many questions it was made of; some may have been erased since.
    Column("size", Integer, nullable=False),
    # What the bot knows that comes nearest, and how near: 1 is the same, around 0 nothing in common.
    Column("topic", String(64)),
    Column("section", String(64)),
    Column("similarity", Float, nullable=False),
    Column("dismissed_by", String(36)),
    Column("dismissed_at", Moment),
    Index(None, "size", "id"),
)

grouped = Table(
    "grouped_questions",
    metadata,
    Column("message_id", String(64), primary_key=True),
    Column(
        "conversation_id", String(64), ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False, index=True
    ),
    Column("group_id", String(36), ForeignKey("question_groups.id", ondelete="CASCADE"), nullable=False),
    # 0 is the one that says best what all of them ask.
    Column("place", Integer, nullable=False),
    Index(None, "group_id", "place"),
)  # fmt: skip

#: What goes with a conversation that is erased.
OF_CONVERSATION = (proposals, grouped)
