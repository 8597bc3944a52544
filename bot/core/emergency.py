"""Whether a message tells of an emergency that is happening now, and of which kind.

Runs before the engine and without it, in three steps:

1. **Rules**: phrases of certain groups close together in one sentence, out of reach of the guards that say "not
   now" (a supposition, the past, a denial, a question about the law).
2. **Cries**: a whole message of nothing but "help", "ayuda por favor", "SOS".
3. **Points**: for what no rule foresaw. Words and signs (a sign is a list of words that mean the same) have
   points for and against; a message with enough of them is an emergency.

Rules, cries and signs stand in ``emergency_words.yml``, whose head explains how they are written; the points in
``emergency_points.tsv``, which ``tests/vectors/emergency/learn.py`` works out from its tables. A message is
folded first: small letters, no accents, no doubled letters.

Which kind wins when the rules of several match:

1. suicide, also with agents at the door: the person must be alive to use any right;
2. violence: danger to the body, also with agents near, because minutes count;
3. agents;
4. abroad;
5. unclear, for which the bot offers the other four as choices.

Violence or agents outside the U.S. are "abroad": no U.S. number helps there.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from math import sqrt
from pathlib import Path
from typing import Any, Literal, get_args

from bot.core import yaml12
from bot.core.errors import DataFileError

Kind = Literal["suicide", "violence", "agents", "abroad", "unclear"]

#: The kinds, the one that wins first.
KINDS: tuple[Kind, ...] = get_args(Kind)

#: The first lines for somebody whom agents have already; to everything else it is the kind "agents".
HELD = "held"

WORDS_FILE = Path(__file__).with_name("emergency_words.yml")
POINTS_FILE = Path(__file__).with_name("emergency_points.tsv")

#: A longer message is read at both ends: what is happening now stands first or last.
_LONGEST = 6000

#: A message of more words is a story: rules not marked ``in_story`` then need a word for "now" so close by.
_STORY = 45
_NOW_REACH = 14

#: Points are summed over a whole short message, over every so many words of a story.
_WINDOW = 45
_WINDOW_STEP = 22

#: When more states of the phrase tree than this are kept, all are dropped and worked out anew.
_MOST_STATES = 20_000
_MOST_SPELLINGS = 20_000

#: Fewer words with points than this say too little.
_FEWEST_WORDS = 5

_FIX = "The head of the file explains how it is written."
_APOSTROPHES = re.compile("[’‘ʼ´`′ʹ]")
#: Accents once they are apart from their letter, and what shows as nothing.
_INVISIBLE = re.compile("[\u0300-\u036f\u00ad\u200b-\u200d\u2060\ufe0e\ufe0f\ufeff]+")
_DOUBLED = re.compile(r"([^\W\d_])\1+")
_PIECES = re.compile(r"[^\W_]+(?:'[^\W_]+)*|🆘|[.!?;]+|[^\w\s]+|\n+")
_DOTTED = ("i.c.e", "u.s.", "e.u.", "ee.uu.", "c.b.p", "d.h.s", "s.o.s")
_YEAR = re.compile(r"(?:19|20)\d\d")
_SOS = "\U0001f198"
_SIGN = "sign:"

#: Signs that part no clause: "check-in", "he/she".
_JOINTS = frozenset("-/&*_'")

type _Span = tuple[int, int]
type _Hits = dict[int, list[_Span]]


@dataclass(frozen=True, slots=True)
class Emergency:
    """What is happening, and the name of the rule that saw it (for staff; never a word of the message).

    ``held``: agents have somebody already, or send them away: what counts then is not the door.
    """

    kind: Kind
    rule: str
    held: bool = False

    @property
    def lines(self) -> str:
        """Which first lines answer it: the name of its kind, or ``held``."""
        return HELD if self.held else self.kind


def classify(text: str, language: str | None = None) -> Emergency | None:
    """The emergency that ``text`` tells of, or None.

    ``language`` is the conversation's, when known. It only sets aside words that mean something harmless in that
    language (Spanish "hice" is not ICE); people mix both, so every rule is tried in any case.
    """
    book = _book()
    message = book.read(text, language)
    hits = book.find(message)
    found: dict[Kind, str] = {}
    for rule in book.rules:
        span = _match(rule, message, hits, book.story_now)
        if span is not None:
            found.setdefault(book.placed(rule.kind, span, message, hits), rule.name)
    if found:
        kind = next(kind for kind in KINDS if kind in found)
        return Emergency(kind, found[kind], kind == "agents" and book.is_held(found[kind], hits))
    for cry in book.cries:
        if _is_cry(cry, message):
            return Emergency(cry.kind, cry.name)
    judged = _points().judge(book.windows(message, hits), in_doubt=book.supposing in hits)
    if judged is not None and judged.kind == "agents":
        return replace(judged, held=book.is_held(judged.rule, hits))
    return judged


def features(text: str) -> list[frozenset[str]]:
    """What the points of a message are counted over: its folded words and signs, for each window of a story."""
    book = _book()
    message = book.read(text, None)
    return [frozenset(window) for window in book.windows(message, book.find(message))]


@dataclass(frozen=True, slots=True)
class _Message:
    """Folded words; for each the numbers of the patterns that it fits, its sentence and its clause."""

    words: list[str]
    fits: list[frozenset[int]]
    sentences: list[int]
    clauses: list[int]


@dataclass(frozen=True, slots=True)
class _Guard:
    """Phrases that stop a rule when they stand at most so many words before or after its match."""

    group: int
    before: int
    after: int
    same_clause: bool
    anywhere: bool
    lifted_by: int | None
    lift_reach: int


@dataclass(frozen=True, slots=True)
class _Rule:
    """Phrase groups that mean an emergency when one of each stands within so many words of one sentence."""

    name: str
    kind: Kind
    needs: tuple[int, ...]
    within: int
    in_order: bool
    guards: tuple[_Guard, ...]
    in_story: bool
    at_most: int | None
    held: Literal["always", "said", "never"]


@dataclass(frozen=True, slots=True)
class _Cry:
    """A whole message of such words only, at least one of them a cry."""

    name: str
    kind: Kind
    cry: int
    made_of: frozenset[int]
    at_most: int


@dataclass(frozen=True, slots=True)
class _Points:
    """Points for and against, and for each kind."""

    threshold: int
    doubt_threshold: int
    story_threshold: int
    lead: int
    points: Mapping[str, int]
    kinds: Mapping[str, tuple[int, ...]]

    def judge(self, windows: Sequence[Set[str]], in_doubt: bool) -> Emergency | None:
        """The emergency of the window with the most points, if they are enough.

        A sum is divided by the root of the number of its features, so that length alone gives nothing. A story, and
        a message ``in_doubt`` (it supposes something), needs more. Of kinds that are almost level none is told: the
        person chooses.
        """
        best, best_known = 0.0, set[str]()
        for window in windows:
            known = window & self.points.keys()
            score = sum(map(self.points.__getitem__, known)) / sqrt(len(known) or 1)
            if score > best and sum(not name.startswith(_SIGN) for name in known) >= _FEWEST_WORDS:
                best, best_known = score, known
        needed = (
            self.story_threshold if len(windows) > 1 else self.doubt_threshold if in_doubt else self.threshold
        )
        if best <= needed:
            return None
        return Emergency(self._kind(best_known), "points")

    def _kind(self, known: Set[str]) -> Kind:
        """The kind with the most points, "unclear" when the next one is too close."""
        columns = [self.kinds[name] for name in known if name in self.kinds]
        totals = [sum(column[place] for column in columns) for place in range(len(KINDS) - 1)]
        ranked = sorted(range(len(totals)), key=lambda place: -totals[place])
        if totals[ranked[0]] - totals[ranked[1]] < self.lead * sqrt(len(columns) or 1):
            return "unclear"
        return KINDS[ranked[0]]


def _match(rule: _Rule, message: _Message, hits: _Hits, story_now: int) -> _Span | None:
    """First and last word (exclusive) of the first unguarded match."""
    if any(group not in hits for group in rule.needs):
        return None
    if rule.at_most is not None and len(message.words) > rule.at_most:
        return None
    for taken in _combinations(rule, message, hits):
        span = min(start for start, _ in taken), max(end for _, end in taken)
        if any(_stops(guard, span, taken, message, hits) for guard in rule.guards):
            continue
        if len(message.words) > _STORY and not rule.in_story and not _near(story_now, span, _NOW_REACH, hits):
            continue
        return span
    return None


def _combinations(rule: _Rule, message: _Message, hits: _Hits) -> Iterator[list[_Span]]:
    """Where the rule's groups stand together: for each phrase of its first group the nearest of the others."""
    sentences = message.sentences
    for first in hits[rule.needs[0]]:
        start, end = first
        sentence = sentences[start]
        taken = [first]
        for group in rule.needs[1:]:
            best: _Span | None = None
            best_length = rule.within + 1
            for hit in hits[group]:
                if sentences[hit[0]] != sentence or (rule.in_order and hit[0] < end):
                    continue
                length = max(end, hit[1]) - min(start, hit[0])
                if length < best_length and all(hit[1] <= t[0] or hit[0] >= t[1] for t in taken):
                    best, best_length = hit, length
            if best is None:
                break
            taken.append(best)
            start, end = min(start, best[0]), max(end, best[1])
        else:
            yield taken


def _stops(guard: _Guard, span: _Span, taken: list[_Span], message: _Message, hits: _Hits) -> bool:
    """Whether the guard stands close enough to the span to rule it out.

    A guard inside one of the rule's own phrases ("do NOT want to live") says nothing against it.
    """
    places = hits.get(guard.group)
    if not places or _lifted(guard, span, message, hits):
        return False
    if guard.anywhere:
        return True
    start, end = span
    parts = message.clauses if guard.same_clause else message.sentences
    for left, right in places:
        if right <= start:
            if start - right < guard.before and parts[left] == parts[start]:
                return True
        elif left >= end:
            if left - end < guard.after and parts[left] == parts[end - 1]:
                return True
        elif not any(first <= left and right <= last for first, last in taken):
            return True
    return False


def _lifted(guard: _Guard, span: _Span, message: _Message, hits: _Hits) -> bool:
    """Whether a phrase beside the span makes the guard void ("last year ..., and NOW he is outside")."""
    if guard.lifted_by is None:
        return False
    sentence = message.sentences[span[0]]
    return any(
        hit[1] > span[0] - guard.lift_reach
        and hit[0] < span[1] + guard.lift_reach
        and message.sentences[hit[0]] == sentence
        for hit in hits.get(guard.lifted_by, ())
    )


def _near(group: int, span: _Span, reach: int, hits: _Hits) -> bool:
    """Whether a phrase of the group stands within ``reach`` words of the span."""
    return any(hit[1] > span[0] - reach and hit[0] < span[1] + reach for hit in hits.get(group, ()))


def _is_cry(cry: _Cry, message: _Message) -> bool:
    """Whether the message is nothing but the cry and words that go with it."""
    if not 0 < len(message.words) <= cry.at_most:
        return False
    cried = False
    for fits in message.fits:
        if cry.cry in fits:
            cried = True
        elif not fits & cry.made_of:
            return False
    return cried


class _Book:
    """The words file, made ready for matching: every pattern, class and group has become a number."""

    def __init__(self, data: Mapping[str, Any], path: str) -> None:
        self._path = path
        self._numbers: dict[str, int] = {}
        self._exact: dict[str, set[int]] = {}
        self._vocabulary: dict[str, frozenset[int]] = {}
        self._stems: dict[str, set[int]] = {}
        self._endings: dict[str, set[int]] = {}
        self._stem_lengths: dict[str, set[int]] = {}
        self._ending_lengths: dict[str, set[int]] = {}
        self._loose: dict[str, set[str]] = {}
        self._loose_forms: set[tuple[str, int]] = set()
        self._respell: dict[str, tuple[str, ...]] = {}
        self._harmless: dict[str, frozenset[str]] = {}
        # A tree of phrases: for each node what leads on from it, the groups that end there, its depth.
        self._onward: list[dict[int, int]] = [{}]
        self._ending: list[list[int]] = [[]]
        self._depth: list[int] = [0]
        self._anything = self._number("any word")
        self._year = self._number("<year>")
        self._figure = self._number("<number>")
        for short, long in self._section(data, "respell").items():
            self._respell[_folded(str(short))] = tuple(_folded(str(long)).split())
        for lang, words in self._section(data, "harmless").items():
            self._harmless[lang] = frozenset(_folded(word) for word in _listed(words))
        classes = self._section(data, "words")
        for name in classes:
            self._number(f"<{name}>")
        for name, words in classes.items():
            for word in _listed(words):
                self._learn(word, self._number(f"<{name}>"))
        groups = self._section(data, "phrases")
        for name in groups:
            self._number(f"group {name}")
        for name, phrases in groups.items():
            for phrase in _listed(phrases):
                self._add_phrase(phrase, self._number(f"group {name}"))
        self._signs: dict[int, str] = {}
        for name, phrases in self._section(data, "signs").items():
            number = self._number(f"sign {name}")
            self._signs[number] = f"{_SIGN}{name}"
            for phrase in _listed(phrases):
                self._add_phrase(phrase, number)
        guards = {name: self._guard(name, raw) for name, raw in self._section(data, "guards").items()}
        self.rules = tuple(
            self._rule(name, raw, guards) for name, raw in self._section(data, "rules").items()
        )
        self._held = {rule.name: rule.held for rule in self.rules} | {"points": "said"}
        self.cries = tuple(self._cry(name, raw) for name, raw in self._section(data, "cries").items())
        self.story_now = self._group("story_now")
        self.supposing = self._group("supposing")
        self._in_their_hands = self._group("in_their_hands")
        self._asides = self._group("asides")
        self._harmless_uses = self._group("harmless_uses")
        self._abroad = self._group("abroad")
        self._person_abroad = self._group("person_abroad")
        self._in_us = self._group("in_us")
        self._us_agents = self._group("us_agents")
        self._their_agents = self._group("gang_home")
        self._guarding = frozenset(guard.group for guard in guards.values())
        self._telling = frozenset(group for rule in self.rules for group in rule.needs)
        for stem in self._stems:
            self._stem_lengths.setdefault(stem[:3], set()).add(len(stem))
        for ending in self._endings:
            self._ending_lengths.setdefault(ending[-2:], set()).add(len(ending))
        self._vocabulary = {word: self._fits(word) for word in self._exact}
        self._spellings: dict[str, tuple[tuple[str, ...], tuple[frozenset[int], ...]]] = {}
        self._states: dict[frozenset[int], int] = {}
        self._nodes: list[frozenset[int]] = []
        self._steps: list[dict[frozenset[int], tuple[int, tuple[_Span, ...]]]] = []
        self._state(frozenset((0,)))

    def is_held(self, rule: str, hits: _Hits) -> bool:
        """Whether what that rule saw, or the message besides, says that agents have somebody already."""
        held = self._held.get(rule, "never")
        return held == "always" or (held == "said" and self._in_their_hands in hits)

    def read(self, text: str, language: str | None) -> _Message:
        """The message in folded words, respelled, with what each of them fits."""
        if len(text) > _LONGEST:
            text = f"{text[: _LONGEST // 2]}\n{text[-_LONGEST // 2 :]}"
        words: list[str] = []
        fits: list[frozenset[int]] = []
        sentences: list[int] = []
        clauses: list[int] = []
        harmless = self._harmless.get(language or "", frozenset[str]())
        sentence = clause = 0
        for piece in [*_PIECES.findall(_plain(text)), "."]:
            if piece in self._spellings:
                spelled, fitting = self._spellings[piece]
            elif piece[0].isalnum() or piece == _SOS:
                spelled, fitting = self._spelled(piece)
            elif piece in _JOINTS:
                continue
            else:
                count = len(words) - len(clauses)
                sentences += [sentence] * count
                clauses += [clause] * count
                clause += 1
                if piece[0] in ".?;" and not piece.startswith(".."):
                    sentence += 1
                continue
            words += spelled
            fits += fitting if harmless.isdisjoint(spelled) else [frozenset()] * len(spelled)
        return _Message(words, fits, sentences, clauses)

    def _spelled(self, piece: str) -> tuple[tuple[str, ...], tuple[frozenset[int], ...]]:
        """The folded words that a piece of a plain text stands for ("don't": do not), and what they fit.

        Only pieces that the words file knows are kept; what else a person wrote is not.
        """
        whole = "sos" if piece == _SOS else _DOUBLED.sub(r"\1", piece)
        bare = whole.replace("'", "")
        words = (
            self._respell.get(whole)
            or self._respell.get(bare)
            or (whole.removesuffix("'s").replace("'", ""),)
        )
        spelled = words, tuple(self._fits(word) for word in words)
        if len(self._spellings) < _MOST_SPELLINGS and all(word in self._vocabulary for word in words):
            self._spellings[piece] = spelled
        return spelled

    def find(self, message: _Message) -> _Hits:
        """Where each phrase group stands, less what asides hide from guards and harmless uses hide from rules."""
        hits: _Hits = {}
        state, clause = 0, -1
        for place, fits in enumerate(message.fits, 1):
            if message.clauses[place - 1] != clause:
                state, clause = 0, message.clauses[place - 1]
            step = self._steps[state].get(fits) or self._step(state, fits)
            state = step[0]
            for group, length in step[1]:
                if group in hits:
                    hits[group].append((place - length, place))
                else:
                    hits[group] = [(place - length, place)]
        for cover, hidden in ((self._asides, self._guarding), (self._harmless_uses, self._telling)):
            covered = {place for start, end in hits.get(cover, ()) for place in range(start, end)}
            for group in hidden & hits.keys() if covered else ():
                hits[group] = [
                    hit for hit in hits[group] if hit in hits[cover] or not covered.issuperset(range(*hit))
                ]
                if not hits[group]:
                    del hits[group]
        return hits

    def _step(self, state: int, fits: frozenset[int]) -> tuple[int, tuple[_Span, ...]]:
        """Where a word leads from a state, and the groups with a phrase that ends there and its length.

        A state is the set of tree nodes that the last words may have reached. It is worked out when first met and
        kept, like a regular expression's; what is kept are numbers of patterns, never a word of a message.
        """
        if len(self._nodes) > _MOST_STATES:
            self._states.clear()
            self._nodes.clear()
            self._steps.clear()
            state = self._state(frozenset((0,)))
            return self._step(state, fits)
        reached = {0}
        for node in self._nodes[state]:
            onward = self._onward[node]
            if len(onward) < len(fits):
                reached.update(
                    after for number, after in onward.items() if number in fits or number == self._anything
                )
            else:
                reached.update(onward[number] for number in fits if number in onward)
                if self._anything in onward:
                    reached.add(onward[self._anything])
        found = tuple(
            sorted({(group, self._depth[node]) for node in reached for group in self._ending[node]})
        )
        step = (self._state(frozenset(reached)), found)
        self._steps[state][fits] = step
        return step

    def _state(self, nodes: frozenset[int]) -> int:
        """The number of the state."""
        number = self._states.get(nodes)
        if number is None:
            number = self._states[nodes] = len(self._nodes)
            self._nodes.append(nodes)
            self._steps.append({})
        return number

    def windows(self, message: _Message, hits: _Hits) -> list[set[str]]:
        """The words and signs of the message, or of each window of a story."""
        count = len(message.words)
        last = max(0, -((_WINDOW - count) // _WINDOW_STEP))
        windows = [
            set(message.words[start : start + _WINDOW])
            for start in range(0, last * _WINDOW_STEP + 1, _WINDOW_STEP)
        ]
        for number, name in self._signs.items():
            for left, right in hits.get(number, ()):
                first = max(0, -((_WINDOW - right) // _WINDOW_STEP))
                for window in windows[first : left // _WINDOW_STEP + 1]:
                    window.add(name)
        return windows

    def placed(self, kind: Kind, span: _Span, message: _Message, hits: _Hits) -> Kind:
        """The kind that the place makes of it: danger outside the U.S. is "abroad", a gang here "violence"."""
        if kind in ("suicide", "unclear"):
            return kind
        if self._person_abroad in hits:
            return "abroad"
        sentence = message.sentences[span[0]]
        there, here, ours, theirs = (
            any(message.sentences[start] == sentence for start, _ in hits.get(group, ()))
            for group in (self._abroad, self._in_us, self._us_agents, self._their_agents)
        )
        if kind == "agents":
            return "abroad" if (there or theirs) and not (here or ours) else kind
        if here:
            return "violence"
        return "abroad" if there else kind

    def _fits(self, word: str) -> frozenset[int]:
        """The numbers of all patterns and classes that the folded word fits."""
        if word in self._vocabulary:
            return self._vocabulary[word]
        found = set(self._exact.get(word, ()))
        for length in self._stem_lengths.get(word[:3], ()):
            found.update(self._stems.get(word[:length], ()))
        for length in self._ending_lengths.get(word[-2:], ()):
            found.update(self._endings.get(word[-length:], ()))
        if word[0].isdigit():
            found.add(self._year if _YEAR.fullmatch(word) else self._figure)
        if not found and (word[0], len(word)) in self._loose_forms:
            for shape in _shapes(word):
                for near in self._loose.get(shape, ()):
                    if _one_edit(word, near):
                        found |= self._exact[near]
        return frozenset(found)

    def _learn(self, pattern: str, number: int) -> None:
        """Let words that fit the pattern carry the number: ``word``, ``stem*``, ``*ing`` or ``word~`` (one edit)."""
        word = _folded(pattern.strip("*~"))
        if not word.isalnum():
            raise self._problem(f"{pattern!r} is not one word")
        if "*" in pattern and len(word) < (3 if pattern.endswith("*") else 2):
            raise self._problem(f"{pattern!r} is too short")
        if pattern.endswith("*"):
            self._stems.setdefault(word, set()).add(number)
            return
        if pattern.startswith("*"):
            self._endings.setdefault(word, set()).add(number)
            return
        self._exact.setdefault(word, set()).add(number)
        if pattern.endswith("~"):
            if len(word) < 6:
                raise self._problem(f"{pattern!r} is too short to allow a wrong letter")
            self._loose_forms |= {(word[0], len(word) + more) for more in (-1, 0, 1)}
            for shape in _shapes(word):
                self._loose.setdefault(shape, set()).add(word)

    def _add_phrase(self, phrase: str, group: int) -> None:
        """Take up a phrase: ``word``, ``a/b``, ``<class>``, ``_`` for any word, ``(x)`` for what may be missing."""
        choices: list[list[int | None]] = []
        for part in phrase.split():
            optional = part.startswith("(") and part.endswith(")")
            if not optional and ("(" in part or ")" in part):
                raise self._problem(f"in {phrase!r} brackets may hold one word only")
            choices.append([*self._part(part.strip("()")), *([None] if optional else [])])
        for variant in product(*choices):
            numbers = [number for number in variant if number is not None]
            if not numbers or numbers[0] == self._anything:
                raise self._problem(f"the phrase {phrase!r} may begin with any word")
            node = 0
            for number in numbers:
                if number not in self._onward[node]:
                    self._onward[node][number] = len(self._onward)
                    self._onward.append({})
                    self._ending.append([])
                    self._depth.append(self._depth[node] + 1)
                node = self._onward[node][number]
            if group not in self._ending[node]:
                self._ending[node].append(group)

    def _part(self, part: str) -> list[int]:
        """The numbers, any of which one position of a phrase may fit."""
        if part == "_":
            return [self._anything]
        names = [name for name in part.split("/") if name.startswith("<")]
        words = [word for word in part.split("/") if not word.startswith("<")]
        numbers = [self._class(name) for name in names]
        if words:
            key = f"word {'/'.join(words)}"
            known = key in self._numbers
            numbers.append(self._number(key))
            if not known:
                for word in words:
                    self._learn(word, numbers[-1])
        return numbers

    def _class(self, name: str) -> int:
        if name not in self._numbers:
            raise self._problem(f"no class of words is called {name}")
        return self._numbers[name]

    def _guard(self, name: str, raw: Any) -> _Guard:
        options = {"same_clause", "anywhere", "lifted_by", "lift_reach"}
        self._check_keys(f"guard {name}", raw, {"phrases", "before", "after"}, options)
        lifted_by = raw.get("lifted_by")
        return _Guard(
            self._group(raw["phrases"]),
            int(raw["before"]),
            int(raw["after"]),
            bool(raw.get("same_clause", False)),
            bool(raw.get("anywhere", False)),
            None if lifted_by is None else self._group(lifted_by),
            int(raw.get("lift_reach", 5)),
        )

    def _rule(self, name: str, raw: Any, guards: Mapping[str, _Guard]) -> _Rule:
        self._check_keys(
            f"rule {name}",
            raw,
            {"kind", "needs", "unless"},
            {"within", "in_order", "in_story", "at_most", "held"},
        )
        for guard in raw["unless"]:
            if guard not in guards:
                raise self._problem(f"rule {name} names the guard {guard!r}, which does not exist")
        return _Rule(
            name,
            self._kind(name, raw["kind"]),
            tuple(self._group(group) for group in raw["needs"]),
            int(raw.get("within", 8)),
            bool(raw.get("in_order", False)),
            tuple(guards[guard] for guard in raw["unless"]),
            bool(raw.get("in_story", False)),
            raw.get("at_most"),
            self._one_of(f"rule {name}: held", raw.get("held", "never"), ("always", "said", "never")),
        )

    def _one_of[T: str](self, what: str, value: Any, allowed: Sequence[T]) -> T:
        for known in allowed:
            if value == known:
                return known
        raise self._problem(f"{what} is {value!r}, which is none of {list(allowed)}")

    def _cry(self, name: str, raw: Any) -> _Cry:
        self._check_keys(f"cry {name}", raw, {"kind", "cry", "made_of", "at_most"}, set())
        made_of = frozenset(self._class(f"<{words}>") for words in raw["made_of"])
        return _Cry(
            name, self._kind(name, raw["kind"]), self._class(f"<{raw['cry']}>"), made_of, int(raw["at_most"])
        )

    def _kind(self, name: str, kind: Any) -> Kind:
        return self._one_of(f"the kind of {name}", kind, KINDS)

    def _group(self, name: str) -> int:
        key = f"group {name}"
        if key not in self._numbers:
            raise self._problem(f"no group of phrases is called {name!r}")
        return self._numbers[key]

    def _number(self, key: str) -> int:
        return self._numbers.setdefault(key, len(self._numbers))

    def _section(self, data: Any, name: str) -> Mapping[str, Any]:
        section = data.get(name) if isinstance(data, dict) else None
        if not isinstance(section, dict):
            raise self._problem(f"the section {name!r} is missing")
        return section

    def _check_keys(self, what: str, raw: Any, needed: set[str], allowed: set[str]) -> None:
        if not isinstance(raw, dict) or not needed <= raw.keys() <= needed | allowed:
            raise self._problem(f"{what} must have {sorted(needed)} and may have {sorted(allowed)}")

    def _problem(self, problem: str) -> DataFileError:
        return DataFileError(self._path, None, problem, _FIX)


def _listed(items: Iterable[str]) -> Iterator[str]:
    """The entries of a list whose lines may each hold several, parted by commas."""
    for item in items:
        yield from (part.strip() for part in str(item).split(",") if part.strip())


def _plain(text: str) -> str:
    """The text in small letters without accents or look-alike forms, apostrophes alike, "I.C.E." as one word."""
    text = text.casefold()
    if not text.isascii():
        text = _INVISIBLE.sub("", unicodedata.normalize("NFKD", _APOSTROPHES.sub("'", text)))
    for dotted in _DOTTED:
        text = text.replace(dotted, dotted.replace(".", ""))
    return text


def _folded(text: str) -> str:
    """The text plain, and of each run of one letter only the first."""
    return _DOUBLED.sub(r"\1", _plain(text))


def _shapes(word: str) -> Iterator[str]:
    """The word, and the word with any one letter left out."""
    yield word
    for place in range(len(word)):
        yield word[:place] + word[place + 1 :]


def _one_edit(word: str, other: str) -> bool:
    """Whether one letter added, missing or wrong, or two neighbours swapped, turns one word into the other."""
    if abs(len(word) - len(other)) > 1:
        return False
    start = 0
    while start < min(len(word), len(other)) and word[start] == other[start]:
        start += 1
    left, right = word[start:], other[start:]
    return (
        left[1:] == right[1:]
        or left[1:] == right
        or left == right[1:]
        or (left[:2] == right[1::-1] and left[2:] == right[2:])
    )


@lru_cache(maxsize=1)
def _book() -> _Book:
    """The rules of the words file, read once."""
    return _Book(yaml12.load_file(WORDS_FILE), WORDS_FILE.name)


@lru_cache(maxsize=1)
def _points() -> _Points:
    """The points file, read once. Raises DataFileError with the line that is not as learn.py writes it."""
    settings: dict[str, int] = {}
    points: dict[str, int] = {}
    kinds: dict[str, tuple[int, ...]] = {}
    try:
        lines = POINTS_FILE.read_text(encoding="utf-8").splitlines()
    except OSError as exc:
        raise DataFileError(POINTS_FILE.name, None, "the file cannot be read", "Run learn.py.") from exc
    for number, line in enumerate(lines, 1):
        if not line or line.startswith("#"):
            continue
        name, *figures = line.split("\t")
        try:
            values = tuple(int(figure) for figure in figures)
            (settings if name.startswith("=") else points)[name.removeprefix("=")] = values[0]
        except (ValueError, IndexError) as exc:
            raise DataFileError(
                POINTS_FILE.name, number, "points must be whole numbers", "Run learn.py."
            ) from exc
        if len(values) == len(KINDS):
            kinds[name] = values[1:]
    try:
        return _Points(
            settings["threshold"], settings["doubt"], settings["story"], settings["lead"], points, kinds
        )
    except KeyError as exc:
        raise DataFileError(POINTS_FILE.name, None, f"the line ={exc} is missing", "Run learn.py.") from exc
