"""A value of the law as people were told it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.core.law import Parameters, load_parameters
from bot.core.told import as_told, changed_lately, in_language, midnight, standing

FILE = """\
id: {id}
title: {{en: A fee, es: Una tarifa}}
unit: {unit}
confidence: high
versions:
  2025-01-01:
    value: 100
    authority: [{{cite: One, checked: 2026-01-01}}]
  2026-01-01:
    value: {second}
    authority: [{{cite: Two, checked: 2026-01-01}}]
  2026-06-01:
    value: 999
    status: proposed
    authority: [{{cite: Three, checked: 2026-01-01}}]
"""


@pytest.fixture
def law(tmp_path: Path) -> Parameters:
    for name, unit, second in (
        ("moved", "usd", "102"),
        ("ended", "days", "null"),
        ("same", "usd", "100"),
    ):
        (tmp_path / "fee").mkdir(exist_ok=True)
        (tmp_path / "fee" / f"{name}.yml").write_text(
            FILE.format(id=f"fee.{name}", unit=unit, second=second), encoding="utf-8"
        )
    return load_parameters(tmp_path)


def test_a_value_on_a_day_with_the_one_before(law: Parameters) -> None:
    now = standing(law, "fee.moved", date(2026, 7, 1))
    assert now is not None
    assert (now.now, now.since) == ({"en": "$102", "es": "$102"}, date(2026, 1, 1))
    assert (now.before["es"], now.authority[0].cite) == ("$100", "Two")
    then = standing(law, "fee.moved", date(2025, 12, 31))
    assert then is not None
    assert (then.now["en"], then.before) == ("$100", {})
    never = standing(law, "fee.moved", date(2024, 1, 1))
    assert never is not None
    assert (never.now, never.since) == ({}, None)
    assert standing(law, "fee.none_such", date(2026, 7, 1)) is None


def test_a_rule_that_has_ended_has_no_value(law: Parameters) -> None:
    ended = standing(law, "fee.ended", date(2026, 7, 1))
    assert ended is not None
    assert (ended.now, ended.before["es"], ended.since) == ({}, "100 días", date(2026, 1, 1))


@pytest.mark.parametrize(
    ("today", "names"),
    [
        (date(2026, 1, 1), ["fee.moved", "fee.ended"]),
        (date(2026, 4, 1), ["fee.moved", "fee.ended"]),
        (date(2026, 4, 2), []),
        (date(2025, 12, 31), []),
        (date(2025, 1, 2), []),
    ],
)
def test_what_changed_lately_is_what_is_another_value(law: Parameters, today: date, names: list[str]) -> None:
    assert [found.id for found in changed_lately(law, today)] == names


def test_a_value_that_was_told_is_known_in_both_languages(law: Parameters) -> None:
    assert in_language(law.get("fee.ended"), "100 days", "es") == "100 días"
    assert in_language(law.get("fee.ended"), "95 days", "es") == "95 days"


@pytest.mark.parametrize(
    ("name", "given", "told"),
    [
        ("fee.moved", "100", {"100", "$100"}),
        ("fee.moved", "$1,010", {"$1,010"}),
        ("fee.moved", "1010", {"1010", "$1,010"}),
        ("fee.ended", "150", {"150", "150 days", "150 días"}),
        ("fee.ended", "150 días", {"150 días"}),
        ("fee.moved", "", {""}),
    ],
)
def test_what_somebody_types_is_found_as_it_was_told(
    law: Parameters, name: str, given: str, told: set[str]
) -> None:
    assert as_told(law.get(name), given) == told


def test_a_day_begins_where_the_firm_is() -> None:
    assert midnight(date(2026, 7, 1), "America/New_York") == datetime(2026, 7, 1, 4, tzinfo=UTC)
