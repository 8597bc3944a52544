"""``faro learn``: proposals of staff become examples and tests, if no measure of the gate gets worse by them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bot.cli.answers import answers_by_language, read_answers, shown_sections
from bot.cli.evaluation import predict, read_questions
from bot.cli.gate import Change, Measured, changes
from bot.cli.learning import EXAM, NLU, Plan, write
from bot.cli.measures import Prediction, Question, by_group
from bot.cli.paths import ENGINE_PYTHON, ROOT
from bot.cli.training import Progress, TrainingFailed, run_with_progress
from bot.core.content import Library
from bot.core.content.choosing import Chosen
from bot.transcripts.learning import Proposal


@dataclass(frozen=True, slots=True)
class Turn:
    """A corrected turn, and what two models make of it, as "topic/section"."""

    proposal: Proposal
    before: str
    after: str
    right_before: bool
    right_after: bool


@dataclass(frozen=True, slots=True)
class Flipped:
    """A question of the evaluation that only one of two models understands; ``said`` by the other one."""

    question: Question
    said: str
    right_now: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the change does: the measures of the gate, every corrected turn, and the questions that moved."""

    changes: tuple[Change, ...]
    turns: tuple[Turn, ...]
    flipped: tuple[Flipped, ...]

    @property
    def worse(self) -> tuple[Change, ...]:
        """The measures that got worse."""
        return tuple(change for change in self.changes if change.worse)

    @property
    def holding(self) -> tuple[Proposal, ...]:
        """The proposed tests that hold with the new model."""
        return tuple(t.proposal for t in self.turns if t.proposal.kind == "test" and t.right_after)


@dataclass(frozen=True, slots=True)
class _Judged:
    """What one model said to the questions of the evaluation, and then to the corrected turns."""

    predictions: list[Prediction]
    shown: list[Chosen | None]


def measure(
    plan: Plan, root: Path, model: Path, library: Library, today: date, progress: Progress
) -> Outcome:
    """Trains with the examples of a plan in a folder of its own and compares with ``model``, which had none of them.

    Nothing under ``root`` is changed. Raises TrainingFailed or EvaluationFailed.
    """
    questions = read_questions(root / EXAM / "questions_dev.jsonl")
    corrected = [*plan.examples, *plan.tests]
    asked = [*questions, *(_question(proposal) for proposal in corrected)]
    with tempfile.TemporaryDirectory() as place:
        project = copied(plan, root, Path(place))
        trained = train(project, progress) if plan.files else model
        before = _judge(asked, model, library, today, root / NLU)
        after = _judge(asked, trained, library, today, project / NLU)
    count = len(questions)
    return Outcome(
        changes=changes(
            _measured(questions, before, library, root), _measured(questions, after, library, root)
        ),
        turns=tuple(
            Turn(
                proposal,
                _said(before.predictions[place], before.shown[place]),
                _said(after.predictions[place], after.shown[place]),
                _is_right(proposal, before.predictions[place], before.shown[place]),
                _is_right(proposal, after.predictions[place], after.shown[place]),
            )
            for place, proposal in enumerate(corrected, count)
        ),
        flipped=tuple(_flipped(questions, before.predictions, after.predictions, library)),
    )


def copied(plan: Plan, root: Path, folder: Path) -> Path:
    """A project in ``folder`` with the examples as they would be."""
    shutil.copytree(root / "data", folder / "data")
    for name in ("domain.yml", "config.yml"):
        shutil.copy(root / name, folder / name)
    write({path: content for path, content in plan.files.items() if path.is_relative_to("data")}, folder)
    return folder


def train(project: Path, progress: Progress) -> Path:
    """The model of a project, below its folder. Raises TrainingFailed with the end of what was complained of."""
    command = [
        str(ENGINE_PYTHON), "-m", "bot.engine.offline", "train", "--project", str(project),
        "--output", str(project / "models"), "--name", "learned", "--cache", str(ROOT / ".cache"),
    ]  # fmt: skip
    with (project / "errors").open("w+", encoding="utf-8") as errors:
        if not run_with_progress(command, errors, progress):
            errors.seek(0)
            raise TrainingFailed(f"Training with the new examples failed:\n{errors.read()[-2000:]}")
    return project / "models" / "learned.tar.gz"


def _question(proposal: Proposal) -> Question:
    return Question(
        proposal.id,
        proposal.language,
        "corrected",
        proposal.text,
        proposal.topic,
        frozenset({proposal.topic}),
    )


def _judge(asked: list[Question], model: Path, library: Library, today: date, nlu: Path) -> _Judged:
    predictions = predict(asked, model)
    return _Judged(
        predictions, shown_sections(list(zip(asked, predictions, strict=True)), library, today, nlu)
    )


def _measured(questions: list[Question], judged: _Judged, library: Library, root: Path) -> Measured:
    pairs = list(zip(questions, judged.predictions[: len(questions)], strict=True))
    right = read_answers(root / EXAM / "answers.jsonl")
    shown = judged.shown[: len(questions)]
    return Measured(
        by_group(pairs, library.parents), answers_by_language(pairs, shown, right, library.parents)
    )


def _is_right(proposal: Proposal, said: Prediction, shown: Chosen | None) -> bool:
    """Whether a person would now be told what staff found right; without a section any part of the topic is."""
    if proposal.section is None and proposal.kind == "example":
        return said.intent == proposal.topic or (shown is not None and shown.topic == proposal.topic)
    told = shown is not None and shown.exact and shown.topic == proposal.topic
    return told and shown is not None and proposal.section in (None, shown.section)


def _said(said: Prediction, shown: Chosen | None) -> str:
    return f"{shown.topic}/{shown.section}" if shown is not None and shown.exact else said.intent


def _flipped(
    questions: Sequence[Question], before: Sequence[Prediction], after: Sequence[Prediction], library: Library
) -> list[Flipped]:
    up = library.parents
    found = []
    for number, question in enumerate(questions):
        right = {up.get(name, name) for name in question.right}
        was, now = (up.get(p.intent, p.intent) in right for p in (before[number], after[number]))
        if was != now:
            found.append(Flipped(question, (before if now else after)[number].intent, now))
    return found
