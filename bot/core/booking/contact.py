"""How a person is named and reached: a phone number, an e-mail address and a name as they are typed or said.

Pure functions on the text of one value. Nothing here stores or shows a value: the conversation keeps tokens, and what
stands behind a token is read again where it is needed (``bot.core.redact`` makes the tokens).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path

import phonenumbers
from babel import Locale
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType, ValidationResult

from bot.core import yaml12
from bot.core.language import plain
from bot.core.law import LOCALES
from bot.core.messages import LANGUAGES

#: The countries from which a number without its country code most likely is; the United States come first.
LIKELY = ("US", "MX", "GT", "HN", "SV", "NI", "CU", "VE", "CO", "EC", "PE", "DO", "HT", "BR")

#: What can be wrong with a phone number. ``unclear``: said in words that can be read in more than one way.
NONE, TOO_SHORT, TOO_LONG, INVALID, WHICH_COUNTRY, TOLL_FREE, UNCLEAR = (
    "none",
    "too_short",
    "too_long",
    "invalid",
    "which_country",
    "toll_free",
    "unclear",
)

#: What can be wrong with an e-mail address, besides NONE and INVALID.
NO_AT, SPACES, DID_YOU_MEAN = "no_at", "spaces", "did_you_mean"

#: What can be wrong with a name.
EMPTY, DIGITS, TOO_LONG_NAME = "empty", "digits", "too_long"

#: A longer name is more likely a story.
LONGEST_NAME = 80

#: No more of a text is read: an answer with a contact in it is shorter.
_LONGEST_TEXT = 600

_WORDS = yaml12.load_file(Path(__file__).with_name("contact_words.yml"))

_DIGIT_WORDS: Mapping[str, str] = {
    word: str(value) for value, words in _WORDS["digits"].items() for word in words.split()
}
_TENS: Mapping[str, str] = {
    word: str(value) for value, words in _WORDS["tens"].items() for word in words.split()
}
_HUNDREDS: Mapping[str, str] = {
    word: str(value) for value, words in _WORDS["hundreds"].items() for word in words.split()
}
_REPEATS = {"doble": 2, "double": 2, "triple": 3}
_NOT_SURE = frozenset({"hundred", "thousand", "mil", "cien", "ciento"})
_NUMBER_WORDS = _DIGIT_WORDS.keys() | _TENS.keys() | _HUNDREDS.keys() | _REPEATS.keys() | {"oh"}

#: So many digits out of words are a number and not "one of them".
_FEWEST_SAID = 7

_PIECE = re.compile(r"[^\W\d_]+|\d+|\+|[^\w\s]|\s+|_")
_CANDIDATE = re.compile(r"\+?\(?\d(?:[ \t\u00a0.()\-\u2010-\u2015]{0,3}\d)+")
_EXTENSION = re.compile(r"[,;]?\s*(?:ext|extension|anexo|interno|x)\.?\s*:?\s*(\d{1,6})\b")
#: The call prefixes that stand for a plus: of most countries, and of the United States.
_ABROAD_PREFIX = re.compile(r"00(?=[1-9])|011(?=[1-9]\d{8,})")
#: What was dialled before Mexican mobile numbers until 2019, and still is typed.
_OLD_MEXICO = re.compile(r"52(?:1|01|04[45])(\d{10})")
_OLD_MEXICO_LOCAL = re.compile(r"(?:01|04[45])(\d{10})")
_TOLL_FREE_AREAS = frozenset({"800", "833", "844", "855", "866", "877", "888"})
#: The shortest and longest number of a person, without and with its country code (E.164).
_FEWEST, _MOST = 5, 15


@dataclass(frozen=True, slots=True)
class Phone:
    """A number that can be called. ``e164``: "+13055550142"; ``region``: ISO 3166, "US"; ``extension``: digits or "".

    ``type``: mobile, fixed, either (in the United States nobody can tell) or other.
    """

    e164: str
    region: str
    type: str
    extension: str = ""


@dataclass(frozen=True, slots=True)
class PhoneProblem:
    """Why a text is no phone number. ``regions``: for WHICH_COUNTRY, those in which it is one, the likeliest first."""

    code: str
    regions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Email:
    """An address, in small letters."""

    address: str


@dataclass(frozen=True, slots=True)
class EmailProblem:
    """Why a text is no address. ``ending``: for DID_YOU_MEAN, how it most likely ends: "@gmail.com" or ".com"."""

    code: str
    ending: str = ""


@dataclass(frozen=True, slots=True)
class Name:
    """A name. ``given`` and ``family`` are None where the words do not show which is which."""

    given: str | None
    family: str | None
    as_given: str


@dataclass(frozen=True, slots=True)
class NameProblem:
    """Why a text is no name: EMPTY, DIGITS or TOO_LONG_NAME."""

    code: str


# phone numbers


def read_phone(text: str, region_hints: Collection[str] = (), *, strict: bool = True) -> Phone | PhoneProblem:
    """The first phone number of a text, in digits or in words.

    Ten digits that are a number of the United States are one, and a plus or 00 makes the country clear. Other numbers
    are tried in the ``region_hints``, or in LIKELY when there are none; one hint is taken as the country that the
    person named. Where several countries fit it is WHICH_COUNTRY. ``strict=False`` also takes a number of the right
    length that the tables of numbers do not know: they are always a little older than the newest area codes.
    """
    told = _in_digits(plain(text[:_LONGEST_TEXT]))
    if told is None:
        return PhoneProblem(UNCLEAR)
    problem = PhoneProblem(NONE)
    for found in _CANDIDATE.finditer(told):
        digits = "".join(c for c in found[0] if c.isdecimal())
        if len(digits) < _FEWEST:
            problem = _worse(problem, PhoneProblem(TOO_SHORT))
            continue
        said = _EXTENSION.match(told, found.end())
        read = _read_digits(digits, found[0].lstrip("(").startswith("+"), region_hints, strict)
        if isinstance(read, Phone):
            return Phone(read.e164, read.region, read.type, said[1] if said else "")
        problem = _worse(problem, read)
    if problem.code == NONE and any(c.isdecimal() for c in told):
        return PhoneProblem(TOO_SHORT)
    return problem


def region_name(region: str, lang: str) -> str:
    """The name of a country in a language; its code where there is none."""
    return str(Locale.parse(LOCALES[lang]).territories.get(region, region))


def region_in(text: str) -> str | None:
    """The one country that a text names: "de Guatemala", "it's Mexican", "+502"; None for none or several."""
    told = plain(text[:_LONGEST_TEXT])
    digits = told.strip(" +().-")
    if digits.isdecimal() and len(digits) <= 3:
        region = phonenumbers.region_code_for_country_code(int(digits))
        return None if region in ("ZZ", "001") else region
    found = {region for pattern, region in _countries() if pattern.search(told)}
    return found.pop() if len(found) == 1 else None


@lru_cache(maxsize=1)
def _countries() -> tuple[tuple[re.Pattern[str], str], ...]:
    """A pattern for the names of each country in both languages, and for the words by which people call it."""
    names: dict[str, set[str]] = {}
    for lang in LANGUAGES:
        for region, name in Locale.parse(LOCALES[lang]).territories.items():
            if len(region) == 2 and region.isalpha() and region not in _WORDS["not_countries"]:
                names.setdefault(region, set()).add(plain(name))
    for region, words in _WORDS["countries"].items():
        names.setdefault(region, set()).update(words)
    return tuple(
        (re.compile(rf"(?<!\w)(?:{'|'.join(sorted(map(re.escape, said)))})(?!\w)"), region)
        for region, said in names.items()
    )


def _worse(first: PhoneProblem, second: PhoneProblem) -> PhoneProblem:
    """Of two problems of one text the one that says more."""
    order = (WHICH_COUNTRY, TOLL_FREE, INVALID, TOO_LONG, TOO_SHORT, UNCLEAR, NONE)
    return min(first, second, key=lambda problem: order.index(problem.code))


def _read_digits(digits: str, plus: bool, hints: Collection[str], strict: bool) -> Phone | PhoneProblem:
    prefix = None if plus else _ABROAD_PREFIX.match(digits)
    if prefix is not None:
        digits = digits[prefix.end() :]
    if plus or prefix is not None:
        return _abroad(digits, strict)
    american = digits[1:] if len(digits) == 11 and digits[0] == "1" else digits
    if len(american) == 10 and (not hints or "US" in hints):
        if american[:3] in _TOLL_FREE_AREAS:
            return PhoneProblem(TOLL_FREE)
        read = _phone(_parsed(american, "US"), strict)
        if read is not None:
            return read
    found = _several(digits, hints)
    if len(american) == 10 and american[0] not in "01" and not hints and found:
        # As likely a slip in a number of the United States as a number from abroad that happens to fit.
        return PhoneProblem(WHICH_COUNTRY, (*(phone.region for phone in found), "US"))
    return _local(digits, found, hints, strict)


def _abroad(digits: str, strict: bool) -> Phone | PhoneProblem:
    """A number with its country code."""
    old = _OLD_MEXICO.fullmatch(digits)
    number = _parsed("+" + (f"52{old[1]}" if old else digits), None)
    if number is None:
        return PhoneProblem(TOO_LONG if len(digits) > _MOST else INVALID)
    if number.country_code == 1 and str(number.national_number)[:3] in _TOLL_FREE_AREAS:
        return PhoneProblem(TOLL_FREE)
    return _phone(number, strict) or PhoneProblem(_length_problem(number))


def _local(digits: str, found: Sequence[Phone], hints: Collection[str], strict: bool) -> Phone | PhoneProblem:
    """A number without a plus, which may still begin with a country code; ``found`` is what it can be."""
    if len(found) == 1:
        return found[0]
    if found:
        return PhoneProblem(WHICH_COUNTRY, tuple(phone.region for phone in found))
    if len(digits) > _MOST:
        return PhoneProblem(TOO_LONG)
    if len(hints) == 1:
        number = _parsed(digits, next(iter(hints)))
        loose = None if number is None else _phone(number, strict)
        if loose is not None:
            return loose
        return PhoneProblem(INVALID if number is None else _length_problem(number))
    if not strict and len(digits) == 10:
        loose = _phone(_parsed(digits, "US"), strict)
        if loose is not None:
            return loose
    return PhoneProblem(TOO_SHORT if len(digits) < 10 else INVALID if len(digits) == 10 else TOO_LONG)


def _several(digits: str, hints: Collection[str]) -> list[Phone]:
    """The numbers that the digits can be, each once."""
    regions = tuple(hints) or LIKELY
    old = _OLD_MEXICO_LOCAL.fullmatch(digits)
    found: dict[str, Phone] = {}
    for region in regions:
        shorter = old[1] if old is not None and region == "MX" else digits
        read = _phone(_parsed(shorter, region), strict=True)
        # Two countries of +1 share a number; what the tables say of the area code is right.
        if read is not None and read.e164 not in found:
            found[read.e164] = read
    if len(digits) > 10:
        with_code = _abroad(digits, strict=True)
        if isinstance(with_code, Phone) and (with_code.region in regions or not hints):
            found.setdefault(with_code.e164, with_code)
    return list(found.values())


def _parsed(number: str, region: str | None) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None


def _phone(number: PhoneNumber | None, strict: bool) -> Phone | None:
    """The number when it is a valid one, or where ``strict`` is False one of a possible length."""
    if number is None:
        return None
    if not phonenumbers.is_valid_number(number) and (
        strict or phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE
    ):
        return None
    region = phonenumbers.region_code_for_number(number)
    region = region or phonenumbers.region_code_for_country_code(number.country_code or 0)
    kind = {
        PhoneNumberType.MOBILE: "mobile",
        PhoneNumberType.FIXED_LINE: "fixed",
        PhoneNumberType.FIXED_LINE_OR_MOBILE: "either",
    }.get(phonenumbers.number_type(number), "other")
    return Phone(phonenumbers.format_number(number, PhoneNumberFormat.E164), region, kind)


def _length_problem(number: PhoneNumber) -> str:
    return {
        ValidationResult.TOO_SHORT: TOO_SHORT,
        ValidationResult.IS_POSSIBLE_LOCAL_ONLY: TOO_SHORT,
        ValidationResult.TOO_LONG: TOO_LONG,
    }.get(phonenumbers.is_possible_number_with_reason(number), INVALID)


def _in_digits(told: str) -> str | None:
    """The text with numbers said in words as digits; None when the words can be read in more than one way.

    Only a run of words that makes a whole number counts, so that "uno" and "one" elsewhere stay.
    """
    pieces = _PIECE.findall(told)
    done: list[str] = []
    start = 0
    while start < len(pieces):
        end, digits, sure, words = _run(pieces, start)
        if words and len(digits.lstrip("+")) >= _FEWEST_SAID:
            if not sure:
                return None
            done.append(f" {digits} ")
            start = end
        else:
            done.append(pieces[start])
            start += 1
    return "".join(done)


def _run(pieces: Sequence[str], start: int) -> tuple[int, str, bool, bool]:
    """The run of number words and digits from ``start``: its end, its digits, whether sure, whether it has words."""
    at, digits, sure, words = start, "", True, False
    while at < len(pieces):
        piece = pieces[at]
        following = _next_word(pieces, at)
        if piece.isspace() or piece in ".,-":
            if at == start:
                break
            at += 1
        elif piece.isdecimal():
            digits, at = digits + piece, at + 1
        elif at == start and piece in ("mas", "plus"):
            digits, at = "+", at + 1
        elif piece in _REPEATS and following in _DIGIT_WORDS:
            digits += _DIGIT_WORDS[following] * _REPEATS[piece]
            at, words = _after_word(pieces, at, following), True
        elif piece in ("oh", "o") and digits and (following in _NUMBER_WORDS or following in ("o", "oh")):
            digits, at, words = digits + "0", at + 1, True
        elif piece in _HUNDREDS:
            rest, at = _under_hundred(pieces, at + 1)
            digits, words = digits + _HUNDREDS[piece] + rest.zfill(2), True
        elif piece in _TENS:
            ten = _TENS[piece]
            unit, after, joined = _unit_after(pieces, at)
            if unit is None:
                digits, at = digits + ten, at + 1
            else:
                # "Thirty five" is one number; "treinta cinco" may be 305 or 35.
                sure = sure and joined
                digits, at = digits + ten[0] + unit, after
            words = True
        elif piece in _DIGIT_WORDS:
            digits, at, words = digits + _DIGIT_WORDS[piece], at + 1, True
        elif piece in _NOT_SURE and digits:
            sure, at = False, at + 1
        else:
            break
    return at, digits, sure, words


def _next_word(pieces: Sequence[str], at: int) -> str:
    """The word after the piece at ``at``, past one space or dash; "" for none."""
    rest = pieces[at + 1 : at + 3]
    return next((piece for piece in rest if not piece.isspace() and piece not in ".,-"), "")


def _after_word(pieces: Sequence[str], at: int, word: str) -> int:
    return next(i for i in range(at + 1, len(pieces)) if pieces[i] == word) + 1


def _unit_after(pieces: Sequence[str], at: int) -> tuple[str | None, int, bool]:
    """The unit after the tens at ``at`` ("treinta y cinco", "thirty five"), its end, and whether it is sure."""
    following = _next_word(pieces, at)
    if following == "y":
        after = _after_word(pieces, at, "y")
        unit = _next_word(pieces, after - 1)
        if unit in _DIGIT_WORDS and _DIGIT_WORDS[unit] not in ("0",) and len(_DIGIT_WORDS[unit]) == 1:
            return _DIGIT_WORDS[unit], _after_word(pieces, after - 1, unit), True
        return None, at + 1, True
    if following in _DIGIT_WORDS and len(_DIGIT_WORDS[following]) == 1 and _DIGIT_WORDS[following] != "0":
        return (
            _DIGIT_WORDS[following],
            _after_word(pieces, at, following),
            pieces[at] in _WORDS["english_tens"],
        )
    return None, at + 1, True


def _under_hundred(pieces: Sequence[str], at: int) -> tuple[str, int]:
    """What follows a hundred, at most two digits, and its end."""
    while at < len(pieces) and pieces[at].isspace():
        at += 1
    if at < len(pieces) and pieces[at] in _TENS:
        unit, after, _ = _unit_after(pieces, at)
        return (_TENS[pieces[at]], at + 1) if unit is None else (_TENS[pieces[at]][0] + unit, after)
    if at < len(pieces) and pieces[at] in _DIGIT_WORDS:
        return _DIGIT_WORDS[pieces[at]], at + 1
    return "", at


# e-mail addresses

_PROVIDERS: tuple[str, ...] = tuple(_WORDS["providers"])
_REAL = frozenset(_PROVIDERS) | frozenset(_WORDS["also_real"])
_PROVIDER_NAMES = "|".join(sorted({domain.split(".")[0] for domain in _PROVIDERS}, key=len, reverse=True))
_ADDRESS = re.compile(r"[\w.+%'\-]+@[\w\-]+(?:\.[\w\-]+)+")
_WITHOUT_ENDING = re.compile(rf"([\w.+%'\-]+)@({_PROVIDER_NAMES})(?![\w.])")
_WITHOUT_AT = re.compile(rf"([\w.+%'\-]*[\w+%'\-])({'|'.join(map(re.escape, _PROVIDERS))})(?!\w)")
_AT = re.compile(r"\s*[(\[]\s*(?:arroba|at|@)\s*[)\]]\s*|\s+(?:arroba|at)\s+|\barroba\b|\s*@\s*")
_POINT = re.compile(r"\s*[(\[]?\s*\b(?:punto|dot|point)\b\s*[)\]]?\s*")
_UNDERSCORE = re.compile(r"\s*\b(?:guion bajo|raya baja|barra baja|guion abajo|raya al piso|underscore)\b\s*")
_DASH = re.compile(r"\s+(?:guion medio|guion|dash|hyphen)\s+")
_BEFORE_ADDRESS = frozenset(str(_WORDS["before_address"]).split())
#: Endings that are slips of the finger for ".com".
_SLIPS = re.compile(r"\.(?:con|cmo|ocm|comm|cpm|vom|xom|om|cm|coom|coml|come)$")
_LONGEST_ADDRESS = 254
_MOST_IN_PARTS = 64


def mended_token(token: str) -> str:
    """A token that is shown to its owner as the address it was mended to: ``[EMAIL_1:mended]`` for ``[EMAIL_1]``."""
    return f"{token.removesuffix(']')}:mended]"


def read_email(text: str, *, mended: bool = False) -> Email | EmailProblem:
    """The first e-mail address of a text, also one said in words ("ana arroba gmail punto com").

    An ending that looks like a slip ("gmial.com", "@gmail" alone, ".con") is DID_YOU_MEAN, and ``mended`` takes it as
    meant. Any other address is taken as it is typed.
    """
    text = text[:_LONGEST_TEXT]
    told = _written_out(text)
    found = _ADDRESS.search(told)
    if found is None:
        bare = _WITHOUT_ENDING.search(told) or _WITHOUT_AT.search(told)
        if bare is not None:
            provider = next(p for p in _PROVIDERS if p == bare[2] or p.startswith(bare[2] + "."))
            local = bare[1].strip(".'-")
            if not _sound(local, provider):
                return EmailProblem(INVALID)
            return _doubted(local, provider, "@" + provider, mended)
        if "@" in told:
            return EmailProblem(INVALID)
        if "arroba" in told or any(re.search(rf"\b{name}\b", told) for name in _PROVIDER_NAMES.split("|")):
            return EmailProblem(NO_AT)
        return EmailProblem(NO_AT if re.search(r"\w\.(?:com|net|org)\b", told) else NONE)
    local, _, domain = found[0].strip(".'-").rpartition("@")
    before = told[: found.start()].split()
    if "arroba" in plain(text) and before and before[-1].strip(":,.") not in _BEFORE_ADDRESS:
        # "juan perez arroba gmail punto com": nobody can hear whether there is a point between them.
        return EmailProblem(SPACES)
    if not _sound(local, domain):
        return EmailProblem(INVALID)
    meant = _meant(domain)
    if meant != domain:
        ending = "@" + meant if meant in _PROVIDERS else ".com"
        return _doubted(local, meant, ending, mended)
    return Email(f"{local}@{domain}")


def _doubted(local: str, domain: str, ending: str, mended: bool) -> Email | EmailProblem:
    if not _sound(local, domain):
        return EmailProblem(INVALID)
    return Email(f"{local}@{domain}") if mended else EmailProblem(DID_YOU_MEAN, ending)


def as_typed(text: str) -> Email | None:
    """The address exactly as typed, for who says that its unusual ending is right; None when there is none."""
    found = _ADDRESS.search(_written_out(text[:_LONGEST_TEXT]))
    if found is None:
        return None
    local, _, domain = found[0].strip(".'-").rpartition("@")
    return Email(f"{local}@{domain}") if _sound(local, domain) else None


def _written_out(text: str) -> str:
    """The text in small letters with its spoken signs written, and without spaces around them."""
    told = _folded(text)
    told = _UNDERSCORE.sub("_", told)
    told = _DASH.sub("-", told)
    spoken = "@" not in told or "arroba" in told
    told = _AT.sub("@", told) if spoken else re.sub(r"\s*@\s*", "@", told)
    if "@" in told or "arroba" in plain(text):
        told = _POINT.sub(".", told)
        told = re.sub(r"(?<=@)([\w\-]+)\s*[,;]\s*(?=com\b|net\b|org\b|es\b)", r"\1.", told)
        told = re.sub(
            r"(?<=\w)\s*\.\s*(?=(?:com|net|org|edu|es|mx|gt|hn|sv|ni|co|ve|ec|pe|br|us)\b)", ".", told
        )
        told = re.sub(r"\.{2,}", ".", told)
    return told


def _folded(text: str) -> str:
    """Small letters; an accent stays, because an address with it is another one."""
    return text.lower().replace("guión", "guion").replace("\u200b", "")


def _sound(local: str, domain: str) -> bool:
    """Whether the two parts can be an address that a person has: ASCII, not too long, an ending of letters."""
    whole = f"{local}@{domain}"
    labels = domain.split(".")
    return (
        whole.isascii()
        and 0 < len(local) <= _MOST_IN_PARTS
        and len(whole) <= _LONGEST_ADDRESS
        and not local.startswith(".")
        and not local.endswith(".")
        and ".." not in whole
        and all(0 < len(label) < _MOST_IN_PARTS and label.strip("-_") == label for label in labels)
        and labels[-1].isalpha()
        and len(labels[-1]) > 1
    )


def _meant(domain: str) -> str:
    """The domain that was most likely meant; the same where nothing looks like a slip."""
    if domain in _REAL:
        return domain
    repaired = _SLIPS.sub(".com", domain)
    if repaired in _REAL:
        return repaired
    if any(domain.startswith(provider.removesuffix("com") + "com.") for provider in _PROVIDERS):
        return domain
    near = get_close_matches(repaired, _PROVIDERS, n=1, cutoff=0.88)
    return near[0] if near else repaired


# names

_BEFORE_NAME = re.compile("|".join(f"(?:{piece})" for piece in _WORDS["before_name"]))
_AFTER_NAME = re.compile("|".join(f"(?:{piece})" for piece in _WORDS["after_name"]))
_LABELLED = re.compile(
    r"\b(?:nombres?|first name|given name|name)\s*:?\s+(?P<given>.+?)[\s,;]+(?:y\s+)?"
    r"(?:mi\s+)?(?:apellidos?|last name|surname|family name)\s*(?:es|son|is)?\s*:?\s+(?P<family>.+)"
)


def read_name(text: str) -> Name | NameProblem:
    """The name in an answer to "what is your name": without "me llamo" and the like, otherwise as it was given.

    It is split only where the words show how: a comma, "apellido", or two words. Nobody's two surnames are cut.
    """
    if len(text) > _LONGEST_TEXT:
        return NameProblem(TOO_LONG_NAME)
    given_text = " ".join(text.split())
    kept = _strip_around(given_text)
    if not any(c.isalpha() for c in kept):
        return NameProblem(DIGITS if any(c.isdecimal() for c in given_text) else EMPTY)
    if len(kept) > LONGEST_NAME:
        return NameProblem(TOO_LONG_NAME)
    labelled = _LABELLED.fullmatch(plain(given_text)) if len(plain(given_text)) == len(given_text) else None
    if labelled is not None:
        given = given_text[slice(*labelled.span("given"))].strip(" ,.;")
        family = given_text[slice(*labelled.span("family"))].strip(" ,.;")
        return Name(given, family, f"{given} {family}")
    if kept.count(",") == 1:
        family, given = (part.strip() for part in kept.split(","))
        if family and given:
            return Name(given, family, kept)
    words = kept.split()
    if len(words) == 1:
        return Name(words[0], None, kept)
    return Name(words[0], words[1], kept) if len(words) == 2 else Name(None, None, kept)


def _strip_around(text: str) -> str:
    """The name without what people write before and after it, and without numbers."""
    kept = text
    while True:
        told = plain(kept)
        if len(told) != len(kept):
            break
        found = _BEFORE_NAME.match(told)
        if found is None or found.end() == 0 or not any(c.isalpha() for c in kept[found.end() :]):
            break
        kept = kept[found.end() :].lstrip()
    told = plain(kept)
    if len(told) == len(kept):
        after = _AFTER_NAME.search(told)
        if after is not None and any(c.isalpha() for c in kept[: after.start()]):
            kept = kept[: after.start()]
    kept = re.sub(r"\+?\(?\d[\d\s().\-]*", " ", kept)
    return " ".join(kept.split()).strip(' ,.;:-\u2013"()[]')
