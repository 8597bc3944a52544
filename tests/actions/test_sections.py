"""The section that is nearest to a question, and the general one whenever that is not sure."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from structlog.testing import capture_logs

from actions import topics
from actions.sections import MARGIN, REMEMBERED, RUMOUR_MARGIN, SectionFinder, Unreachable, engine_vectors
from actions.topics import ActionAnswerTopic
from bot.core.content import Library
from tests.actions.builders import payloads, run, state

QUESTIONS = {"general": "Can I work?", "cost": "How much is it?", "rule": "Is it true that it is longer?"}


class Vectors:
    """An engine that knows how near each text is to the question; the message itself is [1, 0]."""

    def __init__(self, **nearness: float) -> None:
        self.nearness = nearness
        self.calls: list[list[str]] = []

    async def __call__(self, texts: Sequence[str]) -> list[list[float]]:
        self.calls.append(list(texts))
        by_question = {QUESTIONS.get(id, id): value for id, value in self.nearness.items()}
        return [[by_question.get(text, 1.0), 0.0] for text in texts]


async def nearest(text: str, **nearness: float) -> str | None:
    return await SectionFinder(Vectors(**nearness)).nearest(text, QUESTIONS)


async def test_a_section_that_is_clearly_nearer_than_the_general_one_is_chosen() -> None:
    assert await nearest("what does it cost", general=0.5, cost=0.5 + MARGIN + 0.01, rule=0.5) == "cost"


@pytest.mark.parametrize("cost", [0.2, 0.5, 0.5 + MARGIN - 0.01])
async def test_below_the_margin_the_general_section_stays(cost: float) -> None:
    assert await nearest("what does it cost", general=0.5, cost=cost, rule=0.4) is None


@pytest.mark.parametrize(
    "text",
    [
        "me dijeron que ahora son 365 dias",
        "i heard it is one year now",
        "que la tarifa la paro un juez",
        "es cierto?",
    ],
)
async def test_a_rumour_goes_to_the_section_about_rumours(text: str) -> None:
    near = 0.5 + RUMOUR_MARGIN + 0.001
    assert await nearest(text, general=0.5, cost=near + 0.02, rule=near) == "rule"
    assert await nearest(text, general=0.5, cost=0.4, rule=0.5) is None
    assert await nearest(text, general=0.5, cost=0.9, rule=near) == "cost"


async def test_a_plain_question_does_not_go_to_a_rumour_that_is_hardly_nearer() -> None:
    assert await nearest("how long is the wait", general=0.5, cost=0.4, rule=0.5 + RUMOUR_MARGIN) is None


async def test_the_questions_are_encoded_once_and_again_when_one_is_edited() -> None:
    vectors = Vectors(general=0.5)
    finder = SectionFinder(vectors)
    await finder.nearest("one", QUESTIONS)
    await finder.nearest("two", QUESTIONS)
    await finder.nearest("three", {**QUESTIONS, "cost": "What is the price?"})
    assert vectors.calls == [["one", *QUESTIONS.values()], ["two"], ["three", "What is the price?"]]


async def test_the_memory_of_questions_is_bounded() -> None:
    finder = SectionFinder(Vectors())
    many = {str(number): f"question {number}" for number in range(REMEMBERED)}
    await finder.nearest("one", many)
    await finder.nearest("two", QUESTIONS)
    assert len(finder._known) == len(QUESTIONS)


@pytest.mark.parametrize(("text", "questions"), [("", QUESTIONS), ("words", {"general": "Can I work?"})])
async def test_nothing_is_asked_of_the_engine_where_there_is_nothing_to_choose(
    text: str, questions: dict[str, str]
) -> None:
    vectors = Vectors()
    assert await SectionFinder(vectors).nearest(text, questions) is None
    assert vectors.calls == []


async def test_without_vectors_the_general_section_is_told_and_the_log_holds_no_words() -> None:
    async def broken(texts: Sequence[str]) -> list[list[float]]:
        raise Unreachable("TimeoutError")

    with capture_logs() as logs:
        assert await SectionFinder(broken).nearest("my secret story", QUESTIONS) is None
    assert logs == [{"event": "sections_without_vectors", "error": "TimeoutError", "log_level": "warning"}]


# the engine's endpoint


@pytest.fixture
async def engine(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[dict[str, Any]]]:
    """What an engine is asked for; it gives two numbers for each text, and fails for the text "fail"."""
    asked: list[dict[str, Any]] = []

    async def vectors(request: web.Request) -> web.Response:
        body = await request.json()
        asked.append({**body, "authorization": request.headers["Authorization"]})
        if body["texts"] == ["fail"]:
            return web.json_response({"problem": "the engine failed"}, status=500)
        if body["texts"] == ["odd"]:
            return web.json_response({"vectors": []})
        return web.json_response({"vectors": [[1.0, 0.0] for _ in body["texts"]]})

    app = web.Application()
    app.router.add_post("/webhooks/turn/vectors", vectors)
    async with TestServer(app) as server:
        monkeypatch.setenv("FARO_ENGINE_URL", str(server.make_url("")).rstrip("/"))
        monkeypatch.setenv("FARO_ENGINE_SECRET", "s" * 32)
        yield asked


async def test_the_engine_is_asked_with_its_secret(engine: list[dict[str, Any]]) -> None:
    assert await engine_vectors(["a", "b"]) == [[1.0, 0.0], [1.0, 0.0]]
    assert engine == [{"texts": ["a", "b"], "kind": "query", "authorization": f"Bearer {'s' * 32}"}]


@pytest.mark.parametrize("text", ["fail", "odd"])
async def test_an_engine_that_fails_is_unreachable(engine: list[dict[str, Any]], text: str) -> None:
    with pytest.raises(Unreachable):
        await engine_vectors([text])


async def test_an_engine_that_is_not_there_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FARO_ENGINE_URL", "http://127.0.0.1:9")
    with pytest.raises(Unreachable):
        await engine_vectors(["a"])


# in an answer


def answering(monkeypatch: pytest.MonkeyPatch, words: Library, section: str) -> Vectors:
    """Let the question of one section of ``work_permit`` be nearest to any text."""
    article = words.topics["work_permit"].articles["en"]
    wanted = article.section(section).question
    vectors = Vectors(**{s.question: 0.9 if s.question == wanted else 0.1 for s in article.sections})
    monkeypatch.setattr(topics, "finder", lambda: SectionFinder(vectors))
    return vectors


def test_the_nearest_section_is_told_with_the_general_one_in_front_of_its_choices(
    words: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, words, "cost")
    _, reply = run(ActionAnswerTopic(), state("work_permit", text="what is the price of it"))
    assert (reply.kind, reply.section) == ("answer", "cost")
    assert payloads(reply)[0] == '/work_permit{"section": "general"}'
    assert len(set(payloads(reply))) == len(reply.choices)


def test_a_pressed_choice_is_told_as_it_says(words: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = answering(monkeypatch, words, "cost")
    pressed = '/work_permit{"section": "general"}'
    _, reply = run(ActionAnswerTopic(), state("work_permit", text=pressed, entities={"section": "general"}))
    assert reply.section == "general"
    _, reply = run(ActionAnswerTopic(), state("work_permit", text="/work_permit"))
    assert reply.section == "general"
    assert vectors.calls == []
