"""Work permits: INA 208(d)(2); 8 CFR 208.7(a)(1)(i) and (a)(2), and the window to renew.

All are earliest days, so none moves past a weekend. Day 0 is the day on which a complete I-589 was received. Days of
delay that the applicant asked for or caused do not count.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from bot.core.deadlines.counting import TODAY, Calculation, Count, Law, added, result, started, taken
from bot.core.deadlines.inputs import Facts, Field, Stop
from bot.core.deadlines.results import Caveat, Deadline, Out, Step

_RECEIVED = Field("i589_received", "date", also=("received", "i589_filed"))
_STOPPED = Field("stopped_days", "days", required=False, default=0)

# What the count can not know: offices may differ by a day, and a recommended approval ends the wait.
_CAVEATS = (Caveat("recommended_approval"),)
_INTERVAL_CAVEATS = (*_CAVEATS, Caveat("offices_differ"))


def _received(facts: Facts) -> date:
    day: date = facts["i589_received"]
    return day


def _clock(facts: Facts, law: Law) -> Deadline:
    file, card, steps = _with_stopped_days(facts, law)
    told: dict[str, Out] = {"file_i765_from": file, "card_possible_from": card}
    return result(law, file, told, steps, is_deadline=False, caveats=_CAVEATS)


def _with_stopped_days(facts: Facts, law: Law) -> tuple[date, date, tuple[Step, ...]]:
    received, stopped = _received(facts), timedelta(days=facts["stopped_days"])
    file = law.count("file").after(received) + stopped
    card = law.count("card").after(received) + stopped
    return file, card, _steps(received, stopped.days, law, file, card)


def _steps(received: date, stopped: int, law: Law, file: date | None, card: date | None) -> tuple[Step, ...]:
    steps: tuple[Step, ...] = (started(received),)
    if stopped:
        steps += (Step("stopped", {"days": stopped}),)
    for name, day in (("file", file), ("card", card)):
        if day is not None:
            steps += (added(law.count(name), day),)
    return steps


def _status(facts: Facts, law: Law) -> Deadline:
    file, card, steps = _with_stopped_days(facts, law)
    accrued = (law.today - _received(facts)).days - facts["stopped_days"]
    told: dict[str, Out] = {
        "days_accrued": max(0, accrued),
        "can_file_i765": law.today >= file,
        "card_possible": law.today >= card,
    }
    return result(law, file, told, steps, is_deadline=False, caveats=_CAVEATS)


def _intervals(facts: Facts, law: Law) -> Deadline:
    received, today = _received(facts), law.today
    stops = merged(facts["stops"], received)
    file, card = reached(received, law.count("file"), stops), reached(received, law.count("card"), stops)
    stopped = stopped_days(stops, today)
    standing = any(start <= today and (end is None or today < end) for start, end in stops)
    told: dict[str, Out] = {
        "file_i765_from": file,
        "card_possible_from": card,
        "days_accrued": max(0, (today - received).days - stopped),
        "status": "stopped" if standing else "running",
    }
    steps = _steps(received, stopped, law, file, card)
    return result(law, file, told, steps, is_deadline=False, caveats=_INTERVAL_CAVEATS)


type _Interval = tuple[date, date | None]


def merged(stops: Iterable[Stop], received: date) -> list[_Interval]:
    """The stops in order, those that touch or overlap as one, without what lies before receipt.

    Each runs from its first day to the day, not included, on which the clock runs again; None is still to come.
    """
    found: list[_Interval] = []
    for start, end in sorted(((s.start, s.end) for s in stops), key=_by_start):
        assert isinstance(start, date)
        assert end is None or isinstance(end, date)
        start = max(start, received)
        if end is not None and end <= start:
            continue
        if found and (found[-1][1] is None or start <= found[-1][1]):
            start, before = found.pop()
            end = None if before is None or end is None else max(before, end)
        found.append((start, end))
    return found


def _by_start(interval: tuple[object, object]) -> date:
    start = interval[0]
    assert isinstance(start, date)
    return start


def reached(received: date, wait: Count, stops: Iterable[_Interval]) -> date | None:
    """The day on which the clock has run for ``wait``; None while a stop before it is still open."""
    day = wait.after(received)
    for start, end in stops:
        if start >= day:
            break
        if end is None:
            return None
        day += end - start
    return day


def stopped_days(stops: Iterable[_Interval], today: date) -> int:
    """How many days the clock has stood still before ``today``."""
    return sum((min(end or today, today) - start).days for start, end in stops if start < today)


def _renewal(facts: Facts, law: Law) -> Deadline:
    expires = facts["ead_expires"]
    day = law.count().before(expires)
    steps = (started(expires), taken(law.count(), day))
    caveats = (Caveat("no_automatic_extension", {"expires": expires}),)
    return result(law, day, {"earliest_filing": day}, steps, is_deadline=False, caveats=caveats)


CALCULATIONS = (
    Calculation(
        "asylum_ead_clock",
        "work_permit",
        (_RECEIVED, _STOPPED, TODAY),
        {"en": "First work permit", "es": "Primer permiso de trabajo"},
        _received,
        _clock,
    ),
    Calculation(
        "asylum_ead_clock_intervals",
        "work_permit",
        (_RECEIVED, Field("stops", "stops", required=False, default=[]), TODAY),
        {
            "en": "First work permit with stops of the clock",
            "es": "Primer permiso de trabajo con pausas del reloj",
        },
        _received,
        _intervals,
    ),
    Calculation(
        "asylum_ead_clock_status",
        "work_permit",
        (_RECEIVED, _STOPPED, TODAY),
        {"en": "The work-permit clock today", "es": "El reloj del permiso de trabajo hoy"},
        _received,
        _status,
    ),
    Calculation(
        "ead_renewal_window",
        "permit_renewal",
        (Field("ead_expires", "date", also=("expires", "ead_expiry")), TODAY),
        {"en": "Renewing a work permit", "es": "Renovar un permiso de trabajo"},
        lambda facts: facts["ead_expires"],
        _renewal,
    ),
)
