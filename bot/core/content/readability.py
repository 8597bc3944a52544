"""How hard a text is to read: Flesch-Kincaid grade for English, Fernández-Huerta for Spanish.

Written here because textstat, the library that does both, reads word lists that it fetches from the network;
Spanish spelling gives the syllables by rule, and for English a rule is close enough for a mean over a page.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import pairwise

GRADE = "flesch_kincaid_grade"
EASE = "fernandez_huerta"
#: English: this grade or below. Spanish: this ease or above.
GOALS = {"en": 8.0, "es": 65.0}

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_SENTENCE_END = re.compile(r"[.?!:;]+(?=\s|$)|\n+")

_EN_GROUPS = re.compile(r"[aeiouy]+")
# Vowels side by side that are two syllables.
_EN_HIATUS = re.compile(
    r"ia(?!l\b|n\b)|io(?!n|us)|iu|eo(?!ple|r)|ua(?!r)|uo|iet|ying|(?:sc|d|r|n|l)ienc|creat|being|riod|idea"
)


@dataclass(frozen=True, slots=True)
class ReadingLevel:
    """A score by the measure of its language. ``meets_goal`` says whether it is easy enough."""

    measure: str
    score: float
    meets_goal: bool


def english_syllables(word: str) -> int:
    """The syllables of an English word, by rule: within one of a dictionary's count for most words."""
    plain = re.sub(r"[^a-z]", "", word.casefold())
    if len(plain) <= 3:
        return 1
    stem = re.sub(r"(?:[^aeiouydt]ed)$", lambda found: found[0][0], plain)
    stem = re.sub(r"(?<=[^aeiouyscxzg])es$|(?<=[^h]h)es$", "", stem) if not stem.endswith("les") else stem
    if re.search(r"[^aeiouy]e$", stem) and not re.search(r"[^aeiouy]le$", stem):
        stem = stem[:-1]
    # A silent e before a suffix: state-ment, safe-ly.
    stem = re.sub(r"(?<=[^aeiouyl])e(?=(?:ment|ments|ly|ful|less|ness)$)", "", stem)
    count = len(_EN_GROUPS.findall(stem)) + len(_EN_HIATUS.findall(stem))
    return max(1, count)


def spanish_syllables(word: str) -> int:
    """The syllables of a Spanish word, by its spelling rules: diphthongs count one, hiatuses two."""
    plain = unicodedata.normalize("NFC", word.casefold())
    plain = re.sub(r"(?<=[qg])u(?=[eiéí])", "", plain)
    plain = re.sub(r"y(?=$|[^aeiouáéíóú])", "i", plain).replace("h", "")
    count = 0
    for group in re.findall(r"[aeiouáéíóúü]+", plain):
        count += 1
        for first, second in pairwise(group):
            strong = "aeoáéó"
            # Two strong vowels, or a weak one with an accent beside a strong one, are two syllables.
            if (first in strong and second in strong) or (
                (first in "íú" and second in strong) or (first in strong and second in "íú")
            ):
                count += 1
    return max(1, count)


def reading_level(text: str, lang: str) -> ReadingLevel:
    """The level of a text as told; list items and headings count as sentences."""
    words = _WORD.findall(text)
    sentences = [part for part in _SENTENCE_END.split(text) if _WORD.search(part)]
    if not words:
        return ReadingLevel(GRADE if lang == "en" else EASE, 0.0 if lang == "en" else 100.0, True)
    per_sentence = len(words) / len(sentences)
    if lang == "en":
        syllables = sum(english_syllables(word) for word in words)
        grade = round(0.39 * per_sentence + 11.8 * syllables / len(words) - 15.59, 1)
        return ReadingLevel(GRADE, grade, grade <= GOALS["en"])
    syllables = sum(spanish_syllables(word) for word in words)
    # Fernández Huerta (1959): P syllables per 100 words, F words per sentence (Law's 2011 correction).
    ease = round(206.84 - 60 * syllables / len(words) - 1.02 * per_sentence, 1)
    return ReadingLevel(EASE, ease, ease >= GOALS["es"])
