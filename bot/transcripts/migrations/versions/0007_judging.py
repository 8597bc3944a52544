"""What staff judge of conversations, and which of them are drawn for it.

Revision ID: 0007
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def _conversation_id() -> sa.Column[str]:
    return sa.Column("conversation_id", sa.String(64), nullable=False)


def _of_conversation(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["conversation_id"], ["conversations.id"], name=f"fk_{table}_conversation_id", ondelete="CASCADE"
    )


def _index(name: str, table: str, columns: list[str], condition: str | None = None) -> None:
    where: dict[str, Any] = {}
    if condition is not None:
        where = {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}
    op.create_index(name, table, columns, **where)


def upgrade() -> None:
    op.create_table(
        "judgements",
        _conversation_id(),
        sa.Column("staff_id", sa.String(36), nullable=False),
        sa.Column("reader", sa.SmallInteger(), nullable=False),
        sa.Column("verdict", sa.String(8), nullable=False),
        sa.Column("correct", sa.String(8)),
        sa.Column("safe", sa.String(8)),
        sa.Column("centred", sa.String(8)),
        sa.Column("trauma_aware", sa.String(8)),
        sa.Column("note", sa.LargeBinary()),
        sa.Column("judged_at", MOMENT, nullable=False),
        sa.Column("raised_at", MOMENT),
        sa.Column("urgency_before", sa.String(16)),
        sa.Column("urgent_before", MOMENT),
        sa.PrimaryKeyConstraint("conversation_id", "staff_id", name="pk_judgements"),
        _of_conversation("judgements"),
        sa.CheckConstraint("verdict IN ('good', 'fix', 'urgent')", name=op.f("ck_judgements_verdict")),
    )
    _index("ix_judgements_judged_at_conversation_id", "judgements", ["judged_at", "conversation_id"])
    _index("ix_judgements_staff_id_judged_at", "judgements", ["staff_id", "judged_at"])
    op.create_table(
        "turn_judgements",
        sa.Column("message_id", sa.String(64), nullable=False),
        sa.Column("staff_id", sa.String(36), nullable=False),
        _conversation_id(),
        sa.Column("label", sa.String(16), nullable=False),
        sa.Column("right_topic", sa.String(64)),
        sa.Column("right_section", sa.String(64)),
        sa.Column("judged_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("message_id", "staff_id", name="pk_turn_judgements"),
        _of_conversation("turn_judgements"),
    )
    _index("ix_turn_judgements_conversation_id", "turn_judgements", ["conversation_id"])
    _index("ix_turn_judgements_judged_at_message_id", "turn_judgements", ["judged_at", "message_id"])
    op.create_table(
        "samples",
        _conversation_id(),
        sa.Column("reason", sa.String(8), nullable=False),
        sa.Column("second", sa.Boolean(), nullable=False),
        sa.Column("drawn_at", MOMENT, nullable=False),
        sa.Column("assigned_to", sa.String(36)),
        sa.Column("done_at", MOMENT),
        sa.Column("second_done_at", MOMENT),
        sa.Column("first_by", sa.String(36)),
        sa.Column("opened_by", sa.String(36)),
        sa.Column("opened_at", MOMENT),
        sa.PrimaryKeyConstraint("conversation_id", name="pk_samples"),
        _of_conversation("samples"),
        sa.CheckConstraint("reason IN ('urgent', 'fallback', 'random')", name=op.f("ck_samples_reason")),
    )
    _index(
        "ix_samples_first",
        "samples",
        ["reason", "assigned_to", "drawn_at", "conversation_id"],
        "done_at IS NULL",
    )
    _index(
        "ix_samples_second",
        "samples",
        ["reason", "assigned_to", "first_by", "drawn_at", "conversation_id"],
        "second AND done_at IS NOT NULL AND second_done_at IS NULL",
    )
    _index("ix_samples_assigned", "samples", ["assigned_to"], "assigned_to IS NOT NULL")
    op.create_table(
        "judging_skips",
        _conversation_id(),
        sa.Column("staff_id", sa.String(36), nullable=False),
        sa.Column("skipped_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", "staff_id", name="pk_judging_skips"),
        _of_conversation("judging_skips"),
    )
    _index("ix_judging_skips_staff_id_skipped_at", "judging_skips", ["staff_id", "skipped_at"])
    op.create_table(
        "judging_draws",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("last_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_judging_draws"),
    )


def downgrade() -> None:
    for table in ("judging_draws", "judging_skips", "samples", "turn_judgements", "judgements"):
        op.drop_table(table)
