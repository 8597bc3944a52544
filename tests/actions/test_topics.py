"""Answers from articles, and the question back."""

from __future__ import annotations

from datetime import date

import pytest

from actions.topics import ActionAnswerTopic, ActionDidYouMean
from bot.core.content import PRODUCTION, Library
from bot.core.content.approvals import Approval
from bot.core.content.choosing import NEAR
from bot.core.messages import LANGUAGES
from tests.actions.builders import Nearness, payloads, run, state, told

TOPICS = (("work_permit", 0.4), ("filing_fee", 0.2), ("one_year_deadline", 0.1), ("include_family", 0.05))
CLOSE = (("work_permit", 0.4), ("filing_fee", 0.39), ("travel", 0.1))
FOLLOW_UPS = (
    "and how much is it?",
    "what about the price",
    "But how much does it cost?",
    "¿Y cuánto cuesta?",
    "y cuanto vale",
    "también cuánto es",
)
pytestmark = pytest.mark.usefixtures("words")


# the article of the intent


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_topic_is_answered_with_its_general_section(words: Library, lang: str) -> None:
    events, reply = run(ActionAnswerTopic(), state("work_permit", language=lang))
    assert events == told("work_permit")
    assert (reply.kind, reply.id, reply.lang, reply.section) == ("answer", "work_permit", lang, "general")
    assert reply.title == words.topics["work_permit"].articles[lang].title
    assert reply.text
    assert reply.sources
    assert reply.facts_checked
    assert payloads(reply)[-1] == "/talk_to_human"


def test_the_section_that_a_choice_named_is_told() -> None:
    events, reply = run(
        ActionAnswerTopic(), state("work_permit", language="es", entities={"section": "cost"})
    )
    assert events == told("work_permit")
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


# the section that fits the words


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_nearest_section_is_told_with_the_general_one_in_front_of_its_choices(
    words: Library, near: Nearness, lang: str
) -> None:
    near.of = {"work_permit/general": 0.4, "work_permit/cost": 0.9}
    events, reply = run(ActionAnswerTopic(), state("work_permit", text="what is the price", language=lang))
    assert (reply.kind, reply.section, reply.lang) == ("answer", "cost", lang)
    assert payloads(reply)[0] == '/work_permit{"section": "general"}'
    assert reply.choices[0].title == words.topics["work_permit"].articles[lang].section("general").label
    assert len(set(payloads(reply))) == len(reply.choices)
    assert events == told("work_permit")


def test_the_general_section_offers_no_way_to_itself(near: Nearness) -> None:
    near.of = {"work_permit/general": 0.9}
    _, reply = run(ActionAnswerTopic(), state("work_permit", text="can i work"))
    assert (reply.kind, reply.section) == ("answer", "general")
    assert '/work_permit{"section": "general"}' not in payloads(reply)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_when_no_section_is_near_the_bot_says_so_and_offers_the_general_one_first(
    words: Library, near: Nearness, lang: str
) -> None:
    near.of = {"work_permit/cost": 0.1}
    events, reply = run(ActionAnswerTopic(), state("work_permit", text="can a dog get one", language=lang))
    assert (reply.kind, reply.id, reply.lang) == ("question", "no_exact_answer", lang)
    assert payloads(reply) == ['/work_permit{"section": "general"}', "/talk_to_human", "/help"]
    assert reply.choices[0].title == words.topics["work_permit"].articles[lang].section("general").label
    assert words.firm.phone in reply.text
    assert events == told("work_permit")


@pytest.mark.parametrize(
    ("payload", "entities", "section"),
    [
        ("/work_permit", {}, "general"),
        ('/work_permit{"section": "cost"}', {"section": "cost"}, "cost"),
    ],
)
def test_a_pressed_choice_is_told_as_it_says_and_the_engine_is_not_asked(
    near: Nearness, payload: str, entities: dict[str, str], section: str
) -> None:
    near.of = {"work_permit/steps": 1.0}
    _, reply = run(ActionAnswerTopic(), state("work_permit", text=payload, entities=entities))
    assert (reply.kind, reply.section) == ("answer", section)
    assert near.asked == []


def test_without_the_engine_the_general_section_of_the_best_topic_is_told(near: Nearness) -> None:
    near.reachable = False
    asked = state("work_permit", text="what is the price", ranking=TOPICS)
    events, reply = run(ActionAnswerTopic(), asked)
    assert (reply.kind, reply.id, reply.section) == ("answer", "work_permit", "general")
    assert events == told("work_permit")


# two topics that are close


def test_a_second_topic_that_fits_clearly_better_is_told(near: Nearness) -> None:
    near.of = {"work_permit/cost": 0.4, "filing_fee/general": 0.9}
    events, reply = run(ActionAnswerTopic(), state("work_permit", text="what do i pay", ranking=CLOSE))
    assert near.looked_at == ["work_permit", "filing_fee"]
    assert (reply.id, reply.section) == ("filing_fee", "general")
    assert events == told("filing_fee")


def test_a_second_topic_that_is_far_behind_is_not_looked_at(near: Nearness) -> None:
    near.of = {"work_permit/cost": 0.4, "filing_fee/general": 0.9}
    ranking = (("work_permit", 0.9), ("filing_fee", 0.05))
    _, reply = run(ActionAnswerTopic(), state("work_permit", text="what do i pay", ranking=ranking))
    assert near.looked_at == ["work_permit"]
    assert reply.id == "work_permit"


@pytest.mark.parametrize("fits", [0.9, 0.1], ids=["near", "far"])
def test_in_production_a_second_topic_that_nobody_approved_is_not_looked_at(
    words: Library, near: Nearness, monkeypatch: pytest.MonkeyPatch, fits: float
) -> None:
    approval = Approval("work_permit", words.hash("work_permit"), "A. Lawyer", date(2026, 11, 1))
    monkeypatch.setattr(words, "mode", PRODUCTION)
    monkeypatch.setitem(words._content.approvals, "work_permit", approval)
    near.of = {"work_permit/cost": fits - 0.5, "filing_fee/general": fits}
    _, reply = run(ActionAnswerTopic(), state("work_permit", text="what do i pay", ranking=CLOSE))
    assert near.looked_at == ["work_permit"]
    assert reply.id in ("work_permit", "no_exact_answer")
    assert not any("null" in payload for payload in payloads(reply))


# a message that leans on the one before


@pytest.mark.parametrize("text", FOLLOW_UPS)
def test_a_short_message_that_leans_on_the_last_one_is_about_its_topic(near: Nearness, text: str) -> None:
    near.of = {"work_permit/cost": 0.6, "filing_fee/general": 0.3}
    events, reply = run(ActionAnswerTopic(), state("filing_fee", text=text, topic="work_permit"))
    assert near.looked_at == ["work_permit", "filing_fee"]
    assert (reply.id, reply.section) == ("work_permit", "cost")
    assert events == told("work_permit")


def test_the_general_answer_is_not_told_again_to_who_asks_on(near: Nearness) -> None:
    near.of = {"work_permit/general": 0.9, "filing_fee/general": 0.5}
    events, reply = run(ActionAnswerTopic(), state("filing_fee", text="and how long?", topic="work_permit"))
    assert (reply.id, events) == ("filing_fee", told("filing_fee"))


def test_its_own_topic_is_told_where_that_fits_clearly_better(near: Nearness) -> None:
    near.of = {"work_permit/cost": 0.3, "filing_fee/general": 0.9}
    events, reply = run(ActionAnswerTopic(), state("filing_fee", text=FOLLOW_UPS[0], topic="work_permit"))
    assert (reply.id, events) == ("filing_fee", told("filing_fee"))


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("and how much do i have to pay for the asylum form", "work_permit"),
        ("how much is it?", "work_permit"),
        ("android phone price", "work_permit"),
        (FOLLOW_UPS[0], None),
        (FOLLOW_UPS[0], "a_topic_without_article"),
    ],
)
def test_any_other_message_is_about_its_own_topic(near: Nearness, text: str, last: str | None) -> None:
    near.of = {"work_permit/cost": 0.9, "filing_fee/general": 0.7}
    _, reply = run(ActionAnswerTopic(), state("filing_fee", text=text, topic=last))
    assert near.looked_at == ["filing_fee"]
    assert reply.id == "filing_fee"


def test_an_unclear_message_that_leans_on_the_last_one_is_answered_from_its_topic(near: Nearness) -> None:
    near.of = {"work_permit/cost": 0.6}
    asked = state("nlu_fallback", text="and how much?", topic="work_permit", ranking=TOPICS)
    events, reply = run(ActionDidYouMean(), asked)
    assert near.looked_at == ["work_permit"]
    assert (reply.kind, reply.id, reply.section) == ("answer", "work_permit", "cost")
    assert events == []


def test_an_unclear_message_that_nothing_of_the_last_topic_fits_is_asked_back(near: Nearness) -> None:
    asked = state("nlu_fallback", text="and the moon?", topic="work_permit", ranking=TOPICS)
    _, reply = run(ActionDidYouMean(), asked)
    assert (reply.kind, reply.id) == ("question", "did_you_mean")


def test_without_the_engine_nothing_leans_on_the_last_topic(near: Nearness) -> None:
    near.reachable = False
    _, reply = run(ActionAnswerTopic(), state("travel", text="and can i travel?", topic="work_permit"))
    assert (reply.id, reply.section) == ("travel", "general")
    asked = state("nlu_fallback", text="and the moon?", topic="work_permit", ranking=TOPICS)
    _, reply = run(ActionDidYouMean(), asked)
    assert reply.id == "did_you_mean"


# unclear between topics


def test_a_section_that_fits_very_well_decides_between_two_topics(near: Nearness) -> None:
    near.of = {"filing_fee/waiver": 1.0}
    unsure = state("nlu_fallback", text="fee waiver", ranking=(("nlu_fallback", 0.4), *TOPICS))
    events, reply = run(ActionDidYouMean(), unsure)
    assert near.looked_at == ["work_permit", "filing_fee"]
    assert (reply.kind, reply.id, reply.section) == ("answer", "filing_fee", "waiver")
    assert payloads(reply)[:2] == ["/work_permit", "/one_year_deadline"]
    assert events == told("filing_fee")


def test_a_section_that_fits_well_enough_for_an_understood_question_does_not(near: Nearness) -> None:
    near.of = {"filing_fee/general": NEAR}
    events, reply = run(ActionDidYouMean(), state("nlu_fallback", text="the fee", ranking=TOPICS))
    assert (reply.id, events) == ("did_you_mean", told("work_permit"))


# the question back


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_three_best_topics_stand_in_front_with_their_labels(words: Library, lang: str) -> None:
    events, reply = run(ActionDidYouMean(), state("nlu_fallback", language=lang, ranking=TOPICS))
    assert events == told("work_permit")
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
