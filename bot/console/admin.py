"""What admins see alone: the accounts of staff, and the log of what everybody did."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from bot.console.access import Staff
from bot.console.accounts import Accounts, Refused
from bot.console.parts import ACCOUNTS, AUDIT, RENDER, WORDS, form_of, see_other, staff_of
from bot.console.render import language_of
from bot.console.words import Words

LINES = 50
#: The fields of the form for an account, and what may have been done to one.
_ADDED = ("name", "login", "role", "language")
_DONE = ("role", "disable", "enable")
#: Where the words of a code stand that other pages say too.
_KINDS: Mapping[str, tuple[str, ...]] = {
    "role": ("role",), "from": ("role",), "to": ("role", "language"), "why": ("reveal_reason",),
    "contact": ("answer",), "done": ("answer",), "locked": ("answer",),
}  # fmt: skip
_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")


async def staff_list(request: web.Request) -> web.StreamResponse:
    """Every account, with the forms to change them."""
    return await _list(request)


async def add(request: web.Request) -> web.StreamResponse:
    """Makes an account and shows once the password to give out."""
    form = form_of(request)
    try:
        password = await request.app[ACCOUNTS].add(
            form.get("login", ""),
            form.get("name", ""),
            form.get("role", ""),
            staff_of(request),
            form.get("language", "en"),
        )
    except Refused as exc:
        return await _list(request, exc.code, {name: form.get(name, "") for name in _ADDED})
    return _show_password(request, form.get("login", "").strip().lower(), password)


async def reset(request: web.Request) -> web.StreamResponse:
    """Takes an account's password and codes away and shows once the new password to give out."""
    id = request.match_info["staff_id"]
    try:
        password = await request.app[ACCOUNTS].reset(id, staff_of(request))
    except Refused as exc:
        return await _list(request, exc.code)
    found = {account.id: account.login for account in await request.app[ACCOUNTS].all()}
    return _show_password(request, found[id], password)


async def role(request: web.Request) -> web.StreamResponse:
    """Gives an account another role."""
    wanted = form_of(request).get("role", "")
    return await _changed(request, "role", lambda accounts, id, by: accounts.set_role(id, wanted, by))


async def disable(request: web.Request) -> web.StreamResponse:
    """Shuts an account."""
    return await _changed(request, "disable", lambda accounts, id, by: accounts.disable(id, by))


async def enable(request: web.Request) -> web.StreamResponse:
    """Opens a shut account again."""
    return await _changed(request, "enable", lambda accounts, id, by: accounts.enable(id, by))


async def audit_log(request: web.Request) -> web.StreamResponse:
    """The log, newest first."""
    raw = request.query.get("before", "")
    before = int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 10 else None
    # Ids alone stand in addresses: whoever reads a browser's history learns no name.
    asked = {name: request.query.get(name, "") for name in ("who", "about")}
    only = {name: id for name, id in asked.items() if _ID.fullmatch(id)}
    app = request.app
    lines, following = await app[AUDIT].page(LINES, before, only.get("about", ""), only.get("who", ""))
    names = await app[ACCOUNTS].names()
    return app[RENDER](
        request,
        "audit.html",
        lines=lines,
        following=following,
        names=names,
        told=lambda detail: detail_in_words(detail, app[WORDS], language_of(request)),
        first=before is None,
        only=only,
        query=urlencode(only),
    )


def detail_in_words(detail: Mapping[str, Any], words: Words, lang: str) -> list[tuple[str, str]]:
    """What a line holds, in words; an id, a count or a code without words stays as it is."""

    def word(name: str, value: object) -> str:
        if isinstance(value, list):
            return ", ".join(word(name, one) for one in value)
        code = ("no", "yes")[value] if isinstance(value, bool) else value
        known = (f"detail_{name}_{code}", *(f"{kind}_{code}" for kind in _KINDS.get(name, ())))
        return next((words.say(one, lang) for one in known if words.has(one)), str(code))

    def title(name: str) -> str:
        return words.say(f"detail_{name}", lang) if words.has(f"detail_{name}") else name

    return [(title(name), word(name, value)) for name, value in detail.items()]


async def _changed(
    request: web.Request, done: str, change: Callable[[Accounts, str, Staff], Awaitable[object]]
) -> web.StreamResponse:
    """Back to the list, which says what was ``done`` to the account that the address names, or why it was not."""
    try:
        await change(request.app[ACCOUNTS], request.match_info["staff_id"], staff_of(request))
    except Refused as exc:
        return await _list(request, exc.code)
    raise see_other(f"/accounts?done={done}#said")


async def _list(
    request: web.Request, problem: str = "", given: Mapping[str, str] | None = None
) -> web.Response:
    """``given`` is what was typed of an account that could not be added: nobody types it twice."""
    done = request.query.get("done", "")
    return request.app[RENDER](
        request,
        "staff.html",
        status=400 if problem else 200,
        accounts=await request.app[ACCOUNTS].all(),
        problem=problem,
        given=given or {},
        done=done if done in _DONE and not problem else "",
    )


def _show_password(request: web.Request, login: str, password: str) -> web.Response:
    return request.app[RENDER](request, "password.html", login=login, password=password)
