"""The handlers of the chat API, version 1: a few lines each; the work is done elsewhere."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from bot.core.errors import RequestError
from bot.gateway import wire
from bot.gateway.conduct import Conduct
from bot.gateway.events import Streams
from bot.gateway.health import Health
from bot.gateway.keeper import Keeper
from bot.gateway.limits import RateLimiter
from bot.gateway.middleware import LANGUAGE
from bot.gateway.security import client_address
from bot.gateway.tokens import Tokens
from bot.gateway.turns import Turns
from bot.settings import Network

PREFIX = "/api/chat/v1"


class ChatApi:
    """The chat API on one set of parts."""

    def __init__(
        self,
        *,
        keeper: Keeper,
        turns: Turns,
        conduct: Conduct,
        tokens: Tokens,
        streams: Streams,
        health: Health,
        limiter: RateLimiter,
        trusted_proxies: tuple[Network, ...],
        openapi: dict[str, Any],
    ) -> None:
        self._keeper = keeper
        self._turns = turns
        self._conduct = conduct
        self._tokens = tokens
        self._streams = streams
        self._health = health
        self._limiter = limiter
        self._trusted = trusted_proxies
        self._openapi = openapi

    def routes(self) -> list[web.RouteDef]:
        """Every route of the API."""
        one = f"{PREFIX}/conversations/{{conversation}}"
        return [
            web.get(f"{PREFIX}/openapi.json", self.openapi),
            web.get(f"{PREFIX}/status", self.status),
            web.post(f"{PREFIX}/conversations", self.start),
            web.delete(one, self.erase),
            web.get(f"{one}/messages", self.read),
            web.post(f"{one}/messages", self.send),
            web.get(f"{one}/events", self.events),
            web.post(f"{one}/messages/{{message}}/rating", self.rate),
        ]

    async def openapi(self, _request: web.Request) -> web.Response:
        return web.json_response(self._openapi)

    async def status(self, _request: web.Request) -> web.Response:
        return web.json_response(await self._health.progress())

    async def start(self, request: web.Request) -> web.Response:
        """A new conversation with its token; the greeting needs no engine."""
        self._limiter.new_conversation(client_address(request, self._trusted))
        data = await wire.read_object(request, ("language", "timezone")) if request.can_read_body else {}
        language = wire.read_start(data, wire.accepted_language(request))
        timezone = wire.read_timezone(data) or ""
        request[LANGUAGE] = language
        conversation = self._conduct.begin(language, timezone)
        body = wire.shown_messages(
            conversation.messages, conversation.last_seq, language, conversation.values
        )
        body |= {"conversation": conversation.id, "token": self._tokens.make(conversation.id)}
        return web.json_response(body, status=201)

    async def send(self, request: web.Request) -> web.Response:
        """A person's message, and what the bot says to it."""
        conversation_id = self._allowed(request)
        async with self._keeper.use(conversation_id) as conversation:
            request[LANGUAGE] = conversation.language
            data = await wire.read_object(request, ("client_message_id", "text", "choice"))
            said = await self._turns.send(conversation, wire.read_message(data))
            cursor = max([conversation.last_seq, *(message.seq for message in said)])
            return web.json_response(
                wire.shown_messages(said, cursor, conversation.language, conversation.values)
            )

    async def read(self, request: web.Request) -> web.Response:
        """What was said after a cursor, by both."""
        conversation_id = self._allowed(request)
        async with self._keeper.use(conversation_id) as conversation:
            request[LANGUAGE] = conversation.language
            after = wire.read_cursor(request)
            await self._keeper.refresh(conversation)
            if conversation.gone:
                raise RequestError("conversation_gone", 404)
            conversation.read_seq = conversation.last_seq
            return web.json_response(
                wire.shown_messages(
                    conversation.after(after),
                    conversation.last_seq,
                    conversation.language,
                    conversation.values,
                )
            )

    async def events(self, request: web.Request) -> web.StreamResponse:
        """The stream of later messages."""
        conversation_id = self._allowed(request)
        async with self._keeper.use(conversation_id) as conversation:
            request[LANGUAGE] = conversation.language
            return await self._streams.serve(request, conversation, wire.read_cursor(request))

    async def erase(self, request: web.Request) -> web.Response:
        """Everything about the conversation is deleted.

        202 when the engine has still to be reached, or the firm's system has a request that cannot be recalled.
        """
        conversation_id = self._allowed(request)
        async with self._keeper.use(conversation_id) as conversation:
            request[LANGUAGE] = conversation.language
            outcome = await self._conduct.erase(conversation)
        if not outcome.pending:
            return web.Response(status=204)
        body = {"erased": True, "pending": list(outcome.pending), "text": outcome.text}
        return web.json_response(body, status=202)

    async def rate(self, request: web.Request) -> web.Response:
        """An answer is rated; rating it again replaces the rating."""
        conversation_id = self._allowed(request)
        async with self._keeper.use(conversation_id) as conversation:
            request[LANGUAGE] = conversation.language
            rating = wire.read_rating(await wire.read_object(request, ("rating",)))
            await self._conduct.rate(conversation, request.match_info["message"], rating)
            return web.Response(status=204)

    def _allowed(self, request: web.Request) -> str:
        """The conversation that the request's token opens."""
        self._limiter.client(client_address(request, self._trusted))
        conversation_id = request.match_info["conversation"]
        self._tokens.check(request.headers.get("Authorization"), conversation_id)
        return conversation_id
