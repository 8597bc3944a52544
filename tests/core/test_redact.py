"""The labelled tables with their measures, and what storage relies on: stable tokens, nothing lost."""

from __future__ import annotations

import re
import statistics
import time
from collections import Counter
from pathlib import Path

import pytest

from bot.core.redact import KINDS, mask

TABLES = Path(__file__).parent.parent / "vectors" / "redact"
LABEL = re.compile(r"\{([A-Z_]+):([^}]*)\}")
IDENTITY = {"A_NUMBER", "SSN", "RECEIPT", "PASSPORT", "CARD"}


def lines(name: str) -> list[tuple[str, str]]:
    """(language, text) of each line of a table."""
    rows = (TABLES / name).read_text(encoding="utf-8").splitlines()[1:]
    return [(row.split("\t")[0], row.split("\t")[1]) for row in rows]


def unlabelled(text: str) -> tuple[str, list[tuple[str, str]]]:
    """The plain text and its (kind, value) labels."""
    return LABEL.sub(lambda match: match[2], text), LABEL.findall(text)


def found(text: str) -> list[tuple[str, str]]:
    return [(value.kind, value.value) for value in mask(text).values]


@pytest.mark.parametrize(("language", "text"), lines("positive.tsv"))
def test_every_labelled_value_is_masked_and_nothing_else(language: str, text: str) -> None:
    plain, labels = unlabelled(text)
    assert found(plain) == labels
    assert mask(plain).text.count("[") >= len(labels)


@pytest.mark.parametrize(("language", "text"), lines("negative.tsv"))
def test_dates_amounts_forms_citations_and_hotlines_stay(language: str, text: str) -> None:
    assert mask(text).text == text
    assert mask(text).values == ()


@pytest.mark.parametrize("language", ["en", "es"])
def test_recall_and_precision_per_kind_reach_their_goals(language: str) -> None:
    labelled, masked, right = Counter[str](), Counter[str](), Counter[str]()
    for lang, text in lines("positive.tsv") + lines("negative.tsv"):
        if lang != language:
            continue
        plain, labels = unlabelled(text) if LABEL.search(text) else (text, [])
        got = found(plain)
        labelled.update(kind for kind, _ in labels)
        masked.update(kind for kind, _ in got)
        right.update(kind for kind, _ in (Counter(labels) & Counter(got)).elements())
    assert set(labelled) == set(KINDS)
    for kind in KINDS:
        recall, precision = right[kind] / labelled[kind], right[kind] / max(1, masked[kind])
        print(f"{language} {kind:9} recall {recall:.3f} precision {precision:.3f} of {labelled[kind]}")
        assert recall >= (1.0 if kind in IDENTITY else 0.98)
        assert precision >= 0.98


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
        start = time.perf_counter()
        mask(text[:500])
        times.append(time.perf_counter() - start)
    assert statistics.median(times) < 0.001
