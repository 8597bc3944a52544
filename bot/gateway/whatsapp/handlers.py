"""The webhooks: a signed POST is stored and answered at once; everything else happens later, in the inbox."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from aiohttp import web

from bot.core.errors import RequestError
from bot.gateway.clock import Clock
from bot.gateway.keeper import STORE_FAULTS, Keeper
from bot.gateway.logs import fault, logger
from bot.gateway.metrics import Metrics
from bot.gateway.ports import Reading
from bot.gateway.security import is_trusted
from bot.gateway.whatsapp import cloud, twilio
from bot.gateway.whatsapp.model import Event, Inbound, WireError
from bot.gateway.whatsapp.store import WhatsAppStore
from bot.settings import CloudSettings, Network, TwilioSettings

CLOUD = "/webhooks/whatsapp/cloud"
TWILIO = "/webhooks/whatsapp/twilio"
TWILIO_STATUS = f"{TWILIO}/status"
#: Meta joins up to a thousand events into one POST of at most 3 MB; Twilio sends one at a time.
LARGEST_CLOUD = 3 * 2**20
LARGEST_TWILIO = 256 * 2**10
#: A text that names a danger does so early on; reading takes time, and the provider waits for its answer.
URGENT_CHARACTERS, URGENT_TEXTS = 500, 20
#: What Twilio takes for "no answer by this way".
NO_ANSWER = '<?xml version="1.0" encoding="UTF-8"?><Response/>'


class WhatsAppApi:
    """The webhooks of the providers that are configured; others have no address here.

    No rate limit stands before them: what a provider is refused it sends again, and unsigned posts cost little.
    """

    def __init__(
        self,
        *,
        cloud_settings: CloudSettings | None,
        twilio_settings: TwilioSettings | None,
        public_url: str,
        trusted_proxies: Sequence[Network],
        store: WhatsAppStore,
        keeper: Keeper,
        reading: Reading,
        clock: Clock,
        metrics: Metrics,
        wake: Callable[[], None],
    ) -> None:
        self._cloud = cloud_settings
        self._twilio = twilio_settings
        self._public_url = public_url
        self._trusted = trusted_proxies
        self._store = store
        self._keeper = keeper
        self._reading = reading
        self._clock = clock
        self._metrics = metrics
        self._wake = wake

    def routes(self) -> list[web.RouteDef]:
        """Every route."""
        found: list[web.RouteDef] = []
        if self._cloud is not None:
            found += [web.get(CLOUD, self.cloud_handshake), web.post(CLOUD, self.cloud)]
        if self._twilio is not None:
            found += [web.post(TWILIO, self.twilio), web.post(TWILIO_STATUS, self.twilio)]
        return found

    async def cloud_handshake(self, request: web.Request) -> web.Response:
        """Meta asks whether this address is ours."""
        settings = _given(self._cloud)
        challenge = cloud.challenge(request.query, (settings.verify_token,))
        if challenge is None:
            return self._refused("cloud", 403)
        return web.Response(text=challenge, content_type="text/plain")

    async def cloud(self, request: web.Request) -> web.Response:
        """Messages and statuses from Meta. 401: not signed with the app secret."""
        settings = _given(self._cloud)
        raw = await _body(request, LARGEST_CLOUD)
        if not cloud.verified(raw, request.headers.get(cloud.SIGNATURE_HEADER), settings.app_secrets):
            return self._refused("cloud", 401)
        try:
            events = cloud.parse(raw, settings.phone_id)
        except WireError:
            return self._refused("cloud", 400)
        return web.Response() if await self._take("cloud", events) else _not_stored()

    async def twilio(self, request: web.Request) -> web.Response:
        """A message or a status from Twilio. 401: not signed with the auth token for this address."""
        settings = _given(self._twilio)
        raw = await _body(request, LARGEST_TWILIO)
        path, _, query = request.raw_path.partition("?")
        url = twilio.public_url(self._base(request), path, query)
        if not twilio.verified(raw, url, request.headers.get(twilio.SIGNATURE_HEADER), settings.auth_tokens):
            return self._refused("twilio", 401)
        try:
            events = twilio.parse(raw, query, self._clock.now())
        except WireError:
            return self._refused("twilio", 400)
        if not await self._take("twilio", events):
            return _not_stored()
        return web.Response(text=NO_ANSWER, content_type="text/xml")

    def _base(self, request: web.Request) -> str:
        """The address under which Twilio knows the gateway; in a demo a trusted proxy may tell it."""
        if self._public_url:
            return self._public_url
        if is_trusted(request, self._trusted):
            scheme = request.headers.get("X-Forwarded-Proto", request.scheme)
            host = request.headers.get("X-Forwarded-Host", request.host)
            return f"{scheme}://{host}"
        return f"{request.scheme}://{request.host}"

    def _refused(self, provider: str, status: int) -> web.Response:
        """An answer without a word: whoever posts such a thing learns nothing from it.

        401: not signed; 400: signed, and yet not what the provider describes, so that sending it again would not help.
        """
        logger().warning("webhook_refused", provider=provider, status=status)
        self._metrics.whatsapp_received.labels(provider, "refused").inc()
        return web.Response(status=status)

    async def _take(self, provider: str, events: tuple[Event, ...]) -> bool:
        """Whether the events are stored; what is not, the provider sends again."""
        if not events:
            return True
        try:
            taken = await self._store.take(provider, events, self._clock.now(), self._urgent(events))
        except STORE_FAULTS as exc:
            logger().error("webhook_not_stored", provider=provider, **fault(exc))
            return False
        self._metrics.whatsapp_received.labels(provider, "new").inc(len(taken.new))
        self._metrics.whatsapp_received.labels(provider, "repeated").inc(taken.repeated)
        self._metrics.whatsapp_received.labels(provider, "status").inc(taken.statuses)
        logger().info(
            "webhook", provider=provider, new=len(taken.new), repeated=taken.repeated, statuses=taken.statuses
        )
        for conversation_id in taken.dropped:
            self._keeper.forget_later(conversation_id)
        if taken.new or taken.statuses:
            self._wake()
        return True

    def _urgent(self, events: Sequence[Event]) -> set[str]:
        """The messages that name a danger: they wait for nothing."""
        found = set()
        texts = [event for event in events if isinstance(event, Inbound) and event.text]
        for event in texts[:URGENT_TEXTS]:
            try:
                if self._reading.emergency(event.text[:URGENT_CHARACTERS], None) is not None:
                    found.add(event.id)
            except Exception as exc:
                # The turn reads it again; here it only costs the pause.
                logger().error("reading_failed", **fault(exc))
        return found


async def _body(request: web.Request, most: int) -> bytes:
    """The raw bytes, which are what is signed. Raises RequestError for more than ``most``."""
    if (request.content_length or 0) > most:
        raise RequestError("body_too_large", 413)
    raw = bytearray()
    async for part in request.content.iter_chunked(65_536):
        raw += part
        if len(raw) > most:
            raise RequestError("body_too_large", 413)
    return bytes(raw)


def _not_stored() -> web.Response:
    return web.Response(status=503, headers={"Retry-After": "5"})


def _given[T](settings: T | None) -> T:
    if settings is None:
        raise RequestError("not_found", 404)
    return settings
