"""How messages end: answered, closed, set aside for staff, or once more in a while."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from bot.core.errors import RequestError
from bot.gateway.clock import Clock
from bot.gateway.limits import Limits
from bot.gateway.metrics import Metrics
from bot.gateway.voice import Voice
from bot.gateway.whatsapp.course import Course, Step
from bot.gateway.whatsapp.model import Outbound
from bot.gateway.whatsapp.people import Talk, language_of
from bot.gateway.whatsapp.records import ATTEMPTS, After, Waiting
from bot.gateway.whatsapp.speech import Speech, outs
from bot.gateway.whatsapp.state import snapshot
from bot.gateway.whatsapp.store import WhatsAppStore
from bot.transcripts.records import MessageRecord

#: Shortest and longest wait before the engine is asked again; it grows with the wait so far.
SOONEST, LATEST = 0.5, 5.0
#: The longest wait for somebody who has written too fast, and when such a message is given up.
TOO_FAST = timedelta(minutes=10)
TOO_FAST_UP_TO = timedelta(hours=1)
#: After a fault of ours.
BROKE = timedelta(seconds=5)


class Endings:
    """Writes what became of a step. Every method may raise LostLease and what a database raises."""

    def __init__(
        self,
        *,
        store: WhatsAppStore,
        speech: Speech,
        voice: Voice,
        clock: Clock,
        limits: Limits,
        metrics: Metrics,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._speech = speech
        self._voice = voice
        self._clock = clock
        self._limits = limits
        self._metrics = metrics
        self._chance = chance

    async def answered(self, course: Course, talk: Talk, step: Step, messages: Sequence[Outbound]) -> None:
        """The step was answered; the messages go out, and the next turn finds what it needs."""
        now = self._clock.now()
        course.written += await self._store.finish(
            course.work, step.ids, outs(step.turn, messages), now, after=self.after(course, talk, now)
        )
        self._done(course, "answered", step)

    async def closed(self, course: Course, step: Step, messages: Sequence[Outbound]) -> None:
        """The engine stayed away, and the messages say so."""
        out = outs(step.turn, messages)
        course.written += await self._store.close(course.work, step.ids, "engine", self._clock.now(), out)
        self._done(course, "closed", step)

    async def parted(self, course: Course, talk: Talk, step: Step, said: Sequence[MessageRecord]) -> None:
        """The person asked for erasure: the last words, and then nothing of them is left."""
        out = outs(step.turn, self._speech.render(talk, said))
        course.written += await self._store.finish(
            course.work, step.ids, out, self._clock.now(), leaving=True
        )
        self._done(course, "answered", step)

    async def later(self, course: Course, step: Step) -> None:
        """The engine was away: the same messages again soon."""
        now = self._clock.now()
        waited = course.waited(step, now).total_seconds()
        wait = min(max(waited / 2, SOONEST), LATEST) * (1 + 0.2 * self._chance())
        if not step.is_joined:
            await self._store.joined(course.work, step.ids, now)
        await self._store.postpone(course.work, now + timedelta(seconds=wait), "engine", now, counted=False)

    async def hindered(self, course: Course, error: RequestError) -> None:
        """A message that could not be taken now: later, or closed when it is too late for that."""
        step, now = course.step, self._clock.now()
        if step is None:
            raise error
        waited = now - step.messages[0].received_at
        if error.code == "too_many_requests" and waited >= TOO_FAST_UP_TO:
            await self._store.close(course.work, step.ids, "too_fast", now)
            await self._store.release(course.work, now)
            self._count("closed", step)
            return
        if error.code not in ("too_many_requests", "storage_unavailable", "too_busy"):
            raise error
        seconds = float(error.detail.get("seconds", LATEST)) if error.detail else LATEST
        wait = min(timedelta(seconds=seconds), TOO_FAST if error.code == "too_many_requests" else BROKE)
        await self._store.postpone(course.work, now + wait, error.code, now, counted=False)

    async def broke(self, course: Course, exc: Exception) -> None:
        """Tries again later, and after several times sets aside what breaks."""
        step, now = course.step, self._clock.now()
        code = f"broke_{type(exc).__name__}"[:64]
        if step is None or step.messages[0].attempts < ATTEMPTS:
            await self._store.postpone(course.work, now + BROKE, code, now)
            return
        if len(step.messages) > 1:
            # One of them breaks it: the others are to be answered.
            await self._store.parted(course.work, step.ids, now)
            await self._store.postpone(course.work, now + BROKE, code, now)
            return
        await self._set_aside(course, step.ids, code, course.work.person.language or "en")
        await self._store.release(course.work, now)

    async def set_aside_poison(self, course: Course) -> None:
        """What killed its workers, or cannot be opened, is kept from doing so again.

        Of several that were answered together one is the killer: each is tried alone first.
        """
        together = _together(course.left)
        if together:
            now = self._clock.now()
            await self._store.parted(course.work, [waiting.id for waiting in together], now)
            await self._store.postpone(course.work, now, "poison", now)
            course.left.clear()
        for waiting in list(course.left):
            code = (
                "poison" if waiting.attempts > ATTEMPTS else "unreadable" if waiting.message is None else ""
            )
            if code:
                await self._set_aside(course, [waiting.id], code, language_of(course.work.person))
                course.left.remove(waiting)

    async def given_back(self, course: Course) -> None:
        """The gateway stops: another one goes on with it, or this one when it is back."""
        step, now = course.step, self._clock.now()
        if step is not None and not step.is_joined:
            # The engine may have answered it already.
            await self._store.joined(course.work, step.ids, now)
        await self._store.release(course.work, now)

    def after(self, course: Course, talk: Talk, now: datetime) -> After:
        """What is known of the person from now on."""
        conversation = talk.conversation
        return After(
            conversation.id,
            conversation.language,
            snapshot(conversation, talk.memory, now),
            now + timedelta(seconds=self._limits.idle_seconds),
            course.greeted_at,
            course.renaming_told,
        )

    async def _set_aside(self, course: Course, ids: Sequence[str], code: str, language: str) -> None:
        apology = self._voice.apology("apology_turn", language)
        messages = self._speech.bare(course.provider, [apology.as_dict()], apology.lang)
        course.written += await self._store.set_aside(
            course.work, ids, code, self._clock.now(), outs(ids[0], messages)
        )

    def _done(self, course: Course, how: str, step: Step) -> None:
        course.done(step)
        self._count(how, step)

    def _count(self, how: str, step: Step) -> None:
        self._metrics.whatsapp_ended.labels(how).inc(len(step.messages))
        seconds = (self._clock.now() - step.messages[0].received_at).total_seconds()
        self._metrics.whatsapp_seconds.observe(max(0.0, seconds))


def _together(waiting: Sequence[Waiting]) -> list[Waiting]:
    """Messages of one turn that have killed their workers; none where it was one message."""
    killers = [one for one in waiting if one.attempts > ATTEMPTS and one.turn]
    group = [one for one in killers if one.turn == killers[0].turn]
    return group if len(group) > 1 else []
