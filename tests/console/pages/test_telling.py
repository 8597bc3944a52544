"""How stored things are shown: waiting times, masked values, facts."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from bot.console.pages.filters import (
    CHANNELS,
    LABELS,
    OUTCOMES,
    URGENCIES,
    filter_of,
    read_fields,
    read_key,
    read_place,
    written_key,
    written_place,
)
from bot.console.pages.transcript import REVEAL_REASONS
from bot.console.telling import (
    CHIPS,
    Fact,
    days,
    entities,
    guesses,
    moment,
    other_facts,
    pieces,
    short_id,
    waited,
)
from bot.console.words import load_words
from bot.core.redact import KINDS, WHOLE_KINDS
from tests.console.pages.planting import NOON, ROOT

WORDS = load_words()


def say(name: str, **values: object) -> str:
    return WORDS.say(name, "en", **values)


def diga(name: str, **values: object) -> str:
    return WORDS.say(name, "es", **values)


@pytest.mark.parametrize(
    ("span", "english", "spanish"),
    [
        (timedelta(seconds=-5), "less than 1 min", "menos de 1 min"),
        (timedelta(seconds=59), "less than 1 min", "menos de 1 min"),
        (timedelta(minutes=1), "1 min", "1 min"),
        (timedelta(minutes=59, seconds=59), "59 min", "59 min"),
        (timedelta(hours=2, minutes=10), "2 h 10 min", "2 h 10 min"),
        (timedelta(days=3, hours=4, minutes=59), "3 d 4 h", "3 d 4 h"),
    ],
)
def test_a_waiting_time_is_told_in_its_two_largest_units(span, english, spanish):
    assert (waited(span, say), waited(span, diga)) == (english, spanish)


def test_a_moment_that_is_kept_has_its_day_year_and_zone():
    assert moment(NOON, "en", "America/New_York").replace("\u202f", " ") == "November 21, 2026, 1:00 PM EST"
    assert moment(NOON, "es", "America/New_York").startswith("21 de noviembre de 2026, 1:00")


def test_a_masked_value_becomes_a_chip_that_says_what_stood_there():
    found = pieces("call [PHONE_1] or [EMAIL_2:mended], ask for [NAME_1]!", say)
    assert [(piece.text, piece.chip) for piece in found] == [
        ("call ", False),
        ("phone number 1", True),
        (" or ", False),
        ("email 2", True),
        (", ask for ", False),
        ("name 1", True),
        ("!", False),
    ]


def test_every_kind_that_is_masked_has_its_chip():
    assert {kind.lower() for kind in (*KINDS, *WHOLE_KINDS)} == set(CHIPS)
    for kind in CHIPS:
        assert WORDS.has(f"chip_{kind}")


@pytest.mark.parametrize(
    "marker", ["[story not kept: 120 words, es]", "[story not kept: 120 words, one_year_deadline, en]"]
)
def test_a_story_that_was_not_kept_is_named(marker):
    assert [piece.text for piece in pieces(marker, say)] == ["personal story of 120 words, not kept"]


@pytest.mark.parametrize("text", ["", "[SOMETHING_1]", "[PHONE]", "[phone_1]", "a [b] c", "[[PHONE_x]]"])
def test_what_is_no_token_stays_as_it_is(text):
    assert [(piece.text, piece.chip) for piece in pieces(text, say)] == [(text, False)]


def test_a_text_of_twenty_thousand_brackets_is_read_at_once():
    text = "[PHONE_1" * 5000 + "[story not kept: " * 2000
    assert "".join(piece.text for piece in pieces(text, say)) == text


def test_the_short_id_leaves_out_what_all_ids_have():
    assert short_id("c_0123456789abcdef") == "01234567"


def test_what_is_no_ranking_gives_no_guesses():
    assert guesses(None) == ()
    assert guesses([{"name": "greet"}, {"confidence": 1}, {"name": "x", "confidence": True}]) == ()
    assert [(g.name, g.percent) for g in guesses([{"name": "greet", "confidence": 1.4}])] == [("greet", 100)]


def test_entities_are_told_by_name_and_value():
    found = entities(
        [{"entity": "court", "value": ["a", "b"]}, {"name": "day", "value": {"x": 1}}, {"value": 1}], "en"
    )
    assert found == (Fact("court", "a, b"), Fact("day", "x: 1"))


def test_a_day_and_a_range_of_days_are_told_in_words():
    assert days("2026-12-01", "es") == "1 de diciembre de 2026"
    assert (
        days({"earliest": "2026-12-01", "latest": "2026-12-05"}, "en")
        == "December 1, 2026 – December 5, 2026"
    )
    assert days("tomorrow", "en") is None
    assert days({"earliest": "x", "latest": "y"}, "en") is None
    assert days(7, "en") is None


def test_a_day_with_two_readings_shows_both_and_of_several_days_the_last_counts():
    two = {"text": "03/04/2025", "readings": [_one("2025-03-04"), _one("2025-04-03")]}
    assert days(two, "en") == "March 4, 2025 / April 3, 2025"
    assert days([two, {"text": "x", "readings": [_one("2025-05-01")]}], "es") == "1 de mayo de 2025"
    assert entities([{"entity": "date", "value": two}], "en") == (
        Fact("date", "March 4, 2025 / April 3, 2025"),
    )
    assert days({"readings": []}, "en") is None


def _one(day: str) -> dict[str, str]:
    return {"earliest": day, "latest": day}


def test_a_day_that_answers_a_question_comes_once():
    given = {
        "arrival": _one("2025-12-03"),
        "date_arrival": {"readings": [_one("2025-12-03")]},
        "date_noid": "2026-01-02",
    }
    assert [fact.name for fact in other_facts(given, ("arrival",), "en")] == ["date_noid"]


def test_facts_without_words_come_by_their_code_and_empty_ones_not():
    given = {"nationality": "Honduras", "place": "us", "nothing": None, "filed_date": "2026-01-02"}
    assert list(other_facts(given, ("place",), "en")) == [
        Fact("nationality", "Honduras"),
        Fact("filed_date", "January 2, 2026"),
    ]


def test_a_filter_keeps_what_is_one_of_its_fields():
    asked = {
        "since": "2026-11-01",
        "until": "2026-13-01",
        "channel": "web",
        "language": "fr",
        "outcome": "answered' OR 1=1",
        "topic": "filing_fee",
        "label": "x" * 65,
        "text": "anything",
        "csrf": "1",
        "staff": "a\nb",
    }
    assert read_fields(asked) == {"since": "2026-11-01", "channel": "web", "topic": "filing_fee"}


def test_days_of_a_filter_are_those_of_the_firm_and_both_included():
    found = filter_of({"since": "2026-11-01", "until": "2026-11-01"}, "America/New_York")
    assert (found.since.isoformat(), found.until.isoformat()) == (
        "2026-11-01T00:00:00-04:00",
        "2026-11-02T00:00:00-05:00",
    )


def test_the_last_days_that_a_calendar_has_are_no_filter():
    assert filter_of({"until": "9999-12-31", "since": "0001-01-01"}, "Asia/Tokyo").until is None


def test_a_place_in_a_list_is_read_back_exactly():
    key = (NOON + timedelta(microseconds=7), "c_12-34")
    assert read_key(written_key(key)) == key


@pytest.mark.parametrize("given", ["", "-", "x-c_1", "1", "1-", "٣-c_1", "9" * 40 + "-c_1", "1-" + "c" * 200])
def test_what_is_no_place_in_a_list_is_its_start(given):
    assert read_key(given) is None
    assert read_place(f"urgent-{given}", ("urgent",)) is None


def test_a_place_in_a_queue_is_read_back_exactly():
    place = ("urgent", NOON + timedelta(microseconds=7), "c_a-b_1")
    assert read_place(written_place(place), ("emergency", "urgent")) == place
    assert read_place(written_place(place), ("emergency",)) is None
    assert read_place("", ("emergency",)) is None
    assert written_place(None) == ""


def test_every_day_that_the_engine_keeps_has_its_words():
    domain = (ROOT / "domain.yml").read_text(encoding="utf-8")
    for name in re.findall(r"^  (date_\w+):", domain, re.MULTILINE):
        assert WORDS.has(f"fact_{name}"), name


def test_every_code_of_a_request_and_a_conversation_has_its_words():
    codes = {
        "channel": CHANNELS,
        "outcome": OUTCOMES,
        "urgency": URGENCIES,
        "label": LABELS,
        "reveal_reason": REVEAL_REASONS,
        "delivery": ("waiting", "queued", "retrying", "delivered", "dead"),
        "appointment": ("none", "pending", "confirmed", "moved", "cancelled"),
        "state": ("requested", "cancelled"),
        "author": ("visitor", "bot", "staff"),
        "cannot": ("firm_has_booking", "whatsapp_copy", "engine_later"),
        "said": (
            "claimed",
            "taken",
            "gone",
            "released",
            "not_held",
            "sent",
            "window_closed",
            "stopped",
            "personal",
        ),
    }
    for kind, names in codes.items():
        for name in names:
            assert WORDS.has(f"{kind}_{name}"), name
