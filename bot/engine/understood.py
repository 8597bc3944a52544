"""What a message is understood by: no courtesies, slips of the finger set right, and of a story its question.

The text itself stays as it was written; only featurizers read what stands here. The dictionary of the spelling is the
training data: a word that stands in no example is read as the nearest one that stands in several, a letter away.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from symspellpy import SymSpell, Verbosity

from bot.engine.asked import asked, question_of
from bot.engine.classifier import RANKING
from bot.engine.text import UNDERSTOOD, fold, has_words, understood_of, words_of

#: Key of the message that stands behind a story and holds its question, between the two components only.
STORY = "story"

#: Shorter words are too much alike to be set right.
SHORTEST_WORD = 4

#: A word must stand in so many examples for others to be read as it.
KNOWN_WELL = 3

_WORD = re.compile(r"[^\W\d_]+")

#: How the model that was loaded last reads a text.
_reading: Callable[[str], str] = asked


def as_read(text: str) -> str:
    """A text as the model that was loaded last in this process reads it; without its courtesies where there is none.

    What compares a message with other texts reads it the same way, so that its vector is one of those that the encoder
    still remembers from the parse.
    """
    return _reading(text) if has_words(text) else text


class Spelling:
    """Reads a word that no example has as the most frequent one that is a slip away."""

    def __init__(self, counts: dict[str, int]) -> None:
        self._known = frozenset(counts)
        self._dictionary = SymSpell(max_dictionary_edit_distance=1, prefix_length=7)
        for word, count in counts.items():
            if count >= KNOWN_WELL and len(word) >= SHORTEST_WORD:
                self._dictionary.create_dictionary_entry(word, count)

    def of(self, text: str) -> str:
        """The text with its slips set right; a word set right loses its capitals and accents."""
        return _WORD.sub(self._word, text)

    def _word(self, found: re.Match[str]) -> str:
        word = fold(found[0])
        if len(word) < SHORTEST_WORD or word in self._known:
            return found[0]
        near = self._dictionary.lookup(word, Verbosity.ALL, max_edit_distance=1)
        # The first letter is seldom the wrong one.
        best = next((one.term for one in near if one.term[0] == word[0]), near[0].term if near else None)
        return best or found[0]


# A featurizer to Rasa, because only those prepare the examples for the steps that come behind them.
@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class TextUnderstander(GraphComponent):
    """Sets what the featurizers read, and puts the question of a story behind it as a message of its own.

    Stands behind the ClauseSplitter and before the featurizers; learns its dictionary from the examples.
    """

    def __init__(self, model_storage: ModelStorage, resource: Resource, counts: dict[str, int]) -> None:
        self._model_storage = model_storage
        self._resource = resource
        self._spelling = Spelling(counts)

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> TextUnderstander:
        return cls(model_storage, resource, {})

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> TextUnderstander:
        with model_storage.read_from(resource) as folder:
            counts = json.loads((folder / "words.json").read_text(encoding="utf-8"))
        component = cls(model_storage, resource, counts)
        global _reading
        _reading = component._read
        return component

    def train(self, training_data: TrainingData) -> Resource:
        counts: Counter[str] = Counter()
        for message in training_data.intent_examples:
            counts.update(set(_WORD.findall(fold(words_of(message)))))
        self._spelling = Spelling(counts)
        with self._model_storage.write_to(self._resource) as folder:
            (folder / "words.json").write_text(json.dumps(counts), encoding="utf-8")
        return self._resource

    def _read(self, text: str) -> str:
        return self._spelling.of(asked(text))

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        for message in training_data.training_examples:
            if has_words(words_of(message)):
                message.set(UNDERSTOOD, asked(words_of(message)))
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        understood: list[Message] = []
        for message in messages:
            understood.append(message)
            text = words_of(message)
            if not has_words(text):
                continue
            message.set(UNDERSTOOD, self._read(text))
            question = question_of(understood_of(message))
            if question:
                understood.append(Message({TEXT: question, UNDERSTOOD: question, STORY: True}))
        return understood


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class StoryJoiner(GraphComponent):
    """Joins what a story and its question were understood as, and takes the question off again; behind the classifier.

    sure: the confidence from which the story as a whole decides; weight_sure, weight_unsure: the share of the question
    then and else.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        self._config = {**self.get_default_config(), **config}

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"sure": 0.5, "weight_sure": 0.4, "weight_unsure": 0.8}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> StoryJoiner:
        return cls(config)

    def process(self, messages: list[Message]) -> list[Message]:
        joined: list[Message] = []
        for message in messages:
            if message.get(STORY):
                self._join(joined[-1], message)
            else:
                joined.append(message)
        return joined

    def _join(self, story: Message, question: Message) -> None:
        whole, part = (
            {one["name"]: one["confidence"] for one in m.get(RANKING) or ()} for m in (story, question)
        )
        if not whole or not part:
            return
        sure = max(whole.values()) >= self._config["sure"]
        share = self._config["weight_sure" if sure else "weight_unsure"]
        mixed = {
            name: (1 - share) * whole.get(name, 0.0) + share * part.get(name, 0.0)
            for name in {**whole, **part}
        }
        best = sorted(mixed.items(), key=lambda one: -one[1])[: len(whole)]
        ranking = [{"name": name, "confidence": confidence} for name, confidence in best]
        story.set(INTENT, dict(ranking[0]), add_to_output=True)
        story.set(RANKING, ranking, add_to_output=True)
