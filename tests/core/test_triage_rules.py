"""The levels as dated data: what the file must hold, what is said of a broken one, and when an approval holds."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bot.core.content.approvals import Approval
from bot.core.errors import LawFileError
from bot.core.triage import rules
from bot.core.triage.facts import QUESTIONS

FILE = Path(__file__).resolve().parents[2] / "bot" / "law" / "triage" / "levels.yml"
TEXT = FILE.read_text(encoding="utf-8")


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "levels.yml"
    path.write_text(text, encoding="utf-8")
    return path


def with_second_version(text: str) -> str:
    """The file with the same levels under a later day, but a hearing within 20 days being near."""
    head, _, version = text.partition("  2026-11-01:\n")
    second = version.replace('"2026-11-1"', '"2027-02-1"').replace("number: 30", "number: 20")
    return f"{head}  2026-11-01:\n{version}  2027-02-01:\n{second}"


def test_the_file_in_use_has_no_problem() -> None:
    assert [problem.render() for problem in rules.check(FILE, date(2026, 11, 22))] == []


def test_every_reason_and_every_question_that_could_make_it_worse_has_a_level() -> None:
    version = rules.load(FILE).on(date(2026, 11, 21))
    unknown = {rules.unknown_reason(question) for question in rules.WORSE_UNKNOWN}
    assert set(version.levels) == set(rules.REASONS) | unknown
    assert set(rules.WORSE_UNKNOWN) <= set(QUESTIONS)
    assert {version.level(reason) for reason in rules.EMERGENCIES} == {rules.EMERGENCY}
    assert rules.EMERGENCY not in {version.level(reason) for reason in unknown}


def test_the_thresholds_are_those_that_were_agreed() -> None:
    assert rules.load(FILE).on(date(2026, 11, 21)).thresholds == {
        "removal": 72,
        "near": 30,
        "ahead": 90,
        "just_passed": 90,
        "status_ended": 6,
        "window": 180,
    }


@pytest.mark.parametrize(
    ("day", "version", "near"),
    [
        (date(2020, 1, 1), "2026-11-1", 30),
        (date(2026, 11, 1), "2026-11-1", 30),
        (date(2027, 1, 31), "2026-11-1", 30),
        (date(2027, 2, 1), "2027-02-1", 20),
        (date(2030, 1, 1), "2027-02-1", 20),
    ],
)
def test_a_version_holds_until_the_next_begins(tmp_path: Path, day: date, version: str, near: int) -> None:
    found = rules.load(written(tmp_path, with_second_version(TEXT))).on(day)
    assert (found.id, found.thresholds["near"]) == (version, near)


@pytest.mark.parametrize(
    ("before", "after", "problem", "remedy"),
    [
        ("id: levels", "id: other", "the id is other", "Write id: levels"),
        ("level: emergency", "level: urgent", "which is not allowed", "Write one of: emergency"),
        ("level: soon", "level: sooon", "is sooon", "Did you mean soon?"),
        ("number: 30", 'number: "30"', "must be a whole number", "only digits"),
        ("unit: months", "unit: days", "is days, which is not allowed", "Write one of: months"),
        ("      window:\n", "      windows:\n", "windows is not a known entry", "window?"),
        ("      noid_running:\n", "      noid_runs:\n", "not a known entry", "noid_running?"),
        ("  2026-11-01:\n", "  2026-11-31:\n", "2026-11-31 is not a date", "year-month-day"),
        ("review: 2027-03-01", "review: soon", "soon is not a date", "year-month-day"),
        ('why: "A life is in danger."', "why: 3", "why must be a text", "Write words"),
        ("checked: 2026-11-22", "checked: today", "today is not a date", "year-month-day"),
    ],
)
def test_a_broken_edit_is_named_with_its_line_and_what_to_do(
    tmp_path: Path, before: str, after: str, problem: str, remedy: str
) -> None:
    assert before in TEXT
    line = TEXT[: TEXT.index(before)].count("\n") + 1 + before.startswith("\n")
    path = written(tmp_path, TEXT.replace(before, after, 1))
    with pytest.raises(LawFileError):
        rules.load(path)
    told = [found.render() for found in rules.check(path) if found.line == line]
    assert any(problem in text and remedy in text for text in told), [
        found.render() for found in rules.check(path)
    ]


def test_a_version_without_its_id_is_told(tmp_path: Path) -> None:
    with pytest.raises(LawFileError, match="id is missing"):
        rules.load(written(tmp_path, TEXT.replace('    id: "2026-11-1"\n', "")))


def test_an_unknown_answer_can_not_be_made_an_emergency(tmp_path: Path) -> None:
    text = TEXT.replace("unknown_court:\n        level: urgent", "unknown_court:\n        level: emergency")
    assert text != TEXT
    with pytest.raises(LawFileError, match="urgent, soon, routine"):
        rules.load(written(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "named entries"),
        ("a: [", "YAML"),
        (TEXT.partition("versions:")[0] + "versions: {}\n", "there is no version"),
    ],
    ids=["empty", "no YAML", "no version"],
)
def test_a_file_without_levels_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(LawFileError, match=problem):
        rules.load(written(tmp_path, text))


def test_two_versions_of_one_id_and_out_of_order_are_told(tmp_path: Path) -> None:
    text = (
        with_second_version(TEXT)
        .replace("  2027-02-01:\n", "  2026-02-01:\n")
        .replace("2027-02-1", "2026-11-1")
    )
    told = [found.code for found in rules.check(written(tmp_path, text))]
    assert sorted(told) == ["duplicate_key", "versions_unsorted"]


def test_an_overdue_review_is_a_warning_and_stops_nothing() -> None:
    found = list(rules.check(FILE, date(2030, 1, 1)))
    assert [(one.code, one.severity) for one in found] == [("rule_review_due", "warning")]


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(LawFileError, match="cannot be read"):
        rules.load(tmp_path / "levels.yml")


def approved(version: rules.Version) -> dict[str, Approval]:
    topic = rules.approval_topic(version)
    return {topic: Approval(topic, rules.approval_hash(version), "The firm's lawyer", date(2026, 11, 21))}


def test_an_approval_holds_for_exactly_what_was_approved(tmp_path: Path) -> None:
    version = rules.load(FILE).on(date(2026, 11, 21))
    assert not rules.is_approved(version, {})
    assert rules.is_approved(version, approved(version))
    edited = rules.load(written(tmp_path, TEXT.replace("number: 30", "number: 31"))).on(date(2026, 11, 21))
    assert not rules.is_approved(edited, approved(version))


def test_a_comment_or_a_new_version_voids_no_approval(tmp_path: Path) -> None:
    version = rules.load(FILE).on(date(2026, 11, 21))
    both = rules.load(written(tmp_path, "# Seen.\n" + with_second_version(TEXT)))
    assert rules.is_approved(both.on(date(2026, 11, 21)), approved(version))
    assert not rules.is_approved(both.on(date(2027, 2, 1)), approved(version))
