"""What the gateway says by itself: fixed notices in the person's language."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from bot.core.errors import BotError, ContentFileError
from bot.core.messages import LANGUAGES, Choice, Reply
from bot.gateway.conversations import JOINED
from bot.gateway.ports import Notices
from bot.gateway.staffing import LEFT, WAITING

EMERGENCIES = ("agents", "held", "suicide", "violence", "abroad", "unclear")
#: First lines of their own that tell of another kind, as the questions about the situation know it.
KIND_OF = {"held": "agents"}

#: The words around an emergency notice of the firm.
BULLETIN = "bulletin"

#: Every notice that the gateway cannot work without, in both languages.
REQUIRED = (
    "greeting",
    "firm_notice",
    "consent_ask",
    "consent_yes",
    "consent_no",
    "consent_failed",
    "consent_withdrawn",
    "erase_ask",
    "erased",
    "erased_pending",
    "erased_sent",
    "erase_failed",
    "erase_held",
    "erase_kept",
    "language_switched",
    "apology_engine",
    "apology_turn",
    "numbers_masked",
    "story_not_here",
    BULLETIN,
    *(f"emergency_{kind}" for kind in EMERGENCIES),
)

#: What is told of a request for an appointment, with its reference and what else is known.
ABOUT_REQUESTS = (
    "booking_delivered",
    "booking_delivered_time",
    "booking_delivered_link",
    "booking_delivered_time_link",
    "booking_not_yet",
    "booking_not_yet_urgent",
    "booking_dead",
    "booking_confirmed",
    "booking_confirmed_link",
    "booking_moved",
    "booking_moved_link",
    "booking_cancelled_by_firm",
    "booking_slot_taken",
    "booking_slot_taken_kept",
    "booking_change_kept",
)

#: What is said when a member of staff takes a conversation over, lets a person wait, and leaves it; with their name.
ABOUT_STAFF = (JOINED, WAITING, LEFT)

PERSON = "/talk_to_human"
_PERSON_TITLE = {"pt": "Falar com alguém", "ht": "Pale ak yon moun", "fr": "Parler à quelqu'un"}
_PERSON_TITLE_OTHERWISE = "Talk to a person"


class Voice:
    """Says notices. Made once; raises ContentFileError when a notice is missing."""

    def __init__(self, notices: Notices) -> None:
        self._notices = notices
        for id in (*REQUIRED, *ABOUT_REQUESTS, *ABOUT_STAFF):
            for language in LANGUAGES:
                values = {"reference": "", "start": "", "link": ""} if id in ABOUT_REQUESTS else {}
                if id in ABOUT_STAFF:
                    values = {"name": ""}
                if id == BULLETIN:
                    values = {"date": "", "text": ""}
                if self._find(id, language, **values) is None:
                    raise ContentFileError(
                        f"bot/content/notices/{id}.yml",
                        None,
                        f"the gateway needs this notice in {language}",
                        "Write it, with both languages.",
                    )

    def notice(self, id: str, language: str, kind: str = "notice") -> Reply:
        """A notice that ``REQUIRED`` names."""
        return replace(self._notices.notice(id, language), kind=kind)

    def about_request(self, id: str, language: str, **values: str) -> Reply:
        """What became of a request for an appointment: one of ``ABOUT_REQUESTS``."""
        return replace(self._notices.notice(id, language, **values), kind="notice")

    def about_staff(self, id: str, language: str, name: str = "") -> Reply:
        """One of ``ABOUT_STAFF``."""
        return replace(self._notices.notice(id, language, name=name), kind="notice")

    def bulletin(self, text: str, day: str, language: str) -> Reply | None:
        """An emergency notice of the firm with the day, in words, from which it holds.

        None where the words around it cannot be told: it must cost nobody the answer that it comes before.
        """
        found = self._find(BULLETIN, language, date=day, text=text)
        return None if found is None else replace(found, kind="notice")

    def greeting(self, language: str) -> tuple[Reply, ...]:
        """The first things said: who speaks, the firm's own notice, and the question of consent."""
        hello = self.notice("greeting", language)
        here = f"gateway:language_{language}"
        others = tuple(choice for choice in hello.choices if choice.payload != here)
        return (
            replace(hello, choices=others),
            self.notice("firm_notice", language),
            self.notice("consent_ask", language, "question"),
        )

    def emergency(self, kind: str, language: str) -> Reply:
        """The first lines for one kind of emergency."""
        return self.notice(f"emergency_{kind}", language, "emergency")

    def apology(self, id: str, language: str) -> Reply:
        """An apology with the firm's phone number."""
        return self.notice(id, language, "apology")

    def third_language(self, code: str, language: str) -> Reply | None:
        """The fixed sentence in a language that Faro does not answer in, with the way to a person.

        Where nobody wrote one (Arabic, Russian, Chinese...), it comes in the conversation's ``language``.
        """
        found = self._find(f"third_language_{code}", code) or self._find("which_language", language)
        if found is None:
            return None
        if any(choice.payload == PERSON for choice in found.choices):
            return found
        title = _PERSON_TITLE.get(code, _PERSON_TITLE_OTHERWISE)
        return replace(found, choices=(*found.choices, Choice(title, PERSON)))

    def _find(self, id: str, language: str, **values: str) -> Reply | None:
        try:
            return self._notices.notice(id, language, **values)
        except (KeyError, BotError):
            return None


def wording(texts: Sequence[str]) -> str:
    """A short name for a wording, so that it can be shown later to what a person agreed."""
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]
