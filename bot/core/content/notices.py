"""Notices: short fixed texts, all languages of a notice together; and the labels of buttons.

A file holds one notice; or several under ``notices``, by id; or, under ``parts``, what is said about one
calculation of a date.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from bot.core.content.article import reflow
from bot.core.content.titles import TITLE_LIMIT, check_title, check_titles
from bot.core.datafile import Document, Where, read_text
from bot.core.messages import GATEWAY_PREFIX, LANGUAGES
from bot.core.problems import Report
from bot.core.template import placeholders

THIRD_LANGUAGE = "third_language"
#: The title of such a notice is what stands on a button.
WHATSAPP = "whatsapp_"
# WhatsApp takes 1,024 characters beside buttons or a list.
NOTICE_LIMIT = 1024
KINDS = ("notice", "question", "emergency", "apology")

#: What may be said about one calculation, in the order of a conversation. What follows a point is the day that is
#: asked for, where there are two, or how far away the day told is.
PARTS = (
    "ask",
    "ask.birth",
    "ask.filed",
    "confirm",
    "confirm.birth",
    "confirm.filed",
    "confirm_range",
    "confirm_range.birth",
    "confirm_range.filed",
    "open",
    "today",
    "passed",
    "waiting",
    "reached",
    "yes",
    "no",
    "unsure",
    "range",
    "safe",
    "counted",
    "next",
    "next.open",
    "next.urgent",
    "next.passed",
    "next.waiting",
    "next.reached",
    "change",
    "title",
)

_LANGUAGE = re.compile(r"[a-z]{2,3}")
_INTENT_PAYLOAD = re.compile(r"/([a-z][a-z0-9_]*)\s*(\{.*\})?")
_GATEWAY_PAYLOAD = re.compile(re.escape(GATEWAY_PREFIX) + r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class NoticeChoice:
    """One button of a notice, with its title per language."""

    payload: str
    titles: dict[str, str]


@dataclass(frozen=True, slots=True)
class Notice:
    """A fixed text by language, as written. ``kind`` is that of the reply it makes; ``digest`` is the file's."""

    id: str
    kind: str
    texts: dict[str, str]
    titles: dict[str, str]
    choices: tuple[NoticeChoice, ...]
    path: str
    lines: dict[str, int]
    digest: str


def read_notices(folder: Path, report: Report) -> dict[str, Notice]:
    """The notices of a folder and the folders in it, by id; what is wrong goes to the report."""
    notices = {}
    read: dict[str, Path] = {}
    # The folder itself goes first, so that of two notices with one id the deeper one is blamed.
    for path in sorted(folder.rglob("*.yml"), key=lambda path: (len(path.parts), path)):
        text = read_text(path, report)
        doc = None if text is None else Document.parse(text, str(path), report)
        if doc is None or text is None:
            continue
        if doc.has("id") and doc.get("id") != path.stem:
            doc.add("id_not_name", "id", id=doc.get("id"), expected=path.stem)
        digest = hashlib.sha256(text.encode()).hexdigest()
        for id, where in _places(doc, path.stem).items():
            first = read.setdefault(id, path)
            if first is not path:
                other = first.relative_to(folder.parent).as_posix()
                doc.add("notice_twice", *where, id=id, other=other)
                continue
            notice = _read_notice(doc, where, id, digest)
            if notice is not None:
                notices[id] = notice
    return notices


def part_id(part: str, calculation: str) -> str:
    """The id of the notice that a part is: ``open`` of x is deadline_open_x, ``next.open`` deadline_next_x_open."""
    name, _, last = part.partition(".")
    return "_".join(filter(None, ("deadline", name, calculation, last)))


def _places(doc: Document, name: str) -> dict[str, Where]:
    """Where the notices of a file stand, by id: several under ``notices`` or ``parts``, or the file is one."""
    several = next((key for key in ("parts", "notices") if doc.has(key)), None)
    if several is None:
        return {name: ()}
    doc.keys((), ("id", several))
    held = doc.get(several)
    if not isinstance(held, dict) or not held:
        doc.add("want_mapping", several, key=several)
        return {}
    if several == "notices":
        return {id: (several, id) for id in held}
    doc.keys((several,), (), PARTS)
    return {part_id(part, name): (several, part) for part in held if part in PARTS}


def _read_notice(doc: Document, where: Where, id: str, digest: str) -> Notice | None:
    """The notice at ``where``, which is empty when the whole file is one."""
    before = len(doc.report.errors)
    if not isinstance(doc.get(*where), dict):
        doc.add("want_mapping", *where, key=id)
        return None
    third = id.startswith(THIRD_LANGUAGE)
    own = () if where else ("id",)
    fixed = ("kind", "title", "choices")
    languages = [key for key in doc.get(*where) if key not in ("id", *fixed) and _LANGUAGE.fullmatch(key)]
    if third:
        doc.keys(where, own, (*fixed, *languages))
        if not languages:
            doc.add("notice_no_language", *(where or own))
    else:
        foreign = [key for key in languages if key not in LANGUAGES]
        for key in foreign:
            doc.add("notice_language", *where, key, key=key)
        doc.keys(where, (*own, *LANGUAGES), (*fixed, *foreign))
        languages = [lang for lang in LANGUAGES if doc.has(*where, lang)]
    kind = doc.one_of(KINDS, *where, "kind") if doc.has(*where, "kind") else KINDS[0]
    titles = (doc.both(*where, "title") or {}) if doc.has(*where, "title") else {}
    if id.startswith(WHATSAPP):
        for lang, title in titles.items():
            for code, details in check_title(title, TITLE_LIMIT):
                doc.add(code, *where, "title", lang, **details)
    written = {lang: doc.text(*where, lang) for lang in languages}
    texts = {lang: reflow(text) for lang, text in written.items() if text is not None}
    names = {lang: {placeholder.name for placeholder in placeholders(told)} for lang, told in texts.items()}
    everywhere: set[str] = set().union(*names.values())
    for lang in texts:
        missing = everywhere - names[lang]
        if missing:
            doc.add("notice_values_differ", *where, lang, language=lang, names=", ".join(sorted(missing)))
    choices: list[NoticeChoice] = []
    if doc.get(*where, "choices") is not None:
        for index in range(len(doc.items(*where, "choices") or [])):
            choice = _read_choice(doc, (*where, "choices", index), languages if third else list(LANGUAGES))
            if choice is not None:
                choices.append(choice)
    for lang in languages:
        for code, details in check_titles(choice.titles[lang] for choice in choices if lang in choice.titles):
            doc.add(code, *where, "choices", **details)
    if len(doc.report.errors) > before or kind is None:
        return None
    lines = {lang: doc.line(*where, lang) or 1 for lang in texts}
    return Notice(id, kind, texts, titles, tuple(choices), doc.path, lines, digest)


def _read_choice(doc: Document, where: Where, languages: list[str]) -> NoticeChoice | None:
    if not doc.keys(where, ("payload", *languages)):
        return None
    payload = doc.text(*where, "payload")
    if payload is not None and not _is_payload(payload):
        doc.add("bad_payload", *where, "payload", value=payload)
    titles: dict[str, str] = {}
    for lang in languages:
        title = doc.text(*where, lang)
        if title is None:
            continue
        for code, details in check_title(title, TITLE_LIMIT):
            doc.add(code, *where, lang, **details)
        titles[lang] = title
    return None if payload is None else NoticeChoice(payload, titles)


def _is_payload(payload: str) -> bool:
    """Whether the gateway or the engine can carry it out."""
    if _GATEWAY_PAYLOAD.fullmatch(payload):
        return True
    found = _INTENT_PAYLOAD.fullmatch(payload)
    if found is None:
        return False
    try:
        return found[2] is None or isinstance(json.loads(found[2]), dict)
    except json.JSONDecodeError:
        return False


def read_labels(path: Path, report: Report) -> dict[str, dict[str, str]]:
    """The titles of the buttons that the program adds, by name and language."""
    text = read_text(path, report)
    doc = None if text is None else Document.parse(text, str(path), report)
    if doc is None:
        return {}
    doc.keys((), ("label_person",), tuple(doc.value))
    labels: dict[str, dict[str, str]] = {}
    for name in doc.value:
        words = doc.both(name)
        if words is None:
            continue
        for lang, word in words.items():
            if name.startswith("label_"):
                for code, details in check_title(word, TITLE_LIMIT):
                    doc.add(code, name, lang, **details)
        labels[name] = words
    return labels
