"""Labels made fit to be drawn: only letters that can be shown, on lines that are surely narrow enough.

On the web the reader's own font draws them, so nothing here knows the real widths: each letter counts as wide as it is
in the widest of the usual fonts (Roboto, Inter, Noto Sans, Open Sans and Atkinson Hyperlegible, regular and bold).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

# Widths in thousandths of the font size, of letters without their accents.
_WIDTHS = {
    320: " ij",
    345: "!',.:;\u00a1\u00b7\u2018\u2019",
    400: "()[]`fl",
    470: "-/\\Irt{}_\u00aa\u00b0",
    560: '"*|s\u00ba\u201c\u201d',
    590: "1FJLcxz^",
    610: "7Eaevy",
    635: "25?bdgkopq\u00bf",
    665: "3689$PRSZhnu\u2013",
    680: "04BT+<=>~\u00ab\u00bb",
    750: "ACDGKVXY&",
    800: "HOQU#",
    865: "Nw",
    985: "Mm",
    1040: "%@W\u2014\u2026",
}
_WIDTH = {letter: width for width, letters in _WIDTHS.items() for letter in letters}
# As wide as a picture of a face is drawn; no letter is wider.
_WIDEST = 1400

# What is no letter: controls, half characters, and what turns the writing round for the letters that follow.
_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


def clean(label: str) -> str:
    """The label in one line, composed, without what cannot be drawn or must not stand in XML."""
    spaced = " ".join(label.split())
    kept = "".join(
        letter
        for letter in unicodedata.normalize("NFC", spaced)
        if unicodedata.category(letter) not in _UNSEEN and ord(letter) & 0xFFFE != 0xFFFE
    )
    return " ".join(kept.split())


def width(text: str, size: float) -> float:
    """The most pixels that the text takes at that font size (pixels too)."""
    letters = (letter for letter in unicodedata.normalize("NFD", text) if not unicodedata.combining(letter))
    return sum(_WIDTH.get(letter, _WIDEST) for letter in letters) * size / 1000


def _pieces(word: str, size: float, most: float) -> Iterator[str]:
    """The word, cut where it alone is too wide; no cut between a letter and its accent."""
    piece = ""
    for letter in word:
        if piece and width(piece + letter, size) > most:
            yield piece
            piece = ""
        piece += letter
    yield piece


def _filled(text: str, size: float, most: float) -> tuple[str, ...]:
    """As many words on each line as there is room for."""
    made = [""]
    for word in text.split():
        for piece in _pieces(word, size, most):
            longer = f"{made[-1]} {piece}".strip()
            if width(longer, size) <= most:
                made[-1] = longer
            else:
                made.append(piece)
    return tuple(made)


def lines(text: str, size: float, most: float) -> tuple[str, ...]:
    """The clean text on lines at most ``most`` pixels wide, as few as it needs, broken between words where possible.

    The lines are about equally long, so that no short word is left alone on the last one.
    """
    words = clean(text)
    needed = len(_filled(words, size, most))
    tries = (_filled(words, size, most * share) for share in (0.6, 0.7, 0.8, 0.9, 1))
    return next(rows for rows in tries if len(rows) == needed)
