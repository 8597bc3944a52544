"""Husband, wife and children: Form I-730 (INA 208(b)(3); 8 CFR 208.21(d)), and the age that locks (CSPA)."""

from __future__ import annotations

from datetime import date

from dateutil.relativedelta import relativedelta

from bot.core.deadlines.counting import TODAY, Calculation, Law, added, meet, result, started
from bot.core.deadlines.inputs import Facts, Field, InputError
from bot.core.deadlines.results import Caveat, Deadline, Out

I730_NOTE = "Roll-over is by the general definition of 'day', not by 208.21; file before the unrolled date."
LEAP_NOTE = (
    "Born on 29 February; the birthday in a year without one is taken as 28 February, the stricter reading."
)


def _i730(facts: Facts, law: Law) -> Deadline:
    start: date = facts["asylum_granted"]
    day = law.count().after(start)
    steps = (started(start), added(law.count(), day))
    return meet(law, day, steps, I730_NOTE, caveats=(Caveat("not_after_citizenship"),))


def _child_age(facts: Facts, law: Law) -> Deadline:
    """Whether a child is under age on the day of receipt; a birthday on that very day is too late."""
    born: date = facts["child_dob"]
    received: date = facts["i589_received"]
    if received < born:
        raise InputError("wrong_order", "i589_received", value="child_dob")
    birthday = law.count().after(born)
    told: dict[str, Out] = {
        "age_at_filing": relativedelta(received, born).years,
        "counts_as_child": received < birthday and facts["unmarried"],
    }
    doubtful = received == birthday and birthday.day != born.day
    steps = (started(born), added(law.count(), birthday))
    caveats = (Caveat("must_stay_unmarried"),)
    return result(law, None, told, steps, note=LEAP_NOTE if doubtful else "", caveats=caveats)


CALCULATIONS = (
    Calculation(
        "i730_deadline",
        "i730",
        (Field("asylum_granted", "date", also=("granted",)), TODAY),
        {"en": "Asking for family with Form I-730", "es": "Pedir a la familia con el formulario I-730"},
        lambda facts: facts["asylum_granted"],
        _i730,
    ),
    Calculation(
        "child_age_lock",
        "child_age",
        (
            Field("child_dob", "date", also=("dob", "date_of_birth")),
            Field("i589_received", "date", also=("received", "i589_filed")),
            Field("unmarried", "bool", required=False, default=True),
            TODAY,
        ),
        {"en": "Age of a child on the form", "es": "Edad de un hijo en el formulario"},
        lambda facts: facts["i589_received"],
        _child_age,
    ),
)
