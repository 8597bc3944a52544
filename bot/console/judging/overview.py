"""The first page of judging: what waits, how many were judged, how far readers agree, and sharing the work."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from aiohttp import web

from bot.console.judging.common import draw, judges, judging_of, now_of, to_next
from bot.console.pages.common import page, then
from bot.console.parts import FIRM, form_of, staff_of
from bot.transcripts.judging_records import REASONS, VERDICTS

#: Over so many days the agreement of readers is told.
AGREEMENT_DAYS = 90
#: Nobody is given more at once.
MOST_EACH = 200
_EACH = 80


async def judging(request: web.Request) -> web.Response:
    """What waits for whoever asks."""
    await draw(request)
    store, staff, now = judging_of(request), staff_of(request).id, now_of(request)
    people = await judges(request)
    given, counts = await store.assigned(), await store.counts(staff)
    return await page(
        request,
        "judging/overview.html",
        reasons=REASONS,
        verdicts=VERDICTS,
        counts=counts,
        waiting=any(row["free"] or row["mine"] for row in counts.values()),
        today=await store.judged(staff, _midnight(request, now)),
        agreement=await store.agreement(now - timedelta(days=AGREEMENT_DAYS)),
        people=sorted(people.items(), key=lambda pair: pair[1].casefold()),
        given=given,
        most=MOST_EACH,
        each=_EACH,
    )


async def start_judging(request: web.Request) -> web.StreamResponse:
    """Opens the first conversation that waits."""
    await draw(request)
    raise await to_next(request)


async def share_judging(request: web.Request) -> web.StreamResponse:
    """Gives what nobody has to the people who were chosen, in turn."""
    form, people = form_of(request), await judges(request)
    chosen = [id for id in dict.fromkeys(form.getall("who", [])) if id in people]
    each = form.get("each", "")
    number = int(each) if each.isascii() and each.isdigit() and len(each) < 6 else 0
    if not chosen or not 1 <= number <= MOST_EACH:
        raise then("/judging", "judging_share_who")
    shared = await judging_of(request).share(chosen, number, now_of(request))
    raise then("/judging", "judging_shared" if any(shared.values()) else "judging_share_none")


async def release_judging(request: web.Request) -> web.StreamResponse:
    """Makes free again what somebody was given, such as who is ill today."""
    done = await judging_of(request).release(form_of(request).get("who", "")[:36])
    raise then("/judging", "judging_released" if done else "already")


def _midnight(request: web.Request, now: datetime) -> datetime:
    """When the day began by the firm's clock."""
    zone = ZoneInfo(request.app[FIRM].timezone)
    return datetime.combine(now.astimezone(zone).date(), time(), zone)
