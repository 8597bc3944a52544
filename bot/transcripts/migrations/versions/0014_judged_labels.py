"""Which labels a judgement put on or took off, so that undoing it puts them back.

Revision ID: 0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("judgements", sa.Column("labels", sa.JSON(none_as_null=True)))


def downgrade() -> None:
    op.drop_column("judgements", "labels")
