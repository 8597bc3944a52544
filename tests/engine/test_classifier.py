from typing import Any

import numpy as np
import pytest
import scipy.sparse
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.engine.classifier import LinearIntentClassifier, best_temperature, softmax

RANDOM = np.random.default_rng(7)
CENTRES = {f"intent_{number}": RANDOM.normal(size=8) for number in range(12)}


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
        np.testing.assert_allclose(
            [entry["confidence"] for entry in one], [entry["confidence"] for entry in other], atol=1e-6
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


def test_the_temperature_that_was_in_the_data_is_found_again() -> None:
    scores = RANDOM.normal(size=(4000, 5))
    chances = softmax(scores, 0.4)
    right = np.array([RANDOM.choice(5, p=row) for row in chances])
    assert best_temperature(scores, right) == pytest.approx(0.4, rel=0.15)
