"""``faro check law --cases``: a table of worked cases against the engine, with every difference."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console

from bot.core.deadlines import InputError, Rules, calculate, load_rules
from bot.core.deadlines.wire import explained, quoted, read_json
from bot.core.errors import BotError
from bot.core.law import load_parameters

COLUMNS = ("case_id", "calculation", "inputs_json", "expected_json", "authority")

_TEXTS = {
    "en": {
        "empty": "the table is empty. Its first line names the columns: {known}",
        "unknown_column": "the column {value} is not known. The columns are: {known}",
        "missing_column": "the column {value} is missing. The columns are: {known}",
        "cells": "the line has {value} cells instead of {known}. Put cells with commas between quotes",
        "inputs_json": 'inputs_json is not a JSON object. Write it as {{"name": value}}',
        "expected_json": 'expected_json is not a JSON object. Write it as {{"name": value}}',
        "difference": "{key}: expected {expected}, found {found}",
        "none": "nothing",
        "summary": "{rows} cases: {same} agree, {different} differ, {broken} cannot be worked out",
    },
    "es": {
        "empty": "la tabla está vacía. Su primera línea nombra las columnas: {known}",
        "unknown_column": "la columna {value} no se conoce. Las columnas son: {known}",
        "missing_column": "falta la columna {value}. Las columnas son: {known}",
        "cells": "la línea tiene {value} celdas en vez de {known}. Ponga entre comillas las celdas con comas",
        "inputs_json": 'inputs_json no es un objeto JSON. Escríbalo como {{"nombre": valor}}',
        "expected_json": 'expected_json no es un objeto JSON. Escríbalo como {{"nombre": valor}}',
        "difference": "{key}: se esperaba {expected}, salió {found}",
        "none": "nada",
        "summary": "{rows} casos: {same} coinciden, {different} difieren, {broken} no se pueden calcular",
    },
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One key that the engine gives otherwise; ``found`` is None, and ``missing`` true, where it gives none."""

    line: int
    case: str
    key: str
    expected: Any
    found: Any
    missing: bool


@dataclass(frozen=True, slots=True)
class Broken:
    """A line that cannot be worked out, and why."""

    line: int
    case: str
    problem: str


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table, as text; ``line`` is where it begins, from 1."""

    line: int
    case: str
    calculation: str
    inputs: str
    expected: str


def check_cases(
    law: Path, file: Path, today: date, console: Console, *, lang: str, as_json: bool = False
) -> int:
    """Prints every difference between the table and the engine on ``today``; how many lines are not as they should be.

    Keys of ``expected_json`` must be equal, type included; the engine may give more of them. Raises BotError when the
    file cannot be read, LawFileError when the law cannot.
    """
    text = _read(file)
    rules = load_rules(law / "deadlines", load_parameters(law / "parameters"))
    rows = 0
    found: list[Difference | Broken] = []
    for row in _rows(text, lang):
        if isinstance(row, Broken):
            found.append(row)
            rows += row.line > 1
            continue
        rows += 1
        found += _compare(row, rules, today, lang)
    broken = {item.line for item in found if isinstance(item, Broken)}
    different = {item.line for item in found} - broken
    same = rows - len(different) - len(broken - {1})
    if as_json:
        summary = {"rows": rows, "agree": same, "differ": len(different), "broken": len(broken)}
        listed = {
            "differences": [asdict(item) for item in found if isinstance(item, Difference)],
            "problems": [asdict(item) for item in found if isinstance(item, Broken)],
        }
        console.file.write(json.dumps({**summary, **listed}, ensure_ascii=False, indent=2) + "\n")
        return len(broken | different)
    for item in found:
        told = item.problem if isinstance(item, Broken) else _told(item, lang)
        case = f"{quoted(item.case)}: " if item.case else ""
        console.print(f"{file}:{item.line}: {case}{told}", style="red", markup=False)
    numbers = {"rows": rows, "same": same, "different": len(different), "broken": len(broken)}
    console.print(_TEXTS[lang]["summary"].format(**numbers), style="red" if found else "green", markup=False)
    return len(broken | different)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as exc:
        raise BotError(f"{file} cannot be read: {exc.strerror}. Check the name.") from exc
    except UnicodeDecodeError as exc:
        raise BotError(f"{file} is not UTF-8 text. Save the table as CSV in UTF-8.") from exc


def _rows(text: str, lang: str) -> Iterator[Row | Broken]:
    """The lines of a table; what is wrong with its head or with a line's cells comes as Broken."""
    told = _TEXTS[lang]
    known = ", ".join(COLUMNS)
    reader = csv.reader(io.StringIO(text, newline=""))
    head = next(_lines(reader), (1, []))[1]
    if not head:
        yield Broken(1, "", told["empty"].format(known=known))
        return
    names = [name.strip() for name in head]
    unknown = [name for name in names if name not in COLUMNS]
    missing = [name for name in COLUMNS if name not in names]
    for code, wrong in (("unknown_column", unknown), ("missing_column", missing)):
        for name in wrong:
            yield Broken(1, "", told[code].format(value=quoted(name), known=known))
    if missing:
        return
    for line, cells in _lines(reader):
        if not cells:
            continue
        row = dict(zip(names, cells, strict=False))
        if len(cells) != len(names):
            problem = told["cells"].format(value=len(cells), known=len(names))
            yield Broken(line, row.get("case_id", ""), problem)
            continue
        yield Row(line, row["case_id"], row["calculation"], row["inputs_json"], row["expected_json"])


def _lines(reader: Any) -> Iterator[tuple[int, list[str]]]:
    """The lines of a CSV with the number at which each begins. Raises BotError for what is no CSV."""
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as exc:
            raise BotError(f"Line {line} is not CSV ({exc}). Save the table as CSV again.") from exc
        yield line, cells


def _compare(row: Row, rules: Rules, today: date, lang: str) -> Iterator[Difference | Broken]:
    try:
        inputs = _object(row.inputs)
    except ValueError:
        yield Broken(row.line, row.case, _TEXTS[lang]["inputs_json"].format())
        return
    try:
        expected = _object(row.expected)
    except ValueError:
        yield Broken(row.line, row.case, _TEXTS[lang]["expected_json"].format())
        return
    try:
        found = calculate(row.calculation, inputs, rules, today).row()
    except InputError as error:
        yield Broken(row.line, row.case, ". ".join(explained(error, lang)))
        return
    for key, value in expected.items():
        # Python takes True for 1; JSON texts do not.
        if key not in found or _json(found[key]) != _json(value):
            yield Difference(row.line, row.case, key, value, found.get(key), key not in found)


def _object(text: str) -> dict[str, Any]:
    value = read_json(text)
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _told(item: Difference, lang: str) -> str:
    found = _TEXTS[lang]["none"] if item.missing else _json(item.found)
    return _TEXTS[lang]["difference"].format(key=quoted(item.key), expected=_json(item.expected), found=found)
