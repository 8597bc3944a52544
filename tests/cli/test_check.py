"""`faro check`: what it prints, in which language, and when it fails."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import main as cli
from bot.core.errors import BotError

GOOD = Path(__file__).resolve().parents[1] / "broken/good"
ARTICLE = "content/topics/work_permit.en.md"

runner = CliRunner()


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(GOOD, tmp_path / "bot")
    monkeypatch.setattr(cli, "ROOT", tmp_path)
    monkeypatch.setenv("FARO_FIRM", str(tmp_path / "bot/content/firm.yml"))
    monkeypatch.setenv("FARO_TODAY", "2026-07-10")
    return tmp_path / "bot"


def check(*arguments: str) -> tuple[int, str]:
    result = runner.invoke(cli.app, ["check", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.usefixtures("tree")
def test_nothing_wrong_is_said_in_one_line() -> None:
    assert check() == (0, "law and content on 2026-07-10: 0 errors, 0 warnings\n")
    assert check("law") == (0, "law on 2026-07-10: 0 errors, 0 warnings\n")
    assert check("content", "--lang", "es") == (0, "content al 2026-07-10: 0 errores, 0 avisos\n")


def test_an_error_names_file_line_and_remedy_and_fails(tree: Path) -> None:
    path = tree / ARTICLE
    edit(path, "{{ead.file_wait}}", "150 days")
    line = next(
        n for n, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if "150 days" in text
    )
    code, told = check("content")
    assert code == 1
    assert f"{path}:{line}: error: " in told
    assert "law parameter" in told
    assert check("law")[0] == 0


def test_the_same_error_is_told_in_spanish(tree: Path) -> None:
    edit(tree / ARTICLE, "{{ead.file_wait}}", "150 days")
    code, told = check("content", "--lang", "es")
    assert code == 1
    assert "error: " in told
    assert "parámetro" in told or "dato" in told


def test_a_broken_law_file_fails_the_check_of_the_law(tree: Path) -> None:
    edit(tree / "law/parameters/fee/i589.yml", "value: 1010", "value: $1,010")
    code, told = check("law")
    assert code == 1
    assert "fee/i589.yml:" in told
    assert "such as 1010" in told


def test_every_problem_is_told_at_once(tree: Path) -> None:
    edit(tree / ARTICLE, "{{ead.file_wait}}", "150 days")
    edit(tree / "content/topics/filing_fee.es.md", "related: [work_permit]", "related: [work_permt]")
    code, told = check("content")
    assert code == 1
    assert "work_permit.en.md" in told
    assert "filing_fee.es.md" in told


@pytest.mark.usefixtures("tree")
def test_an_overdue_review_warns_and_fails_only_when_strict() -> None:
    code, told = check("content", "--as-of", "2030-01-01")
    assert code == 0
    assert "warning: " in told
    assert "0 errors" in told
    code, told = check("content", "--as-of", "2030-01-01", "--strict")
    assert code == 1
    assert "0 warnings" in told


@pytest.mark.usefixtures("tree")
def test_before_a_value_is_in_force_the_text_that_needs_it_is_an_error() -> None:
    code, told = check("content", "--as-of", "2025-07-21")
    assert code == 1
    assert "fee.i589" in told


@pytest.mark.usefixtures("tree")
def test_levels_show_every_article_and_whether_the_goal_is_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    code, told = check("levels")
    assert code == 0
    rows = [line for line in told.splitlines() if "work_permit" in line or "filing_fee" in line]
    assert len(rows) == 4
    assert all("yes" in row or "no" in row for row in rows)


@pytest.mark.usefixtures("tree")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--lang", "pt"], "'pt' is not a language of Faro. Use en or es."),
        (["--as-of", "tomorrow"], "'tomorrow' is not a date. Write it as YYYY-MM-DD."),
    ],
)
def test_a_mistake_on_the_command_line_ends_with_its_remedy(
    arguments: list[str], words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    result = runner.invoke(cli.app, ["check", *arguments])
    assert isinstance(result.exception, BotError)
    monkeypatch.setattr(sys, "argv", ["faro", "check", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    assert capsys.readouterr().err == words + "\n"
