"""After a decision: the Board (8 CFR 1003.38), the court of appeals (INA 242(b)(1)), and motions.

Motions: INA 240(c)(6), (c)(7) and (b)(5)(C); 8 CFR 1003.2 and 1003.23.

The day of the decision, or of the mailing or electronic notice of a written one, is day 0.
"""

from __future__ import annotations

from datetime import date

from bot.core.deadlines.counting import (
    TODAY,
    Calculation,
    Law,
    added,
    also_telling,
    meet,
    open_ended,
    started,
)
from bot.core.deadlines.inputs import Facts, Field, InputError
from bot.core.deadlines.results import Caveat, Deadline

MOVE_NOTE = (
    "Falls on a day that is not a business day, and the move is in doubt. File before the unrolled date."
)

_WRITTEN = ("mailed", "e_notice")
_FINAL_ORDER = Field("final_order", "date", also=("decision_date", "order_date"))


def _count(law: Law, start: date, *caveats: Caveat) -> Deadline:
    day = law.count().after(start)
    return meet(law, day, (started(start), added(law.count(), day)), MOVE_NOTE, caveats=caveats)


def _served(facts: Facts) -> date:
    """Day 0 of an appeal: an oral decision's own day; a written one's mailing or notice, where that is known."""
    decided, notice = facts["decision_date"], facts["notice_date"]
    day: date | None = (notice or decided) if facts["mode"] in _WRITTEN else decided
    if day is None:
        raise InputError("missing", "decision_date")
    return day


def _bia_appeal(facts: Facts, law: Law) -> Deadline:
    if facts["mode"] in _WRITTEN:
        caveat = Caveat("from_mailing" if facts["notice_date"] else "from_decision")
    else:
        caveat = Caveat("memo_does_not_restart")
    return _count(law, _served(facts), caveat)


def _petition(facts: Facts, law: Law) -> Deadline:
    caveats = (Caveat("motion_does_not_pause"), Caveat("withholding_only_from_order"))
    deadline = _count(law, facts["final_order"], *caveats)
    if facts["motion_to_reopen_filed"] is None:
        return deadline
    return also_telling(deadline, {"tolled": False})


def _reopen(facts: Facts, law: Law) -> Deadline:
    if facts["ground"] != "general":
        return open_ended(law, Caveat("no_time_limit", {"ground": facts["ground"]}))
    return _count(law, facts["final_order"], Caveat("once"))


def _reconsider(facts: Facts, law: Law) -> Deadline:
    return _count(law, facts["final_order"], Caveat("once"))


def _in_absentia(facts: Facts, law: Law) -> Deadline:
    if facts["ground"] != "exceptional_circumstances":
        return open_ended(law, Caveat("no_time_limit", {"ground": facts["ground"]}))
    return _count(law, facts["in_absentia_order"], Caveat("once"))


CALCULATIONS = (
    Calculation(
        "bia_appeal",
        "bia_appeal",
        (
            Field("decision_date", "date", required=False, also=("decision",)),
            Field(
                "mode",
                "choice",
                required=False,
                default="oral",
                choices=("oral", *_WRITTEN),
                words={
                    "written": "mailed",
                    "mail": "mailed",
                    "written_mailed": "mailed",
                    "mailed_written": "mailed",
                    "enotice": "e_notice",
                    "electronic": "e_notice",
                    "electronic_notice": "e_notice",
                    "e_service": "e_notice",
                    "written_e_notice": "e_notice",
                    "email": "e_notice",
                },
            ),
            Field(
                "notice_date",
                "date",
                required=False,
                also=("mailed", "mailed_date", "mailing_date", "e_notice_date"),
            ),
            TODAY,
        ),
        {"en": "Appeal to the Board", "es": "Apelación ante la Junta"},
        _served,
        _bia_appeal,
    ),
    Calculation(
        "petition_for_review",
        "petition_for_review",
        (
            _FINAL_ORDER,
            Field(
                "motion_to_reopen_filed",
                "date",
                required=False,
                also=("motion_to_reconsider_filed", "motion_filed"),
            ),
            TODAY,
        ),
        {"en": "Review by a federal court of appeals", "es": "Revisión por una corte federal de apelaciones"},
        lambda facts: facts["final_order"],
        _petition,
    ),
    Calculation(
        "motion_to_reopen",
        "motion_to_reopen",
        (
            _FINAL_ORDER,
            Field(
                "ground",
                "choice",
                required=False,
                default="general",
                choices=("general", "changed_country_conditions", "lack_of_notice", "joint"),
                words={
                    "new_evidence": "general",
                    "new_facts": "general",
                    "changed_conditions": "changed_country_conditions",
                    "changed_circumstances": "changed_country_conditions",
                    "country_conditions": "changed_country_conditions",
                    "no_notice": "lack_of_notice",
                    "joint_motion": "joint",
                },
            ),
            TODAY,
        ),
        {"en": "Motion to reopen", "es": "Moción para reabrir"},
        lambda facts: facts["final_order"],
        _reopen,
    ),
    Calculation(
        "motion_to_reconsider",
        "motion_to_reconsider",
        (_FINAL_ORDER, TODAY),
        {"en": "Motion to reconsider", "es": "Moción para reconsiderar"},
        lambda facts: facts["final_order"],
        _reconsider,
    ),
    Calculation(
        "motion_to_reopen_in_absentia",
        "motion_in_absentia",
        (
            Field("in_absentia_order", "date", also=("order", "order_date")),
            Field(
                "ground",
                "choice",
                required=False,
                default="exceptional_circumstances",
                choices=("exceptional_circumstances", "lack_of_notice", "in_custody"),
                words={"no_notice": "lack_of_notice", "notice": "lack_of_notice", "custody": "in_custody"},
            ),
            TODAY,
        ),
        {
            "en": "Reopening an order made in absence",
            "es": "Reabrir una orden dictada en ausencia",
        },
        lambda facts: facts["in_absentia_order"],
        _in_absentia,
    ),
)
