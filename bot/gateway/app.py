"""Puts the gateway together; everything that touches the world is passed in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.booking.ports import Destination
from bot.booking.store import BookingStore
from bot.booking.vault import Vault
from bot.booking.worker import Deliveries
from bot.core import yaml12
from bot.core.errors import RequestError
from bot.core.messages import Reply
from bot.gateway import bundle
from bot.gateway.alarms import Alarms
from bot.gateway.booking_api import BookingApi
from bot.gateway.bookings import BookingDesk, Teller
from bot.gateway.bulletin import Board
from bot.gateway.chat import ChatApi
from bot.gateway.clock import Clock
from bot.gateway.commands import Commands
from bot.gateway.conduct import Conduct
from bot.gateway.deadlines import DeadlineApi
from bot.gateway.desk import Desk
from bot.gateway.embed import EmbedPage
from bot.gateway.events import Streams
from bot.gateway.figures import DailyFigures
from bot.gateway.health import Health
from bot.gateway.keeper import Keeper
from bot.gateway.limits import Limits, RateLimiter
from bot.gateway.metrics import Metrics
from bot.gateway.middleware import problem_middleware
from bot.gateway.plain_chat import PlainChat
from bot.gateway.ports import Deadlines, Engine, Firm, Notices, Reading
from bot.gateway.security import add_headers, may_read_metrics
from bot.gateway.texts import Texts
from bot.gateway.tokens import Tokens
from bot.gateway.turns import Turns
from bot.gateway.voice import Voice
from bot.gateway.whatsapp.handover import Handovers
from bot.gateway.whatsapp.model import Provider
from bot.gateway.whatsapp.people import People
from bot.gateway.whatsapp.reminders import Reminders
from bot.gateway.whatsapp.service import Tidying, WhatsApp, approved, reminders_can_be_sent
from bot.gateway.whatsapp.store import WhatsAppStore
from bot.gateway.whatsapp.words import Words
from bot.gateway.widget import KeptBuilds, Widget
from bot.gateway.worker import Retention, housekeeping, last_writes
from bot.settings import Settings
from bot.transcripts.bulletins import Bulletins
from bot.transcripts.insights import Insights
from bot.transcripts.review import Review
from bot.transcripts.store import TranscriptStore

BOT = Path(__file__).resolve().parent.parent
WIDGET = BOT / "widget"
OPENAPI = Path(__file__).with_name("openapi.yml")

#: How long the end of the process waits for alarms that are on their way out.
LAST_ALARMS_SECONDS = 2.0

KEEPER: web.AppKey[Keeper] = web.AppKey("keeper", Keeper)
ALARMS: web.AppKey[Alarms] = web.AppKey("alarms", Alarms)
METRICS: web.AppKey[Metrics] = web.AppKey("metrics", Metrics)
STREAMS: web.AppKey[Streams] = web.AppKey("streams", Streams)
RETENTION: web.AppKey[Retention] = web.AppKey("retention", Retention)
FIGURES: web.AppKey[DailyFigures] = web.AppKey("figures", DailyFigures)
WHATSAPP: web.AppKey[WhatsApp] = web.AppKey("whatsapp", WhatsApp)
TIDYING: web.AppKey[Tidying] = web.AppKey("tidying", Tidying)
DESK: web.AppKey[Desk] = web.AppKey("desk", Desk)
BOARD: web.AppKey[Board] = web.AppKey("board", Board)
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
    texts: Texts,
    limits: Limits | None = None,
    whatsapp: WhatsAppStore | None = None,
    providers: Mapping[str, Provider] | None = None,
    widget: Path = WIDGET,
) -> web.Application:
    """The gateway. It starts and closes ``store`` and ``engine`` with itself.

    Raises ContentFileError when a notice is missing, DataFileError when the modules of the widget cannot be joined.
    """
    bounds = limits or Limits()
    metrics = Metrics()
    voice = Voice(notices)
    alarms = Alarms(store, metrics, clock, bounds, settings.alarm_url, settings.alarm_secret)
    desk = BookingDesk(bookings, vault, clock)
    keeper = Keeper(store, engine, clock, bounds, metrics, alarms, desk)
    teller = Teller(keeper, voice, firm, clock)
    # Words and workers only where a provider is configured; what is held about people is tidied all the same.
    words = Words(notices) if whatsapp is not None and providers else None

    reminders = None
    if whatsapp is not None and words is not None:
        reminders = Reminders(
            store=whatsapp,
            deadlines=deadlines,
            firm=firm,
            words=words,
            clock=clock,
            metrics=metrics,
            template=partial(approved, settings, "reminder"),
            alarm=partial(alarms.raise_about, "whatsapp"),
            offers=reminders_can_be_sent(settings),
        )
    deliveries = Deliveries(bookings, destination, clock, alarms.raise_about, teller.tell)
    board = Board(Bulletins(store.database), voice, firm, clock)
    retention = Retention(keeper, desk, store, firm, clock, bounds)
    figures = DailyFigures(Insights(store), metrics, firm, clock)
    limiter = RateLimiter(bounds)
    streams = Streams(keeper, bounds, metrics)
    health = Health(store, engine, clock, firm, bounds, settings.status_file, texts.steps)
    turns = Turns(
        keeper=keeper,
        commands=Commands(
            voice,
            keeper,
            clock,
            metrics,
            None if words is None else words.greeting,
            None if reminders is None else reminders.obey,
        ),
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
        board=board,
        spoken=None if words is None or reminders is None else _spoken(words, reminders),
        keeps_raw=settings.keep_unmasked_days > 0,
    )
    tidying = None
    if whatsapp is not None:
        people = People(whatsapp, keeper, clock)
        keeper.elsewhere = people
        tidying = Tidying(
            store=whatsapp,
            keeper=keeper,
            transcripts=store,
            firm=firm,
            clock=clock,
            limits=bounds,
            metrics=metrics,
        )
    tokens = Tokens(settings.secret_key)
    service = None
    if whatsapp is not None and words is not None and reminders is not None:
        handovers = None
        if settings.whatsapp_number:
            handovers = Handovers(
                store=whatsapp,
                keeper=keeper,
                tokens=tokens,
                words=words,
                number=settings.whatsapp_number,
                clock=clock,
                limits=bounds,
                limiter=limiter,
                trusted_proxies=settings.trusted_proxies,
            )
        service = WhatsApp(
            settings,
            store=whatsapp,
            people=people,
            providers=providers or {},
            words=words,
            keeper=keeper,
            turns=turns,
            voice=voice,
            reading=reading,
            clock=clock,
            limits=bounds,
            metrics=metrics,
            alarms=alarms,
            reminders=reminders,
            handovers=handovers,
        )
        teller.outside = service.tell
    staff_desk = Desk(
        keeper=keeper,
        transcripts=store,
        review=Review(store),
        voice=voice,
        firm=firm,
        clock=clock,
        whatsapp=whatsapp,
        outside=None if service is None else service.tell,
        has_template=lambda provider, language: approved(settings, "window", provider, language) is not None,
    )
    conduct = Conduct(keeper=keeper, voice=voice, store=store, clock=clock, metrics=metrics, board=board)
    api = ChatApi(
        keeper=keeper,
        turns=turns,
        conduct=conduct,
        tokens=tokens,
        streams=streams,
        health=health,
        limiter=limiter,
        trusted_proxies=settings.trusted_proxies,
        openapi=openapi_document(),
    )
    plain = PlainChat(
        keeper=keeper,
        turns=turns,
        conduct=conduct,
        tokens=tokens,
        voice=voice,
        problems=texts.problems,
        words=texts.chat,
        firm=firm,
        clock=clock,
        limits=bounds,
        limiter=limiter,
        metrics=metrics,
        board=board,
        trusted_proxies=settings.trusted_proxies,
    )
    deadline_api = DeadlineApi(
        deadlines=deadlines,
        phrases=texts.phrases,
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

    modules = widget / "src"
    current = bundle.build(modules) if (modules / bundle.ENTRY).is_file() else None
    builds = KeptBuilds(settings.var / "widget")
    if current is not None:
        builds.keep(current)
    embed_page = EmbedPage(current=current, words=texts.embed)
    scripts = Widget(
        current=current,
        builds=builds,
        firm=firm,
        origins=settings.allowed_origins,
        whatsapp=service is not None and service.handovers is not None,
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
        await board.look()
        alarming = asyncio.create_task(alarms.work())
        tasks = [
            asyncio.create_task(board.work()),
            asyncio.create_task(housekeeping(keeper, retention, store, metrics, clock, bounds, figures)),
            asyncio.create_task(deliveries.work()),
            *(asyncio.create_task(part.work()) for part in (tidying, service) if part is not None),
        ]
        yield
        if service is not None:
            await service.stop()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await last_writes(keeper, store, metrics, clock, figures, alarms)
        with suppress(TimeoutError):
            await asyncio.wait_for(alarms.settled(), LAST_ALARMS_SECONDS)
        alarming.cancel()
        await asyncio.gather(alarming, return_exceptions=True)
        await alarms.close()
        await deliveries.close()
        if service is not None:
            await service.close()
        await engine.close()
        await bookings.close()
        await store.close()

    async def stop_streams(_app: web.Application) -> None:
        streams.close()

    app = web.Application(
        middlewares=[problem_middleware(texts.problems, metrics, alarms, settings.allowed_origins)],
        client_max_size=bounds.body_bytes,
    )
    app[KEEPER], app[ALARMS], app[METRICS], app[STREAMS] = keeper, alarms, metrics, streams
    app[RETENTION], app[DELIVERIES], app[DESK] = retention, deliveries, staff_desk
    app[FIGURES] = figures
    app[BOARD] = board
    if tidying is not None:
        app[TIDYING] = tidying
    if service is not None:
        app[WHATSAPP] = service
        app.add_routes(service.routes())
    app.add_routes(api.routes())
    app.add_routes(deadline_api.routes())
    app.add_routes(booking_api.routes())
    app.add_routes(scripts.routes())
    app.add_routes(plain.routes())
    app.add_routes(embed_page.routes())
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


def _spoken(words: Words, reminders: Reminders) -> Callable[[Reply], Reply]:
    """The wording that a reply has on WhatsApp, and what WhatsApp can offer with it."""
    return lambda reply: reminders.offered(words.spoken(reply))
