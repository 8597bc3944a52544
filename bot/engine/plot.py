"""A picture of what was taken for what: ``python -m bot.engine.plot confusions.json target.png``.

It lives in the engine's environment because matplotlib comes with Rasa.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np


def draw(confusions: list[tuple[str, str, int]], target: Path) -> None:
    """Write a grid of label (rows) against answer (columns) with the counts, as PNG or SVG by its ending."""
    labels = sorted({label for label, _, _ in confusions})
    said = sorted({answer for _, answer, _ in confusions})
    grid = np.zeros((max(len(labels), 1), max(len(said), 1)), dtype=int)
    for label, answer, count in confusions:
        grid[labels.index(label), said.index(answer)] += count
    figure, axes = plt.subplots(figsize=(3 + 0.3 * len(said), 2 + 0.3 * len(labels)), layout="constrained")
    axes.imshow(grid, cmap="Blues", aspect="equal")
    axes.set_xticks(range(len(said)), said, rotation=90)
    axes.set_yticks(range(len(labels)), labels)
    axes.set_xlabel("the model's answer")
    axes.set_ylabel("the right label")
    for (row, column), count in np.ndenumerate(grid):
        if count:
            dark = count > grid.max() / 2
            axes.text(column, row, str(count), ha="center", va="center", color="white" if dark else "black")
    figure.savefig(target)
    plt.close(figure)


if __name__ == "__main__":
    rows = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    draw([(label, answer, count) for label, answer, count in rows], Path(sys.argv[2]))
