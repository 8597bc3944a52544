"""Corrections for people who were told what has changed since.

Revision ID: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)

UNSENT = "state IN ('ready', 'sending')"


def upgrade() -> None:
    # Each value that was told is found by itself, however often another was told since.
    op.create_index(
        "ix_told_parameter_value_told_at_message_id",
        "told",
        ["parameter", "value", "told_at", "message_id"],
    )
    op.drop_index("ix_told_parameter_told_at", "told")
    op.create_table(
        "corrections",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("parameter", sa.String(128), nullable=False),
        sa.Column("since", MOMENT),
        sa.Column("old_values", sa.JSON(), nullable=False),
        sa.Column("new_value", sa.JSON(), nullable=False),
        sa.Column("text_en", sa.Text(), nullable=False),
        sa.Column("text_es", sa.Text(), nullable=False),
        sa.Column("made_by", sa.String(36), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("approved_by", sa.String(36)),
        sa.Column("approved_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_corrections"),
    )
    op.create_index("ix_corrections_made_at_id", "corrections", ["made_at", "id"])
    op.create_index("ix_corrections_parameter_made_at", "corrections", ["parameter", "made_at"])
    op.create_table(
        "correction_people",
        sa.Column("correction_id", sa.String(36), nullable=False),
        sa.Column("conversation_id", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(32)),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("told_at", MOMENT, nullable=False),
        sa.Column("taken_at", MOMENT),
        sa.Column("sent_at", MOMENT),
        sa.PrimaryKeyConstraint("correction_id", "conversation_id", name="pk_correction_people"),
        sa.ForeignKeyConstraint(
            ["correction_id"],
            ["corrections.id"],
            name="fk_correction_people_correction_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name="fk_correction_people_conversation_id",
            ondelete="CASCADE",
        ),
        sa.CheckConstraint(
            "state IN ('ready', 'sending', 'sent', 'told', 'unreachable', 'declined')",
            name=op.f("ck_correction_people_state"),
        ),
    )
    op.create_index("ix_correction_people_conversation_id", "correction_people", ["conversation_id"])
    op.create_index(
        "ix_correction_people_state",
        "correction_people",
        ["correction_id", "state", "told_at", "conversation_id"],
    )
    op.create_index(
        "ix_correction_people_unsent",
        "correction_people",
        ["told_at", "conversation_id"],
        sqlite_where=sa.text(UNSENT),
        postgresql_where=sa.text(UNSENT),
    )


def downgrade() -> None:
    op.drop_table("correction_people")
    op.drop_table("corrections")
    op.create_index("ix_told_parameter_told_at", "told", ["parameter", "told_at"])
    op.drop_index("ix_told_parameter_value_told_at_message_id", "told")
