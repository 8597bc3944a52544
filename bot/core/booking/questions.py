"""The questions of the booking conversation, their codes, what can be left open, and how it can end."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

#: What can be asked for so that the reply is personal: the gateway then swaps the whole of it for a token.
NAME, PHONE, EMAIL, WHEN, LANGUAGE_OTHER = "name", "phone", "email", "when", "language_other"
PERSONAL = (NAME, PHONE, EMAIL, WHEN, LANGUAGE_OTHER)

#: Besides the personal ones it can ask these. The ``known`` ones read back what was written earlier.
LAWYER, REACH, SAFE_MESSAGE, LANGUAGE, INTERPRETER = (
    "lawyer",
    "reach",
    "safe_message",
    "language",
    "interpreter",
)
NAME_KNOWN, PHONE_KNOWN, EMAIL_KNOWN = "name_known", "phone_known", "email_known"
PHONE_COUNTRY, EMAIL_ENDING = "phone_country", "email_ending"
CONSENT, CONFLICT, REVIEW, CORRECT = "consent", "conflict", "review", "correct"
#: Asked in place of WHEN where a calendar tells its free times.
SLOT = "slot"

#: How it can end. ``no_contact``: no name or no way to be reached; ``gave_up``: an answer was not understood.
DONE, CANCELLED, REFUSED, SECOND_OPINION, ASK_LAWYER, NO_CONTACT, GAVE_UP = (
    "done",
    "cancelled",
    "refused",
    "second_opinion",
    "ask_lawyer",
    "no_contact",
    "gave_up",
)

#: Why something is asked again, besides the problems of ``contact``.
NOT_UNDERSTOOD, NEEDED, OTHER_WAY, SAID_NO = "not_understood", "needed", "other_way", "said_no"

WHATSAPP = "whatsapp"
#: Of SLOT, besides the times: other ones, none of them, and the choice again after somebody was faster.
MORE, NO_SLOT, AGAIN = "more", "none", "again"
YES, NO, UNKNOWN, OTHER, ANY = "yes", "no", "unknown", "other", "any"

#: The codes that each question offers, in the order of its buttons. Those of PHONE_COUNTRY, REACH, SLOT and
#: CORRECT depend on the conversation: see ``interview.Interview.choices``.
CODES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        LAWYER: ("second_opinion", "no_longer", "ask_first"),
        NAME_KNOWN: (YES, NO),
        PHONE_KNOWN: (YES, NO),
        EMAIL_KNOWN: (YES, NO),
        EMAIL_ENDING: (YES, NO),
        REACH: (PHONE, EMAIL, WHATSAPP),
        SAFE_MESSAGE: (YES, NO, UNKNOWN),
        LANGUAGE: ("en", "es", OTHER),
        INTERPRETER: (YES, NO, UNKNOWN),
        WHEN: ("mornings", "afternoons", "evenings", "weekend", ANY),
        SLOT: (MORE, NO_SLOT),
        CONSENT: (YES, NO),
        CONFLICT: (YES, NO, UNKNOWN, "skip"),
        REVIEW: ("confirm", "correct", "cancel"),
    }
)

#: What can be left open, and what is noted then. The language is then that of the conversation.
OPTIONAL: Mapping[str, str] = MappingProxyType(
    {SAFE_MESSAGE: UNKNOWN, INTERPRETER: UNKNOWN, SLOT: NO_SLOT, WHEN: ANY, CONFLICT: UNKNOWN}
)

#: The question that is asked again when one of these is gone back to.
BASE: Mapping[str, str] = MappingProxyType(
    {
        NAME_KNOWN: NAME,
        PHONE_KNOWN: REACH,
        EMAIL_KNOWN: REACH,
        PHONE_COUNTRY: PHONE,
        EMAIL_ENDING: EMAIL,
        LANGUAGE_OTHER: LANGUAGE,
    }
)

#: What can be corrected by itself, in the order in which it is offered.
CORRECTABLE = (NAME, REACH, PHONE, EMAIL, SAFE_MESSAGE, LANGUAGE, INTERPRETER, SLOT, WHEN, CONFLICT)

#: Answers that belong to another one and go with it.
BELONGING: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        PHONE: ("phone_region", "phone_loose"),
        EMAIL: ("email_ending", "email_mended", "email_as_typed"),
        LANGUAGE: (LANGUAGE_OTHER, INTERPRETER),
        CONSENT: ("consent_version", "consent_language"),
    }
)

#: What a reply is swapped for as a whole while this is asked.
CONTACT_ASKED: Mapping[str, str] = MappingProxyType(
    {
        NAME: NAME,
        NAME_KNOWN: NAME,
        REACH: PHONE,
        PHONE: PHONE,
        PHONE_KNOWN: PHONE,
        PHONE_COUNTRY: PHONE,
        EMAIL: EMAIL,
        EMAIL_KNOWN: EMAIL,
        EMAIL_ENDING: EMAIL,
        WHEN: WHEN,
        LANGUAGE: LANGUAGE_OTHER,
        LANGUAGE_OTHER: LANGUAGE_OTHER,
    }
)
