"""The section of an article whose question is nearest to what a person asked."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from math import sumprod

import aiohttp
import structlog

from bot.settings import load_settings

log = structlog.get_logger("faro.actions")

#: How much nearer than the general question another must be. Measured on the development questions
#: (docs/understanding.md): below, the general section answers better more often.
MARGIN = 0.055

#: The same for a section about a rumour, when the person passes one on ("they told me that ...").
RUMOUR_MARGIN = 0.005

#: Words of a message that passes on what somebody said, and of a question that names such talk.
HEARSAY = re.compile(
    r"\b(?:i heard|heard that|says?|said|told (?:me|us)|true|rumou?rs?|dicen?|dijo|dijeron|escuch[eé]|o[ií] que"
    r"|le[ií] que|cierto|verdad)\b|^que (?:la|el|los|las|ya|ahora|si)\b",
    re.IGNORECASE,
)
ABOUT_A_RUMOUR = re.compile(
    r"¿?(?:is it true|i heard|they say|people say|es (?:verdad|cierto)|dicen|me dijeron)\b", re.IGNORECASE
)

#: Seconds to wait for the engine. A topic's questions take some 0.3 s the first time and nothing later.
PATIENCE = 1.5

#: Questions whose vectors stay in memory; all articles together have some 700.
REMEMBERED = 5000

#: Gives one vector of length 1 for each text, all of the same kind.
Encode = Callable[[Sequence[str]], Awaitable[list[list[float]]]]


class Unreachable(Exception):
    """The engine gave no vectors; the text is the class of the error."""


class SectionFinder:
    """Chooses sections by the engine's sentence vectors; without them, the general section.

    Vectors are kept by the words of a question, so an edited article needs no training and no restart.
    """

    def __init__(self, encode: Encode) -> None:
        self._encode = encode
        self._known: dict[str, list[float]] = {}

    async def nearest(self, text: str, questions: dict[str, str]) -> str | None:
        """The id of the section that a text asks for, or None for the general one.

        ``questions``: each section's question by its id, the general one first.
        """
        if not text or len(questions) < 2:
            return None
        try:
            scores = await self._scores(text, questions)
        except Unreachable as exc:
            log.warning("sections_without_vectors", error=str(exc))
            return None
        return _chosen(scores, _rumours(text, questions))

    async def _scores(self, text: str, questions: dict[str, str]) -> dict[str, float]:
        missing = [question for question in questions.values() if question not in self._known]
        # The engine has just encoded the text for its parse and still knows its vector.
        message, *fresh = await self._encode([text, *missing])
        if len(self._known) + len(fresh) > REMEMBERED:
            self._known.clear()
            return await self._scores(text, questions)
        self._known.update(zip(missing, fresh, strict=True))
        return {id: sumprod(message, self._known[question]) for id, question in questions.items()}


def _rumours(text: str, questions: dict[str, str]) -> list[str]:
    """The sections about a rumour, for a text that passes one on; the person wants to know whether it is true."""
    if HEARSAY.search(text) is None:
        return []
    return [id for id, question in questions.items() if ABOUT_A_RUMOUR.match(question)]


def _chosen(scores: dict[str, float], rumours: Sequence[str]) -> str | None:
    general = next(iter(scores.values()))
    best = max(scores, key=scores.__getitem__)
    if scores[best] - general >= MARGIN:
        return best
    rumour = max(rumours, key=scores.__getitem__, default=None)
    return rumour if rumour is not None and scores[rumour] - general >= RUMOUR_MARGIN else None


async def engine_vectors(texts: Sequence[str]) -> list[list[float]]:
    """The engine's vector of each text. Raises Unreachable when it gives none in time."""
    settings = load_settings(os.environ)
    url = f"{settings.engine_url}/webhooks/turn/vectors"
    headers = {"Authorization": f"Bearer {settings.engine_secret}"}
    # Question against question: as passages the sections' questions chose about as well (docs/understanding.md).
    body = {"texts": list(texts), "kind": "query"}
    try:
        async with (
            asyncio.timeout(PATIENCE),
            aiohttp.ClientSession(headers=headers) as session,
            session.post(url, json=body, raise_for_status=True) as response,
        ):
            vectors: list[list[float]] = (await response.json())["vectors"]
    except (aiohttp.ClientError, TimeoutError, ValueError, KeyError) as exc:
        raise Unreachable(type(exc).__name__) from exc
    if len(vectors) != len(texts):
        raise Unreachable("wrong number of vectors")
    return vectors


@cache
def finder() -> SectionFinder:
    """The one finder of this process."""
    return SectionFinder(engine_vectors)
