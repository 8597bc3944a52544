"""What the featurizers read instead of the text, and how a story is joined with its question."""

from __future__ import annotations

import json
from typing import Any

import pytest
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.engine import understood
from bot.engine.asked import asked
from bot.engine.classifier import RANKING
from bot.engine.text import UNDERSTOOD, understood_of
from bot.engine.understood import KNOWN_WELL, STORY, Spelling, StoryJoiner, TextUnderstander, as_read

COUNTS = {"asylum": 9, "asilo": 9, "permiso": 5, "trabajo": 5, "court": 4, "count": 8, "fee": 9, "seldom": 1}
STORY_TEXT = (
    "I came here with my two children three years ago. We lived in a small town close to the coast. "
    "My husband stayed behind because he was sick. Can I bring him now?"
)


@pytest.fixture
def spelling() -> Spelling:
    return Spelling(COUNTS)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("asylun", "asylum"),
        ("I want asylm please", "I want asylum please"),
        ("el premiso de trabjo", "el permiso de trabajo"),
        ("PERMIZO", "permiso"),
        ("¿asílo?", "¿asílo?"),
        ("assilo, permmiso!", "asilo, permiso!"),
    ],
)
def test_a_slip_is_read_as_the_word_that_is_known(spelling: Spelling, written: str, read: str) -> None:
    assert spelling.of(written) == read


@pytest.mark.parametrize(
    "text",
    [
        "asylum",
        "Asylum and COURT",
        "fe",
        "fees",
        "seldum",
        "guatemala",
        "azzylun",
        "12345 a1b2 :-)",
        "",
        "trabajó",
    ],
)
def test_words_that_are_known_short_rare_or_far_off_stay(spelling: Spelling, text: str) -> None:
    assert spelling.of(text) == text


def test_of_two_words_as_near_the_one_with_the_same_first_letter_is_read() -> None:
    assert Spelling({"mount": 50, "count": 3}).of("cont") == "count"
    assert Spelling({"mount": 50, "court": 3, "count": 4}).of("couht") == "count"


def test_without_a_dictionary_nothing_changes() -> None:
    assert Spelling({}).of("asylun permizo") == "asylun permizo"


@pytest.fixture
def understander(storage: Any, context: Any) -> TextUnderstander:
    return TextUnderstander.create({}, storage, Resource("understander"), context)


def examples(*texts: str) -> TrainingData:
    return TrainingData([Message({TEXT: text, INTENT: "asks"}) for text in texts])


# Rasa keeps one of several examples that are the same.
TRAINED = (*(f"permission number {number}" for number in range(KNOWN_WELL)), "only once mentioned")


def test_it_learns_its_dictionary_and_reads_it_back(
    understander: TextUnderstander, storage: Any, context: Any
) -> None:
    resource = understander.train(examples(*TRAINED))
    loaded = TextUnderstander.load({}, storage, resource, context)
    for component in (understander, loaded):
        (message,) = component.process([Message({TEXT: "permision please, menttioned"})])
        assert understood_of(message) == "permission please, menttioned"
        assert message.get(TEXT) == "permision please, menttioned"
    with storage.read_from(resource) as folder:
        counts = json.loads((folder / "words.json").read_text(encoding="utf-8"))
    assert counts["permission"] == KNOWN_WELL


def test_a_word_counts_once_for_each_example(understander: TextUnderstander) -> None:
    understander.train(examples("permission permission permission"))
    (message,) = understander.process([Message({TEXT: "permision now"})])
    assert understood_of(message) == "permision now"


def test_examples_lose_their_courtesies_but_keep_their_spelling(understander: TextUnderstander) -> None:
    data = examples("Hello sir, CAN I work", "/greet", "😭", "hola qué tal, permizo pa trabajar")
    understander.train(data)
    understander.process_training_data(data)
    assert [message.get(UNDERSTOOD) for message in data.training_examples] == [
        "CAN I work",
        None,
        None,
        "permizo pa trabajar",
    ]


def test_a_message_is_understood_without_courtesies(understander: TextUnderstander) -> None:
    (message,) = understander.process([Message({TEXT: "Hola señora, ¿puedo trabajar? 🙏"})])
    assert understood_of(message) == "puedo trabajar?"
    assert message.get(TEXT) == "Hola señora, ¿puedo trabajar? 🙏"


@pytest.mark.parametrize("text", ["/greet", '/inform_date{"day": "hola buenas"}', "😭", "", None])
def test_a_choice_or_a_message_without_words_is_left_alone(
    understander: TextUnderstander, text: str | None
) -> None:
    (message,) = understander.process([Message({TEXT: text})])
    assert message.get(UNDERSTOOD) is None


def test_behind_a_story_stands_its_question(understander: TextUnderstander) -> None:
    messages = understander.process(
        [Message({TEXT: "hi"}), Message({TEXT: STORY_TEXT}), Message({TEXT: "bye"})]
    )
    assert [message.get(TEXT) for message in messages] == ["hi", STORY_TEXT, "Can I bring him now?", "bye"]
    assert [bool(message.get(STORY)) for message in messages] == [False, False, True, False]


def test_other_parts_read_a_text_as_the_model_that_was_loaded(
    understander: TextUnderstander, storage: Any, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(understood, "_reading", asked)
    assert as_read("Hello sir, my permision 🙏") == "my permision"
    loaded = TextUnderstander.load({}, storage, understander.train(examples(*TRAINED)), context)
    for text in ("Hello sir, my permision 🙏", "hola", "PERMISION NUMER", "12", STORY_TEXT):
        (message, *_) = loaded.process([Message({TEXT: text})])
        assert as_read(text) == understood_of(message)
    assert as_read("Hello sir, my permision 🙏") == "my permission"
    assert (as_read("🙏"), as_read("")) == ("🙏", "")


# the joiner


@pytest.fixture
def joiner(storage: Any, context: Any) -> StoryJoiner:
    return StoryJoiner.create({}, storage, Resource("joiner"), context)


def ranked(text: str, *ranking: tuple[str, float], story: bool = False) -> Message:
    listed = [{"name": name, "confidence": confidence} for name, confidence in ranking]
    message = Message({TEXT: text, RANKING: listed, INTENT: dict(listed[0]) if listed else {}})
    if story:
        message.set(STORY, True)
    return message


def test_an_unsure_story_follows_its_question(joiner: StoryJoiner) -> None:
    story = ranked("story", ("family", 0.3), ("greet", 0.25), ("fee", 0.1))
    question = ranked("question", ("fee", 0.9), ("family", 0.05), story=True)
    (joined,) = joiner.process([story, question])
    assert joined is story
    assert joined.get(INTENT)["name"] == "fee"
    assert joined.get(INTENT)["confidence"] == pytest.approx(0.2 * 0.1 + 0.8 * 0.9)
    names = [one["name"] for one in joined.get(RANKING)]
    assert names == ["fee", "family", "greet"]
    confidences = [one["confidence"] for one in joined.get(RANKING)]
    assert confidences == sorted(confidences, reverse=True)


def test_a_sure_story_outweighs_its_question(joiner: StoryJoiner) -> None:
    story = ranked("story", ("family", 0.8), ("fee", 0.1))
    (joined,) = joiner.process([story, ranked("question", ("fee", 0.6), ("family", 0.3), story=True)])
    assert joined.get(INTENT)["name"] == "family"
    assert joined.get(INTENT)["confidence"] == pytest.approx(0.6 * 0.8 + 0.4 * 0.3)


def test_the_ranking_keeps_its_length_and_takes_intents_of_the_question(joiner: StoryJoiner) -> None:
    story = ranked("story", ("family", 0.3), ("greet", 0.2))
    (joined,) = joiner.process([story, ranked("question", ("fee", 0.7), ("travel", 0.2), story=True)])
    assert [one["name"] for one in joined.get(RANKING)] == ["fee", "travel"]


@pytest.mark.parametrize(("whole", "part"), [([], [("fee", 0.9)]), ([("family", 0.4)], [])])
def test_without_a_ranking_the_story_stays_as_it_was(
    joiner: StoryJoiner, whole: list[tuple[str, float]], part: list[tuple[str, float]]
) -> None:
    story = ranked("story", *whole)
    before = dict(story.get(INTENT))
    assert joiner.process([story, ranked("question", *part, story=True)]) == [story]
    assert story.get(INTENT) == before


def test_messages_that_are_no_stories_pass_through(joiner: StoryJoiner) -> None:
    messages = [ranked("a", ("fee", 0.9)), ranked("b", ("travel", 0.9))]
    assert joiner.process(messages) == messages
    assert [message.get(INTENT)["name"] for message in messages] == ["fee", "travel"]


def test_weights_can_be_set(storage: Any, context: Any) -> None:
    joiner = StoryJoiner.create({"weight_unsure": 0.0}, storage, Resource("joiner"), context)
    (joined,) = joiner.process(
        [ranked("story", ("family", 0.3)), ranked("question", ("fee", 0.9), story=True)]
    )
    assert joined.get(INTENT) == {"name": "family", "confidence": pytest.approx(0.3)}
