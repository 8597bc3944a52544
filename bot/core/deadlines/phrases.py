"""The fixed words around a date, from ``bot/content/deadline_words.yml``, and days and steps in both languages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from babel.dates import format_date, get_date_format
from babel.units import format_unit

from bot.core import template, yaml12
from bot.core.deadlines.calendar_file import KINDS
from bot.core.deadlines.results import Deadline, NotCovered, Step
from bot.core.errors import ContentFileError
from bot.core.law import LOCALES
from bot.core.messages import LANGUAGES

FILE_NAME = "deadline_words.yml"

_STEPS = ("from", "not_before", "add", "subtract", "stopped", "abroad", "working_days")

#: Every phrase that is needed, with the names that it may use.
PHRASES: Mapping[str, frozenset[str]] = {
    **dict.fromkeys((*KINDS, "today", "doubt", "steps"), frozenset()),
    **dict.fromkeys(("authority", "check_only", "how_to_print", "not_advice", "calendar_name"), frozenset()),
    **dict.fromkeys(("left", "ago"), frozenset({"days"})),
    **dict.fromkeys(("checked", "counted_on", "law_of"), frozenset({"date"})),
    "counted_on_either": frozenset({"date", "other"}),
    **{f"step_{code}": frozenset({"date", "count"}) for code in (*_STEPS, "roll_weekend", "roll_holiday")},
    "questions": frozenset({"name", "phone"}),
    **{f"calendar_{kind}": frozenset({"title"}) for kind in KINDS},
}


@dataclass(frozen=True, slots=True)
class Phrases:
    """The phrases by name and language."""

    texts: Mapping[str, Mapping[str, str]]

    def say(self, name: str, lang: str, /, **values: str) -> str:
        """A phrase with its names filled."""
        return template.fill(self.texts[name][lang], lambda found: values.get(found.name, ""))

    def step(self, step: Step, lang: str) -> str:
        """One step of a count as a line."""
        code, values = step.code, step.values
        if code == "roll":
            code = "roll_holiday" if values.get("holiday") else "roll_weekend"
        told: dict[str, str] = {}
        if isinstance(day := values.get("date"), date):
            told["date"] = weekday_and_day(day, lang)
        number = values.get("number", values.get("days"))
        if isinstance(number, int):
            told["count"] = count(number, str(values.get("unit", "days")), lang)
        return self.say(f"step_{code}", lang, **told)

    def counted_on(self, result: Deadline | NotCovered, lang: str) -> str:
        """On which day a result was counted; both days where it is not known which of two it is."""
        day = weekday_and_day(result.counted_on, lang)
        if isinstance(result, NotCovered) or result.maybe_on is None:
            return self.say("counted_on", lang, date=day)
        return self.say("counted_on_either", lang, date=day, other=weekday_and_day(result.maybe_on, lang))


def load_phrases(path: Path) -> Phrases:
    """The phrases of a file. Raises ContentFileError for the first that is missing or wrong."""
    data = yaml12.load_file(path, ContentFileError)
    if not isinstance(data, dict):
        raise ContentFileError(str(path), None, "not phrases by name", "Give each phrase its name as key.")
    for name in sorted(set(PHRASES) ^ {str(key) for key in data}):
        problem = "is missing" if name in PHRASES else "is not used"
        raise ContentFileError(str(path), None, f"{name} {problem}", "Compare it with the file that came.")
    for name, known in PHRASES.items():
        texts = data[name]
        if not isinstance(texts, dict) or set(texts) != set(LANGUAGES):
            raise ContentFileError(str(path), None, f"{name} needs en and es", "Write the missing language.")
        used = [{found.name for found in template.placeholders(str(texts[lang]))} for lang in LANGUAGES]
        if used[0] != used[1] or used[0] - known:
            remedy = f"Known here are: {', '.join(sorted(known)) or 'none'}; the same in both languages."
            raise ContentFileError(str(path), None, f"the names in {{{{...}}}} of {name} are wrong", remedy)
    return Phrases({name: {lang: str(texts[lang]) for lang in LANGUAGES} for name, texts in data.items()})


def weekday_and_day(day: date, lang: str) -> str:
    """The day with its weekday: "Monday, November 2, 2026" or "lunes 2 de noviembre de 2026"."""
    written = get_date_format("full", LOCALES[lang]).pattern
    # Spanish of the United States puts a comma after the weekday that people leave out.
    pattern = re.sub(r"^EEEE, ", "EEEE ", written) if lang == "es" else written
    return format_date(day, pattern, locale=LOCALES[lang])


def count(number: int, unit: str, lang: str) -> str:
    """A number of days, months or years: "13 days", "1 año"."""
    return format_unit(number, f"duration-{unit.removesuffix('s')}", locale=LOCALES[lang])
