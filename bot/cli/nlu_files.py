"""Adding lines to the examples under ``data/nlu``, as somebody would who edits the files by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.core import yaml12

_BLOCK = re.compile(r"  - intent: (\S+)\n    metadata: \{([^}\n]*)\}\n    examples: \|\n((?:      - .*\n)*)")


@dataclass(frozen=True, slots=True)
class Line:
    """One example; ``section`` is the section of the topic's article that answers it, if one does."""

    language: str
    intent: str
    section: str | None
    text: str


def example_lines(nlu: Path) -> Iterator[Line]:
    """Every example of the files, by the language of its folder. Raises DataFileError for a file that is not YAML."""
    for path in sorted(nlu.rglob("*.yml")):
        for block in yaml12.load_file(path)["nlu"]:
            section = block.get("metadata", {}).get("section")
            for line in block["examples"].splitlines():
                yield Line(path.parent.name, block["intent"], section, line.removeprefix("- ").strip())


def place_of(nlu: Path, line: Line) -> Path:
    """The file in which an example belongs."""
    return nlu / line.language / f"{line.intent}.yml"


def with_line(content: str, line: Line) -> str:
    """The content of an intent's file with one more example, at the end of the block of its section.

    Where there is no such block, a new one comes last. Raises ValueError for a text of several lines.
    """
    if "\n" in line.text or not line.text.strip():
        raise ValueError("an example is one line")
    metadata = f"language: {line.language}" + (f", section: {line.section}" if line.section else "")
    added = f"      - {line.text}\n"
    whole = content if content.endswith("\n") else f"{content}\n"
    for block in _BLOCK.finditer(whole):
        if block[1] == line.intent and block[2] == metadata:
            return whole[: block.end()] + added + whole[block.end() :]
    return f"{whole}  - intent: {line.intent}\n    metadata: {{{metadata}}}\n    examples: |\n{added}"
