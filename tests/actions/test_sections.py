"""The section that fits a question best, and the general one whenever the engine says nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from copy import copy
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from rasa_sdk import Tracker
from structlog.testing import capture_logs

from actions import sections
from actions.sections import (
    Questions,
    Unreachable,
    engine_scores,
    hand_over,
    keep_engine_ready,
    kept_session,
    name_of,
    questions_of,
    section_for,
)
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
    """What an engine was asked for, and what it answers: a status and JSON, or text that is none.

    Without an ``answer`` it learns what comes with a name, and scores what it knows as SCORES says.
    """

    def __init__(self) -> None:
        self.status = 200
        self.answer: Any = None
        self.known: dict[str, Any] = {}
        self.connections: set[Any] = set()
        self.slow = asyncio.Event()
        self.slow.set()
        self.asked: list[dict[str, Any]] = []

    async def nearest(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.asked.append({**body, "authorization": request.headers["Authorization"]})
        self.connections.add(request.transport)
        await self.slow.wait()
        if self.answer is None and self.status == 200:
            return web.json_response(self.learn(body))
        if isinstance(self.answer, str):
            return web.Response(text=self.answer, content_type="application/json")
        return web.json_response(self.answer, status=self.status)

    def learn(self, body: dict[str, Any]) -> dict[str, Any]:
        self.known |= {body["names"][topic]: groups for topic, groups in body.get("topics", {}).items()}
        unknown = [topic for topic, name in body["names"].items() if name not in self.known]
        if body.get("prepare"):
            return {"unknown": unknown}
        scores = {
            topic: SCORES["work_permit"]
            if self.known[name] == TOPICS["work_permit"]
            else dict.fromkeys(self.known[name], 0.5)
            for topic, name in body["names"].items()
            if topic not in unknown
        }
        return {"scores": scores} | ({"unknown": unknown} if unknown else {})


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


async def test_the_engine_is_asked_with_its_secret_and_gets_questions_that_it_does_not_know(
    engine: Engine,
) -> None:
    call = {
        "text": "how much",
        "names": {"work_permit": name_of(TOPICS["work_permit"])},
        "authorization": f"Bearer {'s' * 32}",
    }
    assert await engine_scores("how much", TOPICS) == SCORES
    assert engine.asked == [call, {**call, "topics": TOPICS}]
    assert await engine_scores("how much", TOPICS) == SCORES
    assert engine.asked[2:] == [call]


async def test_an_engine_that_began_anew_gets_the_questions_again(engine: Engine) -> None:
    await engine_scores("how much", TOPICS)
    engine.known.clear()
    assert await engine_scores("how much", TOPICS) == SCORES
    assert engine.known == {name_of(TOPICS["work_permit"]): TOPICS["work_permit"]}


@pytest.mark.parametrize(
    "edited",
    [
        {"general": ["Can I work?", "¿Puedo trabajar?"], "price": ["How much is it?"]},
        {"general": ["Can I work?"], "cost": ["¿Puedo trabajar?", "How much is it?"]},
        {"general": ["Can I work? ¿Puedo trabajar?"], "cost": ["How much is it?"]},
        {"cost": ["How much is it?"], "general": ["Can I work?", "¿Puedo trabajar?"]},
    ],
)
def test_other_questions_have_another_name(edited: dict[str, list[str]]) -> None:
    assert name_of(edited) != name_of(TOPICS["work_permit"])
    assert Questions(edited).name == name_of(edited) == name_of(dict(edited))


async def test_inside_the_block_calls_share_a_connection(engine: Engine) -> None:
    async with kept_session():
        for _ in range(3):
            await engine_scores("how much", TOPICS)
    assert len(engine.connections) == 1
    await engine_scores("how much", TOPICS)
    assert len(engine.connections) == 2


async def test_questions_are_made_anew_after_an_edit_and_on_another_day(words: Library) -> None:
    first = questions_of(words, "work_permit", TURN.today)
    assert questions_of(words, "work_permit", TURN.today) is first
    assert questions_of(words, "work_permit", date(2027, 1, 1)) is not first
    edited = copy(words)
    edited._content = replace(
        words._content, topics={**words.topics, "work_permit": copy(words.topics["work_permit"])}
    )
    assert questions_of(edited, "work_permit", date(2027, 1, 1)) is not questions_of(
        words, "work_permit", date(2027, 1, 1)
    )


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
        {"scores": SCORES, "unknown": ["filing_fee"]},
        {"scores": SCORES, "unknown": [5]},
        {"scores": SCORES, "unknown": [["work_permit"]]},
        {"scores": SCORES, "unknown": "work_permit"},
        {"scores": {}, "unknown": ["work_permit"]},
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


# handing the questions over beforehand


@pytest.fixture
async def keeping(
    engine: Engine, words: Library, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[asyncio.Task[None]]:
    """``keep_engine_ready`` at work, with little patience."""
    monkeypatch.setattr(sections, "EDITS_EVERY", 0.01)
    monkeypatch.setattr(sections, "ENGINE_EVERY", 0.05)
    monkeypatch.setattr(sections, "library", lambda: words)
    task = asyncio.create_task(keep_engine_ready())
    yield task
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def until_known(engine: Engine, words: Library) -> None:
    async with asyncio.timeout(20):
        while len(engine.known) < len(words.topics):
            await asyncio.sleep(0.01)


async def test_only_what_the_engine_does_not_know_is_handed_over_one_by_one(engine: Engine) -> None:
    topics = {**TOPICS, "travel": {"general": ["Can I travel?"]}, "fee": {"general": ["How much?"]}}
    engine.known[name_of(topics["travel"])] = topics["travel"]
    await hand_over(topics)
    assert [list(call.get("topics", ())) for call in engine.asked] == [[], ["work_permit"], ["fee"]]
    assert all(call["prepare"] and "text" not in call for call in engine.asked)
    await hand_over(topics)
    assert len(engine.asked) == 4


@pytest.mark.usefixtures("keeping")
async def test_an_engine_learns_every_question_and_learns_them_again_when_it_began_anew(
    engine: Engine, words: Library
) -> None:
    for _ in range(2):
        await until_known(engine, words)
        engine.known.clear()
    await until_known(engine, words)
    assert await section_for("how much", ["work_permit"], words, TURN) is not None
    assert "topics" not in engine.asked[-1]


async def test_an_engine_that_is_not_there_yet_is_waited_for(
    engine: Engine, words: Library, keeping: asyncio.Task[None]
) -> None:
    engine.status, engine.answer = 503, {"problem": "no model"}
    async with asyncio.timeout(20):
        while len(engine.asked) < 3:
            await asyncio.sleep(0.01)
    assert not keeping.done()
    engine.status, engine.answer = 200, None
    await until_known(engine, words)


async def test_whatever_goes_wrong_is_logged_by_its_class_and_tried_again(
    engine: Engine, words: Library, keeping: asyncio.Task[None], monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = asyncio.Event()

    def fail() -> Library:
        failed.set()
        raise OSError("/home/somebody")

    monkeypatch.setattr(sections, "library", fail)
    with capture_logs() as logs:
        async with asyncio.timeout(20):
            await failed.wait()
        await asyncio.sleep(0)
    assert {(entry["event"], entry["error"]) for entry in logs} == {("questions_not_handed_over", "OSError")}
    monkeypatch.setattr(sections, "library", lambda: words)
    await until_known(engine, words)
    assert not keeping.done()
