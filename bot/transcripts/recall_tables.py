"""The tables of corrections: what people are told anew, and how far that has come for each of them.

What was told stands in ``told``; a correction holds no word of any person.
"""

from __future__ import annotations

from sqlalchemy import JSON, CheckConstraint, Column, ForeignKey, Index, String, Table, Text, text

from bot.transcripts.tables import Moment, metadata

#: What is still to be sent. Query and index must say it in the same words, or SQLite does not use the index.
UNSENT = "state IN ('ready', 'sending')"

corrections = Table(
    "corrections",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("parameter", String(128), nullable=False),
    # From when on it was told, inclusive; empty: everything that is kept.
    Column("since", Moment),
    # The values that are corrected, as they were told; and the new one by language, empty where the rule has ended.
    Column("old_values", JSON, nullable=False),
    Column("new_value", JSON, nullable=False),
    # With the names day and told between double braces, which each person's own fill.
    Column("text_en", Text, nullable=False),
    Column("text_es", Text, nullable=False),
    Column("made_by", String(36), nullable=False),
    Column("made_at", Moment, nullable=False),
    # Nothing goes out before.
    Column("approved_by", String(36)),
    Column("approved_at", Moment),
    Index(None, "made_at", "id"),
    Index(None, "parameter", "made_at"),
)

correction_people = Table(
    "correction_people",
    metadata,
    Column(
        "correction_id",
        String(36),
        ForeignKey("corrections.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column(
        "conversation_id",
        String(64),
        ForeignKey("conversations.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("state", String(16), nullable=False),
    # Why it is not sent, or how: a code.
    Column("reason", String(32)),
    # What they were told last of what is corrected, and when.
    Column("value", Text, nullable=False),
    Column("told_at", Moment, nullable=False),
    # When somebody last began to send it.
    Column("taken_at", Moment),
    Column("sent_at", Moment),
    CheckConstraint("state IN ('ready', 'sending', 'sent', 'told', 'unreachable', 'declined')", name="state"),
    Index(None, "conversation_id"),
    Index("ix_correction_people_state", "correction_id", "state", "told_at", "conversation_id"),
    Index(
        "ix_correction_people_unsent",
        "told_at",
        "conversation_id",
        sqlite_where=text(UNSENT),
        postgresql_where=text(UNSENT),
    ),
)

#: What goes with a conversation that is erased.
OF_CONVERSATION = (correction_people,)
