"""``faro deadline``: one date, worked out on the terminal, with everything that led to it."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console

from bot.core.content import Library
from bot.core.deadlines import (
    CALCULATIONS,
    Deadline,
    Field,
    InputError,
    NotCovered,
    Span,
    calculate,
    load_rules,
)
from bot.core.deadlines.calendar_file import key_days
from bot.core.deadlines.inputs import read_inputs
from bot.core.deadlines.own_day import STATES, own_days
from bot.core.deadlines.phrases import FILE_NAME, Phrases, load_phrases, weekday_and_day
from bot.core.deadlines.telling import tell
from bot.core.deadlines.wire import calculation_as_json, explained, quoted, read_json, result_as_json
from bot.core.errors import BotError
from bot.core.law import STATUSES, format_date
from bot.core.messages import LANGUAGES, Reply

#: Law that is not in force, which can be added for a fact-check.
NOT_IN_FORCE = STATUSES[1:]

_DAYS = (Field("today", "date", required=False), Field("as_of", "date", required=False))
_WIDEST = 100

# What can be wrong with the options themselves: {code: {language: text}}.
_TEXTS: Mapping[str, Mapping[str, str]] = {
    "lang": {
        "en": "{value} is not a language of Faro. Use en or es.",
        "es": "{value} no es un idioma de Faro. Use en o es.",
    },
    "no_calculation": {
        "en": "Name a calculation; faro deadline --list shows them.",
        "es": "Indique un cálculo; faro deadline --list los muestra.",
    },
    "no_inputs": {
        "en": "{value} needs facts: --inputs '{{\"{field}\": ...}}'. faro deadline --list shows them.",
        "es": "{value} necesita datos: --inputs '{{\"{field}\": ...}}'. faro deadline --list los muestra.",
    },
    "bad_json": {
        "en": '--inputs cannot be read as JSON. Write it between quotes, such as \'{{"moved": "2026-11-20"}}\'.',
        "es": '--inputs no se puede leer como JSON. Escríbalo entre comillas, como \'{{"moved": "2026-11-20"}}\'.',
    },
    "state": {
        "en": "--state {value} is not known. Use the two letters of a state in capitals, such as TX.",
        "es": "--state {value} no se conoce. Use las dos letras de un estado en mayúsculas, por ejemplo TX.",
    },
    "include": {
        "en": "--include {value} is not known. Use proposed or vacated.",
        "es": "--include {value} no se conoce. Use proposed o vacated.",
    },
}


class Misuse(BotError):
    """The command cannot be carried out as it was typed; the text says why and what to do."""


def misuse(code: str, lang: str, **values: str) -> Misuse:
    """The complaint in a language, in English where there is no such language."""
    told = {name: quoted(value) for name, value in values.items()}
    return Misuse(_TEXTS[code][lang if lang in LANGUAGES else LANGUAGES[0]].format(**told))


def work_out(
    root: Path,
    words: Library,
    calculation: str | None,
    inputs: str | None,
    console: Console,
    *,
    fixed_today: date | None,
    today: str | None,
    state: str | None,
    as_of: str | None,
    include: tuple[str, ...],
    lang: str,
    as_json: bool,
) -> None:
    """Prints one date by what stands under ``root``. Raises Misuse.

    It is counted on ``today``, else on the day or days of ``state`` (a USPS code), else on those that it may be.
    ``inputs`` is JSON, or - for JSON from standard input, which leaves no facts in the history of the terminal.
    """
    check_language(lang)
    if calculation is None:
        raise misuse("no_calculation", lang)
    for status in include:
        if status not in NOT_IN_FORCE:
            raise misuse("include", lang, value=status)
    if state is not None and state not in STATES:
        raise misuse("state", lang, value=state)
    try:
        facts = _facts(calculation, inputs, lang)
        told = read_inputs({"today": today, "as_of": as_of}, _DAYS)
        asked_on = told["today"] or _days(fixed_today, state, words.firm.timezone)
        rules = load_rules(root / "law" / "deadlines", words.parameters)
        result = calculate(calculation, facts, rules, asked_on, told["as_of"], include)
    except InputError as error:
        raise Misuse("{}. {}.".format(*explained(error, lang))) from None
    phrases = load_phrases(root / "content" / FILE_NAME)
    reply = tell(words, rules, result, lang)
    notes = [phrases.say("check_only", lang)] if include else []
    if told["as_of"] is not None:
        notes.append(phrases.say("law_of", lang, date=format_date(told["as_of"], lang)))
    reply = replace(reply, notes=(*notes, *reply.notes))
    if as_json:
        told_too = {
            "language": lang,
            "title": CALCULATIONS[calculation].title[lang],
            "text": reply.text,
            "full": reply.full,
            "notes": list(reply.notes),
        }
        whole = {**result_as_json(result), "as_of": as_of, "include": list(include), **told_too}
        console.file.write(json.dumps(whole, ensure_ascii=False, indent=2) + "\n")
        return
    _show(result, reply, phrases, lang, console)


def _days(fixed: date | None, state: str | None, timezone: str) -> Span:
    """The person's day or days now, or at noon of the day that tests fix."""
    zone = ZoneInfo(timezone)
    now = datetime.now(zone) if fixed is None else datetime.combine(fixed, time(12), zone)
    return own_days(now, state, None, timezone)


def check_language(lang: str) -> None:
    """Raises Misuse for a language that Faro does not speak."""
    if lang not in LANGUAGES:
        raise misuse("lang", lang, value=lang)


def _facts(calculation: str, inputs: str | None, lang: str) -> Any:
    if inputs is None:
        known = CALCULATIONS.get(calculation)
        if known is None:
            return {}
        raise misuse("no_inputs", lang, value=calculation, field=known.fields[0].name)
    try:
        return read_json(sys.stdin.read() if inputs == "-" else inputs)
    except ValueError:
        raise misuse("bad_json", lang) from None


def _show(result: Deadline | NotCovered, reply: Reply, phrases: Phrases, lang: str, console: Console) -> None:
    """The date first, then what it means, how it was counted, what is in doubt, and what it rests on."""
    if reply.title:
        console.print(reply.title, style="bold", markup=False)
    if isinstance(result, Deadline):
        for kind, day in reversed(key_days(result).items()):
            console.print(
                f"{phrases.say(kind, lang)}: {weekday_and_day(day, lang)}", style="cyan", markup=False
            )
    console.print(f"\n{_indented(reply.full or reply.text, console)}\n", markup=False)
    doubts = [*reply.notes]
    if isinstance(result, Deadline):
        _block(phrases.say("steps", lang), [phrases.step(step, lang) for step in result.steps], console)
        # The note is written in English, for a lawyer.
        doubts = [result.contested_note, *doubts] if result.contested else doubts
    _block(phrases.say("doubt", lang), doubts, console)
    sources = [
        f"{found.cite} ({phrases.say('checked', lang, date=format_date(found.checked, lang))}) {found.url}".rstrip()
        for found in result.authority
    ]
    _block(phrases.say("authority", lang), sources, console)
    console.print(phrases.counted_on(result, lang), markup=False)


def _indented(text: str, console: Console) -> str:
    """Paragraphs as wide as the terminal has room for, with a margin."""
    width = min(console.width, _WIDEST)
    return "\n\n".join(
        textwrap.fill(part, width, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)
        for part in text.split("\n\n")
    )


def _block(heading: str, lines: list[str], console: Console) -> None:
    if lines:
        console.print(heading, style="bold", markup=False)
        for line in lines:
            console.print(f"  - {line}", markup=False)


def show_list(lang: str, as_json: bool, console: Console) -> None:
    """Prints every calculation with the facts that it takes. Raises Misuse."""
    check_language(lang)
    if as_json:
        listed = [calculation_as_json(calculation) for calculation in CALCULATIONS.values()]
        console.file.write(json.dumps(listed, ensure_ascii=False, indent=2) + "\n")
        return
    for calculation in CALCULATIONS.values():
        console.print(f"{calculation.id}  {calculation.title[lang]}", style="bold", markup=False)
        for field in calculation.fields:
            console.print(f"    {_field(field, lang)}", markup=False)


def _field(field: Field, lang: str) -> str:
    """A fact in one line: name, kind, and whether it is needed."""
    kind = " | ".join(field.choices) if field.kind == "choice" else _KINDS[lang][field.kind]
    needed = {"en": "required", "es": "necesario"} if field.required else {"en": "optional", "es": "opcional"}
    default = "" if field.required or field.default in (None, []) else f" ({json.dumps(field.default)})"
    return f"{field.name}: {kind}, {needed[lang]}{default}"


_KINDS = {
    "en": {
        "date": "day or range",
        "dates": "list of days",
        "days": "number of days",
        "bool": "true | false",
        "stops": 'list of {"from": day, "to": day or null}',
    },
    "es": {
        "date": "día o intervalo",
        "dates": "lista de días",
        "days": "cantidad de días",
        "bool": "true | false",
        "stops": 'lista de {"from": día, "to": día o null}',
    },
}
