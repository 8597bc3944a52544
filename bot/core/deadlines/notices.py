"""Letters of USCIS: the notice of intent to deny, the annual fee, and picking up a decision.

Day 0 is the date on the notice. No text was seen that moves a last day past a weekend, so none is moved.
"""

from __future__ import annotations

from datetime import date

from bot.core.deadlines.counting import TODAY, Calculation, Count, Law, added, meet, result, started
from bot.core.deadlines.inputs import Facts, Field
from bot.core.deadlines.results import Caveat, Deadline, Out

PICKUP_NOTE = "Rarely met in practice; many decisions are mailed months later."


def _noid_note(count: Count) -> str:
    return (
        f"{count.nth} is not a business day; no source seen that extends it. "
        "Answer so that it ARRIVES by the last business day before."
    )


def _fee_note(count: Count) -> str:
    return f"{count.nth} is not a business day; no source seen that extends it. Pay online before it."


def _noid(facts: Facts, law: Law) -> Deadline:
    start: date = facts["noid_date"]
    day = law.count().after(start)
    steps = (started(start), added(law.count(), day))
    return meet(law, day, steps, _noid_note(law.count()), caveats=(Caveat("must_arrive"),))


def _annual_fee(facts: Facts, law: Law) -> Deadline:
    start: date = facts["notice_date"]
    day = law.count().after(start)
    steps = (started(start), added(law.count(), day))
    return meet(law, day, steps, _fee_note(law.count()), caveats=(Caveat("court_date_by_judge"),))


def _pickup(facts: Facts, law: Law) -> Deadline:
    start: date = facts["interview"]
    day = law.count().after(start)
    steps = (started(start), added(law.count(), day))
    told: dict[str, Out] = {"usual_target": day, "is_deadline": False}
    return result(law, day, told, steps, is_deadline=False, note=PICKUP_NOTE)


CALCULATIONS = (
    Calculation(
        "noid_response",
        "noid",
        (Field("noid_date", "date", also=("notice_date",)), TODAY),
        {"en": "Answer to a notice of intent to deny", "es": "Respuesta a un aviso de intención de negar"},
        lambda facts: facts["noid_date"],
        _noid,
    ),
    Calculation(
        "annual_asylum_fee_due",
        "annual_fee",
        (Field("notice_date", "date", also=("notice",)), TODAY),
        {"en": "Annual asylum fee", "es": "Tarifa anual del asilo"},
        lambda facts: facts["notice_date"],
        _annual_fee,
    ),
    Calculation(
        "decision_pickup_target",
        "decision_pickup",
        (Field("interview", "date", also=("interview_date",)), TODAY),
        {"en": "Picking up a decision", "es": "Recoger la decisión"},
        lambda facts: facts["interview"],
        _pickup,
    ),
)
