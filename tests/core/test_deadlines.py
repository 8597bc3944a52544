"""What is refused, which law applies, and what a result carries beside its dates."""

from __future__ import annotations

import shutil
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.core.deadlines import (
    CALCULATIONS,
    Caveat,
    Deadline,
    InputError,
    NotCovered,
    Roll,
    Rules,
    Span,
    Step,
    Stop,
    calculate,
    check_rules,
    load_rules,
)
from bot.core.deadlines.counting import FRIDAY_NOTE, Count
from bot.core.deadlines.inputs import INPUT_CODES, KINDS
from bot.core.deadlines.ranges import combine
from bot.core.deadlines.rules import RULES
from bot.core.errors import LawFileError
from bot.core.law import load_parameters, read_parameters
from bot.core.messages import LANGUAGES

LAW = Path(__file__).resolve().parents[2] / "bot/law"
TODAY = date(2026, 11, 22)


@pytest.fixture(scope="module")
def rules() -> Rules:
    return load_rules(LAW / "deadlines", load_parameters(LAW / "parameters"))


def ask(rules: Rules, name: str, **facts: object) -> Deadline:
    found = calculate(name, facts, rules, TODAY)
    assert isinstance(found, Deadline)
    return found


def refused(rules: Rules, name: str, facts: Any) -> InputError:
    with pytest.raises(InputError) as caught:
        calculate(name, facts, rules, TODAY)
    return caught.value


SPAN = {"earliest": "2026-01-01", "latest": "2026-01-02"}

REFUSED: list[tuple[str, Any, str, str, str]] = [
    ("bia_apeal", {}, "unknown_calculation", "", "Did you mean bia_appeal? "),
    ("bia_appeal", ["2026-01-01"], "not_facts", "", 'Write {"name": value}'),
    ("bia_appeal", {"decision_dat": "2026-01-01"}, "unknown_field", "decision_dat", "mean decision_date? "),
    ("bia_appeal", {7: "2026-01-01"}, "unknown_field", "7", "The known ones are: decision_date, mode, "),
    ("bia_appeal", {}, "missing", "decision_date", "Give it"),
    ("bia_appeal", {"decision_date": None}, "missing", "decision_date", "Give it"),
    ("ar11", {}, "missing", "moved", "Give it"),
    ("one_year_filing", {}, "missing", "last_arrival", "Give it"),
    ("ar11", {"moved": "2026-01-01", "moved_on": "2026-01-02"}, "given_twice", "moved_on", "Keep one"),
    (
        "one_year_filing",
        {"last_arrival": "2026-01-01", "arrivals": ["2026-01-01"]},
        "given_twice",
        "last_arrival",
        "Keep one",
    ),
    ("ar11", None, "not_facts", "", 'Write {"name": value}'),
    ("ar11", {"moved": "2026-01-01", "today": "soon"}, "wrong_date", "today", "Write year-month-day"),
    ("one_year_filing", {"arrivals": ["soon"]}, "wrong_date", "arrivals", "Write year-month-day"),
    ("ar11", {"moved": "2026-02-30"}, "wrong_date", "moved", "Write year-month-day, such as 2026-07-03"),
    ("ar11", {"moved": "20260203"}, "wrong_date", "moved", "Write year-month-day"),
    ("ar11", {"moved": "2026-W05-1"}, "wrong_date", "moved", "Write year-month-day"),
    ("ar11", {"moved": "03/02/2026"}, "wrong_date", "moved", "Write year-month-day"),
    ("ar11", {"moved": 20260203}, "wrong_date", "moved", "Write year-month-day"),
    ("ar11", {"moved": datetime(2026, 2, 3)}, "wrong_date", "moved", "Write year-month-day"),  # noqa: DTZ001
    ("ar11", {"moved": "1899-12-31"}, "out_of_range", "moved", "Check the year"),
    ("ar11", {"moved": "2201-01-01"}, "out_of_range", "moved", "Check the year"),
    ("ar11", {"moved": {"earliest": "2026-01-02"}}, "wrong_range", "moved", '{"earliest": day, '),
    ("ar11", {"moved": {**SPAN, "likely": "2026-01-01"}}, "wrong_range", "moved", '{"earliest": day, '),
    (
        "ar11",
        {"moved": Span(date(2026, 1, 2), date(2026, 1, 1))},
        "wrong_range",
        "moved",
        "earlier one first",
    ),
    ("ar11", {"moved": {"earliest": "2026-01-02", "latest": None}}, "wrong_date", "moved", "Write year"),
    (
        "asylum_ead_clock",
        {"i589_received": "2026-01-01", "stopped_days": -1},
        "wrong_days",
        "stopped_days",
        "0",
    ),
    (
        "asylum_ead_clock",
        {"i589_received": "2026-01-01", "stopped_days": True},
        "wrong_days",
        "stopped_days",
        "0",
    ),
    (
        "asylum_ead_clock",
        {"i589_received": "2026-01-01", "stopped_days": 1.5},
        "wrong_days",
        "stopped_days",
        "0",
    ),
    (
        "asylum_ead_clock",
        {"i589_received": "2026-01-01", "stopped_days": 36_501},
        "out_of_range",
        "stopped_days",
        "Check",
    ),
    ("child_age_lock", {"unmarried": "yes"}, "wrong_bool", "unmarried", "Write true or false"),
    ("child_age_lock", {"unmarried": 1}, "wrong_bool", "unmarried", "Write true or false"),
    (
        "bia_appeal",
        {"mode": "orall"},
        "wrong_choice",
        "mode",
        "Did you mean oral? Write one of: oral, mailed, e_notice",
    ),
    ("bia_appeal", {"mode": 1}, "wrong_choice", "mode", "Write one of: oral, mailed, e_notice"),
    (
        "motion_to_reopen",
        {"ground": "exceptional_circumstances"},
        "wrong_choice",
        "ground",
        "Write one of: general",
    ),
    ("one_year_filing", {"arrivals": []}, "wrong_list", "arrivals", "Write [first, second]"),
    ("one_year_filing", {"arrivals": "2026-01-01"}, "wrong_list", "arrivals", "Write [first, second]"),
    ("asylum_ead_clock_intervals", {"stops": {}}, "wrong_list", "stops", "Write [first, second]"),
    ("asylum_ead_clock_intervals", {"stops": ["2026-01-01"]}, "wrong_stop", "stops", 'Write {"from": day'),
    (
        "asylum_ead_clock_intervals",
        {"stops": [{"to": "2026-01-01"}]},
        "wrong_stop",
        "stops",
        'Write {"from": day',
    ),
    (
        "asylum_ead_clock_intervals",
        {"stops": [{"from": "2026-01-01", "end": "2026-01-02"}]},
        "wrong_stop",
        "stops",
        'Write {"from": day',
    ),
    ("asylum_ead_clock_intervals", {"stops": [{"from": "soon"}]}, "wrong_date", "stops.from", "Write year"),
    (
        "asylum_ead_clock_intervals",
        {"stops": [{"from": "2026-01-01", "to": "soon"}]},
        "wrong_date",
        "stops.to",
        "Write year",
    ),
    (
        "asylum_ead_clock_intervals",
        {"i589_received": "2026-01-01", "stops": [{"from": "2026-02-02", "to": "2026-02-01"}]},
        "wrong_order",
        "stops.to",
        "Check both days",
    ),
    (
        "child_age_lock",
        {"child_dob": "2026-01-02", "i589_received": "2026-01-01"},
        "wrong_order",
        "i589_received",
        "Check both days",
    ),
    (
        "one_year_timeliness",
        {"last_arrival": "2026-01-02", "forum": "uscis", "mailed": "2026-03-02", "received": "2026-03-01"},
        "wrong_order",
        "received",
        "Check both days",
    ),
    (
        "one_year_filing",
        {"arrivals": [{"earliest": f"2026-01-0{n}", "latest": "2026-02-01"} for n in range(1, 8)]},
        "too_many_ranges",
        "",
        "Give exact days",
    ),
]


@pytest.mark.parametrize(("name", "facts", "code", "field", "remedy"), REFUSED)
def test_a_fact_that_cannot_be_used_is_refused_with_its_name_and_a_remedy(
    rules: Rules, name: str, facts: Any, code: str, field: str, remedy: str
) -> None:
    error = refused(rules, name, facts)
    assert (error.code, error.field) == (code, field)
    assert remedy in error.remedy
    assert str(error) == f"{error.problem}. {error.remedy}."
    if field and field != "7":
        assert field in error.problem


def test_every_refusal_is_shown_in_both_languages(rules: Rules) -> None:
    assert {code for _, _, code, _, _ in REFUSED} == INPUT_CODES
    for name, facts, *_ in REFUSED:
        error = refused(rules, name, facts)
        assert all(text.strip() for lang in LANGUAGES for text in error.texts(lang))
        assert error.texts("es") != error.texts("en")


def test_what_was_written_is_repeated(rules: Rules) -> None:
    assert "2026-02-30" in refused(rules, "ar11", {"moved": "2026-02-30"}).problem
    assert (
        "moved_on is given twice, also as moved"
        in refused(rules, "ar11", {"moved": "2026-01-01", "moved_on": "2026-01-02"}).problem
    )
    assert "¿Quiso decir bia_appeal? " in refused(rules, "bia_apeal", {}).texts("es")[1]
    assert "orall" in refused(rules, "bia_appeal", {"mode": "orall"}).problem
    assert (
        "received lies before mailed"
        in refused(
            rules,
            "one_year_timeliness",
            {
                "last_arrival": "2026-01-02",
                "forum": "uscis",
                "mailed": "2026-03-02",
                "received": "2026-03-01",
            },
        ).problem
    )


def test_the_edges_of_what_is_taken(rules: Rules) -> None:
    assert ask(rules, "asylum_ead_clock", i589_received="2026-01-01", stopped_days=36_500).date == date(
        2126, 5, 7
    )
    assert ask(rules, "ar11", moved="2200-12-31").date == date(2201, 1, 10)
    assert calculate("ar11", {"moved": "1900-01-01"}, rules, TODAY).row()["reason"] == "before_the_rule"
    six = [{"earliest": f"2026-01-0{n}", "latest": "2026-02-01"} for n in range(1, 7)]
    assert ask(rules, "one_year_filing", arrivals=six).date == date(2027, 1, 6)
    assert ask(rules, "one_year_filing", arrivals=(date(2026, 2, 2),)).date == date(2027, 2, 2)
    stop = Stop(date(2026, 2, 2), None)
    assert ask(rules, "asylum_ead_clock_intervals", i589_received="2026-01-01", stops=[stop]).date is None


def test_a_result_carries_its_count(rules: Rules) -> None:
    found = ask(rules, "bia_appeal", decision_date="2026-10-27")
    assert (found.calculation, found.date, found.unrolled) == (
        "bia_appeal",
        date(2026, 11, 27),
        date(2026, 11, 26),
    )
    assert found.roll == Roll("holiday", "holiday: Thanksgiving Day", "Thanksgiving Day")
    assert (found.file_by, found.days_left, found.counted_on) == (date(2026, 11, 25), 5, TODAY)
    assert found.is_deadline
    assert found.must_be == "received_by_BIA"
    assert (found.contested, found.contested_note) == (False, "")
    assert (found.earliest, found.latest) == (None, None)
    assert found.steps == (
        Step("from", {"date": date(2026, 10, 27)}),
        Step("add", {"number": 30, "unit": "days", "date": date(2026, 11, 26)}),
        Step("roll", {"code": "holiday", "holiday": "Thanksgiving Day", "date": date(2026, 11, 27)}),
    )
    assert found.caveats == (
        Caveat("changing", {"parameter": "appeal.bia_days"}),
        Caveat("memo_does_not_restart"),
    )
    cites = [authority.cite for authority in found.authority]
    assert "8 CFR 1003.38(b)-(c)" in cites
    assert len(cites) == len(set(cites))


@pytest.mark.parametrize(
    ("name", "facts", "steps", "caveats"),
    [
        (
            "one_year_filing",
            {"last_arrival": "1990-01-01"},
            [
                ("from", {"date": date(1990, 1, 1)}),
                ("not_before", {"date": date(1997, 4, 1)}),
                ("add", {"number": 1, "unit": "years", "date": date(1998, 4, 1)}),
            ],
            ["doubt"],
        ),
        (
            "one_year_safe_target",
            {"last_arrival": "2025-10-17"},
            [
                ("from", {"date": date(2025, 10, 17)}),
                ("add", {"number": 1, "unit": "years", "date": date(2026, 10, 17)}),
                ("roll", {"code": "saturday", "holiday": "", "date": date(2026, 10, 19)}),
                ("subtract", {"number": 1, "unit": "days", "date": date(2026, 10, 16)}),
            ],
            ["doubt"],
        ),
        (
            "one_year_filing",
            {"last_arrival": "2026-12-24"},
            [
                ("from", {"date": date(2026, 12, 24)}),
                ("add", {"number": 1, "unit": "years", "date": date(2027, 12, 24)}),
                ("roll", {"code": "observed", "holiday": "Christmas Day", "date": date(2027, 12, 27)}),
            ],
            ["event_to_come", "doubt"],
        ),
        ("one_year_filing", {"last_arrival": "2026-11-22", "uac": True}, [], ["doubt", "unaccompanied"]),
        (
            "one_year_filing",
            {"last_arrival": "2025-01-01", "advance_parole": True},
            [],
            ["doubt", "advance_parole"],
        ),
        (
            "one_year_timeliness",
            {
                "last_arrival": "2025-06-10",
                "forum": "uscis",
                "mailed": "2026-06-10",
                "received": "2026-06-11",
                "proof_of_mailing": True,
            },
            [
                ("from", {"date": date(2025, 6, 10)}),
                ("add", {"number": 1, "unit": "years", "date": date(2026, 6, 10)}),
            ],
            ["doubt", "proof_of_mailing"],
        ),
        (
            "one_year_timeliness",
            {
                "last_arrival": "2025-06-10",
                "forum": "uscis",
                "mailed": "2026-06-10",
                "received": "2026-06-10",
                "proof_of_mailing": True,
            },
            [
                ("from", {"date": date(2025, 6, 10)}),
                ("add", {"number": 1, "unit": "years", "date": date(2026, 6, 10)}),
            ],
            ["doubt"],
        ),
        (
            "one_year_status_exception",
            {"last_arrival": "2025-06-10", "lawful_status_ended": "2026-01-01"},
            [
                ("from", {"date": date(2025, 6, 10)}),
                ("add", {"number": 1, "unit": "years", "date": date(2026, 6, 10)}),
            ],
            ["doubt", "reasonable_period"],
        ),
        (
            "asylum_ead_clock",
            {"i589_received": "2026-01-01", "stopped_days": 10},
            [
                ("from", {"date": date(2026, 1, 1)}),
                ("stopped", {"days": 10}),
                ("add", {"number": 150, "unit": "days", "date": date(2026, 6, 10)}),
                ("add", {"number": 180, "unit": "days", "date": date(2026, 7, 10)}),
            ],
            ["changing", "changing", "recommended_approval"],
        ),
        (
            "asylum_ead_clock_status",
            {"i589_received": "2026-01-01"},
            [
                ("from", {"date": date(2026, 1, 1)}),
                ("add", {"number": 150, "unit": "days", "date": date(2026, 5, 31)}),
                ("add", {"number": 180, "unit": "days", "date": date(2026, 6, 30)}),
            ],
            ["changing", "changing", "recommended_approval"],
        ),
        (
            "asylum_ead_clock_intervals",
            {"i589_received": "2026-01-01", "stops": [{"from": "2026-06-01"}], "today": "2026-06-11"},
            [
                ("from", {"date": date(2026, 1, 1)}),
                ("stopped", {"days": 10}),
                ("add", {"number": 150, "unit": "days", "date": date(2026, 5, 31)}),
            ],
            ["changing", "changing", "recommended_approval", "offices_differ"],
        ),
        (
            "ead_renewal_window",
            {"ead_expires": "2026-10-01"},
            [
                ("from", {"date": date(2026, 10, 1)}),
                ("subtract", {"number": 180, "unit": "days", "date": date(2026, 4, 4)}),
            ],
            ["no_automatic_extension"],
        ),
        (
            "bia_appeal",
            {"decision_date": "2026-09-01", "mode": "mailed", "notice_date": "2026-09-02"},
            [
                ("from", {"date": date(2026, 9, 2)}),
                ("add", {"number": 30, "unit": "days", "date": date(2026, 10, 2)}),
            ],
            ["changing", "from_mailing"],
        ),
        (
            "bia_appeal",
            {"decision_date": "2026-09-02", "mode": "mailed"},
            [
                ("from", {"date": date(2026, 9, 2)}),
                ("add", {"number": 30, "unit": "days", "date": date(2026, 10, 2)}),
            ],
            ["changing", "from_decision"],
        ),
        (
            "petition_for_review",
            {"final_order": "2026-09-02"},
            [
                ("from", {"date": date(2026, 9, 2)}),
                ("add", {"number": 30, "unit": "days", "date": date(2026, 10, 2)}),
            ],
            ["motion_does_not_pause", "withholding_only_from_order"],
        ),
        ("motion_to_reopen", {"final_order": "2026-09-02", "ground": "joint"}, [], ["no_time_limit"]),
        (
            "motion_to_reconsider",
            {"final_order": "2026-09-02"},
            [
                ("from", {"date": date(2026, 9, 2)}),
                ("add", {"number": 30, "unit": "days", "date": date(2026, 10, 2)}),
            ],
            ["once"],
        ),
        (
            "noid_response",
            {"noid_date": "2026-11-02"},
            [
                ("from", {"date": date(2026, 11, 2)}),
                ("add", {"number": 16, "unit": "days", "date": date(2026, 11, 18)}),
            ],
            ["doubt", "must_arrive"],
        ),
        (
            "annual_asylum_fee_due",
            {"notice_date": "2026-09-01"},
            [
                ("from", {"date": date(2026, 9, 1)}),
                ("add", {"number": 30, "unit": "days", "date": date(2026, 10, 1)}),
            ],
            ["doubt", "changing", "court_date_by_judge"],
        ),
        (
            "decision_pickup_target",
            {"interview": "2026-09-01"},
            [
                ("from", {"date": date(2026, 9, 1)}),
                ("add", {"number": 14, "unit": "days", "date": date(2026, 9, 15)}),
            ],
            ["uncertain"],
        ),
        (
            "i730_deadline",
            {"asylum_granted": "2024-09-17"},
            [
                ("from", {"date": date(2024, 9, 17)}),
                ("add", {"number": 2, "unit": "years", "date": date(2026, 9, 17)}),
            ],
            ["doubt", "not_after_citizenship"],
        ),
        (
            "child_age_lock",
            {"child_dob": "2006-01-15", "i589_received": "2026-11-20"},
            [
                ("from", {"date": date(2006, 1, 15)}),
                ("add", {"number": 21, "unit": "years", "date": date(2027, 1, 15)}),
            ],
            ["must_stay_unmarried"],
        ),
        (
            "i485_one_year",
            {"asylum_granted": "2025-09-17", "days_abroad": 3},
            [
                ("from", {"date": date(2025, 9, 17)}),
                ("add", {"number": 1, "unit": "years", "date": date(2026, 9, 17)}),
                ("abroad", {"days": 3, "date": date(2026, 9, 20)}),
            ],
            ["doubt"],
        ),
        (
            "i485_one_year",
            {"asylum_granted": "2025-09-17"},
            [
                ("from", {"date": date(2025, 9, 17)}),
                ("add", {"number": 1, "unit": "years", "date": date(2026, 9, 17)}),
            ],
            ["doubt"],
        ),
        (
            "naturalization",
            {"i485_approved": "2026-09-01"},
            [
                ("from", {"date": date(2026, 9, 1)}),
                ("subtract", {"number": 1, "unit": "years", "date": date(2025, 9, 1)}),
                ("add", {"number": 5, "unit": "years", "date": date(2030, 9, 1)}),
                ("subtract", {"number": 90, "unit": "days", "date": date(2030, 6, 3)}),
            ],
            [],
        ),
        (
            "eoir33",
            {"moved": "2026-11-02"},
            [
                ("from", {"date": date(2026, 11, 2)}),
                ("add", {"number": 5, "unit": "days", "date": date(2026, 11, 7)}),
                ("working_days", {"number": 5, "date": date(2026, 11, 9)}),
            ],
            ["doubt", "two_counts"],
        ),
        (
            "ar11",
            {"moved": "2026-11-02"},
            [
                ("from", {"date": date(2026, 11, 2)}),
                ("add", {"number": 10, "unit": "days", "date": date(2026, 11, 12)}),
            ],
            [],
        ),
        (
            "credible_fear_ij_review",
            {"determination": "2026-11-10"},
            [
                ("from", {"date": date(2026, 11, 10)}),
                ("add", {"number": 7, "unit": "days", "date": date(2026, 11, 17)}),
            ],
            ["must_ask_at_once"],
        ),
        (
            "individual_hearing_filings",
            {"hearing": "2026-11-18"},
            [
                ("from", {"date": date(2026, 11, 18)}),
                ("subtract", {"number": 30, "unit": "days", "date": date(2026, 10, 19)}),
            ],
            ["doubt", "judge_controls"],
        ),
        (
            "court_response",
            {"filed": "2026-11-02"},
            [
                ("from", {"date": date(2026, 11, 2)}),
                ("add", {"number": 10, "unit": "days", "date": date(2026, 11, 12)}),
            ],
            ["doubt", "judge_controls"],
        ),
    ],
)
def test_every_step_and_caveat_is_told(
    rules: Rules, name: str, facts: dict[str, Any], steps: list[tuple[str, Any]], caveats: list[str]
) -> None:
    found = ask(rules, name, **facts)
    assert [(step.code, dict(step.values)) for step in found.steps] == steps
    assert [caveat.code for caveat in found.caveats] == caveats
    assert all(authority.cite for authority in found.authority)


def test_caveats_carry_their_values(rules: Rules) -> None:
    def values(code: str, name: str, **facts: object) -> list[Any]:
        return [dict(caveat.values) for caveat in ask(rules, name, **facts).caveats if caveat.code == code]

    assert values("event_to_come", "ar11", moved="2026-11-23") == [{"date": date(2026, 11, 23)}]
    assert values("event_to_come", "ar11", moved="2026-11-22") == []
    assert values("doubt", "eoir33", moved="2026-11-02") == [{"rule": "eoir33"}]
    assert values("changing", "asylum_ead_clock", i589_received="2026-01-01") == [
        {"parameter": "ead.file_wait"},
        {"parameter": "ead.card_wait"},
    ]
    assert values("two_counts", "eoir33", moved="2026-11-02") == [{"working_days": date(2026, 11, 9)}]
    assert values("no_automatic_extension", "ead_renewal_window", ead_expires="2026-10-01") == [
        {"expires": date(2026, 10, 1)}
    ]
    for name, order in (
        ("motion_to_reopen", "final_order"),
        ("motion_to_reopen_in_absentia", "in_absentia_order"),
    ):
        facts = {order: "2026-09-02", "ground": "lack_of_notice"}
        assert values("no_time_limit", name, **facts) == [{"ground": "lack_of_notice"}]
    ended = {"last_arrival": "2025-06-10", "lawful_status_ended": "2026-01-01"}
    assert values("reasonable_period", "one_year_status_exception", **ended) == [
        {"status_ended": date(2026, 1, 1)}
    ]


@pytest.mark.parametrize(
    ("name", "facts", "leads", "is_deadline"),
    [
        ("one_year_filing", {"last_arrival": "2025-10-17"}, "2026-10-19", True),
        ("one_year_safe_target", {"last_arrival": "2025-10-17"}, "2026-10-16", True),
        ("asylum_ead_clock", {"i589_received": "2026-01-01"}, "2026-05-31", False),
        ("asylum_ead_clock_status", {"i589_received": "2026-01-01"}, "2026-05-31", False),
        ("asylum_ead_clock_intervals", {"i589_received": "2026-01-01"}, "2026-05-31", False),
        ("ead_renewal_window", {"ead_expires": "2026-10-01"}, "2026-04-04", False),
        ("eoir33", {"moved": "2026-11-02"}, "2026-11-07", True),
        ("i485_one_year", {"asylum_granted": "2025-09-17"}, "2026-09-17", False),
        ("naturalization", {"i485_approved": "2026-09-01"}, "2030-06-03", False),
        ("decision_pickup_target", {"interview": "2026-09-01"}, "2026-09-15", False),
        ("credible_fear_ij_review", {"determination": "2026-11-10"}, "2026-11-17", False),
        ("reasonable_fear_ij_review", {"referral": "2026-11-10"}, "2026-11-20", False),
    ],
)
def test_the_leading_day_and_what_it_is(
    rules: Rules, name: str, facts: dict[str, Any], leads: str, is_deadline: bool
) -> None:
    found = ask(rules, name, **facts)
    assert found.date == date.fromisoformat(leads)
    assert found.is_deadline is is_deadline
    assert found.days_left == (found.date - TODAY).days
    assert (found.file_by is not None) is is_deadline


def test_what_the_safe_target_keeps_of_the_deadline(rules: Rules) -> None:
    found = ask(rules, "one_year_safe_target", last_arrival="2025-10-17")
    assert found.unrolled == date(2026, 10, 17)
    assert found.roll == Roll("saturday", "Saturday")
    assert found.file_by == date(2026, 10, 15)


def test_without_a_date_nothing_is_left_to_count(rules: Rules) -> None:
    found = ask(rules, "motion_to_reopen", final_order="2026-09-02", ground="joint")
    assert (found.date, found.unrolled, found.file_by, found.days_left) == (None, None, None, None)
    assert "must_be" not in found.row()


def test_today_among_the_facts_goes_first(rules: Rules) -> None:
    facts: dict[str, object] = {"moved": "2026-11-02", "today": "2026-11-10"}
    found = calculate("ar11", facts, rules, TODAY)
    assert isinstance(found, Deadline)
    assert (found.counted_on, found.days_left) == (date(2026, 11, 10), 2)
    found = calculate("ar11", {"moved": "2026-11-02", "today": None}, rules, TODAY)
    assert found.counted_on == TODAY


def test_when_today_is_unsure_the_fewer_days_are_told(rules: Rules) -> None:
    today = Span(date(2026, 11, 10), date(2026, 11, 11))
    found = calculate("ar11", {"moved": "2026-11-02"}, rules, today)
    assert isinstance(found, Deadline)
    assert (found.date, found.days_left, found.counted_on) == (date(2026, 11, 12), 1, date(2026, 11, 11))
    assert found.maybe_on == date(2026, 11, 10)
    assert (found.earliest, found.latest) == (None, None)
    found = calculate("asylum_ead_clock", {"i589_received": "2026-07-01"}, rules, today)
    assert isinstance(found, Deadline)
    assert (found.counted_on, found.maybe_on) == (date(2026, 11, 10), date(2026, 11, 11))


def test_an_unsure_day_and_an_unsure_fact_are_kept_apart(rules: Rules) -> None:
    today = Span(date(2026, 11, 10), date(2026, 11, 11))
    found = calculate("ar11", {"moved": Span(date(2026, 11, 2), date(2026, 11, 4))}, rules, today)
    assert isinstance(found, Deadline)
    assert found.earliest is not None
    assert found.latest is not None
    assert (found.earliest.date, found.latest.date) == (date(2026, 11, 12), date(2026, 11, 14))
    assert (found.counted_on, found.maybe_on) == (date(2026, 11, 11), date(2026, 11, 10))
    sure = calculate("ar11", {"moved": Span(date(2026, 11, 2), date(2026, 11, 4))}, rules, today.latest)
    assert isinstance(sure, Deadline)
    assert sure.maybe_on is None


def test_a_range_leads_with_its_cautious_end(rules: Rules) -> None:
    span = Span(date(2026, 11, 2), date(2026, 11, 3))
    found = ask(rules, "ar11", moved=span)
    assert found.date == date(2026, 11, 12)
    assert found.earliest is not None
    assert found.latest is not None
    assert (found.earliest.date, found.latest.date) == (date(2026, 11, 12), date(2026, 11, 13))
    found = ask(rules, "naturalization", i485_approved=span)
    assert found.latest is not None
    assert found.date == found.latest.date == date(2030, 8, 5)


def test_a_range_is_contested_when_one_day_in_it_is(rules: Rules) -> None:
    found = ask(rules, "ar11", moved=Span(date(2026, 11, 3), date(2026, 11, 4)))
    assert found.contested
    assert found.contested_note.startswith("10th day is not")
    assert found.row()["contested"] is True
    assert found.row()["contested_note"] == found.contested_note
    assert not ask(rules, "ar11", moved=Span(date(2026, 11, 2), date(2026, 11, 3))).contested


def test_a_range_of_an_earliest_day_that_may_never_come_has_no_end(rules: Rules) -> None:
    stop = {"from": {"earliest": "2026-05-30", "latest": "2026-05-31"}}
    found = ask(rules, "asylum_ead_clock_intervals", i589_received="2026-01-01", stops=[stop])
    assert found.date is None
    assert found.row()["file_i765_from"] == {"earliest": "2026-05-31", "latest": None}


def test_a_range_that_decides_shows_both_answers(rules: Rules) -> None:
    span = {"earliest": "2026-11-19", "latest": "2026-11-20"}
    found = ask(rules, "child_age_lock", child_dob="2005-11-20", i589_received=span)
    assert found.row()["counts_as_child"] == {"earliest": True, "latest": False}
    assert found.row()["age_at_filing"] == {"earliest": 20, "latest": 21}
    span = {"earliest": "2026-06-09", "latest": "2026-06-12"}
    facts = {
        "last_arrival": {"earliest": "2025-06-10", "latest": "2025-06-15"},
        "received": span,
        "forum": "court",
    }
    assert ask(rules, "one_year_timeliness", **facts).row()["timely"] == {"earliest": True, "latest": False}


def test_two_same_ranges_are_one_unknown_day(rules: Rules) -> None:
    span = Span(date(2026, 1, 1), date(2026, 3, 1))
    found = ask(rules, "child_age_lock", child_dob=span, i589_received=span)
    assert found.row()["age_at_filing"] == 0


def law_with(tmp_path: Path, file: str, old: str, new: str) -> Rules:
    """The law of the project with one edit."""
    shutil.copytree(LAW, tmp_path / "law")
    place = tmp_path / "law" / file
    text = place.read_text(encoding="utf-8")
    assert old in text
    place.write_text(text.replace(old, new), encoding="utf-8")
    return load_rules(tmp_path / "law/deadlines", load_parameters(tmp_path / "law/parameters"))


def test_a_proposed_rule_is_shown_only_when_asked_for(rules: Rules) -> None:
    facts: dict[str, object] = {"i589_received": "2026-03-01"}
    assert calculate("asylum_ead_clock", facts, rules, TODAY).row()["file_i765_from"] == "2026-07-29"
    shown = calculate("asylum_ead_clock", facts, rules, TODAY, include=["proposed"])
    assert shown.row()["file_i765_from"] == "2027-03-01"
    assert isinstance(shown, Deadline)
    assert shown.authority[0].cite.startswith("91 FR 8616")
    early: dict[str, object] = {"i589_received": "2026-02-01"}
    assert calculate("asylum_ead_clock", early, rules, TODAY, include=["proposed"]).row()[
        "file_i765_from"
    ] == ("2026-07-01")
    later = calculate("asylum_ead_clock", early, rules, TODAY, date(2026, 3, 1), ["proposed"])
    assert later.row()["file_i765_from"] == "2027-02-01"


def test_a_vacated_rule_is_shown_only_when_asked_for(rules: Rules) -> None:
    facts: dict[str, object] = {"decision_date": "2026-09-01"}
    assert calculate("bia_appeal", facts, rules, TODAY).row()["deadline"] == "2026-10-01"
    assert (
        calculate("bia_appeal", facts, rules, TODAY, include=iter(["vacated"])).row()["deadline"]
        == "2026-09-11"
    )


def test_as_of_asks_for_another_days_law(rules: Rules) -> None:
    facts: dict[str, object] = {"hearing": "2023-06-15"}
    assert calculate("individual_hearing_filings", facts, rules, TODAY).row() == {
        "covered": False,
        "reason": "before_the_rule",
    }
    shown = calculate("individual_hearing_filings", facts, rules, TODAY, as_of=date(2026, 1, 1))
    assert shown.row()["deadline"] == "2023-05-16"


def test_not_covered_says_why(rules: Rules) -> None:
    found = calculate("bia_appeal", {"decision_date": "1996-06-30"}, rules, TODAY)
    assert isinstance(found, NotCovered)
    assert (found.calculation, found.counted_on) == ("bia_appeal", TODAY)
    assert found.values == {"since": date(1996, 7, 1), "event": date(1996, 6, 30)}
    detained = calculate("master_hearing_filings", {"hearing": "2027-03-18", "detained": True}, rules, TODAY)
    assert isinstance(detained, NotCovered)
    assert (detained.reason, detained.calculation, detained.counted_on) == (
        "detained",
        "master_hearing_filings",
        TODAY,
    )
    assert detained.authority
    assert detained.values == {}


def test_a_range_from_before_the_rule_is_not_covered(rules: Rules) -> None:
    span = Span(date(1996, 6, 30), date(1996, 7, 2))
    assert calculate("bia_appeal", {"decision_date": span}, rules, TODAY).row()["reason"] == "before_the_rule"


def test_a_change_of_law_reaches_only_later_events(tmp_path: Path) -> None:
    later = """
  2026-10-01:
    value: 14
    authority:
      - {cite: Example Act, checked: 2026-09-01}
"""
    rules = law_with(
        tmp_path, "parameters/address/ar11.yml", "    note: In force at least since this date.", later
    )
    assert ask(rules, "ar11", moved="2026-09-30").date == date(2026, 10, 10)
    found = ask(rules, "ar11", moved="2026-10-01")
    assert found.date == date(2026, 10, 15)
    assert "Example Act" in [authority.cite for authority in found.authority]


def test_a_range_over_a_change_of_law_tries_both_sides_of_it(tmp_path: Path) -> None:
    shorter = """
  2026-10-10:
    value: 2
    authority:
      - {cite: Example Act, checked: 2026-09-01}
"""
    rules = law_with(
        tmp_path, "parameters/address/ar11.yml", "    note: In force at least since this date.", shorter
    )
    found = ask(rules, "ar11", moved=Span(date(2026, 10, 5), date(2026, 10, 14)))
    assert found.row()["deadline"] == {"earliest": "2026-10-12", "latest": "2026-10-19"}


def test_a_closed_rule_is_not_covered(tmp_path: Path) -> None:
    closed = """
  2026-10-01:
    value: null
    authority:
      - {cite: Example Act, checked: 2026-09-01}
"""
    rules = law_with(
        tmp_path, "parameters/address/ar11.yml", "    note: In force at least since this date.", closed
    )
    found = calculate("ar11", {"moved": "2026-10-02"}, rules, TODAY)
    assert isinstance(found, NotCovered)
    assert found.row() == {"covered": False, "reason": "rule_ended"}
    assert (found.calculation, found.counted_on) == ("ar11", TODAY)
    assert found.values == {"parameter": "address.ar11", "event": date(2026, 10, 2)}
    assert ask(rules, "ar11", moved="2026-09-30").date == date(2026, 10, 10)


@pytest.mark.parametrize(
    ("roll", "date_told", "contested"),
    [
        ("next_business_day", "2026-11-16", False),
        ("next_business_day_contested", "2026-11-16", True),
        ("contested", "2026-11-14", True),
        ("none", "2026-11-14", False),
    ],
)
def test_an_edit_of_the_roll_is_obeyed(tmp_path: Path, roll: str, date_told: str, contested: bool) -> None:
    rules = law_with(tmp_path, "deadlines/ar11.yml", "roll: contested", f"roll: {roll}")
    found = ask(rules, "ar11", moved="2026-11-04")
    assert (found.row()["deadline"], found.contested) == (date_told, contested)
    assert ("unrolled" in found.row()) is roll.startswith("next")
    assert not ask(rules, "ar11", moved="2026-11-02").contested


def test_what_must_happen_is_told_where_the_rule_says_it(tmp_path: Path) -> None:
    rules = law_with(tmp_path, "deadlines/ar11.yml", "roll: contested", "roll: contested\n    must_be: sent")
    assert ask(rules, "ar11", moved="2026-11-04").row()["must_be"] == "sent"


def test_a_count_in_another_unit_is_counted(tmp_path: Path) -> None:
    place = "parameters/address/ar11.yml"
    rules = law_with(tmp_path, place, "unit: days", "unit: months")
    found = ask(rules, "ar11", moved="2026-01-31")
    assert found.date == date(2026, 11, 30)
    assert found.steps[-1].values["unit"] == "months"
    assert ask(rules, "ar11", moved="2026-01-08").contested_note.startswith("Last day is not a business day")


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (1, "1st"),
        (2, "2nd"),
        (3, "3rd"),
        (4, "4th"),
        (10, "10th"),
        (11, "11th"),
        (12, "12th"),
        (13, "13th"),
        (16, "16th"),
        (21, "21st"),
        (22, "22nd"),
        (23, "23rd"),
        (30, "30th"),
        (111, "111th"),
        (121, "121st"),
    ],
)
def test_ordinals(number: int, told: str) -> None:
    assert Count(number, "days").nth == f"{told} day"


def test_the_note_about_an_observed_friday() -> None:
    assert FRIDAY_NOTE.startswith(
        "Falls on the Friday on which a Saturday holiday is observed. Rolled because"
    )


def test_every_calculation_is_complete(rules: Rules) -> None:
    for name, calculation in CALCULATIONS.items():
        assert calculation.id == name
        assert calculation.rule in RULES
        assert set(calculation.title) == set(LANGUAGES)
        assert calculation.fields[-1].name == "today"
        words = [word for field in calculation.fields for word in (field.name, *field.also)]
        assert len(words) == len(set(words))
        for field in calculation.fields:
            assert field.kind in KINDS
            assert bool(field.choices) is (field.kind == "choice")
            assert set(field.words.values()) <= set(field.choices)
            assert not (field.required and field.default is not None)
    assert {calculation.rule for calculation in CALCULATIONS.values()} == set(RULES) == set(rules.by_id)


def test_other_names_of_a_fact_and_other_words_of_a_choice_are_taken(rules: Rules) -> None:
    plain = {"date": "2026-03-02", "dates": ["2026-03-02"], "days": 0, "bool": False, "stops": []}
    for name, calculation in CALCULATIONS.items():
        needed = {
            f.name: f.choices[0] if f.choices else plain[f.kind] for f in calculation.fields if f.required
        }
        if name.startswith("one_year"):
            needed["last_arrival"] = "2025-03-02"
        if name == "bia_appeal":
            needed["decision_date"] = "2026-03-02"
        for field in calculation.fields:
            without = {key: value for key, value in needed.items() if key != field.name}
            known = needed.get(field.name, field.choices[0] if field.choices else plain[field.kind])
            if field.name == "arrivals":
                without.pop("last_arrival")
            expected = calculate(name, {**without, field.name: known}, rules, TODAY).row()
            for other in field.also:
                assert calculate(name, {**without, other: known}, rules, TODAY).row() == expected
            for word, meant in field.words.items():
                spaced = {**without, field.name: word.replace("_", " ").upper()}
                assert calculate(name, spaced, rules, TODAY) == calculate(
                    name, {**without, field.name: meant}, rules, TODAY
                )


def test_a_missing_rule_stops_the_loader_and_is_named(tmp_path: Path) -> None:
    shutil.copytree(LAW, tmp_path / "law")
    parameters = load_parameters(tmp_path / "law/parameters")
    (tmp_path / "law/deadlines/noid.yml").unlink()
    with pytest.raises(LawFileError) as caught:
        load_rules(tmp_path / "law/deadlines", parameters)
    assert caught.value.path.endswith("law/deadlines/noid.yml")
    assert caught.value.problem == "the rule noid has no file"
    (tmp_path / "empty").mkdir()
    with pytest.raises(LawFileError):
        load_rules(tmp_path / "empty", parameters)
    assert len(check_rules(tmp_path / "empty", parameters)) == 0


def test_a_rule_knows_its_place_and_its_state(rules: Rules) -> None:
    rule = rules.get("noid")
    assert rule.path.endswith("bot/law/deadlines/noid.yml")
    assert len(rule.digest) == 64
    assert rule.uncertain
    assert rule.question
    assert rule.review > TODAY
    assert rules.parameters.root.name == "parameters"
    assert rules.root.name == "deadlines"
    assert not rules.get("naturalization").uncertain
    assert rules.get("motion_in_absentia").uncertain, "its confidence is medium"
    assert rules.get("motion_in_absentia").question
    assert rule.lines["en"] < rule.lines["es"]
    assert [rule.id for rule in rules] == sorted(RULES)


def test_the_days_on_which_a_rule_may_turn(rules: Rules) -> None:
    assert rules.turns("work_permit") == (date(1997, 4, 1), date(2022, 2, 7))
    assert rules.turns("work_permit", ["proposed"]) == (date(1997, 4, 1), date(2022, 2, 7), date(2026, 2, 23))


def test_reviews_and_checks_in_the_future_are_warnings(rules: Rules) -> None:
    report = check_rules(LAW / "deadlines", rules.parameters, date(2036, 1, 1))
    assert {problem.code for problem in report} == {"rule_review_due"}
    assert report.errors == []
    report = check_rules(LAW / "deadlines", rules.parameters, date(2020, 1, 1))
    assert {problem.code for problem in report} == {"checked_in_future"}
    assert len(check_rules(LAW / "deadlines", rules.parameters)) == 0


def test_combining_takes_the_note_of_whoever_contests(rules: Rules) -> None:
    plain, flagged = (ask(rules, "ar11", moved=day) for day in ("2026-11-02", "2026-11-04"))
    assert combine([plain, flagged]).contested_note == flagged.contested_note
    assert combine([flagged, plain]).date == plain.date


def test_what_was_written_is_named_in_each_refusal(rules: Rules) -> None:
    twice = {"last_arrival": "2026-01-01", "arrivals": ["2026-01-01"]}
    assert refused(rules, "one_year_filing", twice).problem == "last_arrival is given twice, also as arrivals"
    early = {"child_dob": "2026-01-02", "i589_received": "2026-01-01"}
    assert refused(rules, "child_age_lock", early).problem == "i589_received lies before child_dob"
    stop = {"i589_received": "2026-01-01", "stops": [{"from": "2026-02-02", "to": "2026-02-01"}]}
    problem = refused(rules, "asylum_ead_clock_intervals", stop).problem
    assert problem == "stops.to lies before stops.from"
    seven = [{"earliest": f"2026-01-0{n}", "latest": "2026-02-01"} for n in range(1, 8)]
    assert refused(rules, "one_year_filing", {"arrivals": seven}).problem == "more than 6 days are ranges"
    for days in (-1, 99_999):
        facts = {"i589_received": "2026-01-01", "stopped_days": days}
        assert str(days) in refused(rules, "asylum_ead_clock", facts).problem
    error = refused(rules, "bia_appeal", {"zzz": 1})
    assert error.remedy == "The known ones are: decision_date, mode, notice_date, today"
    assert refused(rules, "bia_appeal", {"mode": 1}).remedy == "Write one of: oral, mailed, e_notice"
    assert (
        refused(rules, "bia_apeal", {})
        .texts("es")[1]
        .startswith("¿Quiso decir bia_appeal? Los conocidos son: ")
    )
    assert refused(rules, "bia_apeal", {}).remedy.startswith("Did you mean bia_appeal? The known ones are: ")
    assert refused(rules, "bia_appeal", {"mode": "orall"}).remedy.startswith("Did you mean oral? Write")


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("one_year_safe_target", {}),
        ("one_year_status", {}),
        ("one_year_timeliness", {"forum": "court", "received": "2026-01-05"}),
        ("one_year_status_exception", {}),
    ],
)
def test_nobody_gets_a_single_date_who_has_none(rules: Rules, name: str, facts: dict[str, Any]) -> None:
    child = ask(rules, name, last_arrival="2024-09-01", unaccompanied_minor=True, **facts)
    assert (child.date, child.row()["applies"]) == (None, False)
    parole = ask(rules, name, arrivals=["2024-09-03", "2025-09-02"], advance_parole=True, **facts)
    assert parole.date is None
    assert parole.row()["if_first_arrival"] == "2025-09-03"
    assert parole.row()["if_last_arrival"] == "2026-09-02"


def test_a_motion_comes_once(rules: Rules) -> None:
    for name, order in (
        ("motion_to_reopen", "final_order"),
        ("motion_to_reopen_in_absentia", "in_absentia_order"),
    ):
        assert [caveat.code for caveat in ask(rules, name, **{order: "2026-09-02"}).caveats][-1] == "once"


@pytest.mark.parametrize(
    ("file", "name", "facts"),
    [
        ("bia_appeal", "bia_appeal", {"decision_date": "2026-09-03"}),
        ("one_year", "one_year_filing", {"last_arrival": "2025-10-17"}),
    ],
)
def test_a_move_that_comes_into_doubt_is_flagged(
    tmp_path: Path, file: str, name: str, facts: dict[str, Any]
) -> None:
    rules = law_with(tmp_path, f"deadlines/{file}.yml", "roll: next_business_day", "roll: contested")
    found = ask(rules, name, **facts)
    assert found.contested_note.endswith("the move is in doubt. File before the unrolled date.")
    assert found.date == found.unrolled


def test_without_a_last_day_nothing_must_be_there_by_it(tmp_path: Path) -> None:
    place = "deadlines/motion_to_reopen.yml"
    rules = law_with(
        tmp_path, place, "roll: next_business_day", "roll: next_business_day\n    must_be: there"
    )
    assert "must_be" not in ask(rules, "motion_to_reopen", final_order="2026-09-02", ground="joint").row()
    assert ask(rules, "motion_to_reopen", final_order="2026-09-02").row()["must_be"] == "there"
    rules = load_rules(LAW / "deadlines", load_parameters(LAW / "parameters"))
    assert "must_be" not in ask(rules, "motion_to_reopen", final_order="2026-09-02").row()


def test_stops_of_the_same_day_and_before_receipt(rules: Rules) -> None:
    name = "asylum_ead_clock_intervals"
    both = [{"from": "2026-02-01", "to": "2026-02-11"}, {"from": "2026-02-01", "to": None}]
    for stops in (both, both[::-1]):
        row = ask(rules, name, i589_received="2026-01-01", stops=stops, today="2026-03-01").row()
        assert (row["file_i765_from"], row["days_accrued"]) == (None, 31)
    stops = [{"from": "2025-11-01", "to": "2025-12-01"}, {"from": "2026-02-01", "to": "2026-02-11"}]
    found = ask(rules, name, i589_received="2026-01-01", stops=stops, today="2026-03-01")
    assert found.row()["card_possible_from"] == "2026-07-10"
    assert [step.code for step in found.steps] == ["from", "stopped", "add", "add"]
    assert found.steps[-1].values["date"] == date(2026, 7, 10)


def test_a_range_of_three_results_keeps_the_outer_ones(rules: Rules) -> None:
    days = ("2026-11-02", "2026-11-03", "2026-11-06")
    found = combine([ask(rules, "ar11", moved=day) for day in days])
    assert found.earliest is not None
    assert found.latest is not None
    assert (found.earliest.date, found.latest.date) == (date(2026, 11, 12), date(2026, 11, 16))
    assert found.row()["deadline"] == {"earliest": "2026-11-12", "latest": "2026-11-16"}
    assert (found.contested, found.contested_note) == (False, "")
    assert found.row()["contested"] is False
    assert "contested_note" not in found.row()
    open_ended = ask(rules, "motion_to_reopen", final_order="2026-09-02", ground="joint")
    assert combine([open_ended, open_ended]).date is None
    status = [
        ask(rules, "one_year_status", last_arrival="2025-11-20", today=day)
        for day in ("2026-11-19", "2026-11-20", "2026-11-21")
    ]
    row = combine(status).row()
    assert (row["status"], row["days_left"]) == (
        {"earliest": "passed", "latest": "open"},
        {"earliest": -1, "latest": 1},
    )


def test_a_value_that_may_not_come_at_all_has_an_open_end(rules: Rules) -> None:
    name = "one_year_filing"
    trips = [
        ask(rules, name, arrivals=arrivals, advance_parole=True)
        for arrivals in (["2025-09-02"], ["2024-09-03", "2025-09-02"])
    ]
    assert combine(trips).row()["if_first_arrival"] == {"earliest": "2025-09-03", "latest": None}


def test_null_counts_as_not_given(rules: Rules) -> None:
    facts = {
        "unmarried": None,
        "child_dob": "2010-01-01",
        "dob": None,
        "i589_received": "2026-01-01",
        "today": None,
    }
    found = ask(rules, "child_age_lock", **facts)
    assert found.row()["counts_as_child"] is True
    assert found.counted_on == TODAY
    assert "yes" in refused(rules, "child_age_lock", {"unmarried": "yes"}).problem


def test_what_a_version_of_a_rule_holds(rules: Rules) -> None:
    usual, vacated = rules.get("bia_appeal").versions
    assert usual.note.startswith("Day 0 is the day of an oral decision")
    assert (usual.must_be, usual.roll, usual.status) == ("received_by_BIA", "next_business_day", "in_force")
    assert usual.counts == {"count": "appeal.bia_days"}
    assert (vacated.status, vacated.effective) == ("vacated", date(2026, 3, 9))
    assert vacated.authority[0].checked == date(2026, 3, 10)
    assert rules.get("ar11").versions[0].must_be == ""
    assert set(rules.get("one_year").versions[0].counts) == {"length", "earliest_start", "safe_margin"}


def test_a_version_without_a_note_or_status_has_none(tmp_path: Path) -> None:
    place = LAW / "deadlines/ar11.yml"
    note = place.read_text(encoding="utf-8").partition("    note:")[2]
    rules = law_with(tmp_path, "deadlines/ar11.yml", f"    note:{note}", "")
    version = rules.get("ar11").versions[0]
    assert (version.note, version.must_be, version.status) == ("", "", "in_force")


def test_a_rule_whose_parameter_cannot_be_read_is_not_blamed(tmp_path: Path) -> None:
    shutil.copytree(LAW, tmp_path / "law")
    place = tmp_path / "law/parameters/after/citizenship_backdate.yml"
    place.write_text(
        place.read_text(encoding="utf-8").replace("unit: years", "unit: yeers"), encoding="utf-8"
    )
    parameters = read_parameters(tmp_path / "law/parameters")[0]
    assert len(check_rules(tmp_path / "law/deadlines", parameters)) == 0
    rule = tmp_path / "law/deadlines/naturalization.yml"
    text = rule.read_text(encoding="utf-8").replace(
        "residence: after.citizenship", "residence: after.citizenshop"
    )
    rule.write_text(text.replace("early: after.citizenship_early", "early: fee.i589"), encoding="utf-8")
    report = check_rules(tmp_path / "law/deadlines", parameters)
    assert [problem.code for problem in report] == ["unknown_parameter", "count_unit"]
