"""The agreed words: how the file is read, and what the words that ship are held to."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from bot.core.content.glossary import Glossary, Term, read_glossary
from bot.core.content.prose import check_prose
from bot.core.content.readability import reading_level
from bot.core.messages import LANGUAGES
from bot.core.problems import Report

ROOT = Path(__file__).resolve().parents[2]
LEAST_TERMS = 85
LONGEST_MEANING = 240
MOST_SENTENCES = 3


@pytest.fixture(scope="module")
def ours() -> Glossary:
    report = Report()
    glossary = read_glossary(ROOT / "bot/content/glossary.yml", report)
    assert [problem.render("en") for problem in report] == []
    return glossary


def written(tmp_path: Path, text: str) -> tuple[Glossary, list[str]]:
    """The glossary with this text, and the codes of what is wrong with it."""
    path = tmp_path / "glossary.yml"
    path.write_text(text, encoding="utf-8")
    report = Report()
    return read_glossary(path, report), [problem.code for problem in report]


# the file


def test_without_a_file_there_are_no_terms_and_no_problem(tmp_path: Path) -> None:
    report = Report()
    assert read_glossary(tmp_path / "none.yml", report).terms == ()
    assert list(report) == []


def test_a_term_holds_its_words_meaning_and_lists(tmp_path: Path) -> None:
    glossary, problems = written(
        tmp_path,
        "terms:\n"
        "  - id: permit\n"
        "    en: work permit\n"
        "    es: permiso de trabajo\n"
        "    meaning: {en: A card., es: Una tarjeta.}\n"
        "    also: {en: [EAD]}\n"
        "    avoid: {es: [tarjeta laboral]}\n",
    )
    assert problems == []
    assert glossary.terms == (
        Term(
            "permit",
            {"en": "work permit", "es": "permiso de trabajo"},
            {"en": "A card.", "es": "Una tarjeta."},
            {"es": ("tarjeta laboral",)},
            {"en": ("EAD",)},
        ),
    )


def test_without_an_id_the_english_word_is_the_id(tmp_path: Path) -> None:
    glossary, _ = written(tmp_path, "terms:\n  - {en: Work permit, es: permiso}\n")
    assert [term.id for term in glossary.terms] == ["work permit"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("terms:\n  - {en: fee}\n", "missing_key"),
        ("terms:\n  - {en: fee, es: tarifa, meaning: {en: Money.}}\n", "missing_language"),
        ("terms:\n  - {en: fee, es: tarifa, means: x}\n", "unknown_key"),
        ("terms:\n  - {en: fee, es: tarifa}\n  - {en: Fee, es: cuota}\n", "duplicate_key"),
        ("terms:\n  - {en: fee, es: tarifa, avoid: {es: [Tarifa]}}\n", "glossary_conflict"),
        ("terms:\n  - {en: fee, es: tarifa, avoid: {fr: [frais]}}\n", "unknown_key"),
    ],
)
def test_a_mistake_is_reported(tmp_path: Path, text: str, problem: str) -> None:
    assert problem in written(tmp_path, text)[1]


def test_a_word_to_avoid_is_found_whole_in_any_case_and_across_lines(tmp_path: Path) -> None:
    glossary, _ = written(
        tmp_path, "terms:\n  - {en: parole, es: parole, avoid: {es: [libertad condicional]}}\n"
    )
    text = "La Libertad\n  condicional no es libertad condicionalmente."
    assert list(glossary.breaches(text, "es")) == [(3, "Libertad condicional", "parole")]
    assert list(glossary.breaches(text, "en")) == []


def test_of_two_words_that_begin_alike_the_longer_is_found(tmp_path: Path) -> None:
    glossary, _ = written(tmp_path, "terms:\n  - {en: x, es: y, avoid: {en: [illegal, illegal alien]}}\n")
    assert [word for _, word, _ in glossary.breaches("an illegal alien", "en")] == ["illegal alien"]


# the words that ship


def test_there_are_enough_terms_and_each_says_what_it_means_in_both_languages(ours: Glossary) -> None:
    assert len(ours.terms) >= LEAST_TERMS
    assert [
        term.id for term in ours.terms if term.meaning is None or set(term.meaning) != set(LANGUAGES)
    ] == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_word_leads_to_one_term_only(ours: Glossary, lang: str) -> None:
    words = Counter(
        word.casefold() for term in ours.terms for word in (term.words[lang], *term.also.get(lang, ()))
    )
    assert [word for word, times in words.items() if times > 1] == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_term_uses_a_word_to_avoid(ours: Glossary, lang: str) -> None:
    for term in ours.terms:
        meaning = (term.meaning or {}).get(lang, "")
        for text in (term.words[lang], *term.also.get(lang, ()), meaning):
            assert list(ours.breaches(text, lang)) == [], f"{term.id}: {text}"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_meaning_keeps_the_rules_for_what_visitors_read(ours: Glossary, lang: str) -> None:
    for term in ours.terms:
        meaning = (term.meaning or {})[lang]
        assert [found.details for found in check_prose(meaning, lang)] == [], f"{term.id}: {meaning}"
        assert meaning.endswith("."), term.id
        assert len(meaning) <= LONGEST_MEANING, term.id
        assert len(re.findall(r"[.?](?=\s|$)", meaning)) <= MOST_SENTENCES, term.id


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_meanings_are_easy_to_read(ours: Glossary, lang: str) -> None:
    level = reading_level("\n".join((term.meaning or {})[lang] for term in ours.terms), lang)
    assert level.meets_goal, f"{level.measure} {level.score:.1f}"


@pytest.mark.parametrize(
    "text", ["que significa RFE", "q significa RFE", "q es RFE?", "k quiere decir RFE", "what is RFE"]
)
def test_a_word_is_asked_for_as_on_a_phone(ours: Glossary, text: str) -> None:
    term = ours.asked(text)
    assert term is not None
    assert "RFE" in (*term.words.values(), *(word for words in term.also.values() for word in words))
