"""Trackers as Rasa sends them, and one run of an action."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.sections import Scores, Topics, Unreachable
from bot.core.messages import Reply

TODAY = "2026-11-21"


def state(
    intent: str,
    *,
    text: str = "",
    language: str = "en",
    slot: str | None = None,
    entities: dict[str, Any] | None = None,
    ranking: tuple[tuple[str, float], ...] = (),
    loop: str | None = None,
    topic: str | None = None,
) -> dict[str, Any]:
    """A tracker as it travels in a call.

    ``language`` is the gateway's, ``slot`` the one that was chosen before; ``topic`` was told last.
    """
    return {
        "sender_id": "c_test",
        "slots": {"language": slot, "topic": topic},
        "latest_message": {
            "text": text,
            "intent": {"name": intent, "confidence": 0.9},
            "intent_ranking": [{"name": name, "confidence": value} for name, value in ranking],
            "entities": [{"entity": name, "value": value} for name, value in (entities or {}).items()],
            "metadata": {"language": language, "today": TODAY, "timezone": "America/New_York"},
        },
        "events": [],
        "active_loop": {"name": loop} if loop else {},
    }


class Nearness:
    """An engine that knows how well some sections ("work_permit/cost") fit any text; the others do not fit at all."""

    def __init__(self) -> None:
        self.of: dict[str, float] = {}
        self.reachable = True
        self.asked: list[tuple[str, Topics]] = []

    async def __call__(self, text: str, topics: Topics) -> Scores:
        self.asked.append((text, topics))
        if not self.reachable:
            raise Unreachable("TimeoutError")
        return {
            topic: {section: self.of.get(f"{topic}/{section}", 0.0) for section in groups}
            for topic, groups in topics.items()
        }

    @property
    def looked_at(self) -> list[str]:
        """The topics that the last message was compared with, best first."""
        return list(self.asked[-1][1])


def told(topic: str) -> list[dict[str, Any]]:
    """The events of an action that told a topic."""
    return [{"event": "slot", "timestamp": None, "name": "topic", "value": topic}]


def run_all(action: Action, tracker: dict[str, Any]) -> tuple[list[dict[str, Any]], list[Reply]]:
    """The events of an action and the replies that it gave."""
    dispatcher = CollectingDispatcher()
    events = action.run(dispatcher, Tracker.from_dict(tracker), {})
    if isinstance(events, Coroutine):
        events = asyncio.run(events)
    assert all(message["text"] is None for message in dispatcher.messages)
    return events, [Reply.from_dict(message["custom"]) for message in dispatcher.messages]


def run(action: Action, tracker: dict[str, Any]) -> tuple[list[dict[str, Any]], Reply]:
    """The events of an action and the one reply that it gave."""
    events, replies = run_all(action, tracker)
    (reply,) = replies
    return events, reply


def payloads(reply: Reply) -> list[str]:
    """What the choices lead to, in order."""
    return [choice.payload for choice in reply.choices]
