"""People who write by WhatsApp, their messages and ours, conversations carried over, and reminders.

Revision ID: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "wa_people",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("provider", sa.String(16), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("conversation_id", sa.String(64)),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("state", sa.LargeBinary()),
        sa.Column("state_until", MOMENT),
        sa.Column("last_inbound_at", MOMENT),
        sa.Column("stopped_at", MOMENT),
        sa.Column("greeted_at", MOMENT),
        sa.Column("leaving_at", MOMENT),
        sa.Column("blocked_at", MOMENT),
        sa.Column("waiting_since", MOMENT),
        sa.Column("due_at", MOMENT),
        sa.Column("held_by", sa.String(64)),
        sa.Column("held_until", MOMENT),
        sa.Column("out_due_at", MOMENT),
        sa.Column("last_in", sa.Integer(), nullable=False),
        sa.Column("last_out", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_wa_people"),
    )
    for column in ("conversation_id", "state_until", "last_inbound_at", "leaving_at", "due_at", "out_due_at"):
        op.create_index(f"ix_wa_people_{column}", "wa_people", [column])
    op.create_table(
        "wa_aliases",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("person_id", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_wa_aliases"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["wa_people.id"], name="fk_wa_aliases_person_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_wa_aliases_person_id", "wa_aliases", ["person_id"])
    op.create_table(
        "wa_inbox",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("person_id", sa.String(64)),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("sent_at", MOMENT, nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("body", sa.LargeBinary()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("turn", sa.String(64)),
        sa.Column("last_error", sa.String(64)),
        sa.Column("ended_at", MOMENT),
        sa.Column("alarmed_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_wa_inbox"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["wa_people.id"], name="fk_wa_inbox_person_id", ondelete="SET NULL"
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'answered', 'closed', 'aside')", name=op.f("ck_wa_inbox_state")
        ),
    )
    op.create_index("ix_wa_inbox_person_id_state", "wa_inbox", ["person_id", "state"])
    op.create_index("ix_wa_inbox_state_received_at", "wa_inbox", ["state", "received_at"])
    op.create_table(
        "wa_outbox",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("person_id", sa.String(64), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("inbox_id", sa.String(64)),
        sa.Column("effect_key", sa.String(160), nullable=False),
        sa.Column("news", sa.Boolean(), nullable=False),
        sa.Column("body", sa.LargeBinary()),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("unsure", sa.Integer(), nullable=False),
        sa.Column("next_at", MOMENT, nullable=False),
        sa.Column("lease_until", MOMENT),
        sa.Column("leased_by", sa.String(64)),
        sa.Column("provider_name", sa.String(64)),
        sa.Column("status", sa.String(16)),
        sa.Column("status_at", MOMENT),
        sa.Column("last_error", sa.String(64)),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("sent_at", MOMENT),
        sa.Column("alarmed_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_wa_outbox"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["wa_people.id"], name="fk_wa_outbox_person_id", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("effect_key", name="uq_wa_outbox_effect_key"),
        sa.CheckConstraint(
            "state IN ('queued', 'sending', 'unsure', 'sent', 'failed', 'unknown', 'blocked', 'dropped')",
            name=op.f("ck_wa_outbox_state"),
        ),
    )
    op.create_index("ix_wa_outbox_person_id_state_seq", "wa_outbox", ["person_id", "state", "seq"])
    op.create_index("ix_wa_outbox_provider_name", "wa_outbox", ["provider_name"])
    op.create_index("ix_wa_outbox_state_created_at", "wa_outbox", ["state", "created_at"])
    untold = sa.text("state IN ('failed', 'unknown', 'blocked') AND alarmed_at IS NULL")
    op.create_index(
        "ix_wa_outbox_trouble", "wa_outbox", ["created_at"], sqlite_where=untold, postgresql_where=untold
    )
    op.create_table(
        "wa_handovers",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("conversation_id", sa.String(64), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_by", sa.String(64)),
        sa.Column("used_at", MOMENT),
        sa.PrimaryKeyConstraint("name", name="pk_wa_handovers"),
    )
    op.create_index("ix_wa_handovers_conversation_id", "wa_handovers", ["conversation_id"])
    op.create_index("ix_wa_handovers_expires_at", "wa_handovers", ["expires_at"])
    op.create_table(
        "wa_reminders",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("person_id", sa.String(64), nullable=False),
        sa.Column("calculation", sa.String(64), nullable=False),
        sa.Column("body", sa.LargeBinary()),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("next_on", sa.Date()),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("consent_version", sa.String(64), nullable=False),
        sa.Column("consent_at", MOMENT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("held_by", sa.String(64)),
        sa.Column("held_until", MOMENT),
        sa.Column("ended_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_wa_reminders"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["wa_people.id"], name="fk_wa_reminders_person_id", ondelete="CASCADE"
        ),
    )
    for column in ("person_id", "next_on", "ended_at"):
        op.create_index(f"ix_wa_reminders_{column}", "wa_reminders", [column])


def downgrade() -> None:
    for table in ("wa_reminders", "wa_handovers", "wa_outbox", "wa_inbox", "wa_aliases", "wa_people"):
        op.drop_table(table)
