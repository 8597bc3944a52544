"""The figures by week: charts, the weekly page, and the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta

from aiohttp import web

from bot.console.insights.drawn import of_week, over_weeks
from bot.console.insights.measures import PARTS
from bot.console.insights.sheet import sheet
from bot.console.insights.telling import Voice, sentences
from bot.console.insights.weeks import (
    CHOICES,
    WEEK,
    Week,
    latest,
    read_lines,
    read_monday,
    read_week,
    today_in,
)
from bot.console.pages.library import library_of, titles
from bot.console.parts import BOOKINGS, CLOCK, FIRM, INSIGHTS, RENDER, REVIEW, WORDS, see_other
from bot.console.render import language_of
from bot.core.messages import LANGUAGES
from bot.transcripts.insights_records import monday_of

#: Days that one file holds at most.
MOST_DAYS = 400


async def insights(request: web.Request) -> web.Response:
    """The charts of a week and of those before it."""
    asked = request.query.get("week", "")
    monday = read_monday(asked, _today(request))
    return await _charts(
        request, monday or monday_of(_today(request)), "fig_not_a_week" if asked and not monday else ""
    )


async def insights_week(request: web.Request) -> web.Response:
    """The weekly page, to print."""
    today, asked = _today(request), request.match_info["monday"]
    monday = read_monday(asked, today)
    if monday is None:
        raise web.HTTPNotFound
    if asked != monday.isoformat():
        raise see_other(f"/insights/week/{monday}")
    week, voice = await _week(request, monday), _voice(request)
    return _page(
        request,
        "insights/week.html",
        week,
        said=list(sentences(week.rows, voice)),
        waits=await waiting(request),
    )


async def insights_file(request: web.Request) -> web.Response:
    """The figures of some days as a file."""
    first, last = (_day(request.query.get(name, "")) for name in ("from", "to"))
    today = _today(request)
    if first is None or last is None or not timedelta(0) <= last - first < timedelta(days=MOST_DAYS):
        return await _charts(request, monday_of(today), "fig_bad_days", 400)
    found = await request.app[INSIGHTS].between(first, last, today, request.app[FIRM].timezone)
    response = web.Response(text=sheet(found), content_type="text/csv", charset="utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="faro-{first}-{last}.csv"'
    return response


async def waiting(request: web.Request) -> Mapping[str, int]:
    """How much waits for staff at this moment, by what it is; nothing that is zero."""
    counts = await request.app[REVIEW].counts()
    found = {"urgent": counts["urgent"], "requests": await request.app[BOOKINGS].waiting_count()}
    found |= {name: counts[name] for name in ("look", "down")}
    found["samples"] = await request.app[INSIGHTS].unread_samples()
    found["due"] = _due(request)
    return {name: count for name, count in found.items() if count}


def _due(request: web.Request) -> int:
    """How many articles are past the day of their review."""
    library = library_of(request)
    if library is None:
        return 0
    reviews = (
        min(article.review_due for article in topic.articles.values())
        for topic in library.library.topics.values()
    )
    return sum(review < _today(request) for review in reviews)


async def _charts(request: web.Request, monday: date, problem: str, status: int = 200) -> web.Response:
    voice, today, zone = _voice(request), _today(request), request.app[FIRM].timezone
    week = await _week(request, monday)
    weeks = await read_lines(request.app[INSIGHTS], monday, today, zone)
    return _page(
        request,
        "insights/charts.html",
        week,
        status,
        headline=[
            week.rows[name] for name in ("conversations", "fallback", "right", "triage", "saved", "wait")
        ],
        lines=over_weeks(weeks, voice),
        bars=of_week(week.figures, voice, _title_of(request, voice)),
        choices=[monday_of(today) - number * WEEK for number in range(CHOICES)],
        problem=voice.say(problem, most=MOST_DAYS)
        if problem == "fig_bad_days"
        else problem and voice.say(problem),
        file_to=min(today, monday + WEEK - timedelta(days=1)),
    )


def _page(
    request: web.Request, template: str, week: Week, status: int = 200, **values: object
) -> web.Response:
    return request.app[RENDER](
        request,
        template,
        status,
        week=week,
        voice=_voice(request),
        parts=PARTS,
        languages=LANGUAGES,
        earlier=week.monday - WEEK,
        later=None if week.is_running else week.monday + WEEK,
        latest=latest(_today(request)),
        **values,
    )


async def _week(request: web.Request, monday: date) -> Week:
    firm = request.app[FIRM]
    return await read_week(request.app[INSIGHTS], monday, _today(request), firm.timezone, firm.retention_days)


def _title_of(request: web.Request, voice: Voice) -> Callable[[str], str]:
    return titles(request, voice.lang)


def _voice(request: web.Request) -> Voice:
    return Voice(request.app[WORDS], language_of(request))


def _today(request: web.Request) -> date:
    return today_in(request.app[CLOCK].now(), request.app[FIRM].timezone)


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None
