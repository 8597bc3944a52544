"""The ``faro`` command. Each command is thin: it reads its arguments and calls one room."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.padding import Padding

from bot.cli.booking import app as booking_app
from bot.cli.keys import app as keys_app
from bot.cli.learn_command import learn
from bot.cli.paths import ROOT
from bot.cli.recall import recall
from bot.cli.staff import app as staff_app
from bot.cli.staff import audit_app
from bot.cli.whatsapp import app as whatsapp_app
from bot.core.errors import BotError
from bot.settings import Settings, load_settings, with_demo_secrets

if TYPE_CHECKING:
    from bot.core.content import Library

app = typer.Typer(
    help="Faro answers questions about U.S. asylum in English and Spanish.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
check_app = typer.Typer(help="Check what people edit.", invoke_without_command=True)
content_app = typer.Typer(help="Approve articles, and print them for a lawyer.", no_args_is_help=True)
app.add_typer(check_app, name="check")
app.add_typer(content_app, name="content")
app.add_typer(booking_app, name="booking")
app.add_typer(whatsapp_app, name="whatsapp")
app.add_typer(staff_app, name="staff")
app.add_typer(keys_app, name="keys")
app.add_typer(audit_app, name="audit")
app.command()(learn)
app.command()(recall)

console = Console(highlight=False, soft_wrap=True)
errors = Console(stderr=True, highlight=False, soft_wrap=True)

AsOf = Annotated[str | None, typer.Option("--as-of", help="Read everything as on this day (YYYY-MM-DD).")]
Strict = Annotated[bool, typer.Option("--strict", help="A review that is overdue is an error too.")]
Language = Annotated[str, typer.Option("--lang", help="en or es.")]


def main() -> None:
    """Run the command; a mistake of the user ends with its remedy and exit code 1, never with a traceback."""
    try:
        app()
    except BotError as exc:
        errors.print(str(exc), style="red", markup=False)
        sys.exit(1)
    except BrokenPipeError:
        # `faro ... | head` closed the pipe; Python would complain once more while it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def settings() -> Settings:
    """The checked settings with the secrets of this machine."""
    return with_demo_secrets(load_settings(os.environ))


def day(as_of: str | None) -> date:
    """The day that a command reads the content for: as asked, else FARO_TODAY, else today."""
    if as_of is None:
        return load_settings(os.environ).today or date.today()  # noqa: DTZ011 - the person at the terminal means theirs
    try:
        return date.fromisoformat(as_of)
    except ValueError as exc:
        raise BotError(f"{as_of!r} is not a date. Write it as YYYY-MM-DD.") from exc


@app.command()
def up(
    demo: Annotated[bool, typer.Option("--demo", help="Open the page with suggested questions.")] = False,
) -> None:
    """Start everything, watch it, restart what dies; Ctrl-C stops it."""
    from bot.cli.up import up as start

    start(settings(), console, demo=demo)


@app.command()
def erase(
    conversation: Annotated[str, typer.Argument(help="The id of the conversation, as the console shows it.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
) -> None:
    """Delete everything about one conversation, for good; also while Faro runs."""
    from bot.cli.erase import BEYOND, run

    if not yes:
        typer.confirm(f"Delete everything about {conversation} for good?", abort=True)
    result = run(settings(), conversation)
    console.print("Deleted." if result.found else "There was nothing to delete.")
    for code in result.beyond:
        console.print(BEYOND[code], style="yellow")


@app.command()
def week(
    monday: Annotated[
        str | None, typer.Option("--monday", help="A day of the week, YYYY-MM-DD; else the last one.")
    ] = None,
    lang: Language = "en",
    as_json: Annotated[bool, typer.Option("--json", help="Write it as JSON.")] = False,
) -> None:
    """Tell the week: how many conversations, what got worse, and every figure by language."""
    from rich.table import Table

    from bot.cli.week import week as run

    _check_language(lang)
    told = run(settings(), monday, lang)
    if as_json:
        typer.echo(json.dumps(told.as_dict(), ensure_ascii=False, indent=2))
        return
    table = Table(*told.head, title=told.title)
    for line in told.lines:
        table.add_row(*line)
    console.print(table)
    for sentence in told.sentences:
        console.print(sentence, markup=False)


@app.command()
def train(
    force: Annotated[bool, typer.Option("--force", help="Train even when nothing has changed.")] = False,
) -> None:
    """Train the model, if anything that it depends on has changed."""
    from bot.cli.bar import progress_bar
    from bot.cli.training import train as run

    var = load_settings(os.environ).var
    with progress_bar(console, "Learning from the examples") as progress:
        seconds = run(var, progress, force=force)
    console.print(
        f"Trained in {seconds:.0f} s." if seconds else "Nothing has changed since the last training."
    )


@app.command()
def vectors(as_of: AsOf = None) -> None:
    """Write the sentence vectors that travel with the project; after editing examples or articles' questions."""
    from bot.cli.bar import progress_bar
    from bot.cli.vectors import texts_by_topic, write_vectors

    with progress_bar(console, "Reading the texts") as progress:
        write_vectors(texts_by_topic(_library(), day(as_of)), progress)


@app.command("demo-data")
def demo_data(
    conversations: Annotated[int, typer.Option("--conversations", min=1, help="How many to make up.")] = 200,
    seed: Annotated[int, typer.Option("--seed", help="The same number makes the same conversations.")] = 1,
) -> None:
    """Write made-up conversations into the database, to try the staff console with."""
    from bot.cli.demo_data import make

    made = make(settings(), conversations, seed)
    console.print(
        f"Made {made.conversations:,} conversations with {made.messages:,} messages and {made.requests:,} requests."
    )


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="In English or Spanish.")], lang: Language = "en"
) -> None:
    """Ask a running Faro; shows the answer with intent and confidence."""
    from bot.cli.engine_client import ask as ask_engine
    from bot.core.messages import Reply

    here = settings()
    turn = asyncio.run(ask_engine(here, question, lang, "America/New_York"))
    intent = turn["parse"]["intent"]
    console.print(f"{intent['name']}  {intent['confidence']:.2f}", style="dim")
    for message in turn["messages"]:
        reply = Reply.from_dict(message)
        if reply.title:
            console.print(reply.title, style="bold", markup=False)
        console.print(Padding(reply.full or reply.text, (0, 2)), markup=False)
        for note in reply.notes:
            console.print(Padding(note, (0, 2)), style="yellow", markup=False)
        for source in reply.sources:
            console.print(f"  {source.cite} {source.url} ({source.checked})", style="dim", markup=False)
        if reply.choices:
            console.print("  " + "  ".join(f"[{c.title}]" for c in reply.choices), style="cyan", markup=False)
    if turn["failed_actions"]:
        raise BotError(f"These actions failed: {', '.join(turn['failed_actions'])}. See var/log/actions.log.")


@app.command()
def evaluate(
    file: Annotated[
        Path | None, typer.Argument(help="Labelled questions: one JSON object a line, or CSV of text,label.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    predictions: Annotated[
        Path | None, typer.Option("--predictions", help="Write every prediction here.")
    ] = None,
    plot: Annotated[Path | None, typer.Option("--plot", help="Draw what was confused (PNG or SVG).")] = None,
    dataset: Annotated[
        Path | None,
        typer.Option(
            "--dataset", help="Train on this CSV of text,label instead, and judge FILE or what is left."
        ),
    ] = None,
    per_intent: Annotated[
        int, typer.Option("--per-intent", min=2, help="Examples of each label to train on, with --dataset.")
    ] = 10,
    answers: Annotated[
        Path | None,
        typer.Option("--answers", help="The right section of each question; judges what is shown."),
    ] = None,
    record: Annotated[
        Path | None, typer.Option("--record", help="Write the measures here, for the gate of the tests.")
    ] = None,
    perturb: Annotated[
        bool, typer.Option("--perturb", help="Also with typing errors, greetings, long stories and the like.")
    ] = False,
) -> None:
    """Judge the model on labelled questions."""
    from bot.cli import evaluation
    from bot.cli.training import model_path

    if as_json and (answers is not None or perturb):
        raise BotError("--answers and --perturb print tables: leave out --json.")
    if dataset is not None:
        if perturb:
            raise BotError("--perturb looks at the model in use: leave out --dataset.")
        examples, rest = evaluation.split(evaluation.read_questions(dataset), per_intent)
        questions = rest if file is None else evaluation.read_questions(file)
        found, parents = evaluation.train_and_predict(examples, questions), {}
    elif file is None:
        raise BotError("Name a file of labelled questions, such as tests/eval/questions_dev.jsonl.")
    else:
        questions, parents = evaluation.read_questions(file), _library().parents
        found = evaluation.predict(questions, model_path(load_settings(os.environ).var))
    pairs = list(zip(questions, found, strict=True))
    if predictions is not None:
        evaluation.write_predictions(found, predictions)
    if plot is not None:
        evaluation.plot_confusions(pairs, plot)
    evaluation.show(pairs, parents, console, as_json=as_json)
    recorded: dict[str, object] = {"questions": evaluation.as_dicts(pairs, parents)}
    if answers is not None:
        from bot.cli.answers import answers_by_language, read_answers, show_answers, shown_sections

        shown = shown_sections(pairs, _library(), day(None))
        found_answers = answers_by_language(pairs, shown, read_answers(answers), parents)
        show_answers(found_answers, console)
        recorded["answers"] = {name: asdict(measures) for name, measures in found_answers.items()}
    if record is not None:
        record.write_text(json.dumps(recorded, indent=1) + "\n", encoding="utf-8")
    if perturb:
        from bot.cli.perturbation import show_drops

        show_drops(questions, model_path(load_settings(os.environ).var), parents, console)


@app.command()
def deadline(
    calculation: Annotated[
        str | None, typer.Argument(help="Which date, such as bia_appeal; --list shows all.")
    ] = None,
    inputs: Annotated[
        str | None, typer.Option("--inputs", help="The facts as JSON; - reads them from standard input.")
    ] = None,
    today: Annotated[
        str | None,
        typer.Option("--today", help="The person's day (YYYY-MM-DD); else that of --state, else the firm's."),
    ] = None,
    state: Annotated[
        str | None, typer.Option("--state", help="The person's state (such as TX), which tells their day.")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="Count by the law of this day (YYYY-MM-DD).")
    ] = None,
    include: Annotated[
        list[str] | None,
        typer.Option("--include", help="Count by proposed or vacated law too, for a check; may be repeated."),
    ] = None,
    lang: Language = "en",
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    list_all: Annotated[
        bool, typer.Option("--list", help="Show every calculation and the facts that it takes.")
    ] = False,
) -> None:
    """Work out a deadline from facts."""
    from bot.cli import deadline as room

    try:
        if list_all:
            room.show_list(lang, as_json, console)
            return
        room.work_out(
            ROOT / "bot",
            _library(),
            calculation,
            inputs,
            console,
            fixed_today=load_settings(os.environ).today,
            today=today,
            state=state,
            as_of=as_of,
            include=tuple(include or ()),
            lang=lang,
            as_json=as_json,
        )
    except room.Misuse as exc:
        errors.print(str(exc), style="red", markup=False)
        raise typer.Exit(2) from None


@check_app.callback()
def check(context: typer.Context, as_of: AsOf = None, strict: Strict = False, lang: Language = "en") -> None:
    """Check law and content; `check law` and `check content` look at one of them."""
    if context.invoked_subcommand is None:
        _check(("law", "content"), as_of, strict=strict, lang=lang)


@check_app.command("law")
def check_law(
    as_of: AsOf = None,
    strict: Strict = False,
    lang: Language = "en",
    cases: Annotated[
        Path | None,
        typer.Option(
            "--cases",
            help="Work out this table instead (CSV of case_id, calculation, inputs_json, expected_json, "
            "authority) and list every difference.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="With --cases: print JSON.")] = False,
) -> None:
    """Check the law parameters and the rules of deadlines, or a table of worked cases."""
    if cases is None:
        if as_json:
            raise BotError("--json belongs to --cases: name a table of worked cases.")
        _check(("law",), as_of, strict=strict, lang=lang)
        return
    from bot.cli.checking_cases import check_cases

    _check_language(lang)
    if check_cases(ROOT / "bot" / "law", cases, day(as_of), console, lang=lang, as_json=as_json):
        raise typer.Exit(1)


@check_app.command("content")
def check_content(as_of: AsOf = None, strict: Strict = False, lang: Language = "en") -> None:
    """Check articles, notices and the firm's file."""
    _check(("content",), as_of, strict=strict, lang=lang)


@check_app.command("levels")
def check_levels(as_of: AsOf = None) -> None:
    """Show how hard each article is to read."""
    from bot.cli.checking import show_levels

    show_levels(ROOT / "bot", load_settings(os.environ).firm, day(as_of), console)


def _check(rooms: tuple[str, ...], as_of: str | None, *, strict: bool, lang: str) -> None:
    from bot.cli.checking import check as run

    _check_language(lang)
    if run(
        ROOT / "bot", load_settings(os.environ).firm, rooms, day(as_of), console, strict=strict, lang=lang
    ):
        raise typer.Exit(1)


def _check_language(lang: str) -> None:
    from bot.core.messages import LANGUAGES

    if lang not in LANGUAGES:
        raise BotError(f"{lang!r} is not a language of Faro. Use en or es.")


@content_app.command("approve")
def approve(
    topic: Annotated[
        str,
        typer.Argument(help="The topic's name, such as work_permit, or triage_ and a version of the levels."),
    ],
    by: Annotated[str, typer.Option("--by", help="The lawyer who approves it.")],
) -> None:
    """Record that a lawyer of the firm approves a topic or the levels of urgency exactly as they stand."""
    from bot.cli import urgency

    library = _library()
    if topic.startswith(urgency.PREFIX):
        approval = urgency.approve(ROOT / "bot", topic, by, day(None))
    else:
        approval = library.approve(topic, by, day(None))
    console.print(
        f"{topic} is approved by {approval.by} as of {approval.on}. Any edit voids this.", markup=False
    )


@content_app.command("sheet")
def sheet(lang: Language = "en", as_of: AsOf = None) -> None:
    """Print every article, uncertain figure and level of urgency with its question, for a lawyer to go through."""
    from bot.cli import urgency
    from bot.core.content.sheet import sheet as write

    today = day(as_of)
    typer.echo(write(_library(), lang, today))
    if levels := urgency.sheet(ROOT / "bot", lang, today):
        typer.echo(levels)


def _library() -> Library:
    from bot.core.content import load_library
    from bot.core.firm import load_firm
    from bot.core.law import load_parameters

    bot = ROOT / "bot"
    firm = load_firm(load_settings(os.environ).firm)
    return load_library(bot / "content", load_parameters(bot / "law" / "parameters"), firm)
