"""Answers from articles, and the question back when it is not clear which one is meant."""

from __future__ import annotations

import json
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.library import library
from actions.meanings import meaning_of
from actions.needs import Need, needs_of
from actions.sections import finder
from actions.turn import Turn, say
from bot.core.content import Library
from bot.core.messages import Choice, Reply

#: Below this a topic is a guess that makes the bot look deaf.
WORTH_OFFERING = 0.06

#: How many topics are offered when the bot is not sure.
OFFERED_TOPICS = 3


class ActionAnswerTopic(Action):
    """The article of the intent: the section that a choice named, else the one nearest to the words.

    Of several needs in one message one is answered, and the others are offered in a second reply.
    """

    def name(self) -> str:
        return "action_answer_topic"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        turn = Turn.of(tracker)
        words = library()
        if (meaning := meaning_of(words, turn)) is not None:
            say(dispatcher, meaning)
            return []
        if await answer_needs(dispatcher, tracker, turn, words):
            return []
        if turn.intent not in words.topics:
            say(dispatcher, words.notice("no_answer_yet", turn.language, today=turn.today))
        elif (section := turn.entities.get("section")) is not None:
            say(dispatcher, words.answer(turn.intent, turn.language, section, turn.today))
        else:
            say(dispatcher, await answer_to(words, turn.intent, turn.text, turn))
        return []


class ActionDidYouMean(Action):
    """The best topics as choices, so that a person presses one instead of being answered by a guess.

    A message that is unclear only because it asks for several things is answered.
    """

    def name(self) -> str:
        return "action_did_you_mean"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        turn = Turn.of(tracker)
        words = library()
        if (meaning := meaning_of(words, turn)) is not None:
            say(dispatcher, meaning)
            return []
        if await answer_needs(dispatcher, tracker, turn, words):
            return []
        offered = [
            Choice(title, f"/{intent}")
            for intent, confidence in turn.ranking
            if confidence >= WORTH_OFFERING and (title := title_of(words, intent, turn.language)) is not None
        ][:OFFERED_TOPICS]
        notice = "did_you_mean" if offered else "not_understood"
        if turn.text and not any(letter.isalnum() for letter in turn.text):
            notice = "emoji_only"
        reply = words.notice(notice, turn.language, today=turn.today)
        say(dispatcher, with_choices(reply, offered))
        return []


async def answer_needs(
    dispatcher: CollectingDispatcher, tracker: Tracker, turn: Turn, words: Library
) -> bool:
    """Whether the message had several needs and was answered: one topic, and the other needs as choices."""
    needs = [need for need in needs_of(tracker) if title_of(words, need.intent, turn.language) is not None]
    answered = _first_answered([need for need in needs if need.intent in words.topics], turn.intent)
    if answered is None or len(needs) < 2:
        return False
    say(dispatcher, await answer_to(words, answered.intent, answered.text, turn))
    others = [
        Choice(title, f"/{need.intent}")
        for need in needs
        if need != answered and (title := title_of(words, need.intent, turn.language)) is not None
    ]
    say(dispatcher, with_choices(words.notice("also_asked", turn.language, today=turn.today), others))
    return True


def _first_answered(topics: list[Need], intent: str) -> Need | None:
    """The need that the message as a whole was understood as, else the one that comes first."""
    return next((need for need in topics if need.intent == intent), topics[0] if topics else None)


async def answer_to(words: Library, intent: str, text: str, turn: Turn) -> Reply:
    """The section of a topic that is nearest to a text, with the general one in front of its choices.

    The general section when no other is clearly nearer, when ``text`` is a choice's payload, or when the nearest
    may not be told today.
    """
    general = words.answer(intent, turn.language, None, turn.today)
    if general.kind != "answer" or text.startswith("/"):
        return general
    section = await finder().nearest(text, words.questions(intent, turn.language, turn.today))
    if section is None:
        return general
    reply = words.answer(intent, turn.language, section, turn.today)
    if reply.kind != "answer":
        return general
    label = words.topics[intent].articles[turn.language].section(None).label
    payload = json.dumps({"section": general.section})
    return with_choices(reply, [Choice(label, f"/{intent}{payload}")])


def title_of(words: Library, intent: str, language: str) -> str | None:
    """What a button says that leads to an intent; None for an intent that is not offered (small talk, fallback)."""
    if intent in words.topics:
        return words.topics[intent].articles[language].label
    try:
        return words.label(f"label_{intent}", language)
    except KeyError:
        return None


def with_choices(reply: Reply, first: list[Choice]) -> Reply:
    """The reply with further choices in front of its own."""
    data = reply.as_dict()
    known = {choice["payload"] for choice in data["choices"]}
    added = [{"title": c.title, "payload": c.payload} for c in first if c.payload not in known]
    return Reply.from_dict({**data, "choices": [*added, *data["choices"]]})
