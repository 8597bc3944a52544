"""Strict reading of YAML that people edit: nothing unknown passes, and every complaint has its line."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from bot.core.errors import DataFileError
from bot.core.messages import LANGUAGES
from bot.core.problems import Report
from bot.core.yaml12 import load_with_lines

type Where = tuple[str | int, ...]

_URL = re.compile(r"https?://[^\s/]+\.[^\s]+")


def near(word: str, known: Iterable[str]) -> str:
    """The known word that was probably meant, or an empty text."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return found[0] if found else ""


def read_text(path: Path, report: Report) -> str | None:
    """The text of a file with plain line ends, or None when it cannot be read (and the report says why)."""
    try:
        raw = path.read_bytes()
    except OSError:
        report.add("unreadable", str(path))
        return None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        report.add("not_utf8", str(path), raw[: exc.start].count(b"\n") + 1)
        return None
    text = text.replace("\r\n", "\n")
    if not unicodedata.is_normalized("NFC", text):
        for number, line in enumerate(text.split("\n"), start=1):
            if not unicodedata.is_normalized("NFC", line):
                words = [word for word in line.split() if not unicodedata.is_normalized("NFC", word)]
                report.add("not_nfc", str(path), number, word=" ".join(words) or line)
    return text


def _plain(value: Any) -> Any:
    """The value with every key as the text that stands in the file."""
    if isinstance(value, dict):
        return {
            (key.isoformat() if isinstance(key, date) else str(key)): _plain(child)
            for key, child in value.items()
        }
    if isinstance(value, list):
        return [_plain(child) for child in value]
    return value


@lru_cache(maxsize=2048)
def _load(text: str) -> tuple[Any, dict[Where, int]]:
    """Value and lines of a YAML text; kept, so that reloading after an edit reads only what changed."""
    return load_with_lines(text, "")


class Document:
    """One YAML mapping, read entry by entry; each getter gives None and adds to the report when it cannot."""

    def __init__(self, path: str, value: dict[str, Any], lines: dict[Where, int], report: Report) -> None:
        self.path = path
        self.value = value
        self.report = report
        self._lines = lines

    @classmethod
    def parse(cls, text: str, path: str, report: Report, offset: int = 0) -> Document | None:
        """The document in ``text``, whose first line is line ``offset`` + 1 of the file."""
        try:
            value, lines = _load(text)
        except DataFileError as exc:
            line = None if exc.line is None else exc.line + offset
            twice = re.match(r'found duplicate key "(.*?)"', exc.problem)
            day = re.match(r"(\S+) is a date that does not exist", exc.problem)
            if day:
                report.add("wrong_date", path, line, value=day[1])
            elif twice:
                report.add("duplicate_key", path, line, key=twice[1])
            else:
                report.add("bad_yaml", path, line, detail=exc.problem)
            return None
        plain = _plain(value)
        shifted = {where: line + offset for where, line in lines.items()}
        if not isinstance(plain, dict):
            report.add("want_mapping", path, 1 + offset, key=Path(path).name)
            return None
        return cls(path, plain, shifted, report)

    def line(self, *where: str | int) -> int | None:
        """The line of an entry, or of the nearest entry around it."""
        place: Where = where
        while place:
            if place in self._lines:
                return self._lines[place]
            place = place[:-1]
        return None

    def add(self, code: str, *where: str | int, **details: object) -> None:
        """Report an error at the line of an entry."""
        self.report.add(code, self.path, self.line(*where), **details)

    def get(self, *where: str | int) -> Any:
        """The raw value of an entry, None when it is absent."""
        value: Any = self.value
        for step in where:
            if isinstance(value, dict):
                value = value.get(step)
            elif isinstance(value, list) and isinstance(step, int) and step < len(value):
                value = value[step]
            else:
                return None
        return value

    def has(self, *where: str | int) -> bool:
        """Whether the entry is written at all, be it null."""
        parent = self.get(*where[:-1])
        return isinstance(parent, dict) and where[-1] in parent

    def keys(self, where: Where, required: Iterable[str], optional: Iterable[str] = ()) -> bool:
        """Whether the mapping at ``where`` holds every required entry; unknown ones are reported."""
        value = self.get(*where)
        if not isinstance(value, dict):
            self.add("want_mapping", *where, key=_name(where))
            return False
        known = [*required, *optional]
        for key in value:
            if key not in known:
                self.add("unknown_key", *where, key, key=key, near=near(key, known), known=", ".join(known))
        missing = [key for key in required if key not in value]
        for key in missing:
            self.add("missing_key", *where, key=key)
        return not missing

    def text(self, *where: str | int) -> str | None:
        """A text that is not empty."""
        value = self.get(*where)
        if isinstance(value, str) and value.strip():
            return value.strip()
        self.add("want_text", *where, key=_name(where))
        return None

    def optional_text(self, *where: str | int) -> str | None:
        """A text, or None when the entry is absent or null."""
        return None if self.get(*where) is None else self.text(*where)

    def both(self, *where: str | int) -> dict[str, str] | None:
        """A text in each language."""
        value = self.get(*where)
        if not isinstance(value, dict):
            self.add("missing_language", *where, key=_name(where), language="en, es")
            return None
        for key in value:
            if key not in LANGUAGES:
                self.add("unknown_key", *where, key, key=key, near="", known=", ".join(LANGUAGES))
        texts: dict[str, str] = {}
        for lang in LANGUAGES:
            if value.get(lang) is None:
                self.add("missing_language", *where, key=_name(where), language=lang)
                continue
            text = self.text(*where, lang)
            if text is not None:
                texts[lang] = text
        return texts if len(texts) == len(LANGUAGES) else None

    def number(self, *where: str | int) -> int | None:
        """A whole number, 1 or more."""
        value = self.get(*where)
        if type(value) is int and value >= 1:
            return value
        self.add("want_number", *where, key=_name(where))
        return None

    def date(self, *where: str | int) -> date | None:
        """A day, written year-month-day."""
        value = self.get(*where)
        if type(value) is date:
            return value
        self.add("wrong_date", *where, value=value)
        return None

    def url(self, *where: str | int) -> str | None:
        """A web address with its scheme."""
        value = self.get(*where)
        if isinstance(value, str) and _URL.fullmatch(value.strip()):
            return value.strip()
        self.add("bad_url", *where, value=value)
        return None

    def one_of(self, known: Iterable[str], *where: str | int) -> str | None:
        """One word of a fixed list."""
        value = self.get(*where)
        allowed = list(known)
        if isinstance(value, str) and value in allowed:
            return value
        self.add(
            "not_one_of",
            *where,
            key=_name(where),
            value=value,
            near=near(str(value), allowed),
            known=", ".join(allowed),
        )
        return None

    def items(self, *where: str | int) -> list[Any] | None:
        """A list."""
        value = self.get(*where)
        if isinstance(value, list):
            return value
        self.add("want_list", *where, key=_name(where))
        return None


def _name(where: Where) -> str:
    return ".".join(str(step) for step in where) or "the file"
