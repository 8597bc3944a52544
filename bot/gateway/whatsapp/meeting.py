"""How a person is met: a conversation for who has none, the greeting, and when the question of consent is put."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from bot.core.messages import Reply
from bot.gateway.clock import Clock
from bot.gateway.conversations import WHATSAPP
from bot.gateway.figures import begun
from bot.gateway.metrics import Metrics
from bot.gateway.ports import Reading
from bot.gateway.tokens import new_conversation_id
from bot.gateway.whatsapp.course import Course
from bot.gateway.whatsapp.endings import Endings
from bot.gateway.whatsapp.model import Outbound
from bot.gateway.whatsapp.people import Talk, language_of
from bot.gateway.whatsapp.records import After
from bot.gateway.whatsapp.speech import Speech, outs
from bot.gateway.whatsapp.state import CONSENT, was_asked_for_consent
from bot.gateway.whatsapp.store import WhatsAppStore
from bot.gateway.whatsapp.words import Words
from bot.transcripts.records import MessageRecord

#: Who comes back is asked for consent again only after so long.
ASKED_AGAIN = timedelta(days=7)


class Meeting:
    """The first words between a person and us."""

    def __init__(
        self,
        *,
        store: WhatsAppStore,
        speech: Speech,
        endings: Endings,
        words: Words,
        reading: Reading,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._store = store
        self._speech = speech
        self._endings = endings
        self._words = words
        self._reading = reading
        self._clock = clock
        self._metrics = metrics

    async def meet(self, course: Course) -> None:
        """A conversation for who has none; and how the person is to be greeted."""
        person, now = course.work.person, self._clock.now()
        if person.greeted_at is not None and person.conversation_id is not None:
            if person.state is None:
                course.greeting = "back"
                asks = now - person.greeted_at >= ASKED_AGAIN
                course.may_ask = asks
                course.greeted_at = now if asks else None
            return
        course.greeting = "first"
        if person.conversation_id is None:
            await self.start_over(course)

    async def start_over(self, course: Course) -> None:
        """A fresh conversation, whose id is written before anything is done under it."""
        course.conversation_id = new_conversation_id()
        now, person = self._clock.now(), course.work.person
        language = self._first_language(course)
        course.work = replace(
            course.work,
            person=replace(person, conversation_id=course.conversation_id, language=language, state=None),
        )
        self._metrics.tally("conversations")
        begun(self._metrics, language, WHATSAPP)
        await self._store.finish(course.work, [], [], now, after=After(course.conversation_id, language))

    async def greet(self, course: Course, talk: Talk) -> None:
        """The greeting, which needs no engine; where there is danger, its answer comes first."""
        key = f"{course.left[0].id}:hello"
        messages = await self.hello(course, talk)
        course.greeting = ""
        now = self._clock.now()
        course.written += await self._store.finish(
            course.work, [], outs(key, messages), now, after=self._endings.after(course, talk, now)
        )

    async def hello(self, course: Course, talk: Talk) -> list[Outbound]:
        """The greeting, said in the conversation."""
        greeting = self._words.greeting(talk.conversation.language, course.provider, asked=True)
        messages = self._speech.render(talk, await self._speech.say(talk, greeting, None))
        course.greeted_at = self._clock.now()
        return messages

    def back(self, course: Course, talk: Talk) -> list[Reply]:
        """Hello again, to who comes back after the conversation was put away; nothing to others."""
        if course.greeting != "back":
            return []
        language = talk.conversation.language
        again = self._words.greeting(language, course.provider, returning=True, asked=True)
        return [replace(reply, choices=()) for reply in again]

    def renamed(self, course: Course, talk: Talk) -> list[Reply]:
        """That we know of their new number, to who was met under the old one; once."""
        if course.renaming_told or course.greeting == "first" or course.work.person.renamed_at is None:
            return []
        return [self._words.say("whatsapp_number_changed", talk.conversation.language)]

    def consent(self, course: Course, talk: Talk, said: Sequence[MessageRecord]) -> list[Reply]:
        """The question of consent, once, where it does not stand between a question and its answer."""
        conversation = talk.conversation
        if (
            conversation.consent is not None
            or conversation.asked
            or not talk.memory.may_ask
            or not said
            or said[-1].kind in ("question", "apology")
            or was_asked_for_consent(conversation.messages)
        ):
            return []
        greeting = self._words.greeting(conversation.language, course.provider)
        return [reply for reply in greeting if reply.id == CONSENT]

    def _first_language(self, course: Course) -> str:
        for waiting in course.left:
            if waiting.message is not None and waiting.message.text:
                with suppress(Exception):
                    spoken = self._reading.language(waiting.message.text)
                    if spoken is not None:
                        return spoken
        return language_of(course.work.person)
