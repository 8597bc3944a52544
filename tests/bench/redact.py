"""Recall and precision of masking per kind and language, and its time beside a bare pass over the same text.

    python -m tests.bench.redact

Machines are noisy, so the two are timed alternately and what counts is the ratio. Asked for: recall and precision
0.98, recall 1.00 for identity numbers, a message of 500 characters below 1 ms.
"""

from __future__ import annotations

import re
import statistics
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bot.core.redact import KINDS, mask

TABLES = Path(__file__).resolve().parents[1] / "vectors" / "redact"
LABEL = re.compile(r"\{([A-Z_]+):([^}]*)\}")
LENGTH, ROUNDS = 500, 15
BARE = re.compile(r"\+?\d[\d\s().-]{6,}\d|[\w.+-]+@[\w-]+\.[\w.]+")
PLAIN = str.maketrans("áéíóúüÁÉÍÓÚÜ", "aeiouuAEIOUU")


@dataclass(frozen=True, slots=True)
class Row:
    """One kind in one language; ``labelled`` is the number of values that should be masked."""

    kind: str
    labelled: int
    recall: float
    precision: float


def lines(table: str) -> list[tuple[str, str]]:
    """(language, text) of each line of a table; values are labelled as ``{KIND:value}``."""
    rows = (TABLES / table).read_text(encoding="utf-8").splitlines()[1:]
    return [(row.split("\t")[0], row.split("\t")[1]) for row in rows]


def unlabelled(text: str) -> tuple[str, list[tuple[str, str]]]:
    """The plain text and its (kind, value) labels."""
    return LABEL.sub(lambda match: match[2], text), LABEL.findall(text)


def found(text: str) -> list[tuple[str, str]]:
    """The (kind, value) of everything that is masked."""
    return [(value.kind, value.value) for value in mask(text).values]


def measures(language: str) -> list[Row]:
    """Recall and precision of each kind over both tables; a value counts when it is masked whole and alone."""
    labelled, masked, right = Counter[str](), Counter[str](), Counter[str]()
    for lang, text in lines("positive.tsv") + lines("negative.tsv"):
        if lang != language:
            continue
        plain, labels = unlabelled(text)
        got = found(plain)
        labelled.update(kind for kind, _ in labels)
        masked.update(kind for kind, _ in got)
        right.update(kind for kind, _ in (Counter(labels) & Counter(got)).elements())
    return [
        Row(kind, labelled[kind], right[kind] / max(1, labelled[kind]), right[kind] / max(1, masked[kind]))
        for kind in KINDS
    ]


def messages() -> list[str]:
    """Messages of 500 characters, each with some values and much ordinary text."""
    texts = [unlabelled(text)[0] for _, text in lines("positive.tsv")]
    rest = " ".join(text for _, text in lines("negative.tsv"))
    return [
        ("; ".join(texts[i : i + 3])[:150] + ". " + rest[i * 20 : i * 20 + LENGTH])[:LENGTH]
        for i in range(0, len(texts), 3)
    ]


def seconds(work: Callable[[str], object], texts: list[str]) -> list[float]:
    """The processor time of each text: a busy machine makes the clock on the wall say nothing."""
    times = []
    for text in texts:
        began = time.process_time()
        work(text)
        times.append(time.process_time() - began)
    return times


def main() -> None:
    """Print the table of measures and the times."""
    for language in ("en", "es"):
        for row in measures(language):
            print(
                f"{language} {row.kind:9} recall {row.recall:.3f} precision {row.precision:.3f} of {row.labelled}"
            )
    texts = [text for text in messages() if len(text) == LENGTH]
    ours: list[float] = []
    bare: list[float] = []
    for _ in range(ROUNDS):
        ours += seconds(mask, texts)
        bare += seconds(lambda text: BARE.sub("[X]", text.translate(PLAIN)), texts)
    one, plain = statistics.median(ours), statistics.median(bare)
    slow = statistics.quantiles(ours, n=20)[-1]
    print(
        f"{len(texts)} messages of {LENGTH} characters: median {one * 1e6:.0f} us, 95th {slow * 1e6:.0f} us"
    )
    print(f"one bare pass: {plain * 1e6:.0f} us; ratio {one / plain:.1f}; below 1 ms: {one < 1e-3}")


if __name__ == "__main__":
    main()
