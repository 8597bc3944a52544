"""What of a person's messages is answered next, and which of them together. Pure."""

from __future__ import annotations

from datetime import datetime

from bot.gateway.conversations import Conversation
from bot.gateway.typed import meant_choice
from bot.gateway.whatsapp.course import Course, Step
from bot.gateway.whatsapp.handover import CARRIED_OVER, beside_code
from bot.gateway.whatsapp.kinds import command, handling
from bot.gateway.whatsapp.model import Inbound
from bot.gateway.whatsapp.people import Talk
from bot.gateway.whatsapp.records import Waiting
from bot.gateway.whatsapp.reminders import asked_for
from bot.gateway.whatsapp.rendering import MORE, is_word_for_more, wants_more
from bot.gateway.whatsapp.state import was_asked_for_consent
from bot.gateway.whatsapp.words import Words


def next_step(course: Course, talk: Talk, words: Words, longest: int, now: datetime) -> Step:
    """What is answered next; ``longest`` is the most characters of texts that are answered together."""
    first = course.left[0]
    message = first.message
    if message is None:
        raise TypeError("a message that cannot be opened was not set aside")
    if (notice := course.codes.get(first.id)) is not None:
        rest = beside_code(message.text, words)
        if notice == CARRIED_OVER and not rest:
            return Step((first,), command="carried")
        return Step((first,), notice=notice, text=rest)
    word = command(message.text) if message.kind == "text" else ""
    if word:
        return Step((first,), command=word)
    if wish := _asks_for_dates(message, talk):
        return Step((first,), command=wish, text=message.text.strip())
    if _asks_for_more(message, talk):
        return Step((first,), command="more")
    known, told = talk.conversation.offered, talk.memory.told
    handled = handling(message, known=known, told=told, now=now, caught=first.caught)
    notice = "" if handled.notice in course.noticed else handled.notice
    if message.kind != "text" or not handled.text:
        return Step((first,), notice=notice, text=handled.text, choice=handled.choice)
    return _together(course, talk, handled.text, longest)


def _together(course: Course, talk: Talk, text: str, longest: int) -> Step:
    """The first message, and those behind it that belong to it."""
    group = [course.left[0]]
    for other in course.left[1:]:
        further = _joins(course, group[-1], other, talk)
        if further is None or len(text) + 1 + len(further) > longest:
            break
        group.append(other)
        text = f"{text}\n{further}"
    return Step(tuple(group), text=text)


def _joins(course: Course, before: Waiting, other: Waiting, talk: Talk) -> str | None:
    """The text of a message that belongs to the one before it; None when it stands by itself.

    What was tried is tried again with exactly the same messages: the engine may have answered them already.
    """
    if other.turn != before.turn or (not other.turn and max(other.attempts, before.attempts) > 1):
        return None
    if any(not _is_plain(course, waiting, talk) for waiting in (before, other)):
        return None
    return "" if other.message is None else other.message.text.strip()


def _is_plain(course: Course, waiting: Waiting, talk: Talk) -> bool:
    message = waiting.message
    return (
        message is not None
        and message.kind == "text"
        and bool(message.text.strip())
        and not command(message.text)
        and waiting.id not in course.codes
        and not _asks_for_dates(message, talk)
        and not _asks_for_more(message, talk)
        and meant_choice(message.text, talk.conversation.latest, numbered=True) is None
    )


def _asks_for_more(message: Inbound, talk: Talk) -> bool:
    if message.kind == "choice":
        return message.choice == MORE
    if message.kind != "text":
        return False
    if talk.memory.rest:
        return wants_more(message.text, talk.conversation.latest)
    return is_word_for_more(message.text) and _is_answered(talk.conversation)


def _is_answered(conversation: Conversation) -> bool:
    """Whether all has been said and nothing was asked, but whether the conversation may be kept."""
    said = list(conversation.just_said())
    asked = any(one.kind == "question" and not was_asked_for_consent([one]) for one in said)
    return bool(said) and not asked and not conversation.asks


def _asks_for_dates(message: Inbound, talk: Talk) -> str:
    """``dates`` or ``end`` for a word about reminders; a choice of that name comes first where dates are meant."""
    if message.kind != "text":
        return ""
    wish, latest = asked_for(message.text), talk.conversation.latest
    return "" if wish == "dates" and meant_choice(message.text, latest, numbered=True) else wish
