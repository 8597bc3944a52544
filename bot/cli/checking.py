"""``faro check``: what is wrong with the files that people edit, in their language."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bot.cli import urgency
from bot.core.content.check import check_content, check_law, reading_levels
from bot.core.content.library import load_library
from bot.core.firm import load_firm
from bot.core.law import load_parameters
from bot.core.problems import ERROR, Problem

ROOMS = ("law", "content")


def check(
    root: Path, firm: Path, rooms: tuple[str, ...], today: date, console: Console, *, strict: bool, lang: str
) -> int:
    """Print every problem as read on ``today``; the number of errors."""
    problems: list[Problem] = []
    if "law" in rooms:
        problems += check_law(root, today, strict)
        voided = urgency.voided(root)
        problems += [problem.as_error() for problem in voided] if strict else voided
    if "content" in rooms:
        problems += check_content(root, today, strict, firm)
    for problem in problems:
        style = "red" if problem.severity == ERROR else "yellow"
        console.print(problem.render(lang), style=style, markup=False)
    errors = sum(problem.severity == ERROR for problem in problems)
    warnings = len(problems) - errors
    summary = {
        "en": f"{' and '.join(rooms)} on {today}: {errors} errors, {warnings} warnings",
        "es": f"{' y '.join(rooms)} al {today}: {errors} errores, {warnings} avisos",
    }
    console.print(summary[lang], style="red" if errors else "green", markup=False)
    if "law" in rooms and (sentence := urgency.unapproved(root, today, lang)):
        console.print(sentence, style="yellow", markup=False)
    return errors


def show_levels(root: Path, firm: Path, today: date, console: Console) -> None:
    """Print how hard each article is to read, the hardest first."""
    library = load_library(root / "content", load_parameters(root / "law" / "parameters"), load_firm(firm))
    table = Table(title="Reading level", title_justify="left")
    for heading in ("article", "language", "measure", "value", "goal reached"):
        table.add_column(heading)
    for found in sorted(reading_levels(library, today), key=lambda a: (a.lang, a.intent)):
        level = found.level
        reached = "yes" if level.meets_goal else "no"
        table.add_row(found.intent, found.lang, level.measure, f"{level.score:.1f}", reached)
    console.print(table)
