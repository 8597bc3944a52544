from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from bot.engine import nearest
from bot.engine.encoder import shared_encoder
from bot.engine.nearest import Groups, Nearest, NearestCache

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
