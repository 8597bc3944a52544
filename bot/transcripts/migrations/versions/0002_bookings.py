"""Requests for a consultation, their events, values behind tokens, and what the firm answered.

Revision ID: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "booking_values",
        sa.Column("conversation_id", sa.String(64), nullable=False),
        sa.Column("token", sa.String(32), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", "token", name="pk_booking_values"),
    )
    op.create_index("ix_booking_values_expires_at", "booking_values", ["expires_at"])
    op.create_table(
        "bookings",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("reference", sa.String(8), nullable=False),
        sa.Column("conversation_id", sa.String(64)),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("level", sa.String(16), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("body", sa.LargeBinary()),
        sa.Column("delivery", sa.String(16), nullable=False),
        sa.Column("firm_booking_id", sa.String(128)),
        sa.Column("firm_at", MOMENT),
        sa.Column("appointment", sa.String(16), nullable=False),
        sa.Column("start_at", MOMENT),
        sa.Column("end_at", MOMENT),
        sa.Column("timezone", sa.String(64)),
        sa.Column("join_url", sa.LargeBinary()),
        sa.Column("note_code", sa.String(64)),
        sa.PrimaryKeyConstraint("id", name="pk_bookings"),
        sa.UniqueConstraint("reference", name="uq_bookings_reference"),
        sa.CheckConstraint("state IN ('requested', 'cancelled')", name=op.f("ck_bookings_state")),
        sa.CheckConstraint(
            "delivery IN ('waiting', 'queued', 'retrying', 'delivered', 'dead')",
            name=op.f("ck_bookings_delivery"),
        ),
    )
    op.create_index("ix_bookings_conversation_id_created_at", "bookings", ["conversation_id", "created_at"])
    op.create_index("ix_bookings_created_at_id", "bookings", ["created_at", "id"])
    op.create_index("ix_bookings_updated_at", "bookings", ["updated_at"])
    op.create_table(
        "booking_outbox",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("booking_id", sa.String(36), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("effect_key", sa.String(160), nullable=False),
        sa.Column("type", sa.String(32), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("next_at", MOMENT, nullable=False),
        sa.Column("lease_until", MOMENT),
        sa.Column("leased_by", sa.String(64)),
        sa.Column("last_error", sa.String(64)),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("delivered_at", MOMENT),
        sa.Column("late_at", MOMENT),
        sa.Column("late_told_at", MOMENT),
        sa.Column("alarmed_at", MOMENT),
        sa.Column("told_at", MOMENT),
        sa.Column("tell_until", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_booking_outbox"),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["bookings.id"], name="fk_booking_outbox_booking_id", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("booking_id", "seq", name="uq_booking_outbox_booking_id_seq"),
        sa.UniqueConstraint("effect_key", name="uq_booking_outbox_effect_key"),
        sa.CheckConstraint(
            "state IN ('waiting', 'queued', 'sending', 'retrying', 'delivered', 'dead')",
            name=op.f("ck_booking_outbox_state"),
        ),
    )
    op.create_index("ix_booking_outbox_state_next_at", "booking_outbox", ["state", "next_at"])
    op.create_table(
        "booking_callbacks",
        sa.Column("id", sa.String(128), nullable=False),
        sa.Column("booking_id", sa.String(36), nullable=False),
        sa.Column("type", sa.String(32), nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("told_at", MOMENT),
        sa.Column("tell_until", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_booking_callbacks"),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["bookings.id"], name="fk_booking_callbacks_booking_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_booking_callbacks_booking_id", "booking_callbacks", ["booking_id"])


def downgrade() -> None:
    for table in ("booking_callbacks", "booking_outbox", "bookings", "booking_values"):
        op.drop_table(table)
