"""Staff who take over a conversation of WhatsApp, and what reaches the person's phone."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from bot.gateway.app import DESK
from bot.gateway.whatsapp.tables import outbox
from bot.transcripts.tables import conversations
from tests.whatsapp.gateways import Begin, WhatsAppGateway, texts, until
from tests.whatsapp.test_inbox import met

ANA = "s_ana"


async def kept(gateway: WhatsAppGateway) -> tuple[Any, str]:
    """A person whose conversation is kept, and its id."""
    person = await met(gateway)
    await person.presses("consent_yes en")
    await person.hears(1)
    await gateway.idle()
    async with gateway.store.database.connect() as connection:
        return person, str(await connection.scalar(select(conversations.c.id)))


@pytest.mark.parametrize("provider", ["cloud", "twilio"])
async def test_what_staff_write_reaches_the_phone_and_the_program_is_silent(
    begin: Begin, provider: str
) -> None:
    gateway = await begin(provider)
    person, id = await kept(gateway)
    desk = gateway.app[DESK]
    assert await desk.claim(id, ANA, "Ana") == "claimed"
    assert texts(await person.hears(1)) == ["[staff_joined en Ana]"]
    before = len(gateway.engine.typed)
    await person.says("are you there?")
    await gateway.idle()
    assert len(gateway.engine.typed) == before
    assert await desk.write(id, ANA, "Ana", "Yes. Can we call you at 3?", "k1") == "sent"
    assert await desk.write(id, ANA, "Ana", "Yes. Can we call you at 3?", "k1") == "sent"
    (written,) = await person.hears(1)
    assert "Ana, Example Firm" in written.text
    assert "Can we call you at 3?" in written.text
    assert await desk.release(id, ANA) == "released"
    assert texts(await person.hears(1)) == ["[staff_left en]"]
    await person.says("work permit door")
    assert await person.hears(1)


@pytest.mark.parametrize("provider", ["cloud", "twilio"])
async def test_staff_see_how_far_what_they_wrote_has_come(begin: Begin, provider: str) -> None:
    gateway = await begin(provider)
    person, id = await kept(gateway)
    desk = gateway.app[DESK]
    await desk.claim(id, ANA, "Ana")
    await person.hears(1)
    await desk.write(id, ANA, "Ana", "Can we call you at 3?", "k1")
    (written,) = await person.hears(1)
    head = await gateway.transcripts.load(id)
    (message,) = [one.id for one in head.messages if one.author == "staff"]

    async def came(fate: str) -> bool:
        return (await desk.arrivals(id)).get(message) == fate

    await until(lambda: came("delivered"))
    await gateway.standin.report(written, "read")
    await until(lambda: came("read"))
    # What nobody knows any more is not told, and a conversation of the page has nothing to tell.
    async with gateway.store.database.begin() as connection:
        await connection.execute(outbox.delete())
    assert await desk.arrivals(id) == {}
    assert await desk.arrivals("c_unknown") == {}


async def test_of_a_message_in_several_parts_the_worst_is_told(begin: Begin) -> None:
    gateway = await begin("twilio")
    person, id = await kept(gateway)
    desk = gateway.app[DESK]
    await desk.claim(id, ANA, "Ana")
    await person.hears(1)
    await desk.write(id, ANA, "Ana", "\n\n".join(f"{number} " + "word " * 180 for number in range(4)), "k1")
    await gateway.idle()
    head = await gateway.transcripts.load(id)
    (message,) = [one.id for one in head.messages if one.author == "staff"]
    async with gateway.store.database.begin() as connection:
        parts = list(
            (
                await connection.execute(
                    select(outbox.c.id)
                    .where(outbox.c.effect_key.startswith(f"staff:{message}"))
                    .order_by(outbox.c.seq)
                )
            ).scalars()
        )
        assert len(parts) > 1
        await connection.execute(
            outbox.update().where(outbox.c.id.in_(parts)).values(state="sent", status="read")
        )
        await connection.execute(outbox.update().where(outbox.c.id == parts[-1]).values(state="failed"))
    assert (await desk.arrivals(id))[message] == "failed"


async def test_an_emergency_is_answered_while_staff_hold_the_conversation(begin: Begin) -> None:
    gateway = await begin()
    person, id = await kept(gateway)
    await gateway.app[DESK].claim(id, ANA, "Ana")
    await person.hears(1)
    await person.says("They are at my door")
    assert texts(await person.hears(1)) == ["[emergency_agents en]"]


async def test_outside_the_window_nothing_is_written_and_staff_see_why(begin: Begin) -> None:
    gateway = await begin()
    person, id = await kept(gateway)
    desk = gateway.app[DESK]
    await desk.claim(id, ANA, "Ana")
    await person.hears(1)
    window = await desk.window(id)
    assert (window.channel, window.stopped) == ("whatsapp", False)
    assert window.until is not None
    await gateway.later(hours=25)
    assert await desk.write(id, ANA, "Ana", "Hello?", "k1") == "window_closed"
    assert await desk.release(id, ANA) == "released"
    assert person.sees[-1].text == "[staff_joined en Ana]"


async def test_who_sent_stop_is_not_written_to(begin: Begin) -> None:
    gateway = await begin()
    person, id = await kept(gateway)
    desk = gateway.app[DESK]
    await desk.claim(id, ANA, "Ana")
    await person.hears(1)
    await person.says("STOP")
    await gateway.idle()
    assert await desk.write(id, ANA, "Ana", "Hello?", "k1") == "stopped"
    assert (await desk.window(id)).stopped
