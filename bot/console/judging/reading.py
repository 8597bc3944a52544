"""One conversation, made for judging it quickly: every verdict leads to the next one that waits."""

from __future__ import annotations

from datetime import timedelta

from aiohttp import web

from bot.console.judging.common import judges, judges_of, judging_of, now_of, to_next
from bot.console.judging.forms import LONGEST_NOTE, Filled, Problem, filled_from, opinion_of, read
from bot.console.judging.topics import Topics, topics_of
from bot.console.pages import filters
from bot.console.pages.common import noting, page, say_of, then
from bot.console.pages.library import library_of
from bot.console.pages.transcript import telling_of, whole_of
from bot.console.parts import ACCOUNTS, form_of, see_other, staff_of
from bot.console.render import language_of
from bot.console.telling import short_id
from bot.transcripts.judging import Stands
from bot.transcripts.judging_records import GRADES, LABELS, RUBRIC, VERDICTS
from bot.transcripts.records import Whole

#: For so long the last judgement can be undone from the next page.
UNDO_FOR = timedelta(hours=1)


async def judging_one(request: web.Request) -> web.Response:
    """The page of a conversation, with what whoever asks thought of it before."""
    whole, stands = await whole_of(request), await _stands(request)
    filled = filled_from(stands.mine, _topics(request), whole.row.labels)
    return await _show(request, whole, stands, filled, judged=stands.mine is not None)


async def judge(request: web.Request) -> web.StreamResponse:
    """Keeps a verdict and goes on; what has to be mended first is shown with everything as it was filled in."""
    form, staff, id = form_of(request), staff_of(request).id, request.match_info["conversation"]
    verdict, filled = form.get("verdict", ""), read(form)
    if verdict not in VERDICTS:
        raise web.HTTPBadRequest
    opinion = opinion_of(verdict, filled, _topics(request), say_of(request))
    if isinstance(opinion, Problem):
        whole, stands = await whole_of(request), await _stands(request)
        return await _show(request, whole, stands, filled, problem=opinion, status=400)
    noted = noting(request, "conversation.judged", id)
    if not await judging_of(request).judge(id, staff, opinion, now_of(request), noted):
        raise await to_next(request, "judged_gone")
    raise await to_next(request, f"judged_{verdict}")


async def skip_judging(request: web.Request) -> web.StreamResponse:
    """Puts the conversation aside and goes on."""
    await judging_of(request).skip(request.match_info["conversation"], staff_of(request).id, now_of(request))
    raise await to_next(request, "judging_skipped")


async def undo_judging(request: web.Request) -> web.StreamResponse:
    """Takes a verdict back; its page comes with everything as it was filled in."""
    id = request.match_info["conversation"]
    was = await judging_of(request).undo(id, staff_of(request).id, now_of(request))
    if was is None:
        raise then("/judging", "judging_undo_none")
    whole, stands = await whole_of(request), await _stands(request)
    filled = filled_from(was, _topics(request), whole.row.labels, undone=True)
    return await _show(request, whole, stands, filled, undone=True)


async def assign_judging(request: web.Request) -> web.StreamResponse:
    """Gives the conversation to somebody, and goes on."""
    id, who = request.match_info["conversation"], form_of(request).get("who", "")
    known = not who or who in await judges(request)
    if not known or not await judging_of(request).assign(id, who or None):
        raise see_other(f"/judging/{id}?said=judging_not_given")
    raise await to_next(request, "judging_given")


async def _show(
    request: web.Request,
    whole: Whole,
    stands: Stands,
    filled: Filled,
    *,
    judged: bool = False,
    undone: bool = False,
    problem: Problem | None = None,
    status: int = 200,
) -> web.Response:
    accounts, say = await request.app[ACCOUNTS].every(), say_of(request)
    shown = telling_of(request).shown(whole.messages, whole.facts, frozenset())
    last = stands.last
    return await page(
        request,
        "judging/one.html",
        status,
        whole=whole,
        row=whole.row,
        short=short_id(whole.row.id),
        messages=shown,
        answers=sum(one.message.author == "bot" for one in shown),
        sample=stands.sample,
        filled=filled,
        judged=judged,
        undone=undone,
        problem=problem,
        last=None if last is None or last[0] == whole.row.id else last,
        topics=_topics(request).options,
        names={one.id: one.name for one in accounts},
        people=sorted(judges_of(accounts).items(), key=lambda pair: pair[1].casefold()),
        tags=filters.LABELS,
        turn_labels=[(label, say(f"judging_turn_{label}")) for label in LABELS],
        rubric=RUBRIC,
        grades=GRADES,
        longest_note=LONGEST_NOTE,
    )


async def _stands(request: web.Request) -> Stands:
    staff, since = staff_of(request).id, now_of(request) - UNDO_FOR
    return await judging_of(request).stands(request.match_info["conversation"], staff, since)


def _topics(request: web.Request) -> Topics:
    return topics_of(library_of(request), language_of(request))
