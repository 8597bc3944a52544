"""The client, against a real server that answers in every way a server can."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.booking.outside import retry_after
from bot.booking.payload import consultation
from bot.booking.ports import REQUESTED, Outcome
from bot.booking.signature import verified
from bot.booking.webhook import LARGEST_ANSWER, LARGEST_EVENT, WebhookDestination
from bot.core.errors import SettingsError
from tests.booking.conftest import CONTACT, FACTS, NOON, OTHER_SECRET, SECRET

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Send = Callable[[Handler], Awaitable[Outcome]]

BODY = consultation(
    REQUESTED,
    request_id="3b9833a9-ff5c-4743-9884-5135db9bb6e7",
    reference="FHKLMQ",
    created_at=NOON,
    at=NOON,
    site="Bufete Ñandú",
    environment="demo",
    level="urgent",
    language="es",
    contact=CONTACT,
    facts=FACTS,
)


@pytest.fixture
async def send() -> AsyncIterator[Send]:
    """Sends one event to a server with that handler."""
    servers: list[TestServer] = []

    async def once(handler: Handler, body: dict[str, Any] = BODY) -> Outcome:
        app = web.Application()
        app.router.add_post("/hook/", handler)
        app.router.add_post("/elsewhere", _never)
        server = TestServer(app)
        await server.start_server()
        servers.append(server)
        destination = WebhookDestination(
            str(server.make_url("/hook/")), [SECRET, OTHER_SECRET], https_only=False, total_seconds=0.3
        )
        try:
            return await destination.send("msg_1", REQUESTED, body, NOON)
        finally:
            await destination.close()

    yield once
    for server in servers:
        await server.close()


async def _never(_request: web.Request) -> web.Response:
    raise AssertionError("redirects must not be followed")


def answering(status: int, body: Any = None, **headers: str) -> Handler:
    async def handler(_request: web.Request) -> web.Response:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        return web.Response(status=status, body=raw, headers=headers)

    return handler


async def test_what_arrives_is_signed_with_both_secrets_and_is_the_event(send: Send) -> None:
    got: list[web.Request] = []
    raw: list[bytes] = []

    async def handler(request: web.Request) -> web.Response:
        got.append(request)
        raw.append(await request.read())
        return web.json_response({})

    await send(handler)
    await send(handler)
    assert raw[0] == raw[1]
    assert json.loads(raw[0]) == BODY
    for secret in (SECRET, OTHER_SECRET):
        assert verified([secret], got[0].headers, raw[0], NOON) == "msg_1"
    assert got[0].headers["content-type"] == "application/json"
    assert got[0].headers["accept-encoding"] == "identity"


STATUSES = [
    (200, "delivered", ""),
    (201, "delivered", ""),
    (202, "delivered", ""),
    (204, "delivered", ""),
    (301, "later", "http_301"),
    (302, "later", "http_302"),
    (308, "later", "http_308"),
    (400, "dead", "http_400"),
    (401, "dead", "http_401"),
    (403, "dead", "http_403"),
    (404, "dead", "http_404"),
    (408, "later", "http_408"),
    (409, "dead", "http_409"),
    (410, "dead", "gone"),
    (413, "dead", "http_413"),
    (422, "dead", "http_422"),
    (425, "later", "http_425"),
    (429, "later", "http_429"),
    (500, "later", "http_500"),
    (502, "later", "http_502"),
    (503, "later", "http_503"),
]


@pytest.mark.parametrize(("status", "kind", "code"), STATUSES)
async def test_each_status_means_one_thing(send: Send, status: int, kind: str, code: str) -> None:
    outcome = await send(answering(status, Location="/elsewhere"))
    assert (outcome.kind, outcome.code, outcome.type) == (kind, code, REQUESTED)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({}, {}),
        ({"booking_id": "b-7", "status": "received"}, {"booking_id": "b-7", "status": "received"}),
        (
            {
                "status": "confirmed",
                "start": "2026-11-24T10:00:00-05:00",
                "join_url": "https://meet.example/a?b=c",
            },
            {
                "status": "confirmed",
                "start": datetime(2026, 11, 24, 15, tzinfo=UTC),
                "join_url": "https://meet.example/a?b=c",
            },
        ),
        ({"start": "2026-11-24T10:00:00"}, {}),
        ({"start": "tomorrow", "join_url": "http://meet.example"}, {}),
        ({"join_url": "javascript:alert(1)"}, {}),
        ({"join_url": 'https://meet.example/"><script>'}, {}),
        ({"join_url": "https://meet.example/" + "x" * 2_000}, {}),
        ({"booking_id": "x" * 129, "status": "no such word"}, {}),
        ({"booking_id": 7, "status": 7, "start": 7, "join_url": 7}, {}),
        ([], {}),
        (b"<html>thanks</html>", {}),
        (b"\xff\xfe", {}),
        (b"[" * 30_000, {}),
        (b'{"booking_id": "b-7"}' + b" " * LARGEST_ANSWER, {}),
        (gzip.compress(b'{"booking_id": "b-7"}', mtime=0), {}),
    ],
)
async def test_only_what_is_exactly_right_is_taken_from_an_answer(
    send: Send, answer: Any, expected: dict[str, Any]
) -> None:
    assert await send(answering(200, answer)) == Outcome("delivered", type=REQUESTED, **expected)


async def test_a_success_that_breaks_off_is_a_success(send: Send) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=200, headers={"content-length": "100"})
        await response.prepare(request)
        await response.write(b'{"booking_id"')
        assert request.transport is not None
        request.transport.abort()
        return response

    assert await send(handler) == Outcome("delivered", type=REQUESTED)


async def test_a_success_whose_body_never_ends_is_a_success(send: Send) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=200)
        await response.prepare(request)
        await response.write(b"{")
        await asyncio.sleep(1)
        return response

    assert await send(handler) == Outcome("delivered", type=REQUESTED)


async def _hang(_request: web.Request) -> web.Response:
    await asyncio.sleep(1)
    return web.Response()


async def _die(request: web.Request) -> web.Response:
    await request.read()
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def _talk_nonsense(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.write(b"\x00\x01 this is not HTTP\r\n\r\n")  # type: ignore[attr-defined]
    request.transport.close()
    return web.Response()


@pytest.mark.parametrize(
    ("handler", "code"), [(_hang, "timeout"), (_die, "network"), (_talk_nonsense, "network")]
)
async def test_without_a_status_nothing_was_delivered(send: Send, handler: Handler, code: str) -> None:
    assert await send(handler) == Outcome("later", code, type=REQUESTED)


async def test_nobody_listening_and_a_server_without_tls_are_tried_again(unused_tcp_port: int) -> None:
    nobody = WebhookDestination(f"http://127.0.0.1:{unused_tcp_port}", [SECRET], https_only=False)
    assert (await nobody.send("msg_1", REQUESTED, BODY, NOON)).code == "connect"
    await nobody.close()
    async with TestServer(web.Application()) as server:
        plain = WebhookDestination(f"https://127.0.0.1:{server.port}", [SECRET])
        outcome = await plain.send("msg_1", REQUESTED, BODY, NOON)
        await plain.close()
    assert (outcome.kind, outcome.code) == ("later", "tls")


async def test_an_event_that_is_too_large_does_not_leave(send: Send) -> None:
    large = {**BODY, "data": {**BODY["data"], "site": "ñ" * (LARGEST_EVENT // 2)}}
    assert await send(_never, large) == Outcome("dead", "too_large", type=REQUESTED)


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        (None, None),
        ("", None),
        ("0", timedelta(0)),
        ("120", timedelta(seconds=120)),
        (" 120 ", timedelta(seconds=120)),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("9" * 400, timedelta(hours=24)),
        ("Sat, 21 Nov 2026 12:02:00 GMT", timedelta(seconds=120)),
        ("Sat, 21 Nov 2026 12:02:00 -0000", timedelta(seconds=120)),
        ("Sat, 21 Nov 2026 06:02:00 -0600", timedelta(seconds=120)),
        ("Sat, 21 Nov 2026 11:00:00 GMT", timedelta(0)),
        ("Sat, 21 Nov 2099 12:00:00 GMT", timedelta(hours=24)),
        ("Sat, 99 Nov 2026 12:00:00 GMT", None),
    ],
)
def test_a_receiver_may_ask_to_wait_up_to_a_day(value: str | None, wait: timedelta | None) -> None:
    assert retry_after(value, NOON) == wait


async def test_the_wait_of_a_receiver_comes_with_the_outcome(send: Send) -> None:
    outcome = await send(answering(429, **{"Retry-After": "77"}))
    assert outcome.retry_after == timedelta(seconds=77)


@pytest.mark.parametrize(
    ("url", "https_only"),
    [
        ("http://firm.example/hook", True),
        ("ftp://firm.example/hook", False),
        ("firm.example", False),
        ("https:///hook", True),
        ("https://user@firm.example/hook", True),
    ],
)
def test_other_addresses_are_refused(url: str, https_only: bool) -> None:
    with pytest.raises(SettingsError):
        WebhookDestination(url, [SECRET], https_only=https_only)


def test_nothing_is_sent_unsigned() -> None:
    with pytest.raises(SettingsError, match="signed"):
        WebhookDestination("https://firm.example", [])
