"""The tree of errors in the module's docstring is the tree in the code."""

from __future__ import annotations

import inspect
import re

from bot.core import errors


def test_every_error_stands_in_the_tree_at_the_top() -> None:
    drawn = set(re.findall(r"\b[A-Z]\w+(?:Error|Unreachable)\b", errors.__doc__ or ""))
    written = {
        name
        for name, kind in inspect.getmembers(errors, inspect.isclass)
        if kind.__module__ == errors.__name__
    }
    assert drawn == written


def test_a_data_file_error_names_place_problem_and_remedy() -> None:
    error = errors.LawFileError("bot/law/x.yml", 7, "value is missing", "Add a line value: ...")
    assert str(error) == "bot/law/x.yml:7: value is missing. Add a line value: ..."
