"""The table of figures: numbers by day, language and channel, without an id of anything."""

from __future__ import annotations

from sqlalchemy import Column, Date, Index, Integer, String, Table

from bot.transcripts.tables import metadata

#: Nothing here tells of one person, so nothing is deleted when a conversation is erased. ``language`` and ``channel``
#: are empty where a figure has none. Names are those of ``bot.transcripts.insights_records``.
daily_figures = Table(
    "daily_figures",
    metadata,
    Column("day", Date, primary_key=True),
    Column("name", String(96), primary_key=True),
    Column("language", String(8), primary_key=True),
    Column("channel", String(16), primary_key=True),
    Column("value", Integer, nullable=False),
    Index(None, "name", "day"),
)
