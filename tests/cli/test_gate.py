"""How two models compare by the measures of the gate."""

from __future__ import annotations

from dataclasses import replace

from bot.cli.answers import AnswerMeasures
from bot.cli.gate import LANGUAGES, Measured, changes
from bot.cli.measures import Measures

QUESTIONS = Measures(100, 0.9, 0.98, 0.03, 0.05)
ANSWERS = AnswerMeasures(80, 0.83, 0.88, 0, 0.0)


def measured(questions: Measures = QUESTIONS, answers: AnswerMeasures = ANSWERS) -> Measured:
    """The same figures for every language, but that Spanish has those given."""
    return Measured(
        {lang: questions if lang == "es" else QUESTIONS for lang in LANGUAGES},
        {lang: answers if lang == "es" else ANSWERS for lang in LANGUAGES},
    )


def test_every_measure_of_every_language_is_compared() -> None:
    found = changes(measured(), measured())
    assert len(found) == 5 * len(LANGUAGES)
    assert not any(change.worse or change.by for change in found)


def test_each_measure_gets_worse_in_its_own_direction() -> None:
    for name, worse, better in (
        ("answered_right", 0.89, 0.91),
        ("right_in_three", 0.97, 0.99),
        ("confidently_wrong", 0.04, 0.02),
        ("false_accept", 0.06, 0.04),
    ):
        for value, is_worse in ((worse, True), (better, False)):
            after = measured(replace(QUESTIONS, **{name: value}))
            moved = [change for change in changes(measured(), after) if change.by]
            assert [(one.measure, one.language, one.worse) for one in moved] == [(name, "es", is_worse)]
    (fell,) = [c for c in changes(measured(), measured(answers=replace(ANSWERS, answered=0.82))) if c.by]
    assert (fell.measure, fell.language, fell.worse) == ("answered", "es", True)


def test_a_measure_that_no_question_counts_towards_is_left_out() -> None:
    none = measured(replace(QUESTIONS, false_accept=None))
    assert ("false_accept", "es") not in {(c.measure, c.language) for c in changes(none, none)}
