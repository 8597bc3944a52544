"""What staff do with one conversation: review it, take it over, write, keep it, take it out, erase it."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from aiohttp import web

from bot.booking.records import Booking
from bot.console.export import content_of, digest, file_name
from bot.console.pages import filters
from bot.console.pages.common import page, path_of, say_of, then
from bot.console.pages.transcript import (
    LONGEST_REASON,
    LONGEST_WRITTEN,
    REVEAL_REASONS,
    contact_of,
    facts_of,
    show,
    telling_of,
    whole_of,
)
from bot.console.parts import AUDIT, BOOKINGS, CLOCK, DESK, FIRM, REVIEW, form_of, staff_of
from bot.console.render import language_of
from bot.console.telling import moment, short_id
from bot.transcripts.errors import Held
from bot.transcripts.sealing import Unreadable

_KEY = re.compile(r"[0-9a-f]{32}")


async def reviewed(request: web.Request) -> web.StreamResponse:
    """Marks the conversation as reviewed."""
    id = await _known(request)
    done = await request.app[REVIEW].review(id, staff_of(request).id, _now(request))
    raise then(path_of(id), "reviewed" if done else "already")


async def touched(request: web.Request) -> web.StreamResponse:
    """Notes that somebody of the firm called or wrote; the conversation leaves the urgent queue."""
    id = await _known(request)
    # The same words on a request and here mean the same: neither waits any more.
    await request.app[BOOKINGS].handled_of(id, staff_of(request).id, now := _now(request))
    await request.app[REVIEW].touch(id, now)
    back = {"queues": "/", "urgent": "/queues/urgent"}
    raise then(back.get(form_of(request).get("back", ""), path_of(id)), "touched")


async def label(request: web.Request) -> web.StreamResponse:
    """Puts a label on, or takes it off."""
    id = await _known(request)
    form = form_of(request)
    name, on = form.get("label", ""), form.get("on", "") == "yes"
    if len(name) > filters.LONGEST_LABEL or (on and name not in filters.LABELS):
        raise then(path_of(id), "already")
    done = await request.app[REVIEW].label(id, name, on)
    raise then(path_of(id), ("labelled" if on else "unlabelled") if done else "already")


async def claim(request: web.Request) -> web.StreamResponse:
    """Takes the conversation over; the person is told."""
    id, staff = await _known(request), staff_of(request)
    raise _after_desk(id, await request.app[DESK].claim(id, staff.id, staff.name))


async def release(request: web.Request) -> web.StreamResponse:
    """Gives the conversation back to the bot; an admin also one that somebody else holds."""
    whole, staff = await whole_of(request), staff_of(request)
    id, holder = whole.row.id, whole.row.claimed_by
    as_admin = staff.may("admin") and holder is not None and holder != staff.id
    raise _after_desk(id, await request.app[DESK].release(id, None if as_admin else staff.id))


async def write(request: web.Request) -> web.StreamResponse:
    """Sends the person a message. What cannot be sent is shown again with the reason, so that it is not lost."""
    form, staff = form_of(request), staff_of(request)
    id = await _known(request)
    text = form.get("text", "").replace("\r\n", "\n").strip()
    key = form.get("key", "")
    if not text:
        return await _not_sent(request, "write_empty", text)
    if len(text) > LONGEST_WRITTEN or not _KEY.fullmatch(key):
        return await _not_sent(request, "write_long", text)
    outcome = await request.app[DESK].write(id, staff.id, staff.name, text, key)
    if outcome in ("sent", "gone"):
        raise _after_desk(id, outcome)
    return await _not_sent(request, outcome, text)


async def reveal(request: web.Request) -> web.StreamResponse:
    """Shows once what a person wrote before it was masked."""
    whole, form, staff = await whole_of(request), form_of(request), staff_of(request)
    id, message = whole.row.id, form.get("message", "")
    why = form.get("why", "")
    if why not in REVEAL_REASONS:
        return await show(request, status=400, problem=_said(request, "why_missing"), problem_at=message)
    # Only of this conversation, so that the log names the right one.
    if message not in {known.id for known in whole.messages}:
        raise web.HTTPNotFound
    await request.app[AUDIT].write(staff, "message.revealed", id, {"message": message, "why": why})
    try:
        text = await request.app[REVIEW].raw(message)
    except Unreadable:
        text = None
    if text is None:
        return await show(request, status=410, problem=_said(request, "raw_gone"), problem_at=message)
    return await show(request, revealed=(message, text))


async def hold(request: web.Request) -> web.StreamResponse:
    """Keeps everything of the conversation from being erased."""
    id, staff = await _known(request), staff_of(request)
    reason = " ".join(form_of(request).get("why", "").split())[:LONGEST_REASON]
    if not reason:
        return await show(request, status=400, problem=_said(request, "why_missing"), problem_at="hold")
    done = await request.app[REVIEW].hold(id, staff.id, reason, _now(request))
    raise then(path_of(id), "hold_on" if done else "already")


async def lift(request: web.Request) -> web.StreamResponse:
    """Ends the hold."""
    id = await _known(request)
    done = await request.app[REVIEW].lift(id)
    raise then(path_of(id), "hold_off" if done else "already")


async def erase(request: web.Request) -> web.StreamResponse:
    """Erases everything that can be erased, once its short id was typed; names what cannot be taken back."""
    whole, staff = await whole_of(request), staff_of(request)
    id = whole.row.id
    short = short_id(id)
    if form_of(request).get("typed", "").strip().casefold() != short.casefold():
        problem = _said(request, "", word="erase_wrong", id=short)
        return await show(request, status=400, problem=problem, problem_at="erase")
    audit = request.app[AUDIT]
    await audit.write(staff, "conversation.erase_asked", id)
    try:
        erasure = await request.app[DESK].erase(id)
    except Held:
        erasure = None
    if erasure is None or erasure.held:
        problem = _said(request, "", word="erase_held")
        return await show(request, status=409, problem=problem, problem_at="erase")
    await audit.write(
        staff, "conversation.erased", id, {"done": erasure.done, "cannot": sorted(erasure.cannot)}
    )
    return await page(request, "pages/erased.html", cannot=erasure.cannot)


async def export(request: web.Request) -> web.StreamResponse:
    """One page for the matter file, with the checksum of its content, which the audit log holds too."""
    whole, staff, app = await whole_of(request), staff_of(request), request.app
    with_contact = form_of(request).get("contact", "") == "yes"
    booking = await app[BOOKINGS].latest_of(whole.row.id)
    contents = await _contents(request, booking) if with_contact else None
    content = content_of(whole, booking, contents)
    checksum = digest(content)
    await app[AUDIT].write(
        staff, "conversation.exported", whole.row.id, {"sha256": checksum, "contact": contents is not None}
    )
    response = await page(
        request,
        "pages/export.html",
        whole=whole,
        row=whole.row,
        short=short_id(whole.row.id),
        messages=telling_of(request).shown(whole.messages, whole.facts, frozenset()),
        facts=facts_of(request, whole),
        booking=booking,
        **await contact_of(request, booking if with_contact else None),
        at=lambda found: moment(found, language_of(request), app[FIRM].timezone),
        checksum=checksum,
        content=content,
    )
    response.headers["Content-Disposition"] = f'attachment; filename="{file_name(whole.row.id)}"'
    return response


def _after_desk(id: str, outcome: str) -> web.HTTPSeeOther:
    """Back to the conversation; to the list where it was erased meanwhile."""
    return then("/conversations" if outcome == "gone" else path_of(id), outcome)


async def _contents(request: web.Request, booking: Booking | None) -> dict[str, Any] | None:
    """What a request holds; None where it was erased or its key is missing."""
    try:
        return None if booking is None else await request.app[BOOKINGS].contents(booking.request_id)
    except Unreadable:
        return None


async def _known(request: web.Request) -> str:
    """The id of the conversation that the address names. Raises HTTPNotFound where nothing is kept of it."""
    return (await whole_of(request)).row.id


async def _not_sent(request: web.Request, code: str, text: str) -> web.Response:
    problem = _said(request, code, limit=str(LONGEST_WRITTEN))
    return await show(request, status=409, problem=problem, problem_at="write", written=text)


def _said(request: web.Request, code: str, /, *, word: str = "", **values: str) -> str:
    return say_of(request)(word or f"said_{code}", **values)


def _now(request: web.Request) -> datetime:
    return request.app[CLOCK].now()
