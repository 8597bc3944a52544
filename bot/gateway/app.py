"""Puts the gateway together; everything that touches the world is passed in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import cache
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.booking.ports import Destination
from bot.booking.store import BookingStore
from bot.booking.vault import Vault
from bot.booking.worker import Deliveries
from bot.core import yaml12
from bot.core.deadlines import phrases
from bot.core.errors import RequestError
from bot.gateway.alarms import Alarms
from bot.gateway.booking_api import BookingApi
from bot.gateway.bookings import BookingDesk, Teller
from bot.gateway.chat import ChatApi
from bot.gateway.clock import Clock
from bot.gateway.commands import Commands
from bot.gateway.deadlines import DeadlineApi
from bot.gateway.events import Streams
from bot.gateway.health import Health, load_steps
from bot.gateway.keeper import Keeper
from bot.gateway.limits import Limits, RateLimiter
from bot.gateway.logs import fault, logger
from bot.gateway.metrics import Metrics
from bot.gateway.middleware import problem_middleware
from bot.gateway.ports import Deadlines, Engine, Firm, Notices, Reading
from bot.gateway.problems import load_problems
from bot.gateway.security import add_headers, may_read_metrics
from bot.gateway.tokens import Tokens
from bot.gateway.turns import Turns
from bot.gateway.voice import Voice
from bot.gateway.worker import Retention, housekeeping, write_counts
from bot.settings import Settings
from bot.transcripts.store import TranscriptStore

BOT = Path(__file__).resolve().parent.parent
WIDGET = BOT / "widget"
OPENAPI = Path(__file__).with_name("openapi.yml")

#: How long the end of the process waits for what is still to be written.
LAST_WRITES_SECONDS = 2.0

KEEPER: web.AppKey[Keeper] = web.AppKey("keeper", Keeper)
ALARMS: web.AppKey[Alarms] = web.AppKey("alarms", Alarms)
METRICS: web.AppKey[Metrics] = web.AppKey("metrics", Metrics)
STREAMS: web.AppKey[Streams] = web.AppKey("streams", Streams)
RETENTION: web.AppKey[Retention] = web.AppKey("retention", Retention)
DELIVERIES: web.AppKey[Deliveries] = web.AppKey("deliveries", Deliveries)


@cache
def openapi_document() -> dict[str, Any]:
    """The published description of both APIs."""
    document: dict[str, Any] = yaml12.load_file(OPENAPI)
    return document


def create_app(
    settings: Settings,
    *,
    engine: Engine,
    notices: Notices,
    deadlines: Deadlines,
    firm: Firm,
    store: TranscriptStore,
    bookings: BookingStore,
    vault: Vault,
    destination: Destination | None,
    clock: Clock,
    reading: Reading,
    limits: Limits | None = None,
    widget: Path = WIDGET,
    content: Path = BOT / "content",
) -> web.Application:
    """The gateway. It starts and closes ``store`` and ``engine`` with itself.

    Raises ContentFileError when a notice, a problem text or a phrase is missing.
    """
    bounds = limits or Limits()
    metrics = Metrics()
    voice = Voice(notices)
    problems = load_problems(content / "problems.yml", firm)
    alarms = Alarms(store, metrics, clock, bounds, settings.alarm_url, settings.alarm_secret)
    desk = BookingDesk(bookings, vault, clock)
    keeper = Keeper(store, engine, clock, bounds, metrics, alarms, desk)
    teller = Teller(keeper, voice, firm, clock)

    def alarm(kind: str, code: str, conversation: str | None) -> None:
        # A request outlives a conversation that was not kept, so its alarm names none.
        alarms.raise_alarm(kind, code, conversation, kept=False)

    deliveries = Deliveries(bookings, destination, clock, alarm, teller.tell)
    retention = Retention(keeper, desk, firm, clock, bounds)
    limiter = RateLimiter(bounds)
    streams = Streams(keeper, bounds, metrics)
    health = Health(
        store, engine, clock, firm, bounds, settings.status_file, load_steps(content / "status.yml")
    )
    turns = Turns(
        keeper=keeper,
        commands=Commands(voice, keeper, clock, metrics),
        voice=voice,
        engine=engine,
        reading=reading,
        firm=firm,
        clock=clock,
        limits=bounds,
        limiter=limiter,
        metrics=metrics,
        alarms=alarms,
        bookings=desk,
    )
    api = ChatApi(
        keeper=keeper,
        turns=turns,
        voice=voice,
        tokens=Tokens(settings.secret_key),
        streams=streams,
        health=health,
        limiter=limiter,
        store=store,
        clock=clock,
        metrics=metrics,
        trusted_proxies=settings.trusted_proxies,
        openapi=openapi_document(),
    )
    deadline_api = DeadlineApi(
        deadlines=deadlines,
        phrases=phrases.load_phrases(content / phrases.FILE_NAME),
        firm=firm,
        clock=clock,
        limits=bounds,
        limiter=limiter,
        trusted_proxies=settings.trusted_proxies,
    )

    booking_api = BookingApi(
        store=bookings,
        secrets=settings.booking_callback_secrets,
        clock=clock,
        limiter=limiter,
        metrics=metrics,
        trusted_proxies=settings.trusted_proxies,
        wake=deliveries.wake,
    )

    async def page(_request: web.Request) -> web.StreamResponse:
        file = widget / "page.html"
        if not file.is_file():
            raise RequestError("not_found", 404)
        return web.FileResponse(file)

    async def healthz(_request: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def readyz(_request: web.Request) -> web.Response:
        found = await health.readiness()
        body = {"ready": found.ready, "parts": dict(found.parts)}
        return web.json_response(body, status=200 if found.ready else 503)

    async def read_metrics(request: web.Request) -> web.Response:
        if not may_read_metrics(request, settings.metrics_allowed, settings.trusted_proxies):
            raise RequestError("not_allowed", 403)
        return web.Response(body=metrics.text(), headers={"Content-Type": "text/plain; version=0.0.4"})

    async def headers(request: web.Request, response: web.StreamResponse) -> None:
        add_headers(request, response, settings.allowed_origins)

    async def background(_app: web.Application) -> AsyncIterator[None]:
        await store.start()
        tasks = [
            asyncio.create_task(alarms.work()),
            asyncio.create_task(housekeeping(keeper, retention, store, metrics, clock, bounds)),
            asyncio.create_task(deliveries.work()),
        ]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await _last_writes(keeper, store, metrics, clock)
        await alarms.close()
        await deliveries.close()
        await engine.close()
        await bookings.close()
        await store.close()

    async def stop_streams(_app: web.Application) -> None:
        streams.close()

    app = web.Application(
        middlewares=[problem_middleware(problems, metrics, alarms, settings.allowed_origins)],
        client_max_size=bounds.body_bytes,
    )
    app[KEEPER], app[ALARMS], app[METRICS], app[STREAMS] = keeper, alarms, metrics, streams
    app[RETENTION], app[DELIVERIES] = retention, deliveries
    app.add_routes(api.routes())
    app.add_routes(deadline_api.routes())
    app.add_routes(booking_api.routes())
    app.add_routes(
        [
            web.get("/", page),
            web.get("/healthz", healthz),
            web.get("/readyz", readyz),
            web.get("/metrics", read_metrics),
        ]
    )
    if widget.is_dir():
        app.router.add_static("/static/", widget)
    app.on_response_prepare.append(headers)
    app.on_shutdown.append(stop_streams)
    app.cleanup_ctx.append(background)
    return app


async def _last_writes(keeper: Keeper, store: TranscriptStore, metrics: Metrics, clock: Clock) -> None:
    """What the database had not taken before gets a last chance; the end of the process waits for no more."""
    try:
        async with asyncio.timeout(LAST_WRITES_SECONDS):
            for conversation in keeper.registry.all():
                if conversation.consent is not None and conversation.unsaved():
                    await keeper.flush(conversation)
            await write_counts(store, metrics, clock)
    except Exception as exc:  # Nothing may keep the connections from being closed.
        logger().error("last_writes_failed", **fault(exc))
