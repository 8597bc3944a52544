"""What is said so that the booking conversation goes on: why something is asked again, the question, its buttons.

The texts hold tokens where a value of the person stands; the gateway puts the value back for that person only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from types import MappingProxyType

from bot.core.booking.contact import mended_token, region_name
from bot.core.booking.interview import Interview
from bot.core.booking.moments import appointment_in_words, time_on_a_button, zone_in_words
from bot.core.booking.questions import (
    CONFLICT,
    CONSENT,
    CORRECT,
    DONE,
    EMAIL,
    EMAIL_ENDING,
    EMAIL_KNOWN,
    INTERPRETER,
    LANGUAGE,
    LANGUAGE_OTHER,
    LAWYER,
    MORE,
    NAME,
    NAME_KNOWN,
    NEEDED,
    NO,
    NO_SLOT,
    NOT_UNDERSTOOD,
    OTHER,
    OTHER_WAY,
    PHONE,
    PHONE_COUNTRY,
    PHONE_KNOWN,
    REACH,
    REVIEW,
    SAFE_MESSAGE,
    SAID_NO,
    SLOT,
    WHEN,
)
from bot.core.booking.slots import start_of
from bot.core.content.library import Library
from bot.core.messages import Choice, Reply

#: The notice of each question, where it is not ``booking_ask_`` and the question.
_NOTICES: Mapping[str, str] = MappingProxyType(
    {
        LAWYER: "booking_has_lawyer",
        NAME_KNOWN: "booking_confirm_name",
        PHONE_KNOWN: "booking_confirm_phone",
        EMAIL_KNOWN: "booking_confirm_email",
        CONSENT: "booking_consent",
        REVIEW: "booking_review",
        CORRECT: "booking_which_to_correct",
    }
)
_TROUBLES: Mapping[str, str] = MappingProxyType(
    {OTHER_WAY: "booking_other_way", SAID_NO: "booking_email_again", NOT_UNDERSTOOD: "booking_not_understood"}
)

#: So much of the digest of the text of consent names its version.
_VERSION_LENGTH = 12


def questions(words: Library, interview: Interview, lang: str, today: date) -> tuple[Reply, ...]:
    """What to say for what is asked; the last reply has the buttons. Empty when nothing is asked."""
    if interview.asked is None:
        return ()
    values = _values(words, interview, lang)
    choices = tuple(
        Choice(_title(words, interview, code, lang), payload(interview.asked, code))
        for code in interview.choices
    )
    ids = [_notice(interview)]
    if interview.trouble == NOT_UNDERSTOOD:
        ids = [_TROUBLES[NOT_UNDERSTOOD], _NOTICES.get(interview.asked, f"booking_ask_{interview.asked}")]
    told = [words.notice(id, lang, today=today, **values) for id in ids]
    return (*told[:-1], replace(told[-1], choices=choices))


def ending(words: Library, interview: Interview, lang: str, today: date) -> Reply | None:
    """What is said of a conversation that ended without a request; None when it is open or was confirmed."""
    if interview.outcome in (None, DONE):
        return None
    return words.notice(f"booking_{interview.outcome}", lang, today=today)


def consent_version(words: Library, lang: str, today: date) -> str:
    """The version of the text of consent: the beginning of the SHA-256 of what is told, with the firm's data in it."""
    told = words.notice("booking_consent", lang, today=today).text
    return hashlib.sha256(told.encode()).hexdigest()[:_VERSION_LENGTH]


def payload(question: str, code: str) -> str:
    """What a button of a question sends; ``chosen`` reads it back."""
    return f'/book_consultation{{"booking": "{question}:{code}"}}'


def chosen(entity: str) -> tuple[str, str] | None:
    """The question and the code of a pressed button, from the value of its entity ``booking``."""
    question, found, code = entity.partition(":")
    return (question, code) if found else None


def read_back(words: Library, interview: Interview, lang: str) -> dict[str, str]:
    """The answers in words, with tokens for values: name, reach, safe_message, language, when, conflict."""
    told = interview.answers

    def word(question: str) -> str:
        return words.label(f"booking_{question}_{told[question]}", lang)

    reach = word(REACH)
    if told[REACH] == PHONE:
        reach = f"{reach}, {told[PHONE]} ({region_name(told['phone_region'], lang)})"
    elif told[REACH] == EMAIL:
        reach = f"{reach}, {mended_token(told[EMAIL]) if 'email_mended' in told else told[EMAIL]}"
    language = told[LANGUAGE_OTHER] if told[LANGUAGE] == OTHER else word(LANGUAGE)
    if told[INTERPRETER] != NO:
        language = f"{language}, {word(INTERPRETER)}"
    if interview.slot is not None:
        when = appointment_in_words(start_of(interview.slot), _zone(words, interview), lang)
    else:
        when = told[WHEN] if told[WHEN].startswith("[") else word(WHEN)
    return {
        NAME: told[NAME],
        REACH: reach,
        SAFE_MESSAGE: word(SAFE_MESSAGE),
        LANGUAGE: language,
        WHEN: when,
        CONFLICT: word(CONFLICT),
    }


def _notice(interview: Interview) -> str:
    """The notice for what is asked, or for why it is asked again."""
    asked, trouble = interview.asked, interview.trouble
    assert asked is not None
    if trouble == NEEDED:
        return f"booking_needed_{asked}"
    if trouble is not None:
        return _TROUBLES.get(trouble, f"booking_{trouble}")
    return _NOTICES.get(asked, f"booking_ask_{asked}")


def _values(words: Library, interview: Interview, lang: str) -> dict[str, str]:
    """What the question of an interview names."""
    told, proposed = interview.answers, interview.proposed
    if interview.asked == REVIEW:
        return read_back(words, interview, lang)
    if interview.asked == NAME_KNOWN:
        return {"name": proposed[NAME]}
    if interview.asked == PHONE_KNOWN:
        return {"phone": proposed[PHONE]}
    if interview.asked == EMAIL_KNOWN:
        return {"email": proposed[EMAIL]}
    if interview.asked == PHONE_COUNTRY:
        return {"phone": told[PHONE]}
    if interview.asked == SLOT:
        starts = [start_of(slot) for slot in interview.slots]
        return {"zone": zone_in_words(starts, _zone(words, interview), lang)}
    return {"email": told[EMAIL], "ending": told["email_ending"]} if interview.asked == EMAIL_ENDING else {}


def _title(words: Library, interview: Interview, code: str, lang: str) -> str:
    question = interview.asked
    if question == SLOT and code not in (MORE, NO_SLOT):
        return time_on_a_button(start_of(code), _zone(words, interview), lang)
    if question == PHONE_COUNTRY and code != OTHER:
        return region_name(code, lang)
    return words.label(f"label_booking_{question}_{code}", lang)


def _zone(words: Library, interview: Interview) -> str:
    """The time zone in which times are told: the person's, where it is known."""
    return interview.timezone or words.firm.timezone
