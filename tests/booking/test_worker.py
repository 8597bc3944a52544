"""The worker: what it does with each answer, whom it tells, and what survives."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from bot.booking.ports import Outcome
from bot.booking.store import BookingStore
from bot.booking.tables import outbox
from bot.booking.worker import FAILURES_TO_TELL, SCHEDULE, Deliveries
from tests.booking.conftest import CONTACT, NOON, Heard, SmallDestination, StillClock, asks

LATER, DEAD, DELIVERED = Outcome("later", "http_500"), Outcome("dead", "gone"), Outcome("delivered")


def deliveries(
    store: BookingStore,
    destination: SmallDestination | None,
    heard: Heard | None = None,
    clock: StillClock | None = None,
    **options: Any,
) -> Deliveries:
    heard = heard or Heard()
    return Deliveries(
        store, destination, clock or StillClock(), heard.alarm, heard.tell, chance=lambda: 0.0, **options
    )


async def state(store: BookingStore, conversation: str = "c_1") -> str:
    booking = await store.latest_of(conversation)
    assert booking is not None
    return booking.delivery


async def test_a_request_is_delivered_and_the_person_told_once(store: BookingStore) -> None:
    saved = await asks(store)
    firm, heard = SmallDestination(), Heard()
    worker = deliveries(store, firm, heard)
    assert [await worker.round(), await worker.round()] == [1, 0]
    assert firm.types == ["requested"]
    assert heard.told == [(saved.reference, "delivered", "requested")]
    assert heard.alarms == []
    assert await state(store) == "delivered"


async def test_events_of_one_request_arrive_in_their_order_in_one_round(store: BookingStore) -> None:
    await asks(store)
    await asks(store, effect="e_2")
    await store.cancel("c_1", "e_3", NOON)
    firm = SmallDestination()
    assert await deliveries(store, firm).round() == 3
    assert firm.types == ["requested", "updated", "cancelled"]
    assert len({id for id, _, _ in firm.got}) == 3


async def test_the_schedule_is_the_specification_s_and_its_end_is_told(store: BookingStore) -> None:
    saved = await asks(store)
    firm, heard, clock = SmallDestination([LATER]), Heard(), StillClock()
    worker = deliveries(store, firm, heard, clock)
    assert await worker.round() == 1
    for number, wait in enumerate(SCHEDULE, start=1):
        assert await state(store) == "retrying"
        assert heard.alarms == (["retrying_http_500"] if number >= FAILURES_TO_TELL else [])
        clock.moment += wait - timedelta(microseconds=1)
        assert await worker.round() == 0
        clock.moment += timedelta(microseconds=1)
        assert await worker.round() == 1
    assert await state(store) == "dead"
    assert heard.alarms == ["retrying_http_500", "dead_gave_up_http_500"]
    assert set(heard.requests) == {saved.request_id}
    assert heard.told == [(saved.reference, "dead", "requested")]
    assert len({id for id, _, _ in firm.got}) == 1
    assert len(firm.got) == 10
    clock.moment += timedelta(days=30)
    assert await worker.round() == 0


async def test_waits_are_spread_and_never_shorter(store: BookingStore) -> None:
    await asks(store)
    heard, clock = Heard(), StillClock()
    worker = Deliveries(
        store, SmallDestination([LATER]), clock, heard.alarm, heard.tell, chance=lambda: 0.999
    )
    await worker.round()
    (event,) = (await store.overview()).open
    assert NOON + SCHEDULE[0] < event.next_at <= NOON + SCHEDULE[0] * 1.1


@pytest.mark.parametrize(
    ("asked", "waits"),
    [(timedelta(seconds=1), SCHEDULE[0]), (timedelta(hours=3), timedelta(hours=3))],
    ids=["less than the schedule", "more than the schedule"],
)
async def test_a_receiver_that_asks_for_time_gets_it(
    store: BookingStore, asked: timedelta, waits: timedelta
) -> None:
    await asks(store)
    await deliveries(store, SmallDestination([Outcome("later", "http_429", retry_after=asked)])).round()
    (event,) = (await store.overview()).open
    assert event.next_at == NOON + waits


async def test_a_permanent_refusal_is_dead_at_once_and_comes_back_when_staff_send_it(
    store: BookingStore,
) -> None:
    saved = await asks(store)
    firm, heard = SmallDestination([DEAD, DELIVERED]), Heard()
    worker = deliveries(store, firm, heard)
    await worker.round()
    assert (await state(store), heard.alarms) == ("dead", ["dead_gone"])
    await worker.round()
    assert heard.alarms == ["dead_gone"]
    await store.resend(saved.reference, NOON)
    await worker.round()
    assert await state(store) == "delivered"
    assert [kind for _, kind, _ in heard.told] == ["dead", "delivered"]
    assert firm.got[0] == firm.got[1]


@pytest.mark.parametrize(
    ("level", "alarms"),
    [
        ("emergency", ["late_http_500"]),
        ("urgent", ["late_http_500"]),
        ("soon", []),
        ("routine", []),
    ],
)
async def test_after_two_minutes_staff_and_the_person_hear_of_a_pressing_request(
    store: BookingStore, level: str, alarms: list[str]
) -> None:
    saved = await asks(store, level=level)
    heard, clock = Heard(), StillClock()
    worker = deliveries(store, SmallDestination([LATER]), heard, clock)
    await worker.round()
    clock.pass_time(seconds=119)
    await worker.round()
    assert (heard.alarms, heard.told) == ([], [])
    clock.pass_time(seconds=1)
    await worker.round()
    await worker.round()
    assert heard.alarms == alarms
    assert heard.told == ([(saved.reference, "later", "requested")] if alarms else [])


async def test_without_a_system_nothing_is_sent_and_pressing_requests_still_alarm(
    open_store: Callable[..., Any],
) -> None:
    store = await open_store(sends=False)
    await asks(store, level="emergency")
    heard, clock = Heard(), StillClock()
    worker = deliveries(store, None, heard, clock)
    clock.pass_time(minutes=2)
    assert await worker.round() == 0
    assert (await state(store), heard.alarms) == ("waiting", ["late_waiting"])
    await worker.close()


async def test_who_cannot_be_told_now_is_told_later(store: BookingStore) -> None:
    saved = await asks(store)
    heard, clock = Heard(deaf=True), StillClock()
    worker = deliveries(store, SmallDestination(), heard, clock)
    await worker.round()
    heard.deaf = False
    await worker.round()
    assert heard.told == []
    clock.pass_time(minutes=1)
    await worker.round()
    await worker.round()
    assert heard.told == [(saved.reference, "delivered", "requested")]


async def test_what_breaks_the_schema_or_cannot_be_opened_never_leaves(store: BookingStore) -> None:
    await asks(store, contact={**CONTACT, "phone_e164": "none"})
    await asks(store, "c_2", "e_2")
    second = await store.latest_of("c_2")
    assert second is not None
    async with store.database.begin() as connection:
        await connection.execute(
            update(outbox).where(outbox.c.booking_id == second.request_id).values(body=b"\x01nothing")
        )
    firm, heard = SmallDestination(), Heard()
    await deliveries(store, firm, heard).round()
    assert firm.got == []
    assert sorted(heard.alarms) == ["dead_schema", "dead_unreadable"]


async def test_a_destination_that_breaks_is_tried_again(store: BookingStore) -> None:
    class Broken(SmallDestination):
        async def send(self, *_: Any) -> Outcome:
            raise KeyError("x")

    await asks(store)
    await deliveries(store, Broken()).round()
    (event,) = (await store.overview()).open
    assert (event.state, event.last_error) == ("retrying", "broke")


async def test_a_worker_that_died_is_followed_by_another_with_the_same_id(store: BookingStore) -> None:
    await asks(store)
    (lost,) = await store.lease("w_dead", NOON, 1)
    firm, clock = SmallDestination(), StillClock()
    worker = deliveries(store, firm, clock=clock)
    assert await worker.round() == 0
    clock.pass_time(seconds=60)
    assert await worker.round() == 1
    assert [id for id, _, _ in firm.got] == [lost.id]


async def test_two_workers_share_the_work_and_send_nothing_twice(open_store: Callable[..., Any]) -> None:
    stores = [await open_store(), await open_store()]
    for number in range(40):
        await asks(stores[0], f"c_{number}", f"e_{number}")
    firm = SmallDestination()
    heard = Heard()
    running = [
        asyncio.create_task(deliveries(store, firm, heard, at_once=5, pause=0.02).work()) for store in stores
    ]
    async with asyncio.timeout(30):
        while len(heard.told) < 40:
            await asyncio.sleep(0.01)
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    assert len(firm.got) == len({id for id, _, _ in firm.got}) == 40
    assert len(heard.told) == len({reference for reference, _, _ in heard.told}) == 40


async def test_work_goes_on_when_the_database_was_away_and_wakes_at_once(
    store: BookingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    firm, heard = SmallDestination(), Heard()
    worker = deliveries(store, firm, heard, pause=30.0)
    lease, calls = store.lease, 0

    async def away(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise OSError("away")
        return await lease(*arguments)

    monkeypatch.setattr(store, "lease", away)
    task = asyncio.create_task(worker.work())
    async with asyncio.timeout(10):
        while calls < 1:
            await asyncio.sleep(0.01)
        await asks(store)
        while not firm.got:
            worker.wake()
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
