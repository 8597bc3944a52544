"""A new address: Form EOIR-33 to the court (8 CFR 1003.15(d)(2), 1003.38(e)), AR-11 to USCIS (INA 265; 8 CFR 265.1).

The day of the move is day 0.
"""

from __future__ import annotations

from datetime import date

from bot.core.deadlines import calendar
from bot.core.deadlines.counting import TODAY, Calculation, Law, added, meet, result, started
from bot.core.deadlines.inputs import Facts, Field
from bot.core.deadlines.results import Caveat, Deadline, Out, Step

_MOVED = Field("moved", "date", also=("moved_on", "move_date"))


def _eoir33(facts: Facts, law: Law) -> Deadline:
    """Leads with calendar days, the stricter of two texts; ``deadline`` is the count in working days of the form."""
    moved: date = facts["moved"]
    count = law.count()
    strict = count.after(moved)
    working = calendar.add_working_days(moved, count.number)
    told: dict[str, Out] = {"deadline": working, "calendar_deadline": strict}
    steps = (
        started(moved),
        added(count, strict),
        Step("working_days", {"number": count.number, "date": working}),
    )
    return result(law, strict, told, steps, caveats=(Caveat("two_counts", {"working_days": working}),))


def _ar11(facts: Facts, law: Law) -> Deadline:
    moved: date = facts["moved"]
    count = law.count()
    day = count.after(moved)
    note = f"{count.nth} is not a business day; online change is always open, so do not roll."
    return meet(law, day, (started(moved), added(count, day)), note)


CALCULATIONS = (
    Calculation(
        "eoir33",
        "eoir33",
        (_MOVED, TODAY),
        {"en": "New address to the court", "es": "Nueva dirección a la corte"},
        lambda facts: facts["moved"],
        _eoir33,
    ),
    Calculation(
        "ar11",
        "ar11",
        (_MOVED, TODAY),
        {"en": "New address to USCIS", "es": "Nueva dirección a USCIS"},
        lambda facts: facts["moved"],
        _ar11,
    ),
)
