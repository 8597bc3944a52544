"""The table of messages with the event that each of their dates is the date of, on 21 November 2026."""

from __future__ import annotations

import statistics
import time
from datetime import date
from pathlib import Path

import pytest

from bot.core.dates import EVENTS, events_of, find_dates
from bot.core.dates import events as events_module
from bot.core.errors import DataFileError

TABLE = Path(__file__).parent.parent / "vectors" / "date_events.tsv"
TODAY = date(2026, 11, 21)


def rows() -> list[tuple[str, str, str]]:
    """(lang, text, expected) of each line."""
    lines = TABLE.read_text(encoding="utf-8").splitlines()[1:]
    return [(lang, text, expected) for lang, text, expected in (line.split("\t") for line in lines)]


def events(text: str) -> list[str | None]:
    return list(events_of(text, find_dates(text, TODAY)))


@pytest.mark.parametrize(("text", "expected"), [row[1:] for row in rows()])
def test_the_table_gives_the_events_it_says(text: str, expected: str) -> None:
    assert ",".join(event or "-" for event in events(text)) == expected


@pytest.mark.parametrize(("text", "expected"), [row[1:] for row in rows()][::3])
def test_capitals_do_not_change_an_event(text: str, expected: str) -> None:
    assert ",".join(event or "-" for event in events(text.upper())) == expected


def test_the_table_has_every_event_six_times_in_both_languages() -> None:
    for lang in ("en", "es"):
        said = [event for row in rows() if row[0] == lang for event in row[2].split(",")]
        assert {event for event in said if event != "-"} == EVENTS.keys()
        assert min(said.count(event) for event in {*EVENTS, "-"}) >= 6
        assert len(said) >= 130


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no llegué en marzo, llegué en abril", ["arrival", "arrival"]),
        ("llegué el 3 de marzo, no, perdón, el 5 de marzo", ["arrival", "arrival"]),
        ("march 3 came, september 1 filed", ["arrival", "filed"]),
        ("entre el lunes y el martes", [None, None]),
        ("entré el lunes y el martes me sellaron el pasaporte", [None, "arrival"]),
        ("my visa expired in june", ["status_ended"]),
        ("my permit expired in june", ["permit_expires"]),
        ("i got my permit in june", ["other"]),
    ],
)
def test_each_date_has_the_event_of_its_own_words(text: str, expected: list[str | None]) -> None:
    assert events(text) == expected


@pytest.mark.parametrize("text", ["llegué", "llege", "yegue", "yege", "llegue", "LLEGUÉ"])
def test_a_word_is_known_by_its_sound(text: str) -> None:
    assert events(f"{text} el 3 de marzo de 2025") == ["arrival"]


def test_no_dates_have_no_events() -> None:
    assert events_of("llegué por la frontera", ()) == ()


@pytest.mark.parametrize(
    "text",
    [
        "İİİ llegué el 3 de marzo de 2025",
        "\u00b6 llegué el 3 de marzo de 2025 \u00b6\u00b6",
        "\x00\ud800 llegué 3/3/2025",
        "ñ´`’llegué’ 3/3/2025",
        "H h llegue h 3/3/2025",
    ],
)
def test_odd_signs_do_not_move_the_words(text: str) -> None:
    assert events(text) == ["arrival"]


@pytest.mark.parametrize(
    "text",
    ["may 3 2025 the judge " * 200, "3/3/2025 " * 400, "el juez el lunes y " * 200, "no 3/3/2025 " * 300],
)
def test_a_long_text_takes_less_than_half_a_second(text: str) -> None:
    found = find_dates(text, TODAY)
    start = time.perf_counter()
    assert len(events_of(text, found)) == len(found)
    assert time.perf_counter() - start < 0.5


def test_a_message_takes_less_than_a_millisecond() -> None:
    messages = [(text, find_dates(text, TODAY)) for _, text, _ in rows()]
    times = []
    for text, found in messages:
        start = time.perf_counter()
        events_of(text, found)
        times.append(time.perf_counter() - start)
    assert statistics.median(times) < 0.001


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({}, "'words' is missing"),
        ({"words": {}, "joining": {}, "events": {"party": {"en": ["came"]}}}, "there is no event 'party'"),
        ({"words": {}, "joining": {}, "events": {"moved": {"en": ["to <us>"]}}}, "there is no class <us>"),
        ({"words": {}, "joining": {}, "events": {"moved": {"en": ["(so)"]}}}, "may be empty"),
        ({"words": {}, "joining": {}, "events": {"moved": {"en": ["a+b"]}}}, "other signs"),
        ({"words": {}, "joining": {}, "events": {"moved": ["came"]}}, "'moved' needs"),
    ],
)
def test_a_wrong_words_file_says_what_is_wrong(data: dict[str, object], problem: str) -> None:
    with pytest.raises(DataFileError, match=problem):
        events_module._Book(data, "event_words.yml")
