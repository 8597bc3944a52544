"""Emergency notices of the firm, in both languages.

Revision ID: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "bulletins",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("text_en", sa.Text(), nullable=False),
        sa.Column("text_es", sa.Text(), nullable=False),
        sa.Column("on_at", MOMENT, nullable=False),
        sa.Column("on_by", sa.String(36), nullable=False),
        sa.Column("ends_at", MOMENT),
        sa.Column("off_at", MOMENT),
        sa.Column("off_by", sa.String(36)),
        sa.PrimaryKeyConstraint("id", name="pk_bulletins"),
    )
    op.create_index("ix_bulletins_on_at_id", "bulletins", ["on_at", "id"])


def downgrade() -> None:
    op.drop_table("bulletins")
