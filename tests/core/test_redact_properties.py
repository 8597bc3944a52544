"""What holds for any text."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.redact import mask

WORDS = """A A# passport pasaporte ssn social recibo IOE MSC call mi numero tel . , - ( ) [ ] @ gmail arroba at dot
punto com calle 5 street main live 305 555 0142 305-555-0142 A201555873 [PHONE_1] [EMAIL_2] 123456789 98765432 2024
es is 987-65-4321 a@example.com IOE0912345678 4111111111111111 AB123456 + 1 12 tarjeta alien number apto 7"""
PIECES = st.sampled_from(WORDS.split())
TEXTS = st.one_of(
    st.text(max_size=80),
    st.lists(PIECES, max_size=14).map(" ".join),
    st.lists(PIECES, max_size=8).map("".join),
)


@settings(max_examples=600, deadline=None)
@given(TEXTS)
def test_masking_is_stable_and_restores(text: str) -> None:
    masked = mask(text)
    assert mask(masked.text).text == masked.text
    rebuilt, done = "", 0
    for value in masked.values:
        assert text[value.start : value.end] == value.value
        assert value.start >= done
        rebuilt += text[done : value.start] + value.token
        done = value.end
    assert rebuilt + text[done:] == masked.text
