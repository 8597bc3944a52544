"""Which event each date of a text is the date of: "llegué el 3 de marzo" is the day of an arrival.

The words stand in ``event_words.yml``, whose head explains how they are written. Here is only how they are weighed.
Each phrase that is found in the text costs, for each date, what parts the two; the cheapest phrase names the event:

- every word between them, and more for a comma, an "and", the end of a sentence;
- a little for a phrase that follows its date, because most stand before it;
- much when another date stands between them, or when the phrase has another date in its own clause;
- a fixed amount for weak words ("court"), which then only count where no others do.

A phrase that lies within a longer one, or within one of more words and fewer gaps, is not counted: in "my visa
expired" the visa is not an event of its own. What costs more than a limit says nothing. Dates parted only by words
that correct or join them ("the 3rd, no, the 5th") have one event.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bot.core import yaml12
from bot.core.dates.model import FoundDate
from bot.core.dates.words import words as as_words
from bot.core.errors import DataFileError

WORDS_FILE = Path(__file__).with_name("event_words.yml")

#: The events and what they mean. The ids are a contract with the roles in the domain.
EVENTS: Mapping[str, str] = MappingProxyType(
    {
        "arrival": "entry into the U.S., of the person or of a relative who is asked about; also a later re-entry",
        "filed": "the I-589 was sent, handed over or received, or the receipt notice is dated",
        "judge_decision": "an immigration judge denied or ordered removal, with the person there or not said",
        "in_absentia_order": "ordered removed without being there, or the court date that was missed",
        "board_decision": "the Board of Immigration Appeals decided, or the order became final",
        "referral": "the asylum office denied or referred to the court",
        "noid": "notice of intent to deny",
        "granted": "asylum granted to the person, or to the spouse who petitions",
        "green_card": "permanent residence: I-485 approved, card received, resident since",
        "moved": "the person lives at a new address",
        "hearing": "any hearing in immigration court: master, individual, or not said which",
        "permit_expires": "the work permit expires or expired",
        "fee_notice": "notice of the annual asylum fee",
        "interview": "asylum interview",
        "fear_decision": "negative decision on credible or reasonable fear",
        "status_ended": "a lawful stay ended or ends: visa, I-94, TPS, parole",
        "clock_stopped": "the asylum clock stopped, or the delay that stops it",
        "clock_restarted": "the asylum clock runs again",
        "birth": "a child of the person was born",
        "other": "clearly none of these: a marriage, a killing, fingerprints, a job, a release, a visa received",
    }
)

#: The group of the words file whose phrases say nothing and hide what lies within them.
_NOTHING = "nothing"

# The costs, in words. Set by the table of tests/vectors/date_events.tsv.
_WORD = 0.7
_AFTER = 1.5
_COMMA = 2.5
_AND = 2.0
_SENTENCE = 7.0
_OTHER_DATE = 6.0
_ITS_OWN_DATE = 10.0
_WEAK = 5.0
_LIMIT = 14.0

#: How many words ".." may stand for in a phrase. A date within counts as none.
_GAP = 4

#: So many characters beyond the last date are read.
_TAIL = 300

_DATE = "<date>"
# Other keys in the tree of phrases, as they are written in the words file.
_END = ""
_GAPS = ".."
_ANY = "_"
_CORE = ">"
#: A sign that stands for a date while a text is cut into words.
_PLACE = "\u00b6"
_ACCENTS = {
    **str.maketrans(
        "áàâäãéèêëíìîïóòôöõúùûüñç\u2018\u2019\u00b4`\u00b6", "aaaaaeeeeiiiiooooouuuunc" + "'" * 4 + " "
    ),
    **dict.fromkeys(range(0x300, 0x370)),
}
_PIECES = re.compile(r"[a-z0-9]+(?:'[a-z]+)?|[.;?!\n]+|[,:()]|\u00b6")
_AND_WORDS = as_words(
    "and y e but pero then luego despues so entonces because porque when cuando donde where ni que"
)
_DOUBLED = re.compile(r"([a-z])\1+")
#: Sounds that are written in several ways, so that "yegue", "llege" and "llegué" are one word.
_SOUNDS = (
    (re.compile(r"ll"), "y"),
    (re.compile(r"\bh(?=[a-z])"), ""),
    (re.compile(r"gu(?=[ei])"), "g"),
    (re.compile(r"sc(?=[ei])|c(?=[ei])|z"), "s"),
    (re.compile(r"qu|k"), "c"),
    (re.compile(r"v"), "b"),
    (re.compile(r"'"), ""),
    (_DOUBLED, r"\1"),
)
_SHORTEST_LOOSE = 7


def _folded(line: str) -> str:
    """Words in small letters as they sound."""
    for pattern, sound in _SOUNDS:
        line = pattern.sub(sound, line)
    return line


#: What ".." never stands for: in "i have court but i moved" no court was moved.
_TURNS = frozenset(map(_folded, as_words("but pero because porque when cuando")))


def prepare() -> None:
    """Read the words file now, so that no message waits for it.

    Raises DataFileError when a phrase in it cannot be used.
    """
    _book()


def events_of(text: str, found: Sequence[FoundDate]) -> tuple[str | None, ...]:
    """The event that each date of ``find_dates(text, ...)`` is the date of, one for each, in their order.

    A key of ``EVENTS``, or None where the words do not say it. Any text gives a value.
    """
    if not found:
        return ()
    book = _book()
    line = _Line(text, found)
    phrases = book.find(line)
    groups = _groups(line, book.joining)
    ranges = [(line.places[group[0]], line.places[group[-1]]) for group in groups]
    events: list[str | None] = [None] * len(found)
    for group, here in zip(groups, ranges, strict=True):
        best, event = _LIMIT, None
        for phrase in phrases:
            cost = _cost(phrase, here, ranges, line, best)
            if cost < best:
                best, event = cost, phrase.event
        for number in group:
            events[number] = event
    return tuple(events)


@dataclass(frozen=True, slots=True)
class _Phrase:
    """A phrase of the words file that stands at the words ``[start:end]``."""

    event: str
    start: int
    end: int
    weak: bool
    #: How many of these words the phrase says; the others fill its gaps.
    said: int


class _Line:
    """The words of a text, each date as one of them, with what the pauses between them cost."""

    def __init__(self, text: str, found: Sequence[FoundDate]) -> None:
        self.words: list[str] = []
        #: For each word: the pauses from the beginning up to it, and the number of its sentence and clause.
        self.pauses: list[float] = []
        self.sentences: list[int] = []
        self.clauses: list[int] = []
        #: The word that stands for each date.
        self.places: list[int] = []
        parts: list[str] = []
        last = 0
        for one in found:
            parts += (_plain(text[last : one.start]), f" {_PLACE} ")
            last = one.end
        parts.append(_plain(text[last : last + _TAIL]))
        plain: list[str] = []
        pause, sentence, clause = 0.0, 0, 0
        waiting = 0.0  # the longest pause since the last word
        for piece in _PIECES.findall("".join(parts)):
            if not (piece[0].isalnum() or piece == _PLACE):
                end = piece[0] not in ",:()"
                waiting = max(waiting, _SENTENCE if end else _COMMA)
                continue
            if piece in _AND_WORDS:
                waiting = max(waiting, _AND)
            if waiting and plain:
                pause += waiting
                clause += 1
                sentence += waiting >= _SENTENCE
            waiting = 0.0
            if piece == _PLACE:
                self.places.append(len(plain))
            plain.append(piece)
            self.pauses.append(pause)
            self.sentences.append(sentence)
            self.clauses.append(clause)
        self.words = _folded(" ".join(plain)).replace(_PLACE, _DATE).split(" ")


def _plain(text: str) -> str:
    """Small letters without accents, and without the sign that stands for a date."""
    return text.lower().translate(_ACCENTS)


def _groups(line: _Line, joining: frozenset[str]) -> list[list[int]]:
    """The dates in groups that have one event: those parted only by words that correct or join them."""
    groups = [[0]]
    for number in range(1, len(line.places)):
        between = line.words[line.places[number - 1] + 1 : line.places[number]]
        if between and joining.issuperset(between):
            groups[-1].append(number)
        else:
            groups.append([number])
    return groups


def _cost(
    phrase: _Phrase, here: tuple[int, int], ranges: list[tuple[int, int]], line: _Line, limit: float
) -> float:
    """What parts the phrase from the dates at ``here``; not worked out to the end once it reaches the limit."""
    first, last = here
    cost = _WEAK if phrase.weak else 0.0
    if phrase.end <= first:
        left, right = phrase.end - 1, first
    elif phrase.start > last:
        left, right = last, phrase.start
        cost += _AFTER
    else:
        return cost
    cost += line.pauses[right] - line.pauses[left] + _WORD * (right - left - 1)
    owned = False
    for start, end in ranges:
        if cost >= limit:
            return cost
        if (start, end) == here:
            continue
        if left < start < right:
            cost += _OTHER_DATE
        if not owned:
            near = min(abs(start - (phrase.end - 1)), abs(end - phrase.start))
            inside = phrase.start <= start < phrase.end
            own = {line.clauses[phrase.start], line.clauses[phrase.end - 1]}
            apart = own.isdisjoint((line.clauses[first], line.clauses[last]))
            owned = inside or (line.clauses[start] in own and (apart or near < right - left))
    return cost + (_ITS_OWN_DATE if owned else 0.0)


class _Book:
    """The words file, made ready for matching."""

    def __init__(self, data: Mapping[str, Any], path: str) -> None:
        self._path = path
        #: Phrases as a tree: word, stem or class to the next node; at ``_END`` the groups that end there.
        self._tree: dict[str, Any] = {}
        self._exact: set[str] = set()
        self._stems: set[str] = set()
        self._classes: dict[str, tuple[str, ...]] = {}
        self._loose: dict[str, set[str]] = {}
        for name, words in self._part(data, "words").items():
            self._classes[name] = tuple(_listed(words))
        joining: set[str] = set()
        for words in self._part(data, "joining").values():
            joining.update(_folded(word.translate(_ACCENTS)) for word in _listed(words))
        self.joining = frozenset(joining)
        known = {*EVENTS, _NOTHING}
        for event, languages in self._part(data, "events").items():
            if event not in known:
                raise self._problem(f"there is no event {event!r}")
            if not isinstance(languages, Mapping):
                raise self._problem(f"{event!r} needs its phrases by language")
            for phrases in languages.values():
                for phrase in _listed(phrases):
                    self._add(phrase, event)
        self._lengths = tuple(sorted({len(stem) for stem in self._stems}))
        for word in self._exact:
            if len(word) >= _SHORTEST_LOOSE and word.isalpha():
                for shape in _shapes(word):
                    self._loose.setdefault(shape, set()).add(word)

    def find(self, line: _Line) -> list[_Phrase]:
        """The phrases in the words, less those that lie within a longer one and those that say nothing."""
        words = line.words
        keys = [self._keys(word) for word in words]
        found: dict[tuple[str, int, int], tuple[bool, int]] = {}
        for start, first in enumerate(keys):
            if not first:
                continue
            sentence = line.sentences[start]
            # Each: the next word, the node, the words left for its gap (-1: none is open), the clause of a date in
            # the gap (-1: none), where the phrase itself begins, how many words it says.
            states: list[tuple[int, dict[str, Any], int, int, int, int]] = [
                (start, self._tree, -1, -1, start, 0)
            ]
            while states:
                place, node, gap, dated, core, said = states.pop()
                if gap < 0:
                    for event, weak in node.get(_END, ()):
                        key = (event, core, place)
                        other = found.get(key, (True, 0))
                        found[key] = (other[0] and weak, max(other[1], said))
                    if _GAPS in node:
                        states.append((place, node[_GAPS], _GAP, -1, core, said))
                if _CORE in node:
                    states.append((place, node[_CORE], -1, -1, place, 0))
                if place >= len(words) or line.sentences[place] != sentence:
                    continue
                if dated >= 0 and line.clauses[place] != dated:
                    continue
                for one in keys[place]:
                    onward = node.get(one)
                    if onward is not None:
                        states.append((place + 1, onward, -1, -1, core, said + 1))
                if words[place] == _DATE:
                    if gap >= 0:
                        states.append((place + 1, node, gap, line.clauses[place], core, said))
                elif gap > 0 and words[place] not in _TURNS:
                    states.append((place + 1, node, gap - 1, dated, core, said))
                elif gap < 0 and _ANY in node:
                    states.append((place + 1, node[_ANY], -1, -1, core, said + 1))
        return _outer([_Phrase(event, start, end, *told) for (event, start, end), told in found.items()])

    def _keys(self, word: str) -> list[str]:
        """What in the tree the word fits."""
        if word == _DATE:
            return [_DATE]
        keys = [word] if word in self._exact else []
        for length in self._lengths:
            if length > len(word):
                break
            if word[:length] in self._stems:
                keys.append(f"{word[:length]}*")
        if not keys and len(word) >= _SHORTEST_LOOSE - 1:
            near = {one for shape in _shapes(word) for one in self._loose.get(shape, ())}
            keys = [one for one in sorted(near) if _one_letter_apart(word, one)]
        return keys

    def _add(self, phrase: str, event: str) -> None:
        """Take up a phrase; see the head of the words file."""
        written = phrase
        weak = phrase.startswith("?")
        choices: list[list[str]] = []
        for part in phrase.removeprefix("?").split():
            optional = part.startswith("(") and part.endswith(")")
            words: list[str] = []
            for word in part.strip("()").split("/"):
                if word == _DATE or not word.startswith("<"):
                    words.append(word)
                elif word.strip("<>") in self._classes:
                    words += self._classes[word.strip("<>")]
                else:
                    raise self._problem(f"in {written!r} there is no class {word}")
            choices.append([*words, ""] if optional else words)
        for one in product(*choices):
            node = self._tree
            for word in " ".join(part for part in one if part).split():
                node = node.setdefault(self._learned(word, written), {})
            if node is self._tree:
                raise self._problem(f"{written!r} may be empty")
            ends = node.setdefault(_END, [])
            if (event, weak) not in ends:
                ends.append((event, weak))

    def _learned(self, word: str, phrase: str) -> str:
        """The key of a word in the tree."""
        if word in (_DATE, _GAPS, _ANY, _CORE):
            return word
        folded = _folded(word.rstrip("*").translate(_ACCENTS))
        if not folded.isalnum():
            raise self._problem(f"{phrase!r} has a word of other signs than letters and digits")
        if word.endswith("*"):
            self._stems.add(folded)
            return f"{folded}*"
        self._exact.add(folded)
        return folded

    def _part(self, data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
        part = data.get(name)
        if not isinstance(part, Mapping):
            raise self._problem(f"{name!r} is missing")
        return part

    def _problem(self, problem: str) -> DataFileError:
        return DataFileError(self._path, None, problem, "The head of the file explains how it is written.")


def _outer(phrases: list[_Phrase]) -> list[_Phrase]:
    """Those that neither lie within one that is longer or says more, nor stand where a phrase says nothing."""
    return [
        one
        for one in phrases
        if one.event != _NOTHING
        and not any(
            other.start <= one.start
            and one.end <= other.end
            and (
                other.event == _NOTHING
                or (other.end - other.start, other.said) > (one.end - one.start, one.said)
            )
            for other in phrases
        )
    ]


def _listed(lines: Iterable[str] | str) -> Iterable[str]:
    """The entries of lines in which they are parted by commas."""
    for line in [lines] if isinstance(lines, str) else lines:
        for entry in str(line).split(","):
            if entry.strip():
                yield entry.strip()


def _shapes(word: str) -> Iterable[str]:
    """The word, and what is left of it without one of its letters."""
    yield word
    for place in range(len(word)):
        yield word[:place] + word[place + 1 :]


def _one_letter_apart(one: str, other: str) -> bool:
    """Whether a letter that is added, left out, changed or swapped with the next makes one of the other."""
    if one[0] != other[0] or abs(len(one) - len(other)) > 1:
        return False
    start = 0
    shorter = min(len(one), len(other))
    while start < shorter and one[start] == other[start]:
        start += 1
    a, b = one[start:], other[start:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[2:] == b[2:] and a[:2] == b[1::-1])


@lru_cache(maxsize=1)
def _book() -> _Book:
    return _Book(yaml12.load_file(WORDS_FILE), str(WORDS_FILE))
