"""Questions without an answer, grouped by what they mean: which topic or section is missing."""

from __future__ import annotations

import re

from aiohttp import web

from bot.console.learning.common import section_title
from bot.console.pages.common import page, then
from bot.console.parts import CLOCK, TRANSCRIPTS, staff_of
from bot.transcripts.question_groups import GroupKey, QuestionGroups

ROWS = 30
PATH = "/learning/unanswered"

#: From this cosine on, what the bot knows is about the same thing (docs/understanding.md).
NEAR = 0.45

_KEY = re.compile(r"([0-9]{1,6})-([0-9a-f]{32})")


async def unanswered(request: web.Request) -> web.Response:
    """The groups, the largest first."""
    return await _show(request, dismissed=False)


async def dismissed(request: web.Request) -> web.Response:
    """The groups that staff put aside."""
    return await _show(request, dismissed=True)


async def dismiss_group(request: web.Request) -> web.StreamResponse:
    """Puts a group aside: nothing is missing."""
    raise then(PATH, "group_dismissed" if await _mark(request, dismissed=True) else "already")


async def restore_group(request: web.Request) -> web.StreamResponse:
    """Brings a group back."""
    raise then(
        "/learning/dismissed", "group_restored" if await _mark(request, dismissed=False) else "already"
    )


async def _mark(request: web.Request, *, dismissed: bool) -> bool:
    now = request.app[CLOCK].now()
    return await _groups(request).mark(
        request.match_info["group"], staff_of(request).id, now, dismissed=dismissed
    )


async def _show(request: web.Request, *, dismissed: bool) -> web.Response:
    before = _read_key(request.query.get("before", ""))
    found = await _groups(request).page(ROWS, before, dismissed=dismissed)
    return await page(
        request,
        "learning/unanswered.html",
        groups=found.rows,
        made_at=found.made_at,
        put_aside=dismissed,
        near=NEAR,
        section_of=lambda topic, section: section_title(request, topic, section),
        older="" if found.next_key is None else f"{found.next_key[0]}-{found.next_key[1]}",
        later=before is not None,
    )


def _read_key(given: str) -> GroupKey | None:
    """After which group the list goes on; None for the start, and for what is no such place."""
    found = _KEY.fullmatch(given)
    return None if found is None else (int(found[1]), found[2])


def _groups(request: web.Request) -> QuestionGroups:
    return QuestionGroups(request.app[TRANSCRIPTS])
