"""The firm's emergency notice on WhatsApp: in front of a reply, never by itself."""

from __future__ import annotations

import pytest

from bot.gateway.app import BOARD
from bot.gateway.conversations import BULLETIN
from bot.gateway.whatsapp.state import Memory, fresh, restore, snapshot
from bot.transcripts.bulletins import Bulletin, Bulletins
from tests.gateway.conftest import StillClock
from tests.whatsapp.gateways import Begin, WhatsAppGateway, texts
from tests.whatsapp.test_inbox import met

TEXTS = {"en": "The asylum office is closed today.", "es": "La oficina de asilo está cerrada hoy."}
ANSWER = "You can ask for it later."


async def switch_on(gateway: WhatsAppGateway) -> None:
    bulletins = Bulletins(gateway.transcripts.database)
    await bulletins.switch_on(Bulletin("b1", TEXTS, gateway.clock.now(), "s_ana"))
    await gateway.app[BOARD].look()


@pytest.mark.parametrize("provider", ["cloud", "twilio"])
@pytest.mark.parametrize("kept", [False, True])
async def test_a_person_is_told_once_in_front_of_the_next_reply(
    begin: Begin, provider: str, kept: bool
) -> None:
    gateway = await begin(provider)
    person = await met(gateway)
    if kept:
        await person.presses("consent_yes en")
        await person.hears(1)
    await gateway.idle()
    before = len(person.sees)
    await switch_on(gateway)
    await gateway.idle()
    # Nothing is sent to who has not written.
    assert len(person.sees) == before

    await person.says("work permit door")
    await gateway.idle()
    told = "\n".join(texts(person.sees[before:]))
    assert told.count(TEXTS["en"]) == 1
    assert told.index(TEXTS["en"]) < told.index(ANSWER)

    before = len(person.sees)
    await person.says("work permit door")
    await gateway.idle()
    told = "\n".join(texts(person.sees[before:]))
    assert ANSWER in told
    assert TEXTS["en"] not in told


async def test_in_danger_the_first_words_are_about_it(begin: Begin) -> None:
    gateway = await begin()
    await switch_on(gateway)
    person = gateway.phone()
    await person.says("They are at my door")
    await gateway.idle()
    said = texts(person.sees)
    assert said[0] == "[emergency_agents en]"
    assert TEXTS["en"] not in "\n".join(said)
    await person.says("work permit door")
    await gateway.idle()
    assert TEXTS["en"] in "\n".join(texts(person.sees))


def test_what_was_told_outlives_the_gateway_without_consent() -> None:
    now = StillClock().moment
    conversation = fresh("c_1", "es", now, "cloud")
    conversation.bulletins.add((f"{BULLETIN}b1", "es"))
    back, _ = restore(snapshot(conversation, Memory(), now), "c_1", "es", now, "cloud")
    assert back.bulletins == {(f"{BULLETIN}b1", "es")}
