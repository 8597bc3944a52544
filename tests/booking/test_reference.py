"""References that can be spoken."""

from __future__ import annotations

import re

import pytest

from bot.booking.payload import schema
from bot.booking.reference import ALPHABET, LENGTH, new_reference, read_reference


def test_references_have_six_letters_of_the_alphabet_and_none_thrice_in_a_row() -> None:
    made = [new_reference() for _ in range(5_000)]
    assert all(re.fullmatch(f"[{ALPHABET}]{{{LENGTH}}}", one) for one in made)
    assert not any(re.search(r"(.)\1\1", one) for one in made)
    assert set("".join(made)) == set(ALPHABET)
    assert len(set(made)) > 4_900


@pytest.mark.parametrize(
    "together", ["BCDEGPTVZ", "CSZ", "BV", "MN", "FSX", "JK", "JG", "O0Q", "I1L", "AEIOUYW"]
)
def test_of_letters_that_are_mistaken_for_each_other_at_most_one_is_used(together: str) -> None:
    used = set(together) & set(ALPHABET)
    assert len(used) <= (2 if together == "FSX" else 1)
    if together == "AEIOUYW":
        assert used == set()


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("FHKLMQ", "FHKLMQ"),
        (" fhk-lmq ", "FHKLMQ"),
        ("F H K . L M Q", "FHKLMQ"),
        ("FHKLM", None),
        ("FHKLMQR", None),
        ("FHKLMB", None),
        ("FHKLM0", None),
        ("", None),
    ],
)
def test_a_reference_is_read_however_it_is_typed(typed: str, read: str | None) -> None:
    assert read_reference(typed) == read


def test_the_schema_has_the_same_alphabet() -> None:
    assert schema()["$defs"]["reference"]["pattern"] == f"^[{ALPHABET}]{{{LENGTH}}}$"
