"""Files of labelled questions, right and wrong ones."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import evaluation
from bot.cli import main as cli
from bot.cli.evaluation import (
    EvaluationFailed,
    predict,
    read_questions,
    split,
    train_and_predict,
    write_predictions,
)
from bot.cli.measures import Prediction, Question
from bot.core.errors import BotError, DataFileError


def question(number: int, label: str, lang: str = "en") -> Question:
    return Question(str(number), lang, "plain", f"{label} {number}", label, frozenset({label}))


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


def test_a_separator_of_lines_inside_a_text_does_not_end_its_line(tmp_path: Path) -> None:
    file = tmp_path / "q.jsonl"
    file.write_text('{"lang": "en", "text": "one\u2028two\x85three", "label": "help"}\n', encoding="utf-8")
    assert [q.text for q in read_questions(file)] == ["one\u2028two\x85three"]


def test_a_missing_file_is_told_without_a_traceback(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match="cannot be read"):
        read_questions(tmp_path / "nowhere.jsonl")


# tables


@pytest.mark.parametrize("columns", ["text,label", "text,category"], ids=["ours", "BANKING77's"])
def test_a_table_of_texts_and_labels_is_read(columns: str, tmp_path: Path) -> None:
    file = tmp_path / "q.csv"
    file.write_text(f'{columns}\n"¿Dónde, por fin, está?", card_arrival\n\nwhere is it,lost card\n', "utf-8")
    first, second = read_questions(file)
    assert (first.text, first.label) == ("¿Dónde, por fin, está?", "card_arrival")
    assert first.right == {"card_arrival"}
    assert (second.text, second.label) == ("where is it", "lost card")
    assert first.id != second.id


def test_a_table_may_name_the_language_and_have_its_columns_in_any_order(tmp_path: Path) -> None:
    file = tmp_path / "q.csv"
    file.write_text("label,lang,source,text\nhelp,es,chat,ayuda\nhelp,,chat,help\n", encoding="utf-8")
    assert [(q.text, q.lang) for q in read_questions(file)] == [("ayuda", "es"), ("help", "-")]


def test_a_table_that_a_spreadsheet_wrote_is_read(tmp_path: Path) -> None:
    file = tmp_path / "q.csv"
    file.write_bytes("text,label\r\nadiós,bye\r\n".encode("utf-8-sig"))
    assert [(q.text, q.label) for q in read_questions(file)] == [("adiós", "bye")]


@pytest.mark.parametrize("text", ["", "text,intent\nhi,greet\n", "label,category\na,b\n", "hi,greet\n"])
def test_a_table_without_the_two_columns_is_told(text: str, tmp_path: Path) -> None:
    file = tmp_path / "q.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(DataFileError, match="no columns text and label") as caught:
        read_questions(file)
    assert caught.value.line == 1
    assert "text and label" in caught.value.fix


@pytest.mark.parametrize("row", ['"",greet', "hi,", "hi", '"  ",greet'])
def test_an_empty_cell_is_told_with_its_line(row: str, tmp_path: Path) -> None:
    file = tmp_path / "q.csv"
    file.write_text(f"text,label\nhello,greet\n{row}\nbye,goodbye\n", encoding="utf-8")
    with pytest.raises(DataFileError, match="is empty") as caught:
        read_questions(file)
    assert caught.value.line == 3


def test_a_text_with_a_comma_and_no_quotes_is_told_with_its_line(tmp_path: Path) -> None:
    """Otherwise its second half would silently become the label."""
    file = tmp_path / "q.csv"
    file.write_text("text,label\nhello,greet\nhello, my friend,greet\n", encoding="utf-8")
    with pytest.raises(DataFileError) as caught:
        read_questions(file)
    assert caught.value.line == 3


def test_a_quote_that_is_never_closed_is_told_without_a_traceback(tmp_path: Path) -> None:
    file = tmp_path / "q.csv"
    file.write_text('text,label\n"hello,greet\n' + "bye,goodbye\n" * 20_000, encoding="utf-8")
    with pytest.raises(DataFileError):
        read_questions(file)


# examples and the rest


def test_so_many_examples_are_drawn_of_each_label_and_language() -> None:
    many = [question(n, label, lang) for label in ("a", "b") for lang in ("en", "es") for n in range(9)]
    few = [question(n, "rare") for n in range(2)]
    examples, rest = split([*many, *few], 4)
    assert Counter((q.label, q.lang) for q in examples) == {
        ("a", "en"): 4, ("a", "es"): 4, ("b", "en"): 4, ("b", "es"): 4, ("rare", "en"): 2,
    }  # fmt: skip
    assert Counter([*examples, *rest]) == Counter([*many, *few])


def test_the_same_seed_draws_the_same_and_another_seed_others() -> None:
    questions = [question(n, "a") for n in range(50)]
    assert split(questions, 10, seed=1) == split(questions, 10, seed=1)
    assert set(split(questions, 10, seed=1)[0]) != set(split(questions, 10, seed=2)[0])
    assert {int(q.id) for q in split(questions, 10)[0]} != set(range(10))


# wrong use


@pytest.mark.parametrize("examples", [[], [question(1, "a"), question(2, "a")]])
def test_fewer_than_two_labels_cannot_be_learnt(examples: list[Question]) -> None:
    with pytest.raises(EvaluationFailed, match="at least two labels"):
        train_and_predict(examples, [question(3, "a")])


def test_without_a_model_the_remedy_is_told(tmp_path: Path) -> None:
    with pytest.raises(EvaluationFailed, match="faro train"):
        predict([question(1, "a")], tmp_path / "none.tar.gz")


def test_an_engine_that_fails_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(evaluation, "ENGINE_PYTHON", Path(shutil.which("false") or "/bin/false"))
    with pytest.raises(EvaluationFailed, match="could not learn"):
        train_and_predict([question(1, "a"), question(2, "b")], [])
    with pytest.raises(EvaluationFailed, match="could not read"):
        predict([question(1, "a")], tmp_path)


def test_without_a_file_the_command_names_one() -> None:
    told = CliRunner().invoke(cli.app, ["evaluate"]).exception
    assert isinstance(told, BotError)
    assert "questions_dev.jsonl" in str(told)


def test_one_example_of_a_label_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "q.csv"
    file.write_text("text,label\nhi,greet\nbye,goodbye\n", encoding="utf-8")
    result = CliRunner().invoke(cli.app, ["evaluate", "--dataset", str(file), "--per-intent", "1"])
    assert result.exit_code == 2


# results


def test_predictions_are_written_one_a_line(tmp_path: Path) -> None:
    file = tmp_path / "p.jsonl"
    write_predictions([Prediction("a", "help", 0.5, (("help", 0.5),))], file)
    assert json.loads(file.read_text()) == {
        "id": "a",
        "intent": "help",
        "confidence": 0.5,
        "ranking": [{"name": "help", "confidence": 0.5}],
    }
