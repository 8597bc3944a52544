"""The figures of the firm's days: kept once a day is over, counted live for the day that runs."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.transcripts.insights_counting import count, oldest
from bot.transcripts.insights_records import KEPT, SETTLES, Dated, Figure, days, span_of
from bot.transcripts.insights_tables import daily_figures
from bot.transcripts.judging_tables import FIRST, samples
from bot.transcripts.queues import MOST_COUNTED
from bot.transcripts.store import TranscriptStore

#: Says that a group of a day has been counted.
_MADE = "made"
#: One writer of a day at a time, on PostgreSQL.
_LOCK = 0x46494755
#: A day whose count took longer than this is remembered for a while. Seconds.
_SLOW, _REMEMBERED = 0.1, 60.0
#: Rows written together.
_TOGETHER = 500


class Insights:
    """Figures by day. Every method may raise ``sqlalchemy.exc.SQLAlchemyError``; ``zone`` is the firm's time zone."""

    def __init__(self, store: TranscriptStore) -> None:
        self._store = store
        self._database = store.database
        self._live: dict[tuple[date, str, str], tuple[float, list[Figure]]] = {}

    async def add(self, day: date, figures: Iterable[Figure]) -> None:
        """Adds to the figures of a day, as the gateway counts them while it works."""
        rows = [_row(day, figure) for figure in sorted(figures, key=lambda figure: figure.name)]
        if not rows:
            return
        statement = self._store.insert(daily_figures)
        adding = statement.on_conflict_do_update(
            index_elements=["day", "name", "language", "channel"],
            set_={"value": daily_figures.c.value + statement.excluded.value},
        )
        async with self._database.begin() as connection:
            await connection.execute(adding, rows)

    async def roll_up(self, today: date, zone: str, kept_days: int, most: int = 31) -> int:
        """Counts the days that are over, the latest first, and makes those anew that may still change.

        At most ``most`` of the days that never were counted are; how many are left. Nothing of a day is made anew once
        its conversations may have been erased for their age (``kept_days``): what was counted then stays. A day longer
        ago that never was counted stays so; the few that are still there, on hold, would not tell what it was like.
        """
        never: dict[date, list[str]] = {}
        again: dict[date, list[str]] = {}
        for group, settles in SETTLES.items():
            since = await self._since(group, today, zone, kept_days)
            if since is None:
                continue
            made = await self._made(group, since, today)
            settling = today - timedelta(days=min(settles, kept_days - 1))
            for day in days(since, today - timedelta(days=1)):
                if day not in made:
                    never.setdefault(day, []).append(group)
                elif day >= settling:
                    again.setdefault(day, []).append(group)
        now = sorted(never, reverse=True)[:most]
        left = len(never) - len(now)
        due = [(day, never[day]) for day in now] + [(day, again[day]) for day in again if not left]
        for day, groups in due:
            for group in groups:
                await self._write(day, group, await self._count(day, group, zone))
        return left

    async def between(
        self, first: date, last: date, today: date, zone: str, names: Collection[str] = ()
    ) -> list[Dated]:
        """The figures of the days from ``first`` to ``last``, both inclusive, by day; ``names``: only these.

        Today and, until it is rolled up, yesterday are counted now.
        """
        f = daily_figures.c
        query = select(f.day, f.name, f.language, f.channel, f.value).where(f.day.between(first, last))
        if names:
            query = query.where(f.name.in_((*names, *(_made_name(group) for group in SETTLES))))
        async with self._database.connect() as connection:
            rows = (await connection.execute(query)).all()
        made = {(row.day, row.name) for row in rows}
        found = [Dated(row.day, Figure(*row[1:])) for row in rows if not row.name.endswith(f".{_MADE}")]
        for day in days(max(first, today - timedelta(days=1)), min(last, today)):
            for group in SETTLES:
                if (day, _made_name(group)) not in made and (not names or _asked(group, names)):
                    live = await self._live_count(day, group, zone)
                    found += [Dated(day, figure) for figure in live if not names or figure.name in names]
        return sorted(found, key=lambda dated: dated.day)

    async def uncounted(self, first: date, last: date, today: date, zone: str, kept_days: int) -> bool:
        """Whether a day of these that is over is still to be counted, as after an update of the program."""
        since = await self._since(KEPT, today, zone, kept_days)
        if since is None:
            return False
        over = set(days(max(first, since), min(last, today - timedelta(days=2))))
        return not over <= await self._made(KEPT, first, last)

    async def unread_samples(self) -> int:
        """How many conversations that were drawn nobody has judged, counted up to ``MOST_COUNTED``."""
        some = select(samples.c.conversation_id).where(text(FIRST)).limit(MOST_COUNTED)
        async with self._database.connect() as connection:
            return int(await connection.scalar(select(func.count()).select_from(some.subquery())) or 0)

    async def _since(self, group: str, today: date, zone: str, kept_days: int) -> date | None:
        """The first day of a group that can be counted: see ``roll_up``; None where nothing is there."""
        async with self._database.connect() as connection:
            first = await oldest(connection, group)
        return None if first is None else max(_day(first, zone), today - timedelta(days=kept_days))

    async def _made(self, group: str, first: date, last: date) -> set[date]:
        f = daily_figures.c
        query = select(f.day).where(f.name == _made_name(group), f.day.between(first, last))
        async with self._database.connect() as connection:
            return set((await connection.execute(query)).scalars())

    async def _live_count(self, day: date, group: str, zone: str) -> list[Figure]:
        begun = time.monotonic()
        until, figures = self._live.get((day, group, zone), (0.0, []))
        if begun < until:
            return figures
        figures = await self._count(day, group, zone)
        done = time.monotonic()
        self._live = {key: kept for key, kept in self._live.items() if kept[0] > done}
        if done - begun > _SLOW:
            self._live[day, group, zone] = (done + _REMEMBERED, figures)
        return figures

    async def _count(self, day: date, group: str, zone: str) -> list[Figure]:
        async with self._database.connect() as connection:
            return await count(connection, group, span_of(day, ZoneInfo(zone)))

    async def _write(self, day: date, group: str, figures: list[Figure]) -> None:
        """Puts the figures of a group in the place of those that the day had."""
        f = daily_figures.c
        rows = [_row(day, figure) for figure in (*figures, Figure(_made_name(group), "", "", 1))]
        async with self._database.begin() as connection:
            await self._alone(connection)
            of_group = func.substr(f.name, 1, len(group) + 1) == f"{group}."
            await connection.execute(delete(daily_figures).where(f.day == day, of_group))
            for begin in range(0, len(rows), _TOGETHER):
                await connection.execute(daily_figures.insert(), rows[begin : begin + _TOGETHER])

    async def _alone(self, connection: AsyncConnection) -> None:
        if self._store.shared:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def _made_name(group: str) -> str:
    return f"{group}.{_MADE}"


def _asked(group: str, names: Collection[str]) -> bool:
    return any(name.startswith(f"{group}.") for name in names)


def _day(moment: datetime, zone: str) -> date:
    return moment.astimezone(ZoneInfo(zone)).date()


def _row(day: date, figure: Figure) -> dict[str, object]:
    return {
        "day": day,
        "name": figure.name,
        "language": figure.language,
        "channel": figure.channel,
        "value": figure.value,
    }
