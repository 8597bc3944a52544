"""Every way in which an edit can go wrong: what is said about it, where, and what to do."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from bot.core.content.check import check_content, check_law
from bot.core.problems import CODES, ERROR, Problem
from bot.core.yaml12 import load_file

BROKEN = Path(__file__).resolve().parents[1] / "broken"
TODAY = date(2026, 7, 10)
CASES = load_file(BROKEN / "expected.yml")

# Each is about a file that is not there, so no file can stand for it; tested below.
ABSENT = {"unreadable", "no_parameters", "no_articles", "partner_missing", "notice_missing"}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small tree in which everything is right."""
    shutil.copytree(BROKEN / "good", tmp_path / "bot")
    return tmp_path / "bot"


def check(tree: Path, strict: bool = False) -> list[Problem]:
    return check_law(tree, TODAY, strict) + check_content(tree, TODAY, strict)


def test_the_good_tree_has_no_problem(tree: Path) -> None:
    assert [problem.render() for problem in check(tree)] == []


@pytest.mark.parametrize("case", CASES, ids=[case["broken"] for case in CASES])
def test_a_broken_file_is_named_with_line_problem_and_remedy(case: dict[str, str], tree: Path) -> None:
    shutil.copy(BROKEN / case["broken"], tree / case["goes_to"])
    found = [problem for problem in check(tree) if problem.code == case["code"]]
    assert found, "nothing was said"
    problem = found[0]
    assert Path(problem.path) == tree / case["says_file"]
    assert problem.line == case["line"]
    assert problem.problem == case["problem"]
    assert problem.fix == case["remedy"]


@pytest.mark.parametrize("case", CASES, ids=[case["broken"] for case in CASES])
def test_each_problem_is_also_told_in_spanish(case: dict[str, str], tree: Path) -> None:
    shutil.copy(BROKEN / case["broken"], tree / case["goes_to"])
    for problem in check(tree):
        told = problem.render("es")
        assert told != problem.render("en")
        assert str(problem.path) in told


def test_every_problem_has_a_broken_file() -> None:
    assert {case["code"] for case in CASES} | ABSENT == CODES


def test_every_broken_file_stands_in_the_table() -> None:
    files = {str(path.relative_to(BROKEN)) for path in BROKEN.rglob("*") if path.is_file()}
    unlisted = {file for file in files if not file.startswith("good/")} - {case["broken"] for case in CASES}
    assert unlisted == {"expected.yml"}


@pytest.mark.parametrize(
    ("gone", "code"),
    [
        ("law/parameters", "no_parameters"),
        ("content/topics", "no_articles"),
        ("content/topics/work_permit.es.md", "partner_missing"),
        ("content/topics/work_permit.en.md", "partner_missing"),
        ("content/notices/answer_withheld.yml", "notice_missing"),
        ("content/firm.yml", "unreadable"),
        ("content/labels.yml", "unreadable"),
    ],
)
def test_what_is_missing_is_named(gone: str, code: str, tree: Path) -> None:
    place = tree / gone
    if place.is_dir():
        shutil.rmtree(place)
    else:
        place.unlink()
    assert code in {problem.code for problem in check(tree)}


def test_a_broken_law_file_is_blamed_alone(tree: Path) -> None:
    shutil.copy(BROKEN / "law" / "not_one_of.yml", tree / "law/parameters/fee/i589.yml")
    assert [problem.code for problem in check(tree)] == ["not_one_of"]


def test_an_overdue_review_is_a_warning_and_an_error_when_strict(tree: Path) -> None:
    shutil.copy(BROKEN / "en" / "review_due.md", tree / "content/topics/work_permit.en.md")
    assert all(problem.severity != ERROR for problem in check(tree))
    assert any(problem.severity == ERROR for problem in check(tree, strict=True))


def test_two_problems_in_one_file_are_both_told(tree: Path) -> None:
    article = tree / "content/topics/work_permit.en.md"
    text = article.read_text(encoding="utf-8")
    text = text.replace("The date is on the card.", "It lasts 18 months!").replace("[filing_fee]", "[fees]")
    article.write_text(text, encoding="utf-8")
    assert [problem.code for problem in check(tree)] == ["unknown_topic", "figure", "exclamation"]
