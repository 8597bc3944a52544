"""Asking a running Faro one question from the terminal."""

from __future__ import annotations

import secrets
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp

from bot.core.errors import EngineUnreachable
from bot.settings import Settings


async def ask(settings: Settings, text: str, language: str, timezone: str) -> dict[str, Any]:
    """The engine's whole turn for one text, in a conversation of its own that nothing keeps.

    Raises EngineUnreachable when no Faro is running here.
    """
    zone = ZoneInfo(timezone)
    now = datetime.now(zone) if settings.today is None else datetime.combine(settings.today, time(12), zone)
    conversation = f"ask_{secrets.token_urlsafe(12)}"
    headers = {"Authorization": f"Bearer {settings.engine_secret}"}
    turn = {
        "conversation": conversation, "message_id": "m_1", "text": text, "language": language,
        "today": now.date().isoformat(), "now": now.isoformat(), "timezone": timezone, "firm_timezone": timezone,
        "channel": "terminal", "consent": False,
    }  # fmt: skip
    try:
        async with (
            aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(total=20)) as session,
            session.post(f"{settings.engine_url}/webhooks/turn/turn", json=turn) as response,
        ):
            response.raise_for_status()
            answer: dict[str, Any] = await response.json()
            return answer
    except (aiohttp.ClientError, TimeoutError) as exc:
        raise EngineUnreachable("No Faro answers here: start it with `make run` or `faro up`.") from exc
