"""The fixed words around a date, results as JSON, and rules that follow their files."""

from __future__ import annotations

import os
import shutil
from datetime import date
from pathlib import Path

import pytest

from bot.core import yaml12
from bot.core.deadlines import InputError, Step, calculate
from bot.core.deadlines.fresh import FreshRules
from bot.core.deadlines.phrases import FILE_NAME, PHRASES, count, load_phrases, weekday_and_day
from bot.core.deadlines.wire import explained, quoted, read_json, result_as_json
from bot.core.errors import ContentFileError, LawFileError
from bot.core.law import load_parameters

BOT = Path(__file__).resolve().parents[2] / "bot"
FILE = BOT / "content" / FILE_NAME


# words


def test_days_and_counts_are_written_as_each_language_writes_them() -> None:
    day = date(2026, 11, 2)
    assert weekday_and_day(day, "en") == "Monday, November 2, 2026"
    assert weekday_and_day(day, "es") == "lunes 2 de noviembre de 2026"
    assert [count(n, unit, "es") for n, unit in ((1, "days"), (13, "days"), (1, "years"), (2, "months"))] == [
        "1 día",
        "13 días",
        "1 año",
        "2 meses",
    ]


@pytest.mark.parametrize(
    ("step", "told"),
    [
        (Step("from", {"date": date(2026, 11, 20)}), "Day 0: Friday, November 20, 2026"),
        (
            Step("add", {"number": 1, "unit": "years", "date": date(2027, 3, 3)}),
            "1 year later: Wednesday, March 3, 2027",
        ),
        (Step("stopped", {"days": 12}), "Days that do not count: 12 days"),
        (
            Step("roll", {"code": "sunday", "holiday": "", "date": date(2026, 12, 21)}),
            "That day is on a weekend. The next business day: Monday, December 21, 2026",
        ),
        (
            Step("roll", {"code": "holiday", "holiday": "Christmas Day", "date": date(2026, 12, 28)}),
            "That day is a federal holiday. The next business day: Monday, December 28, 2026",
        ),
    ],
)
def test_a_step_is_a_line(step: Step, told: str) -> None:
    assert load_phrases(FILE).step(step, "en") == told


def test_every_step_of_the_engine_has_words() -> None:
    used = set()
    for path in (BOT / "core/deadlines").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        used |= {part.split('"')[1] for part in text.split("Step(")[1:] if part.lstrip().startswith('"')}
    assert used
    for code in used - {"roll"}:
        assert f"step_{code}" in PHRASES


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("last_day: {en: Last day, es: Último día}\n", "", "last_day is missing"),
        ("last_day:", "lost_day:", "last_day is missing"),
        ("{en: Last day, es: Último día}", "{en: Last day}", "last_day needs en and es"),
        ("Hace {{days}}", "Hace días", "of ago are wrong"),
        ("Hace {{days}}", "Hace {{dias}}", "of ago are wrong"),
        ("how_to_print:", "unknown: {en: a, es: b}\nhow_to_print:", "unknown is not used"),
    ],
)
def test_a_broken_file_of_words_is_named(tmp_path: Path, old: str, new: str, problem: str) -> None:
    text = FILE.read_text(encoding="utf-8")
    assert old in text
    broken = tmp_path / FILE_NAME
    broken.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ContentFileError, match=problem):
        load_phrases(broken)


def test_titles_of_a_calendar_give_nothing_away() -> None:
    for name, texts in yaml12.load_file(FILE).items():
        if name.startswith("calendar_"):
            told = " ".join(texts.values()).lower()
            assert not any(
                word in told for word in ("asyl", "asil", "uscis", "court", "corte", "deport", "immig")
            )


# JSON


@pytest.mark.parametrize("text", ["", "{", "[" * 5_000, "[[[[[[1]]]]]]", '{"a": 1, "a": 1}', "9" * 5_000])
def test_json_that_cannot_be_meant_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_json(text)


def test_json_of_facts_is_read() -> None:
    facts = {"inputs": {"stops": [{"from": {"earliest": "2026-01-01", "latest": "2026-01-02"}, "to": None}]}}
    assert read_json(str(facts).replace("'", '"').replace("None", "null")) == facts


def test_a_problem_begins_as_a_sentence_but_keeps_the_name_of_a_fact() -> None:
    assert explained(InputError("missing", "moved"), "en")[0] == "moved is missing"
    assert explained(InputError("missing", "moved"), "es")[0] == "Falta moved"
    assert explained(InputError("not_facts"), "en")[0] == "The facts are not a set of names and values"


def test_a_quotation_is_short_and_plain() -> None:
    assert quoted("a" * 60) == "a" * 60
    assert len(quoted("a" * 61)) == 60
    assert quoted("a\x1b\n\ud800\u202eb") == "a????b"


def test_every_result_has_the_same_keys() -> None:
    parameters = load_parameters(BOT / "law/parameters")
    rules = FreshRules(BOT / "law/deadlines", parameters).now(parameters, 0)
    today = date(2026, 11, 21)
    covered = calculate("ar11", {"moved": "2026-11-20"}, rules, today)
    detained = calculate("court_response", {"filed": "2026-11-20", "detained": True}, rules, today)
    assert set(result_as_json(covered)) == set(result_as_json(detained))
    assert result_as_json(detained)["reason"] == "detained"


# rules that follow their files


@pytest.fixture
def law(tmp_path: Path) -> Path:
    shutil.copytree(BOT / "law", tmp_path / "law")
    return tmp_path / "law"


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    # A second edit within the clock's grain would look like none.
    later = path.stat().st_mtime_ns + 1_000_000_000
    os.utime(path, ns=(later, later))


def test_an_edit_is_taken_over_within_a_second(law: Path) -> None:
    parameters = load_parameters(law / "parameters")
    fresh = FreshRules(law / "deadlines", parameters)
    before = fresh.now(parameters, 0.0)
    edit(law / "deadlines/bia_appeal.yml", "confidence: ", "confidence: low #")
    assert fresh.now(parameters, 0.5) is before
    assert fresh.now(parameters, 1.5).get("bia_appeal").confidence == "low"


def test_new_figures_come_at_once(law: Path) -> None:
    parameters = load_parameters(law / "parameters")
    fresh = FreshRules(law / "deadlines", parameters)
    newer = load_parameters(law / "parameters")
    assert fresh.now(parameters, 0.0).parameters is parameters
    assert fresh.now(newer, 0.0).parameters is newer


def test_a_broken_edit_leaves_the_last_good_rules_and_is_told_once(law: Path) -> None:
    parameters = load_parameters(law / "parameters")
    told: list[LawFileError] = []
    fresh = FreshRules(law / "deadlines", parameters, told.append)
    before = fresh.now(parameters, 0.0)
    edit(law / "deadlines/ar11.yml", "confidence: ", "confidence: very #")
    for clock in (2.0, 4.0, 6.0):
        assert fresh.now(parameters, clock) is before
    assert len(told) == 1
    assert told[0].path.endswith("ar11.yml")
    edit(law / "deadlines/ar11.yml", "confidence: very #", "confidence: ")
    assert fresh.now(parameters, 8.0) is not before


def test_rules_that_are_broken_from_the_start_stop_it(law: Path) -> None:
    edit(law / "deadlines/ar11.yml", "confidence: ", "confidence: very #")
    with pytest.raises(LawFileError):
        FreshRules(law / "deadlines", load_parameters(law / "parameters"))
