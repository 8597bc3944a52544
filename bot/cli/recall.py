"""``faro recall``: everybody who was told a value of the law that is over."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table

from bot.core.errors import BotError
from bot.settings import Settings, load_settings, with_demo_secrets

if TYPE_CHECKING:
    from bot.core.told import Standing
    from bot.gateway.desk import Desk, Reach
    from bot.transcripts.recall import Affected, Recall, Wanted

console = Console(highlight=False, soft_wrap=True)

#: How a person can be reached, by ``bot.gateway.desk.Reach``. Which pages are open only the gateways know.
WAYS = {
    "left": "on the page, if it is still open",
    "window": "WhatsApp until {until}",
    "template": "WhatsApp, asked to write first",
    "stopped": "no: sent STOP",
    "closed": "no: WhatsApp is closed",
}
_COLUMNS = (
    "told", "conversation", "channel", "lang", "value", "now", "message", "can be reached", "request", "in hand",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One conversation that was told an old value, and whether its person can be reached."""

    affected: Affected
    reach: Reach


@dataclass(frozen=True, slots=True)
class Found:
    """Everybody, the one told last first; ``heard`` are those who have been told the value in force since."""

    standing: Standing
    since: datetime
    timezone: str
    affected: tuple[Line, ...]
    heard: tuple[Line, ...]


def recall(
    parameter: Annotated[
        str, typer.Option("--parameter", help="The id of the fee or rule, such as fee.annual.")
    ],
    since: Annotated[
        str,
        typer.Option(
            "--since", help="From this day on (YYYY-MM-DD), in the firm's time zone; it counts too."
        ),
    ],
    value: Annotated[
        str | None, typer.Option("--value", help="Only who was told this old value, such as 100 or '$100'.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """List everybody who was told another value of a fee or rule than the one in force."""
    try:
        day = date.fromisoformat(since)
    except ValueError as exc:
        raise BotError(f"{since!r} is not a date. Write it as YYYY-MM-DD.") from exc
    found = asyncio.run(find(with_demo_secrets(load_settings(os.environ)), parameter, day, value))
    if as_json:
        typer.echo(json.dumps(as_dict(found), indent=1, ensure_ascii=False))
        return
    _show(found)


async def find(settings: Settings, parameter: str, since: date, value: str | None = None) -> Found:
    """Who was told another value. Raises BotError for a parameter that does not exist, or a database that is away."""
    from sqlalchemy.exc import SQLAlchemyError

    from bot.core.told import as_told, midnight, standing
    from bot.gateway.app import DESK
    from bot.gateway.main import assemble
    from bot.transcripts.recall import Recall, Wanted, in_force

    parts = await assemble(settings)
    try:
        zone = parts.firm.timezone
        # Where there is no such file its error says what is nearly called so.
        parts.library.parameters.get(parameter)
        known = standing(parts.library.parameters, parameter, parts.clock.now_in(zone).date())
        assert known is not None, "it was there"
        await parts.transcripts.start()
        only = None if value is None else as_told(known.parameter, value)
        wanted = Wanted(parameter, in_force(known.now.values()), midnight(since, zone), only=only)
        recall, desk = Recall(parts.transcripts), parts.app[DESK]
        affected = [line async for line in _lines(recall, desk, wanted)]
        heard = [line async for line in _lines(recall, desk, replace(wanted, heard=True))]
        return Found(known, wanted.since or midnight(since, zone), zone, tuple(affected), tuple(heard))
    except SQLAlchemyError as exc:
        raise BotError(
            f"The database does not answer as it should ({type(exc).__name__}). Is it running, and is "
            "FARO_DATABASE_URL right?"
        ) from exc
    finally:
        await parts.close()


def as_dict(found: Found) -> dict[str, Any]:
    """Everything, as JSON has it; ids are whole."""
    now = found.standing
    return {
        "parameter": now.id,
        "title": dict(now.parameter.title),
        "value": dict(now.now),
        "in_force_since": None if now.since is None else now.since.isoformat(),
        "since": found.since.isoformat(),
        "told_another_value": [_row(line, found) for line in found.affected],
        "has_heard_the_new_value": [_row(line, found) for line in found.heard],
    }


async def _lines(recall: Recall, desk: Desk, wanted: Wanted) -> AsyncIterator[Line]:
    key = None
    while True:
        page = await recall.affected(wanted, 500, key)
        for row in page.rows:
            yield Line(row, await desk.reach(row.conversation_id, row.channel))
        if page.next_key is None:
            return
        key = page.next_key


def _row(line: Line, found: Found) -> dict[str, Any]:
    row, zone = line.affected, ZoneInfo(found.timezone)
    return {
        "conversation": row.conversation_id,
        "message": row.message_id,
        "channel": row.channel,
        "language": row.language,
        "told_at": row.told_at.astimezone(zone).isoformat(),
        "told": row.value,
        "now": found.standing.now.get(row.language),
        "heard_at": None if row.heard_at is None else row.heard_at.astimezone(zone).isoformat(),
        "reach": line.reach.way,
        "reach_until": None if line.reach.until is None else line.reach.until.astimezone(zone).isoformat(),
        "booking": row.booking,
        "claimed": row.claimed_by is not None,
    }


def _show(found: Found) -> None:
    now = found.standing
    value = " / ".join(dict.fromkeys(now.now.values())) or "no value any more"
    since = "" if now.since is None else f", since {now.since}"
    console.print(f"{now.parameter.title['en']} ({now.id}): {value}{since}", markup=False)
    _table(f"Told another value since {found.since:%Y-%m-%d}: {len(found.affected)}", found.affected, found)
    if found.heard:
        _table(f"Has heard the new value since: {len(found.heard)}", found.heard, found)


def _table(title: str, lines: tuple[Line, ...], found: Found) -> None:
    from bot.console.telling import short_id

    console.print(f"\n{title}", markup=False)
    if not lines:
        return
    zone = ZoneInfo(found.timezone)
    table = Table(box=None, pad_edge=False)
    for name in _COLUMNS:
        table.add_column(name)
    for line in lines:
        row, until = line.affected, line.reach.until
        way = WAYS[line.reach.way].format(
            until="" if until is None else f"{until.astimezone(zone):%m-%d %H:%M}"
        )
        table.add_row(
            f"{row.told_at.astimezone(zone):%Y-%m-%d %H:%M}",
            short_id(row.conversation_id),
            row.channel,
            row.language,
            row.value,
            found.standing.now.get(row.language, "-"),
            row.message_id,
            way,
            "yes" if row.booking else "no",
            "yes" if row.claimed_by else "no",
        )
    console.print(table)
