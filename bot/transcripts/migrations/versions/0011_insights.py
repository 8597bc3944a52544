"""Figures by day, language and channel: numbers that outlive what they were counted from.

Revision ID: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "daily_figures",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.String(96), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "name", "language", "channel", name="pk_daily_figures"),
    )
    op.create_index("ix_daily_figures_name_day", "daily_figures", ["name", "day"])


def downgrade() -> None:
    op.drop_table("daily_figures")
