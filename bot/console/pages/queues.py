"""What is to do: urgent conversations first, then requests, answers to look at, bad ratings and alarms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from aiohttp import web

from bot.console.pages.bookings import noted_of, waiting
from bot.console.pages.common import ROWS, is_id, page, path_of, then
from bot.console.pages.filters import PRESSING, read_key, read_place, written_key, written_place
from bot.console.parts import BOOKINGS, CLOCK, REVIEW, form_of, staff_of

QUEUES = ("urgent", "requests", "look", "down", "alarms")

#: So many of each stand on the first page.
_FEW = 5


async def queues(request: web.Request) -> web.Response:
    """Everything that waits: a page of the urgent and some of the rest."""
    return await _page(request, QUEUES, _FEW)


async def queue(request: web.Request) -> web.Response:
    """One of the queues, page by page."""
    name = request.match_info["queue"]
    if name not in QUEUES:
        raise web.HTTPNotFound
    return await _page(request, (name,), ROWS)


async def counts(request: web.Request) -> web.Response:
    """How much waits in each queue, for a page that keeps its figures fresh."""
    return web.json_response(dict(await figures(request)))


async def figures(request: web.Request) -> Mapping[str, int]:
    """How much waits in each queue, by its name; each counted up to 1,000."""
    counted = await request.app[REVIEW].counts()
    return {**counted, "requests": await request.app[BOOKINGS].waiting_count()}


async def looked(request: web.Request) -> web.StreamResponse:
    """Somebody looked at an answer that Faro was not sure of, or that was rated badly."""
    done = await request.app[REVIEW].looked(
        request.match_info["message"], staff_of(request).id, request.app[CLOCK].now()
    )
    form = form_of(request)
    queue, conversation = form.get("back", ""), form.get("conversation", "")
    path = f"/queues/{queue}" if queue in QUEUES else "/"
    if is_id(conversation):
        path = path_of(conversation)
    raise then(path, "looked" if done else "already")


async def settled(request: web.Request) -> web.StreamResponse:
    """Somebody dealt with an alarm."""
    done = await request.app[REVIEW].settle(
        request.match_info["alarm"], staff_of(request).id, request.app[CLOCK].now()
    )
    raise then("/queues/alarms", "settled" if done else "already")


async def _page(request: web.Request, shown: tuple[str, ...], limit: int) -> web.Response:
    review, asked = request.app[REVIEW], request.query.get("before", "")
    before, place = read_key(asked), read_place(asked, PRESSING)
    rows: dict[str, object] = {}
    next_key = next_place = None
    older, later = "", before is not None or place is not None
    if "urgent" in shown:
        urgent = await review.urgent(ROWS, place if shown == ("urgent",) else None)
        rows["urgent"], next_place = urgent.rows, urgent.next_place
    if "requests" in shown:
        from_here = asked if shown == ("requests",) else ""
        rows["requests"], older, later = await waiting(request, limit, from_here)
    which: Literal["look", "down"]
    for which in ("look", "down"):
        if which in shown:
            turns = await review.turns(which, limit, before)
            rows[which], next_key = turns.rows, turns.next_key
    if "alarms" in shown:
        alarms = await review.alarms(limit, before)
        rows["alarms"], next_key = alarms.rows, alarms.next_key
    return await page(
        request,
        "pages/queues.html",
        all_queues=QUEUES,
        shown=shown,
        rows=rows,
        counts=await figures(request),
        more=next_place is not None,
        older=(older or written_key(next_key) or written_place(next_place)) if len(shown) == 1 else "",
        later=later,
        **await noted_of(request),
    )
