"""The gate: understanding may not get worse unnoticed.

The figures of the last accepted model stand in tests/eval/recorded.json. After a change that is meant to move them:

    .venv/bin/faro evaluate tests/eval/questions_dev.jsonl --answers tests/eval/answers.jsonl \
        --record tests/eval/recorded.json
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from typing import Any

import pytest

from bot.cli.answers import answers_by_language, read_answers, shown_sections
from bot.cli.evaluation import as_dicts, predict, read_questions
from bot.cli.gate import BAD, GOOD, LANGUAGES
from bot.cli.measures import Prediction, Question
from bot.cli.paths import ROOT
from bot.cli.training import model_path
from bot.core.content import Library, load_library
from bot.core.emergency import classify
from bot.core.firm import load_firm
from bot.core.law import load_parameters

EVAL = ROOT / "tests" / "eval"
RECORDED = json.loads((EVAL / "recorded.json").read_text(encoding="utf-8"))
#: A point, and what rounding needs.
TOLERATED = 0.0101

Pairs = list[tuple[Question, Prediction]]


@pytest.fixture(scope="module")
def library() -> Library:
    bot = ROOT / "bot"
    parameters = load_parameters(bot / "law" / "parameters")
    return load_library(bot / "content", parameters, load_firm(bot / "content" / "firm.yml"))


@pytest.fixture(scope="module")
def pairs() -> Pairs:
    questions = read_questions(EVAL / "questions_dev.jsonl")
    return list(zip(questions, predict(questions, model_path(ROOT / "var")), strict=True))


@pytest.fixture(scope="module")
def measured(pairs: Pairs, library: Library) -> dict[str, Any]:
    return as_dicts(pairs, library.parents)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("measure", GOOD)
def test_no_good_measure_falls_by_more_than_a_point(
    measured: dict[str, Any], language: str, measure: str
) -> None:
    assert measured[language][measure] >= RECORDED["questions"][language][measure] - TOLERATED


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("measure", BAD)
def test_no_bad_measure_rises_by_more_than_a_point(
    measured: dict[str, Any], language: str, measure: str
) -> None:
    # One of the 18 off-topic questions of a language is five points.
    one_question = 1 / 18 if measure == "false_accept" and language != "all" else 0
    assert measured[language][measure] <= RECORDED["questions"][language][measure] + TOLERATED + one_question


def test_spanish_is_at_most_three_points_behind_english(measured: dict[str, Any]) -> None:
    for measure in GOOD:
        assert measured["es"][measure] >= measured["en"][measure] - 0.03


def test_what_was_promised_is_kept(measured: dict[str, Any]) -> None:
    """The least that docs/understanding.md promises."""
    everything = measured["all"]
    assert everything["answered_right"] >= 0.85
    assert everything["right_in_three"] >= 0.96
    assert everything["confidently_wrong"] <= 0.06


def test_every_emergency_is_noticed_by_the_word_list_or_the_model(pairs: Pairs) -> None:
    missed = [
        question.id
        for question, said in pairs
        if question.label == "emergency"
        and classify(question.text) is None
        and said.intent not in question.right
    ]
    assert missed == []


def test_the_section_that_is_shown_answers(pairs: Pairs, library: Library) -> None:
    answers = read_answers(EVAL / "answers.jsonl")
    shown = shown_sections(pairs, library, date(2026, 11, 22))
    found = {
        name: asdict(m) for name, m in answers_by_language(pairs, shown, answers, library.parents).items()
    }
    for language in LANGUAGES:
        assert found[language]["answered"] >= RECORDED["answers"][language]["answered"] - TOLERATED
        assert found[language]["answered"] >= 0.80 - TOLERATED
