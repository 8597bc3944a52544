"""What an emergency notice must be before people are told it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.console.articles.notice import LONGEST, Draft, tidy, wrong_in
from tests.console.pages.planting import words

NOW = datetime(2026, 11, 21, 18, tzinfo=UTC)
EN = "The asylum office in Newark is closed today, November 21. Do not travel. Call us at 202-555-0142."
ES = "La oficina de asilo de Newark está cerrada hoy, 21 de noviembre. No viaje. Llámenos al 202-555-0142."


def codes(en: str = EN, es: str = ES, ends: str = "") -> list[tuple[str, str]]:
    draft = Draft({"en": en, "es": es}, ends)
    return [(wrong.field, wrong.code) for wrong in wrong_in(draft, NOW, "America/New_York", words().glossary)]


def test_days_figures_orders_and_the_office_number_may_stand_in_it() -> None:
    assert codes() == []
    assert codes(f"{EN} More: https://www.uscis.gov/news", f"{ES} Más: https://www.uscis.gov/es") == []


def test_the_street_address_of_an_office_may_stand_in_it() -> None:
    address = "USCIS, 131 South Dearborn Street, 3rd Floor, Chicago, IL 60603"
    en = f"The office has moved. Send the form to the new address: {address}."
    es = f"La oficina se mudó. Mande el formulario a la nueva dirección: {address}."
    assert codes(en, es) == []


@pytest.mark.parametrize(
    ("en", "code"),
    [
        ("", "empty"),
        ("x" * (LONGEST + 1), "long"),
        (f"{EN}!", "exclamation"),
        (f"{EN} See http://example.org", "link"),
        (f"{EN} See www.example.org", "link"),
        (f"{EN} javascript://x", "link"),
        ("The fee is {{fee.i589}} from today on, says the asylum office.", "braces"),
        ("You qualify for asylum, and the office is open today.", "conclusion"),
        (f"{EN} About A123456789.", "personal"),
        (ES, "language"),
    ],
)
def test_what_has_to_be_put_right(en: str, code: str) -> None:
    assert ("text_en", code) in codes(en)


def test_both_languages_are_needed_and_differ() -> None:
    assert codes("", "") == [("text_en", "empty"), ("text_es", "empty")]
    assert codes("USCIS", "USCIS") == [("text_es", "same")]
    assert ("text_es", "language") in codes(EN, EN)


def test_the_longest_text_fits() -> None:
    assert codes(EN.ljust(LONGEST, "a"), ES.ljust(LONGEST, "a")) == []


def test_a_word_that_the_glossary_avoids_is_named_with_the_right_one() -> None:
    draft = Draft({"en": EN, "es": f"{ES} Pida libertad condicional."})
    found = wrong_in(draft, NOW, "America/New_York", words().glossary)
    assert [(wrong.code, "libertad condicional" in wrong.what, bool(wrong.instead)) for wrong in found] == [
        ("glossary", True, True)
    ]


@pytest.mark.parametrize(
    ("ends", "found"),
    [
        ("", []),
        ("2026-11-21T13:01", []),
        ("2026-11-21T13:00", [("ends", "ends_past")]),
        ("2026-11-21", [("ends", "ends_unread")]),
        ("2026-13-45T99:99", [("ends", "ends_unread")]),
        ("9" * 20_000, [("ends", "ends_unread")]),
    ],
)
def test_the_end_is_in_the_time_of_the_firm_and_ahead(ends: str, found: list[tuple[str, str]]) -> None:
    assert codes(ends=ends) == found


def test_what_cannot_be_seen_is_taken_out() -> None:
    assert tidy("  One\r\n\r\n\r\n\r\nTwo\u200b \x07three\xa0four \n") == "One\n\nTwo three four"
