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
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from bot.core.errors import EngineError, RequestError
from bot.core.messages import Reply
from bot.gateway.clock import Clock
from bot.gateway.keeper import STORE_FAULTS, Keeper
from bot.gateway.limits import Limits
from bot.gateway.logs import fault, logger
from bot.gateway.masking import shown_reply
from bot.gateway.metrics import Metrics
from bot.gateway.ports import Reading
from bot.gateway.tokens import new_conversation_id, visitor_message_id
from bot.gateway.turns import Incoming, Turns
from bot.gateway.typed import meant_choice
from bot.gateway.voice import Voice
from bot.gateway.whatsapp.handover import CARRIED_OVER, REFUSED, Handovers, beside_code, code_in
from bot.gateway.whatsapp.kinds import command, handling
from bot.gateway.whatsapp.limits import SHAPES
from bot.gateway.whatsapp.model import Inbound, Outbound, Provider
from bot.gateway.whatsapp.people import People, Talk, likely_language
from bot.gateway.whatsapp.records import ATTEMPTS, After, Handed, LostLease, Out, Person, Waiting, Work
from bot.gateway.whatsapp.reminders import Reminders, asked_for
from bot.gateway.whatsapp.rendering import MORE, Rendered, render, render_more, wants_more
from bot.gateway.whatsapp.state import CONSENT, restore, snapshot, was_asked_for_consent
from bot.gateway.whatsapp.store import WhatsAppStore
from bot.gateway.whatsapp.words import Words
from bot.transcripts.records import MessageRecord

#: For how long the engine is asked again before the person is told that there is no answer.
PATIENCE = timedelta(seconds=60)
#: How long a person is held without a sign of life; renewed three times as often.
HOLD = timedelta(seconds=15)
#: Shortest and longest wait before the engine is asked again; it grows with the wait so far.
SOONEST, LATEST = 0.5, 5.0
#: The longest wait for somebody who has written too fast, and when such a message is given up.
TOO_FAST = timedelta(minutes=10)
TOO_FAST_UP_TO = timedelta(hours=1)
#: After a fault of ours.
BROKE = timedelta(seconds=5)
#: Who comes back is asked for consent again only after so long.
ASKED_AGAIN = timedelta(days=7)
#: How long what is being answered may take to end when the gateway stops.
STOP_SECONDS = 2.0
#: What STOP means to the engine, in words that every form understands: it ends.
STOP_WORDS = {"en": "stop", "es": "cancelar"}


@dataclass(frozen=True, slots=True)
class Step:
    """Messages that are answered together: by a ``command`` of the gateway, or ``notice``, ``text`` and ``choice``."""

    messages: tuple[Waiting, ...]
    command: str = ""
    notice: str = ""
    text: str = ""
    choice: str = ""

    @property
    def ids(self) -> list[str]:
        return [waiting.id for waiting in self.messages]

    @property
    def turn(self) -> str:
        """The name under which engine and store know this turn, also when it is asked again."""
        return self.messages[0].id

    @property
    def again(self) -> bool:
        return self.messages[0].attempts > 1 or bool(self.messages[0].turn)


@dataclass(slots=True)
class _Course:
    """What has come of one piece of work so far."""

    work: Work
    left: list[Waiting]
    conversation_id: str
    #: Greeted in this very work, and with which words: ``first``, ``back`` or not at all.
    greeting: str = ""
    greeted_at: datetime | None = None
    may_ask: bool | None = None
    noticed: set[str] = field(default_factory=set)
    #: What is being answered right now, for when it breaks.
    step: Step | None = None
    written: int = 0
    #: What became of codes from the page: by message, the notice that tells it.
    codes: dict[str, str] = field(default_factory=dict)


class Inbox:
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
        self._store = store
        self._people = people
        self._keeper = keeper
        self._turns = turns
        self._providers = providers
        self._words = words
        self._voice = voice
        self._reading = reading
        self._clock = clock
        self._limits = limits
        self._metrics = metrics
        self._alarm = alarm
        self._wake_sender = wake_sender
        self._reminders = reminders
        self._handovers = handovers
        self._patience = patience
        self._hold = hold
        self._at_once = at_once
        self._pause = pause
        self._chance = chance
        self._worker = f"i_{secrets.token_hex(8)}"
        self._began = clock.now()
        self._running: set[asyncio.Task[None]] = set()
        self._side: set[asyncio.Task[None]] = set()
        self._woken = asyncio.Event()
        self._stopping = False
        self._looked = float("-inf")

    # Working.

    def wake(self) -> None:
        """Something came: looks at once and not after the pause."""
        self._woken.set()

    async def work(self) -> None:
        """Answers until stopped or cancelled; what one look raises ends in the log and not the answering."""
        self._began = self._clock.now()
        try:
            while not self._stopping:
                wait = self._pause
                try:
                    await self._begin()
                    await self._look_after()
                    wait = await self._until_due()
                except Exception as exc:  # The database may be away for a while.
                    logger().error("inbox_broke", **fault(exc))
                await self._wait(wait)
            if self._running:
                await asyncio.wait(set(self._running), timeout=STOP_SECONDS)
        finally:
            tasks = [*self._running, *self._side]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def stop(self) -> None:
        """Takes nothing more; what is being answered gets a moment to end."""
        self._stopping = True
        self._woken.set()

    async def round(self) -> int:
        """Answers everything that is due and waits for it; how many people that were."""
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
            work = await self._store.claim(self._worker, self._clock.now(), self._hold)
            if work is None:
                break
            task = asyncio.create_task(self._serve(work))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
            began += 1
        return began

    async def _until_due(self) -> float:
        """Seconds until there may be something to do, at most the pause: other gateways take messages as well."""
        if len(self._running) >= self._at_once:
            return self._pause
        due = await self._store.next_due()
        if due is None:
            return self._pause
        return min(self._pause, max(0.02, (due - self._clock.now()).total_seconds()))

    async def _wait(self, seconds: float) -> None:
        woken = asyncio.create_task(self._woken.wait())
        try:
            await asyncio.wait({woken, *self._running}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            woken.cancel()
            self._woken.clear()

    async def _look_after(self) -> None:
        """Alarms staff about what was set aside, and what did not reach a person; of several workers, one does each."""
        now = time.monotonic()
        if now - self._looked < self._pause:
            return
        self._looked = now
        for trouble in await self._store.troubles(self._clock.now()):
            self._alarm(f"{trouble.kind}_{trouble.code}", trouble.conversation_id)

    # One person.

    async def _serve(self, work: Work) -> None:
        renewing = asyncio.create_task(self._renew(work))
        course = _Course(work, list(work.messages), work.person.conversation_id or "")
        try:
            await self._answer(course)
        except LostLease:
            logger().info("lease_lost", conversation=course.conversation_id)
        except asyncio.CancelledError:
            # The gateway stops: another one goes on with it, or this one when it is back.
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

    async def _give_back(self, course: _Course) -> None:
        step, now = course.step, self._clock.now()
        with suppress(LostLease, *STORE_FAULTS):
            if step is not None and not step.messages[0].turn:
                # The engine may have answered it already.
                await self._store.joined(course.work, step.ids, now)
            await self._store.release(course.work, now)

    async def _renew(self, work: Work) -> None:
        while True:
            await asyncio.sleep(self._hold.total_seconds() / 3)
            try:
                await self._store.renew(work, self._clock.now(), self._hold)
            except LostLease:
                return
            except STORE_FAULTS as exc:
                logger().warning("lease_not_renewed", **fault(exc))

    async def _broke(self, course: _Course, exc: Exception) -> None:
        """Tries again later, and after several times sets aside what breaks."""
        step, now = course.step, self._clock.now()
        code = f"broke_{type(exc).__name__}"[:64]
        try:
            if step is None or step.messages[0].attempts < ATTEMPTS:
                await self._store.postpone(course.work, now + BROKE, code, now)
                return
            apology = self._voice.apology("apology_turn", course.work.person.language or "en")
            out = self._outs(course, step.turn, self._rendered(course, [apology.as_dict()], apology.lang))
            course.written += await self._store.set_aside(course.work, step.ids, code, now, out)
            await self._store.release(course.work, now)
        except (LostLease, *STORE_FAULTS) as failed:
            logger().error("inbox_end_not_written", **fault(failed))

    async def _answer(self, course: _Course) -> None:
        await self._set_aside_poison(course)
        if not course.left:
            return
        self._show_seen(course)
        await self._bring_over(course)
        await self._meet(course)
        renewed = False
        while course.left:
            try:
                async with self._people.open(course.work.person, course.conversation_id) as talk:
                    if course.may_ask is not None:
                        talk.memory.may_ask = course.may_ask
                    if course.greeting == "first" and not any(map(self._is_urgent, course.left)):
                        await self._greet(course, talk)
                    while course.left:
                        if not await self._advance(course, talk):
                            return
            except RequestError as error:
                if error.code == "conversation_gone" and not renewed:
                    # Erased elsewhere while the message waited: it is answered all the same, as a stranger's.
                    renewed = True
                    await self._start_over(course)
                    continue
                await self._hindered(course, error)
                return
        await self._store.release(course.work, self._clock.now())

    async def _set_aside_poison(self, course: _Course) -> None:
        """What killed its workers, or cannot be opened, is kept from doing so again."""
        for waiting in list(course.left):
            code = (
                "poison" if waiting.attempts > ATTEMPTS else "unreadable" if waiting.message is None else ""
            )
            if not code:
                continue
            now, language = self._clock.now(), self._language(course.work.person)
            apology = self._voice.apology("apology_turn", language)
            out = self._outs(course, waiting.id, self._rendered(course, [apology.as_dict()], language))
            course.written += await self._store.set_aside(course.work, [waiting.id], code, now, out)
            course.left.remove(waiting)

    def _show_seen(self, course: _Course) -> None:
        """Read ticks up to the newest message, and the sign that somebody writes; nobody waits for it."""
        provider = self._providers.get(course.work.person.provider)
        newest = course.left[-1].message
        if provider is None or newest is None:
            return
        typing = any(w.kind in ("text", "choice") for w in course.left)
        task = asyncio.create_task(provider.seen(newest.id, typing))
        self._side.add(task)
        task.add_done_callback(self._side.discard)

    # From the page.

    async def _bring_over(self, course: _Course) -> None:
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

    async def _take_over(self, course: _Course, handed: Handed) -> None:
        """The person goes on with a conversation of the page, whose greeting they have read there."""
        now, person = self._clock.now(), course.work.person
        if person.conversation_id == handed.conversation_id and person.state is not None:
            # A crash came in between.
            return
        await self._leave(person)
        carried, _ = restore(
            handed.state, handed.conversation_id, self._language(person), now, person.provider
        )
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

    # Greeting.

    async def _meet(self, course: _Course) -> None:
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
            await self._start_over(course)

    async def _start_over(self, course: _Course) -> None:
        """A fresh conversation, whose id is written before anything is done under it."""
        course.conversation_id = new_conversation_id()
        now, person = self._clock.now(), course.work.person
        language = self._first_language(course)
        course.work = replace(
            course.work,
            person=replace(person, conversation_id=course.conversation_id, language=language, state=None),
        )
        self._metrics.tally("conversations")
        await self._store.finish(course.work, [], [], now, after=After(course.conversation_id, language))

    async def _greet(self, course: _Course, talk: Talk) -> None:
        """The greeting, which needs no engine; where there is danger, its answer comes first."""
        conversation = talk.conversation
        greeting = self._words.greeting(conversation.language, course.work.person.provider, asked=True)
        said = await self._say(talk, greeting, None)
        now = course.greeted_at = self._clock.now()
        out = self._outs(course, f"{course.left[0].id}:hello", self._render(course, talk, said))
        course.greeting = ""
        course.written += await self._store.finish(
            course.work, [], out, now, after=self._after(course, talk, now)
        )

    def _first_language(self, course: _Course) -> str:
        person = course.work.person
        for waiting in course.left:
            if waiting.message is not None and waiting.message.text:
                with suppress(Exception):
                    spoken = self._reading.language(waiting.message.text)
                    if spoken is not None:
                        return spoken
        return self._language(person)

    def _language(self, person: Person) -> str:
        return person.language or likely_language(person.address)

    # One step.

    async def _advance(self, course: _Course, talk: Talk) -> bool:
        """Whether to go on with what is left."""
        step = course.step = self._step(course, talk)
        if step.command:
            return await self._obey(course, talk, step)
        if not (step.text or step.choice):
            return await self._notice(course, talk, step)
        return await self._turn(course, talk, step)

    def _step(self, course: _Course, talk: Talk) -> Step:
        """What is answered next."""
        first = course.left[0]
        message = first.message
        if message is None:
            raise TypeError("a message that cannot be opened was not set aside")
        if (notice := course.codes.get(first.id)) is not None:
            rest = beside_code(message.text, self._words)
            if notice == CARRIED_OVER and not rest:
                return Step((first,), command="carried")
            return Step((first,), notice=notice, text=rest)
        word = command(message.text) if message.kind == "text" else ""
        if word:
            return Step((first,), command=word)
        if wish := self._asks_for_dates(message, talk):
            return Step((first,), command=wish, text=message.text.strip())
        if self._asks_for_more(message, talk):
            return Step((first,), command="more")
        handled = handling(
            message, known=talk.conversation.offered, told=talk.memory.told, now=self._clock.now()
        )
        notice = "" if handled.notice in course.noticed else handled.notice
        if message.kind != "text" or not handled.text:
            return Step((first,), notice=notice, text=handled.text, choice=handled.choice)
        group, text = [first], handled.text
        for other in course.left[1:]:
            further = self._joins(course, group[-1], other, talk)
            if further is None or len(text) + 1 + len(further) > self._limits.whatsapp_characters:
                break
            group.append(other)
            text = f"{text}\n{further}"
        return Step(tuple(group), text=text)

    def _joins(self, course: _Course, before: Waiting, other: Waiting, talk: Talk) -> str | None:
        """The text of a message that belongs to the one before it; None when it stands by itself.

        What was tried is tried again with exactly the same messages: the engine may have answered them already.
        """
        if other.turn != before.turn or (not other.turn and max(other.attempts, before.attempts) > 1):
            return None
        if any(not self._is_plain(course, waiting, talk) for waiting in (before, other)):
            return None
        return "" if other.message is None else other.message.text.strip()

    def _is_plain(self, course: _Course, waiting: Waiting, talk: Talk) -> bool:
        message = waiting.message
        return (
            message is not None
            and message.kind == "text"
            and bool(message.text.strip())
            and not command(message.text)
            and waiting.id not in course.codes
            and not self._asks_for_dates(message, talk)
            and not self._asks_for_more(message, talk)
            and meant_choice(message.text, talk.conversation.latest, numbered=True) is None
        )

    def _asks_for_more(self, message: Inbound, talk: Talk) -> bool:
        if message.kind == "choice":
            return message.choice == MORE
        return bool(
            message.kind == "text" and talk.memory.rest and wants_more(message.text, talk.conversation.latest)
        )

    def _asks_for_dates(self, message: Inbound, talk: Talk) -> str:
        """``dates`` or ``end`` for a word about reminders; a choice of that name comes first where dates are meant."""
        if message.kind != "text":
            return ""
        wish, latest = asked_for(message.text), talk.conversation.latest
        return "" if wish == "dates" and meant_choice(message.text, latest, numbered=True) else wish

    async def _obey(self, course: _Course, talk: Talk, step: Step) -> bool:
        person, language = course.work.person, talk.conversation.language
        if step.command == "carried":
            return await self._carry_on(course, talk, step)
        if step.command in ("dates", "end"):
            replies = await self._reminders.answer(person, language, step.command)
            if not replies:
                return await self._turn(course, talk, replace(step, command=""))
            said = await self._say(talk, replies, step)
            return await self._end(course, talk, step, self._render(course, talk, said))
        if step.command == "more":
            choices = [asdict(offered) for offered in talk.conversation.latest]
            shape = SHAPES[person.provider]
            shown = render_more(talk.memory.rest, choices, shape, self._words, language)
            talk.memory.rest = shown.rest
            return await self._end(course, talk, step, shown.messages)
        if step.command == "start":
            await self._store.start(person.id, self._clock.now())
            said = await self._say(talk, [self._words.say("whatsapp_start", language)], step)
            return await self._end(course, talk, step, self._render(course, talk, said))
        await self._store.stop(person.id, self._clock.now())
        # An open form ends, too; what the engine says about it is one confirmation too many.
        stopping = replace(step, text=STOP_WORDS.get(language, STOP_WORDS["en"]))
        try:
            await self._ask(course, talk, stopping)
        except EngineError:
            return await self._later(course, step)
        said = await self._say(talk, [self._words.say("whatsapp_stop", language)], step)
        return await self._end(course, talk, step, self._render(course, talk, said))

    async def _carry_on(self, course: _Course, talk: Talk, step: Step) -> bool:
        """That it goes on here, and the question as it stood on the page, or else what can be chosen there."""
        conversation = talk.conversation
        asked = next((m for m in conversation.just_said() if m.kind == "question"), None)
        choices = [asdict(offered) for offered in conversation.latest]
        said = await self._say(talk, [self._words.say(CARRIED_OVER, conversation.language)], step)
        last = said[0] if asked is None else asked
        shown = [*(message for message in said if message is not last), _with_choices(last, choices)]
        return await self._end(course, talk, step, self._render(course, talk, shown))

    async def _notice(self, course: _Course, talk: Talk, step: Step) -> bool:
        said: list[MessageRecord] = []
        if step.notice:
            said = await self._say(talk, [self._words.say(step.notice, talk.conversation.language)], step)
            self._note(course, talk, step)
        return await self._end(course, talk, step, self._render(course, talk, said))

    def _note(self, course: _Course, talk: Talk, step: Step) -> None:
        course.noticed.add(step.notice)
        talk.memory.told[step.notice] = self._clock.now()

    async def _turn(self, course: _Course, talk: Talk, step: Step) -> bool:
        """One turn of the conversation, and what WhatsApp adds to it."""
        if len(step.messages) > 1 and not step.messages[0].turn:
            await self._store.joined(course.work, step.ids, self._clock.now())
        try:
            said = await self._ask(course, talk, step)
        except EngineError:
            return await self._later(course, step)
        except RequestError as error:
            if error.code == "empty_message":
                return await self._notice(course, talk, replace(step, notice="whatsapp_unsupported", text=""))
            raise
        conversation = talk.conversation
        if conversation.gone:
            return await self._part(course, talk, step, said)
        before = self._before(course, talk, step)
        # Tried again, what was said before the answer may stand among the replies already.
        added = {reply.id for reply in before}
        said = [message for message in said if (message.reply or {}).get("id") not in added]
        danger = any(message.kind == "emergency" for message in said)
        after = self._consent(course, talk, said) if not danger else []
        if before and not danger:
            said = [*await self._say(talk, before, step), *said]
        messages = self._render(course, talk, said, answer=True)
        if after:
            messages += self._render(course, talk, await self._say(talk, after, step))
        if danger and course.greeting == "first":
            hello = self._words.greeting(conversation.language, course.work.person.provider, asked=True)
            messages += self._render(course, talk, await self._say(talk, hello, None))
            course.greeted_at = self._clock.now()
        if not danger or course.greeting == "first":
            course.greeting = ""
        if any(message.kind == "apology" for message in said) and self._is_over(step):
            return await self._close(course, step, messages)
        return await self._end(course, talk, step, messages)

    def _before(self, course: _Course, talk: Talk, step: Step) -> list[Reply]:
        """What is said before the answer: hello again, and the notice about a photo with words."""
        language, replies = talk.conversation.language, []
        if course.greeting == "back":
            back = self._words.greeting(language, course.work.person.provider, returning=True, asked=True)
            replies += [replace(reply, choices=()) for reply in back]
        if step.notice:
            replies.append(self._words.say(step.notice, language))
            self._note(course, talk, step)
        return replies

    def _consent(self, course: _Course, talk: Talk, said: Sequence[MessageRecord]) -> list[Reply]:
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
        greeting = self._words.greeting(conversation.language, course.work.person.provider)
        return [reply for reply in greeting if reply.id == CONSENT]

    async def _ask(self, course: _Course, talk: Talk, step: Step) -> list[MessageRecord]:
        """The replies to a step. Raises EngineError while there is time for another try."""
        behind = course.left[len(step.messages) :]
        hurry = self._is_over(step) or any(self._is_urgent(waiting) for waiting in behind)
        incoming = Incoming(
            step.turn,
            text=None if step.choice else step.text,
            choice=step.choice or None,
            again=step.again,
        )
        return await self._turns.send(talk.conversation, incoming, patient=not hurry)

    def _is_over(self, step: Step) -> bool:
        """Whether the engine has had its time; what waited while this gateway was away gets all of it."""
        since = max(step.messages[0].received_at, self._began)
        return self._clock.now() - since >= self._patience

    def _is_urgent(self, waiting: Waiting) -> bool:
        message = waiting.message
        if message is None or not message.text:
            return False
        try:
            return self._reading.emergency(message.text, None) not in (None, "unclear")
        except Exception as exc:
            logger().error("reading_failed", **fault(exc))
            return False

    # Ends.

    async def _later(self, course: _Course, step: Step) -> bool:
        """The engine was away: the same messages again soon."""
        now = self._clock.now()
        waited = (now - max(step.messages[0].received_at, self._began)).total_seconds()
        wait = min(max(waited / 2, SOONEST), LATEST) * (1 + 0.2 * self._chance())
        if not step.messages[0].turn:
            await self._store.joined(course.work, step.ids, now)
        await self._store.postpone(course.work, now + timedelta(seconds=wait), "engine", now, counted=False)
        return False

    async def _hindered(self, course: _Course, error: RequestError) -> None:
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

    async def _end(self, course: _Course, talk: Talk, step: Step, messages: Sequence[Outbound]) -> bool:
        now = self._clock.now()
        course.written += await self._store.finish(
            course.work,
            step.ids,
            self._outs(course, step.turn, messages),
            now,
            after=self._after(course, talk, now),
        )
        self._done(course, "answered", step)
        return True

    async def _close(self, course: _Course, step: Step, messages: Sequence[Outbound]) -> bool:
        now = self._clock.now()
        out = self._outs(course, step.turn, messages)
        course.written += await self._store.close(course.work, step.ids, "engine", now, out)
        self._done(course, "closed", step)
        return True

    async def _part(self, course: _Course, talk: Talk, step: Step, said: Sequence[MessageRecord]) -> bool:
        """The person asked for erasure: the last words, and then nothing of them is left."""
        out = self._outs(course, step.turn, self._render(course, talk, said))
        course.written += await self._store.finish(
            course.work, step.ids, out, self._clock.now(), leaving=True
        )
        self._done(course, "answered", step)
        return False

    def _done(self, course: _Course, how: str, step: Step) -> None:
        del course.left[: len(step.messages)]
        course.step = None
        self._count(how, step)

    def _count(self, how: str, step: Step) -> None:
        self._metrics.whatsapp_ended.labels(how).inc(len(step.messages))
        seconds = (self._clock.now() - step.messages[0].received_at).total_seconds()
        self._metrics.whatsapp_seconds.observe(max(0.0, seconds))

    def _after(self, course: _Course, talk: Talk, now: datetime) -> After:
        conversation = talk.conversation
        return After(
            conversation.id,
            conversation.language,
            snapshot(conversation, talk.memory, now),
            now + timedelta(seconds=self._limits.idle_seconds),
            course.greeted_at,
        )

    # Saying.

    async def _say(self, talk: Talk, replies: Iterable[Reply], step: Step | None) -> list[MessageRecord]:
        """Says notices in the conversation, each once for one step however often that is tried.

        Choices that stood before stay in force where the notices bring none.
        """
        conversation = talk.conversation
        reply_to = None if step is None else visitor_message_id(conversation.id, step.turn)
        async with self._keeper.turn(conversation):
            before = conversation.replies_to(reply_to) if reply_to is not None else []
            there = {message.reply["id"]: message for message in before if message.reply is not None}
            latest = conversation.latest
            said = [
                there.get(reply.id)
                or conversation.say(self._words.spoken(reply), reply_to, self._clock.now())
                for reply in replies
            ]
            if not any(message.reply and message.reply["choices"] for message in said):
                conversation.latest = latest
            await self._keeper.flush(conversation)
        return said

    def _render(
        self, course: _Course, talk: Talk, said: Sequence[MessageRecord], *, answer: bool = False
    ) -> list[Outbound]:
        """What was said, as messages. What is cut off an ``answer`` waits for "more"."""
        conversation = talk.conversation
        replies = [
            shown_reply(dict(message.reply), conversation.values)
            for message in said
            if message.reply is not None
        ]
        rendered = render(replies, SHAPES[course.work.person.provider], self._words, conversation.language)
        if answer:
            talk.memory.rest = rendered.rest
        return list(rendered.messages)

    def _rendered(
        self, course: _Course, replies: Sequence[Mapping[str, object]], language: str
    ) -> tuple[Outbound, ...]:
        """Messages without a conversation: their choices cannot be pressed, and so are left out."""
        bare = [{**reply, "choices": ()} for reply in replies]
        shown: Rendered = render(bare, SHAPES[course.work.person.provider], self._words, language)
        return shown.messages

    def _outs(self, course: _Course, key: str, messages: Sequence[Outbound]) -> list[Out]:
        first = key.partition(":")[0]
        return [Out(f"{key}:{index}", message, first) for index, message in enumerate(messages)]


def _with_choices(message: MessageRecord, choices: list[dict[str, Any]]) -> MessageRecord:
    """A message as it is shown with these choices."""
    return replace(message, reply={**(message.reply or {}), "choices": choices})
