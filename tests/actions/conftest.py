"""The words that ship, without waiting for all of them to be free of problems."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path

import pytest

from actions import conversation, deadlines, topics
from actions.sections import section_for
from bot.core.content import Library
from bot.core.content.store import read_content
from bot.core.firm import load_firm
from bot.core.law import load_parameters
from tests.actions.builders import Nearness

BOT = Path(__file__).resolve().parents[2] / "bot"


@cache
def shipped() -> Library:
    parameters = load_parameters(BOT / "law/parameters")
    content, _ = read_content(BOT / "content", parameters)
    return Library(BOT / "content", content, parameters, load_firm(BOT / "content/firm.yml"))


@pytest.fixture
def words(monkeypatch: pytest.MonkeyPatch) -> Library:
    """The library that the actions speak from in this test."""
    library = shipped()
    monkeypatch.setattr(topics, "library", lambda: library)
    monkeypatch.setattr(conversation, "library", lambda: library)
    monkeypatch.setattr(deadlines, "library", lambda: library)
    return library


@pytest.fixture
def near(monkeypatch: pytest.MonkeyPatch) -> Nearness:
    """What the engine says about sections in this test."""
    nearness = Nearness()
    monkeypatch.setattr(topics, "section_for", partial(section_for, score=nearness))
    return nearness
