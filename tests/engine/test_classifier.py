from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.engine import classifier as classifiers
from bot.engine.classifier import (
    NGRAM_WEIGHTS,
    LinearIntentClassifier,
    _row_of,
    _rows_of,
    best_temperature,
    log_loss,
    softmax,
)

RANDOM = np.random.default_rng(7)
CENTRES = {f"intent_{number}": RANDOM.normal(size=8) for number in range(12)}
#: Among the examples of other intents than the one that it is an example of.
ALONE = CENTRES["intent_1"] + 0.4 * CENTRES["intent_2"]


def message(vector: np.ndarray | None, intent: str | None = None) -> Message:
    made = Message({"text": "words", **({"intent": intent} if intent else {})})
    if vector is not None:
        row = (vector / np.linalg.norm(vector)).astype(np.float32).reshape(1, -1)
        grams = scipy.sparse.coo_matrix(np.maximum(row[:, :5], 0))
        made.add_features(Features(row, "sentence", TEXT, "encoder"))
        made.add_features(Features(grams, "sentence", TEXT, "ngrams"))
    return made


def examples(intents: list[str], each: int = 20) -> TrainingData:
    return TrainingData(
        [
            message(CENTRES[intent] + RANDOM.normal(scale=0.3, size=8), intent)
            for intent in intents
            for _ in range(each)
        ]
    )


@pytest.fixture
def classifier(storage: Any, context: Any) -> LinearIntentClassifier:
    component = LinearIntentClassifier.create({}, storage, Resource("classifier"), context)
    component.train(examples(list(CENTRES)))
    return component


def test_the_nearest_intent_comes_first_and_the_ranking_is_long_enough(
    classifier: LinearIntentClassifier,
) -> None:
    for intent, centre in CENTRES.items():
        parsed = classifier.process([message(centre)])[0]
        assert parsed.get("intent")["name"] == intent
        ranking = parsed.get("intent_ranking")
        assert len(ranking) == 10
        confidences = [entry["confidence"] for entry in ranking]
        assert confidences == sorted(confidences, reverse=True)
        assert parsed.get("intent") == ranking[0]


def test_confidences_are_plain_numbers_that_json_can_carry(classifier: LinearIntentClassifier) -> None:
    parsed = classifier.process([message(CENTRES["intent_1"])])[0]
    assert all(type(entry["confidence"]) is float for entry in parsed.get("intent_ranking"))


def test_a_loaded_model_answers_the_same(
    classifier: LinearIntentClassifier, storage: Any, context: Any
) -> None:
    loaded = LinearIntentClassifier.load({}, storage, Resource("classifier"), context)
    for centre in CENTRES.values():
        one, other = (c.process([message(centre)])[0].get("intent_ranking") for c in (classifier, loaded))
        assert [entry["name"] for entry in one] == [entry["name"] for entry in other]
        # The examples that vote are stored in half precision.
        np.testing.assert_allclose(
            [entry["confidence"] for entry in one], [entry["confidence"] for entry in other], atol=2e-3
        )


def test_a_model_holds_no_pickle(classifier: LinearIntentClassifier, storage: Any) -> None:
    with storage.read_from(Resource("classifier")) as folder:
        assert sorted(file.name for file in folder.iterdir()) == ["intents.json", "model.npz"]


def test_a_message_without_features_has_no_intent(classifier: LinearIntentClassifier) -> None:
    parsed = classifier.process([message(None)])[0]
    assert parsed.get("intent") == {"name": None, "confidence": 0.0}
    assert parsed.get("intent_ranking") == []


def test_two_intents_are_enough_and_one_is_refused(storage: Any, context: Any) -> None:
    component = LinearIntentClassifier.create({}, storage, Resource("two"), context)
    component.train(examples(["intent_1", "intent_2"]))
    parsed = component.process([message(CENTRES["intent_2"])])[0]
    assert parsed.get("intent")["name"] == "intent_2"
    with pytest.raises(ValueError, match="at least two intents"):
        component.train(examples(["intent_1"]))


def test_a_fixed_temperature_changes_the_confidence_and_not_the_order(storage: Any, context: Any) -> None:
    rankings = []
    data = examples(list(CENTRES))
    for temperature in (0.1, 1.0):
        component = LinearIntentClassifier.create(
            {"temperature": temperature}, storage, Resource(f"t{temperature}"), context
        )
        component.train(data)
        rankings.append(component.process([message(CENTRES["intent_3"])])[0].get("intent_ranking"))
    bold, careful = rankings
    assert [entry["name"] for entry in bold] == [entry["name"] for entry in careful]
    assert bold[0]["confidence"] > careful[0]["confidence"]


# -- the vote of the nearest examples --------------------------------------------------------------------------------


def confidences(component: LinearIntentClassifier, vector: np.ndarray) -> dict[str, float]:
    ranking = component.process([message(vector)])[0].get("intent_ranking")
    return {entry["name"]: entry["confidence"] for entry in ranking}


@pytest.fixture
def trained_with(storage: Any, context: Any) -> Callable[..., LinearIntentClassifier]:
    """Trains on three intents, and on one example that lies apart from the others of its intent."""
    data = examples(["intent_1", "intent_2", "intent_3"])
    data.training_examples.append(message(ALONE, "intent_3"))

    def train(**config: Any) -> LinearIntentClassifier:
        # So little freedom that the line between the intents does not bend for a single example.
        component = LinearIntentClassifier.create(
            {"C": 0.01, "temperature": 0.3, "ngram_weight": 1.0, **config},
            storage,
            Resource("votes"),
            context,
        )
        component.train(data)
        return component

    return train


def test_an_example_votes_for_what_lies_beside_it(
    trained_with: Callable[..., LinearIntentClassifier],
) -> None:
    plain, voted = (confidences(trained_with(neighbour_weight=w), ALONE) for w in (0.0, 0.3))
    assert voted["intent_3"] > plain["intent_3"] + 0.1
    assert sum(voted.values()) == pytest.approx(1.0, abs=1e-5)


def test_without_a_weight_only_the_linear_model_counts(
    trained_with: Callable[..., LinearIntentClassifier],
) -> None:
    plain = trained_with(neighbour_weight=0.0)
    for vector in (ALONE, *CENTRES.values()):
        row = vector / np.linalg.norm(vector)
        features = np.hstack([plain._centred(row[None])[0], np.maximum(row[:5], 0)])
        expected = softmax(plain._bias + plain._weights @ features, 0.3)
        assert confidences(plain, vector) == pytest.approx(
            dict(zip(plain._intents, expected, strict=True)), abs=1e-5
        )


def test_all_weight_leaves_only_the_votes(trained_with: Callable[..., LinearIntentClassifier]) -> None:
    votes = confidences(trained_with(neighbour_weight=1.0, neighbours=1), ALONE)
    assert votes == {"intent_3": 1.0, "intent_1": 0.0, "intent_2": 0.0}


def test_more_voters_than_examples_are_all_of_them(
    trained_with: Callable[..., LinearIntentClassifier],
) -> None:
    votes = confidences(trained_with(neighbour_weight=1.0, neighbours=1_000), CENTRES["intent_2"])
    assert max(votes, key=votes.__getitem__) == "intent_2"
    assert sum(votes.values()) == pytest.approx(1.0, abs=1e-5)


def test_a_stored_model_votes_the_same_every_time_it_is_loaded(
    trained_with: Callable[..., LinearIntentClassifier], storage: Any, context: Any
) -> None:
    trained = trained_with(neighbour_weight=0.5)
    one, other = (
        LinearIntentClassifier.load(trained._config, storage, Resource("votes"), context) for _ in range(2)
    )
    for vector in (ALONE, *CENTRES.values()):
        assert confidences(one, vector) == confidences(other, vector)
        assert confidences(one, vector) == pytest.approx(confidences(trained, vector), abs=2e-3)


# -- confidence ------------------------------------------------------------------------------------------------------


def test_the_temperature_that_was_in_the_data_is_found_again() -> None:
    scores = RANDOM.normal(size=(4000, 5))
    chances = softmax(scores, 0.4)
    right = np.array([RANDOM.choice(5, p=row) for row in chances])
    assert best_temperature(scores, right) == pytest.approx(0.4, rel=0.15)


def test_the_loss_is_least_where_the_confidences_are_right() -> None:
    scores, right = np.array([[2.0, 0.0], [0.0, 2.0]]), np.array([0, 1])
    assert log_loss(scores, right, 0.1) == pytest.approx(0.0, abs=1e-6)
    assert log_loss(scores, 1 - right, 1.0) == pytest.approx(2.0 + np.log1p(np.exp(-2.0)))


# -- the weight of the n-grams ---------------------------------------------------------------------------------------


def told_by(vectors: float, words: float) -> TrainingData:
    """Examples of which the vectors and the n-grams each say so much (1: all, 0: nothing)."""
    random = np.random.default_rng(5)
    found = []
    for number, (intent, centre) in enumerate(CENTRES.items()):
        for _ in range(20):
            row = vectors * centre / np.linalg.norm(centre) + (1 - vectors) * random.normal(size=8) / 8**0.5
            grams = 2 * (1 - words) * np.abs(random.normal(size=12)) / 12**0.5
            grams[number] += words
            made = Message({"text": "words", "intent": intent})
            made.add_features(Features(row[None].astype(np.float32), "sentence", TEXT, "encoder"))
            made.add_features(Features(scipy.sparse.coo_matrix(grams[None]), "sentence", TEXT, "ngrams"))
            found.append(made)
    return TrainingData(found)


def weight_found(data: TrainingData, storage: Any, context: Any, **config: Any) -> float:
    component = LinearIntentClassifier.create(config, storage, Resource("weighed"), context)
    component.train(data)
    loaded = LinearIntentClassifier.load(config, storage, Resource("weighed"), context)
    assert loaded._ngram_weight == component._ngram_weight
    return component._ngram_weight


def test_of_few_examples_the_weight_is_found_that_tells_them_apart_best(storage: Any, context: Any) -> None:
    assert weight_found(told_by(vectors=0.6, words=0.0), storage, context) == min(NGRAM_WEIGHTS)
    assert weight_found(told_by(vectors=0.3, words=0.8), storage, context) == max(NGRAM_WEIGHTS)


def test_a_weight_that_is_given_stays(storage: Any, context: Any) -> None:
    assert weight_found(told_by(vectors=0.6, words=0.0), storage, context, ngram_weight=0.9) == 0.9


def test_with_many_examples_nothing_is_tried(
    storage: Any, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = told_by(vectors=0.6, words=0.0)
    monkeypatch.setattr(classifiers, "TRIED_UP_TO", len(data.intent_examples) - 1)
    assert weight_found(data, storage, context) == NGRAM_WEIGHTS[0]


# -- the features of one message --------------------------------------------------------------------------------------


def test_the_features_put_together_are_those_that_rasa_puts_together() -> None:
    made = message(CENTRES["intent_1"])
    more = scipy.sparse.csr_matrix([[0.0, 0.5, 0.25]])
    made.add_features(Features(more, "sentence", TEXT, "words"))
    made.add_features(Features(np.ones((2, 3)), "sequence", TEXT, "tokens"))
    dense, sparse = _rows_of(made) or (None, None)
    found = _row_of(made)
    assert found is not None
    vector, columns, weights = found
    np.testing.assert_array_equal(vector, dense)
    row = np.zeros((1, 8))
    row[0, columns] = weights
    np.testing.assert_array_equal(row, sparse.toarray())


def test_a_message_without_text_has_no_features() -> None:
    assert _row_of(message(None)) is None
