from typing import Any

import pytest
from rasa.shared.nlu.training_data.message import Message

from bot.engine.language import LanguageIdentifier


@pytest.fixture(scope="module")
def identifier() -> LanguageIdentifier:
    return LanguageIdentifier(LanguageIdentifier.get_default_config())


def parsed(identifier: LanguageIdentifier, text: str, metadata: dict[str, Any] | None = None) -> Message:
    return identifier.process([Message({"text": text, "metadata": metadata})])[0]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("¿puedo trabajar mientras espero?", "es"),
        ("can i work while i wait", "en"),
        ("llegue en marzo", "es"),
    ],
)
def test_a_clear_message_gives_its_language_over_its_whole_length(
    identifier: LanguageIdentifier, text: str, language: str
) -> None:
    (entity,) = parsed(identifier, text).get("entities")
    assert (entity["entity"], entity["value"]) == ("language", language)
    assert (entity["start"], entity["end"]) == (0, len(text))


@pytest.mark.parametrize("text", ["ok", "I-589", "no", "", "😀", "/greet"])
def test_words_without_a_language_give_none(identifier: LanguageIdentifier, text: str) -> None:
    assert not parsed(identifier, text).get("entities")


def test_an_even_mix_begins_a_conversation_but_does_not_switch_one(
    identifier: LanguageIdentifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bot.core.language import Detection

    monkeypatch.setattr("bot.engine.language.detect", lambda text: Detection("es", 0.55, None))
    assert not parsed(identifier, "anything", {"language": "en"}).get("entities")
    (entity,) = parsed(identifier, "anything", {"language": None}).get("entities")
    assert entity["value"] == "es"


def test_a_third_language_is_told_beside_the_entities(identifier: LanguageIdentifier) -> None:
    message = parsed(identifier, "eu preciso de um advogado, você pode me ajudar por favor")
    assert message.get("other_language") == "pt"
    assert "other_language" in message.as_dict(only_output_properties=True)
