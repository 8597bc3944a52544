"""What a message wants of a saved request: to take it back, to correct it, or to know what became of it."""

from __future__ import annotations

import re
from pathlib import Path

from bot.core import yaml12
from bot.core.language import plain

_WORDS = yaml12.load_file(Path(__file__).with_name("wants_words.yml"))


def _any_of(pieces: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{piece})" for piece in pieces))


_TAKES_BACK, _CORRECTS, _STATUS = (_any_of(_WORDS[name]) for name in ("takes_back", "corrects", "status"))


def takes_back(text: str) -> bool:
    """Whether the text asks to cancel an appointment or a request for one."""
    return _TAKES_BACK.search(plain(text)) is not None


def corrects(text: str) -> bool:
    """Whether the text asks to change a phone number, an address, the name or the time of a request."""
    return _CORRECTS.search(plain(text)) is not None


def asks_for_status(text: str) -> bool:
    """Whether the text asks what became of a request for an appointment."""
    return _STATUS.search(plain(text)) is not None
