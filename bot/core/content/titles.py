"""What a title must be so that it can be pressed on every channel: a button, or a row of a list, on WhatsApp too."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

#: WhatsApp: a reply button shows 20 letters and a row of a list 24, whichever provider carries it
#: (bot/gateway/whatsapp/limits.py; tests/whatsapp/test_rendering.py holds the two to each other).
TITLE_LIMIT = 20
LABEL_LIMIT = 24
#: A list has so many rows; with more choices a person must type a number.
ROWS = 10

#: WhatsApp takes these for bold, slanted, struck and code; a title shows them as they stand, or is refused.
_FORMATTING = "*_~`"
#: Pictures, and what makes one of several signs: not every phone shows them, and providers may refuse them.
_PICTURES = frozenset({"So", "Sk", "Cs", "Co", "Cn", "Cf", "Me"})
_JOINERS = "\u200d\ufe0f\ufe0e"

#: A code of bot/core/problems.py with its details.
Found = tuple[str, dict[str, Any]]


def length(title: str) -> int:
    """UTF-16 units: no provider says what it calls a letter, and none can count more than this."""
    return len(title.encode("utf-16-le", "surrogatepass")) // 2


def check_title(title: str, limit: int) -> Iterator[Found]:
    """What is wrong with a title that may have ``limit`` letters."""
    if length(title) > limit:
        yield "label_too_long", {"label": f'"{title}"', "length": length(title), "limit": limit}
    signs = sorted({sign for sign in title if _is_no_letter(sign)})
    if signs:
        yield "title_signs", {"label": f'"{title}"', "signs": " ".join(map(_named, signs))}


def check_titles(titles: Iterable[str]) -> Iterator[Found]:
    """What is wrong with titles that are offered together: two that look the same, or more than a list has rows."""
    seen: set[str] = set()
    offered = list(titles)
    for title in offered:
        plain = " ".join(title.casefold().split())
        if plain in seen:
            yield "title_twice", {"label": f'"{title}"'}
        seen.add(plain)
    if len(offered) > ROWS:
        yield "too_many_choices", {"count": len(offered), "limit": ROWS}


def _is_no_letter(sign: str) -> bool:
    return sign in _FORMATTING or sign in _JOINERS or unicodedata.category(sign) in _PICTURES


def _named(sign: str) -> str:
    """The sign itself, or its number where it cannot be seen."""
    return f"U+{ord(sign):04X}" if sign in _JOINERS or unicodedata.category(sign) == "Cf" else sign
