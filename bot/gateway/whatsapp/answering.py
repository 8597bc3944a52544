"""Answers one person's messages in order: one step after the other, until nothing is left or something has to wait."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from bot.core.errors import EngineError, RequestError
from bot.core.messages import Reply
from bot.gateway.clock import Clock
from bot.gateway.limits import Limits
from bot.gateway.logs import fault, logger
from bot.gateway.ports import Reading
from bot.gateway.turns import Incoming, Turns
from bot.gateway.whatsapp.course import Course, Step
from bot.gateway.whatsapp.endings import Endings
from bot.gateway.whatsapp.handover import CARRIED_OVER
from bot.gateway.whatsapp.limits import SHAPES
from bot.gateway.whatsapp.meeting import Meeting
from bot.gateway.whatsapp.people import People, Talk
from bot.gateway.whatsapp.records import Waiting
from bot.gateway.whatsapp.reminders import Reminders
from bot.gateway.whatsapp.rendering import render_more
from bot.gateway.whatsapp.speech import Speech
from bot.gateway.whatsapp.steps import next_step
from bot.gateway.whatsapp.store import WhatsAppStore
from bot.gateway.whatsapp.words import Words
from bot.transcripts.records import MessageRecord

#: What STOP means to the engine, in words that every form understands: it ends.
STOP_WORDS = {"en": "stop", "es": "cancelar"}
#: What is said to words that no turn takes.
_REFUSED = {"empty_message": "whatsapp_unsupported", "text_too_long": "whatsapp_too_long"}


class Answering:
    """Between messages that wait and the turns of a conversation."""

    def __init__(
        self,
        *,
        store: WhatsAppStore,
        people: People,
        turns: Turns,
        speech: Speech,
        meeting: Meeting,
        endings: Endings,
        reminders: Reminders,
        words: Words,
        reading: Reading,
        clock: Clock,
        limits: Limits,
    ) -> None:
        self._store = store
        self._people = people
        self._turns = turns
        self._speech = speech
        self._meeting = meeting
        self._endings = endings
        self._reminders = reminders
        self._words = words
        self._reading = reading
        self._clock = clock
        self._limits = limits

    async def answer(self, course: Course) -> None:
        """Answers what is left, and gives the person back. Raises LostLease and what a database raises."""
        renewed = False
        while course.left:
            try:
                async with self._people.open(course.work.person, course.conversation_id) as talk:
                    if course.may_ask is not None:
                        talk.memory.may_ask = course.may_ask
                    if course.greeting == "first" and not any(map(self._is_urgent, course.left)):
                        await self._meeting.greet(course, talk)
                    while course.left:
                        if not await self._advance(course, talk):
                            return
            except RequestError as error:
                if error.code == "conversation_gone" and not renewed:
                    # Erased elsewhere while the message waited: it is answered all the same, as a stranger's.
                    renewed = True
                    await self._meeting.start_over(course)
                    continue
                await self._endings.hindered(course, error)
                return
        await self._store.release(course.work, self._clock.now())

    async def _advance(self, course: Course, talk: Talk) -> bool:
        """Whether to go on with what is left."""
        longest = self._limits.whatsapp_characters
        step = course.step = next_step(course, talk, self._words, longest, self._clock.now())
        if step.command:
            return await self._obey(course, talk, step)
        if not (step.text or step.choice):
            return await self._notice(course, talk, step)
        return await self._turn(course, talk, step)

    # What the gateway answers itself.

    async def _obey(self, course: Course, talk: Talk, step: Step) -> bool:
        language = talk.conversation.language
        match step.command:
            case "carried":
                return await self._carry_on(course, talk, step)
            case "dates" | "end":
                replies = await self._reminders.answer(course.work.person, language, step.command)
                if not replies:
                    return await self._turn(course, talk, replace(step, command=""))
                return await self._reply(course, talk, step, replies)
            case "more":
                return await self._more(course, talk, step)
            case "start":
                await self._store.start(course.work.person.id, self._clock.now())
                return await self._reply(course, talk, step, [self._words.say("whatsapp_start", language)])
            case _:
                return await self._stop(course, talk, step)

    async def _more(self, course: Course, talk: Talk, step: Step) -> bool:
        conversation = talk.conversation
        choices = [asdict(offered) for offered in conversation.latest]
        shape = SHAPES[course.provider]
        shown = render_more(talk.memory.rest, choices, shape, self._words, conversation.language)
        talk.memory.rest = shown.rest
        await self._endings.answered(course, talk, step, shown.messages)
        return True

    async def _stop(self, course: Course, talk: Talk, step: Step) -> bool:
        language = talk.conversation.language
        await self._store.stop(course.work.person.id, self._clock.now())
        # An open form ends, too; what the engine says about it is one confirmation too many.
        stopping = replace(step, text=STOP_WORDS.get(language, STOP_WORDS["en"]))
        try:
            await self._ask(course, talk, stopping)
        except EngineError:
            await self._endings.later(course, step)
            return False
        return await self._reply(course, talk, step, [self._words.say("whatsapp_stop", language)])

    async def _carry_on(self, course: Course, talk: Talk, step: Step) -> bool:
        """That it goes on here, and the question as it stood on the page, or else what can be chosen there."""
        conversation = talk.conversation
        asked = next((m for m in conversation.just_said() if m.kind == "question"), None)
        choices = [asdict(offered) for offered in conversation.latest]
        said = await self._speech.say(talk, [self._words.say(CARRIED_OVER, conversation.language)], step)
        last = said[0] if asked is None else asked
        shown = [*(message for message in said if message is not last), _with_choices(last, choices)]
        await self._endings.answered(course, talk, step, self._speech.render(talk, shown))
        return True

    async def _notice(self, course: Course, talk: Talk, step: Step) -> bool:
        replies = []
        if step.notice:
            replies.append(self._words.say(step.notice, talk.conversation.language))
            self._note(course, talk, step)
        return await self._reply(course, talk, step, replies)

    async def _reply(self, course: Course, talk: Talk, step: Step, replies: Sequence[Reply]) -> bool:
        """Answers with notices of ours, or with nothing."""
        said = await self._speech.say(talk, replies, step) if replies else []
        await self._endings.answered(course, talk, step, self._speech.render(talk, said))
        return True

    def _note(self, course: Course, talk: Talk, step: Step) -> None:
        course.noticed.add(step.notice)
        talk.memory.told[step.notice] = self._clock.now()

    # What the conversation answers.

    async def _turn(self, course: Course, talk: Talk, step: Step) -> bool:
        """One turn of the conversation, and what WhatsApp adds to it."""
        if len(step.messages) > 1 and not step.is_joined:
            await self._store.joined(course.work, step.ids, self._clock.now())
        try:
            said = await self._ask(course, talk, step)
        except EngineError:
            await self._endings.later(course, step)
            return False
        except RequestError as error:
            if error.code not in _REFUSED:
                raise
            return await self._notice(course, talk, replace(step, notice=_REFUSED[error.code], text=""))
        if talk.conversation.gone:
            await self._endings.parted(course, talk, step, said)
            return False
        before = self._before(course, talk, step)
        # Tried again, what was said before the answer may stand among the replies already.
        added = {reply.id for reply in before}
        said = [message for message in said if (message.reply or {}).get("id") not in added]
        danger = any(message.kind == "emergency" for message in said)
        after = self._meeting.consent(course, talk, said) if not danger else []
        if before and not danger:
            course.renaming_told = course.work.person.renamed_at is not None
            said = [*await self._speech.say(talk, before, step), *said]
        messages = self._speech.render(talk, said, answer=True)
        if after:
            messages += self._speech.render(talk, await self._speech.say(talk, after, step))
        if danger and course.greeting == "first":
            messages += await self._meeting.hello(course, talk)
        if not danger or course.greeting == "first":
            course.greeting = ""
        if any(message.kind == "apology" for message in said) and course.is_over(step, self._clock.now()):
            await self._endings.closed(course, step, messages)
        else:
            await self._endings.answered(course, talk, step, messages)
        return True

    def _before(self, course: Course, talk: Talk, step: Step) -> list[Reply]:
        """What is said before the answer: hello again, a new number, and the notice about a photo with words."""
        replies = [*self._meeting.back(course, talk), *self._meeting.renamed(course, talk)]
        if step.notice:
            replies.append(self._words.say(step.notice, talk.conversation.language))
            self._note(course, talk, step)
        return replies

    async def _ask(self, course: Course, talk: Talk, step: Step) -> list[MessageRecord]:
        """The replies to a step. Raises EngineError while there is time for another try."""
        hurry = course.is_over(step, self._clock.now()) or any(map(self._is_urgent, course.behind(step)))
        incoming = Incoming(
            step.turn,
            text=None if step.choice else step.text,
            choice=step.choice or None,
            again=step.again,
        )
        return await self._turns.send(talk.conversation, incoming, patient=not hurry)

    def _is_urgent(self, waiting: Waiting) -> bool:
        message = waiting.message
        if message is None or not message.text:
            return False
        try:
            return self._reading.emergency(message.text, None) not in (None, "unclear")
        except Exception as exc:
            logger().error("reading_failed", **fault(exc))
            return False


def _with_choices(message: MessageRecord, choices: list[dict[str, Any]]) -> MessageRecord:
    """A message as it is shown with these choices."""
    return replace(message, reply={**(message.reply or {}), "choices": choices})
