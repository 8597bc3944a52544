"""A booking store on each database, and what it is filled with."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.booking.ports import Outcome
from bot.booking.records import Booking
from bot.booking.store import BookingStore
from bot.transcripts.sealing import Keys
from tests.databases import made, without_rows

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
KEY, OLD_KEY = "0a" * 32, "0b" * 32
SECRET, OTHER_SECRET = "whsec_" + "QUFB" * 8, "whsec_" + "QkJC" * 8

#: A number that no table may hold in the clear.
PHONE = "+12025550142"
CONTACT = {
    "name_as_given": "Nombre Apellido",
    "phone_e164": PHONE,
    "preferred_channel": "phone",
    "safe_to_leave_message": "no",
}
FACTS = {
    "triage": {"reasons": ["one_year_near"], "rules_version": "2026-11-1"},
    "facts": {"arrival": "2025-12-03", "filed": "no", "court": "no", "detained": "no", "lawyer": "refused"},
    "consent": {
        "text_version": "1a2b",
        "language": "es",
        "given_at": "2026-11-21T12:00:00Z",
        "scope": ["contact", "share_with_firm"],
    },
    "conflict_check": "unknown",
}


@pytest.fixture(scope="session")
def postgres_database(postgres_url: str) -> Iterator[str]:
    with made(postgres_url) as address:
        yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without rows."""
    return without_rows(request, tmp_path, "bookings", "booking_values", "conversations")


@pytest.fixture
async def open_store(url: str) -> AsyncIterator[Callable[..., Any]]:
    """Opens a store on the test's database; more than one may be open."""
    opened: list[BookingStore] = []

    async def build(keys: tuple[str, ...] = (KEY,), **options: Any) -> BookingStore:
        store = BookingStore(url, Keys(keys), site="Example Firm", **options)
        await store.start()
        opened.append(store)
        return store

    yield build
    for store in opened:
        await store.close()


@pytest.fixture
async def store(open_store: Callable[..., Any]) -> BookingStore:
    return await open_store()


async def asks(
    store: BookingStore, conversation: str = "c_1", effect: str = "e_1", minutes: float = 0, **changes: Any
) -> Any:
    """A request as the form makes it."""
    return await store.request(
        conversation,
        effect,
        changes.get("facts", FACTS),
        changes.get("contact", CONTACT),
        changes.get("level", "routine"),
        changes.get("language", "es"),
        NOON + timedelta(minutes=minutes),
    )


@dataclass(slots=True)
class StillClock:
    """A clock that tests move."""

    moment: datetime = NOON

    def now(self) -> datetime:
        return self.moment

    def pass_time(self, **span: float) -> None:
        self.moment += timedelta(**span)


@dataclass(slots=True)
class SmallDestination:
    """A firm's system that answers what the test says, last answer for ever."""

    answers: list[Outcome] = field(default_factory=lambda: [Outcome("delivered")])
    got: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    async def send(self, message_id: str, type: str, body: dict[str, Any], now: datetime) -> Outcome:
        self.got.append((message_id, type, body))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    async def close(self) -> None:
        pass

    @property
    def types(self) -> list[str]:
        return [type.rpartition(".")[2] for _, type, _ in self.got]


@dataclass(slots=True)
class Heard:
    """What staff and people were told."""

    alarms: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    told: list[tuple[str, str, str]] = field(default_factory=list)
    deaf: bool = False

    def alarm(self, kind: str, code: str, conversation: str | None, request_id: str) -> None:
        assert kind == "booking"
        self.alarms.append(code)
        self.requests.append(request_id)

    async def tell(self, booking: Booking, outcome: Outcome) -> None:
        if self.deaf:
            raise RuntimeError("nobody listens")
        self.told.append((booking.reference, outcome.kind, outcome.type.rpartition(".")[2]))
