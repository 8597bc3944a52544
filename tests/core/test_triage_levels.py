"""How urgent a situation is and which way applies, on 21 November 2026 unless a row says otherwise."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.deadlines import Deadline, NotCovered, Rules, Span, load_rules
from bot.core.law import load_parameters
from bot.core.triage.asking import open_questions
from bot.core.triage.facts import QUESTIONS, UNKNOWN, Answer, Facts, is_answer
from bot.core.triage.levels import (
    STEPS,
    WAYS,
    Assessment,
    assess,
    has_status_ended_within,
    is_removal_within,
)
from bot.core.triage.rules import LEVELS, WORSE_UNKNOWN, TriageRules, load
from bot.core.yaml12 import load_file

LAW = Path(__file__).resolve().parents[2] / "bot/law"
LABELS = load_file(Path(__file__).resolve().parents[2] / "bot/content/labels.yml")
TODAY = date(2026, 11, 21)
LAWS: Rules = load_rules(LAW / "deadlines", load_parameters(LAW / "parameters"))
RULES: TriageRules = load(LAW / "triage" / "levels.yml")

#: Somebody in the U.S. of whom everything is known and nothing is near.
CALM: dict[str, Any] = {
    "place": "us",
    "detained": "no",
    "filed": "self",
    "court": "no",
    "letter": "none",
    "order": "no",
    "lawyer": "no",
}


def day(*days_from_today: int) -> dict[str, str]:
    """A day so far from today; or a range from one to the other."""
    ends = [TODAY + timedelta(days=number) for number in days_from_today]
    return {"earliest": ends[0].isoformat(), "latest": ends[-1].isoformat()}


def on(first: date, last: date | None = None) -> dict[str, str]:
    return {"earliest": first.isoformat(), "latest": (last or first).isoformat()}


def assessed(today: date | Span = TODAY, emergencies: tuple[str, ...] = (), **changed: Any) -> Assessment:
    facts = Facts.from_dict({name: value for name, value in (CALM | changed).items() if value is not None})
    return assess(facts, LAWS, RULES, today, emergencies)


def found(**changed: Any) -> tuple[str, list[str]]:
    result = assessed(**changed)
    return result.level, [reason.code for reason in result.reasons]


HEARING = {"court": "yes", "appointment": "hearing"}
CHECK_IN = {"appointment": "check_in"}
ARRIVED = {"filed": "no", "entry": "uninspected", "status": "none"}

ROWS: list[tuple[str, dict[str, Any], str, list[str]]] = [
    ("nothing that was told has a day", {}, "routine", ["nothing_near"]),
    # emergency
    ("agents are there now", {"emergencies": ("agents",)}, "emergency", ["agents_now"]),
    ("somebody wants to die", {"emergencies": ("suicide",)}, "emergency", ["suicide"]),
    ("somebody is hurt", {"emergencies": ("violence",)}, "emergency", ["violence"]),
    ("danger abroad", {"emergencies": ("abroad",)}, "emergency", ["danger_abroad"]),
    ("an unclear cry is asked about before", {"emergencies": ("unclear",)}, "routine", ["nothing_near"]),
    (
        "a removal within hours",
        {"detained": "self", "removal_soon": "yes"},
        "emergency",
        ["removal_72h", "detained_self"],
    ),
    (
        "a removal in three days",
        {"detained": "self", "removal_date": day(3)},
        "emergency",
        ["removal_72h", "detained_self"],
    ),
    ("a removal in four days", {"detained": "self", "removal_date": day(4)}, "urgent", ["detained_self"]),
    (
        "a removal that was yesterday",
        {"detained": "self", "removal_date": day(-1)},
        "urgent",
        ["detained_self"],
    ),
    (
        "a removal within a range that reaches the three days",
        {"detained": "self", "removal_date": day(3, 9)},
        "emergency",
        ["removal_72h", "detained_self"],
    ),
    # urgent
    ("the person is detained", {"detained": "self", "removal_soon": "no"}, "urgent", ["detained_self"]),
    (
        "a relative is detained",
        {"detained": "relative", "removal_soon": "no"},
        "urgent",
        ["detained_relative"],
    ),
    ("a child alone", {"alone_minor": "yes"}, "urgent", ["child_alone"]),
    ("an earlier order", {"order": "yes", "removal_soon": "no"}, "urgent", ["earlier_order"]),
    ("a dismissal letter", {"letter": "dismissal"}, "urgent", ["dismissal_letter"]),
    (
        "an interview on a form that somebody else filed",
        {
            "filed": "other",
            "appointment": "interview",
            "appointment_date": day(200),
            "arrival": on(date(2020, 1, 1)),
        },
        "urgent",
        ["filed_by_other_with_date", "one_year_passed"],
    ),
    (
        "somebody else filed and nothing has a date",
        {"filed": "other", "appointment": "none", "arrival": on(date(2020, 1, 1))},
        "soon",
        ["one_year_passed"],
    ),
    # hearings
    ("a hearing today", {**HEARING, "appointment_date": day(0)}, "urgent", ["hearing_near"]),
    ("a hearing in 30 days", {**HEARING, "appointment_date": day(30)}, "urgent", ["hearing_near"]),
    ("a hearing in 31 days", {**HEARING, "appointment_date": day(31)}, "soon", ["hearing_ahead"]),
    ("a hearing in 90 days", {**HEARING, "appointment_date": day(90)}, "soon", ["hearing_ahead"]),
    ("a hearing in 91 days", {**HEARING, "appointment_date": day(91)}, "routine", ["nothing_near"]),
    ("a hearing yesterday", {**HEARING, "appointment_date": day(-1)}, "urgent", ["hearing_just_passed"]),
    ("a hearing 89 days ago", {**HEARING, "appointment_date": day(-89)}, "urgent", ["hearing_just_passed"]),
    ("a hearing 90 days ago", {**HEARING, "appointment_date": day(-90)}, "soon", ["hearing_passed"]),
    (
        "a hearing in a month or year",
        {**HEARING, "appointment_date": day(20, 400)},
        "urgent",
        ["hearing_near"],
    ),
    (
        "a hearing between 31 and 120 days",
        {**HEARING, "appointment_date": day(31, 120)},
        "soon",
        ["hearing_ahead"],
    ),
    (
        "a hearing before or after today",
        {**HEARING, "appointment_date": day(-300, 300)},
        "urgent",
        ["hearing_near"],
    ),
    (
        "a hearing between 400 and 80 days ago",
        {**HEARING, "appointment_date": day(-400, -80)},
        "urgent",
        ["hearing_just_passed"],
    ),
    ("a check-in in 30 days", {**CHECK_IN, "appointment_date": day(30)}, "urgent", ["check_in_near"]),
    ("a check-in in 31 days", {**CHECK_IN, "appointment_date": day(31)}, "soon", ["check_in_ahead"]),
    ("a check-in in 91 days", {**CHECK_IN, "appointment_date": day(91)}, "routine", ["nothing_near"]),
    (
        "a check-in 89 days ago",
        {**CHECK_IN, "appointment_date": day(-89)},
        "urgent",
        ["check_in_just_passed"],
    ),
    ("a check-in 90 days ago", {**CHECK_IN, "appointment_date": day(-90)}, "soon", ["check_in_passed"]),
    (
        "an interview on one's own form has no reason of its own",
        {"appointment": "interview", "appointment_date": day(3)},
        "routine",
        ["nothing_near"],
    ),
    # the year: arrivals whose anniversary is a business day
    ("the year ends in 30 days", {**ARRIVED, "arrival": on(date(2025, 12, 21))}, "urgent", ["one_year_near"]),
    ("the year ends in 31 days", {**ARRIVED, "arrival": on(date(2025, 12, 22))}, "soon", ["one_year_ahead"]),
    ("the year ends in 90 days", {**ARRIVED, "arrival": on(date(2026, 2, 19))}, "soon", ["one_year_ahead"]),
    ("the year ends in 94 days", {**ARRIVED, "arrival": on(date(2026, 2, 23))}, "routine", ["nothing_near"]),
    (
        "the year ended yesterday",
        {**ARRIVED, "arrival": on(date(2025, 11, 20))},
        "urgent",
        ["one_year_just_passed"],
    ),
    (
        "the year ended 89 days ago",
        {**ARRIVED, "arrival": on(date(2025, 8, 24))},
        "urgent",
        ["one_year_just_passed"],
    ),
    (
        "the year ended 92 days ago",
        {**ARRIVED, "arrival": on(date(2025, 8, 21))},
        "soon",
        ["one_year_passed"],
    ),
    ("the year ended long ago", {**ARRIVED, "arrival": on(date(2019, 5, 6))}, "soon", ["one_year_passed"]),
    (
        "of an arrival in a year the worst day counts",
        {**ARRIVED, "arrival": on(date(2025, 1, 1), date(2025, 12, 31))},
        "urgent",
        ["one_year_near"],
    ),
    (
        "of an arrival in a month the earliest day counts",
        {**ARRIVED, "arrival": on(date(2025, 12, 15), date(2026, 1, 15))},
        "urgent",
        ["one_year_near"],
    ),
    (
        "the year does not matter to who filed",
        {"filed": "self", "arrival": on(date(2025, 12, 1))},
        "routine",
        ["nothing_near"],
    ),
    (
        "no date of a year for a child alone",
        {**ARRIVED, "alone_minor": "yes", "arrival": on(date(2025, 12, 1))},
        "urgent",
        ["child_alone"],
    ),
    # status: six months before 21 November is 21 May
    (
        "a status that ended a day less than six months ago",
        {"status": "tps", "status_end": on(date(2026, 5, 22))},
        "urgent",
        ["status_just_ended"],
    ),
    (
        "a status that ended six months ago",
        {"status": "tps", "status_end": on(date(2026, 5, 21))},
        "routine",
        ["nothing_near"],
    ),
    (
        "a status that ended a day more than six months ago",
        {"status": "tps", "status_end": on(date(2026, 5, 20))},
        "routine",
        ["nothing_near"],
    ),
    (
        "a status that ended yesterday",
        {"status": "visa", "status_end": day(-1)},
        "urgent",
        ["status_just_ended"],
    ),
    ("a status that ends today", {"status": "visa", "status_end": day(0)}, "routine", ["nothing_near"]),
    ("a status that has not ended", {"status": "visa", "status_end": "current"}, "routine", ["nothing_near"]),
    (
        "a status that ended in a year that reaches into the six months",
        {"status": "parole", "status_end": on(date(2026, 1, 1), date(2026, 12, 31))},
        "urgent",
        ["status_just_ended"],
    ),
    # letters: 30 days to appeal, 180 to reopen, 16 for a notice of intent, 30 for the fee
    (
        "the last day to appeal is a Saturday and moves to Monday",
        {"letter": "denial", "letter_date": on(date(2026, 10, 22))},
        "urgent",
        ["appeal_running"],
    ),
    (
        "the time to appeal is over",
        {"letter": "denial", "letter_date": on(date(2026, 10, 20))},
        "routine",
        ["nothing_near"],
    ),
    (
        "an order made in absence is an order too",
        {"letter": "in_absentia", "letter_date": day(-100), "removal_soon": "no"},
        "urgent",
        ["earlier_order", "in_absentia_running"],
    ),
    (
        "an order made in absence long ago",
        {"letter": "in_absentia", "letter_date": day(-400), "removal_soon": "no"},
        "urgent",
        ["earlier_order"],
    ),
    ("a notice of intent", {"letter": "noid", "letter_date": day(-16)}, "urgent", ["noid_running"]),
    (
        "a notice of intent whose time is over",
        {"letter": "noid", "letter_date": day(-17)},
        "routine",
        ["nothing_near"],
    ),
    ("an unpaid fee", {"letter": "annual_fee", "letter_date": day(-30)}, "urgent", ["fee_running"]),
    (
        "of a letter in a month the latest day still runs",
        {"letter": "noid", "letter_date": day(-40, -10)},
        "urgent",
        ["noid_running"],
    ),
    # windows
    ("a clock that stopped", {"clock_stopped": day(-40)}, "soon", ["clock_stopped"]),
    (
        "a clock that runs again",
        {"clock_stopped": day(-40), "clock_restarted": day(-20)},
        "routine",
        ["nothing_near"],
    ),
    ("a permit that ends in 180 days", {"permit_expires": day(180)}, "soon", ["permit_window"]),
    ("a permit that ends in 181 days", {"permit_expires": day(181)}, "routine", ["nothing_near"]),
    ("a permit that ends today", {"permit_expires": day(0)}, "soon", ["permit_window"]),
    ("a permit that ended", {"permit_expires": day(-1)}, "routine", ["nothing_near"]),
    (
        "family abroad and 180 days to ask for them",
        {"letter": "granted", "letter_date": on(date(2025, 5, 20)), "family": "abroad"},
        "soon",
        ["i730_window"],
    ),
    (
        "family abroad and 181 days to ask for them",
        {"letter": "granted", "letter_date": on(date(2025, 5, 21)), "family": "abroad"},
        "routine",
        ["nothing_near"],
    ),
    (
        "asylum granted and no family",
        {"letter": "granted", "letter_date": on(date(2025, 5, 20)), "family": "none"},
        "routine",
        ["nothing_near"],
    ),
    # not known
    ("an arrival that is not known", {**ARRIVED, "arrival": "unknown"}, "urgent", ["unknown_arrival"]),
    ("an arrival that is not said", {**ARRIVED, "arrival": "refused"}, "urgent", ["unknown_arrival"]),
    ("a court that is not known", {"court": "unknown"}, "urgent", ["unknown_court", "unknown_appointment"]),
    ("whether the person is held is not known", {"detained": "unknown"}, "urgent", ["unknown_detained"]),
    (
        "whether a removal is near is not known and no emergency",
        {"detained": "self", "removal_soon": "unknown"},
        "urgent",
        ["detained_self", "unknown_removal_soon"],
    ),
    (
        "the day of a letter from which time runs is not known",
        {"letter": "noid", "letter_date": "unknown"},
        "urgent",
        ["unknown_letter_date"],
    ),
    (
        "after a grant it is not known where the family is",
        {"letter": "granted", "letter_date": on(date(2026, 5, 21)), "family": "unknown"},
        "soon",
        ["unknown_family"],
    ),
    ("a family that is not told changes nothing else", {"family": "refused"}, "routine", ["nothing_near"]),
    ("a lawyer that is not told changes nothing", {"lawyer": "refused"}, "routine", ["nothing_near"]),
]


@pytest.mark.parametrize(("name", "changed", "level", "codes"), ROWS, ids=[row[0] for row in ROWS])
def test_the_level_and_its_reasons(name: str, changed: dict[str, Any], level: str, codes: list[str]) -> None:
    assert found(**changed) == (level, codes)


def test_a_reason_carries_its_day_and_the_days_left() -> None:
    reason = assessed(**HEARING, appointment_date=day(12)).reasons[0]
    assert dict(reason.values) == {"day": TODAY + timedelta(days=12), "days_left": 12}


def test_a_reason_of_a_range_carries_both_ends_and_the_worst_day() -> None:
    reason = assessed(**HEARING, appointment_date=day(-5, 400)).reasons[0]
    assert dict(reason.values) == {
        "day": TODAY,
        "days_left": 0,
        "earliest": TODAY - timedelta(days=5),
        "latest": TODAY + timedelta(days=400),
    }


def test_the_worst_reason_stands_first_and_gives_the_level() -> None:
    result = assessed(
        order="yes", removal_soon="yes", permit_expires=day(20), emergencies=("agents",), letter="dismissal"
    )
    ranks = [LEVELS.index(reason.level) for reason in result.reasons]
    assert ranks == sorted(ranks)
    assert result.level == result.reasons[0].level == "emergency"


def test_what_was_never_asked_and_could_matter_counts_as_unknown() -> None:
    stopped = assess(Facts(place="us", detained="no", filed="no"), LAWS, RULES, TODAY)
    assert stopped.level == "urgent"
    assert stopped.unknown == ("court", "appointment", "letter", "order", "arrival", "status")


def test_what_was_never_asked_because_it_changes_nothing_is_not_unknown() -> None:
    assert assessed().unknown == ()
    assert assessed(detained="self", removal_soon="no", filed=None, court=None, order=None).unknown == ()


def test_where_it_is_not_known_which_of_two_days_the_person_has_the_worse_one_counts() -> None:
    both = Span(TODAY, TODAY + timedelta(days=1))
    facts = HEARING | {"appointment_date": day(31)}
    assert assessed(TODAY, **facts).level == "soon"
    assert assessed(both, **facts).level == "urgent"
    passed = HEARING | {"appointment_date": day(-89)}
    assert assessed(both, **passed).level == "urgent"


def test_days_come_from_the_calculations_and_are_told_with_their_facts() -> None:
    result = assessed(**ARRIVED, arrival=on(date(2025, 12, 20)))
    (told,) = result.told
    assert (told.calculation, told.inputs) == ("one_year_filing", {"last_arrival": "2025-12-20"})
    assert isinstance(told.result, Deadline)
    # 20 December 2026 is a Sunday.
    assert told.result.date == result.reasons[0].values["day"] == date(2026, 12, 21)
    assert result.dates == (told.result,)


def test_a_day_that_no_calculation_covers_is_told_as_such_and_gives_no_reason() -> None:
    result = assessed(letter="annual_fee", letter_date=on(date(2020, 1, 1)))
    assert isinstance(result.dates[0], NotCovered)
    assert result.level == "routine"


WAY_ROWS: list[tuple[str, dict[str, Any], str, tuple[str, ...]]] = [
    ("at USCIS", {}, "uscis", ("court_no", "place_us")),
    ("before a judge", HEARING, "court", ("court_yes", "place_us")),
    ("at the border", {"place": "border"}, "border", ("court_no", "place_border")),
    ("abroad", {"place": "abroad", "court": None}, "abroad", ("place_abroad",)),
    ("not known", {"place": "unknown"}, "unknown", ("court_no",)),
    ("not known whether there is a court", {"court": "unknown"}, "unknown", ("place_us",)),
    (
        "an order goes before the court",
        {**HEARING, "order": "yes"},
        "order",
        ("order_yes", "court_yes", "place_us"),
    ),
    ("an order goes before being abroad", {"place": "abroad", "order": "yes"}, "order", ()),
    ("an order made in absence", {"letter": "in_absentia"}, "order", ()),
    ("a child goes before an order", {"alone_minor": "yes", "order": "yes"}, "child", ()),
    ("detention goes before a child", {"alone_minor": "yes", "detained": "self"}, "detained", ()),
    ("a form of somebody else goes before all", {"filed": "other", "detained": "self"}, "person_first", ()),
]


@pytest.mark.parametrize(("name", "changed", "way", "why"), WAY_ROWS, ids=[row[0] for row in WAY_ROWS])
def test_the_way_and_what_leads_there(
    name: str, changed: dict[str, Any], way: str, why: tuple[str, ...]
) -> None:
    result = assessed(**changed)
    assert result.way == result.ways[0] == way
    assert result.steps == STEPS[way]
    assert not why or result.ways_why == why


@pytest.mark.parametrize(
    ("changed", "step"),
    [
        ({"filed": "no"}, "prepare"),
        ({"filed": "unknown"}, "prepare"),
        ({}, "fingerprints"),
        ({"appointment": "interview"}, "interview"),
        (HEARING, "hearing"),
        ({**HEARING, "filed": "no"}, "prepare"),
        ({"letter": "noid"}, "decision"),
        ({"letter": "granted"}, "after"),
        ({"filed": "other"}, "form_copy"),
        ({"detained": "self"}, "detained_lawyer"),
        ({"place": "abroad", "letter": "granted"}, "abroad_safety"),
    ],
    ids=str,
)
def test_you_are_here(changed: dict[str, Any], step: str) -> None:
    result = assessed(**changed)
    assert result.steps[result.here] == step


def test_every_way_has_steps_and_every_step_has_its_words() -> None:
    assert set(STEPS) == set(WAYS)
    steps = {step for steps in STEPS.values() for step in steps}
    assert {f"triage_step_{step}" for step in steps} <= set(LABELS)


@pytest.mark.parametrize(
    ("changed", "lists"),
    [
        ({}, ("common", "filed")),
        ({"filed": "no"}, ("common",)),
        ({"detained": "self", "filed": "no"}, ("common", "detained")),
        (HEARING, ("common", "court", "filed")),
        ({"filed": "no", "order": "yes"}, ("common", "order")),
        ({"filed": "no", "alone_minor": "yes"}, ("common", "child")),
        ({"filed": "no", "place": "abroad", "family": "here"}, ("common", "abroad", "family")),
        ({"filed": "no", "entry": "uninspected"}, ("common",)),
        ({"filed": "no", "entry": "released"}, ("common", "entry_papers")),
        ({"filed": "no", "entry": "visa"}, ("common", "entry_papers", "status")),
        ({"filed": "no", "status": "tps"}, ("common", "status")),
        ({"filed": "no", "family": "none"}, ("common",)),
    ],
    ids=str,
)
def test_what_to_bring(changed: dict[str, Any], lists: tuple[str, ...]) -> None:
    assert assessed(**changed).checklists == lists


def test_predicates_are_questions_with_their_limits_included() -> None:
    ended = Facts.from_dict({"status_end": on(date(2026, 8, 31))})
    assert has_status_ended_within(ended, 6, date(2027, 2, 27))
    assert not has_status_ended_within(ended, 6, date(2027, 2, 28))
    assert is_removal_within(Facts.from_dict({"removal_date": day(2)}), 48, TODAY)
    assert not is_removal_within(Facts.from_dict({"removal_date": day(2)}), 47, TODAY)


def test_the_assessment_names_the_version_of_its_rules() -> None:
    assert assessed().rules_version == RULES.on(TODAY).id == "2026-11-1"


@st.composite
def answers(draw: st.DrawFn, question: str) -> Answer | None:
    """Any answer to a question, or none."""
    codes: list[Answer | None] = [*QUESTIONS[question], UNKNOWN, "refused", None]
    if is_answer(question, Span(TODAY, TODAY)):
        first = TODAY + timedelta(days=draw(st.integers(-800, 500)))
        codes.append(Span(first, first + timedelta(days=draw(st.sampled_from([0, 0, 30, 365])))))
    return draw(st.sampled_from(codes))


@st.composite
def situations(draw: st.DrawFn) -> Facts:
    facts = Facts()
    for question in QUESTIONS:
        facts = facts.with_answer(question, draw(answers(question)))
    return facts


def level(facts: Facts, emergencies: tuple[str, ...] = ()) -> str:
    return assess(facts, LAWS, RULES, TODAY, emergencies).level


@settings(max_examples=250, deadline=None)
@given(situations(), st.sampled_from(WORSE_UNKNOWN))
def test_not_to_know_an_answer_never_makes_it_less_urgent(facts: Facts, question: str) -> None:
    before, after = level(facts), level(facts.with_answer(question, UNKNOWN))
    if before != "emergency" and not facts.is_open(question):
        assert LEVELS.index(after) <= LEVELS.index(before)


@settings(max_examples=150, deadline=None)
@given(situations(), st.sampled_from([*QUESTIONS]), st.data())
def test_no_fact_removes_an_emergency(facts: Facts, question: str, data: st.DataObject) -> None:
    later = facts.with_answer(question, data.draw(answers(question)))
    assert level(facts, ("agents",)) == level(later, ("agents",)) == "emergency"


@settings(max_examples=150, deadline=None)
@given(situations())
def test_every_situation_has_a_level_a_way_steps_and_a_place_in_them(facts: Facts) -> None:
    result = assess(facts, LAWS, RULES, TODAY)
    assert result.level in LEVELS and result.reasons and result.way in WAYS
    assert 0 <= result.here < len(result.steps)
    assert len({reason.code for reason in result.reasons}) == len(result.reasons)
    assert set(open_questions(facts)) & set(WORSE_UNKNOWN) - {"family"} <= set(result.unknown)


@settings(max_examples=200, deadline=None)
@given(situations())
def test_facts_survive_json(facts: Facts) -> None:
    assert Facts.from_dict(json.loads(json.dumps(facts.as_dict()))) == facts


@pytest.mark.parametrize(
    "data",
    [
        {"place": "mars"},
        {"court": {"earliest": "2026-01-01", "latest": "2026-01-01"}},
        {"arrival": {"earliest": "2026-01-02", "latest": "2026-01-01"}},
        {"shoe_size": "40"},
    ],
    ids=str,
)
def test_what_is_no_fact_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        Facts.from_dict(data)
