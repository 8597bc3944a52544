"""Who of the firm dealt with a request for a consultation and when, so that the console's list can be worked off; and
what finds the conversations that a member of staff reviewed or wrote in.

What is on its way from before gets a sensible start: where somebody was in touch with the person since, that moment
counts; what nobody has touched for thirty days is set aside too, without a name, so that the list begins with people
who can still be expecting a call. Nothing is lost: all of it stands under "All requests" and can be put back.

Revision ID: 0013
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
OLD = timedelta(days=30)

BY_STAFF = {
    "ix_conversations_reviewer": ("conversations", "reviewed_at IS NOT NULL", ("reviewed_by", "id")),
    "ix_messages_staff": ("messages", "author = 'staff'", ("staff_id", "conversation_id")),
}
WAITING = (
    "state = 'requested' AND body IS NOT NULL AND delivery <> 'delivered'"
    " AND (handled_at IS NULL OR handled_at < corrected_at) AND (firm_at IS NULL OR firm_at < corrected_at)"
)
CALLED = (
    "UPDATE bookings SET handled_at = (SELECT c.human_at FROM conversations c"  # noqa: S608
    f" WHERE c.id = bookings.conversation_id AND c.human_at >= bookings.created_at) WHERE {WAITING}"
)
SET_ASIDE = f"UPDATE bookings SET handled_at = updated_at WHERE updated_at < :before AND {WAITING}"  # noqa: S608


def upgrade() -> None:
    op.add_column("bookings", sa.Column("corrected_at", MOMENT))
    op.add_column("bookings", sa.Column("handled_by", sa.String(36)))
    op.add_column("bookings", sa.Column("handled_at", MOMENT))
    op.execute(
        sa.text(
            "UPDATE bookings SET corrected_at = (SELECT max(o.created_at) FROM booking_outbox o"
            " WHERE o.booking_id = bookings.id AND o.type = 'consultation.updated')"
        )
    )
    op.execute(sa.text(CALLED))
    op.execute(sa.text(SET_ASIDE).bindparams(sa.bindparam("before", datetime.now(UTC) - OLD, MOMENT)))
    op.create_index(
        "ix_bookings_waiting",
        "bookings",
        ["created_at", "id"],
        sqlite_where=sa.text(WAITING),
        postgresql_where=sa.text(WAITING),
    )
    for name, (table, condition, columns) in BY_STAFF.items():
        where = sa.text(condition)
        op.create_index(name, table, list(columns), sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    for name, (table, *_) in BY_STAFF.items():
        op.drop_index(name, table)
    op.drop_index("ix_bookings_waiting", "bookings")
    for name in ("handled_at", "handled_by", "corrected_at"):
        op.drop_column("bookings", name)
