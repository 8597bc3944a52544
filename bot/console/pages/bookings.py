"""Requests for a consultation: how they stand, who asked, and sending again what did not arrive."""

from __future__ import annotations

from aiohttp import web

from bot.booking.records import Booking
from bot.console.pages.common import ROWS, page, then
from bot.console.pages.filters import read_key, written_key
from bot.console.pages.transcript import contact_of
from bot.console.parts import BOOKINGS, CLOCK, SETTINGS, form_of
from bot.core.errors import BotError


async def bookings(request: web.Request) -> web.Response:
    """Every request, newest first."""
    before = read_key(request.query.get("before", ""))
    rows, next_key = await request.app[BOOKINGS].page(ROWS, before)
    return await page(
        request,
        "pages/bookings.html",
        rows=rows,
        older=written_key(next_key),
        later=before is not None,
    )


async def booking(request: web.Request) -> web.Response:
    """One request."""
    return await _show(request)


async def booking_contact(request: web.Request) -> web.Response:
    """One request with the person's contact open."""
    return await _show(request, with_contact=True)


async def resend(request: web.Request) -> web.StreamResponse:
    """Sends again what of a request has not arrived."""
    found = await _found(request)
    form = form_of(request)
    conversation = found.conversation_id
    path = {
        "queues": "/",
        "conversation": "/" if conversation is None else f"/conversations/{conversation}",
    }.get(form.get("back", ""), f"/bookings/{found.request_id}")
    if not request.app[SETTINGS].booking:
        raise then(path, "no_system")
    count = await request.app[BOOKINGS].resend(found.request_id, request.app[CLOCK].now())
    raise then(path, "resent" if count else "not_resent")


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
