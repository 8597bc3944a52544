"""The own account: language, password, the app's secret, recovery codes."""

from __future__ import annotations

import re

from aiohttp import web

from bot.console.accounts import Refused
from bot.console.doors import Done
from bot.console.parts import ACCOUNTS, DOORS, FIRM, RENDER, SETTINGS, form_of, see_other, staff_of
from bot.console.signin import secret_values, set_cookie, show_codes

#: A path of the console, below ``PREFIX``; nothing that leads to another site.
_OWN_PATH = re.compile(r"/[a-z0-9_-]*(/[A-Za-z0-9_-]+)*")


async def page(request: web.Request) -> web.StreamResponse:
    """What the account is, and the forms to change it."""
    return await _page(request)


async def language(request: web.Request) -> web.StreamResponse:
    """Shows the console in the other language, and comes back to where that was asked."""
    form = form_of(request)
    try:
        await request.app[ACCOUNTS].set_language(staff_of(request), form.get("language", ""))
    except Refused as exc:
        raise web.HTTPBadRequest from exc
    back = form.get("back", "")
    raise see_other(back if _OWN_PATH.fullmatch(back) else "/")


async def password(request: web.Request) -> web.StreamResponse:
    """Another password."""
    form = form_of(request)
    done = await request.app[DOORS].change_password(
        staff_of(request), form.get("present", ""), form.get("password", ""), form.get("again", "")
    )
    return await _answer(request, done, "password")


async def begin_totp(request: web.Request) -> web.StreamResponse:
    """Shows a new secret for the app."""
    done = await request.app[DOORS].begin_totp(staff_of(request), form_of(request).get("present", ""))
    return await _answer(request, done, "app")


async def confirm_totp(request: web.Request) -> web.StreamResponse:
    """Takes the new secret into use."""
    done = await request.app[DOORS].confirm_totp(staff_of(request), form_of(request).get("code", ""))
    return await _answer(request, done, "app")


async def new_codes(request: web.Request) -> web.StreamResponse:
    """New recovery codes."""
    done = await request.app[DOORS].new_codes(staff_of(request), form_of(request).get("present", ""))
    return await _answer(request, done, "codes")


async def _answer(request: web.Request, done: Done, part: str) -> web.StreamResponse:
    if done.problem:
        return await _page(request, part, done.problem)
    if done.codes:
        return show_codes(request, done.codes, done.token)
    place = {"password": "#said", "app": "#app-new"}.get(part, "")
    response = see_other(f"/account?done={part}{place}")
    if done.token:
        set_cookie(response, request.app[SETTINGS], done.token)
    raise response


async def _page(request: web.Request, part: str = "", problem: str = "") -> web.Response:
    """``part`` is the form at which ``problem`` is told."""
    app, staff = request.app, staff_of(request)
    secret = await app[DOORS].pending(staff)
    shown = None if secret is None else secret_values(secret, staff.login, app[FIRM])
    return app[RENDER](
        request,
        "account.html",
        status=400 if problem else 200,
        part=part,
        problem=problem,
        done=request.query.get("done", "") == "password",
        new=shown,
        codes_left=await app[DOORS].codes_left(staff),
    )
