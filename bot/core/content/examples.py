"""The questions by which a section is found: its heading, its ``asks:`` lines, and examples of its topic."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from bot.core import yaml12
from bot.core.content.library import Library
from bot.core.messages import LANGUAGES

#: Example texts by the section that answers them, by topic.
SectionExamples = Mapping[str, Mapping[str, list[str]]]


def read_examples(nlu: Path) -> SectionExamples:
    """The examples of every block under ``nlu`` whose metadata name a section; a few seconds for all of them.

    Raises DataFileError for a file that is not YAML.
    """
    found: dict[str, dict[str, list[str]]] = {}
    for path in sorted(nlu.rglob("*.yml")):
        for block in yaml12.load_file(path)["nlu"]:
            section = block.get("metadata", {}).get("section")
            if section is not None:
                lines = [line.removeprefix("- ").strip() for line in block["examples"].splitlines()]
                found.setdefault(block["intent"], {}).setdefault(section, []).extend(lines)
    return found


def questions_by_section(
    library: Library, topic: str, today: date, examples: SectionExamples
) -> dict[str, list[str]]:
    """Everything that leads to each section of a topic, in both languages: the encoder reads them alike.

    What stands in the article was written for its section and counts twice. Examples of a section that the article no
    longer has are left out.
    """
    found: dict[str, list[str]] = {}
    for lang in LANGUAGES:
        for section, questions in library.questions(topic, lang, today).items():
            found.setdefault(section, []).extend(2 * questions)
    for section, known in found.items():
        known.extend(examples.get(topic, {}).get(section, ()))
    return found
