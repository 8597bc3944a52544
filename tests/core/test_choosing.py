"""The decision over scores: which topics are looked at, and which section is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.content.article import GENERAL
from bot.core.content.choosing import (
    GENERAL_BONUS,
    NEAR,
    RIVAL,
    RIVAL_MARGIN,
    SURE,
    TOPICS,
    Chosen,
    choose,
    rivals,
)

KNOWN = {"work_permit": None, "filing_fee": None, "travel": None}
LITTLE = 0.001


# the topics that are looked at


def test_the_best_topic_and_the_next_one_are_looked_at_when_they_are_close() -> None:
    ranking = [("work_permit", 0.5), ("filing_fee", 0.5 * RIVAL), ("travel", 0.5 * RIVAL)]
    assert rivals(ranking, KNOWN) == ("work_permit", "filing_fee")


def test_a_topic_that_is_far_behind_is_not_looked_at() -> None:
    assert rivals([("work_permit", 0.5), ("filing_fee", 0.5 * RIVAL - LITTLE)], KNOWN) == ("work_permit",)


def test_a_request_in_second_place_is_not_looked_at_and_no_third_topic_for_it() -> None:
    ranking = [("work_permit", 0.5), ("talk_to_human", 0.3), ("filing_fee", 0.2)]
    assert rivals(ranking, KNOWN) == ("work_permit",)


@pytest.mark.parametrize("ranking", [[], [("greet", 0.6), ("work_permit", 0.4)]])
def test_where_the_best_intent_is_no_topic_none_is_looked_at(ranking: list[tuple[str, float]]) -> None:
    assert rivals(ranking, KNOWN) == ()


# the section that is told


def told(topics: list[str], scores: dict[str, dict[str, float]]) -> tuple[str, str]:
    chosen = choose(topics, scores)
    return chosen.topic, chosen.section


def test_the_section_that_fits_best_is_told_with_how_well_it_fits() -> None:
    assert choose(["travel"], {"travel": {GENERAL: 0.3, "cost": 0.8}}) == Chosen("travel", "cost", 0.8)


def test_the_general_section_is_told_unless_another_is_nearer_by_the_bonus() -> None:
    close, nearer = 0.5 + GENERAL_BONUS - LITTLE, 0.5 + GENERAL_BONUS + LITTLE
    assert told(["travel"], {"travel": {"cost": close, GENERAL: 0.5}}) == ("travel", GENERAL)
    assert told(["travel"], {"travel": {"cost": nearer, GENERAL: 0.5}}) == ("travel", "cost")


@pytest.mark.parametrize(
    ("scores", "exact"),
    [
        ({GENERAL: 0.0, "cost": NEAR}, True),
        ({GENERAL: 0.0, "cost": NEAR - LITTLE}, False),
        ({GENERAL: NEAR - GENERAL_BONUS, "cost": 0.0}, True),
        ({GENERAL: -1.0, "cost": -0.5}, False),
    ],
)
def test_a_section_that_is_far_from_the_words_does_not_answer_them(
    scores: dict[str, float], exact: bool
) -> None:
    assert choose(["travel"], {"travel": scores}).exact is exact


@pytest.mark.parametrize(("fit", "sure"), [(SURE, True), (SURE - LITTLE, False), (0.0, False)])
def test_a_section_that_fits_very_well_is_sure(fit: float, sure: bool) -> None:
    assert choose(["travel"], {"travel": {"cost": fit}}).sure is sure


def test_another_topic_is_told_only_when_its_section_fits_better_by_the_margin() -> None:
    def with_rival(fit: float) -> tuple[str, str]:
        return told(["travel", "appeal"], {"travel": {"cost": 0.5}, "appeal": {"wait": fit}})

    assert with_rival(0.5 + RIVAL_MARGIN - LITTLE) == ("travel", "cost")
    assert with_rival(0.5 + RIVAL_MARGIN + LITTLE) == ("appeal", "wait")


def test_a_rival_that_is_told_may_itself_be_far_from_the_words() -> None:
    scores = {"travel": {"cost": -1.0}, "appeal": {"cost": NEAR - LITTLE}}
    assert told(["travel", "appeal"], scores) == ("appeal", "cost")
    assert not choose(["travel", "appeal"], scores).exact


# whatever the engine says

NAMES = st.sampled_from("abcdefgh")
SECTIONS = st.dictionaries(
    st.sampled_from([GENERAL, "cost", "wait", "lost", "family"]),
    st.floats(min_value=-3, max_value=3),
    min_size=1,
)
SCORES = st.dictionaries(NAMES, SECTIONS, min_size=1, max_size=4)
RANKINGS = st.lists(
    st.tuples(NAMES, st.floats(min_value=0, max_value=1)), unique_by=lambda entry: entry[0]
).map(lambda ranking: sorted(ranking, key=lambda entry: -entry[1]))


@given(SCORES)
def test_the_topic_and_the_section_that_are_chosen_exist(scores: dict[str, dict[str, float]]) -> None:
    topics = list(scores)
    chosen = choose(topics, scores)
    assert chosen.section in scores[chosen.topic]
    score = scores[chosen.topic][chosen.section]
    assert score <= chosen.fit <= score + GENERAL_BONUS
    assert chosen.fit >= max(scores[chosen.topic].values())
    if chosen.topic != topics[0]:
        assert chosen.fit >= max(scores[topics[0]].values()) + RIVAL_MARGIN


@given(RANKINGS, st.sets(NAMES))
def test_only_known_topics_are_looked_at_the_best_intent_first(
    ranking: list[tuple[str, float]], names: set[str]
) -> None:
    topics = dict.fromkeys(names)
    found = rivals(ranking, topics)
    assert set(found) <= names
    assert len(found) == len(set(found)) <= TOPICS
    assert bool(found) == bool(ranking and ranking[0][0] in topics)
    assert found[:1] in ((), tuple(name for name, _ in ranking[:1]))
