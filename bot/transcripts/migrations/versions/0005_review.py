"""What staff see of conversations.

Revision ID: 0005
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from bot.transcripts import words

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON(none_as_null=True)
#: The columns of ``messages`` before this step, in their order.
OLD = (
    "id, conversation_id, seq, created_at, author, kind, language, text, client_message_id, choice_id, intent, "
    "confidence, latency_ms, reply_to, reply, rating"
)
AUTHORS = "author IN ('visitor', 'bot', 'staff')"
BATCH = 1_000


def upgrade() -> None:
    connection = op.get_bind()
    _conversations(connection)
    _messages(connection)
    op.add_column("alarms", sa.Column("settled_by", sa.String(36)))
    op.add_column("alarms", sa.Column("settled_at", MOMENT))
    _partial("ix_alarms_unsettled", "alarms", ["created_at", "id"], "settled_at IS NULL")
    _new_tables()
    words.create(connection)
    _index_what_is_there(connection)


def downgrade() -> None:
    op.execute(sa.text("DROP TABLE message_words"))
    for table in ("staff_views", "conversation_labels", "raw_texts", "told"):
        op.drop_table(table)
    op.drop_index("ix_alarms_unsettled", "alarms")
    for column in ("settled_by", "settled_at"):
        op.drop_column("alarms", column)
    op.execute(sa.text("DELETE FROM messages WHERE author = 'staff'"))
    for index in ("ix_messages_visitor", "ix_messages_unseen", "ix_messages_disliked"):
        op.drop_index(index, "messages")
    for column in ("ranking", "entities", "look", "looked_at", "looked_by", "staff_id", "versions"):
        op.drop_column("messages", column)
    for index in (
        "number",
        "listed",
        "topic_last_at_id",
        "urgent",
        "claimed",
        "held",
        "unreviewed",
        "reviewed",
    ):
        op.drop_index(f"ix_conversations_{index}", "conversations")
    for column in (
        "number", "topic", "outcome", "urgency", "urgent_at", "human_at", "claimed_by", "claimed_at", "reviewed_by",
        "reviewed_at", "hold_by", "hold_at", "hold_reason", "facts",
    ):  # fmt: skip
        op.drop_column("conversations", column)
    op.create_index("ix_conversations_last_at_id", "conversations", ["last_at", "id"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.text("DROP SEQUENCE conversation_numbers"))


def _conversations(connection: sa.Connection) -> None:
    for column in (
        sa.Column("number", sa.BigInteger()),
        sa.Column("topic", sa.String(64)),
        sa.Column("outcome", sa.String(16), nullable=False, server_default="open"),
        sa.Column("urgency", sa.String(16)),
        sa.Column("urgent_at", MOMENT),
        sa.Column("human_at", MOMENT),
        sa.Column("claimed_by", sa.String(36)),
        sa.Column("claimed_at", MOMENT),
        sa.Column("reviewed_by", sa.String(36)),
        sa.Column("reviewed_at", MOMENT),
        sa.Column("hold_by", sa.String(36)),
        sa.Column("hold_at", MOMENT),
        sa.Column("hold_reason", sa.LargeBinary()),
        sa.Column("facts", sa.LargeBinary()),
    ):
        op.add_column("conversations", column)
    if connection.dialect.name == "postgresql":
        op.execute(sa.text("CREATE SEQUENCE conversation_numbers"))
        op.execute(sa.text("UPDATE conversations SET number = nextval('conversation_numbers')"))
    else:
        op.execute(sa.text("UPDATE conversations SET number = rowid"))
    op.create_index("ix_conversations_number", "conversations", ["number"], unique=True)
    listed = ["last_at", "id", "channel", "language", "outcome", "urgency"]
    op.create_index("ix_conversations_listed", "conversations", listed)
    op.create_index("ix_conversations_topic_last_at_id", "conversations", ["topic", "last_at", "id"])
    op.drop_index("ix_conversations_last_at_id", "conversations")
    urgent = "urgency IN ('emergency', 'urgent') AND (human_at IS NULL OR human_at < urgent_at)"
    ordered = ["last_at", "id"]
    _partial("ix_conversations_urgent", "conversations", ["urgency", "urgent_at", "id"], urgent)
    _partial("ix_conversations_claimed", "conversations", ["claimed_by", *ordered], "claimed_by IS NOT NULL")
    _partial("ix_conversations_held", "conversations", ordered, "hold_at IS NOT NULL")
    _partial("ix_conversations_unreviewed", "conversations", ordered, "reviewed_at IS NULL")
    _partial("ix_conversations_reviewed", "conversations", ordered, "reviewed_at IS NOT NULL")


def _messages(connection: sa.Connection) -> None:
    more = (
        sa.Column("ranking", JSON),
        sa.Column("entities", sa.LargeBinary()),
        sa.Column("look", sa.String(16)),
        sa.Column("looked_at", MOMENT),
        sa.Column("looked_by", sa.String(36)),
        sa.Column("staff_id", sa.String(36)),
        sa.Column("versions", JSON),
    )
    if connection.dialect.name == "postgresql":
        for column in more:
            op.add_column("messages", column)
        op.drop_constraint(op.f("ck_messages_author"), "messages")
        op.create_check_constraint(op.f("ck_messages_author"), "messages", AUTHORS)
    else:
        # SQLite cannot alter a check: the table is made anew. Nothing refers to it yet.
        _messages_anew(*more)
        op.execute(sa.text(f"INSERT INTO messages_new ({OLD}) SELECT {OLD} FROM messages"))  # noqa: S608
        op.drop_table("messages")
        op.rename_table("messages_new", "messages")
        op.create_index("ix_messages_created_at_id", "messages", ["created_at", "id"])
    of_visitor = ["conversation_id", "seq", "kind", "id"]
    _partial("ix_messages_visitor", "messages", of_visitor, "author = 'visitor'")
    unseen = "look IS NOT NULL AND looked_at IS NULL"
    disliked = "rating = 'down' AND looked_at IS NULL"
    _partial("ix_messages_unseen", "messages", ["created_at", "id"], unseen)
    _partial("ix_messages_disliked", "messages", ["created_at", "id"], disliked)


def _messages_anew(*more: sa.Column[Any]) -> None:
    op.create_table(
        "messages_new",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("conversation_id", sa.String(64), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("author", sa.String(8), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("client_message_id", sa.String(64)),
        sa.Column("choice_id", sa.String(64)),
        sa.Column("intent", sa.String(128)),
        sa.Column("confidence", sa.Float()),
        sa.Column("latency_ms", sa.Integer()),
        sa.Column("reply_to", sa.String(64)),
        sa.Column("reply", sa.JSON()),
        sa.Column("rating", sa.String(8)),
        *more,
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name="fk_messages_conversation_id",
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint("conversation_id", "seq", name="uq_messages_conversation_id_seq"),
        sa.UniqueConstraint(
            "conversation_id", "client_message_id", name="uq_messages_conversation_id_client_message_id"
        ),
        sa.CheckConstraint(AUTHORS, name=op.f("ck_messages_author")),
        sa.CheckConstraint("rating IS NULL OR rating IN ('up', 'down')", name=op.f("ck_messages_rating")),
    )


def _new_tables() -> None:
    op.create_table(
        "told",
        sa.Column("message_id", sa.String(64), nullable=False),
        sa.Column("parameter", sa.String(128), nullable=False),
        sa.Column("conversation_id", sa.String(64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("told_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("message_id", "parameter", name="pk_told"),
        _cascade("told"),
    )
    op.create_index("ix_told_conversation_id", "told", ["conversation_id"])
    op.create_index("ix_told_parameter_told_at", "told", ["parameter", "told_at"])
    op.create_table(
        "raw_texts",
        sa.Column("message_id", sa.String(64), nullable=False),
        sa.Column("conversation_id", sa.String(64), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("message_id", name="pk_raw_texts"),
        _cascade("raw_texts"),
    )
    op.create_index("ix_raw_texts_conversation_id", "raw_texts", ["conversation_id"])
    op.create_index("ix_raw_texts_expires_at", "raw_texts", ["expires_at"])
    op.create_table(
        "conversation_labels",
        sa.Column("conversation_id", sa.String(64), nullable=False),
        sa.Column("label", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", "label", name="pk_conversation_labels"),
        _cascade("conversation_labels"),
    )
    op.create_index(
        "ix_conversation_labels_label_conversation_id", "conversation_labels", ["label", "conversation_id"]
    )
    op.create_table(
        "staff_views",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("staff_id", sa.String(36), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("query", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_staff_views"),
        sa.UniqueConstraint("staff_id", "name", name="uq_staff_views_staff_id_name"),
    )


def _cascade(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["conversation_id"], ["conversations.id"], name=f"fk_{table}_conversation_id", ondelete="CASCADE"
    )


def _partial(name: str, table: str, columns: list[str], condition: str) -> None:
    op.create_index(
        name, table, columns, sqlite_where=sa.text(condition), postgresql_where=sa.text(condition)
    )


def _index_what_is_there(connection: sa.Connection) -> None:
    """The words of the messages that were kept before there was an index."""
    rows = connection.execute(sa.text("SELECT conversation_id, seq, text FROM messages"))
    for some in rows.partitions(BATCH):
        words.keep_all(connection, ((row.conversation_id, row.seq, row.text) for row in some))
