"""From the first question to the appointment at Cal.com, with everything real but the engine and Cal.com itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

import actions.booking as form
from bot.booking.calcom import CalcomDestination
from bot.booking.ports import Outcome
from bot.booking.records import Booking
from bot.booking.store import BookingStore
from bot.booking.vault import Vault
from bot.booking.worker import Deliveries
from bot.core.content import Library
from bot.core.content.store import read_content
from bot.core.firm import load_firm
from bot.core.law import load_parameters
from bot.core.messages import Choice, Reply
from bot.gateway.bookings import Teller
from bot.gateway.voice import Voice
from bot.settings import load_settings, normalise_database_url
from bot.transcripts.sealing import Keys
from tests.booking.calcom_standin import EVENT_TYPE, KEY, StandInCalcom
from tests.booking.conformance import RELAY
from tests.booking.conftest import KEY as DATA_KEY
from tests.booking.conftest import NOON, SECRET, StillClock

BOT = Path(__file__).resolve().parents[2] / "bot"
CHICAGO = ZoneInfo("America/Chicago")
#: Nine to twelve in Chicago, every half hour, on three days.
FREE = [
    datetime(2026, 11, day, hour, minute, tzinfo=CHICAGO)
    for day in (24, 25, 30)
    for hour in (9, 10, 11)
    for minute in (0, 30)
]
VALUES = {"[NAME_1]": "Nombre Apellido", "[PHONE_1]": "202 555 0142"}


@cache
def shipped() -> Library:
    parameters = load_parameters(BOT / "law/parameters")
    content, _ = read_content(BOT / "content", parameters)
    return Library(BOT / "content", content, parameters, load_firm(BOT / "content/firm.yml"))


class Notices:
    """The words that ship, as the gateway has them."""

    def notice(self, id: str, lang: str, **values: str) -> Reply:
        return shipped().notice(id, lang, today=None, **values)


@dataclass(slots=True)
class Talk:
    """One conversation: the form as Rasa leads it, the worker beside it, and what the person was told by either."""

    calcom: StandInCalcom
    store: BookingStore
    worker: Deliveries
    clock: StillClock
    slots: dict[str, Any] = field(default_factory=dict)
    active: bool = False
    said: list[Reply] = field(default_factory=list)
    told: list[Reply] = field(default_factory=list)
    count: int = 0

    async def says(self, text: str = "", press: str = "") -> list[Reply]:
        """What is answered to a message, or to a pressed button by the beginning of its title."""
        entities = {}
        if press:
            choice = self.button(press)
            found = choice.payload.partition('"booking": "')[2]
            text, entities = choice.payload, {"booking": found.partition('"')[0]} if found else {}
        self.count += 1
        dispatcher = CollectingDispatcher()
        if not self.active:
            await self._run(form.ActionStartBooking(), dispatcher, text, entities)
        else:
            await self._run(form.ValidateBookingForm(), dispatcher, text, entities)
            if self.slots.get("booking_facts") or self.slots["booking"]["outcome"]:
                self.active = False
                await self._run(form.ActionSaveBooking(), dispatcher, text, entities)
        if self.active:
            await self._run(form.ActionAskBookingFacts(), dispatcher, text, entities)
        self.said = [Reply.from_dict(message["custom"]) for message in dispatcher.messages]
        return self.said

    async def _run(
        self, action: Any, dispatcher: CollectingDispatcher, text: str, entities: dict[str, str]
    ) -> None:
        now = self.clock.now()
        tracker = {
            "sender_id": "c_1",
            "slots": {"language": "en", **self.slots},
            "latest_message": {
                "text": text,
                "intent": {"name": "book_consultation" if text.startswith("/") else "nlu_fallback"},
                "entities": [{"entity": name, "value": value} for name, value in entities.items()],
                "metadata": {
                    "language": "en",
                    "today": "2026-11-21",
                    "timezone": "America/New_York",
                    "message_id": f"m_{self.count}",
                    "at": now.isoformat(),
                    "now": now.isoformat(),
                },
            },
            "events": [],
            "active_loop": {"name": form.FORM} if self.active else {},
        }
        events = action.run(dispatcher, Tracker.from_dict(tracker), {})
        for event in events if isinstance(events, list) else await events:
            if event["event"] == "slot":
                self.slots[event["name"]] = event["value"]
            elif event["event"] == "followup":
                self.active = event["name"] == form.FORM

    def button(self, title: str) -> Choice:
        offered = [*self.said, *self.told[-1:]]
        return next(c for reply in offered for c in reply.choices if c.title.startswith(title))

    async def round(self) -> list[Reply]:
        """What the person is told once the worker has looked."""
        before = len(self.told)
        await self.worker.round()
        return self.told[before:]

    async def tell(self, booking: Booking, outcome: Outcome) -> None:
        firm = SimpleNamespace(timezone="America/Chicago")
        teller = Teller(None, Voice(Notices()), firm, self.clock)  # type: ignore[arg-type]
        reply = teller._reply(booking, outcome, "en", "America/New_York")
        if reply is not None:
            self.told.append(reply)

    async def to_the_times(self) -> None:
        await self.says("i am [NAME_1]")
        await self.says("[PHONE_1]")
        await self.says(press="Yes, it is safe")
        await self.says(press="English")

    async def to_the_end(self) -> None:
        await self.says(press="Yes, send it")
        await self.says(press="Skip")
        await self.says(press="Yes, it is right")

    async def booking(self) -> Booking:
        found = await self.store.latest_of("c_1")
        assert found is not None
        return found


@pytest.fixture
async def talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Talk]:
    calcom = StandInCalcom(NOON, FREE)
    await calcom.start()

    def adapter(seconds: float) -> CalcomDestination:
        return CalcomDestination(
            calcom.url,
            KEY,
            EVENT_TYPE,
            RELAY,
            timezone="America/Chicago",
            https_only=False,
            total_seconds=seconds,
        )

    store = BookingStore(
        normalise_database_url(f"sqlite:///{tmp_path / 'faro.db'}"), Keys([DATA_KEY]), site="Example Firm"
    )
    await store.start()
    vault = Vault(store.database, Keys([DATA_KEY]))
    await vault.put("c_1", VALUES, NOON + timedelta(days=9))
    calendar, clock = adapter(form.CALENDAR_SECONDS), StillClock()
    monkeypatch.setattr(form, "library", shipped)
    monkeypatch.setattr(form, "_store", lambda: store)
    monkeypatch.setattr(form, "_vault", lambda: vault)
    monkeypatch.setattr(form, "_settings", lambda: SimpleNamespace(booking="calcom"))
    monkeypatch.setattr(form, "_calendar", lambda: calendar)
    talk = Talk(calcom, store, None, clock)  # type: ignore[arg-type]
    talk.worker = Deliveries(store, adapter(5.0), clock, lambda *_: None, talk.tell, chance=lambda: 0.0)
    yield talk
    await talk.worker.close()
    await calendar.close()
    await store.close()
    await calcom.stop()


def ids(replies: list[Reply]) -> list[str]:
    return [reply.id for reply in replies]


async def test_a_time_is_offered_chosen_taken_chosen_again_moved_and_cancelled(talk: Talk) -> None:
    await talk.to_the_times()
    (asked,) = talk.said
    assert asked.id == "booking_ask_slot"
    assert "Eastern Standard Time" in asked.text
    assert [choice.title for choice in asked.choices] == [
        "Tue Nov 24, 10:00 AM",
        "Tue Nov 24, 11:30 AM",
        "Wed Nov 25, 11:30 AM",
        "Wed Nov 25, 12:30 PM",
        "Mon Nov 30, 12:30 PM",
        "More times",
        "None of these",
    ]
    await talk.says(press="Tue Nov 24, 10:00 AM")
    await talk.says(press="Yes, send it")
    await talk.says(press="Skip")
    assert ids(talk.said) == ["booking_review"]
    assert "When: Tuesday, November 24, 2026, 10:00 AM (Eastern Standard Time)" in talk.said[0].text
    await talk.says(press="Yes, it is right")
    assert ids(talk.said) == ["booking_saved_routine"]
    reference = (await talk.booking()).reference

    # Somebody else was faster.
    talk.calcom.take(FREE[0])
    (taken,) = await talk.round()
    assert taken.id == "booking_slot_taken"
    assert reference in taken.text
    assert (await talk.booking()).delivery == "dead"
    await talk.says(press="Pick another time")
    assert ids(talk.said) == ["booking_ask_slot"]
    assert "Tue Nov 24, 10:00 AM" not in [choice.title for choice in talk.said[0].choices]
    await talk.says(press="Wed Nov 25, 11:30 AM")
    assert ids(talk.said) == ["booking_review"]
    await talk.says(press="Yes, it is right")
    assert ids(talk.said) == ["booking_updated"]
    (told,) = await talk.round()
    assert told.id == "booking_delivered_time_link"
    assert "Wednesday, November 25, 2026, 11:30 AM (Eastern Standard Time)" in told.text
    assert [one["metadata"].get("reference") for one in talk.calcom.standing] == [None, reference]
    booking = await talk.booking()
    assert (booking.reference, booking.delivery, booking.start) == (reference, "delivered", FREE[9])

    # The person wants another time after all.
    await talk.says("/book_consultation")
    assert ids(talk.said) == ["booking_review"]
    await talk.says(press="Change something")
    await talk.says(press="Appointment time")
    await talk.says(press="Mon Nov 30, 12:30 PM")
    await talk.says(press="Yes, it is right")
    (told,) = await talk.round()
    assert "Monday, November 30, 2026, 12:30 PM" in told.text
    assert talk.calcom.standing[-1]["start"] == "2026-11-30T17:30:00.000Z"
    assert len(talk.calcom.standing) == 2

    await talk.says("i want to cancel my appointment")
    await talk.says(press="Yes")
    assert ids(talk.said) == ["booking_withdrawn"]
    assert await talk.round() == []
    assert len(talk.calcom.standing) == 1
    assert (await talk.booking()).state == "cancelled"


async def test_a_move_to_a_time_that_is_taken_leaves_the_appointment_and_says_so(talk: Talk) -> None:
    await talk.to_the_times()
    await talk.says(press="Tue Nov 24, 10:00 AM")
    await talk.to_the_end()
    await talk.round()
    await talk.says("/book_consultation")
    await talk.says(press="Change something")
    await talk.says(press="Appointment time")
    await talk.says(press="Wed Nov 25, 11:30 AM")
    await talk.says(press="Yes, it is right")
    talk.calcom.take(FREE[9])
    (told,) = await talk.round()
    assert told.id == "booking_slot_taken_kept"
    assert "Tuesday, November 24, 2026, 10:00 AM" in told.text
    assert talk.calcom.standing[0]["start"] == "2026-11-24T15:00:00.000Z"


async def test_a_correction_of_something_else_does_not_move_back_what_the_firm_has_moved(talk: Talk) -> None:
    await talk.to_the_times()
    await talk.says(press="Tue Nov 24, 10:00 AM")
    await talk.to_the_end()
    await talk.round()
    talk.calcom.move(talk.calcom.standing[0]["uid"], FREE[9])
    await talk.says("/book_consultation")
    await talk.says(press="Change something")
    await talk.says(press="Already a client")
    await talk.says(press="No")
    await talk.says(press="Yes, it is right")
    (told,) = await talk.round()
    assert [one["start"] for one in talk.calcom.standing] == ["2026-11-25T16:30:00.000Z"]
    # The calendar's answer says where it stands now.
    assert "Wednesday, November 25, 2026, 11:30 AM" in told.text
    await talk.says("/book_consultation")
    assert "When: Wednesday, November 25, 2026, 11:30 AM" in talk.said[-1].text


async def test_a_name_that_the_calendar_cannot_correct_reaches_staff_and_the_person_is_told(
    talk: Talk,
) -> None:
    await talk.to_the_times()
    await talk.says(press="Tue Nov 24, 10:00 AM")
    await talk.to_the_end()
    await talk.round()
    await form._vault().put("c_1", {"[NAME_2]": "Otro Nombre"}, NOON + timedelta(days=9))
    await talk.says("/book_consultation")
    await talk.says(press="Change something")
    await talk.says(press="My name")
    await talk.says("[NAME_2]")
    await talk.says(press="Yes, it is right")
    assert ids(await talk.round()) == ["booking_change_kept"]
    booking = await talk.booking()
    assert (booking.delivery, booking.start) == ("waiting", FREE[0])
    assert ids(await talk.round()) == []


@pytest.mark.parametrize("way", ["none of the times", "the calendar does not answer", "nothing is free"])
async def test_without_a_time_the_request_waits_for_staff_and_the_person_is_told_so(
    talk: Talk, way: str
) -> None:
    if way == "nothing is free":
        talk.calcom.free = set()
    elif way == "the calendar does not answer":
        await talk.calcom.stop()
    await talk.to_the_times()
    if way == "none of the times":
        await talk.says(press="None of these")
    assert ids(talk.said) == ["booking_ask_when"]
    await talk.says(press="Mornings")
    await talk.to_the_end()
    assert ids(talk.said) == ["booking_kept_routine"]
    if way != "the calendar does not answer":
        assert await talk.round() == []
        assert (await talk.booking()).delivery == "waiting"
        assert talk.calcom.bookings == {}


async def test_times_are_read_only_when_they_are_asked_about(talk: Talk) -> None:
    await talk.says("i am [NAME_1]")
    await talk.says("[PHONE_1]")
    assert talk.calcom.count("GET", "/slots") == 0
    await talk.says(press="Yes, it is safe")
    await talk.says(press="English")
    await talk.says(press="More times")
    assert talk.calcom.count("GET", "/slots") == 1
    assert len(talk.said[0].choices) == 7


async def test_a_time_taken_long_ago_is_corrected_in_the_same_request(talk: Talk) -> None:
    await talk.to_the_times()
    await talk.says(press="Tue Nov 24, 10:00 AM")
    await talk.to_the_end()
    reference = (await talk.booking()).reference
    talk.calcom.take(FREE[0])
    await talk.round()
    talk.clock.pass_time(days=2)
    await talk.says(press="Pick another time")
    await talk.says(press="Wed Nov 25, 11:30 AM")
    await talk.says(press="Yes, it is right")
    assert ids(talk.said) == ["booking_updated"]
    assert (await talk.booking()).reference == reference


async def test_an_appointment_is_told_in_the_zone_in_which_its_time_was_offered(talk: Talk) -> None:
    await talk.to_the_times()
    await talk.says(press="Tue Nov 24, 10:00 AM")
    await talk.to_the_end()
    await talk.round()
    await talk.says("what is the status of my appointment")
    assert ids(talk.said) == ["booking_status_confirmed"]
    assert "10:00 AM (Eastern Standard Time)" in talk.said[0].text


@pytest.mark.parametrize("booking", ["", "webhook", "calcom"])
def test_there_is_a_calendar_where_requests_go_to_one(booking: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "webhook": {"FARO_BOOKING_URL": "https://firm.example/", "FARO_BOOKING_SECRET": SECRET},
        "calcom": {
            "FARO_CALCOM_KEY": KEY,
            "FARO_CALCOM_EVENT_TYPE": str(EVENT_TYPE),
            "FARO_CALCOM_EMAIL": RELAY,
        },
    }
    settings = load_settings(given.get(booking, {}))
    assert settings.booking == booking
    monkeypatch.setattr(form, "_settings", lambda: settings)
    monkeypatch.setattr(form, "library", shipped)
    calendar = form._calendar.__wrapped__()
    assert (calendar is not None) == (booking == "calcom")
