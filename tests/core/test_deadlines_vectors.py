"""Worked rows: those of our own, named by the sentence that they prove, and the table of the development set."""

from __future__ import annotations

import csv
import json
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bot.core.deadlines import CALCULATIONS, Rules, calculate, load_rules
from bot.core.law import load_parameters
from bot.core.yaml12 import load_with_lines

ROOT = Path(__file__).resolve().parents[2]
VECTORS = ROOT / "tests/vectors/deadlines"
TODAY = date(2026, 11, 22)


@cache
def rules() -> Rules:
    law = ROOT / "bot/law"
    return load_rules(law / "deadlines", load_parameters(law / "parameters"))


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value.isoformat() if isinstance(value, date) else value


def read(path: Path) -> list[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()[1:]]
    return [
        (sentence, name, load_with_lines(given, "")[0], plain(load_with_lines(expected, "")[0]))
        for sentence, name, given, expected in rows
    ]


OWN = [row for path in sorted(VECTORS.glob("*.tsv")) for row in read(path)]
with (ROOT / "tests/eval/deadlines_dev.csv").open(encoding="utf-8", newline="") as file:
    TABLE = list(csv.DictReader(file))


@pytest.mark.parametrize(("sentence", "name", "given", "expected"), OWN, ids=[row[0] for row in OWN])
def test_a_worked_row(sentence: str, name: str, given: dict[str, Any], expected: dict[str, Any]) -> None:
    row = calculate(name, given, rules(), TODAY).row()
    assert {key: row.get(key, "(absent)") for key in expected} == expected


@pytest.mark.parametrize("case", TABLE, ids=[case["case_id"] for case in TABLE])
def test_a_row_of_the_development_table(case: dict[str, str]) -> None:
    expected = json.loads(case["expected_json"])
    row = calculate(case["calculation"], json.loads(case["inputs_json"]), rules(), TODAY).row()
    assert {key: row.get(key, "(absent)") for key in expected} == expected
    json.dumps(row)


def test_there_are_enough_rows_and_every_calculation_has_some() -> None:
    assert len(OWN) >= 150
    assert {name for _, name, _, _ in OWN} == set(CALCULATIONS)
    assert len({sentence for sentence, *_ in OWN}) == len(OWN)
