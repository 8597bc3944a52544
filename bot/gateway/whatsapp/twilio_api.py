"""Sends messages by Twilio. Buttons, lists and links go as Content resources, or as text when those cannot be had."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from aiohttp import encode_basic_auth

from bot.booking.outside import check_address
from bot.core.errors import SettingsError
from bot.gateway.whatsapp import twilio
from bot.gateway.whatsapp.model import Outbound, Refused, SendError
from bot.gateway.whatsapp.provider_line import CONNECT_SECONDS, TOTAL_SECONDS, ProviderLine, check_token

#: A read tick or a Content resource that is not there by then is not worth waiting for.
SIDE_SECONDS = 5.0
#: How long messages go as text after the Content API failed.
PAUSE_SECONDS = 60.0

#: Content resources are listed once, so that those of earlier days are used again: pages of them, and bytes of a page.
_PAGE_SIZE = 200
_PAGES = 25
_LARGEST_PAGE = 4_194_304

_ACCOUNT = re.compile(r"AC[0-9a-fA-F]{32}")
_SENDER = re.compile(r"whatsapp:\+[0-9]{5,20}")
_CONTENT_ID = re.compile(r"HX[0-9a-fA-F]{32}")


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where Twilio's three APIs are."""

    messages: str = "https://api.twilio.com"
    content: str = "https://content.twilio.com"
    indicators: str = "https://messaging.twilio.com"

    @classmethod
    def all_at(cls, url: str) -> Addresses:
        """One address for all three, for tests."""
        return cls(url, url, url)


class TwilioApi:
    """One number of the firm at Twilio.

    ``token`` is the account's auth token. ``sender`` is the number, such as whatsapp:+12025550100; ``status_url`` where
    Twilio tells how far messages have come. Raises SettingsError for values that cannot be these, and for addresses
    that are not https where ``https_only``.
    """

    name = "twilio"

    def __init__(
        self,
        account: str,
        token: str,
        sender: str,
        status_url: str,
        *,
        addresses: Addresses | None = None,
        https_only: bool = True,
        connect_seconds: float = CONNECT_SECONDS,
        total_seconds: float = TOTAL_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        addresses = addresses or Addresses()
        for url in (addresses.messages, addresses.content, addresses.indicators):
            check_address("FARO_TWILIO_API_URL", url, https_only)
        check_address("FARO_PUBLIC_URL", status_url, https_only)
        check_token("FARO_TWILIO_AUTH_TOKEN", token)
        if not _ACCOUNT.fullmatch(account):
            raise SettingsError(
                ["FARO_TWILIO_ACCOUNT must be the account's id at Twilio, which begins with AC."]
            )
        if not _SENDER.fullmatch(sender):
            raise SettingsError(
                ["FARO_TWILIO_FROM must be a number with its country code, such as +12025550100."]
            )
        self._messages = f"{addresses.messages.rstrip('/')}/2010-04-01/Accounts/{account}/Messages.json"
        self._contents = f"{addresses.content.rstrip('/')}/v1/Content"
        self._typing = f"{addresses.indicators.rstrip('/')}/v2/Indicators/Typing.json"
        self._sender = sender
        self._status_url = status_url
        authorization = encode_basic_auth(account, token)
        self._line = ProviderLine({"Authorization": authorization}, connect_seconds, total_seconds)
        self._clock = clock
        self._lock = asyncio.Lock()
        #: Ids of Content resources by name; None until they were listed.
        self._known: dict[str, str] | None = None
        self._paused_until = float("-inf")

    async def send(self, message: Outbound, address: str, row: str) -> str:
        made = twilio.content(message)
        content_sid = await self._content_sid(made) if made else ""
        try:
            return await self._post(message, address, row, content_sid)
        except Refused as refused:
            # It surely did not go out, so that a second form of it makes no second message.
            if made is None or not content_sid or refused.code not in twilio.CONTENT_REFUSED:
                raise
        if self._known is not None:
            self._known.pop(made.name, None)
        return await self._post(message, address, row, "")

    async def seen(self, message_id: str, typing: bool) -> None:
        # Twilio knows no tick without the sign that somebody writes, and that must not be shown for nothing.
        if not typing:
            return
        form = {"messageId": message_id, "channel": "whatsapp"}
        try:
            await self._line.ask("POST", self._typing, form=form, most_seconds=SIDE_SECONDS)
        except SendError:
            return

    async def close(self) -> None:
        await self._line.close()

    async def _post(self, message: Outbound, address: str, row: str, content_sid: str) -> str:
        form = twilio.render(message, address, self._sender, self._status_url, row, content_sid)
        answer = await self._line.ask("POST", self._messages, form=form)
        return twilio.read_answer(answer.status, answer.body, answer.retry_after)

    async def _content_sid(self, made: twilio.Content) -> str:
        """The id of the resource, made if need be; nothing while the Content API fails, and for a minute after."""
        async with self._lock:
            if self._clock() < self._paused_until:
                return ""
            try:
                if self._known is None:
                    self._known = await self._list()
                if made.name not in self._known:
                    self._known[made.name] = await self._make(made)
                return self._known[made.name]
            except (SendError, _ContentUnusable):
                self._paused_until = self._clock() + PAUSE_SECONDS
                return ""

    async def _make(self, made: twilio.Content) -> str:
        answer = await self._line.ask("POST", self._contents, json=made.resource, most_seconds=SIDE_SECONDS)
        sid = twilio.read_object(answer.body).get("sid")
        if not 200 <= answer.status < 300 or not isinstance(sid, str) or not _CONTENT_ID.fullmatch(sid):
            raise _ContentUnusable
        return sid

    async def _list(self) -> dict[str, str]:
        """Ids by name of all resources that the account has. Those of others are among them and never asked for."""
        found: dict[str, str] = {}
        query = f"PageSize={_PAGE_SIZE}"
        for _ in range(_PAGES):
            url = f"{self._contents}?{query}"
            answer = await self._line.ask("GET", url, most_seconds=SIDE_SECONDS, largest=_LARGEST_PAGE)
            read = twilio.read_object(answer.body)
            contents = read.get("contents")
            if answer.status != 200 or not isinstance(contents, list):
                raise _ContentUnusable
            for content in contents:
                name, sid = _named(content)
                if name and sid:
                    found.setdefault(name, sid)
            query = _next_query(read)
            if not query:
                break
        return found


class _ContentUnusable(Exception):
    """The Content API did not give what was asked for."""


def _named(content: Any) -> tuple[str, str]:
    if not isinstance(content, dict):
        return "", ""
    name, sid = content.get("friendly_name"), content.get("sid")
    if isinstance(name, str) and isinstance(sid, str) and _CONTENT_ID.fullmatch(sid):
        return name, sid
    return "", ""


def _next_query(read: dict[str, Any]) -> str:
    """The query of the next page: of an address in an answer nothing else is used."""
    meta = read.get("meta")
    following = meta.get("next_page_url") if isinstance(meta, dict) else None
    try:
        return urlsplit(following).query if isinstance(following, str) else ""
    except ValueError:
        return ""
