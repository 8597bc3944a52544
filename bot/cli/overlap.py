"""Whether two lines are the same to people, or one a near copy of the other: what trains may not be in the exam."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

#: Lines that are so short that two people will write the same one.
COMMON_WORDS = 3

#: The share of all runs of five characters that a near copy has in common with its original.
NEAR = 0.6


def folded(text: str) -> str:
    """Lower case, without accents and punctuation: what two people would call the same line."""
    plain = unicodedata.normalize("NFD", text.lower())
    return " ".join(re.findall(r"[a-z0-9]+", "".join(c for c in plain if not unicodedata.combining(c))))


def shingles(text: str, size: int = 5) -> frozenset[str]:
    """Every run of ``size`` characters of the folded text."""
    plain = f" {folded(text)} "
    return frozenset(plain[i : i + size] for i in range(max(1, len(plain) - size + 1)))


def exam_lines(folder: Path) -> Iterator[tuple[str, str]]:
    """The id and text of every question that measures, and of every turn of a dialogue.

    Turns that anybody says ("how long do i have") are left out.
    """
    for line in (folder / "questions_dev.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        yield row["id"], row["text"]
    for line in (folder / "dialogues_dev.jsonl").read_text("utf-8").splitlines():
        dialogue = json.loads(line)
        for number, turn in enumerate(dialogue["turns"]):
            if len(turn.split()) > 2 * COMMON_WORDS:
                yield f"{dialogue['id']}.{number}", turn


def near_copies(exam: Mapping[str, str], taught: Sequence[str]) -> list[tuple[str, int]]:
    """Each line of the exam, by id, with the place of a taught line that is a near copy of it.

    Very short lines of the exam may be equal to taught ones.
    """
    asked = {id: shingles(text) for id, text in exam.items() if len(folded(text).split()) > COMMON_WORDS}
    parts_of = [shingles(text) for text in taught]
    index: dict[str, list[int]] = {part: [] for parts in asked.values() for part in parts}
    for number, parts in enumerate(parts_of):
        for part in parts & index.keys():
            index[part].append(number)
    copies = []
    for id, parts in asked.items():
        shared = Counter(number for part in parts for number in index[part])
        for number, common in shared.items():
            # The cheap half of the condition first: it leaves next to nothing for the other.
            if common > NEAR * len(parts) and common > NEAR * len(parts | parts_of[number]):
                copies.append((id, number))
    return copies
