"""The dates that a message names, each with everything that it may mean and the event that it is the date of."""

from __future__ import annotations

from datetime import date
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITY_ATTRIBUTE_ROLE, METADATA
from rasa.shared.nlu.training_data.message import Message

from bot.core.dates import FoundDate, events_of, find_dates
from bot.core.dates.events import prepare
from bot.engine.text import add_entities, words_of


def _entity(found: FoundDate, event: str | None) -> dict[str, Any]:
    readings = [
        {"earliest": reading.earliest.isoformat(), "latest": reading.latest.isoformat()}
        for reading in found.readings
    ]
    entity: dict[str, Any] = {
        "entity": "date",
        "start": found.start,
        "end": found.end,
        "value": {
            "text": found.text,
            "precision": found.precision,
            "readings": readings,
            "assumed": found.assumed,
        },
    }
    if event is not None:
        entity[ENTITY_ATTRIBUTE_ROLE] = event
    return entity


def today_of(message: Message) -> date | None:
    """The day of the person who wrote, told by the gateway, or None where nobody told (training, a shell)."""
    told = (message.get(METADATA) or {}).get("today")
    if not isinstance(told, str):
        return None
    try:
        return date.fromisoformat(told)
    except ValueError:
        return None


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class DateEntityExtractor(GraphComponent):
    """Adds an entity ``date`` for every date; more than one reading means that it has to be asked about.

    Its role is the event that it is the date of (a key of ``bot.core.dates.EVENTS``), left out where nothing says it.

    Without the gateway's ``today`` nothing is added: the machine's clock is not the person's day.
    """

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> DateEntityExtractor:
        prepare()
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            today = today_of(message)
            if today is None:
                continue
            words = words_of(message)
            found = find_dates(words, today)
            if found:
                pairs = zip(found, events_of(words, found), strict=True)
                add_entities(message, [_entity(*pair) for pair in pairs], type(self).__name__)
        return messages
