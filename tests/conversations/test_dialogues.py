"""The development dialogues end as they should, through the real gateway, engine and actions; today is 2026-11-21."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.core import yaml12
from tests.stack import Stack

EXPECTED: dict[str, dict[str, Any]] = yaml12.load_file(Path(__file__).with_name("dialogues.yml"))
DIALOGUES = {
    row["id"]: row["turns"]
    for line in Path("tests/eval/dialogues_dev.jsonl").read_text("utf-8").splitlines()
    if (row := json.loads(line))
}


def test_every_dialogue_has_its_expectation() -> None:
    assert set(EXPECTED) == set(DIALOGUES)


@pytest.mark.parametrize("dialogue", EXPECTED)
def test_a_dialogue_ends_as_expected(faro: Stack, dialogue: str) -> None:
    expected = EXPECTED[dialogue]
    talk = faro.talk(expected["language"])
    told: list[str] = []
    for turn in DIALOGUES[dialogue]:
        said = talk.say(turn)
        assert said, f"silence after {turn!r}"
        for message in said:
            assert message["kind"] != "apology", f"{turn!r}: {message['text']}"
            told += [message["text"], message["full"], *message["notes"]]
    everything = "\n".join(told)
    assert [text for text in expected["said"] if text not in everything] == []
    assert [text for text in expected.get("never", ()) if text in everything] == []
