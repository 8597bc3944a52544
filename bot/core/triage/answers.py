"""What a message says in answer to the questions of triage: words to facts, in both languages and in chat spelling.

The words stand in ``answer_words.yml``. Some are understood at any time ("no court no lawyer"), others only
in answer to the question that is open. A piece of a message that asks ("can they deport me?") tells nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from bot.core import yaml12
from bot.core.deadlines.wanted import does_not_know, goes_back, says_no, says_yes
from bot.core.language import plain
from bot.core.story import story_in

WORDS_FILE = Path(__file__).with_name("answer_words.yml")

_WORDS = yaml12.load_file(WORDS_FILE)


_CLASS = re.compile(r"<([a-z_]+)>")


def _written_out(piece: str) -> str:
    """A piece with its classes of words written out. Raises KeyError for a class that is not there."""
    return _CLASS.sub(lambda found: _written_out(f"(?:{'|'.join(_WORDS['words'][found[1]])})"), piece)


def _any_of(pieces: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{_written_out(piece)})" for piece in pieces))


type _Codes = Mapping[str, tuple[tuple[str, re.Pattern[str]], ...]]


def _by_question(part: str) -> _Codes:
    return MappingProxyType(
        {
            question: tuple((code, _any_of(pieces)) for code, pieces in codes.items())
            for question, codes in _WORDS[part].items()
        }
    )


_ANYTIME = _by_question("anytime")
_ANSWERS = _by_question("answers")
_YES: Mapping[str, str] = _WORDS["yes"]
_NO: Mapping[str, str] = _WORDS["no"]
_PROGRAMS = tuple((code, _any_of(pieces)) for code, pieces in _WORDS["programs"].items())
_MENTIONS = tuple((thing, _any_of(pieces)) for thing, pieces in _WORDS["mentions"].items())
_QUESTIONS = tuple((question, _any_of(pieces)) for question, pieces in _WORDS["questions"].items())
_REFUSED = _any_of(_WORDS["refused"])
_PUZZLED = _any_of(_WORDS["puzzled"])
_DONT_KNOW = _any_of(_WORDS["dont_know"])
_CORRECT = _any_of(_WORDS["correct"])
_TAKES_BACK = _any_of(_WORDS["takes_back"])
_ASKING = _any_of(_WORDS["asking"])
_YES_WORDS = _any_of(_WORDS["yes_words"])
_NOT_ME = _any_of(_WORDS["not_me"])
_NO_WORDS = _any_of(_WORDS["no_words"])

_SENTENCES = re.compile(r"[^.;!?\n]+[?]?")
_APOSTROPHES = re.compile("[’‘ʼ´`]")
#: A no right before what it denies: "no tengo | corte".
_DENIED = re.compile(r"\b(?:no|ni|sin|not|never|nunca|dont|didnt|without|tampoco|\w+n't)\s+(?:\w+\s+)?$")
_NO_ITSELF = re.compile(r"\W*(?:no|ni|sin|not|never|nunca|nadie|nobody|noone|without|ningun)\b")
#: What comes after a doubt is not told: "no se si tengo corte".
_DOUBTED = re.compile(
    r"\b(?:no (?:lo )?(?:se|recuerdo|estoy segur[oa]|sabemos)|not sure|don'?t know|do not know|idk) "
    r"(?:si|if|whether)\b.*"
)
#: Where somebody comes from is not where they are.
_ORIGIN = _any_of([r"\b(?:de|desde|from) (?:(?:el|la|los) )?(?:<country>|mi pais|my country)\b"])
#: Somebody else of whom a court, an order or a lawyer is told.
_OTHERS = _any_of(
    [
        r"(?<!\bcon )(?<!\bwith )(?<!\ba )(?<!\bde )(?<!\bof )(?<!\bto )"
        r"\b(?:mi|mis|my|un|una|a|the|his|her|el|la) (?:\w+ )?"
        r"(?:<relative_es>|<relative_en>|amig[oa]s?|vecin[oa]s?|friends?|neighbou?rs?)\b"
        r"(?:(?! (?:y|and|but|pero|i|yo|we)\b)[^.,;!?]){0,35}$"
    ]
)
#: What these do is no detention here; nor is what happened in another country.
_ELSEWHERE = _any_of(
    [
        r"\b(?:gangs?|maras?|pandill\w+|cartel\w*|guerrilla|paramilitar\w*|secuestr\w+|kidnap\w+)\b",
        r"\b(?:en mi pais|in my country|back home|(?:en|in) (?:el )?<country>)\b",
    ]
)
#: Answers that are about somebody else by their nature.
_OF_OTHERS = frozenset({"detained", "family", "filed", "place", "alone_minor", "removal_soon"})
#: A supposition tells nothing.
_SUPPOSES = re.compile(
    r"\W*(?:y |and |but |pero )*(?:si|if|when|cuando|in case|en caso|suppose|supongamos)\b"
)
#: Where a question begins within a sentence: "the judge denied it what can i do".
_TURNS_TO_ASK = re.compile(
    r",(?!\s*(?:19|20)\d\d\b)|\b(?:pero|but|entonces)\b|"
    r"\s(?=(?:what (?:can|should|do)|can (?:i|they)|how (?:do|long|can)|que (?:puedo|hago|pasa|debo)|puedo|"
    r"como (?:puedo|hago)|y ahora que)\b)"
)
_CAME = re.compile(
    r"\b(?:entr[eo]|entramos|cru[zc]\w+|vin[eo]\w*|lleg\w+|ingres\w+|came|cross\w*|enter\w*|arriv\w+|got here)\b"
)

#: To these a beginning yes or no is the answer; others may go on to say more: "no, a notary did it".
_YES_NO_FIRST = frozenset({"detained", "court", "order", "lawyer", "removal_soon", "alone_minor"})

#: Said of the place and not of how: most who cross there are met by officers.
_BORDER_ALONE = re.compile(r"\b(?:por|en|through|at|by|across) (?:la |the )?(?:frontera|border)\b")

_ENTRY_MANNERS = MappingProxyType(
    {
        "no_inspection": "uninspected",
        "admitted": "visa",
        "parole": "parole",
        "port_of_entry": "released",
    }
)

#: Visas that people name for a status of another kind are no way of entry: a U visa is asked for here.
_ASKED_FOR_HERE = frozenset({"u", "t"})


@dataclass(frozen=True, slots=True)
class Understood:
    """What one message says.

    ``answers`` by question (codes only; days are the interview's), ``program`` of a parole, ``mentioned`` what it
    touches on. ``refused`` and ``unknown`` are about the open question. ``corrects``: an answer is to be changed;
    ``takes_back``: what was said before is. ``asks``: it asks something, besides or only. ``back``: one question back.
    """

    answers: Mapping[str, str] = field(default_factory=dict)
    program: str | None = None
    mentioned: frozenset[str] = frozenset()
    refused: bool = False
    unknown: bool = False
    corrects: bool = False
    takes_back: bool = False
    asks: bool = False
    back: bool = False


def read(
    text: str, asked: str | None = None, entities: Mapping[str, Sequence[str]] | None = None
) -> Understood:
    """What a message says while ``asked`` is the open question, or None. Any text gives a value."""
    line = _straight(text)
    if goes_back(line):
        return Understood(back=True)
    pieces, asks = _told(line)
    found = _anytime(pieces)
    if asked in ("entry", "arrival") and found.get("detained") == "self":
        # "They caught me" is how a person came, and not where they are.
        del found["detained"]
    takes_back = any(_TAKES_BACK.search(piece) for piece in pieces)
    corrects = _CORRECT.search(line) is not None
    first = re.split(r"[,:]| pero | but ", pieces[0])[0] if pieces else ""
    named = asked is not None and asked in found
    refused = not named and any(_REFUSED.search(piece) for piece in pieces)
    unsure = does_not_know(line) or any(_DONT_KNOW.search(piece) for piece in pieces)
    if asked is not None and not named and not refused and story_in(text) is None:
        # A story holds words of everything: only what is said outright is taken from it.
        # "No court no lawyer" denies those and says nothing of what was asked.
        says_more = bool(found) and len(first.split()) > 2
        code = _answer(asked, pieces, first, corrects or says_more or (takes_back and bool(found)), unsure)
        code = code or _by_entities(asked, line, entities or {}, asks)
        if code is not None:
            found[asked] = code
    _add_entities(found, pieces, entities or {})
    program = next((code for code, words in _PROGRAMS if any(words.search(piece) for piece in pieces)), None)
    mentioned = frozenset(thing for thing, words in _MENTIONS if any(words.search(piece) for piece in pieces))
    return Understood(
        answers=found,
        program=program,
        mentioned=mentioned,
        refused=refused,
        unknown=unsure and (asked is None or asked not in found),
        corrects=corrects,
        takes_back=takes_back,
        asks=asks,
    )


def tells_of_other_filer(text: str) -> bool:
    """Whether the text says that somebody else filed a form in the person's name."""
    return not text.startswith("/") and read(text).answers.get("filed") == "other"


def question_named(text: str) -> str | None:
    """The question whose answer somebody wants to change, or None."""
    line = _straight(text)
    return next((question for question, words in _QUESTIONS if words.search(line)), None)


def tells(text: str, part: str) -> bool:
    """Whether a part of a text stands where the text tells something, and not where it asks."""
    pieces, asks = _told(_straight(text))
    return not asks or any(_straight(part) in piece for piece in pieces)


def about_others(text: str, part: str) -> bool:
    """Whether a part of a text, such as a date, is told of somebody else: "my mother has court on May 3"."""
    line = _straight(text)
    place = line.find(_straight(part))
    return place > 0 and _OTHERS.search(line[:place]) is not None


def _straight(text: str) -> str:
    return _APOSTROPHES.sub("'", plain(text))


def _told(line: str) -> tuple[list[str], bool]:
    """The sentences that tell something, without what asks; and whether anything asks."""
    told: list[str] = []
    asks = False
    for sentence in _SENTENCES.findall(line.replace("¿", "; ")):
        if not _ASKING.search(sentence):
            told.append(sentence.strip())
            continue
        asks = True
        # "I came in 2023, can I still apply?" tells before it asks. A year may stand between commas.
        parts = [part for part in _TURNS_TO_ASK.split(sentence) if part.strip()]
        if parts and not _ASKING.search(parts[0]) and not _SUPPOSES.match(parts[0]):
            told += [part.strip() for part in parts[:-1] if not _ASKING.search(part)]
    return [piece for piece in told if piece], asks


def _anytime(pieces: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for question, codes in _ANYTIME.items():
        code = next(
            (code for code, words in codes if any(_says(words, piece, question) for piece in pieces)), None
        )
        if code is not None:
            found[question] = code
    if found.get("court") == "no" and found.get("appointment") == "hearing":
        del found["appointment"]
    if found.get("letter") == "in_absentia" and found.get("appointment") == "hearing":
        del found["appointment"]
    return found


def _says(words: re.Pattern[str], piece: str, question: str | None = None) -> bool:
    """Whether the words stand in the piece, with no "no" before them, and are about the person who writes."""
    if question == "detained" and _ELSEWHERE.search(piece):
        return False
    bare = _DOUBTED.sub(" ", _ORIGIN.sub(" ", piece))
    return any(
        (_NO_ITSELF.match(match[0]) is not None or _DENIED.search(bare[: match.start()]) is None)
        and (question is None or question in _OF_OTHERS or _OTHERS.search(bare[: match.start()]) is None)
        for match in words.finditer(bare)
    )


def _answer(asked: str, pieces: Sequence[str], first: str, taken_back: bool, unsure: bool) -> str | None:
    """The code of the answer to the open question by its own words, or by a yes or no."""
    doubts = does_not_know(first) or any(words.search(first) for words in (_DONT_KNOW, _PUZZLED))
    yes_no = None if taken_back or doubts else _yes_no(asked, first)
    if any(_NOT_ME.search(piece) for piece in pieces) and asked in _NO:
        return _NO[asked]
    if asked in _YES_NO_FIRST and yes_no is not None:
        return yes_no
    if unsure:
        return None
    for code, words in _ANSWERS.get(asked, ()):
        if any(_says(words, piece, asked) for piece in pieces):
            return code
    return yes_no


def _yes_no(asked: str, first: str) -> str | None:
    if says_no(first) or _NO_WORDS.search(first):
        return _NO.get(asked)
    if says_yes(first) or _YES_WORDS.search(first):
        return _YES.get(asked)
    return None


def _by_entities(asked: str, line: str, entities: Mapping[str, Sequence[str]], asks: bool) -> str | None:
    """What the names in a message say where the words said nothing."""
    if asks:
        return None
    if asked == "entry":
        return _manner(line, entities) or ("visa" if _visas(entities) else None)
    if asked == "status":
        return "visa" if _visas(entities) or "overstay" in entities.get("entry_manner", ()) else None
    if asked == "place" and entities.get("country") and not _ORIGIN.search(line):
        return None if re.search(r"\b(?:soy|somos|i'?m from|i am)\b", line) else "abroad"
    return None


def _add_entities(
    found: dict[str, str], pieces: Sequence[str], entities: Mapping[str, Sequence[str]]
) -> None:
    """A visa or a manner of entry that is named with a word of coming."""
    if "entry" in found or not any(_CAME.search(piece) for piece in pieces):
        return
    manner = _manner(" ".join(pieces), entities)
    if manner is not None or _visas(entities):
        found["entry"] = manner or "visa"


def _manner(line: str, entities: Mapping[str, Sequence[str]]) -> str | None:
    """How somebody came by the names in a message. "By the border" alone leaves open whether they were seen."""
    found = (_ENTRY_MANNERS[m] for m in entities.get("entry_manner", ()) if m in _ENTRY_MANNERS)
    return next((code for code in found if code != "uninspected" or not _BORDER_ALONE.search(line)), None)


def _visas(entities: Mapping[str, Sequence[str]]) -> list[str]:
    return [visa for visa in entities.get("visa_class", ()) if visa not in _ASKED_FOR_HERE]
