"""What `faro check law` and `faro check content` find."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bot.core.content.library import Library, check_library
from bot.core.content.prose import check_prose
from bot.core.content.readability import ReadingLevel, reading_level
from bot.core.deadlines.rules import read_rules
from bot.core.firm import read_firm
from bot.core.law import NotInForce, read_parameters
from bot.core.problems import Problem
from bot.core.template import placeholders
from bot.core.triage import rules as triage_rules

PARAMETERS = Path("law") / "parameters"
DEADLINES = Path("law") / "deadlines"
TRIAGE = Path("law") / "triage" / "levels.yml"
CONTENT = Path("content")
FIRM = CONTENT / "firm.yml"


def check_law(root: Path, today: date, strict: bool = False) -> list[Problem]:
    """Everything wrong under ``root``/law; ``strict`` makes warnings errors."""
    parameters, report = read_parameters(root / PARAMETERS, today)
    rules, found_in_rules = read_rules(root / DEADLINES, parameters, today)
    report.extend(found_in_rules)
    if (root / TRIAGE).exists():
        report.extend(triage_rules.check(root / TRIAGE, today))
    for rule in rules:
        for lang, sentence in (rule.doubt or {}).items():
            for found in check_prose(sentence, lang):
                report.add(found.code, rule.path, rule.lines[lang], **found.details)
    for parameter in parameters:
        for lang, sentence in (parameter.changing or {}).items():
            line = parameter.lines[lang]
            for found in check_prose(sentence, lang):
                report.add(found.code, parameter.path, line, **found.details)
            if isinstance(parameters.at(parameter.id, today), NotInForce):
                continue
            for name in {placeholder.name for placeholder in placeholders(sentence)}:
                if name in parameters and isinstance(parameters.at(name, today), NotInForce):
                    report.add("not_in_force", parameter.path, line, name=name, date=today)
    return _graded(list(report), strict)


def check_content(
    root: Path, today: date, strict: bool = False, firm_path: Path | None = None
) -> list[Problem]:
    """Everything wrong under ``root``/content on ``today``, given the law that could be read.

    The firm stands in ``root``/content/firm.yml unless ``firm_path`` says otherwise.
    """
    parameters, _ = read_parameters(root / PARAMETERS)
    firm, report = read_firm(firm_path or root / FIRM)
    problems = list(report)
    if firm is not None:
        problems += check_library(root / CONTENT, parameters, firm, today)
    return _graded(problems, strict)


def _graded(problems: list[Problem], strict: bool) -> list[Problem]:
    return [problem.as_error() for problem in problems] if strict else problems


@dataclass(frozen=True, slots=True)
class ArticleLevel:
    """How hard one article is to read, its short and full texts together."""

    intent: str
    lang: str
    level: ReadingLevel


def reading_levels(library: Library, today: date) -> list[ArticleLevel]:
    """The level of every article as told on ``today``."""
    levels = []
    for intent in sorted(library.topics):
        for lang, article in sorted(library.topics[intent].articles.items()):
            texts = [part.text for section in article.sections for part in section.parts.values()]
            told = [library.filled(text, lang, today) or text for text in texts]
            levels.append(ArticleLevel(intent, lang, reading_level("\n".join(told), lang)))
    return levels


if __name__ == "__main__":
    raise SystemExit("Run this instead: .venv/bin/faro check")
