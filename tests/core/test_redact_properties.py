"""What holds for any text."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.redact import WHOLE_KINDS, mask, mask_whole

WORDS = """A A# passport pasaporte ssn social recibo IOE MSC call mi numero tel . , - ( ) [ ] @ gmail arroba at dot
punto com calle 5 street main live 305 555 0142 305-555-0142 A201555873 [PHONE_1] [EMAIL_2] 123456789 98765432 2024
es is 987-65-4321 a@example.com IOE0912345678 4111111111111111 AB123456 + 1 12 tarjeta alien number apto 7
esposo llamo llama soy my name hermana Maria JUAN perez de la Cruz y and , : ' hijos nombre lawyer Mr. named Texas this
[NAME_1] A-201-555-873 / 201 termina en 4321 Won"""
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


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.sampled_from(WHOLE_KINDS))
def test_a_whole_reply_is_one_token_or_nothing_but_tokens(text: str, kind: str) -> None:
    masked = mask_whole(text, kind)
    assert mask_whole(masked.text, kind).text == masked.text
    if masked.text == f"[{kind}_1]" and masked.values:
        (value,) = masked.values
        assert value.value
        assert 0 <= value.start < value.end <= len(text)


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_a_message_masked_again_with_its_own_values_gets_the_same_tokens(text: str) -> None:
    first = mask(text)
    seen = [(value.token, value.value) for value in first.values]
    assert [value.token for value in mask(text, seen).values] == [value.token for value in first.values]
