"""The one-run login of a demo: a link that opens a session of an admin once, and nothing in production."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.booking.database import insert, writing
from bot.console.access import PREFIX
from bot.console.sessions import DEMO, Sessions, end_all
from bot.console.tables import accounts
from bot.core.errors import SettingsError
from bot.settings import Settings


async def demo_link(settings: Settings, database: AsyncEngine, base: str, now: datetime) -> str:
    """An address below ``base`` (http://127.0.0.1:8080) that opens the console once, until the gateway ends.

    Make it after the gateway has started: starting ends the links and sessions of the run before. Raises
    SettingsError in production.
    """
    if settings.production:
        raise SettingsError(
            ["FARO_MODE is production: staff sign in there. Make an account with: faro staff add"]
        )
    values = {
        "id": DEMO,
        "login": DEMO,
        "name": "Demo",
        "role": "admin",
        "language": "en",
        "password": "",
        "failures": 0,
        "created_at": now,
    }
    async with writing(database) as connection:
        await connection.execute(
            insert(database, accounts).values(**values).on_conflict_do_nothing(index_elements=["id"])
        )
        await connection.execute(update(accounts).where(accounts.c.id == DEMO).values(disabled_at=None))
        # The form's token is of no use to a link, so its secret does not matter here.
        door = await Sessions(database, b"").add(connection, DEMO, "door", now)
    return f"{base}{PREFIX}/demo/{door}"


async def end_demo(database: AsyncEngine, now: datetime) -> None:
    """Ends every link and session of a demo, and shuts its account until the next link is made."""
    async with database.connect() as connection:
        query = select(accounts.c.id).where(accounts.c.id == DEMO, accounts.c.disabled_at.is_(None))
        if (await connection.execute(query)).one_or_none() is None:
            return
    async with writing(database) as connection:
        await connection.execute(update(accounts).where(accounts.c.id == DEMO).values(disabled_at=now))
        await end_all(connection, DEMO)
