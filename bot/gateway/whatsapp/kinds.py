"""What to do with each kind of message: which notice answers it, and what of it goes on as words. Pure."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.gateway.typed import clean, folded, is_blank
from bot.gateway.whatsapp.model import Inbound

#: The notice for each kind that is not words; kinds that are missing here have none.
NOTICES = {
    "voice": "whatsapp_voice",
    "image": "whatsapp_photo",
    "video": "whatsapp_video",
    "document": "whatsapp_document",
    "sticker": "whatsapp_sticker",
    "location": "whatsapp_location",
    "contacts": "whatsapp_contact",
    "reaction": "whatsapp_reaction",
    "order": "whatsapp_unsupported",
    "edited": "whatsapp_edited",
    "deleted": "whatsapp_deleted",
    "unsupported": "whatsapp_unsupported",
}

#: Said at most once in ``PAUSE`` to one person: people react, decorate and tidy without waiting for an answer.
SELDOM = frozenset(
    {
        *("whatsapp_sticker", "whatsapp_reaction", "whatsapp_edited"),
        *("whatsapp_deleted", "whatsapp_deleted_unread"),
    }
)
PAUSE = timedelta(hours=1)

#: Kinds whose text the person wrote to be read: a message, its new wording, the words beside a file.
_WITH_WORDS = frozenset({"text", "edited", "voice", "image", "video", "document"})

_STOP = frozenset({"stop", "stopall", "stop all", "unsubscribe", "alto", "baja", "darme de baja"})
_START = frozenset({"start", "unstop", "iniciar", "reanudar"})


@dataclass(frozen=True, slots=True)
class Handling:
    """What to do with one message: first say ``notice``, then answer ``text`` or ``choice``. All empty: say nothing."""

    notice: str = ""
    text: str = ""
    choice: str = ""


def handling(
    message: Inbound,
    *,
    known: Container[str],
    told: Mapping[str, datetime],
    now: datetime,
    caught: bool = False,
) -> Handling:
    """What to do with a message.

    ``known`` are the ids of choices that can still be pressed; an older button goes on as the words that stood on it.
    ``told`` is when each notice was last said to this person, ``caught`` that a deleted message had not been read.
    An edited one without words is one whose new words the provider keeps to itself. A reaction is never an answer, not
    even a thumb to a question for yes or no. A file without words is answered by its notice alone.
    """
    if message.kind == "choice":
        if message.choice in known:
            return Handling(choice=message.choice)
        return (
            Handling(text=_words(message.title))
            if _words(message.title)
            else Handling("whatsapp_unsupported")
        )
    text = _words(message.text) if message.kind in _WITH_WORDS else ""
    if message.kind == "text":
        return Handling(text=text) if text else Handling("whatsapp_unsupported")
    notice = NOTICES.get(message.kind, "whatsapp_unsupported")
    if message.kind == "edited" and not text:
        notice = "whatsapp_edit_unseen"
    elif message.kind == "deleted" and caught:
        notice = "whatsapp_deleted_unread"
    return Handling(notice if is_due(notice, told.get(notice), now) else "", text)


def is_due(notice: str, last: datetime | None, now: datetime) -> bool:
    """Whether a notice may be said now, when it was last said at ``last``."""
    return notice not in SELDOM or last is None or not timedelta(0) <= now - last < PAUSE


def command(text: str) -> str:
    """``stop`` or ``start`` when the whole message is such a word, in any case and with any punctuation; else empty."""
    word = folded(text)
    return "stop" if word in _STOP else "start" if word in _START else ""


def _words(text: str) -> str:
    whole = clean(text)
    return "" if is_blank(whole) else whole
