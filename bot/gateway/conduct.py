"""What can be done with a conversation besides sending to it, for the API and for the page without scripts alike."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.core.errors import RequestError
from bot.gateway.bulletin import Told
from bot.gateway.clock import Clock
from bot.gateway.conversations import Conversation
from bot.gateway.figures import begun
from bot.gateway.keeper import STORE_FAULTS, Keeper
from bot.gateway.logs import fault, logger
from bot.gateway.metrics import Metrics
from bot.gateway.tokens import new_conversation_id
from bot.gateway.voice import Voice
from bot.transcripts.store import TranscriptStore


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an erasure has still to reach (``engine``, ``firm``), and that in words; nothing when all is erased."""

    pending: tuple[str, ...]
    text: str


class Conduct:
    """Begins, erases and rates on one set of parts."""

    def __init__(
        self,
        *,
        keeper: Keeper,
        voice: Voice,
        store: TranscriptStore,
        clock: Clock,
        metrics: Metrics,
        board: Told,
    ) -> None:
        self._board = board
        self._keeper = keeper
        self._voice = voice
        self._store = store
        self._clock = clock
        self._metrics = metrics

    def begin(self, language: str, timezone: str = "") -> Conversation:
        """A new conversation with its greeting, which needs no engine. Raises RequestError when memory is full."""
        now = self._clock.now()
        conversation = Conversation(new_conversation_id(), "web", language, now, now)
        conversation.timezone = timezone
        conversation.on_page = True
        for reply in (*self._board.first(language), *self._voice.greeting(language)):
            conversation.say(reply, None, now)
        self._keeper.begin(conversation)
        self._metrics.tally("conversations")
        begun(self._metrics, language, conversation.channel)
        return conversation

    async def erase(self, conversation: Conversation) -> Outcome:
        """Everything about the conversation is deleted. Raises RequestError (erase_failed) when it is not."""
        language = conversation.language
        erased = await self._keeper.erase(conversation)
        if erased.held:
            raise RequestError("erase_held", 409)
        if not erased.rows:
            raise RequestError("erase_failed", 503, {"seconds": 60})
        self._metrics.tally("erased")
        open_parts = {
            part: notice
            for part, notice, is_open in (
                ("engine", "erased_pending", not erased.engine),
                ("firm", "erased_sent", erased.sent),
            )
            if is_open
        }
        told = " ".join(self._voice.notice(notice, language).text for notice in open_parts.values())
        return Outcome(tuple(open_parts), told)

    async def rate(self, conversation: Conversation, message_id: str, rating: str) -> None:
        """An answer is rated ``up`` or ``down``; rating it again replaces the rating. Raises RequestError."""
        for message in conversation.messages:
            if message.id == message_id and message.author == "bot":
                break
        else:
            raise RequestError("unknown_message", 404)
        conversation.replace(replace(message, rating=rating))
        self._metrics.ratings.labels(rating).inc()
        self._metrics.tally(f"rating_{rating}")
        if not conversation.stored:
            return
        try:
            await self._store.rate(conversation.id, message_id, rating)
        except STORE_FAULTS as exc:
            logger().error("rating_lost", conversation=conversation.id, **fault(exc))
            raise RequestError("storage_unavailable", 503, {"seconds": 30}) from None
