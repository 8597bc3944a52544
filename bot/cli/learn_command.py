"""The command ``faro learn``: what it asks for, does in turn, and prints."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from bot.cli.paths import ROOT
from bot.core.errors import BotError
from bot.settings import Settings, load_settings, with_demo_secrets

if TYPE_CHECKING:
    from bot.cli.gate import Change
    from bot.cli.learn import Outcome
    from bot.cli.learning import Plan
    from bot.cli.training import Progress
    from bot.core.content import Library
    from bot.transcripts.learning import Proposal
    from bot.transcripts.store import TranscriptStore

console = Console(highlight=False, soft_wrap=True)

NEXT = """\
What is left to do, before the change is committed:
  make vectors     the sentence vectors of the new examples
  git diff         read every line: nothing in it may point to a person
  make test        with the new model; where the measures are meant to move, record them:
                   faro evaluate tests/eval/questions_dev.jsonl --answers tests/eval/answers.jsonl \\
                     --record tests/eval/recorded.json"""

_MEASURES = {
    "answered_right": "answered right",
    "right_in_three": "right in three",
    "confidently_wrong": "confidently wrong",
    "false_accept": "false accept",
    "answered": "right section first",
}


def learn(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would change.")] = False,
    keep_anyway: Annotated[
        bool, typer.Option("--keep-anyway", help="Write the files even when a measure gets worse.")
    ] = False,
    group: Annotated[
        bool, typer.Option("--group", help="Instead: group unanswered questions by meaning, for the console.")
    ] = False,
    days: Annotated[int, typer.Option("--days", min=1, max=3660, help="With --group: how far back.")] = 90,
) -> None:
    """Turn what staff corrected into examples and tests, if no measure of the evaluation gets worse by it."""
    if group and (dry_run or keep_anyway):
        raise BotError("--group changes no file: leave out --dry-run and --keep-anyway.")
    here = with_demo_secrets(load_settings(os.environ))
    library, today = _library(here), here.today or datetime.now(UTC).date()
    if group:
        from bot.cli.grouping import group_unanswered

        async def by_meaning(store: TranscriptStore) -> tuple[int, int]:
            return await group_unanswered(store, library, today, datetime.now(UTC), days)

        questions, groups = asyncio.run(_with_store(here, by_meaning))
        console.print(f"{questions:,} unanswered questions of the last {days} days are in {groups:,} groups.")
        return
    from bot.cli.training import model_path, train

    def model(progress: Progress) -> Path:
        """The model of the files as they are."""
        train(here.var, progress)
        return model_path(here.var)

    done = carry_out(here, ROOT, model, library, today, dry_run=dry_run, keep_anyway=keep_anyway)
    if done.stopped:
        raise typer.Exit(1)


@dataclass(frozen=True, slots=True)
class Done:
    """What came of it: how many proposals are taken, and what was measured, if anything had to be.

    ``stopped``: a measure got worse, or an example is not there any more, and no file was written therefore.
    """

    taken: int = 0
    outcome: Outcome | None = None
    stopped: bool = False


def carry_out(
    settings: Settings,
    root: Path,
    model: Callable[[Progress], Path],
    library: Library,
    today: date,
    *,
    dry_run: bool = False,
    keep_anyway: bool = False,
    out: Console = console,
) -> Done:
    """Takes what can be taken of the proposals, and prints what it does.

    ``model`` gives the model of the files as they are; the files are those below ``root``.
    """
    from bot.cli import learning
    from bot.cli.bar import progress_bar
    from bot.cli.learn import measure
    from bot.transcripts.learning import Learning

    proposals = asyncio.run(_with_store(settings, lambda store: Learning(store).open()))
    if not proposals:
        out.print("No proposal waits. Staff make them in the console, under Learning.")
        return Done()
    plan = learning.make_plan(
        proposals,
        root,
        {
            name: frozenset(section.id for article in topic.articles.values() for section in article.sections)
            for name, topic in library.topics.items()
        },
    )
    _show_refused(plan, out)
    if dry_run:
        # Which tests hold is known after training only.
        out.print(
            "".join(learning.difference(learning.with_tests(plan, plan.tests, root), root)), markup=False
        )
        return Done()
    outcome = None
    holding: Sequence[Proposal] = ()
    if plan.examples or plan.tests:
        with progress_bar(out, "Learning from the examples") as progress:
            outcome = measure(plan, root, model(progress), library, today, progress)
        show(outcome, out)
        if outcome.worse and not keep_anyway:
            out.print("A measure got worse, so nothing was written. --keep-anyway writes it all the same.")
            return Done(outcome=outcome, stopped=True)
        holding = outcome.holding
    wanted = (*plan.examples, *plan.known, *holding)
    try:
        count = _take(settings, plan, wanted, holding, root, out)
    except _GoneMeanwhile:
        out.print("Nothing was written: what was measured had them among the examples. Run it once more.")
        return Done(outcome=outcome, stopped=True)
    out.print(f"{count} of {len(proposals)} proposals are taken; the others stay open.")
    if count and outcome is not None:
        out.print(NEXT, markup=False)
    return Done(count, outcome)


class _GoneMeanwhile(Exception):
    """An example was erased or taken back while the model trained with it."""


def _take(
    settings: Settings,
    plan: Plan,
    wanted: Sequence[Proposal],
    holding: Sequence[Proposal],
    root: Path,
    out: Console,
) -> int:
    """Writes what is still there of a plan, and tells what is not; how many proposals are taken.

    Training takes minutes, in which a person may erase their conversation and staff may change their mind. Raises
    _GoneMeanwhile, with nothing written or taken, when an example is not there any more.
    """
    from bot.cli import learning
    from bot.transcripts.learning import Learning

    def write(there: frozenset[str]) -> None:
        gone = [one for one in wanted if one.id not in there]
        if gone:
            _show_gone(gone, out)
        if any(one.id not in there for one in plan.examples):
            raise _GoneMeanwhile
        learning.write(learning.with_tests(plan, [one for one in holding if one.id in there], root), root)

    ids = [one.id for one in wanted]
    return asyncio.run(
        _with_store(settings, lambda store: Learning(store).take(ids, datetime.now(UTC), write))
    )


def show(outcome: Outcome, out: Console) -> None:
    """Prints the measures before and after, the corrected turns, and the questions that moved."""
    table = Table(title="Measures of the evaluation", title_justify="left")
    table.add_column("measure")
    table.add_column("questions of")
    for heading in ("before", "after", "change"):
        table.add_column(heading, justify="right")
    for change in outcome.changes:
        table.add_row(_MEASURES[change.measure], change.language, *_cells(change))
    out.print(table)
    turns = Table(title="Corrected turns", title_justify="left")
    for heading in ("kind", "text", "shall be", "was", "is", "right now"):
        turns.add_column(heading)
    kinds: dict[str, list[str]] = {}
    for turn in outcome.turns:
        kinds.setdefault(turn.proposal.message_id, []).append(turn.proposal.kind)
    for turn in outcome.turns:
        kind = ", ".join(kinds.pop(turn.proposal.message_id, ()))
        if kind:
            wanted = "/".join(part for part in (turn.proposal.topic, turn.proposal.section) if part)
            now = "yes" if turn.right_after else "NO"
            turns.add_row(kind, turn.proposal.text, wanted, turn.before, turn.after, now)
    out.print(turns)
    right = {turn.proposal.message_id for turn in outcome.turns if turn.right_after}
    whole = {turn.proposal.message_id for turn in outcome.turns}
    out.print(f"{len(right)} of {len(whole)} corrected turns are right now.")
    if len(outcome.holding) < sum(turn.proposal.kind == "test" for turn in outcome.turns):
        out.print("A test that does not hold yet is not written: propose its turn as an example too.")
    for found in outcome.flipped:
        told = f"right now, was {found.said}" if found.right_now else f"was right, now {found.said}"
        out.print(f"  {found.question.id} {told}: {found.question.text}", markup=False)


def _cells(change: Change) -> tuple[str, str, str]:
    mark = " worse" if change.worse else ""
    return f"{change.before:.3f}", f"{change.after:.3f}", f"{change.by:+.3f}{mark}"


def _show_refused(plan: Plan, out: Console) -> None:
    for refused in plan.refused:
        out.print(
            f"Left open ({refused.proposal.kind}, {refused.proposal.topic}): {refused.reason}.",
            style="yellow",
        )
    if plan.known:
        out.print(f"{len(plan.known)} stood in the files already.")


def _show_gone(gone: Sequence[Proposal], out: Console) -> None:
    """Says which, by what they are about: their words may have been erased."""
    turns: dict[str, list[Proposal]] = {}
    for one in gone:
        turns.setdefault(one.message_id, []).append(one)
    told = "; ".join(
        f"{', '.join(sorted(one.kind for one in turn))} of {turn[0].topic}" for turn in turns.values()
    )
    was = "proposal was" if len(gone) == 1 else "proposals were"
    out.print(
        f"{len(gone)} {was} erased or taken back meanwhile ({told}).",
        style="yellow",
        markup=False,
    )


async def _with_store[T](settings: Settings, work: Callable[[TranscriptStore], Awaitable[T]]) -> T:
    """What ``work`` gives with the transcripts open. Raises BotError when the database does not answer."""
    from sqlalchemy.exc import SQLAlchemyError

    from bot.transcripts.store import TranscriptStore

    store = TranscriptStore(settings.database_url)
    try:
        await store.start()
        return await work(store)
    except SQLAlchemyError as exc:
        raise BotError(
            f"The database does not answer as it should ({type(exc).__name__}). Is it running, and is "
            "FARO_DATABASE_URL right?"
        ) from exc
    finally:
        await store.close()


def _library(settings: Settings) -> Library:
    from bot.core.content import load_library
    from bot.core.firm import load_firm
    from bot.core.law import load_parameters

    bot = ROOT / "bot"
    return load_library(
        bot / "content", load_parameters(bot / "law" / "parameters"), load_firm(settings.firm)
    )
