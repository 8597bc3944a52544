"""What a handler of the console finds in its application and on its request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol

from aiohttp import web
from multidict import MultiMapping

from bot.console.access import PREFIX, Staff
from bot.console.ports import Clock, Desk, Firm, OtherLanguage, RaiseAlarm

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from bot.booking.store import BookingStore
    from bot.console.accounts import Accounts
    from bot.console.audit import Audit
    from bot.console.doors import Doors
    from bot.console.sessions import Session, Sessions
    from bot.console.throttle import Throttle
    from bot.console.words import Words
    from bot.settings import Settings
    from bot.transcripts.insights import Insights
    from bot.transcripts.review import Review
    from bot.transcripts.store import TranscriptStore

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Render(Protocol):
    """Makes a page from a template; its words are in the language of whoever asks."""

    def __call__(
        self, request: web.Request, template: str, /, status: int = 200, **values: object
    ) -> web.Response: ...


RENDER: web.AppKey[Render] = web.AppKey("console_render")
SETTINGS: web.AppKey[Settings] = web.AppKey("console_settings")
DATABASE: web.AppKey[AsyncEngine] = web.AppKey("console_database")
TRANSCRIPTS: web.AppKey[TranscriptStore] = web.AppKey("console_transcripts")
REVIEW: web.AppKey[Review] = web.AppKey("console_review")
INSIGHTS: web.AppKey[Insights] = web.AppKey("console_insights")
BOOKINGS: web.AppKey[BookingStore] = web.AppKey("console_bookings")
DESK: web.AppKey[Desk] = web.AppKey("console_desk")
OTHER: web.AppKey[OtherLanguage] = web.AppKey("console_other_language")
WORDS: web.AppKey[Words] = web.AppKey("console_words")
CLOCK: web.AppKey[Clock] = web.AppKey("console_clock")
FIRM: web.AppKey[Firm] = web.AppKey("console_firm")
ALARM: web.AppKey[RaiseAlarm] = web.AppKey("console_alarm")
AUDIT: web.AppKey[Audit] = web.AppKey("console_audit")
ACCOUNTS: web.AppKey[Accounts] = web.AppKey("console_accounts")
DOORS: web.AppKey[Doors] = web.AppKey("console_doors")
#: Seconds: a refusal at the door takes a multiple of it.
FLOOR: web.AppKey[float] = web.AppKey("console_floor", float)
SESSIONS: web.AppKey[Sessions] = web.AppKey("console_sessions")
THROTTLE: web.AppKey[Throttle] = web.AppKey("console_throttle")
ADDRESS: web.AppKey[Callable[[web.Request], str]] = web.AppKey("console_address")

_STAFF: web.RequestKey[Staff] = web.RequestKey("console_staff", Staff)
SESSION: web.RequestKey[Session] = web.RequestKey("console_session")
FORM: web.RequestKey[MultiMapping[str]] = web.RequestKey("console_form")
LANGUAGE: web.RequestKey[str] = web.RequestKey("console_language", str)


def staff_of(request: web.Request) -> Staff:
    """Who asks; only on routes that need a role."""
    return request[_STAFF]


def staff_or_none(request: web.Request) -> Staff | None:
    """Who asks, or None before anybody has signed in."""
    return request.get(_STAFF)


def set_staff(request: web.Request, staff: Staff) -> None:
    """Notes who asks."""
    request[_STAFF] = staff


def form_of(request: web.Request) -> MultiMapping[str]:
    """The fields of the form that was sent; its token is checked already."""
    return request[FORM]


def see_other(path: str) -> web.HTTPSeeOther:
    """Sends the browser on to a path below ``PREFIX``: what follows a form, so that loading again repeats nothing."""
    return web.HTTPSeeOther(PREFIX + path)
