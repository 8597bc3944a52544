"""Files of labelled questions, right and wrong ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.cli.evaluation import read_questions, write_predictions
from bot.cli.measures import Prediction
from bot.core.errors import DataFileError


def test_the_label_and_its_alternatives_are_right(tmp_path: Path) -> None:
    file = tmp_path / "q.jsonl"
    file.write_text(
        '{"id": "a", "lang": "es", "text": "ayuda", "label": "help", "alt_labels": ["emergency"]}\n\n'
    )
    (question,) = read_questions(file)
    assert question.right == {"help", "emergency"}
    assert question.style == "plain"


@pytest.mark.parametrize("line", ["not json", "[]", '{"lang": "en", "text": "no label"}'])
def test_a_line_that_is_no_question_is_named_with_its_place(line: str, tmp_path: Path) -> None:
    file = tmp_path / "q.jsonl"
    file.write_text(f'{{"lang": "en", "text": "x", "label": "help"}}\n{line}\n')
    with pytest.raises(DataFileError) as caught:
        read_questions(file)
    assert caught.value.line == 2
    assert '"label"' in caught.value.fix


def test_a_missing_file_is_told_without_a_traceback(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match="cannot be read"):
        read_questions(tmp_path / "nowhere.jsonl")


def test_predictions_are_written_one_a_line(tmp_path: Path) -> None:
    file = tmp_path / "p.jsonl"
    write_predictions([Prediction("a", "help", 0.5, (("help", 0.5),))], file)
    assert json.loads(file.read_text()) == {
        "id": "a",
        "intent": "help",
        "confidence": 0.5,
        "ranking": [{"name": "help", "confidence": 0.5}],
    }
