"""A judge's review of a negative fear finding: INA 235(b)(1)(B)(iii)(III); 8 CFR 208.31(g), 1208.31(g).

These days bind the government. The person must ask for the review; the law gives them no number of days.
"""

from __future__ import annotations

from datetime import date

from bot.core.deadlines.counting import TODAY, Calculation, Law, added, result, started
from bot.core.deadlines.inputs import Field
from bot.core.deadlines.results import Caveat, Deadline, Out

_FINDING = ("decision", "decision_date", "finding", "negative_finding", "negative_determination")


def _review(law: Law, start: date) -> Deadline:
    day = law.count().after(start)
    steps = (started(start), added(law.count(), day))
    told: dict[str, Out] = {"government_must_review_by": day}
    return result(law, day, told, steps, is_deadline=False, caveats=(Caveat("must_ask_at_once"),))


CALCULATIONS = (
    Calculation(
        "credible_fear_ij_review",
        "credible_fear_review",
        (Field("determination", "date", also=("determination_date", "referral", *_FINDING)), TODAY),
        {"en": "Review of a credible fear finding", "es": "Revisión de un resultado de temor creíble"},
        lambda facts: facts["determination"],
        lambda facts, law: _review(law, facts["determination"]),
    ),
    Calculation(
        "reasonable_fear_ij_review",
        "reasonable_fear_review",
        (Field("referral", "date", also=("referral_date", "determination", *_FINDING)), TODAY),
        {"en": "Review of a reasonable fear finding", "es": "Revisión de un resultado de temor razonable"},
        lambda facts: facts["referral"],
        lambda facts, law: _review(law, facts["referral"]),
    ),
)
