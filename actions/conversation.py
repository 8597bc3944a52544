"""Requests, control and small talk that speak through notices of ``bot/content``."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import FollowupAction, Restarted, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.deadlines import say_noted
from actions.library import library
from actions.meanings import meaning_of
from actions.situation import keep_told
from actions.topics import asks_about_request
from actions.turn import Turn, say
from bot.core.emergency import classify
from bot.core.language import asks_for_language
from bot.core.messages import LANGUAGES
from bot.core.story import story_in

#: The notice that answers each intent which needs no decision.
NOTICE_OF = {
    "greet": "hello",
    "help": "help",
    "bot_challenge": "bot_challenge",
    "out_of_scope": "out_of_scope",
    "delete_my_data": "erase_ask",
    "talk_to_human": "answer_human",
}


class ActionSayNotice(Action):
    """The notice that belongs to the intent."""

    def name(self) -> str:
        return "action_say_notice"

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        turn = Turn.of(tracker)
        words = library()
        if asks_about_request(tracker, turn):
            return [FollowupAction("action_start_booking")]
        meaning = meaning_of(words, turn) if turn.intent == "out_of_scope" else None
        say(dispatcher, meaning or words.notice(NOTICE_OF[turn.intent], turn.language, today=turn.today))
        return [*say_noted(dispatcher, tracker, turn, words), *keep_told(tracker, turn)]


class ActionEmergency(Action):
    """The emergency lines of the kind that the words show, else the four kinds to choose from.

    The gateway's word list answers most emergencies before the engine sees them; this is the net below it.
    """

    def name(self) -> str:
        return "action_emergency"

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        turn = Turn.of(tracker)
        found = classify(turn.text, turn.language)
        if found is None and story_in(turn.text) is not None:
            # What happened once is no emergency now; the way to one stands in the notice all the same.
            say(dispatcher, library().notice("story_heard", turn.language, today=turn.today))
            return []
        lines = found.lines if found else "unclear"
        say(dispatcher, library().notice(f"emergency_{lines}", turn.language, today=turn.today))
        return []


class ActionChangeLanguage(Action):
    """The language that was named or pressed, else the question which one.

    Never just "the other one": "do you speak Creole" is no wish for Spanish.
    """

    def name(self) -> str:
        return "action_change_language"

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        turn = Turn.of(tracker)
        pressed = turn.entities.get("language") if turn.text.startswith("/") else None
        wanted = pressed or asks_for_language(turn.text)
        if wanted not in LANGUAGES:
            say(dispatcher, library().notice("which_language", turn.language, today=turn.today))
            return []
        say(dispatcher, library().notice("language_switched", wanted, today=turn.today))
        return [SlotSet("language", wanted)]


class ActionRestart(Action):
    """A fresh start; inside a form it asks first, because answers would be lost.

    ``restart`` is Rasa's own intent, and a policy of Rasa's calls this name for it.
    """

    def name(self) -> str:
        return "action_restart"

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        turn = Turn.of(tracker)
        words = library()
        if tracker.active_loop.get("name") and turn.entities.get("confirmed") != "yes":
            say(dispatcher, words.notice("restart_ask", turn.language, today=turn.today))
            return []
        say(dispatcher, words.notice("restarted", turn.language, today=turn.today))
        return [Restarted(), SlotSet("language", turn.language)]
