"""The text of a correction: what an attorney begins with, what may stand in it, and what one person reads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from zoneinfo import ZoneInfo

from bot.core import template
from bot.core.content.library import Library
from bot.core.law import format_date
from bot.core.messages import LANGUAGES, Reply
from bot.core.redact import mask
from bot.core.told import Standing, in_language
from bot.transcripts.corrections import Recipient
from bot.transcripts.recall import ENDED

#: What each person's own fills: the day on which they were told, and the value.
NAMES = ("day", "told")
#: Room is left for what the names become: a message to a person holds 4,000 characters.
LONGEST = 3_500
#: An office's own ways to be reached.
_MAY_STAND = frozenset({"PHONE", "EMAIL", "ADDRESS"})


def draft(library: Library, known: Standing, today: date) -> dict[str, str]:
    """The texts with which an attorney begins, by language. Raises ContentFileError where their notice is missing."""
    source = known.authority[0] if known.authority else None
    cited = "" if source is None else f"{source.cite} {source.url}".strip()
    name = "correction_value" if known.now else "correction_ended"

    def text(lang: str) -> str:
        values = {
            "title": known.parameter.title[lang],
            "now": known.now.get(lang, ""),
            "since": "" if known.since is None else format_date(known.since, lang),
            "source": cited,
            **{own: f"{{{{{own}}}}}" for own in NAMES},
        }
        return library.notice(name, lang, today=today, **values).text.strip()

    return {lang: text(lang) for lang in LANGUAGES}


def problem(texts: Mapping[str, str]) -> str:
    """Why these texts cannot be sent to people, as the name of its words; empty when they can."""
    for text in texts.values():
        if not text:
            return "correction_empty"
        if len(text) > LONGEST:
            return "correction_long"
        if any(template.problems(text, {}, lambda _: (), (), free=True)):
            return "correction_names"
        if any(found.name not in NAMES for found in template.placeholders(text)):
            return "correction_names"
        if any(found.kind not in _MAY_STAND for found in mask(text, ()).values):
            return "correction_personal"
    return ""


def filled(text: str, value: str, day: date, lang: str) -> str:
    """The text as a person reads it who was told that value on that day."""
    own = {"day": format_date(day, lang), "told": value}
    return template.fill(text, lambda found: own[found.name])


def reply_to(recipient: Recipient, known: Standing, timezone: str) -> Reply:
    """What a person is told, in the language of their conversation; it counts as having told them the new value."""
    correction = recipient.correction
    lang = recipient.language if recipient.language in LANGUAGES else LANGUAGES[0]
    day = recipient.told_at.astimezone(ZoneInfo(timezone)).date()
    value = in_language(known.parameter, recipient.value, lang)
    return Reply(
        "notice",
        "correction",
        lang,
        filled(correction.text(lang), value, day, lang),
        parameters={correction.parameter: correction.new_value.get(lang, ENDED)},
    )
