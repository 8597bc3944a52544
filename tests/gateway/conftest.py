"""A gateway on a stand-in engine, small notices and a database of its own."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jsonschema
import pytest
import structlog
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer

from bot.booking.store import BookingStore
from bot.booking.vault import Vault
from bot.core import redact
from bot.core.deadlines import Deadline, NotCovered, Rules, Span, calculate, load_rules
from bot.core.law import load_parameters
from bot.core.messages import Choice, Reply
from bot.gateway import logs
from bot.gateway.app import ALARMS, KEEPER, METRICS, create_app, openapi_document
from bot.gateway.engine import EngineClient
from bot.gateway.limits import Limits
from bot.gateway.ports import Reading
from bot.gateway.texts import Texts, load_texts
from bot.gateway.voice import ABOUT_REQUESTS, ABOUT_STAFF, REQUIRED
from bot.settings import Settings, load_settings
from bot.transcripts.sealing import Keys
from bot.transcripts.store import TranscriptStore
from tests.gateway.standin import SECRET, StandInEngine

DOCUMENT = openapi_document()
CONVERSATIONS = "/api/chat/v1/conversations"
CHOICES = {
    "greeting": ("gateway:language_en", "gateway:language_es"),
    "consent_ask": ("gateway:consent_yes", "gateway:consent_no"),
    "consent_failed": ("gateway:consent_yes",),
    "erase_ask": ("gateway:erase_yes", "gateway:erase_no"),
    "erase_failed": ("gateway:erase_yes",),
    "emergency_unclear": tuple(
        f"gateway:emergency_{kind}" for kind in ("agents", "suicide", "violence", "abroad")
    ),
}


class SmallNotices:
    """Every notice as its own id and language, so that tests can see which was said."""

    def __init__(self) -> None:
        self.ids = {*REQUIRED, *ABOUT_REQUESTS, *ABOUT_STAFF, "third_language_pt"}

    def notice(self, id: str, lang: str, **values: str) -> Reply:
        if id not in self.ids:
            raise KeyError(id)
        choices = tuple(Choice(f"{p.partition(':')[2]} {lang}", p) for p in CHOICES.get(id, ()))
        told = "".join(f" {value}" for value in values.values() if value)
        return Reply("notice", id, lang, f"[{id} {lang}{told}]", choices=choices)


@cache
def rules() -> Rules:
    """The project's own rules, read when a test first counts."""
    return load_rules(Path("bot/law/deadlines"), load_parameters(Path("bot/law/parameters")))


@cache
def texts() -> Texts:
    """The project's own texts, with the small firm's name; read once for all tests."""
    return load_texts(Path("bot/content"), SmallFirm())


class SmallDeadlines:
    """The real engine; words as their id and language."""

    def calculate(
        self,
        calculation: str,
        inputs: Mapping[str, object],
        today: date | Span,
        as_of: date | None,
        include: tuple[str, ...],
    ) -> Deadline | NotCovered:
        return calculate(calculation, inputs, rules(), today, as_of, include)

    def tell(self, result: Deadline | NotCovered, lang: str) -> Reply:
        return Reply("answer", result.calculation, lang, f"[{result.calculation} {lang}]")

    def title(self, calculation: str, lang: str) -> str:
        return f"[title {lang}]"


@dataclass(frozen=True, slots=True)
class SmallFirm:
    name: str = "Example Firm"
    phone: str = "555-0100"
    emergency_phone: str | None = None
    timezone: str = "America/New_York"
    retention_days: int = 90
    request_retention_days: int = 90
    alarm_retention_days: int | None = None


@dataclass(slots=True)
class StillClock:
    """A clock that tests move."""

    moment: datetime = datetime(2026, 11, 21, 12, tzinfo=UTC)
    day: datetime = datetime(2026, 11, 21, 12)  # noqa: DTZ001 - of the zone that is asked for

    def now(self) -> datetime:
        return self.moment

    def now_in(self, timezone: str) -> datetime:
        # The day stands still while the moment is moved, so that what is counted stays the same.
        return self.day.replace(tzinfo=ZoneInfo(timezone))

    def pass_seconds(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


def _language(text: str) -> str | None:
    low = text.lower()
    return "es" if "puerta" in low or "ayuda" in low else "en" if "door" in low else None


def _emergency(text: str, _language: str | None) -> str | None:
    low = text.lower().strip(" .!?")
    if "at my door" in low or "en la puerta" in low:
        return "agents"
    return "unclear" if low in ("help", "ayuda") else None


def small_reading() -> Reading:
    return Reading(
        mask=redact.mask,
        mask_whole=redact.mask_whole,
        speaks=lambda text, asked: "?" in text,
        story=lambda text: len(text.split()) if "they hurt me" in text else None,
        emergency=_emergency,
        language=_language,
        other=lambda text: "pt" if "obrigado" in text else "zz" if "zzzz" in text else None,
    )


@dataclass(slots=True)
class Talk:
    """One conversation as a page has it. Every response is checked against the OpenAPI document."""

    client: TestClient[Any, Any]
    id: str
    token: str
    started: dict[str, Any]
    count: int = 0

    @property
    def path(self) -> str:
        return f"{CONVERSATIONS}/{self.id}"

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    async def post(self, body: dict[str, Any], **options: Any) -> tuple[int, dict[str, Any]]:
        response = await self.client.post(f"{self.path}/messages", json=body, headers=self.headers, **options)
        return response.status, await checked(response)

    async def send(self, text: str, client_message_id: str | None = None) -> dict[str, Any]:
        self.count += 1
        status, data = await self.post(
            {"client_message_id": client_message_id or f"n{self.count}", "text": text}
        )
        assert status == 200, data
        return data

    async def press(self, messages: list[dict[str, Any]], title: str) -> dict[str, Any]:
        self.count += 1
        choice = next(c["id"] for m in messages for c in m["choices"] if c["title"].startswith(title))
        status, data = await self.post({"client_message_id": f"p{self.count}", "choice": choice})
        assert status == 200, data
        return data

    async def agree(self) -> dict[str, Any]:
        return await self.press(self.started["messages"], "consent_yes")

    async def read(self, after: int = 0) -> dict[str, Any]:
        response = await self.client.get(f"{self.path}/messages?after={after}", headers=self.headers)
        data = await checked(response)
        assert response.status == 200, data
        return data

    async def erase(self) -> ClientResponse:
        return await self.client.delete(self.path, headers=self.headers)


@dataclass(slots=True)
class Gateway:
    """A running gateway with everything around it."""

    client: TestClient[Any, Any]
    engine: StandInEngine
    store: TranscriptStore
    bookings: BookingStore
    clock: StillClock
    log: io.StringIO
    database: str
    settings: Settings

    @property
    def app(self) -> Any:
        return self.client.app

    @property
    def keeper(self) -> Any:
        return self.app[KEEPER]

    @property
    def alarms(self) -> Any:
        return self.app[ALARMS]

    def metric(self, name: str, **labels: str) -> float:
        return self.app[METRICS].registry.get_sample_value(name, labels) or 0.0

    async def begin(self, language: str = "en") -> Talk:
        response = await self.client.post(CONVERSATIONS, json={"language": language})
        data = await checked(response)
        assert response.status == 201, self.log.getvalue()
        return Talk(self.client, data["conversation"], data["token"], data)


Start = Callable[..., Awaitable[Gateway]]

_DEFAULTS = Limits(
    per_conversation="10000/minute",
    per_client="10000/minute",
    new_conversations="10000/minute",
    sweep_seconds=3600,
)


@pytest.fixture(autouse=True)
def own_logs() -> Iterator[None]:
    """Gives the process its loggers back: the gateway's write to streams that end with the test."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers, root.level = handlers, level
    logging.getLogger("aiohttp.access").disabled = False
    structlog.reset_defaults()


@pytest.fixture
async def engine() -> AsyncIterator[StandInEngine]:
    standin = StandInEngine()
    await standin.start()
    yield standin
    await standin.stop()


@pytest.fixture
async def start(tmp_path: Path, engine: StandInEngine) -> AsyncIterator[Start]:
    """Starts gateways; each on the same database unless told otherwise."""
    running: list[TestClient[Any, Any]] = []
    clients: list[EngineClient] = []

    async def begin(
        environ: dict[str, str] | None = None,
        database: str | None = None,
        url: str | None = None,
        destination: Any = None,
        **limits: Any,
    ) -> Gateway:
        settings = load_settings(
            {
                "FARO_SECRET_KEY": "k" * 40,
                "FARO_VAR": str(tmp_path),
                **({"FARO_DATABASE_URL": database} if database else {}),
                **(environ or {}),
            }
        )
        bounds = replace(_DEFAULTS, **limits)
        log = io.StringIO()
        logs.configure("info", log)
        keys = Keys(["5" * 64])
        store, clock = TranscriptStore(settings.database_url, keys), StillClock()
        client = EngineClient(url or engine.url, SECRET, bounds.turn_seconds + 1)
        clients.append(client)
        bookings = BookingStore(
            settings.database_url, keys, site="Example Firm", sends=destination is not None
        )
        app = create_app(
            settings,
            engine=client,
            notices=SmallNotices(),
            deadlines=SmallDeadlines(),
            firm=SmallFirm(),
            store=store,
            bookings=bookings,
            vault=Vault(bookings.database, keys),
            destination=destination,
            clock=clock,
            reading=small_reading(),
            texts=texts(),
            limits=bounds,
        )
        server = TestServer(app)
        test_client: TestClient[Any, Any] = TestClient(server)
        running.append(test_client)
        await test_client.start_server()
        return Gateway(test_client, engine, store, bookings, clock, log, settings.database_url, settings)

    yield begin
    engine.release.set()
    for client in running:
        await client.close()
    for engine_client in clients:
        await engine_client.close()


@pytest.fixture
async def gateway(start: Start) -> Gateway:
    return await start()


async def checked(response: ClientResponse) -> dict[str, Any]:
    """The JSON of a response, after comparing the response with the OpenAPI document."""
    resource = _template(response.url.path)
    operation = DOCUMENT["paths"][resource][response.method.lower()]
    described = operation["responses"][str(response.status)]
    if "$ref" in described:
        described = DOCUMENT["components"]["responses"][described["$ref"].rpartition("/")[2]]
    if "content" not in described:
        assert await response.read() == b""
        return {}
    assert response.content_type in described["content"], (response.content_type, await response.text())
    data: dict[str, Any] = await response.json(content_type=None)
    schema = {**described["content"][response.content_type]["schema"], "components": DOCUMENT["components"]}
    jsonschema.Draft202012Validator(schema).validate(data)
    return data


def _template(path: str) -> str:
    if path in DOCUMENT["paths"]:
        return path
    for template in DOCUMENT["paths"]:
        if re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", template), path):
            return template
    raise AssertionError(f"{path} is not in the document")


def ids(data: dict[str, Any]) -> list[str]:
    """What was said, as the small notices show it."""
    return [message["text"] for message in data["messages"]]


__all__ = ["CONVERSATIONS", "DOCUMENT", "Gateway", "Start", "Talk", "checked", "ids"]
