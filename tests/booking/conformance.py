"""What every destination must do with a system that refuses, hangs, breaks off or talks nonsense.

A new adapter adds itself to ``DESTINATIONS`` and a column to ``FAILURES``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.booking.calcom import CalcomDestination
from bot.booking.payload import consultation
from bot.booking.ports import CANCELLED, REQUESTED, UPDATED, Destination
from bot.booking.webhook import LARGEST_ANSWER, WebhookDestination
from tests.booking.calcom_standin import EVENT_TYPE, KEY
from tests.booking.conftest import CONTACT, FACTS, NOON, SECRET

RELAY = "citas@bufete.example"
REQUEST_ID = "3b9833a9-ff5c-4743-9884-5135db9bb6e7"


def window(start: datetime, end: datetime) -> dict[str, str]:
    return {"start": start.isoformat(), "end": end.isoformat()}


def event(type: str = REQUESTED, **changes: Any) -> dict[str, Any]:
    """An event as it is sent; ``availability``, ``contact``, ``location`` and ``request_id`` may be given."""
    given = {name: changes[name] for name in ("availability", "location", "language") if name in changes}
    return consultation(
        type,
        request_id=changes.get("request_id", REQUEST_ID),
        reference=changes.get("reference", "FHKLMQ"),
        created_at=NOON,
        at=NOON,
        site="Example Firm",
        environment="demo",
        level="soon",
        language="es",
        contact={**CONTACT, **changes.get("contact", {})},
        facts={**FACTS, **given},
    )


def webhook(url: str, **options: Any) -> Destination:
    return WebhookDestination(url, [SECRET], **options)


def calcom(url: str, **options: Any) -> Destination:
    return CalcomDestination(url, KEY, EVENT_TYPE, RELAY, timezone="America/Chicago", **options)


DESTINATIONS: dict[str, Callable[..., Destination]] = {"webhook": webhook, "calcom": calcom}

#: Every kind of event, with one slot where a slot can stand.
SLOT = datetime.fromisoformat("2026-11-24T15:00:00+00:00")
AVAILABLE = [window(SLOT, datetime.fromisoformat("2026-11-24T15:30:00+00:00"))]
EVENTS = {
    REQUESTED: event(REQUESTED, availability=AVAILABLE),
    UPDATED: event(UPDATED, availability=AVAILABLE),
    CANCELLED: event(CANCELLED),
}


@dataclass(frozen=True, slots=True)
class Failure:
    """``raw`` is what the server writes before it closes the connection; None: it writes nothing and waits."""

    raw: bytes | None
    webhook: tuple[str, str]
    calcom: tuple[str, str]
    wait: int | None = None


def _status(line: str, body: bytes = b"", *headers: str, length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    lines = [f"HTTP/1.1 {line}", "Connection: close", f"Content-Length: {size}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def _same(raw: bytes | None, kind: str, code: str, wait: int | None = None) -> Failure:
    return Failure(raw, (kind, code), (kind, code), wait)


_SURE, _LOOK = ("delivered", ""), ("later", "answer")

#: A success with a body that says nothing: the firm's own system has the event, which is all that counts. Of Cal.com a
#: booking is wanted, and it is looked for; here there is none, so that it will be tried again.
FAILURES = {
    "hangs": _same(None, "later", "timeout"),
    "dies between reading and answering": _same(b"", "later", "network"),
    "does not speak HTTP": _same(b"\x00\x01 hello\r\n\r\n", "later", "network"),
    "is broken": _same(_status("500 Internal Server Error", b"<h1>oops</h1>"), "later", "http_500"),
    "is overloaded": _same(_status("503 Unavailable", b"", "Retry-After: 120"), "later", "http_503", 120),
    "limits": _same(_status("429 Too Many Requests", b"{}", "Retry-After: 7"), "later", "http_429", 7),
    "limits without saying how long": _same(_status("429 Too Many Requests"), "later", "http_429"),
    "was slow itself": _same(_status("408 Request Timeout"), "later", "http_408"),
    "has moved for good": _same(_status("301 Moved", b"", "Location: /elsewhere"), "later", "http_301"),
    "has moved for now": _same(_status("307 Moved", b"", "Location: /elsewhere"), "later", "http_307"),
    "does not know our key": _same(_status("401 Unauthorized", b"{}"), "dead", "http_401"),
    "forbids it": _same(_status("403 Forbidden", b"{}"), "dead", "http_403"),
    "has gone": _same(_status("410 Gone"), "dead", "gone"),
    "does not take the event": _same(_status("400 Bad Request", b"{}"), "dead", "http_400"),
    "answers garbage": Failure(_status("200 OK", b"<html>\xff\xfe welcome</html>"), _SURE, _LOOK),
    "answers JSON of another kind": Failure(_status("200 OK", b"[1, 2]"), _SURE, _LOOK),
    "answers without end": Failure(_status("200 OK", b" " * (16 * LARGEST_ANSWER)), _SURE, _LOOK),
    "breaks off in its answer": Failure(_status("200 OK", b'{"status"', length=500), _SURE, _LOOK),
}


class BadServer:
    """Answers every POST with the failure. A GET is answered properly, so that Cal.com's adapter comes so far.

    ``booked``: what is found there, if anything; ``asked`` holds the first line of every request.
    """

    def __init__(self, raw: bytes | None, booked: str = "") -> None:
        self._raw = raw
        self._booked = booked
        self.asked: list[str] = []

    async def __aenter__(self) -> BadServer:
        self._released = asyncio.Event()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._released.set()
        self._server.close()
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    @property
    def posts(self) -> list[str]:
        return [line for line in self.asked if line.startswith("POST")]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            sizes = [
                line.split(":")[1] for line in head.splitlines() if line.lower().startswith("content-length")
            ]
            await reader.readexactly(int(sizes[0]) if sizes else 0)
            line = head.partition("\r\n")[0]
            self.asked.append(line)
            if line.startswith("GET"):
                data = '{"2026-11-24": [{"start": "2026-11-24T15:00:00.000Z"}]}' if "/slots" in line else "[]"
                if self._booked and "/bookings" in line:
                    data = f"[{self._booked}]"
                writer.write(_status("200 OK", f'{{"status": "success", "data": {data}}}'.encode()))
            elif self._raw is None:
                await self._released.wait()
            else:
                writer.write(self._raw)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
