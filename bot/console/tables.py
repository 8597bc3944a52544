"""The tables of staff: accounts, recovery codes, sessions, views, and the log of what they did."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from bot.transcripts.tables import Moment, metadata

accounts = Table(
    "staff",
    metadata,
    Column("id", String(36), primary_key=True),
    # As it is typed at the door, in lower case.
    Column("login", String(64), nullable=False, unique=True),
    Column("name", String(120), nullable=False),
    Column("role", String(16), nullable=False),
    Column("language", String(8), nullable=False),
    Column("password", String(256), nullable=False),
    # Until when a password that was given out works; empty for one of the person's own choice.
    Column("password_until", Moment),
    # The secret of the app that makes codes, sealed; the one that is being set up stands apart.
    Column("totp", LargeBinary),
    Column("totp_pending", LargeBinary),
    # The last step of time whose code was used: none works twice.
    Column("totp_step", Integer),
    Column("failures", Integer, nullable=False),
    Column("locked_until", Moment),
    Column("created_at", Moment, nullable=False),
    Column("last_seen_at", Moment),
    Column("disabled_at", Moment),
    CheckConstraint("role IN ('reader', 'reviewer', 'attorney', 'admin')", name="role"),
)

#: Codes for whoever has lost the app: only their hashes, each gone with its use.
recovery_codes = Table(
    "staff_recovery_codes",
    metadata,
    Column("staff_id", String(36), ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True),
    Column("hash", String(64), primary_key=True),
)

#: ``token`` is the hash of what the cookie holds; ``stage`` is full, setup (nothing but setting up) or door (a link).
sessions = Table(
    "staff_sessions",
    metadata,
    Column("token", String(64), primary_key=True),
    Column("staff_id", String(36), ForeignKey("staff.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("stage", String(8), nullable=False),
    Column("created_at", Moment, nullable=False, index=True),
    Column("seen_at", Moment, nullable=False),
    CheckConstraint("stage IN ('full', 'setup', 'door')", name="stage"),
)

#: What staff did, each line chained to the one before; the database refuses to change or delete one.
audit_log = Table(
    "staff_audit",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    # Empty for what the command line did; no foreign key: the log outlives the account.
    Column("staff_id", String(36)),
    Column("action", String(64), nullable=False),
    Column("object", String(128), nullable=False),
    Column("detail", Text, nullable=False),
    Column("key", String(16), nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index(None, "staff_id", "seq"),
    Index(None, "object", "seq"),
)

#: One row: where the log ends, so that lines cannot be taken off its end.
audit_head = Table(
    "staff_audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("seal", String(64), nullable=False),
)
