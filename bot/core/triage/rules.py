"""How urgent what is: dated versions in ``bot/law/triage/levels.yml``, which the firm's lawyer approves.

A version holds every threshold and, for each reason, the level that it leads to. An assessment names the version
that it was made with. An approval (``bot/content/approvals.yml``) holds the hash of one version, so that an edit of it
voids the approval, and a new version does not touch that of an older one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from bot.core.content.approvals import Approval, content_hash
from bot.core.datafile import Document, read_text
from bot.core.errors import LawFileError
from bot.core.law import Authority, read_authority
from bot.core.problems import Report

#: From the one that cannot wait to the one that can.
EMERGENCY, URGENT, SOON, ROUTINE = "emergency", "urgent", "soon", "routine"
LEVELS = (EMERGENCY, URGENT, SOON, ROUTINE)

#: Each threshold with its unit.
THRESHOLDS: Mapping[str, str] = {
    "removal": "hours",
    "near": "days",
    "ahead": "days",
    "just_passed": "days",
    "status_ended": "months",
    "window": "days",
}

#: What happens to the person now, or within hours.
EMERGENCIES = ("agents_now", "suicide", "violence", "danger_abroad", "removal_72h")

#: Every reason that an assessment can give, the gravest first; those of an unknown answer follow.
REASONS = (
    *EMERGENCIES,
    "detained_self",
    "detained_relative",
    "child_alone",
    "hearing_near",
    "hearing_just_passed",
    "check_in_near",
    "check_in_just_passed",
    "one_year_near",
    "one_year_just_passed",
    "status_just_ended",
    "appeal_running",
    "in_absentia_running",
    "noid_running",
    "fee_running",
    "dismissal_letter",
    "earlier_order",
    "filed_by_other_with_date",
    "hearing_ahead",
    "hearing_passed",
    "check_in_ahead",
    "check_in_passed",
    "one_year_ahead",
    "one_year_passed",
    "clock_stopped",
    "permit_window",
    "i730_window",
    "nothing_near",
)

#: The questions whose answer could make it worse, so that not to know it does.
WORSE_UNKNOWN = (
    "place",
    "detained",
    "removal_soon",
    "alone_minor",
    "filed",
    "court",
    "appointment",
    "appointment_date",
    "letter",
    "letter_date",
    "order",
    "arrival",
    "status",
    "status_end",
    "family",
)


def unknown_reason(question: str) -> str:
    """The reason that stands for an answer that is not known."""
    return f"unknown_{question}"


_ALL = (*REASONS, *(unknown_reason(question) for question in WORSE_UNKNOWN))


@dataclass(frozen=True, slots=True)
class Version:
    """The levels from ``effective`` on; ``digest`` changes with any edit of the version, but not of a comment."""

    id: str
    effective: date
    thresholds: Mapping[str, int]
    levels: Mapping[str, str]
    authority: tuple[Authority, ...]
    note: str
    digest: str

    def level(self, reason: str) -> str:
        """The level that a reason leads to."""
        return self.levels[reason]


@dataclass(frozen=True, slots=True)
class TriageRules:
    """All versions, the oldest first. ``question`` is for the firm's lawyer, who should look again by ``review``."""

    title: dict[str, str]
    question: str
    review: date
    versions: tuple[Version, ...]
    path: str
    lines: dict[str, int] = field(default_factory=dict)

    def on(self, day: date) -> Version:
        """The version of a day; before the first one that one, so that there always is a level."""
        standing = [version for version in self.versions if version.effective <= day]
        return standing[-1] if standing else self.versions[0]


def approval_topic(version: Version) -> str:
    """The name under which ``approvals.yml`` knows a version."""
    return f"triage_{version.id}"


def approval_hash(version: Version) -> str:
    """What an approval of the version must hold."""
    return content_hash([version.digest])


def is_approved(version: Version, approvals: Mapping[str, Approval]) -> bool:
    """Whether a lawyer approved exactly what the version says now."""
    approval = approvals.get(approval_topic(version))
    return approval is not None and approval.hash == approval_hash(version)


def load(path: Path) -> TriageRules:
    """The rules in a file; raises LawFileError with the first thing that is wrong."""
    rules, report = read(path)
    report.raise_first(LawFileError)
    assert rules is not None
    return rules


def check(path: Path, today: date | None = None) -> Report:
    """Everything that is wrong in a file; with ``today``, an overdue review too (a warning)."""
    return read(path, today)[1]


def read(path: Path, today: date | None = None) -> tuple[TriageRules | None, Report]:
    """The rules, or None when they cannot be used, and everything that is wrong."""
    report = Report()
    text = read_text(path, report)
    doc = None if text is None else Document.parse(text, str(path), report)
    if doc is None:
        return None, report
    doc.keys((), ("id", "title", "question", "review", "versions"))
    if doc.has("id") and doc.get("id") != path.stem:
        doc.add("id_not_name", "id", id=doc.get("id"), expected=path.stem)
    title = doc.both("title") if doc.has("title") else None
    question = doc.text("question") if doc.has("question") else None
    review = doc.date("review") if doc.has("review") else None
    if today is not None and review is not None and review < today:
        report.warn("rule_review_due", str(path), doc.line("review"), date=review)
    versions = _read_versions(doc, today) if doc.has("versions") else ()
    if report.errors or title is None or question is None or review is None:
        return None, report
    lines = {version.id: doc.line("versions", version.effective.isoformat()) or 1 for version in versions}
    return TriageRules(title, question, review, versions, str(path), lines), report


def _read_versions(doc: Document, today: date | None) -> tuple[Version, ...]:
    raw = doc.get("versions")
    if not isinstance(raw, dict) or not raw:
        doc.add("versions_empty", "versions")
        return ()
    versions: list[Version] = []
    for key in raw:
        try:
            effective = date.fromisoformat(key)
        except ValueError:
            doc.add("wrong_date", "versions", key, value=key)
            continue
        if versions and effective < versions[-1].effective:
            doc.add("versions_unsorted", "versions", key, date=key)
        where = ("versions", key)
        if not doc.keys(where, ("id", "authority", "thresholds", "reasons"), ("note",)):
            continue
        id = doc.text(*where, "id")
        if id in [version.id for version in versions]:
            doc.add("duplicate_key", *where, "id", key=id)
        authority = read_authority(doc, (*where, "authority"), today)
        if not authority and not doc.get(*where, "authority"):
            doc.add("authority_missing", *where, date=key)
        thresholds = _read_thresholds(doc, *where, "thresholds")
        levels = _read_levels(doc, *where, "reasons")
        note = doc.optional_text(*where, "note") or ""
        digest = _digest(key, doc.get(*where))
        versions.append(Version(id or "", effective, thresholds, levels, authority, note, digest))
    return tuple(versions)


def _read_thresholds(doc: Document, *where: str | int) -> dict[str, int]:
    """The number of each threshold, in its own unit; reports another unit, and what is missing or too much."""
    found: dict[str, int] = {}
    doc.keys(where, THRESHOLDS)
    for name, unit in THRESHOLDS.items():
        place = (*where, name)
        if not doc.has(*place) or not doc.keys(place, ("number", "unit", "why")):
            continue
        number = doc.number(*place, "number")
        doc.one_of((unit,), *place, "unit")
        doc.text(*place, "why")
        if number is not None:
            found[name] = number
    return found


def _read_levels(doc: Document, *where: str | int) -> dict[str, str]:
    """The level of each reason. What is not known is never an emergency, and what happens now is always one."""
    found: dict[str, str] = {}
    doc.keys(where, _ALL)
    for reason in _ALL:
        place = (*where, reason)
        if not doc.has(*place) or not doc.keys(place, ("level", "why")):
            continue
        allowed = (EMERGENCY,) if reason in EMERGENCIES else LEVELS[1:]
        level = doc.one_of(allowed, *place, "level")
        doc.text(*place, "why")
        if level is not None:
            found[reason] = level
    return found


def _digest(effective: str, raw: Any) -> str:
    told = json.dumps([effective, raw], ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(told.encode()).hexdigest()
