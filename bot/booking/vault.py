"""The values behind a conversation's tokens, encrypted, for as long as the booking form may need them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.booking.database import empty_log, insert, writing
from bot.booking.tables import values
from bot.transcripts.sealing import Keys


class Vault:
    """Values by conversation and token. Every method may raise ``sqlalchemy.exc.SQLAlchemyError``."""

    def __init__(self, database: AsyncEngine, keys: Keys) -> None:
        self._database = database
        self._keys = keys

    async def put(self, conversation: str, found: Mapping[str, str], until: datetime) -> None:
        """Keeps each value of {token: value} until that moment; the same token again takes the new value."""
        if not found:
            return
        rows = [
            {
                "conversation_id": conversation,
                "token": token,
                "ciphertext": self._keys.seal(value, _place(conversation, token)),
                "expires_at": until,
            }
            for token, value in found.items()
        ]
        statement = insert(self._database, values)
        upsert = statement.on_conflict_do_update(
            index_elements=["conversation_id", "token"],
            set_={name: statement.excluded[name] for name in ("ciphertext", "expires_at")},
        )
        async with writing(self._database) as connection:
            await connection.execute(upsert, rows)

    async def get(self, conversation: str, tokens: Collection[str] | None = None) -> dict[str, str]:
        """The values of these tokens, or of all; a token without a value is missing. Raises Unreadable."""
        query = select(values.c.token, values.c.ciphertext).where(values.c.conversation_id == conversation)
        if tokens is not None:
            query = query.where(values.c.token.in_(list(tokens)))
        async with self._database.connect() as connection:
            rows = (await connection.execute(query.order_by(values.c.token))).all()
        return {row.token: self._keys.open(row.ciphertext, _place(conversation, row.token)) for row in rows}

    async def erase(self, conversation: str) -> bool:
        """Whether something was kept; afterwards nothing is."""
        async with writing(self._database) as connection:
            result = await connection.execute(delete(values).where(values.c.conversation_id == conversation))
        await empty_log(self._database)
        return result.rowcount > 0

    async def expire(self, now: datetime) -> int:
        """How many values were past their time (``until`` at or before ``now``); they are gone."""
        async with writing(self._database) as connection:
            result = await connection.execute(delete(values).where(values.c.expires_at <= now))
        return result.rowcount


def _place(conversation: str, token: str) -> str:
    return f"booking_values.ciphertext:{conversation}:{token}"
