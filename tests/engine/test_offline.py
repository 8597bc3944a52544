import json
from pathlib import Path

import pytest

from bot.engine import offline


def test_training_tells_its_progress_and_gives_a_model(
    trained: tuple[Path, list[tuple[str, int, int]]],
) -> None:
    model, told = trained
    assert model.name == "small.tar.gz"
    assert model.exists()
    steps = [step for step, _, _ in told]
    assert [step for index, step in enumerate(steps) if step not in steps[:index]] == [
        "load", "encode", "classify", "train"
    ]  # fmt: skip
    assert all(0 <= done <= total for _, done, total in told)


def test_many_texts_are_parsed_through_files(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = tmp_path / "texts.jsonl", tmp_path / "parses.jsonl"
    texts = ["hola", "/restart", "cuánto cuesta presentar la solicitud"]
    source.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")
    arguments = ["parse", "--model", str(model), "--input", str(source), "--output", str(target)]
    assert offline.main(arguments) == 0
    parses = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert [parse["intent"]["name"] for parse in parses][::2] == ["greet", "filing_fee"]
    assert parses[1]["intent"]["name"] != "restart"
    last = [line for line in capsys.readouterr().out.splitlines() if line.startswith("{")][-1]
    assert json.loads(last) == {"step": "parse", "done": 3, "total": 3}


def test_groups_of_questions_are_scored_through_files(tmp_path: Path) -> None:
    source, target = tmp_path / "rows.jsonl", tmp_path / "scores.jsonl"
    topics = {"work_permit": {"general": ["Can I work?"], "cost": ["How much is it?"]}}
    rows = [{"text": "¿cuánto cuesta?", "topics": topics}, {"text": "hola", "topics": {}}]
    source.write_text("".join(json.dumps(row) + "\n\n" for row in rows), encoding="utf-8")
    assert offline.main(["nearest", "--input", str(source), "--output", str(target)]) == 0
    first, second = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert first["work_permit"]["cost"] > first["work_permit"]["general"]
    assert second == {}
