"""Questions as people write them on a phone: each change does what it says, and no more."""

from __future__ import annotations

import random
import re
import string
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.cli import perturbation
from bot.cli.measures import Question
from bot.cli.perturbation import CHANGES, perturbed

ENGLISH = "What's the fee for a work permit? Please tell me, José, because you know, I-765."
SPANISH = "¿Cuánto cuesta también el permiso? Quiero trabajar porque estoy aquí desde hace un año, señor."
BOTH = pytest.mark.parametrize(("text", "lang"), [(ENGLISH, "en"), (SPANISH, "es")], ids=["en", "es"])
EVERY = pytest.mark.parametrize("name", CHANGES)

WORDS = """¿ ? a y o I ñ Ñandú calle llorar üé I-589 2024 q 🙏 👩‍👧 é ß ... , 's señora"""
PIECES = st.sampled_from(WORDS.split())
TEXTS = st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=12).map(" ".join))


def changed(name: str, text: str, lang: str = "en", seed: object = 0) -> str:
    return CHANGES[name](text, lang, random.Random(f"{seed}"))


def ask(text: str, lang: str, id: str = "q1") -> Question:
    return Question(id, lang, "plain", text, "work_permit", frozenset({"work_permit"}))


# what each does


@pytest.mark.parametrize(
    ("lang", "text", "plain"),
    [
        ("es", "¿Mañana, señor? Ñandú, pingüino, árbol", "¿Manana, senor? Nandu, pinguino, arbol"),
        ("en", "The café is closed.", "The cafe is closed."),
        ("es", "man\u0303ana", "manana"),
    ],
)
def test_no_accents_keeps_letters_without_their_marks(lang: str, text: str, plain: str) -> None:
    assert changed("no accents", text, lang) == plain


@pytest.mark.parametrize(
    ("lang", "text", "words"),
    [
        ("en", "Hello!! What's (this), I-765?", "Hello What s this I 765"),
        ("es", "¿Qué es... «asilo»? ¡Ayúdeme!", "Qué es asilo Ayúdeme"),
    ],
)
def test_no_punctuation_leaves_words_alone(lang: str, text: str, words: str) -> None:
    assert changed("no punctuation", text, lang) == words


@BOTH
def test_capitals_and_small_letters_touch_nothing_else(text: str, lang: str) -> None:
    assert changed("capitals", text, lang).isupper()
    assert changed("small letters", text, lang).islower()
    assert changed("capitals", text, lang).casefold() == text.casefold()
    assert changed("small letters", text, lang).casefold() == text.casefold()


@BOTH
def test_emoji_stand_around_the_text_and_question_marks_behind_it(text: str, lang: str) -> None:
    before, after = changed("emoji", text, lang).split(text)
    assert not before.isascii()
    assert "??" in after
    assert not after.isascii()


@pytest.mark.parametrize(
    ("lang", "text", "short"),
    [
        ("en", "Are you here because of the fee", "r u here bc of the fee"),
        (
            "es",
            "Quiero saber por qué estoy aquí porque también espero",
            "kiero saber x q toy aquí xq tb espero",
        ),
        ("es", "you and for", "you and for"),
        ("en", "que por para", "que por para"),
    ],
)
def test_chat_spelling_uses_the_short_forms_of_its_language(lang: str, text: str, short: str) -> None:
    assert changed("chat spelling", text, lang) == short


@BOTH
def test_typing_errors_slip_in_one_word_of_four(text: str, lang: str) -> None:
    for seed in range(20):
        before, after = text.split(), changed("typing errors", text, lang, seed).split()
        slips = [(a, b) for a, b in zip(before, after, strict=True) if a != b]
        assert 1 <= len(slips) <= len(before) // 4
        for word, written in slips:
            assert len(word) > 3
            assert abs(len(word) - len(written)) <= 1
            assert word[0] == written[0]


@pytest.mark.parametrize("text", ["calle", "I-589", "2024", "aquí", "será éste", "keep"])
def test_there_is_at_least_one_typing_error(text: str) -> None:
    """Two equal letters swapped, or a key for which no neighbour is known, would leave the text as it was."""
    assert text not in {changed("typing errors", text, "es", seed) for seed in range(40)}


@BOTH
@pytest.mark.parametrize("name", ["greeting first", "long story first"])
def test_what_comes_first_is_of_the_same_language_and_the_question_last(
    name: str, text: str, lang: str
) -> None:
    openings = {changed(name, text, lang, seed).removesuffix(text) for seed in range(30)}
    known = perturbation._GREETINGS if name == "greeting first" else perturbation._STORIES
    assert openings == set(known[lang])
    assert all(opening.endswith(" ") for opening in openings)


def test_a_story_is_longer_than_any_greeting() -> None:
    for lang in ("en", "es"):
        assert min(map(len, perturbation._STORIES[lang])) > 2 * max(map(len, perturbation._GREETINGS[lang]))


# what all of them do


@EVERY
@BOTH
def test_a_change_changes_something_and_can_be_repeated(name: str, text: str, lang: str) -> None:
    (first,), (again,) = (perturbed([ask(text, lang)], CHANGES[name], seed=3) for _ in range(2))
    assert first == again
    assert first.text != text
    assert replace(first, text=text) == ask(text, lang)


@pytest.mark.parametrize("name", ["typing errors", "greeting first", "long story first"])
def test_another_seed_or_question_draws_anew(name: str) -> None:
    questions = [ask(ENGLISH, "en", f"q{number}") for number in range(20)]
    assert len({q.text for q in perturbed(questions, CHANGES[name])}) > 1
    assert perturbed(questions, CHANGES[name], seed=1) != perturbed(questions, CHANGES[name], seed=2)


def test_a_draw_does_not_depend_on_the_questions_before_it() -> None:
    questions = [ask(ENGLISH, "en", f"q{number}") for number in range(5)]
    for change in CHANGES.values():
        assert perturbed(questions, change)[3:] == perturbed(questions[3:], change)


@EVERY
@pytest.mark.parametrize("lang", ["en", "es", "mixed", "-"])
def test_a_text_of_almost_nothing_survives(name: str, lang: str) -> None:
    for text in ("?", "", " ", "a", "y a q o", "🙏", "👩‍👧 ??", "¿", "...", "1", "e\u0301"):
        assert isinstance(changed(name, text, lang), str)


@settings(max_examples=100, deadline=None)
@given(TEXTS, st.sampled_from(["en", "es", "mixed"]), st.integers(0, 9))
def test_a_text_with_a_letter_never_becomes_empty(text: str, lang: str, seed: int) -> None:
    for name in CHANGES:
        written = changed(name, text, lang, seed)
        if any(character.isalpha() for character in text):
            # "to" alone is "2" where people chat.
            assert any(character.isalnum() for character in written), name


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet=string.ascii_letters + "áéíóúüñÁÉÍÓÚÜÑ ¿?,.-", max_size=60))
def test_without_accents_and_punctuation_only_plain_words_remain(text: str) -> None:
    plain = changed("no punctuation", changed("no accents", text))
    assert re.fullmatch(r"[A-Za-z ]*", plain)
    assert len(re.findall(r"[A-Za-z]", plain)) == sum(map(str.isalpha, text))
