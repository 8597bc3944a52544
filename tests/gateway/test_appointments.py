"""What a person gives for an appointment reaches the appointment and nothing else; what becomes of it is told."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from bot.booking.ports import CANCELLED, REQUESTED, UPDATED, Outcome
from bot.booking.records import Booking
from bot.booking.signature import signed
from bot.core.messages import Reply
from bot.gateway.app import DELIVERIES
from bot.gateway.bookings import _notice
from bot.gateway.masking import HIDDEN, shown_to_owner
from tests.gateway.conftest import Gateway, Start, Talk, checked, ids

NAME = Reply("question", "booking_ask_name", "en", "What should they call you?", asks="name")
REACH = Reply("question", "booking_ask_reach", "en", "How can they reach you?", asks="phone")
READ_BACK = Reply("question", "booking_review", "en", "Name: [NAME_1]. Phone: [PHONE_1].")
DONE = Reply("notice", "booking_saved_soon", "en", "Saved for [NAME_1].")
CALLBACK_SECRET = "whsec_" + "Y2FsbGJhY2stc2VjcmV0LWNhbGxiYWNrLXNlY3JldCE="
FACTS = {
    "triage": {"reasons": ["nothing_near"]},
    "consent": {
        "text_version": "v1",
        "language": "en",
        "given_at": "2026-11-21T12:00:00Z",
        "scope": ["contact"],
    },
}
CONTACT = {"name_as_given": "Nombre Apellido", "preferred_channel": "phone", "phone_e164": "+13055550142"}


class Receiver:
    """A firm's system that answers as told."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.got: list[tuple[str, str]] = []

    async def send(self, message_id: str, type: str, body: dict[str, Any], now: datetime) -> Outcome:
        self.got.append((message_id, type))
        return self.outcome

    async def close(self) -> None:
        pass


def _typed(gateway: Gateway) -> list[str]:
    return gateway.engine.typed


async def _kept(gateway: Gateway, talk: Talk) -> dict[str, str]:
    desk = gateway.keeper._bookings
    return dict(await desk.values(talk.id))


async def _request(gateway: Gateway, talk: Talk, level: str = "soon") -> str:
    saved = await gateway.bookings.request(
        talk.id, f"{talk.id}:m1", FACTS, CONTACT, level, "en", gateway.clock.now()
    )
    return saved.reference


async def test_the_answer_to_the_question_for_a_name_is_a_token_for_everybody_but_its_owner(
    gateway: Gateway,
) -> None:
    talk = await gateway.begin()
    await talk.agree()
    gateway.engine.replies = [NAME]
    await talk.send("an appointment please")
    gateway.engine.replies = [READ_BACK]
    said = await talk.send("quetzalcoatl bolivar")
    assert _typed(gateway)[-1] == "[NAME_1]"
    assert ids(said) == [f"Name: quetzalcoatl bolivar. Phone: {HIDDEN}."]
    assert [m["text"] for m in (await talk.read())["messages"]][-2] == "quetzalcoatl bolivar"
    kept = await gateway.store.load(talk.id)
    assert kept is not None
    assert "quetzalcoatl" not in str(kept)
    assert "quetzalcoatl" not in gateway.log.getvalue()


async def test_a_question_instead_of_a_name_reaches_the_engine(gateway: Gateway) -> None:
    talk = await gateway.begin()
    gateway.engine.replies = [NAME]
    await talk.send("an appointment please")
    await talk.send("why do you want my name?")
    assert _typed(gateway)[-1] == "why do you want my name?"


async def test_a_button_can_be_typed_where_a_name_is_asked_for(gateway: Gateway) -> None:
    talk = await gateway.begin()
    gateway.engine.replies = [NAME, *talk_choices()]
    await talk.send("an appointment please")
    await talk.send("go back")
    assert gateway.engine.turns[-1].get("payload") == "/stop"


def talk_choices() -> list[Reply]:
    from bot.core.messages import Choice

    return [Reply("question", "booking_more", "en", "Or:", choices=(Choice("Go back", "/stop"),))]


async def test_the_same_number_keeps_its_token_through_the_conversation(gateway: Gateway) -> None:
    talk = await gateway.begin()
    await talk.send("call 305-555-0142")
    await talk.send("or 305-555-0199")
    await talk.send("no, 305 555 0142 is better")
    assert _typed(gateway)[-3:] == ["call [PHONE_1]", "or [PHONE_2]", "no, [PHONE_1] is better"]


async def test_a_name_sent_twice_gets_the_same_reply_though_something_else_is_asked_by_now(
    gateway: Gateway,
) -> None:
    talk = await gateway.begin()
    gateway.engine.replies = [NAME]
    await talk.send("an appointment please")
    gateway.engine.replies = [REACH]
    first = await talk.send("quetzalcoatl", "same")
    again = await talk.send("quetzalcoatl", "same")
    assert [m["id"] for m in first["messages"]] == [m["id"] for m in again["messages"]]
    assert len(_typed(gateway)) == 2


async def test_another_text_under_the_id_of_a_name_is_refused(gateway: Gateway) -> None:
    talk = await gateway.begin()
    gateway.engine.replies = [NAME]
    await talk.send("an appointment please")
    await talk.send("quetzalcoatl", "same")
    status, data = await talk.post({"client_message_id": "same", "text": "tezcatlipoca"})
    assert (status, data["code"]) == (409, "message_id_reused")


async def test_values_are_kept_while_an_appointment_is_asked_for_and_not_before_or_after(
    gateway: Gateway,
) -> None:
    talk = await gateway.begin()
    await talk.send("my sister is at 305-555-0142")
    assert await _kept(gateway, talk) == {}
    gateway.engine.replies = [NAME]
    await talk.send("an appointment please, I am at 305-555-0199")
    assert await _kept(gateway, talk) == {"[PHONE_2]": "305-555-0199"}
    gateway.engine.replies = [READ_BACK]
    await talk.send("quetzalcoatl")
    assert (await _kept(gateway, talk))["[NAME_1]"] == "quetzalcoatl"
    gateway.engine.replies = [DONE]
    await talk.send("yes")
    assert await _kept(gateway, talk) == {}


async def test_identity_numbers_never_reach_the_values_of_an_appointment(gateway: Gateway) -> None:
    talk = await gateway.begin()
    gateway.engine.replies = [REACH]
    await talk.send("an appointment, my ssn is 123-45-6789 and my A# is 099 555 321")
    await talk.send("305-555-0142")
    assert list(await _kept(gateway, talk)) == ["[PHONE_1]"]


async def test_after_a_restart_of_the_gateway_the_name_is_still_asked_for_and_stays_a_token(
    start: Start,
) -> None:
    one = await start()
    talk = await one.begin()
    await talk.agree()
    one.engine.replies = [REACH]
    await talk.send("an appointment, 305-555-0142")
    one.engine.replies = [NAME]
    await talk.send("yes")
    two = await start()
    other = Talk(two.client, talk.id, talk.token, talk.started, count=100)
    assert "305-555-0142" in str(await other.read())
    await other.send("quetzalcoatl")
    assert _typed(two)[-1] == "[NAME_1]"


async def test_of_a_story_only_its_length_topic_and_language_stay(gateway: Gateway) -> None:
    talk = await gateway.begin()
    await talk.agree()
    said = await talk.send("they hurt me in the plaza, can i work here")
    turn = gateway.engine.turns[-1]
    assert turn["text"] == "they hurt me in the plaza, can i work here"
    assert turn["marker"] == "[story not kept: 10 words, en]"
    assert ids(said)[-1] == "[story_not_here en]"
    kept = await gateway.store.load(talk.id)
    assert kept is not None
    visitor = [m for m in kept.messages if m.author == "visitor"][-1]
    assert visitor.text.startswith("[story not kept: 10 words, ")
    assert visitor.text.endswith(", en]")
    assert "plaza" not in str(kept)


async def test_no_word_about_stories_stands_under_an_emergency(gateway: Gateway) -> None:
    talk = await gateway.begin()
    said = await talk.send("ICE is at my door, they hurt me")
    assert not any("story" in text for text in ids(said))


async def test_the_kind_of_an_emergency_travels_with_the_turns_after_it(gateway: Gateway) -> None:
    talk = await gateway.begin()
    await talk.send("ICE is at my door")
    await talk.send("what can i do")
    assert gateway.engine.turns[-1]["emergency"] == "agents"


@pytest.mark.parametrize(
    ("outcome", "level", "told"),
    [
        (Outcome("delivered", type="consultation.requested"), "soon", "booking_delivered"),
        (Outcome("dead", "gone", type="consultation.requested"), "soon", "booking_dead"),
    ],
)
async def test_the_person_is_told_what_became_of_the_request(
    start: Start, outcome: Outcome, level: str, told: str
) -> None:
    receiver = Receiver(outcome)
    gateway = await start(destination=receiver)
    talk = await gateway.begin()
    reference = await _request(gateway, talk, level)
    await gateway.app[DELIVERIES].round()
    assert [type for _, type in receiver.got] == ["consultation.requested"]
    assert ids(await talk.read())[-1] == f"[{told} en {reference}]"


TIME = datetime(2026, 12, 1, 15, 30, tzinfo=UTC)
TAKEN = Outcome("dead", "slot_taken", type=REQUESTED)


@pytest.mark.parametrize(
    ("outcome", "known", "told"),
    [
        (TAKEN, {"delivery": "dead"}, "booking_slot_taken"),
        (TAKEN, {"delivery": "queued"}, "booking_slot_taken"),
        (TAKEN, {"delivery": "delivered"}, None),
        (
            Outcome("dead", "slot_taken", start=TIME, type=UPDATED),
            {"delivery": "dead"},
            "booking_slot_taken_kept",
        ),
        (Outcome("dead", "withdrawn", type=REQUESTED), {"delivery": "dead"}, "booking_dead"),
        (Outcome("staff", "no_slot", type=REQUESTED), {"delivery": "waiting"}, None),
        (Outcome("staff", "no_slot", type=UPDATED), {"delivery": "waiting"}, "booking_change_kept"),
        (Outcome("staff", "contact_changed", type=UPDATED), {"delivery": "waiting"}, "booking_change_kept"),
        (Outcome("delivered", start=TIME, type=UPDATED), {}, "booking_delivered_time"),
        (Outcome("delivered", type=UPDATED), {}, "booking_delivered"),
        (Outcome("delivered", type=CANCELLED), {}, None),
    ],
)
def test_what_the_person_is_told_of_an_event(
    outcome: Outcome, known: dict[str, str], told: str | None
) -> None:
    booking = Booking(
        request_id="r",
        reference="FHKLMQ",
        conversation_id="c_1",
        created_at=TIME,
        updated_at=TIME,
        state="requested",
        level="soon",
        language="en",
        **{"delivery": "delivered", **known},
    )
    assert _notice(booking, outcome) == told


async def test_an_appointment_is_told_in_the_person_s_own_zone(start: Start) -> None:
    gateway = await start(destination=Receiver(Outcome("delivered", start=TIME, type=REQUESTED)))
    talk = await gateway.begin()
    async with gateway.keeper.use(talk.id) as conversation:
        conversation.timezone = "America/Los_Angeles"
    await _request(gateway, talk)
    await gateway.app[DELIVERIES].round()
    assert "7:30 AM (Pacific Standard Time)" in ids(await talk.read())[-1]


async def test_a_pressing_request_that_is_late_raises_an_alarm_and_gives_the_phone_number(
    start: Start,
) -> None:
    receiver = Receiver(Outcome("later", "http_503", type="consultation.requested"))
    gateway = await start(destination=receiver)
    talk = await gateway.begin()
    reference = await _request(gateway, talk, "urgent")
    await gateway.app[DELIVERIES].round()
    gateway.clock.pass_seconds(121)
    await gateway.app[DELIVERIES].round()
    await gateway.alarms.settled()
    assert [alarm.kind for alarm in await gateway.store.alarms()] == ["booking"]
    assert ids(await talk.read())[-1] == f"[booking_not_yet_urgent en {reference}]"


async def _call_back(
    gateway: Gateway, body: dict[str, Any], message_id: str = "msg_1", **headers: str
) -> Any:
    raw = json.dumps(body)
    sent = signed((CALLBACK_SECRET,), message_id, gateway.clock.now(), raw) | headers
    response = await gateway.client.post("/api/booking/v1/callback", data=raw.encode(), headers=sent)
    return response.status, await checked(response)


def _event(reference: str, kind: str = "confirmed", **data: str) -> dict[str, Any]:
    start = {"start": "2026-12-01T15:30:00Z", "timezone": "America/New_York"}
    return {
        "type": f"consultation.{kind}",
        "timestamp": "2026-11-21T12:00:00Z",
        "data": {"reference": reference, **start, **data},
    }


async def test_an_appointment_that_the_firm_confirms_is_told_in_the_conversation(start: Start) -> None:
    gateway = await start({"FARO_BOOKING_CALLBACK_SECRET": CALLBACK_SECRET})
    talk = await gateway.begin()
    reference = await _request(gateway, talk)
    status, said = await _call_back(gateway, _event(reference))
    assert (status, said) == (200, {"status": "applied"})
    await gateway.app[DELIVERIES].round()
    last = ids(await talk.read())[-1]
    assert last.startswith(f"[booking_confirmed en {reference} Tuesday, December 1, 2026")
    assert "10:30" in last
    count = len((await talk.read())["messages"])
    assert (await _call_back(gateway, _event(reference)))[1] == {"status": "repeated"}
    await gateway.app[DELIVERIES].round()
    assert len((await talk.read())["messages"]) == count


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"webhook-signature": "v1,AAAA"}, 401, "not_signed"),
        ({"webhook-timestamp": "1000000000"}, 401, "not_signed"),
        ({"webhook-id": "msg_2"}, 401, "not_signed"),
    ],
)
async def test_what_is_not_signed_by_the_firm_changes_nothing(
    start: Start, change: dict[str, str], status: int, code: str
) -> None:
    gateway = await start({"FARO_BOOKING_CALLBACK_SECRET": CALLBACK_SECRET})
    talk = await gateway.begin()
    reference = await _request(gateway, talk)
    got = await _call_back(gateway, _event(reference), **change)
    assert (got[0], got[1]["code"]) == (status, code)
    booking = await gateway.bookings.by_reference(reference)
    assert booking is not None
    assert booking.appointment == "none"


async def test_a_callback_for_nobody_and_one_that_is_damaged_are_refused_with_the_reason(
    start: Start,
) -> None:
    gateway = await start({"FARO_BOOKING_CALLBACK_SECRET": CALLBACK_SECRET})
    assert (await _call_back(gateway, _event("FHKLMQ")))[1]["code"] == "unknown_request"
    moved = _event("FHKLMQ", "moved")
    del moved["data"]["start"]
    status, problem = await _call_back(gateway, moved, "msg_3")
    assert (status, problem["code"]) == (422, "bad_callback")
    assert '"start"' in problem["detail"]


async def test_without_a_secret_there_is_no_callback(gateway: Gateway) -> None:
    body = b"{}"
    headers = {
        "webhook-id": "a",
        "webhook-timestamp": "1",
        "webhook-signature": Webhook(CALLBACK_SECRET).sign("a", datetime(2026, 1, 1, tzinfo=UTC), "{}"),
    }
    response = await gateway.client.post("/api/booking/v1/callback", data=body, headers=headers)
    assert response.status == 404


async def test_the_schema_of_the_events_is_published(gateway: Gateway) -> None:
    response = await gateway.client.get("/api/booking/v1/schema.json")
    document = await checked(response)
    assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"


async def test_erasing_takes_the_request_back_while_nobody_has_it(start: Start) -> None:
    gateway = await start()
    talk = await gateway.begin()
    reference = await _request(gateway, talk)
    response = await talk.erase()
    assert response.status == 204
    assert await gateway.bookings.by_reference(reference) is None


async def test_erasing_says_that_the_firm_already_has_the_request(start: Start) -> None:
    gateway = await start(destination=Receiver(Outcome("delivered", type="consultation.requested")))
    talk = await gateway.begin()
    reference = await _request(gateway, talk)
    await gateway.app[DELIVERIES].round()
    response = await talk.erase()
    data = await checked(response)
    assert (response.status, data["pending"]) == (202, ["firm"])
    assert data["text"] == "[erased_sent en]"
    booking = await gateway.bookings.by_reference(reference)
    assert booking is not None
    assert (booking.conversation_id, await gateway.bookings.contents(booking.request_id)) == (None, None)


def test_an_address_that_was_mended_is_shown_mended_to_its_owner() -> None:
    values = {"[EMAIL_1]": "ana@gmial.com"}
    assert shown_to_owner("[EMAIL_1] / [EMAIL_1:mended]", values) == "ana@gmial.com / ana@gmail.com"
    assert shown_to_owner("[EMAIL_1:mended]", {}) == "••••"
