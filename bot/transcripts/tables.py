"""The tables of the transcript store, as SQLAlchemy Core describes them.

A row about a conversation exists only after the person's consent. Text is masked before it comes here; what names a
person otherwise is a ciphertext (``bot.transcripts.sealing``). The staff's lists page by a moment and the id: an index
on both carries each of them. The words that can be searched have tables of their own (``bot.transcripts.words``).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.elements import ColumnElement

#: What waits for staff. Query and index must say it in the same words, or SQLite does not use the index.
URGENT = "urgency IN ('emergency', 'urgent') AND (human_at IS NULL OR human_at < urgent_at)"
UNSEEN = "look IS NOT NULL AND looked_at IS NULL"
DISLIKED = "rating = 'down' AND looked_at IS NULL"
FALLBACK = "look = 'fallback'"
UNSETTLED = "settled_at IS NULL"
CLAIMED = "claimed_by IS NOT NULL"
HELD = "hold_at IS NOT NULL"
UNREVIEWED = "reviewed_at IS NULL"
REVIEWED = "reviewed_at IS NOT NULL"
#: What the visitor said: counted, and where the first of it stands, without reading the messages.
OF_VISITOR = "author = 'visitor'"
OF_STAFF = "author = 'staff'"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Moment(TypeDecorator[datetime]):
    """An aware moment in UTC; SQLite has no time zones, so it is kept there as naive UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class NextNumber(ColumnElement[int]):
    """The number of a new conversation."""

    inherit_cache = True
    type = BigInteger()


@compiles(NextNumber, "sqlite")
def _next_on_sqlite(_element: NextNumber, _compiler: Any, **_: Any) -> str:
    return "(SELECT coalesce(max(number), 0) + 1 FROM conversations)"


@compiles(NextNumber, "postgresql")
def _next_on_postgresql(_element: NextNumber, _compiler: Any, **_: Any) -> str:
    return "nextval('conversation_numbers')"


def _where(name: str, condition: str, *columns: str) -> Index:
    """An index over the rows of which ``condition`` is true."""
    return Index(name, *columns, sqlite_where=text(condition), postgresql_where=text(condition))


conversations = Table(
    "conversations",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("channel", String(16), nullable=False),
    Column("language", String(8), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("last_at", Moment, nullable=False),
    Column("last_seq", Integer, nullable=False),
    Column("consent_version", String(64), nullable=False),
    Column("consent_language", String(8), nullable=False),
    Column("consent_at", Moment, nullable=False),
    # What the rows of the full-text index are counted from: they need whole numbers.
    Column("number", BigInteger, default=NextNumber()),
    # What came of it: the topic answered last, the outcome, how urgent it is and since when.
    Column("topic", String(64)),
    Column("outcome", String(16), nullable=False, default="open", server_default="open"),
    Column("urgency", String(16)),
    Column("urgent_at", Moment),
    # What staff did: the last time one of them dealt with it, who has it in hand, who read it, who keeps it and why.
    Column("human_at", Moment),
    Column("claimed_by", String(36)),
    Column("claimed_at", Moment),
    Column("reviewed_by", String(36)),
    Column("reviewed_at", Moment),
    Column("hold_by", String(36)),
    Column("hold_at", Moment),
    Column("hold_reason", LargeBinary),
    # The answers that triage knows, and the nationality.
    Column("facts", LargeBinary),
    Index(None, "number", unique=True),
    Index(None, "created_at", "id"),
    # One index for the list and for what has few values: each of its own would have to be written with every turn.
    Index("ix_conversations_listed", "last_at", "id", "channel", "language", "outcome", "urgency"),
    Index(None, "topic", "last_at", "id"),
    _where("ix_conversations_urgent", URGENT, "urgency", "urgent_at", "id"),
    _where("ix_conversations_claimed", CLAIMED, "claimed_by", "last_at", "id"),
    _where("ix_conversations_held", HELD, "last_at", "id"),
    _where("ix_conversations_unreviewed", UNREVIEWED, "last_at", "id"),
    _where("ix_conversations_reviewed", REVIEWED, "last_at", "id"),
    _where("ix_conversations_reviewer", REVIEWED, "reviewed_by", "id"),
)

messages = Table(
    "messages",
    metadata,
    Column("id", String(64), primary_key=True),
    Column(
        "conversation_id",
        String(64),
        ForeignKey("conversations.id", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("seq", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("author", String(8), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("language", String(8), nullable=False),
    Column("text", Text, nullable=False),
    # Visitor messages: how they came and what was understood.
    Column("client_message_id", String(64)),
    Column("choice_id", String(64)),
    Column("intent", String(128)),
    Column("confidence", Float),
    Column("latency_ms", Integer),
    # Bot messages: what they answer, the whole reply (article, section, parameters told) and its rating.
    Column("reply_to", String(64)),
    Column("reply", JSON),
    Column("rating", String(8)),
    # What else the engine thought of, best first, and what it found in the text.
    Column("ranking", JSON(none_as_null=True)),
    Column("entities", LargeBinary),
    # Why staff should look at it (fallback, unsure), and who did; a bad rating is looked at in the same columns.
    Column("look", String(16)),
    Column("looked_at", Moment),
    Column("looked_by", String(36)),
    # Staff messages: who wrote it. Bot messages: the versions of content and law that it was said from.
    Column("staff_id", String(36)),
    Column("versions", JSON(none_as_null=True)),
    UniqueConstraint("conversation_id", "seq"),
    UniqueConstraint("conversation_id", "client_message_id"),
    CheckConstraint("author IN ('visitor', 'bot', 'staff')", name="author"),
    CheckConstraint("rating IS NULL OR rating IN ('up', 'down')", name="rating"),
    Index(None, "created_at", "id"),
    _where("ix_messages_visitor", OF_VISITOR, "conversation_id", "seq", "kind", "id"),
    _where("ix_messages_staff", OF_STAFF, "staff_id", "conversation_id"),
    _where("ix_messages_unseen", UNSEEN, "created_at", "id"),
    _where("ix_messages_disliked", DISLIKED, "created_at", "id"),
    _where("ix_messages_fallback", FALLBACK, "created_at", "id"),
)


def _of_conversation(**more: Any) -> Column[str]:
    return Column(
        "conversation_id",
        String(64),
        ForeignKey("conversations.id", ondelete="CASCADE"),
        nullable=False,
        **more,
    )


#: Every law parameter that a bot message told, with the value told: who must hear of a correction.
told = Table(
    "told",
    metadata,
    Column("message_id", String(64), primary_key=True),
    Column("parameter", String(128), primary_key=True),
    _of_conversation(index=True),
    Column("value", Text, nullable=False),
    Column("told_at", Moment, nullable=False),
    # By value: people who were told the one that is over are few among those who were told the one in force.
    Index(None, "parameter", "value", "told_at", "message_id"),
)

#: What was written before masking; only where the firm has turned it on, and only for a short time.
raw_texts = Table(
    "raw_texts",
    metadata,
    Column("message_id", String(64), primary_key=True),
    _of_conversation(index=True),
    Column("ciphertext", LargeBinary, nullable=False),
    Column("expires_at", Moment, nullable=False, index=True),
)

labels = Table(
    "conversation_labels",
    metadata,
    _of_conversation(primary_key=True),
    Column("label", String(64), primary_key=True),
    Index(None, "label", "conversation_id"),
)

#: Filters that a member of staff has kept under a name.
views = Table(
    "staff_views",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("staff_id", String(36), nullable=False),
    Column("name", String(64), nullable=False),
    Column("query", JSON, nullable=False),
    UniqueConstraint("staff_id", "name"),
)

alarms = Table(
    "alarms",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("created_at", Moment, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("code", String(128), nullable=False),
    # Empty for a conversation without consent; no foreign key: an alarm outlives an erasure, without the id.
    Column("conversation_id", String(64), index=True),
    Column("settled_by", String(36)),
    Column("settled_at", Moment),
    # The request for a consultation that leads to whom to call; emptied when that is erased.
    Column("request_id", String(36), index=True),
    Column("reference", String(8)),
    Index(None, "created_at", "id"),
    _where("ix_alarms_unsettled", UNSETTLED, "created_at", "id"),
)

counters = Table(
    "counters",
    metadata,
    Column("day", Date, primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("value", Integer, nullable=False),
)

#: Conversations that the engine must still forget: it could not be reached when the person erased them.
forgets = Table(
    "forgets",
    metadata,
    Column("conversation_id", String(64), primary_key=True),
    Column("due_at", Moment, nullable=False, index=True),
    Column("attempts", Integer, nullable=False),
)
