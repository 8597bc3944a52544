"""References: six letters that a person can say on the telephone in English and in Spanish.

Left out, so that what was said is what was meant:
 - vowels, and Y, which is said like one: no reference spells a word;
 - B C D G P T V Z, which all end in the same sound in English (and C S Z, B V in Spanish sound alike): only T stays;
 - N (M), S (F, X), J (K in English, G in Spanish), W (no one name in Spanish);
 - digits, so that O and 0, I and 1 never meet.
Nine letters in six places are 531,441 references. The same letter never stands three times in a row.
"""

from __future__ import annotations

import re
import secrets

ALPHABET = "FHKLMQRTX"
LENGTH = 6

_TRIPLE = re.compile(r"(.)\1\1")
_SHAPE = re.compile(f"[{ALPHABET}]{{{LENGTH}}}")


def new_reference() -> str:
    """A random reference; whether it is taken is for the store to say."""
    while True:
        letters = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
        if not _TRIPLE.search(letters):
            return letters


def read_reference(text: str) -> str | None:
    """The reference that was typed, in capitals and without gaps; None when it cannot be one."""
    letters = re.sub(r"[\s.\-_]+", "", text).upper()
    return letters if _SHAPE.fullmatch(letters) else None
