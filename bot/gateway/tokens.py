"""Signed tokens: who holds one may read and write one conversation."""

from __future__ import annotations

import hashlib
import secrets

from itsdangerous import BadData, URLSafeSerializer

from bot.core.errors import RequestError


def new_conversation_id() -> str:
    """A random id of 128 bits."""
    return f"c_{secrets.token_hex(16)}"


def new_message_id() -> str:
    """A random id for something that the bot says."""
    return f"m_{secrets.token_hex(16)}"


def new_choice_id() -> str:
    """A random id for one thing that can be pressed."""
    return f"k_{secrets.token_hex(8)}"


def visitor_message_id(conversation: str, client_message_id: str) -> str:
    """The id of a visitor's message: the same for the same sending, also after a restart of the gateway.

    The engine knows a repeated turn by it and answers it once.
    """
    digest = hashlib.sha256(f"{conversation}\n{client_message_id}".encode()).hexdigest()
    return f"m_{digest[:32]}"


class Tokens:
    """Makes and reads tokens with one secret key."""

    def __init__(self, secret_key: str) -> None:
        self._serializer = URLSafeSerializer(
            secret_key, salt="faro.conversation", signer_kwargs={"digest_method": hashlib.sha256}
        )

    def make(self, conversation: str) -> str:
        """A token for that conversation."""
        token = self._serializer.dumps(conversation)
        return token if isinstance(token, str) else token.decode("ascii")

    def check(self, header: str | None, conversation: str) -> None:
        """Passes when an ``Authorization`` header opens that conversation.

        Raises RequestError: token_missing (401) without one, token_unknown (401) when we did not sign it,
        token_foreign (403) when it opens another conversation.
        """
        scheme, _, token = (header or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise RequestError("token_missing", 401)
        if self.opened(token.strip()) != conversation:
            raise RequestError("token_foreign", 403)

    def opened(self, token: str) -> str:
        """The conversation that a token opens. Raises RequestError (token_unknown) when we did not sign it."""
        try:
            opened = self._serializer.loads(token)
        except BadData:
            raise RequestError("token_unknown", 401) from None
        if not isinstance(opened, str):
            raise RequestError("token_unknown", 401)
        return opened
