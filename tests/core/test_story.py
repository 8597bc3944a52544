"""Which messages tell what happened to a person, by the labelled table and by what surrounds a phrase."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.errors import DataFileError
from bot.core.story import WORDS_FILE, read_words, story_in

TABLE = Path(__file__).parent.parent / "vectors" / "story.tsv"
WORDS = WORDS_FILE.read_text(encoding="utf-8")
WORDS_OF_STORIES = """me mi my mataron mato killed amenazaron threatened si if nadie nobody ICE a de , . ? hermano
brother fue was por for la the gang mara casa house [NAME_1] 2023 !"""
PIECES = st.sampled_from(WORDS_OF_STORIES.split())


def lines() -> list[tuple[str, bool, str]]:
    """(language, whether it is a story, text) of each line."""
    rows = (row.split("\t") for row in TABLE.read_text(encoding="utf-8").splitlines()[1:])
    return [(lang, story == "yes", text) for lang, story, text in rows]


@pytest.mark.parametrize("language", ["en", "es"])
def test_recall_and_precision_reach_their_goals(language: str) -> None:
    rows = [(story, story_in(text) is not None) for lang, story, text in lines() if lang == language]
    assert len(rows) >= 160
    assert sum(story for story, _ in rows) >= 80
    right = sum(story and told for story, told in rows)
    recall = right / sum(story for story, _ in rows)
    precision = right / sum(told for _, told in rows)
    print(f"{language} recall {recall:.3f} precision {precision:.3f} of {len(rows)}")
    assert recall >= 0.95
    assert precision >= 0.97


def test_half_of_the_stories_are_long() -> None:
    long = [len(text.split()) > 10 for _, story, text in lines() if story]
    assert 0.4 <= sum(long) / len(long) <= 0.6


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("mataron a mi primo", 4),
        ("They killed my uncle!", 4),
        ("Me amenazaron de muerte. ¿Puedo pedir asilo?", 7),
        ("i don't know what to do, they killed my uncle", 10),
        ("   \n mataron   a mi primo ", 4),
    ],
)
def test_every_word_of_the_message_is_counted(text: str, words: int) -> None:
    assert story_in(text) == words


@pytest.mark.parametrize(
    ("story", "none"),
    [
        ("me amenazaron", "si me amenazaron"),
        ("they killed my uncle", "if they killed my uncle"),
        ("me han golpeado", "nadie me ha golpeado"),
        ("they beat me", "they never beat me"),
        ("mi hermano fue golpeado", "mi hermano fue golpeado por ice"),
        ("la mara mato a mi tio", "el gobierno mato el parole"),
        ("they threatened me with a gun", "they threatened me with a fine"),
    ],
)
def test_a_supposition_a_denial_and_what_agencies_did_are_no_stories(story: str, none: str) -> None:
    assert story_in(story) is not None
    assert story_in(none) is None


def test_a_supposition_in_another_clause_changes_nothing() -> None:
    assert story_in("no se si puedo, me amenazaron") is not None
    assert story_in("mataron a mi primo. y si me deportan?") is not None


def test_accents_capitals_and_apostrophes_change_nothing() -> None:
    assert story_in("ME APUÑALARON") == story_in("me apunalaron") == 2
    assert story_in("They didn’t beat me") is None


def test_a_masked_name_stands_for_a_word() -> None:
    assert story_in("a mi hermano [NAME_1] lo mataron") is not None


@pytest.mark.parametrize("text", ["", " ", "?", "\x00", "\ud800", "ok", "1234", "[NAME_1]", "ﷺ" * 50])
def test_what_says_nothing_is_no_story(text: str) -> None:
    assert story_in(text) is None


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=80), st.lists(PIECES, max_size=20).map(" ".join)))
def test_any_text_gives_a_count_or_none(text: str) -> None:
    words = story_in(text)
    assert words is None or words > 0


@pytest.mark.parametrize(
    "piece", ["mi hermano ", "me ", "mataron, ", "they said would ", "a mi ", "preso por ", "x", "si "]
)
def test_time_grows_with_the_length_and_no_faster(piece: str) -> None:
    def seconds(length: int) -> float:
        text = (piece * length)[:length]
        times = []
        for _ in range(3):
            start = time.process_time()
            story_in(text)
            times.append(time.process_time() - start)
        return min(times)

    story_in("warm")
    assert seconds(20_000) < 40 * seconds(1_500) + 0.05


def test_a_common_message_takes_less_than_two_milliseconds() -> None:
    story_in("warm")
    times = []
    for _, _, text in lines():
        start = time.process_time()
        story_in(text)
        times.append(time.process_time() - start)
    assert statistics.median(times) < 0.002


def test_an_unknown_class_of_words_is_told_with_its_line() -> None:
    wrong = WORDS.replace("  - me/nos <hecho>", "  - me/nos <hechos>", 1)
    with pytest.raises(DataFileError, match="<hechos>") as caught:
        read_words(wrong, "story_words.yml")
    assert caught.value.line == WORDS[: WORDS.index("  - me/nos <hecho>")].count("\n") + 1


def test_a_missing_section_is_told() -> None:
    with pytest.raises(DataFileError, match="sections"):
        read_words(WORDS.replace("\nenough:", "\nenugh:"), "story_words.yml")
