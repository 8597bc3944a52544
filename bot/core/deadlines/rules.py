"""The rules of counting as data: one file each under ``bot/law/deadlines``, by the day from which they hold.

A rule holds no figure: it names the parameters of ``bot/law/parameters`` that do, and says what happens when the
last day is not a business day.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from bot.core import template
from bot.core.datafile import Document, near, read_text
from bot.core.errors import LawFileError
from bot.core.law import (
    CONFIDENCE,
    IN_FORCE,
    STATUSES,
    Authority,
    NotInForce,
    Parameters,
    read_authority,
    styles,
)
from bot.core.messages import LANGUAGES
from bot.core.problems import Report

# What happens when the last day is a Saturday, Sunday or federal holiday.
NEXT_BUSINESS_DAY = "next_business_day"  # it moves to the next business day, by the rule's own text
DOUBTFUL_MOVE = "next_business_day_contested"  # it moves, but not by the rule's own text: flagged
CONTESTED = "contested"  # it stays, and is flagged: nobody has said that it moves
NONE = "none"  # it stays: an earliest day, or a day that binds the government
ROLLS = (NEXT_BUSINESS_DAY, DOUBTFUL_MOVE, CONTESTED, NONE)

# A rule with a single count may write it without a name.
COUNT = "count"
_TIME = ("days", "months", "years")
_DAYS = ("days",)
_DATE = ("date",)

# The counts of each rule, with the units that its calculations can use.
RULES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "annual_fee": {COUNT: _TIME},
    "ar11": {COUNT: _TIME},
    "bia_appeal": {COUNT: _TIME},
    "child_age": {COUNT: _TIME},
    "court_response": {COUNT: _TIME},
    "credible_fear_review": {COUNT: _TIME},
    "decision_pickup": {COUNT: _TIME},
    "eoir33": {COUNT: _DAYS},
    "green_card": {COUNT: _TIME},
    "i730": {COUNT: _TIME},
    "individual_hearing": {COUNT: _TIME},
    "master_hearing": {COUNT: _TIME},
    "motion_in_absentia": {COUNT: _TIME},
    "motion_to_reconsider": {COUNT: _TIME},
    "motion_to_reopen": {COUNT: _TIME},
    "naturalization": {"backdate": _TIME, "residence": _TIME, "early": _TIME},
    "noid": {COUNT: _TIME},
    "one_year": {"length": _TIME, "earliest_start": _DATE, "safe_margin": _TIME},
    "permit_renewal": {COUNT: _TIME},
    "petition_for_review": {COUNT: _TIME},
    "reasonable_fear_review": {COUNT: _TIME},
    "work_permit": {"file": _DAYS, "card": _DAYS},
}


@dataclass(frozen=True, slots=True)
class RuleVersion:
    """How the law counts from ``effective`` on. ``counts`` names the parameters that hold the figures."""

    effective: date
    counts: Mapping[str, str]
    roll: str
    must_be: str
    authority: tuple[Authority, ...]
    status: str = IN_FORCE
    note: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of counting with its history.

    ``doubt`` is what practitioners differ on, told to visitors; ``question`` is for the firm's lawyer, who should
    look at the rule again by ``review``. ``digest`` changes with any edit of the file.
    """

    id: str
    title: dict[str, str]
    confidence: str
    doubt: dict[str, str] | None
    question: str
    review: date
    versions: tuple[RuleVersion, ...]
    path: str
    digest: str
    lines: dict[str, int] = field(default_factory=dict)

    @property
    def uncertain(self) -> bool:
        """Whether a lawyer has something to find out about it."""
        return self.doubt is not None or self.confidence != "high"

    def at(self, on: date, include: Iterable[str] = ()) -> RuleVersion | None:
        """The version on a day; ``include`` adds "proposed" or "vacated" ones, for a fact-check only."""
        used = {IN_FORCE, *include}
        standing = [v for v in self.versions if v.effective <= on and v.status in used]
        return standing[-1] if standing else None


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules, with the parameters that hold their figures."""

    root: Path
    parameters: Parameters
    by_id: dict[str, Rule] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.by_id.values())

    def get(self, id: str) -> Rule:
        """The rule; raises LawFileError when no file of that name was read."""
        try:
            return self.by_id[id]
        except KeyError:
            report = Report()
            report.add("rule_missing", str(self.root / f"{id}.yml"), name=id)
            raise next(iter(report)).error(LawFileError) from None

    def turns(self, id: str, include: Iterable[str] = ()) -> tuple[date, ...]:
        """The days on which the rule, or a figure that it uses, can change."""
        used = {IN_FORCE, *include}
        versions = [v for v in self.get(id).versions if v.status in used]
        names = {name for version in versions for name in version.counts.values()}
        figures = [v for name in names for v in self.parameters.get(name).versions if v.status in used]
        return tuple(sorted({v.effective for v in versions} | {v.effective for v in figures}))


def load_rules(root: Path, parameters: Parameters) -> Rules:
    """The rules under ``root``, all that calculations need; raises LawFileError with the first thing that is wrong."""
    rules, report = read_rules(root, parameters)
    report.raise_first(LawFileError)
    for id in sorted(RULES):
        rules.get(id)
    return rules


def check_rules(root: Path, parameters: Parameters, today: date | None = None) -> Report:
    """Everything that is wrong under ``root``; with ``today``, overdue reviews too (warnings)."""
    return read_rules(root, parameters, today)[1]


def read_rules(root: Path, parameters: Parameters, today: date | None = None) -> tuple[Rules, Report]:
    """The rules that could be read, and everything that is wrong. A folder with no rule at all counts nothing, and
    that is not wrong; where there is one, all must be."""
    report = Report()
    by_id: dict[str, Rule] = {}
    paths = sorted(path for path in root.rglob("*.yml") if path.is_file())
    for path in paths:
        rule = _read_rule(path, parameters, report, today)
        if rule is not None:
            by_id[rule.id] = rule
    for id in sorted(set(RULES) - {path.stem for path in paths}) if paths else ():
        report.add("rule_missing", str(root / f"{id}.yml"), name=id)
    return Rules(root, parameters, by_id), report


def _read_rule(path: Path, parameters: Parameters, report: Report, today: date | None) -> Rule | None:
    before = len(report.errors)
    text = read_text(path, report)
    doc = None if text is None else Document.parse(text, str(path), report)
    if text is None or doc is None:
        return None
    doc.keys((), ("id", "title", "confidence", "review", "versions"), ("doubt", "question"))
    if path.stem not in RULES:
        report.add(
            "unknown_rule", str(path), name=path.stem, near=near(path.stem, RULES), known=", ".join(RULES)
        )
        return None
    if doc.has("id") and doc.get("id") != path.stem:
        doc.add("id_not_name", "id", id=doc.get("id"), expected=path.stem)
    title = doc.both("title") if doc.has("title") else None
    confidence = doc.one_of(CONFIDENCE, "confidence") if doc.has("confidence") else None
    doubt = doc.both("doubt") if doc.has("doubt") else None
    question = doc.text("question") if doc.has("question") else None
    review = doc.date("review") if doc.has("review") else None
    if not doc.has("question") and (doc.has("doubt") or confidence in ("medium", "low")):
        doc.add("rule_question_missing", "doubt" if doc.has("doubt") else "confidence")
    if today is not None and review is not None and review < today:
        report.warn("rule_review_due", str(path), doc.line("review"), date=review)
    versions = _read_versions(doc, path.stem, parameters, today) if doc.has("versions") else ()
    for lang in doubt or ():
        for problem in template.problems((doubt or {})[lang], parameters.units(), styles):
            doc.add(problem.code, "doubt", lang, **problem.details)
    if len(report.errors) > before or title is None or confidence is None or review is None:
        return None
    digest = hashlib.sha256(text.encode()).hexdigest()
    lines = {lang: doc.line("doubt", lang) or 1 for lang in LANGUAGES}
    return Rule(
        path.stem, title, confidence, doubt, question or "", review, versions, str(path), digest, lines
    )


def _read_versions(
    doc: Document, id: str, parameters: Parameters, today: date | None
) -> tuple[RuleVersion, ...]:
    raw = doc.get("versions")
    if not isinstance(raw, dict) or not raw:
        doc.add("versions_empty", "versions")
        return ()
    versions: list[RuleVersion] = []
    for key in raw:
        effective = _effective(key)
        if effective is None:
            doc.add("wrong_date", "versions", key, value=key)
            continue
        if versions and effective < versions[-1].effective:
            doc.add("versions_unsorted", "versions", key, date=key)
        where = ("versions", key)
        if not doc.keys(where, ("count", "roll"), ("must_be", "authority", "status", "note")):
            continue
        status = doc.one_of(STATUSES, *where, "status") if doc.has(*where, "status") else IN_FORCE
        counts = _read_counts(doc, id, parameters, effective, status or IN_FORCE, *where, "count")
        roll = doc.one_of(ROLLS, *where, "roll")
        must_be = doc.optional_text(*where, "must_be") or ""
        authority = read_authority(doc, (*where, "authority"), today)
        if not authority and not doc.get(*where, "authority"):
            doc.add("authority_missing", *where, date=key)
        note = doc.optional_text(*where, "note") or ""
        versions.append(
            RuleVersion(effective, counts, roll or NONE, must_be, authority, status or IN_FORCE, note)
        )
    return tuple(versions)


def _effective(key: str) -> date | None:
    try:
        return date.fromisoformat(key) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", key) else None
    except ValueError:
        return None


def _read_counts(
    doc: Document, id: str, parameters: Parameters, effective: date, status: str, *where: str | int
) -> dict[str, str]:
    """The parameter of each count; reports those that the rule does not have, and those that do not fit."""
    wanted = RULES[id]
    raw = doc.get(*where)
    given = raw if isinstance(raw, dict) else {COUNT: raw}
    if set(given) != set(wanted):
        doc.add("count_names", *where, names=", ".join(given), known=", ".join(wanted))
        return {}
    counts: dict[str, str] = {}
    for name in wanted:
        place = (*where, name) if isinstance(raw, dict) else where
        parameter = doc.text(*place)
        if parameter is None or parameter in parameters.broken:
            continue
        if parameter not in parameters:
            found = near(parameter, parameters.by_id)
            doc.add("unknown_parameter", *place, name=parameter, near=found, file=parameter.replace(".", "/"))
            continue
        unit = parameters.get(parameter).unit
        if unit not in wanted[name]:
            doc.add("count_unit", *place, name=parameter, unit=unit, known=", ".join(wanted[name]))
        elif isinstance(parameters.at(parameter, effective, (status,)), NotInForce):
            doc.add("count_not_in_force", *place, name=parameter, date=effective)
        counts[name] = parameter
    return counts
