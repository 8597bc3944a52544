"""The numbers, dates and contacts of the law: one file each, by the day from which they hold.

A version ends where the next begins; a null value closes the rule. What is proposed or was vacated by a
court stands in the file for the lawyer's eye, and is never told to a visitor.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from babel.dates import format_date as babel_date
from babel.numbers import format_decimal

from bot.core import template
from bot.core.datafile import Document, near, read_text
from bot.core.errors import LawFileError
from bot.core.messages import LANGUAGES
from bot.core.problems import Report

UNITS = ("usd", "days", "months", "years", "count", "percent", "date", "phone", "url", "text")
CONFIDENCE = ("high", "medium", "low")
IN_FORCE = "in_force"
STATUSES = (IN_FORCE, "proposed", "vacated")

# Spanish as written in the United States: 1,010 and not 1.010.
LOCALES = {"en": "en_US", "es": "es_US"}

_UNIT_WORDS = {
    "en": {"days": ("day", "days"), "months": ("month", "months"), "years": ("year", "years")},
    "es": {"days": ("día", "días"), "months": ("mes", "meses"), "years": ("año", "años")},
}
_NUMBER_UNITS = ("usd", "days", "months", "years", "count", "percent")
_ID_PART = re.compile(r"[a-z][a-z0-9_]*")

type Raw = int | float | date | str | dict[str, str]


@dataclass(frozen=True, slots=True)
class Authority:
    """What a value rests on. ``checked`` is the day on which somebody last read it there."""

    cite: str
    url: str
    checked: date


@dataclass(frozen=True, slots=True)
class Version:
    """What the law says from ``effective`` on; ``raw`` None closes the rule."""

    effective: date
    raw: Raw | None
    authority: tuple[Authority, ...]
    status: str = IN_FORCE
    note: str = ""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One value of the law with its history.

    ``digest`` changes with any edit of the file; ``lines`` gives the line of its sentence per language.
    """

    id: str
    title: dict[str, str]
    unit: str
    confidence: str
    changing: dict[str, str] | None
    question: str
    versions: tuple[Version, ...]
    path: str
    digest: str
    lines: dict[str, int] = field(default_factory=dict)

    @property
    def uncertain(self) -> bool:
        """Whether a lawyer has something to find out about it."""
        return self.changing is not None or self.confidence != "high"


@dataclass(frozen=True, slots=True)
class Value:
    """A value as it stands on one day."""

    parameter: Parameter
    effective: date
    raw: Raw
    authority: tuple[Authority, ...]

    @property
    def checked(self) -> date:
        """The oldest check among its authorities."""
        return min(authority.checked for authority in self.authority)


@dataclass(frozen=True, slots=True)
class NotInForce:
    """On this day the law has no such value: it begins later, or was closed."""

    parameter: Parameter
    on: date


@dataclass(frozen=True, slots=True)
class Parameters:
    """All values of the law, as read from ``root``; ``broken`` names those whose file is wrong."""

    root: Path
    by_id: dict[str, Parameter] = field(default_factory=dict)
    broken: frozenset[str] = frozenset()

    def __contains__(self, id: object) -> bool:
        return id in self.by_id

    def __iter__(self) -> Iterator[Parameter]:
        return iter(self.by_id.values())

    def units(self) -> dict[str, str]:
        """The unit of each value by its id; empty where its file is wrong, so that only that is blamed."""
        return {parameter.id: parameter.unit for parameter in self} | dict.fromkeys(self.broken, "")

    def get(self, id: str) -> Parameter:
        """The parameter; raises LawFileError when no file of that name was read."""
        try:
            return self.by_id[id]
        except KeyError:
            report = Report()
            place = self.root.joinpath(*id.split(".")).with_suffix(".yml")
            report.add(
                "unknown_parameter",
                str(place),
                name=id,
                near=near(id, self.by_id),
                file=id.replace(".", "/"),
            )
            raise next(iter(report)).error(LawFileError) from None

    def at(self, id: str, on: date, include: Iterable[str] = ()) -> Value | NotInForce:
        """The value on a day. ``include`` adds "proposed" or "vacated" versions, for a fact-check only.

        Raises LawFileError for an id that no file has.
        """
        parameter = self.get(id)
        used = {IN_FORCE, *include}
        standing = [v for v in parameter.versions if v.effective <= on and v.status in used]
        if not standing or (raw := standing[-1].raw) is None:
            return NotInForce(parameter, on)
        return Value(parameter, standing[-1].effective, raw, standing[-1].authority)

    def latest(self, id: str) -> Value | NotInForce:
        """The value with no day after it, for texts that must come whatever happens (an emergency notice)."""
        return self.at(id, date.max)


def styles(unit: str) -> tuple[str, ...]:
    """The ways in which a value of this unit can be written: {{id}}, {{id|number}}, {{id|since}}."""
    return ("plain", "since") if unit in UNITS and unit not in _NUMBER_UNITS else ("plain", "number", "since")


def format_date(day: date, lang: str) -> str:
    """The day in words: "July 3, 2026" or "3 de julio de 2026"."""
    return babel_date(day, "long", locale=LOCALES[lang])


def format_value(value: Value, lang: str, style: str = "plain") -> str:
    """The value as a visitor reads it: "$560", "150 días", "July 22, 2025".

    ``number`` leaves the unit out, ``since`` gives the day from which the value holds. A web address or phone
    number stays as written.
    """
    if style == "since":
        return format_date(value.effective, lang)
    raw, unit = value.raw, value.parameter.unit
    if isinstance(raw, dict):
        return raw[lang]
    if isinstance(raw, date):
        return format_date(raw, lang)
    if isinstance(raw, str):
        return raw
    number = format_decimal(raw, locale=LOCALES[lang])
    if isinstance(raw, float) and unit == "usd":
        number = format_decimal(raw, format="#,##0.00", locale=LOCALES[lang])
    if style == "number" or unit == "count":
        return number
    if unit == "usd":
        return f"${number}"
    if unit == "percent":
        return f"{number}%"
    one, many = _UNIT_WORDS[lang][unit]
    return f"{number} {one if raw == 1 else many}"


def load_parameters(root: Path) -> Parameters:
    """The parameters under ``root``; raises LawFileError with the first thing that is wrong."""
    parameters, report = read_parameters(root)
    report.raise_first(LawFileError)
    return parameters


def check_parameters(root: Path, today: date | None = None) -> Report:
    """Everything that is wrong under ``root``; with ``today``, checks dated in the future too (warnings)."""
    return read_parameters(root, today)[1]


def read_parameters(root: Path, today: date | None = None) -> tuple[Parameters, Report]:
    """The parameters that could be read, and everything that is wrong."""
    report = Report()
    by_id: dict[str, Parameter] = {}
    broken: set[str] = set()
    files = sorted(path for path in root.rglob("*.yml") if path.is_file())
    if not files:
        report.add("no_parameters", str(root))
    for path in files:
        expected = ".".join(path.relative_to(root).with_suffix("").parts)
        parameter = _read_parameter(path, expected, report, today)
        if parameter is None:
            broken.add(expected)
        else:
            by_id[expected] = parameter
    parameters = Parameters(root, by_id, frozenset(broken))
    for parameter in parameters:
        _check_changing(parameter, parameters.units(), report)
    return parameters, report


def _read_parameter(path: Path, expected: str, report: Report, today: date | None) -> Parameter | None:
    before = len(report.errors)
    text = read_text(path, report)
    if text is None:
        return None
    doc = Document.parse(text, str(path), report)
    if doc is None:
        return None
    doc.keys((), ("id", "title", "unit", "confidence", "versions"), ("changing", "question"))
    if not all(_ID_PART.fullmatch(part) for part in expected.split(".")) or "." not in expected:
        report.add("id_not_path", str(path), doc.line("id"), id=doc.get("id"), expected="area.name")
    elif doc.has("id") and doc.get("id") != expected:
        doc.add("id_not_path", "id", id=doc.get("id"), expected=expected)
    title = doc.both("title") if doc.has("title") else None
    unit = doc.one_of(UNITS, "unit") if doc.has("unit") else None
    confidence = doc.one_of(CONFIDENCE, "confidence") if doc.has("confidence") else None
    changing = doc.both("changing") if doc.has("changing") else None
    question = doc.text("question") if doc.has("question") else None
    if (
        question is None
        and not doc.has("question")
        and (doc.has("changing") or confidence in ("medium", "low"))
    ):
        doc.add("question_missing", "changing" if doc.has("changing") else "confidence")
    versions = _read_versions(doc, unit, today) if doc.has("versions") else ()
    if len(report.errors) > before or title is None or unit is None or confidence is None:
        return None
    digest = hashlib.sha256(text.encode()).hexdigest()
    lines = {lang: doc.line("changing", lang) or 1 for lang in LANGUAGES}
    return Parameter(
        expected, title, unit, confidence, changing, question or "", versions, str(path), digest, lines
    )


def _read_versions(doc: Document, unit: str | None, today: date | None) -> tuple[Version, ...]:
    raw = doc.get("versions")
    if not isinstance(raw, dict) or not raw:
        doc.add("versions_empty", "versions")
        return ()
    versions: list[Version] = []
    for key in raw:
        try:
            effective = date.fromisoformat(key) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", key) else None
        except ValueError:
            effective = None
        if effective is None:
            doc.add("wrong_date", "versions", key, value=key)
            continue
        if versions and effective < versions[-1].effective:
            doc.add("versions_unsorted", "versions", key, date=key)
        where = ("versions", key)
        if not doc.keys(where, ("value",), ("authority", "note", "status")):
            continue
        status = doc.one_of(STATUSES, *where, "status") if doc.has(*where, "status") else IN_FORCE
        note = doc.optional_text(*where, "note") or ""
        authority = read_authority(doc, (*where, "authority"), today)
        if not authority and not doc.get(*where, "authority"):
            doc.add("authority_missing", *where, date=key)
        value = doc.get(*where, "value")
        if value is not None and unit is not None:
            value = _fit(doc, unit, value, *where, "value")
        versions.append(Version(effective, value, authority, status or IN_FORCE, note))
    return tuple(versions)


def read_authority(
    doc: Document, where: tuple[str | int, ...], today: date | None, url_required: bool = False
) -> tuple[Authority, ...]:
    """The sources listed at ``where``; an empty tuple when there are none or they cannot be read."""
    if doc.get(*where) is None:
        return ()
    found: list[Authority] = []
    for index in range(len(doc.items(*where) or [])):
        place = (*where, index)
        required = ("cite", "url", "checked") if url_required else ("cite", "checked")
        if not doc.keys(place, required, () if url_required else ("url",)):
            continue
        cite = doc.text(*place, "cite")
        url = doc.url(*place, "url") if doc.get(*place, "url") is not None else ""
        checked = doc.date(*place, "checked")
        if cite is None or url is None or checked is None:
            continue
        if today is not None and checked > today:
            doc.report.warn("checked_in_future", doc.path, doc.line(*place, "checked"), date=checked)
        found.append(Authority(cite, url, checked))
    return tuple(found)


def _fit(doc: Document, unit: str, value: Any, *where: str | int) -> Raw | None:
    """The value as the unit wants it, or None when it does not fit (reported)."""
    remedy = unit
    fits = False
    match unit:
        case "usd":
            fits = type(value) in (int, float) and value >= 0
        case "days" | "months" | "years" | "count":
            fits, remedy = type(value) is int and value >= 0, "number"
        case "percent":
            fits = type(value) in (int, float) and 0 <= value <= 100
        case "date":
            fits = type(value) is date
        case "phone":
            fits = isinstance(value, str) and any(letter.isdigit() for letter in value)
        case "url":
            fits = isinstance(value, str) and re.fullmatch(r"\S+\.\S+", value) is not None
        case "text":
            if isinstance(value, dict):
                return doc.both(*where)
    if fits and isinstance(value, int | float | str | date):
        return value
    doc.add("value_not_unit", *where, value=value, unit=unit, remedy=remedy)
    return None


def _check_changing(parameter: Parameter, known: dict[str, str], report: Report) -> None:
    if parameter.changing is None:
        return
    for lang in LANGUAGES:
        for problem in template.problems(parameter.changing[lang], known, styles):
            report.add(problem.code, parameter.path, parameter.lines[lang], **problem.details)
