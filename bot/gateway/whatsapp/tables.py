"""The tables of WhatsApp, beside the others in one database and one chain of migrations.

What people write and where they can be reached are ciphertexts (``bot.transcripts.sealing``); a provider's ids are
names (``bot.gateway.whatsapp.names``). Whatever changes a person's rows first locks the person's own.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
    text,
)

from bot.transcripts.tables import Moment, metadata

#: What staff have still to hear of; asked for all the time, and mostly there is nothing.
_UNTOLD = "state IN ('failed', 'unknown', 'blocked') AND alarmed_at IS NULL"
#: What the provider has taken and may still hand back.
_KEPT = "state = 'sent' AND body IS NOT NULL"

people = Table(
    "wa_people",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("provider", String(16), nullable=False),
    Column("address", LargeBinary, nullable=False),
    Column("conversation_id", String(64), index=True),
    Column("language", String(8), nullable=False),
    Column("state", LargeBinary),
    Column("state_until", Moment, index=True),
    Column("last_inbound_at", Moment, index=True),
    Column("stopped_at", Moment),
    Column("greeted_at", Moment),
    # Erased while being answered: gone when the last words have been sent.
    Column("leaving_at", Moment, index=True),
    # When a template first stood in for what the closed window kept back.
    Column("blocked_at", Moment),
    # When they took another number, until they have been told that it is known.
    Column("renamed_at", Moment),
    # Since when a message waits; when the person may next be claimed; who holds them, until when. Without a holder
    # it is the time of the next try.
    Column("waiting_since", Moment),
    Column("due_at", Moment, index=True),
    Column("held_by", String(64)),
    Column("held_until", Moment),
    # When the first of what is to be sent is due.
    Column("out_due_at", Moment, index=True),
    # The numbers last given to a message of theirs and of ours.
    Column("last_in", Integer, nullable=False),
    Column("last_out", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
)

aliases = Table(
    "wa_aliases",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("person_id", String(64), ForeignKey("wa_people.id", ondelete="CASCADE"), nullable=False),
    Index(None, "person_id"),
)

#: Conversations that a person has left for another, as long as anything is kept of them.
earlier = Table(
    "wa_earlier",
    metadata,
    Column("conversation_id", String(64), primary_key=True),
    Column("person_id", String(64), ForeignKey("wa_people.id", ondelete="CASCADE"), nullable=False),
    # When to see whether anything is still kept of it.
    Column("look_at", Moment, nullable=False, index=True),
    Index(None, "person_id"),
)

#: What came, under the name of the provider's id; without a body, for long enough to know a repeat.
inbox = Table(
    "wa_inbox",
    metadata,
    Column("id", String(64), primary_key=True),
    # Empty after an erasure.
    Column("person_id", String(64), ForeignKey("wa_people.id", ondelete="SET NULL")),
    Column("seq", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("sent_at", Moment, nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("state", String(16), nullable=False),
    Column("body", LargeBinary),
    # Claims, less those that were given back.
    Column("attempts", Integer, nullable=False),
    # The first message of those that are answered together with it, the same on every try.
    Column("turn", String(64)),
    Column("last_error", String(64)),
    Column("ended_at", Moment),
    # When staff were alarmed that it was set aside.
    Column("alarmed_at", Moment),
    CheckConstraint("state IN ('waiting', 'answered', 'closed', 'aside')", name="state"),
    Index(None, "person_id", "state"),
    Index(None, "state", "received_at"),
)

#: What goes out, in the order of ``seq`` for each person; ``id`` comes back with a status.
outbox = Table(
    "wa_outbox",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("person_id", String(64), ForeignKey("wa_people.id", ondelete="CASCADE"), nullable=False),
    Column("seq", Integer, nullable=False),
    # The message that it answers; empty for news.
    Column("inbox_id", String(64)),
    Column("effect_key", String(160), nullable=False),
    # Nobody asked for it just now: it ends with STOP.
    Column("news", Boolean, nullable=False),
    Column("body", LargeBinary),
    Column("state", String(16), nullable=False),
    # Sendings that began, and those of which nobody knows whether they went out: never more than two.
    Column("attempts", Integer, nullable=False),
    Column("unsure", Integer, nullable=False),
    Column("next_at", Moment, nullable=False),
    Column("lease_until", Moment),
    Column("leased_by", String(64)),
    # The name of the provider's id, and how far it has come by what the provider says.
    Column("provider_name", String(64), index=True),
    Column("status", String(16)),
    Column("status_at", Moment),
    Column("last_error", String(64)),
    Column("created_at", Moment, nullable=False),
    Column("sent_at", Moment),
    # When staff were alarmed that it failed, was held back or has an unknown fate.
    Column("alarmed_at", Moment),
    UniqueConstraint("effect_key"),
    CheckConstraint(
        "state IN ('queued', 'sending', 'unsure', 'sent', 'failed', 'unknown', 'blocked', 'dropped')",
        name="state",
    ),
    Index(None, "person_id", "state", "seq"),
    Index(None, "state", "created_at"),
    Index("ix_wa_outbox_kept", "sent_at", sqlite_where=text(_KEPT), postgresql_where=text(_KEPT)),
    Index("ix_wa_outbox_trouble", "created_at", sqlite_where=text(_UNTOLD), postgresql_where=text(_UNTOLD)),
)

#: Conversations on their way from the page to WhatsApp, under the name of their code.
handovers = Table(
    "wa_handovers",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("conversation_id", String(64), nullable=False, index=True),
    Column("state", LargeBinary, nullable=False),
    Column("expires_at", Moment, nullable=False, index=True),
    # Who redeemed it: the same message again gets the same.
    Column("used_by", String(64)),
    Column("used_at", Moment),
)

reminders = Table(
    "wa_reminders",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("person_id", String(64), ForeignKey("wa_people.id", ondelete="CASCADE"), nullable=False),
    Column("calculation", String(64), nullable=False),
    Column("body", LargeBinary),
    Column("due_on", Date, nullable=False),
    # Empty when it has ended.
    Column("next_on", Date, index=True),
    Column("language", String(8), nullable=False),
    Column("consent_version", String(64), nullable=False),
    Column("consent_at", Moment, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("held_by", String(64)),
    Column("held_until", Moment),
    Column("ended_at", Moment, index=True),
    Index(None, "person_id"),
)
