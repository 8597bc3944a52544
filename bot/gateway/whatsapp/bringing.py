"""Brings over what somebody began on the page: their code is redeemed, and that conversation goes on here."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.core.errors import RequestError
from bot.gateway.clock import Clock
from bot.gateway.keeper import Keeper
from bot.gateway.limits import Limits
from bot.gateway.metrics import Metrics
from bot.gateway.whatsapp.course import Course
from bot.gateway.whatsapp.handover import CARRIED_OVER, REFUSED, Handovers, code_in
from bot.gateway.whatsapp.people import language_of
from bot.gateway.whatsapp.records import After, Handed, Person
from bot.gateway.whatsapp.state import restore
from bot.gateway.whatsapp.store import WhatsAppStore


class Bringing:
    """Redeems codes; without ``handovers`` no conversation comes over."""

    def __init__(
        self,
        *,
        store: WhatsAppStore,
        keeper: Keeper,
        handovers: Handovers | None,
        clock: Clock,
        limits: Limits,
        metrics: Metrics,
    ) -> None:
        self._store = store
        self._keeper = keeper
        self._handovers = handovers
        self._clock = clock
        self._limits = limits
        self._metrics = metrics

    async def bring_over(self, course: Course) -> None:
        """Redeems codes, before anything else of the messages is answered: that conversation goes on here."""
        if self._handovers is None:
            return
        for waiting in course.left:
            message = waiting.message
            code = code_in(message.text) if message is not None and message.kind == "text" else None
            if code is None:
                continue
            found = await self._handovers.redeem(code, waiting.id, course.work.person.id)
            if isinstance(found, str):
                course.codes[waiting.id] = REFUSED[found]
                continue
            course.codes[waiting.id] = CARRIED_OVER
            await self._take_over(course, found)

    async def _take_over(self, course: Course, handed: Handed) -> None:
        """The person goes on with a conversation of the page, whose greeting they have read there."""
        now, person = self._clock.now(), course.work.person
        if person.conversation_id == handed.conversation_id and person.state is not None:
            # A crash came in between.
            return
        await self._leave(person)
        carried, _ = restore(handed.state, handed.conversation_id, language_of(person), now, person.provider)
        until = now + timedelta(seconds=self._limits.idle_seconds)
        greeted_at = person.greeted_at or now
        course.conversation_id = handed.conversation_id
        course.work = replace(
            course.work,
            person=replace(
                person,
                conversation_id=handed.conversation_id,
                language=carried.language,
                state=handed.state,
                greeted_at=greeted_at,
            ),
        )
        after = After(handed.conversation_id, carried.language, handed.state, until, greeted_at)
        await self._store.finish(course.work, [], [], now, after=after)
        self._metrics.tally("carried_over")

    async def _leave(self, person: Person) -> None:
        """Of the conversation that the person had here, the engine forgets what was not kept."""
        if person.conversation_id is None:
            return
        try:
            async with self._keeper.use(person.conversation_id) as before:
                kept = before.consent is not None
        except RequestError as error:
            if error.code != "conversation_gone":
                raise
            kept = False
        if not kept:
            self._keeper.forget_later(person.conversation_id)
