"""``make bench-understanding``: Faro's understanding beside its peers, on the same examples and questions, in one run.

Everybody trains on a fixed subset: ten examples of each intent and language, drawn by a fixed seed. The fast ones
and Faro also train on everything. Judged on the development questions by the measures of tests/eval/README.md.

Who asks back more is wrong less, so each system's threshold is chosen by one rule, on its own training examples, each
understood by a model that did not learn it. Two rules are shown: everybody asks back at half of them; and at most
``TARGET`` of them are confidently wrong, and as many as that allows are answered right. A third table gives everybody
the same share of wrong answers on the questions themselves.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bot.cli.evaluation import read_questions, split
from bot.cli.measures import ASKS_BACK, Measures, Prediction, Question, by_group, measure
from bot.cli.paths import ENGINE_PYTHON, ROOT
from bot.cli.training import engine_environment
from bot.core import yaml12
from bot.core.content import load_library
from bot.core.firm import load_firm
from bot.core.law import load_parameters
from tests.project.nlu_data import examples as training_examples

HERE = Path(__file__).parent
EXAM = ROOT / "tests" / "eval" / "questions_dev.jsonl"
PER_INTENT = 10

#: The share of confidently wrong answers on its own examples at which a system chooses its threshold: what Faro's
#: threshold in use comes to, and at which docs/understanding.md compares classifiers.
TARGET = 0.12
#: The share of its own examples that a system answers when everybody asks back as often.
ANSWERED = 0.5
#: A margin is chosen among these; the threshold is any confidence that occurs.
MARGINS = (0.0, 0.02, 0.05, 0.08, 0.1, 0.15, 0.2, 0.3)
#: Shares of confidently wrong answers at which the development questions are compared.
EQUAL = (0.03, 0.05, 0.10)

#: The examples are parted in so many, and one part is understood by a model of the others.
PARTS = 5

NLPJS = ("node", str(HERE / "nlpjs" / "classify.js"))
SVM = (str(ENGINE_PYTHON), "-m", "tests.bench.peers", "svm")
RASA = (str(ENGINE_PYTHON), "-m", "tests.bench.peers", "rasa", "--config")
DIET = (*RASA, str(HERE / "rasa_default.yml"))
LOGISTIC = (*RASA, str(HERE / "rasa_logistic.yml"))
FARO = (*RASA, str(ROOT / "config.yml"))


@dataclass(frozen=True, slots=True)
class Run:
    """A system on a set of examples.

    ``held``: how many of the parts are kept back in turn, each at the price of one more training. ``whole``: further
    options of the training on all examples, whose time is told.
    """

    name: str
    command: tuple[str, ...]
    examples: Sequence[Question]
    held: int
    whole: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """What a system made of a question, whatever its threshold; ``ranking`` best first.

    ``informs`` is a date that was told, which no threshold concerns; "" for anything else.
    """

    ranking: tuple[tuple[str, float], ...]
    informs: str = ""

    @property
    def top(self) -> float:
        return self.ranking[0][1] if self.ranking else 0.0

    @property
    def ahead(self) -> float:
        """How far the best intent is ahead of the next."""
        return self.top - (self.ranking[1][1] if len(self.ranking) > 1 else 0.0)


@dataclass(frozen=True, slots=True)
class Acceptance:
    """From which confidence, and how far ahead of the next, an intent is answered instead of asking back."""

    threshold: float
    margin: float


Judged = list[tuple[Question, Said]]


def all_examples() -> list[Question]:
    """Every line that trains; the language of its folder."""
    return [
        Question(str(number), e.folder, "plain", e.text, e.intent, frozenset({e.intent}))
        for number, e in enumerate(training_examples())
    ]


def parted(examples: Sequence[Question], parts: int = PARTS) -> list[list[Question]]:
    """The examples in parts that hold as many of each label and language, give or take one."""
    found: list[list[Question]] = [[] for _ in range(parts)]
    taken: Counter[tuple[str, str]] = Counter()
    for example in examples:
        place = (example.label, example.lang)
        found[taken[place] % parts].append(example)
        taken[place] += 1
    return found


def ask(
    command: Sequence[str], examples: Sequence[Question], questions: Sequence[Question]
) -> dict[str, Any]:
    """The result of one system, in a process of its own."""
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


def remembered(
    folder: Path | None,
    name: str,
    command: Sequence[str],
    examples: Sequence[Question],
    asked: Sequence[Question],
) -> dict[str, Any]:
    """What ``ask`` gives, from a file of ``folder`` where an earlier run that was broken off left it."""
    if folder is None:
        return ask(command, examples, asked)
    file = folder / f"{name}.json"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(ask(command, examples, asked)), encoding="utf-8")
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def judged(questions: Sequence[Question], result: Mapping[str, Any]) -> Judged:
    """The questions with what was said to each, entries of a fallback left out."""
    found = []
    for question, said in zip(questions, result["predictions"], strict=True):
        ranking = tuple(
            (r["name"], float(r["confidence"])) for r in said["ranking"] if r["name"] != ASKS_BACK
        )
        informs = said["intent"] if said["intent"].startswith("inform") else ""
        found.append((question, Said(ranking, informs)))
    return found


def accepted(rows: Judged, at: Acceptance) -> list[tuple[Question, Prediction]]:
    """The predictions when that much is asked of an answer."""
    pairs = []
    for question, said in rows:
        sure = bool(said.ranking) and said.top >= at.threshold and said.ahead >= at.margin
        intent = said.informs or (said.ranking[0][0] if sure else ASKS_BACK)
        pairs.append((question, Prediction(question.id, intent, said.top, said.ranking)))
    return pairs


def chosen(rows: Judged, parents: Mapping[str, str], wrong: float) -> Acceptance:
    """What to ask of an answer so that most are right while at most that share of all is confidently wrong.

    Where two are as good, the one with fewer wrong answers, then the smaller margin.
    """
    alone = [
        (said, measure([pair], parents))
        for (_, said), pair in zip(rows, accepted(rows, Acceptance(0.0, 0.0)), strict=True)
        if said.ranking and not said.informs
    ]
    alone.sort(key=lambda one: -one[0].top)
    allowed = wrong * len(rows)
    best = (0.0, -0.0, -0.0, Acceptance(float("inf"), 0.0))
    for margin in MARGINS:
        right = mistaken = 0.0
        ahead = [(said, found) for said, found in alone if said.ahead >= margin]
        for number, (said, found) in enumerate(ahead):
            right += found.answered_right or 0.0
            mistaken += found.confidently_wrong or 0.0
            if mistaken > allowed:
                break
            last_of_equals = number + 1 == len(ahead) or ahead[number + 1][0].top < said.top
            if last_of_equals and (right, -mistaken, -margin) > best[:3]:
                best = (right, -mistaken, -margin, Acceptance(said.top, margin))
    return best[3]


def answering(rows: Judged, share: float) -> Acceptance:
    """What to ask of an answer so that about that share of all is answered."""
    tops = sorted((said.top for _, said in rows), reverse=True)
    return Acceptance(tops[max(0, round(share * len(tops)) - 1)], 0.0)


def in_use() -> Acceptance:
    """What config.yml asks of an answer."""
    steps = yaml12.load_file(ROOT / "config.yml")["pipeline"]
    fallback = next(step for step in steps if step["name"] == "FallbackClassifier")
    return Acceptance(float(fallback["threshold"]), float(fallback["ambiguity_threshold"]))


def runs(everything: list[Question], subset: list[Question], *, diet: bool) -> list[Run]:
    """Who is compared. The small set is encoded here, so that its training time is whole."""
    found = [
        Run("TF-IDF, linear SVM", SVM, subset, PARTS),
        Run("NLP.js", NLPJS, subset, PARTS),
        Run("Faro", FARO, subset, PARTS, ("--encode",)),
        Run("Rasa's logistic regression", LOGISTIC, subset, PARTS),
        Run("TF-IDF, linear SVM, all", SVM, everything, 1),
        Run("NLP.js, all", NLPJS, everything, 1),
        Run("Faro, all (vectors at hand)", FARO, everything, 1),
    ]
    if diet:
        # A training takes a quarter of an hour, so one part of five has to do.
        found.insert(4, Run("Rasa's default (DIET)", DIET, subset, 1))
    return found


def of(
    run: Run, questions: list[Question], keep: Path | None, out: Console
) -> tuple[dict[str, Any], Judged, Judged]:
    """A run's costs, what it said to the questions, and to the examples that were kept back."""
    name = "".join(letter if letter.isalnum() else "_" for letter in run.name)
    out.print(f"{run.name}: {len(run.examples)} examples ...")
    result = remembered(keep, name, [*run.command, *run.whole], run.examples, questions)
    held: Judged = []
    parts = parted(run.examples)
    for number in range(run.held):
        others = [e for place, part in enumerate(parts) if place != number for e in part]
        out.print(f"  part {number + 1} of {run.held} ...")
        part = remembered(keep, f"{name}_{number}", run.command, others, parts[number])
        held += judged(parts[number], part)
    costs = {key: value for key, value in result.items() if key != "predictions"}
    return costs, judged(questions, result), held


_MEASURES = ("right", "in three", "wrong", "false accept", "right en", "right es", "threshold", "margin")
_COSTS = ("training s", "ms a message", "MB")


def _table(title: str, *more: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for heading in (*_MEASURES, *more):
        table.add_column(heading, justify="right")
    return table


def _shares(groups: Mapping[str, Measures]) -> list[str]:
    of_all = groups["all"]
    found = (
        of_all.answered_right, of_all.right_in_three, of_all.confidently_wrong, of_all.false_accept,
        groups["en"].answered_right, groups["es"].answered_right,
    )  # fmt: skip
    return [f"{share or 0:.3f}" for share in found]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--without-diet", action="store_true", help="leave out the peer that takes half an hour"
    )
    parser.add_argument("--json", type=Path, help="write all figures here")
    parser.add_argument(
        "--keep", type=Path, help="keep what each system said here, and go on from what a broken run left"
    )
    options = parser.parse_args()
    os.chdir(ROOT)
    out = Console(width=150, highlight=False)
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
    figures: dict[str, Any] = {"examples": len(everything), "subset": len(subset), "target": TARGET}
    out.print(f"{len(questions)} questions; subset of {len(subset)}, all {len(everything)}")
    as_often = _table(f"Everybody answers {ANSWERED:.0%} of the own examples", *_COSTS)
    as_wrong = _table(f"Everybody answers {TARGET:.0%} of the own examples wrong")
    equal = Table(title="Right, with the same share of wrong answers (false accept)", title_justify="left")
    equal.add_column("")
    for share in EQUAL:
        equal.add_column(f"{share:.0%} wrong", justify="right")

    for run in runs(everything, subset, diet=not options.without_diet):
        costs, rows, held = of(run, questions, options.keep, out)
        rules = {"answering": answering(held, ANSWERED), "wrong": chosen(held, parents, TARGET)}
        if run.examples is everything and run.command is FARO:
            rules["in use"] = in_use()
        told: dict[str, Any] = {**costs, "held_back": len(held)}
        for rule, at in rules.items():
            groups = by_group(accepted(rows, at), parents)
            told[rule] = {
                **asdict(at),
                "own": asdict(measure(accepted(held, at), parents)),
                **{group: asdict(groups[group]) for group in ("all", "en", "es")},
            }
            name = f"{run.name}, as in config.yml" if rule == "in use" else run.name
            cells = (name, *_shares(groups), f"{at.threshold:.2f}", f"{at.margin:.2f}")
            if rule == "wrong":
                as_wrong.add_row(*cells)
            else:
                as_often.add_row(
                    *cells,
                    f"{costs['training_s']:.0f}", f"{costs['per_message_ms']:.1f}", f"{costs['memory_mb']:.0f}",
                )  # fmt: skip
        at_equal = {share: measure(accepted(rows, chosen(rows, parents, share)), parents) for share in EQUAL}
        equal.add_row(
            run.name,
            *(f"{m.answered_right or 0:.3f} ({m.false_accept or 0:.3f})" for m in at_equal.values()),
        )
        told["at_equal_wrong"] = {f"{share:.2f}": asdict(m) for share, m in at_equal.items()}
        figures[run.name] = told
    out.print(as_often)
    out.print(as_wrong)
    out.print(equal)
    if options.json is not None:
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
