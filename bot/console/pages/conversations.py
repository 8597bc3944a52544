"""Finding conversations: the list with its filters, full-text search, and searches that staff keep."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from bot.console.pages import filters
from bot.console.pages.common import ROWS, page, say_of, then
from bot.console.pages.library import titles
from bot.console.parts import ACCOUNTS, FIRM, REVIEW, form_of, staff_of
from bot.console.render import language_of

_LONGEST_NAME = 60


async def conversations(request: web.Request) -> web.Response:
    """The list, narrowed by what stands in the address."""
    return await _list(request, request.query, "")


async def search(request: web.Request) -> web.StreamResponse:
    """The list narrowed by a form. What is searched for comes and stays in forms, never in an address."""
    form = form_of(request)
    text = " ".join(form.get("text", "").split())[: filters.LONGEST_SEARCH]
    fields = filters.read_fields(form)
    if not text:
        raise then("/conversations", **fields)
    return await _list(request, form, text)


async def view(request: web.Request) -> web.StreamResponse:
    """The list as a search that was kept finds it."""
    kept = await request.app[REVIEW].views(staff_of(request).id)
    found = next((one for one in kept if str(one.id) == request.match_info["view"]), None)
    if found is None:
        raise then("/conversations", "gone")
    query = {str(name): str(value) for name, value in found.query.items()}
    text = query.get("text", "")
    if not text:
        raise then("/conversations", request.query.get("said", ""), **filters.read_fields(query))
    return await _list(request, {**query, "before": request.query.get("before", "")}, text)


async def save_view(request: web.Request) -> web.StreamResponse:
    """Keeps a search under a name for whoever asks, and shows what it finds."""
    form = form_of(request)
    name = " ".join(form.get("name", "").split())[:_LONGEST_NAME]
    fields = filters.read_fields(form)
    text = " ".join(form.get("text", "").split())[: filters.LONGEST_SEARCH]
    if not name:
        return await _list(request, fields, text, say_of(request)("said_view_unnamed"))
    query = {**fields, "text": text} if text else fields
    kept = await request.app[REVIEW].save_view(staff_of(request).id, name, query)
    raise then(f"/views/{kept.id}", "view_saved")


async def delete_view(request: web.Request) -> web.StreamResponse:
    """Forgets a search that was kept."""
    await request.app[REVIEW].delete_view(staff_of(request).id, request.match_info["view"])
    raise then("/conversations", "view_deleted")


async def _list(request: web.Request, given: Mapping[str, str], text: str, problem: str = "") -> web.Response:
    """``problem`` says in words why the search was not kept."""
    review, lang = request.app[REVIEW], language_of(request)
    fields, before = filters.read_fields(given), filters.read_key(given.get("before", ""))
    found = await review.page(filters.filter_of(fields, request.app[FIRM].timezone, text), ROWS, before)
    title_of = titles(request, lang)
    topics = sorted(((topic, title_of(topic)) for topic in await review.topics()), key=lambda pair: pair[1])
    say = say_of(request)
    choices = {
        "channel": [(code, say(f"channel_{code}")) for code in filters.CHANNELS],
        "language": [(code, say(f"language_{code}")) for code in ("es", "en")],
        "topic": topics,
        "outcome": [(code, say(f"outcome_{code}")) for code in filters.OUTCOMES],
        "urgency": [(code, say(f"urgency_{code}")) for code in filters.URGENCIES],
        "reviewed": [(code, say(f"find_{code}")) for code in ("yes", "no")],
        "held": [(code, say(f"find_{code}")) for code in ("yes", "no")],
        "label": [(code, say(f"label_{code}")) for code in filters.LABELS],
    }
    names = await request.app[ACCOUNTS].names()
    everybody = sorted(names.items(), key=lambda pair: pair[1].casefold())
    choices |= dict.fromkeys(("staff", "reviewer", "writer"), everybody)
    return await page(
        request,
        "pages/conversations.html",
        400 if problem else 200,
        problem=problem,
        rows=found.rows,
        fields=fields,
        text=text,
        choices=choices,
        older=filters.written_key(found.next_key),
        later=before is not None,
        views=await review.views(staff_of(request).id),
        longest=filters.LONGEST_SEARCH,
        longest_name=_LONGEST_NAME,
    )
