"""The stream of messages: in order, resumable, ended by erasure and by the end of the gateway."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from aiohttp import ClientResponse

from tests.gateway.conftest import Gateway, Start, checked


async def _open(gateway: Gateway, talk: Any, after: str = "0", **headers: str) -> ClientResponse:
    response = await gateway.client.get(
        f"{talk.path}/events", params={"after": after}, headers={**talk.headers, **headers}
    )
    assert response.status == 200
    assert response.content_type == "text/event-stream"
    assert response.headers["Cache-Control"] == "no-store"
    return response


async def _blocks(response: ClientResponse, wanted: int) -> list[dict[str, Any]]:
    """The next messages of a stream."""
    found: list[dict[str, Any]] = []
    block: dict[str, str] = {}
    async with asyncio.timeout(5):
        while len(found) < wanted:
            line = (await response.content.readline()).decode().rstrip("\n")
            if line:
                name, _, value = line.partition(": ")
                block[name] = value
            elif "data" in block:
                message = json.loads(block["data"])
                assert block["event"] == "message"
                assert block["id"] == str(message["seq"])
                found.append(message)
                block = {}
    return found


async def test_a_stream_gives_what_was_said_and_then_what_comes(gateway: Gateway) -> None:
    talk = await gateway.begin()
    stream = await _open(gateway, talk)
    assert [m["text"] for m in await _blocks(stream, 3)] == [
        "[greeting en]",
        "[firm_notice en]",
        "[consent_ask en]",
    ]
    await talk.send("work permit", "tab-1")
    visitor, bot = await _blocks(stream, 2)
    assert (visitor["author"], visitor["client_message_id"]) == ("visitor", "tab-1")
    assert (bot["author"], bot["reply_to"]) == ("bot", visitor["id"])
    stream.close()


async def test_a_stream_resumes_after_the_last_event(gateway: Gateway) -> None:
    talk = await gateway.begin()
    await talk.send("work permit")
    stream = await _open(gateway, talk, after="1", **{"Last-Event-ID": "4"})
    assert [m["seq"] for m in await _blocks(stream, 1)] == [5]
    stream.close()


async def test_two_tabs_receive_the_same_in_the_same_order(gateway: Gateway) -> None:
    talk = await gateway.begin()
    one, two = await _open(gateway, talk), await _open(gateway, talk)
    await asyncio.gather(*(talk.send(f"question {n}", f"tab{n % 2}-{n}") for n in range(6)))
    assert await _blocks(one, 15) == await _blocks(two, 15)
    one.close()
    two.close()


async def test_a_quiet_stream_shows_that_it_lives(start: Start) -> None:
    gateway = await start(heartbeat_seconds=0.01)
    talk = await gateway.begin()
    stream = await _open(gateway, talk, after="3")
    async with asyncio.timeout(5):
        while (await stream.content.readline()) != b": still here\n":
            pass
    stream.close()


async def test_a_stream_ends_when_the_conversation_is_erased(gateway: Gateway) -> None:
    talk = await gateway.begin()
    stream = await _open(gateway, talk, after="3")
    assert (await talk.erase()).status == 204
    async with asyncio.timeout(5):
        await stream.content.read()
    assert stream.content.at_eof()


async def test_a_conversation_has_only_so_many_streams(start: Start) -> None:
    gateway = await start(streams_per_conversation=1)
    talk = await gateway.begin()
    first = await _open(gateway, talk)
    response = await gateway.client.get(f"{talk.path}/events", headers=talk.headers)
    assert (response.status, (await checked(response))["code"]) == (429, "too_many_requests")
    first.close()


async def test_the_gateway_stops_at_once_with_streams_open(gateway: Gateway) -> None:
    talk = await gateway.begin()
    await talk.agree()
    streams = [await _open(gateway, talk) for _ in range(3)]
    async with asyncio.timeout(3):
        await gateway.client.close()
    assert all(stream.closed or stream.content.is_eof() for stream in streams)
