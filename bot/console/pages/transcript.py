"""One conversation: what was said and what stands behind it, the person's request, and what staff can do."""

from __future__ import annotations

import secrets
from typing import Any

from aiohttp import web

from bot.booking.records import Booking
from bot.console.pages import filters
from bot.console.pages.common import page, say_of
from bot.console.pages.contact import contact_rows
from bot.console.pages.library import library_of, titles
from bot.console.pages.turns import Telling
from bot.console.parts import BOOKINGS, DESK, OTHER, REVIEW, WORDS, staff_of
from bot.console.render import language_of
from bot.console.telling import Fact, other_facts, short_id
from bot.console.verdicts import verdicts_of
from bot.transcripts.records import Whole
from bot.transcripts.sealing import Unreadable

#: Why somebody may want to see what is hidden; each has its words as ``reveal_reason_<code>``.
REVEAL_REASONS = ("safety", "contact", "matter", "quality", "duty")

#: The longest message that staff can write; WhatsApp takes 4,096 letters.
LONGEST_WRITTEN = 4000

#: The longest reason for a hold.
LONGEST_REASON = 300


async def transcript(request: web.Request) -> web.Response:
    """The page of a conversation."""
    return await show(request)


async def contact(request: web.Request) -> web.Response:
    """The same page with the person's contact open."""
    return await show(request, with_contact=True)


async def whole_of(request: web.Request) -> Whole:
    """The conversation that the address names. Raises HTTPNotFound."""
    found = await request.app[REVIEW].whole(request.match_info["conversation"])
    if found is None:
        raise web.HTTPNotFound
    return found


async def show(
    request: web.Request,
    *,
    status: int = 200,
    problem: str = "",
    problem_at: str = "",
    with_contact: bool = False,
    revealed: tuple[str, str] | None = None,
    written: str = "",
) -> web.Response:
    """The page of a conversation; ``problem`` says in words why something did not work, ``problem_at`` at which form.

    ``revealed`` is a message's id with the words as they were written, ``written`` what could not be sent.
    """
    whole = await whole_of(request)
    app = request.app
    shown = telling_of(request).shown(whole.messages, whole.facts, whole.raw)
    booking = await app[BOOKINGS].latest_of(whole.row.id)
    return await page(
        request,
        "pages/conversation.html",
        status,
        whole=whole,
        row=whole.row,
        short=short_id(whole.row.id),
        messages=shown,
        workings=[message for message in shown if message.working is not None],
        facts=facts_of(request, whole),
        booking=booking,
        events=() if booking is None else await app[BOOKINGS].events(booking.request_id),
        **await contact_of(request, booking if with_contact else None),
        window=await app[DESK].window(whole.row.id),
        arrivals=await app[DESK].arrivals(whole.row.id),
        verdicts=await verdicts_of(request, whole.row.id),
        labels=filters.LABELS,
        reasons=REVEAL_REASONS,
        longest=LONGEST_WRITTEN,
        longest_reason=LONGEST_REASON,
        key=secrets.token_hex(16),
        revealed=revealed,
        written=written,
        problem=problem,
        problem_at=problem_at,
    )


def telling_of(request: web.Request) -> Telling:
    """What shows messages in the language of the page."""
    lang = language_of(request)
    return Telling(say_of(request), titles(request, lang), library_of(request), request.app[OTHER], lang)


def facts_of(request: web.Request, whole: Whole) -> tuple[Fact, ...]:
    """What the person told about the situation, in words."""
    lang, library = language_of(request), library_of(request)
    return tuple(other_facts(whole.facts, (), lang)) if library is None else library.facts(whole.facts, lang)


async def contact_of(request: web.Request, booking: Booking | None) -> dict[str, Any]:
    """What a page needs to show how the person can be reached; nothing without a booking."""
    nothing: dict[str, Any] = {"contact": None, "unreadable": False}
    if booking is None or not staff_of(request).may("reviewer"):
        return nothing
    try:
        contents = await request.app[BOOKINGS].contents(booking.request_id)
    except Unreadable:
        return {"contact": None, "unreadable": True}
    if contents is None:
        return nothing
    return {"contact": contact_rows(contents, say_of(request), request.app[WORDS].has), "unreadable": False}
