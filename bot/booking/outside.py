"""What both ways to another system share: one session, answers read up to a limit, and what a status means.

Also values that another system sent and that a person may be shown: taken when they are exactly right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
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

from bot.booking.ports import Outcome
from bot.core.errors import SettingsError

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 20.0
#: The longest wait that a receiver can ask for.
LONGEST_WAIT = timedelta(hours=24)

#: Client errors that pass: a time-out there, too early, too many.
_PASSING = (408, 425, 429)
_LONGEST_LINK = 2_000
_LINK = re.compile(r"https://[^\s<>\"'\\]+")


class Stop(Exception):
    """It ends here, with ``outcome``."""

    def __init__(self, kind: str, code: str, wait: timedelta | None = None) -> None:
        self.outcome = Outcome(kind, code, retry_after=wait)
        super().__init__(code)


class Line:
    """The connections to one system: no proxy of the environment, no cookies, no unpacking of answers."""

    def __init__(self, connect_seconds: float, total_seconds: float) -> None:
        self._timeout = ClientTimeout(total=total_seconds, sock_connect=connect_seconds)
        self._session: ClientSession | None = None

    @property
    def session(self) -> ClientSession:
        """The session; a new one after ``close``."""
        if self._session is None:
            self._session = ClientSession(
                timeout=self._timeout, trust_env=False, cookie_jar=DummyCookieJar(), auto_decompress=False
            )
        return self._session

    async def close(self) -> None:
        """Closes the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None


@contextmanager
def network_faults() -> Iterator[None]:
    """Raises Stop for what a connection may raise; also for an answer that is not HTTP, and one that never came."""
    try:
        yield
    except ClientSSLError:
        raise Stop("later", "tls") from None
    except ClientConnectorError:
        raise Stop("later", "connect") from None
    except TimeoutError:
        raise Stop("later", "timeout") from None
    except (ClientError, OSError, ValueError):
        raise Stop("later", "network") from None


def check_address(setting: str, url: str, https_only: bool) -> None:
    """Raises SettingsError for an address that is not http(s), or not https where ``https_only``."""
    parts = urlsplit(url)
    allowed = ("https",) if https_only else ("https", "http")
    if parts.scheme not in allowed or not parts.hostname or parts.username is not None:
        raise SettingsError([f"{setting} must start with {allowed[0]}:// and hold no user name or password."])


def check_status(response: ClientResponse, now: datetime) -> None:
    """Raises Stop for every answer that is not a success: ``dead`` where trying again would not help."""
    status = response.status
    if status == 410:
        raise Stop("dead", "gone")
    if 400 <= status < 500 and status not in _PASSING:
        raise Stop("dead", f"http_{status}")
    if not 200 <= status < 300:
        raise Stop("later", f"http_{status}", retry_after(response.headers.get("Retry-After"), now))


async def read_up_to(limit: int, response: ClientResponse) -> bytes | None:
    """The body of an answer; None for one of more than ``limit`` bytes, which is not read to its end."""
    found = b""
    while len(found) <= limit and (chunk := await response.content.read(limit)):
        found += chunk
    return found if len(found) <= limit else None


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


def aware(value: Any) -> datetime | None:
    """The moment that an ISO 8601 text with time zone says; None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def link(value: Any) -> str | None:
    """An https address of at most 2,000 characters; None for anything else."""
    fits = isinstance(value, str) and len(value) <= _LONGEST_LINK and _LINK.fullmatch(value)
    return value if fits else None
