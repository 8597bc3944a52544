"""What ``faro learn`` does with the files and the proposals, depending on what was measured."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from bot.cli import learn
from bot.cli.gate import Change
from bot.cli.learn import Outcome, Turn
from bot.cli.learn_command import Done, carry_out
from bot.cli.learning import CORRECTED, Plan
from bot.core.errors import BotError
from bot.settings import Settings, load_settings
from bot.transcripts.learning import Learning
from bot.transcripts.store import TranscriptStore
from tests.cli.test_learning import NEW, PERMIT, root
from tests.console.pages.planting import TODAY, words
from tests.transcripts.saying import NOON, keep
from tests.transcripts.test_learning import correct

__all__ = ["root"]

SAME = Change("answered_right", "all", 0.91, 0.92)
WORSE = Change("answered_right", "es", 0.91, 0.9)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(
        {"FARO_DATABASE_URL": f"sqlite:///{tmp_path / 'faro.db'}", "FARO_VAR": str(tmp_path)}
    )


def with_store[T](settings: Settings, work: Callable[[TranscriptStore], T]) -> T:
    async def run() -> T:
        store = TranscriptStore(settings.database_url)
        await store.start()
        try:
            return await work(store)  # type: ignore[misc]
        finally:
            await store.close()

    return asyncio.run(run())


def propose(settings: Settings, *texts: str, kinds: tuple[str, ...] = ("example", "test")) -> None:
    """Somebody corrected a turn for each text, and proposed it as these."""

    async def work(store: TranscriptStore) -> None:
        for number, text in enumerate(texts):
            await keep(store, number, "algo", "otra cosa")
            message = await correct(store, number, topic="work_permit", section="category")
            assert await Learning(store).propose(message, kinds, text, "s_1", NOON) == "proposed"

    with_store(settings, work)


def left(settings: Settings) -> list[tuple[str, str]]:
    """The open proposals: kind and text."""

    async def work(store: TranscriptStore) -> list[tuple[str, str]]:
        return sorted((one.kind, one.text) for one in await Learning(store).open())

    return with_store(settings, work)


@pytest.fixture
def run(root: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Done, str]]:
    """``run(changes, right, meanwhile, **options)``: the command on a project.

    In the place of a training stand these findings; ``meanwhile`` happens while it would run.
    """

    def command(
        changes: tuple[Change, ...] = (SAME,),
        right: bool = True,
        meanwhile: Callable[[], object] = lambda: None,
        **options: bool,
    ) -> tuple[Done, str]:
        def measure(plan: Plan, *_: object) -> Outcome:
            meanwhile()
            turns = [Turn(one, "was/so", "is/so", False, right) for one in (*plan.examples, *plan.tests)]
            return Outcome(changes, tuple(turns), ())

        monkeypatch.setattr(learn, "measure", measure)
        out = Console(width=200, record=True, file=io.StringIO())
        done = carry_out(settings, root, lambda _: root / "model", words(), TODAY, out=out, **options)
        return done, out.export_text()

    return command


def said(lang: str = "es") -> Path:
    return Path("data/nlu") / lang / PERMIT.name


def test_without_proposals_nothing_happens(run: Callable[..., tuple[Done, str]]) -> None:
    done, told = run()
    assert (done, "No proposal waits" in told) == (Done(), True)


def test_what_makes_no_measure_worse_is_written_and_taken(
    run: Callable[..., tuple[Done, str]], root: Path, settings: Settings
) -> None:
    propose(settings, NEW)
    done, told = run()
    assert (done.taken, done.stopped) == (2, False)
    assert f"      - {NEW}\n" in (root / said()).read_text(encoding="utf-8")
    assert NEW in (root / CORRECTED).read_text(encoding="utf-8")
    assert left(settings) == []
    for word in (
        "answered right",
        "+0.010",
        "example, test",
        "is/so",
        "1 of 1 corrected turns",
        "make vectors",
    ):
        assert word in told
    # A second run finds nothing, also where taking failed after the files were written.
    assert run()[0] == Done()


def test_what_stands_in_the_files_already_is_taken_without_a_training(
    run: Callable[..., tuple[Done, str]], root: Path, settings: Settings
) -> None:
    propose(settings, NEW)
    run()
    before = (root / said()).read_bytes()
    with_store(settings, lambda store: store.erase("c_0"))
    propose(settings, NEW)
    done, told = run((WORSE,))
    assert (done.taken, done.outcome, "2 stood in the files already" in told) == (2, None, True)
    assert (root / said()).read_bytes() == before


def test_a_measure_that_gets_worse_stops_it_before_any_file_is_touched(
    run: Callable[..., tuple[Done, str]], root: Path, settings: Settings
) -> None:
    propose(settings, NEW)
    before = [(root / path).read_bytes() for path in (said(), CORRECTED)]
    done, told = run((SAME, WORSE))
    assert (done.stopped, done.taken) == (True, 0)
    assert "-0.010 worse" in told
    assert [(root / path).read_bytes() for path in (said(), CORRECTED)] == before
    assert len(left(settings)) == 2
    done, _ = run((SAME, WORSE), keep_anyway=True)
    assert (done.stopped, done.taken) == (False, 2)
    assert (root / said()).read_bytes() != before[0]


def test_a_test_that_does_not_hold_yet_stays_open(
    run: Callable[..., tuple[Done, str]], root: Path, settings: Settings
) -> None:
    propose(settings, NEW)
    done, told = run(right=False)
    assert (done.taken, left(settings)) == (1, [("test", NEW)])
    assert "A test that does not hold yet is not written" in told
    assert NEW not in (root / CORRECTED).read_text(encoding="utf-8")


@pytest.mark.parametrize("keep_anyway", [False, True])
def test_nothing_is_written_when_what_trains_was_erased_or_taken_back_meanwhile(
    run: Callable[..., tuple[Done, str]], root: Path, settings: Settings, keep_anyway: bool
) -> None:
    propose(settings, NEW, "otra manera de preguntar por la casilla")
    before = [(root / path).read_bytes() for path in (said(), CORRECTED)]
    done, told = run(
        meanwhile=lambda: with_store(settings, lambda store: store.erase("c_0")), keep_anyway=keep_anyway
    )
    assert (done.taken, done.stopped) == (0, True)
    assert "erased or taken back" in told
    assert "(example, test of work_permit)" in told
    assert "Nothing was written" in told
    assert "make vectors" not in told
    assert [(root / path).read_bytes() for path in (said(), CORRECTED)] == before
    assert len(left(settings)) == 2
    # What is left is measured and written the next time.
    assert run()[0].taken == 2
    written = (root / said()).read_text(encoding="utf-8") + (root / CORRECTED).read_text(encoding="utf-8")
    assert NEW not in written


def test_a_test_that_was_taken_back_meanwhile_is_not_written_and_the_others_are(
    run: Callable[..., tuple[Done, str]], root: Path, settings: Settings
) -> None:
    propose(settings, NEW, "otra manera de preguntar por la casilla", kinds=("test",))
    done, told = run(
        meanwhile=lambda: with_store(settings, lambda store: Learning(store).withdraw("m_0_2")),
    )
    assert (done.taken, done.stopped, left(settings)) == (1, False, [])
    assert "1 proposal was erased or taken back" in told
    written = (root / CORRECTED).read_text(encoding="utf-8")
    assert NEW not in written
    assert "otra manera" in written


def test_what_cannot_be_written_is_not_taken(
    run: Callable[..., tuple[Done, str]], root: Path, settings: Settings
) -> None:
    propose(settings, NEW)

    def lock() -> None:
        (root / CORRECTED).unlink()
        (root / CORRECTED).mkdir()

    with pytest.raises(OSError):
        run(meanwhile=lock)
    assert len(left(settings)) == 2


def test_a_dry_run_shows_the_change_and_leaves_everything(
    run: Callable[..., tuple[Done, str]], root: Path, settings: Settings
) -> None:
    propose(settings, NEW, "cuanto cuesta [NAME_1]")
    before = (root / said()).read_bytes()
    done, told = run(dry_run=True)
    assert done == Done()
    assert f"+      - {NEW}" in told
    assert f"+++ b/{CORRECTED}" in told
    assert "Left open (example, work_permit): the text may not go into the files (masked)" in told
    assert (root / said()).read_bytes() == before
    assert len(left(settings)) == 4


def test_a_database_that_is_away_is_told_in_words(root: Path) -> None:
    away = load_settings({"FARO_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"})
    with pytest.raises(BotError, match="database does not answer"):
        carry_out(away, root, lambda _: root, words(), TODAY)
