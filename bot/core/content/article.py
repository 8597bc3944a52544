"""Articles: one topic in one language, a list of sections that each answer a question.

The file is data between two lines ``---`` and then sections:

    ## The question? {#id}
    label: A few words
    asks: another way to ask it, never shown
    ### short
    ...
    ### full
    ...
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from bot.core.content.titles import LABEL_LIMIT, check_title, check_titles
from bot.core.datafile import Document, read_text
from bot.core.law import Authority, read_authority
from bot.core.messages import LANGUAGES
from bot.core.problems import Report
from bot.core.template import Placeholder, placeholders

GENERAL = "general"
PART_LIMITS = {"short": 640, "full": 1800}
LEAST_SECTIONS = 4

_FILE_NAME = re.compile(r"([a-z][a-z0-9_]*)\.([a-z]{2})\.md")
_QUESTION = re.compile(r"## +(\S.*?)\s*\{#([a-z][a-z0-9_]*)\}\s*")
_PART = re.compile(r"### +(short|full)\s*")
_LABEL = re.compile(r"label:\s*(.*?)\s*")
_ASKS = re.compile(r"asks:\s*(\S.*?)\s*")


@dataclass(frozen=True, slots=True)
class Part:
    """A text as written, with placeholders; ``line`` is the line of its first character."""

    source: str
    line: int

    @property
    def text(self) -> str:
        """The text with its paragraphs and list items each on one line."""
        return reflow(self.source)

    def line_at(self, position: int) -> int:
        """The line of a position in ``source``."""
        return self.line + self.source[:position].count("\n")


@dataclass(frozen=True, slots=True)
class Section:
    """One question with its answers. ``short`` fits every channel; ``full`` is complete by itself.

    ``asks``: other ways in which people ask it; they help to find the section and are never shown.
    """

    id: str
    question: str
    label: str
    short: Part
    full: Part | None
    line: int
    asks: tuple[str, ...] = ()

    @property
    def parts(self) -> dict[str, Part]:
        """The texts by name."""
        return {"short": self.short} if self.full is None else {"short": self.short, "full": self.full}

    def placeholders(self) -> Iterator[Placeholder]:
        """Every placeholder of its question and texts."""
        yield from placeholders(self.question)
        for part in self.parts.values():
            yield from placeholders(part.source)


@dataclass(frozen=True, slots=True)
class Article:
    """A topic in one language.

    ``parent``: the older topic that answered its questions before it existed, or None. ``digest`` changes with any
    edit; ``lines`` gives the line of each data entry.
    """

    intent: str
    lang: str
    version: int
    translates: int | None
    title: str
    label: str
    sources: tuple[Authority, ...]
    review_due: date
    related: tuple[str, ...]
    parent: str | None
    sections: tuple[Section, ...]
    path: str
    digest: str
    lines: dict[str, int] = field(default_factory=dict)

    def section(self, id: str | None) -> Section:
        """The section of that id, or the general one."""
        for section in self.sections:
            if section.id == id:
                return section
        return self.sections[0]


def reflow(source: str) -> str:
    """The text with each paragraph and list item on one line; paragraphs part at one blank line."""
    paragraphs: list[str] = []
    for block in re.split(r"\n\s*\n", source.strip()):
        lines: list[str] = []
        for line in block.split("\n"):
            clean = " ".join(line.split())
            if not lines or clean.startswith("- "):
                lines.append(clean)
            else:
                lines[-1] += f" {clean}"
        paragraphs.append("\n".join(lines))
    return "\n\n".join(paragraphs)


def read_article(path: Path, report: Report, today: date | None = None) -> Article | None:
    """The article in a file, or None when it cannot be read (and the report says why)."""
    before = len(report.errors)
    name = _FILE_NAME.fullmatch(path.name)
    if name is None or name[2] not in LANGUAGES:
        report.add("file_name", str(path))
        return None
    text = read_text(path, report)
    if text is None:
        return None
    lines = text.split("\n")
    end = next((number for number in range(1, len(lines)) if lines[number].rstrip() == "---"), None)
    if lines[0].rstrip() != "---" or end is None:
        report.add("no_front_matter", str(path), 1)
        return None
    sections = _read_sections(lines, end + 1, str(path), report)
    doc = Document.parse("\n".join(lines[1:end]) + "\n", str(path), report, offset=1)
    if doc is None:
        return None
    lang = name[2]
    required = ["intent", "lang", "version", "title", "label", "sources", "review"]
    if lang != LANGUAGES[0]:
        required.append("translates")
    elif doc.has("translates"):
        doc.add("translates_in_source", "translates")
    doc.keys((), required, ("related", "translates", "parent"))
    for key, expected in (("intent", name[1]), ("lang", lang)):
        if doc.has(key) and doc.get(key) != expected:
            doc.add("not_file_name", key, key=key, value=doc.get(key), expected=expected)
    version = doc.number("version") if doc.has("version") else None
    translates = doc.number("translates") if doc.has("translates") else None
    title = doc.text("title") if doc.has("title") else None
    label = doc.text("label") if doc.has("label") else None
    if label is not None:
        _check_label(label, str(path), doc.line("label"), report)
    for key, words in (("title", title), ("label", label)):
        if words is not None and "{{" in words:
            doc.add("placeholder_here", key, key=key)
    sources: tuple[Authority, ...] = ()
    if doc.has("sources"):
        sources = read_authority(doc, ("sources",), today)
        if not doc.get("sources"):
            doc.add("sources_missing", "sources")
    due = None
    if doc.has("review") and doc.keys(("review",), ("due",)):
        due = doc.date("review", "due")
    related: list[str] = []
    if doc.get("related") is not None:
        for index in range(len(doc.items("related") or [])):
            topic = doc.text("related", index)
            if topic is not None:
                related.append(topic)
    parent = doc.text("parent") if doc.has("parent") else None
    if len(report.errors) > before or version is None or title is None or label is None or due is None:
        return None
    places = {key: doc.line(key) or 1 for key in doc.value}
    places |= {f"related.{topic}": doc.line("related", i) or 1 for i, topic in enumerate(related)}
    return Article(
        intent=name[1],
        lang=lang,
        version=version,
        translates=translates,
        title=title,
        label=label,
        sources=sources,
        review_due=due,
        related=tuple(related),
        parent=parent,
        sections=sections,
        path=str(path),
        digest=hashlib.sha256(text.encode()).hexdigest(),
        lines=places,
    )


def _check_label(label: str, path: str, line: int | None, report: Report) -> None:
    for code, details in check_title(label, LABEL_LIMIT):
        report.add(code, path, line, **details)


class _Draft:
    """A section while its lines are being read."""

    def __init__(self, id: str, question: str, line: int) -> None:
        self.id = id
        self.question = question
        self.line = line
        self.label: str | None = None
        self.asks: list[str] = []
        self.parts: dict[str, list[tuple[int, str]]] = {}
        self.open: str | None = None
        self.part_lines: dict[str, int] = {}


def _read_sections(lines: list[str], start: int, path: str, report: Report) -> tuple[Section, ...]:
    """The sections below the front matter; ``start`` is the index of its first line."""
    drafts: list[_Draft] = []
    for index in range(start, len(lines)):
        number, line = index + 1, lines[index].rstrip()
        question, part = _QUESTION.fullmatch(line), _PART.fullmatch(line)
        draft = drafts[-1] if drafts else None
        if question:
            if any(draft.id == question[2] for draft in drafts):
                report.add("duplicate_section", path, number, section=question[2])
            drafts.append(_Draft(question[2], question[1], number))
        elif part and draft is not None:
            if part[1] in draft.parts:
                report.add("part_twice", path, number, section=draft.id, part=part[1])
            draft.open = part[1]
            draft.parts[part[1]] = []
            draft.part_lines[part[1]] = number
        elif line.startswith("#"):
            report.add("bad_heading", path, number)
        elif draft is not None and draft.open is not None and _ASKS.fullmatch(line):
            report.add("text_outside", path, number)
        elif draft is not None and draft.open is not None:
            draft.parts[draft.open].append((number, lines[index]))
        elif line:
            label, asks = _LABEL.fullmatch(line), _ASKS.fullmatch(line)
            if asks is not None and draft is not None:
                draft.asks.append(asks[1])
            elif label is None or draft is None:
                report.add("text_outside", path, number)
            elif draft.label is not None:
                report.add("label_twice", path, number, section=draft.id)
            else:
                for code, details in check_titles([*(d.label for d in drafts if d.label), label[1]]):
                    if code == "title_twice":
                        report.add(code, path, number, **details)
                draft.label = label[1]
                _check_label(label[1], path, number, report)
                if "{{" in label[1]:
                    report.add("placeholder_here", path, number, key="label")
    if len(drafts) < LEAST_SECTIONS:
        report.add("too_few_sections", path, None, count=len(drafts))
    if drafts and drafts[0].id != GENERAL:
        report.add("first_not_general", path, drafts[0].line, section=drafts[0].id)
    return tuple(section for draft in drafts if (section := _finish(draft, path, report)) is not None)


def _finish(draft: _Draft, path: str, report: Report) -> Section | None:
    if not draft.label:
        report.add("label_missing", path, draft.line, section=draft.id)
    parts: dict[str, Part] = {}
    for name, numbered in draft.parts.items():
        while numbered and not numbered[0][1].strip():
            numbered.pop(0)
        source = "\n".join(line for _, line in numbered).rstrip()
        if not source:
            report.add("part_empty", path, draft.part_lines[name], part=name, section=draft.id)
        else:
            parts[name] = Part(source, numbered[0][0])
    if "short" not in draft.parts:
        report.add("short_missing", path, draft.line, section=draft.id)
    if not draft.label or "short" not in parts:
        return None
    return Section(
        draft.id,
        draft.question,
        draft.label,
        parts["short"],
        parts.get("full"),
        draft.line,
        tuple(draft.asks),
    )
