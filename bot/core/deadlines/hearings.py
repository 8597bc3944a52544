"""Papers for a hearing before the immigration judge: EOIR Policy Manual, Appendix C. The judge's order controls.

The day of the hearing, or of the other side's filing, is day 0. Where a person is detained the judge sets the days.
"""

from __future__ import annotations

from datetime import date

from bot.core.deadlines import calendar
from bot.core.deadlines.counting import TODAY, Calculation, Law, added, meet, started, taken
from bot.core.deadlines.inputs import Facts, Field
from bot.core.deadlines.results import Caveat, Deadline, NotCovered, Step

_HEARING = Field("hearing", "date", also=("hearing_date",))
_DETAINED = Field("detained", "bool", required=False, default=False)
_JUDGE = Caveat("judge_controls")


def _due(law: Law, day: date, steps: tuple[Step, ...]) -> Deadline:
    off = calendar.day_off(day)
    kind = "holiday" if off is not None and off.holiday else "weekend"
    note = f"Falls on a {kind}; manual practice may allow the next business day. File before."
    return meet(law, day, steps, note, caveats=(_JUDGE,))


def _filings(facts: Facts, law: Law) -> Deadline | NotCovered:
    if facts["detained"]:
        return law.outside("detained")
    hearing: date = facts["hearing"]
    day = law.count().before(hearing)
    return _due(law, day, (started(hearing), taken(law.count(), day)))


def _response(facts: Facts, law: Law) -> Deadline | NotCovered:
    if facts["detained"]:
        return law.outside("detained")
    filed: date = facts["filed"]
    day = law.count().after(filed)
    return _due(law, day, (started(filed), added(law.count(), day)))


CALCULATIONS = (
    Calculation(
        "individual_hearing_filings",
        "individual_hearing",
        (_HEARING, _DETAINED, TODAY),
        {"en": "Papers for an individual hearing", "es": "Papeles para una audiencia individual"},
        lambda facts: facts["hearing"],
        _filings,
    ),
    Calculation(
        "master_hearing_filings",
        "master_hearing",
        (_HEARING, _DETAINED, TODAY),
        {"en": "Papers for a master hearing", "es": "Papeles para una audiencia preliminar"},
        lambda facts: facts["hearing"],
        _filings,
    ),
    Calculation(
        "court_response",
        "court_response",
        (Field("filed", "date", also=("motion_filed",)), _DETAINED, TODAY),
        {"en": "Answer to the other side's filing", "es": "Respuesta a un escrito de la otra parte"},
        lambda facts: facts["filed"],
        _response,
    ),
)
