"""Whether the section shown first is right: files of right sections, and the measures worked out by hand."""

from __future__ import annotations

import io
import json
import re
import shutil
from datetime import date
from pathlib import Path

import pytest
from rich.console import Console

from bot.cli import answers
from bot.cli.answers import AnswerMeasures, answers_by_language, read_answers, show_answers, shown_sections
from bot.cli.evaluation import EvaluationFailed
from bot.cli.measures import Prediction, Question
from bot.core.content import Library, load_library
from bot.core.content.choosing import NEAR, SURE, Chosen
from bot.core.errors import DataFileError
from bot.core.firm import load_firm
from bot.core.law import load_parameters

GOOD = Path(__file__).resolve().parents[1] / "broken/good"
TODAY = date(2026, 7, 10)


# files


def test_the_right_sections_of_each_question_are_read(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(
        '{"id": "q1", "sections": ["travel/cost", "travel/general"]}\n\n{"id": 2, "sections": []}\n'
    )
    assert read_answers(file) == {"q1": {"travel/cost", "travel/general"}, "2": frozenset()}


@pytest.mark.parametrize(
    "line",
    [
        "{broken",
        "[]",
        "7",
        '{"id": "q2"}',
        '{"sections": []}',
        '{"id": "q2", "sections": null}',
        '{"id": "q2", "sections": [["travel/cost"]]}',
        '{"id": "q2", "sections": "travel/cost"}',
    ],
)
def test_a_line_that_names_no_sections_is_told_with_its_place(line: str, tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(f'{{"id": "q1", "sections": []}}\n{line}\n')
    with pytest.raises(DataFileError) as caught:
        read_answers(file)
    assert (caught.value.path, caught.value.line) == (str(file), 2)
    assert '"sections"' in caught.value.fix


def test_a_missing_file_is_told_without_a_traceback(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match="cannot be read"):
        read_answers(tmp_path / "nowhere.jsonl")


# measures

Row = tuple[Question, Prediction, Chosen | None]


def row(id: str, said: str, shown: str | None, *, exact: bool = True, lang: str = "en") -> Row:
    """A question about ``work_permit`` that was taken for ``said`` and answered with ``shown``."""
    question = Question(id, lang, "plain", "?", "work_permit", frozenset({"work_permit"}))
    prediction = Prediction(id, said, 0.9, ((said, 0.9),))
    if shown is None:
        return question, prediction, None
    topic, _, section = shown.partition("/")
    return question, prediction, Chosen(topic, section, 1.0 if exact else 0.0)


def measured(rows: list[Row], right: dict[str, str], parents: dict[str, str] | None = None) -> AnswerMeasures:
    sections = {id: frozenset(named.split()) for id, named in right.items()}
    pairs = [(question, prediction) for question, prediction, _ in rows]
    return answers_by_language(pairs, [shown for *_, shown in rows], sections, parents or {})["all"]


def test_any_of_the_right_sections_answers() -> None:
    rows = [
        row("a", "work_permit", "work_permit/cost"),
        row("b", "work_permit", "work_permit/wait"),
        row("c", "work_permit", "travel/cost"),
        row("d", "nlu_fallback", None),
    ]
    result = measured(rows, dict.fromkeys("abcd", "work_permit/cost work_permit/general"))
    assert (result.questions, result.answered) == (4, 1 / 4)


def test_a_right_section_that_was_not_shown_for_being_far_does_not_answer() -> None:
    result = measured([row("a", "work_permit", "work_permit/cost", exact=False)], {"a": "work_permit/cost"})
    assert result.answered == 0.0


def test_where_the_topic_was_understood_is_told_apart() -> None:
    rows = [
        row("a", "work_permit", "work_permit/cost"),
        row("b", "work_permit", "work_permit/wait"),
        row("c", "travel", "travel/cost"),
        row("d", "nlu_fallback", None),
    ]
    result = measured(rows, dict.fromkeys("abcd", "work_permit/cost"))
    assert (result.answered, result.given_topic) == (1 / 4, 1 / 2)


def test_a_child_topic_that_was_understood_counts_as_its_parent() -> None:
    rows = [row("a", "work_permit_renewal", "work_permit_renewal/general")]
    result = measured(rows, {"a": "work_permit_renewal/general"}, {"work_permit_renewal": "work_permit"})
    assert result.given_topic == 1.0


def test_a_question_without_a_right_section_is_admitted_when_none_is_shown() -> None:
    rows = [
        row("a", "work_permit", None),
        row("b", "work_permit", "work_permit/cost", exact=False),
        row("c", "work_permit", "work_permit/cost"),
        row("d", "work_permit", "work_permit/cost"),
    ]
    result = measured(rows, {"a": "", "b": "", "c": "", "d": "work_permit/cost"})
    assert (result.questions, result.answered) == (1, 1.0)
    assert (result.unanswerable, result.admitted) == (3, 2 / 3)


def test_a_question_that_is_not_in_the_file_does_not_count() -> None:
    rows = [row("a", "work_permit", "work_permit/cost"), row("b", "work_permit", None)]
    assert measured(rows, {"a": "work_permit/cost"}).questions == 1


def test_languages_are_told_apart_and_mixed_questions_count_in_all() -> None:
    rows = [
        row("a", "work_permit", "work_permit/cost"),
        row("b", "work_permit", None, lang="es"),
        row("c", "work_permit", None, lang="mixed"),
    ]
    found = answers_by_language(
        [(q, p) for q, p, _ in rows],
        [shown for *_, shown in rows],
        dict.fromkeys("abc", frozenset({"work_permit/cost"})),
        {},
    )
    assert {name: (m.questions, m.answered) for name, m in found.items()} == {
        "all": (3, 1 / 3), "en": (1, 1.0), "es": (1, 0.0),
    }  # fmt: skip


def test_nothing_to_measure_is_no_error() -> None:
    assert measured([], {}) == AnswerMeasures(0, 0.0, 0.0, 0, 0.0)


def test_the_table_has_a_line_for_each_language() -> None:
    printed = io.StringIO()
    show_answers({"en": AnswerMeasures(4, 0.75, 1.0, 2, 0.5)}, Console(file=printed, width=120))
    assert re.findall(r"[\w.]+", printed.getvalue().splitlines()[-2]) == [
        "en",
        "4",
        "0.750",
        "1.000",
        "2",
        "0.500",
    ]


# what would be shown


@pytest.fixture
def library() -> Library:
    firm = load_firm(GOOD / "content/firm.yml")
    return load_library(GOOD / "content", load_parameters(GOOD / "law/parameters"), firm)


def asked(text: str, *ranking: tuple[str, float]) -> tuple[Question, Prediction]:
    question = Question(text, "en", "plain", text, "work_permit", frozenset({"work_permit"}))
    return question, Prediction(text, *ranking[0], ranking)


def test_the_bot_and_the_measure_look_at_the_same_topics_and_show_the_same_section(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine's part is left out: every question fits the fee as well as its text says."""
    looked_at: list[list[str]] = []

    def score(command: list[str], failure: str) -> None:
        rows = [json.loads(line) for line in Path(command[-3]).read_text(encoding="utf-8").splitlines()]
        looked_at.extend(list(row["topics"]) for row in rows)
        scores = [
            {
                topic: {section: float(row["text"]) * (section == "fee") for section in groups}
                for topic, groups in row["topics"].items()
            }
            for row in rows
        ]
        Path(command[-1]).write_text("".join(json.dumps(row) + "\n" for row in scores), encoding="utf-8")

    monkeypatch.setattr(answers, "run_engine", score)
    permit, filing, unsure = "work_permit", "filing_fee", "nlu_fallback"
    shown = shown_sections(
        [
            asked("1.0", (permit, 0.9), (filing, 0.1)),
            asked("1.0", (filing, 0.5), (permit, 0.4)),
            asked("1.0", (permit, 0.5), (unsure, 0.3), (filing, 0.4)),
            asked(str(NEAR), (unsure, 0.3), (filing, 0.2), (permit, 0.2)),
            asked(str(SURE), (unsure, 0.3), (filing, 0.2), (permit, 0.2)),
            asked("1.0", ("greet", 0.9)),
        ],
        library,
        TODAY,
    )
    both = [permit, filing]
    assert looked_at == [[permit], both[::-1], both, both[::-1], both[::-1], []]
    assert [found and (found.topic, found.section, found.exact) for found in shown] == [
        *[(permit, "fee", True)] * 3, None, (permit, "fee", True), None,
    ]  # fmt: skip


def test_an_engine_that_fails_is_told(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "ENGINE_PYTHON", Path(shutil.which("false") or "/bin/false"))
    with pytest.raises(EvaluationFailed, match="could not score"):
        shown_sections([asked("can i work", ("work_permit", 0.9))], library, TODAY)
