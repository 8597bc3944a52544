"""The round of a worker: it takes what is due, works on several at once, and waits until there may be more."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from datetime import datetime

from bot.gateway.clock import Clock
from bot.gateway.logs import fault, logger

#: How long what is under way may take to end when the gateway stops.
STOP_SECONDS = 2.0
#: The shortest wait between two looks, in seconds.
_SHORTEST = 0.02


class Loop[Piece](ABC):
    """Any number may run at once, in one process or several: a piece of work is claimed by one of them alone.

    At most ``at_once`` pieces are worked on at a time; ``pause`` is the longest wait between two looks, in seconds.
    """

    def __init__(self, broke: str, clock: Clock, at_once: int, pause: float) -> None:
        """``broke`` is the event in the log for a look that failed."""
        self._broke_event = broke
        self._clock = clock
        self._at_once = at_once
        self._pause = pause
        self._running: set[asyncio.Task[None]] = set()
        # What nobody waits for, such as read ticks.
        self._side: set[asyncio.Task[None]] = set()
        self._woken = asyncio.Event()
        self._stopping = False

    @abstractmethod
    async def _claim(self) -> Piece | None:
        """The piece of work that has been due the longest; None when nothing is due."""

    @abstractmethod
    async def _serve(self, piece: Piece) -> None:
        """Brings one piece of work to an end. Raises nothing but what cancels it."""

    @abstractmethod
    async def _next_due(self) -> datetime | None:
        """The earliest moment at which there may be something to claim; None when nothing waits."""

    async def _look_after(self) -> None:  # noqa: B027 - most have nothing to look after
        """What else is done at each look."""

    def wake(self) -> None:
        """Something came: looks at once and not after the pause."""
        self._woken.set()

    async def work(self) -> None:
        """Works until stopped or cancelled; what one look raises ends in the log and not the working."""
        try:
            while not self._stopping:
                wait = self._pause
                try:
                    await self._begin()
                    await self._look_after()
                    wait = await self._until_due()
                except Exception as exc:  # The database may be away for a while.
                    logger().error(self._broke_event, **fault(exc))
                await self._wait(wait)
            if self._running:
                await asyncio.wait(set(self._running), timeout=STOP_SECONDS)
        finally:
            tasks = [*self._running, *self._side]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def stop(self) -> None:
        """Takes nothing more; what is under way gets a moment to end."""
        self._stopping = True
        self._woken.set()

    async def ended(self) -> None:
        """Waits a moment for what was cancelled and still gives its work back: the database closes after this."""
        if left := {*self._running, *self._side}:
            await asyncio.wait(left, timeout=STOP_SECONDS)

    async def round(self) -> int:
        """Works on everything that is due and waits for it; how many pieces that were."""
        total = 0
        while began := await self._begin():
            total += began
            await asyncio.gather(*self._running)
        await asyncio.gather(*self._side)
        await self._look_after()
        return total

    async def _begin(self) -> int:
        began = 0
        while len(self._running) < self._at_once:
            piece = await self._claim()
            if piece is None:
                break
            task = asyncio.create_task(self._serve(piece))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
            began += 1
        return began

    async def _until_due(self) -> float:
        """Seconds until there may be something to do, at most the pause: other gateways add work as well."""
        if len(self._running) >= self._at_once:
            return self._pause
        due = await self._next_due()
        if due is None:
            return self._pause
        return min(self._pause, max(_SHORTEST, (due - self._clock.now()).total_seconds()))

    async def _wait(self, seconds: float) -> None:
        woken = asyncio.create_task(self._woken.wait())
        try:
            await asyncio.wait({woken, *self._running}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            woken.cancel()
            self._woken.clear()
