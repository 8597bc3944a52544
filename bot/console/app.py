"""The console as an application: ``create_console``, which the gateway mounts at ``PREFIX``."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.booking.store import BookingStore
from bot.console import parts
from bot.console.access import Route
from bot.console.accounts import Accounts
from bot.console.audit import Audit, AuditKeys
from bot.console.demo import end_demo
from bot.console.doors import Doors
from bot.console.guard import errors, guarded
from bot.console.passwords import Passwords
from bot.console.ports import Clock, Desk, Firm, OtherLanguage, RaiseAlarm
from bot.console.recall import sending
from bot.console.render import make_render
from bot.console.routes import HANDLERS, ROUTES
from bot.console.sessions import Sessions
from bot.console.throttle import Throttle
from bot.console.words import Words
from bot.settings import Settings
from bot.transcripts.insights import Insights
from bot.transcripts.sealing import Keys

if TYPE_CHECKING:
    from bot.transcripts.review import Review
    from bot.transcripts.store import TranscriptStore

#: Seconds; a refusal at the door comes at a multiple of it, whatever was wrong.
REFUSAL_SECONDS = 0.5


def create_console(
    settings: Settings,
    *,
    database: AsyncEngine,
    transcripts: TranscriptStore,
    review: Review,
    bookings: BookingStore,
    desk: Desk,
    other: OtherLanguage,
    words: Words,
    clock: Clock,
    keys: Keys,
    firm: Firm,
    alarm: RaiseAlarm,
    address: Callable[[web.Request], str],
    passwords: Passwords | None = None,
    throttle: Throttle | None = None,
    refusal_seconds: float = REFUSAL_SECONDS,
) -> web.Application:
    """The console on these parts; its tables must be there. ``address`` tells where a request comes from.

    Nobody comes in without a code of the app, except by a demo's link (bot/console/demo.py), which production refuses.
    """
    app = web.Application(middlewares=[errors])
    audit = Audit(database, AuditKeys([settings.secret_key]), clock)
    hasher = passwords or Passwords()
    sessions = Sessions(database, form_secret(settings), None if settings.production else clock.now())
    app[parts.SETTINGS] = settings
    app[parts.DATABASE] = database
    app[parts.TRANSCRIPTS] = transcripts
    app[parts.REVIEW] = review
    app[parts.INSIGHTS] = Insights(transcripts)
    app[parts.BOOKINGS] = bookings
    app[parts.DESK] = desk
    app[parts.OTHER] = other
    app[parts.WORDS] = words
    app[parts.CLOCK] = clock
    app[parts.FIRM] = firm
    app[parts.ALARM] = alarm
    app[parts.ADDRESS] = address
    app[parts.AUDIT] = audit
    app[parts.SESSIONS] = sessions
    app[parts.ACCOUNTS] = Accounts(database, hasher, audit, clock)
    app[parts.DOORS] = Doors(database, keys, hasher, sessions, audit, clock)
    app[parts.THROTTLE] = throttle or Throttle()
    app[parts.FLOOR] = refusal_seconds
    app[parts.RENDER] = make_render()
    sending.add(app)
    add_routes(app, ROUTES, HANDLERS)
    app.on_startup.append(_without_demo)
    app.on_cleanup.append(_without_demo)
    return app


def add_routes(app: web.Application, routes: Sequence[Route], handlers: Mapping[str, parts.Handler]) -> None:
    """Puts every route with its rule on the application.

    Raises ValueError for a route without its handler, a handler without its route, and a path that stands twice.
    """
    named = {route.handler_name for route in routes}
    if odd := named ^ set(handlers):
        raise ValueError(f"routes and handlers differ: {', '.join(sorted(odd))}")
    places = [(route.method, route.path) for route in routes]
    if len(set(places)) < len(places):
        raise ValueError("a path stands twice in the table of routes")
    for route in routes:
        app.router.add_route(route.method, route.path, guarded(route, handlers[route.handler_name]))


def form_secret(settings: Settings) -> bytes:
    """The key with which forms are tied to sessions."""
    return hmac.new(settings.secret_key.encode(), b"faro staff forms", hashlib.sha256).digest()


async def _without_demo(app: web.Application) -> None:
    """A demo's sessions are over with its run (bot/console/sessions.py); here their rows go too, when they can."""
    with contextlib.suppress(SQLAlchemyError):
        await end_demo(app[parts.DATABASE], app[parts.CLOCK].now())
