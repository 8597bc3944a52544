"""The one YAML reader: YAML 1.2, so that ``no`` stays a word and ``12:30`` a time of day.

PyYAML reads YAML 1.1: the key ``on`` becomes True, ``no`` becomes False, ``12:30`` becomes 750 and a
repeated key passes without a word. Each of those would be a silent error in a file about the law.
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

from bot.core.errors import DataFileError


def load(text: str, path: str, error: type[DataFileError] = DataFileError) -> Any:
    """The value of one YAML document, made of dicts, lists, strings, numbers, booleans, dates and None.

    Raises ``error`` with file and line when the text is not YAML 1.2 or repeats a key.
    """
    reader = YAML(typ="safe", pure=True)
    reader.allow_duplicate_keys = False
    try:
        return reader.load(text)
    except MarkedYAMLError as exc:
        mark = exc.problem_mark or exc.context_mark
        line = None if mark is None else mark.line + 1
        problem = " ".join(str(exc.problem or exc.context or "not valid YAML").split())
        raise error(path, line, problem, "Compare the line with its neighbours.") from exc
    except ValueError as exc:
        # ruamel.yaml 0.17 and 0.19 build a date before they check that the day exists.
        line, day = _impossible_day(text)
        problem = f"{day} is a date that does not exist" if day else "not valid YAML"
        raise error(path, line, problem, "Write year-month-day, such as 2026-07-03.") from exc


def _impossible_day(text: str) -> tuple[int | None, str]:
    """The line and the words of the first day that no calendar has."""
    for number, line in enumerate(text.splitlines(), 1):
        for found in re.finditer(r"\b(\d{4})-(\d{1,2})-(\d{1,2})\b", line):
            try:
                date(*(int(part) for part in found.groups()))
            except ValueError:
                return number, found[0]
    return None, ""


def load_with_lines(
    text: str, path: str, error: type[DataFileError] = DataFileError
) -> tuple[Any, dict[tuple[str | int, ...], int]]:
    """The value as ``load`` gives it, and the line (from 1) of every key and list item by its path."""
    value = load(text, path, error)
    lines: dict[tuple[str | int, ...], int] = {}
    node = YAML(typ="safe", pure=True).compose(text)
    stack: list[tuple[tuple[str | int, ...], Any]] = [((), node)]
    while stack:
        where, current = stack.pop()
        if current is None:
            continue
        if current.id == "mapping":
            for key, child in current.value:
                place = (*where, str(key.value))
                lines[place] = key.start_mark.line + 1
                stack.append((place, child))
        elif current.id == "sequence":
            for index, child in enumerate(current.value):
                place = (*where, index)
                lines[place] = child.start_mark.line + 1
                stack.append((place, child))
    return value, lines


def load_file(path: Path, error: type[DataFileError] = DataFileError) -> Any:
    """The value of a YAML file; see ``load``."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as exc:
        raise error(str(path), None, "the file cannot be read", "Check that it exists.") from exc
    except UnicodeDecodeError as exc:
        raise error(str(path), None, "the file is not UTF-8", "Save it again as UTF-8.") from exc
    return load(text, str(path), error)
