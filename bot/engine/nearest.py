"""Which of several groups of questions a message is nearest to: how an answer's section is found.

Each section of an article is a group: its heading and the other ways to ask it, in both languages. A ridge regression
over the sentence vectors and the n-grams of those few questions tells the groups of one topic from each other. It is
fitted in a tenth of a second, beforehand where the questions come before the first message, and again when a question
was edited: no training.
"""

from __future__ import annotations

import itertools
import re
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np
import scipy.sparse
from sklearn.feature_extraction.text import CountVectorizer

from bot.engine.encoder import SentenceEncoder
from bot.engine.ngrams import tf_idf
from bot.engine.text import fold
from bot.engine.understood import as_read

#: Questions by the id of their group.
Groups = Mapping[str, Sequence[str]]

#: How much pieces of words and whole words count beside the sentence vector (docs/understanding.md).
PIECES_WEIGHT = 1.0
WORDS_WEIGHT = 1.0

#: How strongly the regression is held back: it learns from a hundred questions.
RIDGE = 1.0

#: Fitted topics that stay in memory, about one megabyte each.
REMEMBERED = 128

#: Questions encoded at once: a person whose turn begins meanwhile waits for no more than these.
ENCODED_AT_ONCE = 4


#: The numbers of a text's n-grams, in order, and how often each occurs.
Counts = tuple[np.ndarray, np.ndarray]


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


class Grams:
    """Numbers for the n-grams of all topics, so that a message is taken apart once for all of them."""

    def __init__(self, analyze: Callable[[str], list[str]]) -> None:
        self._analyze = analyze
        self._numbers: dict[str, int] = {}
        # One step under the interpreter's lock, so that threads never share a number.
        self._next = itertools.count()

    def learn(self, text: str) -> Counts:
        """The n-grams of a text; new ones get a number."""
        found = Counter(self._analyze(text))
        for gram in found:
            if gram not in self._numbers:
                self._numbers.setdefault(gram, next(self._next))
        return self._counts(found)

    def find(self, text: str) -> Counts:
        """The n-grams of a text that are known; nothing of it is kept."""
        return self._counts(Counter(gram for gram in self._analyze(text) if gram in self._numbers))

    def _counts(self, found: Counter[str]) -> Counts:
        numbers = np.fromiter(map(self._numbers.__getitem__, found), np.int32, len(found))
        order = np.argsort(numbers)
        return numbers[order], np.fromiter(found.values(), np.float64, len(found))[order]


PIECES = Grams(CountVectorizer(analyzer="char_wb", ngram_range=(2, 5)).build_analyzer())
WORDS = Grams(CountVectorizer(tokenizer=_words, token_pattern=None, ngram_range=(1, 2)).build_analyzer())
KINDS = ((PIECES, PIECES_WEIGHT), (WORDS, WORDS_WEIGHT))


class Asked:
    """A text as every topic needs it, read as it was when its intent was found: its vector is at hand since then."""

    def __init__(self, text: str, encoder: SentenceEncoder) -> None:
        read = as_read(text)
        self.vector = encoder.encode([read], "query")
        folded = fold(read)
        self.grams = [kind.find(folded) for kind, _ in KINDS]


class Weighing:
    """How the n-grams of one kind are weighed in one topic: rare ones count more, and each text has the same length."""

    def __init__(self, texts: Sequence[Counts], weight: float) -> None:
        self._weight = weight
        numbers = np.concatenate([found for found, _ in texts])
        counts = np.concatenate([times for _, times in texts])
        ends = np.cumsum([0, *(len(found) for found, _ in texts)])
        self._numbers, columns = np.unique(numbers, return_inverse=True)
        texts_with = np.bincount(columns, minlength=len(self._numbers))
        self._idf: np.ndarray = np.log((1 + len(texts)) / (1 + texts_with)) + 1
        weights = (np.log(counts) + 1) * self._idf[columns]
        row = np.repeat(np.arange(len(texts)), np.diff(ends))
        lengths = np.sqrt(np.bincount(row, weights * weights, len(texts)))
        #: The questions' own weights, one row each.
        self.rows = scipy.sparse.csr_matrix(
            (weight * weights / lengths[row], columns, ends), shape=(len(texts), len(self._numbers))
        )

    def of(self, numbers: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The columns of a message's n-grams and their weights."""
        if not len(self._numbers):
            return numbers[:0], counts[:0]
        places = np.minimum(np.searchsorted(self._numbers, numbers), len(self._numbers) - 1)
        known = self._numbers[places] == numbers
        columns = places[known]
        return columns, self._weight * tf_idf(counts[known], self._idf[columns])


class Nearest:
    """Tells groups of questions from each other. Needs at least one group, and one question in each.

    ``pause`` is called between pieces of the work, each below some ten milliseconds.
    """

    def __init__(
        self, groups: Groups, encoder: SentenceEncoder, pause: Callable[[], None] = lambda: None
    ) -> None:
        self._encoder = encoder
        self.ids = list(groups)
        questions = [question for id in self.ids for question in groups[id]]
        members = np.repeat(np.arange(len(self.ids)), [len(groups[id]) for id in self.ids])
        # Some stand there twice, because they count twice.
        different = list(dict.fromkeys(questions))
        vector_of: dict[str, np.ndarray] = {}
        counts_of: dict[str, list[Counts]] = {}
        for start in range(0, len(different), ENCODED_AT_ONCE):
            pause()
            part = different[start : start + ENCODED_AT_ONCE]
            vector_of.update(zip(part, encoder.encode(part, "query"), strict=True))
            counts_of.update(
                (question, [kind.learn(fold(question)) for kind, _ in KINDS]) for question in part
            )
        vectors = np.stack([vector_of[question] for question in questions])
        self._mean = vectors.mean(axis=0)
        dense = self._centred(vectors)
        self._weighings = []
        for number, (_, weight) in enumerate(KINDS):
            pause()
            self._weighings.append(Weighing([counts_of[question][number] for question in questions], weight))
        grams = scipy.sparse.hstack([weighing.rows for weighing in self._weighings], format="csr")
        # A group with more questions is asked about more often, so it may weigh more: balanced, four points fewer
        # of the development questions came to the right section.
        target = (members[:, None] == np.arange(len(self.ids))).astype(np.float64)
        pause()
        alike = (grams @ grams.T).toarray()
        pause()
        kernel = dense @ dense.T + alike + RIDGE * np.eye(len(questions))
        shares = np.linalg.solve(kernel, target)
        self._vector_weights = (dense.T @ shares).astype(np.float32)
        weights = (grams.T @ shares).astype(np.float32)
        self._gram_weights = np.split(weights, [self._weighings[0].rows.shape[1]])
        for weighing in self._weighings:
            del weighing.rows

    def _centred(self, vectors: np.ndarray) -> np.ndarray:
        moved = vectors - self._mean
        scaled: np.ndarray = moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-9)
        return scaled

    def scores(self, text: str) -> dict[str, float]:
        """How well each group fits; around 1 is a clear fit, around 0 none. Only to be compared."""
        return self.scores_of(Asked(text, self._encoder))

    def scores_of(self, asked: Asked) -> dict[str, float]:
        """The same for a text that is also compared with other topics."""
        row = (self._centred(asked.vector) @ self._vector_weights)[0].astype(np.float64)
        for weighing, weights, found in zip(self._weighings, self._gram_weights, asked.grams, strict=True):
            columns, values = weighing.of(*found)
            row = row + values @ weights[columns]
        return {id: float(score) for id, score in zip(self.ids, row, strict=True)}


class Pace:
    """Lets work that nobody waits for stand back while a person's turn goes on."""

    #: Seconds that it stands back at most before a piece: work goes on, slowly, where somebody always asks.
    LONGEST = 0.5

    def __init__(self) -> None:
        self._turns = 0
        self._quiet = threading.Condition()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """A turn goes on inside the block."""
        with self._quiet:
            self._turns += 1
        try:
            yield
        finally:
            with self._quiet:
                self._turns -= 1
                self._quiet.notify_all()

    def pause(self) -> None:
        """Wait for a moment without a turn, and let every other thread go first."""
        with self._quiet:
            self._quiet.wait_for(lambda: self._turns == 0, self.LONGEST)
        time.sleep(0)


class NearestCache:
    """Fits each set of groups once. May be called from several threads."""

    def __init__(self, encoder: SentenceEncoder) -> None:
        self._encoder = encoder
        self._fitted: OrderedDict[str | int, Nearest] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, groups: Groups, name: str | None = None) -> Nearest:
        """The fitted one of these groups; ``name`` is theirs alone, and it is found again by it."""
        key = _key(groups, name)
        with self._lock:
            fitted = self._fitted.get(key)
            return self._keep(key, fitted or Nearest(groups, self._encoder))

    def known(self, name: str) -> Nearest | None:
        """The fitted one of the groups with a name, or None."""
        with self._lock:
            fitted = self._fitted.get(name)
            return None if fitted is None else self._keep(name, fitted)

    def prepare(self, groups: Groups, name: str, pause: Callable[[], None]) -> None:
        """Fit groups before they are asked for, in pieces; who asks for them meanwhile fits them himself."""
        if self.known(name) is None:
            fitted = Nearest(groups, self._encoder, pause)
            with self._lock:
                self._keep(name, self._fitted.get(name) or fitted)

    def _keep(self, key: str | int, fitted: Nearest) -> Nearest:
        self._fitted[key] = fitted
        self._fitted.move_to_end(key)
        while len(self._fitted) > REMEMBERED:
            self._fitted.popitem(last=False)
        return fitted


def _key(groups: Groups, name: str | None) -> str | int:
    return hash(tuple((id, *questions) for id, questions in groups.items())) if name is None else name
