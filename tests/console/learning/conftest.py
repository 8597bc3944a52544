"""The console with the project's own words, and turns that somebody corrected."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import insert

from bot.transcripts.judging_tables import turn_judgements
from tests.console.conftest import Console, Visitor
from tests.console.pages.planting import NOON, Planted, answer, beside


@pytest.fixture
async def pages(open_console: Callable[..., Awaitable[Console]]) -> Console:
    return await open_console(other=beside())


@pytest.fixture
async def reviewer(pages: Console) -> Visitor:
    """Somebody who may correct."""
    staff, _ = await pages.member("reviewer")
    return await pages.signed_in(staff)


async def wrong_turn(
    console: Console,
    asked: str,
    topic: str = "work_permit",
    section: str | None = "when_apply",
    language: str = "es",
    **judged: Any,
) -> tuple[str, str]:
    """A conversation in which the bot told about the yearly fee instead; the conversation and the bot's message."""
    planted = Planted(language)
    planted.heard(asked, "annual_fee", 0.61)
    message = planted.said(answer("annual_fee", language))
    await planted.save(console.store)
    row = {
        "message_id": message,
        "staff_id": "s_judge",
        "conversation_id": planted.id,
        "label": "wrong_topic",
        "right_topic": topic,
        "right_section": section,
        "judged_at": NOON,
    }
    async with console.database.begin() as connection:
        await connection.execute(insert(turn_judgements).values(**{**row, **judged}))
    return planted.id, message
