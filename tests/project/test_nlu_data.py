"""What the training data promise: both languages alike, nothing twice, nothing from the exam."""

from __future__ import annotations

import json
import unicodedata
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from bot.core import yaml12
from tests.project.nlu_data import NLU, examples, folded, shingles

EXAMPLES = list(examples())
INTENTS = [
    next(iter(i)) if isinstance(i, dict) else i for i in yaml12.load_file(Path("domain.yml"))["intents"]
]
SMALL_TALK = {
    "greet", "goodbye", "thank", "affirm", "deny", "bot_challenge", "help", "change_language", "restart", "stop",
    "delete_my_data",
}  # fmt: skip
#: Lines that are so short that two people will write the same one.
COMMON_WORDS = 3


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


def test_no_line_of_the_evaluation_or_near_copy_of_one_trains() -> None:
    """More than 60% of all runs of five characters in common is a near copy; very short lines must not be equal."""
    rows = [
        json.loads(line) for line in Path("tests/eval/questions_dev.jsonl").read_text("utf-8").splitlines()
    ]
    index: dict[str, set[int]] = defaultdict(set)
    trained = [shingles(e.text) for e in EXAMPLES]
    for number, parts in enumerate(trained):
        for part in parts:
            index[part].add(number)
    copies = []
    for row in rows:
        if len(folded(row["text"]).split()) <= COMMON_WORDS:
            continue
        asked = shingles(row["text"])
        shared = Counter(number for part in asked for number in index.get(part, ()))
        for number, common in shared.most_common(3):
            if common / len(asked | trained[number]) > 0.6:
                copies.append((row["id"], row["text"], EXAMPLES[number].text))
    assert copies == []


def test_only_examples_and_rules_lie_under_data() -> None:
    """Rasa walks every folder, hidden ones too, and takes any YAML file with a telling line for its own."""
    allowed = {*NLU.glob("en/*.yml"), *NLU.glob("es/*.yml"), *Path("data/stories").glob("*.yml")}
    assert {path for path in Path("data").rglob("*") if path.is_file()} - allowed == set()
