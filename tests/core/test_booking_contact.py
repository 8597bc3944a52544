"""Phone numbers, e-mail addresses and names as people type and say them."""

from __future__ import annotations

from pathlib import Path

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.booking.contact import (
    LIKELY,
    LONGEST_NAME,
    Email,
    Name,
    NameProblem,
    Phone,
    PhoneProblem,
    as_typed,
    read_email,
    read_name,
    read_phone,
    region_in,
)

VECTORS = Path(__file__).parent.parent / "vectors" / "booking"


def rows(name: str) -> list[list[str]]:
    """The rows of a table below its head."""
    lines = (VECTORS / name).read_text(encoding="utf-8").splitlines()[1:]
    return [line.split("\t") for line in lines]


@pytest.mark.parametrize(("text", "hints", "expected"), rows("phones.tsv"))
def test_a_phone_number_is_read_or_what_is_wrong_with_it(text: str, hints: str, expected: str) -> None:
    read = read_phone(text, tuple(hints.split(",")) if hints else ())
    if isinstance(read, Phone):
        told = " ".join(part for part in (read.e164, read.region, read.type, read.extension) if part)
    else:
        told = " ".join((read.code, *read.regions))
    assert told == expected


@pytest.mark.parametrize("region", LIKELY)
def test_the_example_number_of_each_likely_country_is_read_in_it_and_shown(region: str) -> None:
    number = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    assert number is not None
    national = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    assert [getattr(read_phone(text, (region,)), "e164", text) for text in (national, e164)] == [e164, e164]
    without_hint = read_phone(national)
    assert getattr(without_hint, "e164", None) == e164 or region in getattr(without_hint, "regions", ())
    again = read_phone(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL))
    assert isinstance(again, Phone)
    assert again.e164 == e164


@pytest.mark.parametrize(
    ("text", "hints"), [("980 111 0142", ()), ("2201110142", ("US",)), ("+1 980 111 0142", ())]
)
def test_a_number_that_the_tables_do_not_know_is_taken_only_when_it_is_meant(
    text: str, hints: tuple[str, ...]
) -> None:
    assert isinstance(read_phone(text, hints), PhoneProblem)
    assert isinstance(read_phone(text, hints, strict=False), Phone)


@pytest.mark.parametrize("text", ["980 111", "+1 980 111", "no", "980 111 01423"])
def test_a_number_of_the_wrong_length_is_never_taken(text: str) -> None:
    assert isinstance(read_phone(text, ("US",), strict=False), PhoneProblem)


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("guatemala", "GT"),
        ("de El Salvador", "SV"),
        ("es de honduras", "HN"),
        ("it's a mexican number", "MX"),
        ("soy venezolana", "VE"),
        ("Perú", "PE"),
        ("república dominicana", "DO"),
        ("España", "ES"),
        ("USA", "US"),
        ("de aquí", "US"),
        ("Estados Unidos", "US"),
        ("502", "GT"),
        ("+58", "VE"),
        ("no se", None),
        ("peru o ecuador", None),
        ("999", None),
        ("", None),
    ],
)
def test_the_country_of_a_number_is_understood(text: str, region: str | None) -> None:
    assert region_in(text) == region


@pytest.mark.parametrize(("text", "expected", "mended"), rows("emails.tsv"))
def test_an_address_is_read_or_what_is_wrong_with_it(text: str, expected: str, mended: str) -> None:
    read = read_email(text)
    told = read.address if isinstance(read, Email) else f"{read.code} {read.ending}".strip()
    assert told == expected
    meant = read_email(text, mended=True)
    assert getattr(meant, "address", "") == (mended or (expected if "@" in expected else ""))


def test_an_address_as_typed_keeps_its_unusual_ending() -> None:
    assert as_typed("es Ana@gmial.com") == Email("ana@gmial.com")
    assert as_typed("anagmail.com") is None
    assert as_typed("ana@x..") is None


@pytest.mark.parametrize(("text", "as_given", "given", "family"), rows("names.tsv"))
def test_a_name_stays_as_it_was_given(text: str, as_given: str, given: str, family: str) -> None:
    expected = (
        NameProblem(as_given.removeprefix("!"))
        if as_given.startswith("!")
        else Name(given or None, family or None, as_given)
    )
    assert read_name(text) == expected


NUMBERS = """305 555 0142 + 502 ( ) - . cero uno five oh doble triple veinte y treinta ext 7 mil cien 00 011 1
\u0663"""
ADDRESSES = "ana @ arroba . punto com gmail hotmail.con guion bajo at dot ñ , example - _ 1"


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(st.text(max_size=60), st.lists(st.sampled_from(NUMBERS.split()), max_size=14).map(" ".join)),
    st.sampled_from([(), ("US",), ("GT", "MX"), ("VE",)]),
    st.booleans(),
)
def test_what_is_read_as_a_number_is_one_and_reads_the_same_again(
    text: str, hints: tuple[str, ...], strict: bool
) -> None:
    read = read_phone(text, hints, strict=strict)
    if isinstance(read, Phone):
        assert phonenumbers.is_possible_number(phonenumbers.parse(read.e164, None))
        again = read_phone(read.e164, strict=strict)
        assert isinstance(again, Phone)
        assert again.e164 == read.e164


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(st.text(max_size=60), st.lists(st.sampled_from(ADDRESSES.split()), max_size=10).map("".join)),
    st.booleans(),
)
def test_what_is_read_as_an_address_reads_the_same_again(text: str, mended: bool) -> None:
    read = read_email(text, mended=mended)
    if isinstance(read, Email):
        assert as_typed(read.address) == read
        assert read.address.count("@") == 1
        assert read.address == read.address.lower()


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=120))
def test_a_name_is_a_part_of_what_was_said(text: str) -> None:
    read = read_name(text)
    if isinstance(read, Name):
        assert 0 < len(read.as_given) <= 2 * LONGEST_NAME
        assert set(read.as_given) <= {*text, " "}


@pytest.mark.parametrize(
    "piece", ["a", "1 ", "a.", "cero ", "@", "a@", "me llamo ", "doble ", "treinta y ", "- "]
)
def test_a_very_long_text_is_read_too(piece: str) -> None:
    text = piece * 6000
    assert isinstance(read_phone(text), PhoneProblem)
    assert not isinstance(read_email(text), Email)
    assert read_name(text) == NameProblem("too_long")
