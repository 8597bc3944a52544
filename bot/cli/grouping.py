"""``faro learn --group``: unanswered questions by their meaning, with what the bot knows that comes nearest."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.cli.evaluation import EvaluationFailed
from bot.cli.paths import ENGINE_PYTHON, ROOT
from bot.cli.training import engine_environment
from bot.core.content import Library
from bot.core.content.examples import questions_by_section, read_examples
from bot.transcripts.question_groups import Group, QuestionGroups, Unanswered
from bot.transcripts.store import TranscriptStore

#: Questions that are grouped at once; of more the newest. Every two of them are compared.
MOST = 2000

_TOKEN = re.compile(r"\[[^\]]*\]")


async def group_unanswered(
    store: TranscriptStore, library: Library, today: date, now: datetime, days: int
) -> tuple[int, int]:
    """How many questions of the last ``days`` are now in how many groups. Raises EvaluationFailed."""
    groups = QuestionGroups(store)
    found = await groups.unanswered(now - timedelta(days=days), MOST)
    made = by_meaning(found, known_texts(library, today))
    return await groups.replace(made, now), len(made)


def known_texts(library: Library, today: date, nlu: Path = ROOT / "data" / "nlu") -> list[dict[str, Any]]:
    """What the bot knows: the texts that lead to each section of each topic."""
    examples = read_examples(nlu)
    return [
        {"topic": topic, "section": section, "texts": list(dict.fromkeys(texts))}
        for topic in library.topics
        for section, texts in questions_by_section(library, topic, today, examples).items()
    ]


def by_meaning(found: Sequence[Unanswered], known: Sequence[Mapping[str, Any]]) -> list[Group]:
    """The groups, the largest first; what has no word beside masked values is left out."""
    texts = [(one, read) for one in found if any(map(str.isalpha, read := _TOKEN.sub(" ", one.text)))]
    if not texts:
        return []
    asked = json.dumps({"questions": [read for _, read in texts], "known": known})
    # Through a pipe: what people wrote must not lie in a file, even for a moment.
    done = subprocess.run(
        [str(ENGINE_PYTHON), "-m", "bot.engine.grouping"],
        cwd=ROOT, env=engine_environment(), input=asked, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        # The end of its output names code, not texts: the questions came by the pipe.
        raise EvaluationFailed(f"The engine could not group the questions:\n{done.stderr[-2000:]}")
    return [
        Group(
            tuple(texts[place][0] for place in one["members"]),
            one["topic"],
            one["section"],
            one["similarity"],
        )
        for one in json.loads(done.stdout)["groups"]
    ]
