"""Which values changed lately, and who was told another one."""

from __future__ import annotations

from dataclasses import replace

from aiohttp import web

from bot.console.pages.common import ROWS, page
from bot.console.pages.filters import read_key, written_key
from bot.console.parts import DESK, TRANSCRIPTS, see_other
from bot.console.recall.common import (
    both,
    known_of,
    moment_of,
    read_day,
    today_of,
    wanted_of,
    words_of,
)
from bot.console.render import language_of
from bot.core.told import changed_lately
from bot.transcripts.corrections import Corrections
from bot.transcripts.recall import MOST_COUNTED, Recall


async def changes(request: web.Request) -> web.Response:
    """What changed lately and was told to somebody before; and a form for any other value."""
    law = words_of(request).parameters
    lang, wished = language_of(request), request.query.get("parameter", "")
    day = read_day(request.query.get("since", ""))
    if wished in law:
        raise see_other(f"/recall/{wished}" + ("" if day is None else f"?since={day.isoformat()}"))
    recall = Recall(request.app[TRANSCRIPTS])
    late = [(known, await recall.count(wanted_of(known))) for known in changed_lately(law, today_of(request))]
    return await page(
        request,
        "recall/changes.html",
        changed=[(known, count) for known, count in late if count],
        quiet=[known for known, count in late if not count],
        parameters=sorted(law, key=lambda parameter: parameter.title[lang].casefold()),
        title_by_id={parameter.id: parameter.title[lang] for parameter in law},
        corrections=await Corrections(request.app[TRANSCRIPTS]).latest(),
        both=both,
        most=MOST_COUNTED,
        unknown=bool(wished),
    )


async def people(request: web.Request) -> web.Response:
    """Who was told another value than the one in force, the one told last first."""
    known = known_of(request, request.match_info["parameter"])
    day, heard = read_day(request.query.get("since", "")), request.query.get("heard", "") == "yes"
    before = read_key(request.query.get("before", ""))
    recall, desk = Recall(request.app[TRANSCRIPTS]), request.app[DESK]
    open_ones = wanted_of(known, moment_of(request, day))
    wanted = replace(open_ones, heard=heard)
    found = await recall.affected(wanted, ROWS, before)
    values = await recall.values(known.id)
    return await page(
        request,
        "recall/people.html",
        known=known,
        values=[value for value in values if value and value not in wanted.in_force],
        both=both,
        rows=[(row, await desk.reach(row.conversation_id, row.channel)) for row in found.rows],
        counts={
            "no": await recall.count(open_ones),
            "yes": await recall.count(replace(open_ones, heard=True)),
        },
        most=MOST_COUNTED,
        heard=heard,
        since="" if day is None else day.isoformat(),
        older=written_key(found.next_key),
        later=before is not None,
        corrections=await Corrections(request.app[TRANSCRIPTS]).latest(5, known.id),
    )
