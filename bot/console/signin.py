"""The door: signing in, setting an account up, signing out, and the link of a demo."""

from __future__ import annotations

import asyncio
import math
import time

import segno
from aiohttp import web

from bot.console import totp
from bot.console.parts import (
    ADDRESS,
    ALARM,
    DOORS,
    FIRM,
    FLOOR,
    RENDER,
    SESSION,
    SETTINGS,
    THROTTLE,
    form_of,
    see_other,
    staff_of,
    staff_or_none,
)
from bot.console.ports import Firm
from bot.console.sessions import LONGEST, cookie_name
from bot.settings import Settings


async def start(request: web.Request) -> web.StreamResponse:
    """The address without its last slash, as people type it."""
    raise see_other("/")


async def login_page(request: web.Request) -> web.StreamResponse:
    """The form; who is signed in goes on."""
    if staff_or_none(request) is not None:
        raise see_other("/setup" if request[SESSION].stage == "setup" else "/")
    return request.app[RENDER](request, "login.html", problem="")


async def login(request: web.Request) -> web.StreamResponse:
    """Tries to sign in. Whatever was wrong, the answer and its time are the same."""
    app, form, began = request.app, form_of(request), time.monotonic()
    name = form.get("login", "")
    if not app[THROTTLE].take(name.strip().lower(), app[ADDRESS](request)):
        return app[RENDER](request, "login.html", status=429, problem="sign_in_too_often")
    session = request.get(SESSION)
    old = "" if session is None else session.key
    found = await app[DOORS].sign_in(name, form.get("password", ""), form.get("code", ""), old)
    if found.unreadable:
        app[ALARM]("staff", "totp_unreadable", None)
    if found.locked:
        app[ALARM]("staff", "account_locked", None)
    if found.stage == "refused":
        await _wait(began, app[FLOOR])
        return app[RENDER](request, "login.html", status=403, problem="sign_in_refused")
    response = see_other("/setup" if found.stage == "setup" else "/")
    set_cookie(response, app[SETTINGS], found.token)
    raise response


async def logout(request: web.Request) -> web.StreamResponse:
    """Ends the session."""
    await request.app[DOORS].sign_out(staff_of(request), request[SESSION].key)
    response = see_other("/login")
    drop_cookie(response, request.app[SETTINGS])
    raise response


async def setup_page(request: web.Request) -> web.StreamResponse:
    """Choosing a password, and the picture for the app."""
    return await _setup(request, "")


async def setup(request: web.Request) -> web.StreamResponse:
    """Ends the setting up, and shows the recovery codes once."""
    form, app = form_of(request), request.app
    done = await app[DOORS].set_up(
        staff_of(request), form.get("password", ""), form.get("again", ""), form.get("code", "")
    )
    if done.problem:
        return await _setup(request, done.problem)
    return show_codes(request, done.codes, done.token)


async def demo_page(request: web.Request) -> web.StreamResponse:
    """A button that opens the console of a demo: looking at the address alone opens nothing."""
    if request.app[SETTINGS].production:
        raise web.HTTPNotFound
    return request.app[RENDER](request, "demo.html", door=request.match_info["door"])


async def demo(request: web.Request) -> web.StreamResponse:
    """Opens the console of a demo, once for each link."""
    app = request.app
    if app[SETTINGS].production:
        raise web.HTTPNotFound
    token = await app[DOORS].open_demo(form_of(request).get("door", ""))
    if token is None:
        return app[RENDER](request, "login.html", status=403, problem="demo_over")
    response = see_other("/")
    set_cookie(response, app[SETTINGS], token)
    raise response


def show_codes(request: web.Request, codes: tuple[str, ...], token: str = "") -> web.Response:
    """The page that shows new recovery codes; with ``token`` the new session's cookie goes with it."""
    response = request.app[RENDER](request, "codes.html", codes=codes)
    if token:
        set_cookie(response, request.app[SETTINGS], token)
    return response


def secret_values(secret: str, login: str, firm: Firm) -> dict[str, object]:
    """What a page shows of a secret: its picture as SVG, and how to type it."""
    code = segno.make(totp.address(secret, login, firm.name), error="m")
    # The fill is an attribute: styles in the page are not allowed.
    picture = code.svg_inline(scale=4, border=4, dark="#000", light="#fff", omitsize=True)
    return {"picture": picture, "secret": totp.in_groups(secret)}


def set_cookie(response: web.StreamResponse, settings: Settings, token: str) -> None:
    """Gives the browser its session: over TLS alone where there is TLS, never to a script or another site."""
    secure = is_secure(settings)
    response.set_cookie(
        cookie_name(secure),
        token,
        max_age=int(LONGEST.total_seconds()),
        path="/",
        httponly=True,
        samesite="Strict",
        secure=secure,
    )


def drop_cookie(response: web.StreamResponse, settings: Settings) -> None:
    """Takes it away; the attributes must be the same as when it was given."""
    secure = is_secure(settings)
    response.set_cookie(
        cookie_name(secure), "", max_age=0, path="/", httponly=True, samesite="Strict", secure=secure
    )


def is_secure(settings: Settings) -> bool:
    """Whether browsers reach the console over TLS: always in production."""
    return settings.production or settings.public_url.startswith("https://")


async def _setup(request: web.Request, problem: str) -> web.StreamResponse:
    app, staff = request.app, staff_of(request)
    secret = await app[DOORS].pending(staff)
    if secret is None:
        raise web.HTTPForbidden
    return app[RENDER](
        request,
        "setup.html",
        status=400 if problem else 200,
        problem=problem,
        **secret_values(secret, staff.login, app[FIRM]),
    )


async def _wait(began: float, floor: float) -> None:
    """Until the next multiple of ``floor`` seconds, so that the time of a refusal tells nothing."""
    if floor:
        spent = time.monotonic() - began
        await asyncio.sleep(math.ceil(spent / floor) * floor - spent)
