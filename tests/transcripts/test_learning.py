"""Corrected turns and the proposals made of them, on each database."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, insert, select

from bot.transcripts.judging_tables import turn_judgements
from bot.transcripts.learning import Learning
from bot.transcripts.learning_tables import grouped, groups, proposals
from bot.transcripts.store import TranscriptStore
from tests.transcripts.saying import NOON, keep

PERMIT, ANSWER = "¿cuándo puedo trabajar?", "Sobre el cobro anual."


@pytest.fixture
def learning(store: TranscriptStore) -> Learning:
    return Learning(store)


async def correct(
    store: TranscriptStore,
    number: int,
    *,
    label: str = "wrong_topic",
    topic: str | None = "work_permit",
    section: str | None = "when_apply",
    by: str = "s_1",
    minutes: float | None = None,
) -> str:
    """Somebody judges the second message of a conversation; its id."""
    row = {
        "message_id": f"m_{number}_2",
        "staff_id": by,
        "conversation_id": f"c_{number}",
        "label": label,
        "right_topic": topic,
        "right_section": section,
        "judged_at": NOON + timedelta(minutes=number if minutes is None else minutes),
    }
    async with store.database.begin() as connection:
        await connection.execute(insert(turn_judgements).values(**row))
    return str(row["message_id"])


async def test_a_corrected_turn_waits_with_what_was_asked_and_what_would_have_been_right(
    store: TranscriptStore, learning: Learning
) -> None:
    await keep(store, 1, PERMIT, ANSWER)
    message = await correct(store, 1)
    (turn,) = (await learning.waiting(10)).rows
    assert (turn.message_id, turn.conversation_id, turn.language) == (message, "c_1", "es")
    assert (turn.asked, turn.said, turn.topic, turn.section) == (PERMIT, ANSWER, "work_permit", "when_apply")
    assert turn.disputed is False
    assert await learning.corrected(message) == turn
    assert await learning.corrected("m_9_2") is None


@pytest.mark.parametrize(
    ("label", "topic"),
    [("out_of_date", "work_permit"), ("too_close", "work_permit"), ("unsafe", "work_permit"), ("wrong_topic", None)],
)  # fmt: skip
async def test_what_no_example_would_mend_does_not_wait(
    store: TranscriptStore, learning: Learning, label: str, topic: str | None
) -> None:
    await keep(store, 1, PERMIT, ANSWER)
    message = await correct(store, 1, label=label, topic=topic)
    assert (await learning.waiting(10)).rows == ()
    assert await learning.propose(message, ["example"], "x", "s_1", NOON) == "gone"


async def test_of_two_readers_the_later_one_counts_and_that_they_differ_is_told(
    store: TranscriptStore, learning: Learning
) -> None:
    await keep(store, 1, PERMIT, ANSWER)
    await correct(store, 1, by="s_2", topic="annual_fee", section=None, minutes=5)
    message = await correct(store, 1, by="s_1", minutes=6)
    # The same moment: still one row.
    await correct(store, 1, by="s_0", topic="travel", minutes=6)
    (turn,) = (await learning.waiting(10)).rows
    assert (turn.message_id, turn.topic, turn.judged_by, turn.disputed) == (
        message,
        "work_permit",
        "s_1",
        True,
    )


async def test_pages_hold_every_turn_once(store: TranscriptStore, learning: Learning) -> None:
    for number in range(7):
        await keep(store, number, PERMIT, ANSWER)
        await correct(store, number, minutes=number // 2)
    found, before = [], None
    for _ in range(10):
        page = await learning.waiting(2, before)
        found += [turn.message_id for turn in page.rows]
        before = page.next_key
        if before is None:
            break
    assert sorted(found) == sorted(f"m_{number}_2" for number in range(7))


async def test_a_proposal_is_made_once_and_taken_once(store: TranscriptStore, learning: Learning) -> None:
    await keep(store, 1, PERMIT, ANSWER)
    message = await correct(store, 1)
    assert await learning.propose(message, ["test", "example"], "cuándo trabajo", "s_1", NOON) == "proposed"
    assert await learning.propose(message, ["example"], "otra cosa", "s_2", NOON) == "already"
    assert await learning.dismiss(message, "s_2", NOON) == "already"
    assert (await learning.waiting(10)).rows == ()
    found = await learning.open()
    assert sorted(p.kind for p in found) == ["example", "test"]
    assert {(p.text, p.topic, p.section, p.language) for p in found} == {
        ("cuándo trabajo", "work_permit", "when_apply", "es")
    }
    ids = [p.id for p in found]
    assert await learning.take(ids, NOON) == 2
    assert await learning.take(ids, NOON) == 0
    assert await learning.open() == ()
    assert await learning.withdraw(message) is False


async def test_a_dismissed_turn_keeps_no_text_and_an_open_one_can_be_taken_back(
    store: TranscriptStore, learning: Learning
) -> None:
    for number in (1, 2):
        await keep(store, number, PERMIT, ANSWER)
    first, second = [await correct(store, number) for number in (1, 2)]
    assert await learning.dismiss(first, "s_1", NOON) == "dismissed"
    async with store.database.connect() as connection:
        assert (await connection.execute(select(proposals.c.text, proposals.c.decided_by))).one() == (
            "",
            "s_1",
        )
    assert await learning.propose(second, ["example"], "x", "s_1", NOON) == "proposed"
    assert await learning.withdraw(second) is True
    assert await learning.withdraw(second) is False
    assert [turn.message_id for turn in (await learning.waiting(10)).rows] == [second]


async def test_an_erasure_takes_proposals_along(store: TranscriptStore, learning: Learning) -> None:
    await keep(store, 1, PERMIT, ANSWER)
    message = await correct(store, 1)
    await learning.propose(message, ["example", "test"], "x", "s_1", NOON)
    assert await store.erase("c_1") is True
    async with store.database.connect() as connection:
        assert await connection.scalar(select(func.count()).select_from(proposals)) == 0
    assert await learning.propose(message, ["example"], "x", "s_1", NOON) == "gone"
    assert await learning.open() == ()


async def test_only_kinds_that_there_are_can_be_proposed(learning: Learning) -> None:
    for kinds in ([], ["poem"]):
        with pytest.raises(ValueError, match="kinds"):
            await learning.propose("m", kinds, "x", "s_1", NOON)


def test_groups_hold_no_text() -> None:
    names = {column.name for table in (groups, grouped) for column in table.columns}
    assert "text" not in names
