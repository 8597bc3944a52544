"""What every action needs to know about the turn that it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import ActiveLoop, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from bot.core.deadlines import Span
from bot.core.deadlines.own_day import own_days
from bot.core.emergency import classify
from bot.core.messages import LANGUAGES, Choice, Reply
from bot.core.story import story_in


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn as the gateway sent it.

    ``today`` is the day by which dates in the message were read, ``days`` the person's day as a count needs it, from
    the first to the last that it may be: no action reads a clock. ``entities`` maps an entity to its last value;
    ``ranking`` holds intents, best first, with their confidence between 0 and 1.
    """

    text: str
    intent: str
    language: str
    today: date
    entities: dict[str, Any]
    ranking: tuple[tuple[str, float], ...]
    days: Span

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
            days=_days(metadata, tracker.get_slot("us_state")),
        )


def _days(metadata: Mapping[str, Any], state: Any) -> Span:
    """The person's day by the state that they have named and their browser's zone; ``today`` where no gateway told the
    moment (a terminal, a test)."""
    now, firm = metadata.get("now"), metadata.get("firm_timezone")
    if not now or not firm:
        today = date.fromisoformat(metadata["today"])
        return Span(today, today)
    named = state if isinstance(state, str) else None
    return own_days(datetime.fromisoformat(now), named, metadata.get("timezone"), firm)


def say(dispatcher: CollectingDispatcher, reply: Reply) -> None:
    """Hand a reply to the turn connector, which passes it on unchanged."""
    dispatcher.utter_message(json_message=reply.as_dict())


def with_choices(reply: Reply, first: Sequence[Choice]) -> Reply:
    """The reply with further choices in front of its own."""
    known = {choice.payload for choice in reply.choices}
    return replace(
        reply, choices=(*(choice for choice in first if choice.payload not in known), *reply.choices)
    )


def left_form(tracker: Tracker, own: str) -> list[dict[str, Any]]:
    """The events that leave another form than one's own."""
    if tracker.active_loop.get("name") in (None, own):
        return []
    return [ActiveLoop(None), SlotSet("requested_slot", None)]


def after_emergency(tracker: Tracker) -> bool:
    """Whether this message was answered with the lines of an emergency: no form asks anything on top of them.

    A story told in the past gets other lines, and the form goes on.
    """
    text = str(tracker.latest_message.get("text") or "")
    for event in reversed(tracker.events):
        if event["event"] == "user":
            return False
        if event["event"] == "action" and event["name"] == "action_emergency":
            return classify(text) is not None or story_in(text) is None
    return False
