"""The gateway and its page as they are, with an engine that only ever tells one date: no model is needed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from aiohttp.test_utils import TestServer
from rasa_sdk.executor import CollectingDispatcher

from actions.deadlines import tell_date
from actions.library import library
from actions.turn import Turn
from bot.core.deadlines import Span
from bot.core.deadlines.interview import Interview
from bot.core.messages import Reply
from bot.gateway import main
from bot.gateway.limits import Limits
from bot.settings import load_settings
from tests.gateway.standin import SECRET, StandInEngine

TODAY = date(2026, 11, 21)


def told(lang: str, decided: date = date(2026, 11, 20)) -> Reply:
    """The last day to appeal, as the action tells it."""
    interview = Interview(
        calculation="bia_appeal",
        dates={"judge_decision": Span(decided, decided)},
        confirmed=frozenset({"judge_decision"}),
    )
    turn = Turn(
        text="",
        intent="inform_date",
        language=lang,
        today=TODAY,
        entities={},
        ranking=(),
        days=Span(TODAY, TODAY),
    )
    dispatcher = CollectingDispatcher()
    tell_date(dispatcher, interview, turn, library())
    (message,) = dispatcher.messages
    return Reply.from_dict(message["custom"])


@dataclass(slots=True)
class Site:
    """A running gateway; ``engine.replies`` is what it says to everything."""

    address: str
    engine: StandInEngine


@contextmanager
def site(var: Path, **limits: str) -> Iterator[Site]:
    """The gateway in a thread of its own: the browser is driven from this one."""
    running, ended = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()
    sites: list[Site] = []

    async def serve() -> None:
        engine = StandInEngine()
        await engine.start()
        settings = load_settings(
            {
                "FARO_VAR": str(var),
                "FARO_TODAY": TODAY.isoformat(),
                "FARO_ENGINE_URL": engine.url,
                "FARO_ENGINE_SECRET": SECRET,
            }
        )
        server = TestServer(await main.build(settings, Limits(**limits).times(1 if limits else 1000)))
        await server.start_server()
        sites.append(Site(str(server.make_url("/")), engine))
        running.set()
        await ended.wait()
        await server.close()
        await engine.stop()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert running.wait(60)
        yield sites[0]
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(20)
        loop.close()
