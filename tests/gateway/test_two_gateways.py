"""Two gateways on one PostgreSQL: a kept conversation can be used through both."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.databases import made
from tests.gateway.conftest import Gateway, Start, Talk, checked


@pytest.fixture
def database(postgres_url: str) -> Iterator[str]:
    with made(postgres_url) as address:
        yield address


def _through(gateway: Gateway, talk: Talk, number: int) -> Talk:
    return Talk(gateway.client, talk.id, talk.token, talk.started, count=number)


async def test_turns_through_both_gateways_form_one_conversation(start: Start, database: str) -> None:
    one, two = await start(database=database), await start(database=database)
    talk = await one.begin()
    await talk.agree()
    other = _through(two, talk, 100)
    await asyncio.gather(*((talk, other)[n % 2].send(f"question {n}", f"q{n}") for n in range(8)))
    through_one, through_two = await talk.read(), await other.read()
    assert through_one == through_two
    assert [m["seq"] for m in through_one["messages"]] == list(range(1, 22))
    assert [m["author"] for m in through_one["messages"][5:]] == ["visitor", "bot"] * 8


async def test_a_repeat_through_the_other_gateway_gives_the_same_reply(start: Start, database: str) -> None:
    one, two = await start(database=database), await start(database=database)
    talk = await one.begin()
    await talk.agree()
    other = _through(two, talk, 100)
    await other.read()
    first = await talk.send("work permit", "same")
    assert (await other.send("work permit", "same"))["messages"] == first["messages"]
    assert len(one.engine.typed) == 1


async def test_an_erasure_through_one_gateway_ends_it_in_the_other(start: Start, database: str) -> None:
    one, two = await start(database=database), await start(database=database)
    talk = await one.begin()
    await talk.agree()
    other = _through(two, talk, 100)
    await other.read()
    assert (await talk.erase()).status == 204
    status, data = await other.post({"client_message_id": "late", "text": "still there?"})
    assert (status, data["code"]) == (404, "conversation_gone")
    assert await one.store.load(talk.id) is None
    response = await two.client.get(f"{talk.path}/messages", headers=talk.headers)
    assert (await checked(response))["code"] == "conversation_gone"
