"""From proposals to changed files, without a model."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.cli.learning import CORRECTED, difference, make_plan, read_cases, with_tests, write
from bot.cli.nlu_files import Line, example_lines, with_line
from bot.core import yaml12
from bot.transcripts.learning import Proposal
from tests.project.nlu_data import examples

ROOT = Path(__file__).parents[2]
SECTIONS = {"work_permit": frozenset({"general", "category"}), "travel": frozenset({"general"})}
PERMIT = Path("data/nlu/en/work_permit.yml")
NEW = "what goes into box number twenty seven"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with two intents, an exam and no tests yet."""
    for name in ("work_permit", "travel", "talk_to_human"):
        for lang in ("en", "es"):
            place = tmp_path / "data" / "nlu" / lang / f"{name}.yml"
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / "data" / "nlu" / lang / f"{name}.yml", place)
    for folder in ("eval", "conversations"):
        (tmp_path / "tests" / folder).mkdir(parents=True)
    for name in ("questions_dev.jsonl", "dialogues_dev.jsonl"):
        shutil.copy(ROOT / "tests" / "eval" / name, tmp_path / "tests" / "eval" / name)
    (tmp_path / CORRECTED).write_text("# nothing yet\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def proposal() -> Callable[..., Proposal]:
    numbers = itertools.count()

    def make(text: str = NEW, kind: str = "example", **more: object) -> Proposal:
        id = f"p_{next(numbers)}"
        known = {
            "id": id, "kind": kind, "conversation_id": "c", "message_id": f"m_{id}", "language": "en", "text": text,
            "topic": "work_permit", "section": "category", "made_by": "s",
            "made_at": datetime(2026, 11, 22, tzinfo=UTC),
        }  # fmt: skip
        return Proposal(**{**known, **more})  # type: ignore[arg-type]

    return make


def test_an_example_stands_at_the_end_of_its_section_and_nothing_else_changes(
    root: Path, proposal: Callable[..., Proposal]
) -> None:
    plan = make_plan([proposal()], root, SECTIONS)
    assert list(plan.files) == [PERMIT]
    lines = [
        line for line in difference(plan.files, root) if line[0] in "+-" and line[:3] not in ("+++", "---")
    ]
    assert lines == [f"+      - {NEW}\n"]
    before = list(example_lines(root / "data" / "nlu"))
    write(plan.files, root)
    after = list(example_lines(root / "data" / "nlu"))
    assert set(after) - set(before) == {Line("en", "work_permit", "category", NEW)}
    assert len(after) == len(before) + 1


@pytest.mark.parametrize("section", ["general", None])
def test_a_block_is_made_where_there_is_none(section: str | None) -> None:
    content = (
        'version: "3.1"\nnlu:\n  - intent: a\n    metadata: {language: es}\n    examples: |\n      - uno\n'
    )
    changed = with_line(content, Line("en", "a", section, "first: #1 'quoted' \"too\""))
    assert changed.startswith(content)
    block = yaml12.load(changed, "a.yml")["nlu"][1]
    told = {"language": "en"} if section is None else {"language": "en", "section": section}
    assert (block["metadata"], block["examples"]) == (told, "- first: #1 'quoted' \"too\"\n")


@pytest.mark.parametrize("text", ["two\nlines", " "])
def test_only_a_line_can_be_added(text: str) -> None:
    with pytest.raises(ValueError, match="one line"):
        with_line("", Line("en", "a", None, text))


def test_every_block_of_the_project_is_found(root: Path) -> None:
    """Else a new example would make a second block of a section that has one."""
    for path in sorted((ROOT / "data" / "nlu").rglob("*.yml")):
        content = path.read_text(encoding="utf-8")
        for block in yaml12.load_file(path)["nlu"]:
            if block["metadata"]["language"] != path.parent.name:
                continue
            line = Line(path.parent.name, block["intent"], block["metadata"].get("section"), "a new one")
            assert len(with_line(content, line)) == len(content) + len("      - a new one\n"), path


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"language": "mixed"}, "not a language"),
        ({"section": "weather"}, "no section weather"),
        ({"topic": "weather", "section": None}, "there is no data/nlu/en/weather.yml"),
        ({"text": "soy [NAME_1]"}, "masked"),
        ({"text": "two\nlines"}, "several lines"),
        ({"text": "call me at 202 555 0142"}, "personal"),
        ({"kind": "test", "topic": "talk_to_human", "section": None}, "no article"),
    ],
)
def test_what_cannot_be_taken_stays_open_with_its_reason(
    root: Path, proposal: Callable[..., Proposal], more: dict[str, str], told: str
) -> None:
    plan = make_plan([proposal(**more)], root, SECTIONS)
    assert (plan.files, plan.examples, plan.tests, plan.known) == ({}, (), (), ())
    (refused,) = plan.refused
    assert told in refused.reason


def test_a_near_copy_of_the_exam_does_not_train(root: Path, proposal: Callable[..., Proposal]) -> None:
    (root / "tests/eval/questions_dev.jsonl").write_text(
        '{"id": "q1", "lang": "en", "text": "What goes into box number 27, please?", "label": "work_permit"}\n'
    )
    plan = make_plan([proposal("what goes into box number 27 please"), proposal()], root, SECTIONS)
    (refused,) = plan.refused
    assert "near copy of q1" in refused.reason
    assert [one.text for one in plan.examples] == [NEW]


def test_no_line_comes_to_stand_twice_or_under_two_intents(
    root: Path, proposal: Callable[..., Proposal]
) -> None:
    there = next(e.text for e in examples() if e.intent == "travel" and e.language == "en")
    plan = make_plan(
        [
            proposal(there.upper(), topic="travel", section=None),
            proposal(there),
            proposal(),
            proposal(f"{NEW}?"),
            proposal(NEW, topic="travel", section=None),
        ],
        root,
        SECTIONS,
    )
    assert [one.text for one in plan.known] == [there.upper(), f"{NEW}?"]
    assert [one.text for one in plan.examples] == [NEW]
    assert [refused.reason for refused in plan.refused] == [
        "the same line is an example of travel",
        "the same line is an example of work_permit",
    ]


def test_a_test_is_written_as_the_conversation_tests_read_it(
    root: Path, proposal: Callable[..., Proposal]
) -> None:
    said = 'what goes in the "box": 27? #yes'
    plan = make_plan(
        [proposal(said, "test"), proposal("box?", "test", section=None, language="es")], root, SECTIONS
    )
    assert plan.files == {}
    write(with_tests(plan, plan.tests, root), root)
    first, second = read_cases(root)
    assert first["turns"] == [{"say": said, "id": "work_permit", "section": "category", "kind": "answer"}]
    assert (second["language"], second["turns"]) == (
        "es",
        [{"say": "box?", "id": "work_permit", "kind": "answer"}],
    )
    assert (root / CORRECTED).read_text(encoding="utf-8").startswith("# nothing yet\n")
    again = make_plan([proposal(said, "test")], root, SECTIONS)
    assert (again.tests, len(again.known)) == ((), 1)


def test_a_second_test_of_the_same_words_shares_the_fate_of_the_first(
    root: Path, proposal: Callable[..., Proposal]
) -> None:
    first, same, other = (
        proposal(NEW, "test"),
        proposal(f"{NEW}?", "test"),
        proposal(NEW, "test", topic="travel"),
    )
    other = replace(other, section=None)
    plan = make_plan([first, same, other], root, SECTIONS)
    assert (plan.tests, plan.known) == ((first, same), ())
    assert [refused.reason for refused in plan.refused] == [
        "the same words are a test of work_permit/category"
    ]
    # Neither is written where they do not hold, and one line where they do.
    assert with_tests(plan, [], root) == {}
    write(with_tests(plan, plan.tests, root), root)
    (case,) = read_cases(root)
    assert case["turns"][0]["say"] == NEW
    again = make_plan([same, other, proposal(NEW, "test", section=None)], root, SECTIONS)
    assert [one.id for one in again.known] == [same.id]
    assert [refused.reason for refused in again.refused] == [
        "the same words are a test of work_permit/category"
    ] * 2


def test_files_are_written_all_or_not_at_all(root: Path, proposal: Callable[..., Proposal]) -> None:
    plan = make_plan([proposal()], root, SECTIONS)
    before = (root / PERMIT).read_bytes()
    # Half of a sign, which no file can hold.
    with pytest.raises(UnicodeError):
        write({**plan.files, CORRECTED: "\ud800"}, root)
    assert (root / PERMIT).read_bytes() == before
    assert read_cases(root) == []
