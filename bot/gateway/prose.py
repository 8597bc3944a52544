"""The plain text of replies in parts that a template can set: paragraphs, lists, and what can be pressed in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

#: Web addresses and phone numbers can be pressed; 911 and 988 too, for someone whose hands shake.
_PRESSABLE = re.compile(
    r"(https://[^\s)]+[^\s).,;:])|(?<![\d$])(1-\d{3}-\d{3}-\d{4}|\d{3}-\d{3}-\d{4}|\d{3}-\d{4}|911|988)(?![\d-])"
)


@dataclass(frozen=True, slots=True)
class Part:
    """Some words; ``href`` is where they lead, or empty."""

    text: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph (one line) or a list (its items); each line is a row of parts."""

    is_list: bool
    lines: tuple[tuple[Part, ...], ...]


def blocks(text: str) -> Iterator[Block]:
    """Blank lines part paragraphs, "- " begins an item of a list."""
    for part in re.split(r"\n\s*\n", text):
        words: list[str] = []
        items: list[str] = []
        for line in [*part.split("\n"), ""]:
            is_item = line.startswith("- ")
            if items and not is_item:
                yield Block(True, tuple(_pressable(item) for item in items))
                items = []
            if words and (is_item or line == ""):
                yield Block(False, (_pressable(" ".join(words)),))
                words = []
            if is_item:
                items.append(line[2:])
            elif line.strip():
                words.append(line.strip())


def _pressable(text: str) -> tuple[Part, ...]:
    parts: list[Part] = []
    end = 0
    for found in _PRESSABLE.finditer(text):
        parts.append(Part(text[end : found.start()]))
        parts.append(Part(found[0], found[1] or f"tel:{found[2]}"))
        end = found.end()
    parts.append(Part(text[end:]))
    return tuple(part for part in parts if part.text)
