"""Alarms lead to whom to call: the conversation when it is kept, the request when there is one, and never a number."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from bot.booking.store import BookingStore
from bot.transcripts.records import AlarmRecord
from bot.transcripts.sealing import Keys
from tests.booking.conftest import CONTACT, FACTS
from tests.whatsapp.gateways import DATA_KEY, Begin, WhatsAppGateway, until
from tests.whatsapp.test_inbox import met
from tests.whatsapp.test_sender import ends_as, news

ALARM_URL = "https://alarms.example/faro"
ENVIRON = {"FARO_ALARM_URL": ALARM_URL, "FARO_ALARM_SECRET": "whsec_RmFybywgb25seSBmb3IgdHJ5aW5nIHRoaW5ncw=="}


class Posted:
    """The address to which alarms are posted."""

    def __init__(self, gateway: WhatsAppGateway) -> None:
        self.bodies: list[dict[str, Any]] = []
        gateway.alarms.post = self.post

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        assert url == ALARM_URL
        self.bodies.append(json.loads(body))
        return 200


async def requested(gateway: WhatsAppGateway, conversation: str) -> str:
    """The reference of a request that the person made there."""
    bookings = BookingStore(gateway.store.database, Keys([DATA_KEY]), site="Example Firm")
    saved = await bookings.request(
        conversation, f"{conversation}:m1", FACTS, CONTACT, "soon", "en", gateway.clock.now()
    )
    return saved.reference


async def blocked(gateway: WhatsAppGateway) -> AlarmRecord:
    """The alarm about news that could not go out."""
    await gateway.later(hours=25)
    await news(gateway, "The appointment is on Friday.")
    await ends_as(gateway, "blocked")

    async def told() -> bool:
        return bool(await gateway.transcripts.alarms())

    await until(told)
    await gateway.alarms.settled()
    (alarm,) = await gateway.transcripts.alarms()
    return alarm


async def agrees(gateway: WhatsAppGateway, ana: Any) -> None:
    await ana.presses("consent_yes en")
    await ana.hears(1)
    await gateway.idle()


async def test_an_alarm_about_a_kept_conversation_names_it_until_that_is_erased(begin: Begin) -> None:
    gateway = await begin(environ=ENVIRON)
    posted = Posted(gateway)
    await agrees(gateway, await met(gateway))
    kept = gateway.engine.turns[-1]["conversation"]
    alarm = await blocked(gateway)
    assert (alarm.kind, alarm.conversation_id, alarm.reference) == ("whatsapp", kept, None)
    assert posted.bodies[-1]["data"]["conversation"] == kept
    await gateway.transcripts.erase(kept)
    assert [one.conversation_id for one in await gateway.transcripts.alarms()] == [None]


async def test_an_alarm_about_a_conversation_that_is_not_kept_names_nobody(begin: Begin) -> None:
    gateway = await begin(environ=ENVIRON)
    posted = Posted(gateway)
    ana = await met(gateway)
    alarm = await blocked(gateway)
    assert (alarm.conversation_id, alarm.request_id, alarm.reference) == (None, None, None)
    data = posted.bodies[-1]["data"]
    assert (data["conversation"], data["request"]) == (None, None)
    assert ana.person.number not in json.dumps(posted.bodies)


@pytest.mark.parametrize("keep", [True, False], ids=["kept", "not kept"])
async def test_an_alarm_leads_to_the_request_until_that_is_erased(begin: Begin, keep: bool) -> None:
    gateway = await begin(environ=ENVIRON)
    posted = Posted(gateway)
    ana = await met(gateway)
    if keep:
        await agrees(gateway, ana)
    conversation = gateway.engine.turns[-1]["conversation"]
    reference = await requested(gateway, conversation)
    alarm = await blocked(gateway)
    assert alarm.reference == reference
    assert alarm.request_id is not None
    assert alarm.conversation_id == (conversation if keep else None)
    assert posted.bodies[-1]["data"]["request"] == reference
    for secret in (ana.person.number, CONTACT["name_as_given"], CONTACT["phone_e164"]):
        assert secret not in json.dumps(posted.bodies)
        assert secret not in gateway.log.getvalue()
    (row,) = await gateway.store.unreached()
    assert (row.state, row.reference) == ("blocked", reference)
    async with gateway.keeper.use(conversation) as known:
        await gateway.keeper.erase(known)
    (after,) = await gateway.transcripts.alarms()
    assert (after.conversation_id, after.request_id, after.reference) == (None, None, None)
    assert await gateway.store.unreached() == ()
