"""What the firm's system says about appointments, and the schema of what it is sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from aiohttp import web

from bot.booking.callback import LARGEST, CallbackError, read_callback
from bot.booking.payload import schema
from bot.booking.signature import SignatureError
from bot.booking.store import BookingStore
from bot.core.errors import RequestError
from bot.gateway.clock import Clock
from bot.gateway.keeper import STORE_FAULTS
from bot.gateway.limits import RateLimiter
from bot.gateway.logs import fault, logger
from bot.gateway.metrics import Metrics
from bot.gateway.security import client_address
from bot.gateway.wire import read_body
from bot.settings import Network

PREFIX = "/api/booking/v1"


class BookingApi:
    """The callback and the published schema. ``wake`` has the person told at once."""

    def __init__(
        self,
        *,
        store: BookingStore,
        secrets: Sequence[str],
        clock: Clock,
        limiter: RateLimiter,
        metrics: Metrics,
        trusted_proxies: tuple[Network, ...],
        wake: Callable[[], None],
    ) -> None:
        self._store = store
        self._secrets = tuple(secrets)
        self._clock = clock
        self._limiter = limiter
        self._metrics = metrics
        self._trusted = trusted_proxies
        self._wake = wake

    def routes(self) -> list[web.RouteDef]:
        """Every route."""
        return [
            web.get(f"{PREFIX}/schema.json", self.schema),
            web.post(f"{PREFIX}/callback", self.callback),
        ]

    async def schema(self, _request: web.Request) -> web.Response:
        return web.json_response(schema(), content_type="application/schema+json")

    async def callback(self, request: web.Request) -> web.Response:
        """Takes over what the firm's system says; said twice it changes nothing.

        Without a secret in the settings there is no such address. 401: not signed by the firm; 422: signed, and not
        usable; 404: about a request that is not here.
        """
        if not self._secrets:
            raise RequestError("not_found", 404)
        self._limiter.client(client_address(request, self._trusted))
        body = await read_body(request, LARGEST)
        now = self._clock.now()
        try:
            said = read_callback(self._secrets, request.headers, body, now)
        except SignatureError as error:
            logger().warning("callback_refused", code=error.code)
            raise RequestError("not_signed", 401) from None
        except CallbackError as error:
            raise RequestError("bad_callback", 422, {"field": error.field}) from None
        try:
            done = await self._store.apply(said, now)
        except STORE_FAULTS as exc:
            logger().error("callback_lost", **fault(exc))
            raise RequestError("storage_unavailable", 503, {"seconds": 30}) from None
        logger().info("callback", kind=said.kind, done=done)
        self._metrics.tally(f"callback_{done}")
        if done == "unknown":
            raise RequestError("unknown_request", 404)
        self._wake()
        return web.json_response({"status": done})
