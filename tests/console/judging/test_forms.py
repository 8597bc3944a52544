"""What somebody filled in, as an opinion or as what has to be mended first."""

from __future__ import annotations

import pytest
from markupsafe import Markup
from multidict import MultiDict

from bot.console.judging.forms import LONGEST_NOTE, Filled, Problem, filled_from, opinion_of, read
from bot.console.judging.topics import Topics, topics_of
from bot.console.words import load_words
from bot.transcripts.judging import Judgement, Opinion, TurnJudgement
from tests.console.pages.planting import NOON, beside

WORDS = load_words()


@pytest.fixture(scope="module", params=["en", "es"])
def topics(request: pytest.FixtureRequest) -> Topics:
    return topics_of(beside(), request.param)


def say(name: str, **values: str) -> str:
    return WORDS.say(name, "en", **values)


def test_only_what_exists_is_read_from_a_form() -> None:
    form = MultiDict(
        {
            "label.m_1": "unsafe",
            "label.m_2": "silly",
            "right.m_1": "  Filing   fee ",
            "right.m_2": " ",
            "rubric.correct": "no",
            "rubric.safe": "maybe",
            "rubric.other": "yes",
            "note": " Una\r\nlínea ",
        }
    )
    for name, label in (("tag", "training"), ("tag", "silly"), ("tagged", "notario")):
        form.add(name, label)
    assert read(form) == Filled(
        {"m_1": "unsafe"},
        {"m_1": "Filing fee"},
        {"correct": "no"},
        "Una\nlínea",
        frozenset({"training"}),
        frozenset({"notario"}),
    )
    assert opinion_of(
        "good",
        Filled(tags=frozenset({"a", "b"}), tagged=frozenset({"b", "c"})),
        Topics({}, Markup(), {}, {}),
        say,
    ) == Opinion("good", labels={"a": True, "c": False})


def test_a_topic_is_found_by_its_title_its_code_and_its_section(topics: Topics) -> None:
    for title, (topic, section) in topics.by_title.items():
        assert topics.find(title.upper()) == (topic, section)
        assert topics.find(topics.title(topic, section)) == (topic, section)
    assert topics.find(" filing_fee ") == ("filing_fee", None)
    topic, section = next(place for place in topics.by_title.values() if place[1] is not None)
    assert topics.find(f"{topic}/{section}") == (topic, section)
    assert topics.find("nothing of the kind") is None
    assert topics.title("gone_from_the_library", "general") == "gone_from_the_library"
    assert topics_of(None, "en").by_title == {}


def test_a_right_topic_alone_means_that_the_topic_was_wrong(topics: Topics) -> None:
    found = opinion_of("fix", Filled(rights={"m_1": "filing_fee"}), topics, say)
    assert found == Opinion("fix", turns=(TurnJudgement("m_1", "wrong_topic", "filing_fee"),))


@pytest.mark.parametrize(
    ("verdict", "filled", "at", "told"),
    [
        ("fix", Filled(), "", "Mark what is wrong"),
        ("fix", Filled(rubric={"correct": "no"}), "", "Mark what is wrong"),
        ("fix", Filled({"m_1": "unsafe"}, {"m_1": "no such"}), "m_1", "no topic “no such”"),
        ("good", Filled({"m_1": "unsafe"}), "m_1", "marked as wrong"),
        ("good", Filled(note="x" * 20_000), "note", "longer than 2,000 letters"),
    ],
)
def test_what_has_to_be_mended_first(
    verdict: str, filled: Filled, at: str, told: str, topics: Topics
) -> None:
    found = opinion_of(verdict, filled, topics, say)
    assert isinstance(found, Problem)
    assert found.at == at and told in found.text


def test_an_urgent_one_is_never_held_up_and_loses_nothing(topics: Topics) -> None:
    filled = Filled({"m_1": "unsafe"}, {"m_1": "no such", "m_2": "neither"}, note="x" * (LONGEST_NOTE + 1))
    found = opinion_of("urgent", filled, topics, say)
    assert isinstance(found, Opinion)
    assert found.turns == (TurnJudgement("m_1", "unsafe"),)
    assert found.note == f"{filled.note}\nno such\nneither"
    assert opinion_of("urgent", Filled(), topics, say) == Opinion("urgent")


def test_a_judgement_comes_back_into_its_fields(topics: Topics) -> None:
    turns = (TurnJudgement("m_1", "wrong_topic", "filing_fee"), TurnJudgement("m_2", "unclear"))
    filled = filled_from(Judgement("c", "s", 1, "fix", {"safe": "yes"}, None, NOON, turns), topics)
    assert opinion_of("fix", filled, topics, say) == Opinion("fix", {"safe": "yes"}, "", turns)
    assert filled_from(None, topics) == Filled()
