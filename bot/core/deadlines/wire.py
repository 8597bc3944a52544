"""Facts in and results out as JSON, for the command line and the API."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from bot.core.deadlines.counting import Calculation
from bot.core.deadlines.inputs import InputError
from bot.core.deadlines.results import Caveat, Deadline, NotCovered, Plain, Step

# Facts are lists of small sets at most: {"inputs": {"stops": [{"from": {"earliest": ...}}]}}.
DEEPEST = 6
# A wrong value is quoted so that the person sees which one it is; nobody needs the whole of a long one.
QUOTED = 60


def read_json(text: str) -> Any:
    """The value of a JSON text. Raises ValueError for anything else, for a name that stands twice in one set (one
    of the two values would be lost), and for more than ``DEEPEST`` levels."""
    try:
        value = json.loads(text, object_pairs_hook=_set)
    except RecursionError:
        raise ValueError("too deep") from None
    level = [value]
    for _ in range(DEEPEST):
        level = [item for value in level for item in _inside(value)]
    if level:
        raise ValueError("too deep")
    return value


def _set(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def explained(error: InputError, lang: str) -> tuple[str, str]:
    """What is wrong with a fact and what to do, as two sentences without final stop, with what was typed cut short."""
    details = {name: value for name, value in error.details.items() if name != "field"}
    if "value" in details:
        details["value"] = quoted(details["value"])
    problem, remedy = InputError(error.code, quoted(error.field), **details).texts(lang)
    # The name of a fact stays as it must be typed.
    begins = not problem.startswith(quoted(error.field)) or not error.field
    return (problem[:1].upper() + problem[1:] if begins else problem), remedy


def quoted(text: str) -> str:
    """Somebody's text as it can be shown in one line: short, without control characters."""
    short = text if len(text) <= QUOTED else text[: QUOTED - 1] + "…"
    return "".join(letter if letter.isprintable() else "?" for letter in short)


def calculation_as_json(calculation: Calculation) -> dict[str, Any]:
    """A calculation with its titles and the facts that it takes."""
    return {
        "id": calculation.id,
        "title": dict(calculation.title),
        "fields": [
            {
                "name": field.name,
                "kind": field.kind,
                "required": field.required,
                "default": field.default,
                "choices": list(field.choices),
            }
            for field in calculation.fields
        ],
    }


def result_as_json(result: Deadline | NotCovered) -> dict[str, Any]:
    """Everything that a result holds but its words; ``reason`` says why nothing is covered. Days are ISO dates."""
    shared = {
        "calculation": result.calculation,
        "covered": isinstance(result, Deadline),
        "row": result.row(),
        "counted_on": result.counted_on.isoformat(),
        "authority": [
            {"cite": found.cite, "url": found.url, "checked": found.checked.isoformat()}
            for found in result.authority
        ],
    }
    if isinstance(result, NotCovered):
        return {**_EMPTY, **shared, "reason": result.reason}
    roll = result.roll
    return {
        **_EMPTY,
        **shared,
        **_ends(result),
        "maybe_on": _plain(result.maybe_on),
        "is_deadline": result.is_deadline,
        "roll": roll and {"code": roll.code, "reason": roll.reason, "holiday": roll.holiday},
        "must_be": result.must_be,
        "contested": result.contested,
        "contested_note": result.contested_note,
        "steps": [_coded(step) for step in result.steps],
        "caveats": [_coded(caveat) for caveat in result.caveats],
        "earliest": result.earliest and _ends(result.earliest),
        "latest": result.latest and _ends(result.latest),
    }


# What is there whatever the result, so that a reader need not ask which keys exist.
_EMPTY: Mapping[str, Any] = {
    "date": None,
    "unrolled": None,
    "file_by": None,
    "days_left": None,
    "maybe_on": None,
    "is_deadline": False,
    "roll": None,
    "must_be": "",
    "contested": False,
    "contested_note": "",
    "steps": [],
    "caveats": [],
    "earliest": None,
    "latest": None,
    "reason": None,
}


def _ends(result: Deadline) -> dict[str, Any]:
    return {
        "date": _plain(result.date),
        "unrolled": _plain(result.unrolled),
        "file_by": _plain(result.file_by),
        "days_left": result.days_left,
    }


def _coded(told: Step | Caveat) -> dict[str, Any]:
    return {"code": told.code, "values": {name: _plain(value) for name, value in told.values.items()}}


def _plain(value: Plain) -> Any:
    return value.isoformat() if isinstance(value, date) else value
