"""Small text functions that several components share."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Any

from rasa.shared.nlu.constants import ENTITIES, ENTITY_ATTRIBUTE_TYPE, ENTITY_ATTRIBUTE_VALUE, TEXT
from rasa.shared.nlu.training_data.message import Message

#: How Rasa marks a message that carries its meaning instead of words: ``/intent{...}``.
COMMAND_PREFIX = "/"

#: Key of a message under which the text stands by which it is understood (bot/engine/understood.py).
UNDERSTOOD = "understood"


@lru_cache(maxsize=4096)
def _fold_character(character: str) -> str:
    base = unicodedata.normalize("NFD", character)[0].lower()
    return base if len(base) == 1 else character


def fold(text: str) -> str:
    """The text in lower case and without accents, character for character, so that offsets stay right."""
    return "".join(map(_fold_character, text))


def words_of(message: Message) -> str:
    """What a person wrote, or "" when there is nothing to understand (no text, or a command)."""
    text = message.get(TEXT)
    if not isinstance(text, str) or text.startswith(COMMAND_PREFIX):
        return ""
    return text


def understood_of(message: Message) -> str:
    """The text by which a message is understood; what was written where nothing else is set."""
    return str(message.get(UNDERSTOOD) or words_of(message))


def has_words(text: str) -> bool:
    """Whether there is a letter or a digit to understand; emoji and punctuation alone say nothing reliable."""
    return any(character.isalnum() for character in text)


def language_of(message: Message) -> str | None:
    """The language that ``LanguageIdentifier`` was sure of, or None."""
    for entity in message.get(ENTITIES) or ():
        if entity.get(ENTITY_ATTRIBUTE_TYPE) == "language":
            return str(entity[ENTITY_ATTRIBUTE_VALUE])
    return None


def add_entities(message: Message, entities: list[dict[str, Any]], extractor: str) -> None:
    """Put entities behind those that are already there."""
    for entity in entities:
        entity["extractor"] = extractor
    message.set(ENTITIES, [*(message.get(ENTITIES) or ()), *entities], add_to_output=True)
