"""The console with the project's own words and law, and conversations that wait to be judged."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from bot.transcripts.judging import Judging
from tests.console.conftest import Console, Visitor
from tests.console.pages.planting import NOON, Planted, answer, beside, words


@pytest.fixture
async def pages(open_console: Callable[..., Awaitable[Console]]) -> Console:
    """The console."""
    return await open_console(other=beside())


@pytest.fixture
def judging(pages: Console) -> Judging:
    return Judging(pages.store)


@pytest.fixture
def signed_in(pages: Console) -> Callable[..., Awaitable[Visitor]]:
    """``await signed_in("reviewer")``: a browser with somebody of that role."""

    async def somebody(role: str = "reviewer", language: str = "en") -> Visitor:
        staff, _ = await pages.member(role, language=language)
        return await pages.signed_in(staff)

    return somebody


def missed(place: int = 0, lang: str = "es", **changes: Any) -> Planted:
    """A conversation with a question that Faro answered wrongly and one that it did not understand.

    ``place`` is how many minutes later than the first one it ended.
    """
    planted = Planted(lang, began=NOON - timedelta(hours=3) + timedelta(minutes=place), changes=changes)
    planted.heard("cuanto cuesta" if lang == "es" else "how much is it", "wait_times", 0.52)
    planted.said(answer("wait_times", lang))
    planted.heard("asdf", "nlu_fallback", 0.31, look="fallback")
    planted.said(words().notice("not_understood", lang))
    return planted
