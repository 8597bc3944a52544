import pytest

from bot.engine.text import fold, has_words


@pytest.mark.parametrize("text", ["¿Cuándo llegué?", "NIÑO Ñ", "İstanbul ß ﬁ", "e\u0301", "😀 sí", ""])
def test_folding_keeps_every_offset(text: str) -> None:
    assert len(fold(text)) == len(text)


def test_folding_takes_away_capitals_and_accents() -> None:
    assert fold("¿CUÁNDO? Niño, pingüino") == "¿cuando? nino, pinguino"


@pytest.mark.parametrize(
    ("text", "expected"), [("ok", True), ("589", True), ("😀😀", False), ("?!", False), ("", False)]
)
def test_only_letters_and_digits_are_something_to_understand(text: str, expected: bool) -> None:
    assert has_words(text) is expected
