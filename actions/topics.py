"""Answers from articles, and the question back when it is not clear which one is meant."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.deadlines import asked_with_date, offered_date, say_noted, start
from actions.library import library
from actions.meanings import meaning_of
from actions.needs import Need, needs_of
from actions.sections import section_for
from actions.situation import FORM as SITUATION_FORM
from actions.situation import keep_told, tell_so_far
from actions.turn import Turn, say, with_choices
from bot.core.booking.questions import DONE
from bot.core.booking.wants import asks_for_status, corrects, takes_back
from bot.core.content import Library
from bot.core.content.choosing import TOPICS, rivals
from bot.core.messages import Choice, Reply

#: Below this a topic is a guess that makes the bot look deaf.
WORTH_OFFERING = 0.06

#: How many topics are offered when the bot is not sure.
OFFERED_TOPICS = 3


#: The slot that holds the topic told last, for "and how much is it?".
TOPIC = "topic"

#: How a message begins that leans on the one before, and how many words it has at most.
FOLLOW_UP = re.compile(
    r"¿?\s*(?:y|e|pero|tambien|también|and|but|also|what about|how about|entonces|then|so)\b", re.IGNORECASE
)
FOLLOW_UP_WORDS = 6


@dataclass(frozen=True, slots=True)
class Told:
    """A reply and the topic that it is about; ``found`` is false when no section was looked for by its words."""

    topic: str
    reply: Reply
    found: bool = True


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
        if asks_about_request(tracker, turn):
            return [FollowupAction("action_start_booking")]
        if (dated := _date_asked_for(dispatcher, tracker, turn, words)) is not None:
            return dated
        if (done := await _answer_at_once(dispatcher, tracker, turn, words)) is not None:
            return done
        if turn.intent not in words.topics:
            say(dispatcher, words.notice("no_answer_yet", turn.language, today=turn.today))
            return []
        if (section := turn.entities.get("section")) is not None:
            told = Told(turn.intent, words.answer(turn.intent, turn.language, section, turn.today))
        else:
            topics = rivals(turn.ranking, words.topics) or (turn.intent,)
            leaning = with_last_topic(topics, tracker, turn, words)
            told = await answer_to(words, leaning, turn.text, turn)
            if leaning != topics and not adds_to(words, told):
                told = await answer_to(words, topics, turn.text, turn)
        say(dispatcher, with_choices(told.reply, offered_date(words, turn, told.topic)))
        return [
            SlotSet(TOPIC, told.topic),
            *say_noted(dispatcher, tracker, turn, words),
            *keep_told(tracker, turn),
        ]


class ActionDidYouMean(Action):
    """The best topics as choices, so that a person presses one instead of being answered by a guess.

    A message that is unclear only because it asks for several things is answered, and so is one that hits a section of
    one of the topics so well that it decides between them.
    """

    def name(self) -> str:
        return "action_did_you_mean"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        turn = Turn.of(tracker)
        words = library()
        if asks_about_request(tracker, turn):
            return [FollowupAction("action_start_booking")]
        if (dated := _date_asked_for(dispatcher, tracker, turn, words)) is not None:
            return dated
        if (done := await _answer_at_once(dispatcher, tracker, turn, words)) is not None:
            return done
        if last := with_last_topic((), tracker, turn, words):
            told = await answer_to(words, last, turn.text, turn)
            if told.found and adds_to(words, told):
                say(dispatcher, told.reply)
                return []
        offered = [
            Choice(title, f"/{intent}")
            for intent, confidence in turn.ranking
            if confidence >= WORTH_OFFERING and (title := title_of(words, intent, turn.language)) is not None
        ][:OFFERED_TOPICS]
        torn = [intent for intent, _ in turn.ranking if intent in words.topics][:TOPICS]
        chosen = await section_for(turn.text, torn, words, turn) if torn else None
        if chosen is not None and chosen.sure:
            reply = words.answer(chosen.topic, turn.language, chosen.section, turn.today)
            if reply.kind == "answer":
                say(dispatcher, with_choices(reply, [c for c in offered if c.payload != f"/{chosen.topic}"]))
                return [SlotSet(TOPIC, chosen.topic)]
        notice = "did_you_mean" if offered else "not_understood"
        if turn.text and not any(letter.isalnum() for letter in turn.text):
            notice = "emoji_only"
        reply = words.notice(notice, turn.language, today=turn.today)
        say(dispatcher, with_choices(reply, offered))
        # "It was last Thursday" comes next as often as a press: the date is then of what was offered first.
        return [SlotSet(TOPIC, torn[0]), *keep_told(tracker, turn)] if offered and torn else []


def asks_about_request(tracker: Tracker, turn: Turn) -> bool:
    """Whether the message is about a request for an appointment that was saved in this conversation."""
    saved = (tracker.get_slot("booking") or {}).get("outcome") == DONE
    outside = tracker.active_loop.get("name") is None
    return saved and outside and any(asks(turn.text) for asks in (takes_back, corrects, asks_for_status))


def _date_asked_for(
    dispatcher: CollectingDispatcher, tracker: Tracker, turn: Turn, words: Library
) -> list[dict[str, Any]] | None:
    """The events of a question that wants a date whose day is known; None for every other."""
    form = tracker.active_loop.get("name")
    if (calculation := asked_with_date(tracker, turn)) is None or form not in (None, SITUATION_FORM):
        return None
    if form is None:
        return start(dispatcher, tracker, turn, words, calculation)
    return tell_so_far(dispatcher, tracker, turn, words, calculation)


async def _answer_at_once(
    dispatcher: CollectingDispatcher, tracker: Tracker, turn: Turn, words: Library
) -> list[dict[str, Any]] | None:
    """The events of a turn that asked for a word's meaning or for several things, and was answered; else None."""
    if (meaning := meaning_of(words, turn)) is not None:
        say(dispatcher, meaning)
        return []
    topic = await answer_needs(dispatcher, tracker, turn, words)
    return None if topic is None else [SlotSet(TOPIC, topic)]


async def answer_needs(
    dispatcher: CollectingDispatcher, tracker: Tracker, turn: Turn, words: Library
) -> str | None:
    """The topic that was told, when the message had several needs: one is answered, the others are choices."""
    needs = [need for need in needs_of(tracker) if title_of(words, need.intent, turn.language) is not None]
    answered = _first_answered([need for need in needs if need.intent in words.topics], turn.intent)
    if answered is None or len(needs) < 2:
        return None
    told = await answer_to(words, [answered.intent], answered.text, turn)
    say(dispatcher, told.reply)
    others = [
        Choice(title, f"/{need.intent}")
        for need in needs
        if need != answered and (title := title_of(words, need.intent, turn.language)) is not None
    ]
    say(dispatcher, with_choices(words.notice("also_asked", turn.language, today=turn.today), others))
    return told.topic


def _first_answered(topics: list[Need], intent: str) -> Need | None:
    """The need that the message as a whole was understood as, else the one that comes first."""
    return next((need for need in topics if need.intent == intent), topics[0] if topics else None)


async def answer_to(words: Library, topics: Sequence[str], text: str, turn: Turn) -> Told:
    """The section nearest to a text among topics (best first), with the general one in front of its choices.

    Topics that may not be told are not looked at. The general section of the topic that was understood when the engine
    gives no scores, when ``text`` is a choice's payload, or when the nearest may not be told today. When none is near,
    a notice says so and offers the general one.
    """
    tellable = [
        topic for topic in topics if words.answer(topic, turn.language, None, turn.today).kind == "answer"
    ]
    chosen = await section_for(text, tellable, words, turn) if tellable else None
    if chosen is None:
        topic = turn.intent if turn.intent in topics else topics[0]
        return Told(topic, words.answer(topic, turn.language, None, turn.today), found=False)
    general = words.answer(chosen.topic, turn.language, None, turn.today)
    to_general = Choice(
        words.topics[chosen.topic].articles[turn.language].section(None).label,
        f"/{chosen.topic}{json.dumps({'section': general.section})}",
    )
    if not chosen.exact:
        notice = words.notice("no_exact_answer", turn.language, today=turn.today)
        return Told(chosen.topic, with_choices(notice, [to_general]))
    reply = words.answer(chosen.topic, turn.language, chosen.section, turn.today)
    if reply.kind != "answer" or chosen.section == general.section:
        return Told(chosen.topic, general)
    return Told(chosen.topic, with_choices(reply, [to_general]))


def with_last_topic(topics: Sequence[str], tracker: Tracker, turn: Turn, words: Library) -> tuple[str, ...]:
    """The topics, with the one told last in front when a short message leans on it ("and how much is it?")."""
    last = tracker.get_slot(TOPIC)
    leans = FOLLOW_UP.match(turn.text) and len(turn.text.split()) <= FOLLOW_UP_WORDS
    if not leans or last not in words.topics:
        return tuple(topics)
    return (last, *(topic for topic in topics if topic != last))


def adds_to(words: Library, told: Told) -> bool:
    """Whether a reply tells a specific section: who asks on has most often read the general one."""
    return told.reply.kind == "answer" and told.reply.section != words.topics[told.topic].sections[0]


def title_of(words: Library, intent: str, language: str) -> str | None:
    """What a button says that leads to an intent; None for an intent that is not offered (small talk, fallback)."""
    if intent in words.topics:
        return words.topics[intent].articles[language].label
    try:
        return words.label(f"label_{intent}", language)
    except KeyError:
        return None
