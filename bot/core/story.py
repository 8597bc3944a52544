"""Whether a message tells what happened to a person: persecution, violence, threats, abuse.

A story does not belong in a chat that is stored; who tells one is answered, asked not to write it here and
offered a person. Only that there was a story is said here, never which: nothing of it is kept.

A question about the law ("if gangs threaten somebody"), a denial, and what agencies of the United States did
("ICE detained me") are no stories. The phrases stand in ``story_words.yml``, whose head explains how they are
written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from bot.core import yaml12
from bot.core.errors import DataFileError
from bot.core.language import plain

WORDS_FILE = Path(__file__).with_name("story_words.yml")

#: A longer message is read up to here; who tells a story has begun by then.
_LONGEST = 6_000

#: A sign of fewer points says little: many of them in a long sentence make no story.
_STRONG = 2.0

_FIX = "The head of the file explains how it is written."
_SECTIONS = (
    "words", "tells", "harmless", "supposed", "supposed_reach", "denied", "here", "here_reach",
    "about", "enough", "most_weak", "window", "signs",
)  # fmt: skip
_APOSTROPHES = re.compile("['’‘ʼ´`′]")
_WORD = re.compile(r"[^\W_]+")
_PIECES = re.compile(r"[^\W_]+|[.?!;\n]+|[,:()]")
_SENTENCE_END = frozenset(".?!;\n")
# Between a denial and what it denies ("nobody has ever threatened me", "no me han amenazado").
_LINKS = r"(?: (?:has|have|had|ever|been|me|nos|le|ha|han|habia|was|were|one)){0,3}"


@dataclass(frozen=True, slots=True)
class _Words:
    """The file as patterns over words that have one space before and after each."""

    tells: re.Pattern[str]
    harmless: re.Pattern[str]
    supposed: re.Pattern[str]
    denied: re.Pattern[str]
    here: frozenset[str]
    here_reach: int
    about: re.Pattern[str]
    enough: float
    most_weak: float
    window: int
    signs: tuple[tuple[float, re.Pattern[str]], ...]


def story_in(text: str) -> int | None:
    """The number of words of a message that tells what happened to the person or their relatives, else None."""
    words = _words()
    if any(_tells(sentence, words) for sentence in _sentences(text[:_LONGEST])):
        return len(_WORD.findall(_APOSTROPHES.sub("", text)))
    return None


def _sentences(text: str) -> list[str]:
    """The words of each sentence, each between two spaces, with a comma where a clause ends."""
    sentences: list[list[str]] = [[]]
    for piece in _PIECES.findall(_APOSTROPHES.sub("", plain(text))):
        if piece[0] in _SENTENCE_END:
            sentences.append([])
        else:
            sentences[-1].append(piece if piece[0].isalnum() else ",")
    return [f" {' '.join(words)} " for words in sentences if words]


def _tells(sentence: str, words: _Words) -> bool:
    sentence = words.harmless.sub(" , ", sentence)
    place = 0
    while (match := words.tells.search(sentence, place)) is not None:
        if not _set_aside(sentence, match.start(), match.end(), words):
            return True
        place = match.start() + 1
    return any(
        words.about.search(stretch) is not None and _points(stretch, words) >= words.enough
        for stretch in _stretches(sentence, words.window)
    )


def _stretches(sentence: str, window: int) -> Iterator[str]:
    """The sentence in pieces from each comma and each half window on, so that a question beside a story does not
    outweigh it."""
    said: list[str] = []
    starts = {0}
    for word in sentence.split():
        if word == ",":
            starts.add(len(said))
        else:
            said.append(word)
    starts.update(range(0, max(1, len(said) - window // 2), window // 2))
    for start in sorted(starts):
        yield f" {' '.join(said[start : start + window])} "


def _points(sentence: str, words: _Words) -> float:
    """How much the words of a stretch speak for a story."""
    strong = weak = 0.0
    any_strong = False
    for worth, sign in words.signs:
        found = len(set(sign.findall(sentence)))
        points = worth * (0 if not found else 1 if found == 1 else 1.5)
        if 0 < worth < _STRONG:
            weak += points
        else:
            strong += points
            any_strong = any_strong or points > 0
    return strong + min(weak, words.most_weak) if any_strong else 0.0


def _set_aside(sentence: str, start: int, end: int, words: _Words) -> bool:
    """Whether what stands around a phrase makes it no story."""
    before = sentence[:start].rsplit(",", 1)[-1]
    after = sentence[end:].split(",", 1)[0]
    near = (
        before.split()[-words.here_reach :] + sentence[start:end].split() + after.split()[: words.here_reach]
    )
    return (
        words.supposed.search(before + " ") is not None
        or words.denied.search(before + " ") is not None
        or not words.here.isdisjoint(near)
    )


@lru_cache(maxsize=1)
def _words() -> _Words:
    return read_words(WORDS_FILE.read_text(encoding="utf-8"), WORDS_FILE.name)


def read_words(text: str, path: str) -> _Words:
    """The patterns of a file of words; raises ``DataFileError`` with the place of what is not well written."""
    data, lines = yaml12.load_with_lines(text, path)
    if not isinstance(data, dict) or set(data) != set(_SECTIONS):
        raise DataFileError(path, None, f"the sections must be {', '.join(_SECTIONS)}", _FIX)
    classes = {name: _either(str(said)) for name, said in data["words"].items()}
    classes["here"] = _either(str(data["here"]))

    def pattern(section: str, tail: str) -> re.Pattern[str]:
        phrases = [
            _phrase(str(phrase), classes, path, lines.get((section, number)))
            for number, phrase in enumerate(data[section])
        ]
        return re.compile(f"(?:{'|'.join(phrases)}){tail}")

    def any_of(said: str, *place: str | int) -> re.Pattern[str]:
        return re.compile(_phrase("/".join(said.split()), classes, path, lines.get(place)))

    reach = int(data["supposed_reach"])
    return _Words(
        tells=pattern("tells", "(?= )"),
        harmless=pattern("harmless", "(?= )"),
        supposed=pattern("supposed", rf"(?: [^ ]+){{0,{reach}}} *$"),
        denied=pattern("denied", rf"{_LINKS} *$"),
        here=frozenset(str(data["here"]).split()),
        here_reach=int(data["here_reach"]),
        about=any_of(str(data["about"]), "about"),
        enough=float(data["enough"]),
        most_weak=float(data["most_weak"]),
        window=int(data["window"]),
        signs=tuple(
            (float(sign["points"]), any_of(str(sign["words"]), "signs", number))
            for number, sign in enumerate(data["signs"])
        ),
    )


def _phrase(phrase: str, classes: dict[str, str], path: str, line: int | None) -> str:
    """A phrase as a pattern; each word takes the space before it."""
    pieces = []
    for token in phrase.split():
        if token.startswith(".."):
            pieces.append(rf"(?: [^ ]+){{0,{int(token[2:])}}}?")
            continue
        optional = token.startswith("(")
        choices = []
        for choice in token.strip("()").split("/"):
            if choice.startswith("<") and choice.strip("<>") not in classes:
                raise DataFileError(path, line, f"no class of words is called {choice}", _FIX)
            choices.append(classes[choice.strip("<>")] if choice.startswith("<") else _stem(choice))
        pieces.append(f"(?: (?:{'|'.join(choices)})(?= ))" + ("?" if optional else ""))
    return "".join(pieces)


def _either(words: str) -> str:
    return "|".join(map(_stem, words.split()))


def _stem(word: str) -> str:
    if word.startswith("*"):
        return "[^ ]*" + re.escape(word[1:])
    return re.escape(word[:-1]) + "[^ ]*" if word.endswith("*") else re.escape(word)
