"""Green card and citizenship after asylum: INA 209(b), 316(a), 334(a); 8 CFR 209.2. Earliest days, never moved."""

from __future__ import annotations

from datetime import date, timedelta

from bot.core.deadlines.counting import TODAY, Calculation, Law, added, result, started, taken
from bot.core.deadlines.inputs import Facts, Field
from bot.core.deadlines.results import Deadline, Out, Step

GREEN_CARD_NOTE = (
    "The date itself is arithmetic. USCIS tests the year at adjudication, so earlier filing is possible; "
    "many lawyers still wait for this date."
)


def _green_card(facts: Facts, law: Law) -> Deadline:
    """The day on which the time in the country adds up; each day abroad moves it by one."""
    start: date = facts["asylum_granted"]
    day = law.count().after(start) + timedelta(days=facts["days_abroad"])
    steps: tuple[Step, ...] = (started(start), added(law.count(), law.count().after(start)))
    if facts["days_abroad"]:
        steps += (Step("abroad", {"days": facts["days_abroad"], "date": day}),)
    told: dict[str, Out] = {"one_year_presence_complete": day}
    return result(law, day, told, steps, is_deadline=False, note=GREEN_CARD_NOTE)


def _naturalization(facts: Facts, law: Law) -> Deadline:
    """Residence is dated back from the approval; the form may be sent some days, not months, before the time is up."""
    approved: date = facts["i485_approved"]
    since = law.count("backdate").before(approved)
    complete = law.count("residence").after(since)
    day = law.count("early").before(complete)
    steps = (
        started(approved),
        taken(law.count("backdate"), since),
        added(law.count("residence"), complete),
        taken(law.count("early"), day),
    )
    told: dict[str, Out] = {"lpr_since": since, "five_years": complete, "earliest_n400": day}
    return result(law, day, told, steps, is_deadline=False)


CALCULATIONS = (
    Calculation(
        "i485_one_year",
        "green_card",
        (
            Field("asylum_granted", "date", also=("granted",)),
            Field("days_abroad", "days", required=False, default=0),
            TODAY,
        ),
        {"en": "Green card after asylum", "es": "Residencia después del asilo"},
        lambda facts: facts["asylum_granted"],
        _green_card,
    ),
    Calculation(
        "naturalization",
        "naturalization",
        (Field("i485_approved", "date", also=("approved", "green_card_approved")), TODAY),
        {"en": "Citizenship after asylum", "es": "Ciudadanía después del asilo"},
        lambda facts: facts["i485_approved"],
        _naturalization,
    ),
)
