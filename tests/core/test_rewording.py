"""What may go into the project's files."""

from __future__ import annotations

import pytest

from bot.core.rewording import LONGEST, PROBLEMS, one_line, problem_of


@pytest.mark.parametrize(
    "text",
    [
        "cuando puedo trabajar?",
        "what letters go in box 27",
        "my card expired in 2024, can i still work",
        "how much is form I-589",
        "x" * LONGEST,
    ],
)
def test_a_plain_question_may_be_taken(text: str) -> None:
    assert problem_of(text) is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "empty"),
        ("¿? 27", "empty"),
        ("x" * (LONGEST + 1), "long"),
        ("soy [NAME_1] y quiero trabajar", "masked"),
        ("[story not kept: 120 words, es]", "masked"),
        ("a [mark](entity)", "masked"),
        ("{braces}", "marks"),
        ("/restart", "command"),
        ("me llamo Fulano Mengano, puedo trabajar?", "personal"),
        ("call me at 202 555 0142", "personal"),
        ("my receipt is IOE0912345678", "personal"),
        ("they killed my brother and beat me, can i ask for asylum", "story"),
    ],
)
def test_what_may_not_has_its_reason(text: str, problem: str) -> None:
    assert problem_of(text) == problem
    assert problem in PROBLEMS


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("  a\r\n\tb  ", "a b"),
        ("- a question", "a question"),
        ("cafe\u0301", "caf\u00e9"),
        ("line\u2028separator\x85next", "line separator next"),
    ],
)
def test_a_text_is_one_composed_line(text: str, told: str) -> None:
    assert one_line(text) == told
