"""`faro check law --cases`: a table of worked cases against the engine."""

from __future__ import annotations

import csv
import json
import sys
import time
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from bot.cli import checking_cases
from bot.cli import main as cli

ROOT = Path(__file__).resolve().parents[2]
DEV = ROOT / "tests/eval/deadlines_dev.csv"
COLUMNS = checking_cases.COLUMNS
GOOD = ("a-01", "ar11", '{"moved": "2026-11-20"}', '{"deadline": "2026-11-30"}', "8 CFR 265.1")

runner = CliRunner()


@pytest.fixture(autouse=True)
def on_a_fixed_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FARO_TODAY", "2026-11-21")


def table(path: Path, *rows: tuple[str, ...], columns: tuple[str, ...] = COLUMNS) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns, *rows])
    return path


def check(file: Path, *arguments: str) -> tuple[int, list[str]]:
    result = runner.invoke(cli.app, ["check", "law", "--cases", str(file), *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output.replace(str(file), "F").splitlines()


def test_every_row_of_the_development_table_agrees() -> None:
    assert check(DEV) == (0, ["47 cases: 47 agree, 0 differ, 0 cannot be worked out"])
    assert check(DEV, "--lang", "es") == (0, ["47 casos: 47 coinciden, 0 difieren, 0 no se pueden calcular"])


def test_every_difference_is_told_with_line_case_and_both_values(tmp_path: Path) -> None:
    wrong = (
        "a-02",
        "ar11",
        '{"moved": "2026-11-20"}',
        '{"deadline": "2026-12-01", "contested": true, "x": 1}',
        "",
    )
    file = table(tmp_path / "t.csv", GOOD, wrong)
    assert check(file) == (
        1,
        [
            'F:3: a-02: deadline: expected "2026-12-01", found "2026-11-30"',
            "F:3: a-02: contested: expected true, found false",
            "F:3: a-02: x: expected 1, found nothing",
            "2 cases: 1 agree, 1 differ, 0 cannot be worked out",
        ],
    )
    code, told = check(file, "--lang", "es")
    assert code == 1
    assert told[0] == 'F:3: a-02: deadline: se esperaba "2026-12-01", salió "2026-11-30"'


@pytest.mark.parametrize(
    ("expected", "agrees"),
    [
        ('{"contested": false}', True),
        ('{"contested": 0}', False),
        ('{"contested": null}', False),
        ('{"contested_note": null}', False),
        ("{}", True),
    ],
)
def test_values_are_compared_with_their_type(tmp_path: Path, expected: str, agrees: bool) -> None:
    file = table(tmp_path / "t.csv", ("a", "ar11", '{"moved": "2026-11-20"}', expected, ""))
    assert check(file)[0] == (0 if agrees else 1)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (("a", "ar12", "{}", "{}", ""), "There is no calculation ar12. Did you mean ar11?"),
        (("a", "ar11", "{", "{}", ""), "inputs_json is not a JSON object"),
        (("a", "ar11", "[]", "{}", ""), "inputs_json is not a JSON object"),
        (("a", "ar11", '{"moved": "2026-11-20"}', "", ""), "expected_json is not a JSON object"),
        (("a", "ar11", "[" * 50_000, "{}", ""), "inputs_json is not a JSON object"),
        (("a", "ar11", '{"moved": "2026-02-30"}', "{}", ""), "moved is 2026-02-30, which is not a date"),
        (("a", "ar11", "{}", "{}", ""), "moved is missing"),
        (("a", "ar11", "{}", "{}"), "the line has 4 cells instead of 5"),
        (("a", "ar11", "{}", "{}", "", ""), "the line has 6 cells instead of 5"),
    ],
)
def test_a_line_that_cannot_be_worked_out_is_named(tmp_path: Path, row: tuple[str, ...], words: str) -> None:
    code, told = check(table(tmp_path / "t.csv", GOOD, row))
    assert code == 1
    assert told[0].startswith(f"F:3: a: {words}")
    assert told[-1] == "2 cases: 1 agree, 0 differ, 1 cannot be worked out"


def test_lines_are_counted_where_they_begin(tmp_path: Path) -> None:
    long = ("a-02", "ar11", '{\n"moved": "2026-11-20"\n}', '{"deadline": "2026-11-30"}', "two\nlines")
    bad = ("a-03", "ar11", "{}", "{}", "")
    assert check(table(tmp_path / "t.csv", long, bad))[1][0].startswith("F:6: a-03: ")


def test_unknown_and_missing_columns_are_named(tmp_path: Path) -> None:
    code, told = check(table(tmp_path / "t.csv", columns=("case", *COLUMNS[1:])))
    assert code == 1
    assert told[0].startswith("F:1: the column case is not known. The columns are: case_id, calculation,")
    assert told[1].startswith("F:1: the column case_id is missing.")
    code, told = check(table(tmp_path / "t.csv", (*GOOD, "x"), columns=(*COLUMNS, "note")))
    assert code == 1
    assert told == [
        f"F:1: the column note is not known. The columns are: {', '.join(COLUMNS)}",
        "1 cases: 1 agree, 0 differ, 1 cannot be worked out",
    ]


@pytest.mark.parametrize("text", ["", "\n", "\ufeff"])
def test_an_empty_file_is_an_error(tmp_path: Path, text: str) -> None:
    file = tmp_path / "t.csv"
    file.write_text(text, encoding="utf-8")
    code, told = check(file)
    assert code == 1
    assert told[0].startswith("F:1: the table is empty.")


def test_a_byte_order_mark_empty_lines_and_crlf_are_no_matter(tmp_path: Path) -> None:
    file = table(tmp_path / "t.csv", GOOD, GOOD)
    text = file.read_text(encoding="utf-8").replace("\r\n", "\n").replace("\n", "\r\n\r\n")
    file.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert check(file) == (0, ["2 cases: 2 agree, 0 differ, 0 cannot be worked out"])


def test_json_holds_every_difference_and_problem(tmp_path: Path) -> None:
    wrong = ("a-02", "ar11", '{"moved": "2026-11-20"}', '{"deadline": "2026-12-01"}', "")
    code, told = check(table(tmp_path / "t.csv", GOOD, wrong, ("a-03", "x", "{}", "{}", "")), "--json")
    data = json.loads("\n".join(told))
    assert code == 1
    assert {key: data[key] for key in ("rows", "agree", "differ", "broken")} == {
        "rows": 3,
        "agree": 1,
        "differ": 1,
        "broken": 1,
    }
    assert data["differences"] == [
        {
            "line": 3,
            "case": "a-02",
            "key": "deadline",
            "expected": "2026-12-01",
            "found": "2026-11-30",
            "missing": False,
        }
    ]
    assert data["problems"][0]["line"] == 4


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read"),
        (b"\xff\xfe\x00", "is not UTF-8 text"),
        (",".join(COLUMNS).encode() + b'\na,"' + b"x" * 200_000 + b'",,,\n', "Line 2 is not CSV"),
    ],
)
def test_a_file_that_is_no_table_ends_with_the_remedy(
    tmp_path: Path,
    content: bytes | None,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "t.csv"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setattr(sys, "argv", ["faro", "check", "law", "--cases", str(file)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    assert words in capsys.readouterr().err


def test_control_characters_of_a_table_do_not_reach_the_terminal(tmp_path: Path) -> None:
    row = ("\x1b[31m", "\x1b[31m", '{"\\u001b": 1}', '{"\\u001b": "\\u001b"}', "")
    _, told = check(table(tmp_path / "t.csv", row, ("b", "ar11", GOOD[2], '{"\\u001b": "\\u001b"}', "")))
    assert "\x1b" not in "\n".join(told)


def test_without_cases_json_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["faro", "check", "law", "--json"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1


def test_a_thousand_rows_take_less_than_a_second(tmp_path: Path) -> None:
    with DEV.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    many = table(tmp_path / "t.csv", *[tuple(row) for row in (rows * 22)[:1000]])
    console = Console(quiet=True)
    law, today = ROOT / "bot/law", checking_cases.date(2026, 11, 21)
    assert checking_cases.check_cases(law, many, today, console, lang="en") == 0
    # Reading the law is not counting; the second time its files are known.
    began = time.perf_counter()
    checking_cases.check_cases(law, many, today, console, lang="en")
    assert time.perf_counter() - began < 1.0
