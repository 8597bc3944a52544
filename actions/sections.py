"""The section that answers what a person asked, found by the engine among the questions of the articles.

The questions of a topic are some 40 kB and the engine learns them in a tenth of a second, so neither happens while a
person waits: the engine is asked by the name of the questions, which is their hash, and ``keep_engine_ready`` hands
them over beforehand. Only questions that it does not know after all travel with the text (docs/adr/0009).
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import date, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import structlog

from actions.library import library, section_examples
from actions.turn import Turn
from bot.core.content import Library
from bot.core.content.choosing import Chosen, choose
from bot.core.content.examples import questions_by_section
from bot.settings import load_settings

log = structlog.get_logger("faro.actions")

#: Seconds to wait for the engine. It learns a topic within some 100 ms, where that was not done before.
PATIENCE = 1.5

#: Seconds to wait for it to learn a topic when nobody waits: it stops for each person's turn.
LONG_PATIENCE = 60.0

#: Seconds between two looks whether an article was edited, and whether the engine began anew without its questions.
EDITS_EVERY = 0.9
ENGINE_EVERY = 10.0

#: Seconds that an unused connection stays open; the engine's server closes it after 5.
CONNECTION_KEPT = 3.0

#: The questions of each section of each topic.
Topics = Mapping[str, Mapping[str, Sequence[str]]]

#: How well each section of each topic fits a text.
Scores = Mapping[str, Mapping[str, float]]

#: Scores the sections of topics for a text. Raises Unreachable when it cannot.
Score = Callable[[str, Topics], Awaitable[Scores]]


class Unreachable(Exception):
    """The engine gave no scores; the text is the class of the error."""


class Questions(dict[str, list[str]]):
    """The questions of a topic by section; not to be changed."""

    @cached_property
    def name(self) -> str:
        """Another one for other questions."""
        return name_of(self)


def name_of(groups: Mapping[str, Sequence[str]]) -> str:
    """A name for groups of questions that others do not have."""
    return hashlib.sha256(json.dumps(list(groups.items())).encode()).hexdigest()


# -- asking the engine ------------------------------------------------------------------------------------------------

_sessions: dict[asyncio.AbstractEventLoop, aiohttp.ClientSession] = {}


@asynccontextmanager
async def kept_session() -> AsyncIterator[None]:
    """Inside the block, calls from this loop to the engine share their connections."""
    loop = asyncio.get_running_loop()
    connector = aiohttp.TCPConnector(keepalive_timeout=CONNECTION_KEPT)
    async with aiohttp.ClientSession(connector=connector) as session:
        _sessions[loop] = session
        try:
            yield
        finally:
            del _sessions[loop]


def _session() -> AbstractAsyncContextManager[aiohttp.ClientSession]:
    kept = _sessions.get(asyncio.get_running_loop())
    return aiohttp.ClientSession() if kept is None else nullcontext(kept)


async def _ask(body: Mapping[str, Any], patience: float) -> dict[str, Any]:
    """The engine's answer. Raises Unreachable when it gives none in time."""
    settings = load_settings(os.environ)
    url = f"{settings.engine_url}/webhooks/turn/nearest"
    headers = {"Authorization": f"Bearer {settings.engine_secret}"}
    try:
        async with (
            asyncio.timeout(patience),
            _session() as session,
            session.post(url, json=body, headers=headers, raise_for_status=True) as response,
        ):
            answer = await response.json()
        if not isinstance(answer, dict):
            raise TypeError("no object")
    except (aiohttp.ClientError, TimeoutError, ValueError, TypeError) as exc:
        raise Unreachable(type(exc).__name__) from exc
    return answer


def _names(topics: Topics) -> dict[str, str]:
    return {
        topic: groups.name if isinstance(groups, Questions) else name_of(groups)
        for topic, groups in topics.items()
    }


def _missing(answer: Mapping[str, Any], topics: Topics) -> Topics:
    """The topics that the engine says it does not know. Raises Unreachable when it speaks of others."""
    unknown = answer.get("unknown", [])
    if not isinstance(unknown, list) or not set(map(str, unknown)) <= topics.keys():
        raise Unreachable("questions of other topics")
    return {topic: topics[topic] for topic in unknown}


async def engine_scores(text: str, topics: Topics) -> Scores:
    """The engine's scores. Raises Unreachable when it gives none in time."""
    names = _names(topics)
    answer = await _ask({"text": text, "names": names}, PATIENCE)
    if missing := _missing(answer, topics):
        _engine_is_new.set()
        answer = await _ask({"text": text, "names": names, "topics": missing}, PATIENCE)
    try:
        scores = {t: {id: float(fit) for id, fit in found.items()} for t, found in answer["scores"].items()}
    except (ValueError, LookupError, TypeError, AttributeError) as exc:
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
    questions = {topic: questions_of(words, topic, turn.today) for topic in topics}
    try:
        return choose(topics, await score(text, questions))
    except Unreachable as exc:
        log.warning("sections_without_scores", error=str(exc))
        return None


#: The questions that were asked for last, by topic, and what they were made from.
_made: dict[str, tuple[object, date, Questions]] = {}


def questions_of(words: Library, topic: str, today: date) -> Questions:
    """What leads to each section of a topic on a day; made anew only after an edit and on another day."""
    # A library puts a new object here whenever any file was edited.
    source = words.topics[topic]
    made = _made.get(topic)
    if made is None or made[0] is not source or made[1] != today:
        found = Questions(questions_by_section(words, topic, today, section_examples()))
        made = _made[topic] = (source, today, found)
    return made[2]


# -- handing the questions over beforehand ----------------------------------------------------------------------------

#: Set when the engine did not know the questions of a turn.
_engine_is_new = asyncio.Event()


async def hand_over(topics: Topics) -> None:
    """Let the engine learn those of the topics that it does not know, one by one. Raises Unreachable."""
    names = _names(topics)
    missing = _missing(await _ask({"names": names, "prepare": True}, PATIENCE), topics)
    for topic, groups in missing.items():
        body = {"names": {topic: names[topic]}, "topics": {topic: groups}, "prepare": True}
        await _ask(body, LONG_PATIENCE)


async def keep_engine_ready() -> None:
    """For as long as the actions run: look for edits, and let the engine learn every question before it is needed.

    An engine that is not there yet, or that began anew, gets them soon after it answers.
    """
    loop = asyncio.get_running_loop()
    known: Mapping[str, object] = {}
    looked = loop.time()
    while True:
        try:
            # A look takes some milliseconds, which are saved on the next person's turn.
            words = library()
            edited = any(known.get(topic) is not source for topic, source in words.topics.items())
            if edited or _engine_is_new.is_set() or loop.time() - looked >= ENGINE_EVERY:
                _engine_is_new.clear()
                looked = loop.time()
                day = load_settings(os.environ).today or datetime.now(ZoneInfo(words.firm.timezone)).date()
                await hand_over({topic: questions_of(words, topic, day) for topic in words.topics})
                known = dict(words.topics)
        except Unreachable:
            pass  # nobody waits; a turn that cannot do without it says so in the log
        except Exception as exc:  # the border of a task that nobody awaits
            log.error("questions_not_handed_over", error=type(exc).__name__)
        await asyncio.sleep(EDITS_EVERY)
