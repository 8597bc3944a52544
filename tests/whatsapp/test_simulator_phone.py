"""A phone shows what was sent and sends what a person can send, on both stand-ins, as our wire modules read it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.gateway.whatsapp import cloud as cloud_wire
from bot.gateway.whatsapp import model
from bot.gateway.whatsapp import twilio as twilio_wire
from bot.gateway.whatsapp.cloud_api import CloudApi
from bot.gateway.whatsapp.twilio_api import Addresses, TwilioApi
from bot.simulator.phone import KINDS, NotPassedOn, NotShown, Phone, Silence, new_bsuid, titles
from bot.simulator.standin import Message, Option, Person, StandIn
from tests.whatsapp.simulators import (
    ACCESS_TOKEN,
    ACCOUNT,
    APP_SECRET,
    AUTH_TOKEN,
    BY_NAME,
    NUMBER,
    NUMBER_ID,
    PUBLIC_URL,
    Webhook,
    running,
    webhook,
)


@pytest.fixture
async def hook() -> AsyncIterator[Webhook]:
    async with webhook() as found:
        yield found


@pytest.fixture(params=["cloud", "twilio"])
async def provider(request: pytest.FixtureRequest, hook: Webhook) -> AsyncIterator[StandIn]:
    async with running(BY_NAME[request.param](hook.url)) as found:
        yield found


@pytest.fixture
def ana(provider: StandIn) -> Phone:
    return Phone(provider, "15550100123")


def read(provider: StandIn, hook: Webhook) -> list[Any]:
    """All that our wire module makes of what was posted; each request must be signed."""
    events: list[Any] = []
    for raw_path, raw, headers in hook.posts:
        path, _, query = raw_path.partition("?")
        if provider.provider == "cloud":
            assert cloud_wire.verified(raw, headers["X-Hub-Signature-256"], [APP_SECRET])
            events += cloud_wire.parse(raw, NUMBER_ID)
        else:
            url = twilio_wire.public_url(PUBLIC_URL, path, query)
            assert twilio_wire.verified(raw, url, headers["X-Twilio-Signature"], [AUTH_TOKEN])
            events += twilio_wire.parse(raw, query, datetime.now(UTC))
    return events


def our_client(provider: StandIn) -> model.Provider:
    if provider.provider == "cloud":
        return CloudApi(ACCESS_TOKEN, NUMBER_ID, url=provider.url, https_only=False, total_seconds=1)
    return TwilioApi(
        ACCOUNT,
        AUTH_TOKEN,
        f"whatsapp:+{NUMBER}",
        f"{PUBLIC_URL}/status",
        addresses=Addresses.all_at(provider.url),
        https_only=False,
        total_seconds=1,
    )


def show(provider: StandIn, phone: Phone, **fields: Any) -> Message:
    """Something on the phone, as if it had been sent."""
    message = Message(provider.new_id(), fields.pop("kind", "text"), "?", datetime.now(UTC), **fields)
    phone.person.shown.append(message)
    phone.person.arrived.set()
    return message


def test_a_person_can_send_every_kind_that_the_gateway_knows() -> None:
    assert KINDS == model.KINDS


@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if kind not in ("choice", "edited", "deleted", "reaction")]
)
async def test_every_kind_is_read_as_what_it_is(
    provider: StandIn, hook: Webhook, ana: Phone, kind: str
) -> None:
    caption = "¿Qué dice aquí? 📄" if kind in ("text", "image", "document") else ""
    if kind not in provider.passes:
        with pytest.raises(NotPassedOn):
            await ana.sends(kind)
        return
    id = await ana.sends(kind, caption)
    (event,) = read(provider, hook)
    assert (event.kind, event.id, event.text) == (kind, id, caption)
    assert "phone:15550100123" in event.sender.aliases
    assert event.sender.address.endswith("15550100123")


@pytest.mark.parametrize("on", ["buttons", "list"])
async def test_only_what_was_shown_can_be_pressed(
    provider: StandIn, hook: Webhook, ana: Phone, on: str
) -> None:
    with pytest.raises(NotShown):
        await ana.presses("Sí")
    show(provider, ana, kind=on, options=(Option("c_0", "Sí"),))
    asked = show(provider, ana, kind=on, options=(Option("c_1", "Sí", "Con detalle"), Option("c_2", "No")))
    with pytest.raises(NotShown, match=r"'Tal vez'.*\['Sí', 'No'\]"):
        await ana.presses("Tal vez")
    id = await ana.presses("Sí")
    (event,) = read(provider, hook)
    assert (event.id, event.kind, event.choice, event.title) == (id, "choice", "c_1", "Sí")
    assert event.refers_to == asked.id
    assert titles(ana.sees) == ["Sí", "Sí", "No"]


@pytest.mark.parametrize(
    "message",
    [
        model.Outbound("text", "¡Buenos días! ¿Cómo está? 🙂"),
        model.Outbound("buttons", "¿Sí o no?", (model.Option("a", "Sí"), model.Option("b", "No"))),
        model.Outbound(
            "list", "Elija una", (model.Option("a", "Sí", "Más"), model.Option("b", "No")), label="Ver"
        ),
        model.Outbound("link", "Vea", label="Abrir", url="https://www.uscis.gov/i-589?a=1&b=%7B2%7D"),
    ],
    ids=lambda message: message.kind,
)
async def test_our_clients_are_understood(
    provider: StandIn, hook: Webhook, ana: Phone, message: model.Outbound
) -> None:
    client = our_client(provider)
    someone = Phone(provider, bsuid=new_bsuid())
    try:
        for phone in (ana, someone):
            id = await phone.says("Hola")
            address = read(provider, hook)[-1].sender.address
            assert await client.send(message, address, "o_17")
            (shown,) = await phone.hears()
            assert (shown.kind, shown.text, shown.row) == (message.kind, message.text, "o_17")
            assert [(o.id, o.title, o.description) for o in shown.options] == [
                (o.id, o.title, o.description) for o in message.options
            ]
            assert (shown.label, shown.url) == (message.label, message.url)
            await client.seen(id, typing=True)
            assert phone.has_read(id)
            assert phone.typing
            await provider.settled()
    finally:
        await client.close()
    assert provider.refused == []
    told = [(event.state, event.row) for event in read(provider, hook) if isinstance(event, model.Status)]
    assert told == [("sent", "o_17"), ("delivered", "o_17")] * 2


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("500", model.Unsure), ("503", model.NotSent), ("429", model.NotSent), ("garbage after", model.Unsure),
        ("cut before", model.Unsure), ("cut after", model.Unsure), ("hang after", model.Unsure),
    ],
)  # fmt: skip
async def test_our_clients_know_what_is_sure(
    provider: StandIn, hook: Webhook, ana: Phone, fault: str, error: type[model.SendError]
) -> None:
    client = our_client(provider)
    await ana.says("Hola")
    address = read(provider, hook)[0].sender.address
    provider.fail(fault, seconds=2)
    try:
        with pytest.raises(model.SendError) as raised:
            await client.send(model.Outbound("text", "Hola"), address, "o_1")
        assert type(raised.value) is error
        if isinstance(raised.value, model.NotSent):
            assert raised.value.seconds >= (2 if fault == "429" else 0)
        await provider.close_door()
        with pytest.raises(model.NotSent):
            await client.send(model.Outbound("text", "Hola"), address, "o_2")
    finally:
        await client.close()


async def test_edits_deletions_and_reactions_name_their_message(
    provider: StandIn, hook: Webhook, ana: Phone
) -> None:
    if provider.provider == "twilio":
        return
    ours = show(provider, ana)
    first = await ana.says("Llegue en mayo")
    await ana.edits(first, "Llegué en marzo")
    await ana.deletes(first)
    await ana.reacts("👍")
    events = read(provider, hook)
    assert [(event.kind, event.refers_to) for event in events] == [
        ("text", ""), ("edited", first), ("deleted", first), ("reaction", ours.id)
    ]  # fmt: skip
    assert events[1].text == "Llegué en marzo"


async def test_quick_messages_come_together_and_out_of_order_ones_backwards(
    provider: StandIn, hook: Webhook, ana: Phone
) -> None:
    quick = await ana.says_quickly("uno", "dos", "tres")
    assert len(hook.posts) == (1 if provider.provider == "cloud" else 3)
    assert {event.id for event in read(provider, hook)} == set(quick)
    hook.posts.clear()
    late = await ana.says_out_of_order("primero", "segundo")
    events = read(provider, hook)
    assert [event.id for event in events] == list(reversed(late))
    if provider.provider == "cloud":
        assert events[0].at > events[1].at


async def test_a_repeated_webhook_is_the_same_to_the_byte(
    provider: StandIn, hook: Webhook, ana: Phone
) -> None:
    id = await ana.says("¿Cuánto cuesta?")
    await ana.repeats(id)
    assert hook.posts[0][1] == hook.posts[1][1]
    assert hook.posts[0][2] == hook.posts[1][2]


async def test_a_person_may_have_no_number_and_may_change_it(provider: StandIn, hook: Webhook) -> None:
    bsuid = new_bsuid()
    someone = Phone(provider, bsuid=bsuid)
    await someone.says("Hola")
    (event,) = read(provider, hook)
    assert event.sender.aliases == (f"bsuid:{bsuid}",)
    hook.posts.clear()
    other = Phone(provider, "15550100124", bsuid=bsuid)
    await other.changes_number("15550100125", new_bsuid())
    renamed = read(provider, hook)
    if provider.provider == "twilio":
        assert renamed == []
    else:
        assert set(renamed[0].old) == {"phone:15550100124", f"bsuid:{bsuid}"}
        assert "phone:15550100125" in renamed[0].sender.aliases
    hook.posts.clear()
    await other.says("Soy yo")
    assert "phone:15550100125" in read(provider, hook)[0].sender.aliases
    with pytest.raises(ValueError, match="digits"):
        Person("+15550100123", "", "x")
    with pytest.raises(ValueError, match="two letters"):
        Person("", "1349", "x")


async def test_a_post_is_repeated_until_it_is_taken(provider: StandIn, hook: Webhook, ana: Phone) -> None:
    hook.status = 500
    writing = asyncio.create_task(ana.says("¿Me oye?"))
    while len(hook.posts) < 2:
        await asyncio.sleep(0.01)
    assert not writing.done()
    hook.status = 200
    await writing
    statuses = [answered.status for answered in provider.answers]
    assert statuses[:2] == [500, 500]
    assert statuses[-1] == 200


async def test_a_phone_waits_for_answers_and_says_how_many_came(provider: StandIn, ana: Phone) -> None:
    show(provider, ana)
    with pytest.raises(Silence, match=r"1 of 2 messages came within 0\.05 s"):
        await ana.hears(2, within=0.05)
    assert len(await ana.hears()) == 1
    asyncio.get_running_loop().call_later(0.05, lambda: show(provider, ana))
    asyncio.get_running_loop().call_later(0.1, lambda: show(provider, ana))
    assert len(await ana.hears_out(pause=0.3)) == 2


async def test_statuses_can_come_mixed_up_and_twice(provider: StandIn, hook: Webhook, ana: Phone) -> None:
    provider.statuses = ("sent", "delivered", "read")
    provider.shuffle = True
    told = []
    for _ in range(30):
        message = Message(provider.new_id(), "text", "?", datetime.now(UTC), row="o_1")
        message.callback = f"{PUBLIC_URL}/status?row=o_1"
        provider._show(ana.person, message)
        await provider.settled()
        told.append(list(message.states))
        assert set(message.states) == {"sent", "delivered", "read"}
    assert any(states != ["sent", "delivered", "read"] for states in told)
    assert any(len(states) > 3 for states in told)
    events = read(provider, hook)
    assert {event.row for event in events} == {"o_1"}
