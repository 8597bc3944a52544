"""The stand-in of Meta's Cloud API says no to what Meta's pages say no to, and tells what it took."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import ClientError, ClientSession

from bot.gateway.whatsapp import limits
from bot.gateway.whatsapp.cloud import parse, render, verified
from bot.gateway.whatsapp.model import Option, Outbound, Status
from bot.simulator import cloud as pages
from bot.simulator.cloud import CloudStandIn, Template
from bot.simulator.phone import Phone, new_bsuid
from tests.whatsapp.simulators import ACCESS_TOKEN, APP_SECRET, NUMBER_ID, Webhook, cloud, running, webhook

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


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
async def meta(hook: Webhook, clock: Clock) -> AsyncIterator[CloudStandIn]:
    async with running(cloud(hook.url, clock=clock)) as stand_in:
        yield stand_in


@pytest.fixture
async def ana(meta: CloudStandIn) -> Phone:
    phone = Phone(meta, "15550100123", bsuid="US.13491208655302741918")
    await phone.says("Hola")
    return phone


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


class Api:
    """Posts to the stand-in as a client does."""

    def __init__(self, meta: CloudStandIn, session: ClientSession) -> None:
        self._meta, self._session = meta, session

    async def send(
        self, body: Any, *, token: str = ACCESS_TOKEN, number: str = NUMBER_ID
    ) -> tuple[int, Any, dict[str, str]]:
        async with self._session.post(
            f"{self._meta.url}/v24.0/{number}/messages",
            json=body,
            headers={"Authorization": f"Bearer {token}"},
        ) as response:
            raw = await response.text()
            is_json = response.content_type == "application/json"
            return response.status, json.loads(raw) if is_json else raw, dict(response.headers)

    async def error(self, body: Any) -> tuple[int, int]:
        """HTTP status and code of a refusal."""
        status, answer, _ = await self.send(body)
        return status, answer["error"]["code"]


@pytest.fixture
def api(meta: CloudStandIn, session: ClientSession) -> Api:
    return Api(meta, session)


def text(body: str = "Buenos días", **others: Any) -> dict[str, Any]:
    return {
        "messaging_product": "whatsapp", "to": "15550100123", "type": "text", "text": {"body": body}, **others
    }  # fmt: skip


def interactive(inner: dict[str, Any]) -> dict[str, Any]:
    return {
        "messaging_product": "whatsapp", "to": "15550100123", "type": "interactive",
        "interactive": {"body": {"text": "¿Qué necesita?"}, **inner},
    }  # fmt: skip


def buttons(*titles: str, **changes: Any) -> dict[str, Any]:
    replies = [
        {"type": "reply", "reply": {"id": f"b{number}", "title": title}}
        for number, title in enumerate(titles)
    ]
    return interactive({"type": "button", "action": {"buttons": replies}, **changes})


def rows(count: int, **changes: str) -> dict[str, Any]:
    found = [{"id": f"r{number}", "title": f"Fila {number}", **changes} for number in range(count)]
    return interactive({"type": "list", "action": {"button": "Ver", "sections": [{"rows": found}]}})


def link(label: str = "Abrir", url: str = "https://www.uscis.gov/i-589") -> dict[str, Any]:
    parameters = {"display_text": label, "url": url}
    return interactive({"type": "cta_url", "action": {"name": "cta_url", "parameters": parameters}})


async def test_a_text_reaches_the_person_and_its_way_is_told(
    meta: CloudStandIn, hook: Webhook, ana: Phone, api: Api
) -> None:
    status, answer, _ = await api.send(text("¡Hola! ¿Cómo está? 🙂", biz_opaque_callback_data="o_17"))
    assert status == 200
    (message,) = await ana.hears()
    assert (message.kind, message.text, message.row) == ("text", "¡Hola! ¿Cómo está? 🙂", "o_17")
    assert answer["messages"] == [{"id": message.id}]
    assert answer["contacts"][0]["wa_id"] == "15550100123"
    await meta.settled()
    told = [event for _, raw, _ in hook.posts[1:] for event in parse(raw, NUMBER_ID)]
    assert [(event.id, event.state, event.row) for event in told if isinstance(event, Status)] == [
        (message.id, "sent", "o_17"),
        (message.id, "delivered", "o_17"),
    ]
    for _, raw, headers in hook.posts:
        assert verified(raw, headers["X-Hub-Signature-256"], [APP_SECRET])
        assert (
            headers["X-Hub-Signature-256"]
            == "sha256=" + hmac.digest(APP_SECRET.encode(), raw, hashlib.sha256).hex()
        )


@pytest.mark.parametrize(
    "message",
    [
        Outbound("text", "¡Buenos días!"),
        Outbound("buttons", "¿Sí o no?", (Option("a", "Sí"), Option("b", "No"))),
        Outbound("list", "Elija", (Option("a", "Sí", "Más"), Option("b", "No")), label="Ver opciones"),
        Outbound("link", "Vea", label="Abrir", url="https://www.uscis.gov/i-589"),
        Outbound("template", template="aviso", language="es", values=("mañana",)),
    ],
    ids=lambda message: message.kind,
)
async def test_what_our_wire_module_renders_is_taken(
    meta: CloudStandIn, ana: Phone, api: Api, message: Outbound
) -> None:
    meta.templates["aviso", "es"] = Template("Le escribimos de la oficina: {{1}}.")
    for address in ("15550100123", "US.13491208655302741918"):
        status, answer, _ = await api.send(render(message, address, "o_1"))
        assert status == 200, answer
        (shown,) = await ana.hears()
        assert shown.kind == message.kind
        assert [(o.id, o.title, o.description) for o in shown.options] == [
            (o.id, o.title, o.description) for o in message.options
        ]
        assert (shown.label, shown.url) == (message.label, message.url)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (text(messaging_product="sms"), pages.NO_OBJECT),
        (text("x" * 4097), pages.PARAMETER),
        (text(""), pages.PARAMETER),
        (text("  \n"), pages.PARAMETER),
        (text("🙏" * 2049), pages.PARAMETER),
        (text(extra="x"), pages.NO_OBJECT),
        (text(biz_opaque_callback_data="x" * 513), pages.PARAMETER),
        ({"messaging_product": "whatsapp", "type": "text", "text": {"body": "x"}}, pages.MISSING),
        (text(to="15550177777"), pages.UNDELIVERABLE),
        (buttons("Sí", "No", "No sé", "Otra"), pages.PARAMETER),
        (buttons(), pages.PARAMETER),
        (buttons("Sí", "Sí"), pages.PARAMETER),
        (buttons("Hablar con un abogado"), pages.PARAMETER),
        (buttons(""), pages.PARAMETER),
        (buttons("Sí", body={"text": "x" * 1025}), pages.PARAMETER),
        (buttons("Sí", header={"type": "text", "text": "x" * 61}), pages.PARAMETER),
        (buttons("Sí", footer={"text": "x" * 61}), pages.PARAMETER),
        (rows(11), pages.PARAMETER),
        (rows(0), pages.PARAMETER),
        (rows(1, title="x" * 25), pages.PARAMETER),
        (rows(1, description="x" * 73), pages.PARAMETER),
        (rows(1, description=""), pages.PARAMETER),
        (rows(1, id="x" * 201), pages.PARAMETER),
        (rows(2, id="same"), pages.PARAMETER),
        (link(label="x" * 21), pages.PARAMETER),
        (link(url="javascript:alert(1)"), pages.PARAMETER),
    ],
)  # fmt: skip
async def test_what_breaks_a_published_limit_is_refused(
    meta: CloudStandIn, ana: Phone, api: Api, body: dict[str, Any], code: int
) -> None:
    assert await api.error(body) == (400, code)
    assert [refusal.code for refusal in meta.refused] == [code]
    assert ana.sees == []


@pytest.mark.parametrize(
    "body",
    [
        text("x" * 4096),
        buttons("Hablar con abogado", "x" * 20, "Sí", body={"text": "x" * 1024}),
        rows(10, description="x" * 72),
        rows(1, title="x" * 24, id="x" * 200),
        link(label="x" * 20),
    ],
)
async def test_what_just_fits_is_taken(ana: Phone, api: Api, body: dict[str, Any]) -> None:
    status, answer, _ = await api.send(body)
    assert status == 200, answer
    assert len(await ana.hears()) == 1


def test_our_own_reading_of_the_limits_is_never_wider() -> None:
    ours = limits.CLOUD
    assert ours.text <= pages.TEXT
    assert ours.body <= pages.BODY
    assert (ours.buttons, ours.button_title) == (pages.BUTTONS, pages.BUTTON_TITLE)
    assert (ours.rows, ours.row_title, ours.row_description) == (
        pages.ROWS, pages.ROW_TITLE, pages.ROW_DESCRIPTION
    )  # fmt: skip
    assert ours.button_id <= pages.BUTTON_ID
    assert ours.row_id <= pages.ROW_ID
    assert ours.label <= pages.LABEL
    assert ours.row <= pages.CALLBACK


async def test_who_has_no_token_or_another_number_is_refused(
    meta: CloudStandIn, ana: Phone, api: Api
) -> None:
    assert (await api.send(text(), token="wrong"))[0] == 401
    assert (await api.send(text(), number="1"))[1]["error"]["code"] == pages.NO_OBJECT
    assert ana.sees == []


async def test_a_day_after_the_last_message_only_templates_go_out(
    meta: CloudStandIn, clock: Clock, ana: Phone, api: Api
) -> None:
    meta.templates["aviso", "es"] = Template("Tiene un aviso.")
    template = {"name": "aviso", "language": {"code": "es"}}
    clock.moment = NOON + timedelta(hours=24)
    assert (await api.send(text()))[0] == 200
    clock.moment += timedelta(seconds=1)
    assert await api.error(text()) == (400, pages.WINDOW_CLOSED)
    sent = await api.send(
        {"messaging_product": "whatsapp", "to": "15550100123", "type": "template", "template": template}
    )
    assert sent[0] == 200
    await ana.says("Aquí estoy")
    assert (await api.send(text()))[0] == 200


async def test_a_closed_window_can_be_told_after_the_message_was_taken(
    meta: CloudStandIn, hook: Webhook, clock: Clock, ana: Phone, api: Api
) -> None:
    meta.late = frozenset((pages.WINDOW_CLOSED,))
    clock.moment = NOON + timedelta(days=2)
    assert (await api.send(text()))[0] == 200
    await meta.settled()
    (event,) = parse(hook.posts[-1][1], NUMBER_ID)
    assert isinstance(event, Status)
    assert (event.state, event.code) == ("failed", str(pages.WINDOW_CLOSED))
    assert ana.sees == []


@pytest.mark.parametrize(
    ("template", "code"),
    [
        ({"name": "otra", "language": {"code": "es"}}, pages.NO_TEMPLATE),
        ({"name": "aviso", "language": {"code": "en"}}, pages.NO_TEMPLATE),
        ({"name": "aviso", "language": {"code": "es"}}, pages.TEMPLATE_COUNT),
        (("a", "b"), pages.TEMPLATE_COUNT),
        (("a\nb",), pages.TEMPLATE_FORMAT),
        (("x" * 1024,), pages.TEMPLATE_TOO_LONG),
    ],
)
async def test_templates_must_be_known_and_filled(
    meta: CloudStandIn, ana: Phone, api: Api, template: Any, code: int
) -> None:
    meta.templates["aviso", "es"] = Template("Tiene un aviso: {{1}}.")
    if isinstance(template, tuple):
        parameters = [{"type": "text", "text": value} for value in template]
        components = [{"type": "body", "parameters": parameters}]
        template = {"name": "aviso", "language": {"code": "es"}, "components": components}
    body = {"messaging_product": "whatsapp", "to": "15550100123", "type": "template", "template": template}
    assert (await api.error(body))[1] == code


async def test_too_much_to_one_person_and_too_much_at_all_are_refused(
    hook: Webhook, session: ClientSession
) -> None:
    async with running(cloud(hook.url, burst=2)) as meta:
        one, other = Phone(meta, "15550100123"), Phone(meta, "15550100124")
        await one.says("Hola")
        await other.says("Hola")
        api = Api(meta, session)
        assert [(await api.send(text()))[0] for _ in range(2)] == [200, 200]
        assert await api.error(text()) == (400, pages.PAIR_RATE)
        assert (await api.send(text(to="15550100124")))[0] == 200
        meta.per_second = 3
        assert await api.error(text(to="15550100124")) == (400, pages.THROUGHPUT)


async def test_the_tick_and_the_dots_are_shown(
    meta: CloudStandIn, clock: Clock, ana: Phone, api: Api
) -> None:
    second = await ana.says("¿Hay alguien?")
    first = next(iter(ana.person.sent))
    seen = {"messaging_product": "whatsapp", "status": "read", "message_id": second}
    assert not ana.has_read(first)
    assert (await api.send(seen))[1] == {"success": True}
    assert ana.has_read(first)
    assert ana.has_read(second)
    assert not ana.typing
    await api.send(seen | {"typing_indicator": {"type": "text"}})
    assert ana.typing
    clock.moment += timedelta(seconds=25)
    assert not ana.typing
    assert (await api.send(seen | {"message_id": "wamid.other"}))[0] == 400


@pytest.mark.parametrize(
    ("fault", "status", "taken"),
    [
        ("500", 500, 0), ("500 after", 500, 1), ("429", 429, 0), ("503", 503, 0), ("garbage after", 200, 1),
        ("cut before", 0, 0), ("cut after", 0, 1), ("hang before", 0, 0), ("hang after", 0, 1),
    ],
)  # fmt: skip
async def test_it_fails_on_command(
    ana: Phone, meta: CloudStandIn, api: Api, fault: str, status: int, taken: int
) -> None:
    meta.fail(fault, seconds=0.05)
    if status:
        found, answer, headers = await api.send(text())
        assert found == status
        assert not isinstance(answer, dict)
        assert ("Retry-After" in headers) == (fault in ("429", "503"))
    else:
        with pytest.raises(ClientError):
            await api.send(text())
    assert len(ana.sees) == taken
    assert (await api.send(text()))[0] == 200


async def test_its_door_can_be_closed(ana: Phone, meta: CloudStandIn, api: Api) -> None:
    await meta.close_door()
    with pytest.raises(ClientError):
        await api.send(text())
    await meta.open_door()
    assert (await api.send(text()))[0] == 200


async def test_a_person_without_a_number_is_reached_by_their_id(
    meta: CloudStandIn, hook: Webhook, api: Api
) -> None:
    someone = Phone(meta, bsuid=new_bsuid())
    await someone.says("Hola")
    message = json.loads(hook.posts[-1][1])["entry"][0]["changes"][0]["value"]
    assert "wa_id" not in message["contacts"][0]
    assert "from" not in message["messages"][0]
    body = text()
    del body["to"]
    status, answer, _ = await api.send(body | {"recipient": someone.person.bsuid})
    assert status == 200
    assert answer["contacts"] == [{"input": someone.person.bsuid, "user_id": someone.person.bsuid}]
    assert len(await someone.hears()) == 1
