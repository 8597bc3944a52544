"""Starts the gateway with everything real: files, database, engine, clock."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from aiohttp import web

from bot.booking.calcom import CalcomDestination
from bot.booking.ports import Destination
from bot.booking.store import BookingStore
from bot.booking.vault import Vault
from bot.booking.webhook import WebhookDestination
from bot.core import emergency, language
from bot.core.content import Library, load_library
from bot.core.content.approvals import FILE_NAME as APPROVALS
from bot.core.content.approvals import read_approvals
from bot.core.deadlines import Deadline, NotCovered, Span, calculate
from bot.core.deadlines.fresh import FreshRules
from bot.core.deadlines.rules import Rules
from bot.core.deadlines.telling import calendar_title, tell
from bot.core.errors import BotError, DataFileError, SettingsError
from bot.core.firm import Firm, load_firm
from bot.core.law import load_parameters
from bot.core.messages import Reply
from bot.core.problems import Report
from bot.core.triage.rules import is_approved
from bot.core.triage.rules import load as load_triage_rules
from bot.gateway.app import BOT, create_app
from bot.gateway.clock import SystemClock
from bot.gateway.engine import EngineClient
from bot.gateway.limits import Limits
from bot.gateway.logs import configure, fault, logger
from bot.gateway.ports import core_reading
from bot.gateway.texts import Texts, load_texts
from bot.gateway.whatsapp.names import Names
from bot.gateway.whatsapp.service import providers_of
from bot.gateway.whatsapp.store import WhatsAppStore
from bot.settings import Settings, load_settings, with_demo_secrets
from bot.transcripts.sealing import Keys
from bot.transcripts.store import TranscriptStore

#: Adds something to an assembled gateway.
type Mount = Callable[[Parts], None]

#: How long requests under way may take to end when the gateway is told to stop.
STOP_SECONDS = 3.0
#: The name in the file that comes with the project; people must not be told to call it.
EXAMPLE_FIRM = "Example Immigration Law Office"


class FreshNotices:
    """The library's notices, with edits taken over while the gateway runs."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def notice(self, id: str, lang: str, **values: str) -> Reply:
        self._library.reload_if_changed(time.monotonic())
        return self._library.notice(id, lang, today=None, **values)


class FreshFirm:
    """The firm's facts as the library has them now: what a notice promises is what the program does."""

    def __init__(self, library: Library) -> None:
        self._library = library

    @property
    def name(self) -> str:
        return self._now.name

    @property
    def phone(self) -> str:
        return self._now.phone

    @property
    def emergency_phone(self) -> str | None:
        return self._now.emergency_phone

    @property
    def timezone(self) -> str:
        return self._now.timezone

    @property
    def retention_days(self) -> int:
        return self._now.retention_days

    @property
    def request_retention_days(self) -> int:
        return self._now.request_retention_days

    @property
    def alarm_retention_days(self) -> int | None:
        return self._now.alarm_retention_days

    @property
    def _now(self) -> Firm:
        self._library.reload_if_changed(time.monotonic())
        return self._library.firm


class FreshDeadlines:
    """The deadline engine with rules, figures and words as their files stand now."""

    def __init__(self, library: Library, rules: FreshRules) -> None:
        self._library = library
        self._rules = rules

    def calculate(
        self,
        calculation: str,
        inputs: Mapping[str, object],
        today: date | Span,
        as_of: date | None,
        include: tuple[str, ...],
    ) -> Deadline | NotCovered:
        return calculate(calculation, inputs, self._now, today, as_of, include)

    def tell(self, result: Deadline | NotCovered, lang: str) -> Reply:
        return tell(self._library, self._now, result, lang)

    def title(self, calculation: str, lang: str) -> str:
        return calendar_title(self._library, calculation, lang)

    @property
    def _now(self) -> Rules:
        clock = time.monotonic()
        self._library.reload_if_changed(clock)
        return self._rules.now(self._library.parameters, clock)


@dataclass(frozen=True, slots=True)
class Parts:
    """A gateway, and what of it others build on who share its process."""

    app: web.Application
    settings: Settings
    library: Library
    rules: FreshRules
    firm: FreshFirm
    texts: Texts
    clock: SystemClock
    keys: Keys
    transcripts: TranscriptStore
    bookings: BookingStore
    engine: EngineClient

    async def close(self) -> None:
        """Closes what the application would close with itself, where it never ran."""
        await self.engine.close()
        await self.bookings.close()
        await self.transcripts.close()


async def build(settings: Settings, limits: Limits | None = None) -> web.Application:
    """The gateway alone, as ``assemble``."""
    return (await assemble(settings, limits)).app


async def assemble(settings: Settings, limits: Limits | None = None) -> Parts:
    """The gateway on real parts. Raises DataFileError when a file about words or law is wrong."""
    settings = with_demo_secrets(settings)
    bounds = limits or Limits().times(settings.rate_factor)
    firm = load_firm(settings.firm)
    if settings.production and firm.name == EXAMPLE_FIRM:
        raise SettingsError(
            [f"{settings.firm} still describes the example firm. Put the firm's own values in it."]
        )
    library = load_library(
        BOT / "content",
        load_parameters(BOT / "law" / "parameters"),
        firm,
        mode=settings.mode,
        on_problem=_tell,
    )
    reading = core_reading()
    # The lists are read with their first use: a broken one must stop the start, not a message.
    await asyncio.to_thread(reading.emergency, "", None)
    await asyncio.to_thread(reading.story, "")
    _say_whether_levels_are_approved(settings, SystemClock(settings.today).now_in(firm.timezone).date())
    keys = Keys(settings.data_keys)
    store = TranscriptStore(settings.database_url, keys, settings.keep_unmasked_days)
    bookings = BookingStore(
        settings.database_url, keys, site=firm.name, environment=settings.mode, sends=bool(settings.booking)
    )
    fresh_firm, clock = FreshFirm(library), SystemClock(settings.today)
    rules = FreshRules(BOT / "law" / "deadlines", library.parameters, on_problem=_tell)
    texts = load_texts(BOT / "content", fresh_firm)
    # The client waits a little longer than the turn, so that there is one place that gives up.
    engine = EngineClient(settings.engine_url, settings.engine_secret, bounds.turn_seconds + 1)
    app = create_app(
        settings,
        engine=engine,
        notices=FreshNotices(library),
        deadlines=FreshDeadlines(library, rules),
        firm=fresh_firm,
        store=store,
        bookings=bookings,
        vault=Vault(bookings.database, keys),
        destination=destination(settings, firm.timezone),
        clock=clock,
        reading=reading,
        texts=texts,
        limits=bounds,
        whatsapp=WhatsAppStore(bookings.database, keys, Names(settings.secret_key)),
        providers=providers_of(settings),
    )
    return Parts(app, settings, library, rules, fresh_firm, texts, clock, keys, store, bookings, engine)


def destination(settings: Settings, timezone: str) -> Destination | None:
    """Where requests for an appointment go; None when they wait for staff. ``timezone`` is the firm's."""
    if settings.booking == "webhook":
        return WebhookDestination(
            settings.booking_url, settings.booking_secrets, https_only=settings.production
        )
    if settings.booking == "calcom":
        return CalcomDestination.of(settings, timezone)
    return None


def _say_whether_levels_are_approved(settings: Settings, today: date) -> None:
    """In production the firm's lawyer has to have approved how urgent what is; until then the log says so."""
    version = load_triage_rules(BOT / "law" / "triage" / "levels.yml").on(today)
    approvals = read_approvals(BOT / "content" / APPROVALS, Report())
    if settings.production and not is_approved(version, approvals):
        logger().warning("levels_not_approved", version=version.id)


async def run(settings: Settings, stop: asyncio.Event | None = None, mount: Mount | None = None) -> None:
    """Serves until SIGINT, SIGTERM or ``stop``; ``mount`` adds to the gateway before it listens."""
    configure(settings.log_level)
    parts = await assemble(settings)
    app = parts.app
    if mount is not None:
        mount(parts)
    await asyncio.to_thread(language.warm_up)
    # Reading the emergency list takes about a second; the first frightened person must not wait for it.
    await asyncio.to_thread(emergency.classify, "")
    ending = stop or asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ending.set)
    # Access logs show addresses and paths; our own line for each request shows neither.
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=STOP_SECONDS, handle_signals=False)
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.host, settings.port, reuse_address=True).start()
        logger().info("listening", host=settings.host, port=settings.port)
        await ending.wait()
    finally:
        await runner.cleanup()
        logger().info("stopped")


def serve(settings: Settings, mount: Mount | None = None) -> None:
    """Runs the gateway in this process until it is told to stop."""
    asyncio.run(run(settings, mount=mount))


def _tell(problem: DataFileError) -> None:
    logger().error("content_not_reloaded", file=problem.path, line=problem.line, **fault(problem))


def main(mount: Mount | None = None) -> int:
    """As ``serve``, with the settings of the environment; the exit code."""
    try:
        serve(load_settings(os.environ), mount)
    except BotError as exc:
        sys.stderr.write(f"{exc}\n")
        return 1
    return 0
