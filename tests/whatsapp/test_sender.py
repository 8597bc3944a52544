"""What is sent, again, once more or not at all, on the stand-ins of both providers."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from bot.gateway.whatsapp.model import Outbound
from bot.gateway.whatsapp.records import GIVEN_UP_AFTER
from bot.gateway.whatsapp.service import template
from bot.gateway.whatsapp.tables import outbox
from bot.simulator.cloud import CloudStandIn, Template
from bot.simulator.twilio import TwilioStandIn
from tests.whatsapp.gateways import Begin, WhatsAppGateway, texts, until
from tests.whatsapp.test_inbox import met

PROVIDERS = ("cloud", "twilio")


async def states(gateway: WhatsAppGateway) -> list[str]:
    async with gateway.store.database.connect() as connection:
        return list((await connection.execute(select(outbox.c.state).order_by(outbox.c.seq))).scalars())


async def ends_as(gateway: WhatsAppGateway, *expected: str) -> None:
    """Waits until the newest rows have those states."""

    async def is_so() -> bool:
        return (await states(gateway))[-len(expected) :] == list(expected)

    await until(is_so)


async def news(gateway: WhatsAppGateway, *said: str, key: str = "news:1") -> int:
    person = await gateway.store.of_conversation(
        gateway.engine.turns[-1]["conversation"], gateway.clock.now()
    )
    assert person is not None
    queued = await gateway.store.queue(
        person.id, key, [Outbound("text", text) for text in said], gateway.clock.now()
    )
    gateway.service.sender.wake()
    return queued


@pytest.mark.parametrize("fault", ["429", "503", "500", "cut before"])
@pytest.mark.parametrize("provider", PROVIDERS)
async def test_what_was_not_sent_is_sent_again_in_order(begin: Begin, provider: str, fault: str) -> None:
    gateway = await begin(provider)
    ana = await met(gateway)
    # Of a connection that was cut, and after an error of theirs, nobody can know: it is tried once more only.
    gateway.standin.fail(*[fault] * (2 if fault in ("429", "503") else 1))
    await news(gateway, "first", "second", "third")
    for _ in range(6):
        await asyncio.sleep(0.2)
        await gateway.later(seconds=8)
    assert texts(await ana.hears(3)) == ["first", "second", "third"]


@pytest.mark.parametrize("fault", ["cut after", "garbage after", "500 after"])
@pytest.mark.parametrize("provider", PROVIDERS)
async def test_what_may_have_been_sent_is_sent_at_most_once_more(
    begin: Begin, provider: str, fault: str
) -> None:
    gateway = await begin(provider)
    ana = await met(gateway)
    await gateway.idle()
    # No status comes, so nobody can know.
    gateway.standin.statuses = ()
    gateway.standin.fail(fault, fault)
    await news(gateway, "perhaps", "after it")
    for _ in range(5):
        await asyncio.sleep(0.3)
        await gateway.later(seconds=3)
    seen = texts(await ana.hears_out())
    assert 1 <= seen.count("perhaps") <= 2
    assert seen[-1] == "after it"
    assert "sending" not in await states(gateway)


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_status_settles_what_nobody_knew(begin: Begin, provider: str) -> None:
    gateway = await begin(provider)
    ana = await met(gateway)
    await gateway.idle()
    gateway.standin.fail("cut after")
    await news(gateway, "perhaps")
    await gateway.standin.settled()
    await ends_as(gateway, "sent")
    await gateway.later(seconds=30)
    assert texts(await ana.hears_out()) == ["perhaps"]


@pytest.mark.parametrize(("provider", "code"), [("cloud", 131056), ("cloud", 130429), ("twilio", 63018)])
async def test_what_is_handed_back_as_too_fast_is_sent_again(begin: Begin, provider: str, code: int) -> None:
    gateway = await begin(provider)
    ana = await met(gateway)
    await gateway.idle()
    gateway.standin.statuses = ()
    await news(gateway, "too fast")
    await ana.hears(1)
    await ends_as(gateway, "sent")
    await gateway.standin.report(gateway.standin.got[-1][1], "failed", code)
    await gateway.later(seconds=10)
    assert texts(await ana.hears(1)) == ["too fast"]
    await gateway.idle()
    assert gateway.metric("faro_alarms_total", kind="whatsapp") == 0


async def test_what_is_refused_is_told_to_staff_and_holds_back_nothing(begin: Begin) -> None:
    gateway = await begin()
    ana = await met(gateway)
    await gateway.idle()
    await news(gateway, "x" * 5_000, "then this")
    assert texts(await ana.hears(1)) == ["then this"]
    await ends_as(gateway, "failed", "sent")

    async def told() -> bool:
        return gateway.metric("faro_alarms_total", kind="whatsapp") == 1

    await until(told)


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_after_a_day_a_template_asks_and_the_news_come_with_the_answer(
    begin: Begin, provider: str
) -> None:
    first = await begin(provider)
    standin = first.standin
    if isinstance(standin, CloudStandIn):
        standin.templates["firm_news", "en_US"] = Template("The office has news. Please write to us.")
        environ = {"FARO_WHATSAPP_TEMPLATES": "window_en=firm_news:en_US"}
    else:
        assert isinstance(standin, TwilioStandIn)
        sid = standin.add_template("The office has news. Please write to us.", "en")
        environ = {"FARO_TWILIO_TEMPLATES": f"window_en={sid}"}
    ana = await met(first)
    await first.idle()
    standin.gateways.clear()
    await first.client.close()
    gateway = await begin(beside=first, environ=environ)
    standin.clock = gateway.clock.now
    await gateway.later(hours=25)
    assert await news(gateway, "The appointment is on Friday.") == 1
    (asked,) = await ana.hears_out()
    assert asked.kind == "template"
    await gateway.later(hours=2)
    assert await news(gateway, "And on Monday.", key="news:2") == 1
    await ends_as(gateway, "blocked")
    await ana.deliver(ana.prepare("text", text="work permit", at=gateway.clock.now()))
    seen = texts(await ana.hears(3))
    assert seen[:2] == ["The appointment is on Friday.", "And on Monday."]
    assert "You can ask for it later." in seen[-1]


async def test_without_a_template_staff_are_told(begin: Begin) -> None:
    gateway = await begin()
    ana = await met(gateway)
    await gateway.idle()
    await gateway.later(hours=25)
    await news(gateway, "The appointment is on Friday.")
    await ends_as(gateway, "blocked")

    async def told() -> bool:
        return gateway.metric("faro_alarms_total", kind="whatsapp") == 1

    await until(told)
    assert len(ana.sees) == 3
    assert not gateway.standin.refused


async def test_what_never_goes_out_is_given_up_at_last(begin: Begin) -> None:
    gateway = await begin()
    await met(gateway)
    await gateway.idle()
    await gateway.standin.close_door()
    await news(gateway, "first")
    await asyncio.sleep(0.4)
    assert (await states(gateway))[-1] == "queued"
    async with gateway.store.database.begin() as connection:
        # The window stays open; only the row is old.
        await connection.execute(
            outbox.update().values(created_at=gateway.clock.now() - GIVEN_UP_AFTER).where(outbox.c.seq > 3)
        )
    await gateway.later(seconds=10)
    await ends_as(gateway, "failed")


async def test_a_person_who_cannot_be_reached_holds_up_nobody_else(begin: Begin) -> None:
    gateway = await begin()
    ana, leo = await met(gateway), await met(gateway)
    await gateway.idle()
    gateway.standin.fail("hang before", seconds=3)
    await leo.says("work permit")
    await asyncio.sleep(0.6)
    await ana.says("work permit")
    both = await asyncio.gather(leo.hears(1), ana.hears(1))
    assert all("You can ask for it later." in message.text for new in both for message in new)


@pytest.mark.parametrize(
    ("templates", "language", "expected"),
    [
        ({}, "en", None),
        ({"window_es": "n"}, "es", ("n", "es")),
        ({"window_es": "n:es_MX", "window_en": "m"}, "es", ("n", "es_MX")),
        ({"window_es": "n"}, "en", ("n", "es")),
        ({"reminder_es": "n"}, "es", None),
    ],
)
def test_the_template_of_a_language(
    templates: dict[str, str], language: str, expected: tuple[str, str] | None
) -> None:
    found = template(templates, "window", language, ())
    assert (None if found is None else (found.template, found.language)) == expected
