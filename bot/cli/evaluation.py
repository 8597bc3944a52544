"""Judging the model on a file of labelled questions."""

from __future__ import annotations

import csv
import io
import json
import random
import subprocess
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bot.cli.measures import Measures, Prediction, Question, by_group
from bot.cli.paths import ENGINE_PYTHON, ROOT
from bot.cli.training import engine_environment
from bot.core.errors import BotError, DataFileError


class EvaluationFailed(BotError):
    """The engine's environment could not judge the questions."""


def read_questions(path: Path) -> list[Question]:
    """The labelled questions of a JSON Lines file, or of a CSV file with the columns ``text`` and ``label``.

    Raises DataFileError with the line that is not a question.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as exc:
        raise DataFileError(
            str(path), None, "the file cannot be read as UTF-8 text", "Check the name of the file."
        ) from exc
    return _read_csv(path, text) if path.suffix.lower() == ".csv" else _read_json_lines(path, text)


def _read_json_lines(path: Path, text: str) -> list[Question]:
    questions = []
    # Not splitlines: a person may paste other signs that Python takes for the end of a line.
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            questions.append(
                Question(
                    id=str(row.get("id", number)),
                    lang=row["lang"],
                    style=row.get("style", "plain"),
                    text=row["text"],
                    label=row["label"],
                    right=frozenset({row["label"], *row.get("alt_labels", [])}),
                )
            )
        except (ValueError, KeyError, TypeError, AttributeError) as exc:
            raise DataFileError(
                str(path),
                number,
                f"this is not a labelled question ({type(exc).__name__}: {exc})",
                'Each line is a JSON object with "lang", "text" and "label".',
            ) from exc
    return questions


def _read_csv(path: Path, text: str) -> list[Question]:
    remedy = "The first line names the columns, text and label among them; every other line fills both."
    rows = csv.DictReader(io.StringIO(text))
    if not {"text", "label"} <= set(rows.fieldnames or ()):
        # Banking77 calls its label "category".
        if {"text", "category"} <= set(rows.fieldnames or ()):
            rows.fieldnames = ["label" if name == "category" else name for name in rows.fieldnames or ()]
        else:
            raise DataFileError(str(path), 1, "there are no columns text and label", remedy)
    try:
        return [_csv_question(path, row, rows.line_num, remedy) for row in rows]
    except csv.Error as exc:
        raise DataFileError(
            str(path), rows.line_num, f"the line cannot be read as CSV ({exc})", remedy
        ) from exc


def _csv_question(path: Path, row: dict[Any, Any], line: int, remedy: str) -> Question:
    if None in row:
        raise DataFileError(
            str(path),
            line,
            "there are more cells than columns",
            "Put a text with a comma between double quotes.",
        )
    text, label = (row["text"] or "").strip(), (row["label"] or "").strip()
    if not text or not label:
        raise DataFileError(str(path), line, "text or label is empty", remedy)
    return Question(str(line), row.get("lang") or "-", "plain", text, label, frozenset({label}))


def split(questions: list[Question], per_intent: int, seed: int = 0) -> tuple[list[Question], list[Question]]:
    """Examples to train on, ``per_intent`` of each label and language drawn by ``seed``, and all the others."""
    order = list(questions)
    random.Random(seed).shuffle(order)  # noqa: S311 - a draw that can be repeated, no secret
    taken: Counter[tuple[str, str]] = Counter()
    examples: list[Question] = []
    rest: list[Question] = []
    for question in order:
        place = (question.label, question.lang)
        (examples if taken[place] < per_intent else rest).append(question)
        taken[place] += 1
    return examples, rest


def train_and_predict(
    examples: list[Question], questions: list[Question], config: Path = ROOT / "config.yml"
) -> list[Prediction]:
    """What a model says to each question that was trained, by a configuration, on these examples alone.

    Raises EvaluationFailed when there are fewer than two labels, or the engine's environment fails.
    """
    labels = sorted({example.label for example in examples})
    if len(labels) < 2:
        raise EvaluationFailed("Training needs examples of at least two labels.")
    # Rasa reads some names in its own way ("greet/morning", "back"), so labels get neutral ones.
    names = {label: f"label_{i:04}" for i, label in enumerate(labels)}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        blocks = [
            {
                "intent": names[label],
                "examples": "".join(f"- {_one_line(e.text)}\n" for e in examples if e.label == label),
            }
            for label in labels
        ]
        (folder / "data").mkdir()
        # JSON is YAML, and needs no library to write; Rasa knows its files by a line that begins with "nlu:".
        (folder / "data" / "nlu.yml").write_text(f'version: "3.1"\nnlu: {json.dumps(blocks)}\n', "utf-8")
        domain = {"version": "3.1", "intents": list(names.values())}
        (folder / "domain.yml").write_text(json.dumps(domain), "utf-8")
        command = [
            str(ENGINE_PYTHON), "-m", "bot.engine.offline", "train", "--project", str(folder),
            "--config", str(config), "--output", str(folder / "models"), "--name", "dataset",
        ]  # fmt: skip
        run_engine(command, "The engine could not learn from the examples")
        back = {name: label for label, name in names.items()}
        return [_renamed(p, back) for p in predict(questions, folder / "models" / "dataset.tar.gz")]


def _one_line(text: str) -> str:
    """A text as Rasa's list of examples can hold it: one line, without its marks for entities."""
    return " ".join(text.translate(str.maketrans("[]{}", "()()")).split())


def _renamed(prediction: Prediction, names: Mapping[str, str]) -> Prediction:
    return Prediction(
        prediction.id,
        names.get(prediction.intent, prediction.intent),
        prediction.confidence,
        tuple((names.get(name, name), value) for name, value in prediction.ranking),
    )


def run_engine(command: list[str], failure: str) -> None:
    """Run a module of the engine's environment. Raises EvaluationFailed with ``failure`` and the end of its output."""
    done = subprocess.run(
        command, cwd=ROOT, env=engine_environment(), capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise EvaluationFailed(f"{failure}:\n{done.stdout[-1000:]}{done.stderr[-2000:]}")


def predict(questions: list[Question], model: Path) -> list[Prediction]:
    """What the model says to each question, in order.

    Raises EvaluationFailed when there is no model or the engine's environment fails.
    """
    if not model.exists():
        raise EvaluationFailed("There is no model yet: run `faro train` first.")
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "texts.jsonl"), Path(folder, "parses.jsonl")
        source.write_text("".join(json.dumps({"text": q.text}) + "\n" for q in questions), "utf-8")
        command = [
            str(ENGINE_PYTHON), "-m", "bot.engine.offline", "parse",
            "--model", str(model), "--input", str(source), "--output", str(target),
        ]  # fmt: skip
        run_engine(command, "The engine could not read the questions")
        parses = [json.loads(line) for line in target.read_text("utf-8").splitlines()]
    return [_prediction(question, parse) for question, parse in zip(questions, parses, strict=True)]


def _prediction(question: Question, parse: dict[str, Any]) -> Prediction:
    return Prediction(
        id=question.id,
        intent=parse["intent"]["name"] or "nlu_fallback",
        confidence=float(parse["intent"]["confidence"]),
        ranking=tuple((entry["name"], float(entry["confidence"])) for entry in parse["intent_ranking"]),
    )


def write_predictions(predictions: list[Prediction], path: Path) -> None:
    """One JSON object a line: id, intent, confidence, ranking as [{name, confidence}]."""
    path.write_text(
        "".join(
            json.dumps(
                {
                    "id": p.id,
                    "intent": p.intent,
                    "confidence": p.confidence,
                    "ranking": [{"name": name, "confidence": value} for name, value in p.ranking],
                }
            )
            + "\n"
            for p in predictions
        ),
        encoding="utf-8",
    )


def show(
    pairs: list[tuple[Question, Prediction]], parents: Mapping[str, str], console: Console, *, as_json: bool
) -> None:
    """Print the measures of all questions, each language and each style; a child topic counts as its parent."""
    if as_json:
        console.print_json(json.dumps(as_dicts(pairs, parents)))
        return
    groups = by_group(pairs, parents)
    table = Table(title="Understanding of questions", title_justify="left")
    table.add_column("questions of")
    for heading in ("number", "answered right", "right in three", "confidently wrong", "false accept"):
        table.add_column(heading, justify="right")
    for name, group in groups.items():
        table.add_row(name, *_cells(group))
    console.print(table)


def as_dicts(
    pairs: list[tuple[Question, Prediction]], parents: Mapping[str, str]
) -> dict[str, dict[str, float | int | None]]:
    """The measures of each group of questions, ready for JSON."""
    return {name: asdict(measures) for name, measures in by_group(pairs, parents).items()}


def plot_confusions(pairs: list[tuple[Question, Prediction]], target: Path) -> None:
    """Draw what was taken for what, the labels that were ever confused only, as a PNG or SVG file.

    The drawing library lives in the engine's environment, beside Rasa, which brings it.
    """
    counts = Counter((q.label, p.intent) for q, p in pairs if p.intent not in q.right)
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as data:
        json.dump([[label, said, n] for (label, said), n in counts.most_common()], data)
        data.flush()
        done = subprocess.run(
            [str(ENGINE_PYTHON), "-m", "bot.engine.plot", data.name, str(target)],
            cwd=ROOT, env=engine_environment(), capture_output=True, text=True, check=False,
        )  # fmt: skip
    if done.returncode != 0:
        raise EvaluationFailed(f"The plot could not be drawn:\n{done.stderr[-2000:]}")


def _cells(group: Measures) -> list[str]:
    shares = (group.answered_right, group.right_in_three, group.confidently_wrong, group.false_accept)
    return [str(group.questions), *("-" if share is None else f"{share:.3f}" for share in shares)]
