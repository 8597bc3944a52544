"""Proposals: turns that were corrected, on their way into examples and tests; unanswered questions by meaning.

Revision ID: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
FALLBACK = "look = 'fallback'"


def upgrade() -> None:
    op.create_table(
        "proposals",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("conversation_id", sa.String(64), nullable=False),
        sa.Column("message_id", sa.String(64), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("topic", sa.String(64), nullable=False),
        sa.Column("section", sa.String(64)),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("made_by", sa.String(36), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("decided_by", sa.String(36)),
        sa.Column("decided_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_proposals"),
        sa.UniqueConstraint("message_id", "kind", name="uq_proposals_message_id_kind"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_proposals_conversation_id", ondelete="CASCADE"
        ),
        sa.CheckConstraint("kind IN ('example', 'test')", name=op.f("ck_proposals_kind")),
        sa.CheckConstraint("state IN ('open', 'dismissed', 'taken')", name=op.f("ck_proposals_state")),
    )
    op.create_index("ix_proposals_conversation_id", "proposals", ["conversation_id"])
    op.create_index("ix_proposals_state_made_at_id", "proposals", ["state", "made_at", "id"])
    op.create_table(
        "question_groups",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("topic", sa.String(64)),
        sa.Column("section", sa.String(64)),
        sa.Column("similarity", sa.Float(), nullable=False),
        sa.Column("dismissed_by", sa.String(36)),
        sa.Column("dismissed_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_question_groups"),
    )
    op.create_index("ix_question_groups_size_id", "question_groups", ["size", "id"])
    op.create_table(
        "grouped_questions",
        sa.Column("message_id", sa.String(64), nullable=False),
        sa.Column("conversation_id", sa.String(64), nullable=False),
        sa.Column("group_id", sa.String(36), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", name="pk_grouped_questions"),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name="fk_grouped_questions_conversation_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["group_id"], ["question_groups.id"], name="fk_grouped_questions_group_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_grouped_questions_conversation_id", "grouped_questions", ["conversation_id"])
    op.create_index("ix_grouped_questions_group_id_place", "grouped_questions", ["group_id", "place"])
    # What had no answer, looked at or not: the grouping reads some months of it.
    op.create_index(
        "ix_messages_fallback",
        "messages",
        ["created_at", "id"],
        sqlite_where=sa.text(FALLBACK),
        postgresql_where=sa.text(FALLBACK),
    )


def downgrade() -> None:
    op.drop_index("ix_messages_fallback", "messages")
    for table in ("grouped_questions", "question_groups", "proposals"):
        op.drop_table(table)
