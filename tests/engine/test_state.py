"""What of a conversation is kept, and what goes once a message was a story."""

from __future__ import annotations

import json
from typing import Any

import pytest
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActiveLoop,
    BotUttered,
    ConversationPaused,
    Event,
    Restarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

from bot.engine.state import KEPT_TURNS, forget_text, shortened

DOMAIN = Domain.from_file("tests/engine/bot/domain.yml")
STORY = "they came at night to the mill and beat me"
MARKER = "[story not kept: 10 words, en]"


def told(text: str = STORY, **others: Any) -> UserUttered:
    parse: Any = {
        "text": text,
        "intent": {"name": "emergency", "confidence": 0.6},
        "intent_ranking": [{"name": "emergency", "confidence": 0.6}],
        "entities": [{"entity": "event_place", "value": "mill", "start": 26, "end": 30}],
        "message_id": "m_1",
        "metadata": {"today": "2026-11-21"},
        "language": "en",
        **others,
    }
    return UserUttered(text, parse["intent"], parse["entities"], parse)


def turns(count: int) -> list[Event]:
    """A conversation of so many turns, each greeted."""
    made: list[Event] = [ActionExecuted("action_listen")]
    for number in range(count):
        made += [UserUttered(f"message {number}", {"name": "greet"}), ActionExecuted("action_greet")]
        made += [BotUttered("hello"), ActionExecuted("action_listen")]
    return made


# a story


def test_of_a_story_the_marker_stays_with_what_the_rules_look_back_at() -> None:
    story = told()
    forget_text([ActionExecuted("action_listen"), story, ActionExecuted("action_emergency")], MARKER)
    assert (story.text, story.parse_data["text"]) == (MARKER, MARKER)
    assert story.intent["name"] == "emergency"
    assert story.parse_data["intent_ranking"] == [{"name": "emergency", "confidence": 0.6}]
    assert story.parse_data["entities"] == [
        {"entity": "event_place", "value": "mill", "start": 26, "end": 30}
    ]
    assert story.parse_data["metadata"] == {"today": "2026-11-21"}
    kept = json.dumps(story.as_dict())
    assert [word for word in ("night", "beat") if word in kept] == []


@pytest.mark.parametrize("name", ["text_tokens", "needs", "response_selector", "of a component to come"])
def test_of_what_components_add_to_a_parse_nothing_stays_with_a_story(name: str) -> None:
    story = told(**{name: [STORY]})
    forget_text([story], MARKER)
    assert name not in story.parse_data


def test_only_the_last_message_is_replaced() -> None:
    before, story = told("can i work"), told()
    forget_text([before, BotUttered("Yes."), story], MARKER)
    assert (before.text, before.parse_data["text"]) == ("can i work", "can i work")
    assert story.text == MARKER


def test_without_a_message_there_is_nothing_to_forget() -> None:
    forget_text([], MARKER)
    events: list[Event] = [ActionExecuted("action_listen"), SlotSet("language", "es")]
    forget_text(events, MARKER)
    assert events == [ActionExecuted("action_listen"), SlotSet("language", "es")]


# a long conversation


@pytest.mark.parametrize("count", range(KEPT_TURNS + 1))
def test_a_short_conversation_is_kept_whole_but_for_what_the_bot_said(count: int) -> None:
    events = turns(count)
    assert shortened(events, DOMAIN.slots) == [e for e in events if not isinstance(e, BotUttered)]


def test_of_a_long_one_the_last_turns_stay_word_for_word() -> None:
    kept = shortened(turns(KEPT_TURNS + 3), DOMAIN.slots)
    said = [event.text for event in kept if isinstance(event, UserUttered)]
    assert said == [f"message {number}" for number in range(3, KEPT_TURNS + 3)]
    first = next(event for event in kept if not isinstance(event, SlotSet))
    assert isinstance(first, ActionExecuted) and first.action_name == "action_listen"


def test_what_the_dropped_turns_had_led_to_stands_in_front() -> None:
    led_to: list[Event] = [
        SlotSet("event_place", "home"),
        ActiveLoop("deadline_form"),
        ActionExecutionRejected("deadline_form"),
        ConversationPaused(),
    ]
    events = [*turns(1), *led_to, *turns(KEPT_TURNS)]
    kept = shortened(events, DOMAIN.slots)
    again = DialogueStateTracker.from_events("", kept, DOMAIN.slots)
    whole = DialogueStateTracker.from_events("", events, DOMAIN.slots)
    assert "message 0" not in [
        e.text for e in kept[: len(kept) - 3 * KEPT_TURNS] if isinstance(e, UserUttered)
    ]
    assert again.get_slot("event_place") == whole.get_slot("event_place") == "home"
    assert (again.active_loop_name, again.is_active_loop_rejected) == ("deadline_form", True)
    assert again.is_paused() and whole.is_paused()


def test_nothing_from_before_a_fresh_start_is_kept() -> None:
    before: list[Event] = [SlotSet("event_place", "home"), ActiveLoop("deadline_form")]
    kept = shortened([*turns(2), *before, Restarted(), *turns(2)], DOMAIN.slots)
    again = DialogueStateTracker.from_events("", kept, DOMAIN.slots)
    assert (again.get_slot("event_place"), again.active_loop_name) == (None, None)
    assert len([event for event in kept if isinstance(event, UserUttered)]) == 2


def test_shortened_again_it_stays_as_it_is() -> None:
    once = shortened([*turns(2), SlotSet("event_place", "home"), *turns(KEPT_TURNS)], DOMAIN.slots)
    assert shortened(once, DOMAIN.slots) == once
