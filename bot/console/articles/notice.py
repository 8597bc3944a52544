"""What an emergency notice must be before people are told it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.core.content.glossary import Glossary
from bot.core.content.prose import check_prose
from bot.core.language import detect
from bot.core.messages import LANGUAGES
from bot.core.redact import mask

#: The longest text in each language, in characters.
LONGEST = 600
#: An office's own number, mail or street address may stand in it; nothing that names a person.
_MAY_BE_WRITTEN = frozenset({"PHONE", "EMAIL", "ADDRESS"})
#: Of an article's rules those that hold for it too. It gives orders ("do not travel") and says the days itself.
_RULES = frozenset({"conclusion", "exclamation", "glossary"})
_LINK = re.compile(r"[^\s(]*(?:://|\bwww\.)\S*", re.IGNORECASE)
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}")


@dataclass(frozen=True, slots=True)
class Draft:
    """A notice as somebody wrote it; ``ends`` is what the field for its end held."""

    texts: Mapping[str, str]
    ends: str = ""


@dataclass(frozen=True, slots=True)
class Wrong:
    """Something that has to be put right in a ``field``; ``wrong_<code>`` says it, with ``what`` and ``instead``."""

    field: str
    code: str
    what: str = ""
    instead: str = ""


def tidy(text: str) -> str:
    """Plain text with Unix line ends, one empty line at most, and nothing that cannot be seen."""
    lines = text.replace("\r\n", "\n").replace("\xa0", " ").split("\n")
    seen = ("".join(sign for sign in line if sign.isprintable()).strip() for line in lines)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(seen)).strip()


def end_of(ends: str, timezone: str) -> datetime | None:
    """The moment that the field holds, in the firm's time; None for an empty one. Raises ValueError."""
    if not ends:
        return None
    if not _MOMENT.fullmatch(ends):
        raise ValueError(ends)
    return datetime.fromisoformat(ends).replace(tzinfo=ZoneInfo(timezone))


def wrong_in(draft: Draft, now: datetime, timezone: str, glossary: Glossary | None) -> list[Wrong]:
    """Everything that has to be put right."""
    found = [wrong for lang in LANGUAGES for wrong in _in_text(draft.texts[lang], lang, glossary)]
    if not found and len(set(draft.texts.values())) == 1:
        found.append(Wrong("text_es", "same"))
    try:
        ends = end_of(draft.ends, timezone)
    except ValueError:
        found.append(Wrong("ends", "ends_unread"))
    else:
        if ends is not None and ends <= now:
            found.append(Wrong("ends", "ends_past"))
    return found


def _in_text(text: str, lang: str, glossary: Glossary | None) -> Iterator[Wrong]:
    field = f"text_{lang}"
    if not text:
        yield Wrong(field, "empty")
        return
    if len(text) > LONGEST:
        yield Wrong(field, "long", str(len(text)))
        return
    if "{{" in text or "}}" in text:
        yield Wrong(field, "braces")
    for link in _LINK.finditer(text):
        if not link[0].startswith("https://"):
            yield Wrong(field, "link", link[0])
    if any(value.kind not in _MAY_BE_WRITTEN for value in mask(text, ()).values):
        yield Wrong(field, "personal")
    spoken = detect(text).language
    if spoken in LANGUAGES and spoken != lang:
        yield Wrong(field, "language")
    for problem in check_prose(text, lang, glossary):
        if problem.code in _RULES:
            details = problem.details
            yield Wrong(field, problem.code, details.get("text", ""), details.get("term", ""))
