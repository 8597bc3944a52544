from __future__ import annotations

import re
from dataclasses import replace
from datetime import time
from pathlib import Path

import pytest

from bot.core.content import load_library
from bot.core.errors import ContentFileError
from bot.core.firm import FIRM_VALUES, Firm, load_firm
from bot.core.law import load_parameters

EXAMPLE = Path(__file__).resolve().parents[2] / "bot/content/firm.yml"


@pytest.fixture
def firm() -> Firm:
    return load_firm(EXAMPLE)


def test_every_value_can_be_told_in_both_languages(firm: Firm) -> None:
    for name in FIRM_VALUES:
        for lang in ("en", "es"):
            assert firm.value(name, lang)


def test_languages_are_named_in_the_language_of_the_text(firm: Firm) -> None:
    assert firm.value("languages", "en") == "English and Spanish"
    assert firm.value("languages", "es") == "inglés y español"


def test_without_an_emergency_number_the_ordinary_one_is_given(firm: Firm) -> None:
    assert firm.emergency_phone is None
    assert firm.value("emergency_phone", "es") == firm.phone


def test_how_long_conversations_are_kept_is_told_in_days(firm: Firm) -> None:
    assert firm.retention_days == 90
    assert (firm.value("retention_days", "en"), firm.value("retention_days", "es")) == ("90 days", "90 días")
    one = replace(firm, retention_days=1)
    assert (one.value("retention_days", "en"), one.value("retention_days", "es")) == ("1 day", "1 día")


def test_each_question_of_consent_says_its_own_time(firm: Firm) -> None:
    bot = EXAMPLE.parents[1]
    firm = replace(firm, request_retention_days=14)
    library = load_library(bot / "content", load_parameters(bot / "law" / "parameters"), firm)
    for lang, kept, requests in (("en", "90 days", "14 days"), ("es", "90 días", "14 días")):
        assert kept in library.notice("consent_ask", lang).text
        assert requests in library.notice("booking_consent", lang).text
        assert kept not in library.notice("booking_consent", lang).text


def test_a_request_is_kept_as_long_as_a_conversation_unless_it_has_a_time_of_its_own(tmp_path: Path) -> None:
    written = EXAMPLE.read_text(encoding="utf-8").replace("retention_days: 90", "retention_days: 60", 1)
    file = tmp_path / "firm.yml"

    def read(text: str) -> tuple[int, int, int | None]:
        file.write_text(text, encoding="utf-8")
        firm = load_firm(file)
        return firm.retention_days, firm.request_retention_days, firm.alarm_retention_days

    assert read(written) == (60, 60, 365)
    # A file of before has neither line.
    before = [line for line in written.splitlines() if not line.startswith(("request_ret", "alarm_ret"))]
    assert read("\n".join(before)) == (60, 60, None)
    assert read(written.replace("request_retention_days: null", "request_retention_days: 14")) == (
        60,
        14,
        365,
    )
    for wrong in (
        "request_retention_days: 0",
        "request_retention_days: 3651",
        "request_retention_days: soon",
    ):
        with pytest.raises(ContentFileError):
            read(written.replace("request_retention_days: null", wrong))
    with pytest.raises(ContentFileError):
        read(written.replace("alarm_retention_days: 365", "alarm_retention_days: 0"))


def test_hours_are_read_per_weekday(firm: Firm) -> None:
    assert firm.hours[0] == ((time(9), time(17)),)
    assert firm.hours[6] == ()
    assert firm.timezone == "America/New_York"


def test_an_unknown_value_is_a_key_error(firm: Firm) -> None:
    with pytest.raises(KeyError):
        firm.value("fax", "en")


def test_the_example_explains_every_entry() -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").split("\n")
    for number, line in enumerate(lines):
        if re.match(r"[a-z_]+:", line):
            around = [lines[number - 1], lines[number + 1]]
            assert any(other.lstrip().startswith("#") for other in around), line


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ContentFileError) as caught:
        load_firm(tmp_path / "firm.yml")
    assert caught.value.path.endswith("firm.yml")
