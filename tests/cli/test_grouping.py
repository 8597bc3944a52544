"""From unanswered questions in the database to groups, through the real engine."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.cli import grouping
from bot.cli.evaluation import EvaluationFailed
from bot.settings import normalise_database_url
from bot.transcripts.question_groups import QuestionGroups, Unanswered
from bot.transcripts.store import TranscriptStore
from tests.console.pages.planting import TODAY, words
from tests.transcripts.saying import NOON, bot, conversation, visitor

KNOWN = [
    {"topic": "work_permit_renewal", "section": "lost_card", "texts": ["my work permit card was lost or stolen"]},
    {"topic": "travel", "section": "general", "texts": ["Can I travel outside the United States?"]},
]  # fmt: skip


async def test_questions_are_grouped_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouping, "known_texts", lambda *_: KNOWN)
    store = TranscriptStore(normalise_database_url(f"sqlite:///{tmp_path / 'faro.db'}"))
    await store.start()
    texts = ("somebody stole my card", "me robaron la tarjeta", "[NAME_1] [PHONE_1]", "old one")
    for number, text in enumerate(texts):
        at = NOON - timedelta(days=100 if text == "old one" else 1)
        row = visitor(1, f"m_{number}", text=text, look="fallback", created_at=at)
        await store.save(conversation(f"c_{number}"), [row, bot(2, f"b_{number}", reply_to=f"m_{number}")])
    assert await grouping.group_unanswered(store, words(), TODAY, NOON, 90) == (2, 1)
    (row,) = (await QuestionGroups(store).page(10)).rows
    assert (row.size, row.topic, row.section) == (2, "work_permit_renewal", "lost_card")
    await store.close()


def test_what_the_bot_knows_is_every_section_in_both_languages() -> None:
    known = {(one["topic"], one["section"]): one["texts"] for one in grouping.known_texts(words(), TODAY)}
    assert {topic for topic, _ in known} == set(words().topics)
    renewal = known["work_permit_renewal", "lost_card"]
    assert "My card was lost, stolen or has a mistake." in renewal
    assert len(renewal) == len(set(renewal)) > 10


def test_an_engine_that_fails_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(grouping, "ENGINE_PYTHON", Path("/bin/false"))
    with pytest.raises(EvaluationFailed, match="could not group"):
        grouping.by_meaning([Unanswered("m", "c", "a question")], KNOWN)
    assert grouping.by_meaning([Unanswered("m", "c", "[NAME_1] 27")], KNOWN) == []
