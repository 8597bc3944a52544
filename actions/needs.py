"""The needs that the engine found in a message with more than one."""

from __future__ import annotations

from dataclasses import dataclass

from rasa_sdk import Tracker


@dataclass(frozen=True, slots=True)
class Need:
    """A topic or request, and the words that ask for it."""

    intent: str
    text: str


def needs_of(tracker: Tracker) -> tuple[Need, ...]:
    """The needs of the latest message in the order of its words; none when it has a single one."""
    message = tracker.latest_message
    text = message.get("text") or ""
    return tuple(
        Need(need["intent"], text[need["start"] : need["end"]]) for need in message.get("needs") or ()
    )
