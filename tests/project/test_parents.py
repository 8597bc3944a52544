"""The topics that were taken out of older ones: the documentation and the articles say the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.core.content.article import Article, read_article
from bot.core.problems import Report

TABLE = re.findall(
    r"^\| `(\w+)` \| `(\w+)` \|$", Path("docs/understanding.md").read_text(encoding="utf-8"), re.MULTILINE
)


@pytest.fixture(scope="module")
def articles() -> list[Article]:
    report = Report()
    read = [read_article(path, report) for path in sorted(Path("bot/content/topics").glob("*.md"))]
    assert [problem.render() for problem in report.errors] == []
    return [article for article in read if article is not None]


def test_the_parent_of_every_article_is_the_one_in_the_documentation(articles: list[Article]) -> None:
    for lang in ("en", "es"):
        told = {a.intent: a.parent for a in articles if a.lang == lang and a.parent is not None}
        assert told == dict(TABLE)


def test_a_parent_is_an_article_that_has_none_itself(articles: list[Article]) -> None:
    """The measures go up one step only."""
    assert len(dict(TABLE)) == len(TABLE) > 0
    parents = dict(TABLE)
    assert set(parents.values()) & set(parents) == set()
    assert set(parents.values()) <= {a.intent for a in articles}
