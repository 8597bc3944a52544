"""Staff accounts, their sessions, and what they did.

Revision ID: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)

_REFUSAL = "the audit log is only added to"


def upgrade() -> None:
    op.create_table(
        "staff",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("login", sa.String(64), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("password", sa.String(256), nullable=False),
        sa.Column("password_until", MOMENT),
        sa.Column("totp", sa.LargeBinary()),
        sa.Column("totp_pending", sa.LargeBinary()),
        sa.Column("totp_step", sa.Integer()),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("last_seen_at", MOMENT),
        sa.Column("disabled_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_staff"),
        sa.UniqueConstraint("login", name="uq_staff_login"),
        sa.CheckConstraint("role IN ('reader', 'reviewer', 'attorney', 'admin')", name=op.f("ck_staff_role")),
    )
    op.create_table(
        "staff_recovery_codes",
        sa.Column("staff_id", sa.String(36), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("staff_id", "hash", name="pk_staff_recovery_codes"),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name="fk_staff_recovery_codes_staff_id", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "staff_sessions",
        sa.Column("token", sa.String(64), nullable=False),
        sa.Column("staff_id", sa.String(36), nullable=False),
        sa.Column("stage", sa.String(8), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("token", name="pk_staff_sessions"),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name="fk_staff_sessions_staff_id", ondelete="CASCADE"
        ),
        sa.CheckConstraint("stage IN ('full', 'setup', 'door')", name=op.f("ck_staff_sessions_stage")),
    )
    op.create_index("ix_staff_sessions_staff_id", "staff_sessions", ["staff_id"])
    op.create_index("ix_staff_sessions_created_at", "staff_sessions", ["created_at"])
    op.create_table(
        "staff_audit",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("staff_id", sa.String(36)),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("object", sa.String(128), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("key", sa.String(16), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_staff_audit"),
    )
    op.create_index("ix_staff_audit_staff_id_seq", "staff_audit", ["staff_id", "seq"])
    op.create_index("ix_staff_audit_object_seq", "staff_audit", ["object", "seq"])
    op.create_table(
        "staff_audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_staff_audit_head"),
    )
    for statement in _refusals(op.get_bind().dialect.name):
        op.execute(statement)


def _refusals(dialect: str) -> tuple[str, ...]:
    if dialect == "sqlite":
        return tuple(
            f"CREATE TRIGGER staff_audit_no_{event.lower()} BEFORE {event} ON staff_audit "
            f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
            for event in ("UPDATE", "DELETE")
        )
    return (
        "CREATE FUNCTION staff_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$",
        "CREATE TRIGGER staff_audit_no_change BEFORE UPDATE OR DELETE ON staff_audit "
        "FOR EACH ROW EXECUTE FUNCTION staff_audit_refuse()",
        "CREATE TRIGGER staff_audit_no_truncate BEFORE TRUNCATE ON staff_audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION staff_audit_refuse()",
    )


def downgrade() -> None:
    for table in ("staff_audit_head", "staff_audit", "staff_sessions", "staff_recovery_codes", "staff"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION staff_audit_refuse()")
