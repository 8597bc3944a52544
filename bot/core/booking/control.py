"""Whether a reply speaks to the bot, while a name, a way to be reached or a time is asked for.

The gateway swaps the whole reply for a token unless it does: the engine must see a question or "cancel", and must not
see a name. Where it can be either, it is taken for a name: a question that is lost is asked again.
"""

from __future__ import annotations

import re
from pathlib import Path

from bot.core import yaml12
from bot.core.booking.contact import EmailProblem, Phone, read_email, read_phone
from bot.core.booking.questions import EMAIL, LANGUAGE_OTHER, PERSONAL, PHONE, WHEN
from bot.core.language import plain

_WORDS = yaml12.load_file(Path(__file__).with_name("control_words.yml"))


def _any_of(name: str, tail: str = "") -> re.Pattern[str]:
    return re.compile("(?:" + "|".join(f"(?:{piece})" for piece in _WORDS[name]) + ")" + tail)


_BEFORE = _any_of("before")
_WHOLE = _any_of("whole", r"[\s.,;!¡?¿)]*")
_QUESTION, _STATEMENT, _INSIDE = (_any_of(name) for name in ("question", "statement", "inside"))
_OF_TIME = (_any_of("question_of_time"), _any_of("statement_of_time"))
_NAMES_ONESELF, _NAMES_LANGUAGE = _any_of("names_oneself"), _any_of("names_language")

_TOKEN = re.compile(r"\[[A-Z_]+_\d+\]")

#: From so many digits on a reply holds a number, whatever else it says.
_A_NUMBER = 6

#: A name with a question mark has no more words than this; a question has a word that asks or more words.
_SHORT_NAME = 3


def speaks_to_the_bot(text: str, asked: str) -> bool:
    """Whether a reply is a control word, a question or a refusal, and no answer of the kind that was ``asked``.

    ``asked`` is one of PERSONAL; anything else is asked openly, and every reply to it is for the bot.
    """
    if asked not in PERSONAL:
        return True
    told = " ".join(plain(text).replace("\u2019", "'").split())
    if not any(c.isalnum() for c in told):
        return True
    if _TOKEN.sub("", text).strip(" .,;:!?") == "":
        return False
    if asked in (PHONE, EMAIL):
        return _is_no_contact(text, told, asked)
    if _WHOLE.fullmatch(told) or _WHOLE.fullmatch(_without_opening(told)):
        return True
    if asked == WHEN:
        return _asks_about_times(told)
    if asked == LANGUAGE_OTHER and _NAMES_LANGUAGE.match(_without_opening(told)):
        return False
    return _is_no_name(told)


def _is_no_contact(text: str, told: str, asked: str) -> bool:
    """Whether a reply to "what is your number" (or address) holds none, nor a part of one."""
    if sum(c.isdecimal() for c in told) >= _A_NUMBER or "@" in told or "arroba" in told:
        return False
    if isinstance(read_phone(text), Phone) or _has_address(text):
        return False
    if _WHOLE.fullmatch(told) or _WHOLE.fullmatch(_without_opening(told)):
        return True
    if asked == EMAIL:
        return _is_no_name(told)
    return not any(c.isdecimal() for c in told) or "?" in told


def _has_address(text: str) -> bool:
    read = read_email(text)
    return not isinstance(read, EmailProblem) or read.code == "did_you_mean"


def _is_no_name(told: str) -> bool:
    bare = _without_opening(told)
    named = _NAMES_ONESELF.match(bare)
    asks = _QUESTION.match(bare) or _STATEMENT.match(bare) or _INSIDE.search(bare)
    if asks:
        return True
    if named is not None:
        return False
    return ("?" in told or "\u00bf" in told) and len(bare.split()) > _SHORT_NAME


def _asks_about_times(told: str) -> bool:
    if any(c.isdecimal() for c in told):
        # "Can you call after 6?"
        return False
    bare = _without_opening(told)
    if any(pattern.match(bare) for pattern in _OF_TIME) or _INSIDE.search(bare):
        return True
    return "?" in told and len(bare.split()) > _SHORT_NAME


def _without_opening(told: str) -> str:
    """The reply without "hola", "pero", "one question" and the like before it."""
    while (found := _BEFORE.match(told)) is not None and 0 < found.end() < len(told):
        told = told[found.end() :].lstrip()
    return told
