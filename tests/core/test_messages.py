"""What travels between engine, actions and gateway."""

from __future__ import annotations

import json

import pytest

from bot.core.messages import Choice, Reply, Source, without_command


def test_a_reply_comes_back_equal_from_json() -> None:
    reply = Reply(
        kind="answer",
        id="work_permit",
        lang="es",
        text="corto",
        full="largo",
        section="cost",
        choices=(Choice("Cuánto cuesta", '/work_permit{"section": "cost"}'),),
        sources=(Source("8 CFR 208.7", "https://example.com", "2026-06-20"),),
        notes=("cambia",),
        facts_checked="2026-06-20",
        parameters={"fee.ead_initial": "$560"},
        keep={"calculation": "bia_appeal", "inputs": {"decision_date": "2026-11-20"}, "calendar_until": None},
        expects="date",
    )
    assert Reply.from_dict(json.loads(json.dumps(reply.as_dict()))) == reply


@pytest.mark.parametrize(
    "wrong", [{}, {"kind": "answer"}, {"kind": "a", "id": "b", "lang": "en", "text": "t", "x": 1}]
)
def test_something_else_is_not_taken_for_a_reply(wrong: dict[str, object]) -> None:
    with pytest.raises((KeyError, TypeError)):
        Reply.from_dict(wrong)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("/restart", "restart"),
        (' \n //greet{"language":"xx"}', 'greet{"language":"xx"}'),
        ("\u200b/restart", "restart"),
        ("and/or", "and/or"),
        ("/", ""),
    ],
)
def test_an_order_to_rasa_typed_by_a_person_is_only_text(typed: str, meant: str) -> None:
    assert without_command(typed) == meant
