"""The training examples, and the questions of the articles, as tests see them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.core import yaml12

NLU = Path("data/nlu")
TOPICS = Path("bot/content/topics")
QUESTION = re.compile(r"## +(.+?)\s*\{#|asks:\s*(\S.*)")


@dataclass(frozen=True, slots=True)
class Example:
    """One line that trains; ``language`` is what its block's metadata say, or its article's."""

    path: Path
    folder: str
    intent: str
    language: str
    text: str


def examples() -> Iterator[Example]:
    for path in sorted(NLU.rglob("*.yml")):
        for block in yaml12.load_file(path)["nlu"]:
            for line in block["examples"].splitlines():
                assert line.startswith("- "), f"{path}: {line!r} does not start with '- '"
                yield Example(
                    path, path.parent.name, block["intent"], block["metadata"]["language"], line[2:].strip()
                )


def questions_of_articles(*, headings: bool = True) -> Iterator[Example]:
    """Every heading, if wanted, and ``asks:`` line, as written; they decide which section is told."""
    for path in sorted(TOPICS.glob("*.md")):
        intent, lang, _ = path.name.split(".")
        for line in path.read_text(encoding="utf-8").splitlines():
            found = QUESTION.match(line)
            if found and (headings or line.startswith("asks:")):
                yield Example(path, lang, intent, lang, found[1] or found[2])
