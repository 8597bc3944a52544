"""Answers from articles, and the question back."""

from __future__ import annotations

import pytest

from actions.topics import ActionAnswerTopic, ActionDidYouMean
from bot.core.content import Library
from bot.core.messages import LANGUAGES
from tests.actions.builders import payloads, run, state

TOPICS = (("work_permit", 0.4), ("filing_fee", 0.2), ("one_year_deadline", 0.1), ("include_family", 0.05))
pytestmark = pytest.mark.usefixtures("words")


# the article of the intent


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_topic_is_answered_with_its_general_section(words: Library, lang: str) -> None:
    events, reply = run(ActionAnswerTopic(), state("work_permit", language=lang))
    assert events == []
    assert (reply.kind, reply.id, reply.lang, reply.section) == ("answer", "work_permit", lang, "general")
    assert reply.title == words.topics["work_permit"].articles[lang].title
    assert reply.text
    assert reply.sources
    assert reply.facts_checked
    assert payloads(reply)[-1] == "/talk_to_human"


def test_the_section_that_a_choice_named_is_told() -> None:
    _, reply = run(ActionAnswerTopic(), state("work_permit", language="es", entities={"section": "cost"}))
    assert (reply.id, reply.lang, reply.section) == ("work_permit", "es", "cost")
    assert reply.parameters["fee.ead_initial"] == "$560"


def test_an_unknown_section_gives_the_general_one() -> None:
    _, reply = run(ActionAnswerTopic(), state("work_permit", entities={"section": "no_such_section"}))
    assert (reply.id, reply.section) == ("work_permit", "general")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_topic_without_article_is_not_guessed_at_but_a_person_offered(lang: str) -> None:
    events, reply = run(ActionAnswerTopic(), state("a_topic_without_article", language=lang))
    assert events == []
    assert (reply.kind, reply.id, reply.lang) == ("notice", "no_answer_yet", lang)
    assert "/talk_to_human" in payloads(reply)


def test_the_language_that_was_chosen_counts_before_the_one_that_was_heard() -> None:
    _, reply = run(ActionAnswerTopic(), state("work_permit", language="en", slot="es"))
    assert reply.lang == "es"


def test_a_language_that_the_bot_does_not_speak_is_answered_in_english() -> None:
    _, reply = run(ActionAnswerTopic(), state("work_permit", language="pt"))
    assert reply.lang == "en"


# the question back


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_three_best_topics_stand_in_front_with_their_labels(words: Library, lang: str) -> None:
    events, reply = run(ActionDidYouMean(), state("nlu_fallback", language=lang, ranking=TOPICS))
    assert events == []
    assert (reply.kind, reply.id, reply.lang) == ("question", "did_you_mean", lang)
    assert payloads(reply) == [
        "/work_permit",
        "/filing_fee",
        "/one_year_deadline",
        "/help",
        "/talk_to_human",
    ]
    assert reply.choices[0].title == words.topics["work_permit"].articles[lang].label


def test_small_talk_and_fallback_are_not_offered() -> None:
    ranking = (
        ("nlu_fallback", 0.5),
        ("greet", 0.4),
        ("out_of_scope", 0.3),
        ("filing_fee", 0.2),
        ("thank", 0.1),
    )
    _, reply = run(ActionDidYouMean(), state("nlu_fallback", ranking=ranking))
    assert payloads(reply) == ["/filing_fee", "/help", "/talk_to_human"]


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(
    "request_", ["calculate_deadline", "start_triage", "book_consultation", "talk_to_human"]
)
def test_requests_are_offered_with_a_label_of_their_own(words: Library, request_: str, lang: str) -> None:
    _, reply = run(ActionDidYouMean(), state("nlu_fallback", language=lang, ranking=((request_, 0.4),)))
    assert reply.id == "did_you_mean"
    titles = {choice.payload: choice.title for choice in reply.choices}
    assert titles[f"/{request_}"] == words.label(f"label_{request_}", lang)
    assert len(titles) == len(reply.choices), "a choice is offered twice"


@pytest.mark.parametrize("ranking", [(), (("greet", 0.6), ("nlu_fallback", 0.3))])
def test_with_nothing_to_offer_the_bot_says_that_it_did_not_understand(
    ranking: tuple[tuple[str, float], ...],
) -> None:
    events, reply = run(ActionDidYouMean(), state("nlu_fallback", language="es", ranking=ranking))
    assert events == []
    assert (reply.id, reply.lang) == ("not_understood", "es")
    assert payloads(reply) == ["/help", "/talk_to_human"]
