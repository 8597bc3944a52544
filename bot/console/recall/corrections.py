"""A correction: prepared from the words of the content, approved by an attorney, and how far it has come."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from aiohttp import web

from bot.console.pages.common import ROWS, page, say_of, then
from bot.console.pages.filters import read_key, written_key
from bot.console.parts import CLOCK, FIRM, TRANSCRIPTS, form_of, staff_of
from bot.console.recall.common import (
    both,
    known_of,
    moment_of,
    read_day,
    today_of,
    wanted_of,
    words_of,
)
from bot.console.recall.sending import SENDER
from bot.console.recall.wording import LONGEST, draft, filled, problem
from bot.core.messages import LANGUAGES
from bot.core.told import Standing, in_language
from bot.transcripts.corrections import STATES, Correction, Corrections
from bot.transcripts.recall import MOST_COUNTED, Recall


async def prepare(request: web.Request) -> web.StreamResponse:
    """Begins a correction for everybody who was told another value since a day; nothing is sent."""
    known = known_of(request, request.match_info["parameter"])
    since = moment_of(request, read_day(form_of(request).get("since", "")))
    recall = Recall(request.app[TRANSCRIPTS])
    wanted = wanted_of(known, since)
    if not await recall.count(wanted, most=1):
        raise then(f"/recall/{known.id}", "correct_nobody")
    made = await _store(request).propose(
        known.id,
        since=since,
        old_values=[value for value in await recall.values(known.id) if value not in wanted.in_force],
        new_value=known.now,
        texts=draft(words_of(request), known, today_of(request)),
        staff=staff_of(request).id,
        now=request.app[CLOCK].now(),
    )
    raise then(f"/corrections/{made.id}", "correct_prepared")


async def correction(request: web.Request) -> web.Response:
    """One correction."""
    return await _show(request, await _found(request))


async def reword(request: web.Request) -> web.StreamResponse:
    """Changes the texts."""
    found = await _found(request)
    texts = _texts(request)
    if wrong := problem(texts):
        return await _show(request, _with(found, texts), wrong)
    done = await _store(request).reword(found.id, texts)
    raise then(f"/corrections/{found.id}", "correct_reworded" if done else "already")


async def approve(request: web.Request) -> web.StreamResponse:
    """Sends it, with the texts as they stand in the form, to everybody who has to hear it."""
    found = await _found(request)
    if found.approved_at is not None:
        raise then(f"/corrections/{found.id}", "already")
    texts = _texts(request)
    wrong = problem(texts)
    if not wrong and form_of(request).get("read") != "yes":
        wrong = "correction_unread"
    if not wrong and dict(known_of(request, found.parameter).now) != dict(found.new_value):
        wrong = "correction_over"
    if wrong:
        return await _show(request, _with(found, texts), wrong)
    done = await _store(request).approve(found.id, texts, staff_of(request).id, request.app[CLOCK].now())
    if done == "busy":
        return await _show(request, _with(found, texts), "correction_busy")
    if (sender := request.app.get(SENDER)) is not None:
        sender.wake()
    raise then(f"/corrections/{found.id}", "correct_approved" if done == "approved" else "already")


async def stop(request: web.Request) -> web.StreamResponse:
    """Sends it to nobody else; one that nobody approved is thrown away."""
    found = await _found(request)
    done = await _store(request).stop(found.id)
    path = f"/recall/{found.parameter}" if found.approved_at is None else f"/corrections/{found.id}"
    raise then(path, "correct_stopped" if done else "already")


async def _show(request: web.Request, found: Correction, wrong: str = "") -> web.Response:
    known = known_of(request, found.parameter)
    store, recall = _store(request), Recall(request.app[TRANSCRIPTS])
    counts = await store.counts(found.id)
    state = request.query.get("state", "")
    if state not in counts:
        state = next((name for name in _FIRST if counts.get(name)), "sent")
    before = read_key(request.query.get("before", ""))
    people = await store.people(found, state, ROWS, before)
    waiting = 0 if found.approved_at is not None else await recall.count(found.wanted)
    return await page(
        request,
        "recall/correction.html",
        status=400 if wrong else 200,
        correction=found,
        known=known,
        over=dict(known.now) != dict(found.new_value),
        both=both,
        samples={} if wrong else await _samples(request, found, known),
        problem=say_of(request)(wrong, limit=LONGEST) if wrong else "",
        waiting=waiting,
        most=MOST_COUNTED,
        longest=LONGEST,
        states=[name for name in STATES if counts.get(name)],
        counts=counts,
        state=state,
        people=people.rows,
        requests=await recall.requests([row.conversation_id for row in people.rows]),
        older=written_key(people.next_key),
        later=before is not None,
    )


#: Which people are shown first: those whom somebody has to call.
_FIRST = ("unreachable", "left", "declined", "ready", "sending", "sent", "told")


async def _samples(request: web.Request, found: Correction, known: Standing) -> dict[str, str]:
    """The texts as the person reads them who was told last."""
    page_of = await Recall(request.app[TRANSCRIPTS]).affected(replace(found.wanted), 1)
    if not page_of.rows or found.approved_at is not None:
        return {}
    row, zone = page_of.rows[0], ZoneInfo(request.app[FIRM].timezone)
    day = row.told_at.astimezone(zone).date()
    return {
        lang: filled(found.text(lang), in_language(known.parameter, row.value, lang), day, lang)
        for lang in LANGUAGES
    }


async def _found(request: web.Request) -> Correction:
    found = await _store(request).find(request.match_info["correction"])
    if found is None:
        raise web.HTTPNotFound
    return found


def _store(request: web.Request) -> Corrections:
    return Corrections(request.app[TRANSCRIPTS])


def _texts(request: web.Request) -> dict[str, str]:
    form = form_of(request)
    return {lang: form.get(f"text_{lang}", "").replace("\r\n", "\n").strip() for lang in LANGUAGES}


def _with(found: Correction, texts: dict[str, str]) -> Correction:
    return replace(found, text_en=texts["en"], text_es=texts["es"])
