"""Several needs in one message: one is answered, the others are offered."""

from __future__ import annotations

from typing import Any

import pytest

from actions.topics import ActionAnswerTopic, ActionDidYouMean
from bot.core.content import Library
from bot.core.messages import LANGUAGES, Reply
from tests.actions.builders import Nearness, payloads, run_all, state, told

TEXT = "how much is it? and can i travel? and an appointment please"
FEE, TRAVEL, APPOINTMENT = ("filing_fee", 0, 15), ("travel", 16, 33), ("book_consultation", 34, 59)

Spoken = tuple[str, int, int]


@pytest.fixture(autouse=True)
def everything_fits(near: Nearness) -> None:
    """The general section of each of these topics fits any words."""
    near.of = {f"{topic}/general": 1.0 for topic in ("filing_fee", "travel", "appeal")}


def asked(intent: str, *needs: Spoken, language: str = "en") -> dict[str, Any]:
    """A tracker whose message has these needs."""
    tracker = state(intent, text=TEXT, language=language, ranking=((intent, 0.9), ("appeal", 0.3)))
    tracker["latest_message"]["needs"] = [
        {"intent": name, "confidence": 0.9, "start": start, "end": end} for name, start, end in needs
    ]
    return tracker


def replies(intent: str, *needs: Spoken, language: str = "en") -> list[Reply]:
    action = ActionDidYouMean() if intent == "nlu_fallback" else ActionAnswerTopic()
    return run_all(action, asked(intent, *needs, language=language))[1]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_need_that_was_understood_is_answered_and_the_other_offered(words: Library, lang: str) -> None:
    answer, offer = replies("travel", FEE, TRAVEL, language=lang)
    assert (answer.kind, answer.id, answer.lang) == ("answer", "travel", lang)
    assert (offer.kind, offer.id, offer.lang) == ("question", "also_asked", lang)
    assert payloads(offer) == ["/filing_fee", "/help"]
    assert offer.choices[0].title == words.topics["filing_fee"].articles[lang].label


def test_a_need_is_answered_by_its_own_words_among_the_sections_of_its_own_topic(near: Nearness) -> None:
    replies("travel", FEE, TRAVEL)
    assert [(text, list(topics)) for text, topics in near.asked] == [("and can i travel?", ["travel"])]


def test_the_topic_that_is_answered_is_remembered() -> None:
    assert run_all(ActionAnswerTopic(), asked("travel", FEE, TRAVEL))[0] == told("travel")
    assert run_all(ActionDidYouMean(), asked("nlu_fallback", FEE, TRAVEL))[0] == told("filing_fee")


def test_a_need_that_no_section_fits_is_told_so_and_the_other_is_offered_all_the_same(near: Nearness) -> None:
    near.of = {}
    said, offer = replies("travel", FEE, TRAVEL)
    assert (said.id, payloads(said)[0]) == ("no_exact_answer", '/travel{"section": "general"}')
    assert payloads(offer) == ["/filing_fee", "/help"]


def test_when_the_whole_is_unclear_the_first_topic_is_answered_and_not_asked_back() -> None:
    answer, offer = replies("nlu_fallback", APPOINTMENT, TRAVEL, FEE)
    assert answer.id == "travel"
    assert payloads(offer) == ["/book_consultation", "/filing_fee", "/help"]


def test_a_request_among_the_needs_is_a_choice_with_its_label(words: Library) -> None:
    _, offer = replies("filing_fee", FEE, APPOINTMENT)
    assert offer.choices[0].title == words.label("label_book_consultation", "en")


def test_a_topic_that_is_none_of_the_needs_gives_way_to_the_first_of_them() -> None:
    answer, offer = replies("appeal", FEE, TRAVEL)
    assert answer.id == "filing_fee"
    assert payloads(offer) == ["/travel", "/help"]


def test_requests_alone_are_offered_and_no_topic_is_guessed(near: Nearness) -> None:
    near.of = {}
    (reply,) = replies("nlu_fallback", APPOINTMENT, ("talk_to_human", 0, 15))
    assert reply.id == "did_you_mean"


@pytest.mark.parametrize("needs", [(), (FEE,), (FEE, ("small_talk", 16, 33))])
def test_a_message_with_one_need_is_answered_once(needs: tuple[Spoken, ...]) -> None:
    (reply,) = replies("travel", *needs)
    assert reply.id == "travel"


def test_an_unclear_message_without_needs_is_asked_back(near: Nearness) -> None:
    near.of = {}
    (reply,) = replies("nlu_fallback")
    assert reply.id == "did_you_mean"
