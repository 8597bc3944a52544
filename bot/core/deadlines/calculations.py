"""Every calculation by its name, and the one way to ask for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from types import MappingProxyType

from bot.core.datafile import near
from bot.core.deadlines import address, appeals, family, fear, hearings, notices, one_year, permit, residence
from bot.core.deadlines.counting import TODAY, Calculation, bind
from bot.core.deadlines.inputs import InputError, Span, read_inputs, settle
from bot.core.deadlines.ranges import combine
from bot.core.deadlines.results import Deadline, NotCovered
from bot.core.deadlines.rules import Rules

_FAMILIES = (one_year, permit, notices, appeals, hearings, fear, address, family, residence)

CALCULATIONS: Mapping[str, Calculation] = MappingProxyType(
    {calculation.id: calculation for module in _FAMILIES for calculation in module.CALCULATIONS}
)


def calculate(
    calculation: str,
    inputs: Mapping[str, object],
    rules: Rules,
    today: date | Span,
    as_of: date | None = None,
    include: Iterable[str] = (),
) -> Deadline | NotCovered:
    """The result of a calculation by its name and the facts of ``CALCULATIONS[name].fields``.

    ``today`` is the person's, and a ``Span`` where it is not known which of two days it is (``own_day.own_days``
    tells it): then it is counted on the cautious one. A ``today`` among the inputs goes before it. The law of the
    event's day applies, or that of ``as_of``. ``include`` adds "proposed" or "vacated" law, for a fact-check only.
    Where a range of days reaches from covered to not covered, nothing is covered. Raises InputError for a
    name or fact that cannot be used.
    """
    chosen = CALCULATIONS.get(calculation)
    if chosen is None:
        found = near(str(calculation), CALCULATIONS)
        raise InputError("unknown_calculation", value=calculation, near=found, known=", ".join(CALCULATIONS))
    used = tuple(include)
    facts = read_inputs(inputs, chosen.fields)
    if facts[TODAY.name] is None:
        facts |= read_inputs({TODAY.name: today}, (TODAY,))
    results: list[Deadline] = []
    for settled in settle(facts, rules.turns(chosen.rule, used)):
        law = bind(chosen, rules, chosen.event(settled), settled[TODAY.name], as_of, used)
        result = law if isinstance(law, NotCovered) else chosen.compute(settled, law)
        if isinstance(result, NotCovered):
            return result
        results.append(result)
    return combine(results) if len(results) > 1 else results[0]
