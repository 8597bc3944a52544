"""The language of a message, told only when it is sure."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import METADATA
from rasa.shared.nlu.training_data.message import Message

from bot.core.language import Detection, detect, warm_up
from bot.engine.text import add_entities, words_of

#: Key of the parse that holds a third language (``pt``, ``ht``, ``fr`` ...), on longer text only.
OTHER_LANGUAGE = "other_language"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class LanguageIdentifier(GraphComponent):
    """Adds the entity ``language`` when the words leave no doubt.

    "ok" and "I-589" carry no language: without the entity the conversation keeps the one it had.
    sure: the confidence that it takes to leave the language which the gateway told for the conversation.
    Where there is none yet, any evidence is better than a guess.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        self._sure = float(config["sure"])

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"sure": 0.6}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> LanguageIdentifier:
        warm_up()
        return cls(config)

    def _is_sure(self, found: Detection, message: Message) -> bool:
        if found.language is None:
            return False
        current = (message.get(METADATA) or {}).get("language")
        return found.confidence >= self._sure or current is None

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            text = words_of(message)
            found = detect(text)
            if self._is_sure(found, message):
                entity = {
                    "entity": "language",
                    "value": found.language,
                    "start": 0,
                    "end": len(text),
                    "confidence_entity": found.confidence,
                }
                add_entities(message, [entity], type(self).__name__)
            if found.other is not None:
                message.set(OTHER_LANGUAGE, found.other, add_to_output=True)
        return messages
