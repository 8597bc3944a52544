"""The articles that ship, held to the law: what each must say, what it must not, and how hard it is to read.

``tests/vectors/facts/<intent>.yml`` holds the facts and the traps as patterns for the filled text without accents.
"""

from __future__ import annotations

import os
import re
import shutil
import unicodedata
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bot.core import yaml12
from bot.core.content import Library, load_library
from bot.core.content.check import ArticleLevel, reading_levels
from bot.core.content.store import Content, read_content
from bot.core.errors import DataFileError
from bot.core.firm import load_firm
from bot.core.law import load_parameters
from bot.core.messages import LANGUAGES, Reply
from bot.core.problems import Report
from bot.core.template import placeholders

ROOT = Path(__file__).resolve().parents[2]
BOT = ROOT / "bot"
VECTORS = ROOT / "tests/vectors/facts"
TODAY = date(2026, 11, 21)
LEAST_FACTS = 3
LEAST_TRAPS = 1

TOPICS = sorted({path.name.split(".")[0] for path in (BOT / "content/topics").glob("*.md")})
WITH_FACTS = sorted(path.stem for path in VECTORS.glob("*.yml"))
ARTICLES = [(intent, lang) for intent in TOPICS for lang in LANGUAGES]
HELD = [(intent, lang) for intent in WITH_FACTS for lang in LANGUAGES]


@cache
def content() -> tuple[Library, Content, Report]:
    """Everything that can be read, so that one broken article does not hide the others."""
    parameters = load_parameters(BOT / "law/parameters")
    read, report = read_content(BOT / "content", parameters)
    return Library(BOT / "content", read, parameters, load_firm(BOT / "content/firm.yml")), read, report


@cache
def vectors(intent: str) -> dict[str, Any]:
    loaded = yaml12.load((VECTORS / f"{intent}.yml").read_text(encoding="utf-8"), f"facts/{intent}.yml")
    assert isinstance(loaded, dict)
    return loaded


def without_accents(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


@cache
def told(intent: str, lang: str) -> str:
    """Every word of an article as told on the day, without accents."""
    library, _, report = content()
    if intent not in library.topics:
        broken = [p.render("en") for p in report if Path(p.path).name.startswith(f"{intent}.")]
        pytest.fail("\n".join([f"{intent} cannot be read", *broken]))
    article = library.topics[intent].articles[lang]
    texts = [article.title]
    for section in article.sections:
        texts += [section.question, *(part.text for part in section.parts.values())]
    filled = [(text, library.filled(text, lang, TODAY)) for text in texts]
    assert [text for text, words in filled if words is None] == [], "a value is not in force"
    return without_accents("\n".join(words or "" for _, words in filled))


def found(pattern: str, text: str) -> re.Match[str] | None:
    return re.search(pattern, text, re.IGNORECASE)


# facts and traps


def test_every_topic_has_facts_and_all_facts_have_a_topic() -> None:
    assert TOPICS
    assert TOPICS == WITH_FACTS


@pytest.mark.parametrize("intent", WITH_FACTS)
def test_a_facts_file_is_complete_and_its_patterns_can_match(intent: str) -> None:
    data = vectors(intent)
    assert set(data) == {"topic", "facts", "traps"}
    assert data["topic"] == intent
    assert len(data["facts"]) >= LEAST_FACTS
    assert len(data["traps"]) >= LEAST_TRAPS
    problems = []
    for kind, keys in (("fact", {"fact", "law"}), ("trap", {"trap"})):
        for entry in data[f"{kind}s"]:
            assert keys <= set(entry) <= {"fact", "trap", "law", *LANGUAGES}, entry
            for lang in LANGUAGES:
                assert entry[lang], f"{entry[kind]}: no pattern in {lang}"
                for pattern in entry[lang]:
                    try:
                        re.compile(pattern)
                    except re.error as exc:
                        problems.append(f"{entry[kind]}: {pattern!r}: {exc}")
                    if without_accents(pattern) != unicodedata.normalize("NFD", pattern):
                        problems.append(f"{entry[kind]}: {pattern!r} has an accent and can never match")
                    if found(pattern, ""):
                        problems.append(f"{entry[kind]}: {pattern!r} matches anything")
    assert problems == []


@pytest.mark.parametrize(("intent", "lang"), HELD)
def test_an_article_states_every_fact(intent: str, lang: str) -> None:
    text = told(intent, lang)
    missing = [
        f"{intent}.{lang}: {entry['fact']} ({entry['law']}): nothing matches {pattern!r}"
        for entry in vectors(intent)["facts"]
        for pattern in entry[lang]
        if not found(pattern, text)
    ]
    assert not missing, "\n".join(missing)


@pytest.mark.parametrize(("intent", "lang"), HELD)
def test_an_article_falls_into_no_trap(intent: str, lang: str) -> None:
    text = told(intent, lang)
    fallen = [
        f"{intent}.{lang}: {entry['trap']}: {pattern!r} matches {match[0]!r}"
        for entry in vectors(intent)["traps"]
        for pattern in entry[lang]
        if (match := found(pattern, text))
    ]
    assert not fallen, "\n".join(fallen)


@pytest.mark.parametrize(("intent", "lang"), ARTICLES)
def test_the_day_from_which_a_value_holds_is_told_only_beside_the_value(intent: str, lang: str) -> None:
    """Alone, "since" reads as the day on which the rule began, and turns false with the next amount."""
    told(intent, lang)
    for section in content()[0].topics[intent].articles[lang].sections:
        for part in section.parts.values():
            used = list(placeholders(part.source))
            values = {placeholder.name for placeholder in used if placeholder.style != "since"}
            alone = {placeholder.name for placeholder in used} - values
            assert not alone, f"{intent}.{lang} #{section.id}: give the first day a parameter of its own"


# how hard it is to read


@cache
def levels() -> dict[tuple[str, str], ArticleLevel]:
    return {(level.intent, level.lang): level for level in reading_levels(content()[0], TODAY)}


@pytest.mark.parametrize(("intent", "lang"), ARTICLES)
def test_an_article_is_easy_enough_to_read(intent: str, lang: str) -> None:
    told(intent, lang)
    level = levels()[intent, lang].level
    assert level.meets_goal, f"{intent}.{lang}: {level.measure} is {level.score:.1f}"


# one value changes


@pytest.fixture(scope="module")
def changeable(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tree = tmp_path_factory.mktemp("law")
    shutil.copytree(BOT / "law", tree / "law")
    return tree


def all_answers(library: Library, day: date) -> dict[tuple[str, str, str], Reply]:
    """What is told; without the version, which changes with every edit of a figure, from its day on or not."""
    return {
        (intent, lang, section): replace(library.answer(intent, lang, section, day), version="")
        for intent, topic in library.topics.items()
        for lang in topic.articles
        for section in topic.sections
    }


def test_one_edit_of_a_fee_changes_every_answer_that_names_it_from_its_day_on(changeable: Path) -> None:
    fee, begins, amount = "fee.i589", date(2027, 3, 1), "$7,531"
    before = begins - timedelta(days=1)
    problems: list[DataFileError] = []
    library = load_library(
        BOT / "content",
        load_parameters(changeable / "law/parameters"),
        load_firm(BOT / "content/firm.yml"),
        on_problem=problems.append,
    )
    old_before, old_after = all_answers(library, before), all_answers(library, begins)

    path = changeable / "law/parameters/fee/i589.yml"
    version = (
        "  2027-03-01:\n    value: 7531\n    authority:\n      - {cite: Test notice, checked: 2026-07-03}\n"
    )
    path.write_text(path.read_text(encoding="utf-8").rstrip("\n") + "\n" + version, encoding="utf-8")
    later = path.stat().st_mtime_ns + 1_000_000_000
    os.utime(path, ns=(later, later))
    assert library.reload_if_changed(now=100.0)
    assert problems == []

    # Before the day nothing is different.
    assert all_answers(library, before) == old_before
    new_after = all_answers(library, begins)
    naming = {key for key, reply in old_after.items() if fee in reply.parameters}
    assert {lang for _, lang, _ in naming} == set(LANGUAGES)
    assert len({intent for intent, _, _ in naming}) > 1, "only one topic names the fee"
    for key, reply in new_after.items():
        if key not in naming:
            assert reply == old_after[key], key
            continue
        assert reply.parameters[fee] == amount, key
        assert reply.text != old_after[key].text or reply.full != old_after[key].full, key
        assert any(source.cite == "Test notice" for source in reply.sources), key
