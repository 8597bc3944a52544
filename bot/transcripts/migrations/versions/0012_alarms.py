"""The request for a consultation that an alarm is about.

Revision ID: 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("alarms", sa.Column("request_id", sa.String(36)))
    op.add_column("alarms", sa.Column("reference", sa.String(8)))
    op.create_index("ix_alarms_request_id", "alarms", ["request_id"])


def downgrade() -> None:
    op.drop_index("ix_alarms_request_id", "alarms")
    for column in ("reference", "request_id"):
        op.drop_column("alarms", column)
