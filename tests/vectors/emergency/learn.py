"""Works out bot/core/emergency_points.tsv from the tables in this folder.

Run it from the root after changing a table, or a sign in bot/core/emergency_words.yml:

    .venv/bin/python tests/vectors/emergency/learn.py

Positives are the lines of positive.*.tsv that say their kind, and the emergencies of data/nlu, which do not. Against
them stand the near-misses of negative.*.tsv and the ordinary questions of data/nlu (every other intent but help). Each
message becomes the set of its words and signs (``features``); a linear support vector machine weighs them. Words that
stand in one message only are left out. The same tables give the same file: the order of the examples is fixed.
"""

from __future__ import annotations

import hashlib
import random
import re
import sys
from collections import Counter
from collections.abc import Sequence
from math import sqrt
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT))

from bot.core import yaml12  # noqa: E402
from bot.core.emergency import KINDS, POINTS_FILE, features  # noqa: E402

TABLES = Path(__file__).parent
ENTITY = re.compile(r"\[([^\]]*)\](?:\([^)]*\)|\{[^}]*\})")
LANGUAGES = ("en", "es")

#: Learned weights are small fractions; points are hundredths of them.
SCALE = 100
#: An ordinary question counts half: there are many of them.
ORDINARY_WEIGHT = 0.5
#: A message is an emergency above this sum (see bot/core/emergency.py); chosen so that of the ordinary questions
#: left out of learning about 4 in 1,000 pass it. More is asked of a message that supposes something ("if"), and
#: most of a story.
THRESHOLD = 140
DOUBT_THRESHOLD = 155
STORY_THRESHOLD = 170
#: Where the best kind leads the next by less, the kind is not told: of kinds told, 99 of 100 were right in lines left
#: out of learning.
LEAD = 50

type Vector = list[tuple[int, float]]


def rows(name: str) -> list[tuple[str, str]]:
    """Label and text of every line of a table."""
    found: list[tuple[str, str]] = []
    for language in LANGUAGES:
        lines = (TABLES / f"{name}.{language}.tsv").read_text(encoding="utf-8").splitlines()[1:]
        for line in lines:
            label, text = line.split("\t")
            found.append((label, text))
    return found


def questions() -> tuple[list[str], list[str]]:
    """The emergencies and the ordinary questions of data/nlu, without entity marks."""
    emergencies: list[str] = []
    plain: list[str] = []
    for path in sorted((ROOT / "data" / "nlu").glob("*/*.yml")):
        for block in yaml12.load_file(path).get("nlu", ()):
            if block.get("intent") in (None, "help"):
                continue
            texts = emergencies if block["intent"] == "emergency" else plain
            for line in (block.get("examples") or "").splitlines():
                text = ENTITY.sub(r"\1", line.strip().removeprefix("- "))
                if text:
                    texts.append(text)
    return emergencies, plain


def tables_mark() -> str:
    """A mark that changes when a table changes; it stands in the points file."""
    digest = hashlib.sha256()
    for path in sorted(TABLES.glob("*.tsv")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def machine(
    vectors: Sequence[Vector], signs: Sequence[int], costs: Sequence[float], size: int
) -> list[float]:
    """Weights of a linear support vector machine with squared hinge loss, the last one being the constant.

    Dual coordinate descent (Hsieh and others, ICML 2008), as in liblinear.
    """
    weights = [0.0] * (size + 1)
    alphas = [0.0] * len(vectors)
    diagonals = [0.5 / cost for cost in costs]
    norms = [
        1.0 + sum(value * value for _, value in vector) + d
        for vector, d in zip(vectors, diagonals, strict=True)
    ]
    order = list(range(len(vectors)))
    chance = random.Random(0)
    for _ in range(60):
        chance.shuffle(order)
        largest = 0.0
        for i in order:
            sign = signs[i]
            margin = weights[size] + sum(weights[j] * value for j, value in vectors[i])
            gradient = sign * margin - 1.0 + diagonals[i] * alphas[i]
            if alphas[i] == 0.0 and gradient >= 0.0:
                continue
            new = max(alphas[i] - gradient / norms[i], 0.0)
            step = (new - alphas[i]) * sign
            largest = max(largest, abs(gradient))
            alphas[i] = new
            for j, value in vectors[i]:
                weights[j] += step * value
            weights[size] += step
        if largest < 0.01:
            break
    return weights


class Learner:
    """Turns labelled texts into the lines of the points file."""

    def __init__(
        self, positives: Sequence[tuple[str, str]], negatives: Sequence[str], plain: Sequence[str]
    ) -> None:
        """``positives`` are kind and text; the kind "?" says nothing about kinds."""
        told: list[tuple[str, frozenset[str], float]] = []
        for kind, text in positives:
            windows = features(text)
            if kind != "unclear" and len(windows) == 1:
                told.append((kind, windows[0], 1.0))
        for texts, cost in ((negatives, 1.0), (plain, ORDINARY_WEIGHT)):
            for text in texts:
                windows = features(text)
                told.extend(("", window, cost / sqrt(len(windows))) for window in windows)
        counts = Counter(name for _, window, _ in told for name in window)
        self.names = sorted(name for name, count in counts.items() if count > 1 or name.startswith("sign:"))
        self._told = told

    def lines(self) -> list[str]:
        """Every feature with its points, for an emergency and for each kind."""
        place = {name: i for i, name in enumerate(self.names)}

        def vector(window: frozenset[str]) -> Vector:
            known = sorted(place[name] for name in window if name in place)
            return [(i, 1 / sqrt(len(known))) for i in known]

        size = len(self.names)
        main = machine(
            [vector(window) for _, window, _ in self._told],
            [1 if kind else -1 for kind, _, _ in self._told],
            [cost for _, _, cost in self._told],
            size,
        )
        positives = [(kind, vector(window)) for kind, window, _ in self._told if kind in KINDS]
        vectors = [told for _, told in positives]
        costs = [1.0] * len(positives)
        by_kind = [
            machine(vectors, [1 if kind == other else -1 for other, _ in positives], costs, size)
            for kind in KINDS[:-1]
        ]
        lines: list[str] = []
        for i, name in enumerate(self.names):
            figures = [round(SCALE * weights[i]) for weights in (main, *by_kind)]
            if any(figures):
                lines.append("\t".join([name, *map(str, figures)]))
        return lines


def main() -> None:
    """Write the points file."""
    emergencies, plain = questions()
    positives = rows("positive") + [("?", text) for text in emergencies]
    learner = Learner(positives, [text for _, text in rows("negative")], plain)
    head = [
        "# Points by which bot/core/emergency.py judges messages that no rule matches; written by",
        "# tests/vectors/emergency/learn.py, not by hand. A word or sign, its points, and those of the kinds",
        f"# {', '.join(KINDS[:-1])}. Tables: {tables_mark()}",
        f"=threshold\t{THRESHOLD}",
        f"=doubt\t{DOUBT_THRESHOLD}",
        f"=story\t{STORY_THRESHOLD}",
        f"=lead\t{LEAD}",
    ]
    POINTS_FILE.write_text("\n".join([*head, *learner.lines()]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
