"""A real receiver, small enough to read: verifies, takes each event once, answers at once.

``faro booking serve-example`` runs it; it is also what a firm's developer can start from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from aiohttp import web

from bot.booking.payload import wrong
from bot.booking.signature import SignatureError, verified

#: How many ids are remembered; the specification asks for as long as retries last.
REMEMBERED = 10_000


def receiver(
    secrets: Sequence[str], show: Callable[[Mapping[str, Any], bool], None], now: Callable[[], datetime]
) -> web.Application:
    """An application that takes events at any path; ``show`` gets each verified one and whether it came before."""
    seen: dict[str, None] = {}

    async def take(request: web.Request) -> web.Response:
        body = await request.read()
        try:
            message_id = verified(secrets, request.headers, body, now())
        except SignatureError as error:
            return web.json_response({"error": error.code}, status=401)
        event = await request.json()
        if (place := wrong(event)) is not None:
            return web.json_response({"error": place}, status=422)
        again = message_id in seen
        seen[message_id] = None
        if len(seen) > REMEMBERED:
            del seen[next(iter(seen))]
        show(event, again)
        return web.json_response({"booking_id": event["data"]["request_id"], "status": "received"})

    app = web.Application(client_max_size=20_000)
    app.router.add_post("/{path:.*}", take)
    return app
