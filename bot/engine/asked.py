"""What of a message is understood: without courtesies around it, and of a story the part that wants an answer.

People begin with "hola buenas tardes disculpe la molestia, dios le bendiga" and tell where they live before they ask.
A greeting outweighed a short question behind it: a third of the questions with one in front were taken for a
greeting or for nothing (docs/understanding.md, "Robustness").
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

from bot.core import yaml12
from bot.engine.text import fold, has_words

#: A shorter text is understood as it is (characters).
STORY_LENGTH = 160

#: What asks may be this long: a question with its circumstances (characters).
ASKED_LENGTH = 240

#: A shorter last sentence is a thank-you, no part of the question (characters).
SHORT_SENTENCE = 12

_WORDS = yaml12.load_file(Path(__file__).with_name("asked_words.yml"))
_WHO = "(?: (?:" + "|".join(_WORDS["who"]) + "))*"
_COURTESY = re.compile(
    r"[\W_]*(?:"
    + "|".join(piece.replace("{who}", _WHO) for piece in _WORDS["courtesies"])
    + r")(?![\w'])[\W_]*"
)
_ASKS = re.compile("|".join(_WORDS["asking"]))
_SENTENCE = re.compile(r"[^.?!\n]+[.?!\n]*")
_REPEATED_MARK = re.compile(r"([?!.,])\1+")
_JOINERS = "\u200d\ufe0f"


def asked(text: str) -> str:
    """The text as it is understood: no courtesies in front, no emoji, small letters for one all in capitals.

    Words are never all taken away: "hola" stays "hola".
    """
    plain = "".join(" " if _is_picture(character) else character for character in text)
    if not has_words(plain):
        return text
    if plain.isupper() and len(plain.split()) > 1:
        plain = plain.lower()
    plain = _REPEATED_MARK.sub(r"\1", plain)
    folded = fold(plain)
    start = 0
    while (found := _COURTESY.match(folded, start)) is not None and found.end() > start:
        rest = folded[found.end() :]
        if len(rest.split()) < 2 or not has_words(rest):
            break
        start = found.end()
    return " ".join(plain[start:].split())


def _is_picture(character: str) -> bool:
    return character in _JOINERS or unicodedata.category(character) in ("So", "Sk", "Cs", "Cn", "Co")


def question_of(text: str) -> str:
    """Of a story the sentences that ask, at most ``ASKED_LENGTH`` characters from its end; "" when it is no story."""
    if len(text) < STORY_LENGTH:
        return ""
    sentences = [sentence.strip() for sentence in _SENTENCE.findall(text) if has_words(sentence)]
    if len(sentences) < 3:
        return ""
    asking = [sentence for sentence in sentences if _ASKS.search(fold(sentence))] or sentences[-1:]
    if asking[-1] is not sentences[-1] and len(sentences[-1]) > SHORT_SENTENCE:
        asking.append(sentences[-1])
    kept = ""
    for sentence in reversed(asking):
        if kept and len(kept) + len(sentence) > ASKED_LENGTH:
            break
        kept = f"{sentence} {kept}".strip()
    return kept if len(kept) < len(text) * 0.8 else ""
