"""The console with the project's own words and law, in February of the year in which the yearly fee changed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from bot.transcripts.corrections import Corrections
from tests.console.conftest import Console, StillClock, Visitor
from tests.console.pages.planting import beside

FEBRUARY = datetime(2026, 2, 10, 18, tzinfo=UTC)
FEE = "fee.annual"


@pytest.fixture
async def pages(open_console: Callable[..., Awaitable[Console]]) -> Console:
    return await open_console(other=beside(), clock=StillClock(FEBRUARY))


@pytest.fixture
def signed_in(pages: Console) -> Callable[..., Awaitable[Visitor]]:
    """``await signed_in("attorney")``: a browser with somebody of that role."""

    async def somebody(role: str, language: str = "en") -> Visitor:
        staff, _ = await pages.member(role, language=language)
        return await pages.signed_in(staff)

    return somebody


@pytest.fixture
def corrections(pages: Console) -> Corrections:
    return Corrections(pages.store)


async def settled(corrections: Corrections, correction_id: str) -> dict[str, int]:
    """How many people there are in each state, once nobody waits any more."""
    async with asyncio.timeout(10):
        while True:
            counts = await corrections.counts(correction_id)
            if not {"ready", "sending"} & set(counts):
                return counts
            await asyncio.sleep(0.02)
