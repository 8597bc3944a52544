"""How the person of a request can be reached, as staff read it before they call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from bot.console.telling import Say

_NAMES = (
    "name_as_given", "phone_e164", "email", "whatsapp_user_id", "preferred_channel", "safe_to_leave_message",
    "safe_times_text",
)  # fmt: skip
_WORDS_OF = {"preferred_channel": "prefers", "safe_to_leave_message": "answer"}


@dataclass(frozen=True, slots=True)
class ContactRow:
    """One way or one thing to know; ``href`` calls or writes at once."""

    name: str
    value: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Contact:
    """The rows to show; ``careful``: no message may be left."""

    rows: tuple[ContactRow, ...]
    careful: bool


def contact_rows(contents: Mapping[str, Any], say: Say, has: Callable[[str], bool]) -> Contact:
    """The contact of a request's decrypted contents, with its language and when the person can be reached."""
    contact = contents.get("contact") or {}
    facts = contents.get("facts") or {}
    rows = [
        ContactRow(
            say(f"contact_{name}"), _in_words(name, str(contact[name]), say, has), _href(name, contact[name])
        )
        for name in _NAMES
        if contact.get(name)
    ]
    language = facts.get("language") or {}
    spoken = language.get("other_text") or language.get("preferred")
    if spoken:
        rows.append(ContactRow(say("contact_language"), _known(f"language_{spoken}", str(spoken), say, has)))
    needed = language.get("interpreter_needed")
    if needed:
        rows.append(ContactRow(say("contact_interpreter"), _known(f"answer_{needed}", str(needed), say, has)))
    when = facts.get("availability")
    if isinstance(when, str) and when and not contact.get("safe_times_text"):
        rows.append(ContactRow(say("contact_availability"), _known(f"when_{when}", when, say, has)))
    return Contact(tuple(rows), careful=contact.get("safe_to_leave_message") != "yes")


def _in_words(name: str, value: str, say: Say, has: Callable[[str], bool]) -> str:
    return _known(f"{_WORDS_OF[name]}_{value}", value, say, has) if name in _WORDS_OF else value


def _known(word: str, value: str, say: Say, has: Callable[[str], bool]) -> str:
    return say(word) if has(word) else value


def _href(name: str, value: Any) -> str:
    scheme = {"phone_e164": "tel:", "email": "mailto:"}.get(name)
    return "" if scheme is None else scheme + quote(str(value), safe="+@")
