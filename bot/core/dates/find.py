"""The grammar: tokens in, dates out. It reads left to right and takes the longest date at each place."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from bot.core.dates import words
from bot.core.dates.grammar import Parser
from bot.core.dates.model import FoundDate
from bot.core.dates.tokens import Token, tokenize

_CORRECTS = re.compile(
    r"\b(?:oops|ups|sorry|i mean|i meant|correction|actually|my bad|perdon|perdone|disculp\w+|quise decir|"
    r"quiero decir|me equivoque|mejor dicho|digo|corrijo|correccion|no no|wait|espere?|mentira)\b|^\s*no\s*,"
)
#: Words by which a day without a year is one to come.
_FUTURE = re.compile(
    r"\b(?:next|upcoming|coming|will|gonna|going to|hearing|appointment|interview is|court is|court on|court date|"
    r"corte es|corte el|cita|audiencia|proxim[oa]s?|que viene|sera|voy a|vamos a|va a|tengo corte|entrevista es|"
    r"expires|vence|due)\b"
)
_PAST = re.compile(
    r"\b(?:was|were|did|came|arrived|entered|crossed|got|had|filed|missed|sent|applied|received|moved|turned in|denied|"
    r"last|ago|fue|fui|era|estuve|tuve|llegue|llego|llegamos|entre|entro|entramos|cruce|cruzamos|vine|vino|vinimos|"
    r"paso|pasado|pasada|mande|mandamos|recibi|recibio|recibieron|meti|metimos|aplique|aplicamos|presente|entregue|"
    r"me dieron|negaron|nego|nacio|vencio|expired)\b"
)
#: Longer text is a story or a pasted document; the dates asked for stand in the first part.
_MAX_CHARS = 4_000


def find_dates(text: str, today: date) -> tuple[FoundDate, ...]:
    """Every date in the text, in its order. Any text gives a value; see the package for what is decided."""
    shown = text[:_MAX_CHARS]
    plain = _plain(shown)
    tokens = tokenize(plain)
    if not tokens:
        return ()
    coming = _FUTURE.search(plain) is not None
    parser = Parser(tokens, today, coming and _PAST.search(plain) is None, coming)
    found: list[FoundDate] = []
    places: list[tuple[int, int, bool]] = []
    i = 0
    while i < len(tokens):
        parsed = parser.date_at(i)
        if parsed is None or parsed.end <= i:
            i += 1
            continue
        start, end = tokens[i].start, tokens[parsed.end - 1].end
        found.append(
            FoundDate(start, end, text[start:end], parsed.precision, tuple(parsed.readings), parsed.assumed)
        )
        places.append((i, parsed.end, parsed.rough))
        i = parsed.end
    return tuple(
        one for n, one in enumerate(found) if not (places[n][2] and _said_again(n, found, places, tokens))
    )


def _said_again(
    n: int, found: list[FoundDate], places: list[tuple[int, int, bool]], tokens: list[Token]
) -> bool:
    """Whether the length ``n`` only says again, less exactly, the date beside it."""
    for other in (n - 1, n + 1):
        if not 0 <= other < len(found) or places[other][2] or len(found[other].readings) != 1:
            continue
        first, last = sorted((n, other))
        between = tokens[places[first][1] : places[last][0]]
        (rough,), (exact,) = found[n].readings, found[other].readings
        inside = rough.earliest <= exact.latest and exact.earliest <= rough.latest
        if inside and all(token.text in words.RESTATES for token in between):
            return True
    return False


def last_corrected(found: tuple[FoundDate, ...]) -> FoundDate | None:
    """The date that stands after all corrections: the last one that exists, else the last one.

    "Today" counts only when no other date is there: "march 3, what do i do today" is about March.
    """
    real = [one for one in found if one.readings]
    real = [one for one in real if one.text.lower() not in {"hoy", "today"}] or real
    if real:
        return real[-1]
    return found[-1] if found else None


def corrects(text: str) -> bool:
    """Whether the words take something back ("oops", "perdón, fue ..."), so that a new date replaces the old."""
    return _CORRECTS.search(_plain(text[:_MAX_CHARS])) is not None


def _plain(text: str) -> str:
    """Lower case without accents, character for character, so that places stay right."""
    if text.isascii():
        return text.lower()
    return "".join(_plain_character(c) for c in text)


def _plain_character(char: str) -> str:
    if char.isascii():
        return char.lower()
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    if char in "\u2018\u2019\u00b4":
        return "'"
    if char in "\u2010\u2011\u2012\u2013\u2014\u2212":
        return "-"
    if char.isspace():
        return " "
    base = unicodedata.normalize("NFD", char)[0].lower()
    return base if len(base) == 1 else char
