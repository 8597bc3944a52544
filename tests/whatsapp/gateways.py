"""A gateway with WhatsApp between a stand-in for the provider and one for the engine; everything else is real."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp.test_utils import TestClient, TestServer

from bot.booking.store import BookingStore
from bot.booking.vault import Vault
from bot.core.messages import Reply
from bot.gateway import logs
from bot.gateway.app import ALARMS, KEEPER, METRICS, TIDYING, WHATSAPP, create_app
from bot.gateway.engine import EngineClient
from bot.gateway.limits import Limits
from bot.gateway.whatsapp.handlers import CLOUD, TWILIO
from bot.gateway.whatsapp.names import Names
from bot.gateway.whatsapp.service import providers_of
from bot.gateway.whatsapp.store import WhatsAppStore
from bot.gateway.whatsapp.words import LABELS, VALUES
from bot.settings import load_settings
from bot.simulator.cloud import CloudStandIn
from bot.simulator.phone import Phone
from bot.simulator.standin import Message, StandIn
from bot.transcripts.sealing import Keys
from bot.transcripts.store import TranscriptStore
from tests.gateway.conftest import SmallDeadlines, SmallFirm, SmallNotices, small_reading
from tests.gateway.conftest import texts as project_texts
from tests.gateway.standin import SECRET, StandInEngine
from tests.whatsapp import simulators

WEBHOOKS = {"cloud": CLOUD, "twilio": TWILIO}
DATA_KEY = "5" * 64
VERIFY_TOKEN = "verify-token-of-the-tests"


def provider_of(standin: StandIn) -> str:
    return "cloud" if isinstance(standin, CloudStandIn) else "twilio"


def settings_for(standin: StandIn, **more: str) -> dict[str, str]:
    """The environment of a gateway that talks to a stand-in."""
    common = {
        "FARO_SECRET_KEY": "k" * 40,
        "FARO_PUBLIC_URL": simulators.PUBLIC_URL,
        "FARO_DATA_KEY": DATA_KEY,
    }
    if provider_of(standin) == "cloud":
        own = {
            "FARO_WHATSAPP": "cloud",
            "FARO_WHATSAPP_APP_SECRET": simulators.APP_SECRET,
            "FARO_WHATSAPP_VERIFY_TOKEN": VERIFY_TOKEN,
            "FARO_WHATSAPP_TOKEN": simulators.ACCESS_TOKEN,
            "FARO_WHATSAPP_PHONE_ID": simulators.NUMBER_ID,
            "FARO_WHATSAPP_API_URL": standin.url,
        }
    else:
        own = {
            "FARO_WHATSAPP": "twilio",
            "FARO_TWILIO_ACCOUNT": simulators.ACCOUNT,
            "FARO_TWILIO_AUTH_TOKEN": simulators.AUTH_TOKEN,
            "FARO_TWILIO_FROM": f"+{simulators.NUMBER}",
            "FARO_TWILIO_API_URL": standin.url,
        }
    return {**common, **own, **more}


class WhatsAppNotices(SmallNotices):
    """The notices of WhatsApp, too; what is the label of a button has its title."""

    def __init__(self) -> None:
        super().__init__()
        self.ids |= set(VALUES)

    def notice(self, id: str, lang: str, **values: str) -> Reply:
        said = super().notice(id, lang, **values)
        return replace(said, title=f"{id.rpartition('_')[2]} {lang}") if id in LABELS else said


@dataclass(slots=True)
class RunningClock:
    """The machine's clock, which tests put forward."""

    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def now_in(self, timezone: str) -> datetime:
        return self.now().astimezone(ZoneInfo(timezone))

    def pass_time(self, **span: float) -> None:
        self.ahead += timedelta(**span)


@dataclass(slots=True)
class WhatsAppGateway:
    """A running gateway with everything around it."""

    client: TestClient[Any, Any]
    standin: StandIn
    engine: StandInEngine
    store: WhatsAppStore
    transcripts: TranscriptStore
    clock: RunningClock
    log: io.StringIO
    known: list[str] = field(default_factory=list)

    @property
    def app(self) -> Any:
        return self.client.app

    @property
    def keeper(self) -> Any:
        return self.app[KEEPER]

    @property
    def alarms(self) -> Any:
        return self.app[ALARMS]

    @property
    def service(self) -> Any:
        return self.app[WHATSAPP]

    @property
    def tidying(self) -> Any:
        return self.app[TIDYING]

    @property
    def webhook(self) -> str:
        return WEBHOOKS[provider_of(self.standin)]

    def metric(self, name: str, **labels: str) -> float:
        return self.app[METRICS].registry.get_sample_value(name, labels) or 0.0

    def phone(self, *args: str, **options: Any) -> Phone:
        return Phone(self.standin, *args, **options)

    async def later(self, **span: float) -> None:
        """Lets time pass for the gateway; its workers look at once."""
        self.clock.pass_time(**span)
        self.service.inbox.wake()
        self.service.sender.wake()

    async def idle(self, within: float = 15.0) -> None:
        """Returns when nothing waits any more, neither to be answered nor to be sent."""

        async def nothing_waits() -> bool:
            view = await self.store.overview()
            return not view.waiting and not sum(view.out.get(s, 0) for s in ("queued", "sending", "unsure"))

        await until(nothing_waits, within)


async def until(true: Callable[[], Awaitable[bool]], within: float = 10.0) -> None:
    """Returns as soon as it is true. Raises TimeoutError."""
    async with asyncio.timeout(within):
        while not await true():
            await asyncio.sleep(0.02)


def texts(messages: list[Message]) -> list[str]:
    """What a person reads."""
    return [message.text for message in messages]


Begin = Callable[..., Awaitable[WhatsAppGateway]]

_DEFAULTS = Limits(per_conversation="10000/minute", sweep_seconds=3600)


@asynccontextmanager
async def gateways(database: str, var: Path, engine: StandInEngine) -> AsyncIterator[Begin]:
    """Starts gateways on one database; several for one stand-in are several gateways side by side."""
    running: list[TestClient[Any, Any]] = []
    clients: list[EngineClient] = []
    standins: list[StandIn] = []

    async def begin(
        provider: str = "cloud",
        *,
        beside: WhatsAppGateway | None = None,
        environ: Mapping[str, str] | None = None,
        pause: timedelta = timedelta(milliseconds=150),
        notices: Any = None,
        reading: Any = None,
        engine_url: str | None = None,
        deadlines: Any = None,
        **limits: Any,
    ) -> WhatsAppGateway:
        standin = beside.standin if beside else simulators.BY_NAME[provider](webhook=WEBHOOKS[provider])
        if beside is None:
            standins.append(standin)
            await standin.start()
        settings = load_settings(
            {
                **settings_for(standin),
                "FARO_VAR": str(var),
                "FARO_DATABASE_URL": database,
                **(environ or {}),
            }
        )
        bounds = replace(_DEFAULTS, **limits)
        log = io.StringIO()
        logs.configure("info", log)
        transcripts, clock = (
            TranscriptStore(settings.database_url, Keys(settings.data_keys)),
            beside.clock if beside else RunningClock(),
        )
        client = EngineClient(engine_url or engine.url, SECRET, bounds.turn_seconds + 1)
        clients.append(client)
        keys = Keys(settings.data_keys)
        bookings = BookingStore(settings.database_url, keys, site="Example Firm", sends=False)
        store = WhatsAppStore(bookings.database, keys, Names(settings.secret_key), pause=pause)
        app = create_app(
            settings,
            engine=client,
            notices=notices or WhatsAppNotices(),
            deadlines=deadlines or SmallDeadlines(),
            firm=SmallFirm(),
            store=transcripts,
            bookings=bookings,
            vault=Vault(bookings.database, keys),
            destination=None,
            clock=clock,
            reading=reading or small_reading(),
            texts=project_texts(),
            limits=bounds,
            whatsapp=store,
            providers=providers_of(settings),
        )
        test_client: TestClient[Any, Any] = TestClient(TestServer(app))
        running.append(test_client)
        await test_client.start_server()
        standin.gateways.append(str(test_client.make_url("")).rstrip("/"))
        return WhatsAppGateway(test_client, standin, engine, store, transcripts, clock, log)

    try:
        yield begin
    finally:
        engine.release.set()
        for standin in standins:
            await standin.stop()
        for test_client in running:
            await test_client.close()
        for engine_client in clients:
            await engine_client.close()
