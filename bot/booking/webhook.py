"""Sends events to the firm's own system: Standard Webhooks 1.0.0 over HTTPS.

Only the configured address is spoken to: redirects are not followed, no proxy of the environment is used, cookies
are not kept, and no more of an answer is read than an answer needs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientSSLError,
    ClientTimeout,
    DummyCookieJar,
)

from bot.booking.outside import aware, link
from bot.booking.ports import Outcome
from bot.booking.signature import signed
from bot.core.errors import SettingsError

#: Bytes of an answer that are read; a longer one counts by its status alone.
LARGEST_ANSWER = 65_536
#: Bytes of an event, as the specification advises.
LARGEST_EVENT = 20_000
CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 20.0
#: The longest wait that a receiver can ask for.
LONGEST_WAIT = timedelta(hours=24)

#: Client errors that pass: a time-out there, too early, too many.
_PASSING = (408, 425, 429)
_WORDS = ("received", "pending", "confirmed")
_BOOKING_ID = re.compile(r"[\x21-\x7e]{1,128}")


class WebhookDestination:
    """The firm's address. ``secrets`` are one, or two while they are being changed.

    Raises SettingsError for an address that is not http(s), or not https where ``https_only``.
    """

    def __init__(
        self,
        url: str,
        secrets: Sequence[str],
        *,
        https_only: bool = True,
        connect_seconds: float = CONNECT_SECONDS,
        total_seconds: float = TOTAL_SECONDS,
    ) -> None:
        parts = urlsplit(url)
        allowed = ("https",) if https_only else ("https", "http")
        if parts.scheme not in allowed or not parts.hostname or parts.username is not None:
            raise SettingsError(
                [f"FARO_BOOKING_URL must start with {allowed[0]}:// and hold no user name or password."]
            )
        if not secrets:
            raise SettingsError(["FARO_BOOKING_SECRET is missing: events must be signed."])
        self._url = url
        self._secrets = tuple(secrets)
        self._timeout = ClientTimeout(total=total_seconds, sock_connect=connect_seconds)
        self._session: ClientSession | None = None

    async def send(self, message_id: str, type: str, body: dict[str, Any], now: datetime) -> Outcome:
        """Posts one event, signed at ``now``; the same event is the same bytes each time."""
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        if len(text.encode()) > LARGEST_EVENT:
            return Outcome("dead", "too_large", type=type)
        headers = {**signed(self._secrets, message_id, now, text), "accept-encoding": "identity"}
        if self._session is None:
            self._session = ClientSession(
                timeout=self._timeout, trust_env=False, cookie_jar=DummyCookieJar(), auto_decompress=False
            )
        try:
            async with self._session.post(
                self._url, data=text.encode(), headers=headers, allow_redirects=False
            ) as response:
                return await _outcome(response, type, now)
        except ClientSSLError:
            return Outcome("later", "tls", type=type)
        except ClientConnectorError:
            return Outcome("later", "connect", type=type)
        except TimeoutError:
            return Outcome("later", "timeout", type=type)
        except (ClientError, OSError, ValueError):
            # Also an answer that is not HTTP, and a connection that broke before the status came.
            return Outcome("later", "network", type=type)

    async def close(self) -> None:
        """Closes the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None


def retry_after(value: str | None, now: datetime) -> timedelta | None:
    """How long a ``Retry-After`` asks to wait, in seconds or as an HTTP date; None when it says nothing usable."""
    if value is None:
        return None
    raw = value.strip()
    if raw.isascii() and raw.isdigit():
        return min(timedelta(seconds=int(raw[:9])), LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(raw)
    except ValueError:
        return None
    # "-0000" gives a naive moment, which is UTC all the same (RFC 5322, 3.3).
    until = until if until.tzinfo is not None else until.replace(tzinfo=UTC)
    return min(max(until - now, timedelta(0)), LONGEST_WAIT)


async def _outcome(response: ClientResponse, type: str, now: datetime) -> Outcome:
    status = response.status
    if 200 <= status < 300:
        return _accepted(await _answer(response), type)
    if status == 410:
        return Outcome("dead", "gone", type=type)
    if 400 <= status < 500 and status not in _PASSING:
        return Outcome("dead", f"http_{status}", type=type)
    wait = retry_after(response.headers.get("Retry-After"), now)
    return Outcome("later", f"http_{status}", retry_after=wait, type=type)


async def _answer(response: ClientResponse) -> dict[str, Any]:
    """The JSON object in an answer; empty for anything else, and for one that breaks off or is too long.

    The status was a success, and that is what counts: the firm has it.
    """
    found = b""
    try:
        while len(found) <= LARGEST_ANSWER and (chunk := await response.content.read(LARGEST_ANSWER)):
            found += chunk
    except (ClientError, TimeoutError, OSError):
        return {}
    if len(found) > LARGEST_ANSWER:
        return {}
    try:
        read = json.loads(found)
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def _accepted(answer: dict[str, Any], type: str) -> Outcome:
    booking_id, status = answer.get("booking_id"), answer.get("status")
    return Outcome(
        "delivered",
        booking_id=booking_id if isinstance(booking_id, str) and _BOOKING_ID.fullmatch(booking_id) else None,
        start=aware(answer.get("start")),
        join_url=link(answer.get("join_url")),
        status=status if status in _WORDS else None,
        type=type,
    )
