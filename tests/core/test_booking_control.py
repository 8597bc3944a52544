"""Whether a reply to a personal question is an answer, so that it is swapped for a token, or speaks to the bot."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.booking.control import speaks_to_the_bot
from bot.core.booking.questions import CONSENT, PERSONAL, REVIEW

TABLE = Path(__file__).parent.parent / "vectors" / "booking" / "control.tsv"
ROWS = [tuple(line.split("\t")) for line in TABLE.read_text(encoding="utf-8").splitlines()[1:]]


@pytest.mark.parametrize(("asked", "speaks", "language", "text"), ROWS)
def test_a_reply_is_an_answer_or_speaks_to_the_bot(asked: str, speaks: str, language: str, text: str) -> None:
    assert speaks_to_the_bot(text, asked) is (speaks == "bot")


def test_the_table_holds_enough_of_each_kind_in_both_languages() -> None:
    counts = Counter((asked, speaks, language) for asked, speaks, language, _ in ROWS)
    kinds = {
        (asked, speaks, language)
        for asked in PERSONAL
        for speaks in ("bot", "value")
        for language in ("en", "es")
    }
    assert set(counts) == kinds
    assert min(counts.values()) >= 7
    assert min(sum(n for key, n in counts.items() if key[2] == language) for language in ("en", "es")) >= 120


@pytest.mark.parametrize("asked", PERSONAL)
@pytest.mark.parametrize("text", ["", "  ", "...", "👍", "?"])
def test_a_reply_without_letters_or_digits_is_no_value(asked: str, text: str) -> None:
    assert speaks_to_the_bot(text, asked)


@pytest.mark.parametrize("asked", PERSONAL)
def test_a_reply_of_tokens_alone_is_left_as_it_is(asked: str) -> None:
    assert not speaks_to_the_bot("[NAME_1] [PHONE_1].", asked)


@pytest.mark.parametrize("asked", [CONSENT, REVIEW, "", "reach"])
def test_nothing_is_swapped_whole_where_nothing_personal_is_asked(asked: str) -> None:
    assert speaks_to_the_bot("Ana Lopez", asked)


WORDS = """ana lopez de la y no si que cuanto why what is my name me llamo soy ? ¿ 305 555 0142 @ gmail.com arroba
cancel quiero saber tengo back por favor , . [NAME_1] mañana after 5"""


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(st.text(max_size=60), st.lists(st.sampled_from(WORDS.split()), max_size=10).map(" ".join)),
    st.sampled_from(PERSONAL),
)
def test_any_reply_is_judged_and_capitals_and_accents_do_not_matter(text: str, asked: str) -> None:
    told = speaks_to_the_bot(text, asked)
    if text.isascii():
        assert speaks_to_the_bot(text.upper(), asked) is told
        assert speaks_to_the_bot(f"  {text} ", asked) is told


@pytest.mark.parametrize(
    "piece", ["hola, ", "no ", "por favor ", "and ", "a", "1 ", "quiero ", "(", "con la "]
)
def test_a_very_long_reply_is_judged_too(piece: str) -> None:
    for asked in PERSONAL:
        assert isinstance(speaks_to_the_bot(piece * 1500, asked), bool)
