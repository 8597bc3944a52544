"""The emergency notice: written in both languages, looked at, switched on for every channel, and off again."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aiohttp import web

from bot.console.articles.notice import LONGEST, Draft, end_of, tidy, wrong_in
from bot.console.articles.reading import today_of
from bot.console.pages.common import ROWS, page, say_of, then
from bot.console.pages.filters import read_key, written_key
from bot.console.pages.library import library_of
from bot.console.parts import AUDIT, CLOCK, DATABASE, FIRM, form_of, staff_of
from bot.core.content.glossary import Glossary
from bot.core.law import format_date
from bot.core.messages import LANGUAGES
from bot.transcripts.bulletins import Bulletin, Bulletins

#: The words around a notice (bot/content/notices/bulletin.yml).
_WORDS = "bulletin"
_KEY = re.compile(r"[0-9a-f]{32}")


async def bulletins(request: web.Request) -> web.Response:
    """The notice in force, those before it, and the form for a new one."""
    return await _show(request)


async def preview(request: web.Request) -> web.Response:
    """The notice as people would see it, to be confirmed; or what has to be put right."""
    draft = _draft(request)
    if wrong := _wrong(request, draft):
        return await _show(request, 400, draft=draft, wrong=wrong)
    key = secrets.token_hex(16)
    return await _show(
        request,
        draft=draft,
        told=_told(request, draft.texts),
        key=key,
        ends=end_of(draft.ends, request.app[FIRM].timezone),
    )


async def switch_on(request: web.Request) -> web.StreamResponse:
    """Tells people the notice from now on, instead of the one before."""
    draft, staff, key = _draft(request), staff_of(request), form_of(request).get("key", "")
    wrong = _wrong(request, draft)
    if wrong or not _KEY.fullmatch(key):
        return await _show(request, 400, draft=draft, wrong=wrong)
    ends = end_of(draft.ends, request.app[FIRM].timezone)
    await request.app[AUDIT].write(staff, "bulletin.on", key, {"ends": ends is not None})
    found = Bulletin(key, draft.texts, request.app[CLOCK].now(), staff.id, ends)
    done = await _bulletins(request).switch_on(found)
    raise then("/bulletins", "bulletin_on" if done else "already")


async def switch_off(request: web.Request) -> web.StreamResponse:
    """Tells nobody any more."""
    now = request.app[CLOCK].now()
    done = await _bulletins(request).switch_off(request.match_info["bulletin"], staff_of(request).id, now)
    raise then("/bulletins", "bulletin_off" if done else "already")


async def _show(
    request: web.Request,
    status: int = 200,
    *,
    draft: Draft | None = None,
    wrong: Mapping[str, list[str]] | None = None,
    told: Mapping[str, str] | None = None,
    key: str = "",
    ends: datetime | None = None,
) -> web.Response:
    app = request.app
    before = read_key(request.query.get("before", ""))
    found = await _bulletins(request).page(ROWS, before)
    in_force = await _bulletins(request).in_force(app[CLOCK].now())
    return await page(
        request,
        "articles/bulletins.html",
        status,
        in_force=in_force,
        rows=[row for row in found.rows if in_force is None or row.id != in_force.id],
        older=written_key(found.next_key),
        later=before is not None,
        draft=draft or Draft(dict.fromkeys(LANGUAGES, "")),
        wrong=wrong or {},
        told=told,
        key=key,
        ends=ends,
        longest=LONGEST,
        LANGUAGES=LANGUAGES,
    )


def _draft(request: web.Request) -> Draft:
    form = form_of(request)
    return Draft(
        {lang: tidy(form.get(f"text_{lang}", "")) for lang in LANGUAGES}, form.get("ends", "").strip()
    )


def _wrong(request: web.Request, draft: Draft) -> dict[str, list[str]]:
    """What has to be put right, in words, by field."""
    app, say = request.app, say_of(request)
    library = library_of(request)
    glossary: Glossary | None = None if library is None else library.library.glossary
    found: dict[str, list[str]] = {}
    for wrong in wrong_in(draft, app[CLOCK].now(), app[FIRM].timezone, glossary):
        values: dict[str, Any] = {"what": wrong.what, "instead": wrong.instead, "limit": LONGEST}
        found.setdefault(wrong.field, []).append(say(f"wrong_{wrong.code}", **values))
    return found


def _told(request: web.Request, texts: Mapping[str, str]) -> dict[str, str]:
    """The notice in its words, by language: they are the same on every channel."""
    library, day = library_of(request), today_of(request)
    if library is None:
        return dict(texts)
    return {
        lang: library.library.notice(_WORDS, lang, date=format_date(day, lang), text=text).text
        for lang, text in texts.items()
    }


def _bulletins(request: web.Request) -> Bulletins:
    return Bulletins(request.app[DATABASE])
