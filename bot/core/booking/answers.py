"""What the words of an answer mean in the booking conversation. Every text here is plain: small, without accents."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from bot.core import yaml12
from bot.core.booking.questions import CONSENT, LANGUAGE, REACH, WHEN, YES
from bot.core.deadlines.wanted import does_not_know, says_no, says_yes
from bot.core.language import plain

#: A control word or a plain answer has no more words.
SHORT = 6

_WORDS = yaml12.load_file(Path(__file__).with_name("booking_words.yml"))


def _any_of(pieces: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{piece})" for piece in pieces))


_CANCEL, _SKIP, _HAS_NONE = (_any_of(_WORDS[name]) for name in ("cancel", "skip", "has_none"))
_CHANGE, _NOT_OURS, _OWN_NAME, _WHY = (
    _any_of(_WORDS[name]) for name in ("change", "not_ours", "own_name", "why")
)
_LITTLE, _NEITHER, _BUT, _NEGATION = (
    _any_of(_WORDS[name]) for name in ("little", "neither", "but", "negation")
)
_ANY_LANGUAGE = _any_of(_WORDS["any_language"])
_AROUND_LANGUAGE = frozenset(_WORDS["around_language"].split())
_FIELDS = {name: _any_of(pieces) for name, pieces in _WORDS["fields"].items()}
_ANSWERS = {
    question: {code: _any_of(pieces) for code, pieces in codes.items()}
    for question, codes in _WORDS["answers"].items()
}
_ASKS = re.compile(r"[?\u00bf]")


def cancels(told: str) -> bool:
    """Whether the whole text wants to stop the booking."""
    return _CANCEL.fullmatch(told) is not None


def passes_over(told: str) -> bool:
    """Whether the text leaves the question out, or refuses its answer."""
    return _SKIP.match(told) is not None


def has_no_such(told: str) -> bool:
    """Whether the text says that there is no such way to be reached."""
    return _HAS_NONE.search(told) is not None


def asks(told: str) -> bool:
    """Whether the text has a question mark."""
    return _ASKS.search(told) is not None


def wants_change(told: str) -> bool:
    """Whether the text wants to correct something of the booking, and not the hour of a hearing or an address."""
    return _CHANGE.search(told) is not None and _NOT_OURS.search(told) is None


def asks_why(told: str) -> bool:
    """Whether the text asks what a name, a number or an address is needed for."""
    return _WHY.search(told) is not None


def names_oneself(before: str) -> bool:
    """Whether what stands before a name says that it is the person's own."""
    return _OWN_NAME.search(plain(before)) is not None


def is_little(told: str) -> bool:
    """Whether a language is spoken only a little, or both are named."""
    return _LITTLE.search(told) is not None


def has_condition(told: str) -> bool:
    """Whether a yes is only for a part, or for something else: "yes, but"."""
    return _BUT.search(told) is not None


def agrees(told: str) -> bool:
    """Whether the text is a yes without condition, doubt or question: one that can stand for consent."""
    if has_condition(told) or asks(told):
        return False
    named = code_in(CONSENT, told)
    return named == YES or (named is None and says_yes(told) and _NEGATION.search(told) is None)


def names_neither(told: str) -> bool:
    """Whether two ways are named so that neither is meant: "no phone nor e-mail"."""
    return _NEITHER.search(told) is not None


def ways_in(told: str) -> list[str]:
    """The ways to be reached that the words name, in their order."""
    named = [(found.start(), code) for code, one in _ANSWERS[REACH].items() if (found := one.search(told))]
    return [code for _, code in sorted(named)]


def is_plain_answer(told: str) -> bool:
    return says_yes(told) or says_no(told) or does_not_know(told) or passes_over(told)


def language_in(told: str, usual: str) -> str | None:
    """The one of the two languages that is named; ``usual`` where any will do, None where it is another or none.

    Of both it is Spanish, because only English is often a little: "English but not well" is English all the same.
    """
    found = [code for code, pattern in _ANSWERS[LANGUAGE].items() if pattern.search(told)]
    if not found:
        return usual if _ANY_LANGUAGE.search(told) else None
    others = [word for word in re.findall(r"\w+", told) if word not in _AROUND_LANGUAGE]
    named = [word for word in others if any(one.search(word) for one in _ANSWERS[LANGUAGE].values())]
    # "Mam, and a little Spanish" is Mam.
    return None if is_little(told) and len(others) > len(named) else found[0]


def code_in(question: str, told: str) -> str | None:
    """The code that the words name, or None for none; for a time, None also when they name several or a clock."""
    found = [code for code, pattern in _ANSWERS.get(question, {}).items() if pattern.search(told)]
    if question == WHEN and (
        len(found) != 1 or any(c.isdecimal() for c in told) or len(told.split()) > SHORT
    ):
        return None
    return found[0] if found else None


def field_in(told: str) -> str | None:
    return next((name for name, pattern in _FIELDS.items() if pattern.search(told)), None)
