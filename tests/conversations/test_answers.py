"""Whole conversations in both languages, each turn through the real gateway, engine and actions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.core import yaml12
from tests.stack import Stack

HERE = Path(__file__).parent
#: Those of corrected.yml come from `faro learn`; there may be none.
CASES = [*yaml12.load_file(HERE / "answers.yml"), *(yaml12.load_file(HERE / "corrected.yml") or ())]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_conversation(faro: Stack, case: dict[str, Any]) -> None:
    talk = faro.talk(case["language"])
    for turn in case["turns"]:
        said = talk.say(turn["say"]) if "say" in turn else talk.choose(turn["press"])
        assert said, f"silence after {turn}"
        check(said[0], turn)


def check(message: dict[str, Any], turn: dict[str, Any]) -> None:
    assert message["kind"] != "apology", message["text"]
    if "id" in turn:
        assert message["about"] == turn["id"]
    if "section" in turn:
        assert message["section"] == turn["section"]
    if "kind" in turn:
        assert message["kind"] == turn["kind"]
    if "lang" in turn:
        assert message["language"] == turn["lang"]
    for text in turn.get("has", ()):
        assert text in f"{message['text']}\n{message['full']}"
    if message["kind"] == "answer":
        assert message["sources"], "an answer without a source"
        assert message["facts_checked"]
        assert message["notes"]
