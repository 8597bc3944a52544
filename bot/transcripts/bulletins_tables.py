"""The table of the firm's emergency notices. They name nobody, and outlive every conversation."""

from __future__ import annotations

from sqlalchemy import Column, Index, String, Table, Text

from bot.transcripts.tables import Moment, metadata

#: On until ``off_at`` or, where it has one, ``ends_at`` (exclusive). The newest that is on is in force.
bulletins = Table(
    "bulletins",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("text_en", Text, nullable=False),
    Column("text_es", Text, nullable=False),
    Column("on_at", Moment, nullable=False),
    Column("on_by", String(36), nullable=False),
    Column("ends_at", Moment),
    Column("off_at", Moment),
    Column("off_by", String(36)),
    Index(None, "on_at", "id"),
)
