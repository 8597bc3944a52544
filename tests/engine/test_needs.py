from __future__ import annotations

from typing import Any

import pytest
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.engine.needs import LONGEST_TEXT, NEEDS, PLACE, ClauseSplitter, NeedsFinder, clauses

SURE = 0.9


def said(text: str) -> list[str]:
    return [clause.text for clause in clauses(text)]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("how much is it? and can i travel?", ["how much is it?", "and can i travel?"]),
        ("how much does it cost and how long does it take", ["how much does it cost", "how long does it take"]),
        ("cuanto cuesta el asilo y cuando puedo trabajar", ["cuanto cuesta el asilo", "cuando puedo trabajar"]),
        ("¿Cuánto cuesta? ¿Cuándo puedo trabajar?", ["¿Cuánto cuesta?", "¿Cuándo puedo trabajar?"]),
        ("necesito un abogado; que papeles llevo", ["necesito un abogado;", "que papeles llevo"]),
        ("do i need a lawyer\ncan my wife be included", ["do i need a lawyer", "can my wife be included"]),
        (
            "hola. cuanto tiempo tengo otra pregunta hay que pagar cada año",
            ["cuanto tiempo tengo", "hay que pagar cada año"],
        ),
        (
            "quiero hacer una cita y también saber cuánto cuesta",
            ["quiero hacer una cita", "saber cuánto cuesta"],
        ),
        (
            "my permit expires in march how do i renew it and also do i have to pay again",
            ["my permit expires in march how do i renew it", "do i have to pay again"],
        ),
    ],
)  # fmt: skip
def test_a_message_is_parted_at_sentences_and_at_words_that_join_questions(
    text: str, parts: list[str]
) -> None:
    assert said(text) == parts


@pytest.mark.parametrize(
    "text",
    [
        "",
        "?",
        "can i work while i wait",
        "Hola. ¿Puedo trabajar?",
        "I came in 2021 with a visa. My brother was killed. Can I apply?",
        "Me negaron el asilo, ¿puedo apelar?",
        "si cambio la fecha de la entrevista, ¿se detiene el reloj?",
        "do kids under 18 also have the one year thing",
        "mi esposo y mis hijos pueden venir conmigo",
        "it costs $1.50 at 8.30 p.m., what is that",
        "why and how",
    ],
)
def test_one_question_with_its_story_stays_whole(text: str) -> None:
    assert said(text) == []


def test_a_long_story_and_a_message_of_many_sentences_are_not_parted() -> None:
    two = "How much is it? How long does it take? "
    assert said(two)
    assert said("x" * LONGEST_TEXT + two) == []
    assert said("I came here. I was afraid. I am sick. " + two) == []


def test_a_clause_knows_its_place_in_the_text() -> None:
    text = "Hola,  ¿Cuánto cuesta el asilo? y cuándo puedo trabajar"
    found = clauses(text)
    assert [text[clause.start : clause.end] for clause in found] == [clause.text for clause in found]
    assert len(found) == 2


@pytest.fixture
def splitter(storage: Any, context: Any) -> ClauseSplitter:
    return ClauseSplitter.create({}, storage, Resource("splitter"), context)


@pytest.fixture
def finder(storage: Any, context: Any) -> NeedsFinder:
    config = {**NeedsFinder.get_default_config(), "not_needs": ["thank"]}
    return NeedsFinder.create(config, storage, Resource("finder"), context)


def understood(
    splitter: ClauseSplitter, finder: NeedsFinder, texts: list[str], intents: list[tuple[str | None, float]]
) -> list[Message]:
    """The messages behind both components, when a classifier in between gave the clauses these intents."""
    messages = splitter.process([Message({TEXT: text}) for text in texts])
    named = iter(intents)
    for message in messages:
        name, confidence = next(named) if message.get(PLACE) else ("whole", 1.0)
        message.set(INTENT, {"name": name, "confidence": confidence}, add_to_output=True)
    return finder.process(messages)


TEXT_OF_TWO = "how much is it? can i travel?"


def test_two_sure_clauses_are_two_needs_in_their_order(splitter: ClauseSplitter, finder: NeedsFinder) -> None:
    (message,) = understood(splitter, finder, [TEXT_OF_TWO], [("fee", SURE), ("travel", 0.7)])
    assert message.as_dict(only_output_properties=True)[NEEDS] == [
        {"intent": "fee", "confidence": SURE, "start": 0, "end": 15},
        {"intent": "travel", "confidence": 0.7, "start": 16, "end": 29},
    ]
    assert message.get(INTENT)["name"] == "whole"


@pytest.mark.parametrize(
    "intents",
    [
        [("fee", SURE), ("fee", SURE)],
        [("fee", SURE), ("travel", 0.3)],
        [("fee", SURE), ("thank", SURE)],
        [("fee", SURE), (None, 0.0)],
    ],
)
def test_a_single_need_is_not_listed(
    splitter: ClauseSplitter, finder: NeedsFinder, intents: list[tuple[str | None, float]]
) -> None:
    (message,) = understood(splitter, finder, [TEXT_OF_TWO], intents)
    assert message.get(NEEDS) is None


def test_messages_of_one_batch_keep_their_own_needs(splitter: ClauseSplitter, finder: NeedsFinder) -> None:
    texts = ["hi", TEXT_OF_TWO, "can i work", TEXT_OF_TWO]
    intents: list[tuple[str | None, float]] = [("a", SURE), ("b", SURE), ("c", SURE), ("d", SURE)]
    messages = understood(splitter, finder, texts, intents)
    assert [message.get(TEXT) for message in messages] == texts
    found = [[need["intent"] for need in message.get(NEEDS) or []] for message in messages]
    assert found == [[], ["a", "b"], [], ["c", "d"]]


def test_a_choice_has_no_clauses(splitter: ClauseSplitter) -> None:
    command = '/work_permit{"section": "how much is it? can i travel?"}'
    assert len(splitter.process([Message({TEXT: command})])) == 1


def test_needs_travel_with_the_parse_of_a_turn(engine: Any) -> None:
    _, answer = engine.turn("¿puedo trabajar mientras espero? gracias", conversation="c_need", language="es")
    assert answer["parse"]["needs"] == []
    text = "can i work while i wait? give me a work permit please. let me talk to a person please"
    _, answer = engine.turn(text, conversation="c_need")
    needs = answer["parse"]["needs"]
    assert all(set(need) == {"intent", "confidence", "start", "end"} for need in needs)
    assert len({need["intent"] for need in needs}) == len(needs)
