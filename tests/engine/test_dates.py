from typing import Any

import pytest
from rasa.shared.nlu.training_data.message import Message

from bot.engine.dates import DateEntityExtractor

EXTRACTOR = DateEntityExtractor()


def dates(text: str, metadata: dict[str, Any] | None) -> list[dict[str, Any]]:
    message = EXTRACTOR.process([Message({"text": text, "metadata": metadata})])[0]
    return message.get("entities") or []


def test_a_date_comes_with_its_place_and_its_one_reading() -> None:
    text = "llegué el 3 de marzo de 2025"
    (entity,) = dates(text, {"today": "2026-11-21"})
    assert entity["value"]["precision"] == "day"
    assert entity["value"]["readings"] == [{"earliest": "2025-03-03", "latest": "2025-03-03"}]
    assert text[entity["start"] : entity["end"]] == entity["value"]["text"]
    assert entity["entity"] == "date"


def test_a_date_with_two_readings_keeps_both() -> None:
    (entity,) = dates("I arrived 03/04/2025", {"today": "2026-11-21"})
    assert {reading["earliest"] for reading in entity["value"]["readings"]} == {"2025-03-04", "2025-04-03"}


def test_the_day_is_the_one_that_the_gateway_told() -> None:
    (early,) = dates("yesterday", {"today": "2026-11-21"})
    (late,) = dates("yesterday", {"today": "2027-01-01"})
    assert early["value"]["readings"][0]["latest"] == "2026-11-20"
    assert late["value"]["readings"][0]["latest"] == "2026-12-31"


@pytest.mark.parametrize("metadata", [None, {}, {"today": None}, {"today": "soon"}])
def test_without_a_day_nothing_is_guessed(metadata: dict[str, Any] | None) -> None:
    assert dates("yesterday, 3 March 2025", metadata) == []


def test_the_role_is_the_event_of_the_date() -> None:
    entities = dates("llegué el 3 de marzo de 2025 y mi corte es el 15 de enero", {"today": "2026-11-21"})
    assert [entity["role"] for entity in entities] == ["arrival", "hearing"]


def test_a_date_of_which_nothing_is_said_has_no_role() -> None:
    (entity,) = dates("3 de abril", {"today": "2026-11-21"})
    assert "role" not in entity
