"""What written answers mean, in both languages: tests/vectors/triage/answers.tsv, on 21 November 2026.

A row has the open question, the language, the text, and what the interview knows after it that it did not know before:
``question=code``, ``question=day`` or ``question=day..day``; ``trouble=...`` where it asks again, ``asks`` where the
message also asks something, ``nothing`` where it was no answer.
"""

from __future__ import annotations

import csv
from dataclasses import fields
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.dates import events_of, find_dates
from bot.core.deadlines.inputs import Span
from bot.core.deadlines.interview import Said
from bot.core.triage.answers import question_named, read, tells
from bot.core.triage.facts import QUESTIONS, Facts, is_answer
from bot.core.triage.interview import Heard, Interview, hear

TODAY = date(2026, 11, 21)
FILE = Path(__file__).resolve().parents[1] / "vectors" / "triage" / "answers.tsv"
with FILE.open(encoding="utf-8", newline="") as lines:
    ROWS = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def said(text: str) -> tuple[Said, ...]:
    """The dates of a text, as the engine gives them."""
    found = find_dates(text, TODAY)
    return tuple(
        Said(tuple(Span(r.earliest, r.latest) for r in one.readings), event, one.text, one.assumed)
        for one, event in zip(found, events_of(text, found), strict=True)
    )


def shown(value: object) -> str:
    if isinstance(value, Span):
        both = (value.earliest.isoformat(), value.latest.isoformat())
        return both[0] if both[0] == both[1] else "..".join(both)
    return str(value)


def learned(question: str, text: str, intent: str = "nlu_fallback", **entities: list[str]) -> set[str]:
    """What is known after a message that was not known before; who is asked anything else than where is in the U.S."""
    before = Facts() if question == "place" else Facts(place="us")
    interview = Interview(facts=before, begun=True, asked=question, put=(question,))
    after = hear(interview, Heard(text, intent, TODAY, said(text), entities))
    if after is None:
        return {"nothing"}
    found = {
        f"{field.name}={shown(getattr(after.facts, field.name))}"
        for field in fields(Facts)
        if field.name != "mentioned" and getattr(after.facts, field.name) != getattr(before, field.name)
    }
    found |= {f"trouble={after.trouble}"} if after.trouble else set()
    return found | ({"asks"} if after.also_asks else set())


@pytest.mark.parametrize("row", ROWS, ids=[f"{row['question']}: {row['text']}" for row in ROWS])
def test_an_answer_is_understood(row: dict[str, str]) -> None:
    assert learned(row["question"], row["text"]) == set(row["expected"].split())


def test_the_table_is_large_both_languages_and_every_question_stand_in_it_and_no_row_twice() -> None:
    assert len(ROWS) >= 250
    assert {row["language"] for row in ROWS} == {"en", "es"}
    assert {(row["question"], row["language"]) for row in ROWS} == {
        (question, language) for question in QUESTIONS for language in ("en", "es")
    }
    assert len({(row["question"], row["text"]) for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=[f"{row['question']}: {row['text']}" for row in ROWS])
def test_capitals_and_lost_accents_change_nothing(row: dict[str, str]) -> None:
    upper, lower = learned(row["question"], row["text"].upper()), set(row["expected"].split())
    assert upper == lower


@pytest.mark.parametrize(
    ("question", "text", "entities", "expected"),
    [
        ("entry", "b2", {"visa_class": ["b2"]}, {"entry=visa"}),
        ("entry", "exchange visitor", {"visa_class": ["j1"]}, {"entry=visa"}),
        ("entry", "en el puente", {"entry_manner": ["port_of_entry"]}, {"entry=released"}),
        ("entry", "i want a u visa one day", {"visa_class": ["u"]}, {"entry=visa"}),
        ("status", "b2", {"visa_class": ["b2"]}, {"status=visa"}),
        ("place", "en benin", {"country": ["BJ"]}, {"place=abroad"}),
        ("place", "soy de benin", {"country": ["BJ"]}, {"trouble=not_understood"}),
        ("court", "i came as an exchange visitor", {"visa_class": ["j1"]}, {"entry=visa"}),
    ],
    ids=str,
)
def test_names_in_a_message_help_where_words_do_not(
    question: str, text: str, entities: dict[str, list[str]], expected: set[str]
) -> None:
    assert learned(question, text, **entities) == expected


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("la corte", "court"),
        ("my court answer", "court"),
        ("cuando llegue", "arrival"),
        ("how I entered", "entry"),
        ("la fecha de la carta", "letter_date"),
        ("the date of my hearing", "appointment_date"),
        ("mi abogado", "lawyer"),
        ("hmm", None),
    ],
)
def test_the_answer_to_change_is_named(text: str, question: str | None) -> None:
    assert question_named(text) == question


def test_a_day_within_a_question_is_not_told() -> None:
    assert tells("I came in 2023, can I still apply?", "in 2023")
    assert not tells("can I still apply if I came in 2023?", "in 2023")


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200), st.sampled_from([*QUESTIONS, None]))
def test_any_text_gives_only_answers_that_the_questions_have(text: str, asked: str | None) -> None:
    understood = read(text, asked)
    assert all(is_answer(question, code) for question, code in understood.answers.items())
