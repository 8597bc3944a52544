from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from bot.core.errors import LawFileError
from bot.core.law import (
    Authority,
    NotInForce,
    Parameter,
    Parameters,
    Raw,
    Value,
    format_date,
    format_value,
    load_parameters,
)

BROKEN = Path(__file__).resolve().parents[1] / "broken"


@pytest.fixture
def parameters() -> Parameters:
    return load_parameters(BROKEN / "good/law/parameters")


def told(raw: Raw, unit: str, lang: str, style: str = "plain") -> str:
    parameter = Parameter("a.b", {}, unit, "high", None, "", (), "", "")
    authority = (Authority("X", "", date(2026, 7, 1)),)
    return format_value(Value(parameter, date(2025, 7, 22), raw, authority), lang, style)


@pytest.mark.parametrize(
    ("day", "value"),
    [
        (date(2025, 7, 22), 100),
        (date(2025, 12, 31), 100),
        (date(2026, 1, 1), 1010),
        (date(2036, 1, 1), 1010),
    ],
)
def test_a_version_holds_from_its_day_until_the_next(parameters: Parameters, day: date, value: int) -> None:
    found = parameters.at("fee.i589", day)
    assert isinstance(found, Value)
    assert found.raw == value


def test_before_the_first_version_there_is_no_value(parameters: Parameters) -> None:
    found = parameters.at("fee.i589", date(2025, 7, 21))
    assert isinstance(found, NotInForce)
    assert found.on == date(2025, 7, 21)


def test_a_null_version_closes_the_rule(tmp_path: Path) -> None:
    shutil.copytree(BROKEN / "good/law/parameters", tmp_path / "p")
    place = tmp_path / "p/fee/i589.yml"
    place.write_text(
        place.read_text(encoding="utf-8").replace("value: 1010", "value: null"), encoding="utf-8"
    )
    parameters = load_parameters(tmp_path / "p")
    assert isinstance(parameters.at("fee.i589", date(2025, 12, 31)), Value)
    assert isinstance(parameters.at("fee.i589", date(2026, 1, 1)), NotInForce)


def test_what_is_proposed_or_vacated_is_told_only_to_a_fact_check(parameters: Parameters) -> None:
    day = date(2026, 10, 2)
    for include, value in (((), 150), (("proposed",), 365), (("vacated",), 10)):
        found = parameters.at("ead.file_wait", day, include)
        assert isinstance(found, Value)
        assert found.raw == value


def test_a_value_carries_its_authority_and_oldest_check(parameters: Parameters) -> None:
    found = parameters.at("fee.i589", date(2026, 7, 1))
    assert isinstance(found, Value)
    assert found.checked == date(2026, 6, 20)
    assert found.authority[0].cite == "Example Notice 2"
    assert found.effective == date(2026, 1, 1)


def test_an_unknown_id_is_refused_with_the_nearest_one(parameters: Parameters) -> None:
    with pytest.raises(LawFileError) as caught:
        parameters.at("fee.i598", date(2026, 7, 1))
    assert "fee.i598" in caught.value.problem
    assert "fee.i589" in caught.value.fix


def test_an_uncertain_value_says_so(parameters: Parameters) -> None:
    assert parameters.get("ead.file_wait").uncertain
    assert not parameters.get("fee.i589").uncertain


def test_loading_stops_at_the_first_problem(tmp_path: Path) -> None:
    (tmp_path / "fee").mkdir()
    shutil.copy(BROKEN / "law/wrong_date.yml", tmp_path / "fee/i589.yml")
    with pytest.raises(LawFileError) as caught:
        load_parameters(tmp_path)
    assert caught.value.line == 10
    assert "2026-13-01" in str(caught.value)


@pytest.mark.parametrize(
    ("raw", "unit", "style", "english", "spanish"),
    [
        (560, "usd", "plain", "$560", "$560"),
        (1010, "usd", "plain", "$1,010", "$1,010"),
        (12.5, "usd", "plain", "$12.50", "$12.50"),
        (1010, "usd", "number", "1,010", "1,010"),
        (150, "days", "plain", "150 days", "150 días"),
        (1, "days", "plain", "1 day", "1 día"),
        (150, "days", "number", "150", "150"),
        (18, "months", "plain", "18 months", "18 meses"),
        (1, "months", "plain", "1 month", "1 mes"),
        (1, "years", "plain", "1 year", "1 año"),
        (5, "years", "plain", "5 years", "5 años"),
        (1400000, "count", "plain", "1,400,000", "1,400,000"),
        (14, "percent", "plain", "14%", "14%"),
        (2.5, "percent", "plain", "2.5%", "2.5%"),
        (date(2025, 7, 22), "date", "plain", "July 22, 2025", "22 de julio de 2025"),
        ("1-800-898-7180", "phone", "plain", "1-800-898-7180", "1-800-898-7180"),
        ("https://www.uscis.gov", "url", "plain", "https://www.uscis.gov", "https://www.uscis.gov"),
        ({"en": "one copy", "es": "una copia"}, "text", "plain", "one copy", "una copia"),
        (560, "usd", "since", "July 22, 2025", "22 de julio de 2025"),
    ],
)
def test_a_value_is_written_as_each_language_writes_it(
    raw: Raw, unit: str, style: str, english: str, spanish: str
) -> None:
    assert told(raw, unit, "en", style) == english
    assert told(raw, unit, "es", style) == spanish


def test_days_are_written_in_words() -> None:
    assert format_date(date(2026, 7, 3), "en") == "July 3, 2026"
    assert format_date(date(2026, 7, 3), "es") == "3 de julio de 2026"
