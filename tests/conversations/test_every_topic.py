"""Every topic and section in both languages, asked through the chat API."""

from __future__ import annotations

import re

import pytest

from bot.core.content import load_library
from bot.core.firm import load_firm
from bot.core.law import load_parameters
from tests.stack import ROOT, Stack, Talk

BOT = ROOT / "bot"
LIBRARY = load_library(
    BOT / "content", load_parameters(BOT / "law" / "parameters"), load_firm(BOT / "content" / "firm.yml")
)
SHORT_LIMIT = 640
FULL_LIMIT = 1800
TITLE_LIMIT = 24


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_section_of_every_topic_can_be_read(faro: Stack, language: str) -> None:
    """A choice leads on from each answer; what a choice cannot reach within two steps is asked in words."""
    for intent, topic in sorted(LIBRARY.topics.items()):
        talk = faro.talk(language)
        general = reach(talk, intent, topic.articles[language].sections[0].question)
        seen = {general["section"]}
        for _ in topic.sections:
            said = next_section(talk, intent, seen)
            if said is None:
                break
            check(said, language)
            seen.add(said["section"])
        assert len(seen) >= min(4, len(topic.sections)), (intent, seen)
        check(general, language)


def reach(talk: Talk, intent: str, question: str) -> dict:  # type: ignore[type-arg]
    """The answer to a topic's own first question, or through the choices offered when the bot is unsure."""
    said = talk.say(question)[0]
    if said["kind"] == "answer" and said["about"] == intent:
        return said
    label = LIBRARY.topics[intent].articles[said["language"]].label
    if label in [choice["title"] for choice in said["choices"]]:
        return talk.choose(label)[0]
    raise AssertionError(f"{question!r} led to {said['about']}, and {intent} was not offered")


def next_section(talk: Talk, intent: str, seen: set[str]) -> dict | None:  # type: ignore[type-arg]
    labels = {
        section.label: section.id
        for section in LIBRARY.topics[intent].articles[talk.messages[-1]["language"]].sections
    }
    for choice in talk.messages[-1]["choices"]:
        if choice["title"] in labels and labels[choice["title"]] not in seen:
            return talk.choose(choice["title"])[0]
    return None


def check(message: dict, language: str) -> None:  # type: ignore[type-arg]
    where = (message["about"], message["section"])
    assert message["kind"] == "answer", where
    assert message["language"] == language, where
    assert message["sources"], where
    assert message["facts_checked"], where
    assert any(re.search(r"\d{4}", note) for note in message["notes"]), where
    assert 0 < len(message["text"]) <= SHORT_LIMIT, where
    assert len(message["full"]) <= FULL_LIMIT, where
    assert all(len(choice["title"]) <= TITLE_LIMIT for choice in message["choices"]), where
    assert "{{" not in message["text"] + message["full"], where
