"""The stand-in of Twilio says no to what Twilio's pages say no to, and tells what it took."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl

import pytest
from aiohttp import ClientError, ClientSession, encode_basic_auth

from bot.gateway.whatsapp import limits
from bot.simulator import twilio as pages
from bot.simulator.phone import NotPassedOn, Phone, new_bsuid
from bot.simulator.twilio import TwilioStandIn
from tests.whatsapp.simulators import (
    ACCOUNT,
    AUTH_TOKEN,
    NUMBER,
    PUBLIC_URL,
    Webhook,
    running,
    twilio,
    webhook,
)

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ANA = "whatsapp:+15550100123"
CALLBACK = f"{PUBLIC_URL}/status?row=o_17"


class Clock:
    def __init__(self) -> None:
        self.moment = NOON

    def __call__(self) -> datetime:
        return self.moment


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def hook() -> AsyncIterator[Webhook]:
    async with webhook() as found:
        yield found


@pytest.fixture
async def stand_in(hook: Webhook, clock: Clock) -> AsyncIterator[TwilioStandIn]:
    async with running(twilio(hook.url, clock=clock)) as found:
        yield found


@pytest.fixture
async def ana(stand_in: TwilioStandIn) -> Phone:
    phone = Phone(stand_in, "15550100123")
    await phone.says("Hola")
    return phone


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with ClientSession(headers=authorization(ACCOUNT, AUTH_TOKEN)) as session:
        yield session


class Api:
    """Calls the stand-in as a client does."""

    def __init__(self, stand_in: TwilioStandIn, session: ClientSession) -> None:
        self._stand_in, self._session = stand_in, session

    async def send(self, **form: str) -> tuple[int, Any]:
        full = {"To": ANA, "From": f"whatsapp:+{NUMBER}", "StatusCallback": CALLBACK, **form}
        path = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
        async with self._session.post(self._stand_in.url + path, data=full) as response:
            raw = await response.text()
            return response.status, json.loads(raw) if response.content_type == "application/json" else raw

    async def create(self, kind: str, inner: dict[str, Any], **others: Any) -> tuple[int, Any]:
        body = {"language": "es", "friendly_name": "x", "types": {kind: inner}, **others}
        async with self._session.post(f"{self._stand_in.url}/v1/Content", json=body) as response:
            return response.status, await response.json()

    async def call(self, method: str, path: str, **options: Any) -> int:
        async with self._session.request(method, self._stand_in.url + path, **options) as response:
            return response.status


@pytest.fixture
def api(stand_in: TwilioStandIn, session: ClientSession) -> Api:
    return Api(stand_in, session)


def authorization(id: str, secret: str) -> dict[str, str]:
    return {"Authorization": encode_basic_auth(id, secret)}


def picker(count: int, **changes: str) -> dict[str, Any]:
    items = [{"item": f"Fila {number}", "id": f"r{number}", **changes} for number in range(count)]
    return {"body": "Elija", "button": "Ver", "items": items}


def replies(*titles: str) -> dict[str, Any]:
    actions = [{"title": title, "id": f"b{number}"} for number, title in enumerate(titles)]
    return {"body": "¿Qué necesita?", "actions": actions}


def signed_well(url: str, raw: bytes, headers: dict[str, str]) -> bool:
    form = parse_qsl(raw.decode(), keep_blank_values=True)
    text = url + "".join(name + value for name, value in sorted(form))
    made = base64.b64encode(hmac.digest(AUTH_TOKEN.encode(), text.encode(), hashlib.sha1)).decode()
    return headers["X-Twilio-Signature"] == made


async def test_a_text_reaches_the_person_and_its_way_is_told(
    stand_in: TwilioStandIn, hook: Webhook, ana: Phone, api: Api
) -> None:
    status, answer = await api.send(Body="¡Hola! ¿Cómo está? 🙂")
    assert (status, answer["status"]) == (201, "queued")
    (message,) = await ana.hears()
    assert (message.id, message.text, message.row) == (answer["sid"], "¡Hola! ¿Cómo está? 🙂", "o_17")
    await stand_in.settled()
    paths = [path for path, _, _ in hook.posts]
    assert paths == ["/hook", "/status?row=o_17", "/status?row=o_17"]
    told = [parse_qs(raw.decode())["MessageStatus"][0] for _, raw, _ in hook.posts[1:]]
    assert told == ["sent", "delivered"]
    for path, raw, headers in hook.posts:
        assert signed_well(PUBLIC_URL + path, raw, headers)
        assert headers["Host"] == "bot.firm.example"


async def test_content_is_created_once_and_sent_with_values(
    stand_in: TwilioStandIn, ana: Phone, api: Api
) -> None:
    inner = {"body": "{{1}}", "actions": [{"title": "{{2}}", "id": "{{3}}"}, {"title": "No", "id": "n"}]}
    status, content = await api.create("twilio/quick-reply", inner)
    assert status == 201
    values = {"1": "¿Sigue ahí?", "2": "Sí", "3": "c_9"}
    status, _ = await api.send(ContentSid=content["sid"], ContentVariables=json.dumps(values))
    assert status == 201
    (message,) = await ana.hears()
    assert (message.kind, message.text) == ("buttons", "¿Sigue ahí?")
    assert [(option.id, option.title) for option in message.options] == [("c_9", "Sí"), ("n", "No")]
    assert (await api.send(ContentSid=content["sid"]))[1]["code"] == pages.BAD_VARIABLES
    for wrong in ("[]", "{", '{"1": 5}'):
        assert (await api.send(ContentSid=content["sid"], ContentVariables=wrong))[1]["code"] == 21656
    assert await api.call("GET", f"/v1/Content/{content['sid']}") == 200
    assert await api.call("DELETE", f"/v1/Content/{content['sid']}") == 204
    assert await api.call("DELETE", f"/v1/Content/{content['sid']}") == 404
    assert (await api.send(ContentSid=content["sid"]))[1]["code"] == pages.NO_CONTENT


async def test_lists_and_links_are_shown(ana: Phone, api: Api) -> None:
    _, content = await api.create("twilio/list-picker", picker(10, description="Algo más"))
    await api.send(ContentSid=content["sid"])
    action = {"type": "URL", "title": "Abrir", "url": "https://www.uscis.gov/i-589"}
    _, content = await api.create("twilio/call-to-action", {"body": "Vea", "actions": [action]})
    await api.send(ContentSid=content["sid"])
    listed, linked = await ana.hears(2)
    assert (listed.kind, listed.label, len(listed.options)) == ("list", "Ver", 10)
    assert (linked.kind, linked.label, linked.url) == ("link", "Abrir", "https://www.uscis.gov/i-589")


@pytest.mark.parametrize(
    ("kind", "inner"),
    [
        ("twilio/quick-reply", replies(*(f"t{number}" for number in range(11)))),
        ("twilio/quick-reply", {"body": "x", "actions": []}),
        ("twilio/quick-reply", {"actions": [{"title": "x", "id": "x"}]}),
        ("twilio/list-picker", picker(11)),
        ("twilio/list-picker", picker(0)),
        ("twilio/list-picker", {"body": "x", "items": [{"item": "x", "id": "x"}]}),
        ("twilio/list-picker", picker(1, item="")),
        ("twilio/card", {"body": "x"}),
        ("twilio/text", {"body": "x", "extra": "y"}),
    ],
)
async def test_content_that_is_none_is_refused(api: Api, kind: str, inner: dict[str, Any]) -> None:
    status, answer = await api.create(kind, inner)
    assert (status, answer["code"]) == (400, pages.BAD_CONTENT)


@pytest.mark.parametrize(
    ("kind", "inner"),
    [
        ("twilio/quick-reply", replies("Sí", "No", "No sé", "Otra")),
        ("twilio/quick-reply", replies("Sí", "Sí")),
        ("twilio/quick-reply", replies("Hablar con un abogado")),
        ("twilio/quick-reply", replies("Sí") | {"body": "x" * 1025}),
        ("twilio/list-picker", picker(1, item="x" * 25)),
        ("twilio/list-picker", picker(1, description="x" * 73)),
        ("twilio/list-picker", picker(1, id="x" * 201)),
        ("twilio/list-picker", picker(2, id="same")),
        ("twilio/list-picker", picker(1) | {"button": "x" * 21}),
        ("twilio/text", {"body": "x" * 1601}),
    ],
)
async def test_what_whatsapp_does_not_take_fails_later(
    stand_in: TwilioStandIn, hook: Webhook, ana: Phone, api: Api, kind: str, inner: dict[str, Any]
) -> None:
    status, content = await api.create(kind, inner)
    assert status == 201
    assert (await api.send(ContentSid=content["sid"]))[0] == 201
    await stand_in.settled()
    form = dict(parse_qsl(hook.posts[-1][1].decode()))
    assert (form["MessageStatus"], form["ErrorCode"]) == ("failed", str(pages.NOT_ACCEPTED))
    assert ana.sees == []


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"Body": "x" * 1601}, pages.TOO_LONG),
        ({"Body": " "}, pages.NO_BODY),
        ({"Body": "x", "To": ""}, pages.MISSING_TO),
        ({"Body": "x", "To": "+15550100123"}, pages.INVALID_TO),
        ({"Body": "x", "To": "whatsapp:15550100123"}, pages.INVALID_TO),
        ({"Body": "x", "From": "whatsapp:+15550100000"}, pages.NO_SENDER),
        ({"Body": "x", "StatusCallback": "http://127.0.0.1/status"}, pages.INVALID_CALLBACK),
        ({"Body": "x", "ContentSid": "HX1"}, pages.BAD_CONTENT),
        ({"ContentSid": "HX1"}, pages.NO_CONTENT),
        ({"Body": "x", "Persistent": "1"}, pages.BAD_CONTENT),
    ],
)
async def test_what_breaks_a_published_rule_is_refused(
    stand_in: TwilioStandIn, ana: Phone, api: Api, form: dict[str, str], code: int
) -> None:
    status, answer = await api.send(**form)
    assert (status, answer["code"]) == (400, code)
    assert [refusal.code for refusal in stand_in.refused] == [code]
    assert ana.sees == []


def test_our_own_reading_of_the_limits_is_never_wider() -> None:
    ours = limits.TWILIO
    assert ours.text <= pages.TEXT
    assert ours.body <= pages.BODY
    assert (ours.buttons, ours.button_title) == (pages.BUTTONS, pages.BUTTON_TITLE)
    assert (ours.rows, ours.row_title, ours.row_description) == (
        pages.ROWS, pages.ROW_TITLE, pages.ROW_DESCRIPTION
    )  # fmt: skip
    assert ours.button_id <= pages.BUTTON_ID
    assert ours.row_id <= pages.ROW_ID
    assert ours.label <= pages.LABEL


async def test_who_has_another_token_is_refused(stand_in: TwilioStandIn, ana: Phone) -> None:
    for headers in ({}, authorization(ACCOUNT, "wrong"), authorization("AC1", AUTH_TOKEN)):
        async with ClientSession(headers=headers) as session:
            api = Api(stand_in, session)
            assert (await api.send(Body="x"))[1]["code"] == pages.AUTH
            assert (await api.create("twilio/text", {"body": "x"}))[1]["code"] == pages.AUTH
            assert await api.call("GET", "/v1/Content") == 401
            assert await api.call("DELETE", "/v1/Content/HX1") == 401
            assert await api.call("POST", "/v2/Indicators/Typing.json") == 401


@pytest.mark.parametrize("late", [True, False])
async def test_a_day_after_the_last_message_only_templates_go_out(
    stand_in: TwilioStandIn, hook: Webhook, clock: Clock, ana: Phone, api: Api, late: bool
) -> None:
    template = stand_in.add_template("Tiene un aviso de {{1}}.")
    if not late:
        stand_in.late = frozenset()
    clock.moment = NOON + timedelta(hours=24, seconds=1)
    status, answer = await api.send(Body="x")
    if late:
        assert status == 201
        await stand_in.settled()
        form = dict(parse_qsl(hook.posts[-1][1].decode()))
        assert (form["MessageStatus"], form["ErrorCode"]) == ("failed", "63016")
    else:
        assert (status, answer["code"]) == (400, 63016)
    assert ana.sees == []
    assert (await api.send(ContentSid=template, ContentVariables='{"1": "la oficina"}'))[0] == 201
    (message,) = await ana.hears()
    assert (message.kind, message.text) == ("template", "Tiene un aviso de la oficina.")


async def test_a_stranger_and_a_flood_are_told_later(
    stand_in: TwilioStandIn, hook: Webhook, ana: Phone, api: Api
) -> None:
    assert (await api.send(Body="x", To="whatsapp:+15550177777"))[0] == 201
    ana.person.burst = 1.0
    assert (await api.send(Body="x"))[0] == 201
    assert (await api.send(Body="x"))[0] == 201
    await stand_in.settled()
    codes = [dict(parse_qsl(raw.decode())).get("ErrorCode") for _, raw, _ in hook.posts]
    assert {"63024", "63018"} < set(codes)
    assert len(ana.sees) == 1
    stand_in.per_second = 1
    status, answer = await api.send(Body="x")
    assert (status, answer["code"]) == (429, pages.TOO_MANY)


async def test_an_api_key_serves_as_well_and_contents_come_in_pages(stand_in: TwilioStandIn) -> None:
    stand_in.keys["SK1"] = "k" * 32
    for _ in range(3):
        stand_in.add_template("Tiene un aviso.")
    async with ClientSession(headers=authorization("SK1", "k" * 32)) as session:
        counts, query = [], "PageSize=2"
        while query:
            async with session.get(f"{stand_in.url}/v1/Content?{query}") as response:
                answer = await response.json()
            counts.append(len(answer["contents"]))
            query = (answer["meta"]["next_page_url"] or "").partition("?")[2]
    assert counts == [2, 1]


async def test_typing_also_shows_the_tick(stand_in: TwilioStandIn, ana: Phone, api: Api) -> None:
    id = await ana.says("¿Hay alguien?")
    path = "/v2/Indicators/Typing.json"
    assert await api.call("POST", path, data={"messageId": "SM" + "0" * 32, "channel": "whatsapp"}) == 400
    assert await api.call("POST", path, data={"messageId": id}) == 400
    assert await api.call("POST", path, data={"messageId": id, "channel": "whatsapp"}) == 200
    assert ana.has_read(id)
    assert ana.typing


@pytest.mark.parametrize(
    ("fault", "taken"), [("500", 0), ("cut before", 0), ("cut after", 1), ("hang after", 1)]
)
async def test_it_fails_on_command(
    stand_in: TwilioStandIn, ana: Phone, api: Api, fault: str, taken: int
) -> None:
    stand_in.fail(fault, seconds=0.05)
    if fault == "500":
        assert (await api.send(Body="x"))[0] == 500
    else:
        with pytest.raises(ClientError):
            await api.send(Body="x")
    assert len(ana.sees) == taken
    assert (await api.send(Body="x"))[0] == 201


async def test_it_gives_up_on_our_webhook_when_told_so(stand_in: TwilioStandIn, hook: Webhook) -> None:
    stand_in.tries = 2
    hook.status = 503
    await Phone(stand_in).says("Hola")
    assert len(hook.posts) == 2
    assert len(stand_in.lost) == 1


async def test_people_without_a_number_and_what_is_not_passed_on(
    stand_in: TwilioStandIn, hook: Webhook, ana: Phone, api: Api
) -> None:
    someone = Phone(stand_in, bsuid=new_bsuid())
    id = await someone.says("Hola")
    form = dict(parse_qsl(hook.posts[-1][1].decode()))
    assert form["From"] == f"whatsapp:{someone.person.bsuid}"
    assert "WaId" not in form
    assert (await api.send(Body="Hola", To=f"whatsapp:{someone.person.bsuid}"))[0] == 201
    assert len(await someone.hears()) == 1
    with pytest.raises(NotPassedOn):
        await someone.edits(id, "Buenas")
    with pytest.raises(NotPassedOn):
        await someone.deletes(id)
