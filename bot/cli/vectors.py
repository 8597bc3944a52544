"""The sentence vectors that travel with the project (docs/adr/0008)."""

from __future__ import annotations

import json
import tempfile
from datetime import date
from pathlib import Path

from bot.cli.paths import ENGINE_PYTHON, ROOT
from bot.cli.training import Progress, run_with_progress
from bot.core import yaml12
from bot.core.content import Library
from bot.core.errors import BotError
from bot.core.messages import LANGUAGES


class VectorsFailed(BotError):
    """The engine's environment could not write the vectors."""


def texts_by_topic(library: Library, today: date, nlu: Path = ROOT / "data" / "nlu") -> dict[str, list[str]]:
    """By intent: the examples that train it, and the questions of its article as asked on a day, in both languages."""
    groups: dict[str, list[str]] = {}
    for path in sorted(nlu.rglob("*.yml")):
        for block in yaml12.load_file(path)["nlu"]:
            lines = [line.removeprefix("- ").strip() for line in block["examples"].splitlines()]
            groups.setdefault(block["intent"], []).extend(lines)
    for intent in library.topics:
        for lang in LANGUAGES:
            for questions in library.questions(intent, lang, today).values():
                groups.setdefault(intent, []).extend(questions)
    return groups


def write_vectors(groups: dict[str, list[str]], progress: Progress) -> None:
    """Have the engine write the vectors of all groups; only what it never read is encoded.

    Raises VectorsFailed with the end of its output.
    """
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "groups.jsonl")
        rows = ({"group": group, "texts": texts} for group, texts in groups.items())
        source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        command = [str(ENGINE_PYTHON), "-m", "bot.engine.known_vectors", "--input", str(source)]
        with Path(folder, "errors").open("w+", encoding="utf-8") as errors:
            if not run_with_progress(command, errors, progress):
                errors.seek(0)
                raise VectorsFailed(f"The vectors could not be written:\n{errors.read()[-2000:]}")
