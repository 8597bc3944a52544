"""What every action needs to know about the turn that it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from bot.core.messages import LANGUAGES, Choice, Reply


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn as the gateway sent it.

    ``today`` is the person's day, told by the gateway: no action reads a clock. ``entities`` maps an entity to its
    last value; ``ranking`` holds intents, best first, with their confidence between 0 and 1.
    """

    text: str
    intent: str
    language: str
    today: date
    entities: dict[str, Any]
    ranking: tuple[tuple[str, float], ...]

    @classmethod
    def of(cls, tracker: Tracker) -> Turn:
        """The turn in a tracker. Raises KeyError when the gateway's metadata are missing."""
        message = tracker.latest_message
        metadata = message["metadata"]
        language = tracker.get_slot("language") or metadata["language"]
        ranking = message.get("intent_ranking") or []
        return cls(
            text=message.get("text") or "",
            intent=(message.get("intent") or {}).get("name") or "",
            language=language if language in LANGUAGES else LANGUAGES[0],
            today=date.fromisoformat(metadata["today"]),
            entities={entity["entity"]: entity.get("value") for entity in message.get("entities") or []},
            ranking=tuple((entry["name"], float(entry["confidence"])) for entry in ranking),
        )


def say(dispatcher: CollectingDispatcher, reply: Reply) -> None:
    """Hand a reply to the turn connector, which passes it on unchanged."""
    dispatcher.utter_message(json_message=reply.as_dict())


def with_choices(reply: Reply, first: Sequence[Choice]) -> Reply:
    """The reply with further choices in front of its own."""
    known = {choice.payload for choice in reply.choices}
    return replace(
        reply, choices=(*(choice for choice in first if choice.payload not in known), *reply.choices)
    )
