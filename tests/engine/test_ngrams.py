from typing import Any

import numpy as np
import pytest
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from sklearn.feature_extraction.text import TfidfVectorizer

from bot.engine.ngrams import CharNgramFeaturizer, OneText

TEXTS = [
    "puedo trabajar",
    "permiso de trabajo",
    "work permit",
    "can i work",
    "cuanto cuesta",
    "how much is it",
]


@pytest.fixture
def featurizer(storage: Any, context: Any) -> CharNgramFeaturizer:
    config = {**CharNgramFeaturizer.get_default_config(), "min_df": 1}
    component = CharNgramFeaturizer.create(config, storage, Resource("ngrams"), context)
    component.train(TrainingData([Message({"text": text, "intent": "x"}) for text in TEXTS]))
    return component


def test_a_loaded_model_gives_the_same_weights(
    featurizer: CharNgramFeaturizer, storage: Any, context: Any
) -> None:
    loaded = CharNgramFeaturizer.load(featurizer._config, storage, Resource("ngrams"), context)
    for text in (*TEXTS, "trabjo", "never seen"):
        np.testing.assert_allclose(
            loaded.features_of(text).toarray(), featurizer.features_of(text).toarray(), atol=1e-6
        )


def test_a_model_holds_no_pickle(featurizer: CharNgramFeaturizer, storage: Any) -> None:
    with storage.read_from(Resource("ngrams")) as folder:
        assert sorted(file.name for file in folder.iterdir()) == ["ngrams.json", "weights.npz"]


def test_accents_and_capitals_make_no_difference(featurizer: CharNgramFeaturizer) -> None:
    plain, written = featurizer.features_of("cuanto cuesta"), featurizer.features_of("CUÁNTO Cuesta")
    np.testing.assert_allclose(plain.toarray(), written.toarray())


def test_a_typing_error_keeps_most_of_a_word(featurizer: CharNgramFeaturizer) -> None:
    def near(one: str, other: str) -> float:
        return float((featurizer.features_of(one) @ featurizer.features_of(other).T)[0, 0])

    assert near("trabjo", "trabajo") > near("trabjo", "cuesta") + 0.2


@pytest.mark.parametrize("text", ["", "😀", "/greet"])
def test_text_without_words_gets_no_feature(featurizer: CharNgramFeaturizer, text: str) -> None:
    assert featurizer.process([Message({"text": text})])[0].features == []


def test_training_gives_all_messages_at_once_the_features_that_each_gets_in_use(
    storage: Any, context: Any
) -> None:
    config = {**CharNgramFeaturizer.get_default_config(), "min_df": 1, "weight": 0.7}
    component = CharNgramFeaturizer.create(config, storage, Resource("weighted"), context)
    texts = [*TEXTS, "", "😀", "never seen"]
    learnt = TrainingData([Message({"text": text, "intent": "x"}) for text in texts])
    component.train(learnt)
    component.process_training_data(learnt)
    used = component.process([Message({"text": text}) for text in texts])
    for one, other in zip(learnt.training_examples, used, strict=True):
        for mine, its in zip(one.features, other.features, strict=True):
            assert (mine.type, mine.origin) == (its.type, its.origin)
            np.testing.assert_allclose(mine.features.toarray(), its.features.toarray(), atol=1e-6)


@pytest.mark.parametrize(
    "settings", [{"analyzer": "char_wb", "ngram_range": (2, 5)}, {"ngram_range": (1, 2)}]
)
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_one_text_gets_the_row_that_scikit_learn_gives_it(settings: dict[str, Any], kind: type) -> None:
    vectorizer = TfidfVectorizer(sublinear_tf=True, dtype=kind, **settings).fit(TEXTS)
    for text in (*TEXTS, "work work permit permit permit", "trabjo", "never seen", "", "😀"):
        row = OneText(vectorizer).features_of(text)
        expected = vectorizer.transform([text])
        assert row.shape == expected.shape
        np.testing.assert_allclose(
            row.toarray(), expected.toarray(), rtol=1e-6 if kind is np.float32 else 1e-14
        )
