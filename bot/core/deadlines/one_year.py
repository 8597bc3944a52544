"""The one-year filing deadline: INA 208(a)(2)(B); 8 CFR 208.4(a)(2)(ii) and 1208.4(a)(2)(ii).

The day of arrival is day 0 (Minasyan v. Mukasey, 553 F.3d 1224), so the last day is the anniversary. The law bars late
claims for asylum only, and knows exceptions without a fixed time: no date is ever given for those.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from bot.core.deadlines.counting import (
    TODAY,
    Calculation,
    Law,
    added,
    also_telling,
    meet,
    result,
    started,
    taken,
)
from bot.core.deadlines.inputs import Facts, Field, InputError
from bot.core.deadlines.results import Caveat, Deadline, Out, Step

UAC_NOTE = "Whether UAC status is kept after turning 18 or reunifying has been litigated (J.O.P. v. DHS)."
PAROLE_NOTE = "Brief advance-parole trip may not restart the year (2d Cir.). Never give a single date."
COUNT_NOTE = (
    "Older agency practice counted the arrival day as day 1 (last day = day before the anniversary). "
    "Advise filing well before this date."
)
EXCEPTION_NOTE = (
    "The year has passed. Lawful status does not move it; filing must rest on the exception, within a reasonable "
    "period after status ended (8 CFR 208.4(a)(5)(iv)). No number of days is fixed: never give a date."
)
MOVE_NOTE = (
    "Falls on a day that is not a business day, and the move is in doubt. File before the unrolled date."
)

_ARRIVAL = (
    Field("last_arrival", "date", required=False, also=("arrival", "arrived")),
    Field("arrivals", "dates", required=False),
    Field("last_trip_on_advance_parole", "bool", required=False, default=False, also=("advance_parole",)),
    Field(
        "unaccompanied_minor",
        "bool",
        required=False,
        default=False,
        also=("unaccompanied_child", "unaccompanied", "uac"),
    ),
)


def _arrivals(facts: Facts) -> list[date]:
    """All arrivals that are known, in order; at least one."""
    last, several = facts["last_arrival"], facts["arrivals"]
    if last is not None and several is not None:
        raise InputError("given_twice", "last_arrival", value="arrivals")
    if last is None and several is None:
        raise InputError("missing", "last_arrival")
    return [last] if several is None else sorted(several)


def _last_arrival(facts: Facts) -> date:
    return _arrivals(facts)[-1]


def _year(law: Law, arrival: date) -> Deadline:
    """The anniversary of an arrival, moved past days that are not business days; never from before the floor."""
    floor = law.count("earliest_start").day
    start = max(arrival, floor)
    unrolled = law.count("length").after(start)
    steps: tuple[Step, ...] = (started(arrival),)
    if start != arrival:
        steps += (Step("not_before", {"date": floor}),)
    return meet(law, unrolled, (*steps, added(law.count("length"), unrolled)), MOVE_NOTE)


def _without_one_date(facts: Facts, law: Law) -> Deadline | None:
    """The result where the year does not apply, or may run from either of two arrivals; else None."""
    if facts["unaccompanied_minor"]:
        told: dict[str, Out] = {"applies": False, "needs_lawyer": True}
        return result(law, None, told, note=UAC_NOTE, caveats=(Caveat("unaccompanied"),))
    if not facts["last_trip_on_advance_parole"]:
        return None
    arrivals = _arrivals(facts)
    first = _year(law, arrivals[0]).date if len(arrivals) > 1 else None
    told = {
        "last_arrival_used": None,
        "if_first_arrival": first,
        "if_last_arrival": _year(law, arrivals[-1]).date,
        "needs_lawyer": True,
    }
    return result(law, None, told, note=PAROLE_NOTE, caveats=(Caveat("advance_parole"),))


def _filing(facts: Facts, law: Law) -> Deadline:
    special = _without_one_date(facts, law)
    if special is not None:
        return special
    arrival = _last_arrival(facts)
    deadline = _year(law, arrival)
    if facts["arrivals"] is not None:
        deadline = also_telling(deadline, {"last_arrival_used": arrival})
    return deadline


def _safe_target(facts: Facts, law: Law) -> Deadline:
    special = _without_one_date(facts, law)
    if special is not None:
        return special
    deadline = _year(law, _last_arrival(facts))
    assert deadline.unrolled is not None
    target = law.count("safe_margin").before(deadline.unrolled)
    told: dict[str, Out] = {"deadline": deadline.date, "safe_target": target}
    steps = (*deadline.steps, taken(law.count("safe_margin"), target))
    return replace(
        result(law, target, told, steps, note=COUNT_NOTE),
        unrolled=deadline.unrolled,
        roll=deadline.roll,
    )


def _status(facts: Facts, law: Law) -> Deadline:
    special = _without_one_date(facts, law)
    if special is not None:
        return special
    deadline = _year(law, _last_arrival(facts))
    assert deadline.days_left is not None
    status = "open" if deadline.days_left >= 0 else "passed"
    return also_telling(deadline, {"days_left": deadline.days_left, "status": status})


def _timeliness(facts: Facts, law: Law) -> Deadline:
    """Whether a filing was in time: USCIS counts receipt, or mailing with clear proof of it; a court only receipt."""
    if facts["mailed"] is not None and facts["received"] < facts["mailed"]:
        raise InputError("wrong_order", "received", value="mailed")
    special = _without_one_date(facts, law)
    if special is not None:
        return special
    deadline = _year(law, _last_arrival(facts))
    assert deadline.date is not None
    by_mail = (
        facts["forum"] == "uscis"
        and facts["proof_of_mailing"]
        and facts["mailed"] is not None
        and facts["mailed"] <= deadline.date
    )
    timely = facts["received"] <= deadline.date or by_mail
    deadline = also_telling(deadline, {"timely": timely})
    if timely and facts["received"] > deadline.date:
        return replace(deadline, caveats=(*deadline.caveats, Caveat("proof_of_mailing")))
    return deadline


def _exception(facts: Facts, law: Law) -> Deadline:
    """Whether a late filing must rest on lawful status; the year itself never moves for it."""
    special = _without_one_date(facts, law)
    if special is not None:
        return special
    deadline = _year(law, _last_arrival(facts))
    assert deadline.days_left is not None
    passed = deadline.days_left < 0
    told: dict[str, Out] = {
        "one_year_date": deadline.date,
        "one_year_passed": passed,
        "use_exception": passed,
    }
    if not passed:
        return also_telling(deadline, told)
    ended = facts["lawful_status_ended"]
    return result(
        law,
        None,
        {**told, "deadline": None, "needs_lawyer": True},
        deadline.steps,
        note=EXCEPTION_NOTE,
        caveats=(Caveat("reasonable_period", {"status_ended": ended}),),
    )


CALCULATIONS = (
    Calculation(
        "one_year_filing",
        "one_year",
        (*_ARRIVAL, TODAY),
        {"en": "One year to ask for asylum", "es": "Un año para pedir asilo"},
        _last_arrival,
        _filing,
        reaches_back=True,
    ),
    Calculation(
        "one_year_safe_target",
        "one_year",
        (*_ARRIVAL, TODAY),
        {"en": "Safe day to file for asylum", "es": "Día seguro para pedir asilo"},
        _last_arrival,
        _safe_target,
        reaches_back=True,
    ),
    Calculation(
        "one_year_status",
        "one_year",
        (*_ARRIVAL, TODAY),
        {"en": "Is the year still open", "es": "Si el año sigue abierto"},
        _last_arrival,
        _status,
        reaches_back=True,
    ),
    Calculation(
        "one_year_timeliness",
        "one_year",
        (
            *_ARRIVAL,
            Field(
                "forum",
                "choice",
                choices=("uscis", "court"),
                words={"immigration_court": "court", "eoir": "court", "corte": "court"},
            ),
            Field("received", "date", also=("filed",)),
            Field("mailed", "date", required=False, also=("posted",)),
            Field("proof_of_mailing", "bool", required=False, default=False),
            TODAY,
        ),
        {"en": "Was the asylum form in time", "es": "Si el formulario de asilo llegó a tiempo"},
        _last_arrival,
        _timeliness,
        reaches_back=True,
    ),
    Calculation(
        "one_year_status_exception",
        "one_year",
        (*_ARRIVAL, Field("lawful_status_ended", "date", required=False, also=("status_ended",)), TODAY),
        {"en": "Late filing after lawful status", "es": "Solicitud tardía después de un estatus legal"},
        _last_arrival,
        _exception,
        reaches_back=True,
    ),
)
