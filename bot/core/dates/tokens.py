"""The words, numbers and signs of a text with their places."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(r"(?P<word>[a-z]+(?:'[a-z]+)?)|(?P<number>\d+)|(?P<sign>[^\s\w]|[^\W\d_]|_|[ºª°])")


@dataclass(frozen=True, slots=True)
class Token:
    """``kind`` is word, number or sign. ``near``: no white space before it."""

    kind: str
    text: str
    start: int
    end: int
    near: bool


def tokenize(plain: str) -> list[Token]:
    """The tokens of a text in lower case without accents."""
    tokens: list[Token] = []
    last = 0
    for match in _TOKEN.finditer(plain):
        kind = match.lastgroup or "sign"
        near = bool(tokens) and match.start() == last
        tokens.append(Token(kind, match[0], match.start(), match.end(), near))
        last = match.end()
    return tokens
