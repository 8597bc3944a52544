"""``make bench-understanding``: Faro's understanding beside its peers, on the same examples and questions, in one run.

Everybody trains on a fixed subset: ten examples of each intent and language, drawn by a fixed seed. The fast ones
and Faro also train on everything. Judged on the development questions by the measures of tests/eval/README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bot.cli.evaluation import read_questions, split
from bot.cli.measures import Measures, Prediction, Question, by_group
from bot.cli.paths import ENGINE_PYTHON, ROOT
from bot.cli.training import engine_environment
from bot.core.content import load_library
from bot.core.firm import load_firm
from bot.core.law import load_parameters
from tests.project.nlu_data import examples as training_examples

HERE = Path(__file__).parent
EXAM = ROOT / "tests" / "eval" / "questions_dev.jsonl"
PER_INTENT = 10

NLPJS = ["node", str(HERE / "nlpjs" / "classify.js")]
SVM = [str(ENGINE_PYTHON), "-m", "tests.bench.peers", "svm"]
DIET = [str(ENGINE_PYTHON), "-m", "tests.bench.peers", "rasa", "--config", str(HERE / "rasa_default.yml")]
FARO = [str(ENGINE_PYTHON), "-m", "tests.bench.peers", "rasa", "--config", str(ROOT / "config.yml")]


def all_examples() -> list[Question]:
    """Every line that trains; the language of its folder."""
    return [
        Question(str(number), e.folder, "plain", e.text, e.intent, frozenset({e.intent}))
        for number, e in enumerate(training_examples())
    ]


def ask(command: list[str], examples: list[Question], questions: list[Question]) -> dict[str, Any]:
    """The result of one peer, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        task, result = Path(folder, "task.json"), Path(folder, "result.json")
        given = {
            "examples": [{"lang": e.lang, "text": e.text, "label": e.label} for e in examples],
            "questions": [{"lang": q.lang, "text": q.text} for q in questions],
        }
        task.write_text(json.dumps(given), encoding="utf-8")
        done = subprocess.run(
            [*command, str(task), str(result)],
            cwd=ROOT, env=engine_environment(), capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-3000:]}")
        found: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
    return found


def judged(
    result: dict[str, Any], questions: list[Question], parents: Mapping[str, str]
) -> dict[str, Measures]:
    """The measures of a result, for all questions and each language."""
    predictions = [
        Prediction(
            question.id,
            said["intent"],
            said["confidence"],
            tuple((r["name"], r["confidence"]) for r in said["ranking"]),
        )
        for question, said in zip(questions, result["predictions"], strict=True)
    ]
    return by_group(zip(questions, predictions, strict=True), parents)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--without-diet", action="store_true", help="leave out the peer that takes half an hour"
    )
    parser.add_argument("--json", type=Path, help="write all figures here")
    options = parser.parse_args()
    os.chdir(ROOT)
    out = Console(soft_wrap=True, highlight=False)
    subprocess.run(
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"],
        cwd=HERE / "nlpjs",
        check=True,
    )
    everything, questions = all_examples(), read_questions(EXAM)
    subset, _ = split(everything, PER_INTENT)
    bot = ROOT / "bot"
    firm = load_firm(bot / "content" / "firm.yml")
    parents = load_library(bot / "content", load_parameters(bot / "law" / "parameters"), firm).parents
    runs = [
        ("TF-IDF, linear SVM", SVM, subset), ("NLP.js", NLPJS, subset), ("Faro", [*FARO, "--encode"], subset),
        ("TF-IDF, linear SVM, all", SVM, everything), ("NLP.js, all", NLPJS, everything),
        ("Faro, all (vectors at hand)", FARO, everything),
    ]  # fmt: skip
    # The small set is encoded here, so that its training time is whole; the large one has its vectors at hand.
    if not options.without_diet:
        runs.insert(2, ("Rasa's default (DIET)", DIET, subset))
    figures: dict[str, Any] = {
        "examples": len(everything),
        "subset": len(subset),
    }
    table = Table(
        title=f"{len(questions)} questions; subset of {len(subset)}, all {len(everything)}",
        title_justify="left",
    )
    table.add_column("")
    for heading in (
        "right", "in three", "wrong", "false accept", "right en", "right es", "training s", "ms a message", "MB",
    ):  # fmt: skip
        table.add_column(heading, justify="right")
    for name, command, examples in runs:
        out.print(f"{name}: {len(examples)} examples ...")
        result = ask(command, examples, questions)
        groups = judged(result, questions, parents)
        of_all = groups["all"]
        shares = (
            of_all.answered_right, of_all.right_in_three, of_all.confidently_wrong, of_all.false_accept,
            groups["en"].answered_right, groups["es"].answered_right,
        )  # fmt: skip
        costs = {key: value for key, value in result.items() if key != "predictions"}
        table.add_row(
            name, *(f"{share or 0:.3f}" for share in shares),
            f"{result['training_s']:.0f}", f"{result['per_message_ms']:.1f}", f"{result['memory_mb']:.0f}",
        )  # fmt: skip
        figures[name] = {
            **costs,
            **{group: asdict(m) for group, m in groups.items() if group in ("all", "en", "es")},
        }
    out.print(table)
    if options.json is not None:
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
