"""A small Cal.com: the part of its published API v2 that the adapter speaks, as strict as the real one.

It follows the pages that ``bot/booking/calcom.py`` names, and says no in their shape
(``{"status": "error", "timestamp", "path", "error": {"code", "message"}}``).
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web
from aiohttp.test_utils import TestServer

KEY = "cal_test_0123456789"
EVENT_TYPE = 4711
#: The length of an appointment.
LENGTH = timedelta(minutes=30)

_BOOKINGS_VERSION = "2026-02-25"
_SLOTS_VERSION = "2024-09-04"
_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class _Refusal(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        self.status, self.code, self.message = status, code, message


class StandInCalcom:
    """``free`` are the slots; ``bookings`` what was made, by uid, oldest first.

    ``confirm``: the host must confirm. ``lose``: that many bookings, moves and cancellations are done, and the
    connection ends without an answer. ``limited``: that many requests get a 429. ``keeps_metadata``: a moved booking
    keeps its metadata. ``after_look`` is called once, after the next list of bookings. ``asked`` holds method and path
    of every request.
    """

    def __init__(self, now: datetime, free: list[datetime]) -> None:
        self.now = now
        self.free = set(free)
        self.bookings: dict[str, dict[str, Any]] = {}
        self.asked: list[tuple[str, str]] = []
        self.confirm = False
        self.lose = 0
        self.limited = 0
        self.keeps_metadata = True
        self.after_look: Callable[[], object] | None = None
        app = web.Application(middlewares=[self._gate])
        app.router.add_get("/v2/slots", self._slots)
        app.router.add_get("/v2/bookings", self._list)
        app.router.add_post("/v2/bookings", self._create)
        app.router.add_get("/v2/bookings/{uid}", self._get)
        app.router.add_post("/v2/bookings/{uid}/reschedule", self._reschedule)
        app.router.add_post("/v2/bookings/{uid}/cancel", self._cancel)
        self._server = TestServer(app)

    async def start(self) -> None:
        await self._server.start_server()

    async def stop(self) -> None:
        await self._server.close()

    @property
    def url(self) -> str:
        return str(self._server.make_url("/v2"))

    @property
    def standing(self) -> list[dict[str, Any]]:
        return [one for one in self.bookings.values() if one["status"] in ("accepted", "pending")]

    def count(self, method: str, ending: str) -> int:
        return sum(1 for asked, path in self.asked if asked == method and path.endswith(ending))

    def take(self, start: datetime) -> None:
        """Somebody else books it."""
        self.book(start, {"name": "Otra Persona", "email": "otra@example.net", "timeZone": "UTC"}, {})

    def move(self, uid: str, start: datetime) -> dict[str, Any]:
        """The host moves a booking."""
        return self._move(self.bookings[uid], start)

    @web.middleware
    async def _gate(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.asked.append((request.method, request.path))
        try:
            if request.headers.get("authorization") != f"Bearer {KEY}":
                raise _Refusal(401, "UnauthorizedException", "ApiAuthStrategy - api key - invalid key")
            if self.limited:
                self.limited -= 1
                raise _Refusal(429, "ThrottlerException", "ThrottlerException: Too Many Requests")
            version = _SLOTS_VERSION if request.path == "/v2/slots" else _BOOKINGS_VERSION
            if request.headers.get("cal-api-version") != version:
                # The real one falls back to an old version, which does not know these fields.
                raise _bad("property start should not exist")
            response = await handler(request)
            if request.method == "POST" and self.lose:
                self.lose -= 1
                assert request.transport is not None
                request.transport.abort()
            return response
        except _Refusal as refusal:
            body = {
                "status": "error",
                "timestamp": _iso(self.now),
                "path": request.path_qs,
                "error": {"code": refusal.code, "message": refusal.message},
            }
            headers = {"Retry-After": "60"} if refusal.status == 429 else {}
            return web.json_response(body, status=refusal.status, headers=headers)

    async def _slots(self, request: web.Request) -> web.Response:
        query = _only(dict(request.query), {"eventTypeId", "start", "end", "timeZone", "format"})
        self._event_type(_whole(query.get("eventTypeId")))
        first, last = _moment(query.get("start")), _moment(query.get("end"))
        zone = ZoneInfo(query.get("timeZone", "UTC"))
        days: dict[str, list[dict[str, str]]] = {}
        for slot in sorted(self.free):
            if first <= slot <= last and slot > self.now and not self._taken(slot):
                local = {"start": slot.astimezone(zone).isoformat(timespec="milliseconds")}
                if query.get("format") == "range":
                    local["end"] = (slot + LENGTH).astimezone(zone).isoformat(timespec="milliseconds")
                days.setdefault(f"{slot.astimezone(zone):%Y-%m-%d}", []).append(local)
        return _success(days)

    async def _list(self, request: web.Request) -> web.Response:
        known = {"eventTypeId", "afterCreatedAt", "afterStart", "sortCreated", "take", "skip"}
        query = _only(dict(request.query), known)
        self._event_type(_whole(query.get("eventTypeId")))
        take, skip = _whole(query.get("take", "100")), _whole(query.get("skip", "0"))
        if not 1 <= take <= 250:
            raise _bad("take must not be greater than 250")
        if query.get("sortCreated", "asc") != "asc":
            raise _bad("only asc is needed here")
        created, start = query.get("afterCreatedAt"), query.get("afterStart")
        found = [
            booking
            for booking in self.bookings.values()
            if (created is None or datetime.fromisoformat(booking["createdAt"]) >= _moment(created))
            and (start is None or datetime.fromisoformat(booking["start"]) >= _moment(start))
        ]
        answer = _success(found[skip : skip + take])
        if self.after_look is not None:
            happens, self.after_look = self.after_look, None
            happens()
        return answer

    async def _get(self, request: web.Request) -> web.Response:
        return _success(self._known(request))

    async def _create(self, request: web.Request) -> web.Response:
        body = _only(await request.json(), {"start", "eventTypeId", "attendee", "metadata"})
        self._event_type(body.get("eventTypeId"))
        start = _moment(body.get("start"))
        person = _only(body.get("attendee"), {"name", "email", "timeZone", "phoneNumber", "language"})
        if not isinstance(person.get("name"), str) or not person["name"]:
            raise _bad("attendee.name must be a string")
        if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", person.get("email", "")):
            raise _bad("attendee.email Invalid email format")
        if not re.fullmatch(r"\+[1-9]\d{6,14}", person.get("phoneNumber", "+12025550142")):
            raise _bad("attendee.phoneNumber Invalid phone number format. Please use international format.")
        if person.get("language", "en") not in ("en", "es"):
            raise _bad("attendee.language must be one of the following values: en, es")
        try:
            ZoneInfo(person.get("timeZone", ""))
        except (OSError, ValueError, KeyError):
            raise _bad("attendee.timeZone must be a valid IANA time-zone") from None
        metadata = body.get("metadata", {})
        if len(metadata) > 50 or any(
            len(name) > 40 or not isinstance(value, str) or len(value) > 500
            for name, value in metadata.items()
        ):
            raise _bad("Metadata must have at most 50 keys, each key up to 40 characters, and string values")
        self._bookable(start)
        return _success(self.book(start, person, metadata), 201)

    async def _reschedule(self, request: web.Request) -> web.Response:
        booking = self._known(request)
        body = _only(await request.json(), {"start", "rescheduledBy", "reschedulingReason"})
        start = _moment(body.get("start"))
        if booking["status"] == "cancelled":
            raise _bad(f"Can't reschedule booking with uid={booking['uid']} because it has been cancelled.")
        self._bookable(start)
        return _success(self._move(booking, start), 201)

    async def _cancel(self, request: web.Request) -> web.Response:
        booking = self._known(request)
        body = _only(await request.json(), {"cancellationReason", "cancelSubsequentBookings"})
        if booking["status"] == "cancelled":
            raise _bad(
                f"Can't cancel booking with uid={booking['uid']} because it has been cancelled already."
            )
        booking |= {"status": "cancelled", "cancellationReason": body.get("cancellationReason", "")}
        return _success(booking)

    def _known(self, request: web.Request) -> dict[str, Any]:
        booking = self.bookings.get(request.match_info["uid"])
        if booking is None:
            uid = request.match_info["uid"]
            raise _Refusal(404, "NotFoundException", f"Booking with uid={uid} was not found")
        return booking

    def _event_type(self, number: Any) -> None:
        if number != EVENT_TYPE:
            raise _Refusal(404, "NotFoundException", f"Event type with id {number} not found.")

    def _taken(self, start: datetime) -> bool:
        return any(datetime.fromisoformat(one["start"]) == start for one in self.standing)

    def _bookable(self, start: datetime) -> None:
        if start <= self.now:
            raise _bad("Attempting to book a meeting in the past.")
        if start not in self.free or self._taken(start):
            raise _bad("User either already has booking at this time or is not available")

    def book(self, start: datetime, person: dict[str, Any], metadata: dict[str, str]) -> dict[str, Any]:
        number = len(self.bookings) + 1
        uid = f"uid{number:04}Kq9ZtWn4x"
        self.bookings[uid] = {
            "id": number,
            "uid": uid,
            "title": "Consultation",
            "hosts": [{"id": 1, "name": "Host", "email": "host@example.org", "timeZone": "America/Chicago"}],
            "status": "pending" if self.confirm else "accepted",
            "start": _iso(start),
            "end": _iso(start + LENGTH),
            "duration": 30,
            "eventTypeId": EVENT_TYPE,
            "eventType": {"id": EVENT_TYPE, "slug": "consultation"},
            "location": f"https://app.cal.example/video/{uid}",
            "meetingUrl": f"https://app.cal.example/video/{uid}",
            "createdAt": _iso(self.now),
            "updatedAt": _iso(self.now),
            "metadata": dict(metadata),
            "attendees": [{**person, "displayEmail": person["email"], "absent": False}],
            "guests": [],
        }
        return self.bookings[uid]

    def _move(self, booking: dict[str, Any], start: datetime) -> dict[str, Any]:
        metadata = booking["metadata"] if self.keeps_metadata else {}
        moved = self.book(start, {**booking["attendees"][0]}, metadata)
        moved["rescheduledFromUid"] = booking["uid"]
        booking |= {"status": "cancelled", "rescheduledToUid": moved["uid"]}
        return moved


def _bad(message: str) -> _Refusal:
    return _Refusal(400, "BadRequestException", message)


def _success(data: Any, status: int = 200) -> web.Response:
    return web.json_response({"status": "success", "data": data}, status=status)


def _only(given: Any, known: set[str]) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise _bad("Body should be an object")
    for name in given:
        if name not in known:
            raise _bad(f"property {name} should not exist")
    return given


def _whole(value: Any) -> int:
    if not isinstance(value, str) or not value.isdigit():
        raise _bad("must be a number")
    return int(value)


def _moment(value: Any) -> datetime:
    if not isinstance(value, str) or not _UTC.fullmatch(value):
        raise _bad("start must be a valid ISO 8601 date string in UTC")
    return datetime.fromisoformat(value)


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
