"""Requests, their events and what becomes of both, the same on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, insert, select, text

import bot.console.tables
import bot.gateway.whatsapp.tables  # noqa: F401 - both add their tables to the metadata
from bot.booking.callback import Callback
from bot.booking.payload import wrong
from bot.booking.ports import CANCELLED, REQUESTED, UPDATED, Outcome
from bot.booking.records import Erased, Item, Saved
from bot.booking.store import BookingStore
from bot.booking.tables import bookings, outbox
from bot.transcripts.schema import MIGRATIONS
from bot.transcripts.sealing import Unreadable
from bot.transcripts.tables import conversations, metadata
from bot.transcripts.words import is_described
from tests.booking.conftest import CONTACT, FACTS, KEY, NOON, OLD_KEY, PHONE, asks
from tests.transcripts.plans import plans

MINUTE = timedelta(minutes=1)
DELIVERED = Outcome("delivered")


async def leased(
    store: BookingStore, minutes: float = 0, worker: str = "w_1", limit: int = 9
) -> tuple[Item, ...]:
    return await store.lease(worker, NOON + timedelta(minutes=minutes), limit)


async def test_the_migrations_lead_to_the_tables_of_the_code(store: BookingStore) -> None:
    async with store.database.connect() as connection:
        differences = await connection.run_sync(
            lambda c: compare_metadata(
                MigrationContext.configure(c, opts={"include_name": is_described}), metadata
            )
        )
    assert differences == []


async def test_a_saved_request_is_there_with_its_event(store: BookingStore) -> None:
    saved = await asks(store)
    assert isinstance(saved, Saved)
    assert (saved.type, saved.repeated) == (REQUESTED, False)
    booking = await store.latest_of("c_1")
    assert booking is not None
    assert (booking.request_id, booking.reference) == (saved.request_id, saved.reference)
    assert (booking.state, booking.level, booking.language, booking.delivery) == (
        "requested",
        "routine",
        "es",
        "queued",
    )
    assert booking.created_at == booking.updated_at == NOON
    typed = f"{saved.reference[:3]}-{saved.reference[3:]}".lower()
    assert await store.by_reference(typed) == booking == await store.by_id(saved.request_id)
    assert await store.contents(saved.request_id) == {"facts": FACTS, "contact": CONTACT}
    (event,) = await store.events(saved.request_id)
    assert (event.type, event.state, event.attempts, event.reference) == (
        REQUESTED,
        "queued",
        0,
        saved.reference,
    )
    (item,) = await leased(store)
    assert item.body is not None
    assert wrong(item.body) is None
    assert item.body["data"]["request_id"] == saved.request_id
    assert item.body["data"]["contact"]["phone_e164"] == PHONE


async def test_nothing_that_names_a_person_stands_in_a_table(store: BookingStore) -> None:
    saved = await asks(store)
    (item,) = await leased(store)
    await store.delivered(item, Outcome("delivered", join_url="https://meet.example/secret-room"), NOON)
    async with store.database.connect() as connection:
        rows = [
            *(await connection.execute(select(bookings))).all(),
            *(await connection.execute(select(outbox))).all(),
        ]
    told = repr(rows)
    assert saved.reference in told
    for secret in (PHONE, "Apellido", "secret-room", "2025-12-03"):
        assert secret not in told


async def test_unknown_things_are_none(store: BookingStore) -> None:
    assert await store.latest_of("c_x") is None
    assert await store.by_reference("FHKLMQ") is None
    assert await store.by_reference("not one") is None
    assert await store.by_id("x") is None
    assert await store.contents("x") is None
    assert await store.events("x") == ()
    assert await store.cancel("c_x", "e_1", NOON) is None
    assert await store.update("c_x", "e_1", FACTS, CONTACT, "soon", "es", NOON) is None
    assert await store.erase("c_x") == Erased((), ())
    assert await store.resend("x", NOON) == 0


async def test_the_same_effect_twice_changes_nothing(store: BookingStore) -> None:
    first = await asks(store)
    again = await asks(store, minutes=5, level="emergency")
    assert again == Saved(first.request_id, first.reference, REQUESTED, repeated=True)
    assert len(await store.events(first.request_id)) == 1
    cancelled = await store.cancel("c_1", "e_2", NOON)
    assert cancelled == Saved(first.request_id, first.reference, CANCELLED)
    assert await store.cancel("c_1", "e_2", NOON) == Saved(
        first.request_id, first.reference, CANCELLED, repeated=True
    )
    # A late repeat of the first message must not open a cancelled request again.
    assert (await asks(store)).repeated is True


@pytest.mark.parametrize(
    ("minutes", "type"),
    [(1, UPDATED), (24 * 60 - 1, UPDATED), (24 * 60, REQUESTED)],
    ids=["a minute later", "just within a day", "a day later"],
)
async def test_the_same_person_within_a_day_corrects_the_request(
    store: BookingStore, minutes: float, type: str
) -> None:
    first = await asks(store)
    second = await asks(
        store,
        effect="e_2",
        minutes=minutes,
        level="urgent",
        contact={**CONTACT, "phone_e164": "+12025550143"},
    )
    assert second.type == type
    assert (second.reference == first.reference) is (type == UPDATED)
    booking = await store.by_id(second.request_id)
    assert booking is not None
    assert booking.level == "urgent"
    found = await store.contents(second.request_id)
    assert found is not None
    assert found["contact"]["phone_e164"] == "+12025550143"


async def test_a_correction_on_purpose_has_no_time_limit(store: BookingStore) -> None:
    first = await asks(store)
    saved = await store.update("c_1", "e_2", FACTS, CONTACT, "soon", "en", NOON + timedelta(days=9))
    assert saved == Saved(first.request_id, first.reference, UPDATED)
    booking = await store.latest_of("c_1")
    assert booking is not None
    assert (booking.language, booking.updated_at) == ("en", NOON + timedelta(days=9))


async def test_after_a_cancellation_a_request_is_a_new_one(store: BookingStore) -> None:
    first = await asks(store)
    await store.cancel("c_1", "e_2", NOON)
    second = await asks(store, effect="e_3", minutes=1)
    assert second.request_id != first.request_id
    assert second.type == REQUESTED
    latest = await store.latest_of("c_1")
    assert latest is not None
    assert latest.request_id == second.request_id


async def test_requests_of_one_conversation_at_the_same_time_become_one(
    open_store: Callable[..., Any],
) -> None:
    stores = [await open_store() for _ in range(3)]
    saved = await asyncio.gather(
        *(asks(stores[number % 3], effect=f"e_{number}") for number in range(9)),
        *(asks(stores[number % 3], effect="e_same") for number in range(3)),
    )
    assert len({one.reference for one in saved}) == 1
    assert sorted(one.type for one in saved if not one.repeated) == [REQUESTED] + [UPDATED] * 9
    assert sum(one.repeated for one in saved) == 2
    events = await stores[0].events(saved[0].request_id)
    assert [event.type for event in events] == [REQUESTED] + [UPDATED] * 9


async def test_a_reference_that_is_taken_is_not_given_again(open_store: Callable[..., Any]) -> None:
    letters = iter(["FHKLMQ", "FHKLMQ", "FHKLMQ", "FHKLMR"])
    store = await open_store(choose=lambda: next(letters))
    assert (await asks(store)).reference == "FHKLMQ"
    assert (await asks(store, "c_2", "e_2")).reference == "FHKLMR"


async def test_an_event_waits_for_those_before_it(store: BookingStore) -> None:
    await asks(store)
    await asks(store, effect="e_2")
    await store.cancel("c_1", "e_3", NOON)
    await asks(store, "c_2", "e_4")
    seen = []
    for _ in range(3):
        items = await leased(store)
        seen.append(sorted(item.type.rpartition(".")[2] for item in items))
        for item in items:
            assert await store.delivered(item, DELIVERED, NOON) is True
    assert seen == [["requested", "requested"], ["updated"], ["cancelled"]]
    assert await leased(store) == ()


@pytest.mark.parametrize(
    ("how", "follows", "delivery"),
    [("later", REQUESTED, "retrying"), ("dead", UPDATED, "dead"), ("staff", UPDATED, "queued")],
)
async def test_what_will_be_tried_again_holds_back_what_follows_in_its_booking_only(
    store: BookingStore, how: str, follows: str, delivery: str
) -> None:
    await asks(store)
    await asks(store, effect="e_2")
    await asks(store, "c_2", "e_3")
    mine, other = sorted(await leased(store), key=lambda item: item.conversation_id or "")
    if how == "later":
        assert await store.later(mine, "http_500", NOON + 5 * MINUTE) is True
    elif how == "dead":
        assert await store.refused(mine, "gone") is True
    else:
        assert await store.handed(mine, "no_slot") is True
    await store.delivered(other, DELIVERED, NOON)
    if how == "later":
        assert await leased(store, 4.9) == ()
    booking = await store.latest_of("c_1")
    assert booking is not None
    assert booking.delivery == delivery
    assert [item.type for item in await leased(store, 5)] == [follows]


@pytest.mark.parametrize("how", ["dead", "staff"])
async def test_an_update_that_arrives_makes_up_for_what_did_not(store: BookingStore, how: str) -> None:
    saved = await asks(store)
    (item,) = await leased(store)
    await (store.refused(item, "gone") if how == "dead" else store.handed(item, "no_slot"))
    await asks(store, effect="e_2")
    (item,) = await leased(store)
    assert item.type == UPDATED
    await store.delivered(item, DELIVERED, NOON)
    booking = await store.latest_of("c_1")
    assert booking is not None
    assert booking.delivery == "delivered"
    # Sending the old one again would undo what was corrected.
    first, _ = await store.events(saved.request_id)
    assert await store.resend(saved.reference, NOON) == await store.resend(first.id, NOON) == 0


@pytest.mark.parametrize(("later", "again"), [("queued", 2), ("sending", 0), ("retrying", 1), ("dead", 2)])
async def test_what_was_refused_is_sent_again_while_nothing_later_may_have_arrived(
    store: BookingStore, later: str, again: int
) -> None:
    saved = await asks(store)
    (item,) = await leased(store)
    await store.refused(item, "gone")
    await store.cancel("c_1", "e_2", NOON)
    if later != "queued":
        (item,) = await leased(store)
    if later == "retrying":
        await store.later(item, "timeout", NOON)
    elif later == "dead":
        await store.refused(item, "gone")
    assert await store.resend(saved.reference, NOON) == again
    if again == 2:
        assert [item.type for item in await leased(store)] == [REQUESTED]


async def test_what_may_have_arrived_in_an_earlier_try_is_not_undone(store: BookingStore) -> None:
    saved = await asks(store)
    (item,) = await leased(store)
    await store.refused(item, "gone")
    await store.cancel("c_1", "e_2", NOON)
    (item,) = await leased(store)
    await store.later(item, "timeout", NOON)
    (item,) = await leased(store)
    await store.refused(item, "gone")
    assert await store.resend(saved.reference, NOON) == 1
    assert [item.type for item in await leased(store)] == [CANCELLED]


async def test_what_staff_take_over_is_told_and_alarmed_once_and_not_tried_again(store: BookingStore) -> None:
    saved = await asks(store, level="emergency")
    (item,) = await leased(store)
    await store.handed(item, "no_slot")
    (trouble,) = await store.waiting_long(NOON + 9 * MINUTE)
    assert (trouble.source, trouble.code) == ("staff", "no_slot")
    assert [await store.alarmed(trouble, NOON) for _ in range(2)] == [True, False]
    assert await store.waiting_long(NOON + 9 * MINUTE) == ()
    (news,) = await store.to_tell(NOON)
    assert (news.source, news.outcome.kind, news.outcome.code, news.booking.delivery) == (
        "sent",
        "staff",
        "no_slot",
        "waiting",
    )
    await store.told(news, NOON)
    assert await store.to_tell(NOON + 9 * MINUTE) == ()
    await asks(store, effect="e_2")
    assert [(item.request_id, item.type) for item in await leased(store, 9)] == [(saved.request_id, UPDATED)]


@pytest.mark.parametrize(
    ("first", "then", "told"),
    [
        (Outcome("delivered"), Outcome("delivered"), []),
        (Outcome("delivered", start=NOON), Outcome("delivered", start=NOON), []),
        (Outcome("delivered", start=NOON), Outcome("delivered", start=NOON + MINUTE), ["delivered"]),
        (Outcome("dead", "gone"), Outcome("delivered"), ["delivered"]),
        (Outcome("staff", "no_slot"), Outcome("delivered"), ["delivered"]),
        (Outcome("delivered"), Outcome("dead", "gone"), ["dead"]),
        (Outcome("delivered"), Outcome("staff", "contact_changed"), ["staff"]),
    ],
    ids=["nothing new", "the same time", "another time", "was refused", "was with staff", "dead", "staff"],
)
async def test_of_an_update_is_told_what_the_person_does_not_know(
    store: BookingStore, first: Outcome, then: Outcome, told: list[str]
) -> None:
    await asks(store)
    await ends(store, first)
    for news in await store.to_tell(NOON):
        await store.told(news, NOON)
    await asks(store, effect="e_2")
    await ends(store, then)
    assert [news.outcome.kind for news in await store.to_tell(NOON)] == told


async def ends(store: BookingStore, outcome: Outcome) -> None:
    """The next event ends so."""
    (item,) = await leased(store)
    if outcome.kind == "delivered":
        await store.delivered(item, outcome, NOON)
    elif outcome.kind == "dead":
        await store.refused(item, outcome.code)
    else:
        await store.handed(item, outcome.code)


async def test_pressing_requests_leave_first(store: BookingStore) -> None:
    for number, level in enumerate(("routine", "soon", "urgent", "emergency", "urgent")):
        await asks(store, f"c_{number}", f"e_{number}", minutes=-number, level=level)
    order = []
    for _ in range(5):
        (item,) = await leased(store, limit=1)
        order.append(item.level)
    assert order == ["emergency", "urgent", "urgent", "soon", "routine"]


async def test_a_lease_keeps_others_away_until_it_runs_out(store: BookingStore) -> None:
    await asks(store)
    (first,) = await leased(store, worker="w_1")
    assert await leased(store, 0.9, worker="w_2") == ()
    (second,) = await leased(store, 1, worker="w_2")
    assert second.id == first.id
    assert second.body == first.body
    # The first worker was only slow. It may no longer say that it failed, but a delivery is a delivery.
    assert await store.later(first, "timeout", NOON) is False
    assert await store.refused(first, "gone") is False
    assert await store.delivered(first, DELIVERED, NOON + MINUTE) is True
    assert await store.delivered(second, DELIVERED, NOON + 2 * MINUTE) is False
    (event,) = await store.events(first.request_id)
    assert (event.state, event.attempts, event.delivered_at) == ("delivered", 2, NOON + MINUTE)


async def test_a_worker_that_holds_an_event_again_is_not_hindered_by_its_own_past(
    store: BookingStore,
) -> None:
    await asks(store)
    (first,) = await leased(store)
    (second,) = await leased(store, 1)
    assert await store.later(first, "timeout", NOON) is False
    assert await store.later(second, "timeout", NOON + 9 * MINUTE) is True
    assert await leased(store, 8) == ()


async def test_workers_at_the_same_time_never_get_the_same_event(open_store: Callable[..., Any]) -> None:
    stores = [await open_store() for _ in range(3)]
    for number in range(30):
        await asks(stores[0], f"c_{number}", f"e_{number}")
    taken = await asyncio.gather(*(stores[n % 3].lease(f"w_{n}", NOON, 5) for n in range(9)))
    ids = [item.id for items in taken for item in items]
    assert len(ids) == len(set(ids)) == 30


async def test_without_a_system_events_wait_and_later_leave_in_order(open_store: Callable[..., Any]) -> None:
    quiet, sending = await open_store(sends=False), await open_store()
    saved = await asks(quiet)
    booking = await quiet.latest_of("c_1")
    assert booking is not None
    assert booking.delivery == "waiting"
    assert await leased(quiet) == ()
    await asks(sending, effect="e_2", minutes=1)
    (item,) = await leased(sending, 1)
    assert (item.request_id, item.type) == (saved.request_id, REQUESTED)


async def test_delivered_means_that_all_of_it_is(store: BookingStore) -> None:
    await asks(store)
    await asks(store, effect="e_2")

    async def delivery() -> str:
        booking = await store.latest_of("c_1")
        assert booking is not None
        return booking.delivery

    (item,) = await leased(store)
    await store.delivered(item, DELIVERED, NOON)
    assert await delivery() == "queued"
    (item,) = await leased(store)
    await store.later(item, "timeout", NOON)
    assert await delivery() == "retrying"
    (item,) = await leased(store)
    await store.delivered(item, DELIVERED, NOON)
    assert await delivery() == "delivered"


@pytest.mark.parametrize(
    ("outcome", "appointment", "start", "link"),
    [
        (Outcome("delivered"), "none", None, None),
        (Outcome("delivered", start=NOON), "confirmed", NOON, None),
        (Outcome("delivered", start=NOON, status="pending"), "pending", NOON, None),
        (Outcome("delivered", join_url="https://m.example/1"), "none", None, "https://m.example/1"),
    ],
)
async def test_what_the_answer_says_is_kept(
    store: BookingStore, outcome: Outcome, appointment: str, start: Any, link: str | None
) -> None:
    await asks(store)
    (item,) = await leased(store)
    await store.delivered(item, outcome, NOON)
    booking = await store.latest_of("c_1")
    assert booking is not None
    assert (booking.appointment, booking.start, booking.join_url) == (appointment, start, link)


async def test_staff_can_send_again_what_is_dead_or_even_delivered(store: BookingStore) -> None:
    saved = await asks(store)
    await asks(store, effect="e_2")
    (item,) = await leased(store)
    await store.refused(item, "gone")
    assert await store.resend(saved.reference.lower(), NOON) == 2
    (again,) = await leased(store)
    assert (again.id, again.failures, again.body) == (item.id, 0, item.body)
    # What is being sent is left alone.
    assert await store.resend(item.id, NOON) == 0
    await store.delivered(again, DELIVERED, NOON)
    assert await store.resend(saved.request_id, NOON) == 1
    assert await store.resend(item.id, NOON) == 1
    (once_more,) = await leased(store)
    assert once_more.id == item.id


async def test_late_pressing_and_dead_events_are_told_to_staff_once(store: BookingStore) -> None:
    for number, level in enumerate(("emergency", "urgent", "soon", "routine")):
        await asks(store, f"c_{number}", f"e_{number}", level=level)
    await store.cancel("c_0", "e_9", NOON)
    just_before = NOON + 2 * MINUTE - timedelta(microseconds=1)
    assert await store.waiting_long(just_before) == ()
    found = await store.waiting_long(NOON + 2 * MINUTE)
    assert {(trouble.source, trouble.code, trouble.conversation_id) for trouble in found} == {
        ("late", "queued", "c_0"),
        ("late", "queued", "c_1"),
    }
    for trouble in found:
        assert await store.alarmed(trouble, NOON) is True
        assert await store.alarmed(trouble, NOON) is False
    assert await store.waiting_long(NOON + 9 * MINUTE) == ()
    items = {item.conversation_id: item for item in await leased(store, 9)}
    for name in ("c_0", "c_3"):
        await store.refused(items[name], "http_400")
    found = await store.waiting_long(NOON + 9 * MINUTE)
    assert {(trouble.source, trouble.code, trouble.conversation_id) for trouble in found} == {
        ("dead", "http_400", "c_0"),
        ("dead", "http_400", "c_3"),
    }
    for trouble in found:
        await store.alarmed(trouble, NOON)
    assert await store.waiting_long(NOON + 9 * MINUTE) == ()


async def test_news_come_once_marked_and_again_until_then(store: BookingStore) -> None:
    saved = await asks(store, level="emergency")
    assert await store.to_tell(NOON) == ()
    (trouble,) = await store.waiting_long(NOON + 2 * MINUTE)
    await store.alarmed(trouble, NOON)
    (news,) = await store.to_tell(NOON)
    assert (news.source, news.outcome.kind, news.outcome.code) == ("late", "later", "queued")
    assert await store.to_tell(NOON + MINUTE - timedelta(microseconds=1)) == ()
    assert (news,) == await store.to_tell(NOON + MINUTE)
    await store.told(news, NOON)
    assert await store.to_tell(NOON) == ()
    (item,) = await leased(store, 3)
    await store.delivered(item, Outcome("delivered", join_url="https://m.example/1", start=NOON), NOON)
    (news,) = await store.to_tell(NOON)
    assert (news.source, news.outcome.kind, news.outcome.join_url, news.outcome.start) == (
        "sent",
        "delivered",
        "https://m.example/1",
        NOON,
    )
    assert (news.booking.reference, news.outcome.type) == (saved.reference, REQUESTED)
    await store.told(news, NOON)
    assert await store.to_tell(NOON) == ()


async def test_erasing_what_never_left_leaves_nothing(store: BookingStore) -> None:
    saved = await asks(store)
    other = await asks(store, "c_2", "e_2")
    assert await store.erase("c_1") == Erased((saved.reference,), ())
    assert await store.by_id(saved.request_id) is None
    assert [item.request_id for item in await leased(store)] == [other.request_id]


@pytest.mark.parametrize("stage", ["delivered", "being sent", "retrying", "dead"])
async def test_erasing_what_was_sent_says_so_and_leaves_only_the_reference(
    store: BookingStore, stage: str
) -> None:
    saved = await asks(store)
    (item,) = await leased(store)
    if stage == "delivered":
        await store.delivered(item, Outcome("delivered", "", None, "b_1", NOON, "https://m.example/1"), NOON)
    elif stage == "retrying":
        await store.later(item, "timeout", NOON)
    elif stage == "dead":
        await store.refused(item, "http_400")
    assert await store.erase("c_1") == Erased((), (saved.reference,))
    assert await store.latest_of("c_1") is None
    assert await store.contents(saved.request_id) is None
    assert await store.events(saved.request_id) == ()
    left = await store.by_reference(saved.reference)
    assert left is not None
    assert (left.conversation_id, left.join_url, left.start, left.firm_booking_id) == (None,) * 4
    # A worker that was sending meanwhile finds nothing to mark, and nobody is told.
    assert await store.delivered(item, DELIVERED, NOON) is False
    assert await store.later(item, "timeout", NOON) is False
    assert await store.to_tell(NOON) == ()
    assert await leased(store, 99) == ()


async def test_requests_go_when_their_time_is_over(store: BookingStore) -> None:
    old, new = await asks(store), await asks(store, "c_2", "e_2", minutes=1)
    assert await store.expire(NOON) == 0
    assert await store.expire(NOON + MINUTE) == 1
    assert await store.by_id(old.request_id) is None
    assert await store.by_id(new.request_id) is not None
    for number in range(3, 6):
        await asks(store, f"c_{number}", f"e_{number}")
    assert [await store.expire(NOON + MINUTE, limit=2) for _ in range(3)] == [2, 1, 0]


async def test_keys_rotate_and_a_lost_key_is_told(open_store: Callable[..., Any]) -> None:
    old = await open_store(keys=(OLD_KEY,))
    saved = await asks(old)
    both, new = await open_store(keys=(KEY, OLD_KEY)), await open_store(keys=(KEY,))
    assert (await both.contents(saved.request_id))["contact"] == CONTACT
    with pytest.raises(Unreadable):
        await new.contents(saved.request_id)
    (item,) = await leased(new)
    assert item.body is None
    await old.delivered(item, Outcome("delivered", join_url="https://m.example/1"), NOON)
    known, lost = await both.latest_of("c_1"), await new.latest_of("c_1")
    assert (known.join_url, lost.join_url) == ("https://m.example/1", None)
    (news,) = await new.to_tell(NOON)
    assert news.outcome.kind == "delivered"


async def test_each_request_that_waits_comes_once_in_the_order_of_its_rank(store: BookingStore) -> None:
    levels = ("routine", "soon", "urgent", "emergency", "unheard_of")
    order = {level: number for number, level in enumerate(("emergency", "urgent", "soon", "routine"))}
    wanted = []
    for number in range(30):
        level = levels[number % 5]
        saved = await asks(store, f"c_{number}", f"e_{number}", minutes=-(number % 4), level=level)
        wanted.append((order.get(level, 3), number % 4 * -1, saved.request_id))
    (dead,) = [item for item in await leased(store, limit=99) if item.request_id == wanted[0][2]]
    await store.refused(dead, "gone")
    ids = [wanted[0][2], *(id for *_, id in sorted(wanted[1:]))]
    assert await store.waiting_count() == 30
    seen, place = [], None
    while True:
        page = await store.waiting(7, place)
        seen += [booking.request_id for booking in page.rows]
        assert all(booking.waits for booking in page.rows)
        if (place := page.next_place) is None:
            break
        # Who is dealt with meanwhile moves nobody else.
        assert await store.handled(page.rows[-1].request_id, "s_1", NOON)
    assert seen == ids
    assert await store.waiting_count() == 30 - 4
    with pytest.raises(ValueError, match="not in tuple"):
        await store.waiting(7, ("nobody", NOON, "x"))


async def test_what_waits_is_the_same_to_the_database_and_to_a_page(store: BookingStore) -> None:
    """Every way in which a request stops and begins to wait; the one question is asked in SQL and in Python."""
    saved = await asks(store)

    async def waits() -> bool:
        booking = await store.by_id(saved.request_id)
        assert booking is not None
        assert bool((await store.waiting(9)).rows) is booking.waits is bool(await store.waiting_count())
        return booking.waits

    assert await waits()
    (item,) = await leased(store)
    await store.later(item, "http_503", NOON)
    assert await waits(), "on its way, and not there"
    (item,) = await leased(store)
    await store.delivered(item, DELIVERED, NOON)
    assert not await waits(), "the firm's own system has it"
    assert await store.handled(saved.request_id, "s_1", NOON) is False
    await store.update("c_1", "e_2", FACTS, CONTACT, "soon", "es", NOON + MINUTE)
    assert await waits(), "a correction that has not arrived"
    assert await store.handled_of("c_1", "s_1", NOON + MINUTE) == [saved.request_id]
    assert not await waits(), "somebody was in touch at that very moment"
    await store.update("c_1", "e_3", FACTS, CONTACT, "soon", "es", NOON + 2 * MINUTE)
    assert await waits()
    said = Callback("m_1", "consultation.confirmed", NOON + 3 * MINUTE, request_id=saved.request_id)
    assert await store.apply(said, NOON + 3 * MINUTE) == "applied"
    assert not await waits(), "confirmed since"
    await store.update("c_1", "e_4", FACTS, CONTACT, "soon", "es", NOON + 4 * MINUTE)
    assert await waits(), "corrected after it was confirmed"
    assert await store.handled(saved.request_id, "s_1", NOON + 5 * MINUTE)
    assert await store.reopened(saved.request_id) == NOON + 5 * MINUTE
    assert await waits()
    assert await store.reopened(saved.request_id) is None
    await store.cancel("c_1", "e_5", NOON + 6 * MINUTE)
    assert not await waits()


async def test_a_request_whose_person_was_erased_waits_for_nobody(store: BookingStore) -> None:
    saved = await asks(store)
    (item,) = await leased(store)
    await store.refused(item, "gone")
    assert await store.handled(saved.request_id, "s_1", NOON)
    await store.erase("c_1")
    booking = await store.by_id(saved.request_id)
    assert booking is not None and booking.erased and not booking.waits and booking.handled_by is None
    assert await store.waiting_count() == 0
    assert await store.handled("none", "s_1", NOON) is False
    assert await store.reopened("none") is None


async def test_who_called_changes_nothing_about_how_long_a_request_is_kept(store: BookingStore) -> None:
    saved = await asks(store)
    assert await store.handled(saved.request_id, "s_1", NOON + timedelta(days=9))
    booking = await store.by_id(saved.request_id)
    assert booking is not None and booking.updated_at == NOON


async def test_requests_from_before_the_list_begin_it_sensibly(store: BookingStore) -> None:
    """Who may still expect a call waits; whoever was called since, or asked long ago, does not, and can be put back."""
    now = datetime.now(UTC)
    days = {
        "new": 2,
        "called": 3,
        "called_before": 4,
        "corrected": 5,
        "old": 60,
        "old_dead": 70,
        "delivered": 60,
    }
    ids = {name: (await asks(store, f"c_{name}", f"e_{name}")).request_id for name in days}
    async with store.database.begin() as connection:
        for name, age in days.items():
            at = now - timedelta(days=age)
            delivery = {"old_dead": "dead", "delivered": "delivered"}.get(name, "waiting")
            await connection.execute(
                bookings.update()
                .where(bookings.c.id == ids[name])
                .values(created_at=at, updated_at=at, delivery=delivery)
            )
            called = {"called": at + MINUTE, "called_before": at - MINUTE, "corrected": at + MINUTE}.get(name)
            await connection.execute(
                insert(conversations).values(
                    id=f"c_{name}", channel="web", language="es", created_at=at, last_at=at, last_seq=1,
                    number=age * 10 + len(name), consent_version="1", consent_language="es", consent_at=at,
                    human_at=called,
                )
            )  # fmt: skip
    await store.update("c_corrected", "e_more", FACTS, CONTACT, "soon", "es", now)
    async with store.database.begin() as connection:
        await connection.run_sync(_without_the_list)
    await store.start()
    waiting = {booking.request_id for booking in (await store.waiting(9)).rows}
    assert waiting == {ids["new"], ids["called_before"], ids["corrected"]}
    for name in ("called", "old", "old_dead"):
        booking = await store.by_id(ids[name])
        assert booking is not None and booking.is_handled and booking.handled_by is None, name
        assert await store.reopened(ids[name]) is not None
    assert await store.waiting_count() == 6
    delivered = await store.by_id(ids["delivered"])
    assert delivered is not None and delivered.handled_at is None


def _without_the_list(connection: Connection) -> None:
    """Takes the tables back to the step before the list of requests that wait."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    steps = ScriptDirectory.from_config(config).walk_revisions()
    step = next(step for step in steps if step.path.endswith("_requests.py"))
    command.downgrade(config, str(step.down_revision))


async def test_what_waits_is_found_without_the_rest(store: BookingStore) -> None:
    """Of many requests, most of them delivered, only those that wait are read."""
    saved = await asks(store)
    async with store.database.begin() as connection:
        head = dict((await connection.execute(select(bookings))).one()._mapping)
        rows = [
            head
            | {
                "id": f"r_{number}",
                "reference": f"R{number}",
                "delivery": "delivered" if number % 50 else "dead",
            }
            for number in range(5_000)
        ]
        await connection.execute(bookings.insert(), rows)
    async with store.database.begin() as connection:
        await connection.execute(text("ANALYZE"))
    page = await store.waiting(50)
    assert page.next_place is not None
    for work in (
        lambda: store.waiting(50),
        lambda: store.waiting(50, page.next_place),
        store.waiting_count,
    ):
        (plan,) = await plans(store.database, work)
        assert "ix_bookings_waiting" in plan, plan
        assert "Seq Scan" not in plan, plan
    assert saved.request_id not in {booking.request_id for booking in page.rows}, "no room before the refused"


async def test_pages_go_through_every_request_once(store: BookingStore) -> None:
    for number in range(5):
        await asks(store, f"c_{number}", f"e_{number}", minutes=number // 2)
    seen, key = [], None
    while True:
        rows, key = await store.page(2, key)
        seen += [row.conversation_id for row in rows]
        if key is None:
            break
    assert sorted(seen) == [f"c_{number}" for number in range(5)]
    assert seen[0] == "c_4"


async def test_the_overview_counts_and_lists_what_is_open(store: BookingStore) -> None:
    done, dead, queued = [await asks(store, f"c_{n}", f"e_{n}", minutes=n) for n in range(3)]
    for item in await leased(store, 1.5):
        if item.request_id == done.request_id:
            await store.delivered(item, DELIVERED, NOON)
        else:
            await store.refused(item, "gone")
    overview = await store.overview()
    assert overview.states == {"dead": 1, "delivered": 1, "queued": 1}
    assert [(event.reference, event.state, event.last_error) for event in overview.open] == [
        (dead.reference, "dead", "gone"),
        (queued.reference, "queued", None),
    ]


def said(
    id: str = "msg_f1", kind: str = "confirmed", minutes: float = 0, hours: int | None = 24, **named: Any
) -> Callback:
    return Callback(
        id=id,
        type=f"consultation.{kind}",
        at=NOON + timedelta(minutes=minutes),
        start=None if hours is None else NOON + timedelta(hours=hours),
        **named,
    )


async def test_the_firm_confirms_moves_and_cancels(store: BookingStore) -> None:
    saved = await asks(store)
    link = "https://meet.example/1"
    assert await store.apply(
        said(reference=saved.reference, join_url=link, timezone="America/New_York"), NOON
    ) == ("applied")
    booking = await store.latest_of("c_1")
    assert booking is not None
    assert (booking.appointment, booking.start, booking.join_url, booking.timezone) == (
        "confirmed",
        NOON + timedelta(hours=24),
        link,
        "America/New_York",
    )
    assert await store.apply(said("msg_f2", "moved", 1, 48, request_id=saved.request_id), NOON) == "applied"
    booking = await store.latest_of("c_1")
    assert booking is not None
    assert (booking.appointment, booking.start, booking.join_url) == (
        "moved",
        NOON + timedelta(hours=48),
        link,
    )
    cancelled = said("msg_f3", "cancelled", 2, None, request_id=saved.request_id, note_code="conflict")
    assert await store.apply(cancelled, NOON) == "applied"
    booking = await store.latest_of("c_1")
    assert booking is not None
    assert (booking.state, booking.appointment, booking.start, booking.join_url, booking.note_code) == (
        "cancelled",
        "cancelled",
        None,
        None,
        "conflict",
    )
    told = [(news.source, news.outcome.kind) for news in await store.to_tell(NOON)]
    assert told == [("firm", "confirmed"), ("firm", "moved"), ("firm", "cancelled")]


async def test_a_callback_counts_once_and_an_older_one_not_at_all(store: BookingStore) -> None:
    saved = await asks(store)
    newer = said("msg_f1", "moved", 5, 48, request_id=saved.request_id)
    assert await store.apply(newer, NOON) == "applied"
    assert await store.apply(newer, NOON) == "repeated"
    assert await store.apply(said("msg_f0", minutes=1, request_id=saved.request_id), NOON) == "old"
    assert await store.apply(said("msg_f9", request_id="0" * 36), NOON) == "unknown"
    booking = await store.latest_of("c_1")
    assert booking is not None
    assert (booking.appointment, booking.start) == ("moved", NOON + timedelta(hours=48))
    (news,) = await store.to_tell(NOON)
    await store.told(news, NOON)
    assert await store.to_tell(NOON) == ()


async def test_a_callback_at_the_same_time_twice_counts_once(open_store: Callable[..., Any]) -> None:
    stores = [await open_store() for _ in range(3)]
    saved = await asks(stores[0])
    one = said(request_id=saved.request_id)
    results = await asyncio.gather(*(store.apply(one, NOON) for store in stores))
    assert sorted(results) == ["applied", "repeated", "repeated"]


async def test_a_callback_that_overtook_the_answer_stays(store: BookingStore) -> None:
    saved = await asks(store)
    (item,) = await leased(store)
    await store.apply(said(request_id=saved.request_id, hours=48), NOON)
    await store.delivered(item, Outcome("delivered", start=NOON, booking_id="b_1"), NOON)
    booking = await store.latest_of("c_1")
    assert booking is not None
    assert (booking.start, booking.firm_booking_id) == (NOON + timedelta(hours=48), "b_1")


async def test_after_an_erasure_the_firm_can_say_nothing_more(store: BookingStore) -> None:
    saved = await asks(store)
    (item,) = await leased(store)
    await store.delivered(item, DELIVERED, NOON)
    await store.erase("c_1")
    assert await store.apply(said(request_id=saved.request_id), NOON) == "unknown"


async def test_an_event_cannot_be_put_into_another_request(store: BookingStore) -> None:
    await asks(store)
    await asks(store, "c_2", "e_2")
    async with store.database.begin() as connection:
        ids = (
            await connection.execute(select(outbox.c.id, outbox.c.body).order_by(outbox.c.created_at))
        ).all()
        await connection.execute(
            text("UPDATE booking_outbox SET body = :body WHERE id = :id"),
            {"body": ids[0].body, "id": ids[1].id},
        )
    bodies = {item.id: item.body for item in await leased(store)}
    assert bodies[ids[1].id] is None
    assert bodies[ids[0].id] is not None


async def test_the_same_event_is_the_same_bytes_each_time(store: BookingStore) -> None:
    await asks(store)
    (first,) = await leased(store)
    (second,) = await leased(store, 2)
    assert json.dumps(first.body) == json.dumps(second.body)
