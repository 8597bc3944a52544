from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import scipy.sparse
from sklearn.feature_extraction.text import TfidfVectorizer

from bot.engine import nearest, understood
from bot.engine.encoder import shared_encoder
from bot.engine.nearest import Asked, Groups, Nearest, NearestCache, Pace
from bot.engine.text import fold

QUESTIONS: Groups = {
    "general": ["Can I work while I wait?", "is working allowed"],
    "cost": ["How much does the work permit cost?", "what is the fee for it"],
    "wait": ["How long do I have to wait for it?", "when can I ask for it"],
    "lost": ["I lost my card. What now?", "somebody stole my permit"],
}


@pytest.fixture(scope="module")
def fitted() -> Nearest:
    return Nearest(QUESTIONS, shared_encoder())


def best(scores: dict[str, float]) -> str:
    return max(scores, key=scores.__getitem__)


@pytest.mark.parametrize(
    ("text", "group"),
    [
        ("¿puedo trabajar mientras espero?", "general"),
        ("¿cuánto cuesta el permiso?", "cost"),
        ("¿Cuánto tiempo tengo que esperar?", "wait"),
        ("perdí mi tarjeta, ¿qué hago?", "lost"),
    ],
)
def test_a_question_finds_its_group_in_the_other_language(fitted: Nearest, text: str, group: str) -> None:
    assert best(fitted.scores(text)) == group


@pytest.mark.parametrize(
    ("text", "group"),
    [
        ("how mutch dose the permitt cots", "cost"),
        ("i lsot my crad", "lost"),
        ("HOW LNOG DO I WIAT", "wait"),
        ("cuanto kuesta el permizo", "cost"),
        ("cuanto tienpo tengo k esperar", "wait"),
        ("perdi mi targeta, q hago", "lost"),
    ],
)
def test_a_question_finds_its_group_with_typing_errors(fitted: Nearest, text: str, group: str) -> None:
    assert best(fitted.scores(text)) == group


def test_every_group_fits_its_own_questions_better_than_any_fits_what_none_asks(fitted: Nearest) -> None:
    strange = max(fitted.scores("my uncle sells red cars").values())
    assert strange < min(fitted.scores(q)[group] for group, questions in QUESTIONS.items() for q in questions)


@pytest.mark.parametrize("text", ["", "?", "😀", "x" * 5_000], ids=len)
def test_any_text_gets_a_plain_number_for_each_group(fitted: Nearest, text: str) -> None:
    scores = fitted.scores(text)
    assert list(scores) == list(QUESTIONS)
    assert all(type(score) is float and np.isfinite(score) for score in scores.values())


def test_the_order_of_groups_and_questions_makes_no_difference(fitted: Nearest) -> None:
    turned = Nearest({g: QUESTIONS[g][::-1] for g in reversed(list(QUESTIONS))}, shared_encoder())
    for text in ("cuanto cuesta", "i lost it"):
        assert turned.scores(text) == pytest.approx(fitted.scores(text), abs=1e-4)


def test_one_group_of_one_question_can_be_fitted() -> None:
    assert set(Nearest({"only": ["can i work"]}, shared_encoder()).scores("can i work")) == {"only"}


# -- the cache ------------------------------------------------------------------------------------------------------


@pytest.fixture
def cache() -> NearestCache:
    return NearestCache(shared_encoder())


def test_groups_are_fitted_once_and_again_after_an_edit(cache: NearestCache) -> None:
    first = cache.get(QUESTIONS)
    assert cache.get({group: list(questions) for group, questions in QUESTIONS.items()}) is first
    edited = cache.get({**QUESTIONS, "lost": ["the football match", "who won"]})
    assert edited is not first
    assert best(edited.scores("who won the match yesterday")) == "lost"
    assert cache.get(QUESTIONS) is first


@pytest.mark.parametrize("edited", [{"a": ["x"], "b": ["y", "z"]}, {"a": ["x", "y"], "c": ["z"]}])
def test_another_group_for_the_same_question_is_an_edit(cache: NearestCache, edited: Groups) -> None:
    assert cache.get({"a": ["x", "y"], "b": ["z"]}) is not cache.get(edited)


def test_threads_share_what_one_of_them_fitted(cache: NearestCache) -> None:
    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(cache.get, [QUESTIONS] * 8))) == 1


def test_what_was_not_asked_for_longest_is_forgotten(
    cache: NearestCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nearest, "REMEMBERED", 2)
    sets: list[Groups] = [{"a": [text]} for text in ("can i work", "how much", "how long")]
    first, second = cache.get(sets[0]), cache.get(sets[1])
    assert cache.get(sets[0]) is first
    cache.get(sets[2])
    assert cache.get(sets[0]) is first
    assert cache.get(sets[1]) is not second


def test_groups_with_a_name_are_found_by_it(cache: NearestCache) -> None:
    assert cache.known("today") is None
    named = cache.get(QUESTIONS, "today")
    assert cache.known("today") is named
    assert cache.get({"others": ["x"]}, "today") is named
    assert cache.known("tomorrow") is None


def test_what_was_prepared_is_not_fitted_again(cache: NearestCache, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.prepare(QUESTIONS, "today", lambda: None)
    prepared = cache.known("today")
    monkeypatch.setattr(nearest, "Nearest", None)
    cache.prepare(QUESTIONS, "today", lambda: None)
    assert cache.get(QUESTIONS, "today") is cache.known("today") is prepared


def test_who_asks_while_groups_are_prepared_does_not_wait(cache: NearestCache) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def pause() -> None:
        begun.set()
        assert go_on.wait(20)

    with ThreadPoolExecutor(1) as pool:
        preparing = pool.submit(cache.prepare, QUESTIONS, "today", pause)
        assert begun.wait(20)
        asked = cache.get(QUESTIONS, "today")
        go_on.set()
        preparing.result(20)
    assert cache.known("today") is asked


# -- standing back ----------------------------------------------------------------------------------------------------


def test_work_stands_back_until_the_last_turn_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pace, "LONGEST", 20.0)
    pace, done = Pace(), []
    with ThreadPoolExecutor(1) as pool:
        with pace.turn():
            with pace.turn():
                work = pool.submit(lambda: (pace.pause(), done.append(1)))
            threading.Event().wait(0.05)
            assert done == []
        work.result(5)
    assert done == [1]


def test_work_goes_on_where_somebody_always_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pace, "LONGEST", 0.01)
    pace = Pace()
    with pace.turn():
        pace.pause()


# -- the same numbers as scikit-learn's -------------------------------------------------------------------------------


def test_the_scores_are_those_of_a_ridge_over_vectors_and_the_n_grams_of_scikit_learn(
    fitted: Nearest,
) -> None:
    told = [question for group in QUESTIONS.values() for question in group]
    questions = [fold(question) for question in told]
    target = np.array([[question in group for group in QUESTIONS.values()] for question in told])
    settings = (
        {"analyzer": "char_wb", "ngram_range": (2, 5)},
        {"token_pattern": r"\w+", "ngram_range": (1, 2)},
    )
    weighers = [TfidfVectorizer(sublinear_tf=True, **one).fit(questions) for one in settings]
    encode = shared_encoder().encode
    vectors = encode(told, "query")
    mean = vectors.mean(axis=0)

    def features(texts: list[str], rows: np.ndarray) -> tuple[np.ndarray, scipy.sparse.csr_matrix]:
        dense = (rows - mean) / np.linalg.norm(rows - mean, axis=1, keepdims=True)
        return dense, scipy.sparse.hstack([weigher.transform(texts) for weigher in weighers], format="csr")

    dense, grams = features(questions, vectors)
    kernel = dense @ dense.T + (grams @ grams.T).toarray() + nearest.RIDGE * np.eye(len(questions))
    shares = np.linalg.solve(kernel, target.astype(float))
    for text in ("cuánto cuesta el permiso", "I lost my card, my card!", "😀", "x"):
        row, gram_row = features([fold(text)], encode([text], "query"))
        expected = (row @ dense.T + (gram_row @ grams.T).toarray()) @ shares
        found = fitted.scores_of(Asked(text, shared_encoder()))
        np.testing.assert_allclose(list(found.values()), expected[0], atol=1e-5)


class Counted:
    """An encoder that counts what it must work for, because it remembers what it did."""

    id, dimension = "counted", shared_encoder().dimension

    def __init__(self) -> None:
        self.done: dict[str, np.ndarray] = {}
        self.worked = 0

    def encode(self, texts: Sequence[str], kind: str) -> np.ndarray:
        for text in texts:
            if text not in self.done:
                self.worked += 1
                self.done[text] = shared_encoder().encode([text], kind)[0]
        return np.stack([self.done[text] for text in texts])


def test_a_text_is_compared_as_it_was_read_for_its_intent(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that its vector, which took the parse some 20 ms, is found again."""
    monkeypatch.setattr(understood, "_reading", lambda text: text.replace("permizo", "permiso"))
    encoder = Counted()
    encoder.encode(["cuanto cuesta el permiso"], "query")
    compared = Asked("cuanto cuesta el permizo", encoder)
    assert encoder.worked == 1
    right = Asked("cuanto cuesta el permiso", encoder)
    np.testing.assert_array_equal(compared.vector, right.vector)
    for one, other in zip(compared.grams, right.grams, strict=True):
        np.testing.assert_array_equal(one, other)
