"""The rules by which the systems that are compared choose what they answer: worked out by hand on a few rows."""

from __future__ import annotations

import pytest

from bot.cli.measures import ASKS_BACK, Question, measure
from tests.bench.understanding import (
    Acceptance,
    Judged,
    Said,
    accepted,
    answering,
    chosen,
    in_use,
    judged,
    parted,
)


def question(number: int, label: str = "fee", lang: str = "en") -> Question:
    return Question(str(number), lang, "plain", "?", label, frozenset({label}))


def rows(*said: tuple[str, float, float]) -> Judged:
    """Questions about the fee: what was understood, how surely, and how surely the next."""
    return [
        (question(number), Said(((intent, top), ("next", second))))
        for number, (intent, top, second) in enumerate(said)
    ]


#: Right, wrong, right, wrong, right: the surer the earlier.
MIXED = rows(
    ("fee", 0.9, 0.1), ("work", 0.8, 0.1), ("fee", 0.7, 0.1), ("work", 0.6, 0.56), ("fee", 0.5, 0.1)
)  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "at"),
    [
        (0.0, Acceptance(0.9, 0.0)),
        (0.2, Acceptance(0.5, 0.05)),  # the second mistake is as sure of the next intent
        (0.4, Acceptance(0.5, 0.05)),  # as many right as without a margin, and one mistake fewer
        (1.0, Acceptance(0.5, 0.05)),
    ],
)
def test_as_many_are_right_as_the_allowed_mistakes_let(wrong: float, at: Acceptance) -> None:
    assert chosen(MIXED, {}, wrong) == at
    found = measure(accepted(MIXED, at))
    assert (found.confidently_wrong or 0.0) <= wrong


def test_without_a_right_answer_to_win_nothing_is_answered() -> None:
    mistaken = rows(("work", 0.9, 0.0), ("work", 0.8, 0.0))
    assert {p.intent for _, p in accepted(mistaken, chosen(mistaken, {}, 0.0))} == {ASKS_BACK}


def test_answers_that_are_as_sure_are_all_given_or_none() -> None:
    even = rows(("fee", 0.9, 0.0), ("fee", 0.5, 0.0), ("work", 0.5, 0.0))
    assert chosen(even, {}, 0.0) == Acceptance(0.9, 0.0)
    assert chosen(even, {}, 0.34) == Acceptance(0.5, 0.0)


def test_a_child_topic_is_right_where_its_parent_is() -> None:
    child = rows(("fee_waiver", 0.9, 0.0), ("work", 0.8, 0.0))
    assert chosen(child, {"fee_waiver": "fee"}, 0.0) == Acceptance(0.9, 0.0)


@pytest.mark.parametrize(("share", "answered"), [(0.2, 1), (0.5, 2), (0.6, 3), (1.0, 5)])
def test_a_share_of_all_is_answered(share: float, answered: int) -> None:
    said = [p.intent for _, p in accepted(MIXED, answering(MIXED, share))]
    assert len(said) - said.count(ASKS_BACK) == answered


def test_a_date_is_told_whatever_is_asked_of_an_answer_and_fallback_entries_are_none() -> None:
    entries = [{"name": ASKS_BACK, "confidence": 0.3}, {"name": "fee", "confidence": 0.2}]
    result = {
        "predictions": [
            {"intent": "inform_date", "ranking": entries},
            {"intent": ASKS_BACK, "ranking": entries},
            {"intent": ASKS_BACK, "ranking": []},
        ]
    }
    found = judged([question(number) for number in range(3)], result)
    assert [said.ranking for _, said in found] == [(("fee", 0.2),), (("fee", 0.2),), ()]
    assert [p.intent for _, p in accepted(found, Acceptance(0.1, 0.0))] == ["inform_date", "fee", ASKS_BACK]
    assert [p.intent for _, p in accepted(found, Acceptance(0.3, 0.0))] == [
        "inform_date",
        ASKS_BACK,
        ASKS_BACK,
    ]


def test_the_parts_hold_as_many_of_each_label_and_language_and_every_example_once() -> None:
    examples = [
        question(number, label, lang)
        for number, (label, lang) in enumerate([("fee", "en"), ("fee", "es"), ("work", "en")] * 10)
    ]
    parts = parted(examples, 5)
    assert sorted(int(e.id) for part in parts for e in part) == list(range(30))
    for part in parts:
        assert sorted((e.label, e.lang) for e in part) == sorted(
            [("fee", "en"), ("fee", "es"), ("work", "en")] * 2
        )


def test_what_is_in_use_is_read_from_the_configuration() -> None:
    used = in_use()
    assert 0.0 < used.margin < used.threshold < 1.0
