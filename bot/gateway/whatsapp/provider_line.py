"""The connections to one provider's API, and what a broken one says about a message that was on its way.

Only the configured address is spoken to: redirects are not followed, no proxy of the environment is used, cookies are
not kept, and no more of an answer is read than an answer needs. Nothing of a request reaches an exception or a log.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientSession,
    ClientSSLError,
    ClientTimeout,
    ConnectionTimeoutError,
    DummyCookieJar,
)

from bot.booking.outside import read_up_to, retry_after
from bot.core.errors import SettingsError
from bot.gateway.whatsapp.model import NotSent, Unsure

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 20.0
#: Bytes of an answer about one message.
LARGEST_ANSWER = 65_536

#: What a token may consist of, so that it can stand in a header.
_TOKEN = re.compile(r"[\x21-\x7e]{8,1024}")


@dataclass(frozen=True, slots=True)
class Answer:
    """``retry_after`` in seconds, None when the answer asks for no wait."""

    status: int
    body: bytes
    retry_after: float | None


class ProviderLine:
    """Connections that are made on first use, and again after ``close``; ``headers`` go with every request."""

    def __init__(self, headers: Mapping[str, str], connect_seconds: float, total_seconds: float) -> None:
        self._headers = {"Accept-Encoding": "identity", **headers}
        self._connect_seconds = connect_seconds
        self._total_seconds = total_seconds
        self._session: ClientSession | None = None

    async def ask(
        self,
        method: str,
        url: str,
        *,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        most_seconds: float | None = None,
        largest: int = LARGEST_ANSWER,
    ) -> Answer:
        """What the provider answers, whatever its status; an answer of more than ``largest`` bytes has no body.

        Raises NotSent when no connection came about, and Unsure when one broke or timed out later.
        """
        total = min(most_seconds or self._total_seconds, self._total_seconds)
        timeout = ClientTimeout(total=total, connect=min(self._connect_seconds, total))
        try:
            async with self._open().request(
                method,
                url,
                json=json,
                data=form,
                headers=self._headers,
                timeout=timeout,
                allow_redirects=False,
            ) as response:
                body = await read_up_to(largest, response)
                wait = retry_after(response.headers.get("Retry-After"), datetime.now(UTC))
                return Answer(response.status, body or b"", None if wait is None else wait.total_seconds())
        except ClientSSLError:
            raise NotSent("tls") from None
        except (ClientConnectorError, ConnectionTimeoutError):
            raise NotSent("connect") from None
        except TimeoutError:
            raise Unsure("timeout") from None
        except (ClientError, OSError, ValueError):
            raise Unsure("network") from None

    async def close(self) -> None:
        """Closes the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> ClientSession:
        if self._session is None:
            self._session = ClientSession(trust_env=False, cookie_jar=DummyCookieJar(), auto_decompress=False)
        return self._session


def check_token(setting: str, token: str) -> None:
    """Raises SettingsError for what cannot be a token, without showing it."""
    if not _TOKEN.fullmatch(token):
        raise SettingsError([f"{setting} must be the provider's token, without spaces or line breaks."])
