"""Judging the model on a file of labelled questions."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections import Counter
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
    """The labelled questions of a JSON Lines file.

    Raises DataFileError with the line that is not a question.
    """
    questions = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        raise DataFileError(
            str(path), None, "the file cannot be read as UTF-8 text", "Check the name of the file."
        ) from exc
    for number, line in enumerate(lines, 1):
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


def predict(questions: list[Question], model: Path) -> list[Prediction]:
    """What the model says to each question, in order.

    Raises EvaluationFailed when there is no model or the engine's environment fails.
    """
    if not model.exists():
        raise EvaluationFailed("There is no model yet: run `faro train` first.")
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "texts.jsonl"), Path(folder, "parses.jsonl")
        source.write_text(
            "".join(json.dumps({"text": q.text}, ensure_ascii=False) + "\n" for q in questions), "utf-8"
        )
        command = [
            str(ENGINE_PYTHON), "-m", "bot.engine.offline", "parse",
            "--model", str(model), "--input", str(source), "--output", str(target),
        ]  # fmt: skip
        done = subprocess.run(
            command, cwd=ROOT, env=engine_environment(), capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise EvaluationFailed(f"The engine could not read the questions:\n{done.stderr[-2000:]}")
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


def show(pairs: list[tuple[Question, Prediction]], console: Console, *, as_json: bool) -> None:
    """Print the measures of all questions, each language and each style."""
    groups = by_group(pairs)
    if as_json:
        console.print_json(json.dumps({name: asdict(m) for name, m in groups.items()}))
        return
    table = Table(title="Understanding of questions", title_justify="left")
    table.add_column("questions of")
    for heading in ("number", "answered right", "right in three", "confidently wrong", "false accept"):
        table.add_column(heading, justify="right")
    for name, group in groups.items():
        table.add_row(name, *_cells(group))
    console.print(table)


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
