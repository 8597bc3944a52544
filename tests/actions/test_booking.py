"""Asking for a consultation as Rasa calls it, with the real store and vault on a database of the test."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from actions import booking
from actions.booking import (
    FACTS,
    FORM,
    STATE,
    ActionAskBookingFacts,
    ActionSaveBooking,
    ActionStartBooking,
    ActionStopBooking,
    ValidateBookingForm,
)
from actions.situation import STATE as SITUATION
from bot.booking.callback import Callback
from bot.booking.payload import consultation, wrong
from bot.booking.ports import REQUESTED, Outcome
from bot.booking.store import BookingStore
from bot.core.content import Library
from bot.core.messages import LANGUAGES, Reply
from bot.core.triage.facts import Facts
from bot.core.triage.interview import Interview
from tests.actions.builders import TODAY, Conversation, payloads, run_in_loop

every_language = pytest.mark.parametrize("lang", LANGUAGES)

CONVERSATION = "c_test"
NOON = datetime(2026, 11, 21, 17, tzinfo=UTC)
VALUES = {
    "[NAME_1]": "Nombre Apellido",
    "[PHONE_1]": "(305) 555-0191",
    "[WHEN_1]": "martes despues de las cinco",
    "[PHONE_2]": "786 555 0123",
}
URGENT = Facts(place="us", detained="no", filed="no", court="no", order="yes", lawyer="no")


class Talk(Conversation):
    starts, validates, asks, ends = (
        ActionStartBooking,
        ValidateBookingForm,
        ActionAskBookingFacts,
        ActionSaveBooking,
    )
    form, wanted, intent = FORM, FACTS, "book_consultation"

    async def start(self, text: str, intent: str | None = None, **entities: Any) -> list[Reply]:
        await _give(text)
        return await Conversation.start(self, text, intent, **entities)

    async def answer(self, text: str, intent: str = "nlu_fallback", **entities: Any) -> list[Reply]:
        await _give(text)
        return await Conversation.answer(self, text, intent, **entities)

    async def to_review(self, first: str = "I want an appointment, my number is [PHONE_1]") -> list[Reply]:
        """The questions answered up to the reading back."""
        await self.start(first)
        await self.answer("[NAME_1]")
        await self.answer({"en": "yes", "es": "sí"}[self.lang], "affirm")
        await self.answer({"en": "English", "es": "español"}[self.lang])
        consent = await self.answer("[WHEN_1]")
        conflict = await self.press({"en": "Yes, send it", "es": "Sí, puede enviarla"}[self.lang], consent)
        return await self.press({"en": "Skip", "es": "Saltar"}[self.lang], conflict)

    async def saved(self) -> list[Reply]:
        """A request that was confirmed."""
        return await self.press(
            {"en": "Yes, it is right", "es": "Sí, está bien"}[self.lang], await self.to_review()
        )


async def _give(text: str) -> None:
    """Puts the values of a message where the gateway puts them before its turn."""
    given = {token: value for token, value in VALUES.items() if token in text}
    if given:
        await booking._vault().put(CONVERSATION, given, NOON + timedelta(hours=2))


@dataclass(slots=True)
class Desk:
    """The store of the test, and its file."""

    store: BookingStore
    file: Path

    async def contents(self) -> dict[str, Any]:
        """What the newest request holds, opened."""
        found = await self.store.latest_of(CONVERSATION)
        assert found is not None
        return await self.store.contents(found.request_id) or {}

    def count(self, table: str) -> int:
        with closing(sqlite3.connect(self.file)) as connection:
            return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])

    def rename(self, table: str, to: str) -> None:
        with closing(sqlite3.connect(self.file)) as connection:
            connection.execute(f"ALTER TABLE {table} RENAME TO {to}")


@pytest.fixture(params=[False])
def sends(request: pytest.FixtureRequest) -> bool:
    """Whether a system of the firm is configured."""
    return bool(request.param)


@pytest.fixture
async def desk(
    words: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sends: bool
) -> AsyncIterator[Desk]:
    monkeypatch.setattr(booking, "library", lambda: words)
    monkeypatch.setenv("FARO_VAR", str(tmp_path))
    monkeypatch.setenv("FARO_DATABASE_URL", f"sqlite:///{tmp_path / 'faro.db'}")
    if sends:
        monkeypatch.setenv("FARO_BOOKING_URL", "http://127.0.0.1:9/")
        monkeypatch.setenv("FARO_BOOKING_SECRET", "whsec_" + "QUFB" * 8)
    kept = (booking._settings, booking._store, booking._vault)
    for one in kept:
        one.cache_clear()
    store = booking._store()
    await store.start()
    yield Desk(store, tmp_path / "faro.db")
    await store.close()
    for one in kept:
        one.cache_clear()


with_a_system = pytest.mark.parametrize("sends", [True], indirect=True)


def names(replies: list[Reply]) -> list[str]:
    return [reply.id for reply in replies]


# the questions


@every_language
async def test_a_number_in_the_first_message_is_not_asked_for_again(desk: Desk, lang: str) -> None:
    talk = Talk(lang)
    said = await talk.start("[PHONE_1]")
    assert names(said) == ["booking_intro", "booking_ask_name"]
    assert {reply.lang for reply in said} == {lang}
    assert (said[-1].kind, said[-1].asks) == ("question", "name")
    assert names(await talk.answer("[NAME_1]")) == ["booking_ask_safe_message"]


async def test_without_a_number_the_way_is_asked_and_what_is_asked_is_told_to_the_gateway(desk: Desk) -> None:
    talk = Talk()
    await talk.start("I want an appointment")
    assert names(await talk.answer("[NAME_1]")) == ["booking_ask_reach"]
    (phone,) = await talk.answer("by phone")
    assert (phone.id, phone.asks) == ("booking_ask_phone", "phone")


@every_language
async def test_what_is_read_back_and_kept_holds_tokens_only(desk: Desk, lang: str) -> None:
    talk = Talk(lang)
    (review,) = await talk.to_review()
    assert review.id == "booking_review"
    assert [token for token in ("[NAME_1]", "[PHONE_1]", "[WHEN_1]") if token not in review.text] == []
    kept = json.dumps(talk.slots) + review.text
    assert [value for value in (*VALUES.values(), "3055550191") if value in kept] == []
    assert desk.count("bookings") == 0


async def test_a_name_from_earlier_may_be_that_of_somebody_else_and_is_read_back(desk: Desk) -> None:
    await _give("[NAME_1]")
    said = await Talk().start("I want an appointment")
    assert names(said) == ["booking_intro", "booking_confirm_name"]
    assert "[NAME_1]" in said[-1].text


async def test_a_question_in_between_is_left_to_the_rules_and_changes_nothing(desk: Desk) -> None:
    talk = Talk()
    await talk.start("I want an appointment")
    before = dict(talk.slots)
    assert await talk.answer("how much does it cost?", "filing_fee") == []
    assert talk.slots == before


async def test_nothing_is_asked_on_top_of_an_emergency(desk: Desk) -> None:
    talk = Talk()
    await talk.start("I want an appointment")
    tracker = talk.tracker("ice is at my door", "emergency")
    tracker["events"] += [{"event": "action", "name": "action_emergency"}]
    assert await run_in_loop(ActionAskBookingFacts(), tracker) == ([], [])
    assert names(await talk.run(ActionAskBookingFacts(), "they left", "inform")) == ["booking_ask_name"]


# how it ends


@every_language
async def test_a_confirmed_request_is_saved_encrypted_and_only_then_said_to_be(desk: Desk, lang: str) -> None:
    talk = Talk(lang)
    (said,) = await talk.saved()
    found = await desk.store.latest_of(CONVERSATION)
    assert found is not None
    assert (said.id, said.lang) == ("booking_kept_routine", lang)
    assert found.reference in said.text
    assert (found.state, found.level, found.language) == ("requested", "routine", lang)
    held = await desk.contents()
    assert held["contact"] == {
        "name_as_given": "Nombre Apellido",
        "given_name": "Nombre",
        "family_name": "Apellido",
        "preferred_channel": "phone",
        "safe_to_leave_message": "yes",
        "phone_e164": "+13055550191",
        "safe_times_text": "martes despues de las cinco",
    }
    assert held["facts"]["triage"]["reasons"] == ["not_asked"]
    raw = b"".join(file.read_bytes() for file in desk.file.parent.glob("faro.db*"))
    assert [v for v in (*VALUES.values(), "3055550191") if v.encode() in raw] == []
    assert (talk.loop, talk.slots[FACTS]) == (None, None)


async def test_what_is_saved_makes_an_event_that_fits_the_published_schema(desk: Desk) -> None:
    talk = Talk("es", consent=True, timezone="America/New_York")
    talk.slots |= {SITUATION: Interview(facts=URGENT, begun=True).as_dict(), "us_state": "FL"}
    await talk.saved()
    found = await desk.store.latest_of(CONVERSATION)
    assert found is not None
    event = consultation(
        REQUESTED, request_id=found.request_id, reference=found.reference, created_at=NOON, at=NOON, site="Firm",
        environment="demo", level=found.level, language="es", **(await desk.contents()),
    )  # fmt: skip
    assert wrong(event) is None
    data = event["data"]
    assert data["location"] == {"us_state": "FL", "timezone": "America/New_York"}
    assert data["consent"]["given_at"] == f"{TODAY}T17:00:00Z"


@pytest.mark.parametrize("agreed", [True, False])
async def test_the_office_may_read_the_conversation_only_where_it_is_kept(desk: Desk, agreed: bool) -> None:
    await Talk(consent=agreed).saved()
    held = await desk.contents()
    assert held["facts"]["transcript"] == {"conversation_ref": CONVERSATION if agreed else ""}


@with_a_system
async def test_where_a_system_is_configured_the_request_is_on_its_way(desk: Desk) -> None:
    (said,) = await Talk().saved()
    assert said.id == "booking_saved_routine"


async def test_the_same_confirmation_twice_saves_one_request(desk: Desk) -> None:
    talk = Talk()
    review = await talk.to_review()
    (payload,) = [payload for payload in payloads(review[0]) if "review:confirm" in payload]
    entities = json.loads(payload.removeprefix("/book_consultation"))
    talk.sent += 1
    await talk.run(ValidateBookingForm(), payload, "book_consultation", entities)
    tracker = talk.tracker(payload, "book_consultation")
    _, (first,) = await run_in_loop(ActionSaveBooking(), tracker)
    _, (second,) = await run_in_loop(ActionSaveBooking(), tracker)
    assert first == second
    assert (desk.count("bookings"), desk.count("booking_outbox")) == (1, 1)


@every_language
async def test_when_the_database_is_away_nothing_is_said_to_be_saved(
    desk: Desk, words: Library, lang: str
) -> None:
    talk = Talk(lang)
    review = await talk.to_review()
    desk.rename("bookings", "away")
    (said,) = await talk.press({"en": "Yes, it is right", "es": "Sí, está bien"}[lang], review)
    assert (said.id, said.kind) == ("booking_not_saved", "apology")
    assert words.firm.phone in said.text
    desk.rename("away", "bookings")
    assert desk.count("bookings") == 0
    # What was answered is not lost: asked for again, it is read back and can be sent.
    assert names(await talk.start("I want an appointment")) == ["booking_review"]


async def test_when_the_values_cannot_be_read_the_questions_go_on(desk: Desk) -> None:
    desk.rename("booking_values", "away")
    talk = Talk()
    assert names(await talk.start("I want an appointment")) == ["booking_intro", "booking_ask_name"]


async def test_a_value_that_is_gone_is_asked_for_again_and_nothing_is_saved(desk: Desk) -> None:
    talk = Talk()
    review = await talk.to_review()
    await booking._vault().erase(CONVERSATION)
    said = await talk.press("Yes, it is right", review)
    assert names(said) == ["booking_ask_name"]
    assert desk.count("bookings") == 0
    assert talk.loop == FORM


async def test_without_consent_nothing_is_kept(desk: Desk) -> None:
    talk = Talk()
    await talk.start("I want an appointment [PHONE_1]")
    await talk.answer("[NAME_1]")
    await talk.answer("yes", "affirm")
    await talk.answer("English")
    consent = await talk.answer("[WHEN_1]")
    said = await talk.press("No, do not send it", consent)
    assert names(said) == ["booking_refused"]
    assert (talk.loop, talk.slots[STATE], desk.count("bookings")) == (None, None, 0)


async def test_who_stops_leaves_nothing_behind(desk: Desk) -> None:
    talk = Talk("es")
    await talk.to_review()
    said = await talk.run(ActionStopBooking(), "parar", "stop")
    assert names(said) == ["booking_cancelled"]
    assert (talk.loop, talk.slots[STATE], talk.slots[FACTS], desk.count("bookings")) == (None, None, None, 0)


# a request that was saved


async def test_a_second_request_is_a_correction_under_the_same_reference(desk: Desk) -> None:
    talk = Talk()
    (first,) = await talk.saved()
    review = await talk.start("I want an appointment")
    assert names(review) == ["booking_review"]
    which = await talk.press("Change something", review)
    await talk.press("Phone number", which)
    changed = await talk.answer("[PHONE_2]")
    (said,) = await talk.press("Yes, it is right", changed)
    assert said.id == "booking_updated"
    found = await desk.store.latest_of(CONVERSATION)
    assert found is not None and found.reference in said.text and found.reference in first.text
    assert (await desk.contents())["contact"]["phone_e164"] == "+17865550123"
    assert desk.count("bookings") == 1


@pytest.mark.parametrize(
    ("answer", "said", "state"),
    [("Yes", "booking_withdrawn", "cancelled"), ("No", "booking_not_withdrawn", "requested")],
)
async def test_it_is_taken_back_only_after_a_yes(desk: Desk, answer: str, said: str, state: str) -> None:
    talk = Talk()
    await talk.saved()
    asked = await talk.start("please cancel my appointment")
    assert names(asked) == ["booking_cancel_ask"]
    assert names(await talk.press(answer, asked)) == [said]
    found = await desk.store.latest_of(CONVERSATION)
    assert found is not None and found.state == state
    again = "booking_nothing_to_cancel" if state == "cancelled" else "booking_cancel_ask"
    assert names(await talk.start("please cancel my appointment")) == [again]


async def test_taken_back_it_leaves_room_for_a_new_one(desk: Desk) -> None:
    talk = Talk()
    await talk.saved()
    await talk.press("Yes", await talk.start("cancel my appointment"))
    assert talk.slots[STATE] is None
    (said,) = await talk.saved()
    assert (said.id, desk.count("bookings")) == ("booking_kept_routine", 2)


async def test_without_a_request_there_is_nothing_to_cancel_and_no_state_of_it(desk: Desk) -> None:
    talk = Talk("es")
    assert names(await talk.start("quiero cancelar mi cita")) == ["booking_nothing_to_cancel"]
    assert names(await talk.start("¿cuándo es mi cita?")) == ["booking_status_none"]
    assert talk.loop is None


async def test_who_asks_is_told_that_staff_read_it_here(desk: Desk) -> None:
    talk = Talk()
    await talk.saved()
    assert names(await talk.start("when is my appointment?")) == ["booking_status_waiting"]


@with_a_system
async def test_who_asks_is_told_how_far_it_has_come(desk: Desk) -> None:
    talk = Talk()
    await talk.saved()
    question = "what happened to my request?"
    assert names(await talk.start(question)) == ["booking_status_saved"]
    (item,) = await desk.store.lease("w_1", NOON, 1, timedelta(seconds=60))
    await desk.store.delivered(item, Outcome("delivered", type=item.type), NOON)
    assert names(await talk.start(question)) == ["booking_status_delivered"]
    confirmed = Callback(
        "msg_1", "consultation.confirmed", NOON, request_id=item.request_id,
        start=datetime(2026, 11, 24, 15, tzinfo=UTC), timezone="America/New_York",
    )  # fmt: skip
    assert await desk.store.apply(confirmed, NOON) == "applied"
    (said,) = await talk.start(question)
    assert said.id == "booking_status_confirmed"
    assert "November 24, 2026" in said.text and "10:00" in said.text


async def test_when_the_database_is_away_a_question_about_a_request_leads_to_a_person(desk: Desk) -> None:
    desk.rename("bookings", "away")
    assert names(await Talk().start("when is my appointment?")) == ["answer_human"]


# what triage says


async def test_an_emergency_in_the_middle_of_a_request_makes_it_one(desk: Desk) -> None:
    (said,) = await Talk(emergency="agents").saved()
    assert said.id == "booking_kept_emergency"


@pytest.mark.parametrize(
    ("known", "level", "reason"),
    [
        (None, "routine", "not_asked"),
        (Interview(facts=URGENT, begun=True), "urgent", "earlier_order"),
        (Interview(facts=URGENT), "urgent", "earlier_order"),
        (Interview(facts=Facts(lawyer="no")), "routine", None),
        (Interview(facts=Facts(place="us"), begun=True), "urgent", None),
        (Interview(emergencies=("agents",)), "emergency", "agents_now"),
    ],
    ids=[
        "nothing was said",
        "the questions were answered",
        "it was told in passing",
        "what nobody was asked does not count",
        "what was asked and left open does",
        "an emergency was told",
    ],
)
async def test_the_level_follows_from_what_is_known(
    desk: Desk, known: Interview | None, level: str, reason: str | None
) -> None:
    talk = Talk()
    if known is not None:
        talk.slots[SITUATION] = known.as_dict()
    (said,) = await talk.saved()
    found = await desk.store.latest_of(CONVERSATION)
    assert found is not None
    assert (said.id, found.level) == (f"booking_kept_{level}", level)
    reasons = (await desk.contents())["facts"]["triage"]["reasons"]
    assert reason is None or reason in reasons


@every_language
@pytest.mark.parametrize(
    ("choice", "said", "goes_on"),
    [
        ("second_opinion", "booking_second_opinion", False),
        ("ask_first", "booking_ask_lawyer", False),
        ("no_longer", "booking_ask_name", True),
    ],
)
async def test_who_has_a_lawyer_is_asked_first_what_they_want(
    desk: Desk, words: Library, lang: str, choice: str, said: str, goes_on: bool
) -> None:
    talk = Talk(lang)
    talk.slots[SITUATION] = Interview(facts=Facts(lawyer="yes")).as_dict()
    asked = await talk.start("an appointment")
    assert names(asked)[-1] == "booking_has_lawyer"
    assert names(await talk.press(words.label(f"label_booking_lawyer_{choice}", lang), asked)) == [said]
    assert (talk.loop == FORM) == goes_on
    assert desk.count("bookings") == 0
