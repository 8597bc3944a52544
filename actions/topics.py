"""Answers from articles, and the question back when it is not clear which one is meant."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.library import library
from actions.turn import Turn, say
from bot.core.content import Library
from bot.core.messages import Choice, Reply

#: How many topics are offered when the bot is not sure.
OFFERED_TOPICS = 3


class ActionAnswerTopic(Action):
    """The article of the intent: the section that a choice named, else the general answer."""

    def name(self) -> str:
        return "action_answer_topic"

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        turn = Turn.of(tracker)
        words = library()
        if turn.intent in words.topics:
            section = turn.entities.get("section")
            say(dispatcher, words.answer(turn.intent, turn.language, section, turn.today))
        else:
            say(dispatcher, words.notice("no_answer_yet", turn.language, today=turn.today))
        return []


class ActionDidYouMean(Action):
    """The best topics as choices, so that a person presses one instead of being answered by a guess."""

    def name(self) -> str:
        return "action_did_you_mean"

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        turn = Turn.of(tracker)
        words = library()
        offered = [
            Choice(title, f"/{intent}")
            for intent, _ in turn.ranking
            if (title := title_of(words, intent, turn.language)) is not None
        ][:OFFERED_TOPICS]
        notice = "did_you_mean" if offered else "not_understood"
        reply = words.notice(notice, turn.language, today=turn.today)
        say(dispatcher, with_choices(reply, offered))
        return []


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
