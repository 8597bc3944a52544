"""Text with personal data swapped for tokens such as ``[A_NUMBER_1]``, and the values that were swapped.

Patterns and context words in English and Spanish; no model and no network. A pattern reads typed digits only:
names, and numbers in words ("tres cero cinco"), stay. Public hotlines, dates, amounts, forms, citations and
years stay as they are. A bare number of nine digits is masked as an A-number: that it is masked matters more
than its name. Runs under Python 3.10 and 3.12.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Found:
    """One value. ``start`` and ``end`` (exclusive) are its place in the text that was given to ``mask``."""

    kind: str
    token: str
    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Masked:
    """The text with tokens, and what each stands for, in the order of the text."""

    text: str
    values: tuple[Found, ...]


KINDS = ("EMAIL", "CARD", "RECEIPT", "SSN", "PASSPORT", "A_NUMBER", "ADDRESS", "PHONE")

#: Kinds that name a person to the government or a bank; a phone or an address they may well want to leave.
NAMING_KINDS = ("CARD", "RECEIPT", "SSN", "PASSPORT", "A_NUMBER")

_TOKEN = re.compile(r"\[([A-Z_]+)_(\d+)\]")
# Between a context word and its number: linking words only, so that the context belongs to this number.
_LINK = (
    r"(?:[\s:#.=\-,(°º\"']|\b(?:is|es|son|are|number|numero|num|nro|no|n|id|the|el|la|my|mi|de|del|of|for|para|at|al|a|"
    r"on|en|por|mio|nuevo|new|aqui|here|esta|actual|me|this|este|its|it|it's|casa|esposa|esposo|wife|husband|"
    r"trabajo|work|home|mama|mom|hijo|hija|son|s|esta|guatemala|honduras|salvador|mexico|venezuela|colombia|ecuador|"
    r"peru|nicaragua|cuba|haiti)\b|\b(?:is|es|al|at)(?=\d)){0,12}?"
)
_SEP = r"[\s.\-]{0,3}"

_MAIL = re.compile(
    r"(?<![\w.+%-])[\w.+%-]{1,64}\s?@\s?"
    r"(?:[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}|(?:gmail|hotmail|yahoo|outlook|icloud|live|aol|proton\w{0,6})\b)"
)
_MAIL_WITHOUT_AT = re.compile(r"(?<![\w.+%-])[\w.+%-]{2,64}?(?:gmail|hotmail|yahoo|outlook|icloud)\.com\b")
_MAIL_IN_WORDS = re.compile(
    r"(?<![\w.+%-])[\w.+%-]{1,64}(?:\s+(?:punto|dot|guion bajo|guion|underscore|dash)\s+[\w.+%-]{1,64}){0,3}"
    r"\s*[(\[]?\s*(?:\barroba\b|\bat\b|@)\s*[)\]]?\s*"
    r"(?:"
    r"(?:gmail|hotmail|yahoo|outlook|icloud|live|aol|proton\w{0,6})"
    r"(?:\s*[(\[]?\s*(?:\.|\bpunto\b|\bdot\b)\s*[)\]]?\s*[a-z]{2,4}\b){0,2}"
    r"|[\w-]{1,63}(?:\s*[(\[]?\s*(?:\bpunto\b|\bdot\b)\s*[)\]]?\s*"
    r"(?:com|net|org|edu|info|us|es|mx|gt|hn|sv|ni|co|ve|ec|pe|ar|br|cl|cu|ht)\b){1,2}"
    r")"
)
_ARROBA = re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}\s+arroba\s+[\w-]{1,63}\.[a-z]{2,4}(?:\.[a-z]{2})?\b")

_MAILS: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = (
    (_MAIL, ("@",)),
    (_MAIL_WITHOUT_AT, ("mail.com", "yahoo.com", "outlook.com", "icloud.com")),
    (_ARROBA, ("arroba",)),
    (_MAIL_IN_WORDS, ("arroba", " at ", "(at)", "[at]", "@")),
)

_CARD = re.compile(r"(?<![\w.,$+\-])\d(?:[ \-]?\d){12,18}(?![\w])")
_CARD_CONTEXT = re.compile(
    rf"\b(?:card|tarjeta|credit|credito|debit|debito|visa|mastercard)\b{_LINK}(\d(?:[ \-]?\d){{12,18}})(?!\d)"
)

_RECEIPT_CODE_LIST = (
    "ioe|i0e|msc|eac|wac|lin|src|nbc|ysc|nsc|tsc|vsc|csc|gum|zla|zny|zhn|zmi|zsf|zch|zar|znk|zbo|zno|ztp"
)
_RECEIPT_CODES = frozenset(_RECEIPT_CODE_LIST.split("|"))
_RECEIPT = re.compile(
    rf"(?<!\w)(?:{_RECEIPT_CODE_LIST}|"
    r"[a-z]{3}(?=[\s\-]?\d{10}(?!\d)))[\s\-#:]{0,3}\d(?:[\s\-]{0,2}\d){8,11}(?!\w)"
)
_RECEIPT_CONTEXT = re.compile(
    rf"\b(?:receipt|recibo|recivo)\b{_LINK}((?:[a-z]{{3}})?[\s\-]?\d(?:[\s\-]?\d){{8,12}})(?![\d])"
)

_SSN = re.compile(r"(?<![\w\-$.,/])\d{3}([\-\s.])\d{2}\1\d{4}(?![\w\-/])")
_SSN_CONTEXT = re.compile(
    r"\b(?:ssn|itin|itn|social(?:\s+security)?|seguro(?:\s+social)?|tax\s*id|taxpayer)\b"
    rf"{_LINK}(\d{{3}}[\s\-.]?\d{{2,3}}[\s\-.]?\d{{3,4}})(?![\d])"
)
_SSN_LAST = re.compile(
    r"\b(?:last|ultimos)\s+(?:4|four|cuatro)\b[^\d\[\]]{0,24}\b(?:ssn|itin|social|seguro)\b"
    rf"{_LINK}(\d{{4}})(?!\d)"
)

_PASSPORT = re.compile(
    rf"\b(?:passports?|pasports?|passaporte|pasaportes?|pasaport)\b(?:\s+[^\W\d_]{{4,14}})?{_LINK}"
    r"((?!es\b|is\b|no\b|el\b|the\b|de\b|nr\b)[a-z]{0,3}[\s\-]?\d{5,10}[a-z]?)(?![\w/])"
)
_PASSPORT_OF = re.compile(
    rf"\b(?:passports?|pasaportes?)\b(?:\s+(?:from|of|de|es|is|number|numero|no))*\s+[^\W\d_]{{4,14}}{_LINK}"
    r"([a-z]{1,3}[\s\-]?\d{5,10})(?![\w/])"
)

_A_ATTACHED = re.compile(r"(?<![\w/\-])a[\s]?[#\-]?[\s]?\d(?:[\s\-.]?\d){8}(?!\w|[\s\-.]?\d)")
_A_SHORT = re.compile(r"(?<![\w/\-])a[#\-]?\d(?:-?\d){6,7}(?!\w|-\d)")
_A_CONTEXT = re.compile(
    r"\b(?:alien|aliens?\s+registration|a[\s\-]?(?:number|num|numero|no\b|#)|numero\s+(?:de\s+)?(?:a|alien|extranjero|"
    r"registro(?:\s+de\s+extranjero)?|uscis|inmigracion)|uscis(?:\s+(?:number|no|num))|(?:mi|my|su)\s+a(?:\#|\b)|"
    r"file\s+number|expediente)(?!\w)"
    rf"{_LINK}(a?[\s#\-]?\d(?:[\s.\-]?\d){{6,8}})(?!\w|[\s.\-]?\d)"
)
_NINE = re.compile(
    r"(?<![\w.,$/\-+(])(?:\d{9}|\d{3}([ \-])\d{3}\1\d{3})(?!\w|[.,/\-]?\d|[ ]\d|"
    r"[ ]?(?:dol|pes|usd|lemp|quet|%|peop|pers))"
)

_PHONE_PLUS = re.compile(
    r"(?<![\w+])(?:\+|00\s?(?=[1-9])|011[\s.\-]{1,2})[\s(]{0,2}\d(?:[\s().\-]{0,3}\d){6,14}(?!\w)"
)
_PHONE_US = re.compile(
    rf"(?<![\d_$+\-.(/])(?:1{_SEP})?(?:\([2-9]\d{{2}}\)|[2-9]\d{{2}}){_SEP}\d{{3}}{_SEP}\d{{4}}(?!\w|[\-/]\d)"
)
_PHONE_COUNTRY = re.compile(
    r"(?<![\w$+\-.(/])(?:\(?50[2-9]\)?[\s.\-]{0,2}\d{4}[\s.\-]?\d{4}|(?:5[1-8]|59\d)[\s.\-]{0,2}\d(?:[\s.\-]?\d){8,10})"
    r"(?!\w|[\-/.,]\d)"
)
_PHONE_LOCAL = re.compile(
    r"(?<![\w$+\-.(/])(?:"
    r"[2-9]\d[ .\-]\d{4}[ .\-]\d{4}"
    r"|0[24]\d{2}[ .\-]?\d{3}[ .\-]?\d{2}[ .\-]?\d{2}"
    r"|09\d?[ .\-]?\d{3,4}[ .\-]?\d{4}"
    r"|[2-9]\d{3}-\d{4}"
    r"|[2-9]\d{2}-\d{4}"
    r")(?!\w|[\-/.,]\d)"
)
_PHONE_CONTEXT = re.compile(
    r"\b(?:tel[eé]?(?:fono)?s?|cel(?:ular)?|movil|phone|cell|mobile|whats?\s?app|wh?ats\w*|wasap|wsp|wats?\w*|call|text|"
    r"reach|llam\w{1,6}|marqu?\w{1,4}|escrib\w{1,6}|numero|number|num|contact\w{0,4}|fono)\b"
    rf"{_LINK}(\+?\(?\d(?:[\s().\-]{{0,2}}\d){{6,13}})(?!\w)"
)

_DIRECTION = r"(?:(?:north|south|east|west|norte|sur|[nsew]{1,2})\.?\s+)?"
_UNIT = (
    r"(?:\s*,?\s*(?:apartamento|apartment|apto|apt|unit|suite|ste|depto|casa|#)\.?\s*#?\s*\w{1,5})?"
    r"(?:\s*,?\s*[^\W\d_]+(?:\s[^\W\d_]+){0,2}\s*,?\s+[a-z]{2}\s+\d{5}(?:-\d{4})?)?"
)
# Words that stand between a number and a street word where there is no address ("2 blocks from main").
_NOT_BETWEEN = (
    r"(?!(?:days?|years?|months?|weeks?|hours?|minutes?|blocks?|miles?|people|kids?|times?|dias?|anos?|años?|meses|"
    r"semanas?|from|on|in|the|at|for|to|of|with|and|or|my|by|cfr|usc|fr|personas?|niños|hijos|calles|cuadras|"
    r"am|pm|then|i|was|is|u\.?s|st|nd|rd|th)\b)"
)
_BETWEEN = rf"(?:{_NOT_BETWEEN}(?:\d{{1,3}}(?:st|nd|rd|th)|[^\W\d_][\w.'’]*)\s+)"
_STREET = re.compile(
    rf"(?<![\w$.,/\-#])\d{{1,6}}[a-z]?\s+{_DIRECTION}{_BETWEEN}{{1,4}}?"
    r"(?:street|str|avenue|avenida|ave|av|road|rd|boulevard|blvd|lane|ln|terrace|parkway|pkwy|highway|hwy)\b\.?"
    rf"(?:\s+(?:[nsew]{{1,2}})\b)?{_UNIT}"
)
_GRID = re.compile(
    r"(?<![\w$.,/\-#])\d{2,6}\s+(?:north|south|east|west|[ns]?[ew]|[ns])\.?\s+\d{1,3}(?:st|nd|rd|th)?\s+"
    rf"(?:street|st|avenue|ave|court|ct|place|pl|terrace|ter|road|rd|drive|dr|lane|ln|way|blvd)\b\.?{_UNIT}"
)
# Street words that are also ordinary words or abbreviations: with a capital, a number or after "live at".
_STREET_DOUBTFUL = (
    rf"\d{{1,6}}[a-z]?\s+{_DIRECTION}{_BETWEEN}{{1,3}}?"
    r"(?:st|dr|drive|ct|court|pl|place|way|circle|cir|trail|trl|square|sq|loop|ter)\b\.?"
)
_STREET_CASED = re.compile(rf"(?<![\w$.,/\-#]){_STREET_DOUBTFUL}{_UNIT}")
_STREET_SAID = re.compile(
    r"\b(?:live|living|lives|staying|stay|address|moved|vivo|vivimos|viviendo|direccion|domicilio|mude|mudamos)\b"
    rf"{_LINK}\s*(?:to\s+)?({_STREET_DOUBTFUL}{_UNIT})"
)
_CALLE = re.compile(
    r"(?<!\w)(?:calle|avenida|av|ave|carrera|cra|pasaje|bulevar|boulevard|callejon|diagonal|transversal|calzada)\b\.?\s+"
    r"(?:(?!(?:por|en|cuando|hace|desde|tengo|a|hay|que|y|se|me|durante|con|sin|como|hasta|unos|unas|mas|casi)\b)"
    r"[\w.'’]+\s+){0,5}?"
    r"(?:#\s*|(?:numero|num|nro|no|casa|esquina)\.?\s*#?\s*)?\d{1,5}[a-z]?(?:\s*-\s*\d{1,4})?(?!\w|[/:]\d)"
    r"(?:\s*(?:#|numero|num|nro|no|casa|apto|apt)\.?\s*#?\s*\d{1,5}(?:\s*-\s*\d{1,4})?)?"
    r"(?!\s*(?:dias?|noches?|anos?|años?|meses|mes|semanas?|horas?|personas|hombres|veces|abogados|am|pm|de\s))"
)
_COLONIA = re.compile(
    r"(?<!\w)(?:colonia|col|barrio|residencial|reparto|urbanizacion|sector|caserio|aldea)\b\.?\s+"
    r"(?:[^\W\d_][\w.'’]*\s+){1,4}?"
    r"(?:(?:casa|bloque|lote|manzana|mz|poligono|calle|avenida|pasaje|numero|no|apto|apartamento)\.?\s*#?|#)\s*\w{0,2}\d{1,4}[a-z]?"
    r"(?:\s*,?\s*(?:casa|bloque|lote|manzana|mz|poligono|calle|avenida|pasaje|numero|no|apto|#)\.?\s*#?\s*\w{0,2}\d{1,4}[a-z]?)*"
)
_PO_BOX = re.compile(r"(?<!\w)(?:p\.?\s?o\.?\s?box|apartado\s+postal)\s+\d{1,6}")

_DATE_SHAPE = re.compile(
    r"\d{1,2}[\s.\-]{1,3}\d{1,2}[\s.\-]{1,3}(?:19|20)\d{2}|(?:19|20)\d{2}[\s.\-]\d{1,2}[\s.\-]\d{1,2}"
)
_YEAR = re.compile(r"(?:19|20)\d{2}")
# Toll-free numbers belong to hotlines and agencies, never to one person.
_TOLL_FREE = frozenset({"800", "833", "844", "855", "866", "877", "888"})
_HINT = re.compile(r"[\d@]|arroba|\bat\b|mail\.com", re.IGNORECASE)
# The shortest number that is masked without a word beside it; a date with slashes or a year is shorter.
_SEVEN_DIGITS = re.compile(r"\d(?:[\s().\-]{0,3}\d){6}")
_PROVIDERS = re.compile(r"\b(?:punto|dot)\b|mail|yahoo|outlook|icloud|proton|\baol\b")
_STREET_WORD = re.compile(
    r"\b(?:street|str?|av(?:e|en\w*)?|roa?d|boulevard|blvd|la?ne?|terr?\w*|pa?r?kwa?y|highway|hwy|dri?v?e?|court|ct|pl|place|"
    r"way|circle|cir|trail|trl|square|sq|loop|box|postal|calle|carrera|cra|pasaje|bulevar|callejon|diagonal|"
    r"transversal|calzada|colonia|col|barrio|residencial|reparto|urbanizacion|sector|caserio|aldea)\b"
)
# (pattern, kind, fragments of which one must be in the text): context words are dear to search for.
_IN_CONTEXT: tuple[tuple[re.Pattern[str], str, tuple[str, ...]], ...] = (
    (_RECEIPT_CONTEXT, "RECEIPT", ("rece", "reci")),
    (_CARD_CONTEXT, "CARD", ("card", "tarjeta", "credit", "debit", "visa")),
    (_SSN_CONTEXT, "SSN", ("ssn", "itin", "itn", "social", "seguro", "tax")),
    (_PASSPORT, "PASSPORT", ("pas",)),
    (_PASSPORT_OF, "PASSPORT", ("pas",)),
)
# Those that also find numbers of four or five digits.
_SHORT_IN_CONTEXT: tuple[tuple[re.Pattern[str], str, tuple[str, ...]], ...] = (
    (_SSN_LAST, "SSN", ("last", "ultimos")),
    (_PASSPORT, "PASSPORT", ("pas",)),
    (_PASSPORT_OF, "PASSPORT", ("pas",)),
)


def holds_number(masked: str) -> bool:
    """Whether a masked text held a number that names a person."""
    return any(kind in NAMING_KINDS for kind, _ in _TOKEN.findall(masked))


def mask(text: str) -> Masked:
    """The text with every personal datum swapped for a token; the same value gets the same token.

    Masking a masked text changes nothing; tokens that stand in the text keep their numbers and
    new ones count on.
    """
    if _HINT.search(text) is None:
        return Masked(text, ())
    highest = _highest_tokens(text)
    cased = _TOKEN.sub(lambda match: _gone(len(match[0])), _without_accents(text))
    found: list[tuple[int, int, str]] = []
    # A value that is gone can uncover another beside it, so the text is read until nothing more turns up;
    # this is what makes masking a masked text change nothing.
    while fresh := _read(cased):
        for start, end, kind in fresh:
            if kind:
                found.append((start, end, kind))
            cased = cased[:start] + _gone(end - start) + cased[end:]
        if not any(kind for _, _, kind in fresh):
            break
    found.sort()
    values: list[Found] = []
    tokens: dict[tuple[str, str], str] = {}
    pieces: list[str] = []
    done = 0
    for start, end, kind in found:
        value = text[start:end]
        key = (kind, _same(kind, value))
        if key not in tokens:
            highest[kind] = highest.get(kind, 0) + 1
            tokens[key] = f"[{kind}_{highest[kind]}]"
        values.append(Found(kind, tokens[key], value, start, end))
        pieces += [text[done:start], tokens[key]]
        done = end
    pieces.append(text[done:])
    return Masked("".join(pieces), tuple(values))


def _gone(length: int) -> str:
    """What stands in the place of a token while the rest is read: no digit, and no word to either side."""
    return "[" + "x" * (length - 2) + "]" if length > 1 else "["


def _read(cased: str) -> list[tuple[int, int, str]]:
    """The places that do not overlap among the candidates, with their kinds."""
    taken: list[tuple[int, int, str]] = []
    for kind, start, end in _candidates(cased, _lower(cased)):
        while start < end and (
            cased[start] in " \t\r\n.,:;-#\"'" or (cased[start] == "(" and kind != "PHONE")
        ):
            start += 1
        while end > start and cased[end - 1] in " \t\r\n.,:;-":
            end -= 1
        if start < end and all(end <= low or start >= high for low, high, _ in taken):
            taken.append((start, end, kind))
    return taken


def _candidates(cased: str, text: str) -> Iterator[tuple[str, int, int]]:
    """(kind, start, end) of everything that looks like a personal datum; an earlier one wins over a later.

    A candidate without a kind is a public number: it stays, and so does each part of it.
    """
    for mail, fragments in _MAILS:
        if any(fragment in text for fragment in fragments):
            if mail is _MAIL_IN_WORDS and _PROVIDERS.search(text) is None:
                continue
            for match in mail.finditer(text):
                if not match[0].endswith(".gov"):
                    yield "EMAIL", match.start(), match.end()
    if _STREET_WORD.search(text):
        yield from _addresses(cased, text)
    if _SEVEN_DIGITS.search(text) is not None:
        yield from _long_numbers(cased, text)
    for pattern, kind, needles in _SHORT_IN_CONTEXT:
        yield from _in_context(pattern, kind, needles, text)


def _long_numbers(cased: str, text: str) -> Iterator[tuple[str, int, int]]:
    for match in _RECEIPT.finditer(text):
        if match[0][:3] in _RECEIPT_CODES or cased[match.start() : match.start() + 3].isupper():
            yield "RECEIPT", match.start(), match.end()
    yield from _in_context(*_IN_CONTEXT[0], text)
    yield from _in_context(*_IN_CONTEXT[1], text)
    for match in _CARD.finditer(text):
        if _luhn(match[0]):
            yield "CARD", match.start(), match.end()
    for pattern, kind, needles in _IN_CONTEXT[2:]:
        yield from _in_context(pattern, kind, needles, text)
    for match in _SSN.finditer(text):
        if match[1] == "-" or not _YEAR.fullmatch(match[0][-4:]):
            yield "SSN", match.start(), match.end()
    for pattern in (_A_ATTACHED, _A_SHORT):
        for match in pattern.finditer(text):
            yield "A_NUMBER", match.start(), match.end()
    yield from _in_context(_A_CONTEXT, "A_NUMBER", ("a",), text)
    yield from _phones(text)
    for match in _NINE.finditer(text):
        if not match[0].endswith("00000"):
            yield "A_NUMBER", match.start(), match.end()


def _addresses(cased: str, text: str) -> Iterator[tuple[str, int, int]]:
    for pattern in (_PO_BOX, _COLONIA, _GRID, _STREET, _CALLE):
        for match in pattern.finditer(text):
            yield "ADDRESS", match.start(), match.end()
    for match in _STREET_SAID.finditer(text):
        yield "ADDRESS", match.start(1), match.end(1)
    for match in _STREET_CASED.finditer(text):
        words = cased[match.start() : match.end()].split()[1:]
        if any(word[:1].isupper() or word[:1].isdigit() for word in words):
            yield "ADDRESS", match.start(), match.end()


def _in_context(
    pattern: re.Pattern[str], kind: str, needles: tuple[str, ...], text: str
) -> Iterator[tuple[str, int, int]]:
    if not any(needle in text for needle in needles):
        return
    for match in pattern.finditer(text):
        if not _DATE_SHAPE.fullmatch(match[1].strip()):
            yield kind, match.start(1), match.end(1)


def _phones(text: str) -> Iterator[tuple[str, int, int]]:
    for match in _PHONE_PLUS.finditer(text):
        if 8 <= len(_digits(match[0])) <= 17 and not _public(match[0]):
            yield "PHONE", match.start(), match.end()
    for match in _PHONE_CONTEXT.finditer(text):
        if not _looks_otherwise(match[1]):
            yield "PHONE", match.start(1), match.end(1)
    for pattern in (_PHONE_COUNTRY, _PHONE_US, _PHONE_LOCAL):
        for match in pattern.finditer(text):
            if _public(match[0]):
                yield "", match.start(), match.end()
            elif not _looks_otherwise(match[0]):
                yield "PHONE", match.start(), match.end()


def _looks_otherwise(number: str) -> bool:
    """Whether digits that could be a phone number are a date, years, a round amount or a public line."""
    groups = re.findall(r"\d+", number)
    if _DATE_SHAPE.search(number) or _public(number) or _digits(number).endswith("00000"):
        return True
    return len(groups) > 1 and all(_YEAR.fullmatch(group) for group in groups[-2:])


def _public(number: str) -> bool:
    digits = _digits(number).removeprefix("00").removeprefix("011")
    digits = digits[1:] if len(digits) == 11 and digits[0] == "1" else digits
    return len(digits) == 10 and digits[:3] in _TOLL_FREE


def _digits(value: str) -> str:
    return "".join(c for c in value if c.isdigit())


def _luhn(number: str) -> bool:
    """Whether the check digit of a payment card is right."""
    digits = [int(c) for c in reversed(_digits(number))]
    doubled = sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return len(set(digits)) > 1 and (sum(digits[::2]) + doubled) % 10 == 0


def _same(kind: str, value: str) -> str:
    """What two ways to write the same value have in common."""
    if kind in {"EMAIL", "ADDRESS"}:
        return "".join(c for c in value.lower() if c.isalnum() or c == "@")
    if kind == "PHONE":
        digits = _digits(value)
        return digits[1:] if len(digits) == 11 and digits[0] == "1" else digits
    if kind == "A_NUMBER":
        return _digits(value).zfill(9)
    return "".join(c for c in value.upper() if c.isalnum())


def _highest_tokens(text: str) -> dict[str, int]:
    highest: dict[str, int] = {}
    for match in _TOKEN.finditer(text):
        highest[match[1]] = max(highest.get(match[1], 0), int(match[2]))
    return highest


def _without_accents(text: str) -> str:
    """The text of the same length in which an accented letter is its plain letter and any digit is ASCII."""
    if text.isascii():
        return text
    return "".join(_plain_character(c) for c in text)


def _lower(text: str) -> str:
    low = text.lower()
    return low if len(low) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def _plain_character(char: str) -> str:
    if char.isascii():
        return char
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    if char.isspace() or char in "\u200b\u2060":
        return " "
    if char in "\u2010\u2011\u2012\u2013\u2014\u2212":
        return "-"
    if char in "ñÑ":
        return char
    plain = unicodedata.normalize("NFD", char)[0]
    return plain if len(plain) == 1 else char
