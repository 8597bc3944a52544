"""Delivers what the outbox holds, alarms staff about what does not arrive, and has people told."""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import structlog

from bot.booking.outbox import Outbox
from bot.booking.payload import wrong
from bot.booking.ports import Clock, Destination, Outcome
from bot.booking.records import Booking, Item

#: Waits after the first, second ... failure; the specification's schedule. After one more failure it is dead.
SCHEDULE: tuple[timedelta, ...] = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
#: A wait becomes longer by up to this share, so that what failed together does not come back together.
JITTER = 0.1
#: Longer than any sending: an event whose lease has run out is being sent by nobody.
HOLD = timedelta(seconds=60)
#: Staff are told once when an event, pressing or not, has failed so often (about five minutes in).
FAILURES_TO_TELL = 3

#: kind (``booking``), code, the conversation or None, and the request.
Alarm = Callable[[str, str, str | None, str], None]
#: Tells the person; what it raises means "not told", and it is called again.
Told = Callable[[Booking, Outcome], Awaitable[None]]


class Deliveries:
    """One worker; any number may run at once, in one process or several.

    Without a destination it sends nothing, but still alarms staff about pressing requests and tells people what
    the firm said.
    """

    def __init__(
        self,
        store: Outbox,
        destination: Destination | None,
        clock: Clock,
        alarm: Alarm,
        told: Told,
        *,
        worker: str | None = None,
        schedule: tuple[timedelta, ...] = SCHEDULE,
        hold: timedelta = HOLD,
        at_once: int = 20,
        pause: float = 1.0,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._destination = destination
        self._clock = clock
        self._alarm = alarm
        self._told = told
        self._worker = worker or f"w_{secrets.token_hex(8)}"
        self._schedule = schedule
        self._hold = hold
        self._at_once = at_once
        self._pause = pause
        self._chance = chance
        self._sending: set[asyncio.Task[None]] = set()
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Something was saved: looks at once and not after the pause."""
        self._woken.set()

    async def work(self) -> None:
        """Delivers until cancelled; what one look raises ends in the log and not the delivering."""
        # Beside the sending: telling many people must not hold up the next emergency.
        caring = asyncio.create_task(self._care())
        try:
            while True:
                try:
                    await self._begin()
                except Exception as exc:  # The database may be away for a while.
                    _log().error("delivery_broke", error=type(exc).__name__)
                await self._wait()
        finally:
            tasks = [caring, *self._sending]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def round(self) -> int:
        """Sends everything that is due and waits for it, then alarms and tells; how many were sent."""
        total = 0
        while began := await self._begin():
            total += began
            await asyncio.gather(*self._sending)
        await self._look_after()
        return total

    async def close(self) -> None:
        """Closes the destination's connections."""
        if self._destination is not None:
            await self._destination.close()

    async def _wait(self) -> None:
        """Until something may have changed: woken, a sending ended, or the pause is over."""
        woken = asyncio.create_task(self._woken.wait())
        try:
            await asyncio.wait(
                {woken, *self._sending}, timeout=self._pause, return_when=asyncio.FIRST_COMPLETED
            )
            if self._sending:
                # Others end at about the same time: one lease for several is cheaper than one for each.
                await asyncio.sleep(min(0.02, self._pause))
        finally:
            woken.cancel()
            self._woken.clear()

    async def _care(self) -> None:
        while True:
            try:
                await self._look_after()
            except Exception as exc:
                _log().error("looking_after_broke", error=type(exc).__name__)
            await asyncio.sleep(self._pause)

    async def _begin(self) -> int:
        """Takes as much as there is room for, and starts sending it; how much that is."""
        room = self._at_once - len(self._sending)
        if self._destination is None or room <= 0:
            return 0
        items = await self._store.lease(self._worker, self._clock.now(), room, self._hold)
        for item in items:
            task = asyncio.create_task(self._deliver(item, self._destination))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)
        return len(items)

    async def _deliver(self, item: Item, destination: Destination) -> None:
        """Sends one event and writes down what became of it. When that fails, the lease runs out."""
        try:
            outcome = await self._send(item, destination)
            await self._note(item, outcome)
        except Exception as exc:  # One event must not stop the others.
            _log().error("delivery_not_noted", event_id=item.id, error=type(exc).__name__)

    async def _send(self, item: Item, destination: Destination) -> Outcome:
        if item.body is None:
            return Outcome("dead", "unreadable", type=item.type)
        if (place := wrong(item.body)) is not None:
            _log().error("event_breaks_the_schema", event_id=item.id, place=place)
            return Outcome("dead", "schema", type=item.type)
        try:
            return await destination.send(item.id, item.type, item.body, self._clock.now())
        except Exception as exc:
            _log().error("destination_broke", event_id=item.id, error=type(exc).__name__)
            return Outcome("later", "broke", type=item.type)

    async def _note(self, item: Item, outcome: Outcome) -> None:
        now = self._clock.now()
        if outcome.kind == "delivered":
            await self._store.delivered(item, outcome, now)
            return
        if outcome.kind == "staff":
            await self._store.handed(item, outcome.code)
            return
        if outcome.kind == "dead" or item.failures >= len(self._schedule):
            code = outcome.code if outcome.kind == "dead" else f"gave_up_{outcome.code}"
            await self._store.refused(item, code)
            return
        wait = self._schedule[item.failures] * (1 + JITTER * self._chance())
        if outcome.retry_after is not None:
            wait = max(wait, outcome.retry_after)
        noted = await self._store.later(item, outcome.code, now + wait)
        if noted and item.failures + 1 == FAILURES_TO_TELL:
            self._alarm("booking", f"retrying_{outcome.code}", item.conversation_id, item.request_id)

    async def _look_after(self) -> None:
        """Alarms and tells what has not been; of several workers, one does each."""
        for trouble in await self._store.waiting_long(self._clock.now()):
            if await self._store.alarmed(trouble, self._clock.now()):
                code = f"{trouble.source}_{trouble.code}"
                self._alarm("booking", code, trouble.conversation_id, trouble.request_id)
        for news in await self._store.to_tell(self._clock.now()):
            try:
                await self._told(news.booking, news.outcome)
            except Exception as exc:  # Tried again in a minute.
                _log().warning("not_told", request=news.booking.request_id, error=type(exc).__name__)
                continue
            await self._store.told(news, self._clock.now())


def _log() -> Any:
    return structlog.get_logger()
