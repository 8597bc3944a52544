"""Corrections on WhatsApp: in the 24 hours as text, after them only to who agreed, and never after STOP."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.core.messages import Reply
from bot.gateway.app import DESK
from bot.simulator.cloud import Template
from bot.simulator.twilio import Content
from bot.transcripts.tables import told
from tests.gateway.test_desk_correct import nothing
from tests.whatsapp.gateways import Begin, WhatsAppGateway, provider_of, texts
from tests.whatsapp.test_desk import kept

PROVIDERS = ("cloud", "twilio")
SID = "HX" + "3" * 32
TEMPLATES = {
    "cloud": {"FARO_WHATSAPP_TEMPLATES": "window_en=news_en"},
    "twilio": {"FARO_TWILIO_TEMPLATES": f"window_en={SID}"},
}
WRITE = "Hello. Example Firm has an answer for you."
NEWS = Reply(
    "notice",
    "correction",
    "en",
    "News from the office.\n\nThe fee is $102.",
    parameters={"fee.annual": "$102"},
)


async def values(gateway: WhatsAppGateway) -> list[str]:
    async with gateway.transcripts.database.connect() as connection:
        return list(
            (await connection.execute(select(told.c.value).where(told.c.parameter == "fee.annual"))).scalars()
        )


def approve(gateway: WhatsAppGateway) -> None:
    """The provider has approved the template that asks a person to write."""
    if provider_of(gateway.standin) == "cloud":
        gateway.standin.templates["news_en", "en"] = Template(WRITE)
    else:
        gateway.standin.contents[SID] = Content(
            SID, "en", {}, {"twilio/text": {"body": WRITE}}, approved=True
        )


async def remind(gateway: WhatsAppGateway, conversation_id: str) -> None:
    """The person has agreed to be reminded of a date."""
    now = gateway.clock.now()
    person = await gateway.store.of_conversation(conversation_id, now)
    assert person is not None
    due = now.date() + timedelta(days=90)
    body: dict[str, Any] = {"inputs": {}, "state": "", "timezone": ""}
    assert await gateway.store.add_reminder(
        person.id, "bia_appeal", body, due, date(2100, 1, 1), "en", "v1", now, now
    )


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_in_the_24_hours_it_reaches_the_phone_once(begin: Begin, provider: str) -> None:
    gateway = await begin(provider)
    person, id = await kept(gateway)
    desk = gateway.app[DESK]
    assert (await desk.reach(id, "whatsapp")).way == "window"
    assert [await desk.correct(id, "k1", NEWS, nothing) for _ in range(2)] == ["sent", "sent"]
    (heard,) = await person.hears(1)
    assert heard.text.startswith("News from the office.")
    await gateway.idle()
    assert sum("The fee is $102." in text for text in texts(person.sees)) == 1
    (said,) = [one.id for one in (await gateway.transcripts.load(id)).messages if "$102" in one.text]
    assert (await desk.arrivals(id))[said] in ("sent", "delivered")
    assert await values(gateway) == ["$102"]


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_who_sent_stop_gets_nothing_and_nothing_is_noted_as_told(begin: Begin, provider: str) -> None:
    gateway = await begin(provider)
    person, id = await kept(gateway)
    await person.says("STOP")
    await gateway.idle()
    before = len(person.sees)
    assert (await gateway.app[DESK].reach(id, "whatsapp")).way == "stopped"
    assert await gateway.app[DESK].correct(id, "k1", NEWS, nothing) == "stopped"
    await gateway.idle()
    assert len(person.sees) == before
    assert await values(gateway) == []


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(("agreed", "template"), [(False, True), (True, False)])
async def test_after_the_24_hours_nobody_is_written_to_who_did_not_agree_or_without_a_template(
    begin: Begin, provider: str, agreed: bool, template: bool
) -> None:
    gateway = await begin(provider, environ=TEMPLATES[provider] if template else None)
    approve(gateway)
    person, id = await kept(gateway)
    if agreed:
        await remind(gateway, id)
    before = len(person.sees)
    await gateway.later(hours=25)
    assert (await gateway.app[DESK].reach(id, "whatsapp")).way == "closed"
    assert await gateway.app[DESK].correct(id, "k1", NEWS, nothing) == "window_closed"
    await gateway.idle()
    assert len(person.sees) == before
    assert await values(gateway) == []


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_who_agreed_is_asked_to_write_and_then_hears_it(begin: Begin, provider: str) -> None:
    gateway = await begin(provider, environ=TEMPLATES[provider])
    approve(gateway)
    person, id = await kept(gateway)
    await remind(gateway, id)
    await gateway.later(hours=25)
    assert (await gateway.app[DESK].reach(id, "whatsapp")).way == "template"
    assert [await gateway.app[DESK].correct(id, "k1", NEWS, nothing) for _ in range(2)] == ["asked", "asked"]
    assert texts(await person.hears(1)) == [WRITE]
    await gateway.idle()
    assert not any("$102" in text for text in texts(person.sees))
    await person.deliver(person.prepare("text", text="work permit door", at=gateway.clock.now()))
    await person.hears(2)
    await gateway.idle()
    assert sum("The fee is $102." in text for text in texts(person.sees)) == 1


async def test_a_conversation_whose_person_is_no_longer_known_reaches_nobody(begin: Begin) -> None:
    gateway = await begin()
    _, id = await kept(gateway)
    assert (await gateway.app[DESK].reach("c_other", "whatsapp")).way == "closed"
    assert (await gateway.app[DESK].reach(id, "web")).way == "left"
