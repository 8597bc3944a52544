"""Approving an article or the levels of urgency, and taking it back: the record of ``faro content approve``."""

from __future__ import annotations

from aiohttp import web

from bot.console.articles.reading import levels_of, show, today_of, words_of
from bot.console.pages.common import say_of, then
from bot.console.parts import AUDIT, form_of, staff_of
from bot.core.content.approvals import FILE_NAME
from bot.core.content.library import Library
from bot.core.errors import DataFileError
from bot.core.triage.approving import PREFIX
from bot.core.triage.approving import approve as approve_levels


async def approve(request: web.Request) -> web.StreamResponse:
    """Approves exactly what the page showed; refused when a text or a value has changed since."""
    name, library, staff = request.match_info["topic"], words_of(request), staff_of(request)
    library.reload()
    hash, holds = _now(request, library, name)
    if form_of(request).get("hash", "") != hash:
        return await show(request, 409, say_of(request)("approve_changed"))
    if holds:
        raise then(f"/articles/{name}", "already")
    audit, on = request.app[AUDIT], today_of(request)
    await audit.write(staff, "article.approved", name, {"hash": hash})
    try:
        if name.startswith(PREFIX):
            approve_levels(library.root.parent, name, staff.name, on)
        else:
            library.approve(name, staff.name, on)
    except (OSError, DataFileError) as exc:
        await audit.write(staff, "article.not_approved", name, {"error": type(exc).__name__})
        return await _not_recorded(request, library, exc)
    raise then(f"/articles/{name}", "article_approved")


async def withdraw(request: web.Request) -> web.StreamResponse:
    """Takes an approval back."""
    name, library, staff = request.match_info["topic"], words_of(request), staff_of(request)
    library.reload()
    _now(request, library, name)
    await request.app[AUDIT].write(staff, "article.withdrawn", name)
    try:
        done = library.withdraw(name)
    except (OSError, DataFileError) as exc:
        await request.app[AUDIT].write(staff, "article.not_withdrawn", name, {"error": type(exc).__name__})
        return await _not_recorded(request, library, exc)
    raise then(f"/articles/{name}", "article_withdrawn" if done else "already")


def _now(request: web.Request, library: Library, name: str) -> tuple[str, bool]:
    """What an approval must hold now, and whether one does. Raises HTTPNotFound."""
    if name.startswith(PREFIX):
        found = levels_of(request, name)
        return found.hash, found.approved.state == "approved"
    if name not in library.topics:
        raise web.HTTPNotFound
    return library.hash(name), library.is_approved(name)


async def _not_recorded(request: web.Request, library: Library, exc: OSError | DataFileError) -> web.Response:
    code = "approvals_unwritable" if isinstance(exc, OSError) else "approvals_broken"
    file = str(library.root / FILE_NAME)
    return await show(request, 503 if isinstance(exc, OSError) else 409, say_of(request)(code, file=file))
