"""Books at Cal.com (API v2) what the firm's own system would otherwise get: offer slots, book, move, cancel.

Written against ``cal.com/docs/api-reference/v2`` (bookings/create-a-booking, reschedule-a-booking, cancel-a-booking,
get-all-bookings, slots/get-available-time-slots-for-an-event-type), read in a stored copy on 2026-11-22, and the
published source of version 2026-02-25. ``cal-api-version`` is 2026-02-25 for bookings and 2024-09-04 for slots; one
that the server does not know silently means an old one. The list of bookings has a newer version (2026-05-01, with
cursors in place of ``skip``), which is not needed here. An instance of one's own that knows only 2024-08-13 takes and
gives the same fields: name it as ``version``.

Cal.com has no key for idempotency and cannot search by metadata. So whoever books, moves or cancels looks first,
among the event type's bookings that were made since the request, for the one that carries the request's id.

What a calendar cannot take ends at once. Staff take over in the console where it is ``no_slot`` (the person named no
one time) or ``contact_changed`` (Cal.com has no way to correct an attendee). Refused are ``slot_taken`` (it is gone;
another can be offered) and ``withdrawn`` (the firm has cancelled or declined this very time).
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import ClientError, ClientResponse

from bot.booking.outside import (
    CONNECT_SECONDS,
    TOTAL_SECONDS,
    Line,
    Stop,
    aware,
    check_address,
    check_status,
    link,
    network_faults,
    read_up_to,
)
from bot.booking.payload import moment
from bot.booking.ports import CANCELLED, UPDATED, Outcome
from bot.core.errors import BotError, SettingsError
from bot.settings import Settings

VERSION = "2026-02-25"
SLOTS_VERSION = "2024-09-04"

#: A window that is longer says when a person is free, and not which appointment they chose.
LONGEST_SLOT = timedelta(hours=2)
#: How long a slot is taken to be where its end is not told.
USUAL_SLOT = timedelta(minutes=30)
#: The most slots that are offered at once, and how long an answer about them holds.
MOST_SLOTS = 60
SLOTS_HOLD = timedelta(minutes=1)
#: Bytes of an answer: a page of fifty bookings needs about 100,000.
LARGEST_ANSWER = 524_288

_PAGE = 50
_PAGES = 20
#: Cal.com's clock may differ from ours by so much, with room to spare.
_SKEW = timedelta(hours=1)
_ACTIVE = ("accepted", "pending", "awaiting_host")
_REFUSED = ("http_400", "http_409", "http_422")
#: Answers after which only a look tells what became of it: an earlier try of ours may be what stands in the way.
_UNCLEAR = (*_REFUSED, "http_404", "answer")
_UID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_KEY = re.compile(r"[\x21-\x7e]{1,500}")


class SlotsUnavailable(BotError):
    """Cal.com did not say which slots are free; ``code`` is that of an ``Outcome``, such as ``timeout``."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True, order=True, slots=True)
class Slot:
    """A free time, as ``chosen_slot`` takes it: no longer than ``LONGEST_SLOT``; ``start`` and ``end`` are aware."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class _Offer:
    """What Cal.com offered at a moment."""

    at: datetime
    slots: tuple[Slot, ...]


class CalcomDestination:
    """One event type of the firm at Cal.com.

    ``url`` is the address of the API, such as https://api.cal.com/v2. ``relay_email`` is an address of the firm:
    Cal.com gets it for people without an e-mail address, and for those whom messages could harm. ``timezone`` is that
    of people who did not say theirs. The event type may ask for nothing beyond name, e-mail and phone, and must not
    limit the bookings of one address. Raises SettingsError for an address that is not http(s), or not https where
    ``https_only``, and for a key that cannot be one.
    """

    def __init__(
        self,
        url: str,
        key: str,
        event_type: int,
        relay_email: str,
        *,
        timezone: str,
        version: str = VERSION,
        https_only: bool = True,
        connect_seconds: float = CONNECT_SECONDS,
        total_seconds: float = TOTAL_SECONDS,
    ) -> None:
        check_address("FARO_CALCOM_URL", url, https_only)
        if not _KEY.fullmatch(key):
            raise SettingsError(["FARO_CALCOM_KEY must be an API key of Cal.com, without spaces."])
        self._url = url.rstrip("/")
        self._key = key
        self._event_type = event_type
        self._relay = relay_email
        self._timezone = timezone
        self._version = version
        self._line = Line(connect_seconds, total_seconds)
        # One event may take several requests; together they must end before a worker's lease does.
        self._longest = 2 * total_seconds
        self._offers: dict[tuple[date, date, str], _Offer] = {}

    @classmethod
    def of(cls, settings: Settings, timezone: str, total_seconds: float = TOTAL_SECONDS) -> CalcomDestination:
        """The one that the settings name; they are checked to name all of it. ``timezone`` is the firm's."""
        assert settings.calcom_event_type is not None
        return cls(
            settings.calcom_url,
            settings.calcom_key,
            settings.calcom_event_type,
            settings.calcom_email,
            timezone=timezone,
            https_only=settings.production,
            total_seconds=total_seconds,
        )

    async def send(self, message_id: str, type: str, body: dict[str, Any], now: datetime) -> Outcome:
        """Books, moves or cancels. ``message_id`` is not needed: the request's id finds what was done before.

        An update moves the booking to the slot that it names, also when the firm has moved it meanwhile.
        """
        data = body["data"]
        try:
            async with asyncio.timeout(self._longest):
                if type == CANCELLED:
                    outcome = await self._cancelled(data, now)
                else:
                    outcome = await self._booked(type, data, now)
        except Stop as stop:
            outcome = stop.outcome
        except TimeoutError:
            outcome = Outcome("later", "timeout")
        return replace(outcome, type=type)

    async def slots(self, start: date, end: date, timezone: str, now: datetime) -> tuple[Slot, ...]:
        """The free slots from ``start`` to ``end``, both inclusive days of ``timezone``, in that time zone.

        In order, all after ``now``, at most 60; no older than a minute. Raises SlotsUnavailable, and
        ZoneInfoNotFoundError for an unknown time zone.
        """
        key = start, end, timezone
        offer = self._offers.get(key)
        if offer is None or now - offer.at >= SLOTS_HOLD:
            try:
                offer = _Offer(now, await self._free(start, end, ZoneInfo(timezone), now))
            except Stop as stop:
                raise SlotsUnavailable(stop.outcome.code) from None
            self._offers = {k: old for k, old in self._offers.items() if now - old.at < SLOTS_HOLD}
            self._offers[key] = offer
        return tuple(slot for slot in offer.slots if slot.start > now)[:MOST_SLOTS]

    async def close(self) -> None:
        """Closes the connections."""
        await self._line.close()

    async def _booked(self, type: str, data: Mapping[str, Any], now: datetime) -> Outcome:
        slot = chosen_slot(data)
        mine = await self._mine(data, now)
        found = _standing(mine)
        person = attendee(data, self._relay, self._timezone)
        if not found:
            if slot is None:
                raise Stop("staff", "no_slot")
            if any(aware(booking.get("start")) == slot for booking in mine):
                raise Stop("dead", "withdrawn")
            booking = {
                "start": moment(slot),
                "eventTypeId": self._event_type,
                "attendee": person,
                "metadata": {
                    "request_id": data["request_id"],
                    "reference": data["reference"],
                    "level": data["triage"]["level"],
                    "language": person["language"],
                },
            }
            return await self._post("/bookings", booking, data, slot, now)
        if type != UPDATED:
            return _delivered(found[0])
        if _differs(found[0], person):
            raise Stop("staff", "contact_changed")
        if slot is None or aware(found[0].get("start")) == slot:
            return _delivered(found[0])
        return await self._post(
            f"/bookings/{found[0]['uid']}/reschedule", {"start": moment(slot)}, data, slot, now
        )

    async def _cancelled(self, data: Mapping[str, Any], now: datetime) -> Outcome:
        """Also delivered when nothing is left to cancel."""
        # The host and the person read the reason, each in their language: the reference says enough.
        body = {"cancellationReason": data["reference"]}
        for booking in _standing(await self._mine(data, now)):
            try:
                await self._ask("POST", f"/bookings/{booking['uid']}/cancel", self._version, now, body=body)
            except Stop as stop:
                if stop.outcome.code not in _UNCLEAR:
                    raise
                left = _standing(await self._mine(data, now))
                if any(other["uid"] == booking["uid"] for other in left):
                    raise
        self._offers.clear()
        return Outcome("delivered")

    async def _post(
        self, path: str, body: dict[str, Any], data: Mapping[str, Any], slot: datetime, now: datetime
    ) -> Outcome:
        """Books or moves to ``slot``; where the answer is no or unclear, looks what is true before telling it."""
        self._offers.clear()
        try:
            booking = await self._ask("POST", path, self._version, now, body=body)
            if not _usable(booking):
                raise Stop("later", "answer")
            return _delivered(booking)
        except Stop as stop:
            if stop.outcome.code not in _UNCLEAR:
                raise
            for booking in _standing(await self._mine(data, now)):
                if aware(booking.get("start")) == slot:
                    return _delivered(booking)
            if stop.outcome.code in _REFUSED:
                day = slot.astimezone(UTC).date()
                free = await self._free(day, day, ZoneInfo("UTC"), now)
                if all(other.start != slot for other in free):
                    raise Stop("dead", "slot_taken") from None
            raise

    async def _mine(self, data: Mapping[str, Any], now: datetime) -> list[dict[str, Any]]:
        """The bookings of a request, oldest first; those that were moved or cancelled are among them."""
        created = aware(data["created_at"]) or now
        parameters = {
            "eventTypeId": str(self._event_type),
            "afterCreatedAt": moment(created - _SKEW),
            "afterStart": moment(now - timedelta(days=1)),
            "sortCreated": "asc",
            "take": str(_PAGE),
        }
        ours: dict[str, dict[str, Any]] = {}
        for page in range(_PAGES):
            asked = {**parameters, "skip": str(page * _PAGE)}
            read = await self._ask("GET", "/bookings", self._version, now, parameters=asked)
            if not isinstance(read, list):
                raise Stop("later", "answer")
            for booking in filter(_usable, read):
                metadata = booking.get("metadata")
                marked = isinstance(metadata, dict) and metadata.get("request_id") == data["request_id"]
                # A booking that the host has moved is a new one; it names the one before.
                if marked or booking.get("rescheduledFromUid") in ours:
                    ours[booking["uid"]] = booking
            if len(read) < _PAGE:
                return list(ours.values())
        raise Stop("later", "too_many")

    async def _free(self, start: date, end: date, zone: ZoneInfo, now: datetime) -> tuple[Slot, ...]:
        first = datetime.combine(start, time(), zone)
        last = datetime.combine(end + timedelta(days=1), time(), zone) - timedelta(seconds=1)
        parameters = {
            "eventTypeId": str(self._event_type),
            "start": moment(first),
            "end": moment(last),
            "timeZone": zone.key,
            "format": "range",
        }
        read = await self._ask("GET", "/slots", SLOTS_VERSION, now, parameters=parameters)
        if not isinstance(read, dict):
            raise Stop("later", "answer")
        days = [day for day in read.values() if isinstance(day, list)]
        found = {slot for day in days for one in day if (slot := _slot(one, zone)) is not None}
        return tuple(sorted(found))

    async def _ask(
        self,
        method: str,
        path: str,
        version: str,
        now: datetime,
        *,
        parameters: dict[str, str] | None = None,
        body: dict[str, Any] | None = None,
    ) -> Any:
        """What stands under ``data`` in a successful answer. Raises Stop for everything else."""
        headers = {
            "authorization": f"Bearer {self._key}",
            "cal-api-version": version,
            "accept-encoding": "identity",
        }
        with network_faults():
            async with self._line.session.request(
                method, self._url + path, params=parameters, json=body, headers=headers, allow_redirects=False
            ) as response:
                check_status(response, now)
                return await _read(response)


def chosen_slot(data: Mapping[str, Any]) -> datetime | None:
    """The start of the one short window in an event's availability; None for anything else, such as "mornings"."""
    windows = data.get("availability")
    if not isinstance(windows, list) or len(windows) != 1:
        return None
    start, end = aware(windows[0]["start"]), aware(windows[0]["end"])
    if start is None or end is None or not timedelta(0) < end - start <= LONGEST_SLOT:
        return None
    return start


def _slot(offered: Any, zone: ZoneInfo) -> Slot | None:
    """A slot as Cal.com offers it, in that time zone; None for anything else."""
    start = aware(offered.get("start")) if isinstance(offered, dict) else None
    if start is None:
        return None
    end = aware(offered.get("end")) or start + USUAL_SLOT
    length = end - start if end > start else USUAL_SLOT
    # In UTC, because local arithmetic across a change of the clocks is another length than it says.
    last = start.astimezone(UTC) + min(length, LONGEST_SLOT)
    return Slot(start.astimezone(zone), last.astimezone(zone))


def attendee(data: Mapping[str, Any], relay_email: str, timezone: str) -> dict[str, str]:
    """The person as Cal.com gets them.

    Cal.com writes to its attendees by itself. To somebody for whom a message is not safe it must not: it then gets
    the firm's own address and no number, and staff find both in the console.
    """
    contact = data["contact"]
    safe = contact.get("safe_to_leave_message") != "no"
    spoken = data["language"]["preferred"]
    person = {
        "name": contact["name_as_given"],
        "email": contact.get("email", relay_email) if safe else relay_email,
        "timeZone": _zone(data.get("location", {}).get("timezone"), timezone),
        # Somebody who speaks another language chatted in one of ours.
        "language": spoken if spoken in ("en", "es") else data["consent"]["language"],
    }
    if safe and "phone_e164" in contact:
        person["phoneNumber"] = contact["phone_e164"]
    return person


def _zone(named: str | None, otherwise: str) -> str:
    try:
        return ZoneInfo(named).key if named else otherwise
    except (OSError, ValueError, KeyError):
        return otherwise


async def _read(response: ClientResponse) -> Any:
    try:
        found = await read_up_to(LARGEST_ANSWER, response)
        read = None if found is None else json.loads(found)
    except (ClientError, ValueError, RecursionError):
        # Something was done, or something else stands at this address: a look must tell.
        raise Stop("later", "answer") from None
    if not isinstance(read, dict) or read.get("status") != "success" or "data" not in read:
        raise Stop("later", "answer")
    return read["data"]


def _usable(booking: Any) -> bool:
    """Whether it is a booking with an id that may become part of an address."""
    return (
        isinstance(booking, dict)
        and isinstance(booking.get("uid"), str)
        and _UID.fullmatch(booking["uid"]) is not None
    )


def _standing(bookings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [booking for booking in bookings if booking.get("status") in _ACTIVE]


def _delivered(booking: Mapping[str, Any]) -> Outcome:
    status = booking.get("status")
    return Outcome(
        "delivered",
        booking_id=booking["uid"],
        start=aware(booking.get("start")),
        join_url=link(booking.get("location")) or link(booking.get("meetingUrl")),
        status="confirmed" if status == "accepted" else "pending" if status in _ACTIVE else None,
    )


def _differs(booking: Mapping[str, Any], person: Mapping[str, str]) -> bool:
    """Whether the booking's attendee is known to have another name, address or number than the person has now."""
    attendees = booking.get("attendees")
    first = attendees[0] if isinstance(attendees, list) and attendees else None
    if not isinstance(first, dict):
        return False
    addresses = {str(first.get(name, "")).casefold() for name in ("email", "displayEmail")}
    return (
        first.get("name") != person["name"]
        or person["email"].casefold() not in addresses
        or (first.get("phoneNumber") or None) != person.get("phoneNumber")
    )
