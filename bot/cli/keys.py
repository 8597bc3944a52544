"""``faro keys``: what is sealed with which key of FARO_DATA_KEY, sealing it again, and names under a new secret."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from bot.core.errors import BotError
from bot.settings import load_settings, with_demo_secrets

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from bot.transcripts.rotation import Count, Rotated
    from bot.transcripts.sealing import Keys

app = typer.Typer(
    help="Changing FARO_DATA_KEY and FARO_SECRET_KEY without losing anything.", no_args_is_help=True
)
console = Console(highlight=False, soft_wrap=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def import_tables() -> None:
    """Makes every table with sealed columns known; a test compares it with all that the program has."""
    import bot.booking.tables
    import bot.console.tables
    import bot.gateway.whatsapp.tables
    import bot.transcripts.judging_tables
    import bot.transcripts.tables  # noqa: F401


@app.command()
def status(as_json: AsJson = False) -> None:
    """Count what each key has sealed; ends with 1 unless the first key alone opens everything."""
    from bot.transcripts.rotation import count

    counts = _with_database(count)
    if as_json:
        _print_json(counts)
    else:
        table = Table("where", "first key", "older keys", "no key")
        for one in counts:
            table.add_row(one.name, f"{one.first:,}", f"{one.older:,}", f"{one.closed:,}")
        console.print(table)
    _end(sum(one.older for one in counts), sum(one.closed for one in counts), tell=not as_json)


@app.command()
def rotate(as_json: AsJson = False) -> None:
    """Seal everything again with the first key, also while Faro runs; stop it and start it again as you like."""
    from bot.transcripts.rotation import rotate

    done = _with_database(rotate)
    if as_json:
        _print_json(done)
    else:
        table = Table("where", "sealed again", "still older keys", "no key")
        for one in done:
            table.add_row(one.name, f"{one.changed:,}", f"{one.older:,}", f"{one.closed:,}")
        console.print(table)
    _end(sum(one.older for one in done), sum(one.closed for one in done), tell=not as_json)


@app.command()
def names(as_json: AsJson = False) -> None:
    """For a new FARO_SECRET_KEY: give everybody on WhatsApp the name that they have under it."""
    from bot.gateway.whatsapp.names import Names
    from bot.gateway.whatsapp.store import WhatsAppStore

    secret = with_demo_secrets(load_settings(os.environ)).secret_key
    found = _with_database(lambda database, keys: WhatsAppStore(database, keys, Names(secret)).name_again())
    if as_json:
        console.file.write(json.dumps(asdict(found), indent=2) + "\n")
    else:
        console.print(
            f"{found.made:,} people got their name under this FARO_SECRET_KEY, {found.had:,} had it."
        )
        if found.taken:
            console.print(
                f"{found.taken:,} have written since under this FARO_SECRET_KEY and are new people there: what is "
                "held of them from before is out of their reach.",
                style="red",
            )
        if found.closed:
            console.print(
                f"{found.closed:,} addresses cannot be opened: see `faro keys status`.", style="red"
            )
    if found.taken or found.closed:
        raise typer.Exit(1)


def _end(older: int, closed: int, *, tell: bool) -> None:
    """Says what the numbers mean; with anything that the first key does not open the command has failed."""
    if tell and closed:
        console.print(
            f"{closed:,} cannot be opened: the key is not in FARO_DATA_KEY (put it back, at the end), or the value "
            "was changed past the program.",
            style="red",
        )
    if tell and older:
        console.print(
            f"{older:,} still need an older key. Start every gateway and the actions with the new key first, then "
            "run `faro keys rotate`.",
            style="yellow",
        )
    if older or closed:
        raise typer.Exit(1)
    if tell:
        console.print("The first key opens everything. Older ones can be taken out.")


def _print_json(rows: Sequence[Count] | Sequence[Rotated]) -> None:
    console.file.write(json.dumps([asdict(one) for one in rows], indent=2) + "\n")


def _with_database[T](work: Callable[[AsyncEngine, Keys], Awaitable[T]]) -> T:
    from sqlalchemy.exc import SQLAlchemyError

    from bot.transcripts.schema import open_database, upgrade
    from bot.transcripts.sealing import Keys

    import_tables()
    settings = with_demo_secrets(load_settings(os.environ))

    async def run() -> T:
        database = open_database(settings.database_url)
        try:
            await upgrade(database)
            return await work(database, Keys(settings.data_keys))
        except SQLAlchemyError as exc:
            raise BotError(
                f"The database does not answer as it should ({type(exc).__name__}). Is it running, and is "
                "FARO_DATABASE_URL right? What was done until now stays; run it again."
            ) from exc
        finally:
            await database.dispose()

    return asyncio.run(run())
