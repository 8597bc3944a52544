"""The list of articles, and each article in both languages as it reads on a day."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from bot.console.articles import shelf
from bot.console.articles.levels import Levels, levels
from bot.console.pages.common import page, say_of
from bot.console.pages.library import library_of
from bot.console.parts import CLOCK, FIRM
from bot.console.render import language_of
from bot.core.content.library import Library
from bot.core.triage.approving import PREFIX

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
#: No law that matters here is older, and no date further ahead is worth asking for.
_FIRST, _LAST = date(1980, 1, 1), date(2099, 12, 31)


async def articles(request: web.Request) -> web.Response:
    """Every article, what is due first; narrowed by ``show``."""
    library, today = words_of(request), today_of(request)
    found = shelf.rows(library, language_of(request), today)
    which = request.query.get("show", "all")
    if which not in shelf.FILTERS:
        which = "all"
    return await page(
        request,
        "articles/list.html",
        rows=[row for row in found if row.is_among(which)],
        which=which,
        counts={name: sum(row.is_among(name) for row in found) for name in shelf.FILTERS},
        levels=levels(library.root.parent, today) if which == "all" else [],
        problem=library.problem,
        today=today,
    )


async def article(request: web.Request) -> web.Response:
    """One article, or one version of the levels of urgency."""
    return await show(request)


async def show(request: web.Request, status: int = 200, problem: str = "") -> web.Response:
    """The page that the address names; ``problem`` says in words why something did not work."""
    name, library = request.match_info["topic"], words_of(request)
    if name.startswith(PREFIX):
        found = levels_of(request, name)
        return await page(request, "articles/levels.html", status, found=found, problem=problem)
    topic = library.topics.get(name)
    if topic is None:
        raise web.HTTPNotFound
    lang, today = language_of(request), today_of(request)
    day = asked_day(request.query.get("day", ""))
    if request.query.get("day") and day is None:
        status, problem = 400, problem or say_of(request)("wrong_day")
    shown = day or today
    return await page(
        request,
        "articles/article.html",
        status,
        topic=topic,
        row=next(row for row in shelf.rows(library, lang, today) if row.topic == name),
        parts=shelf.parts(library, topic, lang, shown),
        day_shown=shown,
        today=today,
        days=shelf.turning_days(library, name),
        hash=library.hash(name),
        parameters=library.parameters_of(name),
        files_problem=library.problem,
        problem=problem,
        **_values(library, name),
    )


def _values(library: Library, name: str) -> Mapping[str, Any]:
    articles = library.topics[name].articles
    sources = {
        (source.cite, source.url): source for article in articles.values() for source in article.sources
    }
    related = [intent for intent in articles["en"].related if intent in library.topics]
    return {"sources": tuple(sources.values()), "related": related}


def asked_day(given: str) -> date | None:
    """The day that an address asks for; None for none, and for what is no day that can be looked at."""
    if not _DAY.fullmatch(given):
        return None
    try:
        day = date.fromisoformat(given)
    except ValueError:
        return None
    return day if _FIRST <= day <= _LAST else None


def words_of(request: web.Request) -> Library:
    """The articles as their files stand now. Raises HTTPNotFound in a console without them."""
    found = library_of(request)
    if found is None:
        raise web.HTTPNotFound
    return found.library


def levels_of(request: web.Request, name: str) -> Levels:
    """The version of the levels of that name. Raises HTTPNotFound."""
    known = levels(words_of(request).root.parent, today_of(request))
    found = next((one for one in known if one.topic == name), None)
    if found is None:
        raise web.HTTPNotFound
    return found


def today_of(request: web.Request) -> date:
    """The firm's day."""
    return request.app[CLOCK].now().astimezone(ZoneInfo(request.app[FIRM].timezone)).date()
