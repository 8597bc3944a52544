"""Several needs in one message: its clauses, each understood as if it had been sent alone.

``ClauseSplitter`` puts the clauses behind their message as messages of their own, so that featurizers and classifier
treat them like any other; ``NeedsFinder`` takes them off again and tells what they mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.engine.text import fold, has_words, words_of

#: Key of the parse that lists the needs of a message with more than one.
NEEDS = "needs"

#: Key under which a clause keeps its place in its message, between the two components only.
PLACE = "clause"

#: A longer message, or one with more clauses, is a story: its last sentence says what is wanted, the others why.
LONGEST_TEXT = 500
MOST_CLAUSES = 4

#: Words on both sides that it takes to part a sentence at a connector.
WORDS_BESIDE_CONNECTOR = 3

_END_OF_SENTENCE = re.compile(r"[?!;\n]+|\.+(?=\s|$)|(?=¿)")

# Everything below is matched over folded text.
_ASKING = (
    r"(?:how|what|whats|when|where|who|which|why|can|could|do|does|did|is|are|am|will|should|may|to know|"
    r"cuanto|cuanta|cuantos|cuantas|cuando|como|donde|quien|quienes|cual|cuales|que|por que|puedo|puede|"
    r"se puede|tengo que|hay que|saber)\b"
)
_WISHING = (
    r"(?:i want|i need|i would like|i'd like|please|tell me|"
    r"quiero|queria|quisiera|necesito|me gustaria|por favor|digame|me puede decir)\b"
)
# A rumour that somebody tells wants to be confirmed or corrected.
_HEARSAY = (
    r"(?:i heard|heard that|says?|said|told me|true that|dicen?|dijo|dijeron|escuche|oi que|lei que|cierto)\b"
)
# What asks even in the middle of words without punctuation: "my permit expires in march how do i renew it".
_INSIDE = r"(?:how (?:do|can|much|long|many)|(?:can|do|should) i|cuanto|puedo|que hago|como hago)\b"
_OPENING = r"(?:(?:and|but|so|then|ok|hi|hey|hello|also|y|e|o|pero|pues|entonces|hola|tambien|ademas)\b\W*)*"

_CONNECTOR = re.compile(
    r"[\s,]+(?:"
    r"(?:and|but) also|another question|one more (?:question|thing)"
    r"|(?:[ye] )?(?:otra pregunta|una pregunta mas|otra cosa)|[ye] (?:tambien|ademas)"
    rf"|(?:also|tambien|ademas)(?=,? (?:{_ASKING}|{_WISHING}))"
    rf"|(?:and|or|y|o)(?= (?:{_ASKING}|{_WISHING}|si no\b))"
    r")[\s,:]*"
)
_ASKS = re.compile(rf"\?|(?:^|,)\W*{_OPENING}{_ASKING}|\b(?:{_WISHING}|{_HEARSAY}|{_INSIDE})")


@dataclass(frozen=True)
class Clause:
    """A part of a text that can be understood alone; ``end`` is exclusive."""

    text: str
    start: int
    end: int


def clauses(text: str) -> list[Clause]:
    """The clauses that ask something, in order; nothing when there is only one or the text is a story."""
    if len(text) > LONGEST_TEXT:
        return []
    found = [clause for start, end in _sentences(text) for clause in _parted(text, start, end)]
    asking = [clause for clause in found if _ASKS.search(fold(clause.text)) and len(clause.text.split()) > 1]
    return asking if len(asking) > 1 and len(found) <= MOST_CLAUSES else []


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for mark in _END_OF_SENTENCE.finditer(text):
        yield start, mark.end()
        start = mark.end()
    yield start, len(text)


def _parted(text: str, start: int, end: int) -> Iterator[Clause]:
    """A sentence parted at its connectors."""
    folded = fold(text[start:end])
    begin = 0
    for link in _CONNECTOR.finditer(folded):
        before, after = folded[begin : link.start()], folded[link.end() :]
        if min(len(before.split()), len(after.split())) >= WORDS_BESIDE_CONNECTOR:
            yield from _clause(text, start + begin, start + link.start())
            begin = link.end()
    yield from _clause(text, start + begin, end)


def _clause(text: str, start: int, end: int) -> Iterator[Clause]:
    piece = text[start:end]
    if has_words(piece):
        start += len(piece) - len(piece.lstrip())
        yield Clause(piece.strip(), start, start + len(piece.strip()))


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class ClauseSplitter(GraphComponent):
    """Puts each clause of a message behind it as a message; stands before the featurizers.

    A message of one clause costs nothing; each clause costs one encoding.
    """

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> ClauseSplitter:
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        split: list[Message] = []
        for message in messages:
            split.append(message)
            split += [
                Message({TEXT: clause.text, PLACE: (clause.start, clause.end)})
                for clause in clauses(words_of(message))
            ]
        return split


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class NeedsFinder(GraphComponent):
    """Takes the clauses off again and tells the needs of a message with more than one; stands behind the classifier.

    A need is ``{"intent", "confidence", "start", "end"}``, in order of appearance, each intent once.
    threshold: the confidence that it takes. not_needs: intents that ask for nothing.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        self._threshold = float(config["threshold"])
        self._not_needs = frozenset(config["not_needs"])

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"threshold": 0.65, "not_needs": []}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> NeedsFinder:
        return cls(config)

    def process(self, messages: list[Message]) -> list[Message]:
        whole: list[Message] = []
        needs: list[dict[str, dict[str, Any]]] = []
        for message in messages:
            place = message.get(PLACE)
            if place is None:
                whole.append(message)
                needs.append({})
                continue
            intent = message.get(INTENT)
            if intent["confidence"] >= self._threshold and intent["name"] not in self._not_needs:
                need = {**intent, "start": place[0], "end": place[1]}
                needs[-1].setdefault(intent["name"], {"intent": need.pop("name"), **need})
        for message, found in zip(whole, needs, strict=True):
            if len(found) > 1:
                message.set(NEEDS, list(found.values()), add_to_output=True)
        return whole
