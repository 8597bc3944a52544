"""The articles as staff look after them, from a library and a day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from bot.console.articles import shelf
from bot.core.content.library import Library
from tests.console.articles.conftest import edit
from tests.console.pages.planting import words

TODAY = date(2026, 7, 10)


def row_of(library: Library, topic: str, today: date = TODAY) -> shelf.Row:
    return next(row for row in shelf.rows(library, "en", today) if row.topic == topic)


def test_what_is_due_comes_first_and_tells_how_long_it_is_overdue(library: Library) -> None:
    due = library.topics["work_permit"].articles["en"].review_due
    row = row_of(library, "work_permit", due + timedelta(days=3))
    assert (row.due, row.left) == (due, -3)
    dues = [row.due for row in shelf.rows(words(), "es", TODAY)]
    assert dues == sorted(dues)


def test_what_is_due_within_thirty_days_is_due(library: Library) -> None:
    due = library.topics["work_permit"].articles["en"].review_due
    left = [row_of(library, "work_permit", due - timedelta(days=days)) for days in (30, 31)]
    assert [row.is_among("due") for row in left] == [True, False]


def test_the_age_is_that_of_the_oldest_check(library: Library) -> None:
    row = row_of(library, "work_permit")
    told = [library.as_told("work_permit", "en", id, TODAY) for id in library.topics["work_permit"].sections]
    oldest = min(reply.facts_checked for reply in told if reply is not None and reply.facts_checked)
    assert row.checked is not None
    assert row.checked.isoformat() == oldest
    assert row.age == (TODAY - row.checked).days


def test_an_approval_is_told_with_what_became_of_it(library: Library, tree: Path) -> None:
    assert row_of(library, "work_permit").approved == shelf.Approved("never")
    library.approve("work_permit", "Example Attorney", TODAY)
    row = row_of(library, "work_permit")
    assert row.approved == shelf.Approved("approved", "Example Attorney", TODAY)
    assert not row.is_among("unapproved")
    edit(tree / "content/topics/work_permit.en.md", "The date is on the card.", "The date is on the back.")
    library.reload()
    row = row_of(library, "work_permit")
    assert row.approved == shelf.Approved("edited", "Example Attorney", TODAY)
    assert row.is_among("unapproved")


def fee_of(library: Library, day: date) -> shelf.Law:
    parts = shelf.parts(library, library.topics["work_permit"], "en", day)
    part = next(part for part in parts if part.id == "fee")
    return next(law for law in part.law if law.id == "fee.i589")


def test_a_section_reads_as_it_did_and_as_it_will(library: Library) -> None:
    past, present = fee_of(library, date(2025, 12, 31)), fee_of(library, date(2026, 1, 1))
    assert (past.told, past.since) == ("$100", date(2025, 7, 22))
    assert (present.told, present.since) == ("$1,010", date(2026, 1, 1))
    assert shelf.Coming(date(2026, 1, 1), "$1,010", "in_force") in past.coming
    assert all(coming.on > date(2026, 1, 1) for coming in present.coming)
    assert present.sources


def test_before_a_value_was_in_force_the_text_stands_as_written(library: Library) -> None:
    day = date(2025, 7, 21)
    assert fee_of(library, day).told is None
    parts = shelf.parts(library, library.topics["work_permit"], "en", day)
    side = next(part for part in parts if part.id == "fee").sides["en"]
    assert side.reply is None
    assert "{{fee.i589" in side.written


def test_the_days_on_which_something_changes(library: Library) -> None:
    days = shelf.turning_days(library, "work_permit")
    assert date(2026, 1, 1) in days
    assert days == sorted(days, reverse=True)


def test_both_languages_stand_side_by_side_and_a_missing_section_shows(library: Library) -> None:
    topic = library.topics["work_permit"]
    assert all(set(part.sides) == {"en", "es"} for part in shelf.parts(library, topic, "en", TODAY))
    spanish = topic.articles["es"]
    short = replace(spanish, sections=tuple(s for s in spanish.sections if s.id != "fee"))
    library.topics["work_permit"] = replace(topic, articles={**topic.articles, "es": short})
    found = {p.id: set(p.sides) for p in shelf.parts(library, library.topics["work_permit"], "en", TODAY)}
    assert found.pop("fee") == {"en"}
    assert all(sides == {"en", "es"} for sides in found.values())


def test_every_article_of_the_project_can_be_shown_on_any_day() -> None:
    library = words()
    for topic in library.topics.values():
        for day in (date(1990, 1, 1), TODAY, date(2090, 1, 1)):
            assert len(shelf.parts(library, topic, "es", day)) == len(topic.sections)
