"""The firm's emergency notice as people are told it, on the page with scripts and without."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from bot.core.messages import Choice, Reply
from bot.gateway import bulletin as board_module
from bot.gateway.app import BOARD, DESK
from bot.gateway.bulletin import Board
from bot.gateway.conversations import Conversation
from bot.gateway.staffing import GONE_AFTER, PATIENCE
from bot.gateway.voice import Voice
from bot.transcripts.bulletins import Bulletin, Bulletins
from tests.databases import made
from tests.gateway.conftest import Gateway, SmallFirm, SmallNotices, Start, StillClock, Talk, ids
from tests.gateway.standin import answer
from tests.gateway.test_plain_chat import Page

TEXTS = {"en": "The asylum office is closed today.", "es": "La oficina de asilo está cerrada hoy."}
EN = f"[bulletin en November 21, 2026 {TEXTS['en']}]"
ES = f"[bulletin es 21 de noviembre de 2026 {TEXTS['es']}]"
ANSWER = "You can ask for it later."
NOON = StillClock().moment


async def switch_on(gateway: Gateway, id: str = "b1", ends_at: datetime | None = None) -> None:
    bulletins = Bulletins(gateway.store.database)
    await bulletins.switch_on(Bulletin(id, TEXTS, gateway.clock.now(), "s_ana", ends_at))
    await gateway.app[BOARD].look()


async def switch_off(gateway: Gateway, id: str = "b1") -> None:
    await Bulletins(gateway.store.database).switch_off(id, "s_ana", gateway.clock.now())
    await gateway.app[BOARD].look()


async def test_a_new_conversation_begins_with_it(gateway: Gateway) -> None:
    await switch_on(gateway)
    talk = await gateway.begin("es")
    assert ids(talk.started)[:2] == [ES, "[greeting es]"]
    assert ids(await talk.send("¿Cuándo puedo trabajar?")) == ["Puede pedirlo después."]


async def test_a_running_conversation_is_told_once_before_the_next_reply(gateway: Gateway) -> None:
    talk = await gateway.begin()
    assert ids(await talk.send("work permit door")) == [ANSWER]
    await switch_on(gateway)
    assert ids(await talk.send("work permit door")) == [EN, ANSWER]
    assert ids(await talk.send("work permit door")) == [ANSWER]


async def test_the_same_message_sent_again_gets_the_same_replies(gateway: Gateway) -> None:
    talk = await gateway.begin()
    await switch_on(gateway)
    first = await talk.send("work permit door", "n7")
    assert await talk.send("work permit door", "n7") == first


async def test_the_answer_to_an_emergency_stays_first_and_alone(gateway: Gateway) -> None:
    talk = await gateway.begin()
    await switch_on(gateway)
    assert ids(await talk.send("They are at my door")) == ["[emergency_agents en]"]
    assert ids(await talk.send("help")) == ["[emergency_unclear en]"]
    assert ids(await talk.send("work permit door")) == [EN, ANSWER]


async def test_an_emergency_that_the_engine_found_stays_first_too(gateway: Gateway) -> None:
    talk = await gateway.begin()
    await switch_on(gateway)
    gateway.engine.replies = [Reply("emergency", "emergency_agents", "en", "Stay calm.")]
    assert ids(await talk.send("work permit door")) == ["Stay calm."]


async def test_who_goes_on_in_the_other_language_is_told_in_it(gateway: Gateway) -> None:
    await switch_on(gateway)
    talk = await gateway.begin("en")
    assert ids(talk.started)[0] == EN
    told = ids(await talk.press(talk.started["messages"], "language_es"))
    assert told[0] == ES
    assert ES not in ids(await talk.send("¿Cuándo puedo trabajar?"))


async def test_what_is_offered_after_it_can_still_be_pressed_and_typed(gateway: Gateway) -> None:
    talk = await gateway.begin()
    await switch_on(gateway)
    gateway.engine.replies = [Reply("question", "q", "en", "Which?", choices=(Choice("Blue one", "/blue"),))]
    await talk.send("work permit door")
    gateway.engine.replies = None
    await talk.send("blue one")
    assert gateway.engine.turns[-1]["payload"] == "/blue"


async def test_a_newer_notice_is_told_besides(gateway: Gateway) -> None:
    talk = await gateway.begin()
    await switch_on(gateway)
    await talk.send("work permit door")
    await switch_on(gateway, "b2")
    assert ids(await talk.send("work permit door")) == [EN, ANSWER]


async def test_once_it_is_over_nobody_is_told(gateway: Gateway) -> None:
    talk, late = await gateway.begin(), await gateway.begin()
    await switch_on(gateway, ends_at=NOON + timedelta(hours=1))
    assert ids(await talk.send("work permit door")) == [EN, ANSWER]
    # Its end needs no look at the database.
    gateway.clock.pass_seconds(3600)
    assert ids(await late.send("work permit door")) == [ANSWER]
    await switch_on(gateway, "b2")
    await switch_off(gateway, "b2")
    assert ids(await late.send("work permit door")) == [ANSWER]


async def test_a_kept_conversation_knows_after_a_restart_what_it_was_told(gateway: Gateway) -> None:
    talk = await gateway.begin()
    await talk.agree()
    await switch_on(gateway)
    assert ids(await talk.send("work permit door")) == [EN, ANSWER]
    gateway.keeper.registry.remove(talk.id)
    assert ids(await talk.send("work permit door")) == [ANSWER]


async def test_what_memory_let_go_of_is_not_told_again(start: Start) -> None:
    gateway = await start(messages_in_memory=4)
    talk = await gateway.begin()
    await switch_on(gateway)
    told = [text for _ in range(6) for text in ids(await talk.send("work permit door"))]
    assert told.count(EN) == 1


async def test_while_staff_answer_it_waits_with_the_program(gateway: Gateway) -> None:
    talk = await gateway.begin()
    await talk.agree()
    await gateway.app[DESK].claim(talk.id, "s_ana", "Ana")
    await switch_on(gateway)
    assert ids(await talk.send("How much does it cost?")) == []
    await gateway.app[DESK].release(talk.id, "s_ana")
    assert ids(await talk.send("work permit door")) == [EN, ANSWER]


async def test_who_hears_that_nobody_has_answered_yet_hears_nothing_before_it(gateway: Gateway) -> None:
    talk = await gateway.begin()
    await talk.agree()
    await gateway.app[DESK].claim(talk.id, "s_ana", "Ana")
    await switch_on(gateway)
    gateway.clock.pass_seconds(PATIENCE.total_seconds())
    assert ids(await talk.send("How much does it cost?")) == ["[staff_waiting en]"]
    gateway.clock.pass_seconds(GONE_AFTER.total_seconds())
    assert ids(await talk.send("work permit door")) == [EN, "[staff_left en]", ANSWER]


async def test_with_the_engine_away_people_are_told_all_the_same(gateway: Gateway) -> None:
    talk = await gateway.begin()
    await switch_on(gateway)
    gateway.engine.mode = "error"
    assert ids(await talk.send("work permit door")) == [EN, "[apology_engine en]"]


async def test_the_page_without_scripts_shows_it_before_and_in_a_conversation(gateway: Gateway) -> None:
    await switch_on(gateway)
    page = Page(await (await gateway.client.get("/chat?language=es")).text())
    assert page.items[0].endswith(ES)
    sent = await gateway.client.post("/chat", data=page.writing("¿Cuándo puedo trabajar?"))
    page = Page(await sent.text())
    assert page.text.count(TEXTS["es"]) == 1
    assert "A longer answer." in page.text


@pytest.mark.parametrize("kept", [False, True])
async def test_two_gateways_on_one_database(start: Start, postgres_url: str, kept: bool) -> None:
    with made(postgres_url) as address:
        one, two = await start(database=address), await start(database=address)
        talk = await two.begin()
        if kept:
            await talk.agree()
        await switch_on(one)
        assert ids(await talk.send("work permit door")) == [ANSWER]
        await two.app[BOARD].look()
        assert ids(await talk.send("work permit door")) == [EN, ANSWER]
        if kept:
            other = Talk(one.client, talk.id, talk.token, talk.started, count=100)
            assert ids(await other.send("work permit door")) == [ANSWER]


async def test_every_gateway_looks_by_itself(
    start: Start, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert board_module.LOOK_SECONDS <= 5
    monkeypatch.setattr(board_module, "LOOK_SECONDS", 0.01)
    other = await start()
    await switch_on(gateway)
    async with asyncio.timeout(5):
        while ids((await other.begin()).started)[0] != EN:
            await asyncio.sleep(0.01)


# the board alone


@dataclass
class Away:
    """Notices in a database that can be away."""

    found: Bulletin | None = None
    fault: Exception | None = None

    async def in_force(self, now: datetime) -> Bulletin | None:
        if self.fault is not None:
            raise self.fault
        return self.found


def board_of(bulletins: Any, notices: Any = None, clock: StillClock | None = None) -> Board:
    return Board(bulletins, Voice(notices or SmallNotices()), SmallFirm(), clock or StillClock())


@pytest.mark.parametrize("fault", [OperationalError("x", {}, Exception()), TimeoutError(), OSError()])
async def test_with_the_database_away_the_last_known_is_told(fault: Exception) -> None:
    bulletins = Away(Bulletin("b1", TEXTS, NOON, "s_ana"))
    board = board_of(bulletins)
    assert board.first("en") == ()
    await board.look()
    bulletins.fault = fault
    await board.look()
    assert [reply.text for reply in board.first("en")] == [EN]
    bulletins.fault, bulletins.found = None, None
    await board.look()
    assert board.first("en") == ()


async def test_words_that_are_missing_cost_nobody_the_answer() -> None:
    notices = SmallNotices()
    board = board_of(Away(Bulletin("b1", TEXTS, NOON, "s_ana")), notices)
    await board.look()
    notices.ids.discard("bulletin")
    conversation = Conversation("c_1", "web", "en", NOON, NOON)
    assert board.before(conversation, [answer("en")]) == (answer("en"),)


async def test_the_day_is_that_of_the_firm() -> None:
    late = datetime(2026, 11, 22, 3, tzinfo=UTC)
    clock = StillClock(moment=late)
    board = board_of(Away(Bulletin("b1", TEXTS, late, "s_ana")), clock=clock)
    await board.look()
    assert [reply.text for reply in board.first("en")] == [EN]
