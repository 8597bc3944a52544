"""From a message on WhatsApp to what the person gets, through the whole gateway."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.booking.ports import REQUESTED, Outcome
from bot.booking.records import Booking
from bot.booking.store import BookingStore
from bot.core.errors import RequestError
from bot.core.messages import Choice, Reply
from bot.core.redact import Masked
from bot.gateway.bookings import Teller
from bot.gateway.whatsapp.records import ATTEMPTS
from bot.gateway.whatsapp.tables import inbox, people
from bot.simulator.phone import new_bsuid, titles
from bot.transcripts.sealing import Keys
from bot.transcripts.tables import conversations
from tests.gateway.conftest import SmallFirm, small_reading
from tests.gateway.standin import answer
from tests.whatsapp.gateways import DATA_KEY, Begin, WhatsAppGateway, texts, until

PROVIDERS = ("cloud", "twilio")
WORK = "¿Cuándo puedo trabajar?"
ERASE = Choice("Delete everything", "gateway:erase_yes")


def question(*choices: Choice, asks: str = "") -> Reply:
    return Reply("question", "booking_ask", "en", "What do you want?", choices=choices, asks=asks)


async def met(gateway: WhatsAppGateway, *args: str, **options: Any) -> Any:
    """A person who has been greeted, answered and asked for consent."""
    person = gateway.phone(*args, **options)
    await person.says("work permit door")
    await person.hears(3)
    await gateway.idle()
    return person


async def rows(gateway: WhatsAppGateway, table: Any) -> int:
    async with gateway.store.database.connect() as connection:
        return int((await connection.execute(select(func.count()).select_from(table))).scalar_one())


async def states(gateway: WhatsAppGateway) -> list[str]:
    async with gateway.store.database.connect() as connection:
        found = await connection.execute(select(inbox.c.state).order_by(inbox.c.received_at, inbox.c.seq))
        return list(found.scalars())


async def bodies(gateway: WhatsAppGateway) -> int:
    async with gateway.store.database.connect() as connection:
        found = await connection.execute(select(func.count()).where(inbox.c.body.is_not(None)))
        return int(found.scalar_one())


# The ordinary way.


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_first_question_is_greeted_and_answered(begin: Begin, provider: str) -> None:
    gateway = await begin(provider)
    ana = gateway.phone()
    id = await ana.says(WORK)
    hello, answered, consent = await ana.hears(3)
    assert hello.text.startswith("[whatsapp_greeting ")
    assert provider in hello.text
    assert "Puede pedirlo después." in answered.text
    assert titles([answered])[:2] == ["Fee", "Renewal"]
    assert consent.text == "[whatsapp_consent_ask es]"
    await gateway.idle()
    assert await states(gateway) == ["answered"]
    assert await bodies(gateway) == 0
    assert provider == "twilio" or ana.has_read(id)


async def test_somebody_without_a_phone_number_is_answered(begin: Begin) -> None:
    gateway = await begin()
    ana = gateway.phone(bsuid=new_bsuid())
    await ana.says(WORK)
    assert len(await ana.hears(3)) == 3


async def test_a_burst_is_one_turn(begin: Begin) -> None:
    gateway = await begin()
    ana = await met(gateway)
    await ana.says_quickly("my cousin", "has a", "work permit question")
    await ana.hears(1)
    assert gateway.engine.typed[-1] == "my cousin\nhas a\nwork permit question"
    assert await states(gateway) == ["answered"] * 4


async def test_messages_out_of_order_are_read_as_they_were_written(begin: Begin) -> None:
    gateway = await begin()
    ana = await met(gateway)
    await ana.says_out_of_order("first", "then")
    await ana.hears(1)
    assert gateway.engine.typed[-1] == "first\nthen"


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_message_that_comes_twice_is_answered_once(begin: Begin, provider: str) -> None:
    gateway = await begin(provider)
    ana = gateway.phone()
    id = await ana.says(WORK)
    await ana.hears(3)
    await ana.repeats(id)
    await gateway.idle()
    assert len(gateway.engine.typed) == 1
    assert len(ana.sees) == 3


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("typed", ["Renewal", "2", " 2. ", "renewal"])
async def test_a_choice_can_be_pressed_or_typed(begin: Begin, provider: str, typed: str) -> None:
    gateway = await begin(provider)
    ana = await met(gateway)
    await ana.presses("consent_no en")
    await ana.hears(1)
    await ana.says("work permit")
    await ana.hears(1)
    if typed == "Renewal":
        await ana.presses(typed)
    else:
        await ana.says(typed)
    await ana.hears(1)
    assert gateway.engine.turns[-1]["payload"] == "/work_permit_renewal"


async def test_an_old_button_still_says_what_stood_on_it(begin: Begin) -> None:
    gateway = await begin()
    ana = await met(gateway)
    await gateway.later(hours=3)
    await gateway.tidying.sweep()
    await ana.presses("Renewal")
    await ana.hears(1)
    assert gateway.engine.typed[-1] == "Renewal"


async def test_the_rest_of_a_long_answer_comes_with_more(begin: Begin) -> None:
    gateway = await begin()
    ana = await met(gateway)
    long = "\n\n".join(f"Paragraph {n} says something about the permit. " * 6 for n in range(12))
    gateway.engine.replies = [replace(answer("en"), text=long, choices=())]
    await ana.says("tell me all")
    shown = texts(await ana.hears_out())
    assert "Paragraph 11" not in "".join(shown)
    turns = len(gateway.engine.turns)
    for _ in range(8):
        await ana.says("more")
        shown += texts(await ana.hears_out())
        if "Paragraph 11" in shown[-1]:
            break
    assert "Paragraph 11" in "".join(shown)
    assert len(gateway.engine.turns) == turns


@pytest.mark.parametrize("word", ["more", "más", "Read more!"])
async def test_more_with_nothing_left_is_answered_kindly(begin: Begin, word: str) -> None:
    gateway = await begin()
    ana = await met(gateway)
    turns = len(gateway.engine.turns)
    await ana.says(word)
    (said,) = await ana.hears(1)
    assert said.text.startswith("[whatsapp_no_more en]")
    assert len(gateway.engine.turns) == turns


async def test_more_is_an_answer_where_something_was_asked(begin: Begin) -> None:
    gateway = await begin()
    ana = await met(gateway)
    gateway.engine.replies = [question(asks="reason")]
    await ana.says("an appointment")
    await ana.hears(1)
    await ana.says("more")
    await ana.hears(1)
    assert gateway.engine.turns[-1]["text"] is not None
    assert len(gateway.engine.turns) == 3


async def test_a_text_that_is_too_long_is_answered(begin: Begin) -> None:
    gateway = await begin(whatsapp_characters=80)
    ana = await met(gateway)
    await ana.says("my cousin came " * 10)
    assert texts(await ana.hears(1)) == ["[whatsapp_too_long en]"]
    assert await states(gateway) == ["answered"] * 2


async def test_who_has_a_new_number_is_told_once_that_it_is_known(begin: Begin) -> None:
    gateway = await begin()
    ana = await met(gateway)
    await ana.changes_number("15550100987")
    await ana.says("work permit")
    assert "[whatsapp_number_changed en]" in "\n".join(texts(await ana.hears_out()))
    await gateway.idle()
    await ana.says("and the fee")
    assert "[whatsapp_number_changed en]" not in "\n".join(texts(await ana.hears_out()))
    assert await rows(gateway, people) == 1


async def test_kept_or_not_nothing_stays_in_memory(begin: Begin) -> None:
    gateway = await begin()
    ana = await met(gateway)
    assert len(gateway.keeper.registry) == 0
    assert await rows(gateway, conversations) == 0
    await ana.presses("consent_yes en")
    await ana.hears(1)
    await ana.says("another question")
    await ana.hears(1)
    assert len(gateway.keeper.registry) == 0
    assert await rows(gateway, conversations) == 1
    assert gateway.engine.turns[-1]["consent"] is True
    assert gateway.engine.turns[-1]["conversation"] == gateway.engine.turns[0]["conversation"]


async def test_the_question_of_consent_waits_for_the_end_of_a_question(begin: Begin) -> None:
    gateway = await begin()
    gateway.engine.replies = [question(Choice("Yes", "/affirm"), Choice("No", "/deny"))]
    ana = gateway.phone()
    await ana.says("an appointment")
    await ana.hears(2)
    gateway.engine.replies = None
    await ana.presses("Yes")
    assert texts(await ana.hears(2))[-1].startswith("[whatsapp_consent_ask ")
    await ana.says("work permit")
    assert len(await ana.hears_out()) == 1


async def test_what_is_typed_for_a_booking_stays_hidden_but_is_shown_back(begin: Begin) -> None:
    gateway = await begin()
    ana = await met(gateway)
    gateway.engine.replies = [question(asks="name")]
    await ana.says("I want an appointment")
    await ana.hears(1)
    gateway.engine.replies = [Reply("answer", "booking_readback", "en", "You are [NAME_1].")]
    await ana.says("Rosa Flores")
    assert "You are Rosa Flores." in texts(await ana.hears(1))[0]
    assert gateway.engine.typed[-1] == "[NAME_1]"
    assert "Rosa" not in gateway.log.getvalue()


async def test_who_comes_back_is_greeted_shortly_and_not_asked_again(begin: Begin) -> None:
    gateway = await begin()
    ana = await met(gateway)
    await gateway.later(hours=3)
    await gateway.tidying.sweep()
    conversation = gateway.engine.turns[0]["conversation"]
    assert gateway.engine.forgotten == [conversation]
    await ana.says("work permit")
    (back,) = await ana.hears_out()
    assert back.text.startswith("[whatsapp_back ")
    assert "You can ask for it later." in back.text
    assert gateway.engine.turns[-1]["conversation"] == conversation


# Other kinds.


@pytest.mark.parametrize(
    ("kind", "notice"),
    [("voice", "voice"), ("image", "photo"), ("location", "location"), ("contacts", "contact")],
)
@pytest.mark.parametrize("provider", PROVIDERS)
async def test_every_kind_is_answered(begin: Begin, provider: str, kind: str, notice: str) -> None:
    gateway = await begin(provider)
    ana = await met(gateway)
    turns = len(gateway.engine.turns)
    await ana.sends(kind)
    assert texts(await ana.hears(1)) == [f"[whatsapp_{notice} en]"]
    assert len(gateway.engine.turns) == turns


async def test_the_words_beside_a_photo_are_answered_too(begin: Begin) -> None:
    gateway = await begin()
    ana = await met(gateway)
    await ana.sends("image", text="work permit?")
    (said,) = texts(await ana.hears_out())
    assert said.startswith("[whatsapp_photo en]")
    assert "You can ask for it later." in said


async def test_a_change_whose_words_are_not_told_is_asked_for_again(begin: Begin) -> None:
    gateway = await begin()
    ana = await met(gateway)
    turns = len(gateway.engine.turns)
    await ana.edits(await ana.says("work permit"), "")
    answered, unseen = texts(await ana.hears(2))
    assert "You can ask for it later." in answered
    assert unseen == "[whatsapp_edit_unseen en]"
    assert len(gateway.engine.turns) == turns + 1


async def test_what_is_deleted_before_it_is_read_is_said_to_be_unanswered(begin: Begin) -> None:
    gateway = await begin()
    ana = await met(gateway)
    turns = len(gateway.engine.turns)
    await ana.deletes(await ana.says("I was never here"))
    assert texts(await ana.hears(1)) == ["[whatsapp_deleted_unread en]"]
    await gateway.idle()
    assert len(gateway.engine.turns) == turns
    read = await ana.says("work permit")
    await ana.hears(1)
    await ana.deletes(read)
    assert texts(await ana.hears(1)) == ["[whatsapp_deleted en]"]


async def test_a_photo_takes_no_choice_away(begin: Begin) -> None:
    gateway = await begin()
    ana = await met(gateway)
    await ana.says("work permit")
    await ana.hears(1)
    await ana.sends("image")
    await ana.hears(1)
    await ana.says("2")
    await ana.hears(1)
    assert gateway.engine.turns[-1]["payload"] == "/work_permit_renewal"


@pytest.mark.parametrize("word", ["STOP", "Alto.", "baja"])
async def test_stop_ends_an_open_form_and_the_news(begin: Begin, word: str) -> None:
    gateway = await begin()
    ana = await met(gateway)
    conversation = gateway.engine.turns[-1]["conversation"]
    await ana.says(word)
    assert texts(await ana.hears_out()) == ["[whatsapp_stop en]"]
    assert gateway.engine.typed[-1] == "stop"
    await _tell(gateway, conversation)
    await ana.says("work permit")
    assert "You can ask for it later." in texts(await ana.hears(1))[0]
    await ana.says("START")
    assert texts(await ana.hears(1)) == ["[whatsapp_start en]"]
    await _tell(gateway, conversation, "FHKLMR")
    assert texts(await ana.hears(1)) == ["[booking_delivered en FHKLMR]"]
    assert not any("FHKLMQ" in message.text for message in ana.sees)


@pytest.mark.parametrize(
    "text", ["/", "\u200b", "/restart", "🙏", "x" * 4_096, "¿¡Ñandú!? <b>&amp;</b> 👨‍👩‍👧"]
)
@pytest.mark.parametrize("provider", PROVIDERS)
async def test_odd_texts_are_answered(begin: Begin, provider: str, text: str) -> None:
    gateway = await begin(provider)
    ana = await met(gateway)
    if provider == "twilio" and len(text) > 1_600:
        text = text[:1_600]
    await ana.says(text)
    assert await ana.hears(1)
    assert await states(gateway) == ["answered", "answered"]


# The engine is away.


async def test_a_message_waits_for_the_engine(begin: Begin) -> None:
    gateway = await begin()
    gateway.engine.mode = "unloaded"
    ana = gateway.phone()
    await ana.says(WORK)
    await ana.hears(1)
    await asyncio.sleep(0.5)
    assert len(ana.sees) == 1
    gateway.engine.mode = "ok"
    await gateway.later(seconds=10)
    assert "Puede pedirlo después." in texts(await ana.hears(1))[0]
    await gateway.idle()
    assert gateway.metric("faro_apologies_total", code="unreachable") == 0
    assert gateway.metric("faro_alarms_total", kind="engine") == 0


@pytest.mark.parametrize("mode", ["unloaded", "error", "garbage", "failed"])
async def test_after_a_minute_there_is_one_apology_and_that_message_is_closed(
    begin: Begin, mode: str
) -> None:
    gateway = await begin()
    ana = await met(gateway)
    gateway.engine.mode = mode
    await ana.says("work permit")
    await asyncio.sleep(0.4)
    assert len(ana.sees) == 3
    for _ in range(3):
        await gateway.later(seconds=21)
        await asyncio.sleep(0.2)
    assert "[apology_" in texts(await ana.hears(1))[0]
    await gateway.idle()
    end = "answered" if mode == "failed" else "closed"
    assert (await states(gateway))[-1] in (end, "closed")
    gateway.engine.mode = "ok"
    await ana.says("work permit again")
    assert "You can ask for it later." in texts(await ana.hears(1))[0]
    assert sum("[apology_" in message.text for message in ana.sees) == 1


async def test_a_message_that_comes_meanwhile_is_answered_by_itself(begin: Begin) -> None:
    """The first may have reached the engine already: joined with another, that one would be lost."""
    gateway = await begin()
    ana = await met(gateway)
    gateway.engine.mode = "error"
    await ana.says("the first")

    async def tried() -> bool:
        return gateway.engine.typed[-1:] == ["the first"]

    await until(tried)
    await ana.says("the second")
    gateway.engine.mode = "ok"
    await gateway.later(seconds=10)
    await ana.hears(2)
    assert gateway.engine.typed[-2:] == ["the first", "the second"]


@pytest.mark.parametrize("mode", ["slow", "unloaded"])
async def test_danger_is_answered_while_the_engine_is_stuck(begin: Begin, mode: str) -> None:
    gateway = await begin(turn_seconds=2.0)
    ana = await met(gateway)
    gateway.engine.mode = mode
    await ana.says("work permit")
    await asyncio.sleep(0.6)
    await ana.says("they are at my door")
    heard = ""
    while "[emergency_agents en]" not in heard:
        heard += "".join(texts(await ana.hears(within=15)))
    # What waited for the engine comes to its end, so that the gateway stops with nothing in its hands.
    gateway.engine.mode = "ok"
    gateway.engine.release.set()
    await gateway.idle()


async def test_danger_is_answered_before_the_greeting(begin: Begin) -> None:
    gateway = await begin(pause=timedelta(seconds=30))
    gateway.engine.mode = "unloaded"
    ana = gateway.phone()
    await ana.says("they are at my door")
    danger, hello = await ana.hears(2, within=5)
    assert danger.text.startswith("[emergency_agents en]")
    assert hello.text.startswith("[whatsapp_greeting ")
    gateway.engine.mode = "ok"
    await ana.says("work permit")
    await gateway.later(seconds=40)
    new = texts(await ana.hears(2))
    assert "[whatsapp" not in new[0].split("\n")[0]
    assert new[1].startswith("[whatsapp_consent_ask ")


# Whatever goes wrong.


async def test_what_breaks_again_and_again_is_set_aside_and_staff_are_told(begin: Begin) -> None:
    def broken(text: str, seen: Any) -> Masked:
        if "boom" in text:
            raise RuntimeError
        return small_reading().mask(text, seen)

    gateway = await begin(reading=replace(small_reading(), mask=broken))
    ana = await met(gateway)
    await ana.says("boom")
    await asyncio.sleep(0.5)
    await ana.says("work permit")
    for _ in range(ATTEMPTS):
        await asyncio.sleep(0.5)
        await gateway.later(seconds=6)
    new = "".join(texts(await ana.hears_out()))
    assert "[apology_turn en]" in new
    assert "You can ask for it later." in new
    assert sorted(await states(gateway)) == ["answered", "answered", "aside"]

    async def told() -> bool:
        return gateway.metric("faro_alarms_total", kind="whatsapp") == 1

    await until(told)
    assert "boom" not in gateway.log.getvalue()


async def test_what_was_written_beside_it_is_answered_all_the_same(begin: Begin) -> None:
    def broken(text: str, seen: Any) -> Masked:
        if "boom" in text:
            raise RuntimeError
        return small_reading().mask(text, seen)

    gateway = await begin(reading=replace(small_reading(), mask=broken))
    ana = await met(gateway)
    await ana.says_quickly("my cousin", "boom", "work permit")
    for _ in range(ATTEMPTS + 3):
        await asyncio.sleep(0.5)
        await gateway.later(seconds=6)
    await gateway.idle()
    assert gateway.engine.typed[-2:] == ["my cousin", "work permit"]
    assert sorted(await states(gateway)) == ["answered"] * 3 + ["aside"]
    assert texts(await ana.hears_out()).count("[apology_turn en]") == 1


# Several gateways need PostgreSQL.
@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_a_gateway_that_stops_loses_nothing(begin: Begin) -> None:
    gateway = await begin(turn_seconds=30.0)
    other = await begin(beside=gateway, turn_seconds=30.0)
    ana = await met(gateway)
    turns = len(gateway.engine.turns)
    gateway.engine.mode = "slow"
    gateway.engine.working.clear()
    await ana.says("work permit")
    await gateway.engine.working.wait()
    stopped, left = (gateway, other) if gateway.service.inbox._running else (other, gateway)
    gateway.standin.gateways.remove(str(stopped.client.make_url("")).rstrip("/"))
    await stopped.client.close()
    gateway.engine.mode = "ok"
    gateway.engine.release.set()
    await left.later(seconds=1)
    assert "You can ask for it later." in texts(await ana.hears(1))[0]
    await left.idle()
    assert len(ana.sees) == 4
    assert len({turn["message_id"] for turn in gateway.engine.turns[turns:]}) == 1


async def test_who_writes_too_fast_is_answered_a_little_later(begin: Begin) -> None:
    gateway = await begin(per_conversation="2/minute")
    ana = await met(gateway)
    await ana.says("one")
    await ana.hears(1)
    await ana.says("two")
    await asyncio.sleep(0.4)
    await ana.says("three")
    await asyncio.sleep(0.4)
    assert len(ana.sees) == 4
    assert (await states(gateway))[-1] == "waiting"
    await gateway.later(minutes=2)
    await asyncio.sleep(0.3)
    assert gateway.metric("faro_alarms_total", kind="whatsapp") == 0


async def test_several_people_are_answered_beside_each_other_and_each_in_order(begin: Begin) -> None:
    gateway = await begin(pause=timedelta(milliseconds=20))
    if gateway.transcripts.shared:
        await begin(beside=gateway, pause=timedelta(milliseconds=20))
    phones = [gateway.phone() for _ in range(6)]
    names = dict(zip(phones, ("apple", "bread", "cheese", "dates", "eggs", "figs"), strict=True))

    async def talks(phone: Any) -> list[str]:
        for word in ("none", "one", "two", "three"):
            await phone.says(f"say {word} {names[phone]}")
            await phone.hears(3 if word == "none" else 1, within=40)
        return [turn for turn in gateway.engine.typed if names[phone] in turn]

    for found in await asyncio.gather(*(talks(phone) for phone in phones)):
        assert [text.split()[1] for text in found] == ["none", "one", "two", "three"]
    await gateway.idle()
    assert all(len(phone.sees) == 6 for phone in phones)


# News and erasure.


async def _tell(
    gateway: WhatsAppGateway, conversation: str, reference: str = "FHKLMQ", **changes: Any
) -> None:
    now = gateway.clock.now()
    booking = Booking(
        request_id=f"r_{reference}",
        reference=reference,
        conversation_id=conversation,
        created_at=now,
        updated_at=changes.get("updated_at", now),
        state="requested",
        level="routine",
        language="en",
        delivery="delivered",
        appointment="none",
        firm_booking_id=None,
        start=None,
        end=None,
        timezone=None,
        join_url=None,
        note_code=None,
    )
    teller = Teller(gateway.keeper, gateway.service.inbox._endings._voice, SmallFirm(), gateway.clock)
    teller.outside = gateway.service.tell
    await teller.tell(booking, Outcome("delivered", type=REQUESTED))


@pytest.mark.parametrize("hours", [0, 5])
@pytest.mark.parametrize("kept", ["consent_yes", "consent_no"])
async def test_news_reach_the_person_once_kept_or_not(begin: Begin, kept: str, hours: int) -> None:
    gateway = await begin()
    ana = await met(gateway)
    await ana.presses(f"{kept} en")
    await ana.hears(1)
    conversation = gateway.engine.turns[-1]["conversation"]
    await gateway.later(hours=hours)
    await gateway.tidying.sweep()
    at = gateway.clock.now()
    await _tell(gateway, conversation, updated_at=at)
    await _tell(gateway, conversation, updated_at=at)
    assert texts(await ana.hears_out()) == ["[booking_delivered en FHKLMQ]"]


@pytest.mark.parametrize("kept", [True, False])
async def test_who_has_everything_deleted_hears_so_and_is_a_stranger_then(begin: Begin, kept: bool) -> None:
    gateway = await begin()
    ana = await met(gateway)
    if kept:
        await ana.presses("consent_yes en")
        await ana.hears(1)
    conversation = gateway.engine.turns[-1]["conversation"]
    gateway.engine.replies = [question(ERASE)]
    await ana.says("delete my data")
    await ana.hears(1)
    await ana.presses(ERASE.title)
    assert texts(await ana.hears(1)) == ["[erased en]"]
    gateway.engine.replies = None

    async def gone() -> bool:
        return await rows(gateway, people) == 0

    await until(gone)
    assert conversation in gateway.engine.forgotten
    assert await rows(gateway, conversations) == 0
    assert await bodies(gateway) == 0
    await ana.says("work permit")
    assert texts(await ana.hears(3))[0].startswith("[whatsapp_greeting ")
    assert gateway.engine.turns[-1]["conversation"] != conversation


async def test_an_erasure_elsewhere_takes_the_person_along(begin: Begin) -> None:
    gateway = await begin()
    await met(gateway)
    conversation = gateway.engine.turns[-1]["conversation"]
    async with gateway.keeper.use(conversation) as found:
        erased = await gateway.keeper.erase(found)
    assert erased.rows
    assert await rows(gateway, people) == 0
    with pytest.raises(RequestError) as caught:
        async with gateway.keeper.use(conversation):
            pass
    assert caught.value.code == "conversation_gone"


async def test_who_has_a_request_stays_as_long_as_requests_do(begin: Begin) -> None:
    gateway = await begin()
    gateway.tidying._firm = SmallFirm(request_retention_days=120)
    await met(gateway)
    await gateway.idle()
    bookings = BookingStore(gateway.store.database, Keys([DATA_KEY]), site="Example Firm")
    conversation = gateway.engine.turns[-1]["conversation"]
    await bookings.request(conversation, "e_1", {}, {}, "routine", "es", gateway.clock.now())
    left = []
    for days in (91, 28, 2):
        await gateway.later(days=days)
        await gateway.tidying.sweep()
        left.append(await rows(gateway, people))
    assert left == [1, 1, 0]


async def test_people_of_long_ago_are_forgotten(begin: Begin) -> None:
    gateway = await begin()
    await met(gateway)
    await gateway.idle()
    await gateway.later(days=91)
    await gateway.tidying.sweep()
    assert await rows(gateway, people) == 0
