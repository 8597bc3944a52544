"""`faro content`: who approves what, and the sheet for a lawyer."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import main as cli
from bot.core.errors import ContentFileError

GOOD = Path(__file__).resolve().parents[1] / "broken/good"
TODAY = "2026-07-10"

runner = CliRunner()


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of a small content, so that nothing is written into the real one."""
    shutil.copytree(GOOD, tmp_path / "bot")
    monkeypatch.setattr(cli, "ROOT", tmp_path)
    monkeypatch.setenv("FARO_FIRM", str(tmp_path / "bot/content/firm.yml"))
    monkeypatch.setenv("FARO_TODAY", TODAY)
    return tmp_path / "bot"


def faro(*arguments: str) -> str:
    """What the command prints; it must succeed."""
    result = runner.invoke(cli.app, list(arguments))
    assert result.exit_code == 0, result.output
    return result.output


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


# approve


def test_an_approval_is_written_with_name_and_day(tree: Path) -> None:
    told = faro("content", "approve", "work_permit", "--by", "Example Attorney")
    assert told == "work_permit is approved by Example Attorney as of 2026-07-10. Any edit voids this.\n"
    written = (tree / "content/approvals.yml").read_text(encoding="utf-8")
    assert "topic: work_permit" in written
    assert 'by: "Example Attorney"' in written
    assert "on: 2026-07-10" in written
    assert "0 errors, 0 warnings" in faro("check", "content")


def test_approvals_of_two_topics_stand_side_by_side_and_a_second_replaces_the_first(tree: Path) -> None:
    faro("content", "approve", "work_permit", "--by", "First")
    faro("content", "approve", "filing_fee", "--by", "Second")
    faro("content", "approve", "work_permit", "--by", "Third")
    written = (tree / "content/approvals.yml").read_text(encoding="utf-8")
    assert written.count("topic: ") == 2
    assert "First" not in written


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("content/topics/work_permit.en.md", "Working while you wait", "Working as you wait"),
        ("content/topics/work_permit.es.md", "Puede pedir", "Usted puede pedir"),
        ("law/parameters/ead/file_wait.yml", "checked: 2026-06", "checked: 2026-05"),
    ],
    ids=["english", "spanish", "law"],
)
def test_an_edit_of_either_language_or_of_the_law_voids_it(tree: Path, file: str, old: str, new: str) -> None:
    faro("content", "approve", "work_permit", "--by", "Example Attorney")
    edit(tree / file, old, new)
    told = faro("check", "content")
    assert "warning: the approval of work_permit by Example Attorney no longer holds" in told
    assert "faro content approve work_permit --by NAME" in told
    assert runner.invoke(cli.app, ["check", "content", "--strict"]).exit_code == 1
    faro("content", "approve", "work_permit", "--by", "Example Attorney")
    assert "0 errors, 0 warnings" in faro("check", "content")


def test_an_edit_of_another_topic_leaves_it(tree: Path) -> None:
    faro("content", "approve", "work_permit", "--by", "Example Attorney")
    path = tree / "content/topics/filing_fee.en.md"
    path.write_text(path.read_text(encoding="utf-8").rstrip("\n") + "\n\n", encoding="utf-8")
    assert "no longer holds" not in faro("check", "content")


def test_an_unknown_topic_is_not_approved_and_the_near_one_is_named(tree: Path) -> None:
    result = runner.invoke(cli.app, ["content", "approve", "work_permt", "--by", "Example Attorney"])
    assert result.exit_code != 0
    assert isinstance(result.exception, ContentFileError)
    assert "work_permt" in str(result.exception)
    assert "work_permit" in str(result.exception).replace("work_permt", "")
    assert not (tree / "content/approvals.yml").exists()


def test_nobody_approves_without_a_name(tree: Path) -> None:
    assert runner.invoke(cli.app, ["content", "approve", "work_permit"]).exit_code == 2
    assert not (tree / "content/approvals.yml").exists()


def test_content_with_an_error_cannot_be_approved_and_the_message_says_where(
    tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(tree / "content/topics/work_permit.en.md", "{{ead.file_wait}}", "150 days")
    monkeypatch.setattr(
        sys, "argv", ["faro", "content", "approve", "work_permit", "--by", "Example Attorney"]
    )
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    told = capsys.readouterr().err
    assert "work_permit.en.md" in told
    assert "Traceback" not in told
    assert not (tree / "content/approvals.yml").exists()


# sheet


@pytest.mark.parametrize(
    ("lang", "title", "day", "unapproved", "question", "filled"),
    [
        ("en", "# Fact sheet of", "July 10, 2026", "Not approved", "Question", "after 150 days"),
        ("es", "# Hoja de datos de", "10 de julio de 2026", "Sin aprobar", "Pregunta", "después de 150 días"),
    ],
)
@pytest.mark.usefixtures("tree")
def test_the_sheet_holds_every_article_and_uncertain_value(
    lang: str, title: str, day: str, unapproved: str, question: str, filled: str
) -> None:
    told = faro("content", "sheet", "--lang", lang)
    assert told.startswith(title)
    assert day in told.splitlines()[0]
    for topic in ("work_permit", "filing_fee"):
        assert f"(`{topic}`)" in told
    assert told.count(f"- {unapproved}\n") == 2
    assert f"**{question}: " in told
    assert filled in told
    assert "{{" not in told


@pytest.mark.usefixtures("tree")
def test_the_sheet_says_who_approved_and_whether_it_still_holds(tree: Path) -> None:
    faro("content", "approve", "work_permit", "--by", "Example Attorney")
    assert "- Approved by Example Attorney on July 10, 2026\n" in faro("content", "sheet")
    edit(tree / "content/topics/work_permit.es.md", "Puede pedir", "Usted puede pedir")
    assert "- Aprobado por Example Attorney el 10 de julio de 2026, pero editado después\n" in faro(
        "content", "sheet", "--lang", "es"
    )


@pytest.mark.usefixtures("tree")
def test_the_sheet_can_be_read_as_on_another_day() -> None:
    assert "December 31, 2025" in faro("content", "sheet", "--as-of", "2025-12-31").splitlines()[0]
