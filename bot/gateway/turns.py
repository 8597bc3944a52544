"""The way of one message: recognise, mask, keep, answer, guard."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC
from typing import Any

from bot.core.deadlines.own_day import own_days
from bot.core.errors import EngineError, EngineUnreachable, RequestError
from bot.core.messages import GATEWAY_PREFIX, LANGUAGES, Reply, without_command
from bot.core.redact import holds_number
from bot.gateway.alarms import Alarms
from bot.gateway.bulletin import Told
from bot.gateway.clock import Clock
from bot.gateway.commands import FORWARDED, Commands, is_own_command
from bot.gateway.conversations import Conversation, Offered
from bot.gateway.figures import answered
from bot.gateway.guard import guard
from bot.gateway.keeper import STORE_FAULTS, Keeper
from bot.gateway.limits import Limits, RateLimiter
from bot.gateway.logs import fault, logger
from bot.gateway.masking import KIND_ASKED, digest, kept_values, story_marker, ways_to_reach
from bot.gateway.metrics import Metrics
from bot.gateway.ports import Bookings, Engine, Firm, Reading, Turn
from bot.gateway.staffing import LEFT, WAITING, Attendance, attendance
from bot.gateway.summary import FALLBACK, after_turn, needs_look
from bot.gateway.tokens import visitor_message_id
from bot.gateway.typed import clean, is_blank, meant_choice
from bot.gateway.voice import KIND_OF, Voice
from bot.transcripts.records import MessageRecord

_FACTS = re.compile(r"\{.*\}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Incoming:
    """What a person sent: ``text`` or the id of a ``choice``, never both.

    ``again``: it was tried before and has been counted, and its id names no other message.
    """

    client_message_id: str
    text: str | None = None
    choice: str | None = None
    again: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """Replies to one message, who gave them, and what was understood; ``slots`` when the engine was asked."""

    replies: tuple[Reply, ...]
    by: str
    intent: str | None = None
    confidence: float | None = None
    ranking: tuple[dict[str, Any], ...] = ()
    entities: tuple[dict[str, Any], ...] = ()
    slots: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class _Read:
    """What the gateway made of a message before anything was kept; ``text`` is masked.

    ``kept`` is what stays of it, ``raw`` what was written where the firm keeps that for some days, ``digest`` names it,
    ``story`` counts the words of a story, else None.
    """

    text: str
    kept: str
    raw: str | None
    digest: bytes
    story: int | None
    language: str | None
    emergency: str | None
    other: str | None


class Turns:
    """Answers messages, one at a time for each conversation."""

    def __init__(
        self,
        *,
        keeper: Keeper,
        commands: Commands,
        voice: Voice,
        engine: Engine,
        reading: Reading,
        firm: Firm,
        clock: Clock,
        limits: Limits,
        limiter: RateLimiter,
        metrics: Metrics,
        alarms: Alarms,
        bookings: Bookings,
        board: Told,
        spoken: Callable[[Reply], Reply] | None = None,
        keeps_raw: bool = False,
    ) -> None:
        """``spoken`` gives the wording that a reply has on WhatsApp; ``keeps_raw``: unmasked texts are kept apart."""
        self._keeps_raw = keeps_raw
        self._spoken = spoken
        self._bookings = bookings
        self._board = board
        self._keeper = keeper
        self._commands = commands
        self._voice = voice
        self._engine = engine
        self._reading = reading
        self._firm = firm
        self._clock = clock
        self._limits = limits
        self._limiter = limiter
        self._metrics = metrics
        self._alarms = alarms

    async def send(
        self, conversation: Conversation, incoming: Incoming, *, patient: bool = False
    ) -> list[MessageRecord]:
        """The bot's messages in answer to one message; a repeated sending gives the same ones.

        Raises RequestError for what cannot be taken. ``patient``: an engine that cannot answer raises EngineError,
        without a word to the person or an alarm, so that the same message can be sent again later.
        """
        started = time.monotonic()
        read = None if incoming.text is None else self._read(incoming.text, conversation)
        # An emergency is answered even when somebody has written too fast.
        if not incoming.again and (read is None or read.emergency in (None, "unclear")):
            self._limiter.conversation(conversation.id)
        async with self._keeper.turn(conversation):
            chosen = self._chosen(conversation, incoming, read)
            visitor = self._visitor(conversation, incoming, read, chosen)
            said = conversation.replies_to(visitor.id)
            if said:
                return said
            await self._keeper.flush(conversation)
            try:
                answer = await self._answer(conversation, visitor, read, chosen, patient)
            except (RequestError, EngineError):
                raise
            except Exception as exc:  # Whatever broke, the person gets a reply.
                logger().error("turn_broke", conversation=conversation.id, **fault(exc))
                answer = self._apology(conversation, read, "internal", type(exc).__name__, "apology_turn")
            return await self._say(conversation, visitor, read, answer, started)

    def _read(self, raw: str, conversation: Conversation) -> _Read:
        language = conversation.language
        text = clean(raw)
        if is_blank(text) or is_blank(without_command(text)):
            raise RequestError("empty_message", 400)
        limits = self._limits
        longest = limits.whatsapp_characters if conversation.is_whatsapp else limits.text_characters
        if len(text) > longest:
            raise RequestError("text_too_long", 413, {"limit": longest})
        try:
            spoken = self._reading.language(text)
            emergency = self._reading.emergency(text, spoken or language)
            other = None if emergency else self._reading.other(text)
        except Exception as exc:
            # The engine recognises both as well, so the message goes on without them.
            logger().error("reading_failed", **fault(exc))
            self._alarms.raise_alarm("internal", "reading_failed", None, kept=False)
            spoken, emergency, other = None, None, None
        try:
            masked = self._mask(text, conversation, whole=emergency in (None, "unclear"))
            story = self._reading.story(text)
        except Exception as exc:
            # Unmasked text must go nowhere, so this message ends here.
            logger().error("mask_failed", **fault(exc))
            self._alarms.raise_alarm("internal", "mask_failed", None, kept=False)
            raise RequestError("internal", 500) from None
        spoken = spoken if spoken in LANGUAGES else None
        kept = masked if story is None else story_marker(story, "", spoken or language)
        may_keep = self._keeps_raw and story is None and conversation.consent is not None
        return _Read(masked, kept, text if may_keep else None, digest(text), story, spoken, emergency, other)

    def _mask(self, text: str, conversation: Conversation, whole: bool) -> str:
        """The text with tokens; an answer to the question for a contact value becomes one token."""
        seen = conversation.values.items()
        masked = self._reading.mask(text, seen)
        asked = conversation.asks
        if (
            whole
            and asked in KIND_ASKED
            and meant_choice(masked.text, conversation.latest, numbered=conversation.is_whatsapp) is None
            and not self._reading.speaks(text, asked)
        ):
            masked = self._reading.mask_whole(text, KIND_ASKED[asked], seen)
        conversation.values.update(kept_values(masked))
        return masked.text

    def _chosen(self, conversation: Conversation, incoming: Incoming, read: _Read | None) -> Offered | None:
        """The choice that was pressed or named; None for free text."""
        if incoming.choice is not None:
            offered = conversation.offered.get(incoming.choice)
            if offered is None:
                raise RequestError("unknown_choice", 422)
            return offered
        if read is None or read.emergency not in (None, "unclear"):
            return None
        before = conversation.sent(incoming.client_message_id)
        if before is not None:
            return None if before.choice_id is None else conversation.offered.get(before.choice_id)
        # A page shows buttons without numbers, so a typed "2" there means something else.
        return meant_choice(read.text, conversation.latest, numbered=conversation.is_whatsapp)

    def _visitor(
        self,
        conversation: Conversation,
        incoming: Incoming,
        read: _Read | None,
        chosen: Offered | None,
    ) -> MessageRecord:
        """The visitor's message as it is kept: the one sent before under this id, or a new one."""
        text = read.kept if read is not None else "" if chosen is None else chosen.title
        choice_id = None if chosen is None else chosen.id
        before = conversation.sent(incoming.client_message_id)
        if before is not None:
            known = conversation.digests.get(incoming.client_message_id)
            # The same words can be masked in another way once the question was answered, so their digest decides.
            same = before.text == text if read is None or known is None else known == read.digest
            if not (same or incoming.again) or (before.kind == "choice") != (incoming.choice is not None):
                raise RequestError("message_id_reused", 409)
            if incoming.choice is not None and before.choice_id != incoming.choice:
                raise RequestError("message_id_reused", 409)
            return before
        message = MessageRecord(
            id=visitor_message_id(conversation.id, incoming.client_message_id),
            seq=conversation.last_seq + 1,
            created_at=self._clock.now(),
            author="visitor",
            kind="text" if incoming.choice is None else "choice",
            language=(read.language if read is not None else None) or conversation.language,
            text=text,
            client_message_id=incoming.client_message_id,
            choice_id=choice_id,
            raw=None if read is None else read.raw,
        )
        conversation.add(message)
        if read is not None:
            conversation.digests[incoming.client_message_id] = read.digest
        conversation.trim(self._limits.messages_in_memory)
        return message

    async def _answer(
        self,
        conversation: Conversation,
        visitor: MessageRecord,
        read: _Read | None,
        chosen: Offered | None,
        patient: bool,
    ) -> Answer:
        language = (read.language if read is not None else None) or conversation.language
        who = self._who_answers(conversation, read, chosen)
        if who is Attendance.PERSON:
            return Answer((), "staff")
        if who is Attendance.PERSON_LATE:
            return Answer((self._voice.about_staff(WAITING, conversation.language),), "staff")
        answer = await self._answer_alone(conversation, visitor, read, chosen, patient, language)
        if who is Attendance.LEFT:
            await self._keeper.unclaim(conversation)
            left = self._voice.about_staff(LEFT, conversation.language)
            return replace(answer, replies=(left, *answer.replies))
        return answer

    def _who_answers(
        self, conversation: Conversation, read: _Read | None, chosen: Offered | None
    ) -> Attendance:
        """The program or a member of staff.

        An emergency, and what the gateway does by itself (language, erasure), are never left to them.
        """
        if read is not None and read.emergency not in (None, "unclear"):
            return Attendance.PROGRAM
        if chosen is not None and is_own_command(chosen.payload):
            return Attendance.PROGRAM
        return attendance(conversation, self._clock.now())

    async def _answer_alone(
        self,
        conversation: Conversation,
        visitor: MessageRecord,
        read: _Read | None,
        chosen: Offered | None,
        patient: bool,
        language: str,
    ) -> Answer:
        """What the program answers by itself."""
        if chosen is not None:
            return await self._answer_choice(conversation, visitor, read, chosen, patient)
        if read is None:
            raise RequestError("empty_message", 400)
        if read.emergency is not None:
            self._metrics.emergencies.labels(read.emergency).inc()
            self._metrics.tally(f"emergency_{read.emergency}")
            if read.emergency != "unclear":
                conversation.emergency = KIND_OF.get(read.emergency, read.emergency)
            reply = self._voice.emergency(read.emergency, language)
            return Answer((reply,), "emergency", f"emergency_{read.emergency}")
        if read.other is not None:
            reply_other = self._voice.third_language(read.other, language)
            if reply_other is not None:
                self._metrics.third_languages.labels(read.other).inc()
                self._metrics.tally(f"third_language_{read.other}")
                return Answer((reply_other,), "third_language", f"third_language_{read.other}")
        return await self._ask(conversation, visitor, read, patient, text=without_command(read.text))

    async def _answer_choice(
        self,
        conversation: Conversation,
        visitor: MessageRecord,
        read: _Read | None,
        chosen: Offered,
        patient: bool,
    ) -> Answer:
        payload = chosen.payload
        if payload.startswith(GATEWAY_PREFIX):
            command = payload.removeprefix(GATEWAY_PREFIX)
            if not is_own_command(payload):
                payload = FORWARDED[command]
            else:
                replies = await self._commands.run(conversation, payload)
                if replies is not None:
                    # Without the facts that some carry.
                    return Answer(replies, "gateway", _FACTS.sub("", command))
                return self._apology(conversation, read, "turn", "unknown_command", "apology_turn")
        return await self._ask(conversation, visitor, read, patient, payload=payload)

    async def _ask(
        self,
        conversation: Conversation,
        visitor: MessageRecord,
        read: _Read | None,
        patient: bool,
        text: str | None = None,
        payload: str | None = None,
    ) -> Answer:
        """The engine's answer, guarded against silence. Raises EngineError when ``patient``."""
        firm_timezone = self._firm.timezone
        now = self._clock.now_in(firm_timezone)
        turn = Turn(
            conversation=conversation.id,
            message_id=visitor.id,
            language=conversation.language,
            today=own_days(now, conversation.us_state, conversation.timezone, firm_timezone).earliest,
            now=now.astimezone(UTC),
            timezone=conversation.timezone,
            firm_timezone=firm_timezone,
            consent=conversation.consent is not None,
            text=text,
            payload=payload,
            channel=conversation.channel,
            at=self._clock.now(),
            marker="" if read is None or read.story is None else read.kept,
            emergency=conversation.emergency,
        )
        put = await self._put_values(conversation, text or "")
        started = time.monotonic()
        try:
            async with asyncio.timeout(self._limits.turn_seconds):
                result = await self._engine.turn(turn)
        except (TimeoutError, EngineUnreachable) as exc:
            conversation.overdue = True
            if patient:
                raise EngineUnreachable("no answer in time") from exc
            code = "slow" if isinstance(exc, TimeoutError) else "unreachable"
            return self._apology(conversation, read, "engine", code, "apology_engine")
        except EngineError as exc:
            if patient:
                raise
            logger().error("engine_error", conversation=conversation.id, **fault(exc))
            return self._apology(conversation, read, "engine", "no_turn", "apology_engine")
        finally:
            self._metrics.engine_seconds.observe(time.monotonic() - started)
        if patient and result.failed_actions:
            # Such a turn has not happened: asked again, the engine does it again.
            raise EngineError("an action failed")
        spoken = result.slots.get("language")
        if isinstance(spoken, str) and spoken in LANGUAGES:
            conversation.language = spoken
        state = result.slots.get("us_state")
        conversation.us_state = state if isinstance(state, str) else ""
        if result.intent == FALLBACK:
            self._metrics.fallbacks.labels(conversation.language).inc()
            self._metrics.tally("fallback")
        guarded = guard(result)
        replies = guarded.replies
        asks = (reply.id.startswith("booking_") and reply.kind == "question" for reply in replies)
        if put and not any(asks):
            await self._drop_values(conversation)
        if text is not None and holds_number(text):
            replies = (self._voice.notice("numbers_masked", conversation.language), *replies)
        elif text is not None and read is not None and read.story is not None and not _heard(replies):
            replies = _before_question(replies, self._voice.notice("story_not_here", conversation.language))
        if guarded.code is not None:
            self._alarm(conversation, "turn", guarded.code)
            replies = (*replies, self._voice.apology("apology_turn", conversation.language))
        return Answer(
            replies,
            "engine",
            result.intent,
            result.confidence,
            result.ranking,
            result.entities,
            result.slots,
        )

    async def _put_values(self, conversation: Conversation, text: str) -> bool:
        """Whether values were put where the questions about an appointment can read them.

        While an appointment is asked for, all that was given for it; else a number or address in this very message,
        which may be the one that asks for an appointment.
        """
        values = conversation.values if conversation.is_booking else ways_to_reach(text, conversation.values)
        if not values:
            return False
        try:
            await self._bookings.keep_values(conversation.id, values)
        except STORE_FAULTS as exc:
            # The questions notice that the value is missing and ask again.
            logger().error("values_not_kept", conversation=conversation.id, **fault(exc))
            self._alarms.raise_alarm("store", "values_not_kept", conversation.id, kept=False)
        return True

    async def _drop_values(self, conversation: Conversation) -> None:
        """No appointment was asked for after all, or its questions have ended."""
        try:
            await self._bookings.drop_values(conversation.id)
        except STORE_FAULTS as exc:
            # They end by themselves after some time.
            logger().warning("values_not_dropped", conversation=conversation.id, **fault(exc))

    def _apology(
        self, conversation: Conversation, read: _Read | None, kind: str, code: str, notice: str
    ) -> Answer:
        language = (read.language if read is not None else None) or conversation.language
        self._alarm(conversation, kind, code)
        return Answer((self._voice.apology(notice, language),), "apology")

    def _alarm(self, conversation: Conversation, kind: str, code: str) -> None:
        # An action's name is a code of ours, but the label must stay one of few.
        self._metrics.apologies.labels(code.partition(":")[0]).inc()
        self._metrics.tally("apology")
        kept = conversation.stored and not conversation.gone
        self._alarms.raise_alarm(kind, code, conversation.id, kept)

    async def _say(
        self,
        conversation: Conversation,
        visitor: MessageRecord,
        read: _Read | None,
        answer: Answer,
        started: float,
    ) -> list[MessageRecord]:
        now = self._clock.now()
        seconds = time.monotonic() - started
        self._metrics.turns.labels(answer.by).inc()
        self._metrics.languages.labels(conversation.language).inc()
        self._metrics.seconds.observe(seconds)
        self._metrics.tally(f"turn_{answer.by}")
        logger().info("turn", conversation=conversation.id, by=answer.by, ms=round(seconds * 1000))
        if conversation.gone:
            if answer.intent == "erase_yes":
                return _last_words(conversation, visitor, answer)
            raise RequestError("conversation_gone", 404)
        text = visitor.text
        if read is not None and read.story is not None:
            text = story_marker(read.story, answer.intent or "", visitor.language)
        replies = answer.replies
        look = needs_look(answer.intent, answer.confidence, chosen=visitor.choice_id is not None)
        answered(self._metrics, conversation, visitor.language, answer.by, look, replies)
        conversation.replace(
            replace(
                visitor,
                text=text,
                intent=None if answer.intent is None else answer.intent[:128],
                confidence=answer.confidence,
                latency_ms=round(seconds * 1000),
                ranking=answer.ranking or None,
                # Of a story nothing is kept but how long it was.
                entities=answer.entities or None if read is None or read.story is None else None,
                look=look,
            )
        )
        conversation.summary = after_turn(
            conversation.summary, replies, answer.intent, answer.by, answer.slots, now
        )
        replies = self._board.before(conversation, replies)
        if conversation.is_whatsapp and self._spoken is not None:
            replies = tuple(map(self._spoken, replies))
        said = [conversation.say(reply, visitor.id, now) for reply in replies]
        await self._keeper.flush(conversation)
        return said


def _heard(replies: tuple[Reply, ...]) -> bool:
    """Whether a reply to the story itself stands among them."""
    return any(reply.id == "story_heard" for reply in replies)


def _before_question(replies: tuple[Reply, ...], added: Reply) -> tuple[Reply, ...]:
    """The replies with one more: in front of a question that waits for its answer, else at the end."""
    if replies and replies[-1].kind == "question":
        return (*replies[:-1], added, replies[-1])
    return (*replies, added)


def _last_words(conversation: Conversation, visitor: MessageRecord, answer: Answer) -> list[MessageRecord]:
    """What is said about an erasure; it is kept nowhere."""
    parting = Conversation(
        conversation.id, conversation.channel, conversation.language, visitor.created_at, visitor.created_at
    )
    parting.last_seq = conversation.last_seq
    return [parting.say(reply, visitor.id, visitor.created_at) for reply in answer.replies]
