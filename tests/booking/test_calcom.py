"""The adapter for Cal.com against its stand-in, and what it shares with the webhook."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st

from bot.booking.calcom import (
    LARGEST_ANSWER,
    LONGEST_SLOT,
    MOST_SLOTS,
    CalcomDestination,
    SlotsUnavailable,
    attendee,
    chosen_slot,
)
from bot.booking.outside import TOTAL_SECONDS
from bot.booking.payload import wrong
from bot.booking.ports import CANCELLED, REQUESTED, UPDATED, Outcome
from bot.booking.worker import HOLD
from bot.core.errors import SettingsError
from tests.booking.calcom_standin import EVENT_TYPE, KEY, LENGTH, StandInCalcom
from tests.booking.conformance import (
    DESTINATIONS,
    EVENTS,
    FAILURES,
    RELAY,
    REQUEST_ID,
    SLOT,
    BadServer,
    event,
    window,
)
from tests.booking.conftest import NOON, PHONE

CHICAGO = ZoneInfo("America/Chicago")
#: Half hours from nine to twelve in Chicago, on a Tuesday and a Wednesday.
FREE = [
    datetime(2026, 11, day, hour, minute, tzinfo=CHICAGO)
    for day in (24, 25)
    for hour in (9, 10, 11)
    for minute in (0, 30)
]
OTHER = "11111111-ff5c-4743-9884-5135db9bb6e7"
EMAIL = "persona@example.net"
SAFE = {"safe_to_leave_message": "yes", "email": EMAIL}


@pytest.fixture
async def calcom() -> AsyncIterator[StandInCalcom]:
    server = StandInCalcom(NOON, FREE)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def adapter(calcom: StandInCalcom) -> AsyncIterator[CalcomDestination]:
    destination = CalcomDestination(
        calcom.url, KEY, EVENT_TYPE, RELAY, timezone="America/Chicago", https_only=False
    )
    yield destination
    await destination.close()


def at(slot: datetime, **changes: Any) -> dict[str, Any]:
    """What asks for that slot."""
    return {"availability": [window(slot, slot + LENGTH)], **changes}


async def send(adapter: CalcomDestination, type: str = REQUESTED, **changes: Any) -> Outcome:
    body = event(type, **changes)
    assert wrong(body) is None
    return await adapter.send("msg_1", type, body, NOON)


def told(outcome: Outcome) -> tuple[str, str]:
    return outcome.kind, outcome.code


# What both destinations do.


@pytest.mark.parametrize("name", DESTINATIONS)
@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("type", EVENTS)
async def test_of_a_system_that_fails_each_destination_tells_the_truth(
    name: str, failure: str, type: str
) -> None:
    case = FAILURES[failure]
    booked = {
        "uid": "uid1",
        "status": "accepted",
        "start": "2026-11-25T15:00:00.000Z",
        "metadata": {"request_id": REQUEST_ID},
    }
    async with BadServer(case.raw, "" if type == REQUESTED else json.dumps(booked)) as server:
        destination = DESTINATIONS[name](server.url, https_only=False, total_seconds=0.4)
        outcome = await destination.send("msg_1", type, EVENTS[type], NOON)
        await destination.close()
    kind, code = case.webhook if name == "webhook" else case.calcom
    wait = None if case.wait is None else timedelta(seconds=case.wait)
    assert outcome == Outcome(kind, code, retry_after=wait, type=type)
    assert len(server.posts) == 1
    assert not any("elsewhere" in line for line in server.asked)


@pytest.mark.parametrize("name", DESTINATIONS)
async def test_nobody_listening_is_tried_again(name: str, unused_tcp_port: int) -> None:
    destination = DESTINATIONS[name](f"http://127.0.0.1:{unused_tcp_port}", https_only=False)
    assert await destination.send("msg_1", REQUESTED, EVENTS[REQUESTED], NOON) == Outcome(
        "later", "connect", type=REQUESTED
    )
    await destination.close()


@pytest.mark.parametrize("name", DESTINATIONS)
async def test_a_server_without_tls_gets_nothing(name: str) -> None:
    async with BadServer(b"") as server:
        destination = DESTINATIONS[name](server.url.replace("http:", "https:"), total_seconds=0.4)
        outcome = await destination.send("msg_1", REQUESTED, EVENTS[REQUESTED], NOON)
        await destination.close()
    assert outcome.kind == "later"
    assert server.asked == []


@pytest.mark.parametrize("name", DESTINATIONS)
async def test_a_closed_destination_opens_again_and_closes_twice(name: str) -> None:
    async with BadServer(FAILURES["is broken"].raw) as server:
        destination = DESTINATIONS[name](server.url, https_only=False)
        for _ in range(2):
            assert (await destination.send("msg_1", REQUESTED, EVENTS[REQUESTED], NOON)).code == "http_500"
            await destination.close()
            await destination.close()


@pytest.mark.parametrize("name", DESTINATIONS)
@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("http://firm.example/v2", {}),
        ("ftp://firm.example/v2", {"https_only": False}),
        ("firm.example", {}),
        ("https:///v2", {}),
        ("https://user@firm.example/v2", {}),
    ],
)
def test_other_addresses_are_refused(name: str, url: str, options: dict[str, bool]) -> None:
    with pytest.raises(SettingsError, match="FARO_"):
        DESTINATIONS[name](url, **options)


# Booking.


async def test_a_chosen_slot_is_booked_with_codes_only(
    calcom: StandInCalcom, adapter: CalcomDestination
) -> None:
    outcome = await send(adapter, **at(FREE[0], contact=SAFE, location={"timezone": "America/Denver"}))
    (booking,) = calcom.standing
    assert outcome == Outcome(
        "delivered",
        booking_id=booking["uid"],
        start=FREE[0],
        join_url=booking["location"],
        status="confirmed",
        type=REQUESTED,
    )
    assert booking["start"] == "2026-11-24T15:00:00.000Z"
    assert booking["metadata"] == {
        "request_id": REQUEST_ID,
        "reference": "FHKLMQ",
        "level": "soon",
        "language": "es",
    }
    assert booking["attendees"][0] == {
        "name": "Nombre Apellido",
        "email": EMAIL,
        "displayEmail": EMAIL,
        "phoneNumber": PHONE,
        "timeZone": "America/Denver",
        "language": "es",
        "absent": False,
    }


async def test_a_booking_that_the_host_must_confirm_is_pending(
    calcom: StandInCalcom, adapter: CalcomDestination
) -> None:
    calcom.confirm = True
    outcome = await send(adapter, **at(FREE[0]))
    assert (outcome.kind, outcome.status, outcome.start) == ("delivered", "pending", FREE[0])


@pytest.mark.parametrize(
    "availability",
    [
        None,
        "mornings",
        [window(FREE[0], FREE[0] + LENGTH), window(FREE[1], FREE[1] + LENGTH)],
        [window(FREE[0], FREE[0] + LONGEST_SLOT + timedelta(seconds=1))],
        [window(FREE[0], FREE[0])],
        [window(FREE[1], FREE[0])],
    ],
    ids=["nothing said", "words", "two windows", "a long window", "no length", "ends before it starts"],
)
async def test_without_one_slot_nothing_is_booked_and_staff_are_asked(
    calcom: StandInCalcom, adapter: CalcomDestination, availability: Any
) -> None:
    assert told(await send(adapter, availability=availability)) == ("staff", "no_slot")
    assert calcom.bookings == {}


async def test_a_slot_that_is_taken_meanwhile_says_so(
    calcom: StandInCalcom, adapter: CalcomDestination
) -> None:
    calcom.take(FREE[0])
    assert told(await send(adapter, **at(FREE[0]))) == ("dead", "slot_taken")
    assert told(await send(adapter, **at(FREE[1]))) == ("delivered", "")


@pytest.mark.parametrize(
    "slot", [NOON - timedelta(hours=1), FREE[0] + timedelta(minutes=5), FREE[0] + timedelta(days=400)]
)
async def test_a_slot_that_never_was_is_told_like_one_that_is_taken(
    calcom: StandInCalcom, adapter: CalcomDestination, slot: datetime
) -> None:
    assert told(await send(adapter, **at(slot))) == ("dead", "slot_taken")
    assert calcom.bookings == {}


async def test_a_refusal_that_is_not_about_the_slot_is_told_as_it_is(calcom: StandInCalcom) -> None:
    adapter = CalcomDestination(calcom.url, KEY, EVENT_TYPE, "nobody", timezone="UTC", https_only=False)
    assert told(await send(adapter, **at(FREE[0]))) == ("dead", "http_400")
    await adapter.close()


# Answers that are not quite right.


@asynccontextmanager
async def listening(answer: Callable[[web.Request], Any], **options: Any) -> AsyncIterator[CalcomDestination]:
    """An adapter whose Cal.com answers everything so; ``answer`` may be asynchronous."""

    async def handler(request: web.Request) -> web.StreamResponse:
        given = answer(request)
        return await given if inspect.isawaitable(given) else given

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    async with TestServer(app) as server:
        adapter = CalcomDestination(
            str(server.make_url("/v2")), KEY, EVENT_TYPE, RELAY, timezone="UTC", https_only=False, **options
        )
        yield adapter
        await adapter.close()


BOOKED = {"uid": "uid1", "status": "accepted", "start": "2026-11-24T15:00:00Z"}
LINK = "https://meet.example/a"
UNCLEAR = {"kind": "later", "code": "answer"}


def success(**changes: Any) -> dict[str, Any]:
    return {"status": "success", "data": {**BOOKED, **changes}}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (success(), {"kind": "delivered", "booking_id": "uid1", "status": "confirmed"}),
        (success(status="awaiting_host"), {"status": "pending"}),
        (success(status="somehow"), {"kind": "delivered", "status": None}),
        (success(location=LINK), {"join_url": LINK}),
        (success(meetingUrl=LINK), {"join_url": LINK}),
        (success(location="integrations:daily"), {"kind": "delivered", "join_url": None}),
        (success(start="Tuesday"), {"kind": "delivered", "start": None}),
        (success(uid="../me?x="), UNCLEAR),
        ({**success(), "status": "error"}, UNCLEAR),
        ({"status": "success"}, UNCLEAR),
        ({"status": "success", "data": [BOOKED]}, UNCLEAR),
        ({**success(), "more": " " * LARGEST_ANSWER}, UNCLEAR),
    ],
)
async def test_only_what_is_exactly_right_is_taken_from_an_answer(
    answer: dict[str, Any], expected: dict[str, Any]
) -> None:
    nothing = {"status": "success", "data": []}
    async with listening(lambda r: web.json_response(answer if r.method == "POST" else nothing)) as adapter:
        outcome = await send(adapter, **at(FREE[0]))
    assert {name: getattr(outcome, name) for name in expected} == expected


async def test_an_answer_that_never_ends_is_not_read_to_its_end() -> None:
    async def pour(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        with suppress(ConnectionError):
            while True:
                await response.write(b" " * 65_536)
        return response

    async with listening(pour, total_seconds=5.0) as adapter:
        assert told(await send(adapter, **at(FREE[0]))) == ("later", "answer")


async def test_many_slow_answers_together_do_not_outlast_a_lease() -> None:
    page = [{**BOOKED, "uid": f"uid{number}"} for number in range(50)]

    async def slowly(_request: web.Request) -> web.Response:
        await asyncio.sleep(0.08)
        return web.json_response({"status": "success", "data": page})

    async with listening(slowly, total_seconds=0.3) as adapter:
        assert told(await send(adapter, **at(FREE[0]))) == ("later", "timeout")


# Once and not twice.


async def test_the_same_event_again_books_nothing_more(
    calcom: StandInCalcom, adapter: CalcomDestination
) -> None:
    first = await send(adapter, **at(FREE[0]))
    assert await send(adapter, **at(FREE[0])) == first
    assert len(calcom.bookings) == 1
    assert calcom.count("POST", "/bookings") == 1


@pytest.mark.parametrize("confirm", [False, True], ids=["at once", "host confirms"])
async def test_an_answer_that_is_lost_does_not_book_twice(
    calcom: StandInCalcom, adapter: CalcomDestination, confirm: bool
) -> None:
    calcom.confirm, calcom.lose = confirm, 1
    assert told(await send(adapter, **at(FREE[0]))) == ("later", "network")
    outcome = await send(adapter, **at(FREE[0]))
    assert (outcome.kind, outcome.start) == ("delivered", FREE[0])
    assert len(calcom.bookings) == 1


async def test_an_earlier_try_that_ends_late_is_found_when_it_stands_in_the_way(
    calcom: StandInCalcom, adapter: CalcomDestination
) -> None:
    # Between the look and the booking, the try before this one comes to its end.
    person = {"name": "Nombre Apellido", "email": RELAY, "timeZone": "UTC"}
    calcom.after_look = lambda: calcom.book(FREE[0], person, {"request_id": REQUEST_ID})
    outcome = await send(adapter, **at(FREE[0]))
    assert (outcome.kind, outcome.start) == ("delivered", FREE[0])
    assert len(calcom.bookings) == 1


async def test_other_people_s_bookings_are_not_taken_for_this_one(
    calcom: StandInCalcom, adapter: CalcomDestination
) -> None:
    for slot in FREE[1:5]:
        calcom.take(slot)
    await send(adapter, **at(FREE[5], request_id=OTHER))
    outcome = await send(adapter, **at(FREE[0]))
    assert outcome.start == FREE[0]
    assert len(calcom.standing) == 6


async def test_the_booking_is_found_behind_hundreds_of_others(
    calcom: StandInCalcom, adapter: CalcomDestination
) -> None:
    for number in range(120):
        calcom.take(FREE[0] + timedelta(days=1, minutes=number))
    first = await send(adapter, **at(FREE[0]))
    calcom.asked.clear()
    assert await send(adapter, **at(FREE[0])) == first
    assert calcom.count("GET", "/bookings") == 3


async def test_a_list_without_end_is_not_read_for_ever(
    calcom: StandInCalcom, adapter: CalcomDestination
) -> None:
    for number in range(1_000):
        calcom.take(FREE[0] + timedelta(days=1, minutes=number))
    assert told(await send(adapter, **at(FREE[0]))) == ("later", "too_many")
    assert calcom.count("POST", "/bookings") == 0


async def test_what_the_firm_has_cancelled_is_not_booked_again(
    calcom: StandInCalcom, adapter: CalcomDestination
) -> None:
    await send(adapter, **at(FREE[0]))
    calcom.standing[0]["status"] = "cancelled"
    assert told(await send(adapter, **at(FREE[0]))) == ("dead", "withdrawn")
    assert told(await send(adapter, UPDATED, **at(FREE[0]))) == ("dead", "withdrawn")
    assert told(await send(adapter, UPDATED, **at(FREE[1]))) == ("delivered", "")


async def test_too_many_requests_wait_as_long_as_cal_com_says(
    calcom: StandInCalcom, adapter: CalcomDestination
) -> None:
    calcom.limited = 1
    outcome = await send(adapter, **at(FREE[0]))
    assert (*told(outcome), outcome.retry_after) == ("later", "http_429", timedelta(seconds=60))
    assert told(await send(adapter, **at(FREE[0]))) == ("delivered", "")


# Moving and cancelling.


@pytest.mark.parametrize("keeps", [True, False], ids=["metadata kept", "metadata lost"])
async def test_another_slot_moves_the_booking_and_again_changes_nothing(
    calcom: StandInCalcom, adapter: CalcomDestination, keeps: bool
) -> None:
    calcom.keeps_metadata = keeps
    first = await send(adapter, **at(FREE[0]))
    moved = await send(adapter, UPDATED, **at(FREE[3]))
    assert (moved.kind, moved.start, moved.status) == ("delivered", FREE[3], "confirmed")
    assert moved.booking_id not in (None, first.booking_id)
    assert await send(adapter, UPDATED, **at(FREE[3])) == moved
    assert [one["start"] for one in calcom.standing] == ["2026-11-24T16:30:00.000Z"]
    assert told(await send(adapter, CANCELLED)) == ("delivered", "")
    assert calcom.standing == []


async def test_a_move_whose_answer_is_lost_is_found_done(
    calcom: StandInCalcom, adapter: CalcomDestination
) -> None:
    await send(adapter, **at(FREE[0]))
    calcom.lose = 1
    assert told(await send(adapter, UPDATED, **at(FREE[1]))) == ("later", "network")
    assert (await send(adapter, UPDATED, **at(FREE[1]))).start == FREE[1]
    assert len(calcom.bookings) == 2


async def test_a_move_to_a_slot_that_is_taken_leaves_the_booking_where_it_is(
    calcom: StandInCalcom, adapter: CalcomDestination
) -> None:
    await send(adapter, **at(FREE[0]))
    calcom.take(FREE[1])
    assert told(await send(adapter, UPDATED, **at(FREE[1]))) == ("dead", "slot_taken")
    assert calcom.standing[0]["start"] == "2026-11-24T15:00:00.000Z"


async def test_an_update_without_another_slot_tells_what_stands(
    calcom: StandInCalcom, adapter: CalcomDestination
) -> None:
    first = await send(adapter, **at(FREE[0]))
    moved = calcom.move(calcom.standing[0]["uid"], FREE[2])
    outcome = await send(adapter, UPDATED, availability="mornings")
    assert (outcome.booking_id, outcome.start) == (moved["uid"], FREE[2])
    assert outcome.booking_id != first.booking_id


async def test_an_event_that_comes_again_does_not_undo_what_the_firm_has_moved(
    calcom: StandInCalcom, adapter: CalcomDestination
) -> None:
    await send(adapter, **at(FREE[0]))
    calcom.move(calcom.standing[0]["uid"], FREE[2])
    assert (await send(adapter, **at(FREE[0]))).start == FREE[2]
    assert (await send(adapter, **at(FREE[0], contact=SAFE))).start == FREE[2]


async def test_an_update_books_when_only_now_a_slot_was_chosen(
    calcom: StandInCalcom, adapter: CalcomDestination
) -> None:
    assert told(await send(adapter, UPDATED)) == ("staff", "no_slot")
    assert told(await send(adapter, UPDATED, **at(FREE[0]))) == ("delivered", "")
    assert len(calcom.standing) == 1


@pytest.mark.parametrize(
    "contact",
    [
        {**SAFE, "name_as_given": "Nombre Otro"},
        {**SAFE, "email": "otra@example.net"},
        {**SAFE, "phone_e164": "+12025550143"},
        {"safe_to_leave_message": "no", "email": EMAIL},
    ],
    ids=["name", "address", "number", "no longer safe"],
)
async def test_a_correction_that_cal_com_cannot_take_reaches_staff(
    calcom: StandInCalcom, adapter: CalcomDestination, contact: dict[str, str]
) -> None:
    await send(adapter, **at(FREE[0], contact=SAFE))
    outcome = await send(adapter, UPDATED, **at(FREE[0], contact=contact))
    assert told(outcome) == ("staff", "contact_changed")
    assert told(await send(adapter, UPDATED, **at(FREE[0], contact={**SAFE, "email": EMAIL.upper()}))) == (
        "delivered",
        "",
    )


async def test_a_cancellation_takes_the_reference_as_its_reason_and_may_come_twice(
    calcom: StandInCalcom, adapter: CalcomDestination
) -> None:
    await send(adapter, **at(FREE[0]))
    calcom.lose = 1
    assert told(await send(adapter, CANCELLED)) == ("later", "network")
    for _ in range(2):
        assert await send(adapter, CANCELLED) == Outcome("delivered", type=CANCELLED)
    (booking,) = calcom.bookings.values()
    assert (booking["status"], booking["cancellationReason"]) == ("cancelled", "FHKLMQ")
    assert calcom.count("POST", "/cancel") == 1


async def test_a_cancellation_of_what_was_never_booked_is_done(
    calcom: StandInCalcom, adapter: CalcomDestination
) -> None:
    await send(adapter, **at(FREE[0], request_id=OTHER))
    assert told(await send(adapter, CANCELLED)) == ("delivered", "")
    assert len(calcom.standing) == 1


# The person, as Cal.com gets them.


@pytest.mark.parametrize(
    ("changes", "email", "phone"),
    [
        ({"contact": SAFE}, EMAIL, PHONE),
        ({"contact": {"safe_to_leave_message": "yes"}}, RELAY, PHONE),
        ({"contact": {**SAFE, "safe_to_leave_message": "unknown"}}, EMAIL, PHONE),
        ({"contact": {**SAFE, "safe_to_leave_message": "no"}}, RELAY, None),
    ],
)
def test_cal_com_can_write_only_to_people_for_whom_that_is_safe(
    changes: dict[str, Any], email: str, phone: str | None
) -> None:
    person = attendee(event(**changes)["data"], RELAY, "America/Chicago")
    assert (person["email"], person.get("phoneNumber")) == (email, phone)


@pytest.mark.parametrize(
    ("said", "language"), [("en", "en"), ("es", "es"), ("other", "es")], ids=["en", "es", "another language"]
)
def test_cal_com_writes_in_a_language_of_ours(said: str, language: str) -> None:
    data = event(language={"preferred": said})["data"]
    assert attendee(data, RELAY, "America/Chicago")["language"] == language


@pytest.mark.parametrize(
    ("named", "used"),
    [(None, "America/Chicago"), ("America/New_York", "America/New_York"), ("Mars/Base", "America/Chicago")],
)
def test_an_unknown_time_zone_is_that_of_the_firm(named: str | None, used: str) -> None:
    data = event(**({} if named is None else {"location": {"timezone": named}}))["data"]
    assert attendee(data, RELAY, "America/Chicago")["timeZone"] == used


@given(
    st.integers(0, 4 * 365 * 86_400).map(lambda seconds: NOON + timedelta(seconds=seconds)),
    st.timedeltas(timedelta(hours=-1), timedelta(hours=4)),
    st.sampled_from(["UTC", "America/Chicago", "Asia/Kathmandu"]),
)
def test_a_slot_is_the_start_of_a_short_window_in_whatever_time_zone(
    start: datetime, length: timedelta, zone: str
) -> None:
    local = start.astimezone(ZoneInfo(zone))
    slot = chosen_slot({"availability": [window(local, local + length)]})
    # Local arithmetic across a change of the clocks is another length than it says.
    real = (local + length).astimezone(UTC) - start
    assert slot == (start if timedelta(0) < real <= LONGEST_SLOT else None)


# Slots.


async def test_slots_are_in_order_in_the_person_s_time_zone_and_never_past(
    calcom: StandInCalcom, adapter: CalcomDestination
) -> None:
    calcom.take(FREE[1])
    got = await adapter.slots(date(2026, 11, 24), date(2026, 11, 24), "America/New_York", NOON)
    assert [one.start for one in got] == [slot for slot in FREE[:6] if slot != FREE[1]]
    assert {one.end - one.start for one in got} == {LENGTH}
    assert got[0].start.isoformat() == "2026-11-24T10:00:00-05:00"
    later = FREE[2] + timedelta(minutes=1)
    assert (await adapter.slots(date(2026, 11, 24), date(2026, 11, 24), "America/New_York", later))[
        0
    ].start == FREE[3]


async def test_the_days_of_slots_are_whole_days_of_the_time_zone(
    calcom: StandInCalcom, adapter: CalcomDestination
) -> None:
    edges = [
        datetime(2026, 11, 24, 23, 59, 59, tzinfo=CHICAGO),
        datetime(2026, 11, 25, 0, 0, tzinfo=CHICAGO),
        datetime(2026, 11, 25, 23, 59, 59, tzinfo=CHICAGO),
        datetime(2026, 11, 26, 0, 0, tzinfo=CHICAGO),
    ]
    calcom.free = set(edges)
    got = await adapter.slots(date(2026, 11, 25), date(2026, 11, 25), "America/Chicago", NOON)
    assert [one.start for one in got] == edges[1:3]


async def test_no_more_slots_are_offered_than_a_person_can_look_through(
    calcom: StandInCalcom, adapter: CalcomDestination
) -> None:
    calcom.free = {FREE[0] + timedelta(minutes=number) for number in range(100)}
    got = await adapter.slots(date(2026, 11, 24), date(2026, 11, 24), "America/Chicago", NOON)
    assert [one.start for one in got] == sorted(calcom.free)[:MOST_SLOTS]


async def test_slots_are_asked_again_after_a_minute_and_after_a_booking(
    calcom: StandInCalcom, adapter: CalcomDestination
) -> None:
    async def ask(seconds: float) -> int:
        now = NOON + timedelta(seconds=seconds)
        await adapter.slots(date(2026, 11, 24), date(2026, 11, 25), "America/Chicago", now)
        return calcom.count("GET", "/slots")

    assert [await ask(0), await ask(59), await ask(60)] == [1, 1, 2]
    await send(adapter, **at(FREE[0]))
    assert await ask(61) == 3
    assert await adapter.slots(date(2026, 11, 24), date(2026, 11, 24), "UTC", NOON) != ()
    assert calcom.count("GET", "/slots") == 4


@pytest.mark.parametrize(
    ("answer", "slots"),
    [
        ({}, ()),
        ({"2026-11-24": 7, "x": [7, {"start": 7}, {"start": "noon"}, {"start": "2026-11-24T15:00:00"}]}, ()),
        ({"x": [{"start": "2026-11-24T15:00:00Z"}, {"start": "2026-11-24T09:00:00.000-06:00"}]}, (FREE[0],)),
        ([], None),
    ],
    ids=["none", "not one of them usable", "twice the same", "not slots at all"],
)
async def test_slots_that_cannot_be_read_are_left_out(
    answer: Any, slots: tuple[datetime, ...] | None
) -> None:
    async with listening(lambda _: web.json_response({"status": "success", "data": answer})) as adapter:
        asked = adapter.slots(date(2026, 11, 24), date(2026, 11, 24), "America/Chicago", NOON)
        if slots is None:
            with pytest.raises(SlotsUnavailable, match="answer"):
                await asked
        else:
            got = await asked
            assert tuple(one.start for one in got) == slots
            assert all(one.start.tzinfo == one.end.tzinfo == CHICAGO for one in got)


@pytest.mark.parametrize(
    ("end", "minutes"),
    [
        ("2026-11-24T16:00:00Z", 60),
        ("2026-11-24T10:45:00-05:00", 45),
        ("2026-11-24T20:00:00Z", 120),
        ("2026-11-24T15:00:00Z", 30),
        ("2026-11-24T14:00:00Z", 30),
        ("soon", 30),
        (None, 30),
    ],
    ids=["an hour", "another time zone", "too long", "no length", "before its start", "no time", "no end"],
)
async def test_a_slot_is_always_one_that_can_be_chosen(end: str | None, minutes: int) -> None:
    offered = {"2026-11-24": [{"start": "2026-11-24T15:00:00Z", "end": end}]}
    async with listening(lambda _: web.json_response({"status": "success", "data": offered})) as adapter:
        (got,) = await adapter.slots(date(2026, 11, 24), date(2026, 11, 24), "America/Chicago", NOON)
    assert (got.start, got.end) == (FREE[0], FREE[0] + timedelta(minutes=minutes))
    assert chosen_slot({"availability": [window(got.start, got.end)]}) == FREE[0]


async def test_slots_that_cannot_be_had_are_no_empty_calendar(
    calcom: StandInCalcom, unused_tcp_port: int
) -> None:
    for url, key, code in (
        (calcom.url, "cal_other", "http_401"),
        (f"http://127.0.0.1:{unused_tcp_port}", KEY, "connect"),
    ):
        adapter = CalcomDestination(url, key, EVENT_TYPE, RELAY, timezone="UTC", https_only=False)
        with pytest.raises(SlotsUnavailable) as caught:
            await adapter.slots(date(2026, 11, 24), date(2026, 11, 25), "UTC", NOON)
        assert caught.value.code == code
        await adapter.close()


# Settings.


@pytest.mark.parametrize("key", ["", "cal live", "cal_\n", "cal_ñ", "k" * 501])
def test_a_key_that_cannot_be_one_is_refused(key: str) -> None:
    with pytest.raises(SettingsError, match="FARO_CALCOM_KEY"):
        CalcomDestination("https://api.cal.example/v2", key, EVENT_TYPE, RELAY, timezone="UTC")


async def test_a_wrong_event_type_and_a_wrong_version_are_refused_for_good(calcom: StandInCalcom) -> None:
    for number, version, code in ((1, None, "http_404"), (EVENT_TYPE, "2024-08-13", "http_400")):
        options = {} if version is None else {"version": version}
        adapter = CalcomDestination(
            calcom.url, KEY, number, RELAY, timezone="UTC", https_only=False, **options
        )
        assert told(await send(adapter, **at(FREE[0]))) == ("dead", code)
        await adapter.close()


def test_one_sending_ends_before_a_worker_s_lease_does() -> None:
    adapter = CalcomDestination("https://api.cal.example/v2", KEY, EVENT_TYPE, RELAY, timezone="UTC")
    assert timedelta(seconds=adapter._longest) < HOLD
    assert adapter._longest >= TOTAL_SECONDS


def test_the_slot_of_the_shared_events_is_one_that_is_free() -> None:
    assert FREE[0] == SLOT
