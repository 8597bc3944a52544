"""The other language of what was said, how dates were counted, and the person's answers in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.console.pages.planting import FACTS, TODAY, answer, beside, deadline, triage, words


@pytest.mark.parametrize("lang", ["en", "es"])
def test_every_topic_has_its_other_language_as_told_that_day(lang):
    there = "es" if lang == "en" else "en"
    for intent in words().topics:
        found = beside().beside(answer(intent, lang).as_dict(), TODAY)
        assert found is not None, intent
        assert (found.lang, found.text) == (there, answer(intent, there).text)
        assert found.same


@pytest.mark.parametrize("lang", ["en", "es"])
def test_a_date_is_told_in_the_other_language_with_the_same_day(lang):
    found = beside().beside(deadline(lang).as_dict(), TODAY)
    assert found is not None
    assert ("December 3, 2026" in found.text) == (lang == "es")
    assert ("3 de diciembre de 2026" in found.text) == (lang == "en")
    assert found.same


def test_a_summary_of_the_situation_is_told_from_the_facts_of_the_conversation():
    found = beside().beside(triage("es").as_dict(), TODAY, FACTS)
    assert found is not None
    assert (found.full, found.same) == (triage("en").full, True)


def test_facts_that_changed_afterwards_are_noticed():
    found = beside().beside(triage("es").as_dict(), TODAY, {**FACTS, "court": "no"})
    assert found is not None
    assert not found.same


def test_every_notice_without_values_has_its_other_language():
    for id, notice in words().notices.items():
        if {"en", "es"} <= set(notice.texts) and "{{" not in notice.texts["es"]:
            found = beside().beside(words().notice(id, "es").as_dict(), TODAY)
            assert found is not None and found.same, id
            assert found.text == words().notice(id, "en").text


def test_a_notice_keeps_the_values_that_it_was_told_with():
    told = words().notice("booking_confirm_phone", "es", today=TODAY, phone="[PHONE_1]")
    found = beside().beside(told.as_dict(), TODAY)
    assert found is not None
    assert found.text == words().notice("booking_confirm_phone", "en", today=TODAY, phone="[PHONE_1]").text


def test_a_text_that_was_edited_since_is_not_passed_off_as_what_was_said():
    told = replace(answer("filing_fee", "es"), text="Antes decía otra cosa.")
    found = beside().beside(told.as_dict(), TODAY)
    assert found is not None
    assert not found.same


@pytest.mark.parametrize(
    "reply",
    [
        {},
        {"lang": "fr", "id": "filing_fee"},
        {"lang": "es"},
        {"lang": "es", "id": "no_such_text", "text": "x"},
        {"lang": "es", "id": "booking_confirm_phone", "text": "something else"},
        {"lang": "es", "id": "x", "keep": {"calculation": "no_such", "inputs": {}, "today": "2026-11-21"}},
        {"lang": "es", "id": "x", "keep": {"calculation": "one_year_filing", "inputs": 7, "today": "x"}},
        {"lang": "es", "id": "third_language_pt", "text": "x"},
    ],
)
def test_a_reply_that_the_content_no_longer_has_stands_alone(reply):
    assert beside().beside(reply, TODAY) is None
    assert beside().other(reply) is None


def test_the_count_of_a_date_is_shown_step_by_step_in_the_language_of_staff():
    found = beside().working(deadline("es").keep, "en")
    assert found is not None
    assert found.date == "Thursday, December 3, 2026"
    assert found.given[0].told == "December 3, 2025"
    assert found.steps[0].startswith("Day 0: Wednesday, December 3, 2025")
    assert found.authority


@pytest.mark.parametrize(
    "keep", [{}, {"labels": {}}, {"calculation": "x", "inputs": {}, "today": "2026-11-21"}]
)
def test_what_holds_no_date_has_no_count(keep):
    assert beside().working(keep, "en") is None


def test_the_answers_come_in_the_order_of_the_questions_with_what_is_only_kept_last():
    found = beside().facts({"nationality": "Honduras", **FACTS}, "es")
    assert [fact.name for fact in found][:2] == ["Dónde estoy", "Detención"]
    assert found[-1].name == "nationality"
    assert "martes 1 de diciembre de 2026" in {fact.told for fact in found}


def test_facts_of_an_older_version_are_shown_by_their_codes():
    found = beside().facts({"place": "the moon"}, "en")
    assert [(fact.name, fact.told) for fact in found] == [("place", "the moon")]


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("filing_fee", words().topics["filing_fee"].articles["es"].title),
        ("deadline_one_year_filing", "Un año para pedir asilo"),
        ("triage_result", None),
    ],
)
def test_a_topic_has_its_title_in_the_language_of_staff(name, title):
    assert beside().topic(name, "es") == title
