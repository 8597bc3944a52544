"""Courtesies are taken off, and of a story its question is found."""

from __future__ import annotations

import pytest

from bot.engine.asked import ASKED_LENGTH, STORY_LENGTH, asked, question_of


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Hola buenos días, ¿puedo trabajar?", "¿puedo trabajar?"),
        ("Good morning sir, how much is the fee?", "how much is the fee?"),
        ("hello how are you today can my wife come", "can my wife come"),
        ("disculpe la molestia, qué papeles llevo", "qué papeles llevo"),
        ("Buenos días licenciada, Dios la bendiga, una pregunta: cuánto tarda", "cuánto tarda"),
        ("sorry to bother you, god bless. quick question: can I travel", "can I travel"),
        ("Hola, tengo una duda, me pueden ayudar con la corte", "me pueden ayudar con la corte"),
        ("hi everyone I need a lawyer", "I need a lawyer"),
        ("oiga, fíjese, y si me mudo", "y si me mudo"),
    ],
)
def test_what_stands_before_a_question_is_taken_off(text: str, left: str) -> None:
    assert asked(text).strip(" ¿:,.") == left.strip(" ¿:,.")


@pytest.mark.parametrize("greeting", ["Hola buenas tardes", "Buenas noches señora"])
def test_a_greeting_of_two_words_goes_as_a_whole(greeting: str) -> None:
    assert asked(f"{greeting}, puedo trabajar") == "puedo trabajar"


@pytest.mark.parametrize(
    "text",
    [
        "hola",
        "Good morning",
        "hola, gracias",
        "history of my case",
        "holanda es mi país",
        "can I work while I wait?",
        "Hiding from the police, can I apply?",
    ],
)
def test_words_are_never_all_taken_and_no_word_is_cut(text: str) -> None:
    assert asked(text) == text


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("can I work 😭🙏", "can I work"),
        ("❤️ can I work ❤️", "can I work"),
        ("👨‍👩‍👧 can they come", "can they come"),
        ("CAN I WORK", "can i work"),
        ("¿PUEDO TRABAJAR?", "¿puedo trabajar?"),
        ("can I work????", "can I work?"),
        ("no me contestan!!!! ayuda...", "no me contestan! ayuda."),
        ("  can   I\n work  ", "can I work"),
    ],
)
def test_pictures_shouting_and_repeated_marks_are_evened_out(text: str, read: str) -> None:
    assert asked(text) == read


@pytest.mark.parametrize("text", ["", "😭", "???", "❤️ ❤️"])
def test_a_text_without_words_stays_as_it_is(text: str) -> None:
    assert asked(text) == text


@pytest.mark.parametrize("text", ["USCIS", "EOIR-33", "EAD"])
def test_a_single_word_in_capitals_keeps_them(text: str) -> None:
    assert asked(text) == text


def test_what_is_understood_is_understood_the_same_again() -> None:
    for text in ("HOLA, CAN I WORK???", "hi sir how much is it 😭", "¡¡¡AYUDA POR FAVOR!!!"):
        assert asked(asked(text)) == asked(text)


TOLD = (
    "I came here with my two children three years ago. We lived in a small town close to the coast. "
    "My husband stayed behind because he was sick. "
)
CONTADO = (
    "Llegué aquí con mis dos hijos hace tres años. Vivíamos en un pueblo cerca de la costa. "
    "Mi esposo se quedó allá porque estaba enfermo y no podía caminar. "
)


@pytest.mark.parametrize(
    ("story", "question"),
    [
        (TOLD + "Can I bring him now?", "Can I bring him now?"),
        (TOLD + "How long does it take? Thank you.", "How long does it take?"),
        (CONTADO + "¿Cuánto tarda el permiso?", "¿Cuánto tarda el permiso?"),
        (CONTADO + "quisiera saber si lo puedo traer", "quisiera saber si lo puedo traer"),
        (TOLD + "Please help me with him", "Please help me with him"),
        (
            TOLD + "Can he come? He has a passport from home.",
            "Can he come? He has a passport from home.",
        ),
    ],
)
def test_of_a_story_the_question_is_found(story: str, question: str) -> None:
    assert question_of(story) == question


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Can I work?",
        TOLD[: STORY_LENGTH - 1],
        "a long sentence without any end " * 8,
        "Can I work? " * 20,
        "How do I do it and what does it cost and how long does it take and where do I send all of these papers? "
        "And can my wife come too with the small children that we have at home? Yes.",
    ],
)
def test_what_is_short_or_nothing_but_questions_is_no_story(text: str) -> None:
    assert question_of(text) == ""


def test_of_many_questions_the_last_ones_are_kept() -> None:
    questions = "".join(f"Can I do the thing with number {number} here? " for number in range(9))
    found = question_of(TOLD * 4 + questions)
    assert found.endswith("number 8 here?")
    assert len(found) <= ASKED_LENGTH + 1
    assert "number 0" not in found


def test_a_question_longer_than_the_limit_is_kept_whole() -> None:
    long = "can I " + "really " * 50 + "work?"
    assert question_of(TOLD * 4 + long) == long
