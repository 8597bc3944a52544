"""``faro erase``: deletes one conversation for good, with the gateway running or not."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import aiohttp

from bot.core.errors import BotError
from bot.settings import Settings

#: What an erasure from here does not reach, as the gateway names it, in words.
BEYOND = {
    "firm_has_booking": "The firm's system has a request for a consultation. Delete it there.",
    "whatsapp_copy": "WhatsApp keeps its own copy on the person's phone and on the firm's number.",
    "engine_later": "The engine could not be reached. It is asked again until it has forgotten.",
}
#: What the chat API calls the same.
_PENDING = {"engine": "engine_later", "firm": "firm_has_booking"}
_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Result:
    """``found``: something was there. ``beyond``: codes of ``BEYOND``."""

    found: bool
    beyond: tuple[str, ...] = ()


async def erase(settings: Settings, conversation_id: str) -> Result:
    """Deletes everything about a conversation. Raises BotError when it must be kept, or could not be deleted.

    A running gateway does it itself: it may hold the conversation in memory and would write it again.
    """
    return await _by_gateway(settings, conversation_id) or await _here(settings, conversation_id)


async def _by_gateway(settings: Settings, conversation_id: str) -> Result | None:
    """As the person's own page would; None when no gateway runs."""
    from bot.gateway.tokens import Tokens

    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104 - only recognised
    url = f"http://{host}:{settings.port}/api/chat/v1/conversations/{conversation_id}"
    token = Tokens(settings.secret_key).make(conversation_id)
    timeout = aiohttp.ClientTimeout(total=_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=False) as session,
            session.delete(url, headers={"Authorization": f"Bearer {token}"}) as response,
        ):
            status = response.status
            data = await response.json(content_type=None) if status in (202, 404, 409) else {}
    except aiohttp.ClientConnectorError:
        return None
    except (aiohttp.ClientError, TimeoutError, ValueError) as exc:
        raise BotError(
            f"The gateway at {host}:{settings.port} did not answer: {type(exc).__name__}."
        ) from exc
    if status in (202, 204):
        return Result(True, tuple(_PENDING[part] for part in data.get("pending", ())))
    if status == 404 and data.get("code") == "conversation_gone":
        return Result(False)
    if status == 409:
        raise BotError("It is on legal hold. Lift the hold in the console first.")
    raise BotError(
        f"The gateway at {host}:{settings.port} answered {status}. It needs the same FARO_SECRET_KEY, and its database."
    )


async def _here(settings: Settings, conversation_id: str) -> Result:
    """By the gateway's own parts in this process, which listens nowhere."""
    from bot.gateway.app import DESK
    from bot.gateway.main import assemble

    parts = await assemble(settings)
    await parts.transcripts.start()
    try:
        known = (await parts.app[DESK].window(conversation_id)).channel == "whatsapp"
        known = known or await parts.transcripts.head(conversation_id) is not None
        erased = await parts.app[DESK].erase(conversation_id)
        if erased.done:
            # Nobody else writes: no need to leave to the night what is left between rows.
            await parts.transcripts.rewrite()
    finally:
        await parts.close()
    if erased.held:
        raise BotError("It is on legal hold. Lift the hold in the console first.")
    if not erased.done:
        raise BotError("It could not be deleted: the database did not take it. Try again.")
    return Result(known, erased.cannot)


def run(settings: Settings, conversation_id: str) -> Result:
    """As ``erase``, from a command."""
    return asyncio.run(erase(settings, conversation_id))
