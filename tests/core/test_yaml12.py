"""The one YAML reader: YAML 1.2, loud about what YAML 1.1 would have passed over."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.core import yaml12
from bot.core.errors import ContentFileError, DataFileError


def test_words_and_times_stay_what_they_are() -> None:
    assert yaml12.load("on: no\ntime: 12:30\ncode: 010\n", "x.yml") == {
        "on": "no",
        "time": "12:30",
        "code": 10,
    }


def test_a_repeated_key_is_an_error_with_its_line() -> None:
    with pytest.raises(DataFileError) as caught:
        yaml12.load("a: 1\nb: 2\na: 3\n", "x.yml")
    assert (caught.value.path, caught.value.line) == ("x.yml", 3)


def test_broken_yaml_is_an_error_of_the_kind_asked_for() -> None:
    with pytest.raises(ContentFileError) as caught:
        yaml12.load("a: [1, 2\nb: 3\n", "x.yml", ContentFileError)
    assert caught.value.line is not None


@pytest.mark.parametrize("text", ["day: 2025-13-45\n", "day: 2025-02-30\n"])
def test_a_day_that_does_not_exist_is_an_error_and_not_a_traceback(text: str) -> None:
    with pytest.raises(DataFileError):
        yaml12.load(text, "x.yml")


def test_every_key_and_item_knows_its_line() -> None:
    value, lines = yaml12.load_with_lines("a:\n  b: 1\n  c:\n    - x\n    - y\n", "x.yml")
    assert value == {"a": {"b": 1, "c": ["x", "y"]}}
    assert lines["a", "b"] == 2
    assert lines["a", "c", 1] == 5


def test_a_file_that_is_missing_or_not_utf8_says_so(tmp_path: Path) -> None:
    latin = tmp_path / "latin.yml"
    latin.write_bytes("a: ma\xf1ana\n".encode("latin-1"))
    with pytest.raises(DataFileError, match="not UTF-8"):
        yaml12.load_file(latin)
    with pytest.raises(DataFileError, match="cannot be read"):
        yaml12.load_file(tmp_path / "nowhere.yml")
