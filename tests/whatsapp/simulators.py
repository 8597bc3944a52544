"""The stand-ins of the providers as tests start them, and a webhook that takes everything."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.simulator.cloud import CloudStandIn
from bot.simulator.standin import StandIn
from bot.simulator.twilio import TwilioStandIn

NUMBER = "15550109999"
NUMBER_ID = "106540352242922"
ACCESS_TOKEN = "EAA" + "t" * 40
APP_SECRET = "a" * 32
ACCOUNT = "AC" + "0" * 32
AUTH_TOKEN = "b" * 32
PUBLIC_URL = "https://bot.firm.example"
WEBHOOK = "/hook"


@dataclass(slots=True)
class Webhook:
    """Our side of the providers' posts: takes them, or answers ``status``."""

    status: int = 200
    posts: list[tuple[str, bytes, dict[str, str]]] = field(default_factory=list)
    url: str = ""

    async def take(self, request: web.Request) -> web.Response:
        self.posts.append((request.raw_path, await request.read(), dict(request.headers)))
        return web.Response(status=self.status)


@asynccontextmanager
async def webhook() -> AsyncIterator[Webhook]:
    hook = Webhook()
    app = web.Application()
    app.router.add_post("/{path:.*}", hook.take)
    server = TestServer(app)
    await server.start_server()
    hook.url = str(server.make_url("")).rstrip("/")
    try:
        yield hook
    finally:
        await server.close()


def cloud(*gateways: str, **options: Any) -> CloudStandIn:
    """Meta, for a number of ours."""
    given: dict[str, Any] = {
        "webhook": WEBHOOK,
        "access_token": ACCESS_TOKEN,
        "app_secret": APP_SECRET,
        "number_id": NUMBER_ID,
        "number": NUMBER,
        **options,
    }
    return CloudStandIn(gateways, **given)


def twilio(*gateways: str, **options: Any) -> TwilioStandIn:
    """Twilio, for a number of ours."""
    given: dict[str, Any] = {
        "public_url": PUBLIC_URL,
        "webhook": WEBHOOK,
        "account": ACCOUNT,
        "auth_token": AUTH_TOKEN,
        "number": NUMBER,
        **options,
    }
    return TwilioStandIn(gateways, **given)


BY_NAME = {"cloud": cloud, "twilio": twilio}


@asynccontextmanager
async def running[S: StandIn](stand_in: S) -> AsyncIterator[S]:
    await stand_in.start()
    try:
        yield stand_in
    finally:
        await stand_in.stop()
