"""Earlier conversations and new numbers of people who write by WhatsApp, and what was sent a moment ago.

Revision ID: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "wa_earlier",
        sa.Column("conversation_id", sa.String(64), nullable=False),
        sa.Column("person_id", sa.String(64), nullable=False),
        sa.Column("look_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", name="pk_wa_earlier"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["wa_people.id"], name="fk_wa_earlier_person_id", ondelete="CASCADE"
        ),
    )
    for column in ("person_id", "look_at"):
        op.create_index(f"ix_wa_earlier_{column}", "wa_earlier", [column])
    op.add_column("wa_people", sa.Column("renamed_at", MOMENT))
    kept = sa.text("state = 'sent' AND body IS NOT NULL")
    op.create_index("ix_wa_outbox_kept", "wa_outbox", ["sent_at"], sqlite_where=kept, postgresql_where=kept)


def downgrade() -> None:
    op.drop_index("ix_wa_outbox_kept", "wa_outbox")
    op.drop_column("wa_people", "renamed_at")
    op.drop_table("wa_earlier")
