"""The console with the project's own words and law behind it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.console.conftest import Console, Visitor
from tests.console.pages.planting import CONTACT, FACTS, NOON, Planted, beside


@pytest.fixture
async def pages(open_console: Callable[..., Awaitable[Console]]) -> Console:
    """The console; the firm keeps unmasked text for thirty days."""
    return await open_console(other=beside(), raw_days=30)


@pytest.fixture
def signed_in(pages: Console) -> Callable[..., Awaitable[Visitor]]:
    """``await signed_in("attorney")``: a browser with somebody of that role."""

    async def somebody(role: str, language: str = "en") -> Visitor:
        staff, _ = await pages.member(role, language=language)
        return await pages.signed_in(staff)

    return somebody


@pytest.fixture
def plant(pages: Console) -> Callable[[Planted], Awaitable[str]]:
    """Puts a conversation into the store."""

    async def put(planted: Planted) -> str:
        return await planted.save(pages.store)

    return put


async def asks(console: Console, conversation: str, level: str = "urgent", **contact: Any) -> Any:
    """A request for a consultation as the form makes it."""
    details = {
        "facts": FACTS,
        "language": {"preferred": "es", "interpreter_needed": "no"},
        "availability": "mornings",
    }
    return await console.bookings.request(
        conversation, f"e_{conversation}", details, {**CONTACT, **contact}, level, "es", NOON
    )
