"""The labelled tables with their measures, and what storage relies on: stable tokens, nothing lost."""

from __future__ import annotations

import statistics
import time

import pytest

from bot.core.redact import KINDS, NAMING_KINDS, WHOLE_KINDS, mask, mask_whole
from tests.bench.redact import found, lines, measures, unlabelled

FEWEST = 400


@pytest.mark.parametrize(("language", "text"), lines("positive.tsv"))
def test_every_labelled_value_is_masked_and_nothing_else(language: str, text: str) -> None:
    plain, labels = unlabelled(text)
    assert found(plain) == labels
    assert mask(plain).text.count("[") >= len(labels)


@pytest.mark.parametrize(("language", "text"), lines("negative.tsv"))
def test_dates_amounts_forms_citations_and_hotlines_stay(language: str, text: str) -> None:
    assert mask(text).text == text
    assert mask(text).values == ()


@pytest.mark.parametrize("table", ["positive.tsv", "negative.tsv"])
def test_each_table_is_large_and_half_in_each_language(table: str) -> None:
    languages = [language for language, _ in lines(table)]
    assert len(languages) >= FEWEST
    assert 0.45 <= languages.count("es") / len(languages) <= 0.55


@pytest.mark.parametrize("language", ["en", "es"])
def test_recall_and_precision_per_kind_reach_their_goals(language: str) -> None:
    rows = measures(language)
    assert {row.kind for row in rows} == set(KINDS)
    for row in rows:
        print(
            f"{language} {row.kind:9} recall {row.recall:.3f} precision {row.precision:.3f} of {row.labelled}"
        )
        assert row.recall >= (1.0 if row.kind in NAMING_KINDS else 0.98)
        assert row.precision >= 0.98


def test_the_same_value_gets_the_same_token_however_it_is_written() -> None:
    masked = mask(
        "call 305-555-0142 or (305) 555 0142, my A is A012345678, again A 012-345-678, hers A012345679"
    )
    assert [value.token for value in masked.values] == [
        "[PHONE_1]",
        "[PHONE_1]",
        "[A_NUMBER_1]",
        "[A_NUMBER_1]",
        "[A_NUMBER_2]",
    ]


def test_places_point_into_the_text_that_was_given() -> None:
    text = "Mi número es 305-555-0142 y mi correo josé@example.com, sí"
    for value in mask(text).values:
        assert text[value.start : value.end] == value.value
    assert mask(text).text == "Mi número es [PHONE_1] y mi correo [EMAIL_1], sí"


@pytest.mark.parametrize(("language", "text"), lines("positive.tsv"))
def test_masking_twice_changes_nothing(language: str, text: str) -> None:
    once = mask(unlabelled(text)[0]).text
    assert mask(once).text == once


def test_new_tokens_count_on_from_those_in_the_text() -> None:
    assert mask("[PHONE_3] and 305-555-0142").text == "[PHONE_3] and [PHONE_4]"


def test_public_lines_stay_beside_a_private_number() -> None:
    assert mask("i called 1-800-898-7180 from 305-555-0142, then 911").text == (
        "i called 1-800-898-7180 from [PHONE_1], then 911"
    )


def test_digits_of_other_scripts_and_wide_spaces_are_read() -> None:
    assert mask("A٢٠١٥٥٥٨٧٣").text == "[A_NUMBER_1]"
    assert mask("305\u00a0555\u20110142").text == "[PHONE_1]"


SEEN = (("[PHONE_1]", "305-555-0142"), ("[NAME_4]", "José Pérez"), ("[A_NUMBER_2]", "A12345678"))


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("call (305) 555 0142 or 786-555-0143", "call [PHONE_1] or [PHONE_2]"),
        ("my name is jose perez", "my name is [NAME_4]"),
        ("mi hermana María y mi primo Jose Perez", "mi hermana [NAME_5] y mi primo [NAME_4]"),
        ("my A is 012-345-678", "my A is [A_NUMBER_2]"),
        ("[PHONE_7] or 786-555-0143", "[PHONE_7] or [PHONE_8]"),
        ("ana@example.com", "[EMAIL_1]"),
    ],
)
def test_a_value_that_was_seen_keeps_its_token_and_new_ones_count_on(text: str, masked: str) -> None:
    assert mask(text, SEEN).text == masked


def test_what_was_seen_may_be_an_iterator_and_holds_only_tokens_that_are_well_formed() -> None:
    assert (
        mask("305-555-0142", iter([("PHONE", "305-555-0142"), ("[PHONE_3]", "786-555-0143")])).text
        == "[PHONE_4]"
    )


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("Juan Pérez", "NAME", "Juan Pérez"),
        ("  juan  perez \n", "NAME", "juan perez"),
        ("me llamo juan, para servirle", "NAME", "me llamo juan, para servirle"),
        ("juan A012345678", "NAME", "juan"),
        ("after 5, not on mondays", "WHEN", "after 5, not on mondays"),
        ("mam y un poco de español", "LANGUAGE", "mam y un poco de español"),
        ("es el 305-555-0142, despues de las 5", "PHONE", "305-555-0142"),
        ("987654321", "PHONE", "987654321"),
        ("305-555-0142 o 786-555-0143", "PHONE", "305-555-0142 o 786-555-0143"),
        ("tres cero cinco, cinco cinco cinco", "PHONE", "tres cero cinco, cinco cinco cinco"),
        ("mi correo es ana arroba gmail punto com", "EMAIL", "ana arroba gmail punto com"),
        ("no tengo", "EMAIL", "no tengo"),
    ],
)
def test_nothing_of_a_whole_reply_stays_in_clear(text: str, kind: str, value: str) -> None:
    masked = mask_whole(text, kind)
    assert masked.text == f"[{kind}_1]"
    assert [(found.kind, found.token, found.value) for found in masked.values] == [(kind, masked.text, value)]
    assert kind in WHOLE_KINDS


def test_a_whole_reply_of_nothing_but_an_identity_number_is_that_number() -> None:
    assert mask_whole("A012345678", "NAME").text == "[A_NUMBER_1]"


def test_a_whole_reply_that_was_seen_gets_its_old_token() -> None:
    assert mask_whole("JOSE PEREZ", "NAME", SEEN).text == "[NAME_4]"
    assert mask_whole("Ana", "NAME", SEEN).text == "[NAME_5]"
    assert mask_whole("+1 305 555 0142 en la tarde", "PHONE", SEEN).text == "[PHONE_1]"


@pytest.mark.parametrize("text", ["", "  ", "[NAME_3]", " [PHONE_1] "])
def test_an_empty_reply_and_a_token_are_given_back(text: str) -> None:
    assert mask_whole(text, "NAME").text == text.strip()
    assert mask_whole(text, "NAME").values == ()


@pytest.mark.parametrize(
    "piece",
    ["mi esposo ", "se llama ", "my name is ana ", "mis hijos ana y ", "soy ", "a ", "1 ", "1-", "calle a ", "12 a ",
     "a at ", "a.", "@a.", "+1 (", "ssn is ", "passport de ", "numero ", "colonia a ", "Juan ", "(", "x" ],
)  # fmt: skip
def test_time_grows_with_the_length_and_no_faster(piece: str) -> None:
    def seconds(length: int) -> float:
        text = (piece * length)[:length]
        times = []
        for _ in range(3):
            start = time.process_time()
            mask(text)
            times.append(time.process_time() - start)
        return min(times)

    assert seconds(20_000) < 12 * seconds(4_000) + 0.05


@pytest.mark.parametrize(
    "text", ["", "\x00", "\ud800", "ß" * 300, "İ 305-555-0142", "1" * 20_000, "@" * 5_000, "a@" * 5_000]
)
def test_any_text_gives_a_value(text: str) -> None:
    assert mask(text).text == mask(mask(text).text).text


def test_five_hundred_characters_take_less_than_a_millisecond() -> None:
    texts = [unlabelled(text)[0] for _, text in lines("positive.tsv")]
    joined = ["; ".join(texts[i : i + 4])[:120] + " palabra normal" * 26 for i in range(0, len(texts), 4)]
    times = []
    for text in joined:
        start = time.process_time()
        mask(text[:500])
        times.append(time.process_time() - start)
    assert statistics.median(times) < 0.001
