"""The calendar file: read back as a calendar program reads it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar

from bot.core.deadlines import Deadline, Rules, calculate, load_rules
from bot.core.deadlines.calendar_file import ALARM_DAYS, KINDS, NoFile, calendar_file, key_days
from bot.core.law import load_parameters

ROOT = Path(__file__).resolve().parents[2]
TODAY = date(2026, 11, 21)
TITLES = {kind: f"Fecha importante ({kind})" for kind in KINDS}


@cache
def rules() -> Rules:
    return load_rules(ROOT / "bot/law/deadlines", load_parameters(ROOT / "bot/law/parameters"))


def made(calculation: str, today: date = TODAY, titles: dict[str, str] = TITLES, **inputs: Any) -> bytes:
    file = calendar_file(calculate(calculation, inputs, rules(), today), titles)
    assert isinstance(file, bytes), file
    return file


def events(file: bytes) -> list[Any]:
    return list(Calendar.from_ical(file).walk("VEVENT"))


def test_the_last_day_and_the_safer_one_are_events_of_whole_days() -> None:
    safe, last = events(made("bia_appeal", decision_date="2026-11-20"))
    assert [event["DTSTART"].dt for event in (safe, last)] == [date(2026, 12, 18), date(2026, 12, 21)]
    for event in (safe, last):
        assert event["DTSTART"].params["VALUE"] == "DATE"
        assert event["DTEND"].dt - event["DTSTART"].dt == timedelta(days=1)
        assert str(event["CLASS"]) == "PRIVATE"
        assert str(event["TRANSP"]) == "TRANSPARENT"
        assert event["DTSTAMP"].dt == datetime(2026, 11, 21, tzinfo=UTC)
    assert [str(event["SUMMARY"]) for event in (safe, last)] == [TITLES["safe_day"], TITLES["last_day"]]


def test_alarms_ring_in_the_morning_60_30_7_and_1_days_before() -> None:
    for event in events(made("one_year_filing", last_arrival="2026-06-03")):
        rings = [event["DTSTART"].dt, *(alarm["TRIGGER"].dt for alarm in event.walk("VALARM"))][1:]
        assert rings == [timedelta(hours=9) - timedelta(days=days) for days in (60, 30, 7, 1)]
        for alarm in event.walk("VALARM"):
            assert str(alarm["ACTION"]) == "DISPLAY"
            assert str(alarm["DESCRIPTION"]) == str(event["SUMMARY"])


def test_alarms_whose_day_is_over_are_left_out() -> None:
    _, last = events(made("bia_appeal", decision_date="2026-10-27"))
    assert last["DTSTART"].dt == date(2026, 11, 27)
    assert [alarm["TRIGGER"].dt for alarm in last.walk("VALARM")] == [timedelta(hours=-15)]
    assert ALARM_DAYS[-1] == 1


def test_lines_end_as_the_standard_wants_and_none_is_longer_than_75_bytes() -> None:
    title = "Fecha importante, con coma; punto y coma\\barra: " + "ñandú " * 20
    file = made("ar11", titles=dict.fromkeys(KINDS, title), moved="2026-11-20")
    assert file.endswith(b"END:VCALENDAR\r\n")
    assert file.count(b"\n") == file.count(b"\r\n")
    assert all(len(line) <= 75 for line in file.split(b"\r\n"))
    assert all(str(event["SUMMARY"]) == title for event in events(file))


def test_a_title_cannot_bring_its_own_lines() -> None:
    title = "Fecha\r\nATTACH:https://example.com\nEND:VEVENT"
    file = made("ar11", titles=dict.fromkeys(KINDS, title), moved="2026-11-20")
    assert len(events(file)) == 2
    assert not any(line.startswith(b"ATTACH") for line in file.split(b"\r\n"))


def test_nothing_but_title_and_day_is_told() -> None:
    (calendar,) = Calendar.from_ical(made("one_year_filing", last_arrival="2026-06-03"), multiple=True)
    assert set(calendar) == {"PRODID", "VERSION", "METHOD"}
    for event in calendar.walk("VEVENT"):
        assert set(event) == {"UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "CLASS", "TRANSP"}
    text = made("one_year_filing", last_arrival="2026-06-03").decode().lower()
    assert not any(word in text for word in ("asylum", "asilo", "uscis", "eoir", "one_year", "20260603"))


def test_the_same_date_has_the_same_ids_and_another_day_of_asking_does_not_change_them() -> None:
    def ids(file: bytes) -> list[str]:
        return [str(event["UID"]) for event in events(file)]

    first = made("bia_appeal", decision_date="2026-11-20")
    assert first == made("bia_appeal", decision_date="2026-11-20")
    later = made("bia_appeal", today=TODAY + timedelta(days=3), decision_date="2026-11-20")
    assert ids(first) == ids(later)
    assert len(set(ids(first))) == 2
    assert ids(first) != ids(made("bia_appeal", decision_date="2026-11-12"))
    # Another calculation that leads to the same day cannot be told from the id.
    assert set(ids(first)) == set(ids(made("petition_for_review", final_order="2026-11-20")))


def test_of_a_range_the_cautious_end_is_marked() -> None:
    span = {"earliest": "2026-03-03", "latest": "2026-03-31"}
    assert events(made("one_year_filing", last_arrival=span))[-1]["DTSTART"].dt == date(2027, 3, 3)
    (first,) = events(
        made("asylum_ead_clock", i589_received={"earliest": "2026-10-01", "latest": "2026-10-31"})
    )
    assert first["DTSTART"].dt == date(2026, 10, 31) + timedelta(days=150)
    assert str(first["SUMMARY"]) == TITLES["first_day"]


def test_the_safe_target_stands_before_the_real_last_day() -> None:
    safe, last = events(made("one_year_safe_target", last_arrival="2026-06-03"))
    assert safe["DTSTART"].dt < last["DTSTART"].dt == date(2027, 6, 3)
    span = {"earliest": "2026-06-03", "latest": "2026-06-20"}
    assert events(made("one_year_safe_target", last_arrival=span))[-1]["DTSTART"].dt == date(2027, 6, 3)


def test_a_day_that_binds_the_government_is_not_called_a_first_day() -> None:
    (event,) = events(made("credible_fear_ij_review", determination="2026-11-20"))
    assert str(event["SUMMARY"]) == TITLES["other_day"]


def test_a_safer_day_that_is_over_is_left_out() -> None:
    (last,) = events(made("bia_appeal", today=date(2026, 12, 21), decision_date="2026-11-20"))
    assert last["DTSTART"].dt == date(2026, 12, 21)
    assert list(last.walk("VALARM")) == []


@pytest.mark.parametrize(
    ("calculation", "inputs", "reason"),
    [
        ("one_year_filing", {"last_arrival": "2024-06-03"}, "date_passed"),
        (
            "one_year_filing",
            {"last_arrival": {"earliest": "2024-06-03", "latest": "2026-06-03"}},
            "date_passed",
        ),
        ("asylum_ead_clock", {"i589_received": "2025-06-03"}, "date_passed"),
        ("motion_to_reopen", {"final_order": "2026-11-02", "ground": "lack_of_notice"}, "no_date"),
        ("individual_hearing_filings", {"hearing": "2027-03-15", "detained": True}, "not_covered"),
    ],
)
def test_what_is_over_or_has_no_day_gives_no_file(
    calculation: str, inputs: dict[str, Any], reason: str
) -> None:
    result = calculate(calculation, inputs, rules(), TODAY)
    assert calendar_file(result, TITLES) == NoFile(reason)


def test_without_a_day_there_are_no_key_days() -> None:
    result = calculate("one_year_filing", {"last_arrival": "2026-06-03", "uac": True}, rules(), TODAY)
    assert isinstance(result, Deadline)
    assert key_days(result) == {}
