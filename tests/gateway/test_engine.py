"""The stand-in honours the contract, and the client turns every fault into one of two errors."""

from __future__ import annotations

import pytest
from aiohttp.test_utils import unused_port

from bot.core.errors import EngineError, EngineUnreachable
from bot.gateway.engine import EngineClient, read_turn
from tests.gateway.engine_contract import EngineContract, turn
from tests.gateway.standin import SECRET, StandInEngine, answer


class TestStandIn(EngineContract):
    @pytest.fixture
    def engine_url(self, engine: StandInEngine) -> str:
        return engine.url

    @pytest.fixture
    def engine_secret(self) -> str:
        return SECRET


async def test_nothing_listening_is_unreachable() -> None:
    client = EngineClient(f"http://127.0.0.1:{unused_port()}", SECRET)
    with pytest.raises(EngineUnreachable):
        await client.turn(turn(text="hi"))
    await client.close()


async def test_no_answer_in_time_is_unreachable(engine: StandInEngine) -> None:
    engine.mode = "slow"
    client = EngineClient(engine.url, SECRET, turn_seconds=0.05)
    with pytest.raises(EngineUnreachable):
        await client.turn(turn(text="hi"))
    await client.close()


async def test_a_wrong_secret_is_an_error(engine: StandInEngine) -> None:
    client = EngineClient(engine.url, "wrong")
    with pytest.raises(EngineError, match="status 401"):
        await client.turn(turn(text="hi"))
    await client.close()


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"messages": None},
        {"messages": [{}]},
        {"messages": ["hi"]},
        {"messages": [], "slots": [1]},
        {"messages": [], "parse": "no"},
        {"messages": [], "parse": {"intent": {"confidence": "high"}}},
        {"messages": [{**answer("en").as_dict(), "text": None}]},
        {"messages": [{**answer("en").as_dict(), "choices": [{"title": 1, "payload": "x"}]}]},
        {"messages": [{**answer("en").as_dict(), "unknown": 1}]},
    ],
)
def test_an_answer_of_another_shape_is_an_error_that_quotes_nothing(wrong: dict[str, object]) -> None:
    with pytest.raises(EngineError) as caught:
        read_turn(wrong)
    assert caught.value.__cause__ is None
    assert str(caught.value).startswith("turn: not understood (")


def test_the_least_answer_is_a_turn() -> None:
    assert read_turn({"messages": []}).replies == ()
