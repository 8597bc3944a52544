"""Questions that nobody answered, grouped by what they mean, with what the bot knows that comes nearest.

    python -m bot.engine.grouping      one JSON object on standard input, one on standard output

In: "questions", a list of texts, and "known", a list of {"topic", "section", "texts"}. Out: "groups", the largest
first, each with "members" (places in "questions", the most typical first), "topic", "section" and "similarity". What
people wrote goes through the pipe and never into a file.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from sklearn.cluster import AgglomerativeClustering

#: Two groups become one when their questions have this cosine on the average (docs/understanding.md).
TOGETHER = 0.45

#: How near a section is tells the mean over so many of its texts that come nearest: all of them together stand for
#: nothing that anybody would ask.
NEAREST = 2


@dataclass(frozen=True)
class Group:
    """Places of the questions of one meaning, the most typical first; ``similarity`` is a cosine."""

    members: tuple[int, ...]
    topic: str
    section: str
    similarity: float


def group(
    questions: np.ndarray, known: np.ndarray, names: Sequence[tuple[str, str]], together: float = TOGETHER
) -> list[Group]:
    """The groups of questions, the largest first; one row a question in ``questions``.

    ``known`` has a row of length 1 for each text that the bot knows, at least one, ``names`` its topic and section.
    """
    if not len(questions):
        return []
    # The vectors of this encoder all point much the same way; apart from what they share they tell meanings apart.
    shared = known.mean(axis=0)
    rows = _unit(questions - shared)
    taught, places = _unit(known - shared), _places(names)
    found = []
    for members in _clusters(rows, together):
        middle = _unit(rows[members].mean(axis=0, keepdims=True))[0]
        typical = members[np.argsort(-(rows[members] @ middle), kind="stable")]
        order = tuple(int(place) for place in typical)
        near = {
            name: float(np.sort(taught[rows_of] @ middle)[-NEAREST:].mean())
            for name, rows_of in places.items()
        }
        name = max(near, key=near.__getitem__)
        found.append(Group(order, *name, similarity=round(near[name], 4)))
    return sorted(found, key=lambda one: (-len(one.members), one.members[0]))


def _clusters(rows: np.ndarray, together: float) -> list[np.ndarray]:
    """The places of the rows of each cluster."""
    if len(rows) == 1:
        return [np.array([0])]
    distances = np.clip(1 - rows @ rows.T, 0, 2)
    # The argument's name changed with scikit-learn 1.2; the engine's lock holds 1.1.
    model = AgglomerativeClustering(
        n_clusters=None, affinity="precomputed", linkage="average", distance_threshold=1 - together
    )
    labels = model.fit_predict(distances)
    return [np.flatnonzero(labels == label) for label in range(labels.max() + 1)]


def _places(names: Sequence[tuple[str, str]]) -> dict[tuple[str, str], list[int]]:
    """The rows of each section."""
    found: dict[tuple[str, str], list[int]] = {}
    for row, name in enumerate(names):
        found.setdefault(name, []).append(row)
    return found


def _unit(rows: np.ndarray) -> np.ndarray:
    scaled: np.ndarray = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    return scaled


def answer(asked: dict[str, Any]) -> dict[str, Any]:
    """What the command prints for what it was given."""
    from bot.engine.encoder import shared_encoder
    from bot.engine.understood import as_read

    encoder = shared_encoder()
    names = [(place["topic"], place["section"]) for place in asked["known"] for _ in place["texts"]]
    texts = [text for place in asked["known"] for text in place["texts"]]
    questions = encoder.encode([as_read(text) for text in asked["questions"]], "query")
    return {"groups": [asdict(one) for one in group(questions, encoder.encode(texts, "query"), names)]}


def main() -> int:
    """The exit code."""
    from bot.engine.offline import quiet

    quiet()
    json.dump(answer(json.load(sys.stdin)), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
