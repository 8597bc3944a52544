"""Whether the section that is shown first answers the question (tests/eval/answers.jsonl)."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bot.cli.evaluation import run_engine
from bot.cli.measures import ASKS_BACK, Prediction, Question
from bot.cli.paths import ENGINE_PYTHON, ROOT
from bot.core.content import Library
from bot.core.content.choosing import TOPICS, Chosen, choose, rivals
from bot.core.content.examples import questions_by_section, read_examples
from bot.core.errors import DataFileError
from bot.core.messages import LANGUAGES

Pairs = list[tuple[Question, Prediction]]


@dataclass(frozen=True, slots=True)
class AnswerMeasures:
    """Over the questions of one language that have a right section: shares between 0 and 1.

    ``answered``: the section shown first is a right one; ``given_topic``: the same where the topic was understood.
    ``unanswerable``: how many have no right section; ``admitted``: the share of those in which no section was shown.
    """

    questions: int
    answered: float
    given_topic: float
    unanswerable: int
    admitted: float


def read_answers(path: Path) -> dict[str, frozenset[str]]:
    """The right sections ("work_permit/cost") by the id of the question; none when no section answers it.

    Raises DataFileError with the line that cannot be read.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as exc:
        raise DataFileError(
            str(path), None, "the file cannot be read as UTF-8 text", "Check the name of the file."
        ) from exc
    found: dict[str, frozenset[str]] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            if not isinstance(row["sections"], list):
                raise TypeError("sections is no list")
            found[str(row["id"])] = frozenset(row["sections"])
        except (ValueError, KeyError, TypeError) as exc:
            raise DataFileError(
                str(path),
                number,
                "this names no sections",
                'Each line is {"id": "...", "sections": ["topic/section"]}.',
            ) from exc
    return found


def shown_sections(
    pairs: Pairs, library: Library, today: date, nlu: Path = ROOT / "data" / "nlu"
) -> list[Chosen | None]:
    """The section that would be shown first for each prediction; None where no topic is answered.

    ``nlu`` is the folder of the examples.
    """
    examples = read_examples(nlu)
    wanted = [_topics(prediction, library) for _, prediction in pairs]
    rows: list[dict[str, Any]] = [
        {
            "text": question.text,
            "topics": {topic: questions_by_section(library, topic, today, examples) for topic in topics},
        }
        for (question, _), topics in zip(pairs, wanted, strict=True)
    ]
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "in.jsonl"), Path(folder, "out.jsonl")
        source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        command = [
            str(ENGINE_PYTHON), "-m", "bot.engine.offline", "nearest", "--input", str(source), "--output", str(target),
        ]  # fmt: skip
        run_engine(command, "The engine could not score the sections")
        scores = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    chosen = [choose(topics, found) if topics else None for topics, found in zip(wanted, scores, strict=True)]
    return [
        None if prediction.intent == ASKS_BACK and not (found and found.sure) else found
        for (_, prediction), found in zip(pairs, chosen, strict=True)
    ]


def _topics(prediction: Prediction, library: Library) -> tuple[str, ...]:
    """The topics whose sections are looked at, as the actions do."""
    ranking = [entry for entry in prediction.ranking if entry[0] != ASKS_BACK]
    if prediction.intent == ASKS_BACK:
        return tuple(intent for intent, _ in ranking if intent in library.topics)[:TOPICS]
    return rivals(ranking, library.topics)


def answers_by_language(
    pairs: Pairs,
    shown: Iterable[Chosen | None],
    answers: Mapping[str, frozenset[str]],
    parents: Mapping[str, str],
) -> dict[str, AnswerMeasures]:
    """The measures for all questions and for each language."""
    rows = [(q, p, chosen) for (q, p), chosen in zip(pairs, shown, strict=True) if q.id in answers]
    groups = {"all": rows} | {lang: [row for row in rows if row[0].lang == lang] for lang in LANGUAGES}
    return {name: _measure(members, answers, parents) for name, members in groups.items()}


def _measure(
    rows: list[tuple[Question, Prediction, Chosen | None]],
    answers: Mapping[str, frozenset[str]],
    parents: Mapping[str, str],
) -> AnswerMeasures:
    answerable = [row for row in rows if answers[row[0].id]]
    understood = [(q, p, c) for q, p, c in answerable if parents.get(p.intent, p.intent) in q.right]
    nowhere = [row for row in rows if not answers[row[0].id]]
    return AnswerMeasures(
        questions=len(answerable),
        answered=_share([_is_right(c, answers[q.id]) for q, _, c in answerable]),
        given_topic=_share([_is_right(c, answers[q.id]) for q, _, c in understood]),
        unanswerable=len(nowhere),
        admitted=_share([chosen is None or not chosen.exact for _, _, chosen in nowhere]),
    )


def _is_right(chosen: Chosen | None, right: frozenset[str]) -> bool:
    return chosen is not None and chosen.exact and f"{chosen.topic}/{chosen.section}" in right


def _share(outcomes: list[bool]) -> float:
    return sum(outcomes) / len(outcomes) if outcomes else 0.0


def show_answers(measures: Mapping[str, AnswerMeasures], console: Console) -> None:
    """Print the measures as a table."""
    table = Table(title="The section shown first", title_justify="left")
    table.add_column("questions of")
    for heading in ("with an answer", "answered", "when the topic is right", "without", "said so"):
        table.add_column(heading, justify="right")
    for name, found in measures.items():
        table.add_row(
            name, str(found.questions), f"{found.answered:.3f}", f"{found.given_topic:.3f}",
            str(found.unanswerable), f"{found.admitted:.3f}",
        )  # fmt: skip
    console.print(table)
