"""Notices: short fixed texts, all languages of one notice in one file; and the labels of buttons."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from bot.core.content.article import reflow
from bot.core.datafile import Document, read_text
from bot.core.messages import GATEWAY_PREFIX, LANGUAGES
from bot.core.problems import Report
from bot.core.template import placeholders

THIRD_LANGUAGE = "third_language"
TITLE_LIMIT = 20
# WhatsApp takes 1,024 characters beside buttons or a list.
NOTICE_LIMIT = 1024
KINDS = ("notice", "question", "emergency", "apology")

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
    """A fixed text by language, as written. ``kind`` is that of the reply it makes."""

    id: str
    kind: str
    texts: dict[str, str]
    titles: dict[str, str]
    choices: tuple[NoticeChoice, ...]
    path: str
    lines: dict[str, int]
    digest: str


def read_notices(folder: Path, report: Report) -> dict[str, Notice]:
    """The notices of a folder by id; what is wrong goes to the report."""
    notices = {}
    for path in sorted(folder.glob("*.yml")):
        notice = _read_notice(path, report)
        if notice is not None:
            notices[notice.id] = notice
    return notices


def _read_notice(path: Path, report: Report) -> Notice | None:
    before = len(report.errors)
    text = read_text(path, report)
    doc = None if text is None else Document.parse(text, str(path), report)
    if doc is None or text is None:
        return None
    third = path.stem.startswith(THIRD_LANGUAGE)
    fixed = ("id", "kind", "title", "choices")
    languages = [key for key in doc.value if key not in fixed and _LANGUAGE.fullmatch(key)]
    if third:
        doc.keys((), ("id",), (*fixed, *languages))
        if not languages:
            doc.add("notice_no_language", "id")
    else:
        for key in languages:
            if key not in LANGUAGES:
                doc.add("notice_language", key, key=key)
        doc.keys((), ("id", *LANGUAGES), (*fixed, *languages))
        languages = [lang for lang in LANGUAGES if doc.has(lang)]
    if doc.has("id") and doc.get("id") != path.stem:
        doc.add("id_not_name", "id", id=doc.get("id"), expected=path.stem)
    kind = doc.one_of(KINDS, "kind") if doc.has("kind") else KINDS[0]
    titles = (doc.both("title") or {}) if doc.has("title") else {}
    texts = {lang: reflow(written) for lang in languages if (written := doc.text(lang)) is not None}
    names = {lang: {placeholder.name for placeholder in placeholders(told)} for lang, told in texts.items()}
    everywhere: set[str] = set().union(*names.values())
    for lang in texts:
        missing = everywhere - names[lang]
        if missing:
            doc.add("notice_values_differ", lang, language=lang, names=", ".join(sorted(missing)))
    choices: list[NoticeChoice] = []
    if doc.get("choices") is not None:
        for index in range(len(doc.items("choices") or [])):
            choice = _read_choice(doc, index, languages if third else list(LANGUAGES))
            if choice is not None:
                choices.append(choice)
    if len(report.errors) > before or kind is None:
        return None
    lines = {lang: doc.line(lang) or 1 for lang in texts}
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Notice(path.stem, kind, texts, titles, tuple(choices), str(path), lines, digest)


def _read_choice(doc: Document, index: int, languages: list[str]) -> NoticeChoice | None:
    where = ("choices", index)
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
        if len(title) > TITLE_LIMIT:
            doc.add("label_too_long", *where, lang, label=f'"{title}"', length=len(title), limit=TITLE_LIMIT)
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
            if name.startswith("label_") and len(word) > TITLE_LIMIT:
                doc.add("label_too_long", name, lang, label=f'"{word}"', length=len(word), limit=TITLE_LIMIT)
        labels[name] = words
    return labels
