"""Sending corrections: nobody lost and nobody told twice, whatever breaks."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import OperationalError

from bot.console.recall.sending import HOLD, SENDER, Sender
from bot.transcripts.corrections import Correction, Corrections
from tests.console.conftest import Console, ExampleFirm
from tests.console.pages.planting import beside
from tests.console.recall.conftest import FEBRUARY, FEE
from tests.transcripts.test_recall import tell

TEXTS = dict.fromkeys(("en", "es"), "{{day}} {{told}}")


async def approved(pages: Console, corrections: Corrections) -> Correction:
    made = await corrections.propose(
        FEE,
        since=None,
        old_values=("$100",),
        new_value={"en": "$102", "es": "$102"},
        texts=TEXTS,
        staff="s_1",
        now=FEBRUARY,
    )
    assert await corrections.approve(made.id, TEXTS, "s_2", FEBRUARY) == "approved"
    return made


@pytest.fixture
def sender(pages: Console, corrections: Corrections) -> Sender:
    """A second one, beside that of the console."""
    library = beside()
    return Sender(
        corrections,
        desk=pages.desk,
        law=lambda: library.library.parameters,
        clock=pages.clock,
        firm=ExampleFirm(),
        gap=0,
    )


@pytest.mark.parametrize(
    ("answer", "state", "reason"),
    [
        ("sent", "sent", None),
        ("asked", "sent", "asked"),
        ("left", "left", "left"),
        ("stopped", "declined", "stopped"),
        ("window_closed", "unreachable", "window_closed"),
        ("gone", "unreachable", "gone"),
        ("too_long", "unreachable", "not_fit"),
        ("later", "sending", None),
    ],
)
async def test_what_the_desk_says_is_what_becomes_of_a_person(
    pages: Console, corrections: Corrections, sender: Sender, answer: str, state: str, reason: str | None
) -> None:
    await tell(pages.store, ("c_1", 0, "$100"))
    made = await approved(pages, corrections)
    pages.desk.answers["correct"] = answer
    assert await sender.round() == 1
    (person,) = (await corrections.people(made, state)).rows
    assert person.reason == reason


async def test_whatsapp_waits_for_the_firm_s_day(
    pages: Console, corrections: Corrections, sender: Sender
) -> None:
    await tell(pages.store, ("c_1", 0, "$100"), channel="whatsapp")
    await tell(pages.store, ("c_2", 0, "$100"))
    made = await approved(pages, corrections)
    # Nine in the morning in New York is fourteen o'clock.
    nine = datetime(2026, 2, 11, 14, tzinfo=UTC)
    pages.clock.moment = nine - timedelta(seconds=1)
    assert await sender.round() == 1
    assert await corrections.counts(made.id) == {"ready": 1, "sent": 1}
    pages.clock.moment = nine + timedelta(hours=9)
    assert await sender.round() == 0
    pages.clock.moment = nine
    assert await sender.round() == 1


async def test_one_person_who_breaks_keeps_no_other_from_hearing_it(
    pages: Console, corrections: Corrections, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    await tell(pages.store, ("c_1", 0, "$100"), ("c_2", 1, "$100"), ("c_3", 2, "$100"))
    made = await approved(pages, corrections)

    async def breaks(conversation_id: str, *_: object) -> str:
        if conversation_id == "c_2":
            raise OperationalError("", {}, Exception())
        return "sent"

    with monkeypatch.context() as patch:
        patch.setattr(type(pages.desk), "correct", lambda self, *given: breaks(*given))
        assert await sender.round() == 3
    assert await corrections.counts(made.id) == {"sent": 2, "sending": 1}
    pages.clock.moment += HOLD
    assert await sender.round() == 1
    assert await corrections.counts(made.id) == {"sent": 3}
    assert [call[1:3] for call in pages.desk.calls] == [("c_2", made.id)]


@pytest.mark.parametrize("channel", ["web", "whatsapp"])
async def test_who_was_lost_in_hand_gets_nothing_once_it_is_stopped(
    pages: Console, corrections: Corrections, sender: Sender, channel: str
) -> None:
    await tell(pages.store, ("c_1", 0, "$100"), channel=channel)
    made = await approved(pages, corrections)
    # Nine in the morning in New York is fourteen o'clock.
    pages.clock.moment = datetime(2026, 2, 11, 14, tzinfo=UTC)
    pages.desk.answers["correct"] = "later"
    assert await sender.round() == 1
    pages.desk.answers.clear()
    pages.desk.calls.clear()
    attorney, _ = await pages.member("attorney")
    visitor = await pages.signed_in(attorney)
    assert "Stop sending" in await visitor.page(f"/corrections/{made.id}")
    response = await visitor.post(f"/corrections/{made.id}/stop")
    assert "said=correct_stopped" in response.headers["Location"]
    pages.clock.moment += HOLD
    assert await sender.round() == 1
    assert await corrections.counts(made.id) == {"declined": 1}
    (person,) = (await corrections.people(made, "declined")).rows
    assert person.reason == "stopped_by_staff"
    assert pages.desk.calls == []


async def test_two_senders_tell_nobody_twice(
    pages: Console, corrections: Corrections, sender: Sender
) -> None:
    await tell(pages.store, *((f"c_{number}", number, "$100") for number in range(8)))
    made = await approved(pages, corrections)
    told = await asyncio.gather(sender.round(), sender.round(), pages.app[SENDER].round())
    assert sum(told) == 8
    assert await corrections.counts(made.id) == {"sent": 8}
    assert len(pages.desk.calls) == 8


async def test_who_heard_the_new_value_while_it_waited_is_left_alone(
    pages: Console, corrections: Corrections, sender: Sender
) -> None:
    await tell(pages.store, ("c_1", 0, "$100"))
    made = await approved(pages, corrections)
    await tell(pages.store, ("c_0", 0, "$102"), ("c_1", 9, "$102"))
    await sender.round()
    assert await corrections.counts(made.id) == {"told": 1}
    assert pages.desk.calls == []


async def test_the_console_s_own_sender_outlives_a_round_that_breaks(
    pages: Console, corrections: Corrections, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    await tell(pages.store, ("c_1", 0, "$100"))
    made = await approved(pages, corrections)
    broke = asyncio.Event()

    async def away(*_: object) -> None:
        broke.set()
        raise OperationalError("", {}, Exception())

    work = asyncio.create_task(sender.work())
    with monkeypatch.context() as patch:
        patch.setattr(corrections, "take", away)
        sender.wake()
        await asyncio.wait_for(broke.wait(), 5)
    async with asyncio.timeout(5):
        while await corrections.counts(made.id) != {"sent": 1}:
            sender.wake()
            await asyncio.sleep(0.01)
    work.cancel()
