"""A date makes a message that says nothing else an answer."""

from typing import Any

import pytest
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.engine.inform import INFORM_DATE, DateInformer

TEXT_WITH_DATE = "so it was on march 3 as i told you before, can i still send it"
DATE = {"entity": "date", "value": {}, "start": 10, "end": 20}
ARRIVAL = {**DATE, "role": "arrival"}


def understood(intent: str | None, *entities: dict[str, Any], text: str = TEXT_WITH_DATE) -> str | None:
    message = Message({TEXT: text, INTENT: {"name": intent, "confidence": 0.5}, ENTITIES: list(entities)})
    name: str | None = DateInformer().process([message])[0].get(INTENT)["name"]
    return name


@pytest.mark.parametrize("intent", ["nlu_fallback", "affirm", "deny"])
def test_a_date_says_more_than_a_weak_intent(intent: str) -> None:
    assert understood(intent, DATE) == INFORM_DATE
    assert understood(intent, ARRIVAL) == INFORM_DATE


@pytest.mark.parametrize("intent", ["thank", "greet", "out_of_scope"])
def test_the_date_of_an_event_says_more_than_small_talk(intent: str) -> None:
    assert understood(intent, ARRIVAL) == INFORM_DATE
    assert understood(intent, DATE) == intent
    assert understood(intent, {**DATE, "role": "status_ended"}) == intent


def test_a_message_that_is_nothing_but_a_date_informs() -> None:
    thursday = {**DATE, "start": 4, "end": 20}
    assert understood("deadline_exceptions", thursday, text="fue el jueves pasado") == INFORM_DATE


@pytest.mark.parametrize("intent", ["work_permit", "calculate_deadline", "emergency", None])
def test_an_intent_that_was_understood_stays(intent: str | None) -> None:
    assert understood(intent, ARRIVAL) == intent


def test_without_a_date_or_with_one_beside_the_point_nothing_changes() -> None:
    assert understood("nlu_fallback") == "nlu_fallback"
    assert understood("nlu_fallback", {**DATE, "role": "other"}) == "nlu_fallback"
    assert understood("deny", {"entity": "language", "value": "es"}) == "deny"
