"""Trackers as Rasa sends them, and one run of an action."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from datetime import date
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.sections import Scores, Topics, Unreachable
from bot.core.dates import events_of, find_dates
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


def dates_in(text: str, today: str = TODAY) -> list[dict[str, Any]]:
    """The entities of the dates of a text, as the engine gives them."""
    found = find_dates(text, date.fromisoformat(today))
    return [
        {
            "entity": "date",
            "start": one.start,
            "end": one.end,
            "value": {
                "text": one.text,
                "precision": one.precision,
                "readings": [
                    {"earliest": r.earliest.isoformat(), "latest": r.latest.isoformat()} for r in one.readings
                ],
                "assumed": one.assumed,
            },
            **({"role": event} if event else {}),
        }
        for one, event in zip(found, events_of(text, found), strict=True)
    ]


async def run_in_loop(action: Action, tracker: dict[str, Any]) -> tuple[list[dict[str, Any]], list[Reply]]:
    """``run_all`` in the loop of the test, so that a database of the test can be used."""
    dispatcher = CollectingDispatcher()
    events = action.run(dispatcher, Tracker.from_dict(tracker), {})
    if isinstance(events, Coroutine):
        events = await events
    return events, [Reply.from_dict(message["custom"]) for message in dispatcher.messages]


class Conversation:
    """A conversation whose slots and form live on between the actions, as in Rasa's tracker.

    ``starts``, ``validates``, ``asks``, ``ends`` are the actions around a form; ``wanted`` is the slot that ends it.
    """

    starts: type[Action]
    validates: type[Action]
    asks: type[Action]
    ends: type[Action]
    form: str
    wanted: str
    intent: str

    def __init__(self, lang: str = "en", **metadata: Any) -> None:
        self.lang = lang
        self.metadata = metadata
        self.slots: dict[str, Any] = {}
        self.loop: str | None = None
        self.sent = 0

    def tracker(self, text: str, intent: str, entities: dict[str, Any] | None = None) -> dict[str, Any]:
        """What Rasa sends of the conversation with one message more; the message was answered by nothing yet."""
        found = state(intent, text=text, language=self.lang, entities=entities, loop=self.loop)
        found["slots"].update(self.slots)
        found["latest_message"]["entities"] += dates_in(text)
        found["latest_message"]["metadata"] |= {
            "message_id": f"m_{self.sent}",
            "at": f"{TODAY}T17:00:00+00:00",
            "channel": "web",
            "consent": False,
            **self.metadata,
        }
        found["events"] = [{"event": "user"}]
        return found

    async def run(
        self, action: Action, text: str, intent: str, entities: dict[str, Any] | None = None
    ) -> list[Reply]:
        """What an action says; its events are kept."""
        events, replies = await run_in_loop(action, self.tracker(text, intent, entities))
        for event in events:
            if event["event"] == "slot":
                self.slots[event["name"]] = event["value"]
            elif event["event"] == "active_loop" or event.get("name") == self.form:
                self.loop = event["name"]
        return replies

    async def start(self, text: str, intent: str | None = None, **entities: Any) -> list[Reply]:
        """What is said to a request: what opens the form, and its first question."""
        self.sent += 1
        said = await self.run(self.starts(), text, intent or self.intent, entities)
        if self.loop == self.form:
            said += await self.run(self.asks(), text, intent or self.intent, {})
        return said

    async def answer(self, text: str, intent: str = "nlu_fallback", **entities: Any) -> list[Reply]:
        """What is said to an answer within the form; nothing when it was no answer, and rules would speak."""
        self.sent += 1
        before = dict(self.slots)
        said = await self.run(self.validates(), text, intent, entities)
        if self.slots == before and not said:
            return []
        if self.slots.get(self.wanted) is not None or self.slots.get("requested_slot", "") is None:
            self.loop = None
            self.slots.pop("requested_slot", None)
            said += await self.run(self.ends(), text, intent, {})
            if self.loop != self.form:
                return said
        return said + await self.run(self.asks(), text, intent, {})

    async def press(self, title: str, replies: list[Reply]) -> list[Reply]:
        """What is said to a pressed choice of these replies, whether it belongs to the form or begins it."""
        (payload,) = {c.payload for r in replies for c in r.choices if c.title == title}
        intent, _, entities = payload.removeprefix("/").partition("{")
        found = json.loads("{" + entities) if entities else {}
        turn = self.answer if self.loop == self.form else self.start
        return await turn(payload, intent, **found)


def payloads(reply: Reply) -> list[str]:
    """What the choices lead to, in order."""
    return [choice.payload for choice in reply.choices]
