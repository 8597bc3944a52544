"""Sends approved corrections, one person after the other; any number of gateways may do so at once.

Nobody is sent the same one twice: whoever is killed between two steps leaves a person in hand, who is taken up again
and told under the same name. WhatsApp rings a phone, so it waits for the day.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from aiohttp import web

from bot.console.pages.library import FromLibrary
from bot.console.parts import CLOCK, DESK, FIRM, OTHER, TRANSCRIPTS
from bot.console.ports import Clock, Desk, Firm
from bot.console.recall.wording import reply_to
from bot.core.law import Parameters
from bot.core.told import standing
from bot.transcripts.corrections import LEFT, STOPPED, Corrections, Recipient

#: Longer than telling anybody takes.
HOLD = timedelta(minutes=5)
#: Seconds between two looks, and between two people: a change may concern thousands, and others write meanwhile.
PAUSE, GAP = 5.0, 0.2
#: Hours of the firm's day in which WhatsApp is written to (the second one excluded).
FIRST_HOUR, LAST_HOUR = 9, 18

#: What became of a person, by what the desk says; for ``later`` they are taken up again.
_ENDS = {
    "sent": ("sent", None),
    "left": ("sent", LEFT),
    "asked": ("sent", "asked"),
    "told": ("told", None),
    "stopped": ("declined", "stopped"),
    STOPPED: ("declined", STOPPED),
    "window_closed": ("unreachable", "window_closed"),
    "gone": ("unreachable", "gone"),
    "personal": ("unreachable", "not_fit"),
    "too_long": ("unreachable", "not_fit"),
    "empty": ("unreachable", "not_fit"),
}


class Sender:
    """Sends what is approved."""

    def __init__(
        self,
        corrections: Corrections,
        *,
        desk: Desk,
        law: Callable[[], Parameters],
        clock: Clock,
        firm: Firm,
        pause: float = PAUSE,
        gap: float = GAP,
    ) -> None:
        self._corrections = corrections
        self._desk = desk
        self._law = law
        self._clock = clock
        self._firm = firm
        self._pause = pause
        self._gap = gap
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Has it look at once."""
        self._woken.set()

    async def work(self) -> None:
        """Sends until cancelled; what one round raises ends in the log and not the sending."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._pause):
                    await self._woken.wait()
            self._woken.clear()
            try:
                await self.round()
            except Exception as exc:  # The database may be away for a while.
                structlog.get_logger().error("correcting_broke", error=type(exc).__name__)

    async def round(self) -> int:
        """Tells everybody who waits; how many were looked at."""
        number = 0
        while (taken := await self._corrections.take(self._clock.now(), HOLD, self._channels())) is not None:
            try:
                await self._tell(taken)
            except Exception as exc:  # One person must not keep the others from hearing it.
                structlog.get_logger().error(
                    "correction_broke", conversation=taken.conversation_id, error=type(exc).__name__
                )
            number += 1
            await asyncio.sleep(self._gap)
        return number

    def _local(self) -> datetime:
        return self._clock.now().astimezone(ZoneInfo(self._firm.timezone))

    def _channels(self) -> tuple[str, ...]:
        return ("web", "whatsapp") if FIRST_HOUR <= self._local().hour < LAST_HOUR else ("web",)

    async def _tell(self, taken: Recipient) -> None:
        state, reason = await self._outcome(taken)
        if state:
            await self._corrections.end(taken, state, reason, self._clock.now())

    async def _outcome(self, taken: Recipient) -> tuple[str, str | None]:
        """Their next state and why; an empty one where nothing is settled."""
        if taken.heard:
            return "told", None
        correction = taken.correction
        known = standing(self._law(), correction.parameter, self._local().date())
        if known is None or dict(known.now) != dict(correction.new_value):
            # Since it was approved the value has changed again: this is no news any more.
            return "declined", "changed_again"
        reply = reply_to(taken, known, self._firm.timezone)
        answer = await self._desk.correct(
            taken.conversation_id, correction.id, reply, lambda: self._corrections.settled(taken)
        )
        return _ENDS.get(answer, ("", None))


SENDER: web.AppKey[Sender] = web.AppKey("console_correction_sender")


def add(app: web.Application) -> None:
    """Has the console send corrections as long as it runs, where it has the law."""
    library = app[OTHER]
    if not isinstance(library, FromLibrary):
        return
    app[SENDER] = Sender(
        Corrections(app[TRANSCRIPTS]),
        desk=app[DESK],
        law=lambda: library.library.parameters,
        clock=app[CLOCK],
        firm=app[FIRM],
    )
    app.cleanup_ctx.append(_running)


async def _running(app: web.Application) -> AsyncIterator[None]:
    task = asyncio.create_task(app[SENDER].work())
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
