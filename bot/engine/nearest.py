"""Which of several groups of questions a message is nearest to: how an answer's section is found.

Each section of an article is a group: its heading and the other ways to ask it, in both languages. A ridge regression
over the sentence vectors and the n-grams of those few questions tells the groups of one topic from each other. It is
fitted when a topic is first asked about, in some milliseconds, and again when a question was edited: no training.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence

import numpy as np
import scipy.sparse
from sklearn.feature_extraction.text import TfidfVectorizer

from bot.engine.encoder import SentenceEncoder
from bot.engine.text import fold

#: Questions by the id of their group.
Groups = Mapping[str, Sequence[str]]

#: How much pieces of words and whole words count beside the sentence vector (docs/understanding.md).
PIECES_WEIGHT = 1.0
WORDS_WEIGHT = 1.0

#: How strongly the regression is held back: it learns from a hundred questions.
RIDGE = 1.0

#: Fitted topics that stay in memory, about one megabyte each.
REMEMBERED = 128


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


class Nearest:
    """Tells groups of questions from each other. Needs at least one group, and one question in each."""

    def __init__(self, groups: Groups, encoder: SentenceEncoder) -> None:
        self._encoder = encoder
        self.ids = list(groups)
        questions = [question for id in self.ids for question in groups[id]]
        members = np.repeat(np.arange(len(self.ids)), [len(groups[id]) for id in self.ids])
        vectors = encoder.encode(questions, "query")
        self._mean = vectors.mean(axis=0)
        self._vectorizers = [
            (TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True), PIECES_WEIGHT),
            (
                TfidfVectorizer(tokenizer=_words, token_pattern=None, ngram_range=(1, 2), sublinear_tf=True),
                WORDS_WEIGHT,
            ),
        ]
        for vectorizer, _ in self._vectorizers:
            vectorizer.fit([fold(question) for question in questions])
        dense, grams = self._features(questions, vectors)
        # A group with more questions is asked about more often, so it may weigh more: balanced, four points fewer
        # of the development questions came to the right section.
        target = (members[:, None] == np.arange(len(self.ids))).astype(np.float64)
        kernel = dense @ dense.T + (grams @ grams.T).toarray() + RIDGE * np.eye(len(questions))
        shares = np.linalg.solve(kernel, target)
        self._vector_weights = (dense.T @ shares).astype(np.float32)
        self._gram_weights = (grams.T @ shares).astype(np.float32)

    def _features(
        self, texts: Sequence[str], vectors: np.ndarray
    ) -> tuple[np.ndarray, scipy.sparse.csr_matrix]:
        """The centred vectors, and the n-grams, one row a text."""
        moved = vectors - self._mean
        dense: np.ndarray = moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-9)
        folded = [fold(text) for text in texts]
        grams = [weight * vectorizer.transform(folded) for vectorizer, weight in self._vectorizers]
        return dense, scipy.sparse.hstack(grams, format="csr")

    def scores(self, text: str) -> dict[str, float]:
        """How well each group fits; around 1 is a clear fit, around 0 none. Only to be compared."""
        dense, grams = self._features([text], self._encoder.encode([text], "query"))
        row = (dense @ self._vector_weights + grams @ self._gram_weights)[0]
        return {id: float(score) for id, score in zip(self.ids, row, strict=True)}


class NearestCache:
    """Fits each set of groups once. May be called from several threads."""

    def __init__(self, encoder: SentenceEncoder) -> None:
        self._encoder = encoder
        self._fitted: OrderedDict[int, Nearest] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, groups: Groups) -> Nearest:
        """The fitted one of these groups."""
        key = hash(tuple((id, *questions) for id, questions in groups.items()))
        with self._lock:
            fitted = self._fitted.get(key)
            if fitted is None:
                fitted = self._fitted[key] = Nearest(groups, self._encoder)
            self._fitted.move_to_end(key)
            while len(self._fitted) > REMEMBERED:
                self._fitted.popitem(last=False)
        return fitted
