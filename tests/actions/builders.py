"""Trackers as Rasa sends them, and one run of an action."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

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
) -> dict[str, Any]:
    """A tracker as it travels in a call: ``language`` is the gateway's, ``slot`` what was chosen before."""
    return {
        "sender_id": "c_test",
        "slots": {"language": slot},
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
