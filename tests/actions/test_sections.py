"""The section that fits a question best, and the general one whenever the engine says nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from rasa_sdk import Tracker
from structlog.testing import capture_logs

from actions import sections
from actions.sections import Unreachable, engine_scores, section_for
from actions.topics import answer_to
from actions.turn import Turn
from bot.core.content import Library
from bot.core.content.choosing import Chosen
from bot.core.messages import LANGUAGES
from tests.actions.builders import Nearness, state

TOPICS = {"work_permit": {"general": ["Can I work?", "¿Puedo trabajar?"], "cost": ["How much is it?"]}}
SCORES = {"work_permit": {"general": 0.2, "cost": 0.7}}
STORY = "my brother was killed in San Pedro Sula"
TURN = Turn.of(Tracker.from_dict(state("work_permit")))


async def test_the_section_that_fits_best_is_found(words: Library) -> None:
    near = Nearness()
    near.of = {"work_permit/cost": 0.9, "work_permit/general": 0.3}
    found = await section_for("what is the price of it", ["work_permit"], words, TURN, score=near)
    assert found == Chosen("work_permit", "cost", 0.9)


async def test_the_questions_of_both_languages_are_sent_for_every_section_of_every_topic(
    words: Library,
) -> None:
    near = Nearness()
    await section_for("anything", list(words.topics), words, TURN, score=near)
    ((text, sent),) = near.asked
    assert text == "anything"
    assert list(sent) == list(words.topics)
    for topic, groups in sent.items():
        for lang in LANGUAGES:
            known = words.questions(topic, lang, TURN.today)
            assert set(groups) == set(known)
            assert {id for id, questions in known.items() if not set(questions) <= set(groups[id])} == set()


async def test_a_question_that_cannot_be_asked_yet_is_not_sent(words: Library) -> None:
    """Its heading names a number that is not in force on that day."""
    near = Nearness()
    before = replace(TURN, today=date(1900, 1, 1))
    await section_for("anything", ["green_card_citizenship"], words, before, score=near)
    assert "general" in near.asked[0][1]["green_card_citizenship"]
    assert "citizenship" not in near.asked[0][1]["green_card_citizenship"]


@pytest.mark.parametrize("text", ["", "/work_permit", '/work_permit{"section": "cost"}'])
async def test_nothing_is_asked_of_the_engine_where_nobody_said_anything(words: Library, text: str) -> None:
    near = Nearness()
    assert await section_for(text, ["work_permit"], words, TURN, score=near) is None
    assert near.asked == []


async def test_without_scores_there_is_no_section_and_the_log_holds_no_words(words: Library) -> None:
    near = Nearness()
    near.reachable = False
    with capture_logs() as logs:
        assert await section_for(STORY, ["work_permit"], words, TURN, score=near) is None
    assert logs == [{"event": "sections_without_scores", "error": "TimeoutError", "log_level": "warning"}]


# the engine's endpoint


class Engine:
    """What an engine was asked for, and what it answers: a status and JSON, or text that is none."""

    def __init__(self) -> None:
        self.status = 200
        self.answer: Any = {"scores": SCORES}
        self.slow = asyncio.Event()
        self.slow.set()
        self.asked: list[dict[str, Any]] = []

    async def nearest(self, request: web.Request) -> web.Response:
        self.asked.append({**await request.json(), "authorization": request.headers["Authorization"]})
        await self.slow.wait()
        if isinstance(self.answer, str):
            return web.Response(text=self.answer, content_type="application/json")
        return web.json_response(self.answer, status=self.status)


@pytest.fixture
async def engine(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Engine]:
    engine = Engine()
    app = web.Application()
    app.router.add_post("/webhooks/turn/nearest", engine.nearest)
    async with TestServer(app) as server:
        monkeypatch.setenv("FARO_ENGINE_URL", str(server.make_url("")).rstrip("/"))
        monkeypatch.setenv("FARO_ENGINE_SECRET", "s" * 32)
        yield engine
        engine.slow.set()


async def test_the_engine_is_asked_with_its_secret(engine: Engine) -> None:
    assert await engine_scores("how much", TOPICS) == SCORES
    assert engine.asked == [{"text": "how much", "topics": TOPICS, "authorization": f"Bearer {'s' * 32}"}]


@pytest.mark.parametrize("status", [400, 401, 500, 503])
async def test_an_engine_that_refuses_or_fails_is_unreachable(engine: Engine, status: int) -> None:
    engine.status = status
    with pytest.raises(Unreachable, match="ClientResponseError"):
        await engine_scores("how much", TOPICS)


async def test_an_engine_that_takes_too_long_is_unreachable(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sections, "PATIENCE", 0.05)
    engine.slow.clear()
    with pytest.raises(Unreachable, match="TimeoutError"):
        await engine_scores("how much", TOPICS)


async def test_an_engine_that_is_not_there_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FARO_ENGINE_URL", "http://127.0.0.1:9")
    with pytest.raises(Unreachable):
        await engine_scores("how much", TOPICS)


@pytest.mark.parametrize(
    "answer",
    [
        "{broken",
        [],
        {},
        {"scores": None},
        {"scores": []},
        {"scores": {}},
        {"scores": {"work_permit": None}},
        {"scores": {"work_permit": {"general": 0.2}}},
        {"scores": {**SCORES, "filing_fee": {"general": 1.0}}},
        {"scores": {"work_permit": {"general": 0.2, "price": 0.7}}},
        {"scores": {"work_permit": {"general": 0.2, "cost": None}}},
    ],
    ids=str,
)
async def test_odd_scores_are_none(engine: Engine, answer: object) -> None:
    engine.answer = answer
    with pytest.raises(Unreachable):
        await engine_scores("how much", TOPICS)


@pytest.mark.parametrize("status", [200, 500])
async def test_odd_scores_give_the_general_section_and_a_log_without_words(
    engine: Engine, words: Library, status: int
) -> None:
    engine.status, engine.answer = status, {"scores": {}, "problem": STORY}
    with capture_logs() as logs:
        told = await answer_to(words, ["work_permit", "filing_fee"], STORY, TURN)
    assert (told.topic, told.reply.kind, told.reply.section) == ("work_permit", "answer", "general")
    assert [entry["event"] for entry in logs] == ["sections_without_scores"]
    assert "brother" not in str(logs)
