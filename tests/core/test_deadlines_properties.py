"""What holds for every date: moves, order, ranges, stops, and that nothing but a clear refusal is ever raised."""

from __future__ import annotations

import json
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.deadlines import (
    CALCULATIONS,
    Deadline,
    InputError,
    NotCovered,
    Rules,
    Span,
    calculate,
    load_rules,
)
from bot.core.deadlines.calendar import business_day_before, day_off
from bot.core.law import load_parameters

LAW = Path(__file__).resolve().parents[2] / "bot/law"
TODAY = date(2026, 11, 22)
ROLLING = {
    "one_year_filing": "last_arrival",
    "bia_appeal": "decision_date",
    "petition_for_review": "final_order",
    "motion_to_reopen": "final_order",
    "motion_to_reconsider": "final_order",
    "motion_to_reopen_in_absentia": "in_absentia_order",
    "i730_deadline": "asylum_granted",
}
# One day in, one day out: the calculations whose result moves with a single fact.
SINGLE = ROLLING | {
    "one_year_safe_target": "last_arrival",
    "asylum_ead_clock": "i589_received",
    "ead_renewal_window": "ead_expires",
    "noid_response": "noid_date",
    "annual_asylum_fee_due": "notice_date",
    "decision_pickup_target": "interview",
    "individual_hearing_filings": "hearing",
    "master_hearing_filings": "hearing",
    "court_response": "filed",
    "i485_one_year": "asylum_granted",
    "naturalization": "i485_approved",
    "eoir33": "moved",
    "ar11": "moved",
    "credible_fear_ij_review": "determination",
    "reasonable_fear_ij_review": "referral",
}

days = st.dates(date(1996, 1, 1), date(2060, 12, 31))
recent = st.dates(date(2025, 10, 1), date(2060, 12, 31))
quick = settings(max_examples=150, deadline=None)


@cache
def rules() -> Rules:
    return load_rules(LAW / "deadlines", load_parameters(LAW / "parameters"))


def ask(name: str, facts: dict[str, Any]) -> Deadline:
    found = calculate(name, facts, rules(), TODAY)
    assert isinstance(found, Deadline)
    return found


def day_of(name: str, facts: dict[str, Any]) -> date:
    found = ask(name, facts).date
    assert found is not None
    return found


@quick
@given(st.sampled_from(sorted(ROLLING)), st.dates(date(1998, 1, 1), date(2100, 12, 31)))
def test_a_day_that_moves_is_never_a_weekend_or_holiday(name: str, day: date) -> None:
    found = ask(name, {ROLLING[name]: day})
    assert found.date is not None
    assert found.unrolled is not None
    assert day_off(found.date) is None
    assert found.unrolled <= found.date <= found.unrolled + timedelta(days=4)
    assert (found.date == found.unrolled) is (found.roll is None)


@quick
@given(st.sampled_from(sorted(SINGLE)), recent)
def test_file_by_is_a_business_day_before_the_unmoved_day(name: str, day: date) -> None:
    found = ask(name, {SINGLE[name]: day})
    if not found.is_deadline:
        assert found.file_by is None
        return
    assert found.file_by is not None
    assert found.unrolled is not None
    assert day_off(found.file_by) is None
    if name != "one_year_safe_target":
        assert found.file_by == business_day_before(found.unrolled)
    assert found.file_by < found.unrolled


@quick
@given(st.sampled_from(sorted(SINGLE)), recent, recent)
def test_a_later_event_never_gives_an_earlier_day(name: str, one: date, other: date) -> None:
    first, second = sorted((one, other))
    assert day_of(name, {SINGLE[name]: first}) <= day_of(name, {SINGLE[name]: second})


@quick
@given(days, days)
def test_a_later_arrival_never_gives_an_earlier_deadline(one: date, other: date) -> None:
    first, second = sorted((one, other))
    name = "one_year_filing"
    assert day_of(name, {"last_arrival": first}) <= day_of(name, {"last_arrival": second})
    assert day_of(name, {"arrivals": [one, other]}) == day_of(name, {"last_arrival": second})


@quick
@given(st.sampled_from(sorted(SINGLE)), recent, st.integers(1, 60), st.integers(0, 60))
def test_the_ends_of_a_range_bound_every_day_inside(name: str, start: date, length: int, inside: int) -> None:
    end = start + timedelta(days=length)
    found = ask(name, {SINGLE[name]: Span(start, end)})
    assert found.earliest is not None
    assert found.latest is not None
    assert found.earliest.date is not None
    assert found.latest.date is not None
    one = day_of(name, {SINGLE[name]: start + timedelta(days=min(inside, length))})
    assert found.earliest.date <= one <= found.latest.date
    assert found.date == (found.earliest.date if found.is_deadline else found.latest.date)
    json.dumps(found.row())


@quick
@given(recent, st.integers(0, 400), st.integers(0, 400))
def test_more_stopped_days_never_bring_a_day_forward(received: date, stopped: int, more: int) -> None:
    few = ask("asylum_ead_clock", {"i589_received": received, "stopped_days": stopped})
    many = ask("asylum_ead_clock", {"i589_received": received, "stopped_days": stopped + more})
    for key in ("file_i765_from", "card_possible_from"):
        assert many.row()[key] >= few.row()[key]


stops = st.lists(
    st.tuples(st.integers(-30, 300), st.one_of(st.none(), st.integers(0, 120))), min_size=0, max_size=4
)


def spelled(received: date, pairs: list[tuple[int, int | None]]) -> list[dict[str, date | None]]:
    """Stops given as days after receipt and lengths."""
    found: list[dict[str, date | None]] = []
    for start, length in pairs:
        day = received + timedelta(days=start)
        found.append({"from": day, "to": None if length is None else day + timedelta(days=length)})
    return found


@quick
@given(recent, stops, st.tuples(st.integers(-30, 300), st.one_of(st.none(), st.integers(0, 120))))
def test_one_more_stop_never_brings_a_day_forward(received: date, pairs: Any, extra: Any) -> None:
    name = "asylum_ead_clock_intervals"
    few = ask(name, {"i589_received": received, "stops": spelled(received, pairs)}).row()
    many = ask(name, {"i589_received": received, "stops": spelled(received, [*pairs, extra])}).row()
    for key in ("file_i765_from", "card_possible_from"):
        assert (many[key] or "9999") >= (few[key] or "9999")
    assert many["days_accrued"] <= few["days_accrued"]


@quick
@given(recent, stops, st.integers(0, 900))
def test_the_clock_says_the_same_as_counting_day_by_day(received: date, pairs: Any, later: int) -> None:
    today = received + timedelta(days=later)
    given_stops = spelled(received, pairs)
    row = ask(
        "asylum_ead_clock_intervals", {"i589_received": received, "stops": given_stops, "today": today}
    ).row()

    def runs(day: date) -> bool:
        return not any(
            stop["from"] <= day and (stop["to"] is None or day < stop["to"])  # type: ignore[operator]
            for stop in given_stops
        )

    assert row["days_accrued"] == sum(runs(received + timedelta(days=n)) for n in range(later))
    assert row["status"] == ("running" if runs(today) else "stopped")
    reached: dict[int, date] = {}
    count = 0
    for n in range(1500):
        if runs(received + timedelta(days=n)):
            count += 1
            reached.setdefault(count, received + timedelta(days=n + 1))
    for key, wait in (("file_i765_from", 150), ("card_possible_from", 180)):
        assert row[key] == (reached[wait].isoformat() if wait in reached else None)


@quick
@given(recent, recent)
def test_the_status_agrees_with_the_two_days(received: date, today: date) -> None:
    clock = ask("asylum_ead_clock", {"i589_received": received}).row()
    status = ask("asylum_ead_clock_status", {"i589_received": received, "today": today}).row()
    assert status["can_file_i765"] is (today.isoformat() >= clock["file_i765_from"])
    assert status["card_possible"] is (today.isoformat() >= clock["card_possible_from"])


anything: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=12),
        st.dates(),
        st.datetimes(),
        st.builds(Span, st.dates(), st.dates()),
        st.sampled_from(["2026-01-01", "2024-02-29", "2026-02-30", "oral", "uscis", "lack_of_notice"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["earliest", "latest", "from", "to"]), inner, max_size=3),
    ),
    max_leaves=6,
)
NAMES = sorted({name for c in CALCULATIONS.values() for f in c.fields for name in (f.name, *f.also)})


@settings(max_examples=600, deadline=None)
@given(st.data())
def test_any_input_gives_a_value_or_a_clear_refusal(data: st.DataObject) -> None:
    calculation = CALCULATIONS[data.draw(st.sampled_from(sorted(CALCULATIONS)))]
    likely = {
        "date": st.one_of(
            days,
            st.builds(lambda d, n: {"earliest": d, "latest": d + timedelta(days=n)}, days, st.integers(0, 9)),
        ),
        "dates": st.lists(days, min_size=1, max_size=3),
        "days": st.integers(0, 4000),
        "bool": st.booleans(),
        "choice": st.sampled_from(["oral", "mailed", "court", "uscis", "general", "lack_of_notice"]),
        "stops": st.lists(
            st.builds(lambda d, n: {"from": d, "to": d + timedelta(days=n)}, days, st.integers(0, 99)),
            max_size=2,
        ),
    }
    facts: dict[Any, Any] = {}
    for field in calculation.fields:
        if field.required or data.draw(st.booleans()):
            facts[field.name] = data.draw(st.one_of(likely[field.kind], likely[field.kind], anything))
    if data.draw(st.integers(0, 9)) == 0:
        facts[data.draw(st.one_of(st.sampled_from(NAMES), st.text(max_size=5)))] = data.draw(anything)
    try:
        found = calculate(calculation.id, facts, rules(), TODAY)
    except InputError as error:
        assert error.problem
        assert error.remedy
        assert error.texts("es")
        return
    assert isinstance(found, Deadline | NotCovered)
    json.dumps(found.row())


@quick
@given(anything)
def test_facts_of_any_shape_are_refused_clearly(facts: Any) -> None:
    try:
        calculate("ar11", facts, rules(), TODAY)
    except InputError as error:
        assert error.problem
