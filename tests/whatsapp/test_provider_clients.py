"""The two clients over real connections that answer, refuse, break off and lie."""

from __future__ import annotations

import asyncio
import json
import socket
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import encode_basic_auth, web
from aiohttp.test_utils import TestServer

from bot.core.errors import SettingsError
from bot.gateway.whatsapp import twilio
from bot.gateway.whatsapp.cloud_api import CloudApi
from bot.gateway.whatsapp.model import (
    NotSent,
    Option,
    Outbound,
    Provider,
    Refused,
    SendError,
    Unsure,
    WindowClosed,
)
from bot.gateway.whatsapp.twilio_api import Addresses, TwilioApi
from bot.settings import VARIABLES

TOKEN = "EAAGsecret0123456789"
NUMBER = "106540352242922"
ACCOUNT = "AC" + "0a" * 16
NAMES = {variable.name for variable in VARIABLES}
SENDER, ADDRESS = "whatsapp:+12025550100", "whatsapp:+12025550142"
STATUS_URL = "https://chat.example.org/w/t"
SID, CONTENT_SID = "SM" + "0c" * 16, "HX" + "0d" * 16
ROW = "b3V0Ym94LTE"

TEXT = Outbound("text", "¡Hola! ¿Cuánto cuesta? 👨‍👩‍👧")
BUTTONS = Outbound("buttons", "¿Sigue en\nEstados Unidos?", (Option("a", "Sí"), Option("b", "No")))
OTHER_BUTTONS = Outbound("buttons", "¿Lo envío\nahora?", (Option("c", "Enviar"), Option("d", "Volver")))
THREE_BUTTONS = Outbound("buttons", "¿Cuál?", (*BUTTONS.options, Option("e", "Otro")))

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Asked(list[tuple[str, str, dict[str, str], Any]]):
    """Method, path with query, headers and body of each request."""

    def paths(self) -> list[str]:
        return [path for _, path, _, _ in self]

    def bodies(self, path: str) -> list[Any]:
        return [body for _, found, _, body in self if found.startswith(path)]


@asynccontextmanager
async def serving(answer: Answer) -> AsyncIterator[tuple[str, Asked]]:
    asked = Asked()

    async def handle(request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        is_form = request.content_type == "application/x-www-form-urlencoded"
        body = dict(await request.post()) if is_form else json.loads(raw) if raw else None
        asked.append((request.method, request.path_qs, dict(request.headers), body))
        return await answer(request)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    async with TestServer(app) as server:
        yield f"http://127.0.0.1:{server.port}", asked


def says(status: int, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
    async def answer(_: web.Request) -> web.StreamResponse:
        text = body if isinstance(body, str) else json.dumps(body)
        return web.Response(status=status, text=text, headers=headers, content_type="application/json")

    return answer


GOOD = {"messaging_product": "whatsapp", "messages": [{"id": "wamid.OK"}]}


@asynccontextmanager
async def cloud(url: str, **more: Any) -> AsyncIterator[CloudApi]:
    api = CloudApi(TOKEN, NUMBER, url=url, https_only=False, **more)
    try:
        yield api
    finally:
        await api.close()


@asynccontextmanager
async def by_twilio(url: str, **more: Any) -> AsyncIterator[TwilioApi]:
    addresses = Addresses.all_at(url)
    api = TwilioApi(ACCOUNT, TOKEN, SENDER, STATUS_URL, addresses=addresses, https_only=False, **more)
    try:
        yield api
    finally:
        await api.close()


async def test_a_message_goes_to_the_number_with_the_token() -> None:
    async with serving(says(200, GOOD)) as (url, asked), cloud(url) as api:
        assert await api.send(TEXT, "12025550142", ROW) == "wamid.OK"
        ((method, path, headers, body),) = asked
        assert (method, path) == ("POST", f"/v26.0/{NUMBER}/messages")
        assert headers["Authorization"] == f"Bearer {TOKEN}"
        assert body["text"]["body"] == TEXT.text
        assert body["biz_opaque_callback_data"] == ROW


async def test_a_tick_is_asked_for_and_its_failure_costs_nothing() -> None:
    async with serving(says(500, {"error": {"code": 1}})) as (url, asked), cloud(url) as api:
        await api.seen("wamid.X", typing=True)
        assert asked[0][3]["typing_indicator"] == {"type": "text"}
    async with cloud(url) as api:
        await api.seen("wamid.X", typing=False)


@pytest.mark.parametrize(
    ("status", "body", "headers", "expected", "code", "seconds"),
    [
        (400, {"error": {"code": 131047}}, {}, WindowClosed, "131047", None),
        (429, {}, {"Retry-After": "17"}, NotSent, "http_429", 17.0),
        (503, "<html>", {"Retry-After": "9"}, NotSent, "http_503", 9.0),
        (503, "<html>", {}, Unsure, "http_503", None),
        (302, "", {"Location": "http://127.0.0.1:1/elsewhere"}, Refused, "http_302", None),
        (200, "x" * 70_000, {}, Unsure, "answer", None),
    ],
)
async def test_an_answer_becomes_its_error(
    status: int,
    body: Any,
    headers: dict[str, str],
    expected: type[SendError],
    code: str,
    seconds: float | None,
) -> None:
    async with serving(says(status, body, headers)) as (url, asked), cloud(url) as api:
        with pytest.raises(SendError) as caught:
            await api.send(TEXT, "12025550142", ROW)
        assert type(caught.value) is expected
        assert caught.value.code == code
        assert getattr(caught.value, "seconds", None) == seconds
        assert len(asked) == 1


@asynccontextmanager
async def raw_server(behave: Callable[[asyncio.StreamWriter], Awaitable[None]]) -> AsyncIterator[int]:
    """Reads the request, then does as told, then ends the connection."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await behave(writer)
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def _ends(_: asyncio.StreamWriter) -> None:
    return


async def _breaks_off(writer: asyncio.StreamWriter) -> None:
    writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"messages":[{"id":"wamid.')
    await writer.drain()


async def _talks_nonsense(writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")
    await writer.drain()


async def _waits(_: asyncio.StreamWriter) -> None:
    await asyncio.sleep(0.6)


@pytest.mark.parametrize(
    ("behave", "code"),
    [(_ends, "network"), (_breaks_off, "network"), (_talks_nonsense, "network"), (_waits, "timeout")],
)
async def test_what_breaks_after_the_request_left_is_unsure(
    behave: Callable[[asyncio.StreamWriter], Awaitable[None]], code: str
) -> None:
    async with raw_server(behave) as port:
        url = f"http://127.0.0.1:{port}"
        async with cloud(url, total_seconds=0.3) as api, by_twilio(url, total_seconds=0.3) as other:
            for client, address in ((api, "12025550142"), (other, ADDRESS)):
                with pytest.raises(Unsure) as caught:
                    await client.send(TEXT, address, ROW)
                assert caught.value.code == code


async def test_without_a_connection_nothing_was_sent() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        async with cloud(url) as api:
            with pytest.raises(NotSent, match="connect"):
                await api.send(TEXT, "12025550142", ROW)


async def test_without_tls_nothing_was_sent() -> None:
    async with serving(says(200, GOOD)) as (url, asked), cloud(url.replace("http:", "https:")) as api:
        with pytest.raises(NotSent, match="tls"):
            await api.send(TEXT, "12025550142", ROW)
        assert asked == []


async def test_a_client_works_again_after_close() -> None:
    async with serving(says(200, GOOD)) as (url, _), cloud(url) as api:
        await api.send(TEXT, "12025550142", ROW)
        await api.close()
        assert await api.send(TEXT, "12025550142", ROW) == "wamid.OK"


async def test_no_error_shows_the_token_or_the_text() -> None:
    basic = encode_basic_auth(ACCOUNT, TOKEN).removeprefix("Basic ")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        async with raw_server(_ends) as port, cloud(url) as api, by_twilio(url) as other:
            broken = CloudApi(TOKEN, NUMBER, url=f"http://127.0.0.1:{port}", https_only=False)
            shown = [repr(api), repr(other), repr(broken)]
            for client in (api, other, broken):
                with pytest.raises(SendError) as caught:
                    await client.send(TEXT, ADDRESS, ROW)
                shown.append("".join(traceback.format_exception(caught.value)))
            await broken.close()
    for text in shown:
        assert TOKEN not in text
        assert basic not in text
        assert "Cuánto" not in text


@pytest.mark.parametrize(
    ("change", "setting"),
    [
        ({"token": ""}, "FARO_WHATSAPP_TOKEN"),
        ({"token": "two words are none"}, "FARO_WHATSAPP_TOKEN"),
        ({"token": "line\r\nX-Other: 1"}, "FARO_WHATSAPP_TOKEN"),
        ({"number": "+12025550100"}, "FARO_WHATSAPP_PHONE_ID"),
        ({"url": "http://graph.facebook.com"}, "FARO_WHATSAPP_API_URL"),
        ({"url": "https://user:password@graph.facebook.com"}, "FARO_WHATSAPP_API_URL"),
        ({"url": "graph.facebook.com"}, "FARO_WHATSAPP_API_URL"),
    ],
)
def test_settings_that_cannot_work_stop_the_start_without_being_shown(
    change: dict[str, str], setting: str
) -> None:
    arguments = {"token": TOKEN, "number": NUMBER} | change
    with pytest.raises(SettingsError) as caught:
        CloudApi(**arguments)
    assert setting in str(caught.value)
    assert setting in NAMES
    assert all(value not in str(caught.value) for value in change.values() if value)


@pytest.mark.parametrize(
    ("change", "setting"),
    [
        ({"account": "SK" + "0" * 32}, "FARO_TWILIO_ACCOUNT"),
        ({"account": "AC/../../x"}, "FARO_TWILIO_ACCOUNT"),
        ({"token": ""}, "FARO_TWILIO_AUTH_TOKEN"),
        ({"token": "two words are none"}, "FARO_TWILIO_AUTH_TOKEN"),
        ({"sender": "+12025550100"}, "FARO_TWILIO_FROM"),
        ({"status_url": "http://chat.example.org/w"}, "FARO_PUBLIC_URL"),
        ({"addresses": Addresses(content="http://content.twilio.com")}, "FARO_TWILIO_API_URL"),
    ],
)
def test_settings_of_twilio_that_cannot_work_stop_the_start(change: dict[str, Any], setting: str) -> None:
    arguments = {"account": ACCOUNT, "token": TOKEN, "sender": SENDER, "status_url": STATUS_URL} | change
    with pytest.raises(SettingsError) as caught:
        TwilioApi(**arguments)
    assert setting in str(caught.value)
    assert setting in NAMES


async def test_both_are_providers_that_name_themselves() -> None:
    providers: list[Provider] = [
        CloudApi(TOKEN, NUMBER),
        TwilioApi(ACCOUNT, TOKEN, SENDER, STATUS_URL),
    ]
    assert [provider.name for provider in providers] == ["cloud", "twilio"]


class StandIn:
    """Twilio's three APIs, as far as these tests go; ``contents`` by id, ``refuse`` a code for messages with one."""

    def __init__(self) -> None:
        self.contents: dict[str, dict[str, Any]] = {}
        self.content_status = 201
        self.refuse = 0

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/v1/Content" and request.method == "GET":
            return self._list(request)
        if request.path == "/v1/Content":
            return await self._create(request)
        if request.path == "/v2/Indicators/Typing.json":
            return web.json_response({"success": True})
        assert request.path == f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
        if self.refuse and "ContentSid" in await request.post():
            return web.json_response({"code": self.refuse, "status": 400}, status=400)
        return web.json_response({"sid": SID, "status": "queued"}, status=201)

    def _list(self, request: web.Request) -> web.Response:
        size, page = int(request.query["PageSize"]), int(request.query.get("Page", "0"))
        known = list(self.contents.items())
        found = [{"sid": sid, **content} for sid, content in known[page * size : (page + 1) * size]]
        more = f"https://elsewhere.example/v1/Content?PageSize={size}&Page={page + 1}"
        meta = {"next_page_url": more if len(known) > (page + 1) * size else None}
        return web.json_response({"contents": found, "meta": meta})

    async def _create(self, request: web.Request) -> web.Response:
        if self.content_status != 201:
            return web.json_response({"code": 20500}, status=self.content_status)
        sid = f"HX{len(self.contents):032x}"
        self.contents[sid] = await request.json()
        return web.json_response({"sid": sid, **self.contents[sid]}, status=201)


MESSAGES = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"


async def test_a_text_by_twilio_is_one_call() -> None:
    async with serving(StandIn()) as (url, asked), by_twilio(url) as api:
        assert await api.send(TEXT, ADDRESS, ROW) == SID
        ((method, path, headers, form),) = asked
        assert (method, path) == ("POST", MESSAGES)
        assert headers["Authorization"] == encode_basic_auth(ACCOUNT, TOKEN)
        assert form == {
            "From": SENDER,
            "To": ADDRESS,
            "Body": TEXT.text,
            "StatusCallback": f"{STATUS_URL}?row={ROW}",
        }


async def test_a_resource_is_made_once_for_each_shape() -> None:
    twilio_api = StandIn()
    async with serving(twilio_api) as (url, asked), by_twilio(url) as api:
        await asyncio.gather(*(api.send(message, ADDRESS, ROW) for message in (BUTTONS, OTHER_BUTTONS) * 3))
        await api.send(THREE_BUTTONS, ADDRESS, ROW)
        assert len(twilio_api.contents) == 2
        assert asked.paths().count("/v1/Content?PageSize=200") == 1
        sent = [form for form in asked.bodies(MESSAGES) if json.loads(form["ContentVariables"])["3"] == "Sí"]
        assert [form["ContentSid"] for form in sent] == ["HX" + "0" * 32] * 3
        assert all("Body" not in form for form in asked.bodies(MESSAGES))


async def test_resources_of_earlier_days_are_found_on_any_page() -> None:
    twilio_api = StandIn()
    others = {f"HX{n:032x}": {"friendly_name": f"other_{n}"} for n in range(1, 450)}
    made = twilio.content(BUTTONS)
    assert made is not None
    twilio_api.contents = others | {CONTENT_SID: made.resource}
    async with serving(twilio_api) as (url, asked), by_twilio(url) as api:
        await api.send(BUTTONS, ADDRESS, ROW)
        assert asked.bodies(MESSAGES)[0]["ContentSid"] == CONTENT_SID
        assert len(asked) == 4
        assert len(twilio_api.contents) == 450


async def test_while_the_content_api_fails_text_goes_and_it_is_left_alone_for_a_minute() -> None:
    twilio_api, now = StandIn(), [0.0]
    twilio_api.content_status = 503
    async with serving(twilio_api) as (url, asked), by_twilio(url, clock=lambda: now[0]) as api:
        for _ in range(3):
            assert await api.send(BUTTONS, ADDRESS, ROW) == SID
        assert [form["Body"] for form in asked.bodies(MESSAGES)] == [f"{BUTTONS.text}\n\n1. Sí\n2. No"] * 3
        assert len(asked.bodies("/v1/Content")) == 2
        twilio_api.content_status, now[0] = 201, 61.0
        await api.send(BUTTONS, ADDRESS, ROW)
        assert "ContentSid" in asked.bodies(MESSAGES)[-1]


async def test_a_resource_that_is_gone_is_replaced_by_text_at_once_and_made_anew() -> None:
    twilio_api = StandIn()
    async with serving(twilio_api) as (url, asked), by_twilio(url) as api:
        await api.send(BUTTONS, ADDRESS, ROW)
        twilio_api.refuse = 21655
        assert await api.send(BUTTONS, ADDRESS, ROW) == SID
        assert "Body" in asked.bodies(MESSAGES)[-1]
        twilio_api.refuse = 0
        await api.send(BUTTONS, ADDRESS, ROW)
        assert asked.bodies(MESSAGES)[-1]["ContentSid"] == f"HX{1:032x}"


@pytest.mark.parametrize(("code", "expected"), [(63016, WindowClosed), (21211, Refused), (20429, NotSent)])
async def test_other_refusals_are_not_tried_as_text(code: int, expected: type[SendError]) -> None:
    twilio_api = StandIn()
    twilio_api.refuse = code
    async with serving(twilio_api) as (url, asked), by_twilio(url) as api:
        with pytest.raises(expected):
            await api.send(BUTTONS, ADDRESS, ROW)
        assert len(asked.bodies(MESSAGES)) == 1


async def test_a_refused_template_is_not_replaced() -> None:
    twilio_api = StandIn()
    twilio_api.refuse = 21655
    template = Outbound("template", template=CONTENT_SID, values=("uno",))
    async with serving(twilio_api) as (url, asked), by_twilio(url) as api:
        with pytest.raises(Refused, match="21655"):
            await api.send(template, ADDRESS, ROW)
        assert asked.paths() == [MESSAGES]


async def test_twilio_shows_typing_only_when_somebody_writes() -> None:
    async with serving(StandIn()) as (url, asked), by_twilio(url) as api:
        await api.seen(SID, typing=False)
        await api.seen(SID, typing=True)
        assert [(path, body) for _, path, _, body in asked] == [
            ("/v2/Indicators/Typing.json", {"messageId": SID, "channel": "whatsapp"})
        ]
