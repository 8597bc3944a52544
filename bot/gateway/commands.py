"""Choices that the gateway carries out by itself: consent, erasure, language, kinds of emergency."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot.core.messages import GATEWAY_PREFIX, LANGUAGES, Reply
from bot.gateway.clock import Clock
from bot.gateway.conversations import Conversation
from bot.gateway.keeper import Keeper
from bot.gateway.metrics import Metrics
from bot.gateway.voice import EMERGENCIES, Voice, wording
from bot.transcripts.records import ConsentRecord

#: Commands that are only another name for something that the engine does.
FORWARDED = {
    "restart": "/restart",
    "restart_yes": '/restart{"confirmed": "yes"}',
    "restart_no": "/deny",
    "person": "/talk_to_human",
}


def is_own_command(payload: str) -> bool:
    """Whether a choice is carried out here, and not by the engine."""
    return payload.startswith(GATEWAY_PREFIX) and payload.removeprefix(GATEWAY_PREFIX) not in FORWARDED


class Commands:
    """Carries out gateway commands; the caller holds the conversation's turn."""

    def __init__(
        self,
        voice: Voice,
        keeper: Keeper,
        clock: Clock,
        metrics: Metrics,
        greeting: Callable[[str, str], tuple[Reply, ...]] | None = None,
        reminders: Callable[[Conversation, str], Awaitable[tuple[Reply, ...] | None]] | None = None,
    ) -> None:
        """``greeting`` is WhatsApp's, for a language and a provider; ``reminders`` carries out what is about them."""
        self._reminders = reminders
        self._greeting = greeting
        self._voice = voice
        self._keeper = keeper
        self._clock = clock
        self._metrics = metrics

    async def run(self, conversation: Conversation, payload: str) -> tuple[Reply, ...] | None:
        """What to say after carrying out ``gateway:<command>``; None when there is no such command."""
        command = payload.removeprefix(GATEWAY_PREFIX)
        language = conversation.language
        name, _, value = command.partition("_")
        if name == "emergency" and value in EMERGENCIES:
            self._metrics.emergencies.labels(value).inc()
            self._metrics.tally(f"emergency_{value}")
            return (self._voice.emergency(value, language),)
        if name == "language" and value in LANGUAGES:
            return self._switch(conversation, value)
        if command == "consent_yes":
            return (await self._keep(conversation),)
        if command == "consent_no":
            return (await self._keep_nothing(conversation),)
        if command == "consent_ask":
            return (self._voice.notice("consent_ask", language, "question"),)
        if command in ("erase", "erase_ask"):
            return (self._voice.notice("erase_ask", language, "question"),)
        if command == "erase_no":
            return (self._voice.notice("erase_kept", language),)
        if command == "erase_yes":
            return await self._erase(conversation)
        if command.startswith("reminder") and self._reminders is not None:
            return await self._reminders(conversation, command)
        return None

    def _switch(self, conversation: Conversation, language: str) -> tuple[Reply, ...]:
        conversation.language = language
        if conversation.is_whatsapp and self._greeting is not None and not conversation.asked:
            return self._greeting(language, conversation.provider)
        visitors = [message for message in conversation.messages if message.author == "visitor"]
        if len(visitors) <= 1 and not conversation.asked:
            return self._voice.greeting(language)
        switched = self._voice.notice("language_switched", language)
        if conversation.asked:
            return (switched,)
        return (switched, self._voice.notice("consent_ask", language, "question"))

    async def _keep(self, conversation: Conversation) -> Reply:
        if conversation.consent is None:
            conversation.consent = self._consent(conversation)
            # Written before it is said: "it is kept" must never be a promise.
            if not await self._keeper.flush(conversation):
                conversation.consent = None
                return self._voice.notice("consent_failed", conversation.language)
            self._metrics.consents.labels("yes").inc()
            self._metrics.tally("consent_yes")
        conversation.asked = True
        return self._voice.notice("consent_yes", conversation.language)

    async def _keep_nothing(self, conversation: Conversation) -> Reply:
        if not conversation.stored:
            if not conversation.asked:
                self._metrics.consents.labels("no").inc()
                self._metrics.tally("consent_no")
            conversation.asked = True
            return self._voice.notice("consent_no", conversation.language)
        if await self._keeper.is_held(conversation):
            return self._voice.notice("erase_held", conversation.language)
        if not await self._keeper.delete_rows(conversation):
            return self._voice.notice("erase_failed", conversation.language)
        conversation.consent = None
        conversation.asked = True
        self._metrics.consents.labels("withdrawn").inc()
        self._metrics.tally("consent_withdrawn")
        forgotten = await self._keeper.forget(conversation.id)
        return self._voice.notice(
            "consent_withdrawn" if forgotten else "erased_pending", conversation.language
        )

    async def _erase(self, conversation: Conversation) -> tuple[Reply, ...]:
        erased = await self._keeper.erase_now(conversation)
        if erased.held:
            return (self._voice.notice("erase_held", conversation.language),)
        if not erased.rows:
            return (self._voice.notice("erase_failed", conversation.language),)
        self._metrics.tally("erased")
        done = self._voice.notice("erased" if erased.engine else "erased_pending", conversation.language)
        return (done, self._voice.notice("erased_sent", conversation.language)) if erased.sent else (done,)

    def _consent(self, conversation: Conversation) -> ConsentRecord:
        """The consent to the wording that was shown last in this conversation."""
        for message in reversed(conversation.messages):
            if message.reply is not None and message.reply.get("id") == "consent_ask":
                shown = (message.text, str(message.reply.get("full", "")))
                return ConsentRecord(wording(shown), message.language, self._clock.now())
        asked = self._voice.notice("consent_ask", conversation.language)
        return ConsentRecord(wording((asked.text, asked.full)), asked.lang, self._clock.now())
