"""The words that only WhatsApp needs, and the WhatsApp wording of those that speak of a page. Pure."""

from __future__ import annotations

from dataclasses import replace

from bot.core.errors import BotError, ContentFileError
from bot.core.messages import LANGUAGES, Reply
from bot.gateway.ports import Notices
from bot.gateway.whatsapp.limits import length

#: Every notice of bot/content/notices/whatsapp, with the values that the program fills in.
VALUES: dict[str, tuple[str, ...]] = {
    "whatsapp_greeting": ("carriers",),
    "whatsapp_carriers_cloud": (),
    "whatsapp_carriers_twilio": (),
    "whatsapp_back": (),
    "whatsapp_voice": (),
    "whatsapp_photo": (),
    "whatsapp_video": (),
    "whatsapp_document": (),
    "whatsapp_location": (),
    "whatsapp_contact": (),
    "whatsapp_sticker": (),
    "whatsapp_reaction": (),
    "whatsapp_edited": (),
    "whatsapp_edit_unseen": (),
    "whatsapp_deleted": (),
    "whatsapp_deleted_unread": (),
    "whatsapp_unsupported": (),
    "whatsapp_choose": (),
    "whatsapp_numbers": (),
    "whatsapp_more": (),
    "whatsapp_more_sources": (),
    "whatsapp_no_more": (),
    "whatsapp_sources": (),
    "whatsapp_facts": ("checked",),
    "whatsapp_link": (),
    "whatsapp_stop": (),
    "whatsapp_start": (),
    "whatsapp_number_changed": (),
    "whatsapp_too_long": (),
    "whatsapp_code_text": ("code",),
    "whatsapp_carried_over": (),
    "whatsapp_code_expired": (),
    "whatsapp_code_used": (),
    "whatsapp_remind": (),
    "whatsapp_reminder_ask": ("when",),
    "whatsapp_reminder_yes": ("when",),
    "whatsapp_reminder_no": (),
    "whatsapp_reminder_stopped": (),
    "whatsapp_reminder_too_late": (),
    "whatsapp_reminder_due": ("what", "date", "days"),
    "whatsapp_reminder_today": ("what", "date"),
    "whatsapp_reminder_changed": (),
    "whatsapp_reminder_lost": (),
    "whatsapp_reminder_ended": (),
    "whatsapp_template_reminder": ("days",),
    "whatsapp_template_window": (),
    "whatsapp_consent_ask": (),
    "whatsapp_consent_yes": (),
    "whatsapp_consent_no": (),
    "whatsapp_emergency_violence": (),
}

#: Notices whose ``title`` is the label of a button, and so has a limit.
LABELS = (
    "whatsapp_choose",
    "whatsapp_more",
    "whatsapp_more_sources",
    "whatsapp_link",
    "whatsapp_remind",
)
LABEL_LIMIT = 20

#: Notices that speak of a page, or of what only a page can keep, by the one that is said on WhatsApp instead.
_INSTEAD = {
    "consent_ask": "whatsapp_consent_ask",
    "consent_yes": "whatsapp_consent_yes",
    "consent_no": "whatsapp_consent_no",
    "emergency_violence": "whatsapp_emergency_violence",
}


class Words:
    """Says the notices of WhatsApp. Made once; raises ContentFileError when one is missing or a label is too long."""

    def __init__(self, notices: Notices) -> None:
        self._notices = notices
        for id, names in VALUES.items():
            for language in LANGUAGES:
                found = self._find(id, language, **dict.fromkeys(names, "x"))
                if found is None:
                    raise _problem(
                        id, f"WhatsApp needs this notice in {language}", "Write it, with both languages."
                    )
                if id in LABELS and not 0 < length(found.title) <= LABEL_LIMIT:
                    raise _problem(
                        id,
                        f'the title "{found.title}" does not fit a button of WhatsApp',
                        f"Write a title: of 1 to {LABEL_LIMIT} letters.",
                    )

    def say(self, id: str, language: str, **values: str) -> Reply:
        """A notice that ``VALUES`` names, with its values."""
        return self._notices.notice(id, language, **values)

    def text(self, id: str, language: str, **values: str) -> str:
        """The text of a notice."""
        return self.say(id, language, **values).text

    def label(self, id: str, language: str) -> str:
        """The label of a button: the title of one of ``LABELS``."""
        return self.say(id, language).title

    def greeting(
        self, language: str, provider: str, *, returning: bool = False, asked: bool = False
    ) -> tuple[Reply, ...]:
        """The first things said to a person, or to one who comes back after the conversation was put away.

        ``provider`` is ``cloud`` or ``twilio``: it decides who is named as carrying the messages. The question of
        consent comes last, unless it has been answered (``asked``); with it the choice of the other language.
        """
        if returning:
            hello = self.say("whatsapp_back", language)
        else:
            carriers = self.text(f"whatsapp_carriers_{provider}", language)
            hello = self.say("whatsapp_greeting", language, carriers=carriers)
        here = f"gateway:language_{language}"
        others = tuple(choice for choice in hello.choices if choice.payload != here)
        said = [replace(hello, choices=others)]
        if not returning:
            said.append(self._notices.notice("firm_notice", language))
        if not asked:
            said.append(replace(self._notices.notice("consent_ask", language), kind="question"))
        return tuple(said)

    def spoken(self, reply: Reply) -> Reply:
        """A reply as WhatsApp says it: a notice that speaks of a page has another text here."""
        instead = _INSTEAD.get(reply.id)
        if instead is None or reply.lang not in LANGUAGES:
            return reply
        said = self.say(instead, reply.lang)
        return replace(reply, text=said.text, full=said.full, parameters=said.parameters)

    def _find(self, id: str, language: str, **values: str) -> Reply | None:
        try:
            return self._notices.notice(id, language, **values)
        except (KeyError, BotError):
            return None


def _problem(id: str, problem: str, fix: str) -> ContentFileError:
    return ContentFileError(f"bot/content/notices/whatsapp ({id})", None, problem, fix)
