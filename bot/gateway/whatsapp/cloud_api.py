"""Sends messages by Meta's Cloud API."""

from __future__ import annotations

import re

from bot.booking.outside import check_address
from bot.core.errors import SettingsError
from bot.gateway.whatsapp import cloud
from bot.gateway.whatsapp.model import Outbound, SendError
from bot.gateway.whatsapp.provider_line import CONNECT_SECONDS, TOTAL_SECONDS, ProviderLine, check_token

URL = "https://graph.facebook.com"
#: The Graph API's version; each works for two years at least. pywa 4.5.0 calls this one the current one.
VERSION = "v26.0"
#: A read tick that is not there by then is not worth waiting for.
SEEN_SECONDS = 5.0

_NUMBER = re.compile(r"[0-9]{5,32}")


class CloudApi:
    """One number of the firm at Meta; ``number`` is its id there (phone_number_id), ``url`` another in tests only.

    Raises SettingsError for an address that is not http(s), or not https where ``https_only``, for a number that is
    no id, and for a token that cannot be one.
    """

    name = "cloud"

    def __init__(
        self,
        token: str,
        number: str,
        *,
        url: str = URL,
        version: str = VERSION,
        https_only: bool = True,
        connect_seconds: float = CONNECT_SECONDS,
        total_seconds: float = TOTAL_SECONDS,
    ) -> None:
        check_address("FARO_WHATSAPP_API_URL", url, https_only)
        check_token("FARO_WHATSAPP_TOKEN", token)
        if not _NUMBER.fullmatch(number):
            raise SettingsError(
                ["FARO_WHATSAPP_PHONE_ID must be the number's id at Meta (phone_number_id), digits only."]
            )
        self._url = f"{url.rstrip('/')}/{version}/{number}/messages"
        self._line = ProviderLine({"Authorization": f"Bearer {token}"}, connect_seconds, total_seconds)

    async def send(self, message: Outbound, address: str, row: str) -> str:
        answer = await self._line.ask("POST", self._url, json=cloud.render(message, address, row))
        return cloud.read_answer(answer.status, answer.body, answer.retry_after)

    async def seen(self, message_id: str, typing: bool) -> None:
        body = cloud.seen(message_id, typing)
        try:
            await self._line.ask("POST", self._url, json=body, most_seconds=SEEN_SECONDS)
        except SendError:
            return

    async def close(self) -> None:
        await self._line.close()
