"""The fixed texts of the gateway's own pages and answers, read once from ``bot/content``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.core.deadlines import phrases
from bot.core.deadlines.phrases import Phrases
from bot.gateway import embed, plain_chat
from bot.gateway.health import load_steps
from bot.gateway.page_words import PageWords, load_page_words
from bot.gateway.ports import Firm
from bot.gateway.problems import Problems, load_problems


@dataclass(frozen=True, slots=True)
class Texts:
    """``problems`` by code, ``steps`` of the start by code and language, and the words of each page."""

    problems: Problems
    steps: Mapping[str, Mapping[str, str]]
    phrases: Phrases
    chat: PageWords
    embed: PageWords


def load_texts(content: Path, firm: Firm) -> Texts:
    """The texts of a folder. Raises ContentFileError for the first thing that is wrong or missing."""
    return Texts(
        problems=load_problems(content / "problems.yml", firm),
        steps=load_steps(content / "status.yml"),
        phrases=phrases.load_phrases(content / phrases.FILE_NAME),
        chat=load_page_words(content / plain_chat.WORDS_FILE, plain_chat.WORDS),
        embed=load_page_words(content / embed.WORDS_FILE, embed.WORDS),
    )
