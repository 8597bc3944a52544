"""The levels of urgency at the terminal: approving a version, what voids it, and the sheet."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import main as cli
from bot.core.content.approvals import read_approvals
from bot.core.errors import ContentFileError, LawFileError
from bot.core.problems import Report
from bot.core.triage import rules
from tests.conftest import ROOT

GOOD = Path(__file__).resolve().parents[1] / "broken/good"
LEVELS = "law/triage/levels.yml"
VERSION = "triage_2026-11-1"
APPROVE = ("content", "approve", VERSION, "--by", "Example Attorney")
UNAPPROVED = (
    "The levels of urgency of November 22, 2026 are not approved: "
    "faro content approve triage_2026-11-1 --by NAME\n"
)

runner = CliRunner()


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small content with the levels in use."""
    shutil.copytree(GOOD, tmp_path / "bot")
    (tmp_path / "bot/law/triage").mkdir()
    shutil.copy(ROOT / "bot" / LEVELS, tmp_path / "bot" / LEVELS)
    monkeypatch.setattr(cli, "ROOT", tmp_path)
    monkeypatch.setenv("FARO_FIRM", str(tmp_path / "bot/content/firm.yml"))
    monkeypatch.setenv("FARO_TODAY", "2026-11-22")
    return tmp_path / "bot"


def faro(*arguments: str) -> str:
    """What the command prints; it must succeed."""
    result = runner.invoke(cli.app, list(arguments))
    assert result.exit_code == 0, result.output
    return result.output


def edit(tree: Path, old: str, new: str) -> None:
    text = (tree / LEVELS).read_text(encoding="utf-8")
    assert old in text
    (tree / LEVELS).write_text(text.replace(old, new), encoding="utf-8")


def with_second_version(tree: Path) -> None:
    """The same levels once more, from February 2027 on, but a hearing within 20 days being near."""
    text = (tree / LEVELS).read_text(encoding="utf-8")
    version = text.partition("  2026-11-01:\n")[2]
    second = version.replace('"2026-11-1"', '"2027-02-1"').replace("number: 30", "number: 20")
    (tree / LEVELS).write_text(f"{text}  2027-02-01:\n{second}", encoding="utf-8")


def approved_on(tree: Path, day: date) -> bool:
    """Whether the version of the day is approved, as the rules themselves see it."""
    approvals = read_approvals(tree / "content/approvals.yml", Report())
    return rules.is_approved(rules.load(tree / LEVELS).on(day), approvals)


def test_an_approval_is_written_beside_those_of_topics_and_holds_for_the_rules(tree: Path) -> None:
    faro("content", "approve", "work_permit", "--by", "First")
    assert not approved_on(tree, date(2026, 11, 22))
    told = faro(*APPROVE)
    assert told == f"{VERSION} is approved by Example Attorney as of 2026-11-22. Any edit voids this.\n"
    assert approved_on(tree, date(2026, 11, 22))
    faro("content", "approve", "filing_fee", "--by", "Second")
    approvals = read_approvals(tree / "content/approvals.yml", Report())
    assert sorted(approvals) == ["filing_fee", VERSION, "work_permit"]
    assert approved_on(tree, date(2026, 11, 22))


def test_a_version_that_nobody_approved_is_named_and_stops_nothing(tree: Path) -> None:
    assert faro("check", "law", "--strict") == "law on 2026-11-22: 0 errors, 0 warnings\n" + UNAPPROVED
    assert faro("check").endswith(UNAPPROVED)
    assert "no están aprobados: faro content approve triage_2026-11-1" in faro("check", "law", "--lang", "es")
    assert "not approved" not in faro("check", "content")
    faro(*APPROVE)
    assert faro("check", "law") == "law on 2026-11-22: 0 errors, 0 warnings\n"


def test_an_edit_of_the_version_voids_it_and_the_check_says_where(tree: Path) -> None:
    faro(*APPROVE)
    edit(tree, "number: 30", "number: 31")
    told = faro("check", "law")
    line = (tree / LEVELS).read_text(encoding="utf-8").partition("  2026-11-01:")[0].count("\n") + 1
    assert f"{LEVELS}:{line}: warning: the approval of {VERSION} by Example Attorney no longer holds" in told
    assert f"faro content approve {VERSION} --by NAME" in told
    assert "0 errors, 1 warnings" in told
    assert told.endswith(UNAPPROVED)
    assert runner.invoke(cli.app, ["check", "law", "--strict"]).exit_code == 1
    edit(tree, "number: 31", "number: 30")
    assert "0 errors, 0 warnings" in faro("check", "law")


def test_a_comment_voids_nothing(tree: Path) -> None:
    faro(*APPROVE)
    edit(tree, "id: levels", "# Seen.\nid: levels")
    assert faro("check", "law") == "law on 2026-11-22: 0 errors, 0 warnings\n"


def test_a_new_version_needs_its_own_approval_and_leaves_the_older_one(tree: Path) -> None:
    faro(*APPROVE)
    with_second_version(tree)
    assert "not approved" not in faro("check", "law")
    assert "faro content approve triage_2027-02-1" in faro("check", "law", "--as-of", "2027-02-01")
    faro("content", "approve", "triage_2027-02-1", "--by", "Example Attorney")
    assert approved_on(tree, date(2027, 2, 1))
    assert approved_on(tree, date(2026, 11, 22))


@pytest.mark.parametrize(
    ("topic", "remedy"),
    [
        ("triage_2026-11-2", "Did you mean triage_2026-11-1?"),
        ("triage_of_children", "The versions are: triage_2026-11-1"),
    ],
)
def test_a_version_that_there_is_not_is_not_approved(tree: Path, topic: str, remedy: str) -> None:
    result = runner.invoke(cli.app, ["content", "approve", topic, "--by", "Example Attorney"])
    assert isinstance(result.exception, LawFileError)
    assert f"there is no version {topic}. {remedy}" in str(result.exception)
    assert not (tree / "content/approvals.yml").exists()


def test_levels_with_an_error_cannot_be_approved(tree: Path) -> None:
    edit(tree, "number: 30", "number: thirty")
    result = runner.invoke(cli.app, list(APPROVE))
    assert isinstance(result.exception, LawFileError)
    assert not (tree / "content/approvals.yml").exists()


def test_approvals_that_cannot_be_read_are_not_written_over(tree: Path) -> None:
    damaged = "approvals:\n  - topic: work_permit\n    hash: none\n    by: X\n    on: 2026-11-01\n"
    (tree / "content/approvals.yml").write_text(damaged, encoding="utf-8")
    result = runner.invoke(cli.app, list(APPROVE))
    assert isinstance(result.exception, ContentFileError)
    assert (tree / "content/approvals.yml").read_text(encoding="utf-8") == damaged


@pytest.mark.usefixtures("tree")
def test_the_sheet_ends_with_every_limit_and_reason_and_who_approved_them() -> None:
    told = faro("content", "sheet").partition("## Levels of urgency\n")[2]
    assert f"### How urgent what is (`{VERSION}`)\n\n- Not approved\n" in told
    assert "| near | 30 days | A hearing, " in told
    for reason in (*rules.REASONS, *map(rules.unknown_reason, rules.WORSE_UNKNOWN)):
        assert f"\n| {reason} | " in told, reason
    faro(*APPROVE)
    assert "- Aprobado por Example Attorney el 22 de noviembre de 2026\n" in faro(
        "content", "sheet", "--lang", "es"
    )


def test_the_sheet_says_that_an_approval_was_voided_and_shows_the_versions_to_come(tree: Path) -> None:
    faro(*APPROVE)
    edit(tree, "number: 30", "number: 31")
    with_second_version(tree)
    told = faro("content", "sheet").partition("## Levels of urgency\n")[2]
    assert "- Approved by Example Attorney on November 22, 2026, but edited since\n" in told
    assert told.count("### How urgent what is") == 2
    later = faro("content", "sheet", "--as-of", "2027-02-01").partition("## Levels of urgency\n")[2]
    assert later.count("### How urgent what is") == 1
    assert "(`triage_2027-02-1`)" in later


def test_without_levels_nothing_is_said_of_them(tree: Path) -> None:
    (tree / LEVELS).unlink()
    assert faro("check", "law") == "law on 2026-11-22: 0 errors, 0 warnings\n"
    assert "Levels of urgency" not in faro("content", "sheet")
