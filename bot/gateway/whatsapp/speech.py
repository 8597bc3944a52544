"""How something is said to a person: kept in their conversation, and made into messages of their provider."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bot.core.messages import Reply
from bot.gateway.clock import Clock
from bot.gateway.keeper import Keeper
from bot.gateway.masking import shown_reply
from bot.gateway.tokens import visitor_message_id
from bot.gateway.whatsapp.course import Step
from bot.gateway.whatsapp.limits import SHAPES
from bot.gateway.whatsapp.model import Outbound
from bot.gateway.whatsapp.people import Talk
from bot.gateway.whatsapp.records import Out
from bot.gateway.whatsapp.rendering import render
from bot.gateway.whatsapp.words import Words
from bot.transcripts.records import MessageRecord


class Speech:
    """Says things in conversations."""

    def __init__(self, keeper: Keeper, words: Words, clock: Clock) -> None:
        self._keeper = keeper
        self._words = words
        self._clock = clock

    async def say(self, talk: Talk, replies: Iterable[Reply], step: Step | None) -> list[MessageRecord]:
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

    def render(self, talk: Talk, said: Sequence[MessageRecord], *, answer: bool = False) -> list[Outbound]:
        """What was said, as messages. What is cut off an ``answer`` waits for "more"."""
        conversation = talk.conversation
        replies = [
            shown_reply(dict(message.reply), conversation.values)
            for message in said
            if message.reply is not None
        ]
        rendered = render(replies, SHAPES[talk.person.provider], self._words, conversation.language)
        if answer:
            talk.memory.rest = rendered.rest
        return list(rendered.messages)

    def bare(
        self, provider: str, replies: Sequence[Mapping[str, object]], language: str
    ) -> tuple[Outbound, ...]:
        """Messages without a conversation: their choices cannot be pressed, and so are left out."""
        without = [{**reply, "choices": ()} for reply in replies]
        return render(without, SHAPES[provider], self._words, language).messages


def outs(key: str, messages: Sequence[Outbound]) -> list[Out]:
    """Messages to be queued, each once under its own name however often ``key`` is answered."""
    first = key.partition(":")[0]
    return [Out(f"{key}:{index}", message, first) for index, message in enumerate(messages)]
