"""The stream of later messages (server-sent events), resumed by ``Last-Event-ID``."""

from __future__ import annotations

import asyncio
import json

from aiohttp import web

from bot.core.errors import RequestError
from bot.gateway.conversations import Conversation
from bot.gateway.keeper import Keeper
from bot.gateway.limits import Limits
from bot.gateway.metrics import Metrics
from bot.gateway.wire import shown


class Streams:
    """Every open stream; ``close`` ends them so that the gateway can stop at once."""

    def __init__(self, keeper: Keeper, limits: Limits, metrics: Metrics) -> None:
        self._keeper = keeper
        self._limits = limits
        self._metrics = metrics
        self._closing = False

    async def serve(self, request: web.Request, conversation: Conversation, after: int) -> web.StreamResponse:
        """Sends every message after the cursor, and then each as it comes, until erased or closed."""
        if conversation.streams >= self._limits.streams_per_conversation:
            raise RequestError("too_many_requests", 429, {"seconds": 30})
        response = web.StreamResponse()
        response.content_type = "text/event-stream"
        response.headers["Cache-Control"] = "no-store"
        # nginx would hold messages back otherwise.
        response.headers["X-Accel-Buffering"] = "no"
        conversation.streams += 1
        self._metrics.streams.inc()
        try:
            await response.prepare(request)
            await self._send(response, conversation, after)
        except (ConnectionError, asyncio.IncompleteReadError):
            # The page was closed; the next one resumes with its cursor.
            return response
        finally:
            conversation.streams -= 1
            self._metrics.streams.dec()
        return response

    async def _send(self, response: web.StreamResponse, conversation: Conversation, after: int) -> None:
        await response.write(b"retry: 2000\n\n")
        while not self._closing:
            news = conversation.news
            for message in conversation.after(after):
                after = message.seq
                data = json.dumps(shown(message, conversation.values), ensure_ascii=False)
                await response.write(f"id: {after}\nevent: message\ndata: {data}\n\n".encode())
                conversation.read_seq = max(conversation.read_seq, after)
            if conversation.gone:
                # Who asks again is told by the problem conversation_gone.
                return
            try:
                async with asyncio.timeout(self._limits.heartbeat_seconds):
                    await news.wait()
            except TimeoutError:
                await response.write(b": still here\n\n")
                if not conversation.lock.locked():
                    await self._keeper.refresh(conversation)

    def close(self) -> None:
        """Ends every stream."""
        self._closing = True
        for conversation in self._keeper.registry.all():
            conversation.wake()
