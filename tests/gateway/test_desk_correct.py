"""Telling a person on the page that something they were told has changed: once, and so that it is not found again."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from bot.core.messages import Choice, Reply
from bot.gateway.app import DESK
from bot.gateway.desk import LONGEST, Reach
from bot.transcripts.recall import Recall, Wanted
from bot.transcripts.tables import told
from tests.gateway.conftest import Gateway, Start, StillClock, Talk, ids

FEE = "fee.annual"
NOON = StillClock().moment
NEWS = Reply(
    "notice", "correction", "en", "News from the office.\n\nThe fee is $102 now.", parameters={FEE: "$102"}
)


async def nothing() -> str:
    """Nothing has become of the person meanwhile."""
    return ""


@pytest.fixture
async def talk(gateway: Gateway) -> Talk:
    """A conversation that is kept."""
    begun = await gateway.begin()
    await begun.agree()
    return begun


def desk_of(gateway: Gateway) -> Any:
    return gateway.app[DESK]


async def values(gateway: Gateway) -> list[str]:
    async with gateway.store.database.connect() as connection:
        return list((await connection.execute(select(told.c.value))).scalars())


async def texts(talk: Talk) -> list[str]:
    return [message["text"] for message in (await talk.read())["messages"]]


async def test_it_stands_in_the_conversation_once_and_counts_as_told(gateway: Gateway, talk: Talk) -> None:
    desk = desk_of(gateway)
    assert await desk.reach(talk.id, "web") == Reach("left")
    assert [await desk.correct(talk.id, "k1", NEWS, nothing) for _ in range(3)] == ["left"] * 3
    last = (await talk.read())["messages"][-1]
    assert (last["author"], last["text"], last["choices"]) == ("bot", NEWS.text, [])
    assert (await texts(talk)).count(NEWS.text) == 1
    assert await values(gateway) == ["$102"]
    assert await Recall(gateway.store).count(Wanted(FEE, frozenset({"$102"}))) == 0
    assert await desk.correct(talk.id, "k2", replace(NEWS, text="Another."), nothing) == "left"
    assert (await texts(talk))[-1] == "Another."


async def test_a_page_that_is_open_hears_it_at_once(gateway: Gateway, talk: Talk) -> None:
    url = f"{talk.path}/events"
    async with gateway.client.get(url, headers=talk.headers) as stream:
        assert stream.status == 200
        assert await desk_of(gateway).reach(talk.id, "web") == Reach("page")
        assert await desk_of(gateway).correct(talk.id, "k1", NEWS, nothing) == "sent"
        async with asyncio.timeout(5):
            heard = b""
            while b"The fee is $102 now." not in heard:
                heard += await stream.content.readany()


@pytest.mark.parametrize("comes_back", ["reads", "writes"])
async def test_it_counts_as_sent_once_somebody_has_come_back(
    gateway: Gateway, talk: Talk, comes_back: str
) -> None:
    desk = desk_of(gateway)
    assert await desk.correct(talk.id, "k1", NEWS, nothing) == "left"
    if comes_back == "reads":
        await talk.read()
    else:
        await talk.send("work permit door")
    assert await desk.correct(talk.id, "k1", NEWS, nothing) == "sent"


async def test_what_was_offered_before_can_still_be_pressed_and_typed(gateway: Gateway) -> None:
    talk = await gateway.begin()
    await talk.agree()
    await talk.send("They are at my door")
    async with gateway.keeper.use(talk.id) as conversation:
        before = conversation.latest
    await desk_of(gateway).correct(talk.id, "k1", NEWS, nothing)
    async with gateway.keeper.use(talk.id) as conversation:
        assert conversation.latest == before


async def test_news_leave_open_what_was_asked_also_for_who_brings_the_conversation_from_the_store(
    gateway: Gateway, talk: Talk
) -> None:
    gateway.engine.replies = [Reply("question", "q", "en", "Which?", choices=(Choice("Blue one", "/blue"),))]
    await talk.send("work permit door")
    gateway.engine.replies = None
    async with gateway.keeper.use(talk.id) as conversation:
        # News of a request for an appointment.
        conversation.say(Reply("notice", "booking_confirmed", "en", "It is confirmed."), None, NOON)
        await gateway.keeper.flush(conversation)
        (before,) = conversation.latest
    await desk_of(gateway).correct(talk.id, "k1", NEWS, nothing)
    gateway.keeper.registry.remove(talk.id)
    async with gateway.keeper.use(talk.id) as conversation:
        assert conversation.latest == (before,)
    gateway.engine.replies = [Reply("answer", "a", "en", "An answer.")]
    await talk.send("work permit door")
    async with gateway.keeper.use(talk.id) as conversation:
        assert conversation.latest == ()


async def test_with_staff_nothing_that_was_offered_before_is_meant(gateway: Gateway, talk: Talk) -> None:
    gateway.engine.replies = [Reply("question", "q", "en", "Which?", choices=(Choice("Blue one", "/blue"),))]
    await talk.send("work permit door")
    await desk_of(gateway).claim(talk.id, "s_ana", "Ana")
    await desk_of(gateway).correct(talk.id, "k1", NEWS, nothing)
    async with gateway.keeper.use(talk.id) as conversation:
        assert conversation.latest == ()


async def test_a_gateway_that_was_killed_after_keeping_it_sends_it_no_second_time(
    gateway: Gateway, talk: Talk
) -> None:
    await desk_of(gateway).correct(talk.id, "k1", NEWS, nothing)
    gateway.keeper.registry.remove(talk.id)
    assert await desk_of(gateway).correct(talk.id, "k1", NEWS, nothing) == "left"
    assert (await texts(talk)).count(NEWS.text) == 1


async def test_what_the_store_does_not_take_is_tried_again_under_its_name(
    gateway: Gateway, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise OperationalError("", {}, Exception())

    with monkeypatch.context() as patch:
        patch.setattr(gateway.store, "save", away)
        assert await desk_of(gateway).correct(talk.id, "k1", NEWS, nothing) == "later"
    assert await values(gateway) == []
    assert await desk_of(gateway).correct(talk.id, "k1", NEWS, nothing) == "left"
    assert await values(gateway) == ["$102"]
    assert (await texts(talk)).count(NEWS.text) == 1


async def test_who_has_heard_it_meanwhile_is_told_nothing(gateway: Gateway, talk: Talk) -> None:
    async def heard() -> str:
        return "told"

    before = await texts(talk)
    assert await desk_of(gateway).correct(talk.id, "k1", NEWS, heard) == "told"
    assert await texts(talk) == before
    assert await desk_of(gateway).correct(talk.id, "k1", NEWS, nothing) == "left"
    # It stands there already.
    assert await desk_of(gateway).correct(talk.id, "k1", NEWS, heard) == "left"


async def test_who_is_gone_or_never_agreed_gets_nothing(gateway: Gateway, talk: Talk) -> None:
    assert (await talk.erase()).status == 204
    assert await desk_of(gateway).correct(talk.id, "k1", NEWS, nothing) == "gone"
    unkept = await gateway.begin()
    before = await texts(unkept)
    assert await desk_of(gateway).correct(unkept.id, "k1", NEWS, nothing) == "gone"
    assert await texts(unkept) == before


@pytest.mark.parametrize(
    ("text", "told_why"),
    [("  ", "empty"), ("x" * (LONGEST + 1), "too_long"), ("Your number A123456789", "personal")],
)
async def test_what_nobody_may_be_sent_is_not_said(
    gateway: Gateway, talk: Talk, text: str, told_why: str
) -> None:
    before = await texts(talk)
    assert await desk_of(gateway).correct(talk.id, "k1", replace(NEWS, text=text), nothing) == told_why
    assert await texts(talk) == before


async def test_many_corrections_push_no_running_conversation_out_of_memory(start: Start) -> None:
    gateway = await start(conversations_in_memory=4)
    kept = [await gateway.begin() for _ in range(3)]
    for one in kept:
        await one.agree()
        gateway.keeper.registry.remove(one.id)
    running = [await gateway.begin() for _ in range(4)]
    for one in kept:
        assert await desk_of(gateway).correct(one.id, "k1", NEWS, nothing) == "left"
    assert len(gateway.keeper.registry) == 4
    for one in running:
        assert ids(await one.send("work permit door")) == ["You can ask for it later."]
    async with gateway.keeper.use(kept[0].id):
        pass
    await desk_of(gateway).correct(kept[0].id, "k2", NEWS, nothing)
    assert gateway.keeper.registry.has(kept[0].id)


async def test_who_comes_while_they_are_corrected_stays_in_memory(gateway: Gateway, talk: Talk) -> None:
    async def comes() -> str:
        async with gateway.keeper.use(talk.id):
            return ""

    gateway.keeper.registry.remove(talk.id)
    await desk_of(gateway).correct(talk.id, "k1", NEWS, comes)
    assert gateway.keeper.registry.has(talk.id)


async def test_an_office_s_address_may_be_told_to_all_and_is_refused_in_what_staff_write_to_one(
    gateway: Gateway, talk: Talk
) -> None:
    text = "Send it to the new address: 131 South Dearborn Street, 3rd Floor, Chicago, IL 60603."
    assert await desk_of(gateway).correct(talk.id, "k1", replace(NEWS, text=text), nothing) == "left"
    await desk_of(gateway).claim(talk.id, "s_ana", "Ana")
    assert await desk_of(gateway).write(talk.id, "s_ana", "Ana", text, "k1") == "personal"


async def test_staff_who_hold_the_conversation_are_no_obstacle(gateway: Gateway, talk: Talk) -> None:
    await desk_of(gateway).claim(talk.id, "s_ana", "Ana")
    assert await desk_of(gateway).correct(talk.id, "k1", NEWS, nothing) == "left"
    assert ids(await talk.send("Thank you")) == []


async def test_another_gateway_finds_it_sent(start: Start, gateway: Gateway, talk: Talk) -> None:
    other = await start()
    await desk_of(gateway).correct(talk.id, "k1", NEWS, nothing)
    assert await desk_of(other).correct(talk.id, "k1", NEWS, nothing) == "left"
    assert await values(gateway) == ["$102"]
