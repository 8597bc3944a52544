"""Pieces of words, which survive typing errors, missing accents and chat spelling."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import numpy as np
import scipy.sparse
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.featurizers.sparse_featurizer.sparse_featurizer import SparseFeaturizer
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from sklearn.feature_extraction.text import TfidfVectorizer

from bot.engine.text import fold, has_words, understood_of

#: Longer text adds time and no meaning; the end is kept, where the question stands.
MOST_CHARACTERS = 2000


def _prepare(text: str) -> str:
    return fold(text[-MOST_CHARACTERS:])


def tf_idf(counts: np.ndarray, idf: np.ndarray) -> np.ndarray:
    """The weights of one text's n-grams from how often each occurs in it, as scikit-learn weighs them; of length 1."""
    weights = (np.log(counts) + counts.dtype.type(1)) * idf
    # Summed one after the other, as scikit-learn does: the same number to the last bit.
    length: np.ndarray = np.sqrt(np.cumsum(weights * weights)[-1:])
    scaled: np.ndarray = weights / length if length.size else weights
    return scaled


class OneText:
    """What a fitted vectorizer makes of one text, with numpy alone.

    scikit-learn's own way is made for thousands of texts: for a single one its checks took 1.1 of 1.2 ms.
    """

    def __init__(self, vectorizer: TfidfVectorizer) -> None:
        self._analyze = vectorizer.build_analyzer()
        self._column_of: dict[str, int] = vectorizer.vocabulary_
        self._idf: np.ndarray = vectorizer.idf_
        self._kind = vectorizer.dtype

    def features_of(self, text: str) -> scipy.sparse.coo_matrix:
        """The row that ``vectorizer.transform([text])`` has."""
        column_of = self._column_of
        found = Counter(column_of[gram] for gram in self._analyze(text) if gram in column_of)
        columns = np.array(sorted(found), dtype=np.int32)
        counts = np.array([found[column] for column in columns.tolist()], dtype=self._kind)
        place = (np.zeros(len(columns), dtype=np.int32), columns)
        return scipy.sparse.coo_matrix((tf_idf(counts, self._idf[columns]), place), shape=(1, len(self._idf)))


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class CharNgramFeaturizer(SparseFeaturizer, GraphComponent):
    """Adds TF-IDF weights of character n-grams inside words, over text without accents and capitals.

    shortest, longest: length of the n-grams; min_df: examples that an n-gram must occur in; most: how many
    are kept, the most frequent ones; weight: how much they count beside other features. Stored as JSON and
    npz, so that loading a model runs no code from it.
    """

    def __init__(
        self, config: dict[str, Any], name: str, model_storage: ModelStorage, resource: Resource
    ) -> None:
        super().__init__(name, config)
        self._model_storage = model_storage
        self._resource = resource
        self._vectorizer: TfidfVectorizer | None = None
        self._one_text: OneText | None = None

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {
            **SparseFeaturizer.get_default_config(),
            "analyzer": "char_wb",
            "shortest": 2,
            "longest": 5,
            "min_df": 2,
            "most": 30000,
            "weight": 1.0,
        }

    @staticmethod
    def required_packages() -> list[str]:
        return ["sklearn"]

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
    ) -> CharNgramFeaturizer:
        return cls(config, execution_context.node_name, model_storage, resource)

    def _new_vectorizer(self, vocabulary: dict[str, int] | None = None) -> TfidfVectorizer:
        return TfidfVectorizer(
            analyzer=self._config["analyzer"],
            ngram_range=(self._config["shortest"], self._config["longest"]),
            min_df=self._config["min_df"] if vocabulary is None else 1,
            max_features=self._config["most"] if vocabulary is None else None,
            lowercase=False,
            sublinear_tf=True,
            dtype=np.float32,
            vocabulary=vocabulary,
        )

    def train(self, training_data: TrainingData) -> Resource:
        texts = [_prepare(understood_of(message)) for message in training_data.training_examples]
        vectorizer = self._new_vectorizer()
        vectorizer.fit([text for text in texts if has_words(text)])
        self._use(vectorizer)
        with self._model_storage.write_to(self._resource) as folder:
            grams = sorted(vectorizer.vocabulary_, key=vectorizer.vocabulary_.__getitem__)
            (folder / "ngrams.json").write_text(json.dumps(grams), encoding="utf-8")
            np.savez(folder / "weights.npz", idf=vectorizer.idf_)
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> CharNgramFeaturizer:
        component = cls.create(config, model_storage, resource, execution_context)
        with model_storage.read_from(resource) as folder:
            grams = json.loads((folder / "ngrams.json").read_text(encoding="utf-8"))
            with np.load(folder / "weights.npz", allow_pickle=False) as stored:
                idf = stored["idf"]
        vectorizer = component._new_vectorizer({gram: index for index, gram in enumerate(grams)})
        vectorizer.idf_ = idf
        component._use(vectorizer)
        return component

    def _use(self, vectorizer: TfidfVectorizer) -> None:
        self._vectorizer = vectorizer
        self._one_text = OneText(vectorizer)

    def features_of(self, text: str) -> scipy.sparse.coo_matrix:
        """The weights of one text, a row of length 1 (or 0 when no n-gram is known)."""
        if self._one_text is None:
            raise RuntimeError("The n-gram featurizer is used before it is trained.")
        row = self._one_text.features_of(_prepare(text))
        row.data *= self._config["weight"]
        return row

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            text = understood_of(message)
            if has_words(text):
                self.add_features_to_message(None, self.features_of(text), TEXT, message)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        if self._vectorizer is None:
            raise RuntimeError("The n-gram featurizer is used before it is trained.")
        examples = [
            message for message in training_data.training_examples if has_words(understood_of(message))
        ]
        # All at once: one by one took ten times as long.
        rows = self._vectorizer.transform([_prepare(understood_of(message)) for message in examples])
        rows = (rows * self._config["weight"]).tocsr()
        for number, message in enumerate(examples):
            self.add_features_to_message(None, rows[number].tocoo(), TEXT, message)
        return training_data
