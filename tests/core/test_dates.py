"""The table of written forms with what each can mean on 21 November 2026, a Saturday."""

from __future__ import annotations

import calendar
import statistics
import time
from datetime import date
from pathlib import Path

import pytest

from bot.core.dates import FoundDate, corrects, find_dates, last_corrected

TABLE = Path(__file__).parent.parent / "vectors" / "dates.tsv"
TODAY = date(2026, 11, 21)

Meaning = tuple[str, list[tuple[date, date]]]


def rows() -> list[tuple[str, str]]:
    """(text, expected) of each line."""
    lines = TABLE.read_text(encoding="utf-8").splitlines()[1:]
    return [(line.split("\t")[1], line.split("\t")[2]) for line in lines]


def days(written: str) -> tuple[date, date]:
    """First and last day of "2025-03-03", "2025-03", "2025" or "2025-03-01..2025-03-10"."""
    if ".." in written:
        first, last = written.split("..")
        return date.fromisoformat(first), date.fromisoformat(last)
    parts = [int(part) for part in written.split("-")]
    if len(parts) == 1:
        return date(parts[0], 1, 1), date(parts[0], 12, 31)
    if len(parts) == 2:
        return date(*parts, 1), date(*parts, calendar.monthrange(*parts)[1])
    return date(*parts), date(*parts)


def expected(written: str) -> list[Meaning]:
    """What a line of the table asks for: "precision:reading|reading ; ...", "-" for no date."""
    found: list[Meaning] = []
    for one in [] if written == "-" else written.split(" ; "):
        precision, _, readings = one.partition(":")
        found.append((precision, [days(reading) for reading in readings.split("|")] if readings else []))
    return found


def meanings(found: tuple[FoundDate, ...]) -> list[Meaning]:
    return [(one.precision, [(r.earliest, r.latest) for r in one.readings]) for one in found]


@pytest.mark.parametrize(("text", "written"), rows())
def test_the_table_gives_the_readings_it_says(text: str, written: str) -> None:
    assert meanings(find_dates(text, TODAY)) == expected(written)


def test_the_table_is_large() -> None:
    assert len(rows()) >= 300


@pytest.mark.parametrize(("text", "written"), rows())
def test_capitals_do_not_change_a_date(text: str, written: str) -> None:
    assert meanings(find_dates(text.upper(), TODAY)) == expected(written)


def test_the_place_is_that_of_the_text_as_typed() -> None:
    text = "Llegué a EE. UU. — ¡por fin! — el 3 de MARZO de 2025, señor"
    (found,) = find_dates(text, TODAY)
    assert text[found.start : found.end] == found.text == "el 3 de MARZO de 2025"


def test_a_missing_year_is_said_to_be_assumed() -> None:
    assert find_dates("march 3", TODAY)[0].assumed
    assert find_dates("in march", TODAY)[0].assumed
    assert not find_dates("march 3 2025", TODAY)[0].assumed
    assert not find_dates("last year in march", TODAY)[0].assumed


def test_a_day_without_a_year_is_never_later_than_today_unless_the_words_look_ahead() -> None:
    for month in range(1, 13):
        for day in range(1, 29):
            (found,) = find_dates(f"{calendar.month_name[month]} {day}", TODAY)
            assert len(found.readings) == 1
            assert found.readings[0].latest <= TODAY


@pytest.mark.parametrize(
    ("today", "text", "earliest"),
    [
        (date(2026, 11, 21), "in march", date(2026, 3, 1)),
        (date(2026, 3, 1), "in march", date(2026, 3, 1)),
        (date(2026, 2, 28), "in march", date(2025, 3, 1)),
        (date(2026, 11, 26), "thanksgiving", date(2026, 11, 26)),
        (date(2026, 11, 25), "thanksgiving", date(2025, 11, 27)),
        (date(2028, 3, 1), "29 de febrero", date(2028, 2, 29)),
        (date(2026, 12, 31), "new year's eve", date(2026, 12, 31)),
        (date(2026, 1, 1), "ayer", date(2025, 12, 31)),
        (date(2024, 2, 29), "hace un año", date(2022, 8, 28)),
    ],
)
def test_today_decides_which_year_is_meant(today: date, text: str, earliest: date) -> None:
    assert find_dates(text, today)[0].readings[0].earliest == earliest


def test_the_later_mention_stands_after_a_correction() -> None:
    found = find_dates("it was march 3 2025, oops feb 20 2025", TODAY)
    last = last_corrected(found)
    assert last is not None
    assert last.readings[0].earliest == date(2025, 2, 20)
    assert last_corrected(()) is None


def test_today_is_not_the_date_meant_beside_another() -> None:
    last = last_corrected(find_dates("llegué el 3 de marzo de 2025, qué hago hoy", TODAY))
    assert last is not None
    assert last.readings[0].earliest == date(2025, 3, 3)
    only = last_corrected(find_dates("hoy", TODAY))
    assert only is not None
    assert only.readings[0].earliest == TODAY


def test_an_impossible_day_does_not_replace_a_real_one() -> None:
    last = last_corrected(find_dates("march 3 2025, i mean feb 30 2025", TODAY))
    assert last is not None
    assert last.readings
    only = last_corrected(find_dates("feb 30", TODAY))
    assert only is not None
    assert only.precision == "impossible"


@pytest.mark.parametrize(
    "text",
    [
        "oops feb 20",
        "no, perdón, fue el 31",
        "sorry i meant 2024",
        "quise decir marzo",
        "me equivoqué",
        "digo, abril",
    ],
)
def test_words_that_take_something_back_are_seen(text: str) -> None:
    assert corrects(text)


@pytest.mark.parametrize("text", ["feb 20", "no tengo corte", "el 3 de marzo", "i came in may"])
def test_other_words_take_nothing_back(text: str) -> None:
    assert not corrects(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\x00",
        "\ud800",
        "9" * 10_000,
        "1/" * 5_000,
        "hace " * 2_000,
        "el 3 de " * 1_000,
        "ñ" * 999,
        "٣/٤/٢٠٢٥",
    ],
)
def test_any_text_gives_a_value(text: str) -> None:
    for found in find_dates(text, TODAY):
        assert all(reading.earliest <= reading.latest for reading in found.readings)


def test_a_message_takes_less_than_two_milliseconds() -> None:
    texts = [text for text, _ in rows()]
    for text in texts:
        find_dates(text, TODAY)
    times = []
    for text in texts:
        start = time.perf_counter()
        find_dates(text, TODAY)
        times.append(time.perf_counter() - start)
    assert statistics.median(times) < 0.002
