"""The measures by which everything is judged, on cases worked out by hand."""

from __future__ import annotations

from bot.cli.measures import Measures, Prediction, Question, by_group, measure


def pair(
    label: str, said: str, *ranking: str, alt: str = "", lang: str = "en"
) -> tuple[Question, Prediction]:
    right = frozenset({label, alt} - {""})
    question = Question(id="q", lang=lang, style="plain", text="?", label=label, right=right)
    return question, Prediction("q", said, 0.9, tuple((name, 0.5) for name in (ranking or (said,))))


def test_an_alternative_label_is_right() -> None:
    assert measure([pair("help", "emergency", alt="emergency")]).answered_right == 1.0


def test_asking_back_is_neither_right_nor_confidently_wrong() -> None:
    result = measure([pair("travel", "nlu_fallback", "nlu_fallback", "bars", "appeal", "travel")])
    assert (result.answered_right, result.confidently_wrong, result.right_in_three) == (0.0, 0.0, 1.0)


def test_the_fourth_guess_does_not_count_as_right_in_three() -> None:
    assert measure([pair("travel", "bars", "bars", "appeal", "help", "travel")]).right_in_three == 0.0


def test_refusing_a_question_in_scope_is_not_confidently_wrong() -> None:
    assert measure([pair("travel", "out_of_scope")]).confidently_wrong == 0.0


def test_only_topics_and_requests_are_false_accepts() -> None:
    said = ["travel", "book_consultation", "greet", "nlu_fallback", "out_of_scope"]
    result = measure([pair("out_of_scope", intent) for intent in said])
    assert result.false_accept == 2 / 5
    assert result.right_in_three is None


def test_a_child_topic_counts_as_its_parent() -> None:
    result = measure([pair("bars", "old_removal_order")], {"old_removal_order": "bars"})
    assert (result.answered_right, result.confidently_wrong) == (1.0, 0.0)


def test_an_intent_that_only_carries_data_is_never_confidently_wrong() -> None:
    assert measure([pair("affirm", "inform_date")]).confidently_wrong == 0.0


def test_groups_are_reported_apart() -> None:
    groups = by_group([pair("travel", "travel"), pair("travel", "bars", lang="es")])
    assert groups["en"].answered_right == 1.0
    assert groups["es"].answered_right == 0.0
    assert groups["all"].answered_right == 0.5


def test_nothing_to_measure_is_not_a_share_of_zero() -> None:
    assert measure([]) == Measures(0, None, None, None, None)
