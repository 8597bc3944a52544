"""The texts whose vectors travel with the project."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from bot.cli import vectors
from bot.cli.vectors import VectorsFailed, texts_by_topic, write_vectors
from bot.core.content import Library, load_library
from bot.core.firm import load_firm
from bot.core.law import load_parameters

GOOD = Path(__file__).resolve().parents[1] / "broken/good"
TODAY = date(2026, 7, 10)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    tree = tmp_path / "bot"
    shutil.copytree(GOOD, tree)
    for name, label, lines in (
        (
            "work_permit.en.md",
            "label: What it costs\n",
            "asks: is the card free?\nasks: how much for the ead\n",
        ),
        ("work_permit.es.md", "label: Cuánto cuesta\n", "asks: ¿es gratis la tarjeta?\n"),
    ):
        path = tree / "content/topics" / name
        text = path.read_text(encoding="utf-8")
        assert label in text
        path.write_text(text.replace(label, label + lines), encoding="utf-8")
    firm = load_firm(tree / "content/firm.yml")
    return load_library(tree / "content", load_parameters(tree / "law/parameters"), firm)


@pytest.fixture
def nlu(tmp_path: Path) -> Path:
    for path, blocks in {
        "en/greet.yml": ["hello\n- good day"],
        "es/greet.yml": ["hola", "hello mi gente"],
        "en/work_permit.yml": ["can I work?"],
    }.items():
        file = tmp_path / "nlu" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        told = "".join(
            f"  - intent: {file.stem}\n    examples: |\n"
            + "".join(f"      {line}\n" for line in f"- {block}".splitlines())
            for block in blocks
        )
        file.write_text(f'version: "3.1"\nnlu:\n{told}', encoding="utf-8")
    return tmp_path / "nlu"


def test_examples_of_every_block_and_language_come_together_by_intent(library: Library, nlu: Path) -> None:
    groups = texts_by_topic(library, TODAY, nlu)
    assert groups["greet"] == ["hello", "good day", "hola", "hello mi gente"]


def test_headings_and_asks_of_both_languages_join_the_examples_of_their_topic(
    library: Library, nlu: Path
) -> None:
    groups = texts_by_topic(library, TODAY, nlu)
    assert groups["work_permit"][:2] == ["can I work?", "When can I start to work?"]
    asked = [
        "What does it cost?",
        "is the card free?",
        "how much for the ead",
        "How long does the card last?",
    ]
    place = groups["work_permit"].index(asked[0])
    assert groups["work_permit"][place : place + 4] == asked
    assert {"¿Cuánto cuesta?", "¿es gratis la tarjeta?"} <= set(groups["work_permit"])


def test_a_topic_without_examples_has_its_questions_alone(library: Library, nlu: Path) -> None:
    groups = texts_by_topic(library, TODAY, nlu)
    assert set(groups) == {"greet", "work_permit", "filing_fee"}
    assert "What is the fee?" in groups["filing_fee"]


def test_a_question_is_read_as_asked_on_the_day(library: Library, nlu: Path) -> None:
    path = library.root / "topics/filing_fee.en.md"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("## What is the fee? {#pay}", "## Why {{fee.i589}}? {#pay}"), "utf-8")
    path = library.root / "topics/filing_fee.es.md"
    text = path.read_text(encoding="utf-8")
    heading = next(line for line in text.splitlines() if line.endswith("{#pay}"))
    path.write_text(text.replace(heading, "## ¿Por qué {{fee.i589}}? {#pay}"), "utf-8")
    assert library.reload_if_changed(now=0.0)
    assert "Why $1,010?" in texts_by_topic(library, TODAY, nlu)["filing_fee"]
    assert "Why $100?" in texts_by_topic(library, date(2025, 12, 31), nlu)["filing_fee"]


def test_an_engine_that_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "ENGINE_PYTHON", Path(shutil.which("false") or "/bin/false"))
    with pytest.raises(VectorsFailed, match="could not be written"):
        write_vectors({"greet": ["hello"]}, lambda step, share: None)
