"""The right sections of the development questions (tests/eval/answers.jsonl) fit the questions and the articles."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from bot.cli.answers import read_answers
from bot.cli.evaluation import read_questions
from bot.core.content.article import Article, read_article
from bot.core.messages import LANGUAGES
from bot.core.problems import Report

EVAL = Path("tests/eval")
ANSWERS = EVAL / "answers.jsonl"


@pytest.fixture(scope="module")
def articles() -> list[Article]:
    report = Report()
    read = [read_article(path, report) for path in sorted(Path("bot/content/topics").glob("*.md"))]
    return [article for article in read if article is not None]


def test_every_section_that_is_named_exists_in_both_languages(articles: list[Article]) -> None:
    named = frozenset[str]().union(*read_answers(ANSWERS).values())
    assert named
    for lang in LANGUAGES:
        known = {f"{a.intent}/{section.id}" for a in articles if a.lang == lang for section in a.sections}
        assert named - known == set()


def test_every_question_about_a_topic_is_there_once_and_no_other(articles: list[Article]) -> None:
    topics = {article.intent for article in articles}
    questions = [q.id for q in read_questions(EVAL / "questions_dev.jsonl") if q.label in topics]
    lines = [json.loads(line) for line in ANSWERS.read_text(encoding="utf-8").split("\n") if line]
    assert Counter(line["id"] for line in lines) == Counter(questions)
