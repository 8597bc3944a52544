"""Answers what waits in the inbox: in order for each person, several people at once, every message to an end.

A message ends answered, closed (the engine stayed away and the person was told so) or set aside for staff. What is
said, what the next turn needs and the end of the messages are written in one transaction, so that a crash at any moment
costs nothing but time: the same messages are then answered again under the same ids, and engine and store give the same
replies.
"""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta

from bot.gateway.clock import Clock
from bot.gateway.keeper import STORE_FAULTS, Keeper
from bot.gateway.limits import Limits
from bot.gateway.logs import fault, logger
from bot.gateway.metrics import Metrics
from bot.gateway.ports import Reading
from bot.gateway.turns import Turns
from bot.gateway.voice import Voice
from bot.gateway.whatsapp.answering import Answering
from bot.gateway.whatsapp.bringing import Bringing
from bot.gateway.whatsapp.course import Course
from bot.gateway.whatsapp.endings import Endings
from bot.gateway.whatsapp.handover import Handovers
from bot.gateway.whatsapp.loop import Loop
from bot.gateway.whatsapp.meeting import Meeting
from bot.gateway.whatsapp.model import Provider
from bot.gateway.whatsapp.people import People
from bot.gateway.whatsapp.records import LostLease, Work
from bot.gateway.whatsapp.reminders import Reminders
from bot.gateway.whatsapp.speech import Speech
from bot.gateway.whatsapp.store import WhatsAppStore
from bot.gateway.whatsapp.words import Words

#: For how long the engine is asked again before the person is told that there is no answer.
PATIENCE = timedelta(seconds=60)
#: How long a person is held without a sign of life; renewed three times as often.
HOLD = timedelta(seconds=15)


class Inbox(Loop[Work]):
    """One worker; any number may run at once, in one process or several."""

    def __init__(
        self,
        *,
        store: WhatsAppStore,
        people: People,
        keeper: Keeper,
        turns: Turns,
        providers: Mapping[str, Provider],
        words: Words,
        voice: Voice,
        reading: Reading,
        clock: Clock,
        limits: Limits,
        metrics: Metrics,
        alarm: Callable[[str, str | None], None],
        wake_sender: Callable[[], None],
        reminders: Reminders,
        handovers: Handovers | None,
        patience: timedelta = PATIENCE,
        hold: timedelta = HOLD,
        at_once: int = 20,
        pause: float = 1.0,
        chance: Callable[[], float] = random.random,
    ) -> None:
        super().__init__("inbox_broke", clock, at_once, pause)
        self._store = store
        self._providers = providers
        self._alarm = alarm
        self._wake_sender = wake_sender
        self._patience = patience
        self._hold = hold
        self._worker = f"i_{secrets.token_hex(8)}"
        self._began = clock.now()
        self._looked = float("-inf")
        speech = Speech(keeper, words, clock)
        self._endings = Endings(
            store=store,
            speech=speech,
            voice=voice,
            clock=clock,
            limits=limits,
            metrics=metrics,
            chance=chance,
        )
        self._bringing = Bringing(
            store=store, keeper=keeper, handovers=handovers, clock=clock, limits=limits, metrics=metrics
        )
        self._meeting = Meeting(
            store=store,
            speech=speech,
            endings=self._endings,
            words=words,
            reading=reading,
            clock=clock,
            metrics=metrics,
        )
        self._answering = Answering(
            store=store,
            people=people,
            turns=turns,
            speech=speech,
            meeting=self._meeting,
            endings=self._endings,
            reminders=reminders,
            words=words,
            reading=reading,
            clock=clock,
            limits=limits,
        )

    async def work(self) -> None:
        self._began = self._clock.now()
        await super().work()

    async def _claim(self) -> Work | None:
        return await self._store.claim(self._worker, self._clock.now(), self._hold)

    async def _next_due(self) -> datetime | None:
        return await self._store.next_due()

    async def _look_after(self) -> None:
        """Alarms staff about what was set aside, and what did not reach a person; of several workers, one does each."""
        now = time.monotonic()
        if now - self._looked < self._pause:
            return
        self._looked = now
        for trouble in await self._store.troubles(self._clock.now()):
            self._alarm(f"{trouble.kind}_{trouble.code}", trouble.conversation_id)

    async def _serve(self, work: Work) -> None:
        renewing = asyncio.create_task(self._renew(work))
        known = work.person.conversation_id or ""
        course = Course(work, list(work.messages), known, self._began, self._patience)
        try:
            await self._answer(course)
        except LostLease:
            logger().info("lease_lost", conversation=course.conversation_id)
        except asyncio.CancelledError:
            await asyncio.shield(self._give_back(course))
            raise
        except STORE_FAULTS as exc:
            # Nothing can be written: the lease runs out by itself.
            logger().error("inbox_store_failed", conversation=course.conversation_id, **fault(exc))
        except Exception as exc:
            logger().error("inbox_work_broke", conversation=course.conversation_id, **fault(exc))
            await self._broke(course, exc)
        finally:
            renewing.cancel()
            if course.written:
                self._wake_sender()

    async def _answer(self, course: Course) -> None:
        await self._endings.set_aside_poison(course)
        if not course.left:
            return
        self._show_seen(course)
        await self._bringing.bring_over(course)
        await self._meeting.meet(course)
        await self._answering.answer(course)

    async def _renew(self, work: Work) -> None:
        while True:
            await asyncio.sleep(self._hold.total_seconds() / 3)
            try:
                await self._store.renew(work, self._clock.now(), self._hold)
            except LostLease:
                return
            except STORE_FAULTS as exc:
                logger().warning("lease_not_renewed", **fault(exc))

    async def _give_back(self, course: Course) -> None:
        with suppress(LostLease, *STORE_FAULTS):
            await self._endings.given_back(course)

    async def _broke(self, course: Course, exc: Exception) -> None:
        try:
            await self._endings.broke(course, exc)
        except (LostLease, *STORE_FAULTS) as failed:
            logger().error("inbox_end_not_written", **fault(failed))

    def _show_seen(self, course: Course) -> None:
        """Read ticks up to the newest message, and the sign that somebody writes; nobody waits for it."""
        provider = self._providers.get(course.provider)
        newest = course.left[-1].message
        if provider is None or newest is None:
            return
        typing = any(w.kind in ("text", "choice") for w in course.left)
        task = asyncio.create_task(provider.seen(newest.id, typing))
        self._side.add(task)
        task.add_done_callback(self._side.discard)
