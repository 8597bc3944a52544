"""The facts of a calculation, read strictly: a fact is understood as it was meant, or refused with a remedy."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import product
from typing import Any

from bot.core.datafile import near
from bot.core.errors import BotError

KINDS = ("date", "dates", "days", "bool", "choice", "stops")

# Years that anybody alive can mean; the calendar of holidays is good for all of them.
FIRST_YEAR, LAST_YEAR = 1900, 2200
# About a hundred years. More is a slip of the finger.
MOST_DAYS = 36_500
# Each range doubles the number of counts, and nobody is unsure of more days than this.
MOST_RANGES = 6

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

# code: {language: (problem, remedy)}. Names in braces are filled with the details of the case.
_TEXTS: dict[str, dict[str, tuple[str, str]]] = {
    "unknown_calculation": {
        "en": ("there is no calculation {value}", "{near}The known ones are: {known}"),
        "es": ("no existe el cálculo {value}", "{near}Los conocidos son: {known}"),
    },
    "not_facts": {
        "en": ("the facts are not a set of names and values", 'Write {{"name": value}}'),
        "es": ("los datos no son un conjunto de nombres y valores", 'Escriba {{"nombre": valor}}'),
    },
    "unknown_field": {
        "en": ("{field} is not a fact that this calculation uses", "{near}The known ones are: {known}"),
        "es": ("{field} no es un dato que use este cálculo", "{near}Los conocidos son: {known}"),
    },
    "missing": {
        "en": ("{field} is missing", "Give it; without it there is no date"),
        "es": ("falta {field}", "Indíquelo; sin ese dato no hay fecha"),
    },
    "given_twice": {
        "en": ("{field} is given twice, also as {value}", "Keep one of the two"),
        "es": ("{field} aparece dos veces, también como {value}", "Deje uno de los dos"),
    },
    "wrong_date": {
        "en": ("{field} is {value}, which is not a date", "Write year-month-day, such as 2026-07-03"),
        "es": ("{field} es {value}, que no es una fecha", "Escriba año-mes-día, por ejemplo 2026-07-03"),
    },
    "out_of_range": {
        "en": ("{field} is {value}, too far away to be meant", "Check the year"),
        "es": ("{field} es {value}, demasiado lejos para ser cierto", "Revise el año"),
    },
    "wrong_range": {
        "en": (
            "{field} is not a range of days",
            'Write {{"earliest": day, "latest": day}}, the earlier one first',
        ),
        "es": (
            "{field} no es un intervalo de días",
            'Escriba {{"earliest": día, "latest": día}}, primero el más temprano',
        ),
    },
    "too_many_ranges": {
        "en": ("more than {most} days are ranges", "Give exact days where they are known"),
        "es": ("más de {most} días son intervalos", "Indique días exactos donde se conozcan"),
    },
    "wrong_days": {
        "en": ("{field} is {value}, which is not a number of days", "Write a whole number, 0 or more"),
        "es": ("{field} es {value}, que no es una cantidad de días", "Escriba un número entero, 0 o más"),
    },
    "wrong_bool": {
        "en": ("{field} is {value}, which is neither true nor false", "Write true or false"),
        "es": ("{field} es {value}, que no es ni true ni false", "Escriba true o false"),
    },
    "wrong_choice": {
        "en": ("{field} is {value}, which is not allowed", "{near}Write one of: {known}"),
        "es": ("{field} es {value}, que no está permitido", "{near}Escriba uno de estos: {known}"),
    },
    "wrong_list": {
        "en": ("{field} is not a list with something in it", "Write [first, second]"),
        "es": ("{field} no es una lista con algo adentro", "Escriba [primero, segundo]"),
    },
    "wrong_stop": {
        "en": (
            "{field} is not a stop of the clock",
            'Write {{"from": day, "to": day}}, or "to": null while it is still stopped',
        ),
        "es": (
            "{field} no es una pausa del reloj",
            'Escriba {{"from": día, "to": día}}, o "to": null mientras siga parado',
        ),
    },
    "wrong_order": {
        "en": ("{field} lies before {value}", "Check both days"),
        "es": ("{field} es anterior a {value}", "Revise los dos días"),
    },
}

INPUT_CODES = frozenset(_TEXTS)


class InputError(BotError):
    """A fact that cannot be used: ``field`` names it, ``code`` says what is wrong, ``remedy`` what to do."""

    def __init__(self, code: str, field: str = "", **details: object) -> None:
        self.code = code
        self.field = field
        self.details = {"near": "", "field": field, **{name: str(value) for name, value in details.items()}}
        super().__init__(". ".join(self.texts()) + ".")

    def texts(self, lang: str = "en") -> tuple[str, str]:
        """What is wrong and what to do, each without a final stop."""
        told = dict(self.details)
        if told["near"]:
            told["near"] = {"en": "Did you mean {}? ", "es": "¿Quiso decir {}? "}[lang].format(told["near"])
        problem, remedy = _TEXTS[self.code][lang]
        return problem.format(**told), remedy.format(**told)

    @property
    def problem(self) -> str:
        """What is wrong, in English."""
        return self.texts()[0]

    @property
    def remedy(self) -> str:
        """What to do, in English."""
        return self.texts()[1]


@dataclass(frozen=True, slots=True)
class Span:
    """A day that is known only to lie from ``earliest`` to ``latest``, both included."""

    earliest: date
    latest: date


@dataclass(frozen=True, slots=True)
class Stop:
    """A stop of the work-permit clock: ``start`` is the first day that does not count, ``end`` the day on which
    it runs again; None while it is still stopped."""

    start: date | Span
    end: date | Span | None


@dataclass(frozen=True, slots=True)
class Field:
    """One fact that a calculation takes.

    ``choices`` are the words of a choice; ``words`` maps other words for them. ``also`` are other names of
    the fact. ``default`` stands where the fact is not given.
    """

    name: str
    kind: str
    required: bool = True
    default: Any = None
    choices: tuple[str, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)
    also: tuple[str, ...] = ()


# Facts as read: a day may still be a Span. After ``settle`` every day is a date.
type Facts = dict[str, Any]


def read_inputs(raw: object, fields: tuple[Field, ...]) -> Facts:
    """The facts by the names of ``fields``, checked, with defaults filled in; null counts as not given.

    Raises InputError.
    """
    if not isinstance(raw, Mapping):
        raise InputError("not_facts")
    names = {name: field for field in fields for name in (field.name, *field.also)}
    given: dict[str, tuple[str, Any]] = {}
    for key, value in raw.items():
        field = names.get(key) if isinstance(key, str) else None
        if field is None:
            known = [field.name for field in fields]
            raise InputError("unknown_field", str(key), near=near(str(key), known), known=", ".join(known))
        if value is None:
            continue
        if field.name in given:
            raise InputError("given_twice", key, value=given[field.name][0])
        given[field.name] = (key, value)
    facts: Facts = {field.name: field.default for field in fields}
    # What is given and wrong is told before what is not given.
    for field in fields:
        if field.name in given:
            facts[field.name] = _value(field, *given[field.name])
    for field in fields:
        if field.required and field.name not in given:
            raise InputError("missing", field.name)
    return facts


def settle(facts: Facts, turns: Iterable[date] = ()) -> Iterator[Facts]:
    """The facts with every range set to one of its ends, in all combinations; the facts themselves without ranges.

    The first has every range at its earliest day, the last at its latest. The law may change within a range,
    so the days of ``turns`` in it, on which a version begins, are tried as well, and the days before them.
    Raises InputError for too many ranges.
    """
    spans = list(dict.fromkeys(_spans(list(facts.values()))))
    if len(spans) > MOST_RANGES:
        raise InputError("too_many_ranges", most=MOST_RANGES)
    around = [day for turn in turns for day in (turn - timedelta(days=1), turn)]
    choices = [
        sorted({span.earliest, span.latest, *(day for day in around if span.earliest < day < span.latest)})
        for span in spans
    ]
    for days in product(*choices):
        chosen = dict(zip(spans, days, strict=True))
        yield {name: _settled(value, chosen) for name, value in facts.items()}


def _spans(value: Any) -> Iterator[Span]:
    match value:
        case Span():
            yield value
        case Stop():
            yield from _spans([value.start, value.end])
        case list():
            for item in value:
                yield from _spans(item)


def _settled(value: Any, chosen: Mapping[Span, date]) -> Any:
    match value:
        case Span():
            return chosen[value]
        case Stop():
            start, end = _settled(value.start, chosen), _settled(value.end, chosen)
            if end is not None and end < start:
                raise InputError("wrong_order", "stops.to", value="stops.from")
            return Stop(start, end)
        case list():
            return [_settled(item, chosen) for item in value]
    return value


def _value(field: Field, name: str, value: Any) -> Any:
    match field.kind:
        case "date":
            return _day(name, value)
        case "dates":
            return [_day(name, item) for item in _items(name, value)]
        case "stops":
            return [_stop(name, item) for item in _items(name, value, empty=True)]
        case "days":
            return _days(name, value)
        case "bool":
            if not isinstance(value, bool):
                raise InputError("wrong_bool", name, value=value)
            return value
    return _choice(field, name, value)


def _items(name: str, value: Any, empty: bool = False) -> list[Any]:
    if not isinstance(value, list | tuple) or not (value or empty):
        raise InputError("wrong_list", name)
    return list(value)


def _day(name: str, value: Any) -> date | Span:
    if isinstance(value, Span):
        value = {"earliest": value.earliest, "latest": value.latest}
    if not isinstance(value, Mapping):
        return _date(name, value)
    if set(value) != {"earliest", "latest"}:
        raise InputError("wrong_range", name)
    span = Span(_date(name, value["earliest"]), _date(name, value["latest"]))
    if span.latest < span.earliest:
        raise InputError("wrong_range", name)
    return span.earliest if span.earliest == span.latest else span


def _date(name: str, value: Any) -> date:
    day = value
    if isinstance(value, str) and _ISO.fullmatch(value):
        try:
            day = date.fromisoformat(value)
        except ValueError:
            day = None
    # A moment has a time zone and may lie on another day than the person's.
    if not isinstance(day, date) or isinstance(day, datetime):
        raise InputError("wrong_date", name, value=value)
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise InputError("out_of_range", name, value=value)
    return day


def _days(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise InputError("wrong_days", name, value=value)
    if value > MOST_DAYS:
        raise InputError("out_of_range", name, value=value)
    return value


def _choice(field: Field, name: str, value: Any) -> str:
    word = re.sub(r"[\s-]+", "_", value.strip().lower()) if isinstance(value, str) else ""
    word = field.words.get(word, word)
    if word not in field.choices:
        known = ", ".join(field.choices)
        raise InputError("wrong_choice", name, value=value, near=near(word, field.choices), known=known)
    return word


def _stop(name: str, value: Any) -> Stop:
    if isinstance(value, Stop):
        value = {"from": value.start, "to": value.end}
    if not isinstance(value, Mapping) or not {"from"} <= set(value) <= {"from", "to"}:
        raise InputError("wrong_stop", name)
    end = value.get("to")
    return Stop(_day(f"{name}.from", value["from"]), None if end is None else _day(f"{name}.to", end))
