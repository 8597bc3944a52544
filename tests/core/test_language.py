"""The labelled table, and the cases that the dialogue depends on."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import pytest

from bot.core.language import asks_for_language, detect, warm_up

TABLE = Path(__file__).parent.parent / "vectors" / "language.tsv"


def rows() -> list[tuple[str, str | None, str | None]]:
    """(text, language, other) of every line of the table."""
    found = []
    for line in TABLE.read_text(encoding="utf-8").splitlines()[1:]:
        _split, language, other, text = line.split("\t")
        found.append((text, None if language == "-" else language, None if other == "-" else other))
    return found


@pytest.mark.parametrize(("text", "language", "other"), rows())
def test_the_table_gives_the_language_it_says(text: str, language: str | None, other: str | None) -> None:
    detection = detect(text)
    assert (detection.language, detection.other) == (language, other)


def test_the_table_is_large_and_covers_every_kind() -> None:
    assert len(rows()) >= 240
    assert {language for _, language, _ in rows()} == {"en", "es", None}
    assert {other for _, _, other in rows()} >= {"pt", "ht", "fr", None}


def test_confidence_is_zero_exactly_when_nothing_is_known() -> None:
    for text, _, _ in rows():
        detection = detect(text)
        assert 0.0 <= detection.confidence <= 1.0
        assert (detection.confidence == 0.0) == (detection.language is None and detection.other is None)


@pytest.mark.parametrize(
    "text", ["", " ", "\x00", "\ud800", "🇭🇳", "á" * 50_000, "q " * 20_000, "¿" * 9, "-" * 9_999]
)
def test_any_text_gives_a_value(text: str) -> None:
    assert detect(text).language in {"en", "es", None}
    assert asks_for_language(text) is None


@pytest.mark.parametrize(
    "text", ["el abogado me dijo que no", "¿cuánto cuesta el permiso?", "ya mande la carta"]
)
def test_case_and_accents_do_not_change_the_language(text: str) -> None:
    assert {detect(t).language for t in (text, text.upper(), text.replace("á", "a"), text.title())} == {"es"}


def test_a_third_language_needs_four_words() -> None:
    assert detect("obrigado").other is None
    assert detect("merci beaucoup").other is None


def test_spanish_with_a_few_portuguese_looking_words_stays_spanish() -> None:
    assert detect("para pedir asilo con mi hijo como hago en la corte").language == "es"


@pytest.mark.parametrize(
    "text",
    [
        "english please",
        "in english",
        "English",
        "ingles por favor",
        "en inglés",
        "can we speak english",
        "switch to english pls",
        "no hablo español",
        "i dont speak spanish",
        "do you speak english?",
        "puede ser en ingles",
        "english por favor",
        "no spanish",
        "i don't understand spanish",
    ],
)
def test_a_request_for_english_is_seen(text: str) -> None:
    assert asks_for_language(text) == "en"


@pytest.mark.parametrize(
    "text",
    [
        "en español por favor",
        "español",
        "habla espanol?",
        "no hablo ingles",
        "spanish please",
        "in spanish",
        "hablas español",
        "no entiendo el inglés",
        "i dont speak english",
        "do you speak spanish?",
        "en castellano",
        "me puede hablar en español",
        "no english",
        "puedes cambiar a español? en español",
        "no se ingles",
        "can u talk in spanish",
        "no speak english",
    ],
)
def test_a_request_for_spanish_is_seen(text: str) -> None:
    assert asks_for_language(text) == "es"


@pytest.mark.parametrize(
    "text",
    [
        "hola",
        "is the interview in english?",
        "la entrevista es en ingles?",
        "el juez habla español?",
        "do i have to fill the form in english",
        "mi abogado no habla español",
        "translate to english my documents",
        "aprendo ingles en la escuela",
        "english test for citizenship",
        "ok",
        "no",
        "my son speaks english",
        "does my lawyer speak spanish",
        "i am taking spanish classes",
    ],
)
def test_talk_about_a_language_is_no_request(text: str) -> None:
    assert asks_for_language(text) is None


def test_a_message_takes_less_than_a_millisecond() -> None:
    warm_up()
    times = []
    for text, _, _ in rows():
        start = time.perf_counter()
        detect(text)
        times.append(time.perf_counter() - start)
    assert statistics.median(times) < 0.001
