"""Several needs in one message: one is answered, the others are offered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from actions import topics
from actions.sections import SectionFinder
from actions.topics import ActionAnswerTopic, ActionDidYouMean
from bot.core.content import Library
from bot.core.messages import LANGUAGES, Reply
from tests.actions.builders import payloads, run_all, state

TEXT = "how much is it? and can i travel? and an appointment please"
FEE, TRAVEL, APPOINTMENT = ("filing_fee", 0, 15), ("travel", 16, 33), ("book_consultation", 34, 59)

Spoken = tuple[str, int, int]


@pytest.fixture(autouse=True)
def heard(words: Library, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The words by which sections were looked for; every section is equally near."""
    texts: list[str] = []

    async def encode(asked: Sequence[str]) -> list[list[float]]:
        texts.append(asked[0])
        return [[1.0] for _ in asked]

    monkeypatch.setattr(topics, "finder", lambda: SectionFinder(encode))
    return texts


def asked(intent: str, *needs: Spoken, language: str = "en") -> dict[str, Any]:
    """A tracker whose message has these needs."""
    tracker = state(intent, text=TEXT, language=language, ranking=(("appeal", 0.3),))
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


def test_a_need_is_answered_by_its_own_words(heard: list[str]) -> None:
    replies("travel", FEE, TRAVEL)
    assert heard == ["and can i travel?"]


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


def test_requests_alone_are_offered_and_no_topic_is_guessed() -> None:
    (reply,) = replies("nlu_fallback", APPOINTMENT, ("talk_to_human", 0, 15))
    assert reply.id == "did_you_mean"


@pytest.mark.parametrize("needs", [(), (FEE,), (FEE, ("small_talk", 16, 33))])
def test_a_message_with_one_need_is_answered_once(needs: tuple[Spoken, ...]) -> None:
    (reply,) = replies("travel", *needs)
    assert reply.id == "travel"


def test_an_unclear_message_without_needs_is_asked_back() -> None:
    (reply,) = replies("nlu_fallback")
    assert reply.id == "did_you_mean"
