"""The browser's time zone serves one turn and is not part of the state that is kept."""

from __future__ import annotations

from typing import Any

from rasa.shared.core.events import ActionExecuted, UserUttered

from bot.engine.state import forget_timezone

METADATA = {"today": "2026-11-21", "timezone": "America/Boise", "firm_timezone": "America/New_York"}


def said() -> UserUttered:
    parse: Any = {"intent": {"name": "greet"}, "entities": [], "text": "hi", "metadata": dict(METADATA)}
    return UserUttered("hi", parse_data=parse, metadata=dict(METADATA))


def test_the_last_message_loses_the_browsers_zone_and_nothing_else() -> None:
    event = said()
    forget_timezone([ActionExecuted("action_listen"), event])
    assert "Boise" not in str(event.as_dict())
    assert event.metadata == {"today": "2026-11-21", "firm_timezone": "America/New_York"}
    assert event.parse_data["intent"] == {"name": "greet"}
    assert event.text == "hi"


def test_a_turn_without_a_message_or_without_a_zone_stays_as_it_is() -> None:
    forget_timezone([])
    bare = UserUttered("hi")
    before = bare.as_dict()
    forget_timezone([bare])
    assert bare.as_dict() == before
