"""What a message names of the domain: visas, forms, courts, relatives, countries ..., in either language."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Container
from functools import lru_cache
from pathlib import Path
from typing import Any

import spacy
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from spacy.language import Language

from bot.core import yaml12
from bot.core.errors import ContentFileError
from bot.engine.text import add_entities, fold, language_of, words_of
from bot.engine.tokenizer import UNSURE

Patterns = dict[str, dict[str, list[str]]]

#: Longer text is read up to here; nobody names their visa after that.
MOST_CHARACTERS = 5000

_ALTERNATIVES = re.compile(r"\(([^()]*)\)")

#: The entity that says where a person is, and names that say so only where nothing else can be meant.
STATE, MAYBE_STATE = "us_state", "us_state_maybe"

# How far before a place it is looked for what the text says of it (letters).
_BEFORE = 60


def _any(words: list[str]) -> str:
    return "(?:" + "|".join(words) + ")"


_WORDS = yaml12.load_file(Path(__file__).with_name("place_words.yml"))
_PLACE = rf"(?:{_any(_WORDS['article'])}\s+)?$"
_BETWEEN = r"\s+(?:\w+\s+){0,2}"
#: "I live in", "estoy detenida en", "me mudé a": the person is there.
_LIVES = re.compile(rf"\b{_any(_WORDS['lives'])}{_BETWEEN}{_any(_WORDS['toward'])}\s+{_PLACE}")
#: Somebody else, something else, or another time: "my court is in", "crucé por", "vivía en".
_ELSEWHERE = re.compile(
    rf"\b{_any(_WORDS['elsewhere'])}{_BETWEEN}{_any(_WORDS['elsewhere_toward'])}\s+{_PLACE}"
)
_IN = re.compile(r"\b(?:en|in)\s+$")

#: A state by its two capitals, after "in" or after a city: "en TX", "Tulsa, OK 74101".
_CODE = re.compile(r"(?:\b(?:[Ii]n|[Ee]n)\s+|[^\W\d_]{2,},\s*)([A-Z]{2})(?![\w'’])")
# LA after "en" is Los Angeles; after a comma these are more often a word: "sure, OK", "passport, ID".
_NO_CODE_AFTER_IN = frozenset({"LA"})
_NO_CODE_AFTER_COMMA = frozenset({"HI", "ID", "OK"})


def read_patterns(path: Path) -> Patterns:
    """The phrases of each value of each entity, with their alternatives written out.

    Raises ContentFileError when the file has another shape or gives one phrase to two values of an entity.
    """
    content, lines = yaml12.load_with_lines(path.read_text(encoding="utf-8"), str(path), ContentFileError)
    patterns: Patterns = {}
    for entity, values in content.items():
        owner: dict[str, str] = {}
        patterns[entity] = {}
        for value, phrases in values.items():
            line = lines[(entity, value)]
            if not isinstance(phrases, list) or not all(isinstance(phrase, str) for phrase in phrases):
                problem = f"{value} is no list of phrases"
                raise ContentFileError(str(path), line, problem, "Write [one, another].")
            written = dict.fromkeys(fold(full) for phrase in phrases for full in alternatives(phrase))
            for phrase in written:
                if owner.setdefault(phrase, value) != value:
                    problem = f"'{phrase}' stands for both {owner[phrase]} and {value}"
                    raise ContentFileError(str(path), line, problem, "Leave it with one of them.")
            patterns[entity][str(value)] = list(written)
    return patterns


def alternatives(phrase: str) -> list[str]:
    """Every way to read a phrase with groups: ``venezolan(o|a)`` gives venezolano and venezolana."""
    parts = _ALTERNATIVES.split(phrase)
    choices = [part.split("|") if index % 2 else [part] for index, part in enumerate(parts)]
    return [" ".join("".join(chosen).split()) for chosen in itertools.product(*choices)]


def state_codes(text: str, states: Container[str]) -> list[dict[str, Any]]:
    """The states that a text names by their two capitals. A text that is all in capitals names none so: IN and ME
    and LA are words."""
    if not any(letter.islower() for letter in text):
        return []
    found = []
    for match in _CODE.finditer(text):
        after_comma = "," in match[0]
        if match[1] in states and match[1] not in (
            _NO_CODE_AFTER_COMMA if after_comma else _NO_CODE_AFTER_IN
        ):
            found.append({"entity": STATE, "value": match[1], "start": match.start(1), "end": match.end(1)})
    return found


def one_state(text: str, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The entities with at most one state: where the person says to live or to be, else one after "in", else any.

    Of several that are said alike, the last. What is said of somebody else, of a court or of the way that a person
    came is left out, and so is a name that may mean something else unless the person lives there or says nothing
    else ("Georgia" is a state here, "from Georgia" may be the country).
    """
    folded = fold(text)
    best: tuple[int, dict[str, Any]] | None = None
    for entity in sorted(found, key=lambda entity: int(entity["start"])):
        if entity["entity"] not in (STATE, MAYBE_STATE):
            continue
        sure = _sureness(folded, entity)
        if sure is not None and (best is None or sure >= best[0]):
            best = (sure, entity)
    others = [entity for entity in found if entity["entity"] not in (STATE, MAYBE_STATE)]
    return others if best is None else [*others, {**best[1], "entity": STATE}]


def _sureness(folded: str, entity: dict[str, Any]) -> int | None:
    """How sure it is that the person is in a place; None when the text says nothing of it."""
    before = folded[max(0, entity["start"] - _BEFORE) : entity["start"]]
    if _LIVES.search(before):
        return 2
    if _ELSEWHERE.search(before):
        return None
    after_in = bool(_IN.search(before))
    if entity["entity"] == MAYBE_STATE:
        rest = (_IN.sub("", before) + folded[entity["end"] :]).strip(" .,!?¡¿")
        return None if rest or entity["start"] > _BEFORE else 1
    return 1 if after_in else 0


def build_pipelines(patterns: Patterns) -> dict[str, Language]:
    """A blank spaCy pipeline for each language; each marks the phrases of both, because people mix them."""
    rules = [
        {"label": entity, "id": value, "pattern": phrase}
        for entity, values in patterns.items()
        for value, phrases in values.items()
        for phrase in phrases
    ]
    pipelines = {}
    for language in ("en", "es"):
        pipeline = spacy.blank(language)
        ruler: Any = pipeline.add_pipe("entity_ruler", config={"phrase_matcher_attr": "LOWER"})
        ruler.add_patterns(rules)
        pipelines[language] = pipeline
    return pipelines


@lru_cache(maxsize=2)
def _pipelines_of(stored: str) -> dict[str, Language]:
    return build_pipelines(json.loads(stored))


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class DomainEntityExtractor(GraphComponent):
    """Adds the things named, each with a value that belongs to no language (``relative``: ``spouse``).

    patterns: the file of phrases. It is read while training and kept in the model, so that a running engine
    does not depend on it.
    """

    def __init__(
        self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, stored: str = "{}"
    ) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._take(stored)

    def _take(self, stored: str) -> None:
        self._pipelines = _pipelines_of(stored)
        patterns = json.loads(stored)
        self._states = {*patterns.get(STATE, ()), *patterns.get(MAYBE_STATE, ())}

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"patterns": "bot/content/entities.yml"}

    @staticmethod
    def required_packages() -> list[str]:
        return ["spacy"]

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> DomainEntityExtractor:
        return cls(config, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        stored = json.dumps(read_patterns(Path(self._config["patterns"])), ensure_ascii=False)
        with self._model_storage.write_to(self._resource) as folder:
            (folder / "patterns.json").write_text(stored, encoding="utf-8")
        self._take(stored)
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> DomainEntityExtractor:
        with model_storage.read_from(resource) as folder:
            stored = (folder / "patterns.json").read_text(encoding="utf-8")
        return cls(config, model_storage, resource, stored)

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            text = words_of(message)[:MOST_CHARACTERS]
            doc = self._pipelines[language_of(message) or UNSURE](fold(text))
            found = [
                {"entity": span.label_, "value": span.ent_id_, "start": span.start_char, "end": span.end_char}
                for span in doc.ents
            ]
            found = one_state(text, [*found, *state_codes(text, self._states)])
            if found:
                add_entities(message, found, type(self).__name__)
        return messages
