"""The section that answers what a person asked, found by the engine among the questions of the articles."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence

import aiohttp
import structlog

from actions.library import section_examples
from actions.turn import Turn
from bot.core.content import Library
from bot.core.content.choosing import Chosen, choose
from bot.core.content.examples import questions_by_section
from bot.settings import load_settings

log = structlog.get_logger("faro.actions")

#: Seconds to wait for the engine. It fits a topic within some 100 ms the first time.
PATIENCE = 1.5

#: The questions of each section of each topic.
Topics = Mapping[str, Mapping[str, Sequence[str]]]

#: How well each section of each topic fits a text.
Scores = Mapping[str, Mapping[str, float]]

#: Scores the sections of topics for a text. Raises Unreachable when it cannot.
Score = Callable[[str, Topics], Awaitable[Scores]]


class Unreachable(Exception):
    """The engine gave no scores; the text is the class of the error."""


async def engine_scores(text: str, topics: Topics) -> Scores:
    """The engine's scores. Raises Unreachable when it gives none in time."""
    settings = load_settings(os.environ)
    url = f"{settings.engine_url}/webhooks/turn/nearest"
    headers = {"Authorization": f"Bearer {settings.engine_secret}"}
    body = {"text": text, "topics": {topic: dict(groups) for topic, groups in topics.items()}}
    try:
        async with (
            asyncio.timeout(PATIENCE),
            aiohttp.ClientSession(headers=headers) as session,
            session.post(url, json=body, raise_for_status=True) as response,
        ):
            answer = await response.json()
        scores = {t: {id: float(fit) for id, fit in found.items()} for t, found in answer["scores"].items()}
    except (aiohttp.ClientError, TimeoutError, ValueError, LookupError, TypeError, AttributeError) as exc:
        raise Unreachable(type(exc).__name__) from exc
    if {topic: set(found) for topic, found in scores.items()} != {
        t: set(groups) for t, groups in topics.items()
    }:
        raise Unreachable("scores of other sections")
    return scores


async def section_for(
    text: str, topics: Sequence[str], words: Library, turn: Turn, score: Score = engine_scores
) -> Chosen | None:
    """The section to tell of the topics, best first; None when ``text`` says nothing or the engine gives no scores."""
    if not text or text.startswith("/"):
        return None
    questions = {
        topic: questions_by_section(words, topic, turn.today, section_examples()) for topic in topics
    }
    try:
        return choose(topics, await score(text, questions))
    except Unreachable as exc:
        log.warning("sections_without_scores", error=str(exc))
        return None
