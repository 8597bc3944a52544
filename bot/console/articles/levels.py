"""The levels of urgency, which a lawyer approves like an article: each version that holds, or will."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bot.console.articles.shelf import Approved, state_of
from bot.core.content.approvals import FILE_NAME, Approval, read_approvals
from bot.core.content.check import TRIAGE
from bot.core.law import Authority
from bot.core.problems import Report
from bot.core.triage.rules import (
    LEVELS,
    THRESHOLDS,
    Version,
    approval_hash,
    approval_topic,
    is_approved,
    read,
)


@dataclass(frozen=True, slots=True)
class Levels:
    """A version: the limits by name as number and unit, and the reasons of each level, the gravest first."""

    topic: str
    effective: date
    due: date
    approved: Approved
    hash: str
    question: str
    limits: tuple[tuple[str, int, str], ...]
    reasons: Mapping[str, tuple[str, ...]]
    sources: tuple[Authority, ...]
    note: str


def levels(root: Path, today: date) -> list[Levels]:
    """The version of ``today`` and those that follow, as ``root``/law has them; none when the file is broken."""
    path = root / TRIAGE
    rules = read(path)[0] if path.exists() else None
    if rules is None:
        return []
    approvals = read_approvals(root / "content" / FILE_NAME, Report())
    present = rules.on(today)
    return [
        _levels(version, rules.question, rules.review, approvals)
        for version in rules.versions
        if version.effective >= present.effective
    ]


def _levels(version: Version, question: str, due: date, approvals: Mapping[str, Approval]) -> Levels:
    topic = approval_topic(version)
    return Levels(
        topic=topic,
        effective=version.effective,
        due=due,
        approved=state_of(approvals.get(topic), is_approved(version, approvals)),
        hash=approval_hash(version),
        question=question,
        limits=tuple((name, version.thresholds[name], unit) for name, unit in THRESHOLDS.items()),
        reasons={
            level: tuple(reason for reason, given in version.levels.items() if given == level)
            for level in LEVELS
        },
        sources=version.authority,
        note=version.note,
    )
