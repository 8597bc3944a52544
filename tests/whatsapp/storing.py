"""What the tests of the store put into it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.gateway.whatsapp.model import Inbound, Outbound, Sender, Status
from bot.gateway.whatsapp.records import After, Out, OutRow, Taken, Work
from bot.gateway.whatsapp.store import WhatsAppStore

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOLD = timedelta(seconds=30)
PHONE = "12025550142"


def at(seconds: float = 0) -> datetime:
    return NOON + timedelta(seconds=seconds)


def sender(who: int | str = 1, *more: str) -> Sender:
    """A person; a number stands for the phone number 1202555…"""
    phone = who if isinstance(who, str) else f"1202555{who:04}"
    return Sender(phone, (f"phone:{phone}", *more))


def said(
    id: str,
    text: str = "hola",
    who: int | Sender = 1,
    seconds: float = 0,
    kind: str = "text",
    **named: str,
) -> Inbound:
    person = who if isinstance(who, Sender) else sender(who)
    return Inbound(id=id, sender=person, at=at(seconds), kind=kind, text=text, **named)


def heard(id: str, state: str, row: str = "", seconds: float = 0, code: str = "") -> Status:
    return Status(id=id, state=state, at=at(seconds), row=row, code=code)


async def take(store: WhatsAppStore, *events: Any, seconds: float = 0, urgent: Sequence[str] = ()) -> Taken:
    return await store.take("cloud", events, at(seconds), urgent)


async def claim(store: WhatsAppStore, seconds: float = 2, worker: str = "w", hold: timedelta = HOLD) -> Work:
    """Somebody's messages, which must be there."""
    work = await store.claim(worker, at(seconds), hold)
    assert work is not None
    return work


def texts(work: Work) -> list[str]:
    return [one.message.text if one.message else "?" for one in work.messages]


def ids(work: Work) -> list[str]:
    return [one.id for one in work.messages]


def reply(text: str) -> Outbound:
    return Outbound("text", text)


async def answer(
    store: WhatsAppStore, work: Work, *replies: str, seconds: float = 2, after: After | None = None
) -> int:
    """Answers all of the work."""
    first = ids(work)[0]
    out = [Out(f"{first}:{n}", reply(text), first) for n, text in enumerate(replies)]
    return await store.finish(work, ids(work), out, at(seconds), after=after)


async def next_out(
    store: WhatsAppStore, seconds: float = 2, worker: str = "s", hold: timedelta = HOLD
) -> OutRow:
    row = await store.next_out(worker, at(seconds), hold)
    assert row is not None
    return row


def said_in(row: OutRow) -> str:
    return row.message.text if row.message else "?"
