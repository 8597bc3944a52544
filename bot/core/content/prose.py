"""What may not stand in a text for visitors: typed figures, conclusions about a person, orders."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from bot.core.content.glossary import Glossary
from bot.core.template import blank

# Figures that name a thing and say no amount: forms, visa classes, citations, articles of a treaty.
_NAMES = re.compile(
    r"""
      \b\d+\s*(?:CFR|C\.F\.R\.|U\.?S\.?C\.?|FR|Fed\.\s?Reg\.|I&N\s+Dec\.|F\.(?:2d|3d|4th)|U\.S\.)\s*
          (?:§+\s*|parts?\s+|partes?\s+)?[\d,.]*\d(?:-\d+)?(?:\([a-zA-Z0-9]+\))*
    | \b(?:INA|CFR|PM|PA)[\s-]*(?:§+\s*|[Ss]ections?\s+|[Ss]ección\s+|[Aa]rt[íi]culos?\s+)?
          \d[\d.-]*(?:\([a-zA-Z0-9]+\))*
    | (?:§+|\b(?:[Ss]ections?|[Ss]ecci(?:ón|ones)|[Tt]itle|[Tt]ítulo|[Aa]rticles?|[Aa]rt[íi]culos?|[Aa]rt\.))
          \s*\d[\d.]*(?:-\d+)?(?:\([a-zA-Z0-9]+\))*
    | \b(?:Pub\.\s*L\.|Public\s+Law|Ley\s+Pública|H\.\s?R\.)\s*(?:No\.\s*)?\d+(?:-\d+)*
    | \b[Ff]orm(?:ulario)?s?\s+\d+[A-Z]{0,3}\b
    | \b[A-Z]{1,5}(?:-\d+)+[A-Z]{0,3}s?\b
    | \b[BFHJKLMOPRTUV]\d[AB]?\b
    | \b[AC]\d{2}\b
    | (?<!\w)\([a-z]\)\(\d+\)(?:\([a-zA-Z0-9]+\))*
    """,
    re.VERBOSE,
)
_FIGURE = re.compile(r"[$€]?\s?\d[\d.,:/]*\d|[$€]?\d|[½¼¾²³]")

_EN_NUMBERS = (
    "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|"
    "eighteen|nineteen|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:-(?:one|two|three|four|five|"
    "six|seven|eight|nine))?|hundred|thousand|million"
)
_EN_UNITS = (
    "days?|weeks?|months?|years?|hours?|minutes?|dollars?|percent|cents?|day-old|month-old|year-old|decades?"
)
_ES_NUMBERS = (
    "dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce|trece|catorce|quince|dieciséis|diecisiete|"
    "dieciocho|diecinueve|veinte|veinti(?:ún|uno|dós|dos|trés|tres|cuatro|cinco|séis|seis|siete|ocho|nueve)|"
    "(?:treinta|cuarenta|cincuenta|sesenta|setenta|ochenta|noventa)(?:\\s+y\\s+(?:un|uno|dos|tres|cuatro|cinco|"
    "seis|siete|ocho|nueve))?|cien|ciento|doscientos|trescientos|quinientos|mil|millón|millones"
)
_ES_UNITS = "días?|semanas?|mes(?:es)?|años?|horas?|minutos?|dólares?|por\\s+ciento|centavos?|décadas?"
_NUMBER_WORDS = {
    "en": re.compile(
        rf"\b(?:(?:{_EN_NUMBERS})(?:[\s-]+(?:calendar|business|working|full|whole|more|additional|extra))?"
        rf"[\s-]+(?:{_EN_UNITS})|one[\s-]+(?:month|year)s?)\b",
        re.IGNORECASE,
    ),
    "es": re.compile(
        rf"\b(?:(?:{_ES_NUMBERS})(?:\s+(?:de|más))?\s+(?:{_ES_UNITS})|un\s+(?:año|mes)(?!\s+(?:bisiesto|fiscal)))\b",
        re.IGNORECASE,
    ),
}
# Fixed names of rules, in which the amount is part of the name.
_FIXED_NAMES = {
    "en": re.compile(r"\bone[-\s]year\s+(?:filing\s+)?(?:deadline|rule|limit|bar)s?\b", re.IGNORECASE),
    "es": re.compile(r"\b(?:plazos?|reglas?|límites?)\s+de\s+un\s+año\b", re.IGNORECASE),
}

# A conclusion about the person.
_CONCLUSIONS = {
    "en": re.compile(
        r"\byou(?:\s+(?:do\s+not|don['\u2019]t|also|now|probably|clearly|likely))*\s+qualify\b"
        r"|\byou(?:['\u2019]re|\s+are)(?:\s+(?:not|now|also|probably|clearly|likely))*\s+(?:in)?eligible\b"
        r"|\byou(?:\s+will|['\u2019]ll)(?:\s+(?:not|now|also|probably|clearly|likely))*\s+"
        r"(?:win|get\s+asylum|be\s+granted|be\s+approved|be\s+denied)\b",
        re.IGNORECASE,
    ),
    "es": re.compile(
        r"\busted(?:\s+(?:no|ya|sí|también|seguramente|probablemente))*\s+"
        r"(?:califica|calificaría|es\s+elegible|reúne\s+los\s+requisitos|cumple\s+(?:con\s+)?los\s+requisitos|"
        r"ganará|va\s+a\s+ganar|recibirá\s+(?:el\s+)?asilo|obtendrá\s+(?:el\s+)?asilo)\b"
        r"|\ble\s+(?:van\s+a\s+dar|darán|van\s+a\s+aprobar|aprobarán|van\s+a\s+negar|negarán|concederán|"
        r"van\s+a\s+conceder)\s+(?:el\s+|su\s+)?(?:asilo|caso)\b"
        r"|\bva\s+a\s+ganar\s+su\s+caso\b",
        re.IGNORECASE,
    ),
}
# What leaves the question open: "whether you qualify", "nobody can promise that you will win".
_OPEN = {
    "en": re.compile(
        r"\b(?:whether(?:\s+or\s+not)?|if|when|once|until|unless)\s+$|\b(?:nobody|no\s+one|no\s+lawyer|cannot)\b",
        re.IGNORECASE,
    ),
    "es": re.compile(
        r"\b(?:si|cuando|hasta\s+que|a\s+menos\s+que)\s+(?:a\s+usted\s+)?$|\b(?:nadie|ningún|ninguna)\b",
        re.IGNORECASE,
    ),
}
_IMPERATIVES = {
    "en": re.compile(
        r"\b(?:file|apply|submit|pay|sign|appeal|send\s+it)(?:\s+(?:it|your\s+(?:form|application|case|appeal)))?"
        r"\s+(?:right\s+)?(?:now|today|immediately|at\s+once|asap)\b",
        re.IGNORECASE,
    ),
    "es": re.compile(
        r"\b(?:presente|presénte(?:la|lo)|solicite|aplique|envíe|envíe(?:la|lo)|mande|firme|pague|apele)"
        r"(?:\s+(?:su|el|la)\s+(?:solicitud|formulario|caso|apelación))?"
        r"\s+(?:ya|ahora(?:\s+mismo)?|hoy(?:\s+mismo)?|de\s+inmediato|inmediatamente|cuanto\s+antes)\b",
        re.IGNORECASE,
    ),
}
# What turns the same words into a statement or a warning: "you can apply at once", "no firme ya".
_NOT_AN_ORDER = re.compile(
    r"\b(?:to|can|could|may|must|should|not|don['\u2019]t|cannot|can['\u2019]t|who|they|you|people|i|we|or|no|que)"
    r"\s+$",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[.?!\n]\s")


@dataclass(frozen=True, slots=True)
class ProseProblem:
    """Something that may not stand in a text; ``position`` is where it begins."""

    code: str
    position: int
    details: dict[str, str] = field(default_factory=dict)


def check_prose(text: str, lang: str, glossary: Glossary | None = None) -> Iterator[ProseProblem]:
    """What may not stand in ``text``; its placeholders are passed over."""
    yield from _own_rules(text, lang)
    if glossary is not None:
        for position, word, term in glossary.breaches(blank(text), lang):
            yield ProseProblem("glossary", position, {"text": f'"{word}"', "term": f'"{term}"'})


@lru_cache(maxsize=8192)
def _own_rules(text: str, lang: str) -> tuple[ProseProblem, ...]:
    """What every text is held to; kept, so that a reload checks only what changed."""
    return tuple(_search(text, lang))


def _search(text: str, lang: str) -> Iterator[ProseProblem]:
    plain = blank(text)
    unnamed = _NAMES.sub(lambda found: " " * len(found[0]), plain)
    for found in _FIGURE.finditer(unnamed):
        yield _problem("figure", found)
    unnamed = _FIXED_NAMES[lang].sub(lambda found: " " * len(found[0]), plain)
    for found in _NUMBER_WORDS[lang].finditer(unnamed):
        yield _problem("number_word", found)
    for found in _CONCLUSIONS[lang].finditer(plain):
        if not _OPEN[lang].search(_sentence_before(plain, found.start())):
            yield _problem("conclusion", found)
    for found in _IMPERATIVES[lang].finditer(plain):
        if not _NOT_AN_ORDER.search(plain[: found.start()]):
            yield _problem("imperative", found)
    for found in re.finditer(r"[!¡]+", plain):
        yield ProseProblem("exclamation", found.start())


def _sentence_before(text: str, position: int) -> str:
    """What stands before a position in its sentence."""
    return _SENTENCE.split(text[:position])[-1]


def _problem(code: str, found: re.Match[str]) -> ProseProblem:
    return ProseProblem(code, found.start(), {"text": '"' + " ".join(found[0].split()) + '"'})
