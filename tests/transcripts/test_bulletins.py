"""The firm's emergency notices: at most one is in force, and none is forgotten."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.transcripts.bulletins import Bulletin, Bulletins
from bot.transcripts.store import TranscriptStore
from tests.transcripts.saying import NOON

TEXTS = {"en": "The office is closed.", "es": "La oficina está cerrada."}
HOUR = timedelta(hours=1)


@pytest.fixture
async def bulletins(store: TranscriptStore) -> Bulletins:
    return Bulletins(store.database)


def bulletin(id: str, hours: int = 0, ends: int | None = None) -> Bulletin:
    ends_at = None if ends is None else NOON + ends * HOUR
    return Bulletin(id, TEXTS, NOON + hours * HOUR, "s_ana", ends_at)


async def test_a_notice_comes_back_as_it_was_switched_on(bulletins: Bulletins) -> None:
    assert await bulletins.in_force(NOON) is None
    assert await bulletins.switch_on(bulletin("b_1", ends=5))
    assert await bulletins.in_force(NOON) == bulletin("b_1", ends=5)


async def test_it_ends_at_its_moment(bulletins: Bulletins) -> None:
    await bulletins.switch_on(bulletin("b_1", ends=5))
    last = NOON + 5 * HOUR - timedelta(microseconds=1)
    assert await bulletins.in_force(last) is not None
    assert await bulletins.in_force(NOON + 5 * HOUR) is None
    assert not await bulletins.switch_off("b_1", "s_bea", NOON + 5 * HOUR)
    assert [bulletin("b_1", ends=5).holds(moment) for moment in (last, NOON + 5 * HOUR)] == [True, False]


async def test_switching_one_on_ends_the_one_before(bulletins: Bulletins) -> None:
    await bulletins.switch_on(bulletin("b_1"))
    await bulletins.switch_on(bulletin("b_2", hours=1))
    found = await bulletins.in_force(NOON + 2 * HOUR)
    assert found is not None
    assert found.id == "b_2"
    await bulletins.switch_off("b_2", "s_bea", NOON + 2 * HOUR)
    # The one before does not come back.
    assert await bulletins.in_force(NOON + 2 * HOUR) is None
    newest, older = (await bulletins.page(10)).rows
    assert (newest.id, newest.off_at, newest.off_by) == ("b_2", NOON + 2 * HOUR, "s_bea")
    assert (older.id, older.off_at, older.off_by) == ("b_1", NOON + HOUR, "s_ana")


async def test_one_that_had_ended_by_itself_stays_as_it_was(bulletins: Bulletins) -> None:
    await bulletins.switch_on(bulletin("b_1", ends=1))
    await bulletins.switch_on(bulletin("b_2", hours=2))
    assert (await bulletins.page(10)).rows[1] == bulletin("b_1", ends=1)


async def test_a_form_sent_twice_is_one_notice(bulletins: Bulletins) -> None:
    assert await bulletins.switch_on(bulletin("b_1"))
    await bulletins.switch_off("b_1", "s_ana", NOON)
    assert not await bulletins.switch_on(bulletin("b_1", hours=1))
    assert await bulletins.in_force(NOON + HOUR) is None


async def test_of_two_at_once_one_is_in_force(bulletins: Bulletins) -> None:
    await asyncio.gather(*(bulletins.switch_on(bulletin(f"b_{n}", hours=n)) for n in range(6)))
    rows = (await bulletins.page(10)).rows
    assert len(rows) == 6
    in_force = await bulletins.in_force(NOON + 9 * HOUR)
    assert in_force is not None
    await bulletins.switch_off(in_force.id, "s_ana", NOON + 9 * HOUR)
    assert await bulletins.in_force(NOON + 9 * HOUR) is None


async def test_pages_follow_each_other_without_a_gap(bulletins: Bulletins) -> None:
    for n in range(5):
        await bulletins.switch_on(bulletin(f"b_{n}", hours=n // 2))
    first = await bulletins.page(2)
    second = await bulletins.page(2, first.next_key)
    third = await bulletins.page(2, second.next_key)
    assert [row.id for page in (first, second, third) for row in page.rows] == [
        "b_4",
        "b_3",
        "b_2",
        "b_1",
        "b_0",
    ]
    assert third.next_key is None
