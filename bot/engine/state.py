"""What of a conversation has to be kept so that the next turn goes as if everything had been."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActiveLoop,
    BotUttered,
    ConversationPaused,
    Event,
    Restarted,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

#: User turns that are kept word for word. Rules look back one turn, and into a form as far as its interruption.
KEPT_TURNS = 4

#: What of a parse may stay when the text may not.
_KEPT_OF_PARSE = ("intent", "intent_ranking", "entities", "message_id", "metadata")


def shortened(events: list[Event], slots: list[Any]) -> list[Event]:
    """The events that lead to the same state and the same next step, whatever came before.

    What the dropped events had led to stands in front as slots, active form and pause.
    """
    start = _first_kept(events)
    kept = [event for event in events[start:] if not isinstance(event, BotUttered)]
    if start == 0 or not kept or isinstance(events[start], Restarted | SessionStarted):
        return kept
    earlier = DialogueStateTracker.from_events("", events[:start], slots)
    at = kept[0].timestamp
    state: list[Event] = [
        SlotSet(name, slot.value, timestamp=at)
        for name, slot in earlier.slots.items()
        if slot.value != slot.initial_value
    ]
    if earlier.active_loop_name:
        state.append(ActiveLoop(earlier.active_loop_name, timestamp=at))
        if earlier.is_active_loop_rejected:
            state.append(ActionExecutionRejected(earlier.active_loop_name, timestamp=at))
    if earlier.is_paused():
        state.append(ConversationPaused(timestamp=at))
    return [*state, *kept]


def forget_text(events: Iterable[Event], marker: str) -> None:
    """Puts ``marker`` in the place of what the person wrote last: the state goes on without the words.

    Intent and entities stay, for the rules look back at them; entities hold dates and names of places.
    """
    said = [event for event in events if isinstance(event, UserUttered)]
    if not said:
        return
    last = said[-1]
    last.text = marker
    last.parse_data = {
        **{name: last.parse_data[name] for name in _KEPT_OF_PARSE if name in last.parse_data},
        "text": marker,
    }


def forget_timezone(events: Iterable[Event]) -> None:
    """Takes the browser's time zone off what the person wrote last: the gateway sends it anew with each message."""
    said = [event for event in events if isinstance(event, UserUttered)]
    for event in said[-1:]:
        event.metadata = _without_timezone(event.metadata)
        if "metadata" in event.parse_data:
            parse: Any = event.parse_data
            parse["metadata"] = _without_timezone(parse["metadata"])


def _without_timezone(metadata: Any) -> Any:
    return {name: value for name, value in (metadata or {}).items() if name != "timezone"}


def _first_kept(events: list[Event]) -> int:
    """Where the kept events begin: at the last fresh start, or the last turns if they begin later."""
    begin = 0
    turns: list[int] = []
    for index, event in enumerate(events):
        if isinstance(event, Restarted | SessionStarted):
            begin, turns = index, []
        elif isinstance(event, UserUttered):
            turns.append(index)
    if len(turns) <= KEPT_TURNS:
        return begin
    index = turns[-KEPT_TURNS]
    before = events[index - 1]
    return (
        index - 1
        if isinstance(before, ActionExecuted) and before.action_name == ACTION_LISTEN_NAME
        else index
    )
