"""Around every handler: who asks, whether they may, whether the form is ours, and the line in the log."""

from __future__ import annotations

import re
from typing import Any

import structlog
from aiohttp import web
from multidict import CIMultiDict, MultiDict
from sqlalchemy.exc import SQLAlchemyError

from bot.console import csrf
from bot.console.access import OPEN, SETUP, Route
from bot.console.parts import (
    ALARM,
    AUDIT,
    CLOCK,
    FORM,
    LANGUAGE,
    RENDER,
    SESSION,
    SESSIONS,
    SETTINGS,
    Handler,
    see_other,
    set_staff,
    staff_of,
    staff_or_none,
)
from bot.console.sessions import cookie_name
from bot.console.signin import drop_cookie, is_secure
from bot.core.messages import LANGUAGES

FORM_TYPE = "application/x-www-form-urlencoded"
#: The longest form: what staff write to a person, with room for its fields.
FORM_BYTES = 65_536

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    # A browser that may send no address at all sends no origin with a form either.
    "Referrer-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
#: What stands in paths: ids, and nothing that the database or the log would stumble over.
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,128}")
_SHOWN = (400, 403, 404, 405, 409, 413, 503)


def guarded(route: Route, handler: Handler) -> Handler:
    """The handler behind its route's rule. Nothing of it runs before the rule is met and the log has its line."""

    async def checked(request: web.Request) -> web.StreamResponse:
        if not all(_NAME.fullmatch(value) for value in request.match_info.values()):
            raise web.HTTPNotFound
        await _know(request, route)
        staff = staff_or_none(request)
        if route.role != OPEN:
            if staff is None:
                raise _to_the_door(request)
            stage = request[SESSION].stage
            if route.role == SETUP:
                if stage != "setup":
                    raise see_other("/")
            elif stage == "setup":
                raise see_other("/setup")
            elif not staff.may(route.role):
                raise web.HTTPForbidden
        if route.method == "POST":
            await _read_form(request, route)
        if route.audit and not route.own_audit:
            await request.app[AUDIT].write(
                staff_of(request), route.audit, next(iter(request.match_info.values()), "")
            )
        return await handler(request)

    return checked


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Lets every error come out as a page that says nothing about what was asked, and puts the headers on."""
    request[LANGUAGE] = _asked_language(request)
    response: web.StreamResponse
    try:
        response = await handler(request)
    except web.HTTPException as exc:
        if exc.status < 400:
            response = _sent_on(exc)
        else:
            response = _page(request, exc.status)
            if "Allow" in exc.headers:
                response.headers["Allow"] = exc.headers["Allow"]
    except SQLAlchemyError as exc:
        structlog.get_logger().error("console_database", error=type(exc).__name__)
        response = _page(request, 503)
    except (ConnectionError, TimeoutError):
        # The browser is gone: there is nobody to answer.
        raise
    except Exception as exc:
        structlog.get_logger().error("console_broke", error=type(exc).__name__)
        request.app[ALARM]("internal", f"console_{type(exc).__name__}", None)
        response = _page(request, 500)
    _headers(response.headers)
    return response


async def _know(request: web.Request, route: Route) -> None:
    """Notes who asks, as the cookie tells."""
    app = request.app
    token = request.cookies.get(cookie_name(is_secure(app[SETTINGS])), "")
    found = await app[SESSIONS].find(token, app[CLOCK].now()) if token else None
    if found is None:
        return
    session, staff = found
    request[SESSION] = session
    set_staff(request, staff)
    if not route.passive:
        await app[SESSIONS].touch(session, staff.id, app[CLOCK].now())


async def _read_form(request: web.Request, route: Route) -> None:
    """Reads the form; one from another site, or without the session's token, is refused.

    The door's own forms have no token: they may stand open in one window while somebody signs in in another.
    """
    if not csrf.is_same_site(request, request.app[SETTINGS].public_url):
        raise web.HTTPForbidden
    if request.content_type != FORM_TYPE:
        raise web.HTTPBadRequest
    # The gateway's own limit, which holds for bodies of no told length, leaves room for more.
    told = request.content_length or 0
    if told > FORM_BYTES:
        raise web.HTTPRequestEntityTooLarge(FORM_BYTES, told)
    data = await request.post()
    form = MultiDict((name, value) for name, value in data.items() if isinstance(value, str))
    # PostgreSQL has no place for it in a text.
    if any("\x00" in value for value in form.values()):
        raise web.HTTPBadRequest
    session = request.get(SESSION)
    given = request.headers.get(csrf.HEADER) or str(form.get(csrf.FIELD, ""))
    if route.role != OPEN and session is not None and not csrf.is_token(session.form_token, given):
        raise web.HTTPForbidden
    request[FORM] = form
    if staff_or_none(request) is None and form.get("language") in LANGUAGES:
        request[LANGUAGE] = form["language"]


def _to_the_door(request: web.Request) -> web.HTTPException:
    response = see_other("/login")
    if request.cookies.get(cookie_name(is_secure(request.app[SETTINGS]))):
        drop_cookie(response, request.app[SETTINGS])
    return response


def _sent_on(exc: web.HTTPException) -> web.Response:
    """A redirect as a response with its cookies: aiohttp will soon take no exception in its place."""
    response = web.Response(status=exc.status, headers={"Location": exc.headers["Location"]})
    response.cookies.update(exc.cookies)
    return response


def _page(request: web.Request, status: int) -> web.Response:
    said = status if status in _SHOWN else 400 if status < 500 else 500
    return request.app[RENDER](request, "error.html", status=status, said=f"error_{said}")


def _headers(headers: CIMultiDict[str]) -> None:
    for name, value in HEADERS.items():
        headers[name] = value
    headers.setdefault("Cache-Control", "no-store")


def _asked_language(request: web.Request) -> str:
    """The language that an address of the door names, else the first that the browser prefers."""
    asked: Any = request.query.get("language", "")
    if asked in LANGUAGES:
        return str(asked)
    for part in request.headers.get("Accept-Language", "").lower().split(","):
        found = part.partition(";")[0].strip()[:2]
        if found in LANGUAGES:
            return found
    return "en"
