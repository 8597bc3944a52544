"""The whole way of a wrong answer: judged and rewritten in the console, learned, trained, and then right.

Thirty turns that the present model gets wrong, in both languages. The files that change are those of a copy of the
project; a training takes one to two minutes, so everything is looked at after the same one.
"""

from __future__ import annotations

import asyncio
import csv
import io
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.console import Console as Terminal

from bot.cli.learn import Outcome
from bot.cli.learn_command import Done, carry_out
from bot.cli.learning import CORRECTED, read_cases
from bot.cli.nlu_files import Line, example_lines
from bot.cli.paths import ROOT
from bot.cli.training import model_path
from bot.settings import Settings, load_settings
from bot.transcripts.learning import Learning
from tests.console.conftest import start, stop
from tests.console.pages.planting import TODAY, Planted, answer, beside, words

ROWS = Path(__file__).parents[1] / "vectors" / "learning" / "corrections.tsv"
LINES = [line for line in ROWS.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
TURNS = [Line(*row) for row in csv.reader(LINES, delimiter="\t")]


@dataclass(frozen=True, slots=True)
class Learned:
    """A copy of the project after ``faro learn``."""

    root: Path
    done: Done
    printed: str
    left: int

    @property
    def outcome(self) -> Outcome:
        assert self.done.outcome is not None
        return self.done.outcome


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Learned:
    folder = tmp_path_factory.mktemp("learning")
    root = folder / "project"
    for name in ("data", "tests/eval"):
        shutil.copytree(ROOT / name, root / name)
    for name in ("domain.yml", "config.yml", str(CORRECTED)):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    url = f"sqlite:///{folder / 'faro.db'}"
    settings = load_settings({"FARO_DATABASE_URL": url, "FARO_VAR": str(folder)})
    asyncio.run(correct_all(settings, folder))
    terminal = Terminal(width=200, record=True, file=io.StringIO())
    done = carry_out(settings, root, lambda _: model_path(ROOT / "var"), words(), TODAY, out=terminal)
    return Learned(root, done, terminal.export_text(), asyncio.run(left(settings, folder)))


async def correct_all(settings: Settings, folder: Path) -> None:
    """A reviewer judges every turn and proposes it, through the forms of the console."""
    console = await start(settings.database_url, folder, other=beside())
    try:
        staff, _ = await console.member("reviewer")
        reviewer = await console.signed_in(staff)
        for turn in TURNS:
            planted = Planted(turn.language)
            planted.heard(turn.text, "nlu_fallback", 0.35, look="fallback")
            message = planted.said(answer("what_is_asylum", turn.language))
            await planted.save(console.store)
            judged = {"verdict": "fix", f"right.{message}": f"{turn.intent}/{turn.section}"}
            response = await reviewer.post(f"/judging/{planted.id}", judged)
            assert response.status == 303, await response.text()
            proposed = {"text": turn.text, "example": "yes", "test": "yes"}
            response = await reviewer.post(f"/learning/turns/{message}", proposed)
            assert "said=proposed" in response.headers["Location"]
    finally:
        await stop(console)


async def left(settings: Settings, folder: Path) -> int:
    """How many proposals are still open."""
    console = await start(settings.database_url, folder)
    try:
        return len(await Learning(console.store).open())
    finally:
        await stop(console)


def test_there_are_fifteen_turns_of_each_language() -> None:
    assert (
        [turn.language for turn in TURNS].count("en") == [turn.language for turn in TURNS].count("es") == 15
    )


def test_every_turn_was_wrong_and_is_right(learned: Learned) -> None:
    turns = [turn for turn in learned.outcome.turns if turn.proposal.kind == "example"]
    assert len(turns) == len(TURNS)
    assert [turn.proposal.text for turn in turns if turn.right_before] == []
    assert [(turn.proposal.text, turn.after) for turn in turns if not turn.right_after] == []


def test_no_measure_of_the_gate_drops(learned: Learned) -> None:
    assert len(learned.outcome.changes) == 15
    assert learned.outcome.worse == ()
    assert learned.done.stopped is False


def test_the_files_hold_the_examples_and_the_tests(learned: Learned) -> None:
    added = [*example_lines(learned.root / "data" / "nlu")]
    assert set(added) - set(example_lines(ROOT / "data" / "nlu")) == set(TURNS)
    told = [case["turns"][0] for case in read_cases(learned.root)]
    assert {(turn["say"], turn["id"], turn.get("section")) for turn in told} >= {
        (turn.text, turn.intent, turn.section) for turn in TURNS
    }


def test_every_proposal_is_taken_and_the_measures_are_printed(learned: Learned) -> None:
    assert (learned.done.taken, learned.left) == (2 * len(TURNS), 0)
    assert "30 of 30 corrected turns are right now." in learned.printed
    assert "answered right" in learned.printed
    assert "make vectors" in learned.printed
