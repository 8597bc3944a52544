"""Asking for a consultation: Rasa's form around ``bot.core.booking``, and the request at its end."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActiveLoop, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy.exc import SQLAlchemyError

from actions import deadlines
from actions.library import library
from actions.situation import STATE as SITUATION
from actions.situation import following_of
from actions.situation import interview_of as situation_of
from actions.triage import assessment
from actions.turn import Turn, after_emergency, left_form, say, with_choices
from bot.booking.calcom import USUAL_SLOT, CalcomDestination, SlotsUnavailable
from bot.booking.records import Booking
from bot.booking.store import BookingStore
from bot.booking.vault import Vault
from bot.core.booking.interview import Heard, Interview, as_it_stands, begin, hear
from bot.core.booking.moments import appointment_in_words
from bot.core.booking.questions import AGAIN, SLOT
from bot.core.booking.slots import slot_of
from bot.core.booking.summary import ValueGone, contact, details, level_of
from bot.core.booking.telling import chosen, consent_version, ending, questions
from bot.core.booking.wants import asks_for_status, takes_back
from bot.core.content import Library
from bot.core.messages import Choice
from bot.settings import load_settings, with_demo_secrets
from bot.transcripts.sealing import Keys, Unreadable

log = structlog.get_logger("faro.actions")

FORM = "booking_form"

#: The slot of the interview, and the one that the form wants: the confirmed facts.
STATE, FACTS = "booking", "booking_facts"

#: What a database that cannot be used may raise.
_FAULTS = (SQLAlchemyError, OSError, TimeoutError, Unreadable)

#: From how many days free times are offered, today among them, and how long the calendar may take to tell them.
DAYS_AHEAD, CALENDAR_SECONDS = 14, 3.0

#: The question whether a saved request is to be cancelled, as a button names it.
_WITHDRAW = "withdraw"


class ActionStartBooking(Action):
    """Begins, or goes on with, a request; one that was saved can be asked about or taken back."""

    def name(self) -> str:
        return "action_start_booking"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        turn = Turn.of(tracker)
        words = library()
        events = left_form(tracker, FORM)
        if (done := await _about_saved(dispatcher, tracker, turn, words)) is not None:
            # No rule leads on where another action has sent the message here.
            return [*events, *done, FollowupAction("action_listen")]
        before, heard = interview_of(tracker), await heard_in(tracker, turn, words)
        told = following_of(tracker, turn)
        if told.facts.lawyer == "yes":
            # "I have a lawyer but I want a consultation" is heard with the request itself.
            heard = replace(heard, has_lawyer=True)
        events.append(SlotSet(SITUATION, told.as_dict()))
        if heard.choice != (SLOT, AGAIN):
            before = await _as_it_stands(tracker, before)
        begun = begin(before, heard)
        if begun.wants_time:
            begun = begin(before, await _with_times(heard, tracker))
        if before.asked is None and before.outcome is None and begun.asked is not None:
            say(dispatcher, words.notice("booking_intro", turn.language, today=turn.today))
        events.append(SlotSet(STATE, begun.as_dict()))
        if begun.outcome is not None:
            return [*events, *await _end(dispatcher, tracker, begun, turn, words)]
        return [*events, SlotSet(FACTS, None), FollowupAction(FORM)]


class ValidateBookingForm(Action):
    """Hears an answer. Nothing is set when it was none, so that Rasa lets the rules answer and come back."""

    def name(self) -> str:
        return f"validate_{FORM}"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        if deadlines.was_answered(tracker, FORM):
            return []
        turn = Turn.of(tracker)
        before, heard = interview_of(tracker), await heard_in(tracker, turn, library())
        after = hear(before, heard)
        if after is not None and after.wants_time:
            after = hear(before, await _with_times(heard, tracker))
        if after is None:
            return []
        events = [SlotSet(STATE, after.as_dict())]
        if after.complete:
            events.append(SlotSet(FACTS, after.facts))
        elif after.outcome is not None:
            events.append(SlotSet("requested_slot", None))
        return events


class ActionAskBookingFacts(Action):
    """The next question."""

    def name(self) -> str:
        return f"action_ask_{FACTS}"

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        if not after_emergency(tracker):
            _ask(dispatcher, interview_of(tracker), Turn.of(tracker), library())
        return []


class ActionSaveBooking(Action):
    """Saves what was confirmed, and only then says so; or says how the request ended without one."""

    def name(self) -> str:
        return "action_save_booking"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        turn = Turn.of(tracker)
        return await _end(dispatcher, tracker, interview_of(tracker), turn, library())


class ActionStopBooking(Action):
    """Leaves the form; nothing was sent, and no answer is kept."""

    def name(self) -> str:
        return "action_stop_booking"

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        turn = Turn.of(tracker)
        say(dispatcher, library().notice("booking_cancelled", turn.language, today=turn.today))
        return [
            ActiveLoop(None),
            SlotSet("requested_slot", None),
            SlotSet(FACTS, None),
            SlotSet(STATE, None),
        ]


def interview_of(tracker: Tracker) -> Interview:
    """The interview as the conversation left it."""
    return Interview.from_dict(tracker.get_slot(STATE))


async def heard_in(tracker: Tracker, turn: Turn, words: Library) -> Heard:
    """A message as the interview hears it, with what stands behind its tokens."""
    values = await _values(tracker.sender_id)
    pressed = chosen(str(turn.entities.get("booking") or ""))
    lawyer = situation_of(tracker).facts.lawyer
    return Heard(
        text="" if turn.text.startswith("/") else turn.text,
        intent=turn.intent,
        values=values,
        choice=pressed,
        channel=_metadata(tracker).get("channel") or "web",
        known=_newest(values),
        has_lawyer={"yes": True, "no": False}.get(lawyer or ""),
        language=turn.language,
        consent_version=consent_version(words, turn.language, turn.today),
        timezone=_timezone(tracker, words),
    )


async def _with_times(heard: Heard, tracker: Tracker) -> Heard:
    """What was heard, with the free times of the firm's calendar; without them where it has none or does not answer.

    It is read only when they are asked about, so that no other turn waits for it.
    """
    calendar = _calendar()
    if calendar is None:
        return heard
    now = _moment(_metadata(tracker))
    first = now.astimezone(ZoneInfo(heard.timezone)).date()
    try:
        free = await calendar.slots(first, first + timedelta(days=DAYS_AHEAD - 1), heard.timezone, now)
    except SlotsUnavailable as exc:
        log.warning("slots_not_read", code=exc.code)
        return heard
    return replace(heard, slots=tuple(slot_of(slot.start, slot.end) for slot in free))


async def _as_it_stands(tracker: Tracker, before: Interview) -> Interview:
    """The interview with the time that its appointment has now: the firm may have moved or cancelled it meanwhile."""
    if before.outcome is None or before.slot is None:
        return before
    try:
        booking = await _store().latest_of(tracker.sender_id)
    except _FAULTS as exc:
        log.error("booking_not_read", error=type(exc).__name__)
        return before
    if booking is None or booking.state == "cancelled":
        return as_it_stands(before, None)
    if booking.start is not None:
        return as_it_stands(before, slot_of(booking.start, booking.end or booking.start + USUAL_SLOT))
    # A time that could not be had must not be asked for again.
    return as_it_stands(before, None) if booking.delivery == "dead" else before


def _ask(dispatcher: CollectingDispatcher, interview: Interview, turn: Turn, words: Library) -> None:
    replies = questions(words, interview, turn.language, turn.today)
    for reply in replies[:-1]:
        say(dispatcher, reply)
    for reply in replies[-1:]:
        say(dispatcher, replace(reply, kind="question", asks=interview.contact_asked or ""))


async def _end(
    dispatcher: CollectingDispatcher, tracker: Tracker, interview: Interview, turn: Turn, words: Library
) -> list[dict[str, Any]]:
    """The events at the end of a request, saved or not."""
    reply = ending(words, interview, turn.language, turn.today)
    if reply is not None:
        say(dispatcher, reply)
        return [SlotSet(STATE, None), SlotSet(FACTS, None)]
    try:
        return await _save(dispatcher, tracker, interview, turn, words)
    except ValueGone as gone:
        # The value was kept too long ago: what is missing is asked for once more.
        left = {name: told for name, told in interview.answers.items() if name != gone.question}
        again = replace(interview, answers=left, asked=gone.question, outcome=None, trouble=None)
        return [SlotSet(STATE, again.as_dict()), SlotSet(FACTS, None), FollowupAction(FORM)]
    except _FAULTS as exc:
        log.error("booking_not_saved", error=type(exc).__name__)
        say(dispatcher, words.notice("booking_not_saved", turn.language, today=turn.today))
        return [SlotSet(FACTS, None)]


async def _save(
    dispatcher: CollectingDispatcher, tracker: Tracker, interview: Interview, turn: Turn, words: Library
) -> list[dict[str, Any]]:
    metadata = _metadata(tracker)
    told, values = await _facts(tracker, interview), await _vault().get(tracker.sender_id)
    situation = situation_of(tracker)
    if heard := metadata.get("emergency"):
        # The gateway answered it by itself, so that no question about the situation has heard it.
        situation = replace(situation, emergencies=(*situation.emergencies, heard))
    known = situation.facts.as_dict() or situation.emergencies
    found = assessment(situation, turn, words) if known else None
    level = level_of(found, situation.begun)
    now = _moment(metadata)
    asked = (
        tracker.sender_id,
        f"{tracker.sender_id}:{metadata['message_id']}",
        details(
            told,
            values,
            facts=situation.facts,
            found=found,
            channel=metadata.get("channel") or "web",
            conversation=tracker.sender_id if metadata.get("consent") else "",
            us_state=tracker.get_slot("us_state"),
            timezone=metadata.get("timezone") or None,
            now=now,
        ),
        contact(told, values),
        level,
        turn.language,
        now,
    )
    # A request whose time was taken is corrected however late; another one is a new request after a day.
    saved = await _store().update(*asked) if interview.reopened else None
    saved = saved or await _store().request(*asked)
    changed = saved.type == "consultation.updated" and not saved.repeated
    name = "booking_updated" if changed else f"booking_{_sent_or_kept(told)}_{level}"
    say(dispatcher, words.notice(name, turn.language, today=turn.today, reference=saved.reference))
    return [SlotSet(STATE, interview.as_dict()), SlotSet(FACTS, None)]


async def _facts(tracker: Tracker, interview: Interview) -> dict[str, Any]:
    """What was confirmed. A time that was only read back is left out once there is an appointment: the firm may have
    moved it, and a correction of something else must not move it back."""
    told = interview.facts
    if told["slot"] is None or interview.picked:
        return told
    booking = await _store().latest_of(tracker.sender_id)
    standing = booking is not None and booking.state != "cancelled" and booking.start is not None
    return {**told, "slot": None} if standing else told


async def _about_saved(
    dispatcher: CollectingDispatcher, tracker: Tracker, turn: Turn, words: Library
) -> list[dict[str, Any]] | None:
    """The events of a turn about a request that was saved; None when the turn asks for a new one."""
    pressed = chosen(str(turn.entities.get("booking") or ""))
    text = "" if turn.text.startswith("/") else turn.text
    if not (pressed and pressed[0] == _WITHDRAW) and not takes_back(text) and not asks_for_status(text):
        return None
    try:
        booking = await _store().latest_of(tracker.sender_id)
    except _FAULTS as exc:
        log.error("booking_not_read", error=type(exc).__name__)
        say(dispatcher, words.notice("answer_human", turn.language, today=turn.today))
        return []
    if pressed is not None:
        return await _withdraw(dispatcher, tracker, booking, pressed[1] == "yes", turn, words)
    if takes_back(text):
        if booking is None or booking.state == "cancelled":
            say(dispatcher, words.notice("booking_nothing_to_cancel", turn.language, today=turn.today))
            return []
        asked = words.notice(
            "booking_cancel_ask", turn.language, today=turn.today, reference=booking.reference
        )
        buttons = [
            Choice(
                words.label(f"label_{answer}", turn.language),
                f'/book_consultation{{"booking": "{_WITHDRAW}:{answer}"}}',
            )
            for answer in ("yes", "no")
        ]
        say(dispatcher, with_choices(asked, buttons))
        return []
    _tell_status(dispatcher, tracker, booking, turn, words)
    return []


async def _withdraw(
    dispatcher: CollectingDispatcher,
    tracker: Tracker,
    booking: Booking | None,
    wanted: bool,
    turn: Turn,
    words: Library,
) -> list[dict[str, Any]]:
    if booking is None or booking.state == "cancelled":
        say(dispatcher, words.notice("booking_nothing_to_cancel", turn.language, today=turn.today))
        return []
    name = "booking_not_withdrawn"
    if wanted:
        metadata = _metadata(tracker)
        await _store().cancel(
            tracker.sender_id,
            f"{tracker.sender_id}:{metadata['message_id']}",
            _moment(metadata),
        )
        name = "booking_withdrawn"
    say(dispatcher, words.notice(name, turn.language, today=turn.today, reference=booking.reference))
    return [SlotSet(STATE, None)] if wanted else []


def _tell_status(
    dispatcher: CollectingDispatcher, tracker: Tracker, booking: Booking | None, turn: Turn, words: Library
) -> None:
    if booking is None or booking.state == "cancelled":
        say(dispatcher, words.notice("booking_status_none", turn.language, today=turn.today))
        return
    values = {"reference": booking.reference}
    if booking.start is not None and booking.appointment in ("confirmed", "moved"):
        name = "booking_status_confirmed"
        zone = booking.timezone or _timezone(tracker, words)
        values["start"] = appointment_in_words(booking.start, zone, turn.language)
    else:
        name = "booking_status_delivered" if booking.delivery == "delivered" else "booking_status_saved"
        if booking.delivery == "waiting":
            name = "booking_status_waiting"
    say(dispatcher, words.notice(name, turn.language, today=turn.today, **values))


async def _values(conversation: str) -> dict[str, str]:
    """What stands behind the tokens of a conversation; nothing when the database cannot be used."""
    try:
        return await _vault().get(conversation)
    except _FAULTS as exc:
        log.error("values_not_read", error=type(exc).__name__)
        return {}


def _newest(values: Mapping[str, str]) -> dict[str, str]:
    """The last token of each kind that can be read back."""
    newest: dict[str, tuple[int, str]] = {}
    for token in values:
        kind, _, number = token.strip("[]").rpartition("_")
        newest[kind] = max(newest.get(kind, (0, "")), (int(number), token))
    return {kind: token for kind, (_, token) in newest.items() if kind in ("NAME", "PHONE", "EMAIL")}


def _metadata(tracker: Tracker) -> dict[str, Any]:
    found: dict[str, Any] = tracker.latest_message.get("metadata") or {}
    return found


def _moment(metadata: Mapping[str, Any]) -> datetime:
    """When the message came."""
    return datetime.fromisoformat(metadata.get("at") or metadata["now"])


def _timezone(tracker: Tracker, words: Library) -> str:
    """The zone in which times are told: that of the person's browser, else the firm's."""
    return str(_metadata(tracker).get("timezone") or "") or words.firm.timezone


def _sent_or_kept(told: Mapping[str, Any]) -> str:
    """Whether it goes to the firm's system, or waits here for its staff: a calendar takes none without a time."""
    booking = _settings().booking
    return "kept" if not booking or (booking == "calcom" and told["slot"] is None) else "saved"


@cache
def _settings() -> Any:
    return with_demo_secrets(load_settings(os.environ))


@cache
def _calendar() -> CalcomDestination | None:
    """Where free times are read; None where requests do not go to a calendar."""
    settings = _settings()
    if settings.booking != "calcom":
        return None
    return CalcomDestination.of(settings, library().firm.timezone, CALENDAR_SECONDS)


@cache
def _store() -> BookingStore:
    settings = _settings()
    return BookingStore(
        settings.database_url,
        Keys(settings.data_keys),
        site=library().firm.name,
        environment=settings.mode,
        sends=bool(settings.booking),
    )


@cache
def _vault() -> Vault:
    return Vault(_store().database, Keys(_settings().data_keys))
