"""What a person means who types instead of pressing: a title, a number, a yes or a no."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from bot.gateway.conversations import Offered

_YES = (
    "y, yes, yes please, yes keep it, yeah, yep, sure, of course, i agree, "
    "si, si por favor, si gracias, si guardar, claro, claro que si, de acuerdo, acepto"
)
# Not among them: "ok", "bueno", "vale", which people also say for "hello" or "I have read it".
_NO = "n, no, no thanks, no thank you, nope, nah, i do not agree, no gracias, no quiero, mejor no, no acepto"
YES = frozenset(_YES.split(", "))
NO = frozenset(_NO.split(", "))

_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff\u00ad]")
_NUMBER = re.compile(r"^\W*(\d{1,2})\W*$")


def clean(text: str) -> str:
    """The text without what cannot be shown or stored: control characters and lone surrogates."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    kept = (c for c in whole if c in "\n\t" or unicodedata.category(c) != "Cc")
    return "".join(kept).strip()


def is_blank(text: str) -> bool:
    """Whether nothing of the text can be seen."""
    return not _INVISIBLE.sub("", text).strip()


def folded(text: str) -> str:
    """The text for comparing: lower case, no accents, no punctuation, single spaces."""
    plain = unicodedata.normalize("NFD", text.casefold())
    letters = "".join(c if c.isalnum() else " " for c in plain if not unicodedata.combining(c))
    return " ".join(letters.split())


def meant_choice(text: str, latest: Sequence[Offered], *, numbered: bool) -> Offered | None:
    """The choice, among those just offered, that the text names by its title, or by its number where it showed one."""
    wanted = folded(text)
    if not wanted:
        return None
    for choice in latest:
        if folded(choice.title) == wanted:
            return choice
    number = _NUMBER.match(text.strip()) if numbered else None
    if number and 1 <= int(number.group(1)) <= len(latest):
        return latest[int(number.group(1)) - 1]
    return _yes_or_no(wanted, latest)


def _yes_or_no(wanted: str, latest: Sequence[Offered]) -> Offered | None:
    """The choice for a plain yes or no, when the gateway itself has just asked such a question."""
    ending = "_yes" if wanted in YES else "_no" if wanted in NO else None
    if ending is None:
        return None
    fitting = [c for c in latest if c.payload.startswith("gateway:") and c.payload.endswith(ending)]
    return fitting[0] if len(fitting) == 1 else None
