"""Sends events to the firm's own system: Standard Webhooks 1.0.0 over HTTPS.

Only the configured address is spoken to: redirects are not followed, no proxy of the environment is used, cookies
are not kept, and no more of an answer is read than an answer needs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from aiohttp import ClientError, ClientResponse

from bot.booking.outside import (
    CONNECT_SECONDS,
    TOTAL_SECONDS,
    Line,
    Stop,
    aware,
    check_address,
    check_status,
    link,
    network_faults,
    read_up_to,
)
from bot.booking.ports import Outcome
from bot.booking.signature import signed
from bot.core.errors import SettingsError

#: Bytes of an answer that are read; a longer one counts by its status alone.
LARGEST_ANSWER = 65_536
#: Bytes of an event, as the specification advises.
LARGEST_EVENT = 20_000

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
        check_address("FARO_BOOKING_URL", url, https_only)
        if not secrets:
            raise SettingsError(["FARO_BOOKING_SECRET is missing: events must be signed."])
        self._url = url
        self._secrets = tuple(secrets)
        self._line = Line(connect_seconds, total_seconds)

    async def send(self, message_id: str, type: str, body: dict[str, Any], now: datetime) -> Outcome:
        """Posts one event, signed at ``now``; the same event is the same bytes each time."""
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        if len(text.encode()) > LARGEST_EVENT:
            return Outcome("dead", "too_large", type=type)
        headers = {**signed(self._secrets, message_id, now, text), "accept-encoding": "identity"}
        try:
            with network_faults():
                async with self._line.session.post(
                    self._url, data=text.encode(), headers=headers, allow_redirects=False
                ) as response:
                    check_status(response, now)
                    return _accepted(await _answer(response), type)
        except Stop as stop:
            return replace(stop.outcome, type=type)

    async def close(self) -> None:
        """Closes the connections."""
        await self._line.close()


async def _answer(response: ClientResponse) -> dict[str, Any]:
    """The JSON object in an answer; empty for anything else, and for one that breaks off or is too long.

    The status was a success, and that is what counts: the firm has it.
    """
    try:
        found = await read_up_to(LARGEST_ANSWER, response)
        read = None if found is None else json.loads(found)
    except (ClientError, TimeoutError, OSError, ValueError, RecursionError):
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
