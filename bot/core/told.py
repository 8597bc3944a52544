"""A value of the law as people were told it: what it is now, what it was before, and both in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.core.law import (
    IN_FORCE,
    Authority,
    NotInForce,
    Parameter,
    Parameters,
    Value,
    format_value,
)
from bot.core.messages import LANGUAGES

#: For so long a change counts as a late one.
LATELY = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Standing:
    """A parameter on one day.

    ``now`` is its value by language as people are told it, empty where the law has none any more, ``since`` the day
    from which that holds (None when it never had one), and ``before`` what held until then, empty where nothing did.
    """

    parameter: Parameter
    now: Mapping[str, str]
    since: date | None
    before: Mapping[str, str]
    authority: tuple[Authority, ...]

    @property
    def id(self) -> str:
        """The parameter's id."""
        return self.parameter.id

    def is_late(self, today: date) -> bool:
        """Whether it changed lately."""
        return self.since is not None and today - LATELY <= self.since


def standing(parameters: Parameters, id: str, today: date) -> Standing | None:
    """The parameter as it stands on a day; None when there is none of that id."""
    if id not in parameters:
        return None
    parameter, found = parameters.get(id), parameters.at(id, today)
    past = [v for v in parameter.versions if v.effective <= today and v.status == IN_FORCE]
    if not past:
        return Standing(parameter, {}, None, {}, ())
    since = past[-1].effective
    now = {} if isinstance(found, NotInForce) else _in_words(found)
    earlier = parameters.at(id, since - timedelta(days=1))
    before = {} if isinstance(earlier, NotInForce) else _in_words(earlier)
    return Standing(parameter, now, since, before, past[-1].authority)


def changed_lately(parameters: Parameters, today: date) -> Iterator[Standing]:
    """Every parameter of which another value is in force than some time ago, the latest change first."""
    found = [known for parameter in parameters if (known := standing(parameters, parameter.id, today))]
    late = [known for known in found if known.is_late(today) and known.before and known.before != known.now]
    yield from sorted(late, key=lambda known: (known.since or today, known.id), reverse=True)


def in_language(parameter: Parameter, told: str, lang: str) -> str:
    """A value that was told in either language, in this one; as it was told when the file no longer has it."""
    for version in parameter.versions:
        if version.raw is None:
            continue
        words = _in_words(Value(parameter, version.effective, version.raw, version.authority))
        if told in words.values():
            return words[lang]
    return told


def as_told(parameter: Parameter, given: str) -> frozenset[str]:
    """How a value that somebody typed may have been told: as it stands, and ``100`` also as ``$100``."""
    known = {given}
    number = given.replace(",", "").lstrip("$")
    for kind in (int, float):
        try:
            raw = kind(number)
        except ValueError:
            continue
        if parameter.unit in ("usd", "days", "months", "years", "count", "percent"):
            known |= set(_in_words(Value(parameter, date.min, raw, ())).values())
        break
    return frozenset(known)


def midnight(day: date, timezone: str) -> datetime:
    """The moment at which a day begins in a time zone."""
    return datetime.combine(day, time(), ZoneInfo(timezone))


def _in_words(value: Value) -> dict[str, str]:
    return {lang: format_value(value, lang) for lang in LANGUAGES}
