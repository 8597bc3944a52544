"""Requests for a consultation: which wait, who asked, who of the firm was in touch, and sending again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from bot.booking.inbox import RANKS
from bot.booking.records import Booking
from bot.console.pages.common import ROWS, is_id, page, then
from bot.console.pages.filters import read_key, read_place, written_key, written_place
from bot.console.pages.transcript import contact_of
from bot.console.parts import BOOKINGS, CLOCK, REVIEW, SETTINGS, form_of, staff_of
from bot.core.errors import BotError

#: Where a form on one of these pages leads back to.
_BACK: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "queues": ("/", {}),
    "requests": ("/queues/requests", {}),
    "waiting": ("/bookings", {}),
    "all": ("/bookings", {"which": "all"}),
}


async def bookings(request: web.Request) -> web.Response:
    """The requests that wait, or with ``which=all`` every one, newest first."""
    every = request.query.get("which", "") == "all"
    asked, store = request.query.get("before", ""), request.app[BOOKINGS]
    if every:
        before = read_key(asked)
        rows, next_key = await store.page(ROWS, before)
        older, later = written_key(next_key), before is not None
    else:
        rows, older, later = await waiting(request, ROWS, asked)
    return await page(
        request,
        "pages/bookings.html",
        rows=rows,
        every=every,
        waits=await store.waiting_count(),
        older=older,
        later=later,
        **await noted_of(request),
    )


async def waiting(
    request: web.Request, limit: int, before: str = ""
) -> tuple[tuple[Booking, ...], str, bool]:
    """A page of the requests that wait, the place of the page that follows, and whether there is one above."""
    place = read_place(before, RANKS)
    found = await request.app[BOOKINGS].waiting(limit, place)
    return found.rows, written_place(found.next_place), place is not None


async def noted_of(request: web.Request) -> dict[str, Any]:
    """What a list of requests says of the firm's own system, and the request that was just marked, to be undone."""
    marked, undo = request.query.get("marked", ""), None
    if is_id(marked) and staff_of(request).may("reviewer"):
        found = await request.app[BOOKINGS].by_id(marked)
        undo = found if found is not None and found.is_handled else None
    return {"undo": undo, "has_system": bool(request.app[SETTINGS].booking)}


async def booking(request: web.Request) -> web.Response:
    """One request."""
    return await _show(request)


async def booking_contact(request: web.Request) -> web.Response:
    """One request with the person's contact open."""
    return await _show(request, with_contact=True)


async def handled(request: web.Request) -> web.StreamResponse:
    """Notes that somebody called or wrote: the request waits no more, and its person is no longer urgent."""
    found, staff, now = await _found(request), staff_of(request), request.app[CLOCK].now()
    done = await request.app[BOOKINGS].handled(found.request_id, staff.id, now)
    if done and found.conversation_id is not None:
        await request.app[REVIEW].touch(found.conversation_id, now)
    path, fields = _back(request, found)
    marked = {"marked": found.request_id} if done and form_of(request).get("back", "") in _BACK else {}
    raise then(path, "handled" if done else "already", **fields, **marked)


async def reopened(request: web.Request) -> web.StreamResponse:
    """Takes that back: the request waits again, and its person is urgent again where they were."""
    found = await _found(request)
    at = await request.app[BOOKINGS].reopened(found.request_id)
    if at is not None and found.conversation_id is not None:
        await request.app[REVIEW].untouch(found.conversation_id, at)
    path, fields = _back(request, found)
    raise then(path, "already" if at is None else "reopened", **fields)


async def resend(request: web.Request) -> web.StreamResponse:
    """Sends again what of a request has not arrived."""
    found = await _found(request)
    path, fields = _back(request, found)
    if not request.app[SETTINGS].booking:
        raise then(path, "no_system", **fields)
    count = await request.app[BOOKINGS].resend(found.request_id, request.app[CLOCK].now())
    raise then(path, "resent" if count else "not_resent", **fields)


def _back(request: web.Request, found: Booking) -> tuple[str, Mapping[str, str]]:
    back = form_of(request).get("back", "")
    if back == "conversation":
        return "/" if found.conversation_id is None else f"/conversations/{found.conversation_id}", {}
    return _BACK.get(back, (f"/bookings/{found.request_id}", {}))


async def _show(request: web.Request, with_contact: bool = False) -> web.Response:
    found = await _found(request)
    return await page(
        request,
        "pages/booking.html",
        booking=found,
        events=await request.app[BOOKINGS].events(found.request_id),
        **await contact_of(request, found if with_contact else None),
    )


async def _found(request: web.Request) -> Booking:
    try:
        found = await request.app[BOOKINGS].by_id(request.match_info["booking"])
    except BotError:
        found = None
    if found is None:
        raise web.HTTPNotFound
    return found
