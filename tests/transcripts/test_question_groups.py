"""Unanswered questions by their meaning, on each database."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bot.transcripts.learning_tables import grouped
from bot.transcripts.question_groups import Group, QuestionGroups, Unanswered
from bot.transcripts.store import TranscriptStore
from tests.transcripts.saying import NOON, bot, conversation, visitor


@pytest.fixture
def groups(store: TranscriptStore) -> QuestionGroups:
    return QuestionGroups(store)


async def ask(
    store: TranscriptStore, number: int, text: str, language: str = "es", **more: object
) -> Unanswered:
    """A question that the bot did not understand."""
    id = f"m_{number}_1"
    row = {"look": "fallback", "created_at": NOON + timedelta(minutes=number), **more}
    asked = visitor(1, id, text=text, language=language, **row)
    await store.save(conversation(f"c_{number}"), [asked, bot(2, f"m_{number}_2", reply_to=id)])
    return Unanswered(id, f"c_{number}", text)


async def test_only_what_had_no_answer_is_grouped_the_newest_first(
    store: TranscriptStore, groups: QuestionGroups
) -> None:
    daca = [await ask(store, number, f"sigue abierto daca {number}") for number in range(4)]
    await ask(store, 5, "cuánto cuesta", look=None)
    await ask(store, 6, "cuánto cuesta", look="unsure")
    assert await groups.unanswered(NOON + timedelta(minutes=1), 10) == tuple(reversed(daca[1:]))
    assert await groups.unanswered(NOON, 2) == (daca[3], daca[2])


async def test_a_page_shows_the_largest_groups_by_language_with_three_examples(
    store: TranscriptStore, groups: QuestionGroups
) -> None:
    daca = [await ask(store, n, f"daca {n}", "es" if n % 2 else "en") for n in range(5)]
    loans = [await ask(store, n, f"préstamo {n}") for n in (10, 11)]
    alone = await ask(store, 20, "pizza")
    found = [
        Group(tuple(loans), "daily_life", "money", 0.42),
        Group(tuple(daca), "asylum_vs_refugee", "tps", 0.31),
        Group((alone,), None, None, 0.0),
    ]
    assert await groups.replace(found, NOON) == 8
    page = await groups.page(10)
    assert page.made_at == NOON
    assert [(row.size, dict(row.counts), row.topic, row.similarity) for row in page.rows] == [
        (5, {"en": 3, "es": 2}, "asylum_vs_refugee", 0.31),
        (2, {"es": 2}, "daily_life", 0.42),
    ]
    assert [example.text for example in page.rows[0].examples] == ["daca 0", "daca 1", "daca 2"]
    first = await groups.page(1)
    assert first.next_key is not None
    assert [row.size for row in (await groups.page(1, first.next_key)).rows] == [2]


async def test_what_was_erased_is_in_no_group(store: TranscriptStore, groups: QuestionGroups) -> None:
    daca = [await ask(store, number, f"daca {number}") for number in range(3)]
    await store.erase("c_2")
    assert await groups.replace([Group(tuple(daca), None, None, 0.0)], NOON) == 2
    await store.erase("c_0")
    (row,) = (await groups.page(10)).rows
    assert dict(row.counts) == {"es": 1}
    assert [example.text for example in row.examples] == ["daca 1"]
    await store.erase("c_1")
    assert (await groups.page(10)).rows == ()
    async with store.database.connect() as connection:
        assert await connection.scalar(select(func.count()).select_from(grouped)) == 0


async def test_a_dismissed_meaning_stays_dismissed_when_the_questions_are_grouped_again(
    store: TranscriptStore, groups: QuestionGroups
) -> None:
    daca = [await ask(store, number, f"daca {number}") for number in range(4)]
    pizza = [await ask(store, number, f"pizza {number}") for number in (10, 11)]
    both = [Group(tuple(daca[:3]), None, None, 0.0), Group(tuple(pizza), None, None, 0.0)]
    await groups.replace(both, NOON)
    id = (await groups.page(10)).rows[1].id
    assert await groups.mark(id, "s_1", NOON, dismissed=True) is True
    assert await groups.mark(id, "s_1", NOON, dismissed=True) is False
    more = await ask(store, 12, "pizza 12")
    again = [Group(tuple(daca), None, None, 0.0), Group((more, *pizza), None, None, 0.0)]
    await groups.replace(again, NOON + timedelta(days=1))
    assert [row.size for row in (await groups.page(10)).rows] == [4]
    (hidden,) = (await groups.page(10, dismissed=True)).rows
    assert hidden.size == 3
    assert await groups.mark(hidden.id, "s_1", NOON, dismissed=False) is True
    assert [row.size for row in (await groups.page(10)).rows] == [4, 3]
    assert await groups.mark("none", "s_1", NOON, dismissed=True) is False
