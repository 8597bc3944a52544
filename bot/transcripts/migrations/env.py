"""Run by Alembic: applies the steps on the connection that ``bot.transcripts.schema`` passes in."""

from __future__ import annotations

from alembic import context

import bot.transcripts.insights_tables  # noqa: F401 - adds its table to the metadata
from bot.transcripts.tables import metadata
from bot.transcripts.words import is_described

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=True,
    include_name=is_described,
)
with context.begin_transaction():
    context.run_migrations()
