from __future__ import annotations

import pytest

from bot.core.content.readability import english_syllables, reading_level, spanish_syllables

ENGLISH = {
    1: ["the", "court", "judge", "work", "card", "date", "dates", "fee", "fees", "years", "asked"],
    2: [
        "permit",
        "apply",
        "lawyer",
        "office",
        "people",
        "because",
        "received",
        "wanted",
        "notice",
        "being",
        "boxes",
    ],
    3: ["family", "decided", "decision", "interview", "evidence", "notices", "official", "idea"],
    4: ["application"],
}
SPANISH = {
    1: ["juez", "quien", "ley", "y", "muy"],
    2: [
        "corte",
        "día",
        "días",
        "país",
        "miedo",
        "puede",
        "guerra",
        "ciudad",
        "usted",
        "hijos",
        "cuánto",
        "raíz",
        "también",
        "año",
        "ahí",
        "caos",
    ],
    3: [
        "asilo",
        "trabajo",
        "permiso",
        "tarifa",
        "oído",
        "familia",
        "siguiente",
        "pingüino",
        "ahora",
        "prohibido",
        "poeta",
        "audiencia",
    ],
    4: ["abogado", "aéreo", "inmigración", "aprobación", "apelación"],
}


@pytest.mark.parametrize(
    ("word", "count"), [(word, count) for count, words in ENGLISH.items() for word in words]
)
def test_english_syllables(word: str, count: int) -> None:
    assert english_syllables(word) == count


@pytest.mark.parametrize(
    ("word", "count"), [(word, count) for count, words in SPANISH.items() for word in words]
)
def test_spanish_syllables(word: str, count: int) -> None:
    assert spanish_syllables(word) == count


def test_short_plain_sentences_meet_the_goal() -> None:
    assert reading_level("You can ask the court for more time. A lawyer can help you.", "en").meets_goal
    assert reading_level("Puede pedir más tiempo. Un abogado le ayuda con eso.", "es").meets_goal


def test_long_learned_sentences_do_not() -> None:
    english = (
        "Applicants seeking discretionary humanitarian protection must demonstrate, by clear and convincing "
        "evidence, extraordinary circumstances directly related to the delayed submission of the application"
    )
    spanish = (
        "Los solicitantes que pretendan beneficiarse de la protección humanitaria discrecional deberán "
        "demostrar circunstancias extraordinarias relacionadas con la presentación extemporánea"
    )
    assert not reading_level(english, "en").meets_goal
    assert not reading_level(spanish, "es").meets_goal


def test_list_items_count_as_sentences() -> None:
    flat = reading_level("Bring your card your form and your papers to the office", "en")
    listed = reading_level("- Bring your card\n- your form\n- and your papers to the office", "en")
    assert listed.score < flat.score


def test_an_empty_text_is_easy() -> None:
    assert reading_level("", "en").meets_goal
    assert reading_level("", "es").meets_goal
