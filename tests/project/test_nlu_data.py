"""What the training data promise: both languages alike, nothing twice, nothing from the exam."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from bot.cli.overlap import exam_lines, folded, near_copies
from bot.core import yaml12
from bot.core.content.article import LEAST_SECTIONS
from tests.project.nlu_data import NLU, TOPICS, examples, questions_of_articles

EXAMPLES = list(examples())
#: Not learned: a component gives it to messages with a date (bot/engine/inform.py).
NOT_LEARNED = {"inform_date"}
INTENTS = [
    name
    for i in yaml12.load_file(Path("domain.yml"))["intents"]
    if (name := next(iter(i)) if isinstance(i, dict) else i) not in NOT_LEARNED
]
SMALL_TALK = {
    "greet", "goodbye", "thank", "affirm", "deny", "bot_challenge", "help", "change_language", "restart", "stop",
    "delete_my_data",
}  # fmt: skip


@pytest.mark.parametrize("folder", ["en", "es"])
def test_every_intent_has_one_file_of_its_name_in_each_language(folder: str) -> None:
    assert sorted(path.stem for path in (NLU / folder).iterdir()) == sorted(INTENTS)
    assert {(e.path.stem, e.intent) for e in EXAMPLES if e.path.stem != e.intent} == set()


@pytest.mark.parametrize("folder", ["en", "es"])
@pytest.mark.parametrize("intent", INTENTS)
def test_every_intent_has_enough_examples(intent: str, folder: str) -> None:
    floor = 25 if intent in SMALL_TALK else 40
    assert sum(e.intent == intent and e.folder == folder for e in EXAMPLES) >= floor


@pytest.mark.parametrize("intent", INTENTS)
def test_neither_language_has_more_than_twice_the_examples_of_the_other(intent: str) -> None:
    counts = Counter(e.folder for e in EXAMPLES if e.intent == intent)
    assert max(counts.values()) <= 2 * min(counts.values())


def test_the_language_of_a_block_fits_its_folder() -> None:
    assert {(e.folder, e.language) for e in EXAMPLES} <= {
        ("en", "en"), ("es", "es"), ("es", "mixed"), ("en", "mixed"),
    }  # fmt: skip


def test_no_line_stands_twice_and_none_under_two_intents() -> None:
    seen: dict[str, list[str]] = defaultdict(list)
    for example in EXAMPLES:
        seen[folded(example.text) or example.text].append(f"{example.path}: {example.text}")
    assert {line: places for line, places in seen.items() if len(places) > 1} == {}


def test_examples_hold_neither_annotation_nor_loose_unicode() -> None:
    wrong = [
        e.text
        for e in EXAMPLES
        if set(e.text) & set("[]{}") or unicodedata.normalize("NFC", e.text) != e.text
    ]
    assert wrong == []


def test_no_line_of_the_evaluation_or_near_copy_of_one_trains_or_leads_to_a_section() -> None:
    """More than 60% of all runs of five characters in common is a near copy; very short lines may be equal."""
    # A heading is what the article says; a person may well ask it in the same words.
    taught = [*EXAMPLES, *questions_of_articles(headings=False)]
    copies = near_copies(dict(exam_lines(Path("tests/eval"))), [example.text for example in taught])
    assert [(id, str(taught[place].path), taught[place].text) for id, place in copies] == []


def test_the_questions_of_all_articles_are_found() -> None:
    """Else the test above would pass because it looks at nothing."""
    paths = Counter(e.path for e in questions_of_articles())
    assert set(paths) == set(TOPICS.glob("*.md"))
    assert min(paths.values()) >= LEAST_SECTIONS


def test_only_examples_and_rules_lie_under_data() -> None:
    """Rasa walks every folder, hidden ones too, and takes any YAML file with a telling line for its own."""
    allowed = {*NLU.glob("en/*.yml"), *NLU.glob("es/*.yml"), *Path("data/stories").glob("*.yml")}
    assert {path for path in Path("data").rglob("*") if path.is_file()} - allowed == set()
