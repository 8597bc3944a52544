"""A message that says little else than a date informs of that date, whatever its few other words resemble."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, INTENT
from rasa.shared.nlu.training_data.message import Message

from bot.engine.text import words_of

INFORM_DATE = "inform_date"

#: What any date says more than: "el jueves pasado" is understood as nothing, "no, fue el 5" as a no.
WEAKER = ("nlu_fallback", "affirm", "deny")

#: What the date of an event of their case says more than: "i arrived a week after thanksgiving" is no thanks.
WEAKER_THAN_EVENT = (*WEAKER, "thank", "greet", "goodbye", "help", "bot_challenge", "out_of_scope")

#: Events by which the case of a person is counted.
COUNTED = (
    "arrival", "filed", "judge_decision", "in_absentia_order", "board_decision", "noid", "granted", "green_card",
    "moved", "hearing", "permit_expires", "fee_notice", "fear_decision",
)  # fmt: skip

#: A message with at most so many words beside its date is the date and nothing else: "fue el jueves pasado".
WORDS_BESIDE = 2


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class DateInformer(GraphComponent):
    """Makes ``inform_date`` of a message that gives a date and says less than that; behind the FallbackClassifier."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> DateInformer:
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            intent = message.get(INTENT) or {}
            if intent.get("name") and _informs(message, str(intent["name"])):
                message.set(INTENT, {**intent, "name": INFORM_DATE}, add_to_output=True)
        return messages


def _informs(message: Message, intent: str) -> bool:
    dates = [
        entity
        for entity in message.get(ENTITIES) or ()
        if entity.get("entity") == "date" and entity.get("role") != "other"
    ]
    if not dates or intent in ("emergency", "calculate_deadline"):
        return False
    if intent in WEAKER:
        return True
    if intent in WEAKER_THAN_EVENT and any(date.get("role") in COUNTED for date in dates):
        return True
    text = words_of(message)
    rest = f"{text[: dates[0]['start']]} {text[dates[-1]['end'] :]}"
    return len(rest.split()) <= WORDS_BESIDE
