"""The levels of urgency for the lawyer who answers for them: approving a version, whether it holds, and the sheet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from bot.core.content.approvals import FILE_NAME, Approval, read_approvals
from bot.core.content.check import TRIAGE
from bot.core.datafile import Document
from bot.core.law import format_date
from bot.core.problems import Problem, Report
from bot.core.triage.approving import PREFIX, approve
from bot.core.triage.rules import (
    TriageRules,
    Version,
    approval_topic,
    is_approved,
    read,
)

__all__ = ["PREFIX", "approve", "sheet", "unapproved", "voided"]

_WORDS = {
    "en": {
        "title": "Levels of urgency",
        "from": "Holds from {date}",
        "approved": "Approved by {by} on {date}",
        "unapproved": "Not approved",
        "void": "Approved by {by} on {date}, but edited since",
        "due": "Review due on {date}",
        "late": "Review was due on {date}",
        "question": "Question",
        "sources": "Sources",
        "checked": "checked {date}",
        "file": "File",
        "correct": "Correct",
        "limit": "Limit",
        "value": "Value",
        "reason": "Reason",
        "level": "Level",
        "why": "Why",
        "missing": "The levels of urgency of {date} are not approved: faro content approve {topic} --by NAME",
    },
    "es": {
        "title": "Niveles de urgencia",
        "from": "Vigente desde el {date}",
        "approved": "Aprobado por {by} el {date}",
        "unapproved": "Sin aprobar",
        "void": "Aprobado por {by} el {date}, pero editado después",
        "due": "Revisar a más tardar el {date}",
        "late": "Debía revisarse el {date}",
        "question": "Pregunta",
        "sources": "Fuentes",
        "checked": "revisado el {date}",
        "file": "Archivo",
        "correct": "Correcto",
        "limit": "Límite",
        "value": "Valor",
        "reason": "Razón",
        "level": "Nivel",
        "why": "Por qué",
        "missing": "Los niveles de urgencia del {date} no están aprobados: "
        "faro content approve {topic} --by NOMBRE",
    },
}


def voided(root: Path) -> list[Problem]:
    """A warning for each version that somebody approved and that was edited since."""
    rules, approvals = _written(root)
    report = Report()
    for version in rules.versions if rules else ():
        recorded = approvals.get(approval_topic(version))
        if rules and recorded and not is_approved(version, approvals):
            line = rules.lines.get(version.id)
            report.warn("approval_void", rules.path, line, topic=recorded.topic, by=recorded.by)
    return list(report)


def unapproved(root: Path, today: date, lang: str) -> str | None:
    """One sentence when nobody has approved the version of the day as it stands; None when somebody has."""
    rules, approvals = _written(root)
    if rules is None or is_approved(rules.on(today), approvals):
        return None
    topic = approval_topic(rules.on(today))
    return _WORDS[lang]["missing"].format(date=format_date(today, lang), topic=topic)


def sheet(root: Path, lang: str, today: date) -> str:
    """Markdown: the version of ``today`` and those that follow, for a lawyer to go through; empty without any."""
    rules, approvals = _written(root)
    if rules is None:
        return ""
    present = rules.on(today)
    lines = [f"## {_WORDS[lang]['title']}", ""]
    # The reasons for each line are for people only, so the rules do not hold them.
    path = root / TRIAGE
    doc = Document.parse(path.read_text(encoding="utf-8"), str(path), Report())
    for version in rules.versions:
        if doc is not None and version.effective >= present.effective:
            written = doc.get("versions", version.effective.isoformat())
            lines += _version(version, written, rules, approvals, lang, today)
    return "\n".join(lines).rstrip() + "\n"


def _version(
    version: Version,
    written: dict[str, Any],
    rules: TriageRules,
    approvals: dict[str, Approval],
    lang: str,
    today: date,
) -> Iterator[str]:
    words = _WORDS[lang]
    topic = approval_topic(version)
    yield f"### {rules.title[lang]} (`{topic}`)"
    yield ""
    yield f"- {_state(version, approvals, lang)}"
    yield "- " + words["from"].format(date=format_date(version.effective, lang))
    due = words["due" if today <= rules.review else "late"]
    yield "- " + due.format(date=format_date(rules.review, lang))
    yield f"- **{words['question']}: {rules.question}**"
    yield f"- {words['sources']}:"
    for source in version.authority:
        checked = words["checked"].format(date=format_date(source.checked, lang))
        yield "  - " + " ".join(part for part in (source.cite, source.url, f"({checked})") if part)
    if version.note:
        yield f"- {version.note}"
    yield f"- {words['file']}: {rules.path}"
    yield f"- [ ] {words['correct']}"
    yield ""
    yield f"| {words['limit']} | {words['value']} | {words['why']} |"
    yield "|---|---|---|"
    for name, limit in written["thresholds"].items():
        yield f"| {name} | {limit['number']} {limit['unit']} | {limit['why']} |"
    yield ""
    yield f"| {words['reason']} | {words['level']} | {words['why']} |"
    yield "|---|---|---|"
    for name, reason in written["reasons"].items():
        yield f"| {name} | {reason['level']} | {reason['why']} |"
    yield ""


def _state(version: Version, approvals: dict[str, Approval], lang: str) -> str:
    recorded = approvals.get(approval_topic(version))
    if recorded is None:
        return _WORDS[lang]["unapproved"]
    words = _WORDS[lang]["approved" if is_approved(version, approvals) else "void"]
    return words.format(by=recorded.by, date=format_date(recorded.on, lang))


def _written(root: Path) -> tuple[TriageRules | None, dict[str, Approval]]:
    """The levels, None where they are missing or broken, and the approvals; what is wrong others say."""
    if not (root / TRIAGE).exists():
        return None, {}
    return read(root / TRIAGE)[0], read_approvals(root / "content" / FILE_NAME, Report())
